"""Any array that zarr-python can write, and any place it can lie in, read as other implementations read it."""

from __future__ import annotations

import bz2
import dataclasses
import gzip
import json
import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numcodecs
import numpy as np
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    ShardingCodec,
    TransposeCodec,
    ZstdCodec,
)

from fairlab.image import open_image
from fairlab.options import set_options
from tests.second_readers import by_ngff_zarr, by_tensorstore, by_tensorstore_at, by_zarr
from tests.servers import FaultServer
from tests.stores import multiscale_entry, pixels, put_attributes, write_store

Serve = Callable[..., FaultServer]


# ── any array ────────────────────────────────────────────────────────────────────────────────────────


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drawn:
    """An array that hypothesis thought of, the regions that were written and one that is read."""

    zarr_format: int
    data: np.ndarray
    options: dict[str, Any]
    written: list[tuple[slice, ...]]
    read: tuple[Any, ...]


_TYPES = ["bool", "int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64",
          "float16", "float32", "float64", "complex64", "complex128"]  # fmt: skip
_V2 = [None, numcodecs.Zlib(), numcodecs.GZip(), numcodecs.BZ2(), numcodecs.Zstd(),
       *(numcodecs.Blosc(name, 5, turn) for name in ("lz4", "zstd", "blosclz") for turn in (0, 1, 2))]  # fmt: skip
_V3 = [[], [GzipCodec()], [ZstdCodec()], [Crc32cCodec()], [ZstdCodec(), Crc32cCodec()],
       *([BloscCodec(cname=name, shuffle=shuffle)] for name in ("lz4", "zstd")
         for shuffle in ("noshuffle", "shuffle", "bitshuffle"))]  # fmt: skip


@st.composite
def arrays(draw: st.DrawFn) -> Drawn:
    zarr_format = draw(st.sampled_from([2, 3]))
    shape = tuple(draw(st.lists(st.integers(1, 12), min_size=2, max_size=5)))
    chunks = tuple(draw(st.integers(1, n + 2)) for n in shape)
    dtype, order = np.dtype(draw(st.sampled_from(_TYPES))), draw(st.sampled_from("<>"))
    separator = draw(st.sampled_from("./"))
    data = np.random.default_rng(draw(st.integers(0, 99))).integers(0, 3, shape).astype(dtype)
    options: dict[str, Any] = {"chunks": chunks, "fill_value": draw(_fill(dtype))}
    if zarr_format == 2:
        data = data.astype(dtype.newbyteorder(order))
        compressor, layout = draw(st.sampled_from(_V2)), draw(st.sampled_from("CF"))
        options |= {"compressors": compressor, "order": layout, "filters": None}
        options["chunk_key_encoding"] = {"name": "v2", "separator": separator}
    else:
        turned = draw(st.none() | st.permutations(range(len(shape))).map(tuple))
        serializer: Any = BytesCodec(endian="little" if order == "<" else "big")
        before = [] if turned is None else [TransposeCodec(order=turned)]
        after = draw(st.sampled_from(_V3))
        if draw(st.booleans()):  # in shards, of which an edge may hang over the array's
            options["chunks"] = tuple(n * draw(st.integers(1, 3)) for n in chunks)
            index = [BytesCodec(), *draw(st.sampled_from([[], [Crc32cCodec()]]))]
            place = draw(st.sampled_from(["start", "end"]))
            inner = [*before, serializer, *after]
            serializer = ShardingCodec(
                chunk_shape=chunks, codecs=inner, index_codecs=index, index_location=place
            )
            before = after = []
        options |= {"filters": before, "serializer": serializer, "compressors": after}
        name = draw(st.sampled_from(["default", "v2"]))
        options["chunk_key_encoding"] = {"name": name, "separator": separator}
    region = st.tuples(*(_stretch(n) for n in shape))
    written = draw(st.lists(region, max_size=2) | st.just([(slice(None),) * len(shape)]))
    read = draw(st.tuples(*(st.slices(n) | st.integers(-n, n - 1) for n in shape)))
    return Drawn(zarr_format=zarr_format, data=data, options=options, written=written, read=read)


