from __future__ import annotations

import itertools
import json
import os
import pickle
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import google_crc32c
import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlab.errors import AccessError, ChunkError, FairlabWarning, SelectionError
from fairlab.image import open_image
from fairlab.net.deadline import Deadline
from fairlab.net.fetch import ArrayReader, Part, documents, read_into
from fairlab.net.store import open_store
from fairlab.net.traffic import ledger
from fairlab.options import set_options
from tests.servers import Fault, FaultServer
from tests.stores import write_store

Serve = Callable[[Path], FaultServer]
CHUNK = {"0.4": "0/0/1/1", "0.5": "0/c/0/1/1"}
FAULTS = {
    "http-403": Fault(status=403),
    "http-401": Fault(status=401),
    "http-500": Fault(status=500),
    "http-503": Fault(status=503),
    "http-429": Fault(status=429),
    "body-short": Fault(cut=5),
    "timeout": Fault(delay_s=6),
    "chunk-empty": Fault(body=b""),
    "html-page": Fault(body=b"<html>log in</html>", headers={"Content-Type": "text/html"}),
    "chunk-damaged": Fault(body=b"not a chunk at all"),
}


@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_an_error_that_names_its_chunk(
    tmp_path: Path, serve: Serve, kind: str, version: str
) -> None:
    write_store(tmp_path / "a.zarr", version=version)
    server = serve(tmp_path)
    image = open_image(f"{server.url}/a.zarr")["scale0/image"]
    server.fault(CHUNK[version], Fault(**vars(FAULTS[kind])))
    with set_options(timeout_s=3 if kind == "timeout" else 1), pytest.raises(ChunkError) as caught:
        image.load()
    error = pickle.loads(pickle.dumps(caught.value))
    assert error.kind == kind
    assert error.url == f"{server.url}/a.zarr/{CHUNK[version]}"
    assert CHUNK[version] in str(error)


@pytest.mark.parametrize(
    "fault", [Fault(status=500, times=1), Fault(status=503, times=2), Fault(cut=3, times=1)]
)
def test_what_can_recover_does(tmp_path: Path, serve: Serve, fault: Fault) -> None:
    full = write_store(tmp_path / "a.zarr")
    server = serve(tmp_path)
    image = open_image(f"{server.url}/a.zarr")["scale0/image"]
    server.fault(CHUNK["0.5"], Fault(**vars(fault)))
    np.testing.assert_array_equal(image.values, full)


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_only_404_is_the_fill_value_and_says_so(tmp_path: Path, serve: Serve, version: str) -> None:
    full = write_store(tmp_path / "a.zarr", version=version)
    (tmp_path / "a.zarr" / CHUNK[version]).unlink()
    image = open_image(f"{serve(tmp_path).url}/a.zarr")["scale0/image"]
    with pytest.warns(FairlabWarning, match=CHUNK[version]):
        got = image.values
    full[0, 16:32, 16:32] = 0
    np.testing.assert_array_equal(got, full)


