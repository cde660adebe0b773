"""Where the samples of each level lie along one dimension of the plane, and which of them a stretch holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlab.errors import SelectionError
from fairlab.pixel_sizes import spacing
from fairlab.quantities import unit_um

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr


@dataclass(frozen=True, kw_only=True)
class Ruler:
    """Evenly spaced samples; positions are in the coordinate's own unit, or count samples of full resolution."""

    first: float
    """Position of the centre of the first sample."""
    step: float
    """From one sample to the next; below zero where the coordinate falls."""
    size: int
    """Number of samples."""
    unit: str | None = None
    """Unit of positions, as the image names it."""
    is_counted: bool = False
    """Whether positions only count samples: the image states none."""

    @property
    def edges(self) -> tuple[float, float]:
        """Where the first sample begins and the last one ends, the lower first."""
        ends = self.first - self.step / 2, self.first + self.step * (self.size - 0.5)
        return min(ends), max(ends)

    def inside(self, low: float, high: float) -> slice:
        """The samples whose centres lie in a stretch, as xarray's own ``slice`` of positions takes them.

        Examples
        --------
        >>> Ruler(first=10.0, step=0.5, size=8).inside(10.4, 11.5)
        slice(1, 4, None)
        """
        a, b = sorted(((low - self.first) / self.step, (high - self.first) / self.step))
        # The last digits of positions that went through a front-end are not exact.
        return slice(max(0, math.ceil(a - 1e-6)), max(0, min(self.size, math.floor(b + 1e-6) + 1)))

    def touching(self, low: float, high: float) -> slice:
        """The samples of which a stretch shows any part; at least one.

        Examples
        --------
        >>> Ruler(first=10.0, step=0.5, size=8).touching(10.4, 11.5), Ruler(first=0, step=-1, size=5).touching(-9, -8)
        (slice(1, 4, None), slice(4, 5, None))
        """
        a, b = sorted(((low - self.first) / self.step + 0.5, (high - self.first) / self.step + 0.5))
        start = min(max(0, math.floor(a + 1e-6)), self.size - 1)
        return slice(start, max(start + 1, min(self.size, math.ceil(b - 1e-6))))


def ruler(array: xr.DataArray, dim: str, *, unit: str | None = None) -> Ruler | None:
    """The ruler that an array's coordinate gives, in its own unit or another; None where it is not even numbers."""
    try:
        step = spacing(array, dim)
    except (SelectionError, ValueError, TypeError):
        return None
    stated = array.coords[dim].attrs.get("units")
    own = stated if isinstance(stated, str) and stated else None
    ratio = (_um(own) / _um(unit)) if unit else 1.0
    return Ruler(
        first=float(array.coords[dim].values[0]) * ratio,
        step=step * ratio,
        size=array.sizes[dim],
        unit=unit or own,
    )


def _um(unit: str | None) -> float:
    return (unit_um(unit) if unit else None) or 1.0


def spanning(whole: Ruler, size: int) -> Ruler:
    """As many samples as stated, over the same field."""
    low, high = whole.edges
    step = math.copysign((high - low) / size, whole.step)
    first = (low if step > 0 else high) + step / 2
    return Ruler(first=first, step=step, size=size, unit=whole.unit, is_counted=whole.is_counted)


def rulers(levels: Sequence[xr.DataArray], dim: str) -> list[Ruler]:
    """The rulers of all levels of an image, finest first, in one unit.

    A level that states no positions is taken to span the field of the finest.
    """
    finest = ruler(levels[0], dim)
    if finest is None:
        finest = Ruler(first=0.0, step=1.0, size=levels[0].sizes[dim], is_counted=True)
        return [finest, *(spanning(finest, level.sizes[dim]) for level in levels[1:])]
    rest = [ruler(level, dim, unit=finest.unit) or spanning(finest, level.sizes[dim]) for level in levels[1:]]
    return [finest, *rest]
