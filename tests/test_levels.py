from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import fairlab
from fairlab import levels
from fairlab.errors import FairlabWarning, SelectionError
from fairlab.ngff.units import LENGTHS_M
from tests.analysis.images import image, tree


@pytest.mark.parametrize("unit", sorted(LENGTHS_M))
def test_pixel_size_in_every_unit_of_length(unit: str) -> None:
    array = image(np.zeros((4, 5)), scale={"y": 2.0, "x": 0.5}, units=dict.fromkeys("yx", unit))
    factor = LENGTHS_M[unit] * 1e6
    assert levels.pixel_size_um(array) == pytest.approx({"y": 2.0 * factor, "x": 0.5 * factor})


def test_pixel_size_follows_striding_and_cropping_not_attributes() -> None:
    array = image(np.zeros((3, 8, 9)), "zyx", scale={"z": 2.0, "y": 0.5, "x": 0.25})
    assert array.x.attrs["spacing"] == 0.25
    strided = array.isel(y=slice(2, None, 3), x=slice(None, None, 2))
    assert levels.pixel_size_um(strided) == pytest.approx({"z": 2.0, "y": 1.5, "x": 0.5})


def test_pixel_size_of_one_sample_is_what_the_reader_says() -> None:
    array = image(np.zeros((1, 4, 4)), "zyx", scale={"z": 3.0})
    assert levels.pixel_size_um(array)["z"] == 3.0
    del array.z.attrs["spacing"]
    with pytest.raises(SelectionError) as caught:
        levels.pixel_size_um(array)
    assert caught.value.kind == "spacing-unknown"


def test_pixel_size_of_falling_axis_is_above_zero_and_its_spacing_below() -> None:
    array = image(np.zeros((4, 4)), scale={"y": 0.5}).isel(y=slice(None, None, -1))
    assert levels.pixel_size_um(array)["y"] == 0.5
    assert levels.spacing(array, "y") == -0.5


@pytest.mark.parametrize("positions", [[0.0, 1.0, 3.0], [1.0, 1.0, 1.0], [0.0, np.nan, 2.0]])
def test_uneven_samples_have_no_pixel_size(positions: list[float]) -> None:
    array = image(np.zeros((4, 3))).assign_coords(x=("x", positions, {"units": "micrometer"}))
    with pytest.raises(SelectionError) as caught:
        levels.pixel_size_um(array)
    assert caught.value.kind == "spacing-irregular"


@pytest.mark.parametrize("unit", [None, "second", "pixel", ""])
def test_unitless(unit: str | None) -> None:
    array = image(np.zeros((4, 4)), units={} if unit is None else dict.fromkeys("yx", unit))
    for ask in (
        lambda: levels.pixel_size_um(array),
        lambda: levels.choose(tree(array, levels=2), pixel_size=2.0),
    ):
        with pytest.raises(SelectionError) as caught:
            ask()
        assert caught.value.kind == "unitless"
    assert levels.choose(tree(array, levels=2)) == "scale0"


@pytest.mark.parametrize(
    ("asked", "name"),
    [(0.5, "scale0"), (0.99, "scale1"), (0.94, "scale0"), (1.0, "scale1"), ("1.9 um", "scale1"), (2.0, "scale2"),
     (1000, "scale2"), ("500 nm", "scale0")],
)  # fmt: skip
def test_choose_by_pixel_size(asked: float | str, name: str) -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.5}))
    assert levels.choose(pyramid, pixel_size=asked) == name


def test_the_larger_side_of_a_pixel_decides() -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.25}))
    assert levels.choose(pyramid, pixel_size=0.5) == "scale0"


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
    assert levels.choose(pyramid, pixel_size=1.0) == "scale1"
    assert levels.choose(pyramid, max_pixels=100) in ("scale0", "scale1")
    if "c" not in axes and len(axes) == 2:
        assert levels.choose(pyramid, shape=(8, 12)) == "scale1"


def test_finer_than_there_is_warns_and_gives_full_resolution() -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.5}))
    with pytest.warns(FairlabWarning):
        assert levels.choose(pyramid, pixel_size=0.1) == "scale0"


@pytest.mark.parametrize(
    ("most", "name"), [(10**9, "scale0"), (384, "scale0"), (383, "scale1"), (24, "scale2"), (1, "scale2")]
)
def test_choose_by_pixels(most: int, name: str) -> None:
    assert levels.choose(tree(image(np.zeros((2, 16, 24)), "cyx")), max_pixels=most) == name


def test_the_coarser_wish_counts() -> None:
    pyramid = tree(image(np.zeros((16, 24)), scale={"y": 0.5, "x": 0.5}))
    assert levels.choose(pyramid, pixel_size=0.5, max_pixels=100) == "scale1"
    assert levels.choose(pyramid, pixel_size=2, max_pixels=100) == "scale2"


