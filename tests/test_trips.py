"""What reading costs, in round trips: exact counts on a server that answers in waves."""

from __future__ import annotations

import asyncio
import math
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

from fairlab import lazy
from fairlab.image import open_image
from fairlab.options import set_options
from fairlab.plate import open_plate
from tests.benchmarks.latency_server import LatencyServer
from tests.stores import write_plate, write_store
from tests.trips import Request, trips

if TYPE_CHECKING:
    from collections.abc import Iterator

IN_FLIGHT = 64
LABELS = ("nuclei", "cells")


def waves(chunks: int) -> int:
    return math.ceil(chunks / IN_FLIGHT)


@pytest.fixture(scope="module")
def written() -> dict[str, np.ndarray]:
    """Pixels by store name, filled as they are written."""
    return {}


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, written: dict[str, np.ndarray]
) -> Iterator[LatencyServer]:
    root = tmp_path_factory.mktemp("far")
    for version in ("0.4", "0.5"):
        written[f"image {version}"] = write_store(
            root / f"image {version}", version=version, shape=(2, 160, 160), levels=5, labels=LABELS
        )
    written["shards"] = write_store(root / "shards", axes="zyx", shape=(8, 128, 128), levels=1, shards=4)
    deep = written["deep shards"] = write_store(
        root / "deep shards", axes="zyx", shape=(8, 128, 272), levels=1
    )
    zarr.create_array(
        root / "deep shards/0", data=deep, chunks=(1, 32, 16), shards=(4, 64, 272), overwrite=True
    )
    rows, columns = "ABCDEFGHIJKLMNOP", tuple(str(n + 1) for n in range(24))
    small: dict[str, Any] = {"shape": (1, 8, 12), "chunk": 16, "version": "0.4", "levels": 3}
    written["24 wells"] = write_plate(
        root / "24 wells", rows=rows[:4], columns=columns[:6], fields=2, **small
    )
    written["96 wells"] = write_plate(
        root / "96 wells", rows=rows[:8], columns=columns[:12], fields=1, **small
    )
    small["levels"] = 1
    written["384 wells"] = write_plate(root / "384 wells", rows=rows, columns=columns, fields=1, **small)
    open_image(root / "shards")["scale0/image"][0, 0, 0].load()  # first use imports, which takes a while
    with LatencyServer(root, waves=True) as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(server: LatencyServer) -> None:
    server.take()


def test_depth_is_the_longest_chain() -> None:
    def request(start: float, end: float, path: str = "a") -> Request:
        return Request(path=path, part=None, status=200, size=1, start=start, end=end, connection=0)

    assert trips([]).depth == 0
    assert trips([request(0, 1), request(0.5, 1.5), request(1, 2), request(1.6, 3)]).depth == 2
    assert trips([request(0, 10), request(1, 2), request(3, 4), request(5, 6)]).depth == 3
    assert trips([request(0, 1), request(0, 1), request(0, 1, "b")]).repeats == 1
    assert trips([request(0, 1), request(0, 2), request(1, 3)]).at_once == 2


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_image_opens_in_two_trips(server: LatencyServer, version: str) -> None:
    tree = open_image(f"{server.url}/image {version}")
    cost = trips(server.take())
    assert (len(tree.children), set(tree["labels"].children)) == (6, set(LABELS))
    assert cost.depth <= 2
    assert cost.repeats == 0


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_the_first_picture_takes_three_trips(
    server: LatencyServer, written: dict[str, np.ndarray], version: str
) -> None:
    image = open_image(f"{server.url}/image {version}")["scale2/image"]
    np.testing.assert_array_equal(image[0, :32, :32].values, written[f"image {version}"][0, :128:4, :128:4])
    assert trips(server.take()).depth <= 3


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_region_takes_as_many_trips_as_it_has_waves(
    server: LatencyServer, written: dict[str, np.ndarray], version: str
) -> None:
    image = open_image(f"{server.url}/image {version}")["scale0/image"]
    server.take()
    np.testing.assert_array_equal(image.values, written[f"image {version}"])
    cost = trips(server.take())
    assert (cost.requests, cost.depth) == (200, waves(200))
    assert cost.at_once == IN_FLIGHT
    assert cost.connections <= IN_FLIGHT


def test_no_more_connections_than_the_option_allows(
    server: LatencyServer, written: dict[str, np.ndarray]
) -> None:
    with set_options(max_connections=20):
        image = open_image(f"{server.url}/image 0.5")["scale0/image"]
        np.testing.assert_array_equal(image.values, written["image 0.5"])
        cost = trips(server.take())
    assert cost.at_once == cost.connections == 20


def test_everything_of_one_host_shares_its_connections(
    server: LatencyServer, written: dict[str, np.ndarray]
) -> None:
    names = ["image 0.4", "image 0.5", "24 wells"]

    def pixels(name: str) -> np.ndarray:
        opened = open_plate if "wells" in name else open_image
        return np.asarray(opened(f"{server.url}/{name}")["scale0/image"].values)

    with set_options(max_connections=24):
        pixels("shards")  # connections of wider tests before are let go
        server.take()
        with ThreadPoolExecutor(len(names)) as threads:
            for name, found in zip(names, threads.map(pixels, names), strict=True):
                np.testing.assert_array_equal(found, written[name])
        cost = trips(server.take())
    assert cost.at_once == 24
    assert cost.connections <= 2 * 24  # those in use, and kept ones of before


