"""Coordinate transformations of 0.6: twelve types, some of which hold others."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from typing import Any

from fairlab.ngff.validation.findings import Finding, Findings, Place, Rule, error, hint, shown, warning
from fairlab.ngff.validation.paths import BELOW
from fairlab.ngff.validation.shapes import (
    Deferred,
    Fields,
    ListOf,
    Number,
    Shape,
    Tagged,
    Text,
    may,
    must,
    repeated,
)

Sized = Generator[Finding, None, int | None]
"""Findings, and in the end how many axes come out (None: unknown)."""

_NUMBERS = ListOf(item=Number())
_MATRIX = ListOf(item=_NUMBERS, least=1)
_INDICES = ListOf(item=Number(integer=True, least=0, most=4), unique=True)
_METHODS = ("nearest", "linear", "cubic", "bspline-cubic")


def _either(*names: str) -> Rule:
    def rule(transformation: dict[str, Any], place: Place) -> Findings:
        stated = [name for name in names if name in transformation]
        if len(stated) != 1:
            found = " and ".join(stated) or "neither"
            yield error("either", place, f"found {found}; expected exactly one of {' and '.join(names)}")

    return rule


def _projects(transformation: dict[str, Any], place: Place) -> Findings:
    if "droppedInputs" not in transformation and "createdOutputs" not in transformation:
        yield error("either", place, "found neither droppedInputs nor createdOutputs; expected at least one")


def _permutes(transformation: dict[str, Any], place: Place) -> Findings:
    order = transformation["mapAxis"]
    if sorted(order) != list(range(len(order))):
        yield error(
            "permutation", (*place, "mapAxis"), f"it names other axes than 0 to {len(order) - 1}, each once"
        )


def _square(transformation: dict[str, Any], place: Place) -> Findings:
    """A rotation matrix MUST be square and orthonormal, with determinant one."""
    rows = transformation.get("rotation")
    if rows is None:
        return
    n = len(rows)
    if not 2 <= n <= 5 or any(len(row) != n for row in rows):
        yield error("rotation", (*place, "rotation"), "it is no square matrix of 2 to 5 rows")
    elif not _is_rotation(rows):
        yield error("rotation", (*place, "rotation"), "its rows are not orthonormal with determinant 1")


def _is_rotation(rows: list[list[float]]) -> bool:
    products = (
        (i, j, sum(float(a) * float(b) for a, b in zip(rows[i], rows[j], strict=True)))
        for i in range(len(rows))
        for j in range(i + 1)
    )
    # Matrices are written with few digits: the rows of a valid one are unit vectors to about three.
    return all(abs(product - (i == j)) < 1e-3 for i, j, product in products) and _determinant(rows) > 0


def _determinant(rows: list[list[float]]) -> float:
    if len(rows) == 1:
        return rows[0][0]
    minors = ([[*row[:column], *row[column + 1 :]] for row in rows[1:]] for column in range(len(rows)))
    return math.fsum(
        (-1) ** column * rows[0][column] * _determinant(minor) for column, minor in enumerate(minors)
    )


def _oblong(transformation: dict[str, Any], place: Place) -> Findings:
    if len({len(row) for row in transformation.get("affine", [])}) > 1:
        yield error("affine", (*place, "affine"), "its rows are of different length")


def _method(transformation: dict[str, Any], place: Place) -> Findings:
    method = transformation.get("interpolation", "linear")
    if method not in _METHODS:
        yield hint(
            "interpolation",
            (*place, "interpolation"),
            f"{shown(method)} is none of the methods the text describes",
        )


def _prefers_hard(transformation: dict[str, Any], place: Place) -> Findings:
    for key in ("forward", "inverse"):
        if transformation[key]["type"] in ("identity", "scale", "translation", "rotation", "mapAxis"):
            yield warning(
                "bijection",
                (*place, key),
                f"a {transformation[key]['type']} has an inverse of its own; a bijection SHOULD hold what has none",
            )


def _type(*also: Rule, **keys: Shape) -> Shape:
    return Fields(
        keys={"name": may(Text()), **{name: must(shape) for name, shape in keys.items()}}, also=also
    )


def _optional(*also: Rule, **keys: Shape) -> Shape:
    return Fields(keys={"name": may(Text()), **{name: may(shape) for name, shape in keys.items()}}, also=also)


TRANSFORMATION: Shape = Deferred(shape=lambda: _TRANSFORMATION)
"""Any transformation."""
_PART = Fields(
    keys={"transformation": must(TRANSFORMATION), "inputAxes": must(_INDICES), "outputAxes": must(_INDICES)}
)
_TRANSFORMATION: Shape = Tagged(
    shapes={
        "identity": _type(),
        "mapAxis": _type(
            _permutes,
            mapAxis=ListOf(item=Number(integer=True, least=0, most=4), least=2, most=5, unique=True),
        ),
        "projectAxis": _optional(
            _projects,
            droppedInputs=ListOf(item=Number(integer=True, least=0, most=4), least=1, most=3, unique=True),
            createdOutputs=ListOf(item=Number(integer=True, least=0, most=4), least=1, most=3, unique=True),
        ),
        "translation": _type(translation=_NUMBERS),
        "scale": _type(scale=ListOf(item=Number(above=0))),
        "affine": _optional(_either("affine", "path"), _oblong, affine=_MATRIX, path=BELOW),
        "rotation": _optional(_either("rotation", "path"), _square, rotation=_MATRIX, path=BELOW),
        "sequence": _type(transformations=ListOf(item=TRANSFORMATION, least=1)),
        "displacements": Fields(keys={"path": must(BELOW), "interpolation": may(Text())}, also=(_method,)),
        "coordinates": Fields(keys={"path": must(BELOW), "interpolation": may(Text())}, also=(_method,)),
        "bijection": _type(_prefers_hard, forward=TRANSFORMATION, inverse=TRANSFORMATION),
        "byDimension": _type(transformations=ListOf(item=_PART, least=1)),
    }
)


def sizes(transformation: dict[str, Any], n_in: int | None, n_out: int | None, place: Place) -> Findings:
    """Parameters MUST fit the number of axes on both sides (None: unknown)."""
    found = yield from _through(transformation, n_in, n_out, place)
    if None not in (found, n_out) and found != n_out:
        yield error("size", place, f"{found} axes come out, but the output has {n_out}")


def _through(transformation: dict[str, Any], n: int | None, n_out: int | None, place: Place) -> Sized:
    """Follow ``n`` axes through a transformation; ``n_out`` is how many the output states."""
    kind = transformation["type"]
    follow = _FOLLOW.get(kind)
    if follow is not None:
        return (yield from follow(transformation, n, n_out, place))
    if kind in ("scale", "translation", "mapAxis", "rotation") and kind in transformation:
        length = len(transformation[kind])
        yield from _fits(length, n, (*place, kind))
        return length if n is None else n  # said once is enough
    return n if kind in ("identity", "rotation", "displacements") else None


def _fits(length: int, n: int | None, place: Place) -> Findings:
    if n is not None and length != n:
        yield error("size", place, f"it has {length} entries for {n} axes")


def _affine(transformation: dict[str, Any], n: int | None, n_out: int | None, place: Place) -> Sized:
    rows = transformation.get("affine")
    if rows is None:
        return n_out
    yield from _fits(len(rows[0]), None if n is None else n + 1, (*place, "affine", 0))
    return len(rows)


def _project(transformation: dict[str, Any], n: int | None, n_out: int | None, place: Place) -> Sized:
    dropped, created = transformation.get("droppedInputs", []), transformation.get("createdOutputs", [])
    if n is None:
        return None
    yield from _in_range(dropped, n, (*place, "droppedInputs"))
    result = n - len(dropped) + len(created)
    yield from _in_range(created, result, (*place, "createdOutputs"))
    return result


def _sequence(transformation: dict[str, Any], n: int | None, n_out: int | None, place: Place) -> Sized:
    for number, step in enumerate(transformation["transformations"]):
        # How many axes the spaces between two steps have is stated nowhere.
        n = yield from _through(step, n, None, (*place, "transformations", number))
    return n


def _both_ways(transformation: dict[str, Any], n: int | None, n_out: int | None, place: Place) -> Sized:
    yield from sizes(transformation["forward"], n, n, (*place, "forward"))
    yield from sizes(transformation["inverse"], n, n, (*place, "inverse"))
    return n


def _by_dimension(transformation: dict[str, Any], n: int | None, n_out: int | None, place: Place) -> Sized:
    outputs: list[int] = []
    for number, part in enumerate(transformation["transformations"]):
        where = (*place, "transformations", number)
        if n is not None:
            yield from _in_range(part["inputAxes"], n, (*where, "inputAxes"))
        if n_out is not None:
            yield from _in_range(part["outputAxes"], n_out, (*where, "outputAxes"))
        yield from sizes(
            part["transformation"],
            len(part["inputAxes"]),
            len(part["outputAxes"]),
            (*where, "transformation"),
        )
        outputs += part["outputAxes"]
    yield from repeated(outputs, (*place, "transformations"), "an output axis")
    if n_out is not None and set(range(n_out)) - set(outputs):
        missing = min(set(range(n_out)) - set(outputs))
        yield error(
            "output-axes", place, f"no part makes output axis {missing}; each MUST appear in exactly one"
        )
    return n_out


def _in_range(indices: list[int], n: int, place: Place) -> Findings:
    for number, index in enumerate(indices):
        if index >= n:
            yield error("axis", (*place, number), f"it is {index}, but there are {n} axes, counted from 0")


_FOLLOW: dict[str, Callable[[dict[str, Any], int | None, int | None, Place], Sized]] = {
    "affine": _affine,
    "projectAxis": _project,
    "sequence": _sequence,
    "bijection": _both_ways,
    "byDimension": _by_dimension,
}
