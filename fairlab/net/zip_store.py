"""Entries of one zip file (RFC-9 ``.ozx``, or ``.zip``), wherever it lies.

The table of contents takes one or two reads at the end of the file; after that each entry is one read of
its own, by as many threads as like. A part of an entry that is stored unpacked, as RFC-9 asks for, is a
read of just that part.
"""

from __future__ import annotations

import bisect
import io
import os
import posixpath
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FairlabError, FormatError, warn
from fairlab.net.file_in_parts import TAIL_BYTES, File
from fairlab.ngff.paths import inner_path
from fairlab.options import max_read_bytes, option

if TYPE_CHECKING:
    from fairlab.net.deadline import Deadline

_MOST_TABLE_BYTES: Final = 512 * 1024 * 1024
_LOCAL_HEADER: Final = struct.Struct("<4s5H3L2H")
_SPARE_BYTES: Final = 1024  # a local header may be longer than the table says
_ROOTS: Final = ("zarr.json", ".zgroup", ".zattrs")
_STORED, _DEFLATED, _ENCRYPTED = 0, 8, 1


class ZipStore:
    """Entries of one zip file."""

    def __init__(self, file: File):
        self._file = file
        self.location = file.location
        self._entries, self._starts = _table(file)
        self._prefix = _root_prefix(self._entries)
        self._data_starts: dict[str, int] = {}

    def __repr__(self) -> str:
        return f"<ZipStore {self.location}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return ZipStore, (self._file,)  # the other process opens the file for itself

    def get(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline | None = None,
        max_bytes: int | None = None,
    ) -> bytes | None:
        """See :class:`fairlab.net.store.Store`."""
        entry = self._entries.get(self._prefix + inner_path(key, where=self.location))
        if entry is None:
            return None
        in_part = part is not None and entry.compress_type == _STORED
        self._check(entry, in_part=in_part, max_bytes=max_bytes or max_read_bytes())
        if part is not None and in_part:
            start, stop, _ = part.indices(entry.file_size)
            body = self._stored_part(entry, start, max(start, stop), deadline)
            if len(body) != max(0, stop - start):
                raise self._damaged(entry, "it is cut short")
            return body
        body = self._whole(entry, deadline)
        return body if part is None else body[part]

    def _check(self, entry: zipfile.ZipInfo, *, in_part: bool, max_bytes: int) -> None:
        problem = None
        if entry.flag_bits & _ENCRYPTED:
            problem = "is encrypted", "zip-encrypted"
        elif entry.compress_type not in (_STORED, _DEFLATED):
            problem = f"is packed by a method that is not read ({entry.compress_type})", "zip-method"
        elif entry.compress_type == _STORED and entry.compress_size != entry.file_size:
            problem = "has two sizes", "zip-damaged"
        elif entry.file_size > max_bytes and not in_part:
            problem = (
                f"unpacks to {entry.file_size} bytes, over the {max_bytes} that it may have",
                "zip-too-large",
            )
        if problem:
            raise FormatError(
                f'the zip entry "{entry.filename}" {problem[0]}\n  in {self.location}',
                kind=problem[1],
                url=self.location,
            )

    def _stored_part(self, entry: zipfile.ZipInfo, start: int, stop: int, deadline: Deadline | None) -> bytes:
        if entry.filename not in self._data_starts:
            size = _LOCAL_HEADER.size
            header = self._file.read(entry.header_offset, entry.header_offset + size, deadline)
            self._data_starts[entry.filename] = entry.header_offset + self._header_size(entry, header)
        first = self._data_starts[entry.filename]
        return self._file.read(first + start, first + stop, deadline)

    def _whole(self, entry: zipfile.ZipInfo, deadline: Deadline | None) -> bytes:
        first, packed = entry.header_offset, entry.compress_size
        # Header and data in one read: up to the next entry, or with something to spare where none follows soon.
        spare = _LOCAL_HEADER.size + len(entry.filename.encode()) + _SPARE_BYTES
        follows = min(bisect.bisect_right(self._starts, first), len(self._starts) - 1)
        stop = min(first + spare + packed, self._starts[follows])
        raw = self._file.read(first, stop, deadline)
        skip = self._header_size(entry, raw)
        if len(raw) < skip + packed:
            raw += self._file.read(first + len(raw), first + skip + packed, deadline)
        data = memoryview(raw)[skip : skip + packed]
        body = bytes(data) if entry.compress_type == _STORED else self._inflated(entry, data)
        if len(body) != entry.file_size:
            raise self._damaged(entry, "it is cut short")
        if option("verify") is not False and zlib.crc32(body) != entry.CRC:
            raise self._damaged(entry, "its checksum differs")
        return body

    def _header_size(self, entry: zipfile.ZipInfo, raw: bytes) -> int:
        if len(raw) < _LOCAL_HEADER.size or not raw.startswith(b"PK\x03\x04"):
            raise self._damaged(entry, "no header where the table of contents says")
        name_size, extra_size = _LOCAL_HEADER.unpack_from(raw)[-2:]
        return int(_LOCAL_HEADER.size + name_size + extra_size)

    def _inflated(self, entry: zipfile.ZipInfo, data: memoryview) -> bytes:
        unpack = zlib.decompressobj(wbits=-15)
        try:
            # One byte more than stated shows that there is more, without unpacking it.
            return unpack.decompress(data, entry.file_size + 1)
        except zlib.error as exc:
            raise self._damaged(entry, str(exc)) from exc

    def _damaged(self, entry: zipfile.ZipInfo, why: str) -> FormatError:
        return FormatError(
            f'the zip entry "{entry.filename}" cannot be unpacked ({why})\n  in {self.location}',
            kind="zip-damaged",
            url=self.location,
        )


