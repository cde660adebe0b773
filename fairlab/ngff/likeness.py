"""Whether two images are alike, so that one array can hold both."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fairlab.ngff.model import Image


def difference(image: Image, expected: Image, *, padded: bool) -> str | None:
    """What makes one field unlike another, in words; shapes and types are the arrays' to compare."""
    axes, wanted = ([(a.name, a.type, a.unit) for a in i.axes] for i in (image, expected))
    if axes != wanted:
        return f"its axes are {_axes(image)}, not {_axes(expected)}"
    if len(image.levels) != len(expected.levels):
        return f"it has {len(image.levels)} levels, not {len(expected.levels)}"
    stated = image.scales_stated and expected.scales_stated  # before 0.4, scales are what the shapes say
    for number, (level, other) in enumerate(zip(image.levels, expected.levels, strict=True)):
        if stated and not all(
            math.isclose(a, b, rel_tol=1e-6) for a, b in zip(level.scale, other.scale, strict=True)
        ):
            return f"its scale at level {number} is {level.scale}, not {other.scale}"
    labels, names = ([channel.label for channel in i.channels] for i in (image, expected))
    common = min(len(labels), len(names)) if padded else None
    if labels[:common] != names[:common]:
        return f"its channels are {labels}, not {names}"
    return None


def _axes(image: Image) -> str:
    return ", ".join(f"{axis.name} ({axis.unit or axis.type})" for axis in image.axes)


def offset(image: Image, expected: Image) -> tuple[float, ...]:
    """How far apart two images begin, on each axis; less than a thousandth of a sample is no distance."""
    first, other = image.levels[0], expected.levels[0]
    return tuple(
        a - b if abs(a - b) > abs(s) / 1000 else 0.0
        for a, b, s in zip(first.translation, other.translation, other.scale, strict=True)
    )
