from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from fairlab import levels
from fairlab.errors import SelectionError
from tests.analysis.images import image, tree


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


def test_levels_by_name_and_number() -> None:
    pyramid = tree(image(np.zeros((16, 24))))
    assert [levels.named(pyramid, level) for level in ("scale1", 0, -1)] == ["scale1", "scale0", "scale2"]
    for level in ("1", 3, -4, True, None, "image"):
        with pytest.raises(SelectionError) as caught:
            levels.named(pyramid, level)  # type: ignore[arg-type]  # the point of the test
        assert caught.value.kind == "level-unknown"
