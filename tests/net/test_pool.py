from __future__ import annotations

import gc
import os
import threading
import time
import weakref
from functools import partial
from typing import TYPE_CHECKING

import pytest

from fairlab.net import pool
from fairlab.options import set_options

if TYPE_CHECKING:
    from fairlab.net.codecs import Scratch


def test_results_come_in_order() -> None:
    def work(number: int) -> int:
        time.sleep(0.001 * (number % 3))
        return number * number

    assert pool.each(work, range(200)) == [n * n for n in range(200)]
    assert pool.each(work, []) == []


def test_no_more_at_once_than_the_option_says() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work(_: int) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.005)
        with lock:
            running -= 1

    with set_options(max_connections=3):
        pool.each(work, range(30))
    assert most <= 3
    most = 0
    with set_options(max_connections=16):
        pool.each(work, range(64))
    assert 3 < most <= 16


def test_the_first_error_ends_it_and_drops_what_waits() -> None:
    done = []

    def work(number: int) -> None:
        if number == 5:
            raise KeyError("five")
        time.sleep(0.002)
        done.append(number)

    with set_options(max_connections=4), pytest.raises(KeyError, match="five"):
        pool.each(work, range(10_000))
    assert len(done) < 200
    assert pool.each(abs, [-1, 2]) == [1, 2]  # and the pool goes on


def test_jobs_are_taken_as_they_are_needed() -> None:
    taken = 0

    def endless():  # type: ignore[no-untyped-def]
        nonlocal taken
        while True:
            taken += 1
            yield pool.Job(fail if taken == 50 else lambda: None)

    def fail() -> None:
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        pool.run(endless())
    assert taken < 100_000


def test_an_error_while_finding_jobs_is_raised() -> None:
    def jobs():  # type: ignore[no-untyped-def]
        yield pool.Job(lambda: None)
        raise LookupError("no more")

    with pytest.raises(LookupError, match="no more"):
        pool.run(jobs())


def test_a_small_read_does_not_wait_behind_a_large_one() -> None:
    with set_options(max_connections=2):
        large = threading.Thread(target=pool.each, args=(lambda _: time.sleep(0.005), range(400)))
        large.start()
        time.sleep(0.05)
        pool.each(lambda _: None, range(10))
        assert large.is_alive()
        large.join()


def test_a_worker_that_reads_does_not_wait_for_workers() -> None:
    with set_options(max_connections=2):
        assert pool.each(lambda n: sum(pool.each(abs, range(n))), range(8)) == [
            sum(range(n)) for n in range(8)
        ]


class Sized(bytes):
    """As long as it claims, without the memory."""

    def __new__(cls, size: int) -> Sized:
        return super().__new__(cls)

    def __init__(self, size: int):
        self.size = size

    def __len__(self) -> int:
        return self.size


def test_bytes_in_flight_are_bounded_and_a_giant_goes_alone() -> None:
    usual, giant = pool._MAX_IN_FLIGHT // 5, pool._MAX_IN_FLIGHT * 2
    held, most, lock = 0, 0, threading.Lock()

    def fetch(size: int) -> bytes:
        nonlocal held, most
        with lock:
            held += size
            most = max(most, held) if size != giant else most
            assert size != giant or held == giant
        return Sized(size)

    def place(size: int, body: bytes, _: Scratch) -> None:
        nonlocal held
        time.sleep(0.002)
        with lock:
            held -= size

    sizes = [usual, giant, *[usual] * 20]
    pool.run(pool.Job(partial(fetch, size), partial(place, size), size) for size in sizes)
    assert held == 0
    assert usual * 2 <= most <= pool._MAX_IN_FLIGHT


def test_what_came_smaller_than_expected_makes_room_for_others() -> None:
    fetched, first = threading.Event(), threading.Event()

    def fetch(number: int) -> bytes:
        if number:
            fetched.set()
        return b"small"

    def place(number: int, body: bytes, _: Scratch) -> None:
        if not number:
            first.set()
            assert fetched.wait(10), "the second was not fetched while the first was being placed"

    jobs = (pool.Job(partial(fetch, n), partial(place, n), pool._MAX_IN_FLIGHT - 9) for n in range(2))
    pool.run(jobs)
    assert first.is_set()


def test_no_more_are_decoded_at_once_than_there_are_cores_while_fetching_goes_on() -> None:
    placing, most, fetched, lock = 0, 0, 0, threading.Lock()
    seen = []

    def fetch() -> bytes:
        nonlocal fetched
        fetched += 1
        return bytes(1)

    def place(_: bytes, scratch: Scratch) -> None:
        nonlocal placing, most
        with lock:
            placing += 1
            most = max(most, placing)
        time.sleep(0.01)
        seen.append((fetched, id(scratch)))
        with lock:
            placing -= 1

    pool.run(pool.Job(fetch, place) for _ in range(30))
    cores = os.cpu_count() or 1
    assert most <= cores
    assert len({scratch for _, scratch in seen}) <= cores
    assert seen[0][0] > cores  # more was fetched than could be decoded by then


def test_afterwards_nothing_is_left_to_do_or_to_hold() -> None:
    class Result:
        pass

    def place(_: Result, body: bytes, scratch: Scratch) -> None:
        pass

    result = Result()
    held = weakref.ref(result)
    pool.run(pool.Job(lambda: b"x", partial(place, result)) for _ in range(100))
    del result
    gc.collect()
    until = time.monotonic() + 10
    while (held() is not None or pool._workers()._batches) and time.monotonic() < until:
        time.sleep(0.01)
    assert held() is None  # decoders forget the last job before they wait for the next
    assert not pool._workers()._batches  # a batch that stays is asked again and again


def test_an_error_while_placing_ends_it() -> None:
    def place(_: bytes, scratch: Scratch) -> None:
        raise ValueError("damaged")

    with pytest.raises(ValueError, match="damaged"):
        pool.run(pool.Job(lambda: b"x", place) for _ in range(1000))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_has_threads_of_its_own() -> None:
    pool.each(abs, range(50))
    child = os.fork()
    if child == 0:
        os._exit(0 if pool.each(abs, [-3]) == [3] else 1)
    assert os.waitpid(child, 0)[1] == 0
