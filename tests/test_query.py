from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab import errors
from fairlab.query import FILTERS, make_query
from fairlab.record import Record
from fairlab.terms import Term
from fairlab.traits import traits_of
from fairlab.words import MAX_CONCEPTS, best_partial, concepts

MOUSE = Term(label="Mus musculus", id="NCBITaxon:10090")
SPINNING_DISK = Term(label="spinning disk confocal microscopy", id="FBbi:00000253")


def record(**facts: Any) -> Record:
    return Record(
        **{"id": "idr:idr1/a.zarr", "kind": "image", "repository": "IDR", "url": "https://x/a.zarr", **facts}
    )


@pytest.mark.parametrize(
    ("question", "kind", "nearest"),
    [
        ({}, "query-empty", None),
        ({"text": " \n"}, "query-empty", None),
        ({"organism": "mouze"}, "organism-unknown", "mouse"),
        ({"organism": ["mouse", "zebrafsh"]}, "organism-unknown", "zebrafish"),
        ({"imaging_method": "confocl"}, "imaging-method-unknown", "confocal"),
        ({"license": "cc-bz"}, "license-unknown", "CC-BY"),
        ({"text": "a", "kind": "images"}, "kind-unknown", "image"),
        ({"layout": "plat"}, "layout-unknown", "plate"),
        ({"ngff_version": "9"}, "ngff-version-unknown", None),
        ({"text": "a", "match": "any"}, "match-unknown", None),
        ({"text": "a", "limit": 0}, "query-value", None),
        ({"text": "a", "limit": True}, "query-value", None),
        ({"text": "a", "limit": "5"}, "query-value", None),
        ({"max_bytes": -1}, "query-value", None),
        ({"openable": "yes"}, "query-value", None),
        ({"organism": 9606}, "query-value", None),
        ({"organism": ""}, "query-value", None),
        ({"organism": []}, "query-value", None),
        ({"text": 3}, "query-value", None),
    ],
)
def test_a_wrong_question_is_refused_with_the_nearest_right_one(
    question: dict[str, Any], kind: str, nearest: str | None
) -> None:
    with pytest.raises(errors.QueryError) as caught:
        make_query(**question)
    assert caught.value.kind == kind
    if nearest is not None:
        assert nearest in caught.value.context["nearest"]
        assert nearest in str(caught.value)


def test_a_filter_alone_is_a_question() -> None:
    for question in ({"organism": "mouse"}, {"openable": True}, {"max_bytes": 5}, {"repository": "IDR"}):
        assert make_query(**question).concepts == ()


@pytest.mark.parametrize(
    ("question", "facts", "expected"),
    [
        ({"organism": "mouse"}, {"organism": (MOUSE,)}, True),
        ({"organism": "NCBITaxon:10090"}, {"organism": (Term(label="mouse"),)}, True),
        ({"organism": "human"}, {"organism": (MOUSE,)}, False),
        ({"organism": ["human", "mouse"]}, {"organism": (MOUSE,)}, True),
        ({"organism": "mouse"}, {}, False),
        ({"organism": "unknown"}, {}, True),
        ({"organism": "unknown"}, {"organism": (MOUSE,)}, False),
        ({"imaging_method": "confocal"}, {"imaging_method": (SPINNING_DISK,)}, True),
        ({"imaging_method": "light microscopy"}, {"imaging_method": (SPINNING_DISK,)}, True),
        ({"imaging_method": "two-photon"}, {"imaging_method": (SPINNING_DISK,)}, False),
        ({"license": "cc-by"}, {"license": "https://creativecommons.org/licenses/by/3.0/"}, True),
        ({"license": "CC-BY-4.0"}, {"license": "https://creativecommons.org/licenses/by/3.0/"}, False),
        ({"license": "cc-by"}, {"license": "https://creativecommons.org/licenses/by-nc/4.0/"}, False),
        ({"license": "unknown"}, {}, True),
        ({"license": "https://example.org/terms"}, {"license": "https://example.org/terms"}, True),
        ({"repository": "idr"}, {}, True),
        ({"repository": "BIA"}, {}, False),
        ({"ngff_version": "0.4"}, {"ngff_version": "0.4"}, True),
        ({"ngff_version": ["0.5", "unknown"]}, {}, True),
        ({"layout": "plate"}, {"layout": "image"}, False),
        ({"openable": True}, {"ngff_version": "0.5"}, True),
        ({"openable": True}, {"ngff_version": "0.1"}, True),
        ({"openable": True}, {"ngff_version": "0.9"}, False),
        ({"openable": True}, {"layout": "plate"}, True),
        ({"openable": True}, {"url": None}, False),
        ({"openable": False}, {"url": None}, True),
        ({"text": "x", "kind": "study"}, {}, False),
    ],
)
def test_filters_let_through_what_they_say(
    question: dict[str, Any], facts: dict[str, Any], expected: bool
) -> None:
    assert make_query(**question).allows(traits_of(record(**facts))) is expected


def test_size_leaves_out_what_states_none() -> None:
    query = make_query(max_bytes=10)
    assert [query.allows_size(size) for size in (10, 11, None)] == [True, False, False]


