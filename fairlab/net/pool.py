"""Threads of this process that fetch, and what they share: turns, memory in flight, decoders.

Reads take turns chunk by chunk, so that a small one (a viewer's tile) does not wait behind a large one.
Threads rather than an event loop: they work the same inside Jupyter's loop, in handlers and in dask workers.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import LifoQueue
from typing import Final, TypeVar

from fairlab.net.codecs import Scratch
from fairlab.options import option

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Job = Callable[[], None]

_MAX_IN_FLIGHT: Final = 48 * 1024 * 1024


def run(jobs: Iterable[Job]) -> None:
    """Do all jobs, as many at once as the option ``max_connections`` says; they are taken as they are needed.

    The first error is raised at once; jobs that wait are dropped, and those under way end unheard.
    """
    if getattr(_here, "works", False):  # a worker that waited for workers could wait for ever
        for job in jobs:
            job()
        return
    batch = _Batch(iter(jobs))
    _workers().take_on(batch)
    try:
        batch.finished.wait()
    finally:
        batch.stopped = True
    if batch.error is not None:
        raise batch.error


def each(work: Callable[[Item], Outcome], items: Iterable[Item]) -> list[Outcome]:
    """``work`` on every item at once, results in order; the first error ends it and drops what waits."""
    items = list(items)
    outcomes: dict[int, Outcome] = {}

    def job(number: int) -> Job:
        return lambda: outcomes.__setitem__(number, work(items[number]))

    run(job(number) for number in range(len(items)))
    return [outcomes[number] for number in range(len(items))]


class _Batch:
    """The jobs of one read."""

    def __init__(self, jobs: Iterator[Job]):
        self._jobs, self._lock = jobs, threading.Lock()
        self._under_way, self._exhausted = 0, False
        self.finished = threading.Event()
        self.error: BaseException | None = None
        self.stopped = False

    def take(self) -> Job | None:
        """The next job, or None when there is none to take."""
        with self._lock:
            job = None
            if not (self.stopped or self._exhausted):
                try:
                    job = next(self._jobs, None)
                except BaseException as exc:
                    self._fail(exc)
            if job is None:
                self._exhausted = True
                if not self._under_way:
                    self.finished.set()
            else:
                self._under_way += 1
            return job

    def do(self, job: Job) -> None:
        """Do one job that was taken."""
        error = None
        try:
            job()
        except BaseException as exc:  # whoever waits for the batch raises it
            error = exc
        with self._lock:
            self._under_way -= 1
            if error is not None:
                self._fail(error)
            elif self._exhausted and not self._under_way:
                self.finished.set()

    def _fail(self, error: BaseException) -> None:
        self.error = self.error or error
        self.stopped = True
        self.finished.set()


class _Budget:
    """Bytes that may be in memory between the wire and their place in the result."""

    def __init__(self, limit: int):
        self._limit, self._used = limit, 0
        self._change = threading.Condition()

    @contextmanager
    def of(self, size: int) -> Iterator[None]:
        """Room for one body; one that is larger than the limit waits until it is alone."""
        with self._change:
            self._change.wait_for(lambda: not self._used or self._used + size <= self._limit)
            self._used += size
        try:
            yield
        finally:
            with self._change:
                self._used -= size
                self._change.notify_all()


class _Workers:
    """Threads that serve all batches in turn, started when there is work for them, and what they share."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._batches: deque[_Batch] = deque()
        self._threads = self._idle = 0
        self.budget = _Budget(_MAX_IN_FLIGHT)
        self.decoders: LifoQueue[Scratch] = LifoQueue()
        for _ in range(os.cpu_count() or 1):
            self.decoders.put(Scratch())

    def take_on(self, batch: _Batch) -> None:
        with self._change:
            self._batches.append(batch)
            self._change.notify_all()
        self._grow()

    def _grow(self) -> None:
        with self._change:
            if self._batches and not self._idle and self._threads < int(option("max_connections")):
                self._threads += 1
                thread = threading.Thread(target=self._work, name=f"fairlab-{self._threads}", daemon=True)
                thread.start()

    def _work(self) -> None:
        _here.works = True
        while (batch := self._next()) is not None:
            if (job := batch.take()) is None:
                self._retire(batch)
                continue
            self._grow()  # each busy worker starts one more while there is work: a burst starts only what it needs
            batch.do(job)

    def _next(self) -> _Batch | None:
        """The batch whose turn it is; None when there are more threads than the option allows now."""
        with self._change:
            while not self._batches:
                self._idle += 1
                self._change.wait()
                self._idle -= 1
            if self._threads > int(option("max_connections")):
                self._threads -= 1
                self._change.notify()
                return None
            batch = self._batches[0]
            self._batches.rotate(-1)
            return batch

    def _retire(self, batch: _Batch) -> None:
        with self._change:
            if batch in self._batches:
                self._batches.remove(batch)


_here = threading.local()
_guard = threading.Lock()
_current: tuple[int, _Workers] | None = None


def _workers() -> _Workers:
    global _current
    with _guard:
        if _current is None or _current[0] != os.getpid():  # threads do not survive a fork
            _current = (os.getpid(), _Workers())
        return _current[1]


@contextmanager
def in_flight(size: int) -> Iterator[None]:
    """Hold so many bytes between the wire and their place, waiting until there is room for them."""
    with _workers().budget.of(size):
        yield


@contextmanager
def decoder() -> Iterator[Scratch]:
    """A turn at decoding, with memory to decode into.

    Decoding more chunks at once than there are cores gains nothing and costs memory.
    """
    decoders = _workers().decoders
    scratch = decoders.get()
    try:
        yield scratch
    finally:
        decoders.put(scratch)
