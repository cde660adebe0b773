"""IDR: questions to its search engine, studies, lists of OME-Zarr, and what it cannot do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.errors import FairlabError, Unavailable, UnexpectedAnswer
from fairlab.net import list_objects
from fairlab.query import FILTERS, make_query
from fairlab.repositories import base, idr_engine, idr_lists
from fairlab.repositories.idr import IdrRepository
from tests.emulators import Reply, drifted
from tests.emulators.idr import IMAGES, Idr

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fairlab.record import Record


@pytest.fixture
def server() -> Iterator[Idr]:
    with Idr() as running:
        yield running


@pytest.fixture
def idr() -> IdrRepository:
    return IdrRepository()


def found(idr: IdrRepository, text: str = "", **asked: Any) -> list[str]:
    return [record.id for record in idr.search(make_query(text, **asked))]


def study(idr: IdrRepository, accession: str = "idr0062") -> Record:
    record = idr.lookup(accession)
    assert record is not None
    return record


# ── questions ────────────────────────────────────────────────────────────────────────────────────────


def test_words_find_studies_by_what_curators_state(server: Idr, idr: IdrRepository) -> None:
    assert found(idr, "nuclei", kind="study") == ["idr:idr0062", "idr:idr0004"]
    assert found(idr, "nuclei mouse", kind="study") == ["idr:idr0062"]
    assert found(idr, "nuclei", kind="study", organism="human") == []
    assert found(idr, kind="study", imaging_method="confocal microscopy", year="2015") == ["idr:idr0004"]
    assert found(idr, kind="study", license="CC-BY-NC-ND-4.0") == ["idr:idr0004"]
    assert found(idr, kind="study", year="2016-2018") == ["idr:idr0021"]
    assert found(idr, server.nothing, kind="study") == []
    assert {asked.path for asked in server.log} == {
        f"/searchengine/api/v1/resources/{kind}/search/" for kind in ("project", "screen")
    }


def test_words_find_the_ome_zarr_of_studies(server: Idr, idr: IdrRepository) -> None:
    results = idr.search(make_query("nuclei"))
    assert [record.id for record in results] == [
        "idr:idr0062/zarr/v0.4/idr0062A/6001240.zarr",
        "idr:idr0062/zarr/v0.4/idr0062A/6001247.zarr",
        "idr:idr0062/zarr/v0.1/6001240.zarr",
        "idr:idr0004/share/ome2024-ngff-challenge/idr0004/a_plate.zarr",
        "idr:idr0004/share/ome2024-ngff-challenge/idr0004/nested/deep.zarr",
        "idr:idr0004/zarr/v0.5/idr0004/3551.zarr",
    ]
    assert results[3].url == f"{idr_lists.BUCKET}/share/ome2024-ngff-challenge/idr0004/a%20plate.zarr"
    assert {record.accession for record in results} == {"idr0062", "idr0004"} and not results.unapplied
    assert found(idr, "nuclei", ngff_version="0.1") == ["idr:idr0062/zarr/v0.1/6001240.zarr"]
    assert found(idr, "nuclei", layout="plate") == ["idr:idr0004/zarr/v0.5/idr0004/3551.zarr"]
    assert found(idr, server.nothing) == []


def test_one_pair_is_asked_by_get_and_several_by_post(server: Idr, idr: IdrRepository) -> None:
    assert found(idr, attributes={"Gene Symbol": "cdk5rap2"}) == ["idr:idr0021/zarr/v0.1/1884807.zarr"]
    assert server.log[2].path.endswith("/image/search/")
    assert {"key": ["Gene Symbol"], "value": ["cdk5rap2"], "operator": ["equals"]}.items() <= server.log[
        2
    ].params.items()
    assert found(idr, attributes={"Gene Symbol": ["PCNT", "ADE8"]}, cell_line="hela") == ["idr:image-1884808"]
    (posted,) = (asked.json for asked in server.log if asked.method == "POST")
    assert [f["name"] for f in posted["query_details"]["and_filters"]] == ["Cell Line"]
    assert [[f["value"] for f in group] for group in posted["query_details"]["or_filters"]] == [
        ["PCNT", "ADE8"]
    ]
    assert not any(
        b"case_sensitive" in asked.body or "case_sensitive" in asked.params for asked in server.log
    )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"phenotype": "cytosol"}, ["idr:image-15573"]),
        (
            {"cell_line": "HeLa", "organism": "human"},
            ["idr:idr0021/zarr/v0.1/1884807.zarr", "idr:image-1884808"],
        ),
        ({"cell_line": "HeLa", "organism": "mouse"}, []),
        ({"channel": "CENT2"}, ["idr:idr0021/zarr/v0.1/1884807.zarr"]),
        ({"cell_line": "HeLa", "openable": True}, ["idr:idr0021/zarr/v0.1/1884807.zarr"]),
        ({"cell_line": "HeLa", "license": "CC-BY-NC-ND-4.0"}, []),
        ({"compound": "nocodazole"}, []),
        ({"disease": "carcinoma"}, []),
        ({"anatomy": "kidney"}, []),
    ],
)
def test_filters_on_single_images(
    server: Idr, idr: IdrRepository, asked: dict[str, Any], expected: list[str]
) -> None:
    assert sorted(found(idr, **asked)) == sorted(expected)


def test_pairs_find_studies_with_the_number_of_images(server: Idr, idr: IdrRepository) -> None:
    (one,) = idr.search(make_query(kind="study", cell_line="HeLa"))
    assert one.id == "idr:idr0021" and one.note == "2 of its images meet the question"
    (one,) = idr.search(
        make_query(kind="study", attributes={"Gene Symbol": ["PCNT", "ADE8"]}, organism="yeast")
    )
    assert one.id == "idr:idr0004"
    assert any(asked.path.endswith("/submitquery_returncontainers/") for asked in server.log)
    assert found(idr, "yeast", kind="study", cell_line="HeLa") == []


def test_an_image_of_a_plate_says_how_its_plate_opens(server: Idr, idr: IdrRepository) -> None:
    (image,) = idr.search(make_query(phenotype="cytosol"))
    plate = f"{idr_lists.BUCKET}/zarr/v0.5/idr0004/3551.zarr"
    assert image.url is None and image.see_also == (plate,) and f"open_plate('{plate}')" in str(image.note)
    # A number of an image that is also the number of a plate is not that plate.
    IMAGES[3551] = ("idr0004-thorpe-rad52/screenA", {"Gene Symbol": ["X"]})
    try:
        (other,) = idr.search(make_query(attributes={"Gene Symbol": "X"}))
        assert other.id == "idr:image-3551" and other.see_also == () and "not listed" in str(other.note)
    finally:
        del IMAGES[3551]


def test_pages_go_on_from_the_bookmark(server: Idr, idr: IdrRepository) -> None:
    server.page_size = 1
    query = make_query(cell_line="HeLa")
    pages = list(idr.pages(query))
    assert [[record.uid for record in page.records] for page in pages] == [
        ["Image:1884807"],
        ["Image:1884808"],
    ]
    assert [page.total for page in pages] == [2, 2] and pages[-1].cursor is None
    (rest,) = idr.pages(query, cursor=pages[0].cursor)
    assert [record.uid for record in rest.records] == ["Image:1884808"]
    several = make_query(attributes={"Gene Symbol": ["PCNT", "ADE8", "CDK5RAP2"]})
    assert len([record for page in idr.pages(several) for record in page.records]) == 3
    assert server.log[-1].json["bookmark"] == [1884807]


def test_pages_of_studies_and_of_ome_zarr_go_on_from_the_cursor(
    server: Idr, idr: IdrRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairlab.repositories.idr._PER_PAGE", 1)
    for kind, number in (("study", 2), ("image", 2)):
        query = make_query("nuclei", kind=kind)
        pages = list(idr.pages(query))
        assert len(pages) == number and pages[0].cursor and pages[-1].cursor is None
        rest = [record.id for page in idr.pages(query, cursor=pages[0].cursor) for record in page.records]
        assert rest == [record.id for page in pages[1:] for record in page.records]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"Error": "Something went wrong, please try later."}, Unavailable),
        ({"Error": "'nmae' is a required property"}, UnexpectedAnswer),
        ({}, UnexpectedAnswer),
        ([], UnexpectedAnswer),
    ],
)
def test_a_failure_with_http_200_is_a_failure(
    server: Idr, idr: IdrRepository, said: Any, expected: type
) -> None:
    server.alter = lambda _: said
    with pytest.raises(expected) as caught:
        idr.search(make_query(cell_line="HeLa"))
    assert caught.value.kind == "engine-error"


def test_no_results_is_no_failure(server: Idr, idr: IdrRepository) -> None:
    def none(content: Any) -> Any:
        return {"Error": "Your query returns no results"} if content["resource"] == "image" else content

    server.alter = none
    assert found(idr, cell_line="HeLa") == found(idr, cell_line="HeLa", kind="study") == []


def test_no_study_at_all_is_a_failure(server: Idr, idr: IdrRepository) -> None:
    server.alter = lambda content: {**content, "results": []}
    with pytest.raises(UnexpectedAnswer) as caught:
        idr.search(make_query("nuclei"))
    assert caught.value.kind == "answer-form"


# ── records ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_study_in_full(server: Idr, idr: IdrRepository) -> None:
    record = study(idr)
    assert (record.id, record.kind, record.repository, record.accession) == (
        "idr:idr0062",
        "study",
        "IDR",
        "idr0062",
    )
    assert record.title == "Nuclei in dense tissue, found by their envelope"
    assert (
        record.license == "https://creativecommons.org/licenses/by/4.0/"
        and record.license_as_listed == "CC BY 4.0"
    )
    assert record.authors == ("Blin G", "Sadurska D") and record.attribution == "Blin et al"
    assert record.publications == ("https://doi.org/10.1371/journal.pbio.3000388",) and record.pmid == (
        "31398189",
    )
    assert record.doi == "10.17867/10000128" and record.release_date == "2019-06-17"
    assert [term.id for term in record.organism] == ["NCBITaxon:10090"]
    assert [term.id for term in record.imaging_method] == ["FBbi:00000251"]
    assert (
        record.landing_url == "https://idr.openmicroscopy.org/study/idr0062/" and record.uid == "Project:801"
    )
    assert (
        record.keywords == ("3D",) and record.attributes["Study Type"] == ("3D",) and record.access == "open"
    )
    # The engine and the OMERO server say the same of it.
    (same,) = idr.search(make_query("nuclei mouse", kind="study"))
    assert same.to_dict() | {"sources": {}} == record.to_dict() | {"sources": {}}


def test_every_field_says_where_it_was_read_and_nobody_can_be_reached(
    server: Idr, idr: IdrRepository
) -> None:
    records = [
        *idr.search(make_query("nuclei")),
        *idr.search(make_query("nuclei", kind="study")),
        *idr.search(make_query(cell_line="HeLa")),
        study(idr),
        idr.lookup("idr:image-1884807"),
    ]
    for record in records:
        assert record is not None
        for name in record.to_dict().keys() - {"sources"}:
            source = record.source(name)
            assert (
                source and source.document.startswith(server.url) and source.retrieved_at and source.pointer
            )
        assert (
            "demo@example.org" not in f"{record.to_json()}{record.raw}" and "Contact" not in f"{record.raw}"
        )
    image = records[0]
    assert image is not None and image.source("organism").basis == "inferred"  # type: ignore[union-attr]
    assert image.source("url").basis == "asserted"  # type: ignore[union-attr]


def test_the_licence_of_the_study_wins_over_the_list(server: Idr, idr: IdrRepository) -> None:
    image = idr.lookup("idr:idr0004/3551.zarr")
    assert image is not None
    assert image.license == "https://creativecommons.org/licenses/by-nc-nd/4.0/"
    assert image.license_as_listed == "CC BY 4.0" and "another licence" in str(image.note)
    assert (image.layout, image.ngff_version, image.shape) == ("plate", "0.5", (1, 2, 10, 510, 672))
    nuclei = idr.lookup("idr:idr0062/6001247.zarr")
    assert nuclei is not None and nuclei.license_as_listed is None and nuclei.note is None
    assert nuclei.has_labels is True and nuclei.thumbnail_url.endswith("/render_thumbnail/6001247/")  # type: ignore[union-attr]


def test_a_list_that_fails_is_told_and_two_are_a_failure(server: Idr, idr: IdrRepository) -> None:
    gone = Reply(content="<h1>gone</h1>", status=403, type="text/html")
    server._routes.insert(
        0, ("GET", idr_lists.re.compile(r"/lists/.*"), lambda _: Reply(content="a,b\n", type="text/csv"))
    )
    (page,) = idr.images(study(idr))
    assert [record.id for record in page.records] == [
        "idr:idr0062/zarr/v0.4/idr0062A/6001240.zarr",
        "idr:idr0062/zarr/v0.4/idr0062A/6001247.zarr",
    ]
    assert any("the list of samples could not be asked" in note for note in page.notes)
    server._routes.insert(0, ("GET", idr_lists.re.compile(r"/bucket"), lambda _: gone))
    with pytest.raises(FairlabError):
        list(idr.images(study(idr)))


def test_a_long_listing_of_the_bucket_is_read_to_its_end(server: Idr, idr: IdrRepository) -> None:
    server.max_keys = 1
    assert found(idr, "nuclei mouse") == [
        "idr:idr0062/zarr/v0.4/idr0062A/6001240.zarr",
        "idr:idr0062/zarr/v0.4/idr0062A/6001247.zarr",
        "idr:idr0062/zarr/v0.1/6001240.zarr",
    ]


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<html><body>hello</body></html>",
        "<html><body>ListBucketResult</body></html>",
        "<ListBucketResult>",
        '<!DOCTYPE x [<!ENTITY a "ListBucketResult">]><ListBucketResult>&a;</ListBucketResult>',
    ],
)
def test_what_is_no_listing_is_refused(xml: str) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        list_objects.listed(xml, where="here")
    assert caught.value.kind == "answer-form"


def test_hostile_text_stays_text(server: Idr, idr: IdrRepository) -> None:
    record = study(idr, "idr0021")
    assert record.title == "Pericentriolar material, ordered <b>layer</b> by layer"
    assert "<b>layer" not in record._repr_html_()


def test_answers_of_a_later_version_do_no_harm(server: Idr, idr: IdrRepository) -> None:
    server.alter = drifted
    for query in (make_query("nuclei"), make_query("nuclei", kind="study"), make_query(cell_line="HeLa")):
        try:
            for record in idr.search(query):
                assert record.id.startswith("idr:")
        except FairlabError as error:
            assert error.kind


# ── identifiers ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("idr0062", "idr:idr0062"),
        (" IDR0062 ", "idr:idr0062"),
        ("idr:IDR0062", "idr:idr0062"),
        ("idr0062-blin-nuclearsegmentation/experimentA", "idr:idr0062"),
        ("https://idr.openmicroscopy.org/study/idr0062/", "idr:idr0062"),
        ("https://idr.openmicroscopy.org/webclient/?show=image-1884807", "idr:image-1884807"),
        (
            "https://idr.openmicroscopy.org/webclient/img_detail/1884807/?show=image-1884807",
            "idr:image-1884807",
        ),
        ("https://idr.openmicroscopy.org/webclient/?show=screen-202", "idr:screen-202"),
        (
            "https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr",
            "idr:idr0062/zarr/v0.4/idr0062A/6001240.zarr",
        ),
        ("https://doi.org/10.17867/10000128", "idr:10.17867/10000128"),
        ("idr:idr0062/6001240.zarr", "idr:idr0062/6001240.zarr"),
        ("S-BIAD634", None),
        ("idr00625", None),
        ("https://example.org/idr0062", None),
        ("10.1371/journal.pbio.3000388", None),
        ("", None),
    ],
)
def test_identifiers_are_recognised_without_asking(
    idr: IdrRepository, text: str, expected: str | None
) -> None:
    assert idr.recognises(text) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("idr0062", "idr:idr0062"),
        ("10.17867/10000128", "idr:idr0062"),
        ("idr:project-801", "idr:idr0062"),
        ("idr:screen-202", "idr:idr0004"),
        ("idr:project-202", "idr:idr0062"),
        ("idr:image-1884807", "idr:image-1884807"),
        ("idr:idr0062/6001240.zarr", "idr:idr0062/zarr/v0.4/idr0062A/6001240.zarr"),
        ("idr:idr0062/zarr/v0.4/idr0062A/6001240.zarr", "idr:idr0062/zarr/v0.4/idr0062A/6001240.zarr"),
    ],
)
def test_what_is_recognised_is_looked_up(server: Idr, idr: IdrRepository, wanted: str, expected: str) -> None:
    record = idr.lookup(wanted)
    assert record is not None and record.id == expected


@pytest.mark.parametrize(
    "wanted",
    [
        "idr9999",
        "idr:image-5",
        "idr:screen-801",
        "idr:idr0062/no.zarr",
        "10.17867/999",
        "bia:S-BIAD1",
        "idr:?",
    ],
)
def test_what_is_not_there_is_none(server: Idr, idr: IdrRepository, wanted: str) -> None:
    assert idr.lookup(wanted) is None


def test_an_identifier_means_the_same_to_the_catalogue(server: Idr, idr: IdrRepository) -> None:
    catalogue = base.repositories()["catalogue"]
    of = study(idr)
    known = catalogue.lookup(of.id)
    assert known is not None and known.landing_url == of.landing_url and known.license == of.license
    for record in idr.search(make_query("nuclei")):
        listed = catalogue.lookup(record.id)
        assert listed is None or listed.url == record.url, record.id


def test_it_states_its_capabilities_truly(server: Idr, idr: IdrRepository) -> None:
    able = idr.capabilities
    assert able.applies | able.states <= set(FILTERS) and not able.applies & able.states
    assert isinstance(idr, base.LiveRepository)
    results = idr.search(make_query("nuclei", has_labels=True))
    assert results.unapplied == {"idr": ("has_labels",)}


# ── real answers ─────────────────────────────────────────────────────────────────────────────────────


def test_real_answers_parse_as_the_emulators_do(shared: Path, server: Idr, idr: IdrRepository) -> None:
    folder = shared / "repositories/examples"

    def example(name: str) -> Any:
        return json.loads((folder / name).read_text("utf-8"))

    answer = example("reconstructed-idr-searchengine-image-search.json")
    ours = Idr()._images(
        [[{"name": "Gene Symbol", "value": "ADE8", "operator": "equals"}]], -1, containers=False
    )
    assert set(ours) <= set(answer) and set(ours["results"]) <= set(answer["results"])
    assert set(ours["results"]["results"][0]) - {"plate_id"} <= set(answer["results"]["results"][0])
    server.alter = lambda content: answer if content.get("resource") == "image" else content
    results = idr.search(make_query(attributes={"Gene Symbol": "ade8"}))
    assert len(results) == 3 and results[0].attributes["Gene Symbol"] == ("ADE8",)

    table = (folder / "idr-ome-ngff-samples-table.csv").read_text("utf-8")
    server._routes.insert(0, ("GET", idr_lists.re.compile(r"/lists/table.csv"), lambda _: table))
    server.alter = None
    listed = dict(idr_lists.table(idr._samples))
    assert listed["idr0072"].facts["layout"][0] == "plate" and listed["idr0044"].facts["shape"][0] == (
        532,
        2,
        988,
        2048,
        2169,
    )
    assert listed["idr0010"].facts["axes"][0] == ("t", "c", "z", "y")

    server.containers = {"projects": [], "screens": example("reconstructed-idr-api-v0-screens.json")["data"]}
    server.alter = lambda content: (
        example("reconstructed-idr-annotations-screen-102.json")
        if "annotations" in content
        else {**content, "data": server.containers["screens"]}
    )
    server.containers = {"projects": [], "screens": [{"id": 102, "name": "x"}]}
    real = example("reconstructed-idr-api-v0-screens.json")
    server.alter = lambda content: (
        example("reconstructed-idr-annotations-screen-102.json") if "annotations" in content else real
    )
    record = idr.lookup("idr0002")
    assert (
        record is not None and record.title == "Focused mitotic chromsome condensaton screen using HeLa cells"
    )
    assert record.authors[0] == "Hériché JK" and record.pmid == ("24943848",)


def test_clauses_use_the_curators_words() -> None:
    query = make_query(
        organism="mouse", anatomy="kidney", channel="DAPI", attributes={"siRNA Identifier": "s1"}
    )
    assert [(c.key, c.values, c.operator) for c in idr_engine.clauses(query)] == [
        ("siRNA Identifier", ("s1",), "equals"),
        ("Organism", ("Mus musculus",), "equals"),
        ("Organism Part", ("kidney",), "contains"),
        ("Channels", ("DAPI",), "contains"),
    ]


def test_it_says_that_it_applies_what_its_engine_has_keys_for() -> None:
    assert IdrRepository.capabilities.applies == {"attributes", "study", *idr_engine.KEYS} - {"organism"}
