"""The notebooks as a person meets them: opened in JupyterLab, run, looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.face import Face
from tests.browser.lab import ROOT

if TYPE_CHECKING:
    from tests.browser.lab import Notebook

pytestmark = pytest.mark.browser


def _run(notebook: Notebook, name: str) -> str:
    """Run a notebook without a warning or an error; what it shows."""
    notebook.load(ROOT / "notebooks" / name).run_all()
    page = notebook.page
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    return page.locator(".jp-Notebook").inner_text()


def test_discover_shows_results_and_a_picture_that_a_slider_moves(notebook: Notebook) -> None:
    assert "Danio rerio" in _run(notebook, "01_discover_images.ipynb")
    face = Face(notebook)
    before = face.pixels()
    assert before.std() > 5
    face.control("slider", "z").focus()
    notebook.page.keyboard.press("ArrowRight")
    face.settle()
    assert (face.pixels() != before).any()


def test_measure_shows_outlines_a_table_and_a_citation(notebook: Notebook) -> None:
    text = _run(notebook, "04_measure_objects.ipynb")
    assert "area_um2" in text
    assert "creativecommons.org/publicdomain/zero" in text
    assert [Face(notebook, number).pixels().std() > 5 for number in range(2)] == [True, True]
    assert notebook.page.locator(".jp-OutputArea-output img").count() >= 1
