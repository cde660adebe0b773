"""Every read compared with a second implementation, on stores of every version, layout, type and codec.

What was written is known too, but a reader that is wrong the way our writer is wrong would pass: zarr-python
and tensorstore (where it knows the codec) decode the same bytes, ome-zarr and ngff-zarr open the same groups.
"""

from __future__ import annotations

import itertools
import json
import shutil
import warnings
from typing import TYPE_CHECKING, Any

import numcodecs
import numpy as np
import pytest
import tensorstore
import zarr
from hypothesis import HealthCheck, given, settings
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

from fairlab.errors import FairlabWarning, FormatError
from fairlab.image import open_image
from tests.second_readers import by_ngff_zarr, by_ome_zarr, by_tensorstore, by_zarr
from tests.stores import AXES, VERSIONS, put_attributes, write_store

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (37, 50)  # prime against the chunks: the last ones hang over the edge
CHUNKS = (16, 25)
_HAS_LZMA = hasattr(numcodecs, "LZMA")  # some builds of Python come without it


# ── ours beside the second implementations ───────────────────────────────────────────────────────────


def ours(path: Path, level: int = 0) -> np.ndarray:
    return np.asarray(open_image(path)[f"scale{level}/image"].values)


def agree(path: Path, *, missing: bool = False, exact: np.ndarray | None = None) -> bool:
    """Compare level 0 with zarr-python and tensorstore; whether tensorstore could read it."""
    got = ours(path) if not missing else _with_gaps(path)
    expected = by_zarr(path, "0")
    assert got.dtype == expected.dtype.newbyteorder("=")
    np.testing.assert_array_equal(got, expected)
    if exact is not None:
        np.testing.assert_array_equal(got, exact)
    other = by_tensorstore(path, "0")
    if other is not None:
        np.testing.assert_array_equal(got, other)
    return other is not None


def _with_gaps(path: Path) -> np.ndarray:
    with pytest.warns(FairlabWarning, match="not in the store"):
        return ours(path)


# ── whole images: versions, axes, separators, shards ─────────────────────────────────────────────────

LENGTHS = {"t": 2, "c": 3, "z": 2, "y": 21, "x": 34}
# The order that the specification asks for, and the others that are out there.
ORDERS = [
    "".join(axes)
    for n in range(4)
    for axes in ((*some, "y", "x") for some in itertools.combinations("tcz", n))
]
ODD_ORDERS = ["yxc", "zcyx", "xyz", "tzcyx", "ctzyx"]


def _orders(version: str) -> list[str]:
    if version in ("0.1", "0.2"):
        return ["tczyx"]  # the only one they have
    return ORDERS + ODD_ORDERS


@pytest.mark.parametrize(
    ("version", "axes"), [(version, axes) for version in VERSIONS for axes in _orders(version)]
)
@pytest.mark.filterwarnings("ignore::fairlab.errors.FairlabWarning")
def test_images_of_every_version_and_order(tmp_path: Path, version: str, axes: str) -> None:
    shape = tuple(LENGTHS[axis] for axis in axes)
    full = write_store(tmp_path / "a.zarr", version=version, axes=axes, shape=shape)
    tree = open_image(tmp_path / "a.zarr")
    assert tree["scale0/image"].dims == tuple(axes)
    np.testing.assert_array_equal(tree["scale0/image"].values, full)
    for level in (0, 1):
        expected = by_zarr(tmp_path / "a.zarr", str(level))
        np.testing.assert_array_equal(tree[f"scale{level}/image"].values, expected)
        np.testing.assert_array_equal(by_tensorstore(tmp_path / "a.zarr", str(level)), expected)