def test_known_names_are_found_in_free_text() -> None:
    found = concepts("zebrafish heart with light-sheet microscopy of fruit flies")
    assert [(c.text, c.kind) for c in found] == [
        ("zebrafish", "organism"),
        ("heart", "word"),
        ("light-sheet microscopy", "imaging_method"),
        ("fruit flies", "organism"),
    ]
    assert found[2].ids == ("FBbi:00000369",)
    assert ("mus", "musculus") in concepts("mice")[0].phrases


def test_an_english_word_is_not_an_acronym() -> None:
    assert [c.kind for c in concepts("stem cell")] == ["word", "word"]
    stem = concepts("STEM")[0]
    assert stem.ids == ("FBbi:00000380",) and ("stem",) not in stem.phrases


def test_latin_plurals_are_spellings() -> None:
    assert ("nucleus",) in concepts("nuclei")[0].phrases
    assert ("nuclei",) in concepts("nucleus")[0].phrases
    assert ("mitotic",) in concepts("mitosis")[0].phrases


def test_words_are_found_at_their_borders() -> None:
    heart = concepts("heart")[0]
    assert (
        heart.found_in(["a", "heart"])
        and not heart.found_in(["hearts"])
        and heart.found_in(["hearts"], go_on=True)
    )
    assert not concepts("sim")[0].found_in(["simulation"], go_on=True)


def test_the_closest_partial_match_keeps_names_before_words_and_tells_what_it_lacks() -> None:
    asked = concepts("mouse brain cerebellum")
    shown, lacking = best_partial([{1, 2, 3}, {7}, {7, 8}], asked, worth=[0.3, 1, 0.5])
    assert (shown, lacking) == ({7}, ("mouse",)), "two terms are closer than one"
    shown, lacking = best_partial([{1, 2, 3}, {7}, set()], asked, worth=[0.3, 1, 0])
    assert (shown, lacking) == ({1, 2, 3}, ("brain", "cerebellum"))
    assert best_partial([set(), set(), set()], asked, worth=[1, 1, 1]) == (set(), ())


@given(st.text(max_size=300))
def test_any_text_is_understood_somehow(text: str) -> None:
    found = concepts(text)
    assert len(found) <= MAX_CONCEPTS
    assert bool(found) == bool(text.strip())
    assert all(word.isalnum() for c in found for phrase in c.phrases for word in phrase)


def test_long_texts_are_cut() -> None:
    assert len(concepts(" ".join(f"word{i}" for i in range(5000)))) == MAX_CONCEPTS
    assert len(concepts("cell " * 5000)) == 1
    assert make_query("x" * 10_000).describe()


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ({"year": (2021, 2019)}, "query-contradiction"),
        ({"year": "2021-2019"}, "query-contradiction"),
        ({"year": "last"}, "query-value"),
        ({"year": ""}, "query-value"),
        ({"year": 19}, "query-value"),
        ({"year": True}, "query-value"),
        ({"year": (2019, 2020, 2021)}, "query-value"),
        ({"year": (None, None)}, "query-value"),
        ({"openable": False, "layout": "plate"}, "query-contradiction"),
        ({"attributes": {}}, "query-value"),
        ({"attributes": "Gene Symbol=CDK1"}, "query-value"),
        ({"attributes": {"": "CDK1"}}, "query-value"),
        ({"attributes": {"Gene Symbol": None}}, "query-value"),
        ({"attributes": {"Gene Symbol": [3]}}, "query-value"),
        ({"pixel_size_below": "3 seconds"}, "query-value"),
        ({"pixel_size_below": -1}, "query-value"),
        ({"has_labels": "yes"}, "query-value"),
        ({"anatomy": ""}, "query-value"),
        ({"text": "a", "group_by": "plate"}, "group-by-unknown"),
        ({"text": "a", "limit": 10**12}, "query-value"),
    ],
)
def test_what_nothing_can_meet_is_refused(question: dict[str, Any], kind: str) -> None:
    with pytest.raises(errors.QueryError) as caught:
        make_query(**question)
    assert caught.value.kind == kind


def test_every_filter_names_itself_and_can_be_taken_out() -> None:
    whole = make_query(
        "nuclei",
        organism="mouse",
        attributes={"Gene Symbol": "CDK1"},
        anatomy="heart",
        disease="cancer",
        cell_line="HeLa",
        phenotype="binuclear",
        compound="taxol",
        year="2019-",
        channel="DAPI",
        has_labels=True,
        pixel_size_below="200 nm",
        limit=3,
    )
    described = whole.describe()
    for word in (
        "CDK1",
        "heart",
        "cancer",
        "HeLa",
        "binuclear",
        "taxol",
        "2019-",
        "DAPI",
        "labels",
        "0.2 µm",
    ):
        assert word in described
    assert whole.filters() <= set(FILTERS) and len(whole.filters()) == 12
    for name in whole.filters():
        without = whole.only(whole.filters() - {name})
        assert without.filters() == whole.filters() - {name} and without.limit == 3
    assert whole.only(()).describe() == "" and whole.only(()).concepts == ()
    assert whole.only(FILTERS) == whole
