"""Numbers of wells and their colours: the right well, the mean of its lines, nothing made up."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import QueryError, SelectionError
from fairlab.widgets.heat_map import heat_map_of, viridis

PLATE = xr.DataArray(
    np.zeros((2, 12)),
    dims=("row", "column"),
    coords={"row": ["A", "B"], "column": [str(n) for n in range(1, 13)]},
)


@pytest.mark.parametrize("names", [["A1", "A01", "B12"], ["a1", "A/1", "b12"]])
def test_wells_by_any_of_their_names(names):
    found = heat_map_of(pd.DataFrame({"well": names, "cells": [2, 4, 7]}), PLATE)
    assert found.values == {("A", "1"): 3.0, ("B", "12"): 7.0}


def test_wells_by_row_and_column_whatever_the_type_of_the_number():
    table = {"row": ["A", "B"], "column": [1, 2], "field": [0, 0], "cells": [2.5, 4.0]}
    assert heat_map_of(table, PLATE).values == {("A", "1"): 2.5, ("B", "2"): 4.0}


def test_an_array_is_averaged_over_all_but_row_and_column():
    array = xr.DataArray(
        np.arange(8.0).reshape(2, 2, 2),
        dims=("field", "column", "row"),
        coords={"row": ["A", "B"], "column": ["1", "2"]},
        name="mean",
    )
    found = heat_map_of(array, PLATE)
    assert found.name == "mean" and found.values[("A", "2")] == pytest.approx((2 + 6) / 2)


def test_what_is_no_number_is_no_value():
    found = heat_map_of(
        {"well": ["A1", "A1", "A2", "A3"], "x": [1.0, math.nan, math.nan, None]}, PLATE, by="x"
    )
    assert found.values == {("A", "1"): 1.0}
    assert found.color(("A", "2")) == found.text(("A", "2")) == ""


def test_one_value_everywhere_has_a_colour():
    assert heat_map_of({"well": ["A1", "A2"], "x": [3, 3]}, PLATE).color(("A", "1")) == viridis(0)


@pytest.mark.parametrize(
    ("table", "by", "says"),
    [
        ({"x": [1]}, None, "which well"),
        ({"well": ["A1"], "x": [1], "y": [2]}, None, "several columns of numbers (x, y)"),
        ({"well": ["A1"], "gene": ["TP53"]}, None, "no column of numbers"),
        ({"well": ["A1"], "cells": [1]}, "cels", 'did you mean "cells"'),
        ({"well": ["A1"], "gene": ["TP53"]}, "gene", "no number"),
        (xr.DataArray([1.0], dims="well"), None, "no row and column"),
        (7, None, "int"),
    ],
)
def test_tables_that_cannot_be_used_say_why(table, by, says):
    with pytest.raises(QueryError) as caught:
        heat_map_of(table, PLATE, by=by)
    assert caught.value.kind == "table" and says in str(caught.value)


@pytest.mark.parametrize("table", [{"well": ["C1"], "x": [1]}, {"row": ["A"], "column": ["13"], "x": [1]}])
def test_a_table_of_another_plate_is_refused(table):
    with pytest.raises(SelectionError) as caught:
        heat_map_of(table, PLATE)
    assert caught.value.kind == "well-unknown"


@given(st.floats(0, 1), st.floats(0, 1))
def test_a_higher_value_is_never_darker(one, other):
    def light(part: float) -> float:
        red, green, blue = bytes.fromhex(viridis(part)[1:])
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted((one, other))
    assert light(low) <= light(high) + 1.0
