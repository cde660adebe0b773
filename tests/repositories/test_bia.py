from __future__ import annotations

import copy
import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import Unavailable, UnexpectedAnswer
from fairlab.net.api import Document
from fairlab.query import make_query
from fairlab.repositories.bia import BiaRepository
from fairlab.repositories.bia_records import image_record, study_record
from tests.emulators.bia import DOCUMENTED, FILES, IMAGES, STUDIES, Bia, uuid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fairlab.record import Record

ONE = f"bia:S-BIAD900001/{uuid(601)}.ome.zarr/0"
TWO = f"bia:S-BIAD900001/{uuid(602)}.ome.zarr/0"


@pytest.fixture
def bia() -> Iterator[Bia]:
    with Bia() as emulator:
        yield emulator


def ids(question: str = "", *, kind: str = "study", **filters: Any) -> list[str]:
    found = BiaRepository().search(make_query(question, kind=kind, limit=None, **filters))
    return [record.id for record in found]


def known(identifier: str) -> Record:
    found = BiaRepository().lookup(identifier)
    assert found is not None
    return found


def document(content: Any = None) -> Document:
    return Document(content=content, url="https://bia.example/fts", retrieved_at="2026-11-25T00:00:00Z")


def example(shared: Path, name: str) -> Any:
    return json.loads((shared / "repositories" / "examples" / name).read_text(encoding="utf-8"))


# ── what is read ─────────────────────────────────────────────────────────────────────────────────


def test_a_study(bia: Bia) -> None:
    study = known("S-BIAD900001")
    assert (study.id, study.kind, study.repository) == ("bia:S-BIAD900001", "study", "BIA")
    assert (study.n_images, study.n_files, study.bytes) == (4, 12, 5000)
    assert study.doi == "10.6019/s-biad900001" and study.release_date == "2024-03-01"
    assert (
        study.creators[0].orcid == "0000-0002-1825-0097"
        and study.creators[0].ror == "https://ror.org/02catss52"
        and study.creators[0].roles == ("first author",)
    )
    assert study.publications == ("https://doi.org/10.1234/example",) and study.pmid == ("12345678",)
    assert study.funding == ("A Trust G-1",) and study.see_also == ("https://github.com/example/code",)
    assert study.has_labels is True and study.attributes["Annotation"] == ("Nuclear masks",)
    assert study.thumbnail_url == f"{FILES}/S-BIAD900001/t.png"
    assert [term.id for term in study.organism] == ["NCBITaxon:10090"]
    source = study.source("organism")
    assert source is not None and source.basis == "inferred", "the archive gave a name without identifier"
    everything = study.to_json() + json.dumps(study.raw)
    assert "example.org" not in everything and "1 Road" not in everything


def test_what_the_archive_asserts_is_not_called_inferred(bia: Bia) -> None:
    study = known("S-BIAD900002")
    sources = [study.source("organism"), study.source("imaging_method")]
    assert [source.basis for source in sources if source] == ["asserted", "asserted"]
    assert [term.id for term in study.imaging_method] == ["FBbi:00000251"]


def test_names_and_identifiers_of_methods_belong_together_only_where_their_number_is_the_same() -> None:
    image: dict[str, Any] = copy.deepcopy(IMAGES[0])
    (acquired,) = image["creation_process"]["acquisition_process"]
    acquired |= {"imaging_method_name": ["novel microscopy"], "fbbi_id": ["FBbi:99999999"]}
    record = image_record(document(), image, "")
    assert record is not None
    assert [(term.label, term.id) for term in record.imaging_method] == [
        ("novel microscopy", "FBbi:99999999")
    ]
    acquired["imaging_method_name"] = ["novel microscopy", "confocal microscopy"]
    record = image_record(document(), image, "")
    assert record is not None and [term.id for term in record.imaging_method] == ["FBbi:99999999"]


