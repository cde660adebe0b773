"""Indexes of the shards of one array, each asked for once, and the version of the shard that it is of."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, NamedTuple

from fairlab.net import shards

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from fairlab.net.ahead import Request
    from fairlab.net.answers import Version

_KEPT_BYTES: Final = 16 * 1024 * 1024


class Index(NamedTuple):
    """Where the chunks of a shard lie."""

    entries: NDArray[np.uint64]
    """As :func:`fairlab.net.shards.parse_index` gives them."""
    version: Version
    """Of the shard, as far as the store says; in another version the chunks may lie elsewhere."""


class ShardIndexes:
    """The indexes of one array; any number of threads may ask."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, ...], Index] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, cell: tuple[int, ...]) -> bool:
        with self._lock:
            return cell in self._kept

    def of(self, cell: tuple[int, ...], request: Request, layout: shards.Layout) -> Index | None:
        """Index of a shard, asked for when it is not kept; None when the shard is not there."""
        with self._lock:
            if cell in self._kept:
                self._kept.move_to_end(cell)
                return self._kept[cell]
        body = request.answer()
        if body is None:  # it may yet come
            return None
        index = Index(shards.parse_index(body, layout), request.version)
        with self._lock:
            self._kept[cell] = index
            while len(self._kept) > max(1, _KEPT_BYTES // index.entries.nbytes):
                self._kept.popitem(last=False)
        return index

    def forget(self, cell: tuple[int, ...]) -> None:
        """Ask for an index again next time."""
        with self._lock:
            self._kept.pop(cell, None)
