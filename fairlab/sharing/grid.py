"""Where the samples of an image lie, checked against the rules of OME-Zarr before anything is written."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.errors import MetadataError
from fairlab.ngff.units import LENGTHS_M, TIMES_S

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

AXIS_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
"""Axes that fairlab writes, in the order that the specification asks for, and what they are."""

_COLOR_DIGITS = frozenset("0123456789abcdefABCDEF")


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Where the samples of the first level lie."""

    axes: tuple[str, ...]
    """Axis names in order."""
    scale: Mapping[str, float]
    """Spacing along each axis, in ``units``; 1 where there is none."""
    units: Mapping[str, str]
    """NGFF unit names; an axis that is left out has no unit."""
    translation: Mapping[str, float]
    """Position of the first sample's centre along each axis."""

    def without(self, axis: str) -> Grid:
        """The grid of an image that lacks one axis."""
        return Grid(
            axes=tuple(name for name in self.axes if name != axis),
            scale=self.scale,
            units=self.units,
            translation=self.translation,
        )


def grid(
    axes: Sequence[str],
    *,
    scale: Mapping[str, float] | None = None,
    units: Mapping[str, str] | None = None,
    translation: Mapping[str, float] | None = None,
) -> Grid:
    """A grid that obeys the specification.

    Raises
    ------
    MetadataError
        kinds ``"axes"``, ``"scale-value"``, ``"unit-unknown"``.

    Examples
    --------
    >>> grid("zyx", scale={"z": 2.0}, units={"z": "micrometer"}).scale
    {'z': 2.0, 'y': 1.0, 'x': 1.0}
    >>> grid("xy")
    Traceback (most recent call last):
        ...
    fairlab.errors.MetadataError: the axes are ('x', 'y'); expected some of t, c, z, y, x in this order, ...
    """
    names = tuple(axes)
    in_order = [axis for axis in AXIS_TYPES if axis in names]
    if list(names) != in_order or not {"y", "x"} <= set(names):
        raise MetadataError(
            f"the axes are {names}; expected some of t, c, z, y, x in this order, y and x among them",
            kind="axes",
        )
    for what, given in (("scale", scale), ("units", units), ("translation", translation)):
        if unknown := set(given or ()) - set(names):
            raise MetadataError(
                f"{what} names the axes {sorted(unknown)}; the image has {names}", kind="axes"
            )
    spacing = {axis: float((scale or {}).get(axis, 1.0)) for axis in names}
    origin = {axis: float((translation or {}).get(axis, 0.0)) for axis in names}
    for axis in names:
        if not (math.isfinite(spacing[axis]) and spacing[axis] > 0 and math.isfinite(origin[axis])):
            raise MetadataError(
                f"along {axis} the scale is {spacing[axis]} and the translation {origin[axis]}; "
                "expected finite numbers, the scale above zero",
                kind="scale-value",
            )
    for axis, unit in (units or {}).items():
        _check_unit(axis, unit)
    return Grid(axes=names, scale=spacing, units=dict(units or {}), translation=origin)


def _check_unit(axis: str, unit: str) -> None:
    known = {"space": LENGTHS_M, "time": TIMES_S}.get(AXIS_TYPES[axis], {})
    if unit not in known:
        raise MetadataError(
            f'the unit of axis {axis} is "{unit}"; expected a unit of {AXIS_TYPES[axis]} by its NGFF name, '
            'such as "micrometer" or "second", or none',
            kind="unit-unknown",
        )


def check_pixels(data: NDArray[Any], where: Grid) -> None:
    """Raise MetadataError (``"axes"``, ``"dtype"``) when ``data`` does not fit its grid."""
    if data.ndim != len(where.axes) or 0 in data.shape:
        raise MetadataError(
            f"the pixels have the shape {data.shape}; expected one dimension for each of {where.axes}, none empty",
            kind="axes",
        )
    if data.dtype.kind not in "iuf":
        raise MetadataError(f"the pixels are {data.dtype}; expected whole numbers or floats", kind="dtype")


def check_labels(labels: Mapping[str, NDArray[Any]], data: NDArray[Any], where: Grid) -> None:
    """Raise MetadataError (``"labels"``) when a label image does not lie on the image's grid."""
    expected = tuple(n for axis, n in zip(where.axes, data.shape, strict=True) if axis != "c")
    for name, values in labels.items():
        if values.dtype.kind not in "iu" or values.shape != expected:
            raise MetadataError(
                f'the labels "{name}" are {values.dtype} of shape {values.shape}; '
                f"expected whole numbers of shape {expected}, the image's without c",
                kind="labels",
            )
        if not name or name.startswith(".") or set(name) & set('/\\:*?"<>|'):
            raise MetadataError(f'the labels\' name "{name}" cannot name a folder everywhere', kind="labels")


def check_channels(channels: Sequence[Mapping[str, Any]] | None, data: NDArray[Any], where: Grid) -> None:
    """Raise MetadataError (``"channel"``) when rendering settings do not fit the image's channels."""
    if channels is None:
        return
    expected = data.shape[where.axes.index("c")] if "c" in where.axes else 1
    if len(channels) != expected:
        raise MetadataError(
            f"{len(channels)} channels are described; the image has {expected}", kind="channel"
        )
    for channel in channels:
        color = str(channel.get("color", "FFFFFF")).lstrip("#")
        if len(color) != 6 or not set(color) <= _COLOR_DIGITS:
            raise MetadataError(
                f'a channel\'s color is "{channel["color"]}"; expected like "00FF00"', kind="channel"
            )
        start, end = channel.get("window", (0, 1))
        if not (np.isfinite([start, end]).all() and start < end):
            raise MetadataError(
                f"a channel's window is {start} to {end}; expected start below end", kind="channel"
            )