def _stretch(length: int) -> st.SearchStrategy[slice]:
    return st.tuples(st.integers(0, length), st.integers(0, length)).map(lambda ends: slice(*sorted(ends)))


def _fill(dtype: np.dtype) -> st.SearchStrategy[Any]:
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return st.sampled_from([0, 1, int(limits.max), int(limits.min)])
    if dtype.kind == "b":
        return st.booleans()
    return st.sampled_from([0.0, 0.5, float("nan"), float("inf"), float("-inf")])


@settings(max_examples=120)
@given(drawn=arrays())
@pytest.mark.filterwarnings("ignore:Combining a `sharding_indexed` codec")  # zarr-python, on its own speed
def test_any_array(drawn: Drawn) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        version, axes = ("0.4" if drawn.zarr_format == 2 else "0.5"), "tczyx"[-drawn.data.ndim :]
        put_attributes(
            path, {"multiscales": [multiscale_entry(["0"], axes, 1, version, "")]}, version, create=True
        )
        array = zarr.create_array(
            path / "0",
            shape=drawn.data.shape,
            dtype=drawn.data.dtype if drawn.zarr_format == 2 else drawn.data.dtype.newbyteorder("="),
            zarr_format=drawn.zarr_format,
            **drawn.options,
        )
        for region in drawn.written:
            array[region] = drawn.data[region]
        expected = by_zarr(path, "0")
        image = open_image(path, missing="fill")["scale0/image"]
        assert image.dtype == expected.dtype.newbyteorder("=")
        np.testing.assert_array_equal(image.values, expected)
        np.testing.assert_array_equal(image[drawn.read].values, expected[drawn.read])
        other = by_tensorstore(path, "0")
        assert other is not None
        np.testing.assert_array_equal(image.values, other)


_FILLS: list[tuple[str, int, Any, Any]] = [
    ("float32", 3, "0x7fc00001", np.nan),
    ("float64", 3, "0x3fe0000000000000", 0.5),
    ("float16", 3, "0x3800", 0.5),
    ("uint64", 3, 2**64 - 1, 2**64 - 1),
    ("complex64", 3, ["NaN", 1.5], complex(np.nan, 1.5)),
    ("<f4", 2, "-Infinity", -np.inf),
    ("<f8", 2, "NaN", np.nan),
    (">u8", 2, 2**64 - 1, 2**64 - 1),
    ("<i8", 2, -(2**63), -(2**63)),
]


@pytest.mark.parametrize(("dtype", "zarr_format", "stated", "value"), _FILLS, ids=str)
def test_fill_values_in_the_forms_of_json(
    tmp_path: Path, dtype: str, zarr_format: int, stated: Any, value: Any
) -> None:
    version = "0.4" if zarr_format == 2 else "0.5"
    entry = multiscale_entry(["0"], "yx", 1, version, "")
    put_attributes(tmp_path, {"multiscales": [entry]}, version, create=True)
    zarr.create_array(tmp_path / "0", shape=(3, 4), chunks=(2, 2), dtype=dtype, zarr_format=zarr_format)
    document = tmp_path / "0" / (".zarray" if zarr_format == 2 else "zarr.json")
    document.write_text(json.dumps({**json.loads(document.read_text()), "fill_value": stated}))
    got = open_image(tmp_path, missing="fill")["scale0/image"].values
    np.testing.assert_array_equal(got, np.full((3, 4), value))
    np.testing.assert_array_equal(got, by_zarr(tmp_path, "0"))


# ── codecs that only numcodecs knows, written by the standard library ────────────────────────────────


