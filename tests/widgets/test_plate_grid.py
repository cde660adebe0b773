"""The plate grid without a browser: clicks, colours, what is missing, and the picture that stays."""

from __future__ import annotations

import base64
import io
import json
import time

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("anywidget")

import fairlab
from fairlab import errors
from fairlab.widgets.panels import PlatePanel
from fairlab.widgets.plate_grid import PlateGrid, plate_grid
from fairlab.widgets.plate_sheet import draw_sheet
from tests.stores import write_plate
from tests.widgets.records import HOSTILE

TRUTH = {"well": ["A01", "A02", "B03"], "cells": [2.0, 4.0, 6.0]}


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(
        PlatePanel, "send", lambda _, content, buffers=None: messages.append((content, buffers))
    )
    return messages


@pytest.fixture
def grid(sent) -> PlateGrid:
    return fairlab.view("sample:plate", values=TRUTH)


def do(grid: PlateGrid, kind: str, **content) -> None:
    grid.widget.children[0]._handle_custom_msg({"kind": kind, "number": "v.1", **content}, [])


def wait(until) -> None:
    deadline = time.monotonic() + 30
    while not until():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def front(grid: PlateGrid) -> PlatePanel:
    return grid.widget.children[0]


@pytest.mark.parametrize("source", ["sample:plate", "record", "tree", "accessor"])
def test_a_plate_is_shown_as_a_grid_however_it_is_given(source):
    tree = fairlab.open_plate("sample:plate")
    shown = {
        "sample:plate": lambda: fairlab.view("sample:plate"),
        "record": lambda: fairlab.view(fairlab.lookup("sample:plate")),
        "tree": lambda: fairlab.view(tree),
        "accessor": lambda: tree.fair.grid(),
    }[source]()
    assert isinstance(shown, PlateGrid)


def test_an_image_has_no_grid():
    with pytest.raises(errors.SelectionError) as caught:
        fairlab.open_image("sample:nuclei").fair.grid()
    assert caught.value.kind == "not-a-plate"


def test_other_errors_of_opening_are_not_hidden(tmp_path):
    with pytest.raises(errors.FairlabError) as caught:
        fairlab.view(tmp_path / "nothing.zarr")
    assert caught.value.kind != "plate"


def test_every_well_says_what_is_known_of_it(grid):
    wells = {well["name"]: well for well in front(grid).wells}
    assert len(wells) == 12
    assert wells["B03"]["fields"] == [0, 1] and wells["B03"]["value"] == "6"
    assert {"compound: inducer", "dose_micromolar: 1.0"} <= set(wells["B03"]["about"])
    assert wells["C04"]["fields"] == [] and wells["C04"]["about"] == []
    assert wells["B01"]["value"] == wells["B01"]["color"] == ""
    assert (front(grid).legend["name"], front(grid).legend["low"], front(grid).legend["high"]) == (
        "cells",
        "2",
        "6",
    )


def test_pictures_are_told_when_asked_for(grid, sent):
    do(grid, "pictures", keys=["0-0-1", "1-2-0"])
    wait(lambda: sum(content["kind"] == "picture" for content, _ in sent) == 2)
    found = {content["key"]: buffers[0] for content, buffers in sent if content["kind"] == "picture"}
    assert set(found) == {"0-0-1", "1-2-0"} and all(one.startswith(b"\xff\xd8") for one in found.values())


def test_a_click_is_the_field_in_python_and_in_the_viewer(grid):
    assert grid.selected is None and grid.selection is None
    do(grid, "choose", key="1-2-1")
    assert grid.selected == {"well": "B03", "row": "B", "column": "3", "field": 1}
    tree = fairlab.open_plate("sample:plate")
    expected = tree["scale0/image"].sel(row="B", column="3", field=1)
    np.testing.assert_array_equal(grid.selection.values, expected.values)
    assert front(grid).chosen == "1-2-1"
    wait(lambda: grid.viewer is not None and grid.widget.children[1].children)
    assert grid.widget.children[1].children == (grid.viewer.widget,) and grid.error is None
    do(grid, "close")
    assert grid.viewer is None and grid.widget.children[1].children == ()


@pytest.mark.parametrize(
    ("key", "kind"), [("2-3-0", "well-absent"), ("9-0-0", "well-unknown"), ("0-0-7", "well-unknown")]
)
def test_a_click_on_what_is_not_there_is_an_error_in_place(grid, sent, key, kind):
    do(grid, "choose", key=key)
    assert grid.error.kind == kind and grid.selected is None
    assert any(content["kind"] == "error" for content, _ in sent)


def test_python_chooses_as_a_click_does(grid):
    grid.select("b/3", field=1)
    assert grid.selected["well"] == "B03" and front(grid).chosen == "1-2-1"
    with pytest.raises(errors.SelectionError) as caught:
        grid.select("C4")
    assert caught.value.kind == "well-absent"


