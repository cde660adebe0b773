"""The plate grid in JupyterLab: pictures come by themselves, a click opens the field, keys move."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.lab import Notebook

pytestmark = pytest.mark.browser

SHOW = """import fairlab
plate = fairlab.open_plate("sample:plate")
grid = plate.fair.grid(values=fairlab.samples.truth("plate"), by="n_nuclei")
grid"""
PAINTED = """wells => {
    const pictures = wells.flatMap((well) => [...well.querySelectorAll("img")]);
    return pictures.filter((picture) => picture.complete && picture.naturalWidth > 50).length;
}"""


def test_click_and_keys(notebook: Notebook) -> None:
    page = notebook.page
    notebook.show(SHOW)
    wells = page.get_by_role("grid", name="Wells")
    cells = page.locator(".jp-Cell").count()
    for _ in range(200):
        if wells.get_by_role("gridcell").evaluate_all(PAINTED) == 11:
            break
        page.wait_for_timeout(100)
    assert wells.get_by_role("gridcell").evaluate_all(PAINTED) == 11
    assert "not imaged" in wells.get_by_role("gridcell", name="C04").get_attribute("aria-label")
    wells.get_by_role("gridcell", name="B03").click()
    page.get_by_title("Field 1 of B03").click()
    page.get_by_role("application").locator("canvas").wait_for(timeout=60_000)
    notebook.wait("grid.selected", {"well": "B03", "row": "B", "column": "3", "field": 1})
    assert notebook.tell("dict(grid.selection.sizes)") == {"c": 2, "y": 96, "x": 128}
    assert notebook.tell("grid.error") is None
    notebook.no_barrier()
    wells.get_by_role("gridcell", name="B03").focus()
    for key in ("ArrowUp", "ArrowLeft", "Enter"):
        page.keyboard.press(key)
    notebook.wait("grid.selected['well']", "A02")
    assert wells.get_by_role("gridcell", selected=True).get_attribute("aria-label").startswith("A02")
    assert page.locator(".jp-Cell").count() == cells, "the keys were the grid's, not the notebook's"