class _Seekable(io.RawIOBase):
    """The end of a file as :mod:`zipfile` wants to see it; grows towards the front, once, when asked to."""

    def __init__(self, file: File):
        self._file, self._position = file, 0
        self._first = max(0, file.size - TAIL_BYTES)
        self._known = file.read(self._first, file.size)

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._file.size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning")
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1) -> bytes:
        if self._position < self._first:
            if self._file.size - self._position > _MOST_TABLE_BYTES:
                raise zipfile.BadZipFile("its table of contents is too long")
            self._known = self._file.read(self._position, self._first) + self._known
            self._first = self._position
        start = self._position - self._first
        body = self._known[start:] if size < 0 else self._known[start : start + size]
        self._position += len(body)
        return body


def _table(file: File) -> tuple[dict[str, zipfile.ZipInfo], list[int]]:
    """Entries by name, and where entries start, in order, with the end of the last one."""
    try:
        with zipfile.ZipFile(_Seekable(file)) as archive:
            infos, end = archive.infolist(), archive.start_dir
        if any(info.header_offset < 0 for info in infos):
            raise zipfile.BadZipFile("its entries begin before the file does")
    except FairlabError:
        raise  # the web or the disk, not the zip, is at fault, and says so
    # NotImplementedError is zipfile's word for versions of the format that it does not know.
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OSError) as exc:
        raise FormatError(
            f"{file.location} is not a zip file ({exc})\n  expected a folder, or an OME-Zarr packed as zip",
            kind="not-a-zip",
            url=file.location,
        ) from exc
    entries: dict[str, zipfile.ZipInfo] = {}
    twice = []
    for info in infos:
        if info.is_dir():
            continue
        _check_name(info, file.location)
        if info.filename in entries:
            twice.append(info.filename)
        entries[info.filename] = info
    if twice:
        warn(
            f"{len(twice)} names stand twice in the zip file, the later counts: {', '.join(twice[:3])}",
            at=file.location,
        )
    return entries, [*sorted(info.header_offset for info in infos), end]


def _check_name(info: zipfile.ZipInfo, location: str) -> None:
    name = info.orig_filename
    if (
        "\\" in name
        or "\0" in name
        or ":" in name.split("/")[0]
        or name.startswith("/")
        or ".." in name.split("/")
    ):
        raise FormatError(
            f"the zip file holds a name that leads out of it: {name!r}\n  in {location}\n"
            "  such files are made to harm; nothing of it was read",
            kind="zip-name",
            url=location,
        )


def _root_prefix(entries: dict[str, zipfile.ZipInfo]) -> str:
    # Most tools zip the folder's content; some zip the folder itself.
    roots = (name for name in entries if posixpath.basename(name) in _ROOTS)
    shallowest = min(roots, key=lambda name: name.count("/"), default="")
    folder = posixpath.dirname(shallowest)
    return f"{folder}/" if folder else ""
