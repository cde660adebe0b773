"""What is left of a viewer in a saved notebook: the view that was looked at last, and nothing private."""

from __future__ import annotations

import base64
import contextlib
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from nbconvert import HTMLExporter
from PIL import Image

import fairlab
from tests.browser.test_viewer import Face, _run_cell
from tests.stores import write_store

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.lab import Lab

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image in a folder whose name nobody should read."""
    path = tmp_path_factory.mktemp("secretly") / "image.zarr"
    write_store(path, axes="czyx", shape=(2, 4, 900, 1200), chunk=256, labels=("cells",), levels=3)
    return path


@pytest.mark.parametrize(("program", "place"), [("jupyterlab", "lab/tree"), ("notebook", "notebooks")])
def test_a_saved_notebook_shows_the_last_view(lab: Lab, store: Path, program: str, place: str) -> None:
    with lab.another(program) if program == "notebook" else contextlib.nullcontext(lab.url) as url:
        # The address comes from elsewhere, so that the whole file of the notebook can be searched for it.
        (lab.folder / "place.py").write_text(f"STORE = {str(store)!r}")
        lab.write("kept.ipynb", "import fairlab, place\nv = fairlab.view(place.STORE, z=1)\nv")
        page = lab.open("kept.ipynb", url=url, place=place)
        _run_cell(page, 0)
        face = Face(page)
        face.settle()
        file = lab.folder / "kept.ipynb"
        first = _saved(page, file, other_than=None)
        face.ask("v.isTheSame = true")
        before = face.ask("v.store.number")
        page.mouse.click(*face.point(600, 400))
        page.mouse.wheel(0, -600)
        page.mouse.move(*face.point(600, 400))
        page.mouse.down()
        page.mouse.move(*face.point(700, 500), steps=5)
        page.mouse.up()
        page.keyboard.press("PageUp")
        name = face.ask("v.state.channels[1].name")
        face.element.get_by_role("checkbox", name=f"Show {name}").uncheck()
        page.mouse.move(5, 5)  # away, so that Python is told
        kept = _saved(page, file, other_than=first)
        expected = _drawn(store, face)
        assert np.abs(_pixels(kept["data"]["image/png"]) - _pixels(expected)).max() <= 1
        assert "z = " in kept["metadata"]["image/png"]["alt"] and name not in "".join(
            kept["data"]["text/plain"]
        )
        assert face.ask("v.isTheSame"), "the viewer in the page is the one that was moved"
        assert face.ask("v.store.number") >= before
        whole = file.read_text()
        for private in (store.parent.name, str(lab.folder), "token", "for-this-test-only"):
            assert private not in whole
        page.close()
        # Of nbconvert's templates for pages, the classic ones give pictures their alternative text.
        exported, _ = HTMLExporter(template_name="classic").from_filename(str(file))
        assert "".join(kept["data"]["image/png"]).replace("\n", "")[:5000] in exported.replace("\n", "")
        assert kept["metadata"]["image/png"]["alt"].partition("\n")[0] in exported


def _saved(page: Page, file: Path, *, other_than: dict[str, Any] | None) -> dict[str, Any]:
    """The output in the file, once its picture is another."""
    for _ in range(60):
        page.keyboard.press("Control+s")
        page.wait_for_timeout(400)
        outputs = json.loads(file.read_text())["cells"][0]["outputs"]
        if outputs and (
            other_than is None or outputs[0]["data"]["image/png"] != other_than["data"]["image/png"]
        ):
            found: dict[str, Any] = outputs[0]
            return found
    raise AssertionError("the saved picture did not change")


def _drawn(store: Path, face: Face) -> bytes:
    """What Python draws of the view on the screen."""
    viewer = fairlab.view(str(store), z=1)
    planes, channels, box = face.ask("[v.state.planes, v.state.channels, v.screen.camera.box]")
    state = viewer.state.moved(**planes)
    for channel in channels:
        state = state.changed(channel["name"], active=channel["active"], window=tuple(channel["window"]))
    viewer.state = state
    viewer.view = box
    return viewer.png()


def _pixels(png: str | bytes) -> np.ndarray[Any, Any]:
    content = base64.b64decode(png) if isinstance(png, str) else png
    return np.array(Image.open(io.BytesIO(content)).convert("RGB"), int)
