"""Reading: metadata documents in one burst, pixels chunk by chunk at once.

Arrays are built from metadata that was already read, so that zarr never asks the store for it again;
the bytes of each chunk come through our own store, so that a fault is an error that names its chunk.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import threading
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import (
    AccessError,
    ChunkError,
    FairlabError,
    FairlabWarning,
    FormatError,
    SelectionError,
)
from fairlab.net import guard, pool
from fairlab.net.http import Deadline
from fairlab.options import max_read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    import zarr
    from numpy.typing import NDArray

    from fairlab.net.store import Store
    from fairlab.net.zarr_bridge import RangedObject

_MAX_DOCUMENT_BYTES = 64 * 1024 * 1024
# Decoding more chunks at once than there are cores only costs memory.
_decoding = threading.BoundedSemaphore(os.cpu_count() or 1)


def documents(store: Store, keys: Iterable[str], *, deadline: Deadline) -> dict[str, dict[str, Any] | None]:
    """Several JSON documents in one round trip.

    Returns
    -------
    dict
        Key to parsed object; None where the store has no such document.

    Raises
    ------
    FormatError
        kind ``"not-json"``: a document is there but is no JSON object.
    FairlabError
        Whatever the store raises. A refusal (403) or a web page counts as absence when another document
        of the same burst is there: buckets that may not be listed refuse what they do not have, and some
        servers answer every address with a page.
    """
    keys = list(keys)
    answers = list(pool.each(lambda key: _document(store, key, deadline), keys))
    found = {k: None if isinstance(a, FairlabError) else a for k, a in zip(keys, answers, strict=True)}
    refusals = [answer for answer in answers if isinstance(answer, FairlabError)]
    if refusals and all(value is None for value in found.values()):
        raise refusals[0]
    return found


def _document(store: Store, key: str, deadline: Deadline) -> dict[str, Any] | FairlabError | None:
    try:
        body = store.get(key, deadline=deadline)
    except (AccessError, FormatError) as refusal:
        return refusal
    if body is None:
        return None
    where = f"{store.location}/{key}"
    try:
        value = json.loads(body) if len(body) <= _MAX_DOCUMENT_BYTES else None
    except (ValueError, RecursionError) as exc:
        raise FormatError(f"{where} is not JSON ({exc})", kind="not-json", url=where) from exc
    if not isinstance(value, dict):
        raise FormatError(f"{where} is no JSON object of a sensible size", kind="not-json", url=where)
    return value


class ArrayReader:
    """One zarr array of a store, described by metadata already in hand.

    Parameters
    ----------
    store : Store
        Where the chunks are.
    path : str
        Place of the array inside the store.
    metadata : mapping
        The array's own document: ``zarr.json`` or ``.zarray``.

    Raises
    ------
    FormatError
        kind ``"array-metadata"``, ``"codec-refused"``, ``"dtype-refused"`` or ``"chunk-too-large"``.
    """

    def __init__(self, store: Store, path: str, metadata: Mapping[str, Any]):
        from fairlab.net import zarr_bridge

        self.store, self.path = store, path
        self._where = f"{store.location}/{path}"
        guard.check_array(metadata, where=self._where)
        try:
            self._metadata = zarr_bridge.parse(metadata)
            array = self._array({})
            self.shape: tuple[int, ...] = array.shape
            self.dtype: np.dtype[Any] = array.dtype
            self.inner_chunks: tuple[int, ...] = array.chunks
            self.chunks: tuple[int, ...] = array.shards or array.chunks
        except (ValueError, TypeError, KeyError, NotImplementedError, LookupError) as exc:
            raise FormatError(
                f"the array's metadata cannot be understood ({type(exc).__name__}: {exc})\n  at {self._where}",
                kind="array-metadata",
                url=self._where,
            ) from exc
        # What must fit in memory is the inner chunk; a shard is read in parts.
        chunk_bytes = math.prod(self.inner_chunks) * self.dtype.itemsize
        guard.check_decoded(self.dtype.kind, chunk_bytes, where=self._where)

    def read(
        self, key: Sequence[int | slice | NDArray[Any]], *, deadline: Deadline | None = None
    ) -> NDArray[Any]:
        """Pixels of an outer selection.

        Parameters
        ----------
        key : sequence of int, slice or 1-D integer array
            One entry per axis; integers drop their axis.

        Raises
        ------
        SelectionError
            kind ``"read-too-large"``: over the option ``max_read_bytes``.
        ChunkError
            A chunk could not be fetched or decoded; names it.
        """
        import numpy as np

        wanted = [_positions(k, n) for k, n in zip(key, self.shape, strict=True)]
        shape = tuple(len(positions) for positions in wanted)
        self._check_size(math.prod(shape) * self.dtype.itemsize)
        out = np.empty(shape, self.dtype.newbyteorder("="))
        deadline = deadline or Deadline()
        pieces = [_pieces(p, c) for p, c in zip(wanted, self.chunks, strict=True)]
        jobs = list(itertools.product(*pieces))
        absent = [key for key in pool.each(lambda job: self._place(job, out, deadline), jobs) if key]
        if absent:
            self._warn(absent, len(jobs))
        return out[tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)]

    def _check_size(self, wanted: int) -> None:
        if wanted > max_read_bytes():
            raise SelectionError(
                f"this read would take {wanted / 1e9:.1f} GB, over the limit of {max_read_bytes() / 1e9:.1f} GB\n"
                f"  at {self._where}\n"
                "  take a smaller part (.isel, .sel), a coarser level (scale1, scale2 …), or open with "
                'chunks="auto"; fairlab.set_options(max_read_bytes=…) raises the limit',
                kind="read-too-large",
                bytes=wanted,
            )

    def _warn(self, absent: list[str], total: int) -> None:
        named = ", ".join(absent[:3]) + (" …" if len(absent) > 3 else "")
        warnings.warn(
            f"{len(absent)} of {total} chunks are not in the store and read as the fill value: {named}\n"
            f"  at {self._where}",
            FairlabWarning,
            stacklevel=2,
        )

    def _place(self, job: tuple[_Piece, ...], out: NDArray[Any], deadline: Deadline) -> str | None:
        """Read one stored object's share into ``out``; its key when the store does not have it."""
        import numpy as np

        cell = tuple(piece.chunk for piece in job)
        key = f"{self.path}/{self._metadata.encode_chunk_key(cell)}"
        window = tuple(piece.window for piece in job)
        try:
            block, missing = self._block(cell, key, window, deadline)
        except FairlabError as exc:
            raise self._chunk_error(key, exc) from exc
        except guard.DECODING_FAULTS as exc:
            raise ChunkError(
                f"the chunk does not decode ({type(exc).__name__}: {exc})\n  chunk {key} of {self.store.location}\n"
                "  it is damaged in the store or on the way; read again, or tell the repository",
                kind="chunk-damaged",
                url=f"{self.store.location}/{key}",
                key=key,
            ) from exc
        out[np.ix_(*(piece.target for piece in job))] = block[np.ix_(*(piece.inside for piece in job))]
        return key if missing else None

    def _block(
        self, cell: tuple[int, ...], key: str, window: tuple[slice, ...], deadline: Deadline
    ) -> tuple[NDArray[Any], bool]:
        import numpy as np

        from fairlab.net.zarr_bridge import RangedObject

        if self.chunks != self.inner_chunks and not self._covers(cell, window):
            shard = RangedObject(self.store, key, deadline)
            return np.asarray(self._array(shard)[window]), shard.absent
        body = self.store.get(key, deadline=deadline)
        if body is not None and not body:
            # Some decompressors end the process on an empty input.
            raise ChunkError("it is empty (0 bytes)", kind="chunk-empty")
        with _decoding:
            return np.asarray(self._array({} if body is None else {key: body})[window]), body is None

    def _covers(self, cell: tuple[int, ...], window: tuple[slice, ...]) -> bool:
        return all(
            w.start == i * c and w.stop == min((i + 1) * c, n)
            for i, w, c, n in zip(cell, window, self.chunks, self.shape, strict=True)
        )

    def _chunk_error(self, key: str, exc: FairlabError) -> ChunkError:
        if isinstance(exc, ChunkError) and exc.url:
            return exc
        url = f"{self.store.location}/{key}"
        return ChunkError(
            f"a chunk could not be read: {exc.message}\n  chunk {key} of {self.store.location}",
            kind=exc.kind,
            url=url,
            key=key,
            **{name: value for name, value in exc.context.items() if name != "key"},
        )

    def _array(self, objects: Mapping[str, bytes] | RangedObject) -> zarr.Array[Any]:
        from fairlab.net.zarr_bridge import array_of

        return array_of(self._metadata, self.path, objects)


@dataclass(frozen=True)
class _Piece:
    """Along one axis: which stored object, which part of it, and where it goes."""

    chunk: int
    window: slice
    inside: NDArray[Any]
    target: NDArray[Any]


def _positions(key: int | slice | NDArray[Any], length: int) -> NDArray[Any]:
    import numpy as np

    if isinstance(key, slice):
        return np.arange(*key.indices(length))
    positions = np.atleast_1d(np.asarray(key, dtype=np.intp))
    return np.where(positions < 0, positions + length, positions)


def _pieces(positions: NDArray[Any], chunk: int) -> list[_Piece]:
    import numpy as np

    chunk_of = positions // chunk
    pieces = []
    for number in np.unique(chunk_of):
        target = np.flatnonzero(chunk_of == number)
        mine = positions[target]
        low, high = int(mine.min()), int(mine.max()) + 1
        pieces.append(_Piece(int(number), slice(low, high), mine - low, target))
    return pieces
