from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from xarray.core.indexing import NumpyIndexingAdapter, VectorizedIndexer

from fairlab.subset import Subset


def _outer(array: np.ndarray, key: tuple[Any, ...]) -> np.ndarray:
    for n in reversed(range(len(key))):
        array = np.asarray(array[(slice(None),) * n + (key[n],)])
    return array


def _read(full: np.ndarray, part: Subset) -> np.ndarray:
    if not part.size:  # nothing is asked for: lazy arrays do not read it either
        return np.empty(part.shape, full.dtype)
    key = part.outer_key
    if key is None:
        return part.arranged(full[part.points_key])
    assert all(not isinstance(k, slice) or k.step > 0 for k in key)  # what is stored is read forwards
    return part.arranged(_outer(full, key))


def _slices(n: int) -> st.SearchStrategy[slice]:
    ends = st.one_of(st.none(), st.integers(-n - 1, n + 1))
    return st.builds(slice, ends, ends, st.sampled_from([None, 1, 2, 3, -1, -2]))


def _index(draw: st.DrawFn, n: int) -> Any:
    if not n:
        return draw(_slices(n))
    lists = hnp.arrays(int, st.integers(0, 4), elements=st.integers(-n, n - 1))
    return draw(st.one_of(_slices(n), st.integers(-n, n - 1), lists))


def _vectorized(draw: st.DrawFn, shape: tuple[int, ...]) -> tuple[Any, ...]:
    points = draw(hnp.array_shapes(min_dims=1, max_dims=2, max_side=3))
    key: list[Any] = []
    for n in shape:
        if not n or draw(st.booleans()):
            key.append(draw(_slices(n)))
            continue
        own = tuple(draw(st.sampled_from([side, 1])) for side in points)
        key.append(draw(hnp.arrays(int, own, elements=st.integers(-n, n - 1))))
    return tuple(key)


@settings(max_examples=300)
@given(st.data())
def test_any_sequence_of_selections_is_what_numpy_says(data: st.DataObject) -> None:
    draw = data.draw
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, max_side=5))
    full = expected = np.arange(np.prod(shape)).reshape(shape)
    part = Subset.whole(shape)
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["transpose", "outer", "vectorized"]))
        if kind == "transpose":
            order = draw(st.permutations(range(expected.ndim)))
            expected, part = expected.transpose(order), part.transpose(order)
        elif kind == "outer":
            key = tuple(_index(draw, n) for n in expected.shape)
            expected, part = _outer(expected, key), part.outer(key)
        else:
            key = _vectorized(draw, expected.shape)
            if any(isinstance(k, np.ndarray) for k in key):
                expected = np.asarray(NumpyIndexingAdapter(expected).vindex[VectorizedIndexer(key)])
                part = part.vectorized(key)
        assert part.shape == expected.shape
        assert part.size == expected.size
    np.testing.assert_array_equal(_read(full, part), expected)


def test_a_transpose_stays_an_outer_selection() -> None:
    part = Subset.whole((3, 10**6, 10**6)).transpose((2, 0, 1)).outer((slice(5, 9), 0, slice(None)))
    assert part.outer_key == (0, slice(0, 10**6, 1), slice(5, 9, 1))
    assert part.shape == (4, 10**6)


def test_points_that_vary_alone_are_an_outer_selection() -> None:
    part = Subset.whole((10, 20, 30)).vectorized((np.array([[1], [2]]), np.array([[3, 4, 5]]), slice(None)))
    assert part.outer_key is not None
    assert part.shape == (2, 3, 30)


def test_points_stay_few_when_the_rest_is_selected_again() -> None:
    wells = (np.array([0, 3, 5]), np.array([1, 1, 2]))
    part = Subset.whole((8, 12, 2, 2160, 2160)).vectorized((*wells, *(slice(None),) * 3))
    part = part.outer((slice(None), 1, slice(0, 2000), slice(None)))
    assert part.shape == (3, 2000, 2160)
    assert sum(k.size for k in part.points_key) == 3 + 3 + 1 + 2000 + 2160


def test_one_point_asked_for_twice_is_two() -> None:
    full = np.arange(4).reshape(2, 2)
    column = Subset.whole((2, 2)).vectorized((np.array([[1], [0]]), slice(None)))
    twice = column.vectorized((np.array([0]), np.array([0, 0]), np.array([1])))
    assert twice.shape == (2,)
    np.testing.assert_array_equal(_read(full, twice), [3, 3])