def test_a_missing_shard_read_in_part_says_so(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr", shape=(1, 64, 64), shards=2)
    (tmp_path / "a.zarr/0/c/0/1/1").unlink()
    image = open_image(f"{serve(tmp_path).url}/a.zarr")["scale0/image"]
    with pytest.warns(FairlabWarning, match="c/0/1/1"):
        assert not image[0, 40:44, 40:44].values.any()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(image[0, 2:5, 3:9], full[0, 2:5, 3:9])


@pytest.mark.parametrize("status", [302, 400, 403])
def test_documents_tolerate_refusals_beside_an_answer(tmp_path: Path, serve: Serve, status: int) -> None:
    write_store(tmp_path / "a.zarr", version="0.4")
    server = serve(tmp_path)
    elsewhere = {"Location": "https://login.example.org/"} if status == 302 else {}
    server.fault("zarr.json", Fault(status=status, headers=elsewhere))  # a bucket that may not be listed
    found = documents(open_store(f"{server.url}/a.zarr"), ["zarr.json", ".zattrs"], deadline=Deadline())
    assert found["zarr.json"] is None and found[".zattrs"]
    assert open_image(f"{server.url}/a.zarr").attrs["ngff_version"] == "0.4"


def test_documents_that_are_all_refused_are_an_error(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr", version="0.4")
    server = serve(tmp_path)
    server.fault("zarr.json", Fault(status=403))
    store = open_store(f"{server.url}/a.zarr")
    for keys, required in (
        (["zarr.json"], []),
        (["zarr.json", "nothing.json"], []),  # which says no more than that nobody may look
        (["zarr.json", ".zattrs"], ["zarr.json"]),
    ):
        with pytest.raises(AccessError) as caught:
            documents(store, keys, required=required)
        assert caught.value.kind == "http-403"


_index = st.one_of(
    st.integers(-20, 19),
    st.slices(20),
    st.lists(st.integers(-20, 19), min_size=1, max_size=6).map(lambda v: np.array(v)),
)


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> tuple[ArrayReader, np.ndarray]:
    folder = tmp_path_factory.mktemp("outer")
    full = write_store(folder / "a.zarr", axes="zyx", shape=(20, 20, 20), chunk=7)
    store = open_store(folder / "a.zarr")
    document = documents(store, ["0/zarr.json"], deadline=Deadline())["0/zarr.json"]
    assert document is not None
    return ArrayReader(store, "0", document), full


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.tuples(_index, _index, _index))
def test_outer_selections_equal_numpys(
    reader: tuple[ArrayReader, np.ndarray], key: tuple[object, ...]
) -> None:
    array, full = reader
    expected = full
    for axis in reversed(range(3)):
        expected = expected[(slice(None),) * axis + (key[axis],)]
    np.testing.assert_array_equal(array.read(key), expected)  # type: ignore[arg-type]


def test_links_out_of_a_store_are_not_followed(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    secret = tmp_path / "secret"
    secret.write_bytes(b"x" * 1000)
    chunk = tmp_path / "a.zarr" / CHUNK["0.5"]
    chunk.unlink()
    chunk.symlink_to(secret)
    with pytest.raises(ChunkError) as caught:
        open_image(tmp_path / "a.zarr")["scale0/image"].load()
    assert caught.value.kind == "link-outside"


_CODECS = {
    "0.4": [
        numcodecs.GZip(),
        numcodecs.Zlib(),
        numcodecs.BZ2(),
        numcodecs.LZMA(),
        numcodecs.LZ4(),
        numcodecs.Blosc(),
    ],
    "0.5": [zarr.codecs.GzipCodec(), zarr.codecs.BloscCodec(), zarr.codecs.ZstdCodec()],
}


@pytest.mark.parametrize("damage", ["half", "garbage", "head"])
@pytest.mark.parametrize(
    ("version", "codec"), [(v, c) for v, codecs in _CODECS.items() for c in codecs], ids=str
)
def test_whatever_a_decompressor_raises_names_the_chunk(
    tmp_path: Path, version: str, codec: object, damage: str
) -> None:
    write_store(tmp_path / "a.zarr", version=version, compressor=codec)
    chunk = tmp_path / "a.zarr" / CHUNK[version]
    whole = chunk.read_bytes()
    head = bytes([whole[0] ^ 255, whole[1] ^ 255]) + whole[2:]
    chunk.write_bytes(
        {"half": whole[: len(whole) // 2], "garbage": b"not a chunk at all", "head": head}[damage]
    )
    with pytest.raises(ChunkError) as caught:
        open_image(tmp_path / "a.zarr")["scale0/image"].load()
    assert (caught.value.kind, caught.value.context["key"]) == ("chunk-damaged", CHUNK[version])


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_a_damaged_zip_entry_names_the_chunk(tmp_path: Path, packing: int) -> None:
    write_store(tmp_path / "a.zarr", compressor=None)
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", packing) as file:
        for entry in (tmp_path / "a.zarr").rglob("*"):
            file.write(entry, entry.relative_to(tmp_path / "a.zarr"))
        start = file.getinfo(CHUNK["0.5"]).header_offset + 30 + len(CHUNK["0.5"]) + 5
    body = bytearray(path.read_bytes())
    body[start : start + 40] = b"\xff" * 40
    path.write_bytes(body)
    with pytest.raises(ChunkError) as caught:
        open_image(path)["scale0/image"].load()
    assert (caught.value.kind, caught.value.context["key"]) == ("zip-damaged", CHUNK["0.5"])


# ── what the store does not have ─────────────────────────────────────────────────────────────────────


def _array(place: str | Path, path: str = "0", **options: Any) -> ArrayReader:
    store = open_store(place)
    name = f"{path}/zarr.json"
    metadata = documents(store, [name])[name]
    assert metadata is not None
    return ArrayReader(store, path, metadata, **options)


@pytest.mark.parametrize("shards", [None, 2])
def test_a_chunk_gone_for_a_moment_beside_others_is_asked_for_again(
    tmp_path: Path, serve: Serve, shards: int | None
) -> None:
    full = write_store(tmp_path / "a.zarr", shards=shards)
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr")
    server.fault("0/c/0/0/1", Fault(status=404, times=1))
    np.testing.assert_array_equal(reader.read((slice(None),) * 3), full)
    assert not reader.missing_chunks
    assert [p for p in server.paths() if p.endswith("0/c/0/0/1")][:2] == ["/a.zarr/0/c/0/0/1"] * 2


def test_a_chunk_without_neighbours_is_not_asked_for_again(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr")
    (tmp_path / "a.zarr/0/c/0/1/1").unlink()
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr", missing="fill")
    assert not reader.read((0, slice(16, 32), slice(16, 32))).any()
    assert server.paths().count("/a.zarr/0/c/0/1/1") == 1


@pytest.mark.parametrize("missing", ["warn", "error", "fill"])
def test_what_a_missing_chunk_means_is_the_users_choice(tmp_path: Path, missing: str) -> None:
    full = write_store(tmp_path / "a.zarr", compressor=None)
    (tmp_path / "a.zarr/0/c/0/1/1").unlink()
    document = tmp_path / "a.zarr/0/zarr.json"
    document.write_text(document.read_text().replace('"fill_value": 0', '"fill_value": 7'))
    reader = _array(tmp_path / "a.zarr", missing=missing)
    before = ledger(reader.store.location).snapshot().missing_chunks
    full[0, 16:32, 16:32] = 7
    if missing == "error":
        with pytest.raises(ChunkError) as caught:
            reader.read((slice(None),) * 3)
        assert (caught.value.kind, caught.value.context["key"]) == ("chunk-missing", "0/c/0/1/1")
    elif missing == "warn":
        with pytest.warns(FairlabWarning, match=r"1 of 24 chunks .*: 0/c/0/1/1"):
            np.testing.assert_array_equal(reader.read((slice(None),) * 3), full)
    else:
        np.testing.assert_array_equal(reader.read((slice(None),) * 3), full)
    assert reader.missing_chunks == ["0/c/0/1/1"]
    assert ledger(reader.store.location).snapshot().missing_chunks == (*before, "0/c/0/1/1")


@pytest.mark.parametrize(
    ("gone", "rows", "columns"),
    [
        ("0/c/0/0/0", slice(0, 16), slice(0, 32)), ("0/c/0/0/3", slice(0, 16), slice(32, 60)),
        ("0/c/0/0/0", slice(0, 32), slice(0, 16)), ("0/c/0/2/0", slice(16, 40), slice(0, 16)),
    ],
)  # fmt: skip
def test_a_neighbour_on_any_side_is_one(
    tmp_path: Path, serve: Serve, gone: str, rows: slice, columns: slice
) -> None:
    full = write_store(tmp_path / "a.zarr")
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr")
    server.fault(gone, Fault(status=404, times=1))
    np.testing.assert_array_equal(reader.read((0, rows, columns)), full[0, rows, columns])
    assert not reader.missing_chunks


def test_a_missing_chunk_is_named_once_however_often_it_is_read(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    (tmp_path / "a.zarr/0/c/0/1/1").unlink()
    reader = _array(tmp_path / "a.zarr", missing="fill")
    for _ in range(3):
        reader.read((slice(None),) * 3)
    assert reader.missing_chunks == ["0/c/0/1/1"]


def test_a_read_that_does_not_fit_is_refused_before_any_request(tmp_path: Path, serve: Serve) -> None:
    write_store(tmp_path / "a.zarr")
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr")
    before = len(server.requests)
    for read in (
        lambda: reader.read((0, slice(0, 8), slice(0, 8))),
        lambda: reader.read_points((np.zeros(60, int), np.zeros(60, int), np.arange(60))),
    ):
        with set_options(max_read_bytes=100), pytest.raises(SelectionError) as caught:
            read()
        assert caught.value.kind == "read-too-large"
    assert len(server.requests) == before


def test_damage_is_borne_with_where_it_is_rare(tmp_path: Path, serve: Serve) -> None:
    """A server that answers everything with a page is not asked for everything twice."""
    full = write_store(tmp_path / "a.zarr", shape=(1, 64, 512), levels=1)
    server = serve(tmp_path)
    for number in range(8):
        server.fault(f"0/c/0/1/{number}", Fault(body=b"junk", times=1))
    reader = _array(f"{server.url}/a.zarr")
    np.testing.assert_array_equal(reader.read((slice(None),) * 3), full)
    assert len(server.requests) == 1 + 4 * 32 + 8
    server.requests.clear()
    server.fault("", Fault(body=b"junk"))
    with set_options(max_connections=4), pytest.raises(ChunkError) as caught:
        reader.read((slice(None),) * 3)
    assert (caught.value.kind, caught.value.context["tries"]) == ("chunk-damaged", 1)
    assert len(server.requests) < 64


# ── shards ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_shards_index_is_asked_for_once_and_neighbours_travel_together(
    tmp_path: Path, serve: Serve
) -> None:
    full = write_store(tmp_path / "a.zarr", shape=(1, 64, 64), shards=4, levels=1)
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr")
    before = len(server.requests)
    np.testing.assert_array_equal(reader.read((0, slice(0, 16), slice(None))), full[0, :16])
    assert len(server.requests) - before == 2  # the index, and four neighbours at once
    np.testing.assert_array_equal(reader.read((0, slice(16, 32), slice(0, 16))), full[0, 16:32, :16])
    assert len(server.requests) - before == 3
    np.testing.assert_array_equal(reader.read((slice(None),) * 3), full)
    assert len(server.requests) - before == 4  # all of a small shard is one object


@pytest.mark.parametrize("location", ["start", "end"])
def test_chunks_that_a_shard_never_had_are_the_fill_value(tmp_path: Path, location: str) -> None:
    from zarr.codecs import ShardingCodec

    array = zarr.create_array(
        tmp_path / "a.zarr/0",
        shape=(64, 64),
        chunks=(32, 32),
        dtype="int16",
        fill_value=-5,
        compressors=None,
        serializer=ShardingCodec(chunk_shape=(16, 16), index_location=location),
    )
    array[:16, :16] = 3
    expected = array[...]
    with pytest.warns(FairlabWarning, match="3 of 4"):
        np.testing.assert_array_equal(_array(tmp_path / "a.zarr").read((slice(None),) * 2), expected)
    part = (slice(3, 20), slice(0, 30))
    np.testing.assert_array_equal(_array(tmp_path / "a.zarr").read(part), expected[part])


@pytest.mark.parametrize(
    ("cut", "key"), [(slice(0, 0), (slice(None),) * 3), (slice(0, 300), (0, slice(0, 20), slice(0, 20)))]
)
def test_a_shard_cut_short_is_an_error(tmp_path: Path, cut: slice, key: Any) -> None:
    write_store(tmp_path / "a.zarr", shape=(1, 64, 64), shards=4)
    shard = tmp_path / "a.zarr/0/c/0/0/0"
    shard.write_bytes(shard.read_bytes()[cut])
    with pytest.raises(ChunkError) as caught:
        _array(tmp_path / "a.zarr").read(key)
    assert caught.value.kind in ("chunk-damaged", "checksum-mismatch")
    assert caught.value.context["key"] == "0/c/0/0/0"


def test_a_shard_that_ends_before_its_chunks_is_an_error(tmp_path: Path, serve: Serve) -> None:
    """Its index, which stands in front, is whole."""
    from zarr.codecs import ShardingCodec

    serializer = ShardingCodec(chunk_shape=(16, 16), index_location="start")
    options: dict[str, Any] = {
        "chunks": (32, 32),
        "dtype": "int16",
        "compressors": None,
        "serializer": serializer,
    }
    zarr.create_array(tmp_path / "a.zarr/0", shape=(32, 32), **options)[...] = 3
    shard = tmp_path / "a.zarr/0/c/0/0"
    shard.write_bytes(shard.read_bytes()[:-10])
    for place in (tmp_path / "a.zarr", f"{serve(tmp_path).url}/a.zarr"):
        assert (_array(place).read((slice(0, 16), slice(0, 16))) == 3).all()
        with pytest.raises(ChunkError) as caught:
            _array(place).read((slice(16, 32), slice(16, 32)))
        assert (caught.value.kind, caught.value.context["key"]) == ("chunk-damaged", "0/c/0/0")


def test_a_shard_that_came_later_is_seen(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr", shape=(1, 64, 64), shards=2)
    shard = tmp_path / "a.zarr/0/c/0/0/0"
    body = shard.read_bytes()
    shard.unlink()
    reader = _array(tmp_path / "a.zarr", missing="fill")
    assert not reader.read((0, slice(0, 5), slice(0, 5))).any()
    shard.write_bytes(body)
    np.testing.assert_array_equal(reader.read((0, slice(0, 5), slice(0, 5))), full[0, :5, :5])


def _rewritten(shard: Path) -> None:
    """The same chunks, and an index that is right, in another order: what some writers do."""
    body = shard.read_bytes()
    index = np.frombuffer(body[-68:-4], "<u8").reshape(4, 2)
    chunks = [body[offset : offset + length] for offset, length in index.tolist()]
    moved = index.copy()
    moved[:, 0] = np.cumsum([0] + [len(chunk) for chunk in chunks[:0:-1]])[::-1]
    plain = moved.astype("<u8").tobytes()
    shard.write_bytes(b"".join(chunks[::-1]) + plain + int(google_crc32c.value(plain)).to_bytes(4, "little"))


@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("s3", [True, False])
@pytest.mark.parametrize("etag", [True, False])
def test_a_shard_that_changes_after_its_index_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, etag: bool, s3: bool, small: bool
) -> None:
    if not small:
        monkeypatch.setattr("fairlab.net.guard.SMALL_OBJECT", 0)
    full = write_store(tmp_path / "a.zarr", shape=(1, 64, 64), shards=2, levels=1, compressor=None)
    shard = tmp_path / "a.zarr/0/c/0/0/0"
    os.utime(shard, (1e9, 1e9))
    with FaultServer(tmp_path, etag=etag, s3=s3) as server, set_options(s3_endpoint=server.url):
        reader = _array("s3://a.zarr" if s3 else f"{server.url}/a.zarr")
        np.testing.assert_array_equal(reader.read((0, slice(0, 9), slice(0, 9))), full[0, :9, :9])
        _rewritten(shard)
        for span in (slice(20, 30), slice(0, 9)):  # of the last chunk, and of the first
            part = (0, span, span)
            np.testing.assert_array_equal(reader.read(part), full[part])


def test_a_shard_that_never_stands_still_is_an_error(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = write_store(tmp_path / "a.zarr", shape=(1, 64, 64), shards=2, levels=1, compressor=None)
    server, count = serve(tmp_path), itertools.count()
    facts = {"ETag": lambda: f'"{next(count)}"', "Last-Modified": lambda: f"day {next(count)}"}
    server.fault("0/c/0/0/0", Fault(headers=facts))
    part = (0, slice(3, 9), slice(20, 30))
    # One that is small is fetched whole, which is of one version.
    np.testing.assert_array_equal(_array(f"{server.url}/a.zarr").read(part), full[part])
    monkeypatch.setattr("fairlab.net.guard.SMALL_OBJECT", 0)
    with pytest.raises(ChunkError) as caught:
        _array(f"{server.url}/a.zarr").read(part)
    assert (caught.value.kind, caught.value.context["tries"]) == ("chunk-changed", 2)
    server.clear_faults()
    # Servers that share the work, each with an ETag of its own for the same file.
    server.fault("0/c/0/0/0", Fault(headers={"ETag": facts["ETag"]}))
    np.testing.assert_array_equal(_array(f"{server.url}/a.zarr").read(part), full[part])


def test_indexes_of_many_shards_are_not_all_kept(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairlab.net.shard_indexes._KEPT_BYTES", 2 * 4 * 16)  # two of them, of four chunks
    full = write_store(tmp_path / "a.zarr", shape=(1, 32, 160), shards=2, levels=1)
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr")

    def indexes(column: int) -> int:
        before = len(server.requests)
        part = (0, slice(0, 16), slice(column, column + 16))
        np.testing.assert_array_equal(reader.read(part), full[part])
        return len(server.requests) - before - 1

    assert [indexes(column) for column in (0, 32, 0, 64)] == [1, 1, 0, 1]
    assert [indexes(column) for column in (0, 64, 32)] == [
        0,
        0,
        1,
    ]  # the one that was not used for longest went


def test_large_shards_are_never_fetched_as_one_object(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fairlab.net.guard.SMALL_OBJECT", 0)
    full = write_store(tmp_path / "a.zarr", shape=(2, 64, 64), shards=2)
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr")
    before = len(server.requests)
    np.testing.assert_array_equal(reader.read((slice(None),) * 3), full)
    assert all("range" in headers for headers in server.headers[before:])


# ── many at once, points, cost ───────────────────────────────────────────────────────────────────────


def test_many_arrays_are_read_in_one_batch(tmp_path: Path, serve: Serve) -> None:
    fulls = [write_store(tmp_path / f"{n}.zarr") for n in range(3)]
    server = serve(tmp_path)
    readers = [_array(f"{server.url}/{n}.zarr") for n in range(3)]
    out = np.empty((3, 1, 20, 60), "uint16")
    key = (1, slice(5, 25), slice(None))
    read_into(Part(reader, key, out[n]) for n, reader in enumerate(readers))
    np.testing.assert_array_equal(out[:, 0], [full[1, 5:25] for full in fulls])


def test_points_read_their_own_chunks_only(tmp_path: Path, serve: Serve) -> None:
    full = write_store(tmp_path / "a.zarr", shape=(2, 64, 64))
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr")
    key = (np.array([[0], [1]]), np.array([[3], [40]]), np.arange(16)[None])
    before = len(server.requests)
    np.testing.assert_array_equal(reader.read_points(key), full[key])
    assert len(server.requests) - before == reader.cost_points(key).requests == 2


@pytest.mark.parametrize("key", [(0, 0, 0), (slice(None),) * 3, (1, slice(3, 50, 7), np.array([1, 59, 2]))])
def test_the_cost_is_what_the_servers_log_says(tmp_path: Path, serve: Serve, key: Any) -> None:
    write_store(tmp_path / "a.zarr", compressor=None)
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr")
    before, sums = len(server.requests), ledger(reader.store.location).snapshot()
    pixels, cost = reader.read(key), reader.cost(key)
    after = ledger(reader.store.location).snapshot()
    assert cost.exact
    assert cost.requests == len(server.requests) - before == after.requests - sums.requests
    assert cost.bytes == after.bytes - sums.bytes
    assert cost.result_bytes == pixels.nbytes


@pytest.mark.parametrize(("shards", "exact"), [(2, True), (64, False)])
def test_the_cost_of_whole_shards_is_no_less_than_the_log_says(
    tmp_path: Path, serve: Serve, shards: int, exact: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exact:
        monkeypatch.setattr("fairlab.net.guard.SMALL_OBJECT", 0)
    write_store(tmp_path / "a.zarr", shape=(2, 256, 256), shards=shards, compressor=None)
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr")
    before, cost = len(server.requests), reader.cost((slice(None),) * 3)
    reader.read((slice(None),) * 3)
    assert cost.exact is exact
    if exact:
        assert cost.requests == len(server.requests) - before
    else:
        assert len(server.requests) - before <= cost.requests < reader.cost((slice(1, None),) * 3).requests


def test_a_million_million_chunks_cost_nothing_to_count_and_one_pixel_is_one_request(
    tmp_path: Path, serve: Serve
) -> None:
    write_store(tmp_path / "a.zarr")
    document = tmp_path / "a.zarr/0/zarr.json"
    metadata = json.loads(document.read_text())
    metadata["shape"] = [1, 10**6, 10**6]
    metadata["chunk_grid"]["configuration"]["chunk_shape"] = [1, 1, 1]
    document.write_text(json.dumps(metadata))
    server = serve(tmp_path)
    reader = _array(f"{server.url}/a.zarr", missing="fill")
    assert reader.cost((slice(None),) * 3).requests == 10**12
    before = len(server.requests)
    assert reader.read((0, 999_999, 123)) == 0
    assert len(server.requests) - before == 1


def test_readers_travel(tmp_path: Path) -> None:
    full = write_store(tmp_path / "a.zarr", shards=2)
    again = pickle.loads(pickle.dumps(_array(tmp_path / "a.zarr", missing="error")))
    assert again.missing == "error"
    np.testing.assert_array_equal(again.read((0, slice(3, 9), slice(None))), full[0, 3:9])


def test_a_reader_of_another_array_in_the_same_words(tmp_path: Path) -> None:
    first = write_store(tmp_path / "a.zarr", version="0.4", levels=1)
    second = write_store(tmp_path / "b.zarr", version="0.4", levels=1, seed=1)
    (tmp_path / "b.zarr/0/0/0/0").unlink()
    document = json.loads((tmp_path / "a.zarr/0/.zarray").read_text())
    one = ArrayReader(open_store(tmp_path), "a.zarr/0", document, missing="fill")
    other = pickle.loads(pickle.dumps(one.at("b.zarr/0")))
    np.testing.assert_array_equal(other.read((slice(None),) * 3)[:, 16:], second[:, 16:])
    np.testing.assert_array_equal(one.read((slice(None),) * 3), first)
    assert (one.missing_chunks, other.missing_chunks) == ([], ["b.zarr/0/0/0/0"])
