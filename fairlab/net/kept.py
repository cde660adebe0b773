"""A folder of files that can be made again: each one whole or absent, all together under a size.

One file per key holds a checksum, facts as JSON, and bytes. Files are written beside their place and renamed
into it, so that processes may share the folder; a damaged one is removed, and so asked for again. Why no
library: diskcache, the usual choice, stores pickles in SQLite, has had no release since 2023, and knows no
checksums; what is needed here is one file per object.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
import time
import uuid
import warnings
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FairlabWarning
from fairlab.options import cache_dir

if TYPE_CHECKING:
    from pathlib import Path

_STALE_S: Final = 3600.0
_MARK: Final = b"fairlab cache 1\n"


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One file of the folder."""

    facts: dict[str, Any]
    """What was said about the bytes when they were kept."""
    body: bytes
    """The bytes."""
    touched: float
    """When it was kept or last :meth:`Folder.touch`-ed, in seconds since 1970."""


class Folder:
    """A folder below the cache folder.

    Parameters
    ----------
    name : str
        Of the folder.
    """

    def __init__(self, name: str):
        self._name = name
        self._lock = threading.Lock()
        self._counted: Path | None = None
        self._size = self._since_look = 0
        self._warned: set[Path] = set()

    @property
    def path(self) -> Path:
        """Where it is now; it may not exist yet."""
        return cache_dir() / self._name

    def load(self, key: str) -> Entry | None:
        """What is kept under a key, if it is whole."""
        path = self._file(key)
        try:
            with path.open("rb") as file:
                content, touched = file.read(), os.fstat(file.fileno()).st_mtime
        except OSError:
            return None
        facts, body = _unpacked(content)
        if facts is None:
            self.remove(key)
            return None
        return Entry(facts=facts, body=body, touched=touched)

    def remove(self, key: str) -> None:
        """Keep nothing under a key."""
        with contextlib.suppress(OSError):
            self._file(key).unlink()

    def touch(self, key: str) -> None:
        """Set a file's time to now: what was not touched for longest goes first."""
        with contextlib.suppress(OSError):
            os.utime(self._file(key))

    def save(self, key: str, facts: dict[str, Any], body: bytes, *, limit: int) -> None:
        """Keep bytes and facts under a key, and the folder under ``limit`` bytes."""
        content = _packed(facts, body)
        if len(content) > limit:
            return
        path = self._file(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            new = path.with_name(f"new-{uuid.uuid4().hex}")
            new.write_bytes(content)
            new.replace(path)
        except OSError as exc:
            self._warn(exc)
            return
        self._make_room(len(content), limit)

    def _file(self, key: str) -> Path:
        name = hashlib.sha256(key.encode()).hexdigest()
        return self.path / name[:2] / name[2:]

    def _warn(self, exc: OSError) -> None:
        if self.path not in self._warned:
            self._warned.add(self.path)
            warnings.warn(
                f"the cache folder {self.path} cannot be written ({exc})", FairlabWarning, stacklevel=2
            )

    def _make_room(self, added: int, limit: int) -> None:
        with self._lock:
            self._size += added
            self._since_look += added
            # Other processes add too: look again before their share can matter.
            looked = self._counted == self.path and self._since_look < limit // 10
            if looked and self._size <= limit:
                return
            self._counted, self._since_look = self.path, 0
            self._size = self._evict(limit)

    def _evict(self, limit: int) -> int:
        entries, now = [], time.time()
        for path in self.path.glob("*/*"):
            with contextlib.suppress(OSError):
                facts = path.stat()
                if path.name.startswith("new-"):
                    if now - facts.st_mtime > _STALE_S:  # of a process that was killed
                        path.unlink()
                else:
                    entries.append((facts.st_mtime, facts.st_size, path))
        size = sum(bytes_ for _, bytes_, _ in entries)
        if size <= limit:
            return size
        for _, bytes_, path in sorted(entries):
            if size <= limit * 0.9:
                break
            with contextlib.suppress(OSError):  # on Windows, one that is being read stays
                path.unlink()
                size -= bytes_
        return size


def _packed(facts: dict[str, Any], body: bytes) -> bytes:
    head = json.dumps(facts).encode() + b"\n"
    return b"".join([_MARK, b"%08x\n" % zlib.crc32(body, zlib.crc32(head)), head, body])


def _unpacked(content: bytes) -> tuple[dict[str, Any] | None, bytes]:
    start = len(_MARK) + 9
    end = content.find(b"\n", start) + 1
    if (
        not content.startswith(_MARK)
        or not end
        or b"%08x\n" % zlib.crc32(content[start:]) != content[len(_MARK) : start]
    ):
        return None, b""
    return json.loads(content[start:end]), content[end:]
