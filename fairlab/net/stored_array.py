"""One zarr array as its metadata describes it: grid, keys, and the way from stored bytes to pixels."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fairlab.errors import FormatError
from fairlab.net import codecs, guard, zarr_bridge
from fairlab.options import max_read_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

_LONGEST_AXIS: Final = 2**62


class StoredArray:
    """Grid, keys and codecs of one array; nothing is read.

    Parameters
    ----------
    metadata : mapping
        Content of ``zarr.json`` or ``.zarray``.
    path : str
        Place of the array inside its store.
    where : str
        Its address, for messages.

    Raises
    ------
    FormatError
        kind ``"array-metadata"``, ``"codec-refused"``, ``"codec-order"``, ``"dtype-refused"``,
        ``"shard-layout"`` or ``"chunk-too-large"``.
    """

    def __init__(self, metadata: Mapping[str, Any], path: str, *, where: str):
        self.path, self.where, self.document = path, where, metadata
        try:
            guard.check_array(metadata, where=where)
            self.chunks = _chunk_shape(metadata)  # before zarr sees it, which may put another in its place
            self._metadata = zarr_bridge.parse(metadata)
            self.shape: tuple[int, ...] = tuple(int(n) for n in self._metadata.shape)
            dtype = zarr_bridge.dtype_of(self._metadata)
            guard.check_dtype(dtype, where=where)
            coding = codecs.coding(metadata, self.chunks, dtype, where=where)
            fill = self._metadata.fill_value
            self.fill_value = np.zeros((), dtype)[()] if fill is None else np.asarray(fill).astype(dtype)[()]
        except FormatError:
            raise
        # A stranger's metadata meets zarr and numpy: NotImplementedError is what they raise for types they lack.
        except (ValueError, TypeError, KeyError, NotImplementedError, LookupError, ArithmeticError) as exc:
            raise FormatError(
                f"the array's metadata cannot be understood ({type(exc).__name__}: {exc})\n  at {where}",
                kind="array-metadata",
                url=where,
            ) from exc
        self.coding = coding
        """How its chunks, or shards, are stored."""
        self.dtype: np.dtype[Any] = (coding.inner or coding).dtype if not coding.filters else dtype
        """As stored, byte order included."""
        # Shards are read in parts, unless something is wrapped around the whole of them.
        in_parts = (
            coding.layout is not None
            and not coding.unpackers
            and coding.order == tuple(range(len(self.shape)))
        )
        self.layout = coding.layout if in_parts else None
        """How shards are divided, when they can be read in parts."""
        self.inner_chunks: tuple[int, ...] = self.layout.inner if self.layout else self.chunks
        """Shape of what is decoded at once."""
        self.chunk_coding = coding.inner if self.layout and coding.inner else coding
        """How that is stored."""
        guard.check_chunk(self.chunk_coding.nbytes, where=where)
        self.decode = codecs.Decoder(self.chunk_coding, self.fill_value, self._unfilter)
        """From the stored bytes of one of them to pixels."""

    def key(self, cell: Sequence[int]) -> str:
        """Key in the store of one stored object."""
        prefix = f"{self.path}/" if self.path not in ("", ".") else ""
        return prefix + self._metadata.encode_chunk_key(tuple(cell))

    @property
    def max_bytes(self) -> int:
        """Most that a stored object may have: what is longer holds more than the metadata declares."""
        return min(self.coding.limit, max_read_bytes())

    @property
    def whole_shards(self) -> bool:
        """Whether a shard is small enough to be fetched as one object when all of it is wanted."""
        return self.coding.nbytes <= guard.SMALL_OBJECT

    def wanted_of_shard(self, cell: Sequence[int]) -> int:
        """How many chunks of a shard lie inside the array."""
        counts = []
        for number, shard, inner, length in zip(
            cell, self.chunks, self.inner_chunks, self.shape, strict=True
        ):
            counts.append(math.ceil(min(shard, length - number * shard) / inner))
        return math.prod(counts)

    def _unfilter(self, coding: codecs.Coding, body: bytes) -> NDArray[Any]:
        shape = list(coding.shape)
        if self.document.get("zarr_format") == 3:
            grid = {"name": "regular", "configuration": {"chunk_shape": shape}}
            one = {**self.document, "shape": shape, "chunk_grid": grid, "codecs": list(coding.filters)}
        else:
            filters = list(coding.filters)
            one = {**self.document, "shape": shape, "chunks": shape, "compressor": None, "filters": filters}
        return zarr_bridge.unfilter(one, coding.shape, body)


def _chunk_shape(metadata: Mapping[str, Any]) -> tuple[int, ...]:
    """Shape of a stored object, checked against the array's."""
    if metadata.get("zarr_format") == 3:
        grid = metadata["chunk_grid"]
        if grid["name"] != "regular":
            raise ValueError(f"the chunks form a {grid['name']!r} grid; only regular ones are read")
        chunks = grid["configuration"]["chunk_shape"]
    else:
        chunks = metadata["chunks"]
    shape = metadata["shape"]
    if len(chunks) != len(shape):
        raise ValueError(f"chunks of {len(chunks)} dimensions in an array of {len(shape)}")
    if not all(isinstance(c, int) and 0 < c <= _LONGEST_AXIS for c in chunks):
        raise ValueError(f"the shape of a chunk is {chunks}")
    if not all(isinstance(n, int) and 0 <= n <= _LONGEST_AXIS for n in shape):
        raise ValueError(f"the shape of the array is {shape}")
    return tuple(chunks)
