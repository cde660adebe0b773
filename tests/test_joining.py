from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.joining import Seen, identities, joined, of_study, same
from fairlab.record import Creator, Record, Source
from fairlab.terms import Term


def record(id: str = "bia:S-BIAD1", kind: Any = "study", **facts: Any) -> Record:
    whole = {"repository": "BIA", "accession": "S-BIAD1", "sources": {"*": Source(document=f"https://{id}")}}
    return Record(**{"id": id, "kind": kind, **whole, **facts})


def at(url: str) -> dict[str, Any]:
    return {"id": f"image at {url}", "kind": "image", "url": url}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ({"id": "bia:S-BIAD1"}, {"id": "BIA:s-biad1"}, True),
        ({"id": "bia:S-BIAD1"}, {"id": "biostudies:S-BIAD1"}, True),
        ({"id": "bia:S-BIAD1"}, {"id": "bia:S-BIAD2", "accession": "S-BIAD2"}, False),
        # a bare number of one archive is another archive's, too
        ({"id": "ssbd:141", "accession": "141"}, {"id": "hoa:141", "accession": "141"}, False),
        (at("https://x.org/a.zarr"), at("http://X.org/a.zarr/"), True),
        (at("https://x.org/a.zarr"), at("https://x.org/b.zarr"), False),
        (at("https://x.org/a.zarr/0"), at("https://x.org/a.zarr"), True),
        (
            at("https://livingobjects.ebi.ac.uk/bioimaging-integrator-data/S-BIAD1/a.zarr"),
            at("https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data/S-BIAD1/a.zarr"),
            True,
        ),
        # a study and one of its images are two things
        ({"id": "bia:S-BIAD1"}, {"id": "bia:S-BIAD1/a", "kind": "image", "url": "https://x.org/a.zarr"}, False),
    ],
)  # fmt: skip
def test_the_same_thing_is_known_again(one: dict[str, Any], other: dict[str, Any], expected: bool) -> None:
    assert bool(identities(record(**one)) & identities(record(**other))) is expected


def test_what_shows_that_two_are_one_brings_them_together() -> None:
    first = record(id="a", kind="image", url="https://x.org/1.zarr")
    second = record(id="b", kind="image", url="https://x.org/2.zarr")
    both = record(id="c", kind="image", url="https://x.org/1.zarr", listed_url="https://x.org/2.zarr")
    assert same([first, second, both]) == [[0, 1, 2]]


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12))
def test_groups_are_a_partition_that_no_order_changes(pairs: list[tuple[int, int]]) -> None:
    records = [
        record(id=f"i{n}", kind="image", url=f"https://x.org/{a}.zarr", listed_url=f"https://x.org/{b}.zarr")
        for n, (a, b) in enumerate(pairs)
    ]
    groups = same(records)
    assert sorted(position for group in groups for position in group) == list(range(len(records)))
    backwards = same(records[::-1])
    named = {frozenset(records[p].id for p in group) for group in groups}
    assert named == {frozenset(records[::-1][p].id for p in group) for group in backwards}


OWN = record(
    title="The archive's",
    license="https://creativecommons.org/licenses/by/4.0/",
    found_by=("bia",),
    raw={"a": 1},
)
INDEX = record(
    title="The index's",
    organism=(Term(label="Mus musculus", id="NCBITaxon:10090"),),
    keywords=("nuclei",),
    found_by=("gide",),
    sources={
        "*": Source(document="https://gide.example"),
        "organism": Source(document="https://gide.example", pointer="/about", basis="inferred"),
    },
)
CATALOGUE = record(
    title="The catalogue's",
    organism=(Term(label="mouse"),),
    n_images=3,
    found_by=("catalogue",),
    sources={"*": Source(document="a table @1234567")},
)


def test_conflicts_keep_the_nearest_to_the_archive_that_asserts_it() -> None:
    whole = joined([Seen(CATALOGUE, 0), Seen(INDEX, 1), Seen(OWN, 2)])
    assert (whole.title, whole.keywords, whole.n_images, whole.raw) == (
        "The archive's",
        ("nuclei",),
        3,
        {"a": 1},
    )
    assert whole.organism == CATALOGUE.organism, "asserted counts more than inferred, however near"
    for name, document in (
        ("title", "https://bia:S-BIAD1"), ("keywords", "https://gide.example"), ("organism", "a table @1234567"),
    ):  # fmt: skip
        source = whole.source(name)
        assert source is not None and source.document == document, name
    assert {s.document for s in whole.seen_in} == {
        "https://bia:S-BIAD1",
        "https://gide.example",
        "a table @1234567",
    }
    assert whole.found_by == ("catalogue", "gide", "bia")


def test_joining_one_is_that_one_and_joining_again_changes_nothing() -> None:
    assert joined([Seen(OWN)]) == OWN
    whole = joined([Seen(OWN, 2), Seen(INDEX, 1)])
    assert joined([Seen(whole, 2), Seen(INDEX, 1), Seen(OWN, 1)]) == dataclasses.replace(whole)


def test_an_image_takes_from_its_study_what_it_does_not_state() -> None:
    study = dataclasses.replace(OWN, creators=(Creator(name="Ada"),), authors=("Ada",), bytes=9)
    image = record(id="bia:S-BIAD1/a", kind="image", accession=None, license="https://own.example")
    whole = of_study(image, study)
    assert (whole.license, whole.authors, whole.accession) == ("https://own.example", ("Ada",), "S-BIAD1")
    assert whole.title is None and whole.bytes is None, "a study's title and size are not an image's"
    source = whole.source("authors")
    assert source is not None and source.basis == "inferred"
    assert of_study(whole, study) == whole
