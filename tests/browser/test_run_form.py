"""The form in JupyterLab: an error beside its field, a run with progress, a link that opens the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import keep, no_barrier, run_cell, write_notebook

if TYPE_CHECKING:
    from tests.browser.conftest import Lab

pytestmark = pytest.mark.browser

SHOW = """import fairlab
form = fairlab.runs.form("04_measure_objects.ipynb", parameters={"channel": "DAPI"})
form"""
TELL = "print(form.result and form.result.status, form.values['max_pixels'], form.error)"


def test_fill_in_run_and_open_the_result(lab: Lab) -> None:
    page = lab.open(write_notebook(lab, "form", SHOW, TELL))
    run_cell(page, 0)
    panel = page.locator(".fairlab")
    panel.get_by_label("pixel_size", exact=True).fill("0")
    panel.get_by_label("pixel_size", exact=True).blur()
    panel.get_by_text("is 0.0; expected [0.001 .. 1000]").wait_for()
    assert panel.get_by_label("pixel_size", exact=True).get_attribute("aria-invalid") == "true"
    keep(page, "form-1280")
    no_barrier(page)
    panel.get_by_role("button", name="Run").click()
    panel.get_by_text("not run: see pixel_size").wait_for()
    panel.get_by_label("pixel_size", exact=True).fill("1")
    panel.get_by_label("max_pixels", exact=True).fill("90000")
    panel.get_by_label("max_pixels", exact=True).press("Enter")
    panel.get_by_text("cell ").first.wait_for(timeout=90_000)
    page.set_viewport_size({"width": 700, "height": 900})
    keep(page, "form-700")
    link = page.get_by_role("link", name="the result")
    link.wait_for(timeout=120_000)
    assert run_cell(page, 1).strip() == "ok 90000 None"
    page.set_viewport_size({"width": 1280, "height": 900})
    link.click()
    page.get_by_role("tab", name="Z-").or_(page.locator(".lm-TabBar-tab", has_text="Z-")).first.wait_for(
        timeout=60_000
    )
