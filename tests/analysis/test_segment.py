from __future__ import annotations

import builtins
import math
import sys
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

import fairlab
from fairlab import segment
from fairlab.analysis.objects import METHODS, Recipe, find_objects
from fairlab.errors import FairlabWarning, MissingExtraError, SelectionError
from tests.analysis.images import ellipsoid, image, tree


def discs(*centres: tuple[float, float], radius: float = 6, shape: tuple[int, int] = (48, 64)) -> np.ndarray:
    """Light 200 in discs, 20 around them."""
    masks = [ellipsoid(shape, centre, (radius, radius), (1, 1)) for centre in centres]
    return np.where(np.any(masks, axis=0), 200, 20).astype("uint16")


APART = discs((10, 10), (10, 40), (34, 24))
TOUCHING = discs((20, 20), (20, 31))


def count(labels: xr.DataArray) -> int:
    found = np.unique(labels.values)
    assert found[0] == 0 and found[-1] == len(found) - 1, "labels count from 1 without gaps"
    return len(found) - 1


@pytest.mark.parametrize("method", METHODS)
def test_every_method_finds_the_discs(method: str) -> None:
    noisy = APART + np.random.default_rng(0).normal(0, 2, APART.shape)
    labels = segment(image(noisy), method=method, min_size_um2=20)
    assert count(labels) == 3
    assert np.mean((labels.values > 0) != (APART == 200)) < 0.01


def test_labels_carry_coordinates_identity_and_how_they_were_made() -> None:
    array = image(
        APART[None], "cyx", scale={"y": 0.5, "x": 0.25}, origin={"y": 100, "x": -3}, channels=["DAPI"]
    )
    labels = segment(array, min_size_um2=2)
    assert (labels.name, labels.dtype, labels.dims) == ("labels", np.int32, ("y", "x"))
    xr.testing.assert_identical(labels.y.drop_vars("image_id"), array.y.drop_vars("image_id"))
    assert labels.x.attrs["units"] == "micrometer"
    assert labels.image_id.item() == "test:discs"
    assert not {"c", "color"} & set(labels.coords)
    assert labels.attrs["fairlab_record"] == array.attrs["fairlab_record"]
    made = {name: labels.attrs[f"segmentation_{name}"] for name in ("method", "channel", "min_size_um2")}
    assert made == {"method": "otsu", "channel": "DAPI", "min_size_um2": "2"}
    assert 20 <= float(labels.attrs["segmentation_threshold"]) < 200
    assert "otsu" in labels.attrs["history"] and fairlab.__version__ in labels.attrs["history"]
    assert all(isinstance(value, str | int | float) for value in labels.attrs.values())
    assert "history" not in array.attrs


def test_history_grows() -> None:
    array = image(APART)
    array.attrs["history"] = "scanned in 1999"
    first, second = segment(array).attrs["history"].split("\n")
    assert first == "scanned in 1999" and second.startswith("segmented")


def test_the_level_follows_pixel_size() -> None:
    pyramid = tree(image(APART, scale={"y": 0.5, "x": 0.5}))
    labels = segment(pyramid, pixel_size="1000 nm")
    assert labels.attrs["segmentation_level"] == "scale1"
    assert labels.shape == (24, 32) and labels.y.values[0] == 0.25
    assert count(labels) == 3
    assert segment(pyramid).attrs["segmentation_level"] == "scale0"
    with pytest.warns(FairlabWarning):
        segment(pyramid, pixel_size=0.01)


def test_one_array_is_the_only_level() -> None:
    array = image(APART, scale={"y": 0.5, "x": 0.5})
    assert segment(array, pixel_size=2.0).shape == array.shape
    assert segment(array.to_dataset(name="image")).shape == array.shape
    with pytest.warns(FairlabWarning):
        segment(array, pixel_size="1 nm")


