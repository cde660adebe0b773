"""What each codec did to the bytes of a chunk, undone: one function for each, all called alike.

They are called directly, because a chunk decoded through zarr costs three times as much. Each is held to the size
that the metadata declares: a small body that unpacks into a gigabyte is an error, not a gigabyte.
"""

from __future__ import annotations

import bz2
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numcodecs import blosc, lz4, zstd

from fairlab.errors import ChunkError

if TYPE_CHECKING:
    from numpy.typing import NDArray

Buffer = bytes | memoryview

_MAX_SCRATCH: Final = 16 << 20
_LZMA_MEMORY: Final = 128 << 20


class Scratch:
    """Memory that one decoder after another writes into, instead of asking for new memory each time."""

    def __init__(self) -> None:
        self._memory = np.empty(0, np.uint8)

    def room(self, size: int) -> NDArray[np.uint8]:
        """So many bytes, valid until the next call."""
        if size > _MAX_SCRATCH:  # kept for good, it would cost more than it saves
            return np.empty(size, np.uint8)
        if self._memory.nbytes < size:
            self._memory = np.empty(size, np.uint8)
        return self._memory[:size]


Unpack = Callable[[Buffer, int | None, int, Mapping[str, Any], Scratch], Buffer]
"""``(body, size, limit, how, scratch)``: what must come out has ``size`` bytes, or at most ``limit`` where that is not
known (None); ``how`` is the codec's configuration."""


def _wrong_size(found: int, expected: int) -> ChunkError:
    return ChunkError(
        f"it unpacks to {found} bytes where the metadata declares {expected}",
        kind="chunk-damaged",
        bytes=found,
        expected=expected,
    )


def checked(found: int, size: int | None, limit: int) -> int:
    """The size found, in bytes, where it is the one that must be, or within the limit.

    Raises
    ------
    ChunkError
        kind ``"chunk-damaged"``.

    Examples
    --------
    >>> checked(100, None, 200)
    100
    """
    if found != size if size is not None else found > limit:
        raise _wrong_size(found, size if size is not None else limit)
    return found


def _blosc(body: Buffer, size: int | None, limit: int, _: Mapping[str, Any], scratch: Scratch) -> Buffer:
    header = bytes(memoryview(body)[:16])
    if len(header) < 16 or int.from_bytes(header[12:16], "little") > memoryview(body).nbytes:
        raise ChunkError("it is shorter than its own header says", kind="chunk-damaged")
    nbytes = checked(int.from_bytes(header[4:8], "little"), size, limit)
    room = scratch.room(nbytes)
    blosc.decompress(body, room)
    return room.data


def _zstd(body: Buffer, size: int | None, limit: int, _: Mapping[str, Any], scratch: Scratch) -> Buffer:
    stated = _zstd_size(bytes(memoryview(body)[:18]))
    nbytes = checked(stated, size, limit) if stated is not None else size
    if nbytes is None:
        raise ChunkError(
            "its size is stated nowhere, so unpacking it cannot be bounded", kind="chunk-damaged"
        )
    room = scratch.room(nbytes)
    zstd.decompress(body, room)
    return room.data


def _zstd_size(header: bytes) -> int | None:
    """Content size that a zstd frame states (RFC 8878, 3.1.1.1); None when it states none."""
    if header[:4] != b"\x28\xb5\x2f\xfd" or len(header) < 6:
        raise ChunkError("it is no zstd frame", kind="chunk-damaged")
    descriptor = header[4]
    single = bool(descriptor & 0x20)
    width = (1 if single else 0, 2, 4, 8)[descriptor >> 6]
    start = 5 + (not single) + (0, 1, 2, 4)[descriptor & 3]
    value = int.from_bytes(header[start : start + width], "little")
    return None if not width else value + (256 if width == 2 else 0)


def _lz4(body: Buffer, size: int | None, limit: int, _: Mapping[str, Any], scratch: Scratch) -> Buffer:
    # numcodecs puts the size in front of the block.
    nbytes = checked(int.from_bytes(bytes(memoryview(body)[:4]), "little"), size, limit)
    room = scratch.room(nbytes)
    lz4.decompress(body, room)
    return room.data


