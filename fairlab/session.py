"""What this process opened since fairlab was imported: records only, no pixels, gone when the process ends.

Kept so that :func:`fairlab.cite_session` can name everything that went into a notebook, also what was not assigned
to a variable. Nothing is written anywhere; other processes (dask workers) keep lists of their own.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairlab.record import Record

_lock = threading.Lock()
_opened: dict[str, Record] = {}


def note(record: Record) -> None:
    """Remember that something was opened; the newest record of it stands at the place of the first."""
    kept = replace(record, raw=None)
    with _lock:
        _opened[record.id] = kept


def opened(*, clear: bool = False) -> tuple[Record, ...]:
    """What was opened, each once, in order of first opening.

    Parameters
    ----------
    clear : bool
        Forget it, in the same instant: what other threads open meanwhile is in this answer or in the next.
    """
    with _lock:
        found = tuple(_opened.values())
        if clear:
            _opened.clear()
    return found
