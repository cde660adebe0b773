from __future__ import annotations

import json
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

import fairlab
from fairlab.errors import NotFoundError, QueryError
from fairlab.fair import Probe
from fairlab.fair.probe import groups_above, probe
from fairlab.fair.witness import EMAIL_REMOVED, MAX_BYTES
from fairlab.options import set_options
from fairlab.record import Record
from tests.benchmarks.latency_server import LatencyServer
from tests.servers import Fault
from tests.stores import write_collection, write_plate, write_store
from tests.trips import trips

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import FaultServer

    Serve = Callable[..., FaultServer]

CRATE = {"@graph": [{"@id": "./", "name": "A fly", "author": {"name": "Ada", "email": "ada@example.org"}}]}
ROLES = {"zarr.json", ".zattrs", ".zgroup", "crate:0", "ome", "ome-xml"}


def image(path: Path, version: str = "0.5", **choices: Any) -> Path:
    """An image with a crate, and a crate of its study in the folder above."""
    write_store(path, version=version, **choices)
    (path / "ro-crate-metadata.json").write_text(json.dumps(CRATE))
    (path.parent / "ro-crate-metadata.json").write_text("{}")
    return path


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_what_lies_beside_an_image(tmp_path: Path, serve: Serve, version: str) -> None:
    image(tmp_path / "study" / "a.zarr", version)
    server = serve(tmp_path)
    bundle = probe(f"{server.url}/study/a.zarr")
    assert bundle.url == f"{server.url}/study/a.zarr" and bundle.zarr_format == (2 if version == "0.4" else 3)
    assert {role for role, answer in bundle.answers.items() if answer.ok} == {
        *((".zattrs", ".zgroup") if version == "0.4" else ("zarr.json",)),
        *("crate:0", "crate:1", "array:first", "array:last", "chunk"),
    }
    assert bundle.answers["crate:2"].status == bundle.answers["ome-xml"].status == 404
    assert bundle.document("array:first")["shape"] == [2, 40, 60]
    assert bundle.document("array:last")["shape"] == [2, 20, 30]
    assert "multiscales" in (bundle.attributes if version == "0.4" else bundle.attributes["ome"])
    assert (
        bundle.chunk is not None
        and bundle.chunk["decoded"]
        and 0 <= bundle.chunk["min"] < bundle.chunk["max"]
    )
    assert bundle.answers["chunk"].bytes == bundle.chunk["bytes"]
    assert Probe.from_json(bundle.to_json()) == bundle
    assert len(server.requests) == len({path for _, _, path, _ in server.requests}) <= 14


def test_a_probe_takes_four_trips(tmp_path: Path) -> None:
    deep: dict[str, Any] = {"shape": (2, 160, 160), "levels": 3}
    image(tmp_path / "study" / "a.zarr", **deep)
    image(tmp_path / "study" / "old.zarr", "0.4", **deep)
    write_store(tmp_path / "shards", axes="zyx", shape=(8, 128, 128), levels=1, shards=4)
    write_plate(tmp_path / "plate", rows=("A",), columns=("1",), fields=2, shape=(1, 8, 12), chunk=16)
    write_collection(tmp_path / "several", ["first", "second"])
    with LatencyServer(tmp_path, waves=True) as server:
        for place in ("study/a.zarr", "study/old.zarr", "shards", "plate", "several"):
            server.take()
            bundle = probe(f"{server.url}/{place}")
            cost = trips(server.take())
            assert bundle.chunk is not None and bundle.chunk["decoded"], place
            assert cost.depth <= 4, place
            assert cost.repeats == 0 and cost.requests <= 17, place


@pytest.mark.parametrize("kind", ["folder", "file address", "zip", "zip on the web", "mapping", "s3"])
def test_every_kind_of_place(tmp_path: Path, serve: Serve, kind: str) -> None:
    folder = image(tmp_path / "bucket" / "a.zarr")
    files = [file for file in folder.rglob("*") if file.is_file()]
    with zipfile.ZipFile(tmp_path / "bucket" / "a.zarr.zip", "w") as archive:
        for file in files:
            archive.write(file, file.relative_to(folder).as_posix())
    server = serve(tmp_path)
    target: Any = {
        "folder": folder,
        "file address": folder.as_uri(),
        "zip": tmp_path / "bucket" / "a.zarr.zip",
        "zip on the web": f"{server.url}/bucket/a.zarr.zip",
        "mapping": {file.relative_to(folder).as_posix(): file.read_bytes() for file in files},
        "s3": "s3://bucket/a.zarr",
    }[kind]
    with set_options(s3_endpoint=server.url, s3_anonymous=True):
        bundle = probe(target)
    assert {role for role in ROLES if bundle.answers[role].status == 200} == {"zarr.json", "crate:0"}
    assert {role for role in ROLES if bundle.answers[role].status == 404} == ROLES - {"zarr.json", "crate:0"}
    assert ("crate:1" in bundle.answers) is (kind != "mapping")
    assert kind == "mapping" or bundle.answers["crate:1"].text == "{}"
    assert bundle.chunk is not None and bundle.chunk["decoded"]


