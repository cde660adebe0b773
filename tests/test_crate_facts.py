from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from fairlab.crate_facts import facts
from fairlab.record import Source

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = Source(document="ro-crate-metadata.json")


def test_a_hostile_or_empty_crate_states_nothing() -> None:
    for crate in ({}, {"@graph": None}, {"@graph": ["x", {"name": "no id"}]}, {"@graph": [{"@id": 5}]}):
        assert facts(crate, source=SOURCE) == {}


def test_every_value_knows_its_place() -> None:
    root = {"@id": "./", "name": "A fly", "author": [{"@id": "#a"}], "creditText": "Credit us"}
    person = {"@id": "#a", "name": "A. Author"}
    found = facts({"@graph": [root, person]}, source=SOURCE)
    assert found["authors"][0] == ("A. Author",)
    assert found["authors"][1].pointer == "./#author"
    assert found["attribution"][0] == "Credit us"


@pytest.mark.parametrize(
    ("name", "organism"),
    [
        ("ngff-challenge_fly", "NCBITaxon:7227"),
        ("gide_IDR_idr0160", None),
        ("gide_SSBD_254-Seita-GrowthDyn", None),
        ("gide_BIA_S-BIAD1039", None),
        ("bia-submission_typical", None),
    ],
)
def test_real_dialects(shared: Path, name: str, organism: str | None) -> None:
    path = shared / "metadata/examples/rocrate" / f"{name}_ro-crate-metadata.json"
    if not path.exists():
        path = shared / "metadata/examples/rocrate" / f"{name}-ro-crate-metadata.json"
    found = facts(json.loads(path.read_text()), source=SOURCE)
    assert found["title"][0]
    assert found["license"][0].startswith("http")
    if organism:
        assert [term.id for term in found["organism"][0]] == [organism]
