from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import fairlab
from fairlab.errors import NotFoundError, QueryError
from fairlab.fair.identifying import known, study_of_address
from fairlab.record import Record
from fairlab.terms import read_table
from tests.stores import write_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import FaultServer

BY = "https://creativecommons.org/licenses/by/4.0/"
CRATE = {
    "@graph": [
        {"@id": "ro-crate-metadata.json", "about": {"@id": "./"}},
        {"@id": "./", "@type": "Dataset", "name": "Nuclei", "license": "CC BY 4.0"},
    ]
}


@pytest.mark.parametrize(
    ("address", "study"),
    [
        ("https://x.org/idr/zarr/v0.4/idr0062A/6001240.zarr", "idr:idr0062"),
        ("https://x.org/ome2024-ngff-challenge/idr0004/P1.ome.zarr", "idr:idr0004"),
        ("https://x.org/S-BIAD885/b3a3e1b2/b3a3e1b2.zarr/0", "bia:S-BIAD885"),
        ("https://x.org/phase1test/EMPIAR-10311-IM1.zarr", "empiar:EMPIAR-10311"),
        ("https://ssbd.riken.jp/data/ssbd-repos-000490/a.zarr", "ssbd:ssbd-repos-000490"),
        ("s3://bucket/S-BIAD1/EMPIAR-10311/a.zarr", "empiar:EMPIAR-10311"),
        ("https://x.org/idr00621/a.zarr", None),
        ("https://idr0062.org/a.zarr", None),
        ("http://[broken", None),
    ],
)
def test_the_study_that_an_address_speaks_of(address: str, study: str | None) -> None:
    assert study_of_address(address) == study


def test_every_listed_image_leads_to_its_study() -> None:
    rows = [row for row in read_table("images.csv.gz") if row["study"] and row["url"]][::400]
    assert len(rows) > 5
    for row in rows:
        found = known(row["url"])
        assert found[-1].id == row["study"] and found[0].kind == "image", row["url"]


def test_what_is_known_of_nothing(tmp_path: Path) -> None:
    assert known("https://nowhere.example/a.zarr") == () == known(str(tmp_path / "S-BIAD634"))
    assert known(Record(id="x:1", kind="study", repository="X"))[0].id == "x:1"


def test_documents_and_catalogue_are_joined(tmp_path: Path, serve: Callable[..., FaultServer]) -> None:
    folder = tmp_path / "S-BIAD634" / "a.zarr"
    write_store(folder)
    (folder / "ro-crate-metadata.json").write_text(json.dumps(CRATE))
    found = fairlab.fair.describe(f"{serve(tmp_path).url}/S-BIAD634/a.zarr")
    assert found.get("identity.accession") == "S-BIAD634" and found.get("citation.title") == "Nuclei"
    assert found.get("study.title").startswith("An annotated fluorescence")
    ours, theirs = found.statements_of("citation.license")
    assert (ours.kind, ours.value["spdx"], theirs.kind, theirs.value["spdx"]) == (
        "study-crate",
        "CC0-1.0",
        "crate",
        "CC-BY-4.0",
    )
    assert "citation.license" in found.conflicts() and found.get("image.shape") == [2, 40, 60]


def test_studies_and_paths_can_be_described(tmp_path: Path) -> None:
    assert fairlab.fair.describe("bia:S-BIAD634").get("identity.object_type") == "study"
    write_store(tmp_path / "a.zarr")
    assert fairlab.fair.describe(tmp_path / "a.zarr").get("image.dtype") == "uint16"
    for target in (tmp_path / "nothing", "idr:idr9999"):
        with pytest.raises(NotFoundError):
            fairlab.fair.describe(target)


def test_opened_objects_say_what_they_carry_and_ask_for_more_on_demand(
    tmp_path: Path, serve: Callable[..., FaultServer]
) -> None:
    write_store(tmp_path / "a.zarr")
    (tmp_path / "a.zarr/ro-crate-metadata.json").write_text(json.dumps(CRATE))
    server = serve(tmp_path)
    tree = fairlab.open_image(f"{server.url}/a.zarr")
    before = len(server.requests)
    for holder in (tree, tree["scale1"].to_dataset(), tree["scale0/image"].isel(x=0)):
        license = holder.fair.description.best("citation.license")
        assert license.value["spdx"] == "CC-BY-4.0" and license.kind == "crate"
        fact = holder.fair.provenance("citation.license")
        assert (fact.raw, fact.pointer) == ("CC BY 4.0", "/@graph/1/license")
        assert fact.document.endswith("/ro-crate-metadata.json") and fact.retrieved_at
        fact = holder.fair.provenance("license")
        assert (fact.value, fact.raw, fact.basis) == (BY, "CC BY 4.0", "asserted")
        assert holder.fair.provenance("biosample.organism").value is None
    assert len(server.requests) == before  # nothing was fetched
    assert tree.fair.describe().get("image.dtype") == "uint16" and len(server.requests) > before


def test_paths_that_do_not_exist_are_refused() -> None:
    image = fairlab.open_image("sample:nuclei")["scale0/image"]
    for name, kind in {"species": "field-unknown", "biosample.species": "path-unknown"}.items():
        with pytest.raises(QueryError) as caught:
            image.fair.provenance(name)
        assert caught.value.kind == kind
