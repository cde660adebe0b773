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
from fairlab.repositories.gide import GideRepository
from fairlab.repositories.gide_records import study_record
from tests.emulators.gide import OBO, STUDIES, Gide, entry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fairlab.record import Record


@pytest.fixture
def gide() -> Iterator[Gide]:
    with Gide() as emulator:
        yield emulator


def ids(question: str = "", **filters: Any) -> list[str]:
    return [record.id for record in GideRepository().search(make_query(question, kind="study", **filters))]


def document(content: Any = None) -> Document:
    return Document(content=content, url="https://gide.example/search", retrieved_at="2026-11-25T00:00:00Z")


def record_of(study: Any) -> Record:
    found = study_record(document(), study, "/hits/0/entry")
    assert found is not None
    return found


def test_studies_are_those_of_their_archives(gide: Gide) -> None:
    assert ids("mitosis")[:3] == ["bia:S-BIAD900001", "idr:idr9001", "bia:S-BIAD800000"]
    record = GideRepository().search(make_query("mitosis", kind="study"))[0]
    assert record.repository == "BIA" and record.accession == "S-BIAD900001"
    assert (
        record.landing_url == record.uid == "https://www.ebi.ac.uk/biostudies/bioimages/studies/S-BIAD900001"
    )
    assert (record.bytes, record.n_files) == (1234, 7)
    assert record.thumbnail_url == (
        "https://livingobjects.ebi.ac.uk/bioimaging-integrator-data/S-BIAD900001/i/t.png"
    )
    assert (
        record.creators[0].orcid == "0000-0002-1825-0097"
        and record.creators[0].ror == "https://ror.org/02catss52"
    )


def test_nothing_of_people_but_names_and_public_identifiers_comes_through(gide: Gide) -> None:
    record = GideRepository().search(make_query("mitosis", kind="study"))[0]
    assert "example.org" not in record.to_json() + json.dumps(record.raw)


def test_every_value_says_where_it_was_read(gide: Gide) -> None:
    record = GideRepository().search(make_query("mitosis", kind="study"))[0]
    for name in record.to_dict():
        source = record.source(name)
        assert source is not None and source.retrieved_at and source.document.startswith(gide.url), name
    title, organism = record.source("title"), record.source("organism")
    assert title is not None and title.pointer == "/hits/0/entry/name"
    assert organism is not None and organism.basis == "inferred", "GIDE looked BIA's identifiers up by name"
    idr = GideRepository().search(make_query("mitosis", kind="study", repository="IDR"))[0]
    source = idr.source("organism")
    assert source is not None and source.basis == "asserted"


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"organism": "mouse"}, ["bia:S-BIAD900001"]),
        ({"organism": "zebrafish"}, ["ssbd:ssbd-repos-900001"]),
        ({"imaging_method": "light sheet"}, ["bia:S-BIAD900001"]),
        ({"imaging_method": "electron microscopy"}, ["empiar:EMPIAR-90001"]),
        ({"repository": "IDR"}, ["idr:idr9001"]),
        ({"repository": "SSBD"}, ["ssbd:ssbd-repos-900001"]),
        ({"license": "CC0"}, ["empiar:EMPIAR-90001"]),
        ({"license": "CC-BY-NC"}, ["ssbd:ssbd-repos-900001"]),
        ({"year": 2016}, ["idr:idr9001"]),
        ({"year": "2015-2017"}, ["idr:idr9001"]),
        ({"cell_line": "HeLa"}, ["idr:idr9001"]),
        ({"repository": "JAX"}, []),
    ],
)
def test_filters(gide: Gide, filters: dict[str, Any], found: list[str]) -> None:
    assert ids(**filters, limit=None) == found


def test_terms_are_asked_for_by_address_and_with_their_kinds(gide: Gide) -> None:
    ids(organism="mouse", imaging_method="confocal", license="CC0")
    params = gide.log[0].params
    assert params["organism"] == [
        f"{OBO}NCBITaxon_10090",
        "https://www.ncbi.nlm.nih.gov/datasets/taxonomy/10090",
    ]
    assert (
        f"{OBO}FBbi_00000251" in params["imaging_method"]
        and f"{OBO}FBbi_00000253" in params["imaging_method"]
    )
    assert params["license"] == ["https://creativecommons.org/publicdomain/zero/1.0/"]
    assert set(params) == {"organism", "imaging_method", "license", "size", "offset"}


def test_a_publisher_it_does_not_have_is_not_asked_for(gide: Gide) -> None:
    assert ids(repository="JAX") == [] and gide.log == []


def test_it_has_no_images_and_says_so_without_asking(gide: Gide) -> None:
    assert list(GideRepository().pages(make_query("mitosis"))) == [] and gide.log == []


def test_words_find_by_the_names_they_mean(gide: Gide) -> None:
    assert ids("murine") == ["bia:S-BIAD900001"]
    assert gide.log[0].param("q") == "murine Mus musculus"


def test_pages_follow_by_offset_whatever_their_size(gide: Gide) -> None:
    query = make_query("serial", kind="study", limit=None)
    pages = list(GideRepository().pages(query))
    assert [page.cursor for page in pages] == ["5", None] and {page.total for page in pages} == {10}
    gide.most = 3
    pages = list(GideRepository().pages(query))
    assert [page.cursor for page in pages] == ["3", "6", "9", None]
    assert [asked.param("offset") for asked in gide.log[-4:]] == ["0", "3", "6", "9"]


