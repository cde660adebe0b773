"""The search panel as a person meets it: in JupyterLab, with the mouse and with the keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import keep, no_barrier, run_cell, write_notebook

if TYPE_CHECKING:
    from tests.browser.conftest import Lab

pytestmark = pytest.mark.browser

ASK = """import fairlab
browser = fairlab.browse("synthetic", repositories=["sample"])
browser"""
TELL = (
    "print([r.id for r in browser.selected], [r.id for r in browser.listed], browser.viewer, browser.error)"
)


def test_pick_open_copy_and_list(lab: Lab) -> None:
    page = lab.open(write_notebook(lab, "browse", ASK, TELL))
    run_cell(page, 0)
    panel = page.locator(".fairlab")
    results = panel.get_by_role("list", name="Results")
    results.get_by_role("img").nth(2).wait_for(timeout=60_000)
    assert results.get_by_role("img").first.get_attribute("alt") == (
        "Picture of Synthetic nuclei in 3D, two channels, two moments"
    )
    assert results.get_by_role("img").first.evaluate("i => i.naturalWidth") > 100
    keep(page, "browse-1280")
    no_barrier(page)
    panel.get_by_label("Select Synthetic nuclei in 2D").check()
    panel.get_by_label("Add to list: Synthetic screen").click()
    panel.get_by_text("On the list", exact=True).wait_for()
    assert "1 selected" in panel.inner_text() and "1 on the list" in panel.inner_text()
    told = run_cell(page, 1)
    assert told.startswith("['sample:cells2d'] ['sample:plate'] None None")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    panel.get_by_label("Copy code for Synthetic screen").click()
    panel.get_by_text("Copied").wait_for()
    assert 'fairlab.open_plate("sample:plate")' in page.evaluate("navigator.clipboard.readText()")
    panel.get_by_label("Open in viewer: Synthetic nuclei in 2D").click()
    page.locator(".jp-OutputArea-output .widget-image, .jp-OutputArea-output canvas").first.wait_for(
        timeout=60_000
    )
    assert "cells2d" in run_cell(page, 1)
    page.set_viewport_size({"width": 700, "height": 900})
    keep(page, "browse-700")


def test_facets_narrow_and_failures_are_shown_in_place(lab: Lab) -> None:
    cell = ASK.replace('"synthetic", repositories=["sample"]', '"mouse"')
    page = lab.open(write_notebook(lab, "narrow", cell, TELL))
    run_cell(page, 0)
    panel = page.locator(".fairlab")
    organisms = panel.get_by_role("group", name="Organism")
    organisms.get_by_label("Homo sapiens").check()
    panel.get_by_text('"mouse", organism Homo sapiens: ').wait_for()
    assert organisms.get_by_label("Mus musculus").is_visible()
    keep(page, "narrow-1280")
    panel.get_by_label("ask archives").check()
    panel.get_by_role("searchbox").fill("mitosis")
    panel.get_by_role("searchbox").press("Enter")
    panel.get_by_text("no answer from").wait_for(timeout=60_000)
    keep(page, "failures-1280")


def test_it_works_by_keyboard_alone(lab: Lab) -> None:
    page = lab.open(write_notebook(lab, "keys", ASK, TELL))
    run_cell(page, 0)
    panel = page.locator(".fairlab")
    panel.get_by_role("searchbox").focus()
    for _ in range(3):  # ask archives, the button, the filters
        page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.closest('.fl-results') !== null"):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        "Select Synthetic nuclei in 3D"
    )
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    panel.get_by_text("1 selected").wait_for()
    page.keyboard.press("Enter")
    page.locator(".jp-OutputArea-output .widget-image, .jp-OutputArea-output canvas").first.wait_for(
        timeout=60_000
    )
    told = run_cell(page, 1)
    assert told.startswith("['sample:cells2d']") and "sample:cells2d" in told.split("]", 2)[2]
    assert page.locator(".jp-Cell").count() == 2  # the keys were the panel's, not the notebook's