def test_an_image_with_what_its_study_says_of_it(bia: Bia) -> None:
    first, second = [one for page in BiaRepository().images(known("S-BIAD900001")) for one in page.records]
    assert (first.id, second.id) == (ONE, TWO), (
        "a search for the accession finds images of other studies, too"
    )
    assert (
        first.url == f"{FILES}/S-BIAD900001/{uuid(101)}/{uuid(601)}.ome.zarr/0" and first.listed_url is None
    )
    assert second.url == f"{FILES}/S-BIAD900001/{uuid(102)}/{uuid(602)}.ome.zarr/0"
    assert second.listed_url is not None and "uk1s3" in second.listed_url
    assert (first.axes, first.shape) == (("t", "c", "z", "y", "x"), (1, 2, 5, 48, 64))
    assert first.pixel_size == {"y": 0.11, "x": 0.11}, "a z of one metre is no z"
    assert first.bytes == 30720 and first.title == "mitosis 1.tif"
    assert first.attributes["Gene Symbol"] == ("CDK1",)
    assert first.license == "https://creativecommons.org/licenses/by/4.0/" and first.authors == (
        "Josiah Carberry",
    )
    license, accession = first.source("license"), first.source("accession")
    assert license is not None and license.basis == "inferred"
    assert (
        accession is not None
        and accession.basis == "inferred"
        and accession.pointer.endswith("/representation")
    )


def test_a_pixel_of_a_third_of_a_millimetre_is_unknown() -> None:
    record = image_record(document(), IMAGES[3], "")
    assert record is not None and record.pixel_size == {"y": 0.11}


def test_of_several_copies_the_recommended_one_is_taken(shared: Path) -> None:
    image = example(shared, "bia-api-v2-image-EMPIAR-10326.json")
    copies = example(shared, "bia-api-v2-image_representation-EMPIAR-10326.json")
    record = image_record(document(), {**image, "representation": copies}, "")
    assert record is not None
    assert (
        record.url == "https://bioimaging-01-pub.livingobjects.ebi.ac.uk/phase1test/EMPIAR-10326-IM1.ome.zarr"
    )
    assert record.accession == "EMPIAR-10326" and record.id == "empiar:EMPIAR-10326/EMPIAR-10326-IM1.ome.zarr"
    assert record.pixel_size == {"z": 0.005, "y": 0.005, "x": 0.005} and record.bytes is None
    image["additional_metadata"][-1]["value"]["recommended_vizarr_representation"] = copies[3]["uuid"]
    other = image_record(document(), {**image, "representation": copies}, "")
    assert other is not None and other.url == copies[3]["file_uri"][0] and other.pixel_size == {}


# ── what is asked ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", ["study", "image"])
@pytest.mark.parametrize(
    "filters",
    [
        {"organism": "mouse"},
        {"imaging_method": "confocal"},
        {"license": "CC0"},
        {"year": "2018-2020"},
        {"max_bytes": 10**6, "pixel_size_below": 0.5},
        {"openable": True},
    ],
)
def test_only_documented_parameters_are_sent(bia: Bia, kind: str, filters: dict[str, Any]) -> None:
    # The archive ignores others in silence, and everything would be found.
    ids("mitosis", kind=kind, **filters)
    ids(kind=kind, **filters)
    assert bia.log and {name for asked in bia.log for name in asked.params} <= DOCUMENTED


@pytest.mark.parametrize(
    "unknown", [{"q": "qwertz"}, {"organism": "x"}, {"facet.organisms": "x"}, {"page": 7}]
)
def test_the_emulator_ignores_what_the_archive_ignores(bia: Bia, unknown: dict[str, Any]) -> None:
    everything = (
        BiaRepository().api.json("fts", {"pagination.page_size": 3}).content["hits"]["total"]["value"]
    )
    assert (
        BiaRepository().api.json("fts", unknown).content["hits"]["total"]["value"]
        == everything
        == len(STUDIES)
    )


