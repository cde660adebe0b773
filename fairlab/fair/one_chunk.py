"""One chunk of an array, read as pixels are always read, and what its values look like."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fairlab.errors import FairlabError
from fairlab.net.deadline import Deadline
from fairlab.net.fetch import ArrayReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from fairlab.fair.witness import Witness

MAX_BYTES: Final = 256 * 1024 * 1024
"""A chunk that unpacks to more is not read for a report."""


def looked_at(
    store: Witness, path: str, document: Mapping[str, Any], *, deadline: Deadline | None = None
) -> dict[str, Any]:
    """Read the chunk in the middle of an array and describe it.

    Parameters
    ----------
    store : Witness
        Where the array is.
    path : str
        Its place there.
    document : mapping
        Its metadata.
    deadline : Deadline, optional
        For the whole read.

    Returns
    -------
    dict
        ``key``; ``bytes`` as stored; ``decoded``, whether pixels came; ``missing``, where the store has no such
        chunk and it reads as the fill value; ``shape``; ``min``, ``max``, ``mean``, ``std`` of finite values and
        ``nan_share``; of integers ``saturated_share``, those at the highest value of their type; or ``error``.
    """
    found: dict[str, Any] = {"key": None, "decoded": False}
    try:
        reader = ArrayReader(store, path, document, missing="fill")
        cell = [length // 2 // size for length, size in zip(reader.shape, reader.inner_chunks, strict=True)]
        outer = [
            n * inner // whole
            for n, inner, whole in zip(cell, reader.inner_chunks, reader.chunks, strict=True)
        ]
        found["key"] = reader.key(outer)
        if not all(reader.shape):
            return {**found, "error": f"empty: the array has the shape {list(reader.shape)}"}
        if reader.chunk_coding.nbytes > MAX_BYTES:
            return {**found, "error": f"too-large: one chunk unpacks to {reader.chunk_coding.nbytes} bytes"}
        values = reader.read(_box(cell, reader.inner_chunks), deadline=deadline or Deadline())
    except FairlabError as error:
        return {**found, "error": f"{error.kind}: {error.message.splitlines()[0]}"}
    answer = store.answers.get(found["key"])
    found |= {"bytes": answer.bytes if answer else None, "shape": list(values.shape)}
    if reader.missing_chunks:
        return {**found, "missing": True}
    return {**found, "decoded": True, **_statistics(values)}


def _box(cell: Sequence[int], chunks: Sequence[int]) -> list[slice]:
    return [slice(n * size, (n + 1) * size) for n, size in zip(cell, chunks, strict=True)]


def _statistics(values: NDArray[Any]) -> dict[str, Any]:
    if values.dtype.kind not in "biuf":
        return {}
    plain = values.astype(np.float64, copy=False)
    finite = plain[np.isfinite(plain)]
    told: dict[str, Any] = {"nan_share": float(np.isnan(plain).mean())}
    if values.dtype.kind in "iu":
        told["saturated_share"] = float((values == np.iinfo(values.dtype).max).mean())
    if finite.size:
        with np.errstate(over="ignore", invalid="ignore"):  # float64 itself may be at its end
            told |= {name: float(getattr(finite, name)()) for name in ("min", "max", "mean", "std")}
    return {name: value for name, value in told.items() if math.isfinite(value)}
