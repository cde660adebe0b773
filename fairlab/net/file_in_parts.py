"""One file, on this machine or on the web, that is read in parts and by several threads."""

from __future__ import annotations

import os
import threading
import weakref
from typing import TYPE_CHECKING, Any, Final, Protocol

from fairlab.errors import FormatError, NotFoundError, Unavailable, UnexpectedAnswer
from fairlab.net.local_store import unreadable
from fairlab.net.traffic import ledger

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.net.deadline import Deadline
    from fairlab.net.http_store import HttpStore

TAIL_BYTES: Final = 128 * 1024
"""End of a file that is read when it is opened: a zip's end record with the longest comment, and most tables."""


class File(Protocol):
    """Bytes that can be read from anywhere, by several threads."""

    location: str
    """Redacted address, for people."""
    size: int

    def read(self, start: int, stop: int, deadline: Deadline | None = None) -> bytes:
        """Bytes from ``start`` up to ``stop``, or to the end of the file."""
        ...


class LocalFile:
    """A file on this machine."""

    def __init__(self, path: Path):
        self._path, self.location = path, str(path)
        try:
            self._number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            self.size = os.fstat(self._number).st_size
        except OSError as exc:
            raise unreadable(exc, self.location) from exc
        self._lock = threading.Lock()
        # Also when the file is part of a cycle, where __del__ comes too late.
        weakref.finalize(self, os.close, self._number)

    def read(self, start: int, stop: int, deadline: Deadline | None = None) -> bytes:
        """See :class:`File`."""
        sums = ledger(self.location)
        sums.began()
        body, stop = bytearray(), min(stop, self.size)
        try:
            while len(body) < stop - start and (piece := self._piece(start + len(body), stop)):
                body += piece
        except OSError as exc:
            raise unreadable(exc, self.location) from exc
        finally:
            sums.ended(len(body))
        return bytes(body)

    def _piece(self, start: int, stop: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._number, stop - start, start)
        with self._lock:  # one position for all threads
            os.lseek(self._number, start, os.SEEK_SET)
            return os.read(self._number, stop - start)

    def __reduce__(self) -> tuple[Any, ...]:
        return LocalFile, (self._path,)


class WebFile:
    """A file on the web, read by ranges; it must stay the same while it is read."""

    def __init__(self, store: HttpStore):
        self._store, self.location = store, store.location
        try:
            end = store.answer("", part=slice(-TAIL_BYTES, None), max_bytes=TAIL_BYTES)
        except UnexpectedAnswer as exc:
            raise (_no_ranges(self.location) if exc.kind == "body-too-large" else exc) from exc
        if end.missing:
            raise NotFoundError(
                f"there is nothing at {self.location}\n  check the address of the zip file",
                kind=f"http-{end.status}",
                url=self.location,
            )
        total = end.headers.get("content-range", "").rpartition("/")[2]
        if end.status == 200:  # a short file may come as a whole
            total = end.headers.get("content-length", "")
        if not total.isdigit() or (end.status == 200 and int(total) > TAIL_BYTES):
            raise _no_ranges(self.location)
        self.size, self._tag, self._end = int(total), end.headers.get("etag"), end.body

    def read(self, start: int, stop: int, deadline: Deadline | None = None) -> bytes:
        """See :class:`File`."""
        stop, known_from = min(stop, self.size), self.size - len(self._end)
        if start >= stop:
            return b""
        if start >= known_from:
            return self._end[start - known_from : stop - known_from]
        answer = self._store.answer("", part=slice(start, stop), deadline=deadline)
        if answer.missing or answer.headers.get("etag") != self._tag:
            raise Unavailable(
                f"{self.location} has changed since it was opened\n  open it again",
                kind="file-changed",
                url=self.location,
            )
        return answer.body

    def __reduce__(self) -> tuple[Any, ...]:
        return WebFile, (self._store,)


def _no_ranges(location: str) -> FormatError:
    return FormatError(
        f"{location} cannot be read in parts\n"
        "  a zip on the web needs a server that answers range requests; download it and open the file",
        kind="no-ranges",
        url=location,
    )
