from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import fairlab
from fairlab import measure, segment, session
from fairlab.analysis.properties import DEFAULT, INTENSITY, SHAPE
from fairlab.errors import SelectionError
from fairlab.provenance import records_of
from tests.analysis.images import RECORD, ellipsoid, image, tree


def labelled(mask: np.ndarray, dims: str = "yx", **kwargs: Any) -> xr.DataArray:
    return image(mask.astype("int32"), dims, name="labels", **kwargs)


def scene(radius: float = 6.0, step: float = 0.1, **kwargs: Any) -> tuple[xr.DataArray, xr.DataArray]:
    """One disc, finely sampled, over a ramp of light along x."""
    n = int(2.5 * radius / step)
    mask = ellipsoid((n, n), (1.2 * radius, 1.3 * radius), (radius, radius), (step, step))
    geometry = {"scale": {"y": step, "x": step}, **kwargs}
    ramp = np.broadcast_to(np.arange(n, dtype="float64") * step, (n, n))
    return image(ramp, **geometry), labelled(mask, **geometry)


def test_a_disc() -> None:
    pixels, labels = scene(6.0, origin={"y": 100.0, "x": -50.0})
    row = measure(pixels, labels).iloc[0]
    assert row.area_um2 == pytest.approx(math.pi * 36, rel=5e-3)
    assert row.equivalent_diameter_um == pytest.approx(12, rel=2e-3)
    assert (row.centroid_y_um, row.centroid_x_um) == pytest.approx((107.2, -42.2), abs=0.01)
    assert row.eccentricity == pytest.approx(0, abs=0.05)
    assert row.solidity == pytest.approx(1, abs=0.01)
    assert row.mean_intensity == pytest.approx(7.8, abs=0.01), "the ramp at the centre"


@pytest.mark.parametrize("steps", [(1.0, 0.25), (0.25, 1.0), (0.5, 0.5)])
def test_an_ellipse_in_pixels_that_are_not_square(steps: tuple[float, float]) -> None:
    shape = (int(40 / steps[0]), int(40 / steps[1]))
    mask = ellipsoid(shape, (20, 18), (6, 12), steps)
    labels = labelled(mask, scale={"y": steps[0], "x": steps[1]})
    wanted = ["area", "centroid", "eccentricity", "major_axis_length", "minor_axis_length"]
    row = measure(labels.rename("image").astype(float), labels, properties=wanted).iloc[0]
    assert row.area_um2 == pytest.approx(math.pi * 72, rel=0.03)
    assert (row.centroid_y_um, row.centroid_x_um) == pytest.approx((20, 18), abs=0.05)
    assert row.eccentricity == pytest.approx(math.sqrt(1 - 36 / 144), abs=0.02)
    assert (row.major_axis_length_um, row.minor_axis_length_um) == pytest.approx((24, 12), rel=0.04)


def test_an_ellipsoid() -> None:
    steps = (1.0, 0.5, 0.25)
    mask = ellipsoid((30, 60, 100), (14, 15, 12), (8, 10, 6), steps)
    geometry = {"scale": dict(zip("zyx", steps, strict=True)), "origin": {"z": 5.0, "y": 0.0, "x": 1000.0}}
    table = measure(image(mask * 7.0, "zyx", **geometry), labelled(mask, "zyx", **geometry))
    row = table.iloc[0]
    assert row.volume_um3 == pytest.approx(4 / 3 * math.pi * 480, rel=0.02)
    assert row.equivalent_diameter_um == pytest.approx(2 * 480 ** (1 / 3), rel=0.01)
    centroid = (row.centroid_z_um, row.centroid_y_um, row.centroid_x_um)
    assert centroid == pytest.approx((19, 15, 1012), abs=0.05)
    assert row.mean_intensity == 7
    assert not {"area_um2", "eccentricity"} & set(table.columns)
    assert table.attrs["units"]["volume_um3"] == "micrometer^3"


def test_perimeter_of_a_square() -> None:
    mask = np.zeros((30, 30), bool)
    mask[5:25, 5:25] = True
    scale = {"y": 0.1, "x": 0.1 + 1e-9}
    labels = labelled(mask, scale=scale)
    row = measure(labels.rename("image"), labels, properties=["perimeter"]).iloc[0]
    assert row.perimeter_um == pytest.approx(19 * 4 * 0.1)
    labels = labelled(mask, scale={"y": 0.1, "x": 0.2})
    with pytest.raises(SelectionError) as caught:
        measure(labels.rename("image"), labels, properties=["perimeter"])
    assert caught.value.kind == "property-unknown"


