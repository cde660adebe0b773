"""What the crates say survives as linked data and reaches others; nothing in them leaves their root."""

from __future__ import annotations

import dataclasses
import json
import string
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rocrate.rocrate import ROCrate

from fairlab.errors import QueryError
from fairlab.fair.crate_reader import statements
from fairlab.fair.crate_terms import part_id
from fairlab.fair.crate_writer import crate_json, image_crate
from fairlab.fair.description import Description, Statement
from fairlab.fair.study_crate import REQUIRED, missing, study_crate
from fairlab.record import Creator, Record, Source
from fairlab.terms import Term
from tests.fair.linked_data import expanded, lost

if TYPE_CHECKING:
    from pathlib import Path

OBO = "http://purl.obolibrary.org/obo/"
RECORD = Record(
    id="bia:S-BIAD1/im1.zarr",
    kind="image",
    repository="BIA",
    accession="S-BIAD1",
    title="Cells of a fly",
    description="Two channels.\nOne of them is dim.",
    license="https://creativecommons.org/licenses/by/4.0/",
    authors=("Ada Lovelace", "fairlab"),
    creators=(
        Creator(
            name="Ada Lovelace", orcid="0000-0002-1825-0097", affiliation="An institute",
            ror="https://ror.org/02catss52",
        ),
        Creator(name="fairlab"),
    ),
    attribution="Lovelace lab",
    doi="10.6019/S-BIAD1",
    publications=("10.1038/nature08869", "https://example.org/paper"),
    pmid=("123",),
    funding=("Wellcome Trust",),
    keywords=("wing, left", "eye"),
    release_date="2024-05-06",
    landing_url="https://example.org/studies/S-BIAD1",
    organism=(Term(id="NCBITaxon:7227", label="Drosophila melanogaster"),),
    imaging_method=(Term(id="FBbi:00000251", label="confocal microscopy"), Term(label="a new method")),
    other_terms=(Term(id="FBbt:00004729", label="wing"),),
    bytes=1234,
)  # fmt: skip
STUDY = dataclasses.replace(RECORD, id="bia:S-BIAD1", kind="study", n_files=7)


def more(path: str, value: Any) -> Statement:
    return Statement(path=path, value=value, source=Source(document="the user"), kind="user")


RICH = Description.of(RECORD).merged(
    Description(
        statements=(
            more("acquisition.instrument", ["A confocal microscope"]),
            more("acquisition.parameters", ["63x"]),
            more("biosample.description", ["Left wings."]),
            more("biosample.cell_line", [{"label": "HeLa", "id": "CLO:0003684"}]),
        )
    )
)


def by_id(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entity["@id"]: entity for entity in document["@graph"]}


def test_no_term_of_a_crate_is_lost_as_linked_data() -> None:
    for document in (image_crate(RICH, files={"a.csv": "a table"}, usage="ask first"), study_crate(STUDY)):
        assert lost(document) == set()
        text = json.dumps(list(expanded(document).values()))
        for said in (
            "Cells of a fly",
            "Ada Lovelace",
            "Lovelace lab",
            "Wellcome Trust",
            "wing, left",
            "02catss52",
        ):
            assert said in text, said


def test_expansion_keeps_what_the_context_of_the_challenge_loses() -> None:
    found = expanded(image_crate(RICH))
    root = found["https://crate.example/"]
    (acquisition,) = root["@reverse"]["http://schema.org/result"]
    told = found[acquisition["@id"]]
    assert told["@type"] == [f"{OBO}FBbi_00000222"]
    assert told["http://schema.org/measurementTechnique"] == [{"@id": f"{OBO}FBbi_00000251"}]
    biosample = found["https://crate.example/#biosample"]
    assert biosample["https://schema.org/taxonomicRange"] == [
        {"@id": "https://www.ncbi.nlm.nih.gov/taxonomy/?term=txid7227"}
    ]
    assert root["http://rs.tdwg.org/dwc/iri/measurementMethod"][1] == {"@id": f"{OBO}FBbi_00000251"}
    # The challenge's own example, for comparison: its method vanishes.
    bare = {**image_crate(RICH), "@context": ["https://w3id.org/ro/crate/1.1/context", {"obo": OBO}]}
    assert "@reverse" not in expanded(bare)["https://crate.example/"]


