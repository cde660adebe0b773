from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from fairlab.net import curl, http, transfers
from fairlab.net.codecs import Scratch
from fairlab.net.deadline import Deadline
from fairlab.net.http_store import HttpStore
from fairlab.net.pool import Job, run
from fairlab.net.traffic import Ledger
from fairlab.options import set_options
from tests.benchmarks.latency_server import LatencyServer
from tests.servers import Fault, FaultServer
from tests.trips import trips

Serve = Callable[[Path], FaultServer]


@pytest.fixture
def server(tmp_path: Path, serve: Serve) -> FaultServer:
    for number in range(40):
        (tmp_path / f"object{number}").write_bytes(bytes([number]) * 1000)
    return serve(tmp_path)


class Ended:
    """What is told of an exchange's end."""

    def __init__(self) -> None:
        self._told = threading.Event()
        self.begun: list[curl.Begun] = []

    def __call__(self, begun: curl.Begun) -> None:
        self.begun.append(begun)
        self._told.set()

    def wait(self) -> None:
        assert self._told.wait(10)


def asked_ahead(url: str, *, deadline: Deadline | None = None, ledger: Ledger | None = None) -> curl.Begun:
    ended = Ended()
    begun = http.begin(url, deadline=deadline or Deadline(), ledger=ledger, then=ended)
    assert begun is not None
    ended.wait()
    assert ended.begun == [begun]
    return begun


def test_no_more_are_under_way_than_the_option_says(server: FaultServer, tmp_path: Path) -> None:
    with (
        LatencyServer(tmp_path, latency_s=0.02) as far,
        set_options(max_connections=4),
        ThreadPoolExecutor(40) as threads,
    ):
        bodies = list(threads.map(lambda n: http.get(f"{far.url}/object{n}").body, range(40)))
        assert bodies == [bytes([n]) * 1000 for n in range(40)]
        assert trips(far.take()).at_once == 4


def test_one_that_hangs_holds_up_nobody_and_ends_in_time(server: FaultServer) -> None:
    server.fault("object0", Fault(hang=True))
    start = time.monotonic()
    hanging = asked_later = None
    with ThreadPoolExecutor(2) as threads:
        hanging = threads.submit(partial(http.get, f"{server.url}/object0", deadline=Deadline(1)))
        asked_later = threads.submit(partial(http.get, f"{server.url}/object1"))
        assert asked_later.result().body == bytes([1]) * 1000
        assert time.monotonic() - start < 0.9
        assert getattr(hanging.exception(), "kind", "") == "timeout"


def test_what_was_asked_ahead_is_the_answer_once(server: FaultServer) -> None:
    url, sums = f"{server.url}/object7", Ledger()
    begun = asked_ahead(url, ledger=sums)
    assert begun.is_good and begun.received == 1000
    with curl.in_hand(begun):
        assert http.get(url).body == bytes([7]) * 1000
        assert len(server.requests) == 1
        http.get(url, ledger=sums)
    assert len(server.requests) == 2
    assert sums.snapshot().requests == 2


def test_in_hand_is_only_the_answer_to_its_own_question(server: FaultServer) -> None:
    with curl.in_hand(asked_ahead(f"{server.url}/object7")):
        assert http.get(f"{server.url}/object8").body == bytes([8]) * 1000
        assert http.get(f"{server.url}/object7", part=slice(0, 10)).body == bytes([7]) * 10
    assert len(server.requests) == 3
    http.get(f"{server.url}/object7")
    assert len(server.requests) == 4  # what was not taken is gone


def test_an_absence_asked_ahead_is_not_asked_again(server: FaultServer) -> None:
    begun = asked_ahead(f"{server.url}/absent")
    assert not begun.is_good
    with curl.in_hand(begun):
        assert http.get(f"{server.url}/absent").missing
    assert len(server.requests) == 1


