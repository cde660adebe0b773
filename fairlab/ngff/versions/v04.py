"""OME-Zarr 0.4: axes with types and units, transformations on datasets and on the multiscale."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fairlab.errors import MetadataError
from fairlab.ngff.model import Axis, AxisType, Channel, Image, Level
from fairlab.ngff.paths import inner_path
from fairlab.ngff.transforms import compose
from fairlab.ngff.units import unit_name

_TYPES: dict[str, AxisType] = {"space": "space", "time": "time", "channel": "channel"}
# "The type SHOULD be one of space, time, channel": when it is left out, the usual names still tell.
_USUAL: dict[str, AxisType] = {"x": "space", "y": "space", "z": "space", "t": "time", "c": "channel"}


def image(attributes: Mapping[str, Any], *, where: str) -> Image:
    """The image that version 0.4 attributes describe; see :func:`fairlab.ngff.group.image`."""
    multiscales = attributes.get("multiscales")
    if not isinstance(multiscales, list) or not multiscales or not isinstance(multiscales[0], Mapping):
        raise _broken("multiscales is not a list with at least one entry", "multiscales", where)
    entry = multiscales[0]
    remarks = []
    if len(multiscales) > 1:
        remarks.append(f"the group holds {len(multiscales)} images; the first one was opened")
    axes = _axes(entry, remarks, where)
    return Image(
        version="0.4",
        name=entry["name"] if isinstance(entry.get("name"), str) else None,
        axes=axes,
        levels=_levels(entry, len(axes), where),
        channels=_channels(attributes),
        is_label="image-label" in attributes,
        remarks=tuple(remarks),
    )


def _axes(entry: Mapping[str, Any], remarks: list[str], where: str) -> tuple[Axis, ...]:
    stated = entry.get("axes")
    if not isinstance(stated, list) or not all(
        isinstance(a, Mapping) and isinstance(a.get("name"), str) for a in stated
    ):
        raise _broken("multiscales[0].axes is not a list of named axes", "axes", where)
    names = [axis["name"] for axis in stated]
    if len(set(names)) != len(names) or not 2 <= len(names) <= 5:
        raise _broken(f"axes are {names}; expected 2 to 5 different names", "axes", where)
    return tuple(_axis(axis, remarks) for axis in stated)


def _axis(stated: Mapping[str, Any], remarks: list[str]) -> Axis:
    name = stated["name"]
    kind = _TYPES.get(str(stated.get("type")), "other")
    if stated.get("type") is None:
        kind = _USUAL.get(name.lower(), "other")
    unit = stated.get("unit")
    if not isinstance(unit, str) or not unit:
        return Axis(name=name, type=kind)
    known = unit_name(unit)
    if known != unit:
        remarks.append(
            f'axis {name} has the unit "{unit}"'
            + (f", read as {known}" if known else ", which is no NGFF unit")
        )
    return Axis(name=name, type=kind, unit=known or unit)


def _levels(entry: Mapping[str, Any], n_axes: int, where: str) -> tuple[Level, ...]:
    datasets = entry.get("datasets")
    if not isinstance(datasets, list) or not datasets:
        raise _broken("multiscales[0].datasets is not a list with at least one entry", "datasets", where)
    whole = _transformations(entry, "multiscales[0]", where)
    levels = []
    for number, dataset in enumerate(datasets):
        place = f"multiscales[0].datasets[{number}]"
        if not isinstance(dataset, Mapping) or not isinstance(dataset.get("path"), str):
            raise _broken(f"{place} has no path", "path", where)
        own = _transformations(dataset, place, where)
        if not any(isinstance(t, Mapping) and t.get("type") == "scale" for t in own):
            found = ", ".join(str(t.get("type")) for t in own) or "nothing"
            raise _broken(
                f'level "{dataset["path"]}" has no scale transformation (found: {found})\n'
                f"  in {place}.coordinateTransformations; the specification asks for exactly one",
                "scale-missing",
                where,
            )
        scale, translation = compose([own, whole], n_axes=n_axes, where=f"{where}, {place}")
        levels.append(
            Level(path=inner_path(dataset["path"], where=where), scale=scale, translation=translation)
        )
    return tuple(levels)


def _transformations(entry: Mapping[str, Any], place: str, where: str) -> list[Mapping[str, Any]]:
    stated = entry.get("coordinateTransformations", [])
    if not isinstance(stated, list) or not all(isinstance(t, Mapping) for t in stated):
        raise _broken(f"{place}.coordinateTransformations is not a list of objects", "transformation", where)
    return stated


def _channels(attributes: Mapping[str, Any]) -> tuple[Channel, ...]:
    # "omero" is transitional and informative: what cannot be read of it is left out, not refused.
    omero = attributes.get("omero")
    stated = omero.get("channels") if isinstance(omero, Mapping) else None
    return (
        tuple(_channel(c if isinstance(c, Mapping) else {}) for c in stated)
        if isinstance(stated, list)
        else ()
    )


def _channel(stated: Mapping[str, Any]) -> Channel:
    label, color, active = stated.get("label"), stated.get("color"), stated.get("active", True)
    window = stated.get("window")
    limits = (window.get("start"), window.get("end")) if isinstance(window, Mapping) else (None, None)
    low, high = (float(v) if isinstance(v, int | float) else None for v in limits)
    return Channel(
        label=label if isinstance(label, str) and label.strip() else None,
        color=f"#{color.upper()}"
        if isinstance(color, str) and re.fullmatch("[0-9A-Fa-f]{6}", color)
        else None,
        window=(low, high) if low is not None and high is not None else None,
        active=bool(active),
    )


def _broken(what: str, kind: str, where: str) -> MetadataError:
    return MetadataError(f"{what}\n  at {where}", kind=kind, url=where)
