"""Axes: names since 0.3, types and units since 0.4."""

from __future__ import annotations

from typing import Any, Final

from fairlab.ngff.units import LENGTHS_M, TIMES_S
from fairlab.ngff.validation import orientations
from fairlab.ngff.validation.findings import Findings, Place, Rule, error, hint, shown, warning
from fairlab.ngff.validation.shapes import (
    Anything,
    Fields,
    Flag,
    ListOf,
    OrNull,
    Text,
    alternatives,
    may,
    must,
    repeated,
    should,
)

_ORDER: Final = ("t", "c", "z", "y", "x")
# The specification's lists of units lack these two of the usual prefixes.
UNITS: Final = {"space": set(LENGTHS_M) - {"decameter"}, "time": set(TIMES_S) - {"decasecond"}}
"""Units that an axis may have, by its type."""


def _in_order(names: list[str], place: Place) -> Findings:
    if names != sorted(names, key=_ORDER.index):
        yield error("order", place, f"the axes are {', '.join(names)}; expected the order t, c, z, y, x")


NAMES = ListOf(
    item=Text(pattern="[tczyx]", expected="t, c, z, y or x"),
    least=2,
    most=5,
    unique=True,
    section="axes",
    also=(_in_order,),
)
"""0.3: names of dimensions, nothing else."""


def _unique_names(axes: list[dict[str, Any]], place: Place) -> Findings:
    yield from repeated([axis["name"] for axis in axes], place, "the axis name")


def _one_time_one_other(axes: list[dict[str, Any]], place: Place) -> Findings:
    """Types MUST be: at most one time, then at most one channel or custom, then two or three space."""
    ranks = [_rank(axis) for axis in axes]
    if ranks.count(0) > 1:
        yield error("time-axes", place, f"{ranks.count(0)} axes are of type time; expected at most one")
    if ranks.count(1) > 1:
        yield error(
            "channel-axes",
            place,
            f"{ranks.count(1)} axes are of type channel or a custom one; expected at most one",
        )
    if ranks != sorted(ranks):
        found = ", ".join(shown(axis.get("type")) for axis in axes)
        yield error(
            "order", place, f"the types are {found}; expected time, then channel or custom, then space"
        )


def _space_count(axes: list[dict[str, Any]], place: Place) -> Findings:
    count = sum(axis.get("type") == "space" for axis in axes)
    if not 2 <= count <= 3:
        yield error("space-axes", place, f"{count} axes are of type space; expected 2 or 3")


def _space_or_array_count(axes: list[dict[str, Any]], place: Place) -> Findings:
    # Systems of array indices (type array) stand in for physical ones since 0.6.
    if sum(axis.get("type") == "array" for axis in axes) < 2:
        yield from _space_count(axes, place)
        yield from _one_time_one_other(axes, place)


def _zyx(axes: list[dict[str, Any]], place: Place) -> Findings:
    space = [axis["name"] for axis in axes if axis.get("type") == "space"]
    if sorted(space) == ["x", "y", "z"] and space != ["z", "y", "x"]:
        yield warning(
            "space-order", place, f"the space axes are {', '.join(space)}; stacks of planes SHOULD be z, y, x"
        )


def _rank(axis: dict[str, Any]) -> int:
    return {"time": 0, "space": 2}.get(axis.get("type", ""), 1)


def _unit(axis: dict[str, Any], place: Place) -> Findings:
    kind, unit = axis.get("type"), axis.get("unit")
    if "unit" not in axis and kind in UNITS:
        yield hint(
            "missing-unit", place, f"the {kind} axis {shown(axis['name'])} has no unit; it SHOULD have one"
        )
    elif "unit" in axis and not isinstance(unit, str):
        # The text says of the whole value, its type included, what it SHOULD be.
        yield warning("unit", (*place, "unit"), f"it is {shown(unit)}; it SHOULD be the name of a unit")
    elif unit is not None and unit not in UNITS.get(str(kind), {unit}):
        example = "micrometer" if kind == "space" else "second"
        yield warning(
            "unit",
            (*place, "unit"),
            f"{shown(unit)} is no {kind} unit of UDUNITS-2; it SHOULD be like {example}",
        )


def _known_type(*types: str) -> Rule:
    def rule(axis: dict[str, Any], place: Place) -> Findings:
        if axis.get("type") is not None and axis["type"] not in types:
            yield warning(
                "type",
                (*place, "type"),
                f"the type {shown(axis['type'])} is a custom one; it SHOULD be {alternatives(types)}",
            )

    return rule


# "A null / custom type": the text names null as a type.
_TYPE = should(OrNull(shape=Text()))
_AXIS = Fields(
    keys={"name": must(Text()), "type": _TYPE, "unit": may(Anything())},
    also=(_known_type("space", "time", "channel"), _unit, orientations.stated),
)
AXES = ListOf(
    item=_AXIS,
    least=2,
    most=5,
    section="axes",
    also=(_unique_names, _space_count, _one_time_one_other, _zyx, orientations.apart),
)
"""0.4 and 0.5: named axes with types and units."""

_AXIS_06 = Fields(
    keys={
        "name": must(Text(pattern="(?s).+", expected="a name that is not empty")),
        "type": _TYPE,
        "unit": may(Anything()),
        "discrete": may(Flag()),
        "longName": may(Text()),
    },
    also=(
        _known_type("array", "space", "time", "channel", "coordinate", "displacement"),
        _unit,
        orientations.stated,
    ),
)
SYSTEM_AXES = ListOf(item=_AXIS_06, least=1, section="axes", also=(_unique_names, orientations.apart))
"""0.6: axes of any coordinate system."""
IMAGE_AXES = ListOf(
    item=_AXIS_06,
    least=2,
    most=5,
    section="axes",
    also=(_unique_names, _space_or_array_count, _zyx, orientations.apart),
)
"""0.6: axes of a coordinate system of an image."""
