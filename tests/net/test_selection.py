from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.net.selection import outer, points

GRIDS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 5)), min_size=1, max_size=3)


def _chunk(full: np.ndarray, cell: tuple[int, ...], chunks: tuple[int, ...]) -> np.ndarray:
    whole = np.full(chunks, -1)
    part = full[tuple(slice(i * c, (i + 1) * c) for i, c in zip(cell, chunks, strict=True))]
    whole[tuple(slice(n) for n in part.shape)] = part
    return whole


def _filled(plan: Any, full: np.ndarray, chunks: tuple[int, ...]) -> np.ndarray:
    buffer = np.full(plan.shape, -9)
    shares = list(plan.shares())
    for share in shares:
        buffer[share.target] = _chunk(full, share.cell, chunks)[share.inside]
    assert plan.n_chunks == len(shares) == len({share.cell for share in shares})
    return buffer


def _positions(length: int) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.integers(-length, length - 1),
        st.slices(length),
        st.lists(st.integers(-length, length - 1), max_size=6).map(lambda v: np.array(v, np.intp)),
    )


@given(st.data(), GRIDS)
def test_an_outer_plan_takes_what_numpy_takes(data: st.DataObject, grid: list[tuple[int, int]]) -> None:
    shape, chunks = tuple(n for n, _ in grid), tuple(c for _, c in grid)
    full = np.arange(math.prod(shape)).reshape(shape)
    key = tuple(data.draw(_positions(n)) for n in shape)
    listed = [np.atleast_1d(np.arange(n)[k]) for k, n in zip(key, shape, strict=True)]
    np.testing.assert_array_equal(_filled(outer(key, shape, chunks), full, chunks), full[np.ix_(*listed)])


@given(st.data(), GRIDS)
def test_a_pointwise_plan_takes_what_numpy_takes(data: st.DataObject, grid: list[tuple[int, int]]) -> None:
    shape, chunks = tuple(n for n, _ in grid), tuple(c for _, c in grid)
    full = np.arange(math.prod(shape)).reshape(shape)
    spread = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    key = []
    for length in shape:
        own = [n if data.draw(st.booleans()) else 1 for n in spread]
        size = math.prod(own)
        values = data.draw(st.lists(st.integers(-length, length - 1), min_size=size, max_size=size))
        key.append(np.array(values, np.intp).reshape(own))
    plan = points(key, shape, chunks)
    expected = full[tuple(key)]
    assert plan.result_shape == expected.shape
    np.testing.assert_array_equal(plan.arranged(_filled(plan, full, chunks)), expected)


def test_a_million_million_chunks_are_counted_not_listed() -> None:
    shape = (10**6, 10**6)
    whole = outer((slice(None), slice(None)), shape, (1, 1))
    assert whole.n_chunks == 10**12
    assert next(whole.shares()).cell == (0, 0)
    assert [s.cell for s in outer((5, 7), shape, (1, 1)).shares()] == [(5, 7)]


def test_slices_stay_slices() -> None:
    (share,) = outer((slice(0, 4), np.array([1, 3])), (4, 4), (4, 4)).shares()
    assert isinstance(share.inside[0], slice)


@pytest.mark.parametrize("position", [4, -5])
def test_a_position_outside_is_an_index_error(position: int) -> None:
    with pytest.raises(IndexError, match="length 4"):
        outer((position,), (4,), (2,))
    with pytest.raises(IndexError, match="length 4"):
        points((np.array([position]),), (4,), (2,))
