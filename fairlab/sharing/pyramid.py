"""Smaller copies of an image: which factors, and how the pixels are merged.

Blocks have whole-number sides, so a pixel of a smaller level covers exactly ``factor`` pixels of the
first one and its centre is known without rounding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SMALLEST_LEVEL_PIXELS = 128
"""Without a wish for a number of levels, halving ends when a plane's longer side is this short."""

Factors = dict[str, int]
"""Axis name to how many pixels of the first level lie in one pixel along that axis."""


def plan(sizes: Mapping[str, int], *, scale: Mapping[str, float], levels: int | None = None) -> list[Factors]:
    """Reduction factors of every level, the first one included.

    ``y`` and ``x`` halve from level to level; ``z`` joins only once its step is no longer than theirs,
    so that thick slices are not merged while the plane is still finer.

    Parameters
    ----------
    sizes : mapping of str to int
        Pixels of the first level along each axis.
    scale : mapping of str to float
        Pixel spacing along each axis, all in one unit.
    levels : int, optional
        How many levels at most; by default until the longer side of a plane is no longer than
        :data:`SMALLEST_LEVEL_PIXELS`.

    Examples
    --------
    >>> plan({"z": 10, "y": 64, "x": 64}, scale={"z": 0.5, "y": 0.25, "x": 0.25}, levels=3)
    [{'z': 1, 'y': 1, 'x': 1}, {'z': 1, 'y': 2, 'x': 2}, {'z': 2, 'y': 4, 'x': 4}]
    """
    factors = [dict.fromkeys(sizes, 1)]
    while True:
        last = factors[-1]
        if not _goes_on(len(factors), levels, longest=max(_reduced(sizes, last)[axis] for axis in "yx")):
            return factors
        factors.append(_next(sizes, last, scale))


def _goes_on(made: int, levels: int | None, *, longest: int) -> bool:
    if levels is not None:
        return made < levels and longest > 1
    return longest > SMALLEST_LEVEL_PIXELS


def _next(sizes: Mapping[str, int], last: Factors, scale: Mapping[str, float]) -> Factors:
    finest_plane_step = min(scale[axis] * last[axis] for axis in "yx")
    remaining = _reduced(sizes, last)
    following = dict(last)
    for axis in "zyx":
        thick_slices = axis == "z" and scale.get("z", 1.0) * last.get("z", 1) > finest_plane_step
        if remaining.get(axis, 1) > 1 and not thick_slices:
            following[axis] = last[axis] * 2
    return following


def _reduced(sizes: Mapping[str, int], factors: Factors) -> dict[str, int]:
    return {axis: math.ceil(size / factors[axis]) for axis, size in sizes.items()}


def block_mean(data: NDArray[Any], factors: Sequence[int]) -> NDArray[Any]:
    """Mean of each block of pixels, in the image's own type; a block cut by the border repeats the last pixel.

    Examples
    --------
    >>> block_mean(np.array([[1, 3, 9]], dtype="uint8"), (1, 2))
    array([[2, 9]], dtype=uint8)
    """
    if all(factor == 1 for factor in factors):
        return data
    padded = np.pad(data, [(0, -size % f) for size, f in zip(data.shape, factors, strict=True)], mode="edge")
    blocks = [side for size, f in zip(padded.shape, factors, strict=True) for side in (size // f, f)]
    mean: NDArray[Any] = padded.reshape(blocks).mean(axis=tuple(range(1, len(blocks), 2)), dtype=np.float64)
    whole = data.dtype.kind in "iu"
    return (np.rint(mean) if whole else mean).astype(data.dtype, copy=False)


def block_pick(data: NDArray[Any], factors: Sequence[int]) -> NDArray[Any]:
    """One pixel of each block, next to its centre: labels must not be mixed.

    Examples
    --------
    >>> block_pick(np.array([[1, 2, 3, 4, 5]], dtype="uint8"), (1, 2))
    array([[2, 4, 5]], dtype=uint8)
    """
    picked = data
    for axis, factor in enumerate(factors):
        blocks = math.ceil(data.shape[axis] / factor)
        at = np.minimum(np.arange(blocks) * factor + factor // 2, data.shape[axis] - 1)
        picked = np.take(picked, at, axis=axis)
    return picked