def test_no_unit_no_micrometer() -> None:
    array = image(APART, units={})
    for wish in ({"pixel_size": 1.0}, {"min_size_um2": 3.0}, {"smooth_um": 1.0}):
        with pytest.raises(SelectionError) as caught:
            segment(array, **wish)
        assert caught.value.kind == "unitless"
    assert count(segment(array)) == 3


@pytest.mark.parametrize(
    ("wish", "kind"),
    [
        ({"channel": "GPF"}, "channel-unknown"),
        ({}, "channel-missing"),
        ({"channel": "GFP", "method": "otsus"}, "method-unknown"),
        ({"channel": "GFP", "pixel_size": "4 parrots"}, "quantity"),
        ({"channel": "GFP", "pixel_size": -1}, "quantity"),
        ({"channel": "GFP", "min_size_um2": -1}, "quantity"),
        ({"channel": "GFP", "min_size_um2": math.nan}, "quantity"),
        ({"channel": "GFP", "min_size_um2": "20 nm"}, "quantity"),
        ({"channel": "GFP", "w": 0}, "dimension-unknown"),
        ({"channel": "GFP", "c": 0}, "dimension-unknown"),
        ({"channel": "GFP", "x": 3}, "position"),
        ({"channel": "GFP", "t": "first"}, "position"),
        ({"channel": "GFP", "t": 2}, "position-out-of-range"),
        ({"channel": "GFP", "t": -3}, "position-out-of-range"),
        ({"channel": "GFP", "x": slice(90, 99)}, "position-out-of-range"),
    ],
)
def test_what_is_refused(wish: dict[str, Any], kind: str) -> None:
    array = image(np.stack([[APART, APART]] * 2), "tcyx", channels=["DAPI", "GFP"])
    with pytest.raises(SelectionError) as caught:
        segment(array, **wish)
    assert caught.value.kind == kind
    if kind.startswith("channel"):
        assert caught.value.context["channels"] == ["DAPI", "GFP"]
        assert "DAPI, GFP" in str(caught.value)


def test_only_images_are_segmented() -> None:
    with pytest.raises(SelectionError) as caught:
        segment(APART)
    assert caught.value.kind == "not-an-image"


def test_the_named_channel_is_used() -> None:
    array = image(np.stack([APART, TOUCHING]), "cyx", channels=["DAPI", "GFP"])
    assert count(segment(array, channel="DAPI")) == 3
    assert count(segment(array, channel="GFP")) == 2
    assert count(segment(array.sel(c="GFP"))) == 2
    assert segment(array.sel(c="GFP")).attrs["segmentation_channel"] == "GFP"


def test_time_points_are_segmented_one_by_one() -> None:
    dim = (APART / 4).astype("uint16")
    array = image(np.stack([APART, dim, np.zeros_like(dim)]), "tyx", scale={"t": 30})
    labels = segment(array)
    assert labels.dims == ("t", "y", "x") and labels.t.values.tolist() == [0, 30, 60]
    assert [count(labels.isel(t=i)) for i in range(3)] == [3, 3, 0]
    assert len(labels.attrs["segmentation_threshold"].split("; ")) == 2
    assert segment(array, t=1).dims == ("y", "x")
    assert segment(array, t=1).t.item() == 30
    assert segment(array, t=slice(0, 2)).sizes["t"] == 2


def test_planes_are_segmented_together() -> None:
    ball = ellipsoid((9, 30, 30), (8, 7, 7), (6, 5, 5), (2.0, 0.5, 0.5))
    array = image(np.where(ball, 90.0, 5.0), "zyx", scale={"z": 2.0, "y": 0.5, "x": 0.5})
    assert count(segment(array)) == 1
    np.testing.assert_array_equal(segment(array).values > 0, ball)
    plane = segment(array, z=4)
    assert plane.dims == ("y", "x") and plane.z.item() == 8
    np.testing.assert_array_equal(plane.values > 0, ball[4])
    kept = segment(array, z=slice(4, 5))
    assert kept.dims == ("z", "y", "x") and count(kept) == 1