def test_one_phrase_is_asked_for_and_the_other_words_are_looked_for_here(bia: Bia) -> None:
    assert ids("embryos mouse mitosis") == ["bia:S-BIAD900001"]
    assert bia.log[0].param("query") in ("embryos", "mitosis")


def test_what_its_search_finds_words_in_is_kept(bia: Bia) -> None:
    (page,) = BiaRepository().pages(make_query("pinhole", kind="study"))
    assert [record.id for record in page.records] == ["bia:S-BIAD900002"]
    assert any("pinhole" in step for step in page.records[0].attributes["Protocol"])


def test_an_organism_alone_is_asked_for_by_name(bia: Bia) -> None:
    assert ids("mice") == ["bia:S-BIAD900001"]
    assert bia.log[0].params["facet.organism"][0] == "Mus musculus" and "query" not in bia.log[0].params


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"organism": "NCBI:txid10090"}, ["bia:S-BIAD900001"]),
        ({"imaging_method": "confocal microscopy"}, ["bia:S-BIAD900002"]),
        ({"license": "CC0"}, ["bia:S-BIAD900002"]),
        ({"year": 2019}, ["bia:S-BIAD900002"]),
        ({"year": "-2019"}, ["bia:S-BIAD900002"]),
        ({"repository": "EMPIAR"}, ["empiar:EMPIAR-90001"]),
        ({"repository": "IDR"}, []),
    ],
)
def test_filters_of_studies(bia: Bia, filters: dict[str, Any], found: list[str]) -> None:
    assert ids(**filters) == found


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"organism": "mouse"}, [ONE, TWO]),
        ({"license": "CC0"}, [f"bia:S-BIAD900002/{uuid(604)}.ome.zarr/0"]),
        ({"year": 2024}, [ONE, TWO]),
        ({"pixel_size_below": 0.2, "organism": "mouse"}, [ONE, TWO]),
        ({"attributes": {"Gene Symbol": "CDK1"}, "organism": "mouse"}, [ONE, TWO]),
        ({"max_bytes": 10}, []),
    ],
)
def test_filters_of_images(bia: Bia, filters: dict[str, Any], found: list[str]) -> None:
    assert ids("mitosis", kind="image", **filters) == found


def test_images_without_a_copy_are_found_when_they_are_asked_for(bia: Bia) -> None:
    assert f"bia:S-BIAD900001/{uuid(103)}" not in ids("mitosis", kind="image")
    assert ids("mitosis", kind="image", openable=False) == [f"bia:S-BIAD900001/{uuid(103)}"]


def test_pages_end_where_the_archive_gives_nothing_more(bia: Bia) -> None:
    bia.alter = lambda answer: {**answer, "pagination": {"total_pages": 10**6}}
    pages = list(BiaRepository().pages(make_query("mitosis", kind="study")))
    assert sum(len(page.records) for page in pages) == 8 and len(pages) == 4


# ── one record ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("s-biad900001", "bia:S-BIAD900001"),
        ("S-BSST410", "bia:S-BSST410"),
        ("10.6019/S-BIAD900001", "bia:S-BIAD900001"),
        ("https://doi.org/10.6019/S-BIAD900001", "bia:S-BIAD900001"),
        ("https://www.ebi.ac.uk/biostudies/BioImages/studies/S-BIAD900001/", "bia:S-BIAD900001"),
        ("https://www.ebi.ac.uk/biostudies/studies/S-BIAD900001", "bia:S-BIAD900001"),
        ("https://beta.bioimagearchive.org/bioimage-archive/study/S-BIAD900001", "bia:S-BIAD900001"),
        (f"https://beta.bioimagearchive.org/bioimage-archive/image/{uuid(101)}", f"bia:{uuid(101)}"),
        (uuid(101).upper(), f"bia:{uuid(101)}"),
        (f"{FILES}/S-BIAD900001/{uuid(101)}/{uuid(601)}.ome.zarr/0/", ONE),
        (f"https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data/S-BIAD900001/i/{uuid(601)}.ome.zarr/0", ONE),
        (ONE, ONE),
        ("empiar:EMPIAR-10310", None),
        ("EMPIAR-10310", None),
        ("idr:idr0062", None),
        ("S-EPMC123", None),
        ("https://example.org/S-BIAD900001/a.zarr", None),
        ("https://www.ebi.ac.uk/biostudies/studies/E-MTAB-1", None),
        ("bia:", None),
    ],
)
def test_what_is_recognised(text: str, found: str | None) -> None:
    assert BiaRepository().recognises(text) == found


