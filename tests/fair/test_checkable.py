from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

import fairlab
from fairlab import errors, fair
from tests.fair.filled import rows, write
from tests.servers import Fault, FaultServer
from tests.stores import write_store

if TYPE_CHECKING:
    from pathlib import Path

Serve = Callable[["Path"], FaultServer]

_CRATE = {
    "@graph": [
        {"@id": "ro-crate-metadata.json", "about": {"@id": "./"}},
        {
            "@id": "./",
            "@type": "Dataset",
            "name": "Light-sheet images of the zebrafish heart",
            "license": "CC0",
        },
    ]
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_store(tmp_path / "a.zarr", version="0.5")
    (tmp_path / "a.zarr" / "ro-crate-metadata.json").write_text(json.dumps(_CRATE))
    return tmp_path


def _states(coverage: fair.Coverage) -> dict[str, str]:
    return {one.name: one.state for one in coverage.fields}


def test_an_image_by_address_folder_and_opened_is_read_with_what_lies_beside_it(
    folder: Path, serve: Serve
) -> None:
    url = f"{serve(folder).url}/a.zarr"
    by_address = fair.rembi(url)
    states = _states(by_address)
    assert states["Image data.dimension_extents"] == states["Image data.pixel_size"] == "given"
    assert states["Image data.format_compression"] == states["Image data.channel_information"] == "given"
    assert states["Study.title"] == states["Study.license"] == "given"
    assert states["Biosample.organism"] == "missing"
    assert by_address.source == url
    assert _states(fair.rembi(folder / "a.zarr")) == _states(fair.rembi(str(folder / "a.zarr"))) == states
    opened = _states(fair.rembi(fairlab.open_image(url)))
    assert {name for name, state in states.items() if state == "given"} <= {
        name for name, state in opened.items() if state == "given"
    }
    header = fair.miti(url).of("OME-TIFF header")
    assert _states(header)["OME-TIFF header.SizeX"] == "given"


def test_the_table_with_the_gaps_of_an_image_makes_it_complete(folder: Path, serve: Serve) -> None:
    url = f"{serve(folder).url}/a.zarr"
    gaps = fair.rembi(url).missing()
    filled = [row for row in rows("rembi") if f"{row['module']}.{row['field']}" in {one.name for one in gaps}]
    assert fair.rembi(url, write(filled, folder / "gaps.csv"))


def test_documents_by_address(folder: Path, serve: Serve) -> None:
    server = serve(folder)
    write(rows("rembi"), folder / "mine.csv")
    assert fair.rembi(f"{server.url}/mine.csv")
    crate = f"{server.url}/a.zarr/ro-crate-metadata.json"
    assert fair.rembi(crate).source == crate
    assert fair.check_terms(crate).findings == ()
    with pytest.raises(errors.NotFoundError) as caught:
        fair.rembi(f"{server.url}/none.csv")
    assert caught.value.kind == "document-missing"


def test_a_folder_with_a_crate_alone_is_its_crate(tmp_path: Path) -> None:
    (tmp_path / "ro-crate-metadata.json").write_text(json.dumps(_CRATE))
    assert _states(fair.rembi(tmp_path))["Study.title"] == "given"


def test_where_there_is_no_image_is_no_gap_but_an_error(folder: Path, serve: Serve) -> None:
    server = serve(folder)
    with pytest.raises(errors.NotFoundError) as missing:
        fair.rembi(f"{server.url}/none.zarr")
    assert missing.value.kind == "image-missing"
    for name in ("zarr.json", ".zattrs", ".zgroup"):
        server.fault(f"a.zarr/{name}", Fault(status=403))
    with pytest.raises(errors.AccessError):
        fair.rembi(f"{server.url}/a.zarr")
    empty = folder / "empty"
    empty.mkdir()
    with pytest.raises(errors.NotFoundError):
        fair.rembi(empty)


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"accno": "S-BIAD1", "section": {}}, "BioStudies"),
        ({"@context": {}, "@type": "Dataset", "name": "A"}, "no RO-Crate"),
        ({"zarr_format": 3, "attributes": {}}, "Zarr group"),
    ],
)
def test_documents_of_other_kinds_are_named_and_refused(document: dict[str, Any], said: str) -> None:
    with pytest.raises(errors.FormatError, match=said) as caught:
        fair.rembi(document)
    assert caught.value.kind == "document-unknown"


def test_what_is_only_listed_does_not_read_as_if_it_had_been_looked_at() -> None:
    assert "as listed" in fair.rembi("idr:idr0062/6001240.zarr").source
    assert fair.rembi("idr:idr0062").source == "idr:idr0062"


def test_identifiers_in_every_form_are_looked_up() -> None:
    whole = fair.rembi("idr:idr0062")
    with pytest.raises(errors.NotFoundError) as unknown:
        fair.rembi("10.1234/none")
    assert unknown.value.kind == "identifier-unknown"
    assert fair.rembi("idr0062") == whole == fair.rembi("https://idr.openmicroscopy.org/study/idr0062/")
    with pytest.raises(errors.NotFoundError) as caught:
        fair.rembi("S-NOPE1")
    assert caught.value.kind == "identifier-unknown"


@pytest.mark.parametrize(
    "document",
    [
        {"schema": "fairlab-description/1", "provenance": []},
        {"schema": "fairlab-description/1", "provenance": {"citation.title": [{"value": "A"}]}},
        {"schema": "fairlab-description/1", "provenance": {"citation.title": "A"}},
        {"id": "a:1", "kind": "image", "repository": "a", "organism": "mouse"},
        {"id": "a:1", "kind": "image", "repository": "a", "sources": ["a"]},
    ],
)
def test_a_damaged_document_of_ours_is_said_to_be_damaged(document: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "edited.json"
    file.write_text(json.dumps(document))
    with pytest.raises(errors.FormatError) as caught:
        fair.rembi(file)
    assert caught.value.kind == "document-damaged" and str(file) in str(caught.value)
