"""Where each rule begins and ends: the last value that keeps it, the first that breaks it, and how much it matters."""

from __future__ import annotations

from typing import Any

import pytest

from fairlab.ngff.validation.document import read
from tests.ngff.validation import test_rules as rules
from tests.ngff.validation.test_rules import ALL, CT, PLACED, G, M, S, T
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
