"""``engine="fairlab"``; the entry point itself is read from the installed distribution's metadata."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import zarr

from fairlab.backend import FairlabBackend
from fairlab.errors import ChunkError, FairlabError, SelectionError
from tests.servers import Fault, FaultServer
from tests.stores import write_collection, write_plate, write_store

Serve = Callable[[Path], FaultServer]
ENGINE: Any = FairlabBackend


def test_xarray_knows_the_engine_and_takes_it_for_what_is_surely_its_own(tmp_path: Path) -> None:
    assert isinstance(xr.backends.list_engines()["fairlab"], FairlabBackend)
    write_store(tmp_path / "a.zarr")
    assert "image" in xr.open_datatree(tmp_path / "a.zarr")["scale0"]
    assert "image" in xr.open_dataset(tmp_path / "a.zarr")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_trees_levels_and_groups(tmp_path: Path, serve: Serve, version: str) -> None:
    full = write_store(tmp_path / "a.zarr", version=version, labels=("cells",))
    url = f"{serve(tmp_path).url}/a.zarr"
    tree = xr.open_datatree(url, engine=ENGINE)
    np.testing.assert_array_equal(tree["scale0/image"].values, full)
    assert tree["scale0/image"].x.attrs["units"] == "micrometer"
    assert tree["labels/cells/scale1/labels"].dims == ("y", "x")
    groups = xr.open_groups(url, engine=ENGINE)
    assert set(groups) >= {"/", "/scale0", "/scale1", "/labels/cells/scale0"}
    assert groups["/scale1"].image.sizes == tree["scale1/image"].sizes
    for group, expected in {
        None: "scale0",
        "/scale1/": "scale1",
        "labels/cells/scale1": "labels/cells/scale1",
    }.items():
        level = xr.open_dataset(url, engine=ENGINE, group=group)
        xr.testing.assert_identical(
            level.drop_attrs(deep=True), tree[expected].to_dataset().drop_attrs(deep=True)
        )
    with pytest.raises(SelectionError, match="labels/cells/scale0") as caught:
        xr.open_dataset(url, engine=ENGINE, group="scale9")
    assert caught.value.kind == "group-unknown"


def test_plates_are_opened_too(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr")
    plate = xr.open_datatree(tmp_path / "p.zarr", engine=ENGINE)
    assert plate["scale0/image"].dims[:3] == ("row", "column", "field")
    assert xr.open_dataset(tmp_path / "p.zarr", engine=ENGINE, group="scale0").image.dims[:3] == (
        "row",
        "column",
        "field",
    )


def test_which_image_is_meant_and_what_missing_chunks_mean(tmp_path: Path) -> None:
    _, macro = write_collection(tmp_path / "c.zarr", ["scan", "macro"])
    for opened in (
        xr.open_datatree(tmp_path / "c.zarr", engine=ENGINE, series=1)["scale0/image"],
        xr.open_groups(tmp_path / "c.zarr", engine=ENGINE, series="macro")["/scale0"]["image"],
        xr.open_dataset(tmp_path / "c.zarr", engine=ENGINE, series="1").image,
    ):
        np.testing.assert_array_equal(opened.values, macro)
    (tmp_path / "c.zarr" / "1" / "0" / "0" / "0" / "0").unlink()
    for opened in (
        xr.open_datatree(tmp_path / "c.zarr", engine=ENGINE, series=1, missing="error")["scale0/image"],
        xr.open_dataset(tmp_path / "c.zarr", engine=ENGINE, series=1, missing="error").image,
    ):
        with pytest.raises(ChunkError):
            opened.load()


def test_variables_can_be_left_out(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",))
    tree = xr.open_datatree(tmp_path / "a.zarr", engine=ENGINE, drop_variables="labels")
    assert "image" in tree["scale0"] and not tree["labels/cells/scale0"].data_vars
    level = xr.open_dataset(tmp_path / "a.zarr", engine=ENGINE, drop_variables=iter(["color", "nothing"]))
    assert "color" not in level.coords and "image" in level


def test_opening_reads_metadata_and_each_plane_its_chunks(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr", version="0.4")
    server = serve(tmp_path)
    level = xr.open_dataset(f"{server.url}/a.zarr", engine=ENGINE, group="scale0")
    before = len(server.requests)
    repr(level)
    assert level.image.isel(c=1, y=0).fair.estimate().requests == 4
    np.testing.assert_array_equal(level.image[1, :16, 16:32], full[1, :16, 16:32])
    assert server.paths()[before:] == ["/a.zarr/0/1/0/1"]
    assert level.fair.traffic().requests == len(server.requests)


@pytest.mark.parametrize("cache", [True, False])
def test_arrays_are_kept_only_where_xarray_is_asked_to(tmp_path: Path, serve: Serve, cache: bool) -> None:
    write_store(tmp_path / "a.zarr", version="0.4")
    server = serve(tmp_path)
    level = xr.open_dataset(f"{server.url}/a.zarr", engine=ENGINE, cache=cache)
    level.image.values  # noqa: B018  (reading is the point)
    before = len(server.requests)
    level.image.values  # noqa: B018
    assert (len(server.requests) == before) == cache


def test_chunks_follow_the_blocks_that_are_read_at_once(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr")
    for opened in (
        xr.open_dataset(tmp_path / "a.zarr", engine=ENGINE, chunks={}),
        xr.open_datatree(tmp_path / "a.zarr", engine=ENGINE, chunks={})["scale0"],
    ):
        image = opened["image"]
        assert image.chunks is not None and max(map(len, image.chunks)) == 1  # 24 chunks, one task
        np.testing.assert_array_equal(image.compute(scheduler="threads").values, full)
    with pytest.warns(UserWarning, match="separate the stored chunks"):  # xarray takes blocks for chunks
        level = xr.open_dataset(tmp_path / "a.zarr", engine=ENGINE, chunks={"x": 32})
    assert level.chunks["x"] == (32, 28)


def test_what_is_opened_pickles(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr")
    level = pickle.loads(pickle.dumps(xr.open_dataset(tmp_path / "a.zarr", engine=ENGINE)))
    np.testing.assert_array_equal(level.image.isel(c=1).values, full[1])


def test_identifiers_are_opened_too() -> None:
    assert xr.open_dataset("sample:nuclei", engine=ENGINE, group="scale1").attrs["id"] == "sample:nuclei"


def test_secrets_are_not_kept(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr", version="0.4")
    url = serve(tmp_path).url.replace("http://", "http://user:hunter2@") + "/a.zarr"
    tree = xr.open_datatree(url, engine=ENGINE)
    level = xr.open_dataset(url, engine=ENGINE)
    for obj in (tree, tree["scale0"], level, level.image, tree["scale0/image"]):
        assert "hunter2" not in f"{obj!r} {obj.encoding} {obj.attrs}"


def test_only_what_is_surely_ome_zarr_is_claimed(tmp_path: Path) -> None:
    guess = FairlabBackend().guess_can_open
    write_store(tmp_path / "new.zarr")
    write_store(tmp_path / "old.zarr", version="0.4")
    write_store(tmp_path / "named.ome.zarr")
    write_plate(tmp_path / "plate.zarr")
    zarr.open_group(tmp_path / "plain.zarr", mode="w", attributes={"labels": ["a"]})
    (tmp_path / "broken.zarr").mkdir()
    (tmp_path / "broken.zarr" / "zarr.json").write_text("{")
    (tmp_path / "file.zarr").write_bytes(b"")
    for claimed in ("new.zarr", "old.zarr", "named.ome.zarr", "plate.zarr"):
        assert guess(tmp_path / claimed) and guess(str(tmp_path / claimed) + "/"), claimed
    for address in (
        "https://h/a.ome.zarr",
        "https://h/a.ozx",
        "s3://b/a.ome.zarr/",
        "https://h/a.ome.zarr.zip?sign=1",
    ):
        assert guess(address), address
    for left in ("plain.zarr", "broken.zarr", "file.zarr", "absent.zarr"):
        assert not guess(tmp_path / left), left
    for other in ("https://h/a.zarr", "https://h/a.nc?x=.ome.zarr", b"\x89HDF", 5, None, "a.nc"):
        assert not guess(other), other


def test_errors_are_fairlabs_own(tmp_path: Path) -> None:
    for open_ in (xr.open_dataset, xr.open_datatree, xr.open_groups):
        with pytest.raises(FairlabError) as caught:
            open_(tmp_path / "absent.zarr", engine=ENGINE)
        assert caught.value.kind == "path-missing"


def test_checksums_are_asked_for_by_verify(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr", axes="yx", shape=(16, 16), levels=1)
    server = serve(tmp_path)
    server.fault("0/c/0/0", Fault(headers={"x-amz-checksum-crc32": "AAAAAA=="}))
    url = f"{server.url}/a.zarr"
    np.testing.assert_array_equal(xr.open_dataset(url, engine=ENGINE, verify=False).image, full)
    with pytest.raises(FairlabError, match="checksum"):
        xr.open_datatree(url, engine=ENGINE, verify=True)["scale0/image"].load()
