"""Find the pixels that labels lie on: by coordinates, never by shape alone."""

from __future__ import annotations

import numpy as np
import xarray as xr

from fairlab.analysis.selection import CHANNEL, Image
from fairlab.errors import SelectionError
from fairlab.levels import level_names, variable
from fairlab.pixel_sizes import SPACE

Place = slice | int


def onto(image: Image, labels: xr.DataArray) -> tuple[xr.DataArray, str]:
    """The image's pixels under labels (channels kept, nothing read), and the name of the level they are of.

    Raises
    ------
    SelectionError
        kind ``"grid-mismatch"`` or ``"image-mismatch"``.
    """
    if isinstance(image, xr.DataTree):
        levels = {name: variable(image[name].to_dataset()) for name in level_names(image)}
    elif isinstance(image, xr.Dataset | xr.DataArray):
        levels = {"": variable(image)}
    else:
        raise SelectionError(
            f"expected an opened image, found {type(image).__name__}\n  open it first: fairlab.open_image(…)",
            kind="not-an-image",
        )
    for name, array in levels.items():
        place = _places(array, labels)
        if place is not None:
            _same_image(array, labels)
            return array.isel(place), name
    known = "\n".join(f"  {name or 'image':>8}: {_describe(array)}" for name, array in levels.items())
    raise SelectionError(
        f"the labels lie on no level of this image\n    labels: {_describe(labels)}\n{known}\n"
        "  expected labels with the coordinates of one level, whole or cropped, and an index for every\n"
        "  other axis, as fairlab.segment makes them",
        kind="grid-mismatch",
    )


def _same_image(array: xr.DataArray, labels: xr.DataArray) -> None:
    ids = [a.coords["image_id"] for a in (array, labels) if "image_id" in a.coords]
    names = {str(name) for coord in ids for name in np.atleast_1d(coord.values)}
    if len(ids) == 2 and all(coord.ndim == 0 for coord in ids) and len(names) == 2:
        raise SelectionError(
            f"the labels are of another image: {ids[1].item()}, not {ids[0].item()}\n"
            '  if they were made to fit, drop their identity: labels.drop_vars("image_id")',
            kind="image-mismatch",
        )


def _places(array: xr.DataArray, labels: xr.DataArray) -> dict[str, Place] | None:
    """Where along each axis of an image labels lie, or None when they do not."""
    if not set(labels.dims) <= set(array.dims):
        return None
    places: dict[str, Place] = {}
    for dim in map(str, array.dims):
        place = None if dim == CHANNEL else _place(array, labels, dim)
        if place is not None:
            places[dim] = place
        elif dim != CHANNEL:
            return None
    return places


def _place(array: xr.DataArray, labels: xr.DataArray, dim: str) -> Place | None:
    if dim not in labels.dims:
        if dim in labels.coords and dim in array.coords:  # one position was selected
            found = _run(array.coords[dim], labels.coords[dim])
            return None if found is None else found.start
        return 0 if array.sizes[dim] == 1 else None
    if dim in labels.coords and dim in array.coords:
        return _run(array.coords[dim], labels.coords[dim])
    return slice(None) if array.sizes[dim] == labels.sizes[dim] else None


def _run(grid: xr.DataArray, part: xr.DataArray) -> slice | None:
    """Where the samples of ``part`` stand in ``grid``, one after the other, or None."""
    units = {coord.attrs["units"] for coord in (grid, part) if "units" in coord.attrs}
    if len(units) > 1:
        return None
    whole, wanted = grid.values, np.atleast_1d(part.values)
    if whole.dtype.kind not in "iuf" or wanted.dtype.kind not in "iuf":
        start = int(np.argmax(whole == wanted[0])) if wanted.size else 0
        there = np.array_equal(whole[start : start + wanted.size], wanted)
        return slice(start, start + wanted.size) if there else None
    if not wanted.size:
        return None
    start = int(np.argmin(np.abs(whole - wanted[0])))
    run = whole[start : start + wanted.size]
    # A hundredth of a pixel forgives rounding, and tells a level from the next.
    slack = 0.01 * (np.abs(np.diff(whole)).min() if whole.size > 1 else abs(grid.attrs.get("spacing", 0.0)))
    if run.size != wanted.size or not np.allclose(run, wanted, rtol=1e-9, atol=slack):
        return None
    return slice(start, start + wanted.size)


def _describe(array: xr.DataArray) -> str:
    told = []
    for dim in [*(d for d in map(str, array.dims) if d not in SPACE and d != CHANNEL), *SPACE]:
        if dim not in array.dims:
            continue
        text = f"{dim} {array.sizes[dim]}"
        if dim in array.coords and array.coords[dim].dtype.kind in "iuf" and array.sizes[dim] > 1:
            values = array.coords[dim].values
            text += f" ({values[0]:g}, {values[1]:g} … {values[-1]:g})"
        told.append(text)
    return ", ".join(told)
