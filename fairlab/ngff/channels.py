"""Names, colours and windows of channels: the ``omero`` block, the same in every version."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fairlab.ngff.model import Channel
from fairlab.ngff.values import line, number


def channels(block: Mapping[str, Any]) -> tuple[Channel, ...]:
    """Channels as stated; it is transitional and informative, so what cannot be read is left out, not refused.

    Examples
    --------
    >>> stated = {"label": "DAPI", "color": "#0000ffFF", "window": {"start": 0, "end": 200}}
    >>> channels({"omero": {"channels": [stated]}})
    (Channel(label='DAPI', color='#0000FF', window=(0.0, 200.0), active=True),)
    """
    omero = block.get("omero")
    stated = omero.get("channels") if isinstance(omero, Mapping) else None
    if not isinstance(stated, list):
        return ()
    return tuple(_channel(entry if isinstance(entry, Mapping) else {}) for entry in stated)


def _channel(stated: Mapping[str, Any]) -> Channel:
    window = stated.get("window")
    low, high = (number(window.get(k)) if isinstance(window, Mapping) else None for k in ("start", "end"))
    active = stated.get("active")
    return Channel(
        label=line(stated.get("label")),
        color=_color(stated.get("color")),
        window=(low, high) if low is not None and high is not None else None,
        active=active if isinstance(active, bool) else True,
    )


def _color(stated: object) -> str | None:
    """``"#RRGGBB"``; some writers put a ``#`` before it, or an opacity after it."""
    match = (
        re.fullmatch(r"#?([0-9A-Fa-f]{6})(?:[0-9A-Fa-f]{2})?", stated) if isinstance(stated, str) else None
    )
    return f"#{match[1].upper()}" if match else None
