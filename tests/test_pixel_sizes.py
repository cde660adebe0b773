from __future__ import annotations

import numpy as np
import pytest

from fairlab import level_choice, pixel_sizes
from fairlab.errors import SelectionError
from fairlab.ngff.units import LENGTHS_M
from tests.analysis.images import image, tree


@pytest.mark.parametrize("unit", sorted(LENGTHS_M))
def test_pixel_size_in_every_unit_of_length(unit: str) -> None:
    array = image(np.zeros((4, 5)), scale={"y": 2.0, "x": 0.5}, units=dict.fromkeys("yx", unit))
    factor = LENGTHS_M[unit] * 1e6
    assert pixel_sizes.pixel_size_um(array) == pytest.approx({"y": 2.0 * factor, "x": 0.5 * factor})


def test_pixel_size_follows_striding_and_cropping_not_attributes() -> None:
    array = image(np.zeros((3, 8, 9)), "zyx", scale={"z": 2.0, "y": 0.5, "x": 0.25})
    assert array.x.attrs["spacing"] == 0.25
    strided = array.isel(y=slice(2, None, 3), x=slice(None, None, 2))
    assert pixel_sizes.pixel_size_um(strided) == pytest.approx({"z": 2.0, "y": 1.5, "x": 0.5})


def test_pixel_size_of_one_sample_is_what_the_reader_says() -> None:
    array = image(np.zeros((1, 4, 4)), "zyx", scale={"z": 3.0})
    assert pixel_sizes.pixel_size_um(array)["z"] == 3.0
    del array.z.attrs["spacing"]
    with pytest.raises(SelectionError) as caught:
        pixel_sizes.pixel_size_um(array)
    assert caught.value.kind == "spacing-unknown"


def test_pixel_size_of_falling_axis_is_above_zero_and_its_spacing_below() -> None:
    array = image(np.zeros((4, 4)), scale={"y": 0.5}).isel(y=slice(None, None, -1))
    assert pixel_sizes.pixel_size_um(array)["y"] == 0.5
    assert pixel_sizes.spacing(array, "y") == -0.5


@pytest.mark.parametrize("positions", [[0.0, 1.0, 3.0], [1.0, 1.0, 1.0], [0.0, np.nan, 2.0]])
def test_uneven_samples_have_no_pixel_size(positions: list[float]) -> None:
    array = image(np.zeros((4, 3))).assign_coords(x=("x", positions, {"units": "micrometer"}))
    with pytest.raises(SelectionError) as caught:
        pixel_sizes.pixel_size_um(array)
    assert caught.value.kind == "spacing-irregular"


@pytest.mark.parametrize("unit", [None, "second", "pixel", ""])
def test_unitless(unit: str | None) -> None:
    array = image(np.zeros((4, 4)), units={} if unit is None else dict.fromkeys("yx", unit))
    for ask in (
        lambda: pixel_sizes.pixel_size_um(array),
        lambda: level_choice.choose(tree(array, levels=2), pixel_size=2.0),
    ):
        with pytest.raises(SelectionError) as caught:
            ask()
        assert caught.value.kind == "unitless"
    assert level_choice.choose(tree(array, levels=2)) == "scale0"
