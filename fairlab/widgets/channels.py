"""How each channel is shown: what the image states, good defaults for the rest, and what the caller asks."""

from __future__ import annotations

import dataclasses
import math
import numbers
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import SelectionError
from fairlab.hints import did_you_mean
from fairlab.widgets.layout import RGB, WHITE, channel_names, stated_colors, word_colors

if TYPE_CHECKING:
    import xarray as xr

    from fairlab.widgets.layout import Layout

PAIR = ("#FF00FF", "#00FF00")
"""Magenta and green: the pair that colour-blind readers tell apart and whose overlap is white."""
CYCLE = ("#4477FF", "#FFC800", "#00E08A", "#FF80D0")
"""Colours for three and more channels: found by search for the largest distance under simulated protanopia
and deuteranopia (at least 38 units of CIELAB between any two)."""
MAX_ACTIVE = len(CYCLE)
"""Channels switched on at first when the image does not say which: more colours than this only add up to white."""

_COLOR = re.compile(r"#[0-9A-Fa-f]{6}")
Window = tuple[float, float]


@dataclass(frozen=True, kw_only=True)
class Channel:
    """How one channel is shown."""

    name: str
    """Name on the image's channel axis."""
    color: str = WHITE
    """``"#RRGGBB"``."""
    window: Window | None = None
    """Values shown as black and as full colour (a start above the end inverts); None: from the plane shown."""
    gamma: float = 1.0
    """Exponent of brightness: below 1 lifts what is dark."""
    active: bool = True
    """Whether it is shown."""

    def __post_init__(self) -> None:
        if not _COLOR.fullmatch(self.color):
            raise SelectionError(
                f'{self.color!r} is no colour for channel "{self.name}"; expected "#RRGGBB"', kind="color"
            )
        if self.window is not None and not all(map(math.isfinite, self.window)):
            raise SelectionError(
                f'{self.window!r} is no window for channel "{self.name}"; expected two finite numbers',
                kind="window",
            )
        if not 0.05 <= self.gamma <= 20:
            raise SelectionError(
                f'{self.gamma!r} is no gamma for channel "{self.name}"; expected 0.05 to 20', kind="gamma"
            )


def stated_channels(image: xr.DataArray, layout: Layout) -> tuple[Channel, ...]:
    """The channels of an image, with the looks that it states or else good defaults.

    One channel is grey, two are magenta and green, more take the cycle of colours; windows that are not
    stated stay open until a plane is read. At least one channel is active.
    """
    if layout.is_labels:
        return ()
    if layout.channel is None:
        return (Channel(name=str(image.name or "image"), window=_full_range(image, layout)),)
    names = channel_names(image, layout.channel)
    colors = stated_colors(image, layout.channel)
    if colors is None or (len(colors) > 1 and set(colors) == {WHITE}):
        colors = _default_colors(names, layout)
    windows = _stated_windows(image, layout, len(names))
    active = _stated_active(image, layout, len(names))
    return tuple(
        Channel(name=name, color=color, window=window, active=on)
        for name, color, window, on in zip(names, colors, windows, active, strict=True)
    )


def _default_colors(names: Sequence[str], layout: Layout) -> list[str]:
    if layout.is_rgb:
        return [*RGB, WHITE][: len(names)]
    words = word_colors(names) if len(names) > 1 else None
    if words is not None:
        return words
    cycle = {1: (WHITE,), 2: PAIR}.get(len(names), CYCLE)
    return [cycle[i % len(cycle)] for i in range(len(names))]


def _stated_windows(image: xr.DataArray, layout: Layout, count: int) -> list[Window | None]:
    if "window_start" in image.coords and "window_end" in image.coords and layout.channel is not None:
        starts, ends = image.coords["window_start"], image.coords["window_end"]
        if starts.dims == ends.dims == (layout.channel,):
            pairs = zip(starts.values.astype(float), ends.values.astype(float), strict=True)
            # A window without width, or not a number, shows nothing: the plane itself decides then.
            return [(a, b) if math.isfinite(a) and math.isfinite(b) and a != b else None for a, b in pairs]
    return [_full_range(image, layout)] * count


