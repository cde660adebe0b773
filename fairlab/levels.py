"""Which level of an image: by pixel size, by number of pixels, by bytes.

Sizes are micrometer throughout. Geometry is read from coordinates, never from attributes, so it stays
right after cropping and striding.
"""

from __future__ import annotations

import math
import numbers
import re
import warnings
from typing import TYPE_CHECKING

import numpy as np

from fairlab import options
from fairlab.errors import FairlabWarning, SelectionError
from fairlab.ngff.units import LENGTHS_M, unit_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

SPACE = ("z", "y", "x")
"""Names of the axes of space, slowest first."""

TOLERANCE = 0.05
"""A level counts as fine enough when its pixels are at most this much larger than asked."""

_QUANTITY = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\W\d_]*)\s*")


def unit_um(unit: str) -> float | None:
    """Micrometers in one unit of length, by name or symbol; None when it is no unit of length.

    Examples
    --------
    >>> unit_um("nanometer"), unit_um("µm"), unit_um("second")
    (0.001, 1.0, None)
    """
    length_m = LENGTHS_M.get(unit_name(unit) or "")
    # Powers of ten are not exact in binary: 15 digits make a millimeter 1000 µm again.
    return None if length_m is None else float(f"{length_m * 1e6:.15g}")


def quantity_um(value: float | str) -> float:
    """A length in micrometer.

    Parameters
    ----------
    value : float or str
        A number is micrometer; text states its unit, by NGFF name or symbol: ``"4 nm"``, ``"0.5 µm"``.

    Raises
    ------
    SelectionError
        kind ``"quantity"``: not a finite length above zero, or the unit is unknown.

    Examples
    --------
    >>> quantity_um("4 nm"), quantity_um(0.5), quantity_um("1 mm")
    (0.004, 0.5, 1000.0)
    """
    length = _parse(value)
    if length is None or not math.isfinite(length) or length <= 0:
        raise SelectionError(
            f"{value!r} is not a length\n"
            '  expected a number above zero (micrometer), or one with its unit: "4 nm", "0.5 µm", "1 mm"',
            kind="quantity",
            value=str(value),
        )
    return length


def _parse(value: object) -> float | None:
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value)
    match = _QUANTITY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return None
    factor = unit_um(match[2]) if match[2] else 1.0
    return None if factor is None else float(match[1]) * factor


def variable(level: xr.Dataset | xr.DataArray) -> xr.DataArray:
    """The pixels of one level: its variable ``image`` or ``labels``, or the only one there is.

    Raises
    ------
    SelectionError
        kind ``"no-image"``.
    """
    import xarray as xr

    if isinstance(level, xr.DataArray):
        return level
    for name in ("image", "labels"):
        if name in level.data_vars:
            return level[name]
    if len(level.data_vars) == 1:
        return next(iter(level.data_vars.values()))
    raise SelectionError(
        f'this level has no variable "image" (found: {", ".join(map(str, level.data_vars)) or "nothing"})\n'
        "  give the DataTree from fairlab.open_image, or the DataArray itself",
        kind="no-image",
    )


def level_names(tree: xr.DataTree) -> list[str]:
    """Names of the levels, full resolution first: ``["scale0", "scale1", …]``.

    Raises
    ------
    SelectionError
        kind ``"no-levels"``: this is not the tree of an image.
    """
    numbered = {name: re.fullmatch(r"scale(\d+)", str(name)) for name in tree.children}
    names = sorted((name for name, match in numbered.items() if match), key=lambda name: int(name[5:]))
    if not names:
        raise SelectionError(
            f"this tree has no levels (children: {', '.join(map(str, tree.children)) or 'none'})\n"
            "  expected scale0, scale1 …, as fairlab.open_image gives them",
            kind="no-levels",
        )
    return names


