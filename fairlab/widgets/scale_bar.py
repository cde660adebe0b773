"""The scale bar: a round length, drawn to the pixel, readable on bright and on dark."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

SHARE = 0.25
"""Largest part of a picture's width that a bar takes."""
_STEPS = (5, 2, 1)


@dataclass(frozen=True, kw_only=True)
class ScaleBar:
    """A bar to draw."""

    length: float
    """Its length in ``unit``: 1, 2 or 5 times a power of ten."""
    unit: str
    """``"nm"``, ``"µm"``, ``"mm"``, or ``"px"`` (pixels of full resolution) for an image without units."""
    width_px: int
    """Its length on the picture, in the picture's own pixels."""

    @property
    def text(self) -> str:
        """Length with unit, as drawn: ``"20 µm"``."""
        return f"{self.length:g} {self.unit}"


def choose(picture_width_px: int, *, pixel_um: float | None, pixel_px: float = 1.0) -> ScaleBar | None:
    """The largest bar of round length that takes at most a quarter of the picture's width.

    Parameters
    ----------
    picture_width_px : int
        Width of the picture as drawn, in its own pixels.
    pixel_um : float or None
        Width of one such pixel in micrometer; None when the image states no unit.
    pixel_px : float
        Width of one such pixel in pixels of full resolution; used without a unit.

    Returns
    -------
    ScaleBar or None
        None when the picture is too narrow for a bar of one pixel.

    Examples
    --------
    >>> choose(512, pixel_um=0.325).text, choose(512, pixel_um=0.004).text, choose(512, pixel_um=None).text
    ('20 µm', '500 nm', '100 px')
    """
    is_px = pixel_um is None
    pixel = pixel_px if pixel_um is None else pixel_um
    room = SHARE * picture_width_px * pixel
    if not (math.isfinite(pixel) and math.isfinite(room) and room > 0):
        return None
    length = _round_down(room)
    if is_px and length < 1:
        length = 1.0  # there is nothing between two pixels to measure
    width = round(length / pixel)
    if not 1 <= width <= picture_width_px:
        return None
    return ScaleBar(length=length, unit="px", width_px=width) if is_px else _in_unit(length, width)


def bars(pixel_um: float | None, *, most_px: float) -> list[tuple[float, str]]:
    """All bars that a front-end may need: length in pixels of full resolution, and text; the longest first.

    Parameters
    ----------
    pixel_um : float or None
        Width of a pixel of full resolution in micrometer; None when the image states no unit.
    most_px : float
        Length of the longest, in such pixels; the shortest is a ten-thousandth of a pixel, or one without a unit.

    Examples
    --------
    >>> bars(0.5, most_px=50)[:3], bars(None, most_px=7)
    ([(40.0, '20 µm'), (20.0, '10 µm'), (10.0, '5 µm')], [(5.0, '5 px'), (2.0, '2 px'), (1.0, '1 px')])
    """
    pixel = 1.0 if pixel_um is None else pixel_um
    if not 0 < pixel * most_px < math.inf:
        return []
    least = 1.0 if pixel_um is None else 1e-4 * pixel
    lengths = [length for length in _round_lengths(pixel * most_px) if length >= least]
    if pixel_um is None:
        return [(length, f"{length:g} px") for length in lengths]
    return [(length / pixel, _in_unit(length, 0).text) for length in lengths]


def _round_down(room: float) -> float:
    return next(_round_lengths(room), room)  # below the smallest normal float there is none


def _round_lengths(room: float) -> Iterator[float]:
    """1, 2 or 5 times powers of ten that find room, the longest first."""
    power = math.floor(math.log10(room))
    for exponent in range(power + 1, power - 13, -1):
        for step in _STEPS:
            # From text, so that 2e-1 is the nearest float to 0.2.
            length = float(f"{step}e{exponent}")
            if 0 < length <= room * (1 + 1e-9):
                yield length


def _in_unit(length_um: float, width_px: int) -> ScaleBar:
    for unit, factor, below in (("nm", 1e3, 1.0), ("µm", 1.0, 1e3)):
        if length_um < below:
            return ScaleBar(length=_tidy(length_um * factor), unit=unit, width_px=width_px)
    return ScaleBar(length=_tidy(length_um / 1e3), unit="mm", width_px=width_px)


def _tidy(length: float) -> float:
    return float(f"{length:.6g}")


def draw(
    picture: NDArray[np.uint8], bar: ScaleBar, *, margin: int, thickness: int, floor: int | None = None
) -> tuple[int, int, bool]:
    """Draw a bar into the lower right corner, in place.

    It is black or white, whichever the ground there calls for, in a halo of the other.

    Parameters
    ----------
    picture : numpy.ndarray
        ``(y, x, 3)``, uint8.
    bar : ScaleBar
        What to draw; it is exactly ``bar.width_px`` pixels long.
    margin, thickness : int
        Pixels to the right edge, and of the bar's height.
    floor : int, optional
        Pixels to the lower edge, when not ``margin``.

    Returns
    -------
    tuple of int, int, bool
        Column of the bar's middle, row of its top, and whether it is white.
    """
    rows, columns, _ = picture.shape
    right = columns - min(margin, columns - bar.width_px)
    left = right - bar.width_px
    bottom = rows - min(margin if floor is None else floor, max(0, rows - thickness))
    top = max(0, bottom - thickness)
    ground = picture[max(0, top - 5 * thickness) : bottom, left:right]
    is_white = bool(ground.mean() < 128)
    halo = max(1, thickness // 4)
    picture[max(0, top - halo) : bottom + halo, max(0, left - halo) : right + halo] = 0 if is_white else 255
    picture[top:bottom, left:right] = 255 if is_white else 0
    return (left + right) // 2, top, is_white
