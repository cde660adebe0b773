"""A quick look at fields of a plate, before they are compared with the first: for small pictures, not for numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.lazy import LazyPart, parts_of
from fairlab.net import plate_glance
from fairlab.net.plate_pixels import PlatePixels

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import xarray as xr
    from numpy.typing import NDArray

_PLACES = 3  # axes of the plate itself: row, column, field


def prepare(fields: Iterable[xr.Variable]) -> None:
    """Ask what must be known before :func:`glance` may guess, for many fields in one trip."""
    for pixels, cells in _by_plate(fields):
        plate_glance.learn_wells(pixels, cells.values())


def glance(field: xr.Variable) -> NDArray[Any]:
    """Pixels of one field.

    Parameters
    ----------
    field : Variable
        Selected from a level of a plate; may be narrowed and transposed.

    Raises
    ------
    FairlabError
        See :func:`fairlab.net.plate_glance.glance`.

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
    return part.subset.arranged(plate_glance.glance(stored, key))


def misplaced(fields: Iterable[xr.Variable]) -> set[int]:
    """Numbers of those fields that :func:`glance` may have taken for others: their wells have them elsewhere.

    The wells are asked now, all in one trip; another glance at these fields is right.
    """
    return {
        number
        for pixels, cells in _by_plate(fields)
        for wrong in [plate_glance.misplaced(pixels, list(cells.values()))]
        for number, cell in cells.items()
        if cell in wrong
    }


def _by_plate(fields: Iterable[xr.Variable]) -> Iterator[tuple[PlatePixels, dict[int, tuple[int, int, int]]]]:
    """Fields that are stored, by their number, for each level of a plate."""
    found: dict[int, tuple[PlatePixels, dict[int, tuple[int, int, int]]]] = {}
    for number, field in enumerate(fields):
        if (stored := _stored(field)) is not None:
            _, pixels, (row, column, place, *_) = stored
            found.setdefault(id(pixels), (pixels, {}))[1][number] = (row, column, place)
    yield from found.values()


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
