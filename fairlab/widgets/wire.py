"""Pixels on their way to the browser: exact numbers in a type that its typed arrays have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_EXACT = 2**53
"""Whole numbers up to here are exact as a float64, which is what a browser reckons with."""


def encoded(values: NDArray[np.generic]) -> tuple[str, bytes]:
    """Code of the type, and the numbers as little-endian bytes, none of them changed.

    Booleans go as bytes, half floats as floats; 64-bit integers as the smallest type that holds these
    very numbers, so that most cost a quarter, and only those above 2^53 need the browser's slow big integers.

    Examples
    --------
    >>> [encoded(np.array([1, value]))[0] for value in (200, 70_000, 2**40, 2**60)]
    ['u1', 'u4', 'f8', 'i8']
    """
    kind, size = values.dtype.kind, values.dtype.itemsize
    if kind == "b":
        code = "u1"
    elif kind == "f":
        code = "f8" if size > 4 else "f4"
    elif size == 8:
        code = _narrow(values)
    else:
        code = f"{kind}{size}"
    return code, np.ascontiguousarray(values, dtype=f"<{code}").tobytes()


def _narrow(values: NDArray[np.generic]) -> str:
    low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
    if low >= 0:
        for size in (1, 2, 4):
            if high < 256**size:
                return f"u{size}"
    return "f8" if low >= -_EXACT and high <= _EXACT else f"{values.dtype.kind}8"
