"""Whatever the document of an array says: pixels or an error of ours, in no more memory than it declares."""

from __future__ import annotations

import copy
import json
import lzma
import tracemalloc
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlab.errors import ChunkError, FairlabError
from fairlab.image import open_image
from fairlab.net.codecs import Scratch, coding
from fairlab.net.unpacking import UNPACK
from fairlab.options import set_options
from tests.ngff.validation.test_hostile import VALUES, places
from tests.stores import write_store

if TYPE_CHECKING:
    from pathlib import Path

Objects = dict[str, bytes]
LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
STORES = {"v2": ("0.4", None), "v3": ("0.5", None), "sharded": ("0.5", 2)}


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Objects]:
    """Small images in memory, by how they are stored."""
    made = {}
    for form, (version, shards) in STORES.items():
        root = tmp_path_factory.mktemp(form)
        write_store(
            root, version=version, levels=1, shards=shards, compressor=None if form == "v2" else "auto"
        )
        made[form] = {str(f.relative_to(root)): f.read_bytes() for f in root.rglob("*") if f.is_file()}
    return made


def _edited(objects: Objects, edit: dict[str, Any]) -> Objects:
    """The same image with places of its array's document changed."""
    name = "0/zarr.json" if "0/zarr.json" in objects else "0/.zarray"
    document = json.loads(objects[name])
    for place, value in edit.items():
        *parents, last = [int(part) if part.isdigit() else part for part in place.split("/")]
        node = document
        for part in parents:
            node = node[part]
        node[last] = value
    return {**objects, name: json.dumps(document).encode()}


def _sharding(chunks: list[Any], *codecs: Any) -> dict[str, Any]:
    how = {"chunk_shape": chunks, "codecs": list(codecs), "index_codecs": [LITTLE, {"name": "crc32c"}]}
    return {"name": "sharding_indexed", "configuration": how}


def _deep(depth: int, codec: Any) -> list[Any]:
    for _ in range(depth):
        codec = _sharding([1, 16, 16], codec)
    return [codec]


