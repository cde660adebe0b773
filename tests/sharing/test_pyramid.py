"""Levels: their factors, pixels and positions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.sharing import attributes
from fairlab.sharing.grid import grid
from fairlab.sharing.pyramid import block_mean, block_pick, plan

sides = st.integers(1, 40)
factors = st.sampled_from([1, 2, 4])
steps = st.floats(1e-3, 1e3, allow_nan=False)
places = st.floats(-1e5, 1e5, allow_nan=False)


@given(sides, sides, factors, factors, st.integers(0, 2**32))
def test_means_stay_within_their_pixels_and_picks_are_pixels(
    h: int, w: int, fy: int, fx: int, seed: int
) -> None:
    data = np.random.default_rng(seed).integers(0, 255, (h, w)).astype("uint8")
    mean, picked = block_mean(data, (fy, fx)), block_pick(data, (fy, fx))
    assert mean.shape == picked.shape == (-(-h // fy), -(-w // fx))
    assert mean.dtype == picked.dtype == data.dtype
    for i, j in np.ndindex(mean.shape):
        block = data[i * fy : (i + 1) * fy, j * fx : (j + 1) * fx]
        assert block.min() <= mean[i, j] <= block.max()
        assert picked[i, j] in block


@given(steps, places, factors)
def test_a_merged_pixel_lies_in_the_middle_of_its_pixels(step: float, origin: float, factor: int) -> None:
    where = grid("yx", scale={"x": step}, translation={"x": origin})
    entry = attributes.multiscale(where, name="n", paths=["0"], factors=[{"y": 1, "x": factor}], how="mean")
    found = {t["type"]: t[t["type"]] for t in entry["datasets"][0]["coordinateTransformations"]}
    centres = origin + np.arange(factor) * step
    assert found.get("translation", [0, 0])[1] == pytest.approx(centres.mean(), rel=1e-9, abs=1e-9)
    assert found["scale"][1] == pytest.approx(step * factor)


@given(st.tuples(sides, st.integers(1, 3000), st.integers(1, 3000)), st.floats(0.05, 20), st.integers(1, 6))
def test_factors_never_shrink_nor_exceed_the_image(
    size: tuple[int, int, int], z_step: float, levels: int
) -> None:
    sizes = dict(zip("zyx", size, strict=True))
    made = plan(sizes, scale={"z": z_step, "y": 1.0, "x": 1.0}, levels=levels)
    assert 1 <= len(made) <= levels
    assert set(made[0].values()) == {1}
    for before, after in itertools.pairwise(made):
        assert all(after[axis] in (before[axis], 2 * before[axis]) for axis in sizes)
        assert before != after


def test_thick_slices_wait_until_the_plane_is_as_coarse() -> None:
    made = plan({"z": 16, "y": 512, "x": 512}, scale={"z": 1.0, "y": 0.25, "x": 0.25}, levels=5)
    assert [level["z"] for level in made] == [1, 1, 1, 2, 4]


def test_levels_end_when_a_plane_fits_on_a_thumbnail() -> None:
    assert len(plan({"y": 128, "x": 128}, scale={"y": 1.0, "x": 1.0})) == 1
    assert len(plan({"y": 129, "x": 20}, scale={"y": 1.0, "x": 1.0})) == 2