@pytest.mark.parametrize("order", ["yx", "xy", "xyz", "yzxt", "ytx"])
def test_axes_in_any_order(order: str) -> None:
    sizes = {"z": 1, "t": 1, "y": 48, "x": 64}
    usual = "".join(dim for dim in "tzyx" if dim in order)
    pixels = APART.reshape([sizes[dim] for dim in usual])
    labels = segment(image(pixels, usual).transpose(*order))
    assert labels.dims == tuple(usual)
    np.testing.assert_array_equal(labels.values > 0, pixels == 200)


def test_touching_objects_are_cut_where_they_are_narrow() -> None:
    labels = segment(image(TOUCHING))
    assert count(labels) == 2
    halves = np.bincount(labels.values.ravel())[1:]
    assert abs(halves[0] - halves[1]) <= 0.1 * halves[0]
    assert count(segment(image(TOUCHING), split=False)) == 1


@pytest.mark.parametrize("angle", np.linspace(0, 180, 7))
@pytest.mark.parametrize("radii", [(20, 8), (26, 8), (15, 12)])
def test_one_ragged_ellipse_stays_one(angle: float, radii: tuple[int, int]) -> None:
    mask = ndimage.rotate(ellipsoid((64, 64), (32, 32), radii, (1, 1)).astype(float), angle, reshape=False)
    noisy = ndimage.gaussian_filter(mask + np.random.default_rng(1).normal(0, 0.5, mask.shape), 1)
    assert count(segment(image(noisy), min_size_um2=60)) == 1


def test_anisotropic_pixels_do_not_split_a_round_object() -> None:
    mask = ellipsoid((24, 96), (12, 12), (9, 9), (1.0, 0.25))
    array = image(np.where(mask, 90.0, 5.0), scale={"y": 1.0, "x": 0.25})
    assert count(segment(array)) == 1


@pytest.mark.parametrize("steps", [(0.25, 1.0), (1.0, 0.25)])
@pytest.mark.parametrize("shift", [(0, 11), (11, 0)])
def test_necks_are_physical(steps: tuple[float, float], shift: tuple[int, int]) -> None:
    shape = (int(30 / steps[0]), int(30 / steps[1]))
    pair = [ellipsoid(shape, centre, (7, 7), steps) for centre in ((8, 8), (8 + shift[0], 8 + shift[1]))]
    array = image(np.where(pair[0] | pair[1], 90.0, 5.0), scale={"y": steps[0], "x": steps[1]})
    assert count(segment(array)) == 2


def test_size_is_physical() -> None:
    pixels = discs((10, 10), radius=6) + discs((30, 40), radius=3) - 20
    array = image(pixels, scale={"y": 0.5, "x": 0.25})
    small = (discs((30, 40), radius=3) == 200).sum() * 0.125
    assert count(segment(array)) == 2
    assert count(segment(array, min_size_um2=small)) == 2, "an object of exactly this size stays"
    assert count(segment(array, min_size_um2=small * 1.001)) == 1
    assert count(segment(array, min_size_um2=0)) == 2


def test_size_in_3d_is_the_cross_section_of_a_ball() -> None:
    ball = ellipsoid((31, 31, 31), (15, 15, 15), (10, 10, 10), (1, 1, 1))
    array = image(np.where(ball, 90.0, 5.0), "zyx")
    assert count(segment(array, min_size_um2=math.pi * 9.8**2)) == 1
    assert count(segment(array, min_size_um2=math.pi * 10.2**2)) == 0


def test_a_piece_too_small_is_not_cut_off() -> None:
    pixels = np.maximum(discs((24, 24), radius=12), discs((24, 41), radius=6))
    assert count(segment(image(pixels))) == 2
    whole = segment(image(pixels), min_size_um2=120)
    assert count(whole) == 1
    np.testing.assert_array_equal(whole.values > 0, pixels == 200)