def _lz4(body: bytes) -> bytes:
    """A size and one LZ4 block of nothing but literals."""
    rest = len(body) - 15
    run = b"\xff" * (rest // 255) + bytes([rest % 255])
    return struct.pack("<I", len(body)) + b"\xf0" + run + body


Encode = Callable[[np.ndarray], bytes]
_PACKED: list[tuple[str, dict[str, Any], str, Encode]] = [
    ("zlib", {"level": 1}, "<u2", lambda data: zlib.compress(data.tobytes())),
    ("gzip", {"level": 1}, "<u2", lambda data: gzip.compress(data.tobytes())),
    ("bz2", {"level": 1}, "<u2", lambda data: bz2.compress(data.tobytes())),
    ("lzma", {"format": 1, "check": -1}, "<u2", lambda data: lzma.compress(data.tobytes())),
    ("lz4", {"acceleration": 1}, "<u2", lambda data: _lz4(data.tobytes())),
    ("crc32", {}, "<u2", lambda data: struct.pack("<I", zlib.crc32(data.tobytes())) + data.tobytes()),
    ("adler32", {}, "<u2", lambda data: struct.pack("<I", zlib.adler32(data.tobytes())) + data.tobytes()),
    ("shuffle", {"elementsize": 2}, "<u2", lambda data: data.view("u1").reshape(-1, 2).T.tobytes()),
    ("delta", {"dtype": "<u2"}, "<u2", lambda data: np.diff(data.ravel(), prepend=data.dtype.type(0)).tobytes()),
    ("packbits", {}, "|b1", lambda data: bytes([-data.size % 8]) + np.packbits(data.ravel()).tobytes()),
    ("fixedscaleoffset", {"offset": 5, "scale": 2, "dtype": "<f4", "astype": "|u1"}, "<f4",
     lambda data: ((data.ravel() - 5) * 2).round().astype("u1").tobytes()),
]  # fmt: skip
_OF_ARRAYS = ("delta", "packbits", "fixedscaleoffset")  # in zarr v3 they come before bytes
_FILTERS = (*_OF_ARRAYS, "shuffle", "crc32", "adler32")


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(
    ("codec", "settings", "dtype", "encode"), [pytest.param(*each, id=each[0]) for each in _PACKED]
)
@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3:UserWarning")
def test_what_the_standard_library_wrote(
    tmp_path: Path, codec: str, settings: dict[str, Any], dtype: str, encode: Encode, zarr_format: int
) -> None:
    data = np.random.default_rng(1).integers(0, 2 if dtype == "|b1" else 40, (12, 21)).astype(dtype)
    data = data + np.float32(5) if dtype == "<f4" else data
    version = "0.4" if zarr_format == 2 else "0.5"
    entry = multiscale_entry(["0"], "yx", 1, version, "")
    put_attributes(tmp_path, {"multiscales": [entry]}, version, create=True)
    array = tmp_path / "0"
    if zarr_format == 2:
        stated: dict[str, Any] = {"id": codec, **settings}
        first = codec in _FILTERS
        document: dict[str, Any] = {
            "zarr_format": 2, "shape": [12, 21], "chunks": [12, 21], "dtype": dtype, "fill_value": 0, "order": "C",
            "filters": [stated] if first else None, "compressor": None if first else stated,
        }  # fmt: skip
        name, chunk = ".zarray", array / "0.0"
    else:
        stated = {"name": f"numcodecs.{codec}", "configuration": settings}
        plain = {"name": "bytes", "configuration": {"endian": "little"}}
        codecs = [stated, plain] if codec in _OF_ARRAYS else [plain, stated]
        document = {
            "zarr_format": 3, "node_type": "array", "shape": [12, 21], "data_type": np.dtype(dtype).name,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [12, 21]}},
            "chunk_key_encoding": {"name": "default"}, "fill_value": 0, "codecs": codecs,
        }  # fmt: skip
        if dtype == "|b1":
            document["fill_value"] = False
        name, chunk = "zarr.json", array / "c" / "0" / "0"
    chunk.parent.mkdir(parents=True)
    chunk.write_bytes(encode(data))
    (array / name).write_text(json.dumps(document))
    np.testing.assert_array_equal(open_image(tmp_path)["scale0/image"].values, data)