def test_what_was_opened_and_what_was_found_can_be_probed(tmp_path: Path) -> None:
    image(tmp_path / "a.zarr")
    tree = fairlab.open_image(tmp_path / "a.zarr")
    record = Record(id="x:a", kind="image", repository="X", url=str(tmp_path / "a.zarr"))
    for target in (tree, tree["scale1/image"][0], record):
        assert probe(target, chunk=False).answers["crate:0"].ok
    with pytest.raises(NotFoundError) as caught:
        probe(Record(id="x:s", kind="study", repository="X"))
    assert caught.value.kind == "no-pixels"
    with pytest.raises(QueryError):
        probe(7)  # type: ignore[arg-type]


def test_of_a_plate_the_first_field_is_looked_at(tmp_path: Path) -> None:
    write_plate(tmp_path / "p", rows=("A", "B"), columns=("1",), fields=2, shape=(1, 8, 12), chunk=16)
    bundle = probe(tmp_path / "p")
    assert "plate" in bundle.attributes.get("ome", bundle.attributes)
    assert bundle.answers["well"].url.rpartition("/")[0].endswith("A/1")
    assert "multiscales" in bundle.image_attributes.get("ome", bundle.image_attributes)
    assert bundle.chunk is not None and bundle.chunk["decoded"]


@pytest.mark.parametrize("listed", [True, False])
def test_of_a_collection_the_first_image_is_looked_at(tmp_path: Path, listed: bool) -> None:
    write_collection(tmp_path / "c", ["one", "two"], listed=listed)
    bundle = probe(tmp_path / "c")
    assert bundle.answers["ome-xml"].ok and bundle.answers["image"].url.endswith("/0/.zattrs")
    assert bundle.document("array:first")["shape"] == [2, 40, 60]


@pytest.mark.parametrize(
    ("fault", "status", "error"),
    [
        (Fault(status=403), 403, "http-403"),
        (Fault(status=500, headers={"Retry-After": "600"}), 500, "http-500"),
        (Fault(body=b"<html>log in</html>", headers={"Content-Type": "text/html"}), None, "html-page"),
        (Fault(body=b"x" * (MAX_BYTES + 2)), 200, "too-long"),
        (Fault(status=418), 418, "http-418"),
    ],
)
def test_a_document_that_does_not_come_is_evidence(
    tmp_path: Path, serve: Serve, fault: Fault, status: int | None, error: str
) -> None:
    image(tmp_path / "a.zarr")
    server = serve(tmp_path)
    server.fault("a.zarr/ro-crate-metadata.json", fault)
    told = probe(f"{server.url}/a.zarr", chunk=False).answers["crate:0"]
    assert (told.status, told.text) == (status, None)
    assert told.error is not None and told.error.startswith(error) and "\n" not in told.error
    assert told.seconds is not None and not told.ok


def test_a_server_that_knows_no_parts_is_asked_like_any(tmp_path: Path, serve: Serve) -> None:
    image(tmp_path / "a.zarr")
    server = serve(tmp_path)
    server.ranges = False
    assert (
        probe(f"{server.url}/a.zarr").answers["zarr.json"].bytes
        == (tmp_path / "a.zarr/zarr.json").stat().st_size
    )


def test_an_empty_document_is_there(tmp_path: Path, serve: Serve) -> None:
    image(tmp_path / "a.zarr")
    (tmp_path / "a.zarr/ro-crate-metadata.json").write_bytes(b"")
    told = probe(f"{serve(tmp_path).url}/a.zarr", chunk=False).answers["crate:0"]
    assert (told.status, told.bytes, told.text, told.error) == (200, 0, "", None)


def test_the_headers_that_let_a_web_page_read_are_asked_for(tmp_path: Path, serve: Serve) -> None:
    image(tmp_path / "a.zarr")
    server = serve(tmp_path)
    server.fault("zarr.json", Fault(headers={"Access-Control-Allow-Origin": "*", "Set-Cookie": "secret"}))
    told = probe(f"{server.url}/a.zarr", chunk=False).answers["zarr.json"]
    assert told.headers["access-control-allow-origin"] == "*" and "set-cookie" not in told.headers
    assert all(asked.get("origin") for asked in server.headers)


