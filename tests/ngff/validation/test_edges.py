"""Where each rule begins and ends: the last value that keeps it, the first that breaks it, and how much it matters."""

from __future__ import annotations

from typing import Any

import pytest

from fairlab.ngff.validation.document import read
from tests.ngff.validation import test_rules as rules
from tests.ngff.validation.test_rules import ALL, CT, EARLY, PLACED, SINCE_04, G, M, S, T
from tests.ngff.validation.valid import GONE, edited, valid

SPACE = [{"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"]
SIX = [
    {"name": "t", "type": "time"},
    {"name": "c", "type": "channel"},
    *SPACE,
    {"name": "w", "type": "space"},
]
LEVEL = {
    v: valid(v, "image").get("ome", valid(v, "image"))["multiscales"][0]["datasets"][0] for v in ALL.split()
}
ENTRY = {v: valid(v, "image").get("ome", valid(v, "image"))["multiscales"][0] for v in ALL.split()}
TO_LABELS = {"input": {"name": "physical"}, "output": {"name": "physical", "path": "labels/cells"}}

WHOLE = {"transformation": {"type": "identity"}, "inputAxes": [*range(5)], "outputAxes": [*range(5)]}
FEWER = {"type": "projectAxis", "droppedInputs": [0, 1, 2]}
FIFTH = {"type": "projectAxis", "droppedInputs": [4], "createdOutputs": [0, 1, 2]}
ONE = [{"name": "A"}]


def _by(key: str, value: Any) -> dict[str, Any]:
    """A ``byDimension`` of one part, changed in one place."""
    part = {name: kept for name, kept in {**WHOLE, key: value}.items() if kept is not GONE}
    return rules._step("byDimension", transformations=[part])


# (versions, kind, place, value, level, type), as in the table of rules
CASES: list[tuple[str, str, str, Any, str, str]] = [
    # ── images ──
    *((v, "image", "multiscales/-", ENTRY[v], "error", "multiscales.duplicate") for v in ALL.split()),
    *((v, "image", f"{M}/datasets", [LEVEL[v]], "valid", "") for v in ALL.split()),
    *((v, "image", f"{M}/datasets/1", LEVEL[v], "error", "multiscales.duplicate") for v in ALL.split()),
    ("0.3", "image", f"{M}/axes", ["y", "x"], "valid", ""),
    # ── axes ──
    (PLACED, "image", f"{M}/axes", SPACE[:1], "error", "axes.length"),
    (PLACED, "image", f"{M}/axes", SIX, "error", "axes.length"),
    ("0.6", "image", f"{S}/0/axes", SPACE[:1], "error", "axes.length"),
    ("0.6", "image", f"{S}/0/axes", SIX, "error", "axes.length"),
    ("0.6", "image", f"{S}/0/axes", rules.XYZ, "warning", "axes.space-order"),
    ("0.6", "image", f"{S}/0/axes", rules.BOTH_WAYS, "error", "axes.orientation"),
    ("0.6", "image", f"{S}/0/axes/0/name", GONE, "error", "axes.missing-name"),
    ("0.6", "image", f"{S}/0/axes/0/name", "", "error", "axes.value"),
    ("0.6", "image", f"{S}/0/axes/0/longName", 5, "error", "axes.wrong-type"),
    ("0.6", "image", f"{S}/0/axes/1/type", "angle", "warning", "axes.type"),
    ("0.6", "scene", "scene/coordinateSystems/0/axes", [], "error", "axes.length"),
    ("0.6", "scene", "scene/coordinateSystems/0/axes/1/name", "y", "error", "axes.duplicate"),
    ("0.6", "scene", "scene/coordinateSystems/0/axes", rules.BOTH_WAYS[3:], "error", "axes.orientation"),
    # ── coordinate systems ──
    ("0.6", "image", f"{T}/0/input/path", GONE, "error", f"{CT}.missing-path"),
    ("0.6", "image", f"{T}/0/input/path", "../s0", "error", f"{CT}.path"),
    ("0.6", "image", f"{T}/0/input/name", 5, "error", f"{CT}.wrong-type"),
    ("0.6", "image", f"{T}/0/output", GONE, "error", f"{CT}.missing-output"),
    ("0.6", "image", f"{G}/0/input", GONE, "error", f"{CT}.missing-input"),
    ("0.6", "image", f"{G}/0/output", GONE, "error", f"{CT}.missing-output"),
    ("0.6", "image", f"{G}/-", {**TO_LABELS, "type": "rotation", "rotation": rules.TURN}, "error",
     "multiscales.labels"),
    ("0.6", "scene", "scene/coordinateSystems/0/axes", GONE, "error", "coordinateSystems.missing-axes"),
    # ── transformations ──
    (PLACED, "image", f"{T}/0", "scale", "error", f"{CT}.wrong-type"),
    (PLACED, "image", f"{T}/0/type", GONE, "error", f"{CT}.type"),
    ("0.6", "image", f"{G}/0/name", 5, "error", f"{CT}.wrong-type"),
    ("0.6", "image", f"{G}/0", rules._step("affine", affine=rules.AFFINE, name=5), "error", f"{CT}.wrong-type"),
    ("0.6", "image", f"{G}/0", rules._step("affine", affine=5), "error", f"{CT}.wrong-type"),
    ("0.6", "image", f"{G}/0", rules._step("affine", affine=[]), "error", f"{CT}.length"),
    ("0.6", "image", f"{G}/0", rules._step("affine", path="../a"), "error", f"{CT}.path"),
    ("0.6", "image", f"{G}/0", rules._step("projectAxis", droppedInputs=[5]), "error", f"{CT}.value"),
    ("0.6", "image", f"{G}/0", rules._step("projectAxis", createdOutputs=5), "error", f"{CT}.wrong-type"),
    ("0.6", "image", f"{G}/0", rules._step("sequence", transformations=[FEWER, FIFTH]), "error", "multiscales.axis"),
    ("0.6", "image", f"{G}/0", rules._step("sequence", transformations=[FEWER, _by("inputAxes", [0, 4])]), "error",
     "multiscales.axis"),
    ("0.6", "scene", f"scene/{CT}/0", {**valid("0.6", "scene")["ome"]["scene"][CT][0], **_by("outputAxes", [0, 4]),
                                       "input": {"path": "tile0", "name": "physical"}, "output": {"name": "world"}},
     "error", "scene.axis"),
    *(("0.6", "image", f"{G}/0", _by(key, value), "error", found) for key, value, found in (
        ("transformation", GONE, f"{CT}.missing-transformation"),
        ("transformation", {"type": "shear"}, f"{CT}.type"),
        ("transformation", {"type": "scale", "scale": [1, 1]}, "multiscales.size"),
        ("inputAxes", GONE, f"{CT}.missing-inputAxes"),
        ("inputAxes", [0, 1, 2, 3, 3], f"{CT}.duplicate"),
        ("outputAxes", GONE, f"{CT}.missing-outputAxes"),
        ("outputAxes", [0, 1, 2, 3, 5], f"{CT}.value"),
        ("outputAxes", [-1, 1, 2, 3, 4], f"{CT}.value"),
        ("outputAxes", [0.5, 1, 2, 3, 4], f"{CT}.value"),
    )),
    *(("0.6", "image", f"{G}/0", rules._step(kind, **how), level, found) for kind, how, level, found in (
        ("translation", {"translation": 5}, "error", f"{CT}.wrong-type"),
        ("rotation", {"rotation": 5}, "error", f"{CT}.wrong-type"),
        ("rotation", {"path": "../r"}, "error", f"{CT}.path"),
        ("displacements", {"path": "../f"}, "error", f"{CT}.path"),
        ("displacements", {"path": "f", "interpolation": 5}, "error", f"{CT}.wrong-type"),
        ("displacements", {"path": "f", "interpolation": "magic"}, "hint", f"{CT}.interpolation"),
        ("coordinates", {}, "error", f"{CT}.missing-path"),
        ("coordinates", {"path": "../f"}, "error", f"{CT}.path"),
        ("coordinates", {"path": "f", "interpolation": 5}, "error", f"{CT}.wrong-type"),
        ("bijection", {"inverse": rules.FIELD}, "error", f"{CT}.missing-forward"),
        ("bijection", {"forward": {"type": "shear"}, "inverse": rules.FIELD}, "error", f"{CT}.type"),
        ("byDimension", {"transformations": []}, "error", f"{CT}.length"),
        ("mapAxis", {"mapAxis": [4, 3, 2, 1, 0]}, "valid", ""),
        ("mapAxis", {"mapAxis": [0]}, "error", f"{CT}.length"),
        ("mapAxis", {"mapAxis": [0, 1, 2, 3, 4, 0]}, "error", f"{CT}.length"),
        ("mapAxis", {"mapAxis": [5, 3, 2, 1, 0]}, "error", f"{CT}.value"),
        ("mapAxis", {"mapAxis": [4, 3, 2, 1, -1]}, "error", f"{CT}.value"),
        ("mapAxis", {"mapAxis": [4, 3, 2, 1, 0.5]}, "error", f"{CT}.value"),
        *(("projectAxis", {key: value}, "error", f"{CT}.{code}") for key in ("droppedInputs", "createdOutputs")
          for value, code in (([], "length"), ([0, 1, 2, 3], "length"), ([0, 0], "duplicate"), ([-1], "value"),
                              ([5], "value"), ([0.5], "value"), (5, "wrong-type"))),
        ("projectAxis", {"droppedInputs": [0, 1, 2], "createdOutputs": [0, 1, 4]}, "valid", ""),
    )),
    ("0.6", "image", f"{G}/0", _by("inputAxes", [4, 3, 2, 1, 0]), "valid", ""),
    # ── omero and labels ──
    (ALL, "image", "omero/channels/0/family", 5, "error", "omero.wrong-type"),
    (ALL, "image", "omero/channels/0/family", "linear", "valid", ""),
    (ALL, "label", "image-label/colors/0/rgba", [0, 0, 0, 0], "valid", ""),
    (ALL, "label", "image-label/colors/0/rgba", [255] * 4, "valid", ""),
    (ALL, "label", "image-label/colors/0/rgba", [0] * 5, "error", "image-label.length"),
    (ALL, "label", "image-label/colors/0/rgba/3", -1, "error", "image-label.value"),
    (ALL, "label", "image-label/colors/0/rgba/3", 0.5, "error", "image-label.value"),
    (ALL, "label", "image-label/source/image", 5, "error", "image-label.wrong-type"),
    # ── plates and wells ──
    (ALL, "plate", "plate/acquisitions/0/description", 5, "error", "plate.wrong-type"),
    (ALL, "plate", "plate/acquisitions/0/description", "text", "valid", ""),
    (ALL, "plate", "plate/wells", [], "error", "plate.length"),
    (ALL, "plate", "plate/wells", GONE, "error", "plate.missing-wells"),
    (ALL, "plate", "plate/rows", [], "error", "plate.length"),
    (ALL, "plate", "plate/columns", GONE, "error", "plate.missing-columns"),
    (ALL, "plate", "plate/columns/0/name", GONE, "error", "plate.missing-name"),
    (ALL, "plate", "plate/name", 5, "error", "plate.wrong-type"),
    (EARLY, "plate", "plate/version", 5, "error", "*"),
    ("0.4 0.5", "plate", "plate/version", None, "error", "plate.wrong-type"),
    ("0.4 0.5", "label", "image-label/version", None, "error", "image-label.wrong-type"),
    ("0.4", "well", "well/version", None, "error", "well.wrong-type"),
    (EARLY, "plate", "plate/field_count", "many", "valid", ""),
    (EARLY, "plate", "plate/rows", ONE, "valid", ""),
    (EARLY, "plate", "plate/columns", ONE, "valid", ""),
    (EARLY, "plate", "plate/wells", [{"path": "A/1"}], "valid", ""),
    *((EARLY, "plate", f"plate/{key}/-", value, "error", "plate.duplicate") for key, value in (
        ("rows", {"name": "A"}), ("columns", {"name": "1"}), ("wells", {"path": "A/1"}))),
    (EARLY, "plate", "plate/acquisitions", [], "error", "plate.length"),
    (SINCE_04, "plate", "plate/acquisitions", [], "valid", ""),
    (SINCE_04, "plate", "plate/rows/1/name", "C", "error", "plate.well-path"),
    (ALL, "well", "well/images/0/acquisition", 1.5, "error", "well.value"),
]  # fmt: skip
EXPANDED = [(version, *case) for versions, *case in CASES for version in versions.split()]


@pytest.mark.parametrize(
    ("version", "kind", "place", "value", "level", "type_"),
    EXPANDED,
    ids=[f"{v}-{p}-{t or 'valid'}-{number}" for number, (v, _, p, _, _, t) in enumerate(EXPANDED)],
)
def test_a_rule_ends_where_it_should(
    version: str, kind: str, place: str, value: Any, level: str, type_: str
) -> None:
    rules.test_one_edit_breaks_one_rule(version, kind, place, value, level, type_)


def test_a_scene_may_have_one_dimension() -> None:
    document = edited(valid("0.6", "scene"), "scene/coordinateSystems/0/axes", SPACE[:1])
    for step in document["ome"]["scene"][CT]:
        step["translation"] = [1.0]
    assert list(read(document).judged()) == []


@pytest.mark.parametrize(("value", "type_"), [(GONE, "plate.missing-version"), (5, "plate.wrong-type")])
def test_an_early_plate_in_a_hierarchy_of_its_version_states_it(value: Any, type_: str) -> None:
    found = read(edited(valid("0.2", "plate"), "plate/version", value), version="0.2").judged()
    assert [(f"{f.section}.{f.code}", f.level) for f in found] == [(type_, "error")]
