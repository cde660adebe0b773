"""Anatomical orientation of axes (RFC-4), which any version may carry: a type, and one direction of a pair."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fairlab.ngff.validation.findings import error, shown, warning

if TYPE_CHECKING:
    from fairlab.ngff.validation.findings import Findings, Place

_PAIRS: Final = (
    ("left", "right"), ("anterior", "posterior"), ("inferior", "superior"), ("dorsal", "ventral"),
    ("dorsal", "palmar"), ("dorsal", "plantar"), ("rostral", "caudal"), ("cranial", "caudal"), ("proximal", "distal"),
    ("superficial", "deep"), ("apical", "basal"), ("apex", "base"),
)  # fmt: skip
_DIRECTIONS: Final = {f"{a}-to-{b}": pair for pair in _PAIRS for a, b in (pair, pair[::-1])}


def stated(axis: dict[str, Any], place: Place) -> Findings:
    """The orientation of an axis is of space, anatomical, and a word of the vocabulary."""
    found, here = axis.get("orientation"), (*place, "orientation")
    if found is None or found == {}:
        if "orientation" in axis:
            yield warning(
                "orientation", here, f"it is {shown(found)}; one that is not known SHOULD be left out"
            )
    elif axis.get("type") != "space":
        yield error("orientation", here, "only axes of type space MUST have an orientation")
    elif not isinstance(found, dict) or found.get("type") != "anatomical":
        yield error("orientation", here, f"it is {shown(found)}; its type MUST be anatomical")
    elif _pair(axis) is None:
        value = found.get("value")
        yield error(
            "orientation", here, f"its value is {shown(value)}; it MUST be a direction such as left-to-right"
        )


def apart(axes: list[dict[str, Any]], place: Place) -> Findings:
    """No two axes run along the same pair of opposites."""
    seen: dict[tuple[str, str], int] = {}
    for number, axis in enumerate(axes):
        pair = _pair(axis)
        if pair is None:
            continue
        if pair in seen:
            text = (
                f"{'-'.join(pair)} is the orientation of axis {seen[pair]} already; each MUST be of another"
            )
            yield error("orientation", (*place, number, "orientation"), text)
        seen.setdefault(pair, number)


def _pair(axis: dict[str, Any]) -> tuple[str, str] | None:
    found = axis.get("orientation")
    value = found.get("value") if isinstance(found, dict) else None
    return _DIRECTIONS.get(value) if isinstance(value, str) else None
