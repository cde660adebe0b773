"""The search panel as a person meets it: in JupyterLab, with the mouse and with the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.lab import Notebook

pytestmark = pytest.mark.browser

SAMPLES = 'import fairlab\nbrowser = fairlab.browse("synthetic", repositories=["sample"])\nbrowser'
LAKES = """import fairlab
from fairlab.errors import Unavailable
from fairlab.repositories import base
from tests.test_live_search import Lake, image

def page(first):
    return tuple(image(n, title=f"Newt {n}") for n in range(first, first + 10))

lakes = {
    "lake": Lake(page(0), page(10), delay_s=1.0),
    "pond": Lake((), fails={0: Unavailable("no connection", kind="http-503")}, name="pond"),
    "sea": Lake((image(900, scheme="sea", title="<img src=x onerror=alert(1)> newt"),), name="sea"),
}
kept, base.repositories = base.repositories, lambda: lakes
browser = fairlab.browse("newt", live=True, limit=60)
base.repositories = kept
browser"""
COLUMNS = ("fl-filters", "fl-scroll")
SELECTED = "[record.id for record in browser.selected]"


def panel_of(notebook: Notebook) -> Locator:
    return notebook.page.get_by_role("region", name="Search for images")


def test_pick_open_copy_and_list(notebook: Notebook) -> None:
    page = notebook.page
    notebook.show(SAMPLES)
    panel = panel_of(notebook)
    results = panel.get_by_role("list", name="Results")
    results.get_by_role("img").nth(2).wait_for(timeout=60_000)
    first = results.get_by_role("img").first
    assert first.get_attribute("alt") == "Picture of Synthetic nuclei in 3D, two channels, two moments"
    assert first.evaluate("i => i.naturalWidth") > 100
    panel.get_by_label("Select Synthetic nuclei in 2D").check()
    panel.get_by_label("Add to list: Synthetic screen").click()
    panel.get_by_text("On the list", exact=True).wait_for()
    assert "1 selected" in panel.inner_text() and "1 on the list" in panel.inner_text()
    notebook.wait(SELECTED, ["sample:cells2d"])
    assert notebook.tell("[record.id for record in browser.listed]") == ["sample:plate"]
    assert notebook.tell("[browser.viewer, browser.error]") == [None, None]
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel.get_by_label("Copy code for Synthetic screen").click()
    panel.get_by_text("Copied").wait_for()
    assert 'fairlab.open_plate("sample:plate")' in page.evaluate("navigator.clipboard.readText()")
    panel.get_by_role("button", name="Save list as CSV").click()
    panel.get_by_text("images.csv is written").wait_for()
    saved = notebook.file.with_name("images.csv")
    assert saved.read_text() == "url\nsample:plate\n"
    saved.unlink()
    panel.get_by_label("Open in viewer: Synthetic nuclei in 2D").click()
    canvas = page.get_by_role("application").locator("canvas")
    expect(canvas).to_be_in_viewport(timeout=60_000)  # the panel is nearly as high as the screen
    assert canvas.bounding_box()["width"] > 400, "no rule of the search panel holds for the viewer"
    assert "cells2d" in notebook.tell("repr(browser.viewer)")
    notebook.no_barrier()


def test_facets_narrow_and_failures_are_shown_in_place(notebook: Notebook) -> None:
    notebook.show('import fairlab\nfairlab.browse("mouse")')
    panel = panel_of(notebook)
    organisms = panel.get_by_role("group", name="Organism")
    organisms.wait_for()
    ends = [f"panel => panel.querySelector('.{part}').getBoundingClientRect().bottom" for part in COLUMNS]
    facets, results = map(panel.evaluate, ends)
    assert abs(facets - results) < 1, "neither column ends above the other"
    organisms.get_by_label("Homo sapiens").check()
    panel.get_by_text('"mouse", organism Homo sapiens: ').wait_for()
    assert organisms.get_by_label("Mus musculus").is_visible()
    notebook.no_barrier()
    panel.get_by_label("ask archives").check()
    panel.get_by_role("searchbox").fill("mitosis")
    panel.get_by_role("searchbox").press("Enter")
    panel.get_by_text("no answer from").first.wait_for(timeout=60_000)


def test_rows_come_as_archives_answer_and_what_they_say_stays_text(notebook: Notebook) -> None:
    notebook.show(LAKES)
    panel = panel_of(notebook)
    rows = panel.get_by_role("list", name="Results").get_by_role("listitem")
    rows.first.wait_for()
    panel.get_by_text("archives are still answering").wait_for()
    assert 0 < rows.count() < 21
    panel.get_by_label("Select Newt 0", exact=True).check()
    panel.get_by_text("21 images").wait_for(timeout=60_000)
    assert rows.count() == 21
    assert panel.get_by_label("Select Newt 0", exact=True).is_checked(), (
        "what was picked meanwhile stays picked"
    )
    assert notebook.tell(SELECTED) == ["lake:s0/0.zarr"]
    assert panel.get_by_text("no answer from pond").is_visible()
    assert panel.get_by_text("<img src=x onerror=alert(1)> newt").is_visible()
    panel.get_by_label("Open in viewer: Newt 0", exact=True).click()
    problem = panel.get_by_role("alert")
    expect(problem).to_be_in_viewport(timeout=60_000)
    assert "lake.example" in problem.inner_text() and "lake.example" in notebook.tell("str(browser.error)")


def test_it_works_by_keyboard_alone(notebook: Notebook) -> None:
    page = notebook.page
    notebook.show(SAMPLES)
    panel = panel_of(notebook)
    cells = page.locator(".jp-Cell").count()
    panel.get_by_role("searchbox").focus()
    for _ in range(3):  # ask archives, the button, the filters
        page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.closest('[aria-label=Results]') !== null"):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        "Select Synthetic nuclei in 3D"
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    panel.get_by_text("1 selected").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("application").locator("canvas").wait_for(timeout=60_000)
    assert notebook.tell(SELECTED) == ["sample:cells2d"]
    assert "sample:cells2d" in notebook.tell("repr(browser.viewer)")
    assert page.locator(".jp-Cell").count() == cells, "the keys were the panel's, not the notebook's"
