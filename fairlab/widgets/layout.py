"""Which dimension of an array is what: the plane's two, the channels, and those to move along."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlab.errors import SelectionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

WHITE = "#FFFFFF"
RGB = ("#FF0000", "#00FF00", "#0000FF")
_CHANNEL_NAMES = ("c", "channel", "channels", "rgb", "rgba", "band")
_COLOR_WORDS = {"r": RGB[0], "red": RGB[0], "g": RGB[1], "green": RGB[1], "b": RGB[2], "blue": RGB[2]}
_COLOR = re.compile(r"#?([0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?")


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The roles of an array's dimensions."""

    y: str
    """Rows of the plane, downwards."""
    x: str
    """Columns of the plane, to the right."""
    channel: str | None
    """Channels, or None."""
    others: tuple[str, ...]
    """Dimensions to move along, in the array's order."""
    is_rgb: bool = False
    """Whether the channels are red, green, blue (and alpha) of a colour picture."""
    is_labels: bool = False
    """Whether the pixels are identities of objects, not brightness."""


def layout_of(array: xr.DataArray) -> Layout:
    """The roles of an array's dimensions; refuses what is no picture.

    The plane is ``y`` and ``x`` where the array has them, else its last two dimensions that are not channels.

    Raises
    ------
    SelectionError
        kind ``"not-a-picture"`` (fewer than two dimensions), ``"empty"``, ``"dtype"`` (complex, text …).
    """
    dims = [str(dim) for dim in array.dims]
    _check(array, dims)
    channel = _channel_dim(array, dims)
    rest = [dim for dim in dims if dim != channel]
    y, x = ("y", "x") if "y" in rest and "x" in rest else tuple(rest[-2:])
    return Layout(
        y=y,
        x=x,
        channel=channel,
        others=tuple(dim for dim in rest if dim not in (y, x)),
        is_rgb=channel is not None and _is_rgb(array, channel, dims),
        is_labels=array.name == "labels" and array.dtype.kind in "iu" and channel is None,
    )


def plane_dims(array: xr.DataArray) -> tuple[str, str]:
    """Rows' and columns' dimension of an image, or of labels."""
    layout = layout_of(array)
    return layout.y, layout.x


def _check(array: xr.DataArray, dims: Sequence[str]) -> None:
    what = (
        f"this array ({', '.join(f'{d} {n}' for d, n in array.sizes.items()) or 'one value'}; {array.dtype})"
    )
    if len(dims) < 2:
        raise SelectionError(
            f"{what} is no picture: it has {len(dims)} dimension{'s' * (len(dims) != 1)}, and a picture needs two\n"
            "  give an array with y and x, for example image.isel(t=0)",
            kind="not-a-picture",
        )
    if array.size == 0:
        raise SelectionError(f"{what} is empty\n  the selection left no pixel; widen it", kind="empty")
    if array.dtype.kind not in "biuf":
        hint = "show np.abs(image) or np.angle(image)" if array.dtype.kind == "c" else "convert it to numbers"
        raise SelectionError(f"{what} has no brightness to show\n  {hint} instead", kind="dtype")


def _channel_dim(array: xr.DataArray, dims: Sequence[str]) -> str | None:
    for dim in dims:
        named = dim.casefold() in _CHANNEL_NAMES
        if len(dims) > 2 and (named or ("color" in array.coords and array.coords["color"].dims == (dim,))):
            return dim
    # A plain array of a colour picture (rows, columns, 3): xarray names its dimensions dim_0, dim_1, dim_2.
    last = dims[-1]
    if len(dims) > 2 and re.fullmatch(r"dim_\d+", last) and _is_rgb(array, last, dims):
        return last
    return None


def _is_rgb(array: xr.DataArray, channel: str, dims: Sequence[str]) -> bool:
    """8-bit with three or four channels that say red, green, blue, or say nothing and come last."""
    if array.dtype != "uint8" or array.sizes[channel] not in (3, 4):
        return False
    if f"{channel}" in array.coords or "color" in array.coords:
        stated = stated_colors(array, channel) or word_colors(channel_names(array, channel))
        return stated is not None and tuple(stated[:3]) == RGB
    return dims[-1] == channel


def channel_names(image: xr.DataArray, channel: str) -> list[str]:
    """Names on the channel axis, or made from its numbers."""
    if channel not in image.coords:
        return [f"channel {i}" for i in range(image.sizes[channel])]
    return [str(name) for name in image.coords[channel].values]


def stated_colors(image: xr.DataArray, channel: str) -> list[str] | None:
    """Colours that the image states, as ``"#RRGGBB"``, or None."""
    if "color" not in image.coords or image.coords["color"].dims != (channel,):
        return None
    # Repository text: what is no colour is shown white rather than trusted.
    found = [_COLOR.fullmatch(str(color)) for color in image.coords["color"].values]
    return [f"#{match[1].upper()}" if match else WHITE for match in found]


def word_colors(names: Sequence[str]) -> list[str] | None:
    """Colours of channels that are called red, green, blue (or r, g, b); None when they are not."""
    words = [name.casefold().strip() for name in names]
    if not all(word in _COLOR_WORDS for word in words[:3]):
        return None
    return [_COLOR_WORDS.get(word, WHITE) for word in words]
