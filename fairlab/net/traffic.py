"""What was asked of each store in this process: requests, bytes, time, and the chunks that were not there.

Counted where requests are made, retries included, so that the sum is what a server's own log would say. A
store on this machine counts each read of a file as one request. Counters stay in their process: a dask
worker has its own.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlab.quantities import readable_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, kw_only=True)
class Traffic:
    """Sums of one store, up to one moment.

    Examples
    --------
    >>> Traffic(requests=30, bytes=2_545_510, seconds=0.0842)
    30 requests, 2.5 MB in 0.0842 s
    """

    requests: int
    """Requests sent, each try and each followed redirect counted; files opened, for a store on this machine."""
    bytes: int
    """Bytes of bodies that arrived, those of failed tries included."""
    seconds: float
    """Time during which at least one request was under way."""
    missing_chunks: tuple[str, ...] = ()
    """Keys of chunks that the store did not have when they were read."""

    def __repr__(self) -> str:
        # As fairlab.net.fetch.Cost says what a read will take; the numbers have names of their own.
        count = f"{self.requests:,} request{'' if self.requests == 1 else 's'}"
        lacking = len(self.missing_chunks)
        missing = f", {lacking:,} chunk{'' if lacking == 1 else 's'} missing" if lacking else ""
        return f"{count}, {readable_bytes(self.bytes)} in {self.seconds:.3g} s{missing}"


class Ledger:
    """The running sums of one store; any number of threads may write.

    Examples
    --------
    >>> sums = Ledger()
    >>> sums.began(); sums.ended(190_000)
    >>> sums.snapshot().requests, sums.snapshot().bytes
    (1, 190000)
    """

    def __init__(self) -> None:
        # Held for well under a microsecond, twice a request: beside a request's own cost, nothing.
        self._lock = threading.Lock()
        self._requests = self._bytes = self._under_way = 0
        self._seconds = self._since = 0.0
        self._missing: dict[str, None] = {}  # a set that keeps its order

    def began(self) -> None:
        """A request is sent."""
        with self._lock:
            if not self._under_way:
                self._since = time.perf_counter()
            self._under_way += 1

    def ended(self, received: int) -> None:
        """A request is over, whatever came of it, with so many bytes of body."""
        with self._lock:
            self._requests += 1
            self._bytes += received
            self._under_way -= 1
            if not self._under_way:
                self._seconds += time.perf_counter() - self._since

    def missing(self, key: str) -> None:
        """A chunk that was to be read is not in the store."""
        with self._lock:
            self._missing[key] = None
        if (heard := _heard.get()) is not None:
            heard[key] = None

    def rate(self) -> float:
        """Bytes a second while anything was under way; 0 before the first request has ended."""
        with self._lock:
            return self._bytes / self._elapsed() if self._requests else 0.0

    def snapshot(self) -> Traffic:
        """The sums up to now."""
        with self._lock:
            return Traffic(
                requests=self._requests,
                bytes=self._bytes,
                seconds=self._elapsed(),
                missing_chunks=tuple(self._missing),
            )

    def _elapsed(self) -> float:
        return self._seconds + (time.perf_counter() - self._since if self._under_way else 0.0)


_ledgers: dict[str, Ledger] = {}
_heard: ContextVar[dict[str, None] | None] = ContextVar("missing chunks that are heard of", default=None)


@contextmanager
def missing_chunks() -> Iterator[dict[str, None]]:
    """Keys of the chunks that reads inside the block do not find; what other threads read does not count.

    Examples
    --------
    >>> with missing_chunks() as missing:
    ...     Ledger().missing("0/3/5")
    >>> list(missing)
    ['0/3/5']
    """
    heard: dict[str, None] = {}
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


def ledger(location: str) -> Ledger:
    """The ledger of this process for a store's ``location``; every store at that place writes to it."""
    found = _ledgers.get(location)
    return found if found is not None else _ledgers.setdefault(location, Ledger())
