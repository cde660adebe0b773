"""The plate grid in JupyterLab: pictures come by themselves, a click opens the field, keys move."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.stores import write_plate

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


def test_a_screen_of_384_wells_marks_what_is_missing_and_what_failed(notebook: Notebook) -> None:
    screen = notebook.file.with_name("screen.zarr")
    write_plate(
        screen,
        rows="ABCDEFGHIJKLMNOP",
        columns=[str(n + 1) for n in range(24)],
        wells=[(row, column) for row in range(16) for column in range(24) if (row, column) != (0, 1)],
        shape=(1, 32, 48),
        chunk=64,
        levels=1,
        fields=1,
    )
    shutil.rmtree(screen / "C" / "3")
    (screen / "D" / "4" / "0" / "0" / "c" / "0" / "0" / "0").write_bytes(b"damaged")
    page = notebook.page
    notebook.show(
        'import fairlab\ngrid = fairlab.view("screen.zarr", values={"well": ["B2"], "cells": [7]})\ngrid'
    )
    wells = page.get_by_role("grid", name="Wells")
    for _ in range(300):
        if wells.locator("img").count() == 381:
            break
        page.wait_for_timeout(100)
    assert wells.locator("img").count() == 381
    for name, words in {
        "A02": "not imaged",
        "C03": "not imaged",
        "D04": "ChunkError",
        "B02": "cells: 7",
    }.items():
        well = wells.get_by_role("gridcell", name=name)
        expect(well).to_have_attribute("aria-label", re.compile(words), timeout=60_000)
    assert page.get_by_text("could not be read").is_visible()
    wells.get_by_role("gridcell", name="D04").click()
    problem = page.get_by_role("alert")
    expect(problem).to_be_in_viewport(timeout=60_000)
    assert "D/4/0" in problem.inner_text()
    wells.get_by_role("gridcell", name="E05").click()
    page.get_by_role("application").locator("canvas").wait_for(timeout=60_000)
    assert notebook.tell("[grid.selected['well'], grid.error]") == ["E05", None]
