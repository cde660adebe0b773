from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fairlab.net.store import open_store
from fairlab.net.traffic import Ledger, Traffic, ledger
from tests.servers import Fault, FaultServer

Serve = Callable[[Path], FaultServer]


def test_every_try_is_counted_as_the_server_counts_it(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr/object").write_bytes(bytes(100))
    server = serve(tmp_path)
    server.fault("object", Fault(status=503, times=2))
    server.fault("object", Fault(cut=30, times=1))
    store = open_store(f"{server.url}/a.zarr")
    assert store.get("object") == bytes(100)
    assert store.get("object", part=slice(0, 7)) == bytes(7)
    assert store.get("absent") is None
    sums = ledger(store.location).snapshot()
    assert sums.requests == len(server.requests) == 6
    assert sums.bytes == 30 + 100 + 7
    assert sums.seconds > 0


def test_stores_at_one_place_share_their_ledger(tmp_path: Path) -> None:
    (tmp_path / "object").write_bytes(bytes(10))
    open_store(tmp_path).get("object")
    open_store(str(tmp_path)).get("object")
    assert ledger(str(tmp_path)).snapshot().requests == 2
    assert ledger(str(tmp_path)).snapshot().bytes == 20


def test_the_sums_hold_when_many_threads_write() -> None:
    sums = Ledger()

    def work(number: int) -> None:
        for _ in range(1000):
            sums.began()
            sums.ended(number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert sums.snapshot().requests == 8000
    assert sums.snapshot().bytes == 1000 * sum(range(8))


def test_time_is_counted_once_however_many_are_under_way() -> None:
    sums = Ledger()
    sums.began()
    sums.began()
    first = sums.snapshot().seconds
    sums.ended(0)
    sums.ended(0)
    end = sums.snapshot().seconds
    assert 0 < first <= end
    assert sums.snapshot().seconds == end  # it stands still when nothing is under way


def test_missing_chunks_are_named_once_in_order() -> None:
    sums = Ledger()
    for key in ("0/1", "0/0", "0/1"):
        sums.missing(key)
    assert sums.snapshot().missing_chunks == ("0/1", "0/0")


def test_it_reads_as_a_sentence() -> None:
    assert repr(Traffic(requests=1, bytes=999, seconds=1.23456)) == "1 request, 999 B in 1.23 s"
    some = Traffic(requests=1200, bytes=2_500_000, seconds=0.5, missing_chunks=("0/0", "0/1"))
    assert repr(some) == "1,200 requests, 2.5 MB in 0.5 s, 2 chunks missing"
