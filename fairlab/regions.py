"""Part of an image by where it lies in the world: a box around a point, or the samples nearest to positions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.errors import SelectionError, warn
from fairlab.hints import did_you_mean
from fairlab.pixel_sizes import axis_um, is_physical, space_dims, spacing
from fairlab.quantities import position, quantity_um

if TYPE_CHECKING:
    import xarray as xr

Quantity = float | str
Center = Mapping[str, Quantity] | Sequence[Quantity]

_SLACK = 1e-6  # of a pixel: positions are sums of binary fractions


def crop(array: xr.DataArray, *, center: Center, width: Quantity | Mapping[str, Quantity]) -> xr.DataArray:
    """The samples inside a box; nothing is read.

    Parameters
    ----------
    array : DataArray
        One level of an image, in any order of axes; axes may fall.
    center : mapping or sequence
        ``{"x": 12.3, "y": "4 um"}``, or ``(y, x)``, ``(z, y, x)``; a number is in the axis' own unit, as for
        ``.sel``. Axes that are not named stay whole.
    width : float, str or mapping
        Full width of the box, one for all axes or one for each; a number is micrometer (on an axis that is
        no length: in its own unit).

    Returns
    -------
    DataArray
        As many samples as fit the width, at least one on each axis; lazy as before.

    Raises
    ------
    SelectionError
        kind ``"outside"``: the box and the image do not meet; ``"dimension-unknown"``, ``"quantity"``,
        ``"unitless"``, ``"spacing-unknown"``, ``"spacing-irregular"``.

    Warns
    -----
    FairlabWarning
        The box goes beyond the image, and was clipped.

    Examples
    --------
    >>> import xarray as xr
    >>> x = ("x", [0.0, 0.5, 1.0, 1.5, 2.0, 2.5], {"units": "micrometer"})
    >>> line = xr.DataArray(range(6), dims="x", coords={"x": x})
    >>> crop(line, center={"x": 1.1}, width="1 um").values
    array([2, 3])
    """
    centers = center if isinstance(center, Mapping) else _by_axis(array, center)
    parts, clipped = {}, []
    for dim, value in centers.items():
        _check_dim(array, dim)
        step, first = spacing(array, dim), float(array.coords[dim].values[0])
        unit = array.coords[dim].attrs.get("units")
        middle = (position(value, unit=unit, dim=dim) - first) / step
        half = abs(_length(array, dim, width) / step) / 2
        n = array.sizes[dim]
        if middle + half < -0.5 - _SLACK or middle - half > n - 0.5 + _SLACK:
            raise _outside(array, dim, value)
        start, stop = math.ceil(middle - half - _SLACK), math.ceil(middle + half - _SLACK)
        if stop <= start:  # narrower than a pixel: the one it lies in
            start = math.floor(middle + 0.5)
            stop = start + 1
        if middle - half < -0.5 - _SLACK or middle + half > n - 0.5 + _SLACK:
            clipped.append(dim)
        start = min(max(start, 0), n - 1)
        parts[dim] = slice(start, max(min(stop, n), start + 1))
    part = array.isel(parts)
    if clipped:
        left = " × ".join(f"{dim} {part.sizes[dim]}" for dim in parts)
        warn(
            f"the box goes beyond the image along {', '.join(clipped)} and was clipped: {left} samples are left"
        )
    return part


def at(array: xr.DataArray, positions: Mapping[str, Any]) -> xr.DataArray:
    """The samples nearest to positions, also where ``.sel`` would want an exact one; nothing is read.

    Parameters
    ----------
    array : DataArray
        One level of an image.
    positions : mapping of str to value
        For each axis a number in its own unit, text with a unit (``"12 um"``), or an array of numbers
        (DataArrays that share a dimension select point by point, as in xarray), or a slice of positions,
        which takes all samples between them; on an axis of names (channels, wells) the name, exactly.

    Raises
    ------
    SelectionError
        kind ``"outside"``: more than half a pixel beyond the first or last sample; ``"label-unknown"``,
        ``"dimension-unknown"``, ``"quantity"``.

    Examples
    --------
    >>> import xarray as xr
    >>> x = ("x", [0.0, 0.5, 1.0], {"units": "micrometer"})
    >>> at(xr.DataArray([1, 2, 3], dims="x", coords={"x": x}), {"x": "600 nm"}).item()
    2
    """
    indexers = {}
    for dim, value in positions.items():
        _check_dim(array, dim)
        if array.coords[dim].dtype.kind not in "iuf":
            indexers[dim] = _label(array, dim, value)
        else:
            indexers[dim] = (
                _between(array, dim, value) if isinstance(value, slice) else _nearest(array, dim, value)
            )
    return array.isel(indexers)


def _nearest(array: xr.DataArray, dim: str, value: Any) -> Any:
    coord = array.coords[dim]
    if isinstance(value, str) or np.ndim(value) == 0:
        number = value if isinstance(value, str) else np.asarray(value).item()
        asked = np.asarray(position(number, unit=coord.attrs.get("units"), dim=dim))
    else:
        asked = np.asarray(value, dtype=float)
    places = coord.values.astype(float)
    order = np.argsort(places)
    rising = places[order]
    middles = (rising[1:] + rising[:-1]) / 2
    low, high = _extent(array, dim)
    slack = _SLACK * (high - low) / coord.size
    beyond = (asked < low - slack) | (asked > high + slack) | np.isnan(asked)
    if beyond.any():
        raise _outside(array, dim, value if asked.ndim == 0 else asked[beyond].flat[0])
    index = order[np.searchsorted(middles, asked)]
    return value.copy(data=index) if hasattr(value, "dims") and asked.ndim else index


def _between(array: xr.DataArray, dim: str, part: slice) -> slice:
    """Indexes of the samples from one position to another, whichever way the axis runs."""
    coord = array.coords[dim]
    low, high = _extent(array, dim)
    ends = [
        default if end is None else position(end, unit=coord.attrs.get("units"), dim=dim)
        for end, default in ((part.start, low), (part.stop, high))
    ]
    inside = np.flatnonzero((coord.values >= min(ends)) & (coord.values <= max(ends)))
    if not inside.size:
        raise _outside(array, dim, f"{part.start} to {part.stop}")
    return slice(int(inside[0]), int(inside[-1]) + 1, part.step)


def _label(array: xr.DataArray, dim: str, value: Any) -> Any:
    names = array.coords[dim].values.tolist()
    if isinstance(value, slice):
        first, last = (None if end is None else _label(array, dim, end) for end in (value.start, value.stop))
        return slice(first, None if last is None else last + 1, value.step)
    many = isinstance(value, list | tuple | np.ndarray)
    wanted = list(value) if many else [value.item() if hasattr(value, "item") else value]
    for name in wanted:
        if name not in names:
            texts = [str(known) for known in names]
            raise SelectionError(
                f"there is no {dim}={name!r}{did_you_mean(name, texts)}\n"
                f"  found: {', '.join(texts[:20])}{' …' if len(texts) > 20 else ''}",
                kind="label-unknown",
                dim=dim,
            )
    found = [names.index(name) for name in wanted]
    return found if many else found[0]


def _by_axis(array: xr.DataArray, center: Sequence[Quantity]) -> dict[str, Quantity]:
    listed = isinstance(center, Sequence | np.ndarray) and not isinstance(center, str)
    dims = list(space_dims(array)[-len(center) :]) if listed else []
    if not dims or len(dims) != len(center):
        raise SelectionError(
            f"center={center!r} does not say which axis is meant\n"
            '  give {"y": …, "x": …}, or positions in the order (z, y, x) or (y, x)',
            kind="quantity",
        )
    return dict(zip(dims, center, strict=True))


def _check_dim(array: xr.DataArray, dim: str) -> None:
    if dim not in array.dims:
        raise SelectionError(
            f'there is no axis "{dim}" to select on\n  axes are: {", ".join(map(str, array.dims))}',
            kind="dimension-unknown",
            dim=dim,
        )
    if not array.sizes[dim]:
        raise SelectionError(f'axis "{dim}" is empty, so nothing is at any position', kind="outside", dim=dim)
    if dim not in array.coords:
        raise SelectionError(
            f'axis "{dim}" has no positions; select by index: .isel({dim}=…)', kind="spacing-unknown", dim=dim
        )


def _length(array: xr.DataArray, dim: str, width: Quantity | Mapping[str, Quantity]) -> float:
    """Width of a box along one axis, in its own unit."""
    if isinstance(width, Mapping):
        if dim not in width:
            raise SelectionError(
                f'width says nothing of axis "{dim}", which center names\n'
                "  give a width for each axis of center, or one for all",
                kind="quantity",
            )
        width = width[dim]
    if is_physical(array, [dim]):
        return quantity_um(width) / axis_um(array, dim)
    length = position(width, unit=array.coords[dim].attrs.get("units"), dim=dim)
    if length <= 0:
        raise SelectionError(f"width={width!r} of axis {dim} is not above zero", kind="quantity")
    return length


def _extent(array: xr.DataArray, dim: str) -> tuple[float, float]:
    """From edge to edge, half a sample beyond the outermost centres."""
    places = np.sort(array.coords[dim].values.astype(float))
    if places.size > 1:
        return places[0] - (places[1] - places[0]) / 2, places[-1] + (places[-1] - places[-2]) / 2
    half = abs(float(array.coords[dim].attrs.get("spacing", 0.0))) / 2
    return places[0] - half, places[0] + half


def _outside(array: xr.DataArray, dim: str, value: object) -> SelectionError:
    low, high = _extent(array, dim)
    unit = array.coords[dim].attrs.get("units") or ""
    asked = f"{value:g}" if isinstance(value, float) else value
    return SelectionError(
        f"{dim}={asked} is outside the image\n  {dim} extends from {low:g} to {high:g} {unit}".rstrip(),
        kind="outside",
        dim=dim,
        extent=(float(low), float(high)),
    )