def test_columns_units_and_origin() -> None:
    mask = ellipsoid((40, 40), (20, 20), (9, 9), (1, 1))
    pixels = image(np.stack([mask * 3, mask * 5]), "cyx", channels=["DAPI", "anti-tubulin 488"])
    labels = segment(pixels, channel="DAPI")
    table = measure(pixels, labels)
    assert list(table.columns) == [
        "image_id", "label", "area_um2", "centroid_y_um", "centroid_x_um", "equivalent_diameter_um",
        "eccentricity", "solidity", "mean_intensity_DAPI", "mean_intensity_anti-tubulin 488", "license",
    ]  # fmt: skip
    row = table.iloc[0]
    assert (row.image_id, row.label, row.license) == ("test:discs", 1, RECORD.license)
    assert (row["mean_intensity_DAPI"], row["mean_intensity_anti-tubulin 488"]) == (3, 5)
    units = table.attrs["units"]
    assert set(units) == set(table.columns) - {"image_id", "label", "license"}
    assert (units["area_um2"], units["centroid_y_um"], units["solidity"]) == (
        "micrometer^2",
        "micrometer",
        "1",
    )
    assert table.attrs["image_id"] == "test:discs" and table.attrs["license"] == RECORD.license
    assert records_of(table) == (RECORD,)
    assert "Jane Roe" in table.attrs["citation"] and "S-BIAD1" in table.attrs["citation"]
    assert table.attrs["history"].startswith(labels.attrs["history"])
    assert fairlab.cite(table).text == table.attrs["citation"]
    json.dumps(table.attrs)


def test_units_of_the_coordinates_do_not_matter() -> None:
    def table(unit: str, factor: float) -> pd.DataFrame:
        units = dict.fromkeys("yx", unit)
        geometry = {"scale": {"y": factor, "x": factor}, "origin": {"y": 7 * factor}, "units": units}
        mask = ellipsoid((40, 40), (20, 20), (9, 9), (1, 1))
        return measure(image(mask * 2, **geometry), labelled(mask, **geometry))

    pd.testing.assert_frame_equal(table("micrometer", 1.0), table("nanometer", 1000.0))
    pd.testing.assert_frame_equal(table("micrometer", 1.0), table("millimeter", 0.001))


def test_without_units_in_pixels() -> None:
    mask = ellipsoid((40, 40), (20, 20), (9, 9), (1, 1))
    geometry = {"units": {}, "scale": {"y": 3.0, "x": 5.0}, "origin": {"y": 50.0}}
    table = measure(image(mask * 2, **geometry), labelled(mask, **geometry))
    assert not [name for name in table.columns if "_um" in name]
    assert table.area_px.item() == mask.sum()
    assert (table.centroid_y_px.item(), table.centroid_x_px.item()) == (20, 20)
    assert table.attrs["units"]["area_px"] == table.attrs["units"]["centroid_y_px"] == "pixel"


def test_time_points() -> None:
    mask = np.stack(
        [
            ellipsoid(
                (30, 30),
                (
                    15,
                    x,
                )[:2],
                (5, 5),
                (1, 1),
            )
            for x in (10, 12, 14)
        ]
    )
    mask[1] = False
    geometry = {"scale": {"t": 30.0}, "origin": {"t": 60.0}}
    pixels = image(np.stack([mask * 1.0, mask * 2.0], axis=1), "tcyx", channels=["a", "b"], **geometry)
    table = measure(pixels, labelled(mask, "tyx", **geometry))
    assert table.t.tolist() == [60.0, 120.0] and table.columns[:3].tolist() == ["image_id", "t", "label"]
    assert table.centroid_x_um.tolist() == [10, 14]
    assert table.attrs["units"]["t"] == "second"
    one = measure(pixels, labelled(mask, "tyx", **geometry).isel(t=2))
    assert "t" not in one.columns and one.centroid_x_um.tolist() == [14]


