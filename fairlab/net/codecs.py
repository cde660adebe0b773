"""From the bytes of one stored chunk to its pixels.

The usual codecs are called directly, because a chunk decoded through zarr costs three times as much; what
is left (filters) goes through zarr, built from the same metadata. Every decompressor is held to the size
that the metadata declares: a small body that unpacks into a gigabyte is an error, not a gigabyte.
"""

from __future__ import annotations

import bz2
import math
import zlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numcodecs import blosc, lz4, zstd

from fairlab.errors import ChunkError, FormatError
from fairlab.net import shards
from fairlab.net.shards import named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

    Buffer = bytes | memoryview

_MAX_SCRATCH: Final = 16 << 20
_LZMA_MEMORY: Final = 128 << 20
_SLACK: Final = 1 << 20  # a body between two compressors is no larger than the pixels, give or take headers


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


@dataclass(frozen=True, kw_only=True)
class Coding:
    """How the chunks of an array are stored."""

    shape: tuple[int, ...]
    """Shape of a chunk."""
    dtype: np.dtype[Any]
    """As stored, byte order included."""
    order: tuple[int, ...]
    """Axes in the order in which they are stored, slowest first."""
    unpackers: tuple[tuple[str, Mapping[str, Any]], ...]
    """Codecs from bytes to bytes, by name, in the order of decoding."""
    filters: tuple[Any, ...] = ()
    """Codecs, as stated, that zarr has to undo; with them it undoes the order, too."""
    layout: shards.Layout | None = None
    """How the chunk, when it is a shard, is divided."""
    inner: Coding | None = None
    """How the chunks of a shard are stored."""

    @cached_property
    def nbytes(self) -> int:
        """Bytes of a decoded chunk."""
        return math.prod(self.shape) * self.dtype.itemsize

    @cached_property
    def stored_shape(self) -> tuple[int, ...]:
        """Shape of the chunk in the order in which it is stored."""
        return tuple(self.shape[axis] for axis in self.order)

    @cached_property
    def back(self) -> tuple[int, ...]:
        """The transposition from the stored order to the array's."""
        return tuple(int(axis) for axis in np.argsort(self.order))

    @cached_property
    def limit(self) -> int:
        """Bytes that the stored chunk may have: a little more than the pixels, should they not compress."""
        return self.nbytes + self.nbytes // 8 + _SLACK

    @cached_property
    def steps(self) -> tuple[tuple[Callable[..., Buffer], Mapping[str, Any], int | None], ...]:
        """What unpacks the stored bytes, and how many bytes each step must give, where that is known."""
        # All sizes are known but that of what lies between two compressors.
        size: int | None = None if self.filters or self.layout else self.nbytes
        steps: list[tuple[Callable[..., Buffer], Mapping[str, Any], int | None]] = []
        for name, how in reversed(self.unpackers):
            steps.append((_UNPACK[name], how, size))
            if name not in _SAME_SIZE:
                size = None
            elif size is not None:
                size += _SAME_SIZE[name]
        return tuple(reversed(steps))


def coding(
    metadata: Mapping[str, Any], shape: tuple[int, ...], dtype: np.dtype[Any], *, where: str
) -> Coding:
    """How chunks of the given shape are stored.

    Parameters
    ----------
    metadata : mapping
        Content of ``.zarray`` or of ``zarr.json``, or the configuration of a sharding codec.
    shape : tuple of int
        Shape of a chunk.
    dtype : numpy.dtype
        Of the array; its byte order counts in zarr v2 only.
    where : str
        Address of the array, for messages.

    Raises
    ------
    FormatError
        kind ``"codec-order"``: a decompressor stands where its size cannot be bounded; ``"shard-layout"``.
    """
    read = _coding_v3 if "codecs" in metadata else _coding_v2
    return read(metadata, shape, dtype, where)


