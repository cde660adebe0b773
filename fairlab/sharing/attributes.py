"""The JSON that makes Zarr arrays an OME-Zarr image: multiscales, omero, image-label; version 0.4 and 0.5."""

from __future__ import annotations

import colorsys
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Json = dict[str, Any]

_AXIS_TYPES = {"t": "time", "c": "channel", "z": "space", "y": "space", "x": "space"}
_FALLBACK_COLORS = ("0000FF", "00FF00", "FF0000", "00FFFF", "FF00FF", "FFFF00")


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
    """Position of the first sample's centre along each axis; 0 where it is left out."""

    def without(self, axis: str) -> Grid:
        """The grid of an image that lacks one axis."""
        return Grid(
            axes=tuple(name for name in self.axes if name != axis),
            scale=self.scale,
            units=self.units,
            translation=self.translation,
        )


def multiscale(grid: Grid, *, name: str, paths: Sequence[str], factors: Sequence[Mapping[str, int]], how: str) -> Json:
    """One entry of ``multiscales``.

    ``type`` and ``metadata`` say how smaller levels were made, as the specification asks (SHOULD).
    """
    return {
        "name": name,
        "axes": [_axis(axis, grid.units.get(axis)) for axis in grid.axes],
        "datasets": [
            {"path": path, "coordinateTransformations": _transformations(grid, factor)}
            for path, factor in zip(paths, factors, strict=True)
        ],
        "type": how,
        "metadata": {"description": f"each level is made from the first one by {how}", "method": "fairlab"},
    }


def _axis(name: str, unit: str | None) -> Json:
    axis = {"name": name, "type": _AXIS_TYPES[name]}
    return {**axis, "unit": unit} if unit else axis


def _transformations(grid: Grid, factors: Mapping[str, int]) -> list[Json]:
    # A merged pixel's centre lies in the middle of the pixels it covers, (factor - 1) / 2 of their steps
    # beyond the first one's; ome-zarr 0.18 leaves this shift in pixels instead of physical units.
    scale = [float(grid.scale[axis] * factors[axis]) for axis in grid.axes]
    shift = [
        grid.translation.get(axis, 0.0) + (factors[axis] - 1) / 2 * grid.scale[axis] for axis in grid.axes
    ]
    transformations: list[Json] = [{"type": "scale", "scale": scale}]
    if any(shift):
        transformations.append({"type": "translation", "translation": [float(value) for value in shift]})
    return transformations


def omero(channels: Sequence[Json], *, name: str, planes: Mapping[str, int]) -> Json:
    """Rendering settings: colour and contrast window of each channel, and the plane to show first."""
    return {
        "name": name,
        "channels": list(channels),
        "rdefs": {"model": "color", "defaultT": 0, "defaultZ": planes.get("z", 1) // 2},
    }


def channel(position: int, wanted: Mapping[str, Any], *, limits: tuple[float, float], measured: tuple[float, float]) -> Json:
    """One OMERO channel from what the caller said and what the pixels say.

    Parameters
    ----------
    position : int
        Place along the channel axis.
    wanted : mapping
        ``name``, ``color`` (``"00FF00"`` or ``"#00FF00"``), ``window`` (start, end); all may be left out.
    limits : tuple of float
        Least and greatest value that can occur.
    measured : tuple of float
        Contrast window where the caller names none.
    """
    start, end = wanted.get("window") or measured
    color = str(wanted.get("color") or _FALLBACK_COLORS[position % len(_FALLBACK_COLORS)])
    return {
        "label": str(wanted.get("name") or f"channel {position}"),
        "color": color.lstrip("#").upper(),
        "window": {
            "min": float(min(limits[0], start)),
            "max": float(max(limits[1], end)),
            "start": float(start),
            "end": float(end),
        },
        "active": True,
        "coefficient": 1.0,
        "family": "linear",
        "inverted": False,
    }


def image(version: str, *, multiscale: Json, omero: Json | None) -> Json:
    """Attributes of an image's group."""
    blocks: Json = {"multiscales": [multiscale]}
    if omero:
        blocks["omero"] = omero
    return _versioned(version, blocks)


def label_image(version: str, *, multiscale: Json, values: Iterable[int]) -> Json:
    """Attributes of one label image's group; a few hundred labels at most get a colour of their own."""
    about: Json = {"source": {"image": "../../"}}
    colors = [{"label-value": int(value), "rgba": _label_color(int(value))} for value in values]
    if colors:
        about["colors"] = colors
    return _versioned(version, {"multiscales": [multiscale], "image-label": about})


def label_list(version: str, names: Iterable[str]) -> Json:
    """Attributes of the group ``labels``."""
    return _versioned(version, {"labels": list(names)})


def _versioned(version: str, blocks: Json) -> Json:
    # 0.4 writes the version into each block, 0.5 once, in the "ome" object that holds them all.
    if version == "0.5":
        return {"ome": {"version": version, **blocks}}
    marked = dict(blocks)
    if "multiscales" in marked:
        marked["multiscales"] = [{"version": version, **entry} for entry in marked["multiscales"]]
    for key in ("omero", "image-label"):
        if key in marked:
            marked[key] = {"version": version, **marked[key]}
    return marked


def _label_color(value: int) -> list[int]:
    # Steps of the golden ratio around the colour circle keep neighbouring labels apart.
    red, green, blue = colorsys.hsv_to_rgb(math.modf(value * 0.6180339887498949)[0], 0.75, 1.0)
    return [round(255 * red), round(255 * green), round(255 * blue), 255]