def test_several_images_at_once_keep_their_names() -> None:
    mask = ellipsoid((20, 20), (10, 10), (5, 5), (1, 1))
    both = xr.concat([image(mask * v) for v in (3, 4)], "image", coords="minimal", compat="override")
    both = both.assign_coords(image_id=("image", ["test:a", "test:b"]))
    labels = xr.where(both > 0, 1, 0).assign_coords(image_id=("image", ["test:a", "test:b"])).rename("labels")
    licenses = {"test:a": RECORD.license, "test:b": "https://creativecommons.org/licenses/by-nc/4.0/"}
    opened = [dataclasses.replace(RECORD, id=name, license=text) for name, text in licenses.items()]
    for record in opened:
        session.note(record)
    table = measure(both, labels)
    assert table[["image_id", "mean_intensity"]].values.tolist() == [["test:a", 3], ["test:b", 4]]
    assert table.attrs["image_id"] == "test:a; test:b" and list(records_of(table)) == opened
    assert table.license.tolist() == [*licenses.values()]
    assert table.attrs["license"].split("; ") == [*licenses.values()]


def test_one_plane_is_measured_as_a_plane() -> None:
    mask = ellipsoid((40, 40), (20, 20), (9, 9), (1, 1))
    stack = image(np.stack([mask * 1, mask * 2, mask * 3]), "zyx", scale={"z": 4.0})
    labels = segment(stack, z=1)
    assert measure(stack, labels).mean_intensity.tolist() == [2]
    kept = segment(stack, z=slice(2, 3))
    table = measure(stack, kept)
    assert table.mean_intensity.tolist() == [3] and "z" not in table.columns
    assert table.area_um2.item() == mask.sum()


def test_no_objects_same_columns() -> None:
    pixels, labels = scene(3.0, 0.5)
    full, empty = measure(pixels, labels), measure(pixels, labels * 0)
    assert len(empty) == 0
    assert list(empty.columns) == list(full.columns)
    assert empty.dtypes.to_dict() == full.dtypes.to_dict()
    assert empty.attrs["units"] == full.attrs["units"] and empty.attrs["image_id"] == "test:discs"


def test_the_level_is_the_one_of_the_labels() -> None:
    mask = ellipsoid((64, 64), (31.5, 31.5), (20, 20), (1, 1))
    pyramid = tree(image(mask * 8.0, origin={"y": 5.0}))
    for size, level in ((1, "scale0"), (2, "scale1"), (4, "scale2")):
        labels = segment(pyramid, pixel_size=size)
        table = measure(pyramid, labels)
        assert f"level {level}" in table.attrs["history"]
        assert table.area_um2.item() == pytest.approx(math.pi * 400, rel=0.06)
        assert table.centroid_y_um.item() == pytest.approx(36.5, abs=1e-6)


def test_levels_without_translation_are_told_apart() -> None:
    # Many 0.4 files say scale only: then every second sample of one level stands where one of the next does.
    mask = ellipsoid((64, 64), (30, 30), (20, 20), (1, 1))
    fine = image(mask * 8.0)
    coarse = image(mask[::2, ::2] * 5.0, scale={"y": 2.0, "x": 2.0})
    levels = {"/scale0": fine.to_dataset(name="image"), "/scale1": coarse.to_dataset(name="image")}
    pyramid = xr.DataTree.from_dict(levels)
    assert measure(pyramid, segment(pyramid, pixel_size=2)).mean_intensity.tolist() == [5]
    assert measure(pyramid, segment(pyramid)).mean_intensity.tolist() == [8]


def test_a_part_is_measured_where_it_is() -> None:
    mask = ellipsoid((64, 64), (30, 40), (9, 9), (0.5, 1))
    pixels = image(mask * np.arange(64.0), scale={"y": 0.5}, origin={"y": 7.0, "x": 11.0})
    part = segment(pixels, y=slice(20, 64), x=slice(25, None))
    whole = segment(pixels)
    pd.testing.assert_frame_equal(measure(pixels, part), measure(pixels, whole))
    flipped = whole.isel(y=slice(None, None, -1)), pixels.isel(y=slice(None, None, -1))
    pd.testing.assert_frame_equal(measure(flipped[1], flipped[0]), measure(pixels, whole), rtol=1e-9)


@pytest.mark.parametrize(
    "change",
    [
        lambda labels: labels.assign_coords(x=labels.x + 0.5),
        lambda labels: labels.assign_coords(x=labels.x + 1000),
        lambda labels: labels.isel(x=slice(None, None, 2)),
        lambda labels: labels.assign_coords(x=("x", labels.x.values, {"units": "nanometer"})),
        lambda labels: labels.pad(x=(0, 4), mode="edge"),
        lambda labels: labels.expand_dims("w"),
        lambda labels: labels.isel(t=0, drop=True),
        lambda labels: labels.isel(t=0).assign_coords(t=7.0),
    ],
)
def test_labels_of_another_grid(change: Any) -> None:
    mask = ellipsoid((40, 40), (20, 20), (9, 9), (1, 1))
    stack = np.stack([mask, mask])
    with pytest.raises(SelectionError) as caught:
        measure(image(stack, "tyx"), change(labelled(stack, "tyx")))
    assert caught.value.kind == "grid-mismatch"


