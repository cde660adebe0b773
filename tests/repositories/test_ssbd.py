"""SSBD: projects of its OMERO server, what its knowledge base says of them, and its few OME-Zarr."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.errors import Unavailable, UnexpectedAnswer
from fairlab.query import make_query
from fairlab.repositories import base
from fairlab.repositories.ssbd import SsbdRepository
from tests.emulators import Reply
from tests.emulators.ssbd import ZARR, Ssbd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def server() -> Iterator[Ssbd]:
    with Ssbd() as running:
        yield running


@pytest.fixture
def ssbd() -> SsbdRepository:
    return SsbdRepository()


def found(ssbd: SsbdRepository, text: str = "", **asked: Any) -> list[str]:
    return [record.id for record in ssbd.search(make_query(text, **asked))]


def fails(server: Ssbd, path: str) -> None:
    down = Reply(content="<h1>Service Unavailable</h1>", status=503, type="text/html")
    server._routes.insert(0, ("GET", re.compile(path), lambda _: down))


def test_words_and_terms_find_projects(server: Ssbd, ssbd: SsbdRepository) -> None:
    assert found(ssbd, "brain cleared", kind="study") == ["ssbd:48-Susaki-MouseBrainCUBIC"]
    assert found(ssbd, kind="study", organism="Caenorhabditis elegans") == ["ssbd:2-Kyoda-WormEmbryoRNAi"]
    assert found(ssbd, "susaki", kind="study", imaging_method="light sheet") == [
        "ssbd:48-Susaki-MouseBrainCUBIC"
    ]
    assert len(found(ssbd, "mitosis", kind="study", limit=None)) == 25
    assert found(ssbd, "project", kind="study") == []  # "test project" is no accession
    results = ssbd.search(make_query("susaki", kind="study", license="CC-BY-4.0"))
    assert results.unapplied == {"ssbd": ("license",)}


def test_images_are_those_that_the_knowledge_base_names(server: Ssbd, ssbd: SsbdRepository) -> None:
    (image,) = ssbd.search(make_query("susaki"))
    assert image.id == "ssbd:48-Susaki-MouseBrainCUBIC/v0.4/Fig3C_H2B-mCherry.zarr"
    assert image.url == f"{ZARR}/Fig3C_H2B-mCherry.zarr" and image.ngff_version == "0.4"
    assert (
        image.shape == (1, 1, 709, 2160, 2560)
        and image.license == "https://creativecommons.org/licenses/by/4.0/"
    )
    assert [term.id for term in image.organism] == ["NCBITaxon:10090"]
    assert image.source("organism").basis == "inferred"  # type: ignore[union-attr]
    # One that is linked to no dataset is known by the number in its label.
    assert found(ssbd, organism="C. elegans") == ["ssbd:2-Kyoda-WormEmbryoRNAi/v0.4/wt-N2-030303-01.zarr"]
    catalogue = base.repositories()["catalogue"]
    for record in ssbd.search(make_query("mitosis")):
        listed = catalogue.lookup(record.id)
        assert listed is None or listed.url == record.url


def test_a_project_in_full(server: Ssbd, ssbd: SsbdRepository) -> None:
    record = ssbd.lookup("48-Susaki-MouseBrainCUBIC")
    assert record is not None and record.id == "ssbd:48-Susaki-MouseBrainCUBIC" and record.kind == "study"
    assert record.title == "A cleared brain of a mouse" and record.authors == ("Etsuo Susaki",)
    assert (
        record.license == "https://creativecommons.org/licenses/by/4.0/"
        and record.release_date == "2016-03-01"
    )
    assert [term.id for term in record.imaging_method] == ["FBbi:00000369"] and record.uid == "Project:101"
    assert record.keywords == ("Whole brain, cleared", "H2B") and record.pmid == ("23172286",)
    assert record.access == "open" and record.note is None
    for name in record.to_dict().keys() - {"sources"}:
        source = record.source(name)
        assert source and source.document.startswith(server.url) and source.retrieved_at
    assert "demo@example.org" not in f"{record.to_json()}{record.raw}"
    other = ssbd.lookup("ssbd:2-kyoda-wormembryornai")
    assert other is not None and other.title == "Embryo <i>in toto</i>" and other.license is None
    assert [term.id for term in other.organism] == ["NCBITaxon:6239"] and "<i>" not in other._repr_html_()


def test_an_image_of_the_server(server: Ssbd, ssbd: SsbdRepository) -> None:
    image = ssbd.lookup("https://ssbd.riken.jp/omero/webclient/?show=image-25021")
    assert image is not None and image.id == "ssbd:image-25021" and image.shape == (1, 1, 66, 600, 600)
    assert (
        image.license == "https://creativecommons.org/licenses/by-nc-sa/"
        and image.license_as_listed == "CC BY-NC-SA"
    )
    assert (
        image.authors == ("B. One", "C. Two") and image.url is None and "Contactname" not in image.attributes
    )
    assert ssbd.lookup("ssbd:image-5") is None


def test_services_beside_the_server_may_fail(server: Ssbd, ssbd: SsbdRepository) -> None:
    fails(server, r"/crates/.*")
    record = ssbd.lookup("48-Susaki-MouseBrainCUBIC")
    assert record is not None and record.license is None and "crate was not reached" in str(record.note)
    fails(server, r"/endpoint")
    (page,) = ssbd.pages(make_query("susaki", kind="study"))
    assert [one.id for one in page.records] == ["ssbd:48-Susaki-MouseBrainCUBIC"]
    assert "knowledge base was not reached" in page.notes[0]
    # What only the knowledge base can tell is an error, not "nothing there".
    for query in (make_query(kind="study", organism="mouse"), make_query("susaki")):
        server.forgive()
        with pytest.raises(Unavailable):
            ssbd.search(query)


@pytest.mark.parametrize(
    "content", [{}, {"results": {}}, {"results": {"bindings": None}}, {"results": []}, []]
)
def test_what_is_no_result_of_sparql_is_refused(server: Ssbd, ssbd: SsbdRepository, content: Any) -> None:
    server.alter = lambda answer: content if isinstance(answer, dict) and "head" in answer else answer
    with pytest.raises(UnexpectedAnswer) as caught:
        ssbd.search(make_query("mitosis"))
    assert caught.value.kind == "answer-form" and len(str(caught.value)) < 500


def test_a_certificate_that_nobody_vouches_for_is_an_error(ssbd: SsbdRepository, tmp_path: Path) -> None:
    import ssl
    import subprocess
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from fairlab.options import set_options

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=127.0.0.1"],
        capture_output=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip("openssl makes no certificate here")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        with (
            set_options(hosts={"ssbd": f"https://127.0.0.1:{server.server_port}"}),
            pytest.raises(Unavailable) as caught,
        ):
            ssbd.search(make_query("mitosis"))
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert not asked and "certificate" in caught.value.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("141-Sato-CellMorphology", "ssbd:141-Sato-CellMorphology"),
        ("ssbd-repos-000490", "ssbd:ssbd-repos-000490"),
        ("https://ssbd.riken.jp/v1/project/141-Sato-CellMorphology", "ssbd:141-Sato-CellMorphology"),
        ("https://ssbd.riken.jp/database/project/141-Sato-CellMorphology/", "ssbd:141-Sato-CellMorphology"),
        ("https://ssbd.riken.jp/repository/ssbd-repos-000490/", "ssbd:ssbd-repos-000490"),
        ("https://ssbd.riken.jp/omero/webclient/?show=image-126113", "ssbd:image-126113"),
        ("ssbd:141-Sato-CellMorphology", "ssbd:141-Sato-CellMorphology"),
        ("141", None),
        ("idr0062", None),
        ("https://example.org/project/141-Sato-CellMorphology", None),
    ],
)
def test_identifiers_are_recognised_without_asking(
    ssbd: SsbdRepository, text: str, expected: str | None
) -> None:
    assert ssbd.recognises(text) == expected


def test_real_answers_parse(shared: Path, server: Ssbd, ssbd: SsbdRepository) -> None:
    folder = shared / "repositories/examples"
    listed = json.loads((folder / "ssbd-omero-webgateway-proj-list.json").read_text("utf-8"))
    server.containers["projects"] = listed
    names = {record.accession for record in ssbd.search(make_query("details", kind="study"))}
    assert {"12-Takayama-Oocyte", "19-Tanaka-FluidDyn"} <= names
    annotations = json.loads((folder / "ssbd-omero-annotations-image-25021.json").read_text("utf-8"))
    server.alter = lambda content: annotations if "annotations" in content else content
    image = ssbd.lookup("ssbd:image-25021")
    assert image is not None and image.authors[0] == "Eru Adachi" and "Onami" not in str(image.raw)
    crate = json.loads((folder / "gide-rocrate-ssbd-database-141.json").read_text("utf-8"))
    server.alter = None
    server._routes.insert(0, ("GET", re.compile(r"/crates/database/141.*"), lambda _: crate))
    record = ssbd.lookup("141-Sato-CellMorphology")
    assert record is not None and record.title and record.title.startswith("FIB-SEM images of spine synapses")
    assert record.release_date == "2019-11-20" and "NCBITaxon:10090" in [term.id for term in record.organism]
    # The properties that are asked for are those of the ontology.
    ontology = (folder / "ssbd-ontology-zarr.ttl").read_text("utf-8")
    asked = next(one.param("query") for one in server.log if one.path == "/endpoint")
    ssbd.search(make_query("mitosis"))
    asked += next(one.param("query") for one in server.log if "has_s3_endpoint" in one.param("query"))
    for name in ("has_s3_endpoint", "has_license", "has_size_x"):
        assert f"ssbd:{name}" in asked and f":{name}" in ontology
