"""A crawl finds every OME-Zarr below a place, says what it could not read, and stays inside."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import fairlab
from fairlab.errors import FairlabWarning, NotFoundError, QueryError
from fairlab.options import set_options
from fairlab.record import Record
from fairlab.repositories import folder_crawl
from fairlab.repositories.folder_crawl import crawl
from tests.net.test_listing import bucket, index, no_credentials, tree  # noqa: F401
from tests.stores import write_collection, write_plate, write_several, write_store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    root = tmp_path / "shelf"
    write_store(root / "a/one.zarr", version="0.4", labels=("nuclei",), name="One")
    write_store(root / "a/b/two.ome.zarr", axes="tczyx", shape=(2, 2, 3, 20, 20), version="0.5")
    write_plate(root / "plates/p.zarr", version="0.4")
    write_collection(root / "collection.zarr", ["x", "y"])
    (root / "a/notes.txt").write_text("not an image")
    return root


def names(records: list[Record], root: Path | str) -> list[str]:
    return [record.url.removeprefix(str(root)).lstrip("/") for record in records if record.url]


def test_it_finds_what_is_there_nearest_first(shelf: Path) -> None:
    found = list(crawl(shelf))
    assert names(found, shelf) == ["collection.zarr", "a/one.zarr", "plates/p.zarr", "a/b/two.ome.zarr"]
    assert [record.layout for record in found] == ["bioformats2raw", "image", "plate", "image"]
    one, two = found[1], found[3]
    assert one.id == f"folder:{shelf}/a/one.zarr" and one.accession == "shelf" and one.title == "One"
    assert (one.ngff_version, one.axes, one.shape) == ("0.4", ("c", "y", "x"), (2, 40, 60))
    assert (two.ngff_version, two.axes, two.shape) == ("0.5", tuple("tczyx"), (2, 2, 3, 20, 20))
    for record in found:
        assert Record.from_json(record.to_json()) == record
        assert all(record.source(name) for name in record.to_dict() if name != "sources")
        assert record.source("layout").retrieved_at  # type: ignore[union-attr]
    assert fairlab.open_image(one)["scale0/image"].shape == (2, 40, 60)


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5", "0.6"])
def test_it_reads_every_version(tmp_path: Path, version: str) -> None:
    axes, shape = ("tczyx", (1, 1, 1, 20, 20)) if version < "0.3" else ("yx", (20, 20))
    write_store(tmp_path / "a.zarr", axes=axes, shape=shape, version=version)
    (record,) = crawl(tmp_path)
    assert (record.ngff_version, record.shape) == (version, shape)


def test_the_place_may_be_one_image_itself(shelf: Path) -> None:
    (record,) = crawl(shelf / "a/one.zarr")
    assert record.url == str(shelf / "a/one.zarr")


def test_bounds_hold_and_progress_is_told(shelf: Path) -> None:
    told: list[tuple[int, int, str]] = []

    def progress(*, looked: int, found: int, place: str) -> None:
        told.append((looked, found, place))

    assert names(list(crawl(shelf, limit=2, progress=progress)), shelf) == ["collection.zarr", "a/one.zarr"]
    assert [looked for looked, _, _ in told] == list(range(len(told))) and told[-1][1] == 1
    assert told[0][2] == str(shelf)
    assert names(list(crawl(shelf, depth=1)), shelf) == ["collection.zarr"]
    assert list(crawl(shelf, limit=0)) == [] and list(crawl(shelf, depth=0)) == []
    assert len(list(crawl(shelf, limit=None))) == 4


def test_too_many_folders_end_the_walk_aloud(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder_crawl, "MAX_FOLDERS", 3)
    with pytest.warns(FairlabWarning, match="ended after 3 folders"):
        assert names(list(crawl(shelf)), shelf) == ["collection.zarr"]


def test_it_never_leaves_the_place(shelf: Path, tmp_path: Path) -> None:
    write_store(tmp_path / "secret/s.zarr")
    (shelf / "way-out").symlink_to(tmp_path / "secret")
    (shelf / "circle").symlink_to(shelf)
    assert len(list(crawl(shelf))) == 4
    with set_options(follow_links=True):
        assert len(list(crawl(shelf))) == 5


def test_labels_fields_and_arrays_do_not_stand_for_themselves(shelf: Path) -> None:
    assert list(crawl(shelf / "a/one.zarr/labels")) == []
    assert list(crawl(shelf / "a/one.zarr/labels/nuclei")) == []
    assert list(crawl(shelf / "a/one.zarr/0")) == []
    write_several(shelf / "several.zarr", ["first", "second"])
    assert "several.zarr" in names(list(crawl(shelf, depth=1)), shelf)


def _version_of_the_future(attributes: dict[str, Any]) -> None:
    attributes["ome"]["version"] = "0.9"


def test_what_cannot_be_read_is_told_once_and_hides_nothing(shelf: Path) -> None:
    write_store(shelf / "a/new.zarr", edit=_version_of_the_future)
    (shelf / "a/torn.zarr").mkdir()
    (shelf / "a/torn.zarr/.zattrs").write_text("{")
    write_store(shelf / "a/gone.zarr", version="0.4")
    (shelf / "a/gone.zarr/0/.zarray").unlink()
    with pytest.warns(FairlabWarning, match="cannot be read") as caught:
        assert len(list(crawl(shelf))) == 4
    (warning,) = caught
    for kind in ("version-unsupported", "not-json", "level-missing"):
        assert kind in str(warning.message)


def test_the_crate_beside_an_image_gives_licence_and_terms(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    crate = {
        "@graph": [
            {"@id": "ro-crate-metadata.json", "about": {"@id": "./"}},
            {
                "@id": "./",
                "name": "A fish",
                "description": "<script>alert(1)</script>",
                "license": "http://creativecommons.org/licenses/by/4.0",
                "about": {"@id": "NCBI:txid7955"},
            },
        ]
    }
    (tmp_path / "a.zarr/ro-crate-metadata.json").write_text(json.dumps(crate))
    (record,) = crawl(tmp_path)
    assert record.license == "https://creativecommons.org/licenses/by/4.0/"
    assert record.license_as_listed == "http://creativecommons.org/licenses/by/4.0"
    assert record.title == "a test image" and [term.id for term in record.organism] == ["NCBITaxon:7955"]
    assert record.source("license").document.endswith("ro-crate-metadata.json")  # type: ignore[union-attr]
    assert "<script>" not in record._repr_html_()


def test_zip_files_are_found(tmp_path: Path) -> None:
    import zipfile

    write_store(tmp_path / "store.zarr")
    with zipfile.ZipFile(tmp_path / "packed.ozx", "w") as packed:
        for file in sorted((tmp_path / "store.zarr").rglob("*")):
            if file.is_file():
                packed.write(file, file.relative_to(tmp_path / "store.zarr"))
    (tmp_path / "other.zip").write_bytes(b"no image")
    assert names(list(crawl(tmp_path)), tmp_path) == ["packed.ozx", "store.zarr"]


@pytest.mark.parametrize("value", [-1, 1.5, "2", True])
def test_senseless_bounds_are_refused(tmp_path: Path, value: Any) -> None:
    for name in ("limit", "depth"):
        with pytest.raises(QueryError) as caught:
            crawl(tmp_path, **{name: value})
        assert caught.value.kind == "query-value"


def test_a_place_that_is_not_there_is_an_error_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        crawl(tmp_path / "absent")


def test_index_pages_are_walked(tree: Path, index: str) -> None:  # noqa: F811
    write_store(tree / "10.zarr", version="0.4")
    write_store(tree / "deep/er/x.zarr")
    write_store(tree.parent / "outside.zarr")
    found = list(crawl(f"{index}/root"))
    assert names(found, f"{index}/root") == ["10.zarr", "deep/er/x.zarr"]
    assert found[0].accession == "root"
    assert fairlab.open_image(found[1])["scale0/image"].shape == (2, 40, 60)
    with pytest.raises(NotFoundError):
        list(crawl(f"{index}/absent"))


def test_a_bucket_is_walked(tmp_path: Path, bucket: str) -> None:  # noqa: F811
    import boto3

    write_store(tmp_path / "x.zarr", version="0.4")
    client = boto3.client(
        "s3",
        endpoint_url=bucket,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    for file in (tmp_path / "x.zarr").rglob("*"):
        if file.is_file():
            key = f"deep/er/{file.relative_to(tmp_path)}"
            client.put_object(Bucket="images", Key=key, Body=file.read_bytes(), ACL="public-read")
    client.close()
    with set_options(s3_endpoint=bucket):
        (record,) = crawl("s3://images/deep")
        assert record.url == "s3://images/deep/er/x.zarr" and record.ngff_version == "0.4"
        assert fairlab.open_image(record)["scale0/image"].shape == (2, 40, 60)