@pytest.mark.parametrize("edit", ["missing", "damaged", "huge", "hostile"])
def test_a_chunk_that_cannot_be_read_is_told(tmp_path: Path, edit: str) -> None:
    folder = image(tmp_path / "a.zarr", levels=1)
    if edit == "missing":
        shutil.rmtree(folder / "s0/c") if (folder / "s0").exists() else shutil.rmtree(folder / "0/c")
    array = next(folder.glob("*0/zarr.json"))
    document = json.loads(array.read_text())
    if edit == "damaged":
        for file in array.parent.glob("c/**/*"):
            if file.is_file():
                file.write_bytes(b"damaged")
    if edit == "huge":
        document["chunk_grid"]["configuration"]["chunk_shape"] = [2, 1 << 16, 1 << 12]
    if edit == "hostile":
        document["codecs"] = [{"name": "numcodecs.pickle"}]
    array.write_text(json.dumps(document))
    chunk = probe(folder).chunk
    assert chunk is not None and not chunk["decoded"]
    assert chunk.get("missing", False) is (edit == "missing")
    stated = {"missing": None, "damaged": "chunk", "huge": "too-large", "hostile": "codec-refused"}[edit]
    assert (chunk.get("error") or "").startswith(stated or "")
    json.dumps(dict(chunk), allow_nan=False)


@pytest.mark.parametrize(
    "attributes",
    [
        "[]",
        '{"ome": {"multiscales": [7]}}',
        '{"ome": {"multiscales": [{"datasets": [{"path": "../../etc"}]}]}}',
        '{"ome": {"plate": {"wells": [{"path": "/etc"}]}}}',
        '{"ome": {"multiscales": [{"datasets": [{"path": "nowhere"}]}]}}',
    ],
)
def test_broken_attributes_lead_nowhere(tmp_path: Path, serve: Serve, attributes: str) -> None:
    folder = image(tmp_path / "a.zarr")
    (folder / "zarr.json").write_text(
        f'{{"zarr_format": 3, "node_type": "group", "attributes": {attributes}}}'
    )
    server = serve(tmp_path)
    bundle = probe(f"{server.url}/a.zarr")
    assert bundle.chunk is None and bundle.answers["zarr.json"].ok
    assert not any("etc" in path for path in server.paths())


def test_where_nothing_is_there_is_nothing_but_answers(tmp_path: Path, serve: Serve) -> None:
    server = serve(tmp_path)
    bundle = probe(f"{server.url}/nothing.zarr")
    assert bundle.zarr_format is None and bundle.attributes == {} and bundle.chunk is None
    assert all(answer.status == 404 for answer in bundle.answers.values())
    with pytest.raises(NotFoundError):
        probe(tmp_path / "nothing")
    assert probe("https://images.example.org/a.zarr").answers["zarr.json"].error == (
        "offline: offline: https://images.example.org/a.zarr/zarr.json was not asked"
    )


def test_e_mail_addresses_are_masked_and_seen_to_be_there(tmp_path: Path) -> None:
    bundle = probe(image(tmp_path / "a.zarr"), chunk=False)
    assert "ada@example.org" not in bundle.to_json() and bundle.document("crate:0")["@graph"][0][
        "author"
    ] == {
        "name": "Ada",
        "email": EMAIL_REMOVED,
    }


def test_secrets_of_the_address_are_not_kept(tmp_path: Path, serve: Serve) -> None:
    image(tmp_path / "a.zarr")
    address = serve(tmp_path).url.replace("//", "//me:secret@") + "/a.zarr?X-Amz-Signature=abc"
    bundle = probe(address)
    assert (
        bundle.answers["zarr.json"].ok and "secret" not in bundle.to_json() and "abc" not in bundle.to_json()
    )


def test_a_link_out_of_the_store_is_not_followed(tmp_path: Path) -> None:
    folder = image(tmp_path / "a.zarr")
    (tmp_path / "private").write_text("{}")
    (folder / "ro-crate-metadata.json").unlink()
    (folder / "ro-crate-metadata.json").symlink_to(tmp_path / "private")
    told = probe(folder, chunk=False).answers["crate:0"]
    assert told.text is None and (told.error or "").startswith("link-outside")


def test_what_lies_above_stays_on_the_host() -> None:
    assert groups_above("https://x.org/a?key=1") == ["https://x.org?key=1"]
    assert groups_above("https://x.org") == [] == groups_above("s3://bucket")
    assert len(groups_above("https://x.org/1/2/3/4/5/")) == 3