@pytest.mark.parametrize(
    ("identifier", "found"),
    [
        (uuid(1), "bia:S-BIAD900001"),
        (uuid(101), ONE),
        (ONE, ONE),
        (f"{FILES}/S-BIAD900001/{uuid(101)}/{uuid(601)}.ome.zarr/0", ONE),
        (f"bia:S-BIAD900001/{uuid(101)}", ONE),
        ("S-BIAD9", None),
        (uuid(12345), None),
        ("bia:S-BIAD900001/none.zarr", None),
    ],
)
@pytest.mark.parametrize("search_is_down", [False, True])
def test_lookup_with_the_search_and_without_it(
    bia: Bia, identifier: str, found: str | None, search_is_down: bool
) -> None:
    bia.search_is_down = search_is_down
    record = BiaRepository().lookup(identifier)
    assert (record.id if record else None) == found


def test_an_accession_is_compared_whole(bia: Bia) -> None:
    bia.studies = [{**STUDIES[0], "accession_id": "S-BIAD9000012", "title": "see S-BIAD900001"}, *STUDIES]
    assert known("S-BIAD900001").uid == uuid(1)


def test_images_come_from_the_objects_when_the_search_is_down(bia: Bia) -> None:
    study = known("S-BIAD900001")
    bia.search_is_down = True
    images = [one for page in BiaRepository().images(study) for one in page.records]
    assert [one.id for one in images] == [ONE, TWO]
    assert all(one.license == study.license for one in images)


def test_when_nobody_answers_the_first_reason_is_told(bia: Bia) -> None:
    study = known("S-BIAD900001")
    bia.fault = "down"
    with pytest.raises(Unavailable):
        list(BiaRepository().images(study))
    bia.forgive()
    with pytest.raises(Unavailable):
        BiaRepository().lookup("S-BIAD900001")


def test_an_answer_without_hits_is_an_error_and_no_empty_answer(bia: Bia) -> None:
    bia.alter = lambda answer: {"results": []}
    with pytest.raises(UnexpectedAnswer) as caught:
        ids("mitosis")
    assert caught.value.kind == "answer-form"


@given(st.data())
def test_fields_of_another_form_cost_only_themselves(data: st.DataObject) -> None:
    forms = [None, "x", 3, -1.5, [], {}, [None], [[]], {"a": {}}, [{}], True]
    for read, whole, kept in ((study_record, STUDIES[0], "accession_id"), (image_record, IMAGES[0], "uuid")):
        changed = copy.deepcopy(whole)
        for name in data.draw(st.sets(st.sampled_from(sorted(set(whole) - {kept})))):
            changed[name] = data.draw(st.sampled_from(forms))
        record = read(document(), changed, "/x")
        assert record is not None and record.raw is not None


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"uuid": None}, {"accession_id": [], "uuid": {}}])
def test_what_names_nothing_is_no_record(value: Any) -> None:
    assert study_record(document(), value, "") is None and image_record(document(), value, "") is None


# ── real documents ───────────────────────────────────────────────────────────────────────────────


