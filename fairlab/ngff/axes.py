"""Axes of an image: names alone (0.3), or objects with types and units (from 0.4 on)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from fairlab.ngff.model import Axis, AxisType
from fairlab.ngff.units import LENGTHS_M, TIMES_S, unit_name
from fairlab.ngff.values import broken, line, shown, text

_TYPES: Final[dict[str, AxisType]] = {"space": "space", "time": "time", "channel": "channel"}
# "The type SHOULD be one of space, time, channel": when it is left out, the usual names still tell.
_USUAL: Final[dict[str, AxisType]] = {"x": "space", "y": "space", "z": "space", "t": "time", "c": "channel"}


def named(names: str) -> tuple[Axis, ...]:
    """Axes of which only the names are known.

    Examples
    --------
    >>> [(axis.name, axis.type) for axis in named("cyx")]
    [('c', 'channel'), ('y', 'space'), ('x', 'space')]
    """
    return tuple(Axis(name=name, type=_usual(name)) for name in names)


def read(stated: object, *, place: str, where: str, remarks: list[str]) -> tuple[Axis, ...]:
    """Axes as JSON states them: objects, or strings where only names are given.

    Raises
    ------
    MetadataError
        kind ``"axes"``: a dimension of the arrays would have no name, or two the same.
    """
    if not isinstance(stated, list) or not stated:
        raise broken(f"axes is {shown(stated)}; expected a list of axes", "axes", where, place=place)
    names = [line(axis.get("name")) if isinstance(axis, Mapping) else line(axis) for axis in stated]
    if None in names or len(set(names)) != len(names) or any("/" in str(name) for name in names):
        raise broken(
            f"axes are named {shown(names)}; expected different names, without slashes",
            "axes",
            where,
            place=place,
        )
    found = tuple(_axis(axis, remarks) for axis in stated)
    kinds = [axis.type for axis in found]
    if len(found) > 5 or not 2 <= kinds.count("space") <= 3:
        remarks.append(
            f"the axes {', '.join(axis.name for axis in found)} are not 2 to 5 with 2 or 3 of type space"
        )
    return found


def named_otherwise(axes: Sequence[Axis], documents: Iterable[Mapping[str, Any] | None]) -> tuple[str, ...]:
    """A remark where arrays (of zarr v3) have the same axes in another order: one of the two must be wrong.

    Examples
    --------
    >>> named_otherwise(named("yx"), [{"dimension_names": ["x", "y"]}])
    ('an array names its dimensions x, y; the axes y, x were taken',)
    >>> named_otherwise(named("yx"), [{"dimension_names": ["dim_0", None]}, {}, None])
    ()
    """
    names = [axis.name for axis in axes]
    for document in documents:
        stated = document.get("dimension_names") if document else None
        if isinstance(stated, list) and any(
            own in names and own != name for own, name in zip(stated, names, strict=False)
        ):
            told = ", ".join(map(str, stated))
            return (f"an array names its dimensions {told}; the axes {', '.join(names)} were taken",)
    return ()


def _axis(stated: Mapping[str, Any] | str, remarks: list[str]) -> Axis:
    if isinstance(stated, str):
        return Axis(name=stated, type=_usual(stated))
    name, kind, unit = stated["name"], stated.get("type"), line(stated.get("unit"))
    type_ = _TYPES.get(kind.lower(), "other") if isinstance(kind, str) else _usual(name)
    orientation = stated.get("orientation")
    more = {
        "orientation": text(orientation.get("value")) if isinstance(orientation, Mapping) else None,
        "long_name": line(stated.get("longName")),
    }
    if unit is None:
        return Axis(name=name, type=type_, **more)
    known = unit_name(unit)
    if known != unit:
        remarks.append(
            f"axis {name} has the unit {shown(unit)}, "
            + (f"read as {known}" if known else "which is no NGFF unit")
        )
    elif (type_ == "space" and known in TIMES_S) or (type_ == "time" and known in LENGTHS_M):
        remarks.append(f"axis {name} is of type {type_}, but its unit is {known}")
    return Axis(name=name, type=type_, unit=known or unit, **more)


def _usual(name: str) -> AxisType:
    return _USUAL.get(name.lower(), "other")