# ── any place ────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["0.4", "0.5", "0.5 in shards"])
def stored(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, int]:
    version, _, sharded = request.param.partition(" ")
    write_store(tmp_path / "a.zarr", version=version, shards=2 if sharded else None, shape=(2, 45, 61))
    return tmp_path / "a.zarr", 2 if version == "0.4" else 3


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
def test_a_zip(stored: tuple[Path, int], serve: Serve, packing: int) -> None:
    folder, zarr_format = stored
    place = folder.parent / "a.ozx"
    with zipfile.ZipFile(place, "w", packing) as file:
        for path in sorted(folder.rglob("*")):
            file.write(path, path.relative_to(folder))
    for level in (0, 1):
        expected = by_zarr(zarr.storage.ZipStore(place, mode="r"), str(level))
        inside = {"driver": "zip", "base": f"file://{place}", "path": f"{level}/"}
        np.testing.assert_array_equal(expected, by_tensorstore_at(inside, zarr_format))
        for source in (place, f"{serve(folder.parent).url}/a.ozx"):
            np.testing.assert_array_equal(open_image(source)[f"scale{level}/image"].values, expected)
        if zarr_format == 3:  # the only one that RFC-9 is for
            np.testing.assert_array_equal(by_ngff_zarr(place, level), expected)


def test_memory() -> None:
    entry = multiscale_entry(["0"], "yx", 1, "0.5", "")
    theirs: dict[str, Any] = {}
    group = zarr.open_group(zarr.storage.MemoryStore(theirs), mode="w", zarr_format=3)
    group.attrs["ome"] = {"version": "0.5", "multiscales": [entry]}
    array = group.create_array("0", shape=(33, 50), chunks=(16, 25), shards=(32, 50), dtype="int16")
    array[...] = pixels((33, 50), "int16")
    bodies = {key: value.to_bytes() for key, value in theirs.items()}
    expected = by_zarr(zarr.storage.MemoryStore(theirs), "0")
    np.testing.assert_array_equal(open_image(bodies)["scale0/image"].values, expected)
    np.testing.assert_array_equal(expected, pixels((33, 50), "int16"))


def test_http(stored: tuple[Path, int], serve: Serve) -> None:
    folder, zarr_format = stored
    base = f"{serve(folder.parent).url}/a.zarr"
    for level in (0, 1):
        got = open_image(base)[f"scale{level}/image"].values
        place = {"driver": "http", "base_url": f"{base}/{level}/"}
        np.testing.assert_array_equal(got, by_tensorstore_at(place, zarr_format))
        np.testing.assert_array_equal(got, by_zarr(folder, str(level)))


def test_s3(stored: tuple[Path, int], monkeypatch: pytest.MonkeyPatch, s3_service: tuple[str, Any]) -> None:
    folder, zarr_format = stored
    endpoint, client = s3_service
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    client.create_bucket(Bucket="images")
    for path in folder.rglob("*"):
        if path.is_file():
            client.put_object(
                Bucket="images", Key=f"of 2026/a.zarr/{path.relative_to(folder)}", Body=path.read_bytes()
            )
    with set_options(s3_endpoint=endpoint):
        tree = open_image("s3://images/of 2026/a.zarr")
        for level in (0, 1):
            place = {
                "driver": "s3",
                "bucket": "images",
                "endpoint": endpoint,
                "aws_region": "us-east-1",
                "path": f"of 2026/a.zarr/{level}/",
            }
            got = tree[f"scale{level}/image"].values
            np.testing.assert_array_equal(got, by_tensorstore_at(place, zarr_format))
            np.testing.assert_array_equal(got, by_zarr(folder, str(level)))
