from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab import errors, licenses, terms

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "spdx"),
    [
        ("CC-BY-4.0", "CC-BY-4.0"),
        ("cc by 4.0", "CC-BY-4.0"),
        ("CC BY 4.0 https://creativecommons.org/licenses/by/4.0/", "CC-BY-4.0"),
        ("https://creativecommons.org/licenses/by/4.0", "CC-BY-4.0"),
        ("http://creativecommons.org/licenses/by/4.0/legalcode", "CC-BY-4.0"),
        ("Creative Commons Attribution 4.0 International", "CC-BY-4.0"),
        ("Attribution-NonCommercial-ShareAlike 3.0 Unported", "CC-BY-NC-SA-3.0"),
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/", "CC-BY-NC-ND-4.0"),
        ("https://creativecommons.org/licenses/by/3.0/us/", "CC-BY-3.0-US"),
        ("CC0", "CC0-1.0"),
        ("CC0 1.0 Universal Public Domain Dedication", "CC0-1.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("BSD-3-Clause", "BSD-3-Clause"),
        ("MIT License", "MIT"),
        ("https://www.apache.org/licenses/LICENSE-2.0", "Apache-2.0"),
    ],
)
def test_licences_in_many_spellings(text: str, spdx: str) -> None:
    found = terms.license(text)
    assert found is not None and found.spdx == spdx
    assert terms.license(found.url) == found, "the canonical address means the same licence"


@pytest.mark.parametrize(
    "text", [None, "", "by", "by 4.0", "0", "CC BY 7.3", "all rights reserved", "creative", "cc"]
)
def test_what_is_no_known_licence_stays_unknown(text: str | None) -> None:
    assert terms.license(text) is None


def test_a_licence_without_version_stays_without_one_and_covers_all_versions() -> None:
    family = terms.license("cc-by")
    assert family is not None and family.spdx is None and family.version is None
    assert family.url == "https://creativecommons.org/licenses/by/"
    assert [
        family.covers(_known(text)) for text in ("CC BY 4.0", "CC BY 3.0", "cc by", "CC BY-NC 4.0", "CC0")
    ] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert not _known("CC BY 4.0").covers(_known("CC BY 3.0"))


@pytest.mark.parametrize(
    ("text", "duties"),
    [
        ("CC0", (False, False, False, False)),
        ("public domain", (False, False, False, False)),
        ("CC BY 4.0", (True, False, False, False)),
        ("CC BY-SA 4.0", (True, True, False, False)),
        ("CC BY-NC 4.0", (True, False, True, False)),
        ("CC BY-NC-SA 4.0", (True, True, True, False)),
        ("CC BY-ND 4.0", (True, False, False, True)),
        ("CC BY-NC-ND 4.0", (True, False, True, True)),
    ],
)
def test_what_a_licence_asks_for(text: str, duties: tuple[bool, ...]) -> None:
    found = _known(text)
    assert (
        found.attribution_required,
        found.share_alike,
        found.non_commercial,
        found.no_derivatives,
    ) == duties


def _known(text: str) -> licenses.License:
    found = terms.license(text)
    assert found is not None
    return found


@given(st.text())
def test_no_text_breaks_the_licence_reader(text: str) -> None:
    found = terms.license(text)
    assert found is None or terms.license(found.url) is not None


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    words = terms.fold(text)
    assert terms.fold(" ".join(words)) == words


@pytest.mark.parametrize(
    "text",
    [
        "mouse",
        "Mice",
        "Mus musculus",
        "mus  musculus",
        "M. musculus",
        "NCBITaxon:10090",
        "NCBI:txid10090",
        "http://purl.obolibrary.org/obo/NCBITaxon_10090",
        "NCBITaxon_010090",
        "https://www.ncbi.nlm.nih.gov/datasets/taxonomy/10090/",
        "https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?mode=Info&id=10090",
        "obo:NCBITaxon_10090",
        "10090",
    ],
)
def test_one_mouse_under_many_names(text: str) -> None:
    assert [term.id for term in terms.organisms().find(text)] == ["NCBITaxon:10090"]


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("confocal", "FBbi:00000251"),
        ("light sheet", "FBbi:00000369"),
        ("light-sheet", "FBbi:00000369"),
        ("SIM", "FBbi:00000332"),
        ("EM", "FBbi:00000256"),
        ("FIB-SEM", "FBbi:00050000"),
        ("STORM", "FBbi:00000336"),
        ("SEM", "FBbi:00000257"),
        ("TEM", "FBbi:00000258"),
        ("cryo-EM", "FBbi:00100014"),
        ("two-photon", "FBbi:00000254"),
        ("brightfield", "FBbi:00000243"),
        ("obo:FBbi_00000246", "FBbi:00000246"),
        ("FBbi:246", "FBbi:00000246"),
    ],
)
def test_everyday_words_for_methods(text: str, key: str) -> None:
    assert terms.imaging_methods().find(text)[0].id == key


def _spelt(number: int, zeros: int, templates: tuple[str, ...]) -> list[str]:
    spelt = [template.format("0" * zeros + str(number)) for template in templates]
    return [form for text in spelt for form in (text, text.upper(), f" {text}/")]


