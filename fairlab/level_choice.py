"""Which level of an image serves a purpose: by pixel size, by number of pixels, by bytes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from fairlab.errors import SelectionError, warn
from fairlab.levels import level_names, variable
from fairlab.pixel_sizes import SPACE, axis_um, space_dims, spacing
from fairlab.quantities import quantity_bytes, quantity_um

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

TOLERANCE = 0.05
"""A level counts as fine enough when its pixels are at most this much larger than asked."""


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


def _first(arrays: Sequence[xr.DataArray], fits: Callable[[xr.DataArray], bool]) -> int:
    """The finest level that fits, or the coarsest of all."""
    return next((i for i, array in enumerate(arrays) if fits(array)), len(arrays) - 1)


def _by_bytes(arrays: Sequence[xr.DataArray], most: int) -> int:
    chosen = _first(arrays, lambda array: array.nbytes <= most)
    if arrays[chosen].nbytes > most:
        warn(
            f"no level takes at most {most:,} bytes; the coarsest takes {arrays[chosen].nbytes:,} and is used"
        )
    return chosen


def _by_size(arrays: Sequence[xr.DataArray], asked_um: float) -> int:
    sizes = [_plane_um(array) for array in arrays]
    fine = [i for i, size in enumerate(sizes) if size <= asked_um * (1 + TOLERANCE)]
    if fine:
        return max(fine, key=lambda i: (sizes[i], -i))
    warn(
        f"pixels of {asked_um:g} µm were asked for; the finest there are measure {sizes[0]:g} µm and are used"
    )
    return 0


def _by_shape(arrays: Sequence[xr.DataArray], shape: Sequence[int]) -> int:
    lengths = shape if isinstance(shape, Sequence | np.ndarray) else ()
    whole = all(isinstance(n, int | np.integer) and not isinstance(n, bool) and n > 0 for n in lengths)
    if not (whole and 1 < len(lengths) <= len(SPACE)):
        raise SelectionError(f"shape={shape!r}: expected samples as (y, x) or (z, y, x)", kind="shape")
    there = space_dims(arrays[0])
    dims = (there if len(there) >= len(shape) else SPACE)[-len(shape) :]
    found = [[array.sizes.get(dim, 1) for dim in dims] for array in arrays]
    fine = [i for i, sizes in enumerate(found) if all(n >= k for n, k in zip(sizes, shape, strict=True))]
    if fine:
        return max(fine)
    asked, most = (" × ".join(map(str, lengths)) for lengths in (shape, found[0]))
    warn(f"{asked} samples were asked for; full resolution has {most} and is used")
    return 0


def _plane(array: xr.DataArray) -> tuple[str, ...]:
    """The axes of one plane: ``y`` and ``x``, or those of them that there are; of a section through z, that too."""
    return space_dims(array)[-2:]


def _plane_um(array: xr.DataArray) -> float:
    dims = _plane(array) or SPACE[-2:]  # none of them: the first is missed by name
    return max(abs(spacing(array, dim)) * axis_um(array, dim) for dim in dims)
