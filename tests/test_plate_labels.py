"""Label images of a whole plate, opened with its fields."""

from __future__ import annotations

import contextlib
import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fairlab.errors import FairlabWarning, FormatError, QueryError, SelectionError
from fairlab.plate import open_plate
from tests.bursts import Bursts
from tests.servers import FaultServer
from tests.stores import multiscale_entry, put_attributes, shrunk, write_array, write_plate

Serve = Callable[[Path], FaultServer]
SPARSE = [(0, 0), (0, 3), (1, 1), (2, 2)]


def write_labels(
    path: Path, full: np.ndarray, *, name: str = "nuclei", version: str = "0.5", levels: int = 2
) -> np.ndarray:
    """A label image below every field that is there; returns them all, ``(row, column, field, y, x)``."""
    labels = (full[:, :, :, 0] > full[:, :, :, 1]).astype("uint8")
    for place in sorted(path.glob("[A-C]/*/*/")):
        row, column, field = place.relative_to(path).parts
        if not field.isdecimal():
            continue
        mine = labels["ABC".index(row), int(column) - 1, int(field)]
        mine[0, 0] = 100 + int(column)
        for level in range(levels):
            write_array(
                place / "labels" / name / str(level), shrunk(mine, "yx", level), "yx", 16, version, "uint8"
            )
        entry = multiscale_entry([str(level) for level in range(levels)], "yx", 0.5, version, name)
        source = f"../../../{field}"  # the long way round, and still inside the plate
        block = {"multiscales": [entry], "image-label": {"source": {"image": source}}}
        put_attributes(place / "labels", {"labels": [name]}, version, create=True)
        put_attributes(place / "labels" / name, block, version, create=True)
    return labels


@pytest.mark.parametrize("version", ["0.4", "0.5", "0.6"])
@pytest.mark.parametrize("check", ["lazy", "all"])
def test_labels_stand_beside_their_fields(tmp_path: Path, version: str, check: Any) -> None:
    full = write_plate(tmp_path / "p.zarr", wells=SPARSE, version=version)
    labels = write_labels(tmp_path / "p.zarr", full, version=version)
    plate = open_plate(tmp_path / "p.zarr", labels="nuclei", check=check)
    nuclei = plate["labels/nuclei/scale0/labels"]
    assert nuclei.dims == ("row", "column", "field", "y", "x")
    np.testing.assert_array_equal(nuclei.values, labels)
    np.testing.assert_array_equal(plate["labels/nuclei/scale1/labels"].values, labels[..., ::2, ::2])
    np.testing.assert_array_equal(plate["scale0/image"].values, full)
    assert nuclei.coords.to_dataset().identical(
        plate["scale0/image"].isel(c=0, drop=True).coords.to_dataset()[list(nuclei.coords)]
    )
    well = plate.fair.well("B2")
    np.testing.assert_array_equal(well["labels/nuclei/scale0/labels"].values, labels[1, 1])
    again = pickle.loads(pickle.dumps(nuclei.sel(row="A", column="4")))
    np.testing.assert_array_equal(again.values, labels[0, 3])


