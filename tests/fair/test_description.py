from __future__ import annotations

import json
import pickle
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fairlab
from fairlab.errors import QueryError
from fairlab.fair import PATHS, Description, Statement
from fairlab.fair.flat import kind_of
from fairlab.record import Record, Source
from fairlab.terms import Term
from tests.fair.documents import STATEMENTS, told
from tests.test_record import WHOLE

DESCRIPTIONS = st.lists(STATEMENTS, max_size=6).map(lambda one: Description(statements=tuple(one)))


@given(st.lists(DESCRIPTIONS, min_size=1, max_size=4), st.randoms())
def test_the_order_of_merging_does_not_matter(parts: list[Description], random: object) -> None:
    whole = parts[0].merged(*parts[1:])
    random.shuffle(parts)  # type: ignore[attr-defined]
    one_by_one = Description()
    for part in parts:
        one_by_one = one_by_one.merged(part)
    assert one_by_one == whole and one_by_one.to_json() == whole.to_json()
    assert whole.merged(whole) == whole


@given(st.lists(DESCRIPTIONS, max_size=4))
def test_nothing_is_invented_and_nothing_lost(parts: list[Description]) -> None:
    whole = Description().merged(*parts)
    said = [one for part in parts for one in part.statements]
    assert all(one in said for one in whole.statements)
    assert all(one in whole.statements for one in said)
    for path in PATHS:
        assert whole.get(path) in [None, *(one.value for one in said if one.path == path)]


@given(DESCRIPTIONS)
def test_every_value_has_its_provenance(whole: Description) -> None:
    plain = whole.to_dict()
    for path, entries in plain["provenance"].items():
        place = plain
        for name in path.split("."):
            place = place[name]
        assert entries[0]["value"] == place
        assert all(entry["source"] and entry["kind"] for entry in entries)
    assert set(plain["provenance"]) == {one.path for one in whole.statements}


@given(DESCRIPTIONS)
def test_a_description_survives_json_a_file_and_pickle(whole: Description) -> None:
    text = whole.to_json()
    text.encode()
    assert Description.from_json(text) == whole == pickle.loads(pickle.dumps(whole))
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@given(DESCRIPTIONS)
def test_conflicts_are_kept_and_are_among_what_was_said(whole: Description) -> None:
    for path, statements in whole.conflicts().items():
        assert statements == whole.statements_of(path) and len(statements) > 1


def test_no_path_lies_inside_another() -> None:
    assert not [a for a, b in pairwise(sorted(f"{path}." for path in PATHS)) if b.startswith(a)]


def test_an_unknown_path_or_kind_is_refused() -> None:
    for call in (Description().get, Description().statements_of, lambda path: told(path, 1)):
        with pytest.raises(QueryError) as caught:
            call("citation.titel")
        assert caught.value.kind == "path-unknown"
    with pytest.raises(QueryError) as caught:
        told("citation.title", "x", "rumour")
    assert caught.value.kind == "kind-unknown"


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("citation.license", ["user", "api", "study-crate", "catalogue", "crate", "ome-xml", "ngff"]),
        ("image.shape", ["user", "array", "ngff", "ome-xml", "crate", "api"]),
        ("image.channels", ["user", "ngff", "ome-xml", "api"]),
    ],
)
def test_precedence(path: str, order: list[str]) -> None:
    every = Description(statements=tuple(told(path, {"name": kind}, kind) for kind in reversed(order)))
    assert [one.kind for one in every.statements_of(path)] == order
    assert every.get(path) == {"name": order[0]}


def test_what_is_said_of_the_image_goes_before_what_its_study_says() -> None:
    study = told("acquisition.method", [{"label": "SPIM"}], "api", basis="inferred")
    image = told("acquisition.method", [{"label": "TIRF"}], "crate")
    assert Description(statements=(study, image)).get("acquisition.method") == [{"label": "TIRF"}]
    licensed = [
        told("citation.license", {"spdx": "CC0-1.0"}, "api", basis="inferred"),
        told("citation.license", {"spdx": "CC-BY-4.0"}),
    ]
    assert Description(statements=tuple(licensed)).get("citation.license") == {"spdx": "CC0-1.0"}


def test_among_equals_the_fuller_value_is_preferred() -> None:
    names = told("citation.creators", [{"name": "Ada"}])
    more = told("citation.creators", [{"name": "Ada", "orcid": "0000-0002-1825-0097"}])
    both = Description(statements=(names, more))
    assert both.get("citation.creators") == more.value and not both.conflicts()


