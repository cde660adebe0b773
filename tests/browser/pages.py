"""Small notebooks written for one test, and pictures of what a page shows."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.conftest import Lab


def write_notebook(lab: Lab, name: str, *cells: str) -> str:
    """A notebook of these code cells in the folder of the running JupyterLab."""
    content = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{n}",
                "metadata": {},
                "outputs": [],
                "execution_count": None,
                "source": cell,
            }
            for n, cell in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (lab.folder / f"{name}.ipynb").write_text(json.dumps(content))
    return f"{name}.ipynb"


def keep(page: Page, name: str) -> None:
    """A screenshot for people, in light and dark, where FAIRLAB_SCREENSHOTS names a folder."""
    folder = os.environ.get("FAIRLAB_SCREENSHOTS")
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        page.wait_for_timeout(1500)
        page.screenshot(path=Path(folder) / f"{name}-{theme.split()[1].lower()}.png")


def run_cell(page: Page, number: int, *, timeout_s: float = 60) -> str:
    """Run one cell, and return the text under it."""
    cell = page.locator(".jp-Notebook .jp-Cell").nth(number)
    cell.locator(".jp-InputArea-editor").click()
    page.keyboard.press("Control+Enter")
    page.wait_for_function(
        "cell => /^\\[\\d+\\]:$/.test(cell.querySelector('.jp-InputPrompt').innerText)",
        arg=cell.element_handle(),
        timeout=timeout_s * 1000,
    )
    page.wait_for_timeout(300)
    return cell.locator(".jp-OutputArea").first.inner_text()


def no_barrier(page: Page) -> None:
    """Nothing in fairlab's own part of the page that keeps people from using it, as axe-core sees it."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".fairlab").response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    assert not serious, [(one["id"], [node["html"][:120] for node in one["nodes"]]) for one in serious]