CHUNKS, SHARD = "chunk_grid/configuration/chunk_shape", "codecs/0/configuration"
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    # codecs that could run code, at any depth, and lists of codecs that are none
    ("v2", {"filters": [{"id": "pickle"}]}, "codec-refused"),
    ("v2", {"compressor": {"id": "pickle"}}, "codec-refused"),
    ("v2", {"filters": [{"id": "vlen-utf8"}, {"id": "pickle"}]}, "codec-refused"),
    ("v2", {"filters": [["pickle"]]}, "codec-refused"),
    ("v2", {"compressor": 7}, "codec-refused"),
    ("v3", {"codecs": ["numcodecs.pickle"]}, "codec-refused"),
    ("v3", {"codecs": [LITTLE, {"name": "numcodecs.json2"}]}, "codec-refused"),
    ("v3", {"codecs": _deep(3, {"name": "numcodecs.pickle"})}, "codec-refused"),
    ("sharded", {f"{SHARD}/codecs": ["vlen-utf8"]}, "codec-refused"),
    ("sharded", {f"{SHARD}/index_codecs": ["numcodecs.pickle"]}, "codec-refused"),
    ("v2", {"filters": True}, "array-metadata"),
    ("v2", {"filters": 7}, "array-metadata"),
    ("v3", {"codecs": 7}, "array-metadata"),
    ("sharded", {f"{SHARD}/codecs": True}, "array-metadata"),
    # pixels that are no numbers
    ("v2", {"dtype": "|O", "filters": [{"id": "vlen-utf8"}]}, "codec-refused"),
    ("v2", {"dtype": "|O", "fill_value": None}, "*"),
    ("v2", {"dtype": "|V8", "fill_value": None}, "*"),
    ("v2", {"dtype": "|V1000000000", "fill_value": None}, "*"),
    ("v2", {"dtype": [["a", "<u2"], ["b", "|O"]], "fill_value": None}, "*"),
    ("v2", {"dtype": "<U5", "fill_value": None}, "dtype-refused"),
    ("v2", {"dtype": "|S1000000000", "fill_value": None}, "dtype-refused"),
    ("v2", {"dtype": "<M8[ns]", "fill_value": None}, "dtype-refused"),
    ("v3", {"data_type": "string", "fill_value": ""}, "*"),
    ("v3", {"data_type": "r64", "fill_value": [0] * 8}, "*"),
    ("v3", {"data_type": "variable_length_bytes", "fill_value": ""}, "*"),
    ("v3", {"data_type": {"name": "struct", "configuration": {"fields": [["a", "uint8"]]}}}, "*"),
    ("v3", {"data_type": {"name": "fixed_length_utf32", "configuration": {"length_bytes": 4}}, "fill_value": ""},
     "dtype-refused"),
    # filters through texts or objects: each could be as large as it likes
    ("v2", {"filters": [{"id": "astype", "encode_dtype": "<u2", "decode_dtype": "<U9000000"}]}, "dtype-refused"),
    ("v2", {"filters": [{"id": "astype", "encode_dtype": "|O", "decode_dtype": "<u2"}]}, "dtype-refused"),
    ("v2", {"filters": [{"id": "delta", "dtype": "|V9000000", "astype": "<u2"}]}, "dtype-refused"),
    ("v2", {"filters": [{"id": "fixedscaleoffset", "offset": 0, "scale": 1, "dtype": "<U9000000", "astype": "<u2"}]},
     "dtype-refused"),
    ("v2", {"filters": [{"id": "delta", "dtype": {"names": ["a"], "formats": ["<U9000000"]}}]}, "dtype-refused"),
    ("v3", {"codecs": [{"name": "numcodecs.astype", "configuration": {"encode_dtype": "<u2", "decode_dtype": "|O"}},
                       LITTLE]}, "dtype-refused"),
    # grids
    *((form, {place: [n, 16, 16]}, "array-metadata") for form, place in (("v2", "chunks"), ("v3", CHUNKS))
      for n in (0, -1, 1.5, "1", None, 2**63)),
    ("v2", {"chunks": [2**40] * 3}, "chunk-too-large"),
    ("v3", {CHUNKS: [2**40] * 3}, "chunk-too-large"),
    ("v3", {CHUNKS: []}, "array-metadata"),
    ("v3", {"shape": [2**63, 40, 60]}, "array-metadata"),
    ("v3", {"shape": [-1, 40, 60]}, "array-metadata"),
    ("v3", {"chunk_grid": {"name": "rectilinear", "configuration": {"chunk_shapes": [1, 2, 3]}}}, "array-metadata"),
    ("sharded", {f"{SHARD}/chunk_shape": [0, 16, 16]}, "*"),
    ("sharded", {f"{SHARD}/chunk_shape": [1, -16, 16]}, "*"),
    ("sharded", {f"{SHARD}/chunk_shape": [1, 2**40, 16]}, "*"),
    ("sharded", {CHUNKS: [2**40, 2**40, 2**40]}, "shard-layout"),
    # keys that would lead elsewhere
    ("v2", {"dimension_separator": "/../"}, "array-metadata"),
    ("v3", {"chunk_key_encoding": {"name": "default", "configuration": {"separator": "../"}}}, "array-metadata"),
    ("v3", {"chunk_key_encoding": {"name": "v2", "configuration": {"separator": ".."}}}, "array-metadata"),
    # fill values
    *(("v3", {"fill_value": value}, "array-metadata") for value in ([1, 2], {}, "0x" + "f" * 400, "\ud800\x1b[2J",
                                                                   10**299, -1, "NaN", None)),
    *(("v2", {"fill_value": value}, "array-metadata") for value in ([1] * 10, "x", 10**30, "NaN")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("form", "edit", "kind"), REFUSED, ids=[f"{n}-{r[0]}-{r[2]}" for n, r in enumerate(REFUSED)]
)
def test_what_is_no_grid_of_numbers_is_refused_on_opening(
    stores: dict[str, Objects], form: str, edit: dict[str, Any], kind: str
) -> None:
    with pytest.raises(FairlabError) as caught:
        open_image(_edited(stores[form], edit))
    assert caught.value.kind in (kind, *(["array-metadata", "dtype-refused"] if kind == "*" else []))
    # What zarr or numpy says is repeated, and can be printed whatever it holds.
    assert str(caught.value).encode() and "\x1b" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(sorted(STORES)), VALUES)
