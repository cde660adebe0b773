from __future__ import annotations

import dataclasses
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab import terms
from fairlab.errors import UnexpectedAnswer
from fairlab.record import Record
from fairlab.repositories import answer_values as values
from fairlab.repositories import answers

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
READERS: list[Callable[[Any], Any]] = [
    answers.text, answers.texts, values.date, values.count, values.size, values.license_of, values.pixel_size,
    values.doi, values.pmid, values.orcid, values.ror, answers.items, answers.objects, answers.without_contacts,
]  # fmt: skip


def document(content: Any) -> Any:
    return SimpleNamespace(content=content, url="https://a.example/x", retrieved_at="2026-11-25T00:00:00Z")


@given(JSON)
def test_no_answer_breaks_a_reader(value: Any) -> None:
    for read in READERS:
        read(value)
    values.terms_of([(value, value)], terms.organisms())
    answers.at(value, "a", 0, "b", -1)


@given(JSON)
def test_a_text_read_twice_stays(value: Any) -> None:
    found = answers.text(value)
    assert found is None or (found and answers.text(found) == found)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("the __HIT__mouse__/HIT__ brain", "the mouse brain"),
        ({"@value": "x"}, "x"),
        ({"@id": "x"}, None),
        (True, None),
        ("None", None),
        ("<b>bold</b>", "<b>bold</b>"),
    ],
)
def test_texts(value: Any, found: str | None) -> None:
    # HTML stays: it is escaped where it is shown, and cutting it would cut "a < b > c".
    assert answers.text(value) == found


def test_contacts_are_dropped_wherever_they_are() -> None:
    whole = {
        "author": [{"name": "A", "email": "a@b.org", "address": "Street 1", "telephone": "1"}],
        "contact_email": "a@b.org",
        "contactPoint": {"url": "x"},
        "attributes": [{"name": "Phone", "value": "contact 1"}, {"name": "Role", "value": "x"}],
        "file": "C:/a@b/c.tif",
    }
    kept = json.dumps(answers.without_contacts(whole))
    assert (
        "@d-e.org" not in kept and "@y.example" not in kept and "Street" not in kept and "contact" not in kept
    )
    assert "C:/a@b/c.tif" in kept


def test_an_answer_nested_without_end_is_cut() -> None:
    deep: Any = {}
    for _ in range(5000):
        deep = {"a": [deep]}
    assert answers.without_contacts(deep)
    nested: Any = "x"
    for _ in range(5000):
        nested = [nested]
    assert answers.items(nested) == ["x"]
    named: Any = "x"
    for _ in range(5000):
        named = {"name": named}
    assert answers.text(named) is None


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2024-11-26", "2024-11-26"),
        ({"@value": "2024-11-26", "@type": "xsd:date"}, "2024-11-26"),
        ("2024-11-26T10:11:12.000+00:00", "2024-11-26"),
        ("2024-02", "2024-02"),
        (1691250665774, "2023-08-05"),
        (2024, "2024"),
        ("20241126", None),
        ("2024-02-31", None),
        ("26/11/2024", None),
        ("0000-01-01", None),
        (-1, None),
        (float("nan"), None),
        ([], None),
    ],
)
def test_dates(value: Any, found: str | None) -> None:
    assert values.date(value) == found


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("165.4 GB", 165_400_000_000),
        ("1.9TB", 1_900_000_000_000),
        ("12 bytes", 12),
        ("1,024 KiB", 1024 * 1024),
        ("460910263663", 460_910_263_663),
        (104154098.0, 104_154_098),
        (0, 0),
        (-5, None),
        ("1..2 GB", None),
        ("9e999", None),
        (float("inf"), None),
        ("GB", None),
    ],
)
def test_sizes(value: Any, found: int | None) -> None:
    assert values.size(value) == found


@pytest.mark.parametrize(
    ("value", "url", "listed"),
    [
        ("CC0", "https://creativecommons.org/publicdomain/zero/1.0/", "CC0"),
        (
            "https://creativecommons.org/licenses/by/4.0/",
            "https://creativecommons.org/licenses/by/4.0/",
            None,
        ),
        (
            "CC BY-NC-SA 3.0 https://creativecommons.org/licenses/by-nc-sa/3.0/",
            "https://creativecommons.org/licenses/by-nc-sa/3.0/",
            "CC BY-NC-SA 3.0 https://creativecommons.org/licenses/by-nc-sa/3.0/",
        ),
        (
            {"@id": "https://creativecommons.org/licenses/by/4.0/"},
            "https://creativecommons.org/licenses/by/4.0/",
            None,
        ),
        ("https://own.example/terms", "https://own.example/terms", None),
        ("ask us", None, "ask us"),
        (None, None, None),
    ],
)
def test_licences(value: Any, url: str | None, listed: str | None) -> None:
    assert values.license_of(value) == (url, listed)


