"""A quick look at fields of a plate, before they are compared with the first: for small pictures, not for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.lazy import LazyPart, parts_of
from fairlab.net.plate_pixels import PlatePixels

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr
    from numpy.typing import NDArray

_PLACES = 3  # axes of the plate itself: row, column, field


def prepare(fields: Iterable[xr.Variable]) -> None:
    """Ask what must be known before :func:`glance` may guess, for many fields in one trip."""
    cells: dict[int, tuple[PlatePixels, list[tuple[int, int, int]]]] = {}
    for field in fields:
        if (found := _stored(field)) is not None:
            _, pixels, key = found
            row, column, number = key[:_PLACES]
            cells.setdefault(id(pixels), (pixels, []))[1].append((row, column, number))
    for pixels, wanted in cells.values():
        pixels.learn_wells(wanted)


def glance(field: xr.Variable) -> NDArray[Any]:
    """Pixels of one field.

    Parameters
    ----------
    field : Variable
        Selected from a level of a plate; may be narrowed and transposed.

    Raises
    ------
    FairlabError
        See :meth:`fairlab.net.plate_pixels.PlatePixels.glance`.

    Examples
    --------
    >>> import fairlab
    >>> level = fairlab.open_plate("sample:plate")["scale1/image"]
    >>> glance(level.variable.isel(row=1, column=2, field=0)).shape == level.shape[3:]
    True
    """
    found = _stored(field)
    if found is None:  # in memory, computed, or of dask
        pixels: NDArray[Any] = field.values
        return pixels
    part, stored, key = found
    return part.subset.arranged(stored.glance(key))


def _stored(field: xr.Variable) -> tuple[LazyPart, PlatePixels, tuple[Any, ...]] | None:
    """The stored field that stands behind, where it is one and nothing was done to it but selecting."""
    data: Any = field._data
    if hasattr(data, "__dask_graph__"):
        return None
    for part in parts_of(data):
        key = part.subset.outer_key
        if isinstance(part.pixels, PlatePixels) and key and all(isinstance(k, int) for k in key[:_PLACES]):
            return part, part.pixels, key
    return None
