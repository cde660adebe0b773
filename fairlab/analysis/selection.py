"""Which pixels are meant: level, channel, positions, and the frames that are left."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fairlab.errors import SelectionError
from fairlab.hints import did_you_mean
from fairlab.level_choice import choose
from fairlab.levels import variable
from fairlab.pixel_sizes import SPACE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CHANNEL = "c"
RENDERING = ("c", "color", "window_start", "window_end", "active")
"""Coordinates that belong to a channel and so not to labels."""

Image = xr.DataTree | xr.Dataset | xr.DataArray
"""What every verb of this room takes: an opened image, one of its levels, or an array of it."""


def at_level(image: Image, pixel_size: float | str | None) -> tuple[xr.DataArray, str]:
    """The array of the level whose pixels have the wanted size, and the level's name (``""`` for an array).

    Raises
    ------
    SelectionError
        kind ``"not-an-image"``; and as :func:`fairlab.level_choice.choose`.
    """
    if isinstance(image, xr.DataTree):
        name = choose(image, pixel_size=pixel_size)
        return variable(image[name].to_dataset()), name
    if not isinstance(image, xr.Dataset | xr.DataArray):
        raise SelectionError(
            f"expected an opened image, found {type(image).__name__}\n  open it first: fairlab.open_image(…)",
            kind="not-an-image",
        )
    array = variable(image)
    if pixel_size is not None:
        # One level is all there is; the same rules decide whether it is fine enough.
        choose(xr.DataTree.from_dict({"/scale0": array.to_dataset(name="image")}), pixel_size=pixel_size)
    return array, ""


def channel_names(array: xr.DataArray) -> list[str]:
    """Names of an image's channels; empty without a channel axis."""
    if CHANNEL not in array.dims:
        return []
    if CHANNEL not in array.coords:
        return [str(i) for i in range(array.sizes[CHANNEL])]
    return [str(name) for name in array.coords[CHANNEL].values]


def one_channel(array: xr.DataArray, channel: str | None) -> tuple[xr.DataArray, str | None]:
    """The pixels of one channel, and its name.

    Raises
    ------
    SelectionError
        kind ``"channel-unknown"``; ``"channel-missing"``: there are several and none was named.
    """
    names = channel_names(array)
    if CHANNEL not in array.dims:
        chosen = str(array.coords[CHANNEL].item()) if CHANNEL in array.coords else None
        if channel is not None and channel != chosen:
            raise unknown_channel(channel, [chosen] if chosen else [])
        return array, chosen
    if channel is None:
        if len(names) != 1:
            raise SelectionError(
                f"this image has {len(names)} channels; name one: channel={names[0]!r}\n"
                f"  channels are: {', '.join(names)}",
                kind="channel-missing",
                channels=names,
            )
        channel = names[0]
    if channel not in names:
        raise unknown_channel(channel, names)
    return array.isel({CHANNEL: names.index(channel)}), channel


def unknown_channel(channel: str, names: list[str]) -> SelectionError:
    """The error for a channel that is not there."""
    return SelectionError(
        f'there is no channel "{channel}"{did_you_mean(channel, names)}\n'
        f"  channels are: {', '.join(names) or 'none (no channel axis)'}",
        kind="channel-unknown",
        channel=str(channel),
        channels=names,
    )


def at_positions(array: xr.DataArray, positions: Mapping[str, Any]) -> xr.DataArray:
    """Part of an array, by index along axes: ``t=0``, ``z=slice(2, 8)``.

    Raises
    ------
    SelectionError
        kind ``"dimension-unknown"``, ``"position"`` or ``"position-out-of-range"``.
    """
    for dim, index in positions.items():
        if dim not in array.dims or dim == CHANNEL:
            others = ", ".join(str(d) for d in array.dims if d != CHANNEL)
            raise SelectionError(
                f'there is no axis "{dim}" to take a position on\n  axes are: {others}',
                kind="dimension-unknown",
                dim=dim,
            )
        whole = isinstance(index, int | np.integer) and not isinstance(index, bool)
        if not (isinstance(index, slice) or (whole and dim not in ("y", "x"))):
            wanted = "a slice" if dim in ("y", "x") else "an index or a slice"
            raise SelectionError(
                f"{dim}={index!r}: expected {wanted}, such as slice(0, 100)", kind="position"
            )
        size = array.sizes[dim]
        empty = size == 0 or (isinstance(index, slice) and not len(range(*index.indices(size))))
        if empty or (not isinstance(index, slice) and not -size <= index < size):
            raise SelectionError(
                f"{dim}={index!r} is outside the image\n"
                f"  {dim} has {size} positions, counted from 0 (or from -1 backwards)",
                kind="position-out-of-range",
                dim=dim,
            )
    return array.isel(dict(positions))


def in_order(array: xr.DataArray) -> xr.DataArray:
    """The same array with the axes of space last, slowest first."""
    return array.transpose(..., *(dim for dim in SPACE if dim in array.dims))


def frame_space(array: xr.DataArray) -> tuple[str, ...]:
    """Axes of space in which one frame extends: ``("y", "x")``, or ``("z", "y", "x")`` with several planes."""
    return tuple(dim for dim in SPACE if dim in array.dims and (dim != "z" or array.sizes["z"] > 1))


def frames(array: xr.DataArray) -> Iterator[dict[str, int]]:
    """Indexers of the frames of an array: one per time point, well … and for a lone plane z=0."""
    others = [str(dim) for dim in array.dims if dim not in frame_space(array) and dim != CHANNEL]
    for place in itertools.product(*(range(array.sizes[dim]) for dim in others)):
        yield dict(zip(others, place, strict=True))


def pixels_of(frame: xr.DataArray) -> np.ndarray[Any, np.dtype[Any]]:
    """Load one frame as numbers that image processing takes: native byte order, no half floats."""
    values = np.asarray(frame.values)
    if values.dtype == bool:
        return values.astype(np.uint8)
    if values.dtype == np.float16:
        return values.astype(np.float32)
    return values.astype(values.dtype.newbyteorder("="), copy=False)