def _coding_v2(
    metadata: Mapping[str, Any], shape: tuple[int, ...], dtype: np.dtype[Any], where: str
) -> Coding:
    codecs = [c for c in [*(metadata.get("filters") or []), metadata.get("compressor")] if c is not None]
    unpackers = []
    while codecs and codecs[-1]["id"] in _UNPACK:
        unpackers.append((codecs[-1]["id"], codecs.pop()))
    _refuse_hidden((codec["id"] for codec in codecs), where)
    axes = tuple(range(len(shape)))
    return Coding(
        shape=shape,
        dtype=dtype,
        order=axes[::-1] if metadata.get("order") == "F" else axes,
        unpackers=tuple(unpackers),
        filters=tuple(codecs),
    )


def _coding_v3(
    metadata: Mapping[str, Any], shape: tuple[int, ...], dtype: np.dtype[Any], where: str
) -> Coding:
    codecs = list(metadata["codecs"])
    unpackers = []
    while codecs and named(codecs[-1])[0] in _UNPACK:
        unpackers.append(named(codecs.pop()))
    _refuse_hidden((named(codec)[0] for codec in codecs), where)
    usual = Coding(shape=shape, dtype=dtype, order=tuple(range(len(shape))), unpackers=tuple(unpackers))
    for name, how in map(named, codecs):
        if name == "transpose" and isinstance(how.get("order"), list):
            if sorted(how["order"]) != list(range(len(shape))):
                raise ValueError(f"the order of the axes is {how['order']}")
            usual = replace(usual, order=tuple(usual.order[axis] for axis in how["order"]))
        elif name in ("bytes", "endian"):
            usual = replace(usual, dtype=dtype.newbyteorder(">" if how.get("endian") == "big" else "<"))
        elif name == "sharding_indexed":
            layout = shards.layout(how, usual.stored_shape, where=where)
            inner = coding({"codecs": how["codecs"]}, layout.inner, dtype, where=where)
            usual = replace(usual, layout=layout, inner=inner)
        else:
            return replace(usual, filters=tuple(codecs), order=tuple(range(len(shape))))
    return usual


def _refuse_hidden(names: Iterable[str], where: str) -> None:
    # Between filters a decompressor would run inside zarr, where nothing bounds what it unpacks.
    hidden = [name for name in names if name in _UNPACK and name not in _SAME_SIZE]
    if hidden:
        raise FormatError(
            f"the codec {hidden[0]!r} stands before a filter, where its size cannot be bounded\n  at {where}",
            kind="codec-order",
            url=where,
        )


class Decoder:
    """Turns bodies into pixels.

    Parameters
    ----------
    coding : Coding
        How the chunks are stored.
    fill : scalar
        Value of chunks that a shard does not have.
    unfilter : callable
        ``(coding, bytes) -> pixels``, for what zarr has to undo.
    """

    def __init__(self, coding: Coding, fill: Any, unfilter: Callable[[Coding, bytes], NDArray[Any]]):
        self.coding, self._fill, self._unfilter = coding, fill, unfilter

    def __call__(
        self, body: bytes | memoryview, scratch: Scratch, coding: Coding | None = None
    ) -> NDArray[Any]:
        """Pixels of one chunk.

        Parameters
        ----------
        body : bytes-like
            As it came from the store.
        scratch : Scratch
            Where decompressors write: the pixels may lie there, and are valid until it is used again.
        coding : Coding, optional
            Of the body, where that is a chunk of a shard.

        Returns
        -------
        numpy.ndarray
            Of shape ``coding.shape``; not to be written to.

        Raises
        ------
        ChunkError
            kind ``"chunk-empty"``, ``"chunk-damaged"`` (it does not unpack to the declared size) or
            ``"checksum-mismatch"``; a damaged body may also raise what its decompressor raises
            (:data:`fairlab.net.guard.DECODING_FAULTS`).
        """
        coding = coding or self.coding
        if not len(body):
            # Some decompressors end the process on an empty input.
            raise ChunkError("it is empty (0 bytes)", kind="chunk-empty")
        buffer: Buffer = body
        for unpack, how, size in coding.steps:
            buffer = unpack(buffer, size, coding.limit, how, scratch)
        if coding.filters:
            return self._unfilter(coding, bytes(buffer))
        if coding.layout is not None and coding.inner is not None:
            stored = self._assembled(bytes(buffer), coding, coding.layout, coding.inner, scratch)
        else:
            plain = np.frombuffer(buffer, np.uint8)
            _check(plain.nbytes, coding.nbytes, coding.nbytes)
            stored = plain.view(coding.dtype).reshape(coding.stored_shape)
        return stored.transpose(coding.back)

    def _assembled(
        self, body: bytes, coding: Coding, layout: shards.Layout, inner: Coding, scratch: Scratch
    ) -> NDArray[Any]:
        """A shard put together from its chunks."""
        index = shards.parse_index(body[layout.index_part], layout)
        out = np.full(coding.stored_shape, self._fill, inner.dtype)
        for cell in np.ndindex(*layout.counts):
            part = shards.place(index, cell, layout, inner.limit)
            if part is not None:
                corner = [slice(i * n, (i + 1) * n) for i, n in zip(cell, layout.inner, strict=True)]
                out[tuple(corner)] = self(memoryview(body)[part], scratch, inner)
        return out


