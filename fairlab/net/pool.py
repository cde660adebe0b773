"""Threads of this process that fetch and decode, and what they share: turns, and memory in flight.

Fetching and decoding are threads of their own, so that no connection idles while a chunk is decoded, and no
more chunks are decoded at once than there are cores. Reads take turns object by object, so that a small one
(a viewer's tile) does not wait behind a large one. Threads rather than an event loop: they work the same
inside Jupyter's loop, in handlers and in dask workers.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

from fairlab.net.codecs import Scratch
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_MAX_IN_FLIGHT: Final = 48 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Job:
    """One object to fetch, and what to do with it."""

    fetch: Callable[[], bytes | None]
    """Gets the body; None when nothing is left to be done."""
    place: Callable[[bytes, Scratch], None] | None = None
    """Decodes the body and puts it where it belongs."""
    size: int = 0
    """Bytes that it may hold until then."""


def run(jobs: Iterable[Job]) -> None:
    """Do all jobs, as many at once as the option ``max_connections`` says; they are taken as they are needed.

    The first error is raised at once; jobs that wait are dropped, and those under way end unheard.
    """
    if getattr(_here, "works", False):  # a worker that waited for workers could wait for ever
        _run_here(jobs)
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
        return Job(lambda: outcomes.__setitem__(number, work(items[number])))

    run(job(number) for number in range(len(items)))
    return [outcomes[number] for number in range(len(items))]


def _run_here(jobs: Iterable[Job]) -> None:
    scratch = Scratch()
    for job in jobs:
        body = job.fetch()
        if body is not None and job.place is not None:
            job.place(body, scratch)


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
                except BaseException as exc:  # whoever waits for the batch raises it
                    self.fail(exc)
            if job is None:
                self._exhausted = True
                if not self._under_way:
                    self.finished.set()
            else:
                self._under_way += 1
            return job

    def done(self) -> None:
        """One job that was taken is done, whatever came of it."""
        with self._lock:
            self._under_way -= 1
            if self._exhausted and not self._under_way:
                self.finished.set()

    def fail(self, error: BaseException) -> None:
        """End the batch with an error; the first one counts."""
        self.error = self.error or error
        self.stopped = True
        self.finished.set()


class _Budget:
    """Bytes that may be in memory between the wire and their place in the result."""

    def __init__(self, limit: int):
        self._limit, self._used = limit, 0
        self._change = threading.Condition()

    def take(self, size: int) -> None:
        """Wait for room; a body that is larger than the limit waits until it is alone."""
        with self._change:
            while self._used and self._used + size > self._limit:
                self._change.wait()
            self._used += size
            self._change.notify()  # there may be room for another one

    def give_back(self, size: int) -> None:
        """Let others have the room."""
        with self._change:
            self._used -= size
            self._change.notify()


class _Workers:
    """Threads that serve all batches in turn, started when there is work for them."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._batches: deque[_Batch] = deque()
        self._threads = self._idle = 0
        self._budget = _Budget(_MAX_IN_FLIGHT)
        self._fetched: SimpleQueue[tuple[_Batch, Job, bytes, int]] = SimpleQueue()
        for number in range(os.cpu_count() or 1):
            threading.Thread(target=self._decode, name=f"fairlab-decode-{number}", daemon=True).start()

    def take_on(self, batch: _Batch) -> None:
        with self._change:
            self._batches.append(batch)
            self._change.notify_all()
        self._grow()

    def _grow(self) -> None:
        with self._change:
            if self._batches and not self._idle and self._threads < int(option("max_connections")):
                self._threads += 1
                name = f"fairlab-fetch-{self._threads}"
                threading.Thread(target=self._fetch, name=name, daemon=True).start()

    def _fetch(self) -> None:
        _here.works = True
        while (batch := self._next()) is not None:
            if (job := batch.take()) is None:
                self._retire(batch)
                continue
            self._grow()  # each busy worker starts one more while there is work: a burst starts only what it needs
            self._budget.take(job.size)
            body = None
            try:
                body = job.fetch()
            except BaseException as exc:  # whoever waits for the batch raises it
                batch.fail(exc)
            if body is not None and job.place is not None and not batch.stopped:
                held = min(job.size, len(body))  # what was expected may be much more than what came
                self._budget.give_back(job.size - held)
                self._fetched.put((batch, job, body, held))
            else:
                self._budget.give_back(job.size)
                batch.done()

    def _decode(self) -> None:
        _here.works = True
        scratch = Scratch()
        while True:
            batch, job, body, held = self._fetched.get()
            try:
                if job.place is not None:
                    job.place(body, scratch)
            except BaseException as exc:  # whoever waits for the batch raises it
                batch.fail(exc)
            self._budget.give_back(held)
            batch.done()
            del batch, job, body  # while waiting for the next, hold nothing of the last

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