def _deflated(window: int) -> Unpack:
    def unpack(body: Buffer, size: int | None, limit: int, _: Mapping[str, Any], scratch: Scratch) -> Buffer:
        return _streamed(lambda: zlib.decompressobj(window), body, size, limit)

    return unpack


def _bz2(body: Buffer, size: int | None, limit: int, _: Mapping[str, Any], scratch: Scratch) -> Buffer:
    return _streamed(bz2.BZ2Decompressor, body, size, limit)


def _lzma(body: Buffer, size: int | None, limit: int, how: Mapping[str, Any], scratch: Scratch) -> Buffer:
    import lzma

    format_ = int(how.get("format", lzma.FORMAT_XZ))
    filters = how.get("filters") if format_ == lzma.FORMAT_RAW else None
    # The header, or the metadata, asks for the dictionary's memory; the strongest preset needs 65 MB.
    if any(int(stated.get("dict_size") or 0) > _LZMA_MEMORY for stated in filters or ()):
        raise ChunkError("its dictionary asks for more memory than any preset", kind="chunk-damaged")
    return _streamed(
        lambda: lzma.LZMADecompressor(format_, memlimit=None if filters else _LZMA_MEMORY, filters=filters),
        body,
        size,
        limit,
    )


def _streamed(make: Callable[[], Any], body: Buffer, size: int | None, limit: int) -> bytes:
    """Unpack a stream, or several one after the other, never asking for more than is allowed."""
    allowed = limit if size is None else size
    parts: list[bytes] = []
    left, found = bytes(body), 0
    while left:
        stream = make()
        parts.append(stream.decompress(left, allowed - found + 1))
        found += len(parts[-1])
        if found > allowed:
            raise _wrong_size(found, allowed)
        if not stream.eof:
            raise ChunkError("its compressed data ends too early", kind="chunk-damaged")
        left = stream.unused_data
    checked(found, size, limit)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _plain(name: str) -> Unpack:
    """A codec of numcodecs whose output is no larger than its input."""

    def unpack(body: Buffer, size: int | None, limit: int, how: Mapping[str, Any], _: Scratch) -> Buffer:
        from numcodecs import get_codec

        plain: Buffer = get_codec({**how, "id": name}).decode(bytes(body))
        return plain

    return unpack


def _crc32c(body: Buffer, size: int | None, limit: int, how: Mapping[str, Any], scratch: Scratch) -> Buffer:
    if "id" in how:  # zarr v2: numcodecs' own, which knows where it put the sum
        return _plain("crc32c")(body, size, limit, how, scratch)
    from google_crc32c import value

    view = memoryview(body)
    plain = view[:-4]
    if len(view) < 4 or value(bytes(plain)) != int.from_bytes(bytes(view[-4:]), "little"):
        raise ChunkError("its checksum (crc32c) does not match", kind="checksum-mismatch")
    return plain


_SUMS: Final = ("crc32", "adler32", "fletcher32", "jenkins_lookup3")
UNPACK: Final[Mapping[str, Unpack]] = {
    name: unpack
    for plain, unpack in {
        "blosc": _blosc, "zstd": _zstd, "lz4": _lz4, "gzip": _deflated(31), "zlib": _deflated(15), "bz2": _bz2,
        "lzma": _lzma, "shuffle": _plain("shuffle"), **{name: _plain(name) for name in _SUMS},
    }.items()
    for name in (plain, f"numcodecs.{plain}")
} | {"crc32c": _crc32c, "numcodecs.crc32c": _plain("crc32c")}  # fmt: skip
"""Name of a codec, in zarr v2 or v3, to what undoes it."""
SAME_SIZE: Final[Mapping[str, int]] = {
    **dict.fromkeys(("shuffle", "numcodecs.shuffle"), 0),
    **dict.fromkeys((prefix + name for name in (*_SUMS, "crc32c") for prefix in ("", "numcodecs.")), 4),
}
"""Codecs that compress nothing, to the bytes that they add."""
