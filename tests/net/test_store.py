from __future__ import annotations

import errno
import io
import os
import pickle
import socket
import struct
import warnings
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlab.errors import (
    AccessError,
    FairlabError,
    FairlabWarning,
    FormatError,
    MetadataError,
    NotFoundError,
    QueryError,
    Unavailable,
)
from fairlab.net import file_in_parts, local_store
from fairlab.net.store import open_store
from fairlab.net.traffic import ledger
from fairlab.options import set_options
from tests.servers import Fault, FaultServer

if TYPE_CHECKING:
    from pathlib import Path

Serve = Callable[..., FaultServer]
BODY = bytes(range(256)) * 300
PARTS = [slice(0, 10), slice(100, 20_000), slice(-4, None), slice(70_000, None)]


def _zip(path: Path, packing: int = zipfile.ZIP_STORED, prefix: str = "", comment: bytes = b"") -> Path:
    with zipfile.ZipFile(path, "w", packing) as file:
        file.writestr(f"{prefix}zarr.json", b"{}")
        for number in range(20):
            file.writestr(f"{prefix}0/c/{number}", BODY[number:])
        file.comment = comment
    return path


@pytest.fixture(params=["folder", "http", "memory", "zip", "deflated", "web-zip", "web-deflated"])
def location(request: pytest.FixtureRequest, tmp_path: Path, serve: Serve) -> object:
    kind = request.param
    if kind in ("folder", "http"):
        for number in range(20):
            (tmp_path / "a.zarr/0/c").mkdir(parents=True, exist_ok=True)
            (tmp_path / f"a.zarr/0/c/{number}").write_bytes(BODY[number:])
        return tmp_path / "a.zarr" if kind == "folder" else f"{serve(tmp_path).url}/a.zarr"
    if kind == "memory":
        return {f"0/c/{number}": BODY[number:] for number in range(20)}
    packing = zipfile.ZIP_DEFLATED if "deflated" in kind else zipfile.ZIP_STORED
    path = _zip(tmp_path / "a.ozx", packing, comment=b'{"ome": {"version": "0.5"}}')
    return f"{serve(tmp_path).url}/a.ozx" if "web" in kind else path


def test_every_store_gives_the_same_bytes(location: object) -> None:
    first = open_store(location)  # type: ignore[arg-type]
    for store in (first, pickle.loads(pickle.dumps(first))):
        assert store.location == first.location
        assert store.get("0/c/3") == BODY[3:]
        for part in PARTS:
            assert store.get("0/c/3", part=part) == BODY[3:][part]
        assert store.get("0/c/99") is None
        assert store.get("0/c") is None
        for key in ("../x", "/etc/passwd", "a/%2e%2e/%2e%2e/x", "..\\x", "file:///etc/passwd"):
            with pytest.raises(MetadataError):
                store.get(key)
        assert first.location in repr(store)


def test_many_threads_read_one_store(location: object) -> None:
    store = open_store(location)  # type: ignore[arg-type]
    with ThreadPoolExecutor(16) as pool:
        bodies = list(pool.map(lambda n: store.get(f"0/c/{n % 20}"), range(200)))
    assert bodies == [BODY[n % 20 :] for n in range(200)]


def test_a_zip_on_the_web_takes_one_request_to_open_and_one_an_entry(tmp_path: Path, serve: Serve) -> None:
    path = _zip(tmp_path / "a.zip", zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("tail", os.urandom(200_000))  # so that no chunk lies in the part that is read first
    server = serve(tmp_path)
    store = open_store(f"{server.url}/a.zip")
    assert len(server.requests) == 1
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.get(f"0/c/{n}"), range(20)))
    assert len(server.requests) == 21
    assert ledger(store.location).snapshot().requests == 21