@pytest.mark.parametrize(
    ("path", "first", "second", "disagreeing"),
    [
        ("citation.license", {"spdx": "CC0-1.0"}, {"spdx": "CC-BY-4.0"}, True),
        ("citation.license", {"spdx": "CC0-1.0", "name": "zero"}, {"spdx": "CC0-1.0", "name": "CC0"}, False),
        ("biosample.organism", [{"label": "a"}], [{"label": "b"}], False),
        (
            "biosample.organism",
            [{"label": "a", "id": "NCBITaxon:9606"}],
            [{"label": "b", "id": "NCBITaxon:10090"}],
            True,
        ),
        ("acquisition.method", [{"id": "FBbi:00000253"}], [{"id": "FBbi:00000251"}], False),
        ("acquisition.method", [{"id": "FBbi:00000251"}], [{"id": "FBbi:00000369"}], True),
        ("acquisition.method", [{"id": "FBbi:00000251"}], [{"label": "laser scanning"}], False),
        ("citation.keywords", ["a"], ["A", "b"], False),
        ("citation.keywords", ["a"], ["b"], True),
        ("image.shape", [1, 2], [2, 1], True),
        ("image.scale", {"x": {"value": 0.207}}, {"x": {"value": 0.20700000001}}, False),
        ("image.scale", {"x": {"value": 0.2}}, {"x": {"value": 0.3}}, True),
        ("citation.description", "some words", "other words", False),
        ("citation.title", "Cells", " cells\n", False),
        ("citation.title", "Cells", "Nuclei", True),
        ("image.has_labels", True, False, True),
    ],
)
def test_what_is_a_conflict(path: str, first: object, second: object, disagreeing: bool) -> None:
    both = Description(statements=(told(path, first, "api"), told(path, second, "crate")))
    assert (path in both.conflicts()) is disagreeing


def test_an_inherited_title_is_not_contradicted() -> None:
    own, inherited = told("citation.title", "One"), told("citation.title", "All", "api", basis="inferred")
    both = Description(statements=(own, inherited))
    assert both.get("citation.title") == "One" and not both.conflicts()


def test_a_group_of_paths_is_answered_as_one() -> None:
    known = Description(
        statements=(told("image.format.name", "OME-Zarr"), told("image.format.zarr_format", 3))
    )
    assert known.get("image.format") == {"name": "OME-Zarr", "zarr_format": 3}
    assert known.get("study.component") is None and known.get("study", {}) == {}


def test_false_and_zero_say_something_and_emptiness_nothing() -> None:
    known = Description(
        statements=(
            told("image.has_labels", False),
            told("citation.keywords", []),
            told("citation.title", " "),
        )
    )
    assert known.get("image.has_labels") is False and len(known.statements) == 1


def test_a_record_becomes_statements_and_a_record_again() -> None:
    again = Description.of(WHOLE).record()
    for name in Record.__dataclass_fields__:
        if name not in ("sources", "seen_in", "found_by", "raw"):
            assert getattr(again, name) == getattr(WHOLE, name), name


def test_a_record_keeps_its_sources() -> None:
    crate = Source(
        document="https://x.org/1.zarr/ro-crate-metadata.json",
        pointer="/license",
        retrieved_at="2026-01-01T00:00:00Z",
    )
    record = Record(
        id="idr:1", kind="image", repository="IDR", title="cells", license="http://creativecommons.org/licenses/by/4.0",
        organism=(Term(label="mouse", id="NCBITaxon:10090"),), publications=("https://doi.org/10.1/a",), pmid=("7",),
        sources={"*": Source(document="IDR/samples table.csv @1"), "license": crate,
                 "title": Source(document="https://x.org/1.zarr", pointer="attributes")},
    )  # fmt: skip
    known = Description.of(record)
    (license,) = known.statements_of("citation.license")
    assert (license.source, license.kind, license.raw) == (crate, "crate", record.license)
    assert license.value["spdx"] == "CC-BY-4.0"
    assert known.best("biosample.organism").kind == "catalogue"  # type: ignore[union-attr]
    assert known.get("image.name") == "cells" and known.get("citation.title") is None
    again = known.record()
    assert again.source("license") == crate and again.title == "cells"
    assert again.publications == ("https://doi.org/10.1/a",) and again.pmid == ("7",)


def test_the_record_is_the_source_of_what_has_none() -> None:
    known = Description.of(Record(id="x:1", kind="study", repository="X", title="T", has_labels=False))
    assert {one.source.document for one in known.statements} == {"x:1"}


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("BioImage-Archive/gide-ro-crate study_ro_crates/S-BIAD634-ro-crate-metadata.json @9f6b6cd", "study-crate"),
        ("https://x.org/a.zarr/OME/METADATA.ome.xml", "ome-xml"),
        ("http://127.0.0.1:5/nuclei.ome.zarr", "ngff"),
        ("https://x.org/a.zarr/zarr.json?X-Amz-Signature=…", "ngff"),
        ("https://x.org/a.zarr/0/.zarray", "array"),
        ("fairlab.samples.scenes.nuclei", "catalogue"),
    ],
)  # fmt: skip
def test_the_kind_of_a_document_is_seen_from_its_name(document: str, kind: str) -> None:
    assert kind_of(Source(document=document)) == kind


def test_every_record_of_the_catalogue_becomes_a_description() -> None:
    for record in fairlab.search("microscopy", kind="study", limit=200):
        known = Description.of(record)
        again = known.record()
        assert (again.id, again.title, again.organism) == (record.id, record.title, record.organism)
        assert Description.from_json(known.to_json()) == known


def test_paths_of_a_newer_version_are_left_out() -> None:
    plain = Description(statements=(told("citation.title", "x"),)).to_dict()
    plain["provenance"]["citation.smell"] = [{"value": "good", "source": "a", "kind": "crate"}]
    assert [one.path for one in Description.from_dict(plain).statements] == ["citation.title"]


def test_a_statement_is_what_json_gives_back() -> None:
    one = told("image.shape", (1, 2.5, float("nan")))
    assert one.value == [1, 2.5, None]
    assert Statement.from_dict("image.shape", json.loads(json.dumps(one.to_dict()))) == one
