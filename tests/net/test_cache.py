from __future__ import annotations

import email.utils
import multiprocessing
import os
import time
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fairlab.errors import AccessError, FairlabWarning, FormatError, Unavailable
from fairlab.image import open_image
from fairlab.net import cache, http_store, kept
from fairlab.net.deadline import Deadline
from fairlab.net.store import open_store
from fairlab.net.traffic import ledger
from fairlab.options import set_options
from tests.servers import Fault, FaultServer
from tests.stores import write_store

if TYPE_CHECKING:
    from pathlib import Path

Serve = Callable[..., FaultServer]
BODY = bytes(range(256)) * 10


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(cache, "_objects", kept.Folder("objects"))
    monkeypatch.setattr(cache, "_unreachable", {})
    monkeypatch.setattr(cache, "_warned", set())
    with set_options(cache_dir=tmp_path / "cache", cache_max_bytes=10**7):
        yield tmp_path / "cache" / "objects"


@pytest.fixture
def server(tmp_path: Path, serve: Serve) -> FaultServer:
    for number in range(5):
        _write(tmp_path / f"web/a.zarr/{number}", BODY + bytes([number]))
    return serve(tmp_path / "web")


def _write(path: Path, body: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (time.time() - 100, time.time() - 100))


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*/*"))


def test_what_is_unchanged_is_not_sent_again(server: FaultServer) -> None:
    store = open_store(f"{server.url}/a.zarr")
    for _ in range(3):
        assert store.get("0") == BODY + b"\0"
        assert store.get("1", part=slice(-4, None)) == (BODY + b"\1")[-4:]
        assert store.get("1", part=slice(3, 7)) == BODY[3:7]
    assert [status for *_, status in server.requests] == [200, 206, 206] + [304] * 6
    assert ledger(store.location).snapshot().bytes == len(BODY) + 1 + 8


@pytest.mark.parametrize("etag", [True, False], ids=["etag", "date"])
def test_what_has_changed_is_fetched_and_replaces_the_old(
    server: FaultServer, folder: Path, etag: bool
) -> None:
    server.etag = etag
    store = open_store(f"{server.url}/a.zarr")
    assert store.get("0") == BODY + b"\0"
    (server.folder / "a.zarr/0").write_bytes(b"other")
    os.utime(server.folder / "a.zarr/0", (time.time() - 50, time.time() - 50))
    assert store.get("0") == b"other"
    assert store.get("0") == b"other"
    assert [status for *_, status in server.requests] == [200, 200, 304]
    assert len(_entries(folder)) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": 'W/"weak"', "Last-Modified": ""},
        {"ETag": "", "Last-Modified": email.utils.formatdate(usegmt=True)},
    ],
    ids=["weak", "just now"],
)
def test_what_cannot_be_checked_is_not_kept(
    server: FaultServer, folder: Path, headers: dict[str, str]
) -> None:
    if not headers["ETag"]:
        headers = {**headers, "Last-Modified": email.utils.formatdate(time.time(), usegmt=True)}
    server.fault("/0", Fault(headers=headers))
    open_store(f"{server.url}/a.zarr").get("0")
    assert not _entries(folder)


def test_a_weak_tag_is_no_proof_that_bytes_are_the_same(server: FaultServer) -> None:
    server.fault("/0", Fault(headers={"ETag": 'W/"weak"'}))
    for _ in range(2):
        assert open_store(f"{server.url}/a.zarr").get("0") == BODY + b"\0"
    asked = server.headers[-1]
    assert asked.get("If-Modified-Since") and asked.get("If-None-Match") is None


def test_a_write_that_fails_leaves_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(path: Path, content: bytes) -> int:
        with path.open("wb") as file:
            file.write(content[: len(content) // 2])
        raise OSError("no space left")

    objects = kept.Folder("objects")
    objects.save("key", {}, b"old", limit=1000)
    monkeypatch.setattr("pathlib.Path.write_bytes", half)
    with pytest.warns(FairlabWarning, match="no space left"):
        objects.save("key", {}, b"new", limit=1000)
    found = objects.load("key")
    assert found is not None and found.body == b"old"


def test_without_the_option_nothing_is_kept(server: FaultServer, folder: Path) -> None:
    with set_options(cache_max_bytes=0):
        open_store(f"{server.url}/a.zarr").get("0")
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "junk", "head"])
def test_a_damaged_entry_is_fetched_again(server: FaultServer, folder: Path, damage: str) -> None:
    store = open_store(f"{server.url}/a.zarr")
    store.get("0")
    (entry,) = _entries(folder)
    content = bytearray(entry.read_bytes())
    content[-5] ^= 1
    entry.write_bytes(
        {
            "flip": bytes(content),
            "cut": bytes(content[:-9]),
            "empty": b"",
            "junk": os.urandom(100),
            "head": bytes(content[:30]),
        }[damage]
    )
    assert store.get("0") == BODY + b"\0"
    assert [status for *_, status in server.requests] == [200, 200]
    assert store.get("0") == BODY + b"\0"
    assert server.requests[-1][-1] == 304


def test_off_line_the_same_reads_run_again_with_one_warning(server: FaultServer) -> None:
    store = open_store(f"{server.url}/a.zarr")

    def cells() -> list[bytes | None]:
        return [store.get("0"), store.get("1", part=slice(0, 5)), store.get("absent"), store.get("2")]

    first = cells()
    server.__exit__()
    with pytest.warns(FairlabWarning, match="not checked since") as caught:
        assert cells() == first
        assert cells() == first
    assert len(caught) == 1
    with pytest.raises(Unavailable):
        store.get("3")  # never read before


def test_the_off_line_switch_asks_nobody(server: FaultServer) -> None:
    # curl itself takes every name below "localhost" for this machine; for us it is a host like any other.
    store = open_store(f"{server.url}/a.zarr".replace("127.0.0.1", "data.localhost"))
    with set_options(offline=False):
        store.get("0")
        assert store.get("absent") is None
    with set_options(offline=True), pytest.warns(FairlabWarning, match="not checked since"):
        assert store.get("0") == BODY + b"\0"
        assert store.get("absent") is None
    assert len(server.requests) == 2


def test_a_host_that_does_not_answer_is_not_waited_for_again(server: FaultServer) -> None:
    store = open_store(f"{server.url}/a.zarr")
    for key in "0123":
        store.get(key)
    server.fault("", Fault(hang=True))
    start = time.monotonic()
    with pytest.warns(FairlabWarning):
        for key in "0123":
            assert store.get(key, deadline=Deadline(0.5))
    assert time.monotonic() - start < 1.5


def test_a_server_that_answers_badly_is_no_reason_to_use_the_cache(server: FaultServer) -> None:
    store = open_store(f"{server.url}/a.zarr")
    store.get("0")
    server.fault("/0", Fault(status=500))
    with pytest.raises(Unavailable) as caught:
        store.get("0", deadline=Deadline(0.5))
    assert caught.value.kind == "http-500"


def test_refusals_and_pages_are_remembered_as_what_they_were(server: FaultServer) -> None:
    store = open_store(f"{server.url}/a.zarr")
    server.fault("/0", Fault(status=403))
    server.fault("/1", Fault(body=b"<html>", headers={"Content-Type": "text/html"}))
    for _ in range(2):
        with pytest.raises(AccessError):
            store.get("0")
        with pytest.raises(FormatError, match="web page"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            store.get("1")
        server.__exit__()


def test_an_absent_object_may_appear(server: FaultServer) -> None:
    store = open_store(f"{server.url}/a.zarr")
    assert store.get("new") is None
    _write(server.folder / "a.zarr/new", b"now")
    assert store.get("new") == b"now"


def test_no_secret_reaches_the_disk_and_new_signatures_find_old_entries(
    server: FaultServer, folder: Path
) -> None:
    for signature in ("hush1", "hush2"):
        address = server.url.replace("://", "://me:hush@") + f"/a.zarr?X-Amz-Signature={signature}&sig=hush"
        assert open_store(address).get("0") == BODY + b"\0"
    assert [status for *_, status in server.requests] == [200, 304]
    everything = b"".join(path.read_bytes() + str(path).encode() for path in _entries(folder))
    assert b"hush" not in everything and b"me@" not in everything
    assert open_store(f"{server.url}/a.zarr?version=7").get("0")
    assert server.requests[-1][-1] == 200  # another version is another object


def test_damage_on_the_way_is_not_kept(server: FaultServer, folder: Path) -> None:
    server.s3 = True
    tag = {"ETag": f'"{"0" * 32}"'}
    server.fault("/0", Fault(headers=tag))
    with set_options(verify=True), pytest.raises(Exception, match="checksum"):
        open_store(f"{server.url}/a.zarr").get("0")
    assert not _entries(folder)


def test_damage_that_no_checksum_tells_is_not_kept_for_good(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "web/a.zarr", shape=(1, 64, 64), levels=1, shards=2)
    server = serve(tmp_path / "web")
    shard = tmp_path / "web/a.zarr/0/c/0/1/1"
    tag = {"ETag": server._facts(shard, shard.read_bytes())["ETag"]}
    for part in (slice(None), slice(20, 44)):
        store = open_image(f"{server.url}/a.zarr")["scale0/image"]
        server.fault("0/c/0/1/1", Fault(body=bytes(len(shard.read_bytes())), headers=tag, times=1))
        np.testing.assert_array_equal(store[0, part, part], full[0, part, part])
        for _ in range(2):
            server.requests.clear()
            again = open_image(f"{server.url}/a.zarr")["scale0/image"][0, part, part]
            np.testing.assert_array_equal(again, full[0, part, part])
        assert {status for *_, status in server.requests} == {304, 404}  # what is right is kept


def test_the_longest_unused_goes_first(server: FaultServer, folder: Path) -> None:
    store = open_store(f"{server.url}/a.zarr")
    with set_options(cache_max_bytes=4 * 3000):
        for age, key in enumerate("0123"):
            store.get(key)
            for path in _entries(folder):
                facts = path.stat()
                os.utime(path, (facts.st_mtime - 10, facts.st_mtime - 10))
            assert age < 4
        store.get("0")  # used again
        store.get("4")
        assert sum(path.stat().st_size for path in _entries(folder)) <= 4 * 3000
        server.requests.clear()
        store.get("0")
        store.get("1")
    assert [status for *_, status in server.requests] == [304, 200]


def test_what_a_killed_process_left_goes(server: FaultServer, folder: Path) -> None:
    for name, age in {"new-old": 7200, "new-young": 10}.items():
        _write(folder / "ab" / name, b"half")
        os.utime(folder / "ab" / name, (time.time() - age, time.time() - age))
    open_store(f"{server.url}/a.zarr").get("0")
    assert [path.name for path in _entries(folder) if path.name.startswith("new-")] == ["new-young"]


def _reads(url: str, folder: str, number: int) -> bool:
    with set_options(cache_dir=folder, cache_max_bytes=20_000):
        store = open_store(url)
        keys = [f"{(number + n) % 5}" for n in range(60)]
        with ThreadPoolExecutor(8) as pool:
            return all(
                body == BODY + bytes([int(key)])
                for key, body in zip(keys, pool.map(store.get, keys), strict=True)
            )


def test_processes_share_the_folder(server: FaultServer, tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    with context.Pool(3) as pool:
        work = [(f"{server.url}/a.zarr", str(tmp_path / "cache"), n) for n in range(3)]
        assert all(pool.starmap(_reads, work))


def test_a_folder_that_cannot_be_written_is_said_once(server: FaultServer, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = open_store(f"{server.url}/a.zarr")
    with (
        set_options(cache_dir=tmp_path / "file"),
        pytest.warns(FairlabWarning, match="cannot be written") as caught,
    ):
        assert store.get("0") and store.get("1")
    assert len(caught) == 1
    assert http_store.HttpStore(server.url).location == server.url


@pytest.mark.parametrize(("version", "shards"), [("0.4", None), ("0.5", None), ("0.5", 2)])
def test_off_line_an_image_opens_and_reads_as_it_did(
    tmp_path: Path, serve: Serve, version: str, shards: int | None
) -> None:
    write_store(tmp_path / "web/a.zarr", version=version, shards=shards, shape=(1, 64, 64))
    for path in (tmp_path / "web").rglob("*"):
        os.utime(path, (time.time() - 100, time.time() - 100))
    server = serve(tmp_path / "web", etag=version == "0.4")

    def cells() -> np.ndarray:
        return np.asarray(open_image(f"{server.url}/a.zarr")["scale0/image"][0, 20:44, 20:44])

    first = cells()
    server.__exit__()
    with pytest.warns(FairlabWarning, match="not checked since") as caught:
        np.testing.assert_array_equal(cells(), first)
    assert len(caught) == 1