def test_real_studies(shared: Path) -> None:
    content = example(shared, "reconstructed-bia-search-fts.json")
    first, second = (
        study_record(document(content), hit["_source"], f"/hits/hits/{number}/_source")
        for number, hit in enumerate(content["hits"]["hits"])
    )
    assert first and second
    assert (first.id, second.id) == ("bia:S-BIAD1556", "bia:S-BIAD1495")
    assert first.license == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert [(term.label, term.id) for term in first.organism] == [("Homo sapiens", "NCBITaxon:9606")]
    assert [term.id for term in first.imaging_method] == ["FBbi:00000251"]
    assert (first.n_images is not None and first.n_images >= 1) and first.bytes is not None
    assert first.attributes["Biological entity"][0] == "HEK293T cells" and "U54CA243124" in first.funding
    assert second.creators[0].orcid == "0000-0003-3862-8349"
    for study in (first, second):
        for name in study.to_dict():
            source = study.source(name)
            assert source is not None and source.pointer.startswith("/hits/hits/")


def test_real_images(shared: Path) -> None:
    from fairlab.repositories.catalogue import CatalogueRepository

    content = example(shared, "reconstructed-bia-search-fts-image.json")
    records = [
        image_record(document(content), hit["_source"], f"/hits/hits/{number}/_source")
        for number, hit in enumerate(content["hits"]["hits"])
    ]
    first, second, third = [record for record in records if record]
    assert first.accession == "S-BIAD1556" and second.accession == third.accession == "S-BIAD634"
    assert (first.shape, first.bytes) == ((1, 2, 34, 1072, 1072), 204580770)
    assert first.pixel_size == {"z": 0.2998047, "y": 0.11, "x": 0.11} and second.pixel_size == {}
    assert second.attributes["Diagnosis"] == ("Wilms",) and second.title == "otherspecimen_3.tif"
    assert second.thumbnail_url is not None and second.thumbnail_url.endswith("thumbnail_256x256.png")
    listed = CatalogueRepository().lookup(second.url or "")
    assert listed is not None and listed.id == second.id, "the same image has the same identifier everywhere"


def test_real_objects(shared: Path) -> None:
    study = study_record(document(), example(shared, "bia-api-v2-study-S-BIAD609.json"), "")
    assert study is not None and study.id == "bia:S-BIAD609" and len(study.creators) == 8
    assert (
        study.creators[0].affiliation == "VIB-UGent Center for Inflammation Research"
        and study.n_images is None
    )
    image = example(shared, "bia-api-v2-image-EMPIAR-10326.json")
    alone = image_record(document(), image, "", accession="EMPIAR-10326")
    assert alone is not None and alone.url is None and alone.accession == "EMPIAR-10326"
    acquired = example(shared, "bia-api-v2-image_acquisition_protocol-EMPIAR-10326.json")
    record = image_record(document(), {**image, "creation_process": {"acquisition_process": [acquired]}}, "")
    assert record is not None and [term.id for term in record.imaging_method] == ["FBbi:00050000"]


def test_the_emulator_answers_in_the_form_of_the_real_documents(shared: Path) -> None:
    studies = example(shared, "reconstructed-bia-search-fts.json")
    images = example(shared, "reconstructed-bia-search-fts-image.json")
    with Bia() as emulator:
        api = BiaRepository().api
        for path, real, own in (("fts", studies, STUDIES[0]), ("fts/image", images, IMAGES[0])):
            answer = api.json(path, {"pagination.page_size": 1}).content
            assert set(real) == set(answer) and set(real["hits"]) == set(answer["hits"])
            assert set(answer["hits"]["hits"][0]) == set(real["hits"]["hits"][0])
            real_keys = {key for hit in real["hits"]["hits"] for key in hit["_source"]}
            assert real_keys <= set(own) | {"creation_process_uuid", "neuroglancer_view_link"}
        assert emulator.log


def test_records_survive_being_written_and_read(bia: Bia) -> None:
    study = known("S-BIAD900001")
    assert type(study).from_json(study.to_json()) == dataclasses.replace(study, raw=None)
