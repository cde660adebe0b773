from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlab.errors import SelectionError
from fairlab.image import open_image
from fairlab.lazy import block_shape
from fairlab.options import set_options
from fairlab.plate import open_plate
from tests.servers import FaultServer
from tests.stores import write_plate, write_store

Serve = Callable[[Path], FaultServer]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> tuple[xr.DataArray, np.ndarray]:
    path = tmp_path_factory.mktemp("lazy") / "a.zarr"
    full = write_store(path, axes="tczyx", shape=(2, 3, 2, 20, 30), chunk=8, levels=1)
    return open_image(path)["scale0/image"], full


# ── every way of selecting ───────────────────────────────────────────────────────────────────────────


@st.composite
def selections(draw: st.DrawFn, sizes: dict[str, int], step: int) -> dict[str, Any]:
    def one(n: int) -> Any:
        ends = st.one_of(st.none(), st.integers(-n - 2, n + 2))
        steps = st.sampled_from([None, 1, 2, 3, -1, -2])
        return draw(
            st.one_of(
                st.integers(-n, n - 1),
                st.integers(0, n - 1).map(np.int32),
                st.builds(slice, ends, ends, steps),
                st.lists(st.integers(-n, n - 1), max_size=5).map(lambda k: np.array(k, dtype=int)),
                st.lists(st.booleans(), min_size=n, max_size=n).map(np.array),
            )
        )

    chosen = draw(st.lists(st.sampled_from(sorted(sizes)), unique=True, max_size=4))
    indexers = {dim: one(sizes[dim]) for dim in chosen}
    points = draw(st.lists(st.sampled_from(sorted(sizes)), unique=True, max_size=3))
    count = draw(st.integers(1, 4))
    for dim in points:
        n = sizes[dim]
        values = draw(st.lists(st.integers(-n, n - 1), min_size=count, max_size=count))
        indexers[dim] = xr.DataArray(values, dims=draw(st.sampled_from([f"point{step}", f"other{step}"])))
    return indexers


@settings(max_examples=60)
@given(st.data())
def test_a_lazy_image_selects_as_numpy_does(
    opened: tuple[xr.DataArray, np.ndarray], data: st.DataObject
) -> None:
    lazy, full = opened
    known = xr.DataArray(full, dims=lazy.dims)
    bare = lazy.drop_vars(list(lazy.coords))
    for step in range(data.draw(st.integers(1, 2))):
        indexers = data.draw(selections(dict(known.sizes), step))
        known, bare = known.isel(indexers), bare.isel(indexers)
        order = data.draw(st.permutations(list(known.dims)))
        known, bare = known.transpose(*order), bare.transpose(*order)
        if 0 in known.shape or not known.ndim:
            break
    assert bare.dims == known.dims
    assert bare.dtype == known.dtype
    np.testing.assert_array_equal(bare.values, known.values)


