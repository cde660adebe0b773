from __future__ import annotations

import contextlib
import json
import math
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import fairlab
from fairlab.errors import ChunkError, FairlabError, FairlabWarning, FormatError, QueryError, SelectionError
from fairlab.options import set_options
from fairlab.plate import open_plate
from fairlab.wells import well_position
from tests.bursts import Bursts
from tests.servers import Fault, FaultServer
from tests.stores import multiscale, put_attributes, write_plate, write_store

Serve = Callable[[Path], FaultServer]
SPARSE = [(0, 0), (0, 3), (1, 1), (2, 2)]
FIVE_AXES = {"axes": "tczyx", "shape": (1, 2, 1, 32, 48)}


# ── every pixel, under its name ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("check", ["lazy", "all"])
@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
def test_every_pixel_of_a_sparse_plate(tmp_path: Path, version: str, check: Any) -> None:
    full = write_plate(tmp_path / "p.zarr", wells=SPARSE, version=version, **FIVE_AXES)
    plate = open_plate(tmp_path / "p.zarr", check=check)
    image = plate["scale0/image"]
    assert image.dims == ("row", "column", "field", "t", "c", "z", "y", "x")
    np.testing.assert_array_equal(image.values, full)
    np.testing.assert_array_equal(plate["scale1/image"].values, full[..., ::2, ::2])
    assert plate.attrs["ngff_version"] == version
    assert image.dtype == full.dtype


@pytest.mark.parametrize("version", ["0.2", "0.4", "0.6"])
def test_fields_may_have_names_of_their_own(tmp_path: Path, version: str) -> None:
    def name(row: int, column: int, field: int, attributes: dict[str, Any]) -> None:
        multiscale(attributes)["name"] = f"{row} {column} {field}"

    full = write_plate(tmp_path / "p.zarr", version=version, edit_field=name, wells=SPARSE, **FIVE_AXES)
    np.testing.assert_array_equal(open_plate(tmp_path / "p.zarr")["scale1/image"].values, full[..., ::2, ::2])


@pytest.mark.parametrize("key", [
    (1, 1, 0), (slice(None), 3), (slice(None, None, -1), slice(1, 3), 1, 0),
    ([2, 0], [2, 3, 0], [1], slice(None), slice(5, 20, 3), slice(None, None, -7)), (0, 1, 1, 1, 2, 3),
    (slice(0, 0),), (-1, -2, -1),
])  # fmt: skip
def test_any_selection(tmp_path: Path, key: tuple[Any, ...]) -> None:
    full = write_plate(tmp_path / "p.zarr", wells=SPARSE)
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    expected = xr.DataArray(full, dims=image.dims).isel(dict(zip(image.dims, key, strict=False)))
    np.testing.assert_array_equal(
        image.isel(dict(zip(image.dims, key, strict=False))).values, expected.values
    )


def test_coordinates(tmp_path: Path) -> None:
    def annotate(attributes: dict[str, Any]) -> None:
        wells = attributes["ome"]["plate"]["wells"]
        for well, gene in zip(wells, ["TP53", "", "BRCA1"], strict=False):
            well |= {"gene": gene, "dose": 0.5, "field": "x", "control": gene == "", "more": {"deep": 1}}

    write_plate(tmp_path / "p.zarr", wells=SPARSE, edit=annotate)
    image = open_plate(tmp_path / "p.zarr")["scale1/image"]
    assert image.row.values.tolist() == ["A", "B", "C"]
    assert image.column.values.tolist() == ["1", "2", "3", "4"]
    assert image.field.values.tolist() == [0, 1]
    assert str(image.sel(row="B", column="3").well.values) == "B03"
    assert sorted(zip(*np.nonzero(image.present.all("field").values), strict=True)) == SPARSE
    assert image.gene.values[0].tolist() == ["TP53", "", "", ""]
    np.testing.assert_array_equal(image.dose.values[0], [0.5, np.nan, np.nan, 0.5])
    assert image.well_field.dims == ("row", "column")  # "field" is the plate's own word
    assert image.control.dtype.kind == "U" and image.control.values[0].tolist() == ["False", "", "", "True"]
    assert "more" not in image.coords and "acquisition" not in image.coords
    assert image.c.values.tolist() == ["dye 0", "dye 1"]
    assert image.x.attrs == {"spacing": 1.0, "units": "micrometer"}
    assert image.x.values[0] == 0.25
    assert str(image.image_id.values) == str(tmp_path / "p.zarr") == image.encoding["source"]
    assert all(type(value) in (str, int, float) for value in image.attrs.values())


