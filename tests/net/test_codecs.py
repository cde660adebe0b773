from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numcodecs import get_codec

from fairlab.errors import ChunkError, FormatError
from fairlab.net import guard
from fairlab.net.codecs import Decoder, Scratch, coding

SHAPE = (8, 16)
PIXELS = np.arange(128, dtype="<u2").reshape(SHAPE)
COMPRESSORS: dict[str, dict[str, Any]] = {
    "blosc": {"id": "blosc", "cname": "zstd", "clevel": 3, "shuffle": 1},
    "blosc-lz4": {"id": "blosc", "cname": "lz4", "clevel": 3, "shuffle": 2},
    "zstd": {"id": "zstd", "level": 1},
    "zstd-checked": {"id": "zstd", "level": 1, "checksum": True},
    "lz4": {"id": "lz4"},
    "gzip": {"id": "gzip"},
    "zlib": {"id": "zlib"},
    "bz2": {"id": "bz2"},
    "lzma": {"id": "lzma"},
    "lzma-alone": {"id": "lzma", "format": lzma.FORMAT_ALONE},
}


def _v2(compressor: Any, filters: list[dict[str, Any]] | None = None, order: str = "C") -> Decoder:
    metadata = {"zarr_format": 2, "compressor": compressor, "filters": filters, "order": order}
    return Decoder(coding(metadata, SHAPE, PIXELS.dtype, where="here"), 0, _no_filters)


def _v3(*codecs: Any, dtype: str = "u2") -> Decoder:
    metadata = {"zarr_format": 3, "codecs": list(codecs)}
    return Decoder(coding(metadata, SHAPE, np.dtype(dtype), where="here"), 0, _no_filters)


def _no_filters(*_: Any) -> Any:
    raise AssertionError("nothing was left to zarr")


@pytest.mark.parametrize("name", COMPRESSORS)
def test_every_compressor_gives_back_what_it_was_given(name: str) -> None:
    body = get_codec(COMPRESSORS[name]).encode(PIXELS.tobytes())
    np.testing.assert_array_equal(_v2(COMPRESSORS[name])(bytes(body), Scratch()), PIXELS)


@pytest.mark.parametrize("name", COMPRESSORS)
@pytest.mark.parametrize("count", [127, 129, 32_000_000])
def test_a_body_of_another_size_is_an_error_and_never_unpacked(name: str, count: int) -> None:
    """A bomb of 64 MB in a few kilobytes costs no more memory than the 256 bytes that are declared."""
    body = bytes(get_codec(COMPRESSORS[name]).encode(np.zeros(count, "<u2").tobytes()))
    decoder = _v2(COMPRESSORS[name])
    tracemalloc.start()
    with pytest.raises((ChunkError, *guard.DECODING_FAULTS)):
        decoder(body, Scratch())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    working_memory = 20_000_000 if name.startswith("lzma") else 300_000
    assert peak < len(body) * 3 + working_memory


