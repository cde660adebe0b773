"""Reading what a picture needs, and not more: one plane of active channels, and the labels under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fairlab.errors import SelectionError
from fairlab.pixel_sizes import spacing
from fairlab.quantities import unit_um
from fairlab.widgets.layout import plane_dims

if TYPE_CHECKING:
    import xarray as xr
    from numpy.typing import NDArray

    from fairlab.widgets.scene import Scene
    from fairlab.widgets.state import ViewState

_NEAR = 0.75
"""Part of a step within which two planes are one and the same."""


@dataclass(frozen=True, kw_only=True)
class Plane:
    """The numbers of one plane."""

    values: NDArray[np.generic]
    """``(channel, y, x)``: the active channels in order; no channel for an image of labels."""
    steps: tuple[int, int]
    """Every how many-th row and column was read: 1 unless even the coarsest level is large."""


def read_plane(scene: Scene, state: ViewState, *, max_pixels: int) -> Plane:
    """Read the active channels of the plane that a state names.

    Parameters
    ----------
    scene : Scene
        What is looked at.
    state : ViewState
        Level, positions and channels.
    max_pixels : int
        Rows and columns read at most; a larger level is read with gaps.
    """
    layout, image = scene.layout, scene.levels[state.level]
    y, x = scene.crop(state.level, state.box)
    rows, columns = y.stop - y.start, x.stop - x.start
    steps = -(-rows // max_pixels), -(-columns // max_pixels)
    wanted: dict[str, object] = dict(state.at)
    wanted |= {layout.y: slice(y.start, y.stop, steps[0]), layout.x: slice(x.start, x.stop, steps[1])}
    active = [number for number, channel in enumerate(state.channels) if channel.active]
    if not active:
        shape = (0, -(-rows // steps[0]), -(-columns // steps[1]))
        return Plane(values=np.zeros(shape, np.uint8), steps=steps)
    if layout.channel is not None:
        wanted[layout.channel] = active
    part = image.isel(wanted)
    order = [layout.y, layout.x] if layout.channel is None else [layout.channel, layout.y, layout.x]
    values = part.values.transpose([part.dims.index(dim) for dim in order])
    return Plane(values=values if layout.channel else values[None], steps=steps)


def read_labels(
    scene: Scene, state: ViewState, shape: tuple[int, int], *, max_pixels: int
) -> NDArray[np.integer] | None:
    """The labels under each pixel of a picture, matched by physical position.

    Parameters
    ----------
    scene : Scene
        What is looked at.
    state : ViewState
        Names the labels and the plane.
    shape : tuple of int
        Rows and columns of the picture as drawn; it spans what the state shows of the plane.
    max_pixels : int
        The finest level of the labels whose longer side is not larger is read, else the coarsest.

    Returns
    -------
    numpy.ndarray or None
        Integers of ``shape``, 0 where there is no object or no label image; None when no labels are
        chosen or the label image has no plane at this position.
    """
    if state.labels is None:
        return None
    image, levels = scene.levels[state.level], scene.labels[state.labels]
    small = [a for a in levels.values() if max(a.sizes[d] for d in plane_dims(a)) <= max_pixels]
    labels = (small or [list(levels.values())[-1]])[0]
    wanted = place_of(scene, state, labels)
    if wanted is None:
        return None
    y, x = plane_dims(labels)
    shown = scene.crop(state.level, state.box)
    rows = _matches(image, scene.layout.y, labels, y, shown[0], shape[0])
    columns = _matches(image, scene.layout.x, labels, x, shown[1], shape[1])
    result = np.zeros(shape, labels.dtype if labels.dtype.kind != "b" else np.uint8)
    inside = np.ix_(rows >= 0, columns >= 0)
    if result[inside].size:
        read_rows, back_rows = np.unique(rows[rows >= 0], return_inverse=True)
        read_columns, back_columns = np.unique(columns[columns >= 0], return_inverse=True)
        part = labels.isel({**wanted, y: read_rows, x: read_columns})
        numbers = part.values if part.dims == (y, x) else part.values.T
        result[inside] = numbers[np.ix_(back_rows, back_columns)]
    return result


def _matches(
    image: xr.DataArray, image_dim: str, labels: xr.DataArray, labels_dim: str, shown: slice, count: int
) -> NDArray[np.int64]:
    """Row (or column) of the labels under each of ``count`` pixels across a part of the image; -1 outside."""
    size, total = image.sizes[image_dim], labels.sizes[labels_dim]
    place = shown.start + (np.arange(count) + 0.5) * (shown.stop - shown.start) / count - 0.5
    try:
        image_step, labels_step = spacing(image, image_dim), spacing(labels, labels_dim)
    except (SelectionError, ValueError, TypeError):  # no positions: both are taken to span the same field
        index = np.floor((place + 0.5) * total / size)
    else:
        ratio = _unit(image, image_dim) / _unit(labels, labels_dim)
        position = (float(image.coords[image_dim].values[0]) + place * image_step) * ratio
        first = float(labels.coords[labels_dim].values[0])
        # The last digits of coordinates differ between files; a thousandth of a pixel is no difference.
        index = np.floor((position - first) / labels_step + 0.501)
    return np.where((index >= 0) & (index < total), index, -1).astype(np.int64)


def _unit(array: xr.DataArray, dim: str) -> float:
    unit = array.coords[dim].attrs.get("units")
    return (unit_um(unit) if isinstance(unit, str) else None) or 1.0


def place_of(scene: Scene, state: ViewState, labels: xr.DataArray) -> dict[str, int] | None:
    """Which plane of the labels lies at the plane shown; None when none does."""
    image = scene.levels[state.level]
    plane = set(plane_dims(labels))
    wanted: dict[str, int] = {}
    for dim in (str(d) for d in labels.dims if d not in plane):
        place = _along(image, state, labels, dim)
        if place is None:
            return None
        wanted[dim] = place
    # Labels made from one plane keep its position as a scalar, and belong to no other plane.
    for dim in state.at:
        if dim not in labels.dims and dim in labels.coords and _along(image, state, labels, dim) is None:
            return None
    return wanted


def _along(image: xr.DataArray, state: ViewState, labels: xr.DataArray, dim: str) -> int | None:
    shown = _shown(image, state, dim)
    if shown is None or dim not in labels.coords:
        return _by_number(state, labels.sizes.get(dim, 1), dim)
    there = np.atleast_1d(labels.coords[dim].values)
    if there.dtype.kind not in "iuf" or isinstance(shown, str):
        same = np.flatnonzero(there.astype(str) == str(shown))
        return int(same[0]) if same.size else None
    distance = np.abs(there.astype(float) - shown)
    step = max(_step(image, dim), _step(labels, dim))
    best = int(np.argmin(distance))
    return best if not distance[best] > _NEAR * step else None


def _shown(image: xr.DataArray, state: ViewState, dim: str) -> float | str | None:
    """Coordinate of the plane shown along one dimension, when the image has one."""
    if dim not in image.coords:
        return None
    coord = image.coords[dim]
    value = coord.values[state.at[dim]] if dim in state.at else coord.values if coord.ndim == 0 else None
    if value is None:
        return None
    return float(value) if coord.dtype.kind in "iuf" else str(value)


def _step(array: xr.DataArray, dim: str) -> float:
    try:
        return abs(spacing(array, dim))
    except (SelectionError, ValueError, TypeError):
        return 0.0


def _by_number(state: ViewState, size: int, dim: str) -> int:
    if dim not in state.at or size == 1:
        return 0
    total = next(d.size for d in state.dimensions if d.name == dim)
    return min(size - 1, (2 * state.at[dim] + 1) * size // (2 * total))
