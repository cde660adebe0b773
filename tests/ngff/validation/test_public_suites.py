"""The specification's own suites for 0.4 and 0.5: every undisputed case, and the disputed ones by the prose."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.errors import MetadataError
from fairlab.ngff import group
from fairlab.verdict import judge
from tests.ngff.validation.valid import edited, valid

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


_STEP = "multiscales/0/datasets/1/coordinateTransformations/0"
_FURTHER = "multiscales/0/coordinateTransformations/0"
DISPUTED_06: dict[str, tuple[str, str, Any, str, str]] = {
    "mismatch_axes_units": (
        "image", f"{_STEP}/transformations/0/scale", [1.0, 1.0], "multiscales.size",
        "a scale of two numbers for three axes: the array MUST have length N",
    ),
    "image_omero": (
        "image", f"{_FURTHER}/input/name", "intrinsic", "multiscales.input",
        "it leads from a coordinate system that is not there: one MUST be the levels' own, by name",
    ),
    "multiscales_example": (
        "image", f"{_STEP}/input/path", "s9", "multiscales.input",
        "level \"1\" has the input \"s1\": they MUST match (readers SHOULD take them as if they did, and do)",
    ),
    "minimal_acquisitions, minimal_no_acquisitions, non_alphanumeric_row, strict_acquisitions, "
    "strict_no_acquisitions": ("plate", "plate/wells/0/path", "1/A", "plate.well-path", _SWAPPED),
}  # fmt: skip
"""What the suite of 0.6rc0 calls valid because a schema cannot see it, while its text says MUST: an edit that does
the same to a valid document, what is found, and why. All eight are judged by the text, as those of 0.4 are."""


@pytest.mark.parametrize("case", DISPUTED_06)
def test_the_text_decides_where_the_suite_of_the_candidate_cannot(case: str) -> None:
    kind, place, value, found, _ = DISPUTED_06[case]
    document = edited(valid("0.6", kind), place, value)
    document["ome"]["version"] = "0.6rc0"
    verdict = judge(json.dumps(document).encode(), where=case)
    assert found in {problem.type for problem in verdict.problems if problem.level == "error"}
    read = group.image if kind == "image" else group.plate
    if case == "mismatch_axes_units":
        with pytest.raises(MetadataError):
            read(document, zarr_format=3, where=case)
    else:
        read(document, zarr_format=3, where=case)  # nothing has to be guessed, so it opens
