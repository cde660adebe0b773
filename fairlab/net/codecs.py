"""How chunks are stored, read from an array's metadata, and from the bytes of one to its pixels.

What the usual codecs did is undone by :mod:`fairlab.net.unpacking`; what is left (filters) goes through zarr, built
from the same metadata.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fairlab.errors import ChunkError, FormatError
from fairlab.net import shards
from fairlab.net.pages import is_page
from fairlab.net.shards import named
from fairlab.net.unpacking import SAME_SIZE, UNPACK, Buffer, Scratch, Unpack, checked
from fairlab.options import max_read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

__all__ = ["Coding", "Decoder", "Scratch", "coding"]

_SLACK: Final = 1 << 20  # a body between two compressors is no larger than the pixels, give or take headers
_HEADERS: Final = 256
_REWRITTEN: Final = 4  # some writers append what changes, and leave the old chunks in the shard
_WIDENED: Final = 16  # filters may store bytes as complex numbers


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
        if self.layout is not None and self.inner is not None:
            each = self.inner.limit - _SLACK + _HEADERS
            return _REWRITTEN * (math.prod(self.layout.counts) * each + self.layout.index_bytes) + _SLACK
        size = self.nbytes
        if self.filters:
            size = max(size, min(size * _WIDENED, max_read_bytes()))
        return size + size // 8 + _SLACK

    @cached_property
    def steps(self) -> tuple[tuple[Unpack, Mapping[str, Any], int | None], ...]:
        """What unpacks the stored bytes, and how many bytes each step must give, where that is known."""
        # All sizes are known but that of what lies between two compressors.
        size: int | None = None if self.filters or self.layout else self.nbytes
        steps: list[tuple[Unpack, Mapping[str, Any], int | None]] = []
        for name, how in reversed(self.unpackers):
            steps.append((UNPACK[name], how, size))
            if name not in SAME_SIZE:
                size = None
            elif size is not None:
                size += SAME_SIZE[name]
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
    while codecs and codecs[-1]["id"] in UNPACK:
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
    while codecs and named(codecs[-1])[0] in UNPACK:
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
    hidden = [name for name in names if name in UNPACK and name not in SAME_SIZE]
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
            kind ``"chunk-empty"``, ``"html-page"``, ``"chunk-damaged"`` (it does not unpack to the declared size) or
            ``"checksum-mismatch"``; a damaged body may also raise what its decompressor raises
            (:data:`fairlab.net.guard.DECODING_FAULTS`).
        """
        coding = coding or self.coding
        if not len(body):
            # Some decompressors end the process on an empty input.
            raise ChunkError("it is empty (0 bytes)", kind="chunk-empty")
        if is_page(body):
            raise ChunkError("it is a web page or an error message", kind="html-page")
        buffer: Buffer = body
        for unpack, how, size in coding.steps:
            buffer = unpack(buffer, size, coding.limit, how, scratch)
        if coding.filters:
            return self._unfilter(coding, bytes(buffer))
        if coding.layout is not None and coding.inner is not None:
            stored = self._assembled(bytes(buffer), coding, coding.layout, coding.inner, scratch)
        else:
            plain = np.frombuffer(buffer, np.uint8)
            checked(plain.nbytes, coding.nbytes, coding.nbytes)
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
