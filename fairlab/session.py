"""What this process opened since fairlab was imported: records only, no pixels, gone when the process ends.

Kept so that :func:`fairlab.cite_session` can name everything that went into a notebook, also what was not assigned
to a variable. Other processes (dask workers) keep lists of their own. Only where the environment names a file, as
:func:`fairlab.run` does for the kernel that it starts, each opening is written there too.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE_VARIABLE: Final = "FAIRLAB_SESSION_FILE"
"""Environment variable that names the file to which openings are added, one JSON object a line."""


@dataclass(frozen=True, kw_only=True)
class Opening:
    """One image, plate or label image that was opened."""

    record: Record
    """What is known of it."""
    metadata_sha256: str | None = None
    """Checksum of its metadata as they were read; see :func:`checksum`."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return {"record": self.record.to_dict(), "metadata_sha256": self.metadata_sha256}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Opening:
        """Rebuild an opening from :meth:`to_dict`."""
        return cls(record=Record.from_dict(values["record"]), metadata_sha256=values["metadata_sha256"])


_lock = threading.Lock()
_opened: dict[str, Opening] = {}


def checksum(attributes: Mapping[str, Any]) -> str:
    """SHA-256 of a group's attributes as JSON with sorted keys and without spaces, whatever file they came in.

    Examples
    --------
    >>> checksum({"b": 1, "a": [2.0]}) == checksum({"a": [2.0], "b": 1})
    True
    """
    text = json.dumps(attributes, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def note(record: Record, *, metadata_sha256: str | None = None) -> None:
    """Remember that something was opened; the newest record of it stands at the place of the first."""
    opening = Opening(record=replace(record, raw=None), metadata_sha256=metadata_sha256)
    with _lock:
        _opened[record.id] = opening
    if name := os.environ.get(FILE_VARIABLE):
        # A full disk must not be in the way of reading.
        with contextlib.suppress(OSError), Path(name).open("a", encoding="ascii") as file:
            file.write(json.dumps(opening.to_dict()) + "\n")


def opened(*, clear: bool = False) -> tuple[Record, ...]:
    """What was opened, each once, in order of first opening.

    Parameters
    ----------
    clear : bool
        Forget it, in the same instant: what other threads open meanwhile is in this answer or in the next.
    """
    with _lock:
        found = tuple(opening.record for opening in _opened.values())
        if clear:
            _opened.clear()
    return found


def read(file: Path) -> tuple[Opening, ...]:
    """The openings that a process added to a file, each once; a line that it could not finish is left out."""
    found: dict[str, Opening] = {}
    try:
        lines = file.read_text("ascii", errors="replace").splitlines()
    except OSError:  # nothing was opened
        return ()
    for line in lines:
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            opening = Opening.from_dict(json.loads(line))
            found[opening.record.id] = opening
    return tuple(found.values())