@pytest.mark.parametrize("field", [-1, 2, True])
def test_a_field_that_is_not_there_is_refused(field):
    with pytest.raises(errors.SelectionError) as caught:
        fairlab.view("sample:plate", field=field)
    assert caught.value.kind == "position-out-of-range"


def test_unknown_keywords_name_the_nearest():
    with pytest.raises(errors.QueryError, match="values") as caught:
        fairlab.view("sample:plate", vales={})
    assert caught.value.kind == "keyword-unknown"


def test_the_saved_notebook_has_the_picture_and_its_words(grid):
    data, metadata = grid._repr_mimebundle_()
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB"))
    assert sheet.shape[1] > 400
    assert "3 × 4 wells, 11 imaged, 2 fields" in data["text/plain"] == metadata["image/png"]["alt"]
    assert "application/vnd.jupyter.widget-view+json" in data
    assert set(front(grid).first) == {f"{r}-{c}-0" for r in range(3) for c in range(4)} - {"2-3-0"}


def test_missing_wells_are_hatched_and_others_are_not(tmp_path, grid):
    sheet = np.asarray(Image.open(grid.snapshot(tmp_path / "grid.png")).convert("RGB")).astype(int)
    # Hatching is grey and light; pictures of the sample are dark. The last well of the last row is missing.
    grey = (np.ptp(sheet, axis=-1) < 6) & (abs(sheet.mean(axis=-1) - 213) < 4)
    rows, columns = np.nonzero(grey)
    assert grey.sum() > 2000
    assert np.median(columns) > sheet.shape[1] * 0.7 and np.median(rows) > sheet.shape[0] * 0.6


def test_what_could_not_be_read_is_hatched_and_named_in_the_saved_notebook(tmp_path, sent):
    write_plate(tmp_path / "p.zarr", wells=[(0, 0), (0, 1)], rows="A", columns="12")
    for chunk in (tmp_path / "p.zarr" / "A" / "2" / "0").rglob("c/*/*/*"):
        chunk.write_bytes(b"damaged")
    data, _ = fairlab.view(fairlab.open_plate(tmp_path / "p.zarr"))._repr_mimebundle_()
    assert "not read: A02 field 0: ChunkError" in data["text/plain"] and "A01" not in data["text/plain"]
    sheet = np.asarray(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).convert("RGB")).astype(int)
    red = sheet[..., 0] - sheet[..., 2] > 60
    assert red.sum() > 200 and np.nonzero(red)[1].min() > sheet.shape[1] / 2


def test_a_sheet_of_noise_stays_light_enough_for_a_notebook():
    noise = np.random.default_rng(1).integers(0, 255, (96, 96, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, "JPEG", quality=90)
    wells = {(r, c): file.getvalue() for r in range(16) for c in range(24)}
    sheet = draw_sheet(
        [chr(65 + n) for n in range(16)], [str(n) for n in range(24)], wells, present=np.ones((16, 24), bool),
        shape=(96, 96), title="noise", legend=None, colors={}, credit="",
    )  # fmt: skip
    assert len(sheet) < 740_000
    drawn = np.asarray(Image.open(io.BytesIO(sheet)).convert("RGB")).astype(float)
    assert drawn.shape[1] > 1000 and drawn[200:400, 200:400].std() > 40  # it is still what was imaged


def test_no_path_and_no_half_character_is_kept(tmp_path, sent):
    folder = tmp_path / "secret"
    folder.mkdir()

    def annotate(attributes):
        plate = attributes["ome"]["plate"]
        plate["name"] = f"{HOSTILE} at {folder}/x"
        for well in plate["wells"]:
            well["note"] = HOSTILE

    write_plate(folder / "p.zarr", edit=annotate)
    shown = fairlab.view(fairlab.open_plate(folder / "p.zarr"))
    data, _ = shown._repr_mimebundle_()
    state = front(shown).get_state()
    state.pop("first")
    kept = json.dumps(
        {**data, "state": {k: v for k, v in state.items() if not k.startswith("_")}}, default=str
    )
    kept.encode()
    assert str(tmp_path) not in kept and "secret/" not in kept


def test_without_the_extra_there_is_still_a_picture(monkeypatch):
    import sys

    shown = plate_grid(fairlab.open_plate("sample:plate"))
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    data, _ = shown._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" not in data
    assert "fairlab[widgets]" in data["text/plain"] and data["image/png"]


def test_a_plate_without_any_field_says_so(tmp_path):
    write_plate(tmp_path / "p.zarr")
    tree = fairlab.open_plate(tmp_path / "p.zarr")
    empty = tree.map_over_datasets(
        lambda node: node.assign_coords(present=node.present & False) if "present" in node.coords else node
    )
    with pytest.raises(errors.SelectionError) as caught:
        fairlab.view(empty)
    assert caught.value.kind == "empty"