def test_labels_of_another_image() -> None:
    pixels, labels = scene(3.0, 0.5)
    other = labels.assign_coords(image_id="test:other")
    with pytest.raises(SelectionError) as caught:
        measure(pixels, other)
    assert caught.value.kind == "image-mismatch"
    assert len(measure(pixels, other.drop_vars("image_id"))) == 1


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda labels: labels > 0, "labels-type"),
        (lambda labels: labels * 1.0, "labels-type"),
        (lambda labels: -labels, "labels-type"),
        (lambda labels: labels.values, "labels-type"),
        (lambda labels: labels.expand_dims(c=["a"]), "labels-type"),
    ],
)
def test_what_are_no_labels(change: Any, kind: str) -> None:
    pixels, labels = scene(3.0, 0.5)
    with pytest.raises(SelectionError) as caught:
        measure(pixels, change(labels))
    assert caught.value.kind == kind


def test_channels_can_be_chosen_and_only_these_are_read() -> None:
    mask = ellipsoid((20, 20), (10, 10), (5, 5), (1, 1))
    pixels = image(np.stack([mask * 1, mask * 2, mask * 3]), "cyx", channels=["a", "b", "c"])
    labels = labelled(mask)
    table = measure(pixels, labels, channels=["c", "a"])
    assert table[["mean_intensity_c", "mean_intensity_a"]].values.tolist() == [[3, 1]]
    assert "mean_intensity_b" not in table.columns
    assert measure(pixels, labels, channels="b").columns.tolist()[-2] == "mean_intensity_b"
    assert not [name for name in measure(pixels, labels, channels=[]).columns if "intensity" in name]
    with pytest.raises(SelectionError) as caught:
        measure(pixels, labels, channels=["d"])
    assert (caught.value.kind, caught.value.context["channels"]) == ("channel-unknown", ["a", "b", "c"])


def test_properties_can_be_chosen() -> None:
    pixels, labels = scene(3.0, 0.5)
    table = measure(pixels, labels, properties=["max_intensity", "min_intensity", "std_intensity", "area"])
    assert list(table.columns) == [
        "image_id", "label", "area_um2", "max_intensity", "min_intensity", "std_intensity", "license",
    ]  # fmt: skip
    inside = pixels.values[labels.values > 0]
    assert table.max_intensity.item() == inside.max() and table.min_intensity.item() == inside.min()
    assert table.std_intensity.item() == pytest.approx(inside.std())
    for wrong in ("areas", "volume"):
        with pytest.raises(SelectionError) as caught:
            measure(pixels, labels, properties=[wrong])
        assert caught.value.kind == "property-unknown"


@pytest.mark.parametrize("n", [2, 3])
def test_every_property_has_one_column_and_a_unit(n: int) -> None:
    mask = ellipsoid((16,) * n, (8,) * n, (5,) * n, (1,) * n)
    dims = "zyx"[-n:]
    there = [name for name in SHAPE if n in SHAPE[name].dimensions] + list(INTENSITY)
    table = measure(image(mask * 2, dims), labelled(mask, dims), properties=there)
    assert len(table.columns) == 3 + len(there) + n - 1
    assert set(table.attrs["units"]) == set(table.columns) - {"image_id", "label", "license"}
    assert np.isfinite(table.drop(columns=["image_id", "label", "license"]).to_numpy(float)).all()
    assert set(DEFAULT) <= {*SHAPE, *INTENSITY}


def test_huge_names_of_labels_cost_nothing() -> None:
    mask = ellipsoid((20, 20), (10, 10), (5, 5), (1, 1))
    labels = image(np.where(mask, 2**40 + 1, 0), name="labels")
    labels.values[0, 0] = 7
    table = measure(image(mask * 1.0), labels)
    assert table.label.tolist() == [7, 2**40 + 1]
    assert table.area_um2.tolist() == [1, mask.sum()]


@pytest.mark.parametrize("dtype", ["uint8", ">u2", "int16", ">i4", "uint64"])
@pytest.mark.parametrize("light", ["bool", ">u2", "float16", ">f8"])
def test_every_type(dtype: str, light: str) -> None:
    mask = ellipsoid((20, 20), (10, 10), (5, 5), (1, 1))
    table = measure(image(mask.astype(light)), image(mask.astype(dtype), name="labels"))
    assert table.mean_intensity.tolist() == [1]