def test_the_challenge_reads_the_crate_as_its_own() -> None:
    graph = by_id(image_crate(RICH))
    acquisition = graph[graph["./"]["resultOf"]["@id"]]
    assert acquisition["@type"] == "image_acquisition"
    assert acquisition["fbbi_id"] == {"@id": "obo:FBbi_00000251"}
    biosample = graph[graph[acquisition["specimen"]["@id"]]["biosample"]["@id"]]
    assert biosample["organism_classification"] == {"@id": "NCBI:txid7227"}
    assert graph["./"]["license"] == {"@id": RECORD.license}


def test_rocrate_reads_the_crate(tmp_path: Path) -> None:
    (tmp_path / "a table.csv").write_text("1")
    (tmp_path / "ro-crate-metadata.json").write_text(
        crate_json(image_crate(RICH, files={"a table.csv": "a table"}))
    )
    crate = ROCrate(tmp_path)
    assert crate.name == RECORD.title and crate.license.id == RECORD.license
    assert [author["name"] for author in crate.root_dataset["author"]] == list(RECORD.authors)
    assert [part.id for part in crate.root_dataset["hasPart"]] == ["a%20table.csv"]
    assert crate.root_dataset["resultOf"]["specimen"]["biosample"]["@type"] == "biosample"
    assert (
        crate.dereference("https://orcid.org/0000-0002-1825-0097")["affiliation"][0]["name"] == "An institute"
    )


def test_rocrate_reads_the_study() -> None:
    document = study_crate(STUDY)
    document["@graph"][0]["@id"] = "ro-crate-metadata.json"  # rocrate knows no prefixed name
    crate = ROCrate(document)
    assert crate.root_dataset["identifier"] == "S-BIAD1"
    assert {one.id for one in crate.root_dataset["measurementMethod"]} == {
        f"{OBO}FBbi_00000251",
        "#a-new-method",
    }


def test_a_study_in_the_form_of_gide() -> None:
    document = study_crate(STUDY)
    descriptor, root = document["@graph"][:2]
    assert descriptor["@id"] == "S-BIAD1-ro-crate-metadata.json" and descriptor["about"] == {
        "@id": root["@id"]
    }
    assert root["@id"] == STUDY.landing_url and missing(document) == ()
    assert root["cite-as"] == "https://doi.org/10.6019/S-BIAD1" and root["license"] == RECORD.license
    assert isinstance(root["publisher"], dict) and all(isinstance(root[n], list) for n in ("author", "about"))
    graph = by_id(document)
    assert [graph[one["@id"]]["@type"] for one in root["about"]] == ["Taxon", "DefinedTerm"]
    assert graph["#total-dataset-size"]["value"] == 1234 and graph["#file-count"]["value"] == 7
    assert graph[root["seeAlso"][0]["@id"]]["@type"] == "ScholarlyArticle"
    bare = study_crate(Record(id="x:1", kind="study", repository="unlisted", doi="10.6019/S-BIAD1"))
    assert missing(bare) == REQUIRED and bare["@graph"][1].keys() == {"@id", "@type", "cite-as"}


def test_a_study_without_page_and_doi_has_no_root() -> None:
    with pytest.raises(QueryError) as caught:
        study_crate(dataclasses.replace(STUDY, landing_url="javascript:alert(1)", doi=None))
    assert caught.value.kind == "crate-root"


def test_every_reference_in_a_crate_is_in_it() -> None:
    for document in (image_crate(RICH), study_crate(STUDY)):
        known = by_id(document).keys() | {"https://w3id.org/ro/crate/1.1", "https://w3id.org/ro/crate/1.2"}

        def references(value: Any) -> set[str]:
            if isinstance(value, list):
                return set().union(*map(references, value))
            return {value["@id"]} if isinstance(value, dict) else set()

        for entity in document["@graph"]:
            assert set().union(*(references(value) for value in entity.values())) <= known


def test_a_licence_in_words_stays_words() -> None:
    told = dataclasses.replace(RECORD, license=None, license_as_listed="Ask the lab")
    graph = by_id(image_crate(told))
    assert graph[graph["./"]["license"]["@id"]]["name"] == "Ask the lab"
    assert study_crate(dataclasses.replace(told, kind="study"))["@graph"][1]["license"] == "Ask the lab"