def test_labels_take_one_trip_and_their_own_requests_only(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = write_plate(tmp_path / "p.zarr")
    labels = write_labels(tmp_path / "p.zarr", full)
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    assert bursts.of(lambda: open_plate(f"{server.url}/p.zarr")) == 2
    assert not any("labels" in key for key in bursts.asked)
    plate = open_plate(f"{server.url}/p.zarr", labels=["nuclei"])
    assert bursts.trips == 2 + 3
    part = plate["labels/nuclei/scale0/labels"].sel(row="B").isel(field=1)
    before, cost = len(server.requests), part.fair.estimate()
    assert bursts.of(lambda: np.testing.assert_array_equal(part.values, labels[1, :, 1])) == 2
    assert len(server.requests) - before == cost.requests
    # The wells are known now, whichever of the two asked.
    asked = len(bursts.asked)
    plate["scale0/image"].sel(row="B").isel(field=1).load()
    assert "B/2/zarr.json" not in bursts.asked[asked:] and "B/2/1/zarr.json" in bursts.asked[asked:]


def test_names_that_no_field_has(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr")
    write_labels(tmp_path / "p.zarr", full)
    with pytest.raises(SelectionError, match=r'first field \(A/1/0\) has: "nuclei"') as caught:
        open_plate(tmp_path / "p.zarr", labels="cells")
    assert (caught.value.kind, caught.value.context["names"]) == ("labels-unknown", ["nuclei"])
    with pytest.raises(FormatError) as outside:
        open_plate(tmp_path / "p.zarr", labels="../../../../a")
    assert outside.value.kind == "path-outside"


@pytest.mark.parametrize("check", ["lazy", "all"])
@pytest.mark.parametrize("missing", ["warn", "fill"])
def test_fields_without_labels(tmp_path: Path, check: Any, missing: Any) -> None:
    full = write_plate(tmp_path / "p.zarr")
    labels = write_labels(tmp_path / "p.zarr", full)
    for well in ("A/1", "A/2", "C/4"):  # the first field among them, which others are compared with
        shutil.rmtree(tmp_path / "p.zarr" / well / "0/labels")
    labels[0, :2, 0] = labels[2, 3, 0] = 0
    plate = open_plate(tmp_path / "p.zarr", labels="nuclei", check=check, missing=missing)
    nuclei = plate["labels/nuclei/scale0/labels"]
    warned = pytest.warns(
        FairlabWarning, match="labels/nuclei of fields are not there .*A/1 field 0, A/2 field 0, C/4 field 0"
    )
    with warned if (missing, check) == ("warn", "lazy") else contextlib.nullcontext():
        np.testing.assert_array_equal(nuclei.values, labels)
    assert bool(plate["scale0/image"].present.all())
    assert int(nuclei.present.sum()) == (24 if check == "lazy" else 21)


@pytest.mark.parametrize("check", ["lazy", "all"])
def test_labels_that_are_not_alike_are_refused_by_name(tmp_path: Path, check: Any) -> None:
    full = write_plate(tmp_path / "p.zarr")
    write_labels(tmp_path / "p.zarr", full)
    document = tmp_path / "p.zarr/B/2/1/labels/nuclei/0/zarr.json"
    document.write_text(json.dumps({**json.loads(document.read_text()), "data_type": "uint16"}))
    with pytest.raises(FormatError, match="B/2 field 1: its type is uint16, not uint8") as caught:
        plate = open_plate(tmp_path / "p.zarr", labels="nuclei", check=check)
        assert check == "lazy"
        plate["labels/nuclei/scale0/labels"].load()
    assert caught.value.kind == "plate-mismatch"


def test_a_first_label_image_that_cannot_be_read_is_told_and_left_out(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr")
    labels = write_labels(tmp_path / "p.zarr", full)
    for broken in ("labels/nuclei", "labels"):
        (tmp_path / "p.zarr/A/1/0" / broken / "zarr.json").write_text("{")
    with pytest.warns(
        FairlabWarning, match=r"A/1/0/labels/nuclei cannot be read .*; A/2/0/labels/nuclei stands"
    ):
        plate = open_plate(tmp_path / "p.zarr", labels="nuclei")
    nuclei = plate["labels/nuclei/scale0/labels"]
    np.testing.assert_array_equal(nuclei.sel(row="B").values, labels[1])
    with pytest.raises(FormatError, match="A/1 field 0: it cannot be read"):
        nuclei.sel(row="A").load()
    with pytest.raises(SelectionError) as caught:
        open_plate(tmp_path / "p.zarr", labels="cells")
    assert caught.value.kind == "labels-unknown"


@pytest.mark.parametrize("wrong", [True, 3, ["cells", 1]])
def test_names_of_labels_are_text(wrong: Any) -> None:
    with pytest.raises(QueryError, match="expected names of label images") as caught:
        open_plate("sample:plate", labels=wrong)
    assert caught.value.kind == "option-value"


def test_no_labels_are_asked_for_by_none() -> None:
    assert "labels" not in open_plate("sample:plate", labels=None).children
