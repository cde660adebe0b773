"""The crate that a patch proposes, when it is laid beside the image, raises the score as predicted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

import fairlab
from fairlab.errors import OutputError, QueryError
from fairlab.fair.patches import patch, united
from fairlab.fair.report import Report
from fairlab.record import Record
from fairlab.sharing.writer import write_image
from fairlab.terms import Term
from tests.fair.linked_data import lost

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = Record(
    id="lab:1",
    kind="image",
    repository="Lab",
    title="Cells of a fly",
    description="A wing disc, two channels, imaged alive over one hour with a confocal microscope.",
    license="https://creativecommons.org/licenses/by/4.0/",
    authors=("Ada Lovelace",),
    keywords=("wing", "disc"),
    funding=("Wellcome Trust",),
    release_date="2024-05-06",
    publications=("10.1038/nature08869",),
    organism=(Term(id="NCBITaxon:7227", label="Drosophila melanogaster"),),
    imaging_method=(Term(id="FBbi:00000251", label="confocal microscopy"),),
)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A valid image of which nothing is said."""
    return write_image(
        tmp_path / "a.ome.zarr", np.ones((40, 40), "uint8"), axes="yx", scale={"y": 0.5, "x": 0.5},
        units={"y": "micrometer", "x": "micrometer"},
    )  # fmt: skip


def test_a_patch_raises_the_score_as_predicted(bare: Path) -> None:
    report = fairlab.assess(bare)
    made = patch(report, more=KNOWN)
    assert made.before.value and made.after.value and made.after.value > made.before.value + 20
    assert {"F2-03", "F2-04", "R1.1-01", "I1-04"} <= set(made.raised) and not made.lowered
    made.save(bare)
    applied = fairlab.assess(bare)
    assert applied.total == made.after and applied.letters == made.predicted.letters
    assert {id_: one.score for id_, one in applied.outcomes.items()} == {
        id_: one.score for id_, one in made.predicted.outcomes.items()
    }
    assert str(made).startswith(
        f"ro-crate-metadata.json would lift {report.target} from {made.before.short} to "
    )
    again = patch(applied)
    assert again.after == again.before and not again.raised  # nothing more is known
    assert "would not lift" in str(again)


def test_what_lies_there_stays_and_what_is_missing_is_added(bare: Path) -> None:
    poor = {
        "@context": "https://w3id.org/ro/crate/1.1/context",
        "@graph": [
            {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"},
             "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"}},
            {"@id": "./", "@type": "Dataset", "name": "Their title", "resultOf": {"@id": "#x"}},
            {"@id": "#x", "@type": "image_acquisition", "fbbi_id": {"@id": "obo:FBbi_00000251"}},
        ],
    }  # fmt: skip
    file = bare / "ro-crate-metadata.json"
    file.write_text(json.dumps(poor))
    made = patch(fairlab.assess(bare), more=KNOWN)
    document = json.loads(made.text)
    graph = {entity["@id"]: entity for entity in document["@graph"]}
    assert len(graph) == len(document["@graph"]) and lost(document) == set()
    assert graph["./"]["name"] == "Their title" and graph["./"]["resultOf"] == {"@id": "#x"}
    assert graph["./"]["license"] == {"@id": KNOWN.license} and "#acquisition" not in graph
    with pytest.raises(OutputError) as caught:
        made.save(bare)
    assert caught.value.kind == "output-exists" and json.loads(file.read_text()) == poor
    made.save(bare, overwrite=True)
    assert fairlab.assess(bare).total == made.after
    assert sorted(path.name for path in bare.glob(".ro*")) == []


@pytest.mark.parametrize("text", ["{", "[]", '{"@graph": []}', '"\\ud800"'])
def test_what_is_no_crate_is_replaced(bare: Path, text: str) -> None:
    (bare / "ro-crate-metadata.json").write_text(text)
    made = patch(fairlab.assess(bare), more=KNOWN)
    root = next(entity for entity in json.loads(made.text)["@graph"] if entity["@id"] == "./")
    assert root["name"] == "Cells of a fly"


def test_a_root_of_another_name_stays_the_only_one() -> None:
    theirs = {"@context": {}, "@graph": [
        {"@id": "x-ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "https://x.org/1"}},
        {"@id": "https://x.org/1", "@type": "Dataset"},
    ]}  # fmt: skip
    ours = {"@context": [], "@graph": [
        {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}},
        {"@id": "./", "@type": "Dataset", "name": "A fly"},
    ]}  # fmt: skip
    graph = united(theirs, ours)["@graph"]
    assert [entity["@id"] for entity in graph] == ["x-ro-crate-metadata.json", "https://x.org/1"]
    assert graph[1]["name"] == "A fly"


def test_of_records_alone_no_effect_is_told() -> None:
    made = patch(Report(target="lab:1", records=(KNOWN,)))
    assert "Cells of a fly" in made.text
    with pytest.raises(QueryError) as caught:
        _ = made.after
    assert caught.value.kind == "no-probe"
