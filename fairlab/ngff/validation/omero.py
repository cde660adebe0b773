"""Channels and how they are shown: the transitional ``omero`` block."""

from __future__ import annotations

from typing import Any

from fairlab.ngff.validation.findings import Findings, Place, warning
from fairlab.ngff.validation.shapes import Fields, Flag, ListOf, Number, OrNull, Shape, Text, may, must


def _not_inverted(window: dict[str, Any], place: Place) -> Findings:
    for low, high in (("min", "max"), ("start", "end")):
        if window[low] > window[high]:
            yield warning("window", place, f"{low} {window[low]:g} is above {high} {window[high]:g}")


_WINDOW = Fields(
    keys={name: must(Number()) for name in ("min", "max", "start", "end")}, also=(_not_inverted,)
)


def _omero(color: Text) -> Shape:
    channel = Fields(
        keys={
            "color": must(color),
            "window": must(_WINDOW),
            # Of these only the schemas speak; writers that know no name say null.
            "label": may(OrNull(shape=Text())),
            "family": may(OrNull(shape=Text())),
            "active": may(OrNull(shape=Flag())),
        }
    )
    return Fields(keys={"channels": must(ListOf(item=channel))}, section="omero")


EARLY = _omero(Text(expected="a colour as text"))
"""Before 0.4: a colour is any text."""
OMERO = _omero(Text(pattern="[0-9A-Fa-f]{6}", expected='a colour of six hexadecimal digits, like "0000FF"'))
"""Since 0.4."""