def _full_range(image: xr.DataArray, layout: Layout) -> Window | None:
    if layout.is_rgb:
        return 0.0, 255.0
    return (0.0, 1.0) if image.dtype.kind == "b" else None


def _stated_active(image: xr.DataArray, layout: Layout, count: int) -> list[bool]:
    if "active" in image.coords and image.coords["active"].dims == (layout.channel,):
        active = [bool(on) for on in image.coords["active"].values]
    else:
        active = [i < (3 if layout.is_rgb else MAX_ACTIVE) for i in range(count)]
    return active if any(active) else [i == 0 for i in range(count)]


def chosen(stated: tuple[Channel, ...], wanted: Any) -> tuple[Channel, ...]:
    """The stated channels, those that the caller asks for switched on and the others off.

    Raises
    ------
    SelectionError
        kind ``"channel-unknown"``, ``"color"`` or ``"window"``.
    """
    if wanted is None:
        return stated
    names = [channel.name for channel in stated]
    single = isinstance(wanted, str | numbers.Integral)
    if not single and not isinstance(wanted, Mapping | Sequence):
        raise SelectionError(
            f"channels={wanted!r}: expected names, or a mapping of name to its looks", kind="channel-unknown"
        )
    looks = {channel_index(key, names): _looks(wanted, key) for key in ([wanted] if single else wanted)}
    return tuple(
        dataclasses.replace(channel, active=number in looks, **looks.get(number, {}))
        for number, channel in enumerate(stated)
    )


def _looks(wanted: Any, key: Any) -> dict[str, Any]:
    value = wanted[key] if isinstance(wanted, Mapping) else {}
    if isinstance(value, str):
        return {"color": value}
    if not isinstance(value, Mapping) or set(value) - {"color", "window", "gamma"}:
        raise SelectionError(
            f'channel "{key}": {value!r} does not say how it looks\n'
            '  expected "#RRGGBB", or {"color": "#RRGGBB", "window": (start, end)}',
            kind="color",
        )
    looks = dict(value)
    if "gamma" in looks:
        looks["gamma"] = _number(key, looks["gamma"])
    if "window" in looks:
        looks["window"] = _window(key, looks["window"])
    return looks


def _number(key: Any, value: Any) -> float:
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value)
    raise SelectionError(f'{value!r} is no gamma for channel "{key}"; expected a number', kind="gamma")


def _window(key: Any, value: Any) -> Window:
    try:
        start, end = (float(end) for end in value)
    except (TypeError, ValueError) as exc:
        raise SelectionError(
            f'{value!r} is no window for channel "{key}"; expected (start, end)', kind="window"
        ) from exc
    return start, end


def channel_index(wanted: Any, names: Sequence[str]) -> int:
    """Number of the channel that a caller names.

    Raises
    ------
    SelectionError
        kind ``"channel-unknown"``; the message names the channels there are.

    Examples
    --------
    >>> channel_index("actin", ["DAPI", "actin"]), channel_index(-1, ["DAPI", "actin"])
    (1, 1)
    """
    if isinstance(wanted, str) and wanted in names:
        return names.index(wanted)
    if isinstance(wanted, numbers.Integral) and -len(names) <= int(wanted) < len(names):
        return int(wanted) % len(names)
    raise SelectionError(
        f'there is no channel "{wanted}"{near(str(wanted), names)}',
        kind="channel-unknown",
        channel=str(wanted),
    )


def near(wanted: str, names: Sequence[str]) -> str:
    """End of a message about an unknown name: the likely one first, then what there is."""
    if not names:
        return "; there are none"
    shown = ", ".join(names[:20]) + (" …" if len(names) > 20 else "")
    return f"{did_you_mean(wanted, names)}\n  there are: {shown}"
