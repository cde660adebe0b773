"""Objects on this machine: files below a folder, or values of a mapping."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from typing import TYPE_CHECKING

from fairlab.errors import AccessError, FormatError, QueryError, Unavailable
from fairlab.net.traffic import ledger
from fairlab.ngff.paths import inner_path
from fairlab.options import max_read_bytes, option

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from fairlab.net.deadline import Deadline

_ABSENT = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG})


class DirectoryStore:
    """Files below one folder; links that lead out of it are followed only by the option ``follow_links``."""

    def __init__(self, root: Path):
        self._root = os.path.realpath(root)
        self.location = str(root)
        self._was_there = False

    def __repr__(self) -> str:
        return f"<DirectoryStore {self.location}>"

    def get(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline | None = None,
        max_bytes: int | None = None,
    ) -> bytes | None:
        """See :class:`fairlab.net.store.Store`."""
        path = os.path.join(self._root, inner_path(key, where=self.location))  # noqa: PTH118 (half the time of a Path)
        real = os.path.realpath(path)
        if not (real.startswith(self._root.rstrip(os.sep) + os.sep) or option("follow_links")):
            raise FormatError(
                f"{path} is a link out of its store\n"
                "  it was not followed; fairlab.set_options(follow_links=True) follows such links",
                kind="link-outside",
                path=path,
            )
        sums = ledger(self.location)
        sums.began()
        body = None
        try:
            body = _read(real, part, max_bytes or max_read_bytes())
        except _NotAFile as exc:
            raise FormatError(
                f"{path} is no file, but a pipe, a socket or a device\n  it was not read; take it out of the store",
                kind="not-a-file",
                path=path,
            ) from exc
        except OSError as exc:
            if exc.errno not in _ABSENT:
                raise unreadable(exc, path) from exc
            # Of a folder that is there a chunk may be missing, and reads as fill; of one that went away all would.
            if self._was_there and not os.path.exists(self._root):  # noqa: PTH110 (as above)
                raise Unavailable(
                    f"the store went away while it was in use\n  expected a folder at {self.location}",
                    kind="store-gone",
                ) from exc
        else:
            self._was_there = True
        finally:
            sums.ended(len(body or b""))
        return body


class MemoryStore:
    """Values of a mapping from key to bytes, for example what another program has in hand.

    Examples
    --------
    >>> MemoryStore({"zarr.json": b"{}"}).get("zarr.json")
    b'{}'
    """

    def __init__(self, objects: Mapping[str, bytes]):
        self._objects = objects
        self.location = f"memory:{uuid.uuid4().hex[:8]}"

    def __repr__(self) -> str:
        return f"<MemoryStore {self.location}>"

    def get(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline | None = None,
        max_bytes: int | None = None,
    ) -> bytes | None:
        """See :class:`fairlab.net.store.Store`."""
        value = self._objects.get(inner_path(key, where=self.location))
        if value is not None and not isinstance(value, bytes | bytearray | memoryview):
            raise QueryError(
                f'"{key}" is a {type(value).__name__} in the mapping that was given; expected bytes',
                kind="source-type",
                key=key,
            )
        body = None if value is None else bytes(value if part is None else memoryview(value)[part])
        sums = ledger(self.location)
        sums.began()
        sums.ended(len(body or b""))
        return body


class _NotAFile(Exception):
    """What lies there cannot be read as a file can."""


def _without_waiting(path: str, flags: int) -> int:
    # Without the first flag a pipe is opened when somebody writes into it, which may be never; with the second, a
    # link that was put here since the path was resolved is not followed.
    flags |= getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    try:
        return os.open(path, flags)
    except OSError as exc:
        if exc.errno == errno.ENXIO:  # what a socket answers, and a device that is not there
            raise _NotAFile from exc
        raise


def _read(path: str, part: slice | None, max_bytes: int) -> bytes:
    with open(path, "rb", buffering=0, opener=_without_waiting) as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise _NotAFile
        if part is None:
            if facts.st_size > max_bytes:
                raise FormatError(
                    f"{path} has {facts.st_size} bytes, more than the {max_bytes} that it may have\n"
                    "  it was not read; see what lies there",
                    kind="body-too-large",
                    path=path,
                )
            return file.readall()
        start, stop, _ = part.indices(facts.st_size)
        file.seek(start)
        pieces = []
        while start < stop and (piece := file.read(stop - start)):
            pieces.append(piece)
            start += len(piece)
        return b"".join(pieces)


def unreadable(exc: OSError, path: str) -> AccessError | Unavailable:
    """What the system says about a file that is there, as an error of fairlab's."""
    if isinstance(exc, PermissionError):
        return AccessError(f"{path} may not be read by this user", kind="permission", path=path)
    return Unavailable(
        f"{path} could not be read ({exc.strerror or exc})\n  check the disk, or the connection to it",
        kind="file",
        path=path,
    )