def test_a_part_of_an_unpacked_entry_is_read_alone(tmp_path: Path, serve: Serve) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("zarr.json", b"{}")
        file.writestr("shard", os.urandom(10**6))
        file.writestr("tail", os.urandom(200_000))
    server = serve(tmp_path)
    store = open_store(f"{server.url}/a.zip")
    for start in range(0, 900_000, 100_000):
        assert len(store.get("shard", part=slice(start, start + 100)) or b"") == 100
    assert len(server.requests) == 1 + 1 + 9  # contents, the entry's header, parts
    assert ledger(store.location).snapshot().bytes < 150_000


def test_a_long_table_of_contents_takes_one_request_more(tmp_path: Path, serve: Serve) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for number in range(3000):
            file.writestr(f"some/rather/long/path/to/a/chunk/{number}", b"x")
    server = serve(tmp_path)
    store = open_store(f"{server.url}/a.zip")
    assert len(server.requests) == 2
    assert store.get("some/rather/long/path/to/a/chunk/0") == b"x"


@pytest.mark.parametrize("place", ["a" * 5000, "/" + "a/" * 3000, "~nobody-of-this-name/a.zarr"])
def test_paths_that_no_system_has_are_missing(place: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        open_store(place)
    assert caught.value.kind == "path-missing"


@pytest.mark.parametrize("value", ["{}", 5, [1]])
def test_what_is_no_bytes_in_memory_is_named(value: Any) -> None:
    with pytest.raises(QueryError, match=r"zarr\.json") as caught:
        open_store({"zarr.json": value}).get("zarr.json")
    assert caught.value.kind == "source-type"


def test_a_zip_with_64_bit_records_and_one_behind_other_bytes(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "big.zip", "w") as file, file.open("0/0", "w", force_zip64=True) as entry:
        entry.write(BODY)
    assert open_store(tmp_path / "big.zip").get("0/0") == BODY
    plain = _zip(tmp_path / "a.zip").read_bytes()
    (tmp_path / "behind.zip").write_bytes(b"#!/bin/sh\n" * 10 + plain)
    assert open_store(tmp_path / "behind.zip").get("0/c/1", part=slice(0, 9)) == BODY[1:10]
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as file:
        for number in range(66_000):  # over 65,535 entries need the 64-bit end record
            file.writestr(f"{number}", b"")
    assert open_store(tmp_path / "many.zip").get("65999") == b""


def _edited(path: Path, old: bytes, new: bytes) -> Path:
    content = path.read_bytes()
    assert old in content and len(old) == len(new)
    path.write_bytes(content.replace(old, new))
    return path


@pytest.mark.parametrize("name", ["../x/y", "/tmp/xy", "a\\..\\xy", "c:/abcd", "0/../xy"])
def test_names_that_lead_out_of_a_zip_are_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("N" * len(name), b"x")
    _edited(path, b"N" * len(name), name.encode())
    with pytest.raises(FormatError) as caught:
        open_store(path)
    assert caught.value.kind == "zip-name"


def _flags(path: Path, offset_local: int, offset_table: int, value: bytes) -> None:
    """Change a field of the only entry in both of its headers."""
    content = bytearray(path.read_bytes())
    content[offset_local : offset_local + len(value)] = value
    table = content.rindex(b"PK\x01\x02")
    content[table + offset_table : table + offset_table + len(value)] = value
    path.write_bytes(bytes(content))


@pytest.mark.parametrize(
    ("local", "table", "value", "kind"),
    [
        (6, 8, b"\x01\x00", "zip-encrypted"),
        (8, 10, b"\x0c\x00", "zip-method"),
        (14, 16, b"\x00\x00\x00\x00", "zip-damaged"),  # checksum
        (22, 24, struct.pack("<L", 2**31), "zip-too-large"),
        (22, 24, struct.pack("<L", 100), "zip-damaged"),  # holds more than it says
        (22, 24, struct.pack("<L", len(BODY) + 1), "zip-damaged"),
        (0, 42, struct.pack("<L", 77), "zip-damaged"),  # the header is elsewhere
    ],
)
def test_a_zip_entry_that_is_not_what_it_says(
    tmp_path: Path, local: int, table: int, value: bytes, kind: str
) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("0", BODY)
    _flags(path, local, table, value)
    with set_options(max_read_bytes=10**9), pytest.raises(FormatError) as caught:
        open_store(path).get("0")
    assert caught.value.kind == kind


def test_entries_before_the_beginning_are_no_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("0", BODY)
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\x05\x06")
    content[end + 16 : end + 20] = struct.pack(
        "<L", 2**32 - 2
    )  # where the table of contents is said to begin
    path.write_bytes(bytes(content))
    with pytest.raises(FormatError) as caught:
        open_store(path)
    assert caught.value.kind == "not-a-zip"


def test_entries_that_overlap_give_no_more_than_each_says(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("0", BODY)
        file.writestr("1", BODY[::-1])
    content = bytearray(path.read_bytes())
    table = content.rindex(b"PK\x01\x02")
    content[table + 42 : table + 46] = struct.pack("<L", 0)  # the second lies where the first does
    path.write_bytes(bytes(content))
    store = open_store(path)
    assert store.get("0") == BODY
    with pytest.raises(FormatError) as caught:
        store.get("1")
    assert caught.value.kind == "zip-damaged"


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("0", bytes(50_000_000))
    with set_options(max_read_bytes=10**6), pytest.raises(FormatError) as caught:
        open_store(path).get("0")
    assert caught.value.kind == "zip-too-large"
    _flags(path, 22, 24, struct.pack("<L", 1000))  # and one that says it is small
    store = open_store(path)
    import tracemalloc

    tracemalloc.start()
    with pytest.raises(FormatError):
        store.get("0")
    assert tracemalloc.get_traced_memory()[1] < 2_000_000
    tracemalloc.stop()


def test_a_name_that_stands_twice_means_the_later(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.writestr("zarr.json", b"old")
        file.writestr("zarr.json", b"new")
    with pytest.warns(FairlabWarning, match=r"zarr\.json"):
        store = open_store(tmp_path / "a.zip")
    assert store.get("zarr.json") == b"new"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_zip_is_an_error_of_ours_or_the_right_bytes(tmp_path: Path, data: st.DataObject) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zarr.json", b"{}")
        file.writestr("0/0", BODY[:5000])
    broken = bytearray(content.getvalue())
    for _ in range(data.draw(st.integers(1, 3))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "broken.zip"
    path.write_bytes(bytes(broken[: data.draw(st.integers(len(broken) // 2, len(broken)))]))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            got = open_store(path).get("0/0")
    except FairlabError:
        return
    assert got in (BODY[:5000], None)


def test_a_zip_that_changes_while_it_is_read(tmp_path: Path, serve: Serve) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("0", BODY)
        file.writestr("tail", os.urandom(200_000))
    server = serve(tmp_path)
    store = open_store(f"{server.url}/a.zip")
    server.fault("a.zip", Fault(headers={"ETag": '"other"'}))
    with pytest.raises(Unavailable) as caught:
        store.get("0")
    assert caught.value.kind == "file-changed"


def test_a_zip_needs_a_server_that_answers_ranges(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "a.zip").write_bytes(bytes(200_000))
    server = serve(tmp_path)
    server.ranges = False
    with pytest.raises(FormatError) as caught:
        open_store(f"{server.url}/a.zip")
    assert caught.value.kind == "no-ranges"
    with pytest.raises(NotFoundError) as absent:
        open_store(f"{server.url}/b.zip")
    assert absent.value.kind == "http-404"


def test_links_out_of_a_folder_are_followed_on_request_only(tmp_path: Path) -> None:
    (tmp_path / "a.zarr/0").mkdir(parents=True)
    (tmp_path / "secret").write_bytes(b"secret")
    (tmp_path / "a.zarr/real").write_bytes(b"own")
    (tmp_path / "a.zarr/inner").symlink_to("real")
    (tmp_path / "a.zarr/outer").symlink_to("../secret")
    (tmp_path / "a.zarr/folder").symlink_to(tmp_path)
    (tmp_path / "a.zarr-other").mkdir()
    (tmp_path / "a.zarr-other/x").write_bytes(b"neighbour")
    (tmp_path / "a.zarr/near").symlink_to("../a.zarr-other")
    (tmp_path / "linked.zarr").symlink_to("a.zarr")
    store = open_store(tmp_path / "linked.zarr")
    assert store.get("inner") == b"own"
    for key in ("outer", "folder/secret", "near/x"):
        with pytest.raises(FormatError) as caught:
            store.get(key)
        assert caught.value.kind == "link-outside"
    with set_options(follow_links=True):
        assert store.get("outer") == store.get("folder/secret") == b"secret"


@pytest.mark.skipif(os.name != "posix", reason="makes pipes and sockets of POSIX")
def test_a_link_put_in_place_after_the_look_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store/0").write_bytes(b"inside")
    (tmp_path / "secret").write_bytes(b"outside")
    store = open_store(tmp_path / "store")
    resolved = os.path.realpath

    def exchanged_meanwhile(path: str) -> str:
        found = resolved(path)
        (tmp_path / "store/0").unlink()
        (tmp_path / "store/0").symlink_to(tmp_path / "secret")
        return found

    monkeypatch.setattr(os.path, "realpath", exchanged_meanwhile)
    with pytest.raises(Unavailable) as caught:
        store.get("0")
    assert caught.value.kind == "file"


def test_only_files_are_read_and_nothing_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path may not be long
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "linked").symlink_to("pipe")
    (tmp_path / "device").symlink_to("/dev/zero")
    store = open_store(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        for key in ("pipe", "linked", "socket"):
            for part in (None, slice(0, 4)):
                with pytest.raises(FormatError) as caught:
                    store.get(key, part=part)
                assert caught.value.kind == "not-a-file" and key in caught.value.message
        with set_options(follow_links=True), pytest.raises(FormatError) as caught:
            store.get("device")
    assert caught.value.kind == "not-a-file"
    (tmp_path / "folder").mkdir()
    assert store.get("folder") is None


@pytest.mark.parametrize(
    ("number", "error", "kind"),
    [
        (errno.EIO, Unavailable, "file"),
        (errno.ESTALE, Unavailable, "file"),
        (errno.EACCES, AccessError, "permission"),
    ],
)
def test_what_the_disk_says_is_translated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, error: type[FairlabError], kind: str
) -> None:
    _zip(tmp_path / "a.zip")
    (tmp_path / "0").write_bytes(b"x")
    stores = {open_store(tmp_path): "0", open_store(tmp_path / "a.zip"): "0/c/1"}

    def fails(*_: object) -> bytes:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(local_store, "_read", fails)
    monkeypatch.setattr(file_in_parts.LocalFile, "_piece", fails)
    for store, key in stores.items():
        with pytest.raises(error) as caught:
            store.get(key)
        assert caught.value.kind == kind


def test_locations_that_are_none(tmp_path: Path) -> None:
    for location in (
        "ftp://example.org/a",
        "https://",
        "s3://",
        "s3://key:hush@bucket/a",
        "http://[broken?hush",
    ):
        with pytest.raises(QueryError) as caught:
            open_store(location)
        assert caught.value.kind == "location"
        assert "hush" not in str(caught.value)
    with pytest.raises(NotFoundError):
        open_store(tmp_path / "absent.zarr")


def test_a_folder_that_goes_away_is_not_a_folder_without_chunks(tmp_path: Path) -> None:
    place = tmp_path / "image.zarr"
    place.mkdir()
    (place / "zarr.json").write_text("{}")
    opened = open_store(str(place))
    assert opened.get("zarr.json") == b"{}"
    assert opened.get("c/0") is None, "a chunk that was never written"
    place.rename(tmp_path / "elsewhere")
    with pytest.raises(Unavailable) as caught:
        opened.get("c/0")
    assert caught.value.kind == "store-gone"
    (tmp_path / "elsewhere").rename(place)
    assert opened.get("c/0") is None
