"""The form in JupyterLab: an error beside its field, a run with progress, a link that opens the result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.lab import Notebook

pytestmark = pytest.mark.browser

SHOW = """import fairlab
form = fairlab.runs.form("04_measure_objects.ipynb", parameters={"channel": "DAPI"})
form"""


def test_fill_in_run_and_open_the_result(notebook: Notebook) -> None:
    page = notebook.page
    notebook.show(SHOW)
    panel = page.get_by_role("region", name="Run ")
    size = panel.get_by_label("pixel_size", exact=True)
    size.fill("0")
    size.blur()
    panel.get_by_text("is 0.0; expected [0.001 .. 1000]").wait_for()
    assert size.get_attribute("aria-invalid") == "true"
    notebook.no_barrier()
    panel.get_by_role("button", name="Run").click()
    panel.get_by_text("not run: see pixel_size").wait_for()
    size.fill("1")
    panel.get_by_label("max_pixels", exact=True).fill("90000")
    panel.get_by_label("max_pixels", exact=True).press("Enter")
    panel.get_by_text("cell ").first.wait_for(timeout=90_000)
    link = page.get_by_role("link", name="the result")
    link.wait_for(timeout=120_000)
    assert notebook.tell("[form.result.status, form.values['max_pixels'], form.error]") == ["ok", 90000, None]
    link.click()
    page.wait_for_function("jupyterapp.shell.currentWidget?.context?.path.includes('Z-')")
