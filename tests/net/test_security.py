"""What a hostile store, or a secret in an address, must not be able to do: the rows about transport and stores."""

from __future__ import annotations

import json
import logging
import warnings
import zipfile
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fairlab.errors import ChunkError, FairlabError, FormatError, MetadataError
from fairlab.image import open_image
from fairlab.net.store import open_store
from fairlab.ngff import documents
from fairlab.options import set_options
from tests.servers import Fault, FaultServer
from tests.stores import write_store

if TYPE_CHECKING:
    from pathlib import Path

Serve = Callable[..., FaultServer]
CHUNK = "0/c/0/0/0"


@pytest.fixture
def victim(tmp_path: Path, serve: Serve) -> FaultServer:
    """A service inside the network, which no store may make us ask."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside/credentials").write_bytes(b"inside")
    return serve(tmp_path / "inside")


@pytest.fixture
def server(tmp_path: Path, serve: Serve) -> FaultServer:
    write_store(tmp_path / "web/a.zarr", levels=1)
    return serve(tmp_path / "web")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("suffix", ["a.zarr/zarr.json", CHUNK])
def test_a_store_cannot_send_us_elsewhere(
    server: FaultServer, victim: FaultServer, status: int, suffix: str
) -> None:
    server.fault(suffix, Fault(status=status, headers={"Location": f"{victim.url}/credentials"}))
    with pytest.raises(FairlabError) as caught:
        open_image(f"{server.url}/a.zarr")["scale0/image"].load()
    assert caught.value.kind == "redirect-elsewhere"
    assert not victim.requests


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "localhost", "cdn.localhost", "[::1]", "127.1", "0x7f000001", "2130706433", "0.0.0.0"],
)
def test_no_spelling_of_this_machine_is_another_way_in(
    server: FaultServer, victim: FaultServer, host: str
) -> None:
    port = victim.url.rpartition(":")[2]
    server.fault("object", Fault(status=302, headers={"Location": f"http://{host}:{port}/credentials"}))
    for trusted in ((), ("cdn.example.org",), ("cdn.localhost",)):
        with set_options(trusted_hosts=trusted, offline=False), pytest.raises(FairlabError) as caught:
            open_store(server.url).get("object")
        assert caught.value.kind in ("redirect-elsewhere", "address-inside")
    assert not victim.requests


def test_a_chain_of_redirects_is_checked_at_each_hop(server: FaultServer, victim: FaultServer) -> None:
    server.fault("/first", Fault(status=302, headers={"Location": "/second"}))
    server.fault("/second", Fault(status=302, headers={"Location": f"{victim.url}/credentials"}))
    with pytest.raises(FairlabError):
        open_store(server.url).get("first")
    assert server.paths() == ["/first", "/second"]
    assert not victim.requests


@pytest.mark.parametrize(
    "path",
    ["../inside", "/etc", "file:///etc", "http://127.0.0.1:1/x", "%2e%2e/inside", "..\\inside", "a/../../x"],
)
def test_paths_in_metadata_lead_to_no_request(server: FaultServer, path: str) -> None:
    document = server.folder / "a.zarr/zarr.json"
    content = json.loads(document.read_text())
    content["attributes"]["ome"]["multiscales"][0]["datasets"][0]["path"] = path
    document.write_text(json.dumps(content))
    with pytest.raises(MetadataError) as caught:
        open_image(f"{server.url}/a.zarr")
    assert caught.value.kind == "path-outside"
    assert all(asked.startswith("/a.zarr/") and ".." not in asked for asked in server.paths())


def test_a_link_out_of_a_local_store_gives_no_pixels(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", levels=1)
    chunk = tmp_path / "a.zarr" / CHUNK
    chunk.rename(tmp_path / "elsewhere")
    chunk.symlink_to(tmp_path / "elsewhere")
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    with pytest.raises(ChunkError) as caught:
        image.load()
    assert caught.value.kind == "link-outside"
    with set_options(follow_links=True):
        assert image.values.any()


def test_no_secret_of_an_address_is_shown_anywhere(
    server: FaultServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    address = server.url.replace("://", "://private-name:hush@") + "/a.zarr?X-Amz-Signature=hush&token=hush"
    (server.folder / "a.zarr/0/c/0/1/1").unlink()
    shown: list[str] = []
    with warnings.catch_warnings(record=True) as given:
        warnings.simplefilter("always")
        tree = open_image(address)
        image = tree["scale0/image"]
        shown += [repr(tree), repr(image), tree._repr_html_(), image._repr_html_()]
        loaded = image.load()
    shown += [str(warning.message) for warning in given]
    assert len(given) == 1
    for thing in (tree, tree["scale0"], image, loaded):
        shown += [repr(thing.attrs), repr(thing.encoding)]
    shown += [repr(image.fair), repr(image.fair.traffic()), repr(open_store(address))]
    page = Fault(body=b"<p>", headers={"Content-Type": "text/html"})
    for fault in (Fault(status=403), Fault(status=500), Fault(cut=3), page):
        server.clear_faults()
        unread = open_image(address)["scale0/image"]
        server.fault("zarr.json", fault)
        server.fault(CHUNK, fault)
        with set_options(timeout_s=0.3):
            for read in (lambda: open_image(address), unread.load):
                said = _all_that_is_said(read)
                assert said
                shown += said
    shown += [record.getMessage() for record in caplog.records]
    assert not [text for text in shown if "hush" in text or "private-name" in text]
    # The secrets did their work, nevertheless.
    assert all(headers.get("Authorization") for headers in server.headers)
    assert all("token=hush" in path for path in server.paths())


def _all_that_is_said(read: Callable[[], object]) -> list[str]:
    said = []
    try:
        read()
    except FairlabError as exc:
        error: BaseException | None = exc
        while error:  # what stands behind it is printed too
            said.append(f"{error} {error!r} {vars(error)}")
            error = error.__cause__ or error.__context__
    return said


def test_a_chunk_or_document_is_not_received_beyond_what_it_may_have(
    server: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = open_image(f"{server.url}/a.zarr")["scale0/image"]
    server.fault(CHUNK, Fault(body=bytes(30_000_000), sized=False))
    with pytest.raises(ChunkError) as caught:
        np.asarray(image[:, :8, :8])
    assert caught.value.kind == "body-too-large"
    assert image.fair.traffic().bytes < 10_000_000
    monkeypatch.setattr(documents, "MAX_BYTES", 10_000)
    server.fault("0/zarr.json", Fault(body=b" " * 1_000_000, sized=False))
    with pytest.raises(FormatError, match="longer than any metadata") as refused:
        open_image(f"{server.url}/a.zarr")
    assert refused.value.kind == "not-json"


def test_files_and_zip_entries_are_not_unpacked_beyond_what_they_may_have(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr", levels=1)
    (tmp_path / "a.zarr" / CHUNK).write_bytes(bytes(3_000_000))
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in (tmp_path / "a.zarr").rglob("*"):
            archive.write(file, file.relative_to(tmp_path / "a.zarr"))
    for place, kind in (("a.zarr", "body-too-large"), ("a.zip", "zip-too-large")):
        with pytest.raises(ChunkError) as caught:
            open_image(tmp_path / place)["scale0/image"].load()
        assert caught.value.kind == kind


def test_an_endless_body_ends(server: FaultServer) -> None:
    server.fault(CHUNK, Fault(body=bytes(3_000_000)))
    image = open_image(f"{server.url}/a.zarr")["scale0/image"]
    with set_options(max_read_bytes=1_000_000), pytest.raises(ChunkError) as caught:
        np.asarray(image[:, :8, :8])
    assert caught.value.kind == "body-too-large"