@pytest.mark.parametrize(
    "value", [0.00035277, 1.0, 0, -1e-7, float("nan"), float("inf"), None, True, "", [1e-7]]
)
def test_a_pixel_of_no_size_is_unknown(value: Any) -> None:
    assert values.pixel_size(value) is None


def test_pixels_are_told_in_micrometers() -> None:
    assert values.pixel_size(1.100000011e-07) == 0.11
    assert values.pixel_size("3.425", metre=1e-10) == 0.0003425


def test_terms_keep_what_is_asserted_and_mark_what_is_concluded() -> None:
    organisms = terms.organisms()
    asserted, concluded = values.terms_of([("Maus", "NCBI:txid10090")], organisms)
    assert asserted == (terms.Term(label="Mus musculus", id="NCBITaxon:10090"),) and not concluded
    named, concluded = values.terms_of([("Homo sapiens (human)", None), ("homo sapiens", "")], organisms)
    assert [term.id for term in named] == ["NCBITaxon:9606"] and concluded
    unknown, concluded = values.terms_of(
        [("simulated data", None), (None, "obo:NCBITaxon_999999")], organisms
    )
    assert unknown == (
        terms.Term(label="simulated data"),
        terms.Term(label="NCBITaxon:999999", id="NCBITaxon:999999"),
    )
    assert not concluded


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("0000-0002-6687-382x", "0000-0002-6687-382X"),
        ("0000-0002-1825-0098", None),  # its check digit is wrong
        ("#auth-001", None),
    ],
)
def test_orcids(value: str, found: str | None) -> None:
    assert values.orcid(value) == found


def test_facts_know_where_they_were_read() -> None:
    facts = answers.Facts(document({"hits": [{"name": "A"}]}), "/hits/0")
    facts.add("title", "A", "/name")
    facts.add("title", "later", "/other")
    facts.add("organism", (terms.Term(label="mouse"),), "/about", inferred=True)
    facts.add("keywords", ())
    record = facts.record(id="x:1", kind="study", repository="X", raw={"name": "A", "email": "a@b.org"})
    assert record.title == "A" and record.keywords == () and record.raw == {"name": "A"}
    sources = [record.source("title"), record.source("organism"), record.source("id")]
    assert [(s.pointer, s.basis) for s in sources if s] == [
        ("/hits/0/name", "asserted"),
        ("/hits/0/about", "inferred"),
        ("/hits/0", "asserted"),
    ]
    assert all(s and s.retrieved_at and s.document == "https://a.example/x" for s in sources)


def test_what_an_image_takes_from_its_study_is_marked() -> None:
    facts = answers.Facts(document({}), "/study")
    facts.add("license", "https://creativecommons.org/licenses/by/4.0/", "/licence")
    facts.add("title", "the study", "/title")
    study = facts.record(id="x:1", kind="study", repository="X")
    image = Record(id="x:1/a", kind="image", repository="X", title="the image")
    whole = dataclasses.replace(image, **answers.inherited(image, study, ("license", "title", "doi")))
    assert whole.title == "the image" and whole.license == study.license
    source = whole.source("license")
    assert source is not None and (source.basis, source.pointer) == ("inferred", "/study/licence")


@pytest.mark.parametrize("content", [None, [], "x", {"hits": None}, {"hits": {"total": 1}}, {"hits": [1]}])
def test_an_answer_without_its_list_is_no_empty_answer(content: Any) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        answers.envelope(document(content), "hits", "hits", of="BIA")
    assert caught.value.kind == "answer-form"
    assert answers.envelope(document({"hits": {"hits": []}}), "hits", "hits", of="BIA") == []


def test_images_get_the_identifiers_of_the_catalogue(shared: Any) -> None:
    from fairlab.repositories.catalogue import CatalogueRepository

    url = (
        "https://livingobjects.ebi.ac.uk/bioimaging-integrator-data/S-BIAD634/0931a00e-d4dc-4c82-9809-4fdeffb1fc2e/"
        "45407560-58f9-4b1a-b268-0e4caea3f094.ome.zarr/0"
    )
    listed = CatalogueRepository().lookup(url)
    assert listed is not None and answers.image_id("bia:S-BIAD634", url) == listed.id
