"""From numbers to a picture: light adds up, the bar is right to a pixel, words are drawn as words."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fairlab.errors import MissingExtraError, QueryError, SelectionError
from fairlab.widgets import canvas, scale_bar
from fairlab.widgets.channels import Channel
from fairlab.widgets.compositing import auto_window, composite, edges, intensity, label_colors, overlay
from fairlab.widgets.painting import fitted, miniature
from fairlab.widgets.reading import read_labels, read_plane
from fairlab.widgets.render import Picture, draw, overview
from fairlab.widgets.scene import scene_of
from tests.widgets.images import Counted, axis, image, stack, tree

PIL = pytest.importorskip("PIL.Image")

FLOATS = st.floats(allow_nan=True, allow_infinity=True)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
PLANES = arrays.arrays(
    st.sampled_from(["u1", ">u2", "i4", "i8", "u8", "f2", "f4", ">f8", "?"]),
    arrays.array_shapes(min_dims=2, max_dims=2, max_side=6),
)
CHANNELS = st.builds(
    Channel,
    name=st.just("c"),
    color=st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06X}"),
    window=st.none() | st.tuples(FINITE, FINITE),
    active=st.booleans(),
)


def picture_of(
    obj, *, width=720, scale=1.0, max_pixels=1024, labels=None, channels=None, **positions
) -> Picture:
    scene, given_labels = scene_of(obj, labels=labels)
    level = scene.level_for(max_pixels)
    state = scene.state(level=level, channels=channels, labels=given_labels, positions=positions)
    return draw(scene, state, width=width, scale=scale, max_pixels=max_pixels)


def pixels_of(picture: Picture) -> np.ndarray:
    return np.asarray(picture.image)


# ── compositing ──────────────────────────────────────────────────────────────────────────────────


@given(planes=st.lists(PLANES, min_size=1, max_size=1), channels=st.lists(CHANNELS, min_size=1, max_size=4))
def test_any_numbers_become_bytes(planes, channels):
    made = composite(planes * len(channels), channels)
    assert made.dtype == np.uint8
    assert made.shape == (*planes[0].shape, 3)


@given(plane=PLANES, channels=st.lists(CHANNELS, min_size=1, max_size=4))
def test_inactive_channels_add_nothing(plane, channels):
    loud = np.full(plane.shape, np.inf)
    planes = [plane if channel.active else loud for channel in channels]
    active = [channel for channel in channels if channel.active]
    expected = composite([plane] * len(active), active) if active else np.zeros((*plane.shape, 3), np.uint8)
    assert np.array_equal(composite(planes, channels), expected)


@given(values=st.lists(FINITE, min_size=2, max_size=30), window=st.tuples(FINITE, FINITE))
def test_brighter_is_never_darker(values, window):
    shown = intensity(np.sort(np.array(values)), (min(window), max(window)))
    assert (np.diff(shown) >= 0).all()
    assert shown.min() >= 0 and shown.max() <= 1


@given(value=FLOATS, edge=FINITE)
def test_a_window_without_width_is_a_threshold(value, edge):
    assert intensity(np.array([value]), (edge, edge)).item() == float(value > edge)


@given(plane=PLANES, a=CHANNELS, b=CHANNELS)
def test_order_of_channels_does_not_matter(plane, a, b):
    # Single precision rounds differently in another order, by one step at most.
    difference = composite([plane, plane], [a, b]).astype(int) - composite([plane, plane], [b, a])
    assert np.abs(difference).max() <= 1


def test_channels_add_as_light():
    planes = [np.array([[0, 50, 100, 200]]), np.array([[0, 0, 100, 100]])]
    channels = [
        Channel(name="a", color="#FF0000", window=(0, 100)),
        Channel(name="b", color="#804000", window=(0, 100)),
    ]
    assert composite(planes, channels)[0].tolist() == [[0, 0, 0], [128, 0, 0], [255, 64, 0], [255, 64, 0]]


def test_a_start_above_the_end_inverts():
    assert intensity(np.array([0, 25, 100]), (100, 0)).tolist() == [1.0, 0.75, 0.0]


def test_not_a_number_is_black():
    plane = np.array([[np.nan, -np.inf, np.inf]])
    assert composite([plane], [Channel(name="a", window=(0, 1))])[0, :, 0].tolist() == [0, 0, 255]


@given(colors=arrays.arrays("u1", (3, 4, 3)))
def test_colour_pictures_come_out_as_they_went_in(colors):
    scene, _ = scene_of(xr.DataArray(colors, dims=("y", "x", "c")))
    state = scene.state(level="image", positions={})
    plane = read_plane(scene, state, max_pixels=100)
    assert np.array_equal(composite(list(plane.values), state.active), colors)


# ── automatic windows ────────────────────────────────────────────────────────────────────────────


@given(plane=PLANES)
def test_every_plane_has_a_window(plane):
    low, high = auto_window(plane)
    assert np.isfinite([low, high]).all() and low < high


def test_windows_are_percentiles():
    assert auto_window(np.arange(1001)) == (5.0, 998.0)


@pytest.mark.parametrize(
    ("values", "window"),
    [
        (np.full((4, 4), np.nan), (0, 1)),
        (np.full((4, 4), 7), (0, 7)),
        (np.full((4, 4), -7), (-7, 0)),
        (np.zeros((4, 4)), (0, 1)),
        (np.r_[np.zeros(9999), 9.0], (0, 9)),
        (np.array([0.0, np.nan, np.inf, 1.0]), (0.005, 0.998)),
    ],
)
def test_windows_of_odd_planes(values, window):
    assert auto_window(values) == pytest.approx(window)


# ── labels ───────────────────────────────────────────────────────────────────────────────────────


def test_label_colours_depend_on_the_number_alone():
    numbers = np.array([1, 2, 2**31 + 5, 2**40])
    colors = label_colors(numbers)
    assert np.array_equal(label_colors(numbers[::-1])[::-1], colors)
    assert np.array_equal(label_colors(numbers[:2].astype(">u2")), colors[:2])
    assert np.array_equal(label_colors(numbers.astype("u8")), colors)
    assert np.array_equal(label_colors(np.array([1, 2], "i1")), colors[:2])
    assert label_colors(np.array([2**64 - 1], "u8")).shape == (1, 3)


def test_neighbouring_numbers_differ_and_all_are_bright():
    colors = label_colors(np.arange(1, 2000)).astype(int)
    assert np.abs(np.diff(colors, axis=0)).sum(axis=1).min() > 100
    assert colors.max(axis=1).min() > 200


def test_outlines():
    labels = np.zeros((7, 9), int)
    labels[1:6, 1:5] = 3
    labels[1:6, 5:8] = 4
    rim = edges(labels)
    assert not rim[labels == 0].any()
    assert rim[1:6, [1, 4, 5, 7]].all() and rim[[1, 5], 1:8].all()
    assert not rim[2:5, [2, 3, 6]].any()
    assert edges(labels, thickness=3)[1:6, 1:8].all()
    assert not edges(np.full((4, 4), 2)).any()  # an object over the whole field has no visible rim


@given(
    picture=arrays.arrays("u1", (4, 5, 3)),
    labels=arrays.arrays("i8", (4, 5), elements=st.integers(-3, 2**40)),
)
def test_background_is_left_alone(picture, labels):
    before = picture.copy()
    for outline in (True, False):
        made = overlay(picture, labels, outline=outline)
        assert np.array_equal(made[labels == 0], before[labels == 0])
    assert np.array_equal(picture, before)


# ── scale bar ────────────────────────────────────────────────────────────────────────────────────


@given(width=st.integers(60, 4000), pixel_um=st.floats(1e-6, 1e6))
def test_bars_are_round_and_right_to_a_pixel(width, pixel_um):
    bar = scale_bar.choose(width, pixel_um=pixel_um)
    assert bar is not None
    factor = {"nm": 1e-3, "µm": 1.0, "mm": 1e3}[bar.unit]
    assert abs(bar.width_px - bar.length * factor / pixel_um) <= 0.5 + 1e-6 * bar.width_px
    assert f"{bar.length:e}".rstrip("0")[0] in "125"
    assert 0.09 * width <= bar.width_px <= 0.25 * width + 1
    assert bar.unit != "µm" or 1 <= bar.length < 1000


@given(width=st.integers(60, 4000), pixel_px=st.floats(0.005, 1e5))
def test_bars_without_unit_count_pixels(width, pixel_px):
    bar = scale_bar.choose(width, pixel_um=None, pixel_px=pixel_px)
    if bar is not None:
        assert bar.unit == "px" and bar.length == int(bar.length) >= 1
        assert abs(bar.width_px - bar.length / pixel_px) <= 0.5


@pytest.mark.parametrize("pixel_um", [0.0, float("nan"), float("inf")])
def test_no_bar_for_an_impossible_pixel(pixel_um):
    assert scale_bar.choose(500, pixel_um=pixel_um) is None


@pytest.mark.parametrize("ground", [0, 100, 160, 255])
@pytest.mark.parametrize("width_px", [1, 40, 199, 200])
def test_the_bar_drawn_is_as_long_as_it_says(ground, width_px):
    picture = np.full((100, 200, 3), ground, np.uint8)
    bar = scale_bar.ScaleBar(length=1, unit="µm", width_px=width_px)
    _, top, is_white = scale_bar.draw(picture, bar, margin=10, thickness=5)
    assert is_white == (ground < 128)
    ink = 255 if is_white else 0
    row = picture[top + 2, :, 0]
    runs = np.flatnonzero(row == ink)
    if ground != ink:
        assert runs.size == width_px and np.ptp(runs) == width_px - 1
    assert (picture[top : top + 5] == ink).all(axis=2).any(axis=1).all()


@pytest.mark.parametrize(
    ("step", "unit", "text"),
    [
        (0.5, "nanometer", "50 nm"),
        (4.0, "angstrom", "50 nm"),
        (0.1, "micrometer", "10 µm"),
        (2.0, "micrometer", "200 µm"),
        (0.05, "millimeter", "5 mm"),
        (1.0, None, "100 px"),
        (1.0, "second", "100 px"),
    ],
)
def test_units_from_the_coordinates(step, unit, text):
    picture = picture_of(image(np.zeros((400, 512)), step=step, unit=unit))
    assert f"scale bar {text}" in picture.text


def bar_length(picture: Picture) -> int:
    """Longest run of pure white in a black picture: the bar."""
    white = (pixels_of(picture) == 255).all(axis=2).astype(int)
    white = white[:, 9:-9]  # the margin of the sheet is white too
    longest = 0
    for row in white[:-9]:
        edges_of = np.flatnonzero(np.diff(np.r_[0, row, 0]))
        runs = edges_of[1::2] - edges_of[::2]
        longest = max([longest, *runs[runs < 0.5 * row.size]])
    return longest


@pytest.mark.parametrize("step", [0.004, 0.325, 3.0, 700.0])
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_picture_measures_right_with_a_ruler(step, scale):
    plain = image(np.zeros((300, 500)), step=step)
    plain.attrs.clear()
    picture = picture_of(plain, scale=scale)
    length, unit = picture.text.split("scale bar ")[1].split()[:2]
    drawn_um = step * 500 / (pixels_of(picture).shape[1] - 2 * round(8 * scale))
    expected = float(length) * {"nm": 1e-3, "µm": 1, "mm": 1e3}[unit] / drawn_um
    assert abs(bar_length(picture) - expected) <= 1


def test_levels_show_the_same_length():
    full = image(np.zeros((256, 256)), step=0.5)
    bars = {
        picture_of(tree(full), max_pixels=n).text.split("scale bar ")[1].split(";")[0] for n in (64, 128, 256)
    }
    assert len({bar.splitlines()[0] for bar in bars}) == 1
    without = image(np.zeros((256, 256)), unit=None)
    texts = [picture_of(tree(without), max_pixels=n).text for n in (64, 256)]
    assert all("scale bar 50 px" in text for text in texts)  # pixels of full resolution


# ── proportion and size ──────────────────────────────────────────────────────────────────────────


@given(
    sizes=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    aspect=st.floats(0.01, 100),
    box=st.integers(50, 2000),
)
def test_pictures_fit_and_keep_their_proportion(sizes, aspect, box):
    height, width = fitted(sizes, aspect=aspect, box=(box, box))
    assert 1 <= height <= box and 1 <= width <= box
    wanted = sizes[0] * aspect / sizes[1]
    assert max(height, width) == box or aspect == 1.0
    if min(height, width) > 1:
        assert abs(height - width * wanted) <= 0.5 + 0.5 * wanted + 1e-6


def test_pixels_that_are_not_square_are_drawn_in_proportion():
    scene, _ = scene_of(image(np.zeros((100, 100)), step=(1.0, 0.5)))
    assert scene.aspect("image") == 2.0
    nearly, _ = scene_of(image(np.zeros((100, 100)), step=(1.005, 1.0)))
    assert nearly.aspect("image") == 1.0
    tall = image(np.zeros((100, 100)), step=(1.0, 500.0))
    tall.x.attrs["units"] = "nanometer"
    assert scene_of(tall)[0].aspect("image") == 2.0


@pytest.mark.parametrize(
    "odd",
    [
        xr.DataArray(np.zeros((5, 5)), dims=("y", "x")),
        image(np.zeros((5, 5))).assign_coords(x=list("abcde")),
        image(np.zeros((5, 5))).assign_coords(x=[0, 1, 2, 50, 51]),
        image(np.zeros((5, 5)), unit=None).assign_coords(x=("x", np.arange(5.0), {"units": "second"})),
    ],
)
def test_unknown_proportion_is_square(odd):
    scene, _ = scene_of(odd)
    assert scene.aspect("image") == 1.0
    assert " px" in picture_of(odd).text


def test_small_pixels_are_enlarged_a_whole_number_of_times():
    pixels = pixels_of(picture_of(np.arange(12.0).reshape(3, 4), width=111))
    inner = pixels[8 : 8 + 81, 8 : 8 + 108, 0]
    assert (inner[:27, :27] == inner[0, 0]).all() and (inner[:27, 81:] == inner[0, 81]).all()
    assert (pixels[8:89, 8 + 108 :] == 255).all()


# ── reading ──────────────────────────────────────────────────────────────────────────────────────


def test_only_the_plane_shown_is_read():
    full = stack(64)
    counted = Counted(full.values)
    picture_of(counted.lazy(full), t=1, z=0)
    assert counted.read == 2 * 64 * 64
    counted.read = 0
    picture_of(counted.lazy(full), channels="actin")
    assert counted.read == 64 * 64


def test_a_large_single_level_is_read_with_gaps():
    full = image(np.zeros((300, 700), "u1"))
    counted = Counted(full.values)
    picture = picture_of(counted.lazy(full), max_pixels=100)
    assert counted.read == 100 * 100
    assert "1 in 3 rows, 1 in 7 columns" in picture.text


def test_the_right_plane_is_shown():
    scene, _ = scene_of(stack(16))
    for t, z in ((0, 0), (1, 4)):
        state = scene.state(level="image", positions={"t": t, "z": z})
        values = read_plane(scene, state, max_pixels=64).values
        assert values[:, 3, 5].tolist() == [10 * z + t, 100 + 10 * z + t]


def test_transposed_arrays_are_turned():
    array = image(np.arange(12.0).reshape(3, 4)).transpose("x", "y")
    scene, _ = scene_of(array)
    assert read_plane(scene, scene.state(level="image", positions={}), max_pixels=9).values.shape == (1, 3, 4)


def labels_at(picture_image, labels, shape, *, labels_name="labels", **positions):
    scene, name = scene_of(picture_image, labels=labels)
    level = next(iter(scene.levels))
    state = scene.state(level=level, labels=name, positions=positions)
    return read_labels(scene, state, shape, max_pixels=1024)


def test_labels_lie_where_the_coordinates_say():
    whole = image(np.zeros((8, 8)), step=0.5)
    numbers = image(np.arange(64).reshape(8, 8), step=0.5).rename("labels")
    assert np.array_equal(labels_at(whole, numbers, (8, 8)), numbers)
    assert np.array_equal(labels_at(whole, numbers, (16, 16)), np.kron(numbers, np.ones((2, 2), int)))
    crop = numbers.isel(y=slice(2, 5), x=slice(4, 8))
    expected = np.zeros((8, 8), int)
    expected[2:5, 4:8] = crop
    assert np.array_equal(labels_at(whole, crop, (8, 8)), expected)
    assert np.array_equal(labels_at(crop, numbers, (3, 4)), crop)


def test_labels_of_a_coarser_level_and_another_unit():
    whole = image(np.zeros((8, 8)), step=0.5)
    coarse = xr.DataArray(
        np.arange(1, 17).reshape(4, 4),
        dims=("y", "x"),
        coords={"y": axis("y", 4, 1000.0, "nanometer", 250.0), "x": axis("x", 4, 1000.0, "nanometer", 250.0)},
    )
    assert np.array_equal(labels_at(whole, coarse, (8, 8)), np.kron(coarse, np.ones((2, 2), int)))
    bare = xr.DataArray(coarse.values, dims=("y", "x"))
    assert np.array_equal(labels_at(whole, bare, (8, 8)), np.kron(coarse, np.ones((2, 2), int)))


def test_labels_elsewhere_cover_nothing():
    whole = image(np.zeros((8, 8)), step=0.5)
    far = whole.astype(int).assign_coords(x=whole.x + 1000) + 1
    assert not labels_at(whole, far, (8, 8)).any()


def test_labels_belong_to_their_plane():
    full = stack(8)
    numbers = (
        (full.isel(c=0, drop=True) * 0 + xr.DataArray(np.arange(5), dims="z") + 1)
        .astype("i8")
        .rename("labels")
    )
    numbers = numbers.transpose("t", "z", "y", "x").assign_coords(z=full.z, y=full.y, x=full.x)
    assert labels_at(full, numbers, (8, 8), z=3)[0, 0] == 4
    one = numbers.isel(z=3)
    assert labels_at(full, one, (8, 8), z=3)[0, 0] == 4
    assert labels_at(full, one, (8, 8), z=2) is None
    assert labels_at(full.isel(z=1), numbers, (8, 8))[0, 0] == 2
    bare = numbers.drop_vars(["z", "t"])
    assert labels_at(full, bare, (8, 8), z=4)[0, 0] == 5


def test_a_missing_plane_of_labels_is_said():
    full = stack(8)
    one = full.isel(t=0, z=0, c=0, drop=True).astype("i4").assign_coords(z=full.z[0], t=0.0).rename("nuclei")
    assert "no labels “nuclei” at this plane" in picture_of(full, labels=one, z=4).text
    assert "outlines: nuclei" in picture_of(full, labels=one, z=0).text


def test_a_mask_and_large_numbers_are_labels_too():
    whole = image(np.zeros((8, 8)))
    mask = image(np.eye(8, dtype=bool))
    assert labels_at(whole, mask, (8, 8)).sum() == 8
    large = image(np.full((8, 8), 2**40))
    assert (labels_at(whole, large, (8, 8)) == 2**40).all()


@pytest.mark.parametrize("labels", [image(np.zeros((4, 4))), xr.DataArray(3)])
def test_what_is_no_label_image(labels):
    with pytest.raises(SelectionError) as caught:
        scene_of(image(np.zeros((4, 4))), labels=labels)
    assert caught.value.kind == "labels-dtype"


# ── words ────────────────────────────────────────────────────────────────────────────────────────


def test_the_text_says_what_the_picture_shows():
    text = picture_of(stack(), t=1).text
    for part in (
        "Two nuclei",
        "sample:two",
        "DAPI (#0000FF, 0 to 100)",
        "t = 30 second (2 of 2)",
        "z = 7 micrometer (3 of 5)",
        "0.5 × 0.5 µm",
        "CC BY 4.0 (https://creativecommons.org/licenses/by/4.0/)",
        "A. Person",
    ):
        assert part in text


def test_unknown_licence_of_a_published_image_is_said():
    published = stack()
    del published.attrs["license"]
    assert "licence: unknown" in picture_of(published).text
    assert "licence" not in picture_of(np.zeros((5, 5))).text


def test_addresses_and_paths_stay_out():
    for address in ("https://u:p@host/secret/a.zarr?token=abc", "/home/me/a.zarr", r"C:\Users\me\a.zarr"):
        array = image(np.zeros((5, 5)), image_id=address)
        array.attrs = {"source_url": address}
        text = picture_of(array).text
        assert "a.zarr" in text
        assert not any(word in text for word in ("token", "secret", "home", "Users", "u:p"))


def test_channels_without_a_number_are_named():
    planes = np.stack([np.zeros((4, 4)), np.full((4, 4), np.nan)])
    assert "no finite value in b" in picture_of(image(planes, "c y x", c=["a", "b"])).text


@given(text=st.text(max_size=300), width=st.integers(1, 400), lines=st.integers(1, 4))
@settings(max_examples=50, deadline=None)
def test_any_text_wraps_into_its_room(text, width, lines):
    letters = canvas.font(14)
    made = canvas.wrap(text, letters, width, max_lines=lines)
    assert len(made) <= lines
    assert all(letters.getlength(line) <= max(width, 40) for line in made)


def test_a_font_with_few_letters_still_says_the_same():
    pytest.importorskip("PIL.ImageFont")
    from PIL import ImageFont

    builtin = ImageFont.load_default(size=14)
    assert canvas.drawable("20 µm, café\n— β 中", builtin) == "20 um, cafe - beta ?"


@pytest.mark.parametrize(
    "array",
    [
        np.full((5, 5), np.nan),
        np.full((5, 5), 3),
        np.zeros((5, 5), bool),
        np.ones((5, 5), ">u2"),
        np.random.default_rng(0).random((5, 5)).astype("f2"),
        np.array([[0, 2**62], [-(2**62), 5]]),
        np.zeros((1, 1)),
        np.zeros((1, 3000), "u1"),
        np.zeros((3000, 1), "u1"),
        np.zeros((2, 3, 4, 5, 6), "i8"),
    ],
)
def test_odd_arrays_become_pictures(array):
    picture = picture_of(array)
    assert PIL.open(io.BytesIO(picture.png())).size == picture.image.size
    assert max(picture.image.size) < 900


def test_hostile_words_do_no_harm():
    array = stack().assign_coords(c=["<script>alert(1)</script>", "\x00\u202e\n" * 50])
    array.attrs = {"title": "A" * 5000, "license": "\u0000" * 20, "attribution": "x " * 9000}
    assert picture_of(array).image.height < 1200


def test_state_comes_back_with_its_windows():
    plain = image(np.arange(1001.0).reshape(7, 143))
    made = picture_of(plain).state
    assert made.channels[0].window == (5.0, 998.0)
    assert dataclasses.replace(made, positions=()) == made


def test_without_pillow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(MissingExtraError, match=r"fairlab\[widgets\]"):
        picture_of(np.zeros((5, 5)))


# ── overview ─────────────────────────────────────────────────────────────────────────────────────


def test_overview_places_pictures_side_by_side_on_white():
    array = image(np.zeros((50, 100)))
    labels = image(np.kron([[1, 2]], np.ones((50, 50), int))).rename("labels")
    one = PIL.open(io.BytesIO(overview([array], titles=["One"], height=200)))
    two = PIL.open(
        io.BytesIO(overview([array, stack(32)], titles=["One", "Two"], labels=[labels, None], height=200))
    )
    four = PIL.open(io.BytesIO(overview([array] * 4, titles=list("abcd"), captions=["x"] * 4, height=200)))
    assert two.width > one.width and four.height > 1.8 * one.height
    sheet = np.asarray(two)
    assert (sheet[:20] == 255).all() and (sheet[:, :20] == 255).all()
    assert (np.asarray(one) == 0).all(axis=2).sum() > 200 * 400 * 0.9


def test_overview_wants_one_title_each():
    with pytest.raises(QueryError) as caught:
        overview([np.zeros((5, 5))], titles=[])
    assert caught.value.kind == "overview"
    with pytest.raises(QueryError):
        overview([], titles=[])


# ── bare and small ───────────────────────────────────────────────────────────────────────────────


def test_a_miniature_reads_the_coarsest_level_that_is_large_enough():
    full = stack(256)
    counted = Counted(full.values)
    levels = tree(full)
    levels["scale0"] = counted.lazy(full).to_dataset(name="image")
    picture = PIL.open(io.BytesIO(miniature(levels, side=100)))
    assert max(picture.size) == 100 and counted.read == 0
    assert max(PIL.open(io.BytesIO(miniature(levels, side=200))).size) == 200
    assert counted.read > 0