def test_a_fault_met_ahead_counts_as_the_first_try(server: FaultServer) -> None:
    server.fault("object3", Fault(status=503, times=1))
    with curl.in_hand(asked_ahead(f"{server.url}/object3")):
        assert http.get(f"{server.url}/object3").tries == 2
    assert len(server.requests) == 2


def test_time_runs_from_when_the_question_leaves(server: FaultServer) -> None:
    waiting = Deadline(1, waits=True)
    time.sleep(0.3)
    assert waiting.left() == pytest.approx(1, abs=0.05)
    server.fault("object3", Fault(hang=True))
    start = time.monotonic()
    begun = asked_ahead(f"{server.url}/object3", deadline=(deadline := Deadline(1, waits=True)))
    with curl.in_hand(begun), pytest.raises(Exception, match="no answer in time"):
        http.get(f"{server.url}/object3", deadline=deadline)
    assert time.monotonic() - start < 1.6  # not a second more for another try


def test_offline_nothing_is_asked_ahead() -> None:
    with set_options(offline=True):
        assert http.begin("http://fairlab.example/a", deadline=Deadline(), then=Ended()) is None


def test_with_a_cache_nothing_is_asked_ahead(server: FaultServer, tmp_path: Path) -> None:
    store = HttpStore(server.url)
    with set_options(cache_dir=tmp_path / "cache", cache_max_bytes=10**6):
        assert store.begin("object1", deadline=Deadline(), then=Ended()) is None


def test_a_fault_of_our_own_is_raised_where_it_is_waited_for(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: curl.Begun) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(curl.Begun, "_starting", broken)
    with pytest.raises(Exception, match="ZeroDivisionError"):
        http.get(f"{server.url}/object1", deadline=Deadline(1), max_tries=1)
    monkeypatch.undo()
    assert http.get(f"{server.url}/object1").body == bytes([1]) * 1000


def test_nobody_waits_for_ever_because_another_does_not_listen(server: FaultServer) -> None:
    def deaf(_: curl.Begun) -> None:
        raise ZeroDivisionError

    for _ in range(5):
        deaf_one = http.begin(f"{server.url}/object1", deadline=Deadline(), then=deaf)
        with ThreadPoolExecutor(4) as threads:
            asked = [
                threads.submit(http.get, f"{server.url}/object{n}", deadline=Deadline(3)) for n in range(4)
            ]
            assert [one.result(10).body[0] for one in asked] == [0, 1, 2, 3]
        assert deaf_one is not None and deaf_one.reply().status == 200


def test_the_pool_asks_ahead_and_hands_over_what_went_wrong(server: FaultServer) -> None:
    server.fault("object5", Fault(status=500, times=1))
    store, found = HttpStore(server.url), {}

    def job(number: int) -> Job:
        key = f"object{number}"
        return Job(
            lambda: store.get(key) if number < 38 else store.get(f"absent{number}"),
            lambda body, _: found.__setitem__(number, body),
            1000,
            lambda then: store.begin(
                key if number < 38 else f"absent{number}", deadline=Deadline(), then=then
            ),
        )

    run(job(number) for number in range(40))
    assert found == {number: bytes([number]) * 1000 for number in range(38)}
    assert len(server.requests) == 41  # one was tried twice, the absent ones once


def test_a_child_has_connections_of_its_own(server: FaultServer) -> None:
    http.get(f"{server.url}/object1")
    lane = transfers._lanes["any"]
    child = os.fork()
    if child == 0:
        good = http.get(f"{server.url}/object2").body == bytes([2]) * 1000
        os._exit(0 if good and transfers._lanes["any"] is not lane else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert http.get(f"{server.url}/object3").body == bytes([3]) * 1000


def test_scratch_is_the_decoders_own() -> None:
    rooms = set()
    run(Job(lambda: b"body", lambda _, scratch: rooms.add(id(scratch)), 4) for _ in range(50))
    assert 1 <= len(rooms) <= (os.cpu_count() or 1)
    assert isinstance(Scratch(), Scratch)
