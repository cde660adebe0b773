"""The plate grid in JupyterLab: pictures come by themselves, a click opens the field, keys move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import keep, no_barrier, run_cell, write_notebook

if TYPE_CHECKING:
    from tests.browser.conftest import Lab

pytestmark = pytest.mark.browser

SHOW = """import fairlab
plate = fairlab.open_plate("sample:plate")
grid = plate.fair.grid(values=fairlab.samples.truth("plate"), by="n_nuclei")
grid"""
TELL = "print(grid.selected, grid.selection is not None and dict(grid.selection.sizes), grid.error)"


def test_click_and_keys(lab: Lab) -> None:
    page = lab.open(write_notebook(lab, "plate", SHOW, TELL))
    run_cell(page, 0)
    wells = page.get_by_role("grid", name="Wells")
    page.wait_for_function(
        "document.querySelectorAll('.fl-well img').length === 11"
        " && [...document.querySelectorAll('.fl-well img')].every(i => i.complete && i.naturalWidth > 50)",
        timeout=60_000,
    )
    assert wells.get_by_role("gridcell", name="C04").get_attribute("class").split() >= ["fl-absent"]
    keep(page, "plate-1280")
    no_barrier(page)
    wells.get_by_role("gridcell", name="B03").click()
    page.get_by_title("Field 1 of B03").click()
    page.locator(".jp-OutputArea-output .widget-image, .jp-OutputArea-output canvas").first.wait_for(
        timeout=60_000
    )
    told = run_cell(page, 1)
    assert told.startswith(
        "{'well': 'B03', 'row': 'B', 'column': '3', 'field': 1} {'c': 2, 'y': 96, 'x': 128} None"
    )
    page.set_viewport_size({"width": 700, "height": 900})
    keep(page, "plate-700")
    wells.get_by_role("gridcell", name="B03").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    wells.locator("[aria-selected=true]").get_by_text("").first.wait_for(state="attached")
    page.wait_for_function(
        "document.querySelector('.fl-well[aria-selected=true]').getAttribute('aria-label').startsWith('A02')"
    )
    assert run_cell(page, 1).startswith("{'well': 'A02'")
    assert page.locator(".jp-Cell").count() == 2
