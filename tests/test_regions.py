from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import FairlabWarning, SelectionError
from fairlab.regions import at, crop
from tests.analysis.images import image


def plane(ny: int = 20, nx: int = 30, **more: Any) -> xr.DataArray:
    return image(np.arange(ny * nx).reshape(ny, nx), scale={"y": 0.5, "x": 0.25}, origin={"y": 3.0}, **more)


# ── a box ────────────────────────────────────────────────────────────────────────────────────────────


@given(st.floats(-5, 20), st.floats(-5, 20), st.floats(0.01, 12), st.booleans(), st.booleans(), st.booleans())
def test_a_box_holds_the_samples_whose_centres_lie_in_it(
    y: float, x: float, width: float, turned: bool, falls_y: bool, falls_x: bool
) -> None:
    array = plane().isel(y=slice(None, None, -1 if falls_y else 1), x=slice(None, None, -1 if falls_x else 1))
    array = array.T if turned else array
    edges = {
        dim: (float(array[dim].min()), float(array[dim].max()), s) for dim, s in (("y", 0.5), ("x", 0.25))
    }
    outside = any(
        c + width / 2 < low - s / 2 - 1e-6 or c - width / 2 > high + s / 2 + 1e-6
        for c, (low, high, s) in zip((y, x), edges.values(), strict=True)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FairlabWarning)
        if outside:
            with pytest.raises(SelectionError, match="extends from"):
                crop(array, center=(y, x), width=width)
            return
        part = crop(array, center=(y, x), width=width)
    assert part.dims == array.dims
    for dim, c in (("y", y), ("x", x)):
        low, high, s = edges[dim]
        kept, whole = part[dim].values, array[dim].values
        assert part.sizes[dim] >= 1
        inside = whole[np.abs(whole - c) < width / 2 - 1e-3 * s]
        assert set(inside) <= set(kept)
        reach = max(width / 2, s / 2) + 1e-3 * s
        assert all(abs(k - c) <= reach or k in (low, high) for k in kept)


@given(st.floats(3, 6), st.integers(1, 8))
def test_the_number_of_samples_does_not_hang_on_the_grid(x: float, count: int) -> None:
    assert crop(plane(), center={"x": x}, width=0.25 * count).sizes == {"y": 20, "x": count}


def test_every_way_to_say_it() -> None:
    array = plane()
    expected = array.isel(y=slice(4, 8), x=slice(8, 16))
    for center, width in [
        ({"y": 5.7, "x": 2.9}, 2),
        ((5.7, 2.9), "2 um"),
        ({"x": "2900 nm", "y": "0.0057 mm"}, {"y": 2.0, "x": "2 µm"}),
    ]:
        assert crop(array, center=center, width=width).equals(expected)  # type: ignore[arg-type]


def test_numbers_are_the_coordinates_own_and_widths_micrometer() -> None:
    array = image(np.arange(40), "x", scale={"x": 100.0}, units={"x": "nanometer"})
    assert crop(array, center={"x": 1000.0}, width=0.4).x.values.tolist() == [800.0, 900.0, 1000.0, 1100.0]


def test_a_unitless_axis_takes_its_own_numbers() -> None:
    array = image(np.arange(40), "x", units={})
    assert crop(array, center={"x": 10.2}, width=4).x.values.tolist() == [9.0, 10.0, 11.0, 12.0]
    with pytest.raises(SelectionError) as caught:
        crop(array, center={"x": 10.2}, width="4 um")
    assert caught.value.kind == "unitless"


def test_a_box_beyond_the_border_is_clipped_with_a_warning() -> None:
    with pytest.warns(FairlabWarning, match="along x and was clipped"):
        part = crop(plane(), center={"y": 5, "x": 0}, width=2)
    assert part.sizes == {"y": 4, "x": 4}
    whole = plane()
    assert (
        crop(whole, center={"x": float(whole.x.mean())}, width=30 * 0.25).sizes["x"] == 30
    )  # and no warning


def test_one_sample_is_a_box_too() -> None:
    array = image(np.zeros((1, 4, 4)), "zyx", scale={"z": 3.0})
    with pytest.warns(FairlabWarning, match="along z"):
        assert crop(array, center={"z": 0.4}, width=3).sizes["z"] == 1


@pytest.mark.parametrize(
    ("center", "width", "kind"),
    [
        ({"x": 100}, 1, "outside"), ({"x": -3}, "1 um", "outside"), ({"w": 1}, 1, "dimension-unknown"),
        ((1, 2, 3), 1, "quantity"),
        ("12", 1, "quantity"), ({"x": "far"}, 1, "quantity"), ({"x": 1}, 0, "quantity"), ({"x": 1}, "1 s", "quantity"),
        ({"x": 1}, {"y": 1}, "quantity"), ({"x": np.nan}, 1, "quantity"),
    ],
)  # fmt: skip
def test_no_boxes(center: Any, width: Any, kind: str) -> None:
    with pytest.raises(SelectionError) as caught:
        crop(plane(), center=center, width=width)
    assert caught.value.kind == kind
    if kind == "outside":
        assert caught.value.context["extent"] == (-0.125, 7.375)


