"""A level of an image as an array that xarray indexes lazily: pixels are read when they are asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from xarray.backends.common import BackendArray
from xarray.core.indexing import (
    CopyOnWriteArray,
    IndexingSupport,
    LazilyIndexedArray,
    explicit_indexing_adapter,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fairlab.net.fetch import ArrayReader

_BLOCK_BYTES = 32 * 1024 * 1024


class LazyLevel(BackendArray):
    """Pixels of one array, read through an :class:`~fairlab.net.fetch.ArrayReader`."""

    def __init__(self, reader: ArrayReader):
        self._reader = reader
        self.shape = reader.shape
        self.dtype = reader.dtype.newbyteorder("=")

    def __getitem__(self, key: Any) -> NDArray[Any]:
        pixels: NDArray[Any] = explicit_indexing_adapter(
            key, self.shape, IndexingSupport.OUTER, self._reader.read
        )
        return pixels


def lazily(reader: ArrayReader) -> Any:
    """Array-like data for an ``xarray.Variable``: read on use, never written back."""
    # xarray wraps its own wrappers the same way; its stubs do not say so.
    indexed: Any = LazilyIndexedArray(LazyLevel(reader))
    return CopyOnWriteArray(indexed)


def block_shape(shape: tuple[int, ...], chunks: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[int, ...]:
    """Shape of a dask block: whole stored chunks, about 32 MB, grown from the last axis backwards.

    One dask task then reads many chunks at once; a task for each chunk would wait for each in turn.

    Examples
    --------
    >>> import numpy as np
    >>> block_shape((3, 100, 8192, 8192), (1, 1, 512, 512), np.dtype("uint16"))
    (1, 1, 2048, 8192)
    """
    block = [min(c, n) for c, n in zip(chunks, shape, strict=True)]
    room = _BLOCK_BYTES / max(1, math.prod(block) * dtype.itemsize)
    for axis in reversed(range(len(shape))):
        times = max(1, min(int(room), math.ceil(shape[axis] / block[axis])))
        block[axis] = min(block[axis] * times, shape[axis])
        room /= times
    return tuple(block)