def test_selections_and_transposes_read_nothing(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr")
    server = serve(tmp_path)
    image = open_image(f"{server.url}/a.zarr")["scale0/image"]
    before = len(server.requests)
    points = xr.DataArray([5, 3, 3], dims="p")
    part = image.T.isel(x=points, y=points).isel(c=0)
    repr(part), part._repr_html_(), part.shape, part.sizes, pickle.dumps(part)
    assert image.isel(x=slice(0, 0)).values.shape == (2, 40, 0)
    assert len(server.requests) == before
    np.testing.assert_array_equal(part.values, full[0, [5, 3, 3], [5, 3, 3]])


def test_a_position_outside_is_an_error(opened: tuple[xr.DataArray, np.ndarray]) -> None:
    for indexers in ({"x": 30}, {"x": -31}, {"x": [0, 30]}, {"x": xr.DataArray([0, 30], dims="p")}):
        with pytest.raises(IndexError):
            opened[0].isel(indexers).load()


# ── what is written stays here ───────────────────────────────────────────────────────────────────────


def test_writing_changes_a_copy_only(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr")
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    copied = image.copy(deep=True)
    turned = image.T
    image[0, 0, 0] = 9999
    turned[1, 1, 1] = 7777
    again = image.copy(deep=True)
    image[0, 0, 1] = 8888
    assert (image.values[0, 0, 0], image.values[0, 0, 1]) == (9999, 8888)
    assert again.values[0, 0, 1] == full[0, 0, 1]
    assert turned.values[1, 1, 1] == 7777
    np.testing.assert_array_equal(copied.values, full)
    np.testing.assert_array_equal(open_image(tmp_path / "a.zarr")["scale0/image"].values, full)


def test_nothing_is_kept_of_a_read(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    assert image.values is not image.values


# ── what reads too much, and what is not there ───────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "ask",
    [
        lambda image: image.mean(), lambda image: image.stack(pixel=("y", "x")), lambda image: image.where(image > 0),
        lambda image: image.astype("float32"), lambda image: image.T.load(), lambda image: image + 1,
        lambda image: image.isel(x=xr.DataArray(np.arange(60), dims="p"), y=xr.DataArray([0] * 60, dims="p")).load(),
    ],
)  # fmt: skip
def test_whole_reads_end_in_a_hint(tmp_path: Path, serve: Serve, ask: Callable[[xr.DataArray], Any]) -> None:
    write_store(tmp_path / "a.zarr")
    server = serve(tmp_path)
    image = open_image(f"{server.url}/a.zarr")["scale0/image"]
    before = len(server.requests)
    with set_options(max_read_bytes=100), pytest.raises(SelectionError, match="chunks") as caught:
        ask(image)
    assert caught.value.kind == "read-too-large"
    assert len(server.requests) == before


# ── blocks for dask ──────────────────────────────────────────────────────────────────────────────────


@given(
    st.lists(st.tuples(st.integers(1, 10**5), st.integers(1, 2048)), min_size=1, max_size=5),
    st.sampled_from(["uint8", "uint16", "float64"]),
)
def test_blocks_are_whole_chunks_in_batches(axes: list[tuple[int, int]], dtype: str) -> None:
    shape, chunks = tuple(n for n, _ in axes), tuple(min(n, c) for n, c in axes)
    blocks = block_shape(shape, chunks, np.dtype(dtype))
    assert all(b == n or b % c == 0 for b, n, c in zip(blocks, shape, chunks, strict=True))
    chunk_bytes = int(np.prod(chunks, dtype=float)) * np.dtype(dtype).itemsize
    per_block = np.prod([-(-b // c) for b, c in zip(blocks, chunks, strict=True)], dtype=float)
    in_all = np.prod([-(-n // c) for n, c in zip(shape, chunks, strict=True)], dtype=float)
    if chunk_bytes <= 8 * 1024**2:
        assert per_block >= min(16, in_all)
    assert np.prod([-(-n // b) for n, b in zip(shape, blocks, strict=True)], dtype=float) <= 10**5


def test_the_usual_image_gets_blocks_of_32_megabytes() -> None:
    assert block_shape((4, 1, 8192, 8192), (1, 1, 512, 512), np.dtype("uint16")) == (1, 1, 2048, 8192)
    assert block_shape((9, 40, 40), (1, 16, 16), np.dtype("uint8"), fixed={0: 1}) == (1, 40, 40)


def test_a_graph_that_never_starts_is_refused(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", axes="yx", shape=(400, 400), chunk=100)
    with pytest.raises(SelectionError, match="160,000 blocks") as caught:
        open_image(tmp_path / "a.zarr", chunks={"y": 1, "x": 1})
    assert caught.value.kind == "too-many-blocks"


@pytest.mark.parametrize(
    "chunks", [{"w": 5}, {"x": 0}, {"x": -2}, {"x": "12"}, {"x": 2.5}, {"x": True}, "large", 512]
)
def test_lengths_that_are_none(tmp_path: Path, chunks: Any) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",))
    with pytest.raises(SelectionError) as caught:
        open_image(tmp_path / "a.zarr", chunks=chunks)
    assert caught.value.kind == "chunks"


def test_asked_lengths_hold_and_only_pixels_are_cut(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr", labels=("cells",))
    tree = open_image(tmp_path / "a.zarr", chunks={"c": 1, "x": -1})
    image = tree["scale0/image"]
    assert image.chunks == ((1, 1), (40,), (60,))
    assert image.color.chunks is None and tree["labels/cells/scale0/labels"].chunks == ((40,), (60,))
    np.testing.assert_array_equal(image.values, full)


# ── plates are read the same way ─────────────────────────────────────────────────────────────────────


def test_a_plate_that_does_not_fit_is_refused_before_any_request(tmp_path: Path, serve: Serve) -> None:
    write_plate(tmp_path / "p.zarr")
    server = serve(tmp_path)
    plate = open_plate(f"{server.url}/p.zarr")["scale0/image"]
    wells = {dim: xr.DataArray([0, 1, 2], dims="well_") for dim in ("row", "column")}
    before = len(server.requests)
    for ask in (
        lambda: plate.mean(), lambda: plate.stack(pixel=("y", "x")), lambda: plate.where(plate > 0),
        lambda: plate.T.load(), lambda: plate.isel(wells).load(), lambda: plate.astype(float),
    ):  # fmt: skip
        with set_options(max_read_bytes=2000), pytest.raises(SelectionError) as caught:
            ask()
        assert caught.value.kind == "read-too-large"
    assert len(server.requests) == before


def test_three_wells_are_three_wells(tmp_path: Path, serve: Serve) -> None:
    write_plate(tmp_path / "p.zarr")
    server = serve(tmp_path)
    plate = open_plate(f"{server.url}/p.zarr")["scale0/image"]
    wells = {dim: xr.DataArray([0, 1, 2], dims="w") for dim in ("row", "column")}
    before = len(server.requests)
    plate.isel(wells).isel(c=0, field=0).load()
    read = {"".join(path.split("/")[2:4]) for path in server.paths()[before:]}
    assert read and read <= {"A1", "B2", "C3"}
    assert f"≤ {plate.nbytes / 1000:.0f} kB" in repr(plate.to_dataset())