def spacing(array: xr.DataArray, dim: str) -> float:
    """Distance of neighbouring samples along one axis, in the coordinate's own unit; below zero when it falls.

    Raises
    ------
    SelectionError
        kind ``"spacing-unknown"``: one sample of unstated extent, or no coordinate;
        kind ``"spacing-irregular"``: the samples are not evenly spaced.
    """
    if dim not in array.coords:
        raise SelectionError(
            f'axis "{dim}" has no coordinate, so no pixel size', kind="spacing-unknown", dim=dim
        )
    coord = array.coords[dim]
    if coord.size < 2:
        # One sample has no neighbour: only the reader that made the coordinate knows how far it would be.
        if "spacing" not in coord.attrs:
            raise SelectionError(
                f'axis "{dim}" has one sample and does not say how large it is',
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
    return {d: abs(spacing(array, d)) * axis_um(array, d) for d in SPACE if d in array.dims}


def choose(tree: xr.DataTree, *, pixel_size: float | str | None = None, max_pixels: int | None = None) -> str:
    """Name of the level that serves a purpose with the fewest pixels.

    Parameters
    ----------
    tree : DataTree
        An image, as :func:`fairlab.open_image` gives it.
    pixel_size : float or str, optional
        Wanted size of a pixel, a number in micrometer or text such as ``"4 nm"``: the coarsest level whose
        pixels are not larger (5 % are forgiven). Finer than there is gives full resolution and a
        :class:`~fairlab.errors.FairlabWarning`.
    max_pixels : int, optional
        Most pixels that one plane (y · x) may have: the finest such level, or the coarsest of all. With
        ``pixel_size`` the coarser choice of the two counts. With neither, full resolution.

    Raises
    ------
    SelectionError
        kind ``"unitless"``: a size was asked of an image without units; ``"quantity"``, ``"no-levels"``.
    """
    names = level_names(tree)
    wanted = [0]
    if pixel_size is not None:
        wanted.append(_by_size(tree, names, quantity_um(pixel_size)))
    if max_pixels is not None:
        planes = [variable(tree[name].to_dataset()).sizes for name in names]
        fitting = [i for i, sizes in enumerate(planes) if sizes["y"] * sizes["x"] <= max_pixels]
        wanted.append(fitting[0] if fitting else len(names) - 1)
    return names[max(wanted)]


def _by_size(tree: xr.DataTree, names: list[str], asked_um: float) -> int:
    sizes = [_plane_um(tree[name].to_dataset()) for name in names]
    fine = [i for i, size in enumerate(sizes) if size <= asked_um * (1 + TOLERANCE)]
    if fine:
        return max(fine, key=lambda i: (sizes[i], -i))
    warnings.warn(
        f"pixels of {asked_um:g} µm were asked for; the finest there are measure {sizes[0]:g} µm and are used",
        FairlabWarning,
        stacklevel=4,
    )
    return 0


def _plane_um(level: xr.Dataset) -> float:
    array = variable(level)
    return max(abs(spacing(array, dim)) * axis_um(array, dim) for dim in ("y", "x"))


def check_size(array: xr.DataArray, *, hint: str, itemsize: int = 1) -> None:
    """Refuse a read that would not fit comfortably in memory; nothing is read.

    Parameters
    ----------
    array : DataArray
        What is about to be loaded.
    hint : str
        What to do instead.
    itemsize : int
        Bytes that one result takes per pixel, where that is more than the pixel itself.

    Raises
    ------
    SelectionError
        kind ``"read-too-large"``: more than :func:`fairlab.options.max_read_bytes`.
    """
    limit = options.max_read_bytes()
    needed = array.size * max(array.dtype.itemsize, itemsize)
    if needed > limit:
        sizes = ", ".join(f"{dim} {size:,}" for dim, size in array.sizes.items()) or "one value"
        raise SelectionError(
            f"this needs {needed / 1e9:.3g} GB ({sizes}); at most {limit / 1e9:.3g} GB are loaded at once\n"
            f"  {hint}, or raise fairlab.set_options(max_read_bytes=…)",
            kind="read-too-large",
            bytes=needed,
            max_bytes=limit,
        )
