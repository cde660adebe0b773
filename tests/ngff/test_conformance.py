"""What the specification's own suites call valid can be read; what cannot is listed, with the reason."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from fairlab.errors import FairlabError
from fairlab.ngff import group, labels
from fairlab.ngff.identity import block_of

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.ngff.model import LabelFacts

# A scale of two numbers for three axes: nobody can tell which axis has none (ome/ngff issue 325).
A_GUESS = {"ngff-spec/0.4/image_suite/mismatch_axes_units": "transformation-length"}
# Broken in what cannot be told by reading alone, or in a way that leaves nothing to guess: those are read.
REFUSED = {
    "duplicate_axes", "missing_axes_name", "missing_axes", "no_axes", "no_multiscales", "no_datasets",
    "missing_datasets", "missing_path", "invalid_path", "missing_scale", "missing_transformations",
    "empty_transformations", "invalid_transformation_type", "invalid_version", "missing_rows", "empty_rows",
    "duplicate_rows", "missing_columns", "empty_columns", "duplicate_columns", "missing_wells", "empty_wells",
    "missing_column_name", "missing_row_name", "missing_well_path", "well_1group",
}  # fmt: skip


def _cases(shared: Path, expect: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    folder = shared / "conformance"
    cases = [json.loads(line) for line in (folder / "cases.jsonl").read_text("utf-8").splitlines()]
    return [
        (case, json.loads((folder / case["path"]).read_text("utf-8")))
        for case in cases
        if case["expect"] == expect and case["version"] in ("0.4", "0.5")
    ]


def _read(case: dict[str, Any], attributes: dict[str, Any]) -> Any:
    """The model of a case; a whole ``zarr.json`` is taken apart first."""
    attributes = attributes.get("attributes", attributes)
    form = 2 if case["version"] == "0.4" else 3
    if case["kind"] == "label":  # the suites have the block without the image that it belongs to
        remarks: list[str] = []
        found: LabelFacts = labels.facts(block_of(attributes), inside="labels/a", remarks=remarks)
        assert not remarks or case["expect"] == "invalid"
        return found
    return getattr(group, case["kind"])(attributes, zarr_format=form, where=case["id"])


def test_what_is_valid_is_read(shared: Path) -> None:
    failed = {}
    for case, attributes in _cases(shared, "valid"):
        try:
            assert _read(case, attributes)
        except FairlabError as error:
            failed[case["id"]] = error.kind
    assert failed == A_GUESS


def test_what_is_invalid_is_read_or_refused_with_a_kind(shared: Path) -> None:
    refused = set()
    for case, attributes in _cases(shared, "invalid"):
        try:
            _read(case, attributes)
        except FairlabError as error:
            assert error.kind
            refused.add(case["id"].rpartition("/")[2])
    assert refused >= REFUSED


def test_the_geometry_of_the_examples(shared: Path) -> None:
    case, attributes = next(
        (c, a)
        for c, a in _cases(shared, "valid")
        if c["id"].endswith("0.5/strict_image_suite/multiscales_example")
    )
    image = _read(case, attributes)
    assert "".join(axis.name for axis in image.axes) == "tczyx"
    assert image.axes[0].unit == "millisecond" and image.axes[4].unit == "micrometer"
    # Half a micrometre in space, from the levels; a tenth of a millisecond in time, from the image as a whole.
    assert [level.scale for level in image.levels] == [(0.1, 1.0, n, n, n) for n in (0.5, 1.0, 2.0)]
