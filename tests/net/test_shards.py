"""The index of a shard, believed as far as it can be true, and the requests that follow from it."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from google_crc32c import value
from hypothesis import example, given
from hypothesis import strategies as st

from fairlab.errors import ChunkError, FormatError
from fairlab.net import shards

ENTRIES = np.arange(8, dtype=np.uint64).reshape(2, 2, 2) * 1000


def _layout(**changes: Any) -> shards.Layout:
    stated: dict[str, Any] = {"chunk_shape": [4, 8], "codecs": ["bytes"], **changes}
    return shards.layout(stated, (8, 16), where="here")


@pytest.mark.parametrize("endian", ["little", "big"])
@pytest.mark.parametrize("checked", [False, True])
def test_an_index_is_read_as_it_is_stored(endian: str, checked: bool) -> None:
    codecs = [{"name": "bytes", "configuration": {"endian": endian}}, *(["crc32c"] if checked else [])]
    layout = _layout(index_codecs=codecs, index_location="start" if checked else "end")
    body = ENTRIES.astype(">u8" if endian == "big" else "<u8").tobytes()
    body += value(body).to_bytes(4, "little") if checked else b""
    assert layout.index_bytes == len(body)
    assert layout.index_part == (slice(0, len(body)) if checked else slice(-len(body), None))
    np.testing.assert_array_equal(shards.parse_index(body, layout), ENTRIES)
    with pytest.raises(ChunkError) as short:
        shards.parse_index(body[1:], layout)
    assert short.value.kind == "chunk-damaged"


@given(st.integers(0, 67), st.integers(0, 7))
def test_a_flipped_bit_in_a_checked_index_is_noticed(place: int, bit: int) -> None:
    layout = _layout(index_codecs=["bytes", "crc32c"])
    body = bytearray(ENTRIES.tobytes())
    body += value(bytes(body)).to_bytes(4, "little")
    body[place] ^= 1 << bit
    with pytest.raises(ChunkError) as caught:
        shards.parse_index(bytes(body), layout)
    assert caught.value.kind == "checksum-mismatch"


def test_an_index_that_claims_too_much_is_not_followed() -> None:
    layout, index = _layout(), ENTRIES.copy()
    index[0, 0] = 2**64 - 1
    assert shards.place(index, (2, 4), layout, 5000) is None  # counted within its own shard
    assert shards.place(index, (3, 1), layout, 7000) == slice(6000, 13000)
    index[1, 0] = (2**63, 10)
    for cell in ((1, 1), (1, 0)):  # too long; too far away
        with pytest.raises(ChunkError) as caught:
            shards.place(index, cell, layout, 6999)
        assert caught.value.kind == "chunk-damaged"


@pytest.mark.parametrize(
    "changes",
    [
        {"chunk_shape": [3, 8]}, {"chunk_shape": [4]}, {"chunk_shape": [4, 0]}, {"index_codecs": ["bytes", "gzip"]},
        {"index_codecs": ["crc32c", "bytes"]},
    ],
)  # fmt: skip
def test_shards_that_are_not_understood(changes: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as caught:
        _layout(**changes)
    assert caught.value.kind == "shard-layout"


def test_an_index_of_a_gigabyte_is_refused_before_it_is_asked_for() -> None:
    with pytest.raises(FormatError) as caught:
        shards.layout({"chunk_shape": [1, 1], "codecs": ["bytes"]}, (8192, 8192), where="here")
    assert caught.value.kind == "shard-layout"


@example([(number * 100_000, 100_000) for number in range(20)])
@given(
    st.lists(st.tuples(st.integers(0, 3_000_000), st.integers(0, 300_000)), min_size=1, max_size=12),
)
def test_stretches_cover_everything_and_little_beside(parts: list[tuple[int, int]]) -> None:
    wanted = [(slice(start, start + length), n) for n, (start, length) in enumerate(parts)]
    made = list(shards.stretches(wanted))
    assert sorted(member for stretch in made for _, member in stretch.members) == list(range(len(parts)))
    for stretch in made:
        assert stretch.start == min(part.start for part, _ in stretch.members)
        assert stretch.stop == max(part.stop for part, _ in stretch.members)
        assert len(stretch.members) == 1 or stretch.stop - stretch.start <= shards._LONGEST
        reached = stretch.start
        for part, _ in stretch.members:
            assert part.start - reached <= shards._GAP
            reached = max(reached, part.stop)
    for one, other in itertools.pairwise(made):  # and no more of them than that takes
        gap = other.start - one.stop > shards._GAP
        assert gap or max(one.stop, other.members[0][0].stop) - one.start > shards._LONGEST
