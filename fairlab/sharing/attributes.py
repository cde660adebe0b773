"""The JSON that makes Zarr arrays an OME-Zarr image: multiscales, omero, image-label; version 0.4 and 0.5."""

from __future__ import annotations

import colorsys
import math
from typing import TYPE_CHECKING, Any

from fairlab.sharing.grid import AXIS_TYPES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.sharing.grid import Grid

Json = dict[str, Any]

_FALLBACK_COLORS = ("0000FF", "00FF00", "FF0000", "00FFFF", "FF00FF", "FFFF00")


def axes(grid: Grid) -> list[Json]:
    """The axes with their types and, where there are any, units."""
    described: list[Json] = [{"name": axis, "type": AXIS_TYPES[axis]} for axis in grid.axes]
    for axis in described:
        if axis["name"] in grid.units:
            axis["unit"] = grid.units[axis["name"]]
    return described


def multiscale(
    grid: Grid, *, name: str, paths: Sequence[str], factors: Sequence[Mapping[str, int]], how: str
) -> Json:
    """One entry of ``multiscales``; ``how`` says by what means smaller levels were made (a SHOULD)."""
    return {
        "name": name,
        "axes": axes(grid),
        "datasets": [
            {"path": path, "coordinateTransformations": _transformations(grid, factor)}
            for path, factor in zip(paths, factors, strict=True)
        ],
        "type": how,
        "metadata": {
            "description": f"each smaller level is made from the first one by {how}",
            "method": "fairlab",
        },
    }


def _transformations(grid: Grid, factors: Mapping[str, int]) -> list[Json]:
    # The centre of a merged pixel lies (factor - 1) / 2 steps beyond the first pixel it covers.
    scale = [grid.scale[axis] * factors[axis] for axis in grid.axes]
    shift = [grid.translation[axis] + (factors[axis] - 1) / 2 * grid.scale[axis] for axis in grid.axes]
    transformations: list[Json] = [{"type": "scale", "scale": scale}]
    if any(shift):
        transformations.append({"type": "translation", "translation": shift})
    return transformations


def omero(channels: Sequence[Json], *, name: str, planes: int) -> Json:
    """Rendering settings: colour and contrast window of each channel, and the middle plane to show first."""
    return {
        "name": name,
        "channels": list(channels),
        "rdefs": {"model": "color", "defaultT": 0, "defaultZ": planes // 2},
    }


def channel(
    position: int, wanted: Mapping[str, Any], *, limits: tuple[float, float], measured: tuple[float, float]
) -> Json:
    """One OMERO channel from what the caller said and what the pixels say.

    Parameters
    ----------
    position : int
        Place along the channel axis.
    wanted : mapping
        ``name``, ``color`` (``"00FF00"`` or ``"#00FF00"``), ``window`` (start, end); each may be left out.
    limits : tuple of float
        Least and greatest value that can occur.
    measured : tuple of float
        Contrast window where the caller names none.

    Examples
    --------
    >>> channel(0, {"name": "DAPI", "color": "#0000ff"}, limits=(0, 255), measured=(3, 90))["window"]
    {'min': 0.0, 'max': 255.0, 'start': 3.0, 'end': 90.0}
    """
    start, end = wanted.get("window", measured)
    color = str(wanted.get("color", _FALLBACK_COLORS[position % len(_FALLBACK_COLORS)]))
    return {
        "label": str(wanted.get("name", f"channel {position}")),
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
    return _versioned(version, {"multiscales": [multiscale], **({"omero": omero} if omero else {})})


def label_image(version: str, *, multiscale: Json, values: Iterable[int]) -> Json:
    """Attributes of one label image's group, with a colour (a SHOULD) for each of ``values``."""
    about: Json = {"source": {"image": "../../"}}
    if colors := [{"label-value": value, "rgba": _label_color(value)} for value in values]:
        about["colors"] = colors
    return _versioned(version, {"multiscales": [multiscale], "image-label": about})


def label_list(version: str, names: Iterable[str]) -> Json:
    """Attributes of the group ``labels``."""
    return _versioned(version, {"labels": list(names)})


def plate(
    version: str,
    *,
    name: str,
    rows: Sequence[str],
    columns: Sequence[str],
    wells: Mapping[tuple[int, int], Mapping[str, str | int | float]],
    fields: int,
) -> Json:
    """Attributes of a plate: the wells that are there, by row and column, with what is stated of each."""
    entries = [
        {"path": f"{rows[r]}/{columns[c]}", "rowIndex": r, "columnIndex": c, **about}
        for (r, c), about in wells.items()
    ]
    block = {
        "name": name,
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": column} for column in columns],
        "wells": entries,
        "field_count": fields,
    }
    return _versioned(version, {"plate": block})


def well(version: str, *, fields: int) -> Json:
    """Attributes of a well with so many fields, named by their number."""
    return _versioned(version, {"well": {"images": [{"path": str(number)} for number in range(fields)]}})


def _versioned(version: str, blocks: Json) -> Json:
    # 0.5 states the version once, in the "ome" object that holds all blocks; 0.4 in each block.
    if version == "0.5":
        return {"ome": {"version": version, **blocks}}
    marked = dict(blocks)
    if "multiscales" in marked:
        marked["multiscales"] = [{"version": version, **entry} for entry in marked["multiscales"]]
    for key in marked.keys() & {"omero", "image-label", "plate", "well"}:
        marked[key] = {"version": version, **marked[key]}
    return marked


def _label_color(value: int) -> list[int]:
    # Steps of the golden ratio around the colour circle keep neighbouring labels apart.
    hue = math.modf(value * 0.6180339887498949)[0]
    return [*(round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.75, 1.0)), 255]