@pytest.mark.parametrize(
    "path",
    [
        "../a",
        "a/../../b",
        "/etc/passwd",
        "C:/a",
        "http://x/a",
        "a\\b",
        "",
        ".",
        "./",
        "a\nb",
        "\ud800",
        "file:a",
    ],
)
def test_no_path_leaves_the_crate(path: str) -> None:
    with pytest.raises(QueryError) as caught:
        part_id(path)
    assert caught.value.kind == "crate-path"
    str(caught.value).encode()


# Each begins with a q: "na" and "none" are words for nothing, which the reader leaves out.
words = st.text(string.ascii_letters + "äß日-", max_size=12).map("q{}".format)
labels = st.builds(" ".join, st.lists(words, min_size=1, max_size=3))
dois = st.from_regex(r"10\.[1-9]\d{3}/[a-z0-9]{1,12}", fullmatch=True)
licenses = st.sampled_from(["by/4.0", "by-nc/4.0", "by-sa/3.0", "by-nc-nd/4.0"])
people = st.builds(
    Creator,
    name=st.builds(" ".join, st.lists(words, min_size=2, max_size=3)),
    affiliation=labels,
    roles=st.just(()) | st.lists(labels, min_size=1, max_size=2, unique=True).map(tuple),
)
records = st.builds(
    Record,
    id=st.just("bia:S-BIAD7"),
    kind=st.just("study"),
    repository=st.just("BIA"),
    accession=st.just("S-BIAD7"),
    landing_url=st.just("https://example.org/studies/S-BIAD7"),
    title=labels,
    description=st.none() | labels,
    doi=st.none() | dois,
    attribution=st.none() | labels,
    release_date=st.none() | st.dates().map(str),
    license=st.none() | licenses.map("https://creativecommons.org/licenses/{}/".format),
    creators=st.lists(people, max_size=3, unique_by=lambda one: one.name).map(tuple),
    publications=st.lists(dois, max_size=2, unique=True).map(tuple),
    funding=st.lists(labels, max_size=2, unique=True).map(tuple),
    keywords=st.lists(labels, min_size=2, max_size=3, unique=True).map(tuple),
    organism=st.sampled_from([(), RECORD.organism]),
    imaging_method=st.sampled_from([(), RECORD.imaging_method]),
    bytes=st.none() | st.integers(1, 2**50),
)
KEPT = (
    "title", "description", "doi", "attribution", "release_date", "license", "creators", "keywords", "organism",
    "imaging_method", "bytes", "accession", "landing_url", "pmid", "funding",
)  # fmt: skip


@given(records)
def test_what_is_written_is_read_back(record: Record) -> None:
    for told, document in (
        (record, study_crate(record)),
        (dataclasses.replace(record, kind="image"), image_crate(dataclasses.replace(record, kind="image"))),
    ):
        read = Description(statements=tuple(statements(document, source=Source(document="a crate")))).record()
        for name in KEPT:
            assert getattr(read, name) == getattr(told, name), name
        assert read.publications == tuple(f"https://doi.org/{doi}" for doi in told.publications)


anything = st.text(st.characters(codec=None, exclude_categories=()), max_size=30) | st.text(
    string.printable + "\u202e\ufeff{}\\é日", max_size=30
)


@example(["\ud800"] * 6)
@example(["\r"] * 6)
@example(["http://\ud800"] * 6)
@given(st.lists(anything, min_size=6, max_size=6))
def test_any_text_makes_crates_that_others_can_read(texts: list[str]) -> None:
    title, name, license_, page, label, accession = texts
    hostile = dataclasses.replace(
        RECORD, title=title, authors=(name,), creators=(Creator(name=name, ror=page),), license=license_,
        landing_url=page, organism=(Term(id=label, label=label),), imaging_method=(Term(label=label),),
        publications=(page, name), accession=accession, keywords=(label,), repository=name, funding=(name,),
    )  # fmt: skip
    study = dataclasses.replace(hostile, kind="study", id="x:1")
    for document in (image_crate(hostile), study_crate(study)):
        read = json.loads(crate_json(document).encode())
        assert read == document and all(entity["@id"].strip() for entity in read["@graph"])
        assert len(by_id(read)) == len(read["@graph"])
        expanded(read)