def test_pages_end_where_the_archive_gives_none_though_it_counts_more(gide: Gide) -> None:
    gide.alter = lambda content: {**content, "total": 10**6}
    pages = list(GideRepository().pages(make_query("serial", kind="study")))
    assert sum(len(page.records) for page in pages) == 10


def test_pages_are_asked_for_when_they_are_wanted(gide: Gide) -> None:
    next(GideRepository().pages(make_query("serial", kind="study")))
    assert len(gide.log) == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gide:S-BIAD900001", "bia:S-BIAD900001"),
        ("s-biad900001", "bia:S-BIAD900001"),
        (" https://www.ebi.ac.uk/biostudies/BioImages/studies/S-BIAD900001 ", "bia:S-BIAD900001"),
        ("https://idr.openmicroscopy.org/study/idr9001/", "idr:idr9001"),
        ("empiar:EMPIAR-90001", "empiar:EMPIAR-90001"),
        ("https://ssbd.riken.jp/repository/ssbd-repos-900001/", "ssbd:ssbd-repos-900001"),
        ("idr:S-BIAD900001", None),
        ("mitosis", None),
        ("gide:", None),
    ],
)
def test_studies_are_recognised_and_looked_up(gide: Gide, text: str, found: str | None) -> None:
    assert GideRepository().recognises(text) == found
    assert not gide.log
    record = GideRepository().lookup(text)
    assert (record.id if record else None) == found


def test_lookup_of_a_study_it_does_not_have(gide: Gide) -> None:
    assert GideRepository().lookup("gide:S-BIAD1") is None


def test_an_answer_without_hits_is_an_error_and_no_empty_answer(gide: Gide) -> None:
    gide.alter = lambda content: {"total": 3, "results": content["hits"]}
    with pytest.raises(UnexpectedAnswer) as caught:
        ids("mitosis")
    assert caught.value.kind == "answer-form"


def test_hostile_text_is_kept_as_text_and_escaped_where_it_is_shown(gide: Gide) -> None:
    record = GideRepository().search(make_query("FIB-SEM", kind="study"))[0]
    assert record.title == "FIB-SEM of a <script>alert('x')</script> cell"
    assert "<script>" not in record._repr_html_()


def _forms(value: Any) -> Any:
    return st.sampled_from([None, "x", 3, [], {}, [None], [[]], {"@value": value}, [value]])


@given(st.data())
def test_fields_of_another_form_cost_only_themselves(data: st.DataObject) -> None:
    study = copy.deepcopy(STUDIES[data.draw(st.integers(0, 3))])
    for name in data.draw(st.sets(st.sampled_from(sorted(set(study) - {"identifier"})))):
        if data.draw(st.booleans()):
            study[name] = data.draw(_forms(study[name]))
        else:
            del study[name]
    assert record_of(study).accession == study["identifier"]


@pytest.mark.parametrize(
    "study", [None, [], "x", {}, {"id": None, "identifier": ""}, entry("", "no address")]
)
def test_what_names_no_study_is_no_record(study: Any) -> None:
    assert study_record(document(), study, "") is None


def test_real_entries(shared: Path) -> None:
    path = shared / "repositories" / "examples" / "reconstructed-gide-search-response.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    bia, idr, ssbd = (
        study_record(document(content), hit["entry"], f"/hits/{number}/entry")
        for number, hit in enumerate(content["hits"])
    )
    assert bia and idr and ssbd
    assert (bia.id, idr.id, ssbd.id) == ("bia:S-BIAD963", "idr:idr0062", "ssbd:ssbd-repos-000490")
    assert [term.id for term in bia.organism] == ["NCBITaxon:10090", "NCBITaxon:32644"]
    assert [term.id for term in bia.imaging_method] == ["FBbi:00000243", "FBbi:00000369"]
    assert (bia.bytes, bia.n_files, bia.release_date) == (460910263663, 114, "2023-12-15")
    assert [(term.id, term.label) for term in idr.imaging_method] == [
        ("FBbi:00000251", "confocal microscopy")
    ]
    assert idr.publications == ("https://doi.org/10.1371/journal.pbio.3000388",)
    assert ssbd.creators[0].ror == "https://ror.org/02kpeqv85" and len(ssbd.other_terms) == 10
    assert "Drosophila melanogaster/genetics" in ssbd.keywords
    for study in (bia, idr, ssbd):
        assert study.license == "https://creativecommons.org/licenses/by/4.0/"
        for name in study.to_dict():
            assert study.source(name) is not None
        assert study.raw is not None and "address" not in json.dumps(study.raw)


def test_the_emulator_answers_in_the_form_of_the_real_entries(shared: Path) -> None:
    path = shared / "repositories" / "examples" / "reconstructed-gide-search-response.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    # "url" and the like come from the crates' own extra fields.
    assert {key for hit in content["hits"] for key in hit["entry"]} - set(STUDIES[0]) == set()
    assert set(content["hits"][0]) == {"id", "entry", "score"}


def test_studies_have_the_identifiers_of_the_catalogue(shared: Path) -> None:
    from fairlab.repositories.catalogue import CatalogueRepository

    for accession in ("S-BIAD963", "idr0062", "ssbd-repos-000490"):
        listed = CatalogueRepository().lookup(accession)
        assert listed is not None and listed.id.endswith(f":{accession}")