def test_levels_are_in_natural_order() -> None:
    array = image(np.zeros((4, 4))).to_dataset(name="image")
    numbers = [0, 10, 2, 1]
    unsorted = xr.DataTree.from_dict({**{f"/scale{n}": array for n in numbers}, "/labels/a/scale0": array})
    assert levels.level_names(unsorted) == ["scale0", "scale1", "scale2", "scale10"]


def test_a_tree_without_levels() -> None:
    with pytest.raises(SelectionError) as caught:
        levels.level_names(xr.DataTree.from_dict({"/other": xr.Dataset()}))
    assert caught.value.kind == "no-levels"


def test_the_variable_of_a_level() -> None:
    array = image(np.zeros((4, 4)))
    both = xr.Dataset({"image": array, "extra": array})
    assert levels.variable(both).name == "image"
    assert levels.variable(array.to_dataset(name="labels")).name == "labels"
    assert levels.variable(array.to_dataset(name="only")).name == "only"
    with pytest.raises(SelectionError) as caught:
        levels.variable(both.rename(image="one"))
    assert caught.value.kind == "no-image"


def test_a_large_read_is_refused_before_it_happens() -> None:
    array = image(np.zeros((10, 10), "uint8"))
    with fairlab.set_options(max_read_bytes=100):
        levels.check_size(array, hint="x")
        with pytest.raises(SelectionError) as caught:
            levels.check_size(array, itemsize=4, hint="take less")
    assert caught.value.kind == "read-too-large"
    assert (caught.value.context["bytes"], caught.value.context["max_bytes"]) == (400, 100)
    assert "take less" in str(caught.value)


# ── what the choice promises, whatever the pyramid ───────────────────────────────────────────────────


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
    size = levels.pixel_size_um(array)
    return max(size["y"], size["x"])


@given(pyramids(), st.floats(1e-4, 1e5))
def test_never_coarser_than_asked_and_never_finer_than_needed(pyramid: xr.DataTree, asked: float) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        name = levels.choose(pyramid, pixel_size=asked)
    sizes = {n: _largest_um(levels.variable(pyramid[n].to_dataset())) for n in levels.level_names(pyramid)}
    enough = asked * (1 + levels.TOLERANCE)
    assert (sizes[name] > enough) == bool(caught)
    assert name == "scale0" or sizes[name] <= enough
    assert not any(sizes[name] < size <= enough for size in sizes.values())


@given(pyramids(), st.integers(1, 10**4))
def test_never_over_budget_and_never_coarser_than_the_budget_asks(pyramid: xr.DataTree, most: int) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        name = levels.choose(pyramid, max_bytes=most)
    taken = {n: pyramid[n].dataset["image"].nbytes for n in levels.level_names(pyramid)}
    assert (taken[name] > most) == bool(caught)
    assert taken[name] == max((n for n in taken.values() if n <= most), default=min(taken.values()))


@given(pyramids(), st.integers(1, 70), st.integers(1, 70))
def test_as_many_samples_as_asked(pyramid: xr.DataTree, y: int, x: int) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        name = levels.choose(pyramid, shape=(y, x))
    sizes = {n: pyramid[n].dataset["image"].sizes for n in levels.level_names(pyramid)}
    fine = [n for n in sizes if sizes[n]["y"] >= y and sizes[n]["x"] >= x]
    assert name == (fine[-1] if fine else "scale0")
    assert bool(caught) == (not fine)


def test_a_limit_goes_before_what_is_fine_enough() -> None:
    pyramid = tree(
        image(np.zeros((16, 24), "uint8"), scale={"y": 0.5, "x": 0.5})
    )  # 384, 96 · 8, 24 · 8 bytes
    assert levels.choose(pyramid, pixel_size=0.5, max_bytes=400) == "scale0"
    assert levels.choose(pyramid, pixel_size=0.5, max_bytes=200) == "scale2"
    assert levels.choose(pyramid, pixel_size=2, shape=(8, 8)) == "scale1"


@pytest.mark.parametrize("shape", [(5,), (1, 2, 3, 4), (0, 4), (4.0, 4), (True, 4), (), 5, "55"])
def test_no_shapes(shape: Any) -> None:
    with pytest.raises(SelectionError) as caught:
        levels.choose(tree(image(np.zeros((4, 4)))), shape=shape)
    assert caught.value.kind == "shape"


def test_levels_by_name_and_number() -> None:
    pyramid = tree(image(np.zeros((16, 24))))
    assert [levels.named(pyramid, level) for level in ("scale1", 0, -1)] == ["scale1", "scale0", "scale2"]
    for level in ("1", 3, -4, True, None, "image"):
        with pytest.raises(SelectionError) as caught:
            levels.named(pyramid, level)  # type: ignore[arg-type]  # the point of the test
        assert caught.value.kind == "level-unknown"
