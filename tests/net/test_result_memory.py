from __future__ import annotations

import pickle

import numpy as np
import pytest

from fairlab.net import memory

LARGE = (memory._LARGE // 2 + 5000,)


def test_a_large_array_is_like_any_other() -> None:
    array = memory.empty(LARGE, np.dtype("u2"))
    assert array.shape == LARGE and array.flags.writeable and array.flags.c_contiguous
    array[:] = 7
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(array[-9:])), [7] * 9)
    assert array.sum(dtype="u8") == 7 * LARGE[0]


def test_what_is_written_meanwhile_stays() -> None:
    array = memory.empty(LARGE, np.dtype("u2"))
    array[:] = np.arange(LARGE[0]) % 60_000
    for asking in memory.askings(array):
        asking()
    np.testing.assert_array_equal(array, np.arange(LARGE[0]) % 60_000)


@pytest.mark.skipif(memory._madvise() is None, reason="only Linux gives memory when it is asked to")
def test_the_memory_is_there_before_it_is_written_to() -> None:
    import resource

    array = memory.empty(LARGE, np.dtype("u2"))
    if {asking() for asking in memory.askings(array)} != {0}:
        pytest.skip("this kernel is older than 5.14")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    array[:] = 1
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults < array.nbytes // 4096 // 10


def test_small_and_strided_arrays_are_left_alone() -> None:
    assert not list(memory.askings(np.empty(100)))
    assert not list(memory.askings(memory.empty((2, LARGE[0]), np.dtype("u2"))[:, ::2]))