def test_holes() -> None:
    pixels = APART.copy()
    pixels[9:12, 9:12] = 20
    assert segment(image(pixels)).values[10, 10] > 0
    assert segment(image(pixels), fill_holes=False).values[10, 10] == 0


def test_dark_objects() -> None:
    labels = segment(image(220 - APART), dark_objects=True)
    np.testing.assert_array_equal(labels.values > 0, APART == 200)
    assert 20 < float(labels.attrs["segmentation_threshold"]) <= 200
    assert "dark_objects" in labels.attrs["segmentation_options"]


def test_smoothing_is_physical() -> None:
    noisy = APART + np.random.default_rng(0).normal(0, 80, APART.shape)
    array = image(noisy, scale={"y": 0.5, "x": 0.5})
    assert count(segment(array)) > 10
    smooth = segment(array, smooth_um="1 um", min_size_um2=5)
    assert count(smooth) == 3
    assert smooth.attrs["segmentation_smooth_um"] == "1"
    shrunk = segment(image(noisy, scale={"y": 0.25, "x": 0.25}), smooth_um=0.5, min_size_um2=1.25)
    np.testing.assert_array_equal(smooth.values, shrunk.values)


DTYPES = ["bool", "uint8", ">u2", "int16", "<i4", "uint32", "int64", "uint64", "float16", ">f4", "float64"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("dark", [False, True])
def test_every_type_of_pixel(dtype: str, dark: bool) -> None:
    pixels = (APART == 200) ^ dark
    labels = segment(image((pixels * 100).astype(dtype)), dark_objects=dark)
    np.testing.assert_array_equal(labels.values > 0, APART == 200)


def test_extreme_values() -> None:
    low, high = np.iinfo("int16").min, np.iinfo("int16").max
    wide = np.where(APART == 200, low, high).astype("int16")
    np.testing.assert_array_equal(segment(image(wide), dark_objects=True).values > 0, APART == 200)
    huge = np.where(APART == 200, 2**32 - 1, 0).astype("uint32")  # must not count 4 billion bins
    np.testing.assert_array_equal(segment(image(huge)).values > 0, APART == 200)


def test_what_is_not_a_number_is_background() -> None:
    pixels = APART.astype(float)
    pixels[:3] = np.nan
    pixels[-1, -1] = np.inf
    labels = segment(image(pixels))
    np.testing.assert_array_equal(labels.values > 0, (APART == 200) & np.isfinite(pixels))


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_nothing_stands_out(value: float) -> None:
    labels = segment(image(np.full((8, 9), value)))
    assert not labels.any() and labels.dtype == np.int32
    assert "segmentation_threshold" not in labels.attrs


def test_a_method_that_finds_no_threshold() -> None:
    with pytest.raises(SelectionError) as caught:
        segment(image(np.array([[0, 1, 1, 1, 2]], "uint8")), method="minimum")
    assert caught.value.kind == "threshold"


def bright(pixels: np.ndarray) -> np.ndarray:
    return pixels > 100


def test_a_function_that_returns_a_mask() -> None:
    labels = segment(image(TOUCHING), method=bright)
    assert count(labels) == 2
    assert labels.attrs["segmentation_method"].endswith("test_segment.bright")


def test_a_function_that_returns_labels_is_taken_at_its_word() -> None:
    def named(pixels: np.ndarray) -> np.ndarray:
        labels = np.where(pixels > 100, 10**15, 0)
        labels[0, 0] = 4
        return labels

    labels = segment(image(TOUCHING), method=named)
    assert count(labels) == 2, "not split, and renumbered"
    assert labels.values[0, 0] == 1
    assert count(segment(image(TOUCHING), method=named, min_size_um2=2)) == 1


def test_a_function_sees_frames() -> None:
    seen = []
    pixels = np.zeros((2, 3, 4, 5, 6))

    def spy(frame: np.ndarray) -> np.ndarray:
        seen.append(frame.shape)
        return frame > 0

    segment(image(pixels, "tczyx"), channel="dye 1", method=spy)
    segment(image(pixels, "tczyx"), channel="dye 1", method=spy, z=0)
    assert seen == [(4, 5, 6)] * 2 + [(5, 6)] * 2


@pytest.mark.parametrize(
    "result", [np.zeros((2, 2), bool), np.zeros((48, 64)), np.full((48, 64), -1), "masks", None]
)
def test_a_function_that_returns_something_else(result: object) -> None:
    with pytest.raises(SelectionError) as caught:
        segment(image(APART), method=lambda pixels: result)
    assert caught.value.kind == "method-result"


def test_errors_of_a_function_are_its_own() -> None:
    with pytest.raises(ZeroDivisionError):
        segment(image(APART), method=lambda pixels: pixels // 0 if 1 // 0 else pixels)
    with pytest.raises(SelectionError) as caught:
        segment(image(APART), method=bright, dark_objects=True)
    assert caught.value.kind == "method-unknown"


def test_a_large_read_is_refused() -> None:
    array = image(np.broadcast_to(np.uint8(0), (4, 100, 100)), "tyx")
    with fairlab.set_options(max_read_bytes=100_000):
        with pytest.raises(SelectionError) as caught:
            segment(array)
        assert caught.value.kind == "read-too-large"
        segment(array, t=0)


def test_arrays_without_coordinates() -> None:
    assert count(segment(xr.DataArray(APART, dims=("y", "x")))) == 3


def test_without_scikit_image(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(name: str, *args: Any, **kwargs: Any) -> Any:
        if name.split(".")[0] == "skimage":
            raise ImportError("No module named 'skimage'")
        return real(name, *args, **kwargs)

    for name in [name for name in sys.modules if name.split(".")[0] == "skimage"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(MissingExtraError) as caught:
        segment(image(APART))
    assert caught.value.context["extra"] == "analysis"


@settings(max_examples=25, deadline=None)
@given(
    gain=st.integers(1, 50), offset=st.integers(0, 1000), angle=st.integers(0, 3), shift=st.floats(-1e4, 1e4)
)
def test_light_orientation_and_place_do_not_matter(gain: int, offset: int, angle: int, shift: float) -> None:
    recipe = Recipe(method="otsu", spacing=(1.0, 1.0))
    plain, _ = find_objects(TOUCHING, recipe)
    changed, _ = find_objects(np.rot90(TOUCHING.astype("uint32") * gain + offset, angle), recipe)
    back = np.rot90(changed, -angle)
    np.testing.assert_array_equal(plain > 0, back > 0)
    assert len(np.unique(np.stack([plain, back]).reshape(2, -1), axis=1).T) == 3, "the same up to names"
    moved = segment(image(TOUCHING, origin={"y": shift}))
    np.testing.assert_array_equal(moved.values, plain)


def test_the_same_every_time() -> None:
    noisy = APART + np.random.default_rng(0).normal(0, 60, APART.shape)
    xr.testing.assert_identical(segment(image(noisy)), segment(image(noisy)))


@pytest.mark.parametrize(("sample", "objects"), [("sample:cells2d", 52), ("sample:nuclei", 48)])
def test_all_nuclei_of_the_scenes_are_found(sample: str, objects: int) -> None:
    opened = fairlab.open_image(sample)
    labels = segment(opened, channel="DAPI", min_size_um2=10)
    frames = labels.values.reshape(-1, *labels.shape[1:]) if "t" in labels.dims else labels.values[None]
    assert sum(int(frame.max()) for frame in frames) == objects
    truth = opened["labels/nuclei/scale0/labels"].transpose(*labels.dims)
    overlap = ((labels.values > 0) & (truth.values > 0)).sum() / (
        (labels.values > 0) | (truth.values > 0)
    ).sum()
    assert overlap > 0.93