def test_labels_without_background() -> None:
    table = measure(image(np.ones((4, 5))), labelled(np.full((4, 5), 3)))
    assert table.label.tolist() == [3] and table.area_um2.tolist() == [20]


def test_too_large_is_refused_and_parts_are_not() -> None:
    n = 400
    pixels = image(np.broadcast_to(np.uint8(1), (3, n, n)), "tyx")
    labels = labelled(np.ones((n, n))).assign_coords(t=0.0)
    with fairlab.set_options(max_read_bytes=n * n * 4):
        assert len(measure(pixels, labels, properties=["area", "mean_intensity"])) == 1
    with fairlab.set_options(max_read_bytes=n * n * 4 - 1), pytest.raises(SelectionError) as caught:
        measure(pixels, labels)
    assert caught.value.kind == "read-too-large"
    with fairlab.set_options(max_read_bytes=n * n * 4), pytest.raises(SelectionError) as caught:
        measure(pixels.astype("float64"), labels)
    assert caught.value.kind == "read-too-large"


def test_nothing_known_about_the_image() -> None:
    pixels = xr.DataArray(np.ones((4, 5)), dims=("y", "x"))
    table = measure(pixels, xr.DataArray(np.ones((4, 5), int), dims=("y", "x")))
    assert table[["image_id", "license", "area_px"]].values.tolist() == [["unknown", "unknown", 20]]
    assert table.attrs["citation"] == "unknown" and "fairlab_record" not in table.attrs


@pytest.mark.parametrize("on_root", [True, False])
def test_the_origin_may_stand_on_the_root_or_on_the_variable(on_root: bool) -> None:
    pixels, labels = scene(3.0, 0.5)
    root = xr.Dataset(attrs=pixels.attrs if on_root else {})
    level = pixels.drop_attrs(deep=False) if on_root else pixels
    pyramid = xr.DataTree.from_dict({"/": root, "/scale0": level.to_dataset(name="image")})
    table = measure(pyramid, labels)
    assert records_of(table) == (RECORD,) and table.license.tolist() == [RECORD.license]


def test_only_images_are_measured() -> None:
    with pytest.raises(SelectionError) as caught:
        measure(np.ones((4, 5)), labelled(np.ones((4, 5))))  # type: ignore[arg-type]  # the point of the test
    assert caught.value.kind == "not-an-image"


@settings(max_examples=30, deadline=None)
@given(k=st.floats(1e-3, 1e3), dy=st.floats(-1e3, 1e3), seed=st.integers(0, 1000))
def test_lengths_scale_shifts_shift_and_names_are_names(k: float, dy: float, seed: int) -> None:
    random = np.random.default_rng(seed)
    names = random.permutation(np.arange(1, 6))
    mask = np.zeros((30, 40), int)
    for i in range(5):
        mask[2 + i : 8 + 2 * i, 8 * i + 1 : 8 * i + 7] = i + 1
    pixels = random.normal(100, 10, mask.shape)
    plain = measure(image(pixels), labelled(mask))
    geometry = {"scale": {"y": k, "x": k}, "origin": {"y": dy}}
    other = measure(image(pixels, **geometry), labelled(np.append(0, names)[mask], **geometry))
    other = other.set_index("label").loc[names].reset_index()
    np.testing.assert_allclose(other.area_um2, plain.area_um2 * k**2, rtol=1e-6)
    np.testing.assert_allclose(other.equivalent_diameter_um, plain.equivalent_diameter_um * k, rtol=1e-6)
    np.testing.assert_allclose(other.centroid_y_um, plain.centroid_y_um * k + dy, rtol=1e-6, atol=1e-6)
    same = ["mean_intensity", "solidity", "eccentricity"]
    np.testing.assert_allclose(other[same], plain[same], rtol=1e-5, atol=1e-5)


def test_truth_of_a_scene() -> None:
    opened = fairlab.open_image("sample:cells2d")
    truth = measure(opened, opened["labels/nuclei/scale0"].to_dataset())
    found = measure(opened, segment(opened, channel="DAPI", min_size_um2=10))
    assert len(found) == len(truth) == 52
    assert found.area_um2.mean() == pytest.approx(truth.area_um2.mean(), rel=0.01)
    assert found.attrs["license"] == opened.attrs["license"]
