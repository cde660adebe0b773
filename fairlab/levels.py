"""Which level of an image: by pixel size, by number of pixels, by bytes.

Sizes are micrometer throughout. Geometry is read from coordinates, never from attributes, so it stays
right after cropping and striding.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fairlab import options
from fairlab.errors import FairlabWarning, SelectionError
from fairlab.quantities import quantity_bytes, quantity_um, unit_um

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

SPACE = ("z", "y", "x")
"""Names of the axes of space, slowest first."""

TOLERANCE = 0.05
"""A level counts as fine enough when its pixels are at most this much larger than asked."""


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
    return {d: abs(spacing(array, d)) * axis_um(array, d) for d in SPACE if d in array.dims}


def choose(
    tree: xr.DataTree,
    *,
    pixel_size: float | str | None = None,
    shape: Sequence[int] | None = None,
    max_pixels: int | None = None,
    max_bytes: int | str | None = None,
) -> str:
    """Name of the level that serves a purpose with the fewest pixels.

    Where several are asked for, a level must be fine enough for all of them; a limit goes before what is
    fine enough. With none, full resolution.

    Parameters
    ----------
    tree : DataTree
        An image, as :func:`fairlab.open_image` gives it.
    pixel_size : float or str, optional
        Wanted size of a pixel, a number in micrometer or text such as ``"4 nm"``: the coarsest level whose
        pixels are not larger (5 % are forgiven).
    shape : sequence of int, optional
        Samples that are wanted, ``(y, x)`` or ``(z, y, x)``: the coarsest level that has as many.
    max_pixels : int, optional
        Most pixels that one plane (y · x) may have: the finest such level.
    max_bytes : int or str, optional
        Most bytes that the whole level may take in memory, or ``"64 MB"``: the finest such level.

    Raises
    ------
    SelectionError
        kind ``"unitless"``: a size was asked of an image without units; ``"quantity"``, ``"shape"``,
        ``"no-levels"``.

    Warns
    -----
    FairlabWarning
        Finer than there is was asked for: full resolution is given. Or no level keeps ``max_bytes``: the
        coarsest is given.
    """
    names = level_names(tree)
    arrays = [variable(tree[name].to_dataset()) for name in names]
    fine = [
        *([] if pixel_size is None else [_by_size(arrays, quantity_um(pixel_size))]),
        *([] if shape is None else [_by_shape(arrays, shape)]),
    ]
    small = [
        *(
            []
            if max_pixels is None
            else [_first(arrays, lambda a: math.prod(a.sizes[d] for d in _plane(a)) <= max_pixels)]
        ),
        *([] if max_bytes is None else [_by_bytes(arrays, quantity_bytes(max_bytes))]),
    ]
    return names[max([min(fine, default=0), *small])]


def named(tree: xr.DataTree, level: int | str) -> str:
    """Name of a level that was asked for by its name, or by its number (0 is full resolution, -1 the coarsest).

    Raises
    ------
    SelectionError
        kind ``"level-unknown"``.
    """
    names = level_names(tree)
    if level in names:
        return str(level)
    if isinstance(level, int) and not isinstance(level, bool) and -len(names) <= level < len(names):
        return names[level]
    raise SelectionError(
        f"there is no level {level!r}\n  levels are: {', '.join(names)} (or 0 to {len(names) - 1})",
        kind="level-unknown",
        level=str(level),
    )


def _first(arrays: Sequence[xr.DataArray], fits: Callable[[xr.DataArray], bool]) -> int:
    """The finest level that fits, or the coarsest of all."""
    return next((i for i, array in enumerate(arrays) if fits(array)), len(arrays) - 1)


def _by_bytes(arrays: Sequence[xr.DataArray], most: int) -> int:
    chosen = _first(arrays, lambda array: array.nbytes <= most)
    if arrays[chosen].nbytes > most:
        _warn(
            f"no level takes at most {most:,} bytes; the coarsest takes {arrays[chosen].nbytes:,} and is used"
        )
    return chosen


def _by_size(arrays: Sequence[xr.DataArray], asked_um: float) -> int:
    sizes = [_plane_um(array) for array in arrays]
    fine = [i for i, size in enumerate(sizes) if size <= asked_um * (1 + TOLERANCE)]
    if fine:
        return max(fine, key=lambda i: (sizes[i], -i))
    _warn(
        f"pixels of {asked_um:g} µm were asked for; the finest there are measure {sizes[0]:g} µm and are used"
    )
    return 0


def _by_shape(arrays: Sequence[xr.DataArray], shape: Sequence[int]) -> int:
    lengths = shape if isinstance(shape, Sequence) else ()
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) and n > 0 for n in lengths)
    if not (whole and 1 < len(lengths) <= len(SPACE)):
        raise SelectionError(f"shape={shape!r}: expected samples as (y, x) or (z, y, x)", kind="shape")
    there = [dim for dim in SPACE if dim in arrays[0].dims]
    dims = (there if len(there) >= len(shape) else SPACE)[-len(shape) :]
    found = [[array.sizes.get(dim, 1) for dim in dims] for array in arrays]
    fine = [i for i, sizes in enumerate(found) if all(n >= k for n, k in zip(sizes, shape, strict=True))]
    if fine:
        return max(fine)
    asked, most = (" × ".join(map(str, lengths)) for lengths in (shape, found[0]))
    _warn(f"{asked} samples were asked for; full resolution has {most} and is used")
    return 0


def _warn(text: str) -> None:
    warnings.warn(text, FairlabWarning, stacklevel=4)


def _plane(array: xr.DataArray) -> tuple[str, ...]:
    """The axes of one plane: ``y`` and ``x``, or those of them that there are; of a section through z, that too."""
    return tuple(dim for dim in SPACE if dim in array.dims)[-2:]


def _plane_um(array: xr.DataArray) -> float:
    dims = _plane(array) or SPACE[-2:]  # none of them: the first is missed by name
    return max(abs(spacing(array, dim)) * axis_um(array, dim) for dim in dims)


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