def test_any_value_in_the_document_of_an_array(
    stores: dict[str, Objects], data: st.DataObject, form: str, value: Any
) -> None:
    objects = stores[form]
    name = "0/zarr.json" if "0/zarr.json" in objects else "0/.zarray"
    place = data.draw(st.sampled_from(places(json.loads(objects[name]))))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            image = open_image(_edited(objects, {place: copy.deepcopy(value)}))["scale0/image"]
            image[:1, :2, :2].load()
        except FairlabError as error:
            assert error.kind and str(error).encode()


@pytest.mark.parametrize("depth", [2, 28])
def test_shards_in_shards_are_read_or_said_to_be_damaged(stores: dict[str, Objects], depth: int) -> None:
    image = open_image(_edited(stores["v3"], {"codecs": _deep(depth, LITTLE)}))["scale0/image"]
    with pytest.raises(ChunkError) as caught:
        image[0, :2, :2].load()
    assert caught.value.kind in ("chunk-damaged", "checksum-mismatch")


def test_a_shard_in_a_shard_is_the_pixels_that_were_written(tmp_path: Path) -> None:
    import zarr

    pixels = np.arange(2 * 32 * 32, dtype="uint16").reshape(2, 32, 32)
    write_store(tmp_path / "a.zarr", shape=(2, 32, 32), levels=1)
    inner = zarr.codecs.ShardingCodec(chunk_shape=(1, 8, 8))
    zarr.create_array(
        tmp_path / "a.zarr/0", shape=pixels.shape, dtype="uint16", chunks=(2, 32, 32), overwrite=True,
        serializer=zarr.codecs.ShardingCodec(chunk_shape=(1, 16, 16), codecs=[inner]), compressors=None,
        dimension_names=["c", "y", "x"],
    )[...] = pixels  # fmt: skip
    image = open_image(tmp_path / "a.zarr")["scale0/image"]
    np.testing.assert_array_equal(image, pixels)
    np.testing.assert_array_equal(image[1, 9:23, 7:9], pixels[1, 9:23, 7:9])


def test_what_a_filter_is_given_is_no_longer_than_a_read() -> None:
    metadata = {"zarr_format": 2, "compressor": {"id": "zlib"}, "filters": [{"id": "delta", "dtype": "<u2"}]}
    stated = coding(metadata, (1000, 1000), np.dtype("<u2"), where="here")
    with set_options(max_read_bytes=4_000_000):
        limit = coding(metadata, (1000, 1000), np.dtype("<u2"), where="here").limit
    assert 2_000_000 < limit < 6_000_000 < stated.limit


def test_a_dictionary_that_the_metadata_asks_for_is_bounded() -> None:
    body = lzma.compress(b"pixels", format=lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA2}])
    how: dict[str, Any] = {"id": "lzma", "format": lzma.FORMAT_RAW, "filters": [{"id": lzma.FILTER_LZMA2}]}
    assert bytes(UNPACK["lzma"](body, 6, 6, how, Scratch())) == b"pixels"
    how["filters"][0]["dict_size"] = 1 << 30
    tracemalloc.start()
    with pytest.raises(ChunkError) as caught:
        UNPACK["lzma"](body, 6, 6, how, Scratch())
    assert caught.value.kind == "chunk-damaged"
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("key", ["consolidated_metadata", ".zmetadata"])
def test_a_copy_of_the_documents_that_lies_is_not_believed(tmp_path: Path, key: str) -> None:
    version = "0.4" if key == ".zmetadata" else "0.5"
    pixels = write_store(tmp_path / "a.zarr", version=version, levels=1)
    lie = {
        "shape": [9, 9, 9],
        "filters": [{"id": "pickle"}],
        "codecs": ["numcodecs.pickle"],
        "node_type": "array",
    }
    if key == ".zmetadata":
        copies = {
            "metadata": {"0/.zarray": lie, ".zattrs": {"multiscales": []}},
            "zarr_consolidated_format": 1,
        }
        (tmp_path / "a.zarr/.zmetadata").write_text(json.dumps(copies))
    else:
        document = json.loads((tmp_path / "a.zarr/zarr.json").read_text())
        document[key] = {"kind": "inline", "must_understand": False, "metadata": {"0": lie, "../x": lie}}
        (tmp_path / "a.zarr/zarr.json").write_text(json.dumps(document))
    np.testing.assert_array_equal(open_image(tmp_path / "a.zarr")["scale0/image"], pixels)