@pytest.mark.parametrize("version", ["0.1", "0.2", "0.3", "0.4", "0.5"])
@pytest.mark.filterwarnings("ignore")
def test_images_as_ome_zarr_and_ngff_zarr_read_them(tmp_path: Path, version: str) -> None:
    shape = tuple(LENGTHS.values())
    write_store(tmp_path / "a.zarr", version=version, axes="tczyx", shape=shape)
    for level in (0, 1):
        got = ours(tmp_path / "a.zarr", level)
        np.testing.assert_array_equal(got, by_ome_zarr(tmp_path / "a.zarr", level))
        np.testing.assert_array_equal(got, by_ngff_zarr(tmp_path / "a.zarr", level))


# ── single arrays ────────────────────────────────────────────────────────────────────────────────────


def write(path: Path, data: np.ndarray, *, zarr_format: int, axes: str = "yx", **options: Any) -> Path:
    """An image of one level, with whatever zarr lets an array be."""
    version = "0.4" if zarr_format == 2 else "0.5"
    entry = {"axes": [dict(AXES[axis]) for axis in axes], "datasets": [{"path": "0", **_scale(axes)}]}
    put_attributes(path, {"multiscales": [entry]}, version, create=True)
    fill = options.pop("gaps", False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zarr-python's notes on codecs outside the specification
        array = zarr.create_array(
            path / "0",
            shape=data.shape,
            dtype=data.dtype,
            zarr_format=zarr_format,
            **{"chunks": CHUNKS, "overwrite": True, **options},
        )
        if not fill:
            array[...] = data
        else:  # the first chunk only
            array[: CHUNKS[0], : CHUNKS[1]] = data[: CHUNKS[0], : CHUNKS[1]]
    return path


def _scale(axes: str) -> dict[str, Any]:
    return {"coordinateTransformations": [{"type": "scale", "scale": [1.0] * len(axes)}]}


def numbers(dtype: str, shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    random = np.random.default_rng(7)
    kind = np.dtype(dtype).kind
    if kind == "b":
        return random.integers(0, 2, shape).astype(dtype)
    if kind in "iu":
        limits = np.iinfo(dtype)
        return random.integers(limits.min, limits.max, shape, dtype=np.dtype(dtype).newbyteorder("=")).astype(
            dtype
        )
    values = random.normal(0, 100, shape)
    return (values + 1j * values[::-1] if kind == "c" else values).astype(dtype)


DTYPES = ["?", "i1", "u1", *(f"{order}{kind}{size}" for order in "<>" for kind in "iu" for size in (2, 4, 8)),
          *(f"{order}f{size}" for order in "<>" for size in (2, 4, 8)), "<c8", "<c16"]  # fmt: skip


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_type_of_number(tmp_path: Path, dtype: str, zarr_format: int) -> None:
    data = numbers(dtype)
    native = data.astype(data.dtype.newbyteorder("="))
    if zarr_format == 3 and dtype[0] == ">":  # there, order is a matter of the codec
        path = write(tmp_path / "a", native, zarr_format=3, serializer=BytesCodec(endian="big"))
    else:
        path = write(tmp_path / "a", data, zarr_format=zarr_format)
    assert agree(path, exact=native)


_V2: list[Any] = [
    None,
    *(
        numcodecs.Blosc(name, 5, shuffle)
        for name in numcodecs.blosc.list_compressors()
        for shuffle in (0, 1, 2)
    ),
    numcodecs.Blosc("zstd", 5, numcodecs.Blosc.SHUFFLE, blocksize=256),
    numcodecs.Zstd(3),
    numcodecs.Zstd(3, checksum=True),
    numcodecs.GZip(5),
    numcodecs.Zlib(5),
    numcodecs.LZ4(),
    numcodecs.BZ2(),
    *([numcodecs.LZMA()] if _HAS_LZMA else []),
]
_FILTERS: list[tuple[str, list[Any]]] = [
    ("<u2", [numcodecs.Delta("<u2")]),
    ("<i4", [numcodecs.Delta("<i4", astype="<i2")]),
    ("<f4", [numcodecs.FixedScaleOffset(offset=0, scale=10, dtype="<f4", astype="<i2")]),
    ("<u2", [numcodecs.Shuffle(elementsize=2)]),
    ("?", [numcodecs.PackBits()]),
    ("<f4", [numcodecs.BitRound(keepbits=8)]),
    ("<f8", [numcodecs.Quantize(digits=2, dtype="<f8")]),
    ("<f8", [numcodecs.AsType(encode_dtype="<f4", decode_dtype="<f8")]),
    ("<u2", [numcodecs.CRC32()]),
    ("<u2", [numcodecs.CRC32(location="end")]),
    ("<u2", [numcodecs.CRC32C()]),
    ("<u2", [numcodecs.Adler32()]),
    ("<u2", [numcodecs.Fletcher32()]),
    ("<u2", [numcodecs.JenkinsLookup3()]),
    ("<u2", [numcodecs.Delta("<u2"), numcodecs.Shuffle(elementsize=2)]),
]


@pytest.mark.parametrize("compressor", _V2, ids=str)
def test_compressors_of_zarr_2(tmp_path: Path, compressor: Any) -> None:
    data = numbers("<u2") % 300
    both = agree(write(tmp_path / "a", data, zarr_format=2, compressors=compressor), exact=data)
    lacking = getattr(compressor, "codec_id", None) in ("lz4", "lzma") or getattr(
        compressor, "checksum", False
    )
    assert both or lacking  # what tensorstore knows, it was asked for


@pytest.mark.parametrize(("dtype", "filters"), _FILTERS, ids=str)
def test_filters_of_zarr_2(tmp_path: Path, dtype: str, filters: list[Any]) -> None:
    data = numbers(dtype)
    data = data if data.dtype.kind == "b" else (data % 100).astype(dtype)
    agree(write(tmp_path / "a", data, zarr_format=2, filters=filters, compressors=numcodecs.Zlib()))


def test_filters_that_widen(tmp_path: Path) -> None:
    data = numbers("|u1", (1000, 1200))
    filters = [numcodecs.AsType("<f8", "|u1")]
    path = write(tmp_path / "a", data, zarr_format=2, filters=filters, chunks=(1000, 1200), compressors=None)
    np.testing.assert_array_equal(open_image(path)["scale0/image"].values, data)


def named(name: str, **configuration: Any) -> dict[str, Any]:
    """One of the codecs that zarr-python took over from numcodecs."""
    return {"name": f"numcodecs.{name}", "configuration": configuration}


_V3: list[Any] = [
    None,
    *(
        BloscCodec(cname=name, shuffle=shuffle)
        for name in ("lz4", "lz4hc", "blosclz", "zlib", "zstd")
        for shuffle in ("noshuffle", "shuffle", "bitshuffle")
    ),
    ZstdCodec(level=3),
    ZstdCodec(level=3, checksum=True),
    GzipCodec(level=5),
    Crc32cCodec(),
    [ZstdCodec(level=3), Crc32cCodec()],
    [GzipCodec(level=1), ZstdCodec(level=1)],
    *([named(name)] for name in ("zlib", "bz2", "lz4", "zstd", "gzip", "blosc")),
    *([[named("lzma")]] if _HAS_LZMA else []),
    *([named(name)] for name in ("crc32", "crc32c", "adler32", "fletcher32", "jenkins_lookup3")),
]


@pytest.mark.parametrize("compressors", _V3, ids=str)
@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3:UserWarning")
def test_compressors_of_zarr_3(tmp_path: Path, compressors: Any) -> None:
    data = numbers("<u2") % 300
    both = agree(write(tmp_path / "a", data, zarr_format=3, compressors=compressors), exact=data)
    assert both or isinstance(compressors[0], dict)  # those of numcodecs are only zarr-python's


_V3_FILTERS: list[tuple[str, list[Any]]] = [
    ("<u2", [named("delta", dtype="<u2")]),
    ("<f4", [named("fixedscaleoffset", offset=0, scale=10, dtype="<f4", astype="<i2")]),
    ("<f4", [named("bitround", keepbits=8)]),
    ("<f8", [named("quantize", digits=2, dtype="<f8")]),
    ("<f8", [named("astype", encode_dtype="<f4", decode_dtype="<f8")]),
    ("?", [named("packbits")]),
]


@pytest.mark.parametrize(("dtype", "filters"), _V3_FILTERS, ids=lambda value: str(value)[:40])
@pytest.mark.filterwarnings("ignore:Numcodecs codecs are not in the Zarr version 3:UserWarning")
def test_filters_of_zarr_3(tmp_path: Path, dtype: str, filters: list[Any]) -> None:
    data = numbers(dtype)
    data = data if data.dtype.kind == "b" else (data % 100).astype(dtype)
    agree(write(tmp_path / "a", data, zarr_format=3, filters=filters))


# ── layouts ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("separator", ["/", "."])
@pytest.mark.parametrize(("zarr_format", "form"), [(2, "v2"), (3, "v2"), (3, "default")])
def test_chunk_keys(tmp_path: Path, zarr_format: int, form: str, separator: str) -> None:
    encoding = {"name": form, "separator": separator}
    data = numbers("<u2")
    assert agree(
        write(tmp_path / "a", data, zarr_format=zarr_format, chunk_key_encoding=encoding), exact=data
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
def test_transposed_chunks(tmp_path: Path, order: tuple[int, ...]) -> None:
    data = numbers("<u2", (7, 20, 30))
    options = {"chunks": (3, 16, 16), "filters": [TransposeCodec(order=order)]}
    assert agree(write(tmp_path / "a", data, zarr_format=3, axes="zyx", **options), exact=data)


def test_chunks_of_zarr_2_in_fortran_order(tmp_path: Path) -> None:
    data = numbers("<u2", (7, 20, 30))
    options = {"chunks": (3, 16, 16), "order": "F"}
    assert agree(write(tmp_path / "a", data, zarr_format=2, axes="zyx", **options), exact=data)


_INNER: list[Any] = [
    [BytesCodec()],
    [BytesCodec(), ZstdCodec()],
    [BytesCodec(endian="big"), GzipCodec(), Crc32cCodec()],
    [TransposeCodec(order=(1, 0)), BytesCodec(), BloscCodec(cname="lz4", shuffle="shuffle", typesize=2)],
]


@pytest.mark.parametrize("location", ["start", "end"])
@pytest.mark.parametrize("index", [[BytesCodec(), Crc32cCodec()], [BytesCodec()]], ids=["crc32c", "plain"])
@pytest.mark.parametrize("inner", _INNER, ids=["plain", "zstd", "big gzip crc32c", "transposed blosc"])
def test_shards(tmp_path: Path, inner: list[Any], index: list[Any], location: str) -> None:
    data = numbers("<u2")
    codec = ShardingCodec(chunk_shape=(8, 5), codecs=inner, index_codecs=index, index_location=location)
    path = write(tmp_path / "a", data, zarr_format=3, serializer=codec, compressors=None, filters=None)
    # An index without a checksum is outside what zarr-python's readers of parts are used to; both read it.
    assert agree(path, exact=data)
    part = open_image(path)["scale0/image"][3:30, [0, 7, 49]]
    np.testing.assert_array_equal(part.values, data[3:30][:, [0, 7, 49]])


def test_shards_of_transposed_chunks(tmp_path: Path) -> None:
    data = numbers("<u2", (4, 33, 40))
    path = write(tmp_path / "a", data, zarr_format=3, axes="zyx", chunks=(4, 16, 16))
    document = json.loads((path / "0" / "zarr.json").read_text())
    index = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
    inner = {"chunk_shape": [8, 8, 2], "codecs": index[:1], "index_codecs": index}
    document["codecs"] = [
        {"name": "transpose", "configuration": {"order": [1, 2, 0]}},
        {"name": "sharding_indexed", "configuration": inner},
    ]
    shutil.rmtree(path / "0")
    (path / "0").mkdir()
    (path / "0" / "zarr.json").write_text(json.dumps(document))
    place = {"driver": "file", "path": str(path / "0")}
    tensorstore.open({"driver": "zarr3", "kvstore": place}, open=True).result().write(data).result()
    np.testing.assert_array_equal(open_image(path)["scale0/image"].values, data)
    document["codecs"][0]["configuration"]["order"] = [1, 1, 0]
    (path / "0" / "zarr.json").write_text(json.dumps(document))
    with pytest.raises(FormatError) as caught:
        open_image(path)
    assert caught.value.kind == "array-metadata"


def test_shards_in_which_old_chunks_were_left(tmp_path: Path) -> None:
    data = numbers("<u2", (64, 64))
    codec = ShardingCodec(chunk_shape=(16, 16), codecs=[BytesCodec()], index_codecs=[BytesCodec()])
    options = {"chunks": (64, 64), "serializer": codec, "compressors": None, "filters": None}
    path = write(tmp_path / "a", data, zarr_format=3, **options)
    shard = path / "0" / "c" / "0" / "0"
    body = shard.read_bytes()
    index = np.frombuffer(body[-256:], "<u8").reshape(16, 2) + np.array([len(body), 0], "<u8")
    shard.write_bytes(body[:-256] + bytes(256) + body[:-256] + index.tobytes())
    np.testing.assert_array_equal(open_image(path)["scale0/image"].values, data)


def test_codecs_that_are_stated_as_mere_names(tmp_path: Path) -> None:
    data = numbers("|u1")
    index = [BytesCodec(), Crc32cCodec()]
    codec = ShardingCodec(chunk_shape=(8, 5), codecs=index, index_codecs=index)
    path = write(tmp_path / "a", data, zarr_format=3, serializer=codec, compressors=None, filters=None)
    document = json.loads((path / "0" / "zarr.json").read_text())
    stated = document["codecs"][0]["configuration"]
    stated["codecs"] = ["bytes", "crc32c"]
    stated["index_codecs"] = [stated["index_codecs"][0], "crc32c"]
    (path / "0" / "zarr.json").write_text(json.dumps(document))
    np.testing.assert_array_equal(open_image(path)["scale0/image"].values, data)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(
    ("dtype", "fill"),
    [("<f4", float("nan")), ("<f8", float("-inf")), ("<i2", -1), ("<u2", 65535), ("?", True), ("<f2", 0.5),
     (">i4", -7)],
    ids=str,
)  # fmt: skip
def test_missing_chunks_are_the_fill_value(
    tmp_path: Path, dtype: str, fill: float | bool, zarr_format: int
) -> None:
    dtype = dtype.replace(">", "<") if zarr_format == 3 else dtype
    path = write(tmp_path / "a", numbers(dtype), zarr_format=zarr_format, fill_value=fill, gaps=True)
    assert agree(path, missing=True)


_SHARD = ShardingCodec(chunk_shape=(4, 5), codecs=[BytesCodec(), ZstdCodec()])
_AROUND: dict[str, dict[str, Any]] = {
    "plain": {"serializer": _SHARD},
    "within a shard": {"serializer": ShardingCodec(chunk_shape=(8, 25), codecs=[_SHARD])},
    "compressed as a whole": {"serializer": _SHARD, "compressors": [GzipCodec()]},
    "transposed as a whole": {
        "serializer": ShardingCodec(chunk_shape=(5, 4), codecs=[BytesCodec(), ZstdCodec()]),
        "filters": [TransposeCodec(order=(1, 0))],
        "chunks": (20, 20),
    },
}


@pytest.mark.parametrize("around", _AROUND)
@pytest.mark.filterwarnings("ignore:Combining a `sharding_indexed` codec")  # zarr-python, on its own speed
def test_missing_inner_chunks_are_the_fill_value(tmp_path: Path, around: str) -> None:
    data = numbers("<i2")
    data[:8, :10] = -3  # zarr does not write chunks of nothing else
    options = {"compressors": None, "fill_value": -3, **_AROUND[around]}
    path = write(tmp_path / "a", data, zarr_format=3, **options)
    assert agree(path, exact=data) or around == "compressed as a whole"  # which tensorstore refuses
    part = open_image(path)["scale0/image"][3:30, 7]
    np.testing.assert_array_equal(part.values, data[3:30, 7])


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_no_fill_value_stated_reads_as_zero(tmp_path: Path, zarr_format: int) -> None:
    path = write(tmp_path / "a", numbers("<u2"), zarr_format=zarr_format, gaps=True)
    if zarr_format == 2:
        document = path / "0" / ".zarray"
        document.write_text(document.read_text().replace('"fill_value": 0', '"fill_value": null'))
    assert agree(path, missing=True)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("shape", [(0, 50), (37, 0), (0, 0), (1, 1), (16, 25), (17, 26)], ids=str)
def test_empty_and_odd_shapes(tmp_path: Path, shape: tuple[int, int], zarr_format: int) -> None:
    data = numbers("<u2", shape)
    assert agree(write(tmp_path / "a", data, zarr_format=zarr_format), exact=data)


# ── selections ───────────────────────────────────────────────────────────────────────────────────────

_CUBE = (9, 20, 31)
_LAYOUTS: dict[str, dict[str, Any]] = {
    "v2": {"zarr_format": 2, "chunks": (2, 7, 16), "compressors": numcodecs.Blosc("lz4")},
    "v2 F big-endian": {"zarr_format": 2, "chunks": (4, 7, 31), "order": "F", "compressors": None},
    "v3 transposed": {"zarr_format": 3, "chunks": (3, 8, 8), "filters": [TransposeCodec(order=(2, 0, 1))]},
    "v3 shards": {"zarr_format": 3, "chunks": (1, 5, 8), "shards": (4, 10, 16)},
    "v3 one chunk": {"zarr_format": 3, "chunks": _CUBE},
}


@pytest.fixture(scope="module")
def cubes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Any, np.ndarray]]:
    made = {}
    for name, options in _LAYOUTS.items():
        dtype = ">u2" if "big" in name else "<u2"
        path = write(tmp_path_factory.mktemp("cube") / "a", numbers(dtype, _CUBE), axes="zyx", **options)
        made[name] = open_image(path)["scale0/image"], by_zarr(path, "0")
    return made


def _axis(length: int) -> st.SearchStrategy[Any]:
    number = st.integers(-length, length - 1)
    many = st.lists(number, max_size=5).map(lambda values: np.array(values, dtype=np.int64))
    mask = st.lists(st.booleans(), min_size=length, max_size=length).map(np.array)
    return st.one_of(number, st.slices(length), many, mask)


@pytest.mark.parametrize("layout", _LAYOUTS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=st.tuples(*(_axis(length) for length in _CUBE)))
def test_outer_selections(
    cubes: dict[str, tuple[Any, np.ndarray]], layout: str, key: tuple[Any, ...]
) -> None:
    image, full = cubes[layout]
    expected = full
    for axis in reversed(range(3)):
        expected = expected[(slice(None),) * axis + (key[axis],)]
    np.testing.assert_array_equal(image[key].values, expected)


@pytest.mark.parametrize("layout", _LAYOUTS)
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), count=st.integers(1, 6))
def test_pointwise_selections(
    cubes: dict[str, tuple[Any, np.ndarray]], layout: str, data: st.DataObject, count: int
) -> None:
    import xarray as xr

    image, full = cubes[layout]
    points = [
        data.draw(st.lists(st.integers(0, n - 1), min_size=count, max_size=count).map(np.array))
        for n in _CUBE
    ]
    z, y, x = (xr.DataArray(axis, dims="point") for axis in points)
    np.testing.assert_array_equal(image.isel(z=z, y=y, x=x).values, full[tuple(points)])
    np.testing.assert_array_equal(image.isel(y=y, x=x).values, full[:, points[1], points[2]])
