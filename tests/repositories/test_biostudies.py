from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import UnexpectedAnswer
from fairlab.net.api import Document
from fairlab.query import make_query
from fairlab.repositories.biostudies import BioStudiesRepository
from fairlab.repositories.biostudies_records import hit_record, study_record
from fairlab.repositories.pagetab import files, sections
from tests.emulators.biostudies import HITS, OLDER, STUDY, BioStudies

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fairlab.record import Record

FILES = "https://www.ebi.ac.uk/biostudies/files/S-BIAD900001"


@pytest.fixture
def biostudies() -> Iterator[BioStudies]:
    with BioStudies() as emulator:
        yield emulator


def ids(question: str, **filters: Any) -> list[str]:
    return [
        record.id for record in BioStudiesRepository().search(make_query(question, kind="study", **filters))
    ]


def known(identifier: str = "S-BIAD900001") -> Record:
    found = BioStudiesRepository().lookup(identifier)
    assert found is not None
    return found


def document(content: Any = None) -> Document:
    return Document(content=content, url="https://biostudies.example/x", retrieved_at="2026-11-25T00:00:00Z")


def example(shared: Path, name: str) -> Any:
    return json.loads((shared / "repositories" / "examples" / name).read_text(encoding="utf-8"))


def test_a_study(biostudies: BioStudies) -> None:
    study = known()
    assert (study.id, study.repository, study.title) == (
        "bia:S-BIAD900001",
        "BIA",
        "Mitosis in mouse embryos",
    )
    assert (
        study.license == "https://creativecommons.org/licenses/by/4.0/"
        and study.license_as_listed == "CC BY 4.0"
    )
    assert study.keywords == ("mitosis", "embryo") and study.doi == "10.6019/s-biad900001"
    (person,) = study.creators
    assert (person.orcid, person.affiliation) == ("0000-0002-1825-0097", "EBI")
    assert study.publications == ("https://doi.org/10.1234/example",) and study.funding == ("A Trust G-1",)
    assert [term.id for term in study.organism] == ["NCBITaxon:10090"]
    assert [term.id for term in study.imaging_method] == ["FBbi:00000369"]
    assert study.see_also == ("https://www.ebi.ac.uk/empiar/EMPIAR-90001/", "https://github.com/example/code")
    assert study.has_labels is True and study.attributes["Biological entity"] == ("Whole embryos",)
    assert study.n_files == 5
    counted, method = study.source("n_files"), study.source("imaging_method")
    assert counted is not None and counted.document.endswith("/info") and counted.pointer == "/files"
    assert method is not None and method.basis == "asserted"
    everything = study.to_json() + json.dumps(study.raw)
    assert "example.org" not in everything and "0123" not in everything and "1 Road" not in everything


def test_a_study_of_the_older_form(biostudies: BioStudies) -> None:
    study = known("E-MTAB-90001")
    assert (study.id, study.repository) == ("biostudies:E-MTAB-90001", "BioStudies")
    assert [term.id for term in study.organism] == ["NCBITaxon:9606", "NCBITaxon:10090"]
    assert [term.id for term in study.imaging_method] == ["FBbi:00000251"]
    assert study.doi is None and study.publications == ("https://doi.org/10.1101/2023.12.07.570699",)


def test_words_find_and_what_only_a_synonym_found_is_left_out(biostudies: BioStudies) -> None:
    pages = list(BioStudiesRepository().pages(make_query("mitosis", kind="study")))
    records = [record for page in pages for record in page.records]
    assert "bia:S-BIAD900003" in [record.id for record in records]
    assert {record.id: record for record in records}["bia:S-BIAD900002"].attributes["Content"]


def test_an_estimate_is_called_one_and_never_walked_to(biostudies: BioStudies) -> None:
    pages = list(BioStudiesRepository().pages(make_query("mitosis", kind="study")))
    assert [len(page.records) for page in pages] == [4, 4, 1, 0]
    assert [page.cursor for page in pages] == ["2", "3", "4", None]
    assert all(page.total and page.total > 300 and page.total_exact is False for page in pages)


def test_only_words_of_its_publishers_are_asked(biostudies: BioStudies) -> None:
    for query in (
        make_query(organism="mouse", kind="study"),
        make_query("mitosis", kind="study", repository="IDR"),
        make_query("mitosis"),
    ):
        assert list(BioStudiesRepository().pages(query)) == []
    assert biostudies.log == []


def test_what_hits_do_not_state_is_said_and_not_guessed(biostudies: BioStudies) -> None:
    found = BioStudiesRepository().search(make_query("mitosis", kind="study", organism="mouse", year=2019))
    assert found.unapplied == {"biostudies": ("organism",)}
    assert {record.release_date for record in found} == {"2019-05-06"}


def test_zipped_images_among_the_files(biostudies: BioStudies) -> None:
    masks, stack = [one for page in BioStudiesRepository().images(known()) for one in page.records]
    assert stack.url == f"{FILES}/stacks/embryo%201.ome.zarr.zip" and stack.bytes == 123
    assert stack.id == "bia:S-BIAD900001/embryo_1.ome.zarr.zip" and stack.title == "embryo 1.ome.zarr.zip"
    assert stack.license == known().license and masks.url == f"{FILES}/masks/1.ome.zarr.zip"
    size = stack.source("bytes")
    assert (
        size is not None
        and size.document.endswith("/files/S-BIAD900001/stacks.json")
        and size.pointer == "/0"
    )


