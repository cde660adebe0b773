"""The specification's own suites for 0.4 and 0.5: every undisputed case, and the disputed ones by the prose."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.verdict import judge

if TYPE_CHECKING:
    from pathlib import Path

_SWAPPED = 'the wells are "A/1" while A is a column and 1 a row: "a name in rows, a slash, a name in columns"'
_BLOCK = (
    "an image-label block without its image is sound by itself; in a store the group is reported as not whole"
)
DISPUTED: dict[str, tuple[bool, str]] = {
    "0.4/image_suite/mismatch_axes_units": (
        False,
        "a scale of two numbers for three axes: the lengths MUST be the same",
    ),
    "0.4/plate_suite/minimal_no_acquisitions": (False, _SWAPPED),
    "0.4/plate_suite/minimal_acquisitions": (False, _SWAPPED),
    "0.4/plate_suite/non_alphanumeric_row": (False, _SWAPPED),
    "0.4/strict_plate_suite/strict_no_acquisitions": (False, _SWAPPED),
    "0.4/strict_plate_suite/strict_acquisitions": (False, _SWAPPED),
    "0.4/label_suite/minimal": (True, _BLOCK),
    "0.4/label_suite/minimal_properties": (True, _BLOCK),
    "0.5/label_suite/minimal": (True, _BLOCK),
    "0.5/label_suite/minimal_properties": (True, _BLOCK),
    "0.5/plate_suite/well_path_has_column_before_row": (
        False,
        "only the prose says that the row comes first",
    ),
}
"""Whether a disputed case is valid, and why."""


def _cases(shared: Path) -> list[tuple[dict[str, Any], bytes]]:
    folder = shared / "conformance"
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text("utf-8").splitlines()]
    return [(case, (folder / case["path"]).read_bytes()) for case in cases]


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_all_cases_are_judged_right(shared: Path, version: str) -> None:
    wrong, count = {}, 0
    for case, body in _cases(shared):
        if case["version"] != version:
            continue
        name = case["id"].removeprefix("ngff-spec/")
        expected, _ = DISPUTED.get(name, (case["expect"] == "valid", ""))
        verdict = judge(body, where=name, strict=case["strict"])
        count += 1
        if verdict.valid != expected:
            wrong[name] = [problem.msg for problem in verdict.problems]
    assert not wrong
    assert count >= 86


def test_the_table_names_the_disputed_cases_and_no_others(shared: Path) -> None:
    disputed = {case["id"].removeprefix("ngff-spec/") for case, _ in _cases(shared) if "note" in case}
    assert disputed == DISPUTED.keys()
