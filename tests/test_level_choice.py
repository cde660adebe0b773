from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fairlab import level_choice, levels, pixel_sizes
from fairlab.errors import FairlabWarning, SelectionError
from fairlab.image import open_image
from tests.analysis.images import image, tree
from tests.stores import multiscale, write_store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("asked", "name"),
    [(0.5, "scale0"), (0.99, "scale1"), (0.94, "scale0"), (1.0, "scale1"), ("1.9 um", "scale1"), (2.0, "scale2"),
     (1000, "scale2"), ("500 nm", "scale0")],
)  # fmt: skip
def test_choose_by_pixel_size(asked: float | str, name: str) -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.5}))
    assert level_choice.choose(pyramid, pixel_size=asked) == name


def test_sizes_decide_and_not_the_order_of_levels() -> None:
    steps = {"scale0": 0.5, "scale1": 2.0, "scale2": 1.0, "scale3": 2.0}
    pyramid = xr.DataTree.from_dict(
        {
            name: image(np.zeros((8, 8)), scale=dict.fromkeys("yx", step)).to_dataset(name="image")
            for name, step in steps.items()
        }
    )
    assert level_choice.choose(pyramid, pixel_size=1.0) == "scale2"
    assert level_choice.choose(pyramid, pixel_size=2.0) == "scale1"  # of two that are alike, the first


def test_the_larger_side_of_a_pixel_decides() -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.25}))
    assert level_choice.choose(pyramid, pixel_size=0.5) == "scale0"


@pytest.mark.parametrize("axes", ["zx", "zy", "x", "z", "cx"])
def test_sections_and_lines_have_levels_too(axes: str) -> None:
    shape = (16, 24)[-len(axes) :]
    scale = {axis: 0.5 for axis in axes if axis != "c"}
    names = {f"/scale{k}": 2**k for k in range(3)}
    pyramid = xr.DataTree.from_dict(
        {
            name: image(
                np.zeros(tuple(n // k for n in shape)), axes, scale={a: s * k for a, s in scale.items()}
            ).to_dataset(name="image")
            for name, k in names.items()
        }
    )
    assert level_choice.choose(pyramid, pixel_size=1.0) == "scale1"
    assert level_choice.choose(pyramid, max_pixels=100) in ("scale0", "scale1")
    if "c" not in axes and len(axes) == 2:
        assert level_choice.choose(pyramid, shape=(8, 12)) == "scale1"


def test_finer_than_there_is_warns_and_gives_full_resolution() -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.5}))
    with pytest.warns(FairlabWarning):
        assert level_choice.choose(pyramid, pixel_size=0.1) == "scale0"


@pytest.mark.parametrize(
    ("most", "name"), [(10**9, "scale0"), (384, "scale0"), (383, "scale1"), (24, "scale2"), (1, "scale2")]
)
def test_choose_by_pixels(most: int, name: str) -> None:
    assert level_choice.choose(tree(image(np.zeros((2, 16, 24)), "cyx")), max_pixels=most) == name


def test_the_coarser_wish_counts() -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.5}))
    assert level_choice.choose(pyramid, pixel_size=0.5, max_pixels=100) == "scale1"
    assert level_choice.choose(pyramid, pixel_size=2, max_pixels=100) == "scale2"


@st.composite
def pyramids(draw: st.DrawFn) -> xr.DataTree:
    """Levels with any factors between them, finest first."""
    size, step = draw(st.integers(16, 64)), draw(st.floats(1e-3, 1e3))
    nodes = {}
    for number in range(draw(st.integers(1, 5))):
        array = image(
            np.zeros((2, size, size + 3), "uint8"),
            "cyx",
            scale={"y": step, "x": step * draw(st.floats(0.5, 1))},
        )
        nodes[f"/scale{number}"] = array.to_dataset(name="image")
        factor = draw(st.floats(1.2, 4.0))
        size, step = max(2, int(size / factor)), step * factor
    return xr.DataTree.from_dict(nodes)


def _largest_um(array: xr.DataArray) -> float:
    size = pixel_sizes.pixel_size_um(array)
    return max(size["y"], size["x"])


@given(pyramids(), st.floats(1e-4, 1e5))
def test_never_coarser_than_asked_and_never_finer_than_needed(pyramid: xr.DataTree, asked: float) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        name = level_choice.choose(pyramid, pixel_size=asked)
    sizes = {n: _largest_um(levels.variable(pyramid[n].to_dataset())) for n in levels.level_names(pyramid)}
    enough = asked * (1 + level_choice.TOLERANCE)
    assert (sizes[name] > enough) == bool(caught)
    assert name == "scale0" or sizes[name] <= enough
    assert not any(sizes[name] < size <= enough for size in sizes.values())


@given(pyramids(), st.integers(1, 10**4))
def test_never_over_budget_and_never_coarser_than_the_budget_asks(pyramid: xr.DataTree, most: int) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        name = level_choice.choose(pyramid, max_bytes=most)
    taken = {n: pyramid[n].dataset["image"].nbytes for n in levels.level_names(pyramid)}
    assert (taken[name] > most) == bool(caught)
    assert taken[name] == max((n for n in taken.values() if n <= most), default=min(taken.values()))


@given(pyramids(), st.integers(1, 70), st.integers(1, 70))
def test_as_many_samples_as_asked(pyramid: xr.DataTree, y: int, x: int) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        name = level_choice.choose(pyramid, shape=(y, x))
    sizes = {n: pyramid[n].dataset["image"].sizes for n in levels.level_names(pyramid)}
    fine = [n for n in sizes if sizes[n]["y"] >= y and sizes[n]["x"] >= x]
    assert name == (fine[-1] if fine else "scale0")
    assert bool(caught) == (not fine)


def test_a_limit_goes_before_what_is_fine_enough() -> None:
    pyramid = tree(
        image(np.zeros((16, 24), "uint8"), scale={"y": 0.5, "x": 0.5})
    )  # 384, 96 · 8, 24 · 8 bytes
    assert level_choice.choose(pyramid, pixel_size=0.5, max_bytes=400) == "scale0"
    assert level_choice.choose(pyramid, pixel_size=0.5, max_bytes=200) == "scale2"
    assert level_choice.choose(pyramid, pixel_size=2, shape=(8, 8)) == "scale1"


@pytest.mark.parametrize("shape", [(5,), (1, 2, 3, 4), (0, 4), (4.0, 4), (True, 4), (), 5, "55"])
def test_no_shapes(shape: Any) -> None:
    with pytest.raises(SelectionError) as caught:
        level_choice.choose(tree(image(np.zeros((4, 4)))), shape=shape)
    assert caught.value.kind == "shape"


def test_axes_in_capitals_are_axes_of_space_too(tmp_path: Path) -> None:
    """As iohub names them."""

    def capitals(attributes: dict[str, Any]) -> None:
        for axis in multiscale(attributes)["axes"]:
            axis["name"] = axis["name"].upper()

    write_store(tmp_path / "a.zarr", axes="tczyx", shape=(1, 1, 2, 40, 60), edit=capitals, version="0.4")
    opened = open_image(tmp_path / "a.zarr")
    assert opened.fair.level(pixel_size=1.0).sizes["Y"] == 20
    assert opened["scale1/image"].fair.pixel_size == {"Z": 1.0, "Y": 1.0, "X": 1.0}
    assert opened.fair.level(shape=(20, 30)).sizes["Y"] == 20
    crop = opened.fair.crop(center=("10 um", "15 um"), width="4 um")
    assert dict(crop.sizes) == {"T": 1, "C": 1, "Z": 2, "Y": 8, "X": 8}
