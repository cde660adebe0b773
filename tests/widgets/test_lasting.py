"""What is left of the panels where nobody watches: run by papermill, kept as a notebook, exported as a page."""

from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("anywidget")

import fairlab

if TYPE_CHECKING:
    from pathlib import Path

CELLS = {
    "parameters": 'folder: str = ""',
    "browse": """import fairlab
fairlab.set_options(folders=[folder])
browser = fairlab.browse("plate", repositories=["folder", "sample"])
browser""",
    "grid": 'fairlab.open_plate(f"{folder}/p.zarr").fair.grid()',
    "form": 'fairlab.runs.form("measure_objects")',
    "viewer": 'viewer = fairlab.view(f"{folder}/i.zarr")\nviewer',
    "moved": "viewer.view = {'x': (4, 12), 'y': (2, 8)}",
}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The notebook as it was kept, and the folder that it read from."""
    from tests.stores import write_plate, write_store

    work, secret = tmp_path_factory.mktemp("work"), tmp_path_factory.mktemp("secretly")
    write_plate(secret / "p.zarr", shape=(2, 256, 256))
    write_store(secret / "i.zarr")
    cells = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": text,
        }
        for name, text in CELLS.items()
    ]
    cells[0]["metadata"] = {"tags": ["parameters"]}
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"cells": cells, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    (work / "panels.ipynb").write_text(json.dumps(content))
    done = fairlab.run(
        work / "panels.ipynb", parameters={"folder": str(secret)}, out_dir=work, progress=False
    )
    return done.output, secret


def outputs(kept: tuple[Path, Path]) -> dict[str, dict]:
    cells = json.loads(kept[0].read_text())["cells"]
    named = ("browse", "grid", "form", "viewer")
    return {cell["id"]: cell["outputs"][-1]["data"] for cell in cells if cell["id"] in named}


def test_tables_and_pictures_stay(kept):
    found = outputs(kept)
    assert "Synthetic screen" in "".join(found["browse"]["text/html"])
    assert "p.zarr" in "".join(found["browse"]["text/plain"])
    assert "measure_objects" in "".join(found["form"]["text/plain"])
    assert "12 imaged" in "".join(found["grid"]["text/plain"])
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(found["grid"]["image/png"]))).convert("L"))
    # Nobody would ask for more pictures later, so that all wells are there: not one is the grey of waiting.
    assert (sheet == 240).mean() < 0.01 and (sheet < 200).mean() > 0.3


def test_the_picture_is_of_the_last_view(kept):
    viewer = fairlab.view(kept[1] / "i.zarr")
    first = viewer.png()
    viewer.view = {"x": (4, 12), "y": (2, 8)}
    picture = base64.b64decode(outputs(kept)["viewer"]["image/png"])
    assert picture == viewer.png() != first


def test_nothing_of_this_machine_stays_in_the_outputs(kept):
    text = json.dumps(outputs(kept))
    assert str(kept[1]) not in text and kept[1].name not in text
    assert "widget-view" not in text


def test_an_exported_page_shows_them(kept):
    from nbconvert import HTMLExporter

    page, _ = HTMLExporter(template_name="basic").from_filename(str(kept[0]))
    assert "Synthetic screen" in page and page.count("data:image/png;base64") == 2
    assert "12 imaged" in page  # the picture's alternative text