@pytest.mark.parametrize(
    ("rows", "columns", "wells"),
    [
        (("A", "B"), ("1", "2"), [["A01", "A02"], ["B01", "B02"]]),
        (("A", "AA"), ("01", "100"), [["A001", "A100"], ["AA001", "AA100"]]),
        (("1", "2"), ("left", "right"), [["1left", "1right"], ["2left", "2right"]]),
        (("A", "Al"), ("left", "eft"), [["A/left", "A/eft"], ["Al/left", "Al/eft"]]),  # not twice "Aleft"
    ],
)
def test_any_names(tmp_path: Path, rows: Any, columns: Any, wells: Any) -> None:
    full = write_plate(tmp_path / "p.zarr", rows=rows, columns=columns, version="0.4")
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    assert image.well.values.tolist() == wells
    np.testing.assert_array_equal(image.sel(row=rows[1], column=columns[0]).values, full[1, 0])


def test_acquisitions(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr", fields=4, acquisitions=(7, 9), wells=SPARSE)
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    assert image.acquisition.values.tolist() == [7, 9, 7, 9]
    assert image.acquisition_name.values.tolist() == ["run 7", "run 9", "run 7", "run 9"]
    second = image.isel(field=image.acquisition.values == 9)
    np.testing.assert_array_equal(second.values, full[:, :, 1::2])


def test_a_field_is_found_by_its_acquisition(tmp_path: Path) -> None:
    """A well in which the first acquisition failed must not show the second under its name."""

    def fail(row: int, column: int, attributes: dict[str, Any]) -> None:
        if (row, column) == (1, 1):
            del attributes["ome"]["well"]["images"][0]

    full = write_plate(tmp_path / "p.zarr", acquisitions=(1, 2), edit_well=fail)
    plate = open_plate(tmp_path / "p.zarr", check="all")["scale0/image"]
    assert plate.present[1, 1].values.tolist() == [False, True]
    full[1, 1, 0] = 0
    np.testing.assert_array_equal(plate.values, full)


def test_fields_not_named_like_the_first_wells_are_found(tmp_path: Path, serve: Serve) -> None:
    """Peers show such a well as all zeros, without a word."""

    def names(row: int, column: int) -> list[str]:
        return ["0", "1"] if (row, column) != (1, 2) else ["scan 7", "deep/er"]

    full = write_plate(tmp_path / "p.zarr", fields=names)
    for check in ("lazy", "all"):
        plate = open_plate(f"{serve(tmp_path).url}/p.zarr", check=check)  # type: ignore[arg-type]
        np.testing.assert_array_equal(plate["scale0/image"].sel(row="B", column="3").values, full[1, 2])
        assert plate["scale0/image"].present.all()


def test_levels_not_named_like_the_first_fields_are_found(tmp_path: Path) -> None:
    def rename(row: int, column: int, field: int, attributes: dict[str, Any]) -> None:
        if (row, column, field) == (2, 0, 1):
            for number, dataset in enumerate(multiscale(attributes)["datasets"]):
                dataset["path"] = f"s{number}"

    full = write_plate(tmp_path / "p.zarr", edit_field=rename)
    for number in (0, 1):
        (tmp_path / "p.zarr/C/1/1" / str(number)).rename(tmp_path / f"p.zarr/C/1/1/s{number}")
    np.testing.assert_array_equal(open_plate(tmp_path / "p.zarr")["scale0/image"].values, full)


# ── trips and requests, counted ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_uniform_plate_of_96_wells_is_described_in_ten_requests(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    options: dict[str, Any] = {"shape": (1, 16, 16), "levels": 5, "version": version, "fields": 1}
    write_plate(tmp_path / "p.zarr", rows="ABCDEFGH", columns=map(str, range(1, 13)), **options)
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    assert bursts.of(lambda: open_plate(f"{server.url}/p.zarr")) == 3
    assert len(server.paths()) == len(set(server.paths())) <= 10
    assert sorted(server.paths()) == sorted(f"/p.zarr/{key}" for key in bursts.asked)


def test_the_mean_of_each_of_24_wells_in_one_burst_and_one_batch(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = write_plate(tmp_path / "p.zarr", rows="ABCD", columns="123456", levels=3)
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    plate = open_plate(f"{server.url}/p.zarr")
    means = plate["scale2/image"].mean(("field", "c", "y", "x"))
    np.testing.assert_allclose(means.values, full[..., ::4, ::4].mean((2, 3, 4, 5)))
    assert bursts.trips == 4  # two to open, one to look at every field, one for all chunks
    assert len(server.paths()) == len(set(server.paths()))
    before = len(server.paths())
    assert bursts.of(plate["scale2/image"].load) == 1  # what is known is not asked again
    assert not [path for path in server.paths()[before:] if path.endswith("zarr.json")]


@pytest.mark.parametrize("check", ["lazy", "all"])
def test_a_384_well_plate_and_one_field_of_it(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, check: Any
) -> None:
    full = write_plate(
        tmp_path / "p.zarr", rows="ABCDEFGHIJKLMNOP", columns=map(str, range(1, 25)),
        shape=(1, 16, 16), levels=1, fields=1,
    )  # fmt: skip
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    image = open_plate(f"{server.url}/p.zarr", check=check)["scale0/image"]
    assert bursts.trips == (2 if check == "lazy" else 3)
    np.testing.assert_array_equal(image.sel(row="P", column="24", field=0).values, full[15, 23, 0])
    assert bursts.trips == 4
    assert len(server.paths()) == len(set(server.paths()))
    assert len(pickle.dumps(image)) < (400_000 if check == "lazy" else 900_000)


@pytest.mark.parametrize(("levels", "trips"), [(1, 2), (3, 2), (4, 3)])
def test_opening_takes_two_trips_where_levels_have_the_usual_names(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch, levels: int, trips: int
) -> None:
    write_plate(tmp_path / "p.zarr", shape=(1, 16, 16), levels=levels)
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    plate = open_plate(f"{server.url}/p.zarr")
    assert (len(plate.children), bursts.trips) == (levels, trips)
    assert len(server.paths()) == len(set(server.paths())) <= 10


def test_three_wells_are_three_wells(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    full = write_plate(tmp_path / "p.zarr", shape=(1, 16, 16))
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    image = open_plate(f"{server.url}/p.zarr")["scale0/image"]
    before = len(server.paths())
    rows, columns = (xr.DataArray(names, dims="well_") for names in (["A", "B", "C"], ["2", "4", "1"]))
    three = image.sel(row=rows, column=columns, field=0)
    np.testing.assert_array_equal(three.values, full[[0, 1, 2], [1, 3, 0], 0])
    assert bursts.trips == 2 + 2
    touched = {path.removeprefix("/p.zarr/")[:3] for path in server.paths()[before:]}
    assert touched == {"A/2", "B/4", "C/1"}
    np.testing.assert_array_equal(
        three.transpose("x", "well_", "c", "y").values, full[[0, 1, 2], [1, 3, 0], 0].transpose(3, 0, 1, 2)
    )


def test_single_pixels_of_several_wells(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = write_plate(tmp_path / "p.zarr", wells=SPARSE)
    server, bursts = serve(tmp_path), Bursts(monkeypatch)
    image = open_plate(f"{server.url}/p.zarr")["scale0/image"]
    opened = bursts.trips
    at = {
        "row": [0, 1, 2, 0],
        "column": [3, 1, 2, 1],
        "field": [0, 1, 1, 0],
        "y": [3, 9, 31, 5],
        "x": [0, 47, 8, 9],
    }
    points = image.isel({dim: xr.DataArray(places, dims="p") for dim, places in at.items()})
    expected = full[at["row"], at["column"], at["field"], :, at["y"], at["x"]]
    with set_options(max_read_bytes=points.nbytes - 1), pytest.raises(SelectionError) as caught:
        points.load()
    assert caught.value.kind == "read-too-large" and bursts.trips == opened
    np.testing.assert_array_equal(points.transpose("p", "c").values, expected)
    assert bursts.trips - opened == 2  # what is not known of the wells, and all chunks at once
    assert set(bursts.asked) < {path.removeprefix("/p.zarr/") for path in server.paths()}


def test_single_pixels_beyond_the_edge_of_a_smaller_field(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr", levels=1, wells=SPARSE)
    smaller = write_store(tmp_path / "p.zarr/B/2/1", shape=(2, 24, 40), levels=1, seed=5)
    image = open_plate(tmp_path / "p.zarr", join="outer")["scale0/image"]
    at = {
        "row": [1, 1, 1, 0],
        "column": [1, 1, 1, 3],
        "field": [1, 1, 0, 0],
        "y": [23, 24, 31, 31],
        "x": [39, 3, 47, 0],
    }
    points = image.isel({dim: xr.DataArray(places, dims="p") for dim, places in at.items()}).isel(c=0)
    assert points.values.tolist() == [
        smaller[0, 23, 39],
        0,
        full[1, 1, 0, 0, 31, 47],
        full[0, 3, 0, 0, 31, 0],
    ]
    assert points.isel(p=[1]).values.tolist() == [0]  # of this field nothing is left to read


@pytest.fixture(scope="module")
def sparse(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, np.ndarray]:
    folder = tmp_path_factory.mktemp("plates")
    full = write_plate(folder / "p.zarr", wells=SPARSE, shape=(2, 6, 8), chunk=4, levels=1)
    return open_plate(folder / "p.zarr")["scale0/image"].variable._data.array.pixels, full


@given(st.data())
def test_positions_that_vary_along_any_dimensions(
    sparse: tuple[Any, np.ndarray], data: st.DataObject
) -> None:
    """As numpy picks them, whichever axes vary together, apart, or not at all, and in whichever order."""
    pixels, full = sparse
    sizes = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4))
    owners = data.draw(st.one_of(st.none(), st.permutations(range(full.ndim))))
    key = []
    for axis, length in enumerate(full.shape):
        varies = [owners[d] == axis if owners else data.draw(st.booleans()) for d in range(len(sizes))]
        shape = [n if v else 1 for n, v in zip(sizes, varies, strict=True)]
        places = data.draw(
            st.lists(st.integers(-length, length - 1), min_size=(n := math.prod(shape)), max_size=n)
        )
        key.append(np.array(places).reshape(shape))
    np.testing.assert_array_equal(pixels.read_points(key), full[tuple(key)])
    assert pixels.cost_points(key).result_bytes == full[tuple(key)].nbytes


def test_absent_wells_are_read_without_a_request(tmp_path: Path, serve: Serve) -> None:
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    server = serve(tmp_path)
    image = open_plate(f"{server.url}/p.zarr")["scale0/image"]
    before = len(server.requests)
    assert not image.sel(row="C", column=["1", "2", "4"]).values.any()
    assert len(server.requests) == before


@pytest.mark.parametrize("known", [False, True])
def test_the_cost_is_what_the_log_says(tmp_path: Path, serve: Serve, known: bool) -> None:
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    server = serve(tmp_path)
    image = open_plate(f"{server.url}/p.zarr", check="all" if known else "lazy")["scale0/image"]
    pixels = image.variable._data.array.pixels
    key = (slice(0, 2), slice(None), 1, 0, slice(0, 20), slice(None))
    cost = pixels.cost(key)
    before = len(server.requests)
    read = pixels.read(key)
    assert cost.requests == len(server.requests) - before
    assert (cost.result_bytes, cost.exact) == (read.nbytes, known)
    points = tuple(np.array(p).reshape(-1, *(1,) * n) for p, n in ([[0, 2], 2], [[0, 2], 2], [[0], 2]))
    points = (*points, np.array([[[0]]]), np.arange(20)[None, :, None], np.arange(48)[None, None])
    cost = pixels.cost_points(points)
    before = len(server.requests)
    assert pixels.read_points(points).shape == (2, 20, 48)
    assert cost.requests == len(server.requests) - before


# ── what is not as the plate says ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("missing", ["warn", "fill", "error"])
def test_a_listed_field_that_is_not_there(tmp_path: Path, missing: Any) -> None:
    full = write_plate(tmp_path / "p.zarr")
    shutil.rmtree(tmp_path / "p.zarr" / "B" / "2" / "1")
    shutil.rmtree(tmp_path / "p.zarr" / "C" / "4")
    full[1, 1, 1] = full[2, 3] = 0
    image = open_plate(tmp_path / "p.zarr", missing=missing)["scale0/image"]
    assert image.present.all()  # as listed: nobody looked yet
    if missing == "error":
        with pytest.raises(ChunkError) as caught:
            image.load()
        assert caught.value.kind == "field-missing" and caught.value.context["wells"] == ["B/2", "C/4"]
        return
    lines = (
        r"(?s)fields that their wells list.*B/2 field 1\n.*wells that the plate lists are not there.*: C/4\n"
    )
    with pytest.warns(FairlabWarning, match=lines) if missing == "warn" else contextlib.nullcontext():
        np.testing.assert_array_equal(image.values, full)


def test_warnings_point_at_the_line_of_the_user(tmp_path: Path) -> None:
    def odd(row: int, column: int, field: int, attributes: dict[str, Any]) -> None:
        attributes["ome"]["omero"]["channels"][1]["label"] = "dye 0"
        multiscale(attributes)["axes"][1]["unit"] = "um"

    write_plate(tmp_path / "p.zarr", edit_field=odd)
    shutil.rmtree(tmp_path / "p.zarr/C/3")
    with pytest.warns(FairlabWarning) as caught:
        open_plate(tmp_path / "p.zarr")["scale0/image"].mean("field")
    assert [Path(warning.filename).name for warning in caught] == ["test_plate.py"] * 3


def test_present_is_exact_once_all_were_looked_at(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    shutil.rmtree(tmp_path / "p.zarr" / "B" / "2" / "1")
    shutil.rmtree(tmp_path / "p.zarr" / "C" / "3")
    lines = "fields that their wells list are not there: B/2 field 1\nwells that the plate lists are not there: C/3"
    with pytest.warns(FairlabWarning, match=lines):
        image = open_plate(tmp_path / "p.zarr", check="all")["scale0/image"]
    there = {tuple(map(int, place)) for place in zip(*np.nonzero(image.present.values), strict=True)}
    assert there == {(0, 0, 0), (0, 0, 1), (0, 3, 0), (0, 3, 1), (1, 1, 0)}
    assert not image.sel(row="C").values.any()
    with pytest.raises(FormatError) as caught:
        open_plate(tmp_path / "p.zarr", check="all", missing="error")
    assert caught.value.kind == "field-missing"


def test_a_black_well_is_not_an_absent_one(tmp_path: Path) -> None:
    """Peers cannot tell them apart."""
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    for chunk in (tmp_path / "p.zarr/B/2").rglob("c/*/*/*"):
        chunk.write_bytes(bytes(chunk.stat().st_size))
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    assert not image.sel(row="B", column="2").values.any() and not image.sel(row="B", column="3").values.any()
    assert image.present.sel(row="B", column="2").all() and not image.present.sel(row="B", column="3").any()
    means = image.where(image.present).mean(("c", "y", "x"))
    assert (means.sel(row="B", column="2") == 0).all() and means.sel(row="B", column="3").isnull().all()


def test_missing_chunks_are_named(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr", version="0.4")
    (tmp_path / "p.zarr/B/2/1/0/1/0/0").unlink()
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    with pytest.warns(FairlabWarning, match="B/2/1/0/1/0/0"):
        image.load()
    assert "B/2/1/0/1/0/0" in image.attrs["missing_chunks"]


def _unlike(what: str) -> tuple[Callable[..., None], str]:
    def edit(row: int, column: int, field: int, attributes: dict[str, Any]) -> None:
        if (row, column) not in ((1, 0), (2, 3)):
            return
        entry = multiscale(attributes)
        if what == "channels":
            attributes["ome"]["omero"]["channels"][1]["label"] = "other"
        elif what == "scale":
            entry["datasets"][0]["coordinateTransformations"][0]["scale"] = [1.0, 0.6, 0.5]
        elif what == "unit":
            entry["axes"][2]["unit"] = "nanometer"
        elif what == "levels":
            del entry["datasets"][1]
        else:
            del entry["datasets"]

    return edit, {"broken": "cannot be read", "unit": "axes"}.get(what, what)


@pytest.mark.parametrize("what", ["channels", "scale", "unit", "levels", "broken"])
def test_fields_that_are_not_alike_are_refused_by_name(tmp_path: Path, what: str) -> None:
    edit, word = _unlike(what)
    full = write_plate(tmp_path / "p.zarr", edit_field=edit)
    for join in ("exact", "outer"):
        with pytest.raises(FormatError) as caught:
            open_plate(tmp_path / "p.zarr", check="all", join=join)  # type: ignore[arg-type]
        assert caught.value.kind == "plate-mismatch" and word in str(caught.value)
        assert caught.value.context["wells"] == ["B/1", "C/4"]
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    np.testing.assert_array_equal(image.sel(row="A").values, full[0])  # the others can be read
    with pytest.raises(FormatError, match="C/4") as caught:
        image.sel(row="C").load()
    assert caught.value.kind == "plate-mismatch"


def _replace_array(place: Path, **changes: Any) -> None:
    document = json.loads((place / "zarr.json").read_text())
    (place / "zarr.json").write_text(json.dumps({**document, **changes}))


def test_another_type_or_shape_is_refused_by_name(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr")
    _replace_array(tmp_path / "p.zarr/B/2/1/1", data_type="float32")
    _replace_array(tmp_path / "p.zarr/C/1/0/0", shape=[2, 30, 48])
    with pytest.raises(FormatError) as caught:
        open_plate(tmp_path / "p.zarr", check="all")
    assert "B/2 field 1: its type is float32" in str(caught.value)
    assert "C/1 field 0: its shape at level 0 is (2, 30, 48)" in str(caught.value)
    plate = open_plate(tmp_path / "p.zarr")
    plate["scale0/image"].sel(row="B").load()  # that level is sound
    with pytest.raises(FormatError):
        plate["scale1/image"].sel(row="B").load()
    (tmp_path / "p.zarr/A/3/0/0/zarr.json").unlink()
    with pytest.raises(FormatError, match="A/3 field 0: it has no level 0"):
        open_plate(tmp_path / "p.zarr")["scale0/image"].sel(row="A").load()


def test_arrays_stored_in_another_way_are_alike(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr", levels=1)
    place = tmp_path / "p.zarr/B/2/1"
    other = write_store(place, seed=99, shape=(2, 32, 48), chunk=8, levels=1)
    np.testing.assert_array_equal(
        open_plate(tmp_path / "p.zarr", check="all")["scale0/image"].sel(row="B", column="2", field=1).values,
        other,
    )
    full[1, 1, 1] = other
    np.testing.assert_array_equal(open_plate(tmp_path / "p.zarr")["scale0/image"].values, full)


def test_outer_pads_to_the_largest(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr", levels=1, wells=SPARSE)
    wider = write_store(tmp_path / "p.zarr/B/2/1", shape=(2, 24, 60), levels=1, seed=5)
    with pytest.raises(FormatError, match='join="outer"'):
        open_plate(tmp_path / "p.zarr", check="all")
    image = open_plate(tmp_path / "p.zarr", join="outer")["scale0/image"]
    assert image.shape == (3, 4, 2, 2, 32, 60)
    expected = np.zeros(image.shape, image.dtype)
    expected[..., :48] = full
    expected[1, 1, 1] = 0
    expected[1, 1, 1, :, :24, :] = wider
    np.testing.assert_array_equal(image.values, expected)
    np.testing.assert_array_equal(
        image.isel(y=slice(None, None, -3), x=[59, 0, 50, 3]).values, expected[..., ::-3, [59, 0, 50, 3]]
    )
    at = {"row": [1, 0, 1], "column": [1, 3, 1], "field": [1, 0, 1], "y": [23, 5, 30], "x": [55, 59, 1]}
    points = image.isel({dim: xr.DataArray(places, dims="p") for dim, places in at.items()})
    np.testing.assert_array_equal(
        points.transpose("p", "c").values, expected[at["row"], at["column"], at["field"], :, at["y"], at["x"]]
    )
    assert image.y_size[1, 1].values.tolist() == [32, 24] and image.x_size[1, 1].values.tolist() == [48, 60]
    assert image.y_size[0, 1].values.tolist() == [0, 0] and "c_size" not in image.coords
    np.testing.assert_allclose(image.x, 0.5 * np.arange(60))


def test_wells_with_more_fields_than_the_first(tmp_path: Path) -> None:
    def names(row: int, column: int) -> list[str]:
        return ["0", "1", "2"] if (row, column) == (2, 1) else ["0"]

    def understate(attributes: dict[str, Any]) -> None:
        del attributes["ome"]["plate"]["field_count"]

    full = write_plate(tmp_path / "p.zarr", fields=names, edit=understate)
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    assert image.sizes["field"] == 1
    with pytest.warns(FairlabWarning, match=r"C/2 \(2 more\)"):
        np.testing.assert_array_equal(image.values, full[:, :, :1])
    np.testing.assert_array_equal(image.values, full[:, :, :1])  # told once
    every = open_plate(tmp_path / "p.zarr", check="all")["scale0/image"]
    np.testing.assert_array_equal(every.values, full)
    assert int(every.present.sum()) == 14


def test_a_stated_field_count_makes_room(tmp_path: Path) -> None:
    full = write_plate(
        tmp_path / "p.zarr", fields=lambda row, column: ["0", "1"] if (row, column) == (2, 1) else ["0"]
    )
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    assert image.sizes["field"] == 2
    np.testing.assert_array_equal(image.sel(row="C", column="2").values, full[2, 1])
    with pytest.warns(
        FairlabWarning, match="fields that their wells do not list are not there .*: A/2 field 1"
    ) as told:
        image.sel(row="A").load()
    assert "plate lists" not in str(told[0].message)
    assert image.present[0, :, 1].values.tolist() == [False, True, True, True]  # A/1 was looked at


def test_fields_at_places_of_their_own(tmp_path: Path) -> None:
    def place(row: int, column: int, field: int, attributes: dict[str, Any]) -> None:
        if field == 1:
            for dataset in multiscale(attributes)["datasets"]:
                dataset["coordinateTransformations"][1]["translation"][2] += 24.0

    write_plate(tmp_path / "p.zarr", wells=SPARSE, edit_field=place)
    image = open_plate(tmp_path / "p.zarr", check="all")["scale0/image"]
    assert (
        image.x_offset[0, 0].values.tolist() == [0.0, 24.0] and image.x_offset.attrs["units"] == "micrometer"
    )
    assert image.x_offset[0, 1].isnull().all() and "y_offset" not in image.coords
    lazy = open_plate(tmp_path / "p.zarr")["scale0/image"]
    with pytest.warns(FairlabWarning, match="begin elsewhere"):
        lazy.load()


def test_a_first_well_that_is_not_there(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr")
    shutil.rmtree(tmp_path / "p.zarr/A/1")
    put_attributes(tmp_path / "p.zarr/A/2", {"well": {"images": "none"}}, "0.5")
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    np.testing.assert_array_equal(image.sel(column=["3", "4"]).values, full[:, 2:])
    with pytest.raises(FormatError, match="A/2"):
        image.sel(column="2").load()
    for well in (tmp_path / "p.zarr").glob("?/?"):
        shutil.rmtree(well)
    with pytest.raises(FormatError) as caught:
        open_plate(tmp_path / "p.zarr")
    assert caught.value.kind == "plate-empty"


def _spoil(place: Path) -> None:
    (place / "zarr.json").write_text('{"zarr_format": 3, "attributes": {')


@pytest.mark.parametrize("broken", ["A/1/0", "A/1/0/1"])
def test_a_first_field_that_cannot_be_read_does_not_close_the_plate(tmp_path: Path, broken: str) -> None:
    full = write_plate(tmp_path / "p.zarr")
    _spoil(tmp_path / "p.zarr" / broken)
    told = r"A/1/0 cannot be read .*; A/1/1 stands for all"
    with pytest.warns(FairlabWarning, match=told):
        image = open_plate(tmp_path / "p.zarr")["scale1/image"]
    assert image.present.all()  # it was imaged, and is there
    np.testing.assert_array_equal(image.isel(field=1).values, full[:, :, 1, ..., ::2, ::2])
    with pytest.raises(FormatError, match=r"A/1 field 0: it cannot be read") as caught:
        image.load()
    assert (caught.value.kind, caught.value.context["wells"]) == ("plate-mismatch", ["A/1"])
    with pytest.warns(FairlabWarning, match=told), pytest.raises(FormatError, match="A/1 field 0") as caught:
        open_plate(tmp_path / "p.zarr", check="all")
    assert caught.value.kind == "plate-mismatch"


def test_a_first_well_that_cannot_be_read_does_not_close_the_plate(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr")
    _spoil(tmp_path / "p.zarr/A/1")
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    assert image.present.all()
    np.testing.assert_array_equal(image.isel(column=slice(1, None)).values, full[:, 1:])
    with pytest.raises(FormatError, match="A/1 field 0: its well cannot be read") as caught:
        image.load()
    assert caught.value.kind == "plate-mismatch"


@pytest.mark.parametrize("broken", ["B/2/1", "B/2/1/0", "B/2"])
def test_any_document_that_is_no_json_is_told_by_its_well(tmp_path: Path, broken: str) -> None:
    full = write_plate(tmp_path / "p.zarr")
    _spoil(tmp_path / "p.zarr" / broken)
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    np.testing.assert_array_equal(image.sel(row="A").values, full[0])
    for read in (image.load, lambda: open_plate(tmp_path / "p.zarr", check="all")):
        with pytest.raises(FormatError, match=r"B/2 field 1: .*cannot be read") as caught:
            read()
        assert (caught.value.kind, caught.value.context["wells"]) == ("plate-mismatch", ["B/2"])


def test_where_no_field_can_be_read_the_first_says_why_and_not_all_are_asked(
    tmp_path: Path, serve: Serve
) -> None:
    write_plate(tmp_path / "p.zarr", columns=map(str, range(1, 13)), shape=(1, 16, 16), levels=1)
    for field in (tmp_path / "p.zarr").glob("?/*/?"):
        _spoil(field)
    server = serve(tmp_path)
    with pytest.raises(FormatError, match=r"16 were tried.* A/1/0") as caught:
        open_plate(f"{server.url}/p.zarr")
    assert caught.value.kind == "not-json" and "A/1/0/zarr.json" in str(caught.value.url)
    assert not any("/C/12/" in path for path in server.paths())


def test_the_only_field_that_is_there_stands_for_all(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr", fields=3)
    for field in (tmp_path / "p.zarr").glob("?/?/?"):
        if field.relative_to(tmp_path / "p.zarr") != Path("B/3/2"):
            shutil.rmtree(field)
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    np.testing.assert_array_equal(image.sel(row="B", column="3", field=2).values, full[1, 2, 2])


@pytest.mark.parametrize("acquisitions", [(), (3, 4)])
def test_fields_are_counted_by_wells_that_are_there(tmp_path: Path, acquisitions: tuple[int, ...]) -> None:
    """The first well is not, and the plate states no count of fields."""

    def understate(attributes: dict[str, Any]) -> None:
        plate = attributes["ome"]["plate"]
        plate.pop("field_count")
        for run in plate.get("acquisitions", ()):
            del run["maximumfieldcount"]

    full = write_plate(tmp_path / "p.zarr", edit=understate, acquisitions=acquisitions)
    shutil.rmtree(tmp_path / "p.zarr/A/1")
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    assert image.sizes["field"] == 2
    np.testing.assert_array_equal(image.sel(row="B").values, full[1])


def test_what_is_no_plate(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    write_plate(tmp_path / "p.zarr")
    (tmp_path / "empty").mkdir()
    for place, kind in (("a.zarr", "not-a-plate"), ("p.zarr/A/1", "not-a-plate"), ("empty", "no-zarr")):
        with pytest.raises(FormatError) as caught:
            open_plate(tmp_path / place)
        assert caught.value.kind == kind
    with pytest.raises(QueryError):
        open_plate(tmp_path / "p.zarr", check="some")  # type: ignore[arg-type]
    with pytest.raises(QueryError):
        open_plate(tmp_path / "p.zarr", join="inner")  # type: ignore[arg-type]


def test_a_plate_that_states_room_for_everything_is_refused(tmp_path: Path) -> None:
    def boast(attributes: dict[str, Any]) -> None:
        attributes["ome"]["plate"]["rows"] += [{"name": f"r{n}"} for n in range(1000)]
        attributes["ome"]["plate"]["field_count"] = 10**15

    write_plate(tmp_path / "p.zarr", edit=boast)
    with pytest.raises(FormatError) as caught:
        open_plate(tmp_path / "p.zarr")
    assert caught.value.kind == "plate-too-large"


def test_paths_that_leave_the_plate_are_never_fetched(tmp_path: Path, serve: Serve) -> None:
    def leave(row: int, column: int, attributes: dict[str, Any]) -> None:
        attributes["ome"]["well"]["images"][0]["path"] = "../../../b.zarr"

    write_store(tmp_path / "b.zarr")
    write_plate(tmp_path / "p.zarr", edit_well=leave)
    server = serve(tmp_path)
    with pytest.raises(FairlabError):
        open_plate(f"{server.url}/p.zarr")
    assert all(path.startswith("/p.zarr/") for path in server.paths())


def test_a_refusal_is_not_an_absence(tmp_path: Path, serve: Serve) -> None:
    write_plate(tmp_path / "p.zarr")
    server = serve(tmp_path)
    image = open_plate(f"{server.url}/p.zarr")["scale0/image"]
    server.fault("B/2/zarr.json", Fault(status=503))
    with set_options(timeout_s=0.5), pytest.raises(FairlabError):
        image.sel(row="B", column="2").load()


# ── large plates ─────────────────────────────────────────────────────────────────────────────────────


def _vast(tmp_path: Path) -> Path:
    """384 wells of nine fields of 2160 × 2160 pixels in five channels, of which nothing but words is there."""
    path = tmp_path / "vast.zarr"
    write_plate(path, rows="A", columns="1", fields=1, levels=1)
    document = json.loads((path / "zarr.json").read_text())
    document["attributes"]["ome"]["plate"] |= {
        "rows": [{"name": row} for row in "ABCDEFGHIJKLMNOP"],
        "columns": [{"name": str(column)} for column in range(1, 25)],
        "field_count": 9,
    }
    (path / "zarr.json").write_text(json.dumps(document))
    array = path / "A/1/0/0"
    _replace_array(array, shape=[2, 21600, 21600])
    return path


def test_a_read_of_a_whole_vast_plate_is_refused_with_a_hint(tmp_path: Path) -> None:
    image = open_plate(_vast(tmp_path))["scale0/image"]
    assert image.nbytes > 6e12
    with pytest.raises(SelectionError, match="coarser level") as caught:
        image.mean()
    assert caught.value.kind == "read-too-large"
    rows = xr.DataArray(list("ABCDEFGHIJKLMNOP"), dims="w")
    with pytest.raises(SelectionError):
        image.sel(row=rows, column=xr.DataArray(["1"] * 16, dims="w")).load()


def test_dask_blocks_are_whole_fields(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr", wells=SPARSE)
    image = open_plate(tmp_path / "p.zarr", chunks="auto")["scale0/image"]
    assert image.chunks is not None and image.chunks[-3:] == ((2,), (32,), (48,))
    np.testing.assert_array_equal(image.compute(scheduler="threads").values, full)
    vast = open_plate(_vast(tmp_path), chunks="auto")["scale0/image"]
    assert vast.chunks is not None and vast.data.npartitions <= 100_000
    assert np.prod([blocks[0] for blocks in vast.chunks]) >= 16 * 16 * 16
    with pytest.raises(SelectionError):
        open_plate(_vast(tmp_path), chunks={"y": 16, "x": 16})


def test_it_pickles_and_goes_to_netcdf(tmp_path: Path) -> None:
    full = write_plate(tmp_path / "p.zarr", wells=SPARSE, acquisitions=(1, 2))
    plate = open_plate(tmp_path / "p.zarr")
    plate["scale0/image"].isel(row=0).load()
    again = pickle.loads(pickle.dumps(plate))
    np.testing.assert_array_equal(again["scale0/image"].values, full)
    plate["scale0"].to_dataset().to_netcdf(tmp_path / "p.nc")
    with xr.open_dataset(tmp_path / "p.nc") as back:
        np.testing.assert_array_equal(back.image.values, full)
        assert back.image.sel(row="B", column="2").well.item() == "B02"


# ── wells by name ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["B3", "B03", "b03", "B/3", "b/03", " B3 ", "B 3"])
def test_a_well_by_any_of_its_names(tmp_path: Path, name: str) -> None:
    write_plate(tmp_path / "p.zarr")
    assert well_position(open_plate(tmp_path / "p.zarr")["scale0/image"], name) == ("B", "3")


@pytest.mark.parametrize(
    ("rows", "columns", "name", "expected"),
    [
        ("ab", ("01", "02"), "A2", ("a", "02")),
        ("aA", ("1", "2"), "A2", ("A", "2")),
        (("A", "AA"), ("1", "11"), "AA1", ("AA", "1")),
        (("1", "2"), ("1", "2"), "2/1", ("2", "1")),
        (("1", "2"), ("left", "right"), "2left", ("2", "left")),
    ],
)
def test_wells_of_plates_with_names_of_their_own(
    tmp_path: Path, rows: Any, columns: Any, name: str, expected: tuple[str, str]
) -> None:
    write_plate(tmp_path / "p.zarr", rows=rows, columns=columns)
    assert well_position(open_plate(tmp_path / "p.zarr")["scale0"].to_dataset(), name) == expected


@pytest.mark.parametrize("name", ["Z9", "", "B", "3", "B33", "A1 or B2"])
def test_an_unknown_well(tmp_path: Path, name: str) -> None:
    write_plate(tmp_path / "p.zarr")
    image = open_plate(tmp_path / "p.zarr")["scale0/image"]
    with pytest.raises(SelectionError, match="rows are A, B, C") as caught:
        well_position(image, name)
    assert caught.value.kind == "well-unknown"


def test_a_well_of_what_is_no_plate() -> None:
    with pytest.raises(SelectionError):
        well_position(xr.DataArray(np.zeros((2, 2)), dims=("y", "x")), "B3")


def test_at_the_front_door() -> None:
    assert fairlab.open_plate is open_plate
