"""The notebooks as a person meets them: opened in JupyterLab, run, looked at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.lab import Lab

pytestmark = pytest.mark.browser


def _keep(page: Page, name: str) -> None:
    """A full-page screenshot for people, where FAIRLAB_SCREENSHOTS names a folder."""
    folder = os.environ.get("FAIRLAB_SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")


def _no_error(page: Page) -> None:
    assert page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    assert page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.error']").count() == 0


def test_discover_shows_results_and_a_picture(lab: Lab) -> None:
    page = lab.open("01_discover_images.ipynb")
    lab.run_all(page)
    _no_error(page)
    assert "Danio rerio" in page.locator(".jp-Notebook").inner_text()
    picture = page.locator(".fl-stage canvas").first
    picture.scroll_into_view_if_needed()
    assert picture.evaluate("canvas => canvas.width") > 200
    _keep(page, "discover-view")
    page.locator(".jp-Cell").first.scroll_into_view_if_needed()
    _keep(page, "discover-top")


def test_a_slider_moves_the_picture(lab: Lab) -> None:
    page = lab.open("01_discover_images.ipynb")
    lab.run_all(page)
    picture = page.locator(".fl-stage canvas").first
    picture.scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    before = picture.evaluate("canvas => canvas.toDataURL()")
    page.get_by_role("slider", name="z", exact=True).first.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "([canvas, old]) => canvas.toDataURL() !== old",
        arg=[picture.element_handle(), before],
        timeout=20_000,
    )


def test_measure_shows_outlines_a_table_and_a_citation(lab: Lab) -> None:
    page = lab.open("04_measure_objects.ipynb")
    lab.run_all(page)
    _no_error(page)
    text = page.locator(".jp-Notebook").inner_text()
    assert "area_um2" in text
    assert "creativecommons.org/publicdomain/zero" in text
    pictures = page.locator(".fl-stage canvas, .jp-OutputArea-output img")
    assert pictures.count() >= 3
    for number, name in enumerate(["image", "outlines", "distribution"]):
        pictures.nth(number).scroll_into_view_if_needed()
        _keep(page, f"measure-{name}")
