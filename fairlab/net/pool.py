"""Threads of this process that fetch and decode."""

from __future__ import annotations

import os
import threading
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

_lock = threading.Lock()
_executor: tuple[int, int, ThreadPoolExecutor] | None = None


def executor() -> ThreadPoolExecutor:
    """The shared pool: as many threads as requests may be in flight (option ``max_connections``)."""
    global _executor
    size = int(option("max_connections"))
    with _lock:
        if _executor is None or _executor[:2] != (os.getpid(), size):
            if _executor is not None and _executor[0] == os.getpid():
                _executor[2].shutdown(wait=False)
            _executor = (os.getpid(), size, ThreadPoolExecutor(size, thread_name_prefix="fairlab"))
        return _executor[2]


def each(work: Callable[[Item], Outcome], items: Iterable[Item]) -> Iterator[Outcome]:
    """``work`` on every item at once, results in order; the first error ends it and drops what waits."""
    futures = [executor().submit(work, item) for item in items]
    wait(futures, return_when=FIRST_EXCEPTION)
    for future in futures:
        future.cancel()
    # A cancelled one stands behind a failed one only if that failed first: raise the real error.
    for future in futures:
        if not future.cancelled() and future.done() and (error := future.exception()):
            raise error
    return (future.result() for future in futures)
