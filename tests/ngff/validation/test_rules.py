"""Each rule by one edit of a valid document, in every version that has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fairlab.ngff.validation.document import read
from fairlab.ngff.validation.versions import RULES
from tests.ngff.validation.valid import GONE, VERSIONS, edited, kinds, valid

if TYPE_CHECKING:
    from fairlab.ngff.validation.findings import Finding

ALL, SINCE_04, PLACED = "0.1 0.2 0.3 0.4 0.5 0.6", "0.4 0.5 0.6", "0.4 0.5"
SINCE_02 = "0.2 0.3 0.4 0.5 0.6"
EARLY, STATED = "0.1 0.2 0.3", "0.1 0.2 0.3 0.4"
CT = "coordinateTransformations"
M = "multiscales/0"
T = f"{M}/datasets/0/{CT}"
G = f"{M}/{CT}"
S = f"{M}/coordinateSystems"
SCALE = {"type": "scale", "scale": [1, 1, 1, 1, 1]}
SHORT = {"type": "affine", "affine": [[1, 0, 0], [0, 1, 0]]}
NO_FIFTH = {"droppedInputs": [0, 1, 2], "createdOutputs": [4]}
FIELD = {"type": "displacements", "path": "field"}
MOVE = {"type": "translation", "translation": [1, 1, 1, 1, 1]}
AFFINE = [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, 0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0]]
TURN = [[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 0, -1], [0, 0, 0, 1, 0]]


def _axis(name: str, kind: str | None = None) -> dict[str, str]:
    return {"name": name, **({"type": kind} if kind else {})}


def _along(direction: Any) -> dict[str, Any]:
    return {"type": "anatomical", "value": direction}


BOTH_WAYS = [
    _axis("t", "time"),
    _axis("c", "channel"),
    _axis("z", "space"),
    {**_axis("y", "space"), "orientation": _along("right-to-left")},
    {**_axis("x", "space"), "orientation": _along("left-to-right")},
]
XYZ = [_axis("t", "time"), _axis("c", "channel"), *(_axis(name, "space") for name in "xyz")]
LOST = {"name": "lost", "axes": [_axis("y", "space"), _axis("x", "space")]}


def _step(kind: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "input": {"name": "physical"}, "output": {"name": "stage"}, **more}


def _parts(*outputs: list[int]) -> list[dict[str, Any]]:
    return [
        {"transformation": {"type": "identity"}, "inputAxes": [*range(len(o))], "outputAxes": o}
        for o in outputs
    ]


# (versions, kind, place, value, level, type)
CASES: list[tuple[str, str, str, Any, str, str]] = [
    # ── images ──
    (ALL, "image", "multiscales", [], "error", "multiscales.length"),
    (ALL, "image", "multiscales", {}, "error", "multiscales.wrong-type"),
    (ALL, "image", "multiscales/0", 7, "error", "multiscales.wrong-type"),
    (ALL, "image", f"{M}/datasets", GONE, "error", "multiscales.missing-datasets"),
    (ALL, "image", f"{M}/datasets", [], "error", "multiscales.length"),
    (ALL, "image", f"{M}/datasets/0/path", GONE, "error", "multiscales.missing-path"),
    (ALL, "image", f"{M}/datasets/0/path", 0, "error", "multiscales.wrong-type"),
    (ALL, "image", f"{M}/datasets/0/path", "../s0", "error", "multiscales.path"),
    (ALL, "image", f"{M}/datasets/0/path", "https://example.org/0", "error", "multiscales.path"),
    (EARLY, "image", f"{M}/datasets/1/path", "s0", "error", "multiscales.duplicate"),
    (ALL, "image", f"{M}/name", 5, "error", "multiscales.wrong-type"),
    (ALL, "image", f"{M}/name", GONE, "warning", "multiscales.missing-name"),
    ("0.1 0.2 0.3 0.4 0.5", "image", f"{M}/name", None, "warning", "multiscales.null"),
    ("0.6", "image", f"{M}/name", None, "error", "multiscales.wrong-type"),
    (ALL, "image", f"{M}/type", GONE, "warning", "multiscales.missing-type"),
    (ALL, "image", f"{M}/metadata", GONE, "warning", "multiscales.missing-metadata"),
    (ALL, "image", f"{M}/metadata", "mean", "warning", "multiscales.metadata"),
    (STATED, "image", f"{M}/version", GONE, "warning", "multiscales.missing-version"),
    ("0.5 0.6", "image", f"{M}/version", "0.4", "warning", "document.version"),
    # ── axes ──
    ("0.3 0.4 0.5", "image", f"{M}/axes", GONE, "error", "multiscales.missing-axes"),
    ("0.3", "image", f"{M}/axes", ["x"], "error", "axes.length"),
    ("0.3", "image", f"{M}/axes/0", "q", "error", "axes.value"),
    ("0.3", "image", f"{M}/axes", ["y", "x", "c"], "error", "axes.order"),
    ("0.3", "image", f"{M}/axes/0", "c", "error", "axes.duplicate"),
    (PLACED, "image", f"{M}/axes/0/name", GONE, "error", "axes.missing-name"),
    (PLACED, "image", f"{M}/axes/0/name", "c", "error", "axes.duplicate"),
    (PLACED, "image", f"{M}/axes/1/type", GONE, "warning", "axes.missing-type"),
    (PLACED, "image", f"{M}/axes/1/type", "angle", "warning", "axes.type"),
    (PLACED, "image", f"{M}/axes/1/type", 3, "error", "axes.wrong-type"),
    (PLACED, "image", f"{M}/axes/1/type", None, "warning", "axes.null"),
    (PLACED, "image", f"{M}/axes/1/unit", None, "warning", "axes.unit"),
    (PLACED, "image", f"{M}/axes/3/unit", None, "warning", "axes.unit"),
    (PLACED, "image", f"{M}/axes/3/unit", ["micrometer"], "warning", "axes.unit"),
    (PLACED, "image", f"{M}/axes/3/unit", "micron", "warning", "axes.unit"),
    (PLACED, "image", f"{M}/axes/0/unit", "micrometer", "warning", "axes.unit"),
    (PLACED, "image", f"{M}/axes/3/unit", GONE, "hint", "axes.missing-unit"),
    (PLACED, "image", f"{M}/axes/2/type", "time", "error", "axes.time-axes"),
    (PLACED, "image", f"{M}/axes/2/type", "angle", "error", "axes.channel-axes"),
    (PLACED, "image", f"{M}/axes/1/type", "space", "error", "axes.space-axes"),
    (
        PLACED,
        "image",
        f"{M}/axes",
        [_axis("y", "space"), _axis("x", "space"), _axis("c")],
        "error",
        "axes.order",
    ),
    (PLACED, "image", f"{M}/axes", XYZ, "warning", "axes.space-order"),
    (PLACED, "image", f"{M}/axes/3/orientation", _along("left-to-right"), "valid", ""),
    (PLACED, "image", f"{M}/axes/3/orientation", None, "warning", "axes.orientation"),
    (PLACED, "image", f"{M}/axes/3/orientation", _along("upwards"), "error", "axes.orientation"),
    (PLACED, "image", f"{M}/axes/3/orientation", _along(["left-to-right"]), "error", "axes.orientation"),
    (PLACED, "image", f"{M}/axes/3/orientation", "left-to-right", "error", "axes.orientation"),
    (PLACED, "image", f"{M}/axes/3/orientation", {"value": "left-to-right"}, "error", "axes.orientation"),
    (PLACED, "image", f"{M}/axes/1/orientation", _along("left-to-right"), "error", "axes.orientation"),
    (PLACED, "image", f"{M}/axes", BOTH_WAYS, "error", "axes.orientation"),
    ("0.6", "image", f"{S}/0/axes/3/orientation", _along("upwards"), "error", "axes.orientation"),
    # ── scale and translation ──
    (SINCE_04, "image", T, GONE, "error", "multiscales.missing-coordinateTransformations"),
    (SINCE_04, "image", T, [], "error", f"{CT}.length"),
    (PLACED, "image", T, [MOVE], "error", f"{CT}.order"),
    (PLACED, "image", T, [MOVE, SCALE], "error", f"{CT}.order"),
    (PLACED, "image", T, [SCALE, SCALE], "error", f"{CT}.order"),
    (PLACED, "image", T, [SCALE, MOVE, MOVE], "error", f"{CT}.order"),
    (PLACED, "image", G, [MOVE], "error", f"{CT}.order"),
    (PLACED, "image", G, None, "warning", "multiscales.null"),
    (PLACED, "image", T, None, "error", f"{CT}.wrong-type"),
    (PLACED, "image", f"{T}/0", {"type": "identity"}, "error", f"{CT}.type"),
    (PLACED, "image", f"{T}/0/scale", GONE, "error", f"{CT}.missing-scale"),
    (PLACED, "image", f"{T}/0", {"type": "scale", "path": "s"}, "warning", f"{CT}.path"),
    (PLACED, "image", f"{T}/0/scale/0", 0, "error", f"{CT}.value"),
    (PLACED, "image", f"{T}/0/scale/0", -1.0, "error", f"{CT}.value"),
    (PLACED, "image", f"{T}/0/scale/0", float("nan"), "error", f"{CT}.value"),
    (PLACED, "image", f"{T}/1/translation/0", float("inf"), "error", f"{CT}.value"),
    (PLACED, "image", f"{T}/0/scale/0", "1", "error", f"{CT}.wrong-type"),
    (PLACED, "image", f"{T}/0/scale/0", True, "error", f"{CT}.wrong-type"),
    (PLACED, "image", f"{T}/0/scale/-", 1.0, "error", f"{CT}.length"),
    (PLACED, "image", f"{T}/1/translation/-", 1.0, "error", f"{CT}.length"),
    (PLACED, "image", f"{G}/0/scale/-", 1.0, "error", f"{CT}.length"),
    (PLACED, "image", f"{T}/0/scale/4", 9.0, "error", "multiscales.order"),
    # ── coordinate systems ──
    ("0.6", "image", S, GONE, "error", "multiscales.missing-coordinateSystems"),
    ("0.6", "image", S, [], "error", "coordinateSystems.length"),
    ("0.6", "image", f"{S}/0/name", GONE, "error", "coordinateSystems.missing-name"),
    ("0.6", "image", f"{S}/0/name", "", "error", "coordinateSystems.value"),
    ("0.6", "image", f"{S}/0/name", "other", "error", "multiscales.output"),
    ("0.6", "image", f"{S}/1/name", "physical", "error", "coordinateSystems.duplicate"),
    ("0.6", "image", f"{S}/0/axes", GONE, "error", "coordinateSystems.missing-axes"),
    ("0.6", "image", f"{S}/0/axes/0/name", "c", "error", "axes.duplicate"),
    ("0.6", "image", f"{S}/0/axes/0/discrete", "no", "error", "axes.wrong-type"),
    ("0.6", "image", f"{S}/0/axes/0/unit", None, "warning", "axes.unit"),
    ("0.6", "image", f"{S}/0/axes/1/type", None, "warning", "axes.null"),
    ("0.6", "image", f"{S}/0/axes/2/type", "time", "error", "axes.time-axes"),
    ("0.6", "image", f"{S}/0/axes/1/type", "space", "error", "axes.space-axes"),
    (
        "0.6",
        "image",
        f"{S}/-",
        {"name": "lost", "axes": [_axis("y", "space"), _axis("x", "space")]},
        "error",
        "multiscales.apart",
    ),
    (
        "0.6",
        "image",
        f"{T}/-",
        {**SCALE, "input": {"path": "s0"}, "output": {"name": "physical"}},
        "error",
        "coordinateTransformations.length",
    ),
    ("0.6", "image", f"{T}/0/input", GONE, "error", f"{CT}.missing-input"),
    ("0.6", "image", f"{T}/0/input", "s0", "error", f"{CT}.wrong-type"),
    ("0.6", "image", f"{T}/0/input/path", "s1", "error", "multiscales.input"),
    ("0.6", "image", f"{T}/0/input/name", "array", "warning", f"{CT}.input"),
    ("0.6", "image", f"{T}/0/output/path", "s1", "warning", f"{CT}.output"),
    ("0.6", "image", f"{T}/0/output/name", "stage", "error", "multiscales.intrinsic"),
    ("0.6", "image", f"{T}/0/type", "rotation", "error", f"{CT}.either"),
    ("0.6", "image", f"{T}/0/transformations", [SCALE], "error", f"{CT}.type"),
    ("0.6", "image", f"{T}/0/transformations", [MOVE, SCALE], "error", f"{CT}.type"),
    ("0.6", "image", f"{T}/0/transformations/0/scale/0", 0, "error", f"{CT}.value"),
    ("0.6", "image", f"{T}/0/transformations/0/scale/-", 1, "error", "multiscales.size"),
    ("0.6", "image", f"{T}/0/transformations/0/scale/4", 9.0, "error", "multiscales.order"),
    ("0.6", "image", G, [], "error", f"{CT}.length"),
    ("0.6", "image", f"{G}/0/output/name", "nowhere", "error", "multiscales.output"),
    ("0.6", "image", f"{G}/0/input/name", "stage", "error", "multiscales.intrinsic"),
    ("0.6", "image", f"{G}/0/output/path", "../labels/a", "error", f"{CT}.path"),
    # ── transformations of every type ──
    ("0.6", "image", f"{G}/0", _step("shear"), "error", f"{CT}.type"),
    ("0.6", "image", f"{G}/0", _step("mapAxis"), "error", f"{CT}.missing-mapAxis"),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("mapAxis", mapAxis=[0, 1, 2, 4, 4]),
        "error",
        "coordinateTransformations.duplicate",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("mapAxis", mapAxis=[1, 2, 3, 4]),
        "error",
        "coordinateTransformations.permutation",
    ),
    ("0.6", "image", f"{G}/0", _step("mapAxis", mapAxis=[1, 0]), "error", "multiscales.size"),
    ("0.6", "image", f"{G}/0", _step("projectAxis"), "error", f"{CT}.either"),
    ("0.6", "image", f"{G}/0", _step("projectAxis", droppedInputs=[0]), "error", "multiscales.size"),
    ("0.6", "image", f"{S}/1/axes", XYZ[:1] + XYZ[3:], "error", "multiscales.size"),
    ("0.6", "image", f"{G}/0", _step("projectAxis", **NO_FIFTH), "error", "multiscales.axis"),
    ("0.6", "image", f"{G}/0", _step("bijection", forward=SHORT, inverse=FIELD), "error", "multiscales.size"),
    ("0.6", "image", f"{G}/0", _step("bijection", forward=FIELD, inverse=SHORT), "error", "multiscales.size"),
    ("0.6", "image", f"{G}/0", _step("affine"), "error", f"{CT}.either"),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("affine", affine=AFFINE, path="a"),
        "error",
        "coordinateTransformations.either",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("affine", affine=[[1, 0], [0, 1, 0]]),
        "error",
        "coordinateTransformations.affine",
    ),
    ("0.6", "image", f"{G}/0", _step("affine", affine=AFFINE[1:]), "error", "multiscales.size"),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("affine", affine=[row[1:] for row in AFFINE]),
        "error",
        "multiscales.size",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("rotation", rotation=TURN[1:]),
        "error",
        "coordinateTransformations.rotation",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("rotation", rotation=[[0, 1], [1, 0]]),
        "error",
        "coordinateTransformations.rotation",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("rotation", rotation=[[2, 0], [0, 0.5]]),
        "error",
        "coordinateTransformations.rotation",
    ),
    ("0.6", "image", f"{G}/0", _step("rotation", rotation=[[1, 0], [0, 1]]), "error", "multiscales.size"),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("sequence", transformations=[]),
        "error",
        "coordinateTransformations.length",
    ),
    ("0.6", "image", f"{G}/0", _step("displacements"), "error", f"{CT}.missing-path"),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("coordinates", path="f", interpolation="magic"),
        "hint",
        "coordinateTransformations.interpolation",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("bijection", forward=SCALE),
        "error",
        "coordinateTransformations.missing-inverse",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("bijection", forward=SCALE, inverse=SCALE),
        "warning",
        "coordinateTransformations.bijection",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("byDimension", transformations=[{}]),
        "error",
        "coordinateTransformations.missing-inputAxes",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("byDimension", transformations=_parts([0, 1, 2, 3])),
        "error",
        "multiscales.output-axes",
    ),
    (
        "0.6",
        "image",
        f"{G}/0",
        _step("byDimension", transformations=_parts([0, 1], [1, 2, 3, 4])),
        "error",
        "multiscales.duplicate",
    ),
    # ── scenes ──
    ("0.6", "scene", "scene", GONE, "error", "document.no-metadata"),
    (
        "0.6",
        "scene",
        f"scene/{CT}",
        GONE,
        "error",
        "scene.missing-coordinateTransformations",
    ),
    ("0.6", "scene", f"scene/{CT}", [], "error", f"{CT}.length"),
    (
        "0.6",
        "scene",
        f"scene/{CT}/0/input",
        GONE,
        "error",
        "coordinateTransformations.missing-input",
    ),
    (
        "0.6",
        "scene",
        f"scene/{CT}/0/input/name",
        GONE,
        "error",
        "coordinateTransformations.missing-name",
    ),
    ("0.6", "scene", f"scene/{CT}/0/input/path", None, "error", "scene.input"),
    ("0.6", "scene", f"scene/{CT}/0/output/name", "elsewhere", "error", "scene.output"),
    ("0.6", "scene", f"scene/{CT}/0/output/path", "tile9", "error", "scene.apart"),
    ("0.6", "scene", "scene/coordinateSystems/0/name", "elsewhere", "error", "scene.output"),
    ("0.6", "scene", f"scene/{CT}/0/translation", [0, 0, 0], "error", "scene.size"),
    # ── omero ──
    (ALL, "image", "omero/channels", GONE, "error", "omero.missing-channels"),
    (ALL, "image", "omero/channels/0/color", GONE, "error", "omero.missing-color"),
    (ALL, "image", "omero/channels/0/color", 255, "error", "omero.wrong-type"),
    (SINCE_04, "image", "omero/channels/0/color", "blue", "error", "omero.value"),
    (ALL, "image", "omero/channels/0/window", GONE, "error", "omero.missing-window"),
    (ALL, "image", "omero/channels/0/window/start", GONE, "error", "omero.missing-start"),
    (ALL, "image", "omero/channels/0/window/end", "100", "error", "omero.wrong-type"),
    (ALL, "image", "omero/channels/0/window/end", 1, "warning", "omero.window"),
    (ALL, "image", "omero/channels/0/label", 5, "error", "omero.wrong-type"),
    (ALL, "image", "omero/channels/0/label", None, "warning", "omero.null"),
    (ALL, "image", "omero/channels/0/active", None, "warning", "omero.null"),
    (ALL, "image", "omero/channels/0/color", None, "error", "omero.wrong-type"),
    (ALL, "image", "omero/channels/0/active", 1, "error", "omero.wrong-type"),
    # ── labels ──
    (SINCE_04, "label", "image-label/colors", GONE, "warning", "image-label.missing-colors"),
    (SINCE_04, "label", "image-label/colors", [], "error", "image-label.length"),
    (ALL, "label", "image-label/colors/0/label-value", GONE, "error", "image-label.missing-label-value"),
    (ALL, "label", "image-label/colors/0/label-value", 1.5, "error", "image-label.value"),
    (ALL, "label", "image-label/colors/1/label-value", 1, "error", "image-label.duplicate"),
    (ALL, "label", "image-label/colors/0/rgba", [0, 0, 0], "error", "image-label.length"),
    (ALL, "label", "image-label/colors/0/rgba/3", 256, "error", "image-label.value"),
    (SINCE_04, "label", "image-label/properties", [], "error", "image-label.length"),
    (ALL, "label", "image-label/properties/0/label-value", GONE, "error", "image-label.missing-label-value"),
    (ALL, "label", "image-label/properties/1/label-value", 1, "warning", "image-label.duplicate-properties"),
    (ALL, "label", "image-label/source", "../../", "error", "image-label.wrong-type"),
    (STATED, "label", "image-label/version", GONE, "warning", "image-label.missing-version"),
    ("0.5", "label", "image-label/version", GONE, "hint", "image-label.missing-version"),
    (STATED, "label", "image-label/version", "0.5", "error", "document.version"),
    (ALL, "labels", "labels", {}, "error", "labels.wrong-type"),
    (ALL, "labels", "labels/0", 5, "error", "labels.wrong-type"),
    (ALL, "labels", "labels/0", "../image", "error", "labels.path"),
    (ALL, "labels", "labels/-", "cells", "warning", "labels.duplicate"),
    # ── plates ──
    (ALL, "plate", "plate/rows", GONE, "error", "plate.missing-rows"),
    (ALL, "plate", "plate/columns", [], "error", "plate.length"),
    (ALL, "plate", "plate/wells", {}, "error", "plate.wrong-type"),
    (ALL, "plate", "plate/wells/0/path", GONE, "error", "plate.missing-path"),
    (ALL, "plate", "plate/wells/0/path", "../A/1", "error", "*"),
    (ALL, "plate", "plate/acquisitions/0/id", GONE, "error", "plate.missing-id"),
    (
        ALL,
        "plate",
        "plate/acquisitions/-",
        {"id": 1, "name": "b", "maximumfieldcount": 1},
        "error",
        "plate.duplicate",
    ),
    (ALL, "plate", "plate/acquisitions/0/name", GONE, "warning", "plate.missing-name"),
    (
        ALL,
        "plate",
        "plate/acquisitions/0/maximumfieldcount",
        GONE,
        "warning",
        "plate.missing-maximumfieldcount",
    ),
    (EARLY, "plate", "plate/version", GONE, "error", "plate.missing-rowIndex"),
    ("0.4", "plate", "plate/version", GONE, "warning", "plate.missing-version"),
    ("0.5", "plate", "plate/version", GONE, "hint", "plate.missing-version"),
    (EARLY, "plate", "plate/wells/0/path", "2020-10-10/A/1", "valid", ""),
    (SINCE_04, "plate", "plate/name", GONE, "warning", "plate.missing-name"),
    (SINCE_04, "plate", "plate/field_count", GONE, "hint", "plate.missing-field_count"),
    (SINCE_04, "plate", "plate/field_count", 0, "error", "plate.value"),
    (SINCE_04, "plate", "plate/rows/1/name", "A", "error", "plate.duplicate"),
    (SINCE_04, "plate", "plate/rows/-", {"name": "a"}, "warning", "plate.case"),
    (SINCE_04, "plate", "plate/columns/0/name", "A-1", "error", "plate.value"),
    (SINCE_04, "plate", "plate/wells/1/path", "A/1", "error", "plate.duplicate"),
    (SINCE_04, "plate", "plate/wells/0/path", "1/A", "error", "plate.well-path"),
    (SINCE_04, "plate", "plate/wells/0/path", "C/1", "error", "plate.well-path"),
    (SINCE_04, "plate", "plate/wells/0/path", "A1", "error", "plate.value"),
    (SINCE_04, "plate", "plate/wells/0/path", "plate/A/1", "error", "plate.value"),
    (SINCE_04, "plate", "plate/wells/0/rowIndex", GONE, "error", "plate.missing-rowIndex"),
    (SINCE_04, "plate", "plate/wells/0/rowIndex", 1, "error", "plate.well-index"),
    (SINCE_04, "plate", "plate/wells/0/columnIndex", 99, "error", "plate.well-index"),
    (SINCE_04, "plate", "plate/wells/0/columnIndex", -1, "error", "plate.value"),
    (SINCE_02, "plate", "plate/acquisitions/0/id", 1.5, "error", "plate.value"),
    (SINCE_02, "plate", "plate/acquisitions/0/maximumfieldcount", 1.5, "error", "plate.value"),
    (SINCE_02, "plate", "plate/acquisitions/0/starttime", 1.5, "error", "plate.value"),
    (SINCE_02, "plate", "plate/acquisitions/0/endtime", -1, "error", "plate.value"),
    (SINCE_04, "plate", "plate/acquisitions/0/id", "1", "error", "plate.wrong-type"),
    (SINCE_04, "plate", "plate/acquisitions/0/id", -1, "error", "plate.value"),
    (SINCE_04, "plate", "plate/acquisitions/0/maximumfieldcount", 0, "error", "plate.value"),
    ("0.1", "plate", "plate/acquisitions/0/maximumfieldcount", 1.5, "valid", ""),
    ("0.1", "plate", "plate/acquisitions/0/id", "1", "error", "plate.wrong-type"),
    (SINCE_04, "plate", "plate/acquisitions/0/starttime", "2022-05-13", "error", "plate.wrong-type"),
    # ── wells ──
    (ALL, "well", "well/images", GONE, "error", "well.missing-images"),
    (ALL, "well", "well/images", [], "error", "well.length"),
    (ALL, "well", "well/images/0/path", GONE, "error", "well.missing-path"),
    (ALL, "well", "well/images/1/path", "0", "error", "well.duplicate"),
    (ALL, "well", "well/images/0/path", "a/b", "error", "well.value"),
    ("0.1 0.2 0.3 0.4 0.5", "well", "well/images/0/path", "field_0", "error", "well.value"),
    ("0.6", "well", "well/images/0/path", "field_0.zarr", "valid", ""),
    ("0.6", "well", "well/images/0/path", "..", "error", "well.value"),
    ("0.6", "well", "well/images/0/path", "__a", "error", "well.value"),
    (ALL, "well", "well/images/0/acquisition", "1", "error", "well.wrong-type"),
    (ALL, "well", "well/images/0/acquisition", GONE, "warning", "well.acquisition"),
    ("0.4", "well", "well/version", GONE, "warning", "well.missing-version"),
    # ── collections ──
    (SINCE_04, "bioformats2raw", "bioformats2raw.layout", 2, "error", "bioformats2raw.value"),
    (SINCE_04, "bioformats2raw", "bioformats2raw.layout", True, "error", "bioformats2raw.value"),
    (SINCE_04, "series", "series", "0", "error", "bioformats2raw.wrong-type"),
    (SINCE_04, "series", "series/0", "/etc", "error", "bioformats2raw.path"),
    # ── the document ──
    ("0.5 0.6", "image", "version", GONE, "error", "document.missing-version"),
    ("0.5 0.6", "image", "version", 0.5, "error", "document.missing-version"),
    ("0.5", "labels", "version", GONE, "warning", "document.missing-version"),
    ("0.5", "labels", "version", 0.5, "error", "document.missing-version"),
    ("0.5 0.6", "series", "version", GONE, "error", "document.missing-version"),
    (SINCE_04, "labels", "labels", GONE, "error", "document.no-metadata"),
]
EXPANDED = [(version, *case) for versions, *case in CASES for version in versions.split()]


def _findings(document: Any) -> list[Finding]:
    return list(read(document).judged())


@pytest.mark.parametrize("version", VERSIONS)
def test_valid_documents_keep_every_rule(version: str) -> None:
    for kind in kinds(version):
        document = read(valid(version, kind), version=version)
        assert (document.version, document.kind) == (version, kind)
        assert list(document.judged()) == [], kind


@pytest.mark.parametrize(
    ("version", "kind", "place", "value", "level", "type_"),
    EXPANDED,
    ids=[f"{v}-{p}-{t}-{number}" for number, (v, _, p, _, _, t) in enumerate(EXPANDED)],
)
def test_one_edit_breaks_one_rule(
    version: str, kind: str, place: str, value: Any, level: str, type_: str
) -> None:
    found = _findings(edited(valid(version, kind), place, value))
    types = {f"{finding.section}.{finding.code}": finding for finding in found}
    if level == "valid":
        assert not found
        return
    if type_ != "*":
        assert type_ in types, types
        assert level in ("*", types[type_].level)
    worst = min((finding.level for finding in found), key=["error", "warning", "hint"].index)
    assert level in ("*", worst), "another rule of the document was broken too"
    assert all(finding.text and finding.section for finding in found)


def test_every_version_has_cases() -> None:
    assert set(RULES) == set(VERSIONS)
    assert {version for version, *_ in EXPANDED} == set(VERSIONS)


@pytest.mark.parametrize("version", ["0.6rc0", "0.6rc1", "0.6.dev4", "0.6a1"])
def test_candidates_of_0_6_follow_its_rules(version: str) -> None:
    document = valid("0.6", "image")
    document["ome"]["version"] = version
    assert _findings(document) == []
    assert _findings(edited(document, S, GONE))


@pytest.mark.parametrize("version", ["0.6.dev1", "0.6dev1", "0.6.dev2", "0.6.dev3", "0.6.dev4"])
def test_drafts_of_0_6_are_understood_in_their_own_words(version: str) -> None:
    part = {"transformation": {"type": "identity"}, "input_axes": [*range(5)], "output_axes": [*range(5)]}
    step = _step("byDimension", transformations=[part])
    document = edited(valid("0.6", "image"), f"{G}/0", step)
    document["ome"]["version"] = version
    if version != "0.6.dev4":
        image = document["ome"]["multiscales"][0]
        for dataset in image["datasets"]:
            dataset["coordinateTransformations"][0] |= {"input": dataset["path"], "output": "physical"}
        image["coordinateTransformations"][0] |= {"input": "physical", "output": "stage"}
    assert _findings(document) == []
    (finding, *_) = _findings(edited(document, f"{T}/0/output", 5))
    assert finding.place[-1] == "output"
    document["ome"]["version"] = "0.6rc0"
    assert _findings(document)


@pytest.mark.parametrize("version", ["0.7", "1.0", "0.6.1", "foo", "", "0.5.1"])
def test_unknown_versions_are_an_error(version: str) -> None:
    document = valid("0.5", "image")
    document["ome"]["version"] = version
    assert [finding.code for finding in _findings(document)] == ["version"]


@pytest.mark.parametrize(
    ("version", "expected"),
    [("0.1", "0.1"), ("0.2", "0.1"), ("0.3", "0.3"), ("0.4", "0.4"), ("0.5", "0.5"), ("0.6", "0.6")],
)
def test_a_version_that_is_not_stated_is_told_from_the_shape(version: str, expected: str) -> None:
    document = valid(version, "image")
    block = document.get("ome", document)
    block.pop("version", None)
    block["multiscales"][0].pop("version", None)
    assert read(document).version == expected


def test_a_whole_zarr_json_is_read_as_its_attributes() -> None:
    attributes = valid("0.5", "image")
    whole = {"zarr_format": 3, "node_type": "group", "attributes": edited(attributes, f"{M}/name", 5)}
    (finding,) = _findings(whole)
    assert finding.place == ("attributes", "ome", "multiscales", 0, "name")
    assert _findings({"attributes": attributes}) == []


@pytest.mark.parametrize(
    ("document", "code"),
    [
        ([], "wrong-type"),
        (None, "wrong-type"),
        ({}, "no-metadata"),
        ({"ome": []}, "wrong-type"),
        ({"zarr_format": 3, "node_type": "array", "shape": [1], "attributes": {}}, "array"),
        ({"zarr_format": 3, "node_type": "group", "attributes": []}, "wrong-type"),
        ({"zarr_format": 3, "node_type": "group", "attributes": valid("0.4", "image")}, "zarr-format"),
        ({"ome": valid("0.4", "image") | {"version": "0.4"}}, "namespace"),
        (valid("0.5", "image")["ome"] | {"plate": {"version": "0.5"}}, "namespace"),
    ],
)
def test_documents_that_are_none_of_their_version(document: Any, code: str) -> None:
    found = [f.code for f in _findings(document) if f.section == "document" and f.level == "error"]
    assert code in found


def test_a_group_of_other_data_breaks_no_rule_of_a_version_that_it_does_not_state() -> None:
    (finding,) = _findings({"zarr_format": 3, "node_type": "group", "attributes": {"spatialdata_attrs": {}}})
    assert (finding.section, finding.code) == ("document", "no-metadata")


def test_metadata_without_a_version_is_judged_by_that_of_its_hierarchy() -> None:
    labels = edited(valid("0.6", "labels"), "version", GONE)
    for version, level in (("0.5", "warning"), ("0.6", "error"), ("0.6rc0", "error")):
        document = read(labels, version=version)
        assert document.version == version
        assert [finding.level for finding in document.judged()] == [level]
    assert read(labels, version="0.4").version == "0.5"  # whose metadata lies elsewhere


def test_a_label_block_alone_is_sound_but_no_whole_group() -> None:
    document = valid("0.4", "label")
    del document["multiscales"]
    found = read(document)
    assert list(found.judged()) == []
    assert [(finding.code, finding.level) for finding in found.alone()] == [("alone", "error")]
    assert list(read(valid("0.4", "label")).alone()) == []


@pytest.mark.parametrize(
    "step",
    [
        _step("identity"),
        _step("mapAxis", mapAxis=[0, 1, 2, 4, 3]),
        _step("affine", affine=AFFINE),
        _step("affine", path="parameters/affine"),
        _step("rotation", rotation=TURN),
        _step("sequence", transformations=[SCALE, MOVE, {"type": "rotation", "path": "r"}]),
        _step("displacements", path="field", interpolation="linear"),
        _step(
            "bijection",
            forward={"type": "displacements", "path": "f"},
            inverse={"type": "displacements", "path": "i"},
        ),
        _step("byDimension", transformations=_parts([0, 1], [2, 3, 4])),
        _step("projectAxis", droppedInputs=[0], createdOutputs=[0]),
        {**_step("scale", scale=[1, 1, 1, 1, 1]), "output": {"name": "physical", "path": "labels/cells"}},
    ],
)
def test_transformations_of_every_type_are_valid(step: dict[str, Any]) -> None:
    document = edited(valid("0.6", "image"), G, [_step("identity"), step])
    assert [finding for finding in _findings(document) if finding.level == "error"] == []


def test_a_rotation_does_not_lead_to_a_label_image() -> None:
    step = {**_step("rotation", rotation=TURN), "output": {"name": "physical", "path": "labels/cells"}}
    found = _findings(edited(valid("0.6", "image"), f"{G}/-", step))
    assert [finding.code for finding in found] == ["labels"]
