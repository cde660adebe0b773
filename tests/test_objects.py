"""What is opened stays whole on its way: through selections, other processes and files."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

from fairlab.errors import ChunkError
from fairlab.image import open_image
from fairlab.options import set_options
from fairlab.plate import open_plate
from fairlab.record import Record
from tests.servers import Fault, FaultServer
from tests.stores import write_plate, write_store

Serve = Callable[[Path], FaultServer]


def _opened(path: Path, identifier: str = "x:1", **more: object) -> xr.DataTree:
    record = Record(
        id=identifier, kind="image", repository="X", url=str(path), license="https://l/", authors=("A", "B")
    )
    return open_image(record, **more)  # type: ignore[arg-type]


# ── identity ─────────────────────────────────────────────────────────────────────────────────────────


def test_identity_stays_right_whatever_is_done(tmp_path: Path) -> None:
    for name in ("a.zarr", "b.zarr"):
        write_store(tmp_path / name)
    one = _opened(tmp_path / "a.zarr", "x:1")["scale0/image"]
    two = _opened(tmp_path / "b.zarr", "x:2")["scale0/image"]
    parts = [one.isel(c=0), one.mean("x"), one.max(), one + 1, one - one, one.where(one > 5), one.T]
    for part in parts:
        assert str(part.image_id.values) == "x:1"
    assert xr.concat([one, two], "image").image_id.values.tolist() == ["x:1", "x:2"]
    assert "image_id" not in (one + two).coords
    with xr.set_options(keep_attrs=True):
        assert (one.mean("x") * 2).fair.record.id == "x:1"


# ── other processes ──────────────────────────────────────────────────────────────────────────────────


def test_pickles_stay_lazy_and_small(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr", labels=("cells",))
    server = serve(tmp_path)
    tree = open_image(f"{server.url}/a.zarr", missing="error")
    before = len(server.requests)
    sent = pickle.dumps(tree)
    again = pickle.loads(sent)
    assert len(server.requests) == before
    assert len(sent) < 100_000
    np.testing.assert_array_equal(again["scale0/image"].isel(y=[3, 1]).values, full[:, [3, 1]])
    assert again["scale0/image"].variable._data.array.pixels.missing == "error"
    assert again["scale0/image"].variable._data.array.attrs is again["scale0/image"].attrs


@pytest.mark.parametrize("scheduler", ["synchronous", "threads", "processes"])
def test_dask_in_threads_and_processes(tmp_path: Path, scheduler: str) -> None:
    import dask

    full = write_store(tmp_path / "a.zarr", shape=(2, 64, 64))
    image = open_image(tmp_path / "a.zarr", chunks={"c": 1})["scale0/image"]
    with dask.config.set({"multiprocessing.context": "spawn"}):  # what is not sent is not there
        found = image.max("c").compute(scheduler=scheduler, num_workers=2)
    np.testing.assert_array_equal(found.values, full.max(0))


@pytest.fixture
def cluster() -> Iterator[None]:
    """Two worker processes; what is computed meanwhile goes to them."""
    distributed = pytest.importorskip("distributed", reason="dask's cluster is not installed")
    free_port = "127.0.0.1:0"  # even None has a port of its own, which another run may hold
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=free_port) as running,
        distributed.Client(running),
    ):
        yield


@pytest.mark.usefixtures("cluster")
def test_a_cluster_of_workers(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr", shape=(4, 64, 64), labels=("cells",))
    wells = write_plate(tmp_path / "p.zarr")
    server = serve(tmp_path)
    tree = open_image(f"{server.url}/a.zarr", chunks={"c": 1})
    plate = open_plate(f"{server.url}/p.zarr", chunks="auto")["scale0/image"]
    before = len(server.requests)
    np.testing.assert_array_equal(tree["scale0/image"].max("c").compute().values, full.max(0))
    assert len(server.requests) - before == 4 * 16
    whole = tree.compute()
    np.testing.assert_array_equal(whole["scale1/image"].values, full[:, ::2, ::2])
    assert whole["labels/cells/scale0/labels"].values.any()
    np.testing.assert_array_equal(plate.mean(("y", "x")).values, wells.mean((-1, -2)))
    # None of it was read in this process.
    assert tree.fair.traffic().requests == before - len(
        [p for p in server.paths()[:before] if "/p.zarr" in p]
    )


@pytest.mark.usefixtures("cluster")
def test_errors_of_a_cluster_come_back_as_themselves(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr", shape=(2, 64, 64))
    (tmp_path / "a.zarr/0/c/1/0/2").unlink()
    (tmp_path / "a.zarr/0/c/0/3/3").write_bytes(b"damaged")
    server = serve(tmp_path)
    server.fault("0/c/0/1/1", Fault(status=403))
    image = open_image(f"{server.url}/a.zarr", chunks={"c": 1}, missing="error")["scale0/image"]
    for part, kind, key in (
        (image[1], "chunk-missing", "0/c/1/0/2"),
        (image[0, 32:], "chunk-damaged", "0/c/0/3/3"),
        (image[0, :32], "http-403", "0/c/0/1/1"),
    ):
        with pytest.raises(ChunkError) as caught:
            part.compute()
        assert (caught.value.kind, caught.value.context["key"]) == (kind, key)
        assert caught.value.url == f"{server.url}/a.zarr/{key}"


# ── files ────────────────────────────────────────────────────────────────────────────────────────────


# What zarr thinks of text in its third version; there is no other way to keep names of channels there.
TEXT = pytest.mark.filterwarnings("ignore::zarr.errors.UnstableSpecificationWarning")


def _same(back: xr.DataTree, tree: xr.DataTree) -> None:
    for node in tree.subtree:
        for name, variable in node.variables.items():
            np.testing.assert_array_equal(back[node.path].variables[name].values, variable.values)
            assert back[node.path].variables[name].attrs == variable.attrs
        assert back[node.path].attrs == node.attrs
    assert back["scale0/image"].fair.record == tree.fair.record
    assert str(back["scale0/image"].image_id.values) == "x:1"


@TEXT
@pytest.mark.parametrize("chunks", [None, "auto"])
def test_a_tree_through_netcdf_and_zarr(tmp_path: Path, chunks: str | None) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",))
    tree = _opened(tmp_path / "a.zarr", chunks=chunks)
    tree.to_netcdf(tmp_path / "a.nc")
    with xr.open_datatree(tmp_path / "a.nc") as back:
        _same(back, tree)
    tree.to_zarr(tmp_path / "copy.zarr", consolidated=False)
    with xr.open_datatree(tmp_path / "copy.zarr", engine="zarr", consolidated=False) as back:
        _same(back, tree)


@TEXT
def test_a_level_and_a_part_through_netcdf_and_zarr(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr")
    part = _opened(tmp_path / "a.zarr")["scale0"].to_dataset().isel(c=1, x=slice(0, 20))
    part.to_netcdf(tmp_path / "a.nc")
    part.to_zarr(tmp_path / "copy.zarr", consolidated=False)
    copy = xr.open_zarr(tmp_path / "copy.zarr", consolidated=False, chunks=None)
    for back in (xr.open_dataset(tmp_path / "a.nc"), copy):
        with back:
            np.testing.assert_array_equal(back.image.values, full[1, :, :20])
            assert back.image.fair.pixel_size == {"y": 0.5, "x": 0.5}
            assert back.image.attrs["creator_name"] == "A; B"


def test_a_tree_that_is_too_large_is_not_half_loaded(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    tree = _opened(tmp_path / "a.zarr")
    with set_options(max_read_bytes=1000), pytest.raises(LookupError, match="over the limit"):
        tree["scale0"].to_dataset().to_netcdf(tmp_path / "a.nc")