def _wrong_size(found: int, expected: int) -> ChunkError:
    return ChunkError(
        f"it unpacks to {found} bytes where the metadata declares {expected}",
        kind="chunk-damaged",
        bytes=found,
        expected=expected,
    )


def _check(found: int, size: int | None, limit: int) -> int:
    if found != size if size is not None else found > limit:
        raise _wrong_size(found, size if size is not None else limit)
    return found


def _blosc(body: Buffer, size: int | None, limit: int, _: Mapping[str, Any], scratch: Scratch) -> Buffer:
    header = bytes(memoryview(body)[:16])
    if len(header) < 16 or int.from_bytes(header[12:16], "little") > memoryview(body).nbytes:
        raise ChunkError("it is shorter than its own header says", kind="chunk-damaged")
    nbytes = _check(int.from_bytes(header[4:8], "little"), size, limit)
    room = scratch.room(nbytes)
    blosc.decompress(body, room)
    return room.data


def _zstd(body: Buffer, size: int | None, limit: int, _: Mapping[str, Any], scratch: Scratch) -> Buffer:
    stated = _zstd_size(bytes(memoryview(body)[:18]))
    nbytes = _check(stated, size, limit) if stated is not None else size
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
    nbytes = _check(int.from_bytes(bytes(memoryview(body)[:4]), "little"), size, limit)
    room = scratch.room(nbytes)
    lz4.decompress(body, room)
    return room.data


def _deflated(window: int) -> Callable[..., Buffer]:
    def unpack(body: Buffer, size: int | None, limit: int, _: Mapping[str, Any], scratch: Scratch) -> Buffer:
        return _streamed(lambda: zlib.decompressobj(window), body, size, limit)

    return unpack


def _bz2(body: Buffer, size: int | None, limit: int, _: Mapping[str, Any], scratch: Scratch) -> Buffer:
    return _streamed(bz2.BZ2Decompressor, body, size, limit)


def _lzma(body: Buffer, size: int | None, limit: int, how: Mapping[str, Any], scratch: Scratch) -> Buffer:
    import lzma

    format_ = int(how.get("format", lzma.FORMAT_XZ))
    filters = how.get("filters") if format_ == lzma.FORMAT_RAW else None
    # The header asks for the dictionary's memory; the strongest preset needs 65 MB.
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
    _check(found, size, limit)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _plain(name: str) -> Callable[..., Buffer]:
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
_UNPACK: Final[dict[str, Callable[..., Any]]] = {
    name: unpack
    for plain, unpack in {
        "blosc": _blosc, "zstd": _zstd, "lz4": _lz4, "gzip": _deflated(31), "zlib": _deflated(15), "bz2": _bz2,
        "lzma": _lzma, "shuffle": _plain("shuffle"), **{name: _plain(name) for name in _SUMS},
    }.items()
    for name in (plain, f"numcodecs.{plain}")
} | {"crc32c": _crc32c, "numcodecs.crc32c": _plain("crc32c")}  # fmt: skip
_SAME_SIZE: Final = {
    **dict.fromkeys(("shuffle", "numcodecs.shuffle"), 0),
    **dict.fromkeys((prefix + name for name in (*_SUMS, "crc32c") for prefix in ("", "numcodecs.")), 4),
}
