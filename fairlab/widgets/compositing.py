"""From numbers to colours, in numpy alone: windows, channels added as light, labels laid over.

A front-end that draws by itself follows these lines: ``clip((v - start) / (end - start), 0, 1)`` per
channel, to the power of its gamma, times its colour, summed, clipped and rounded to 8 bit.
"""

from __future__ import annotations

import functools
import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from fairlab.widgets.channels import Channel, Window

PERCENTILES = (0.5, 99.8)
"""Share of pixels (percent) darker than the start and the end of an automatic window."""
_PALETTE_SIZE = 997
_GOLDEN = (math.sqrt(5) - 1) / 2


def auto_window(values: NDArray[np.generic]) -> Window:
    """The window that shows most of what a plane holds.

    Parameters
    ----------
    values : numpy.ndarray
        Numbers of any real type; NaN and infinities are passed over.

    Returns
    -------
    tuple of float
        Percentiles 0.5 and 99.8; the extremes where those coincide (a few bright spots on nothing);
        a range from zero where all pixels are equal; ``(0, 1)`` where there is no finite number.

    Examples
    --------
    >>> auto_window(np.array([[5, 5], [5, 5]])), auto_window(np.array([np.nan]))
    ((0.0, 5.0), (0.0, 1.0))
    """
    numbers = values[np.isfinite(values)].astype(np.float64)
    if numbers.size == 0:
        return 0.0, 1.0
    with np.errstate(over="ignore", invalid="ignore"):
        low, high = (float(edge) for edge in np.percentile(numbers, PERCENTILES))
    if not low < high:
        low, high = float(numbers.min()), float(numbers.max())
    if low == high:
        low, high = min(0.0, low), max(0.0, high)
    return (low, high) if low < high else (0.0, 1.0)


def intensity(values: NDArray[np.generic], window: Window) -> NDArray[np.float32]:
    """Brightness from 0 to 1 of each value; NaN is 0, and a window without width is a threshold.

    Examples
    --------
    >>> intensity(np.array([0, 50, 100, 200]), (0, 100)).tolist()
    [0.0, 0.5, 1.0, 1.0]
    """
    start, end = window
    numbers = np.asarray(values, dtype=np.float64)
    # Halves first: the width of a window may itself be beyond the largest float.
    half_width = end / 2 - start / 2
    if half_width == 0:
        return (numbers > start).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        share = (numbers / 2 - start / 2) / half_width
    return np.clip(np.nan_to_num(share, nan=0.0, posinf=1.0, neginf=0.0), 0, 1).astype(np.float32)


def composite(planes: Sequence[NDArray[np.generic]], channels: Sequence[Channel]) -> NDArray[np.uint8]:
    """Add the active channels as coloured light.

    Parameters
    ----------
    planes : sequence of numpy.ndarray
        One plane of shape ``(y, x)`` per channel; those of inactive channels are not looked at.
    channels : sequence of Channel
        Colour and window of each; a missing window is taken from the plane.

    Returns
    -------
    numpy.ndarray
        ``(y, x, 3)``, uint8. Red, green and blue with windows 0–255 come out as they went in.
    """
    rows, columns = planes[0].shape
    light = np.zeros((rows, columns, 3), np.float32)
    for plane, channel in zip(planes, channels, strict=True):
        if channel.active:
            shown = intensity(plane, channel.window or auto_window(plane))
            if channel.gamma != 1:
                shown = shown ** np.float32(channel.gamma)
            for band, share in enumerate(rgb_of(channel.color)):
                if share:
                    light[..., band] += shown * np.float32(share / 255)
    return np.rint(np.clip(light, 0, 1) * 255).astype(np.uint8)


def rgb_of(color: str) -> tuple[int, int, int]:
    """Red, green and blue of ``"#RRGGBB"``, 0 to 255.

    Examples
    --------
    >>> rgb_of("#4477FF")
    (68, 119, 255)
    """
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def label_colors(labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """The colour of each label: always the same for a number, whatever its integer type or neighbours.

    Hues of following numbers are a golden section of the circle apart, so touching objects differ.
    """
    # int64 would bend the largest uint64; everything smaller fits.
    wide = labels if labels.dtype.itemsize == 8 else labels.astype(np.int64)
    colors: NDArray[np.uint8] = palette()[np.remainder(wide, wide.dtype.type(_PALETTE_SIZE)).astype(np.int64)]
    return colors


_LEAST_LIGHT = 0.5


@functools.cache
def palette() -> NDArray[np.uint8]:
    """Colours of labels, ``(997, 3)``; a label takes the one of its number modulo their count."""
    number = np.arange(_PALETTE_SIZE)
    hue = (number * _GOLDEN) % 1.0
    # Bright throughout (they lie on dark pictures), in three steps of lightness.
    floor = np.choose(number % 3, [0.0, 0.25, 0.45])
    sector = (np.array([5, 3, 1]) + hue[:, None] * 6) % 6
    pure = 1 - np.clip(np.minimum(sector, 4 - sector), 0, 1)
    colors: NDArray[np.float64] = floor[:, None] + (1 - floor[:, None]) * pure
    # Pure blue is dark to the eye, and lost on a blue channel: as much white as makes it as light as the others.
    light = colors @ np.array([0.2126, 0.7152, 0.0722])
    white = np.clip((_LEAST_LIGHT - light) / (1 - light), 0, 1)[:, None]
    made: NDArray[np.uint8] = np.rint((colors + (1 - colors) * white) * 255).astype(np.uint8)
    return made


def edges(labels: NDArray[np.integer], *, thickness: int = 1) -> NDArray[np.bool_]:
    """Pixels of objects that touch another object or the background, ``thickness`` pixels deep."""
    inner = labels != 0
    for _ in range(thickness):
        kept = inner.copy()
        for axis in (0, 1):
            a = [slice(None), slice(None)]
            b = [slice(None), slice(None)]
            a[axis], b[axis] = slice(1, None), slice(None, -1)
            ahead, behind = tuple(a), tuple(b)
            same = (labels[ahead] == labels[behind]) & inner[ahead] & inner[behind]
            kept[ahead] &= same
            kept[behind] &= same
        inner = kept
    rim: NDArray[np.bool_] = (labels != 0) & ~inner
    return rim


def overlay(
    picture: NDArray[np.uint8],
    labels: NDArray[np.integer],
    *,
    outline: bool = True,
    opacity: float = 0.4,
    thickness: int = 1,
) -> NDArray[np.uint8]:
    """Lay labels over a picture.

    Parameters
    ----------
    picture : numpy.ndarray
        ``(y, x, 3)``, uint8.
    labels : numpy.ndarray
        ``(y, x)``, integers; 0 is background and stays as it is.
    outline : bool
        Draw outlines in full colour (default), else fill areas.
    opacity : float
        Of filled areas, 0 to 1.
    thickness : int
        Of outlines, pixels.
    """
    where = edges(labels, thickness=thickness) if outline else labels != 0
    share = 1.0 if outline else opacity
    result = picture.copy()
    mixed = (1 - share) * picture[where].astype(np.float32) + share * label_colors(labels[where])
    result[where] = np.rint(mixed).astype(np.uint8)
    return result
