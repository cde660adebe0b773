from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np

from fairlab.cli import main
from fairlab.describe import as_text, describe
from fairlab.image import open_image
from fairlab.plate import open_plate
from tests.analysis.images import image, tree
from tests.stores import write_plate, write_store

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_level_says_what_reading_it_costs(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    opened = open_image(tmp_path / "a.zarr")
    facts = describe(opened)
    for level in facts["levels"]:
        cost = opened[level["name"]].dataset["image"].fair.estimate()
        assert level["cost"] == {"requests": cost.requests, "bytes": cost.bytes, "exact": True}
    assert "c 2 × y 40 × x 60  9.6 kB uncompressed, 24 requests for all of it" in as_text(facts)
    assert json.loads(json.dumps(facts))["levels"] == facts["levels"]
    facts["levels"][0]["cost"]["exact"] = False
    assert "uncompressed, at most 24 requests" in as_text(facts)


def test_what_is_unknown_says_so() -> None:
    text = as_text(describe(tree(image(np.zeros((4, 5)), units={}), levels=1)))
    assert "organism: unknown" in text and "pixel size: y unknown, x unknown" in text
    facts = describe(tree(image(np.zeros((4, 5))), levels=1))
    facts["levels"][0]["spacing"] = {}
    assert "pixel size: unknown" in as_text(facts) and "OME-Zarr unknown" in as_text(facts)


def test_plates_are_described(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_plate(tmp_path / "p.zarr")
    plate = open_plate(tmp_path / "p.zarr")
    present = plate["scale0"].dataset["present"]
    facts = describe(plate)["plate"]
    assert (facts["rows"], facts["columns"]) == (present.row.values.tolist(), present.column.values.tolist())
    assert facts["fields"] == int(present.sum())
    assert len(facts["wells"]) == int(present.any("field").sum())
    assert main(["info", str(tmp_path / "p.zarr")]) == 0
    shown = capsys.readouterr().out
    assert f"rows {facts['rows'][0]} to {facts['rows'][-1]}" in shown
    assert f"{len(facts['wells'])} of {present.sizes['row'] * present.sizes['column']} wells" in shown