@pytest.mark.parametrize("name", COMPRESSORS)
@given(data=st.data())
def test_a_damaged_body_is_an_error_or_whole(name: str, data: st.DataObject) -> None:
    """Whatever is cut off or flipped: an error of a known kind, or pixels of the right shape; never a crash."""
    body = bytearray(get_codec(COMPRESSORS[name]).encode(PIXELS.tobytes()))
    if data.draw(st.booleans()):
        del body[data.draw(st.integers(0, len(body) - 1)) :]
    else:
        body[data.draw(st.integers(0, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        assert _v2(COMPRESSORS[name])(bytes(body), Scratch()).shape == SHAPE
    except (ChunkError, *guard.DECODING_FAULTS):
        pass


@pytest.mark.parametrize(
    "checked",
    [
        ({"name": "bytes", "configuration": {"endian": "little"}}, "crc32c"),
        ({"name": "bytes", "configuration": {"endian": "little"}}, {"name": "gzip", "configuration": {}}),
    ],
)
@given(data=st.data())
def test_a_checksum_notices_every_flipped_bit(checked: Any, data: st.DataObject) -> None:
    from google_crc32c import value

    plain = PIXELS.tobytes()
    if checked[1] == "crc32c":
        body = bytearray(plain + value(plain).to_bytes(4, "little"))
    else:
        body = bytearray(gzip.compress(plain))
    decoder = _v3(*checked)
    np.testing.assert_array_equal(decoder(bytes(body), Scratch()), PIXELS)
    start = 0 if checked[1] == "crc32c" else 10  # gzip's header holds a name and a time, which are not pixels
    body[data.draw(st.integers(start, len(body) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        found = decoder(bytes(body), Scratch())
    except (ChunkError, *guard.DECODING_FAULTS):
        return
    assert checked[1] != "crc32c"
    np.testing.assert_array_equal(found, PIXELS)  # deflate may end with spare bits, which say nothing


def test_streams_one_after_the_other_are_one_chunk() -> None:
    half = PIXELS.tobytes()[:128], PIXELS.tobytes()[128:]
    for name, pack in {"gzip": gzip.compress, "zlib": zlib.compress, "bz2": bz2.compress}.items():
        body = pack(half[0]) + pack(half[1])
        np.testing.assert_array_equal(_v2({"id": name})(body, Scratch()), PIXELS)


def test_orders_and_byte_orders() -> None:
    np.testing.assert_array_equal(_v2(None, order="F")(PIXELS.tobytes(order="F"), Scratch()), PIXELS)
    big = {"name": "bytes", "configuration": {"endian": "big"}}
    turned = {"name": "transpose", "configuration": {"order": [1, 0]}}
    body = PIXELS.T.astype(">u2").tobytes()
    np.testing.assert_array_equal(_v3(turned, big)(body, Scratch()), PIXELS)
    np.testing.assert_array_equal(_v3(turned, turned, big)(PIXELS.astype(">u2").tobytes(), Scratch()), PIXELS)


def test_three_axes_turned_twice() -> None:
    shape = (2, 3, 4)
    cube = np.arange(24, dtype="u1").reshape(shape)
    turns = [{"name": "transpose", "configuration": {"order": order}} for order in ([2, 0, 1], [1, 0, 2])]
    how = coding({"codecs": [*turns, "bytes"]}, shape, cube.dtype, where="here")
    body = cube.transpose([2, 0, 1]).transpose([1, 0, 2]).tobytes()
    np.testing.assert_array_equal(Decoder(how, 0, _no_filters)(body, Scratch()), cube)


LITTLE = {"name": "bytes", "configuration": {"endian": "little"}}
NOISE = np.random.default_rng(0).integers(0, 2**16, SHAPE, dtype="<u2")  # which no compressor makes smaller


def _summed(body: bytes) -> bytes:
    from google_crc32c import value

    return body + value(body).to_bytes(4, "little")


def test_one_codec_inside_another() -> None:
    """Of what lies between two compressors no size is stated; a checksum adds its own bytes."""
    plain = NOISE.tobytes()
    checked = _v3(LITTLE, "crc32c", {"name": "gzip"})
    np.testing.assert_array_equal(checked(gzip.compress(_summed(plain)), Scratch()), NOISE)
    twice = _v2({"id": "lz4"}, filters=[{"id": "zlib"}])
    np.testing.assert_array_equal(
        twice(bytes(get_codec({"id": "lz4"}).encode(zlib.compress(plain))), Scratch()), NOISE
    )
    for decoder, bomb in (
        (checked, gzip.compress(bytes(64_000_000))),
        (twice, bytes(get_codec({"id": "lz4"}).encode(bytes(64_000_000)))),
    ):
        tracemalloc.start()
        with pytest.raises(ChunkError) as caught:
            decoder(bomb, Scratch())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert caught.value.kind == "chunk-damaged" and peak < 3_000_000


def test_blosc_is_not_asked_to_read_beyond_the_end() -> None:
    body = bytes(get_codec(COMPRESSORS["blosc"]).encode(NOISE.tobytes()))
    for cut in (10, 16, len(body) - 1):
        with pytest.raises(ChunkError, match="shorter than its own header") as caught:
            _v2(COMPRESSORS["blosc"])(body[:cut], Scratch())
        assert caught.value.kind == "chunk-damaged"


@pytest.mark.parametrize("name", ["gzip", "zlib", "bz2", "lzma"])
def test_a_stream_without_its_end_is_an_error_though_all_pixels_came(name: str) -> None:
    body = bytes(get_codec(COMPRESSORS[name]).encode(PIXELS.tobytes()))
    with pytest.raises(ChunkError) as caught:
        _v2(COMPRESSORS[name])(body[:-3], Scratch())  # of its own checksum a part
    assert caught.value.kind == "chunk-damaged"


def test_a_dictionary_that_asks_for_a_gigabyte_is_refused() -> None:
    how = COMPRESSORS["lzma-alone"]
    body = bytearray(lzma.compress(PIXELS.tobytes(), format=lzma.FORMAT_ALONE))
    body[1:5] = (1 << 30).to_bytes(4, "little")
    with pytest.raises(guard.DECODING_FAULTS):
        _v2(how)(bytes(body), Scratch())
    strongest = lzma.compress(PIXELS.tobytes(), preset=9)
    np.testing.assert_array_equal(_v2({"id": "lzma"})(strongest, Scratch()), PIXELS)


@pytest.mark.parametrize(
    "page",
    ["<!DOCTYPE html><p>Log in", "\n <HTML lang=en>", "\ufeff<html>", "<!-- a -->\n<html>",
     "<?xml version='1.0' encoding='UTF-8'?>\n<Error><Code>SlowDown</Code></Error>",
     "<?xml version='1.0'?><!DOCTYPE html PUBLIC>", "<Error><Code>AccessDenied</Code></Error>",
     '{"error": {"message": "rate limited", "code": 429}}'],
)  # fmt: skip
def test_an_error_page_as_long_as_a_chunk_is_not_its_pixels(page: str) -> None:
    text = page.encode()
    body = text[:-1] + b" " * (PIXELS.nbytes - len(text)) + text[-1:]
    with pytest.raises(ChunkError) as caught:
        _v2(None)(body, Scratch())
    assert caught.value.kind == "html-page"


@pytest.mark.parametrize(
    "pixels",
    [b"{}" * 128, b"<" * 256, b"<html" * 51 + b"!", b"<?xml-" + bytes(250), b"{" + bytes(254) + b"}",
     b"[1, 2, 3]" + b" " * 247,
     b"<erroneous>" + bytes(245), b'{"a": 1' + b" " * 249],
)  # fmt: skip
def test_pixels_that_look_a_little_like_text_are_pixels(pixels: bytes) -> None:
    assert _v2(None)(pixels, Scratch()).tobytes() == pixels
    two = coding({"compressor": None}, (2,), np.dtype("u1"), where="here")
    assert Decoder(two, 0, _no_filters)(b"{}", Scratch()).tolist() == [123, 125]


INNER = {"chunk_shape": [4, 8], "codecs": [LITTLE], "index_codecs": [LITTLE, "crc32c"]}


def _shard(pixels: np.ndarray, absent: tuple[int, int]) -> bytes:
    """A shard of four chunks, one of which was never written."""
    body, index = b"", []
    for cell in np.ndindex(2, 2):
        window = tuple(slice(i * n, (i + 1) * n) for i, n in zip(cell, (4, 8), strict=True))
        chunk = b"" if cell == absent else pixels[window].tobytes()
        index += [len(body), len(chunk)] if chunk else [2**64 - 1] * 2
        body += chunk
    return body + _summed(np.array(index, "<u8").tobytes())


@pytest.mark.parametrize("turned", [False, True])
def test_a_shard_inside_another_codec_is_put_together(turned: bool) -> None:
    """Such shards are fetched whole: nobody can tell where in the object a chunk begins."""
    sharded = {"name": "sharding_indexed", "configuration": INNER}
    turn = [{"name": "transpose", "configuration": {"order": [1, 0]}}] if turned else []
    shape = SHAPE[::-1] if turned else SHAPE
    metadata = {"codecs": [*turn, sharded, {"name": "gzip"}]}
    decoder = Decoder(coding(metadata, shape, np.dtype("u2"), where="here"), 7, _no_filters)
    expected = PIXELS.copy()
    expected[4:, :8] = 7
    found = decoder(gzip.compress(_shard(PIXELS, (1, 0))), Scratch())
    np.testing.assert_array_equal(found, expected.T if turned else expected)


def test_an_empty_body_never_reaches_a_decompressor() -> None:
    for compressor in [None, *COMPRESSORS.values()]:
        with pytest.raises(ChunkError) as caught:
            _v2(compressor)(b"", Scratch())
        assert caught.value.kind == "chunk-empty"


def test_a_decompressor_that_nothing_bounds_is_refused() -> None:
    delta = {"id": "delta", "dtype": "<u2"}
    for make in (
        lambda: _v2(None, filters=[{"id": "zlib"}, delta]),
        lambda: _v3(LITTLE, {"name": "gzip"}, {"name": "numcodecs.delta", "configuration": {"dtype": "u1"}}),
    ):
        with pytest.raises(FormatError) as caught:
            make()
        assert caught.value.kind == "codec-order"


def test_scratch_is_used_again_and_large_pieces_are_not_kept() -> None:
    scratch = Scratch()
    first = scratch.room(100)
    assert np.shares_memory(first, scratch.room(80))
    large = scratch.room(20_000_000)
    assert not np.shares_memory(large, scratch.room(20_000_000))