# ── the nearest sample ───────────────────────────────────────────────────────────────────────────────


@given(st.floats(-0.12, 7.37), st.booleans())
def test_the_nearest_sample(x: float, falls: bool) -> None:
    array = plane().isel(x=slice(None, None, -1 if falls else 1))
    found = float(at(array, {"x": x}).x)
    assert abs(found - x) <= np.abs(array.x.values - x).min() + 1e-9


def test_text_channels_and_points() -> None:
    array = image(np.arange(2 * 4 * 5).reshape(2, 4, 5), "cyx", channels=["DAPI", "GFP"], scale={"x": 0.5})
    assert at(array, {"c": "GFP", "x": "600 nm", "y": 2.4}).item() == array.values[1, 2, 1]
    assert at(array, {"c": ["GFP", "DAPI"]}).c.values.tolist() == ["GFP", "DAPI"]
    points = xr.DataArray([0.1, 1.9], dims="point")
    assert at(array, {"c": "DAPI", "y": points, "x": points}).values.tolist() == [
        array.values[0, 0, 0],
        array.values[0, 2, 4],
    ]
    assert at(array, {"x": [0.1, 0.4]}).x.values.tolist() == [0.0, 0.5]


@pytest.mark.parametrize(
    ("positions", "kind"),
    [({"x": 7.4}, "outside"), ({"x": "-1 um"}, "outside"), ({"x": [1.0, 99.0]}, "outside"), ({"x": np.nan}, "quantity"),
     ({"q": 1}, "dimension-unknown"), ({"x": "GFP"}, "quantity"), ({"x": [np.nan]}, "outside")],
)  # fmt: skip
def test_no_samples(positions: dict[str, Any], kind: str) -> None:
    with pytest.raises(SelectionError) as caught:
        at(plane(), positions)
    assert caught.value.kind == kind


def test_names_have_no_box() -> None:
    array = image(np.zeros((2, 4, 5)), "cyx", channels=["DAPI", "GFP"])
    with pytest.raises(SelectionError, match=r"\.fair\.at\(c=") as caught:
        crop(array, center={"c": 1}, width=1)
    assert caught.value.kind == "spacing-unknown"


@pytest.mark.parametrize("ask", [lambda a: crop(a, center={"x": 0}, width=1), lambda a: at(a, {"x": 0})])
def test_an_axis_without_samples_has_no_positions(ask: Any) -> None:
    with pytest.raises(SelectionError) as caught:
        ask(plane().isel(x=slice(0, 0)))
    assert caught.value.kind == "outside"


def test_a_name_that_is_not_there_gets_a_hint() -> None:
    array = image(np.zeros((2, 4, 5)), "cyx", channels=["DAPI", "GFP"])
    with pytest.raises(SelectionError, match='did you mean "DAPI"') as caught:
        at(array, {"c": "DAPl"})
    assert caught.value.kind == "label-unknown"


def test_text_is_turned_into_the_unit_of_the_axis_and_a_number_is_in_it() -> None:
    array = image(np.arange(40), "x", scale={"x": 100.0}, units={"x": "nanometer"})
    assert at(array, {"x": "0.5 um"}).x.item() == at(array, {"x": 500}).x.item() == 500.0
    assert at(array, {"x": slice("0.3 um", 520)}).x.values.tolist() == [300.0, 400.0, 500.0]


def test_an_axis_without_positions_is_selected_by_index() -> None:
    with pytest.raises(SelectionError, match="isel") as caught:
        at(xr.DataArray(np.zeros(4), dims="x"), {"x": 1})
    assert caught.value.kind == "spacing-unknown"


def test_a_slice_takes_what_lies_between_whichever_way_the_axis_runs() -> None:
    array = image(np.zeros((3, 4, 6)), "cyx", channels=["a", "b", "c"], scale={"x": 0.5})
    for turned in (array, array.isel(x=slice(None, None, -1))):
        part = at(turned, {"x": slice("0.4 um", 1.5), "c": slice("b", None)})
        assert sorted(part.x.values.tolist()) == [0.5, 1.0, 1.5] and part.c.values.tolist() == ["b", "c"]
        backwards = at(turned, {"x": slice(1.5, "0.4 um")})
        assert sorted(backwards.x.values.tolist()) == [0.5, 1.0, 1.5]
    assert at(array, {"x": slice(None, 1, 2)}).x.values.tolist() == [0.0, 1.0]
    with pytest.raises(SelectionError) as caught:
        at(array, {"x": slice(9, 12)})
    assert caught.value.kind == "outside"