@pytest.mark.parametrize("name", ["image 0.4", "image 0.5"])
def test_a_task_of_dask_is_one_batch_of_many_chunks(
    server: LatencyServer, written: dict[str, np.ndarray], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lazy, "_BLOCK_BYTES", 40 * 16 * 16 * 2)  # 40 chunks, where 32 MB are usual
    image = open_image(f"{server.url}/{name}", chunks="auto")["scale0/image"]
    tasks = image.data.npartitions
    assert tasks == 6  # 2 channels of 4, 4 and 2 rows of 10 chunks
    server.take()
    np.testing.assert_array_equal(image.compute(scheduler="synchronous").values, written[name])
    cost = trips(server.take())
    assert (cost.requests, cost.repeats) == (200, 0)
    assert cost.depth == tasks  # one wave for each
    assert cost.at_once == 40


def test_a_plane_of_a_sharded_image(server: LatencyServer, written: dict[str, np.ndarray]) -> None:
    full = written["shards"]
    image = open_image(f"{server.url}/shards")["scale0/image"]
    server.take()
    np.testing.assert_array_equal(image[3, 1:].values, full[3, 1:])
    first = server.take()
    assert trips(first).depth <= 3
    assert trips(first).repeats == 0


def test_a_plane_through_deep_shards(server: LatencyServer, written: dict[str, np.ndarray]) -> None:
    """A plane of 68 inner chunks, a fourth of what its shards hold."""
    image = open_image(f"{server.url}/deep shards")["scale0/image"]
    server.take()
    np.testing.assert_array_equal(image[3].values, written["deep shards"][3])
    cost = trips(server.take())
    assert (cost.depth, cost.requests, cost.repeats) == (2, 2 + 2, 0)  # two indexes, then neighbours together
    np.testing.assert_array_equal(image[2].values, written["deep shards"][2])
    assert trips(server.take()).depth == 1


def test_the_index_of_a_shard_is_read_once(server: LatencyServer, written: dict[str, np.ndarray]) -> None:
    full = written["shards"]
    image = open_image(f"{server.url}/shards")["scale0/image"]
    np.testing.assert_array_equal(image[5, :20, :20].values, full[5, :20, :20])
    server.take()
    np.testing.assert_array_equal(image[5, 20:40, :20].values, full[5, 20:40, :20])
    cost = trips(server.take())
    assert cost.depth == 1


def test_neighbours_in_a_shard_come_in_one_request(
    server: LatencyServer, written: dict[str, np.ndarray]
) -> None:
    full = written["shards"]
    image = open_image(f"{server.url}/shards")["scale0/image"]
    np.testing.assert_array_equal(image[6, :1, :1].values, full[6, :1, :1])
    server.take()
    # 3 of the 4 × 4 inner chunks lie side by side in the file.
    np.testing.assert_array_equal(image[6, 16:32, 16:64].values, full[6, 16:32, 16:64])
    assert trips(server.take()).requests == 1


def test_every_well_of_a_plate(server: LatencyServer, written: dict[str, np.ndarray]) -> None:
    image = open_plate(f"{server.url}/24 wells")["scale2/image"].load()
    np.testing.assert_array_equal(image.values, written["24 wells"][..., ::4, ::4])
    cost = trips(server.take())
    assert cost.depth <= 6 + waves(24 * 2)
    assert cost.repeats == 0


def test_one_field_of_a_large_plate(server: LatencyServer, written: dict[str, np.ndarray]) -> None:
    image = open_plate(f"{server.url}/384 wells")["scale0/image"]
    field = image.sel(row="P", column="24").isel(field=0)
    np.testing.assert_array_equal(field.values, written["384 wells"][15, 23, 0])
    assert trips(server.take()).depth <= 6


def test_a_uniform_plate_opens_in_ten_requests(server: LatencyServer) -> None:
    tree = open_plate(f"{server.url}/96 wells", check="lazy")
    assert (tree["scale0/image"].sizes["row"], tree["scale0/image"].sizes["column"]) == (8, 12)
    assert trips(server.take()).requests <= 10


def test_a_whole_plate_is_checked_in_six_trips(server: LatencyServer) -> None:
    with set_options(max_connections=320):  # so that what belongs together is one trip, however much it is
        tree = open_plate(f"{server.url}/96 wells", check="all")
    assert bool(tree["scale0/image"].present.all())
    cost = trips(server.take())
    assert cost.requests >= 96 * 2  # every well and every field was asked
    assert cost.depth <= 6
    assert cost.repeats == 0


def test_inside_a_running_event_loop(server: LatencyServer, written: dict[str, np.ndarray]) -> None:
    async def cell() -> np.ndarray:
        return np.asarray(open_image(f"{server.url}/image 0.5")["scale0/image"].values)

    np.testing.assert_array_equal(asyncio.run(cell()), written["image 0.5"])
    assert trips(server.take()).depth <= 2 + waves(200)


def test_in_several_threads_at_once(server: LatencyServer, written: dict[str, np.ndarray]) -> None:
    image = open_image(f"{server.url}/image 0.5")["scale0/image"]
    server.take()
    found: dict[int, Any] = {}
    threads = [threading.Thread(target=lambda c=c: found.update({c: image[c].values})) for c in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(np.stack([found[0], found[1]]), written["image 0.5"])
    cost = trips(server.take())
    assert cost.at_once <= IN_FLIGHT  # one limit for all of them
    assert cost.depth == waves(200)


@pytest.mark.parametrize("scheduler", ["threads", "processes"])
def test_in_dask_workers(server: LatencyServer, written: dict[str, np.ndarray], scheduler: str) -> None:
    import dask

    image = open_image(f"{server.url}/image 0.5", chunks={"c": 1, "y": 160, "x": 160})["scale0/image"]
    server.take()
    with dask.config.set(scheduler=scheduler, num_workers=2):
        np.testing.assert_array_equal(image.values, written["image 0.5"])
    cost = trips(server.take())
    assert cost.requests == 200
    assert cost.depth <= waves(200)
