"""How far samples lie apart, and how much that is in micrometer.

It is read from coordinates, never from attributes, so it stays right after cropping and striding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fairlab.errors import SelectionError
from fairlab.levels import variable
from fairlab.quantities import unit_um

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

SPACE = ("z", "y", "x")
"""Names of the axes of space, slowest first."""


def space_dims(array: xr.DataArray) -> tuple[str, ...]:
    """The axes of space that an image has, in the order z, y, x; iohub writes their names as capitals.

    Examples
    --------
    >>> import xarray as xr
    >>> space_dims(xr.DataArray([[[1]]], dims=("X", "C", "Y")))
    ('Y', 'X')
    """
    return tuple(dim for name in SPACE for dim in (name, name.upper()) if dim in array.dims)


def spacing(array: xr.DataArray, dim: str) -> float:
    """Distance of neighbouring samples along one axis, in the coordinate's own unit; below zero when it falls.

    Raises
    ------
    SelectionError
        kind ``"spacing-unknown"``: one sample of unstated extent, names, or no coordinate;
        kind ``"spacing-irregular"``: the samples are not evenly spaced.
    """
    if dim not in array.coords:
        raise SelectionError(
            f'axis "{dim}" has no coordinate, so no pixel size\n'
            f'  if you know it: image.assign_coords({dim}=…), with attrs["units"]',
            kind="spacing-unknown",
            dim=dim,
        )
    coord = array.coords[dim]
    if coord.dtype.kind not in "iuf":
        raise SelectionError(
            f'axis "{dim}" has names and no positions; select one of them: .fair.at({dim}=…)',
            kind="spacing-unknown",
            dim=dim,
        )
    if coord.size < 2:
        # One sample has no neighbour: only the reader that made the coordinate knows how far it would be.
        if "spacing" not in coord.attrs:
            raise SelectionError(
                f'axis "{dim}" has one sample and does not say how large it is\n'
                f'  if you know it: image.{dim}.attrs["spacing"] = …, in the unit of the axis',
                kind="spacing-unknown",
                dim=dim,
            )
        return float(coord.attrs["spacing"])
    values = np.asarray(coord.values, dtype=float)
    step = float(values[-1] - values[0]) / (values.size - 1)
    even = values[0] + step * np.arange(values.size)
    if not step or not np.abs(values - even).max() <= 0.01 * abs(step):  # NaN is not even either
        raise SelectionError(
            f'axis "{dim}" is not evenly spaced, so it has no pixel size\n'
            "  select a regular range of it first",
            kind="spacing-irregular",
            dim=dim,
        )
    return step


def axis_um(array: xr.DataArray, dim: str) -> float:
    """Micrometers in one unit of an axis's coordinate.

    Raises
    ------
    SelectionError
        kind ``"unitless"``: the axis states no unit of length.
    """
    unit = array.coords[dim].attrs.get("units") if dim in array.coords else None
    factor = unit_um(unit) if isinstance(unit, str) else None
    if factor is None:
        raise SelectionError(
            f'axis "{dim}" has no unit of length (found: {unit!r}), so nothing can be asked in micrometer\n'
            "  the image does not state one; if you know it, set it on every level, for example\n"
            f'  image.{dim}.attrs["units"] = "micrometer"',
            kind="unitless",
            dim=dim,
        )
    return factor


def is_physical(array: xr.DataArray, dims: Sequence[str]) -> bool:
    """Whether every one of these axes states a unit of length."""
    units = [array.coords[dim].attrs.get("units") if dim in array.coords else None for dim in dims]
    return all(isinstance(unit, str) and unit_um(unit) is not None for unit in units)


def pixel_size_um(level: xr.Dataset | xr.DataArray) -> dict[str, float]:
    """Size of a pixel along each axis of space, in micrometer.

    Parameters
    ----------
    level : Dataset or DataArray
        One level of an image, whole or cropped.

    Raises
    ------
    SelectionError
        kind ``"unitless"``, ``"spacing-unknown"`` or ``"spacing-irregular"``.

    Examples
    --------
    >>> import xarray as xr
    >>> x = ("x", [0.0, 250.0, 500.0], {"units": "nanometer"})
    >>> pixel_size_um(xr.DataArray([1, 2, 3], dims="x", coords={"x": x}))
    {'x': 0.25}
    """
    array = variable(level)
    return {d: abs(spacing(array, d)) * axis_um(array, d) for d in space_dims(array)}
