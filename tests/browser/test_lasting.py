"""What is left when nobody runs the notebook any more: the last view as a picture, and nothing private."""

from __future__ import annotations

import base64
import io
import json
import re
import time
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter, MarkdownExporter
from PIL import Image

import fairlab
from tests.browser.face import Face
from tests.stores import write_store

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

    from tests.browser.lab import Lab, Notebook

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image in a folder whose name nobody should read."""
    path = tmp_path_factory.mktemp("secretly") / "image.zarr"
    write_store(path, axes="czyx", shape=(2, 4, 900, 1200), chunk=256, labels=("cells",), levels=3)
    return path


@pytest.fixture(params=["notebook", "notebook_7"])
def either(request: pytest.FixtureRequest) -> Notebook:
    """JupyterLab, then Notebook 7."""
    found: Notebook = request.getfixturevalue(request.param)
    return found


def test_a_saved_notebook_shows_the_last_view(either: Notebook, lab: Lab, store: Path) -> None:
    page = either.page
    either.do(f"place = {str(store)!r}")  # not in a cell, so that the whole file can be searched for it
    either.show("import fairlab\nv = fairlab.view(place, z=1)\nv")
    face = Face(either)
    face.ask("v.isTheSame = true")
    page.mouse.click(*face.point(600, 400))
    page.mouse.wheel(0, -600)
    page.wait_for_timeout(100)
    face.settle()
    face.drag((600, 400), (650, 440))
    page.keyboard.press("PageUp")
    name = face.ask("v.state.channels[1].name")
    face.control("checkbox", f"Show {name}").uncheck()
    page.mouse.move(5, 5)  # away, so that Python is told
    kept = _saved(either, _pixels(_drawn(store, face)))
    assert "z = " in kept["metadata"]["image/png"]["alt"]
    assert name not in "".join(kept["data"]["text/plain"])
    assert face.ask("v.isTheSame"), "the viewer in the page is the one that was moved"
    whole = either.file.read_text()
    for private in (store.parent.name, str(lab.folder), "token", "for-this-test-only"):
        assert private not in whole
    # Of nbconvert's templates for pages, the classic ones give pictures their alternative text.
    exported, _ = HTMLExporter(template_name="classic").from_filename(str(either.file))
    assert "".join(kept["data"]["image/png"]).replace("\n", "")[:5000] in exported.replace("\n", "")
    assert kept["metadata"]["image/png"]["alt"].partition("\n")[0] in exported


def _saved(notebook: Notebook, expected: np.ndarray[Any, Any]) -> dict[str, Any]:
    """The output in the file, once its picture is the one expected; those of views before may come first."""
    end = time.monotonic() + 40
    while time.monotonic() < end:
        for output in notebook.save()["cells"][0]["outputs"]:
            found: dict[str, Any] = output
            pixels = _pixels("".join(found["data"]["image/png"]))
            if pixels.shape == expected.shape and np.abs(pixels - expected).max() <= 1:
                return found
        notebook.page.wait_for_timeout(200)
    raise AssertionError("the saved picture is not the one of the last view")


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


STRIPES = 'import fairlab\nfrom tests.browser.stripes import tree\nfairlab.view(tree(), labels="cells", z=2)'


def _exported(browser: Browser, path: Path) -> None:
    """As a page opened where there is no network, and as Markdown, a notebook shows the viewer's picture."""
    page, _ = HTMLExporter().from_filename(str(path))
    opened = browser.new_page()
    opened.set_content(page)
    picture = opened.locator("img").first
    picture.wait_for()
    assert picture.evaluate("i => i.complete && i.naturalWidth") > 400
    assert _pixels(picture.screenshot()).std() > 20
    opened.close()
    text, resources = MarkdownExporter().from_filename(str(path))
    (name,) = re.findall(r"!\[.*?\]\((\S+\.png)\)", text)
    assert _pixels(resources["outputs"][name]).std() > 20


def test_exported_from_jupyterlab(notebook: Notebook, browser: Browser) -> None:
    notebook.show(STRIPES)
    output = notebook.save()["cells"][0]["outputs"][0]
    assert "application/vnd.jupyter.widget-view+json" in output["data"]
    assert output["metadata"]["image/png"]["alt"].startswith("Stripes <b>bold</b>")
    _exported(browser, notebook.file)


def test_exported_from_a_run_by_papermill(browser: Browser, tmp_path: Path) -> None:
    parameters = nbformat.v4.new_code_cell("", metadata={"tags": ["parameters"]})
    made = nbformat.v4.new_notebook(cells=[parameters, nbformat.v4.new_code_cell(STRIPES)])
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(made, tmp_path / "n.ipynb")
    done = fairlab.run(tmp_path / "n.ipynb", out_dir=tmp_path, progress=False)
    assert done.output.stat().st_size < 1_000_000
    _exported(browser, done.output)


def test_nothing_private_is_saved(notebook: Notebook, store: Path) -> None:
    notebook.do(f"place = {str(store)!r}")
    notebook.show("import fairlab\nv = fairlab.view(place, labels='cells')\nv.roi = {'x': (1, 9)}\n"
                  "display(v, fairlab.view(fairlab.assess(place)))")  # fmt: skip
    face = Face(notebook)
    face.control("button", "Copy Python code of what is selected").click()
    face.element.get_by_label("Python code of what is selected", exact=True).wait_for()
    saved = json.dumps(notebook.save())
    assert "image/png" in saved
    for private in (store.parent.name, "/tmp"):
        assert private not in saved, private