def test_all_files_of_a_study(biostudies: BioStudies) -> None:
    assert dict(BioStudiesRepository().files(known())) == {
        "readme.txt": 10,
        "masks/1.ome.zarr.zip": 7,
        "stacks/embryo 1.ome.zarr.zip": 123,
        "stacks/embryo 2.tif": 456,
    }


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("biostudies:S-BIAD900001", "bia:S-BIAD900001"),
        ("bia:s-biad900001", "bia:S-BIAD900001"),
        ("S-EPMC123", "biostudies:S-EPMC123"),
        ("https://www.ebi.ac.uk/biostudies/bioimages/studies/S-BIAD900001/", "bia:S-BIAD900001"),
        ("10.6019/S-BIAD900001", "bia:S-BIAD900001"),
        ("biostudies:../../admin", None),
        ("EMPIAR-10310", None),
        ("idr:idr0062", None),
        ("", None),
    ],
)
def test_what_is_recognised(text: str, found: str | None) -> None:
    assert BioStudiesRepository().recognises(text) == found


def test_an_unknown_study_is_none(biostudies: BioStudies) -> None:
    assert BioStudiesRepository().lookup("S-BIAD9") is None


def test_an_answer_without_hits_is_an_error_and_no_empty_answer(biostudies: BioStudies) -> None:
    biostudies.alter = lambda _: {"totalHits": 0}
    with pytest.raises(UnexpectedAnswer) as caught:
        ids("mitosis")
    assert caught.value.kind == "answer-form"


def test_lists_within_lists_are_flattened_and_references_followed() -> None:
    whole = sections(STUDY)
    assert [(one.kind, one.parent) for one in whole if one.kind in ("organism", "imaging method")] == [
        ("organism", "biosample"),
        ("imaging method", "image acquisition"),
    ]
    author = next(one for one in whole if one.kind == "author")
    assert author.references == {"affiliation": ("o1",)} and "affiliation" not in author.attributes
    assert whole[1].all("keyword") == ("mitosis", "embryo") and whole[1].one("nothing") is None


def test_sections_nested_without_end_are_walked() -> None:
    nested: dict[str, Any] = {"type": "x"}
    for _ in range(3000):
        nested = {"type": "x", "subsections": [[nested]]}
    assert len(sections({"section": nested})) == 3002


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "attributes", "name", "value", "subsections", "section", "path"]), inner
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_no_study_breaks_the_reader(value: Any) -> None:
    sections(value)
    list(files(value))
    for whole in (STUDY, OLDER):
        for name in ("section", "attributes"):
            changed: dict[str, Any] = {**copy.deepcopy(whole), name: value}
            assert study_record(document(), changed) is not None
    assert hit_record(document(), {**HITS[0], "content": value, "files": value, "release_date": value}, "")


@pytest.mark.parametrize("value", [None, [], {}, {"accno": 3}, {"accno": "../x"}, {"accession": "<b>"}])
def test_what_names_no_study_is_no_record(value: Any) -> None:
    assert study_record(document(), value) is None and hit_record(document(), value, "") is None


def test_a_real_study(shared: Path) -> None:
    study = study_record(document(), example(shared, "biostudies-study-S-BIAD1492.json"))
    assert study is not None and study.id == "bia:S-BIAD1492"
    assert (
        study.license == "https://creativecommons.org/licenses/by/3.0/" and study.release_date == "2024-11-26"
    )
    assert study.keywords == ("segmentation", "synthetic data", "nucleus")
    assert [person.name for person in study.creators][:2] == ["David Svoboda", "Michal Kozubek"]
    assert study.creators[0].affiliation == "Centre for Biomedical Image Analysis"
    assert study.creators[4].orcid == "0000-0002-0456-6912"
    assert study.creators[0].roles == ("dataset creator",) and study.creators[3].roles == ("data curation",)
    assert [term.label for term in study.organism] == ["simulated data"]
    assert "https://doi.org/10.1002/cyto.a.20714" in study.publications and study.has_labels is True
    assert "https://www.ebi.ac.uk/empiar/EMPIAR-11380/" in study.see_also
    for name in study.to_dict():
        assert study.source(name) is not None
    assert "Botanická" not in json.dumps(study.raw, ensure_ascii=False)


def test_real_hits_and_the_emulator_has_their_form(shared: Path) -> None:
    content = example(shared, "biostudies-search.json")
    record = hit_record(document(content), content["hits"][0], "/hits/0")
    assert record is not None and record.id == "biostudies:E-GEOD-59489"
    assert (record.release_date, record.n_files) == ("2014-08-12", 26)
    with BioStudies():
        answer = BioStudiesRepository().api.json("api/v1/BioImages/search", {"query": "mitosis"}).content
    assert set(content) == set(answer) and set(content["hits"][0]) == set(answer["hits"][0])
    info = example(shared, "biostudies-info-E-GEOD-16059.json")
    assert {"files", "httpLink", "released"} <= set(info)
