"""Threads of this process that fetch and decode, and what they share: turns, and memory in flight.

Asking, receiving and decoding are threads of their own, so that no connection idles while a chunk is decoded,
and no more chunks are decoded at once than there are cores. Reads take turns object by object, so that a small one
(a viewer's tile) does not wait behind a large one. Threads rather than an event loop: they work the same
inside Jupyter's loop, in handlers and in dask workers.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import deque
from dataclasses import dataclass
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, TypeVar

from fairlab.net.codecs import Scratch
from fairlab.net.curl import Begun, in_hand
from fairlab.net.turns import Budget, Turns
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
    begin: Callable[[Callable[[Begun], None]], Begun | None] | None = None
    """Asks ahead, waits for nothing, and tells at the end; :attr:`fetch` is then called with that exchange in
    hand. It gives None where only waiting helps."""


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


def lay(works: Iterable[Callable[[], object]]) -> None:
    """Have small things done by the threads that decode, before what is to be decoded later; wait for nothing."""
    if not getattr(_here, "works", False):
        _workers().lay(works)


def each(
    work: Callable[[Item], Outcome],
    items: Iterable[Item],
    *,
    begin: Callable[[Item, Callable[[Begun], None]], Begun | None] | None = None,
) -> list[Outcome]:
    """``work`` on every item at once, results in order; the first error ends it and drops what waits.

    What ``begin`` can ask ahead (see :attr:`Job.begin`) is worked on when it has come.
    """
    items = list(items)
    outcomes: dict[int, Outcome] = {}

    def job(number: int) -> Job:
        return Job(
            lambda: outcomes.__setitem__(number, work(items[number])),
            begin=begin and partial(begin, items[number]),
        )

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


def _connections() -> int:
    return int(option("max_connections"))


_Fetched = tuple["_Batch", Job, "bytes | Begun", int]


class _Workers:
    """Threads that serve all batches in turn.

    One asks ahead whatever can be asked ahead, so that requests in flight need no thread each; what came well is
    decoded. Where that is not so (a store that only answers when it is waited for, a fault that asks for another
    try), a thread that may wait does the rest; such threads are started when they are needed.
    """

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._batches: deque[_Batch] = deque()
        self._threads = self._waiting = self._free = 0
        self._budget = Budget(_MAX_IN_FLIGHT)
        # Twice as many are asked ahead as may be under way: the next questions are ready when answers come.
        self._ahead, self._at_once = Turns(lambda: 2 * _connections()), Turns(_connections)
        self._to_fetch: SimpleQueue[tuple[_Batch, Job, Begun | None]] = SimpleQueue()
        self._fetched: SimpleQueue[_Fetched | Callable[[], object]] = SimpleQueue()
        self._start("ask", self._ask)
        for number in range(os.cpu_count() or 1):
            self._start(f"decode-{number}", self._decode)

    def _start(self, name: str, work: Callable[[], None]) -> None:
        threading.Thread(target=work, name=f"fairlab-{name}", daemon=True).start()

    def take_on(self, batch: _Batch) -> None:
        with self._change:
            self._batches.append(batch)
            self._change.notify()

    def lay(self, works: Iterable[Callable[[], object]]) -> None:
        for work in works:
            self._fetched.put(work)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────

    def _ask(self) -> None:
        _here.works = True
        while True:
            batch = self._next()
            if (job := batch.take()) is None:
                self._retire(batch)
                continue
            self._budget.take(job.size)
            if not self._begun(batch, job):
                self._at_once.take()
                self._hand_over(batch, job, None)

    def _begun(self, batch: _Batch, job: Job) -> bool:
        if job.begin is None:
            return False
        self._ahead.take()
        begun = None
        with contextlib.suppress(Exception):  # whoever fetches it meets the same, and names the object
            begun = job.begin(partial(self._arrived, batch, job))
        if begun is None:
            self._ahead.give_back()
        return begun is not None

    def _next(self) -> _Batch:
        """The batch whose turn it is."""
        with self._change:
            while not self._batches:
                self._change.wait()
            batch = self._batches[0]
            self._batches.rotate(-1)
            return batch

    def _retire(self, batch: _Batch) -> None:
        with self._change:
            if batch in self._batches:
                self._batches.remove(batch)

    def _arrived(self, batch: _Batch, job: Job, begun: Begun) -> None:
        self._ahead.give_back()
        if begun.is_good:
            self._to_decode(batch, job, begun, begun.received)
        else:
            self._hand_over(batch, job, begun)

    def _to_decode(self, batch: _Batch, job: Job, body: bytes | Begun, size: int) -> None:
        held = min(job.size, size)  # what was expected may be much more than what came
        self._budget.give_back(job.size - held)
        self._fetched.put((batch, job, body, held))

    # ── waiting ──────────────────────────────────────────────────────────────────────────────────────

    def _hand_over(self, batch: _Batch, job: Job, begun: Begun | None) -> None:
        self._to_fetch.put((batch, job, begun))
        with self._change:
            self._waiting += 1
            if (
                self._waiting > self._free and self._threads < _connections()
            ):  # a burst starts only what it needs
                self._threads += 1
                self._free += 1
                self._start(f"fetch-{self._threads}", self._fetch)

    def _fetch(self) -> None:
        _here.works = True
        while True:
            batch, job, begun = self._to_fetch.get()
            with self._change:
                self._waiting -= 1
                self._free -= 1
            body = None
            if not batch.stopped:
                body = self._body(batch, job, begun)
            if begun is None:
                self._at_once.give_back()
            if body is not None and job.place is not None and not batch.stopped:
                self._to_decode(batch, job, body, len(body))
            else:
                self._budget.give_back(job.size)
                batch.done()
            del batch, job, begun, body  # while waiting for the next, hold nothing of the last
            with self._change:
                self._free += 1

    def _body(self, batch: _Batch, job: Job, begun: Begun | None) -> bytes | None:
        try:
            with in_hand(begun):
                return job.fetch()
        except BaseException as exc:  # whoever waits for the batch raises it
            batch.fail(exc)
            return None

    # ── decoding ─────────────────────────────────────────────────────────────────────────────────────

    def _decode(self) -> None:
        _here.works = True
        scratch = Scratch()
        while True:
            fetched = self._fetched.get()
            if not isinstance(fetched, tuple):
                fetched()
                continue
            batch, job, came, held = fetched
            if not batch.stopped:
                body = self._body(batch, job, came) if isinstance(came, Begun) else came
                if body is not None:
                    self._place(batch, job, body, scratch)
                del body
            self._budget.give_back(held)
            batch.done()
            del fetched, batch, job, came  # while waiting for the next, hold nothing of the last

    def _place(self, batch: _Batch, job: Job, body: bytes, scratch: Scratch) -> None:
        try:
            if job.place is not None:
                job.place(body, scratch)
        except BaseException as exc:  # whoever waits for the batch raises it
            batch.fail(exc)


_here = threading.local()
_guard = threading.Lock()
_current: tuple[int, _Workers] | None = None


def _workers() -> _Workers:
    global _current
    with _guard:
        if _current is None or _current[0] != os.getpid():  # threads do not survive a fork
            _current = (os.getpid(), _Workers())
        return _current[1]