@given(st.integers(1, 999_999_999 // 100), st.integers(0, 2))
def test_every_spelling_of_a_taxon_is_one_identifier(number: int, zeros: int) -> None:
    spellings = _spelt(
        number,
        zeros,
        (
            "NCBITaxon:{}",
            "NCBITaxon_{}",
            "NCBITaxon{}",
            "obo:NCBITaxon_{}",
            "NCBI:txid{}",
            "txid{}",
            "taxonomy:{}",
            "http://purl.obolibrary.org/obo/NCBITaxon_{}",
            "https://identifiers.org/taxonomy:{}",
            "https://www.ncbi.nlm.nih.gov/datasets/taxonomy/{}",
            "https://www.ncbi.nlm.nih.gov/Taxonomy/Browser/wwwtax.cgi?id={}",
            "https://www.ebi.ac.uk/ols4/ontologies/ncbitaxon/classes/http%253A%252F%252Fpurl.obolibrary.org"
            "%252Fobo%252FNCBITaxon_{}",
        ),
    )
    assert {terms.identifier(text) for text in spellings} == {f"NCBITaxon:{number}"}
    assert terms.identifier("0" * zeros + str(number), scheme="NCBITaxon") == f"NCBITaxon:{number}"
    assert terms.identifier(str(number)) is None, "a number alone is any number"


@given(st.integers(1, 99_999_999))
def test_every_spelling_of_a_method_is_one_identifier(number: int) -> None:
    key = f"FBbi:{number:08d}"
    for written in (str(number), f"{number:08d}"):
        spellings = _spelt(
            int(written),
            len(written) - len(str(number)),
            (
                "FBbi:{}",
                "FBbi_{}",
                "FBbi{}",
                "obo:FBbi_{}",
                "obo:FBbi:{}",
                "http://purl.obolibrary.org/obo/FBbi_{}",
            ),
        )
        assert {terms.identifier(text) for text in spellings} == {key}
    assert terms.identifier(f"{number:08d}", scheme="FBbi") == key


@given(st.text())
def test_no_text_breaks_the_reader_of_identifiers(text: str) -> None:
    found = terms.identifier(text, scheme="NCBITaxon")
    assert found is None or terms.identifier(found) == found


@pytest.mark.parametrize(
    "text", ["", "mouse", "taxon", "FBbi", "10090 cells", "https://idr.example/#00000251", "a:1"]
)
def test_what_is_no_identifier_stays_none(text: str) -> None:
    assert terms.identifier(text) is None


def test_a_number_is_a_taxon_in_a_filter_but_not_among_words() -> None:
    assert terms.organisms().find("10090")[0].label == "Mus musculus"
    assert terms.organisms().keys("10090") == ()
    assert terms.imaging_methods().find("00000246")[0].id == "FBbi:00000246"
    assert terms.organisms().key(terms.Term(label="?", id="obo:NCBITaxon_010090")) == "NCBITaxon:10090"


def test_narrower_methods_and_taxa() -> None:
    methods = terms.imaging_methods()
    assert {"FBbi:00000258", "FBbi:00050000", "FBbi:00000585"} <= methods.descendants("FBbi:00000256")
    assert "FBbi:00000345" in methods.ancestors("FBbi:00000253")
    assert "NCBITaxon:7227" in terms.organisms().descendants("NCBITaxon:7215")
    assert "NCBITaxon:10090" not in terms.organisms().ancestors("NCBITaxon:186842"), (
        "a hybrid is no subspecies"
    )


def test_fairlabs_own_words_name_terms_that_exist() -> None:
    for name, column, vocabulary in (
        ("common_names.csv", "ids", terms.organisms()),
        ("method_words.csv", "id", terms.imaging_methods()),
    ):
        for row in terms.read_table(name):
            for key in terms.split(row[column]):
                assert key in vocabulary.entries
            for word in terms.split(row.get("words") or row.get("name") or ""):
                assert vocabulary.find(word), word


def test_every_parent_is_a_term() -> None:
    for vocabulary in (terms.imaging_methods(), terms.organisms()):
        for entry in vocabulary.entries.values():
            assert set(entry.parents) <= vocabulary.entries.keys()


@pytest.mark.parametrize("damage", ["missing", "truncated", "garbage"])
def test_a_damaged_table_is_named(damage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (terms.DATA / "taxa.csv.gz").read_bytes()
    contents = {"truncated": whole[: len(whole) // 2], "garbage": b"not a table", "missing": None}[damage]
    if contents is not None:
        (tmp_path / "taxa.csv.gz").write_bytes(contents)
    monkeypatch.setattr(terms, "DATA", tmp_path)
    with pytest.raises(errors.FormatError) as caught:
        terms.read_table("taxa.csv.gz")
    assert caught.value.kind == "table-damaged"


def test_a_table_is_read_as_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = "id,label\nx:1,\"ä, 'b'\"\n".encode()
    (tmp_path / "t.csv").write_bytes(content)
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(content))
    monkeypatch.setattr(terms, "DATA", tmp_path)
    for name in ("t.csv", "t.csv.gz"):
        assert terms.read_table(name) == [{"id": "x:1", "label": "ä, 'b'"}]
