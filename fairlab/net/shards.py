"""Shards: many chunks in one stored object, with an index that says where each one lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

import numpy as np

from fairlab.errors import ChunkError, FormatError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

Member = TypeVar("Member")

_NOWHERE: Final = 2**64 - 1  # offset and length of a chunk that was never written
_LARGEST_INDEX: Final = 64 * 1024 * 1024
_GAP: Final = 64 * 1024  # fetching so much for nothing costs less than another request
_LONGEST: Final = 512 * 1024  # several of these at once keep memory small and every core decoding


def named(codec: Any) -> tuple[str, Mapping[str, Any]]:
    """Name and configuration of a zarr v3 codec, which may be stated as a mere name."""
    if isinstance(codec, str):
        return codec, {}
    return str(codec["name"]), codec.get("configuration") or {}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How an array's shards are built."""

    inner: tuple[int, ...]
    """Shape of a chunk."""
    counts: tuple[int, ...]
    """Chunks per shard, on each axis."""
    at_end: bool
    """Whether the index stands at the end of the object (the default) or at its start."""
    big_endian: bool
    """Byte order of the index."""
    checked: bool
    """Whether a checksum (crc32c) follows the index."""

    @property
    def index_bytes(self) -> int:
        """Length of the stored index."""
        return math.prod(self.counts) * 16 + 4 * self.checked

    @property
    def index_part(self) -> slice:
        """Where in the object it stands."""
        return slice(-self.index_bytes, None) if self.at_end else slice(0, self.index_bytes)


def layout(configuration: Mapping[str, Any], shard: Sequence[int], *, where: str) -> Layout:
    """The layout that the configuration of ``sharding_indexed`` states.

    Raises
    ------
    FormatError
        kind ``"shard-layout"``: shards are no multiples of chunks, or the index is stored in another way
        than the specification's two codecs.
    """
    inner = tuple(int(n) for n in configuration["chunk_shape"])
    codecs = [named(codec) for codec in configuration.get("index_codecs") or [{"name": "bytes"}]]
    names = [name for name, _ in codecs]
    whole = len(inner) == len(shard) and all(i > 0 and s % i == 0 for i, s in zip(inner, shard, strict=True))
    size = math.prod(s // i for i, s in zip(inner, shard, strict=True)) * 16 if whole else 0
    if not whole or size > _LARGEST_INDEX or names not in (["bytes"], ["bytes", "crc32c"]):
        raise FormatError(
            f"shards of {tuple(shard)} with chunks of {inner} and an index stored as {names} are not understood\n"
            f"  at {where}\n  expected whole chunks, and an index stored as bytes, with or without crc32c",
            kind="shard-layout",
            url=where,
        )
    return Layout(
        inner=inner,
        counts=tuple(s // i for i, s in zip(inner, shard, strict=True)),
        at_end=configuration.get("index_location", "end") != "start",
        big_endian=codecs[0][1].get("endian") == "big",
        checked="crc32c" in names,
    )


def parse_index(body: bytes | memoryview, layout: Layout) -> NDArray[np.uint64]:
    """Offset and length of every chunk of a shard.

    Returns
    -------
    numpy.ndarray
        uint64, of shape ``(*layout.counts, 2)``.

    Raises
    ------
    ChunkError
        kind ``"chunk-damaged"`` or ``"checksum-mismatch"``.
    """
    if len(body) != layout.index_bytes:
        raise ChunkError(
            f"its index has {len(body)} bytes instead of {layout.index_bytes}: the shard is cut short",
            kind="chunk-damaged",
        )
    if layout.checked:
        from google_crc32c import value

        body, stated = body[:-4], body[-4:]
        if value(bytes(body)) != int.from_bytes(stated, "little"):
            raise ChunkError("the checksum (crc32c) of its index does not match", kind="checksum-mismatch")
    entries = np.frombuffer(body, ">u8" if layout.big_endian else "<u8").astype(np.uint64)
    return entries.reshape(*layout.counts, 2)


def place(index: NDArray[np.uint64], cell: Sequence[int], layout: Layout, limit: int) -> slice | None:
    """Where in its shard a chunk lies; None when it was never written.

    Parameters
    ----------
    index : numpy.ndarray
        What :func:`parse_index` gave.
    cell : sequence of int
        Place of the chunk in the array's grid of chunks.
    layout : Layout
        Of the array.
    limit : int
        Bytes that a chunk may have.

    Raises
    ------
    ChunkError
        kind ``"chunk-damaged"``: the index claims more bytes than a chunk may have.
    """
    offset, length = (int(v) for v in index[tuple(c % n for c, n in zip(cell, layout.counts, strict=True))])
    if offset == length == _NOWHERE:
        return None
    if length > limit or offset > 2**62:
        raise ChunkError(f"the index of its shard claims {length} bytes at {offset}", kind="chunk-damaged")
    return slice(offset, offset + length)


@dataclass(frozen=True, slots=True)
class Stretch(Generic[Member]):
    """Neighbouring chunks of a shard that one request fetches."""

    start: int
    stop: int
    members: tuple[tuple[slice, Member], ...]
    """Where each chunk lies in the shard, and whose it is."""


def stretches(wanted: Iterable[tuple[slice, Member]]) -> Iterator[Stretch[Member]]:
    """Few requests that cover all the wanted parts of a shard: neighbours are fetched together.

    Examples
    --------
    >>> wanted = [(slice(0, 10), "a"), (slice(10, 30), "b"), (slice(900_000, 900_005), "c")]
    >>> [(stretch.start, stretch.stop) for stretch in stretches(wanted)]
    [(0, 30), (900000, 900005)]
    """
    together: list[tuple[slice, Member]] = []
    start = stop = 0
    for part, member in sorted(wanted, key=lambda item: (item[0].start, item[0].stop)):
        if together and (part.start > stop + _GAP or max(stop, part.stop) - start > _LONGEST):
            yield Stretch(start, stop, tuple(together))
            together = []
        if not together:
            start = stop = part.start
        together.append((part, member))
        stop = max(stop, part.stop)
    if together:
        yield Stretch(start, stop, tuple(together))


def most_stretches(size: int) -> int:
    """How many requests cover a whole shard of so many bytes, when its chunks stand one after the other.

    Examples
    --------
    >>> most_stretches(16 * 1024 * 1024)
    65
    """
    return 2 * size // _LONGEST + 1  # two neighbouring stretches are longer than one may be
