"""Every widget in Notebook 7: painted, and it answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.face import Face

if TYPE_CHECKING:
    from tests.browser.lab import Notebook

pytestmark = pytest.mark.browser


def test_viewer(notebook_7: Notebook) -> None:
    notebook_7.show(
        "import fairlab\nfrom tests.browser.stripes import tree\nv = fairlab.view(tree(), z=2)\nv"
    )
    face = Face(notebook_7)
    assert face.pixels().std() > 10
    face.control("slider", "z").focus()
    notebook_7.page.keyboard.press("ArrowRight")
    notebook_7.wait("v.state.at", {"z": 3})
    cells = notebook_7.page.locator(".jp-Cell").count()
    face.press("b")
    notebook_7.wait("v.roi is None", False)
    assert notebook_7.page.locator(".jp-Cell").count() == cells, (
        "Notebook 7 took no key for a command of its own"
    )


def test_browse(notebook_7: Notebook) -> None:
    notebook_7.show('import fairlab\nbrowser = fairlab.browse("synthetic", repositories=["sample"])\nbrowser')
    panel = notebook_7.page.get_by_role("region", name="Search for images")
    panel.get_by_role("list", name="Results").get_by_role("img").first.wait_for(timeout=60_000)
    panel.get_by_label("Select Synthetic nuclei in 2D").check()
    notebook_7.wait("[record.id for record in browser.selected]", ["sample:cells2d"])


def test_plate_grid(notebook_7: Notebook) -> None:
    notebook_7.show("import fairlab\ngrid = fairlab.open_plate('sample:plate').fair.grid()\ngrid")
    well = notebook_7.page.get_by_role("gridcell", name="B03")
    well.locator("img").wait_for(timeout=60_000)
    well.click()
    notebook_7.wait("grid.selected['well']", "B03")


def test_fair_card(notebook_7: Notebook) -> None:
    card = notebook_7.show('import fairlab\nfairlab.view(fairlab.assess("sample:nuclei"))')
    metric = card.get_by_text("A licence is stated").first
    assert metric.is_hidden()
    for folded in card.locator("summary").all():
        folded.focus()
        notebook_7.page.keyboard.press("Enter")
    metric.wait_for()


def test_run_form(notebook_7: Notebook) -> None:
    notebook_7.show('import fairlab\nform = fairlab.runs.form("measure_objects")\nform')
    panel = notebook_7.page.get_by_role("region", name="Run ")
    panel.get_by_label("pixel_size", exact=True).fill("0")
    panel.get_by_role("button", name="Run").click()
    panel.get_by_text("not run: see pixel_size").wait_for()
