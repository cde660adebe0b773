"""What is shown, decided without reading or drawing a pixel."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import SelectionError
from fairlab.widgets.channels import CYCLE, PAIR, Channel, chosen, stated_channels
from fairlab.widgets.layout import RGB, WHITE, layout_of
from fairlab.widgets.state import Dimension, ViewState, state_of
from tests.widgets.images import image, stack

Z = Dimension(name="z", size=4, values=(0.0, 3.5, 7.0, 10.5), unit="micrometer")


def state(array: xr.DataArray, **asked: object) -> ViewState:
    return state_of(array, layout_of(array), level="scale0", **asked)  # type: ignore[arg-type]  # test input


def refused(kind: str) -> pytest.RaisesExc[SelectionError]:
    return pytest.RaisesExc(SelectionError, check=lambda error: error.kind == kind)


# ── roles of dimensions ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("dims", "shape", "plane", "channel", "others"),
    [
        (("t", "c", "z", "y", "x"), (2, 2, 3, 4, 5), ("y", "x"), "c", ("t", "z")),
        (("x", "y"), (4, 5), ("y", "x"), None, ()),
        (("row", "col"), (4, 5), ("row", "col"), None, ()),
        (("z", "lat", "lon"), (3, 4, 5), ("lat", "lon"), None, ("z",)),
        (("y", "x", "angle"), (4, 5, 6), ("y", "x"), None, ("angle",)),
        (("y", "c"), (4, 5), ("y", "c"), None, ()),
    ],
)
def test_roles_of_dimensions(dims, shape, plane, channel, others):
    layout = layout_of(xr.DataArray(np.zeros(shape), dims=dims))
    assert ((layout.y, layout.x), layout.channel, layout.others) == (plane, channel, others)


@pytest.mark.parametrize(
    ("array", "kind"),
    [
        (xr.DataArray(3.0), "not-a-picture"),
        (xr.DataArray(np.zeros(4), dims="x"), "not-a-picture"),
        (image(np.zeros((3, 3), complex)), "dtype"),
        (image(np.full((3, 3), "a")), "dtype"),
        (image(np.zeros((3, 3), "datetime64[s]")), "dtype"),
        (image(np.zeros((3, 3))).isel(x=slice(0, 0)), "empty"),
    ],
)
def test_what_is_no_picture_is_refused(array, kind):
    with refused(kind):
        layout_of(array)


def test_a_colour_picture_keeps_its_colours():
    for array in (
        xr.DataArray(np.zeros((4, 5, 3), "u1")),
        xr.DataArray(np.zeros((4, 5, 4), "u1"), dims=("y", "x", "channel")),
        image(np.zeros((3, 4, 5), "u1"), "c y x", c=["Red", "Green", "Blue"]),
        image(np.zeros((3, 4, 5), "u1"), "c y x", c=["1", "2", "3"], color=("c", list(RGB))),
    ):
        layout = layout_of(array)
        channels = stated_channels(array, layout)
        assert layout.is_rgb
        assert [c.color for c in channels[:3]] == list(RGB)
        assert {c.window for c in channels} == {(0.0, 255.0)}
        assert [c.active for c in channels] == [True] * 3 + [False] * (len(channels) - 3)


def test_three_fluorescence_channels_are_no_colour_picture():
    for array in (
        image(np.zeros((3, 4, 5), "u1"), "c y x", c=["DAPI", "actin", "tubulin"]),
        image(np.zeros((3, 4, 5), "u1"), "c y x"),
        image(np.zeros((3, 4, 5), "u2"), "c y x", c=["red", "green", "blue"]),
    ):
        assert not layout_of(array).is_rgb


def test_only_integers_named_labels_are_labels():
    labels = image(np.zeros((4, 5), "i4")).rename("labels")
    assert layout_of(labels).is_labels
    assert not layout_of(labels.astype(float)).is_labels
    assert not layout_of(labels.rename("image")).is_labels


# ── channels ─────────────────────────────────────────────────────────────────────────────────────


def test_stated_looks_are_kept():
    first, second = state(stack()).channels
    assert (first.name, first.color, first.window, first.active) == ("DAPI", "#0000FF", (0.0, 100.0), True)
    assert (second.name, second.color, second.window) == ("actin", "#00FF00", (100.0, 200.0))


@pytest.mark.parametrize(
    ("count", "colors"), [(1, (WHITE,)), (2, PAIR), (3, CYCLE[:3]), (6, CYCLE + CYCLE[:2])]
)
def test_default_colours(count, colors):
    channels = state(image(np.zeros((count, 4, 5)), "c y x")).channels
    assert tuple(c.color for c in channels) == colors
    assert all(c.window is None for c in channels)
    assert [c.active for c in channels] == [i < 4 for i in range(count)]


def test_default_colours_differ_for_colour_blind_readers():
    lab = pytest.importorskip("skimage.color").rgb2lab
    # Machado, Oliveira and Fernandes 2009, severity 1.0, for linear RGB.
    protan = [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ]
    deutan = [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ]
    for colors in (PAIR, CYCLE):
        rgb = np.array([[int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)] for c in colors])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        for matrix in (np.eye(3), protan, deutan):
            seen = np.clip(linear @ np.transpose(matrix), 0, 1)
            seen = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
            points = lab(seen[None])[0]
            apart = np.linalg.norm(points[:, None] - points[None], axis=-1)
            assert apart[np.triu_indices(len(colors), 1)].min() > 35


def test_hostile_or_useless_statements_are_replaced():
    array = stack().assign_coords(
        color=("c", ["url(javascript:x)", "00ff00AA"]),
        window_start=("c", [np.nan, 5.0]),
        window_end=("c", [1.0, 5.0]),
        active=("c", [False, False]),
    )
    first, second = state(array).channels
    assert (first.color, second.color) == (WHITE, "#00FF00")
    assert first.window is None and second.window is None
    assert (first.active, second.active) == (True, False)  # nothing active would be a black picture


def test_a_channel_without_axis_and_a_mask():
    (only,) = state(image(np.zeros((4, 5)))).channels
    assert (only.color, only.window) == (WHITE, None)
    (mask,) = state(image(np.zeros((4, 5), bool))).channels
    assert mask.window == (0.0, 1.0)


@pytest.mark.parametrize("asked", ["actin", 1, -1, ["actin"], {"actin": {}}])
def test_asking_for_one_channel(asked):
    assert [c.active for c in state(stack(), channels=asked).channels] == [False, True]


def test_asking_for_looks():
    looks = {"DAPI": "#112233", "actin": {"color": "#445566", "window": [5, 6]}}
    first, second = state(stack(), channels=looks).channels
    assert (first.color, first.window) == ("#112233", (0.0, 100.0))
    assert (second.color, second.window) == ("#445566", (5.0, 6.0))


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ("DAPPI", "channel-unknown"),
        (["DAPI", "actn"], "channel-unknown"),
        (2, "channel-unknown"),
        (3.5, "channel-unknown"),
        ({"DAPI": "blue"}, "color"),
        ({"DAPI": {"colour": "#000000"}}, "color"),
        ({"DAPI": {"window": 3}}, "window"),
        ({"DAPI": {"window": (0, np.nan)}}, "window"),
    ],
)
def test_wrong_channels_are_refused(asked, kind):
    with refused(kind) as caught:
        state(stack(), channels=asked)
    if kind == "channel-unknown" and not isinstance(asked, float):
        assert "DAPI" in str(caught.value) and "actin" in str(caught.value)


def test_one_channel_changes_alone():
    before = state(stack())
    after = before.changed("actin", active=False)
    assert [c.active for c in after.channels] == [True, False]
    assert [c.active for c in before.channels] == [True, True]
    with refused("channel-unknown"):
        before.changed("tubulin", active=False)


def test_windows_fill_gaps_only_and_automatic_opens_active_ones():
    view = ViewState(
        level="image",
        channels=(Channel(name="a"), Channel(name="b", window=(1, 2)), Channel(name="off", active=False)),
    )
    filled = view.with_windows({"a": (3, 4), "b": (5, 6)})
    assert [c.window for c in filled.channels] == [(3, 4), (1, 2), None]
    asked = chosen(filled.channels, ["a"])
    opened = dataclasses.replace(filled, channels=asked).automatic()
    assert [c.window for c in opened.channels] == [None, (1, 2), None]


# ── positions ────────────────────────────────────────────────────────────────────────────────────


def test_first_moment_and_middle_of_the_stack():
    view = state(stack(planes=5))
    assert view.at == {"t": 0, "z": 2}
    assert [d.text(i) for d, i in zip(view.dimensions, view.positions, strict=True)] == [
        "t = 0 second (1 of 2)",
        "z = 7 micrometer (3 of 5)",
    ]


@pytest.mark.parametrize(
    ("asked", "place"), [(0, 0), (3, 3), (-1, 3), (np.int64(2), 2), (3.5, 1), (3.4, 1), (8.8, 3), (12.0, 3)]
)
def test_integers_count_and_floats_measure(asked, place):
    assert Z.index(asked) == place


@pytest.mark.parametrize("asked", [4, -5, 20.0, -9.0, float("nan"), "7", True, None])
def test_no_such_position(asked):
    with refused("position-out-of-range"):
        Z.index(asked)


def test_text_coordinates_are_matched_exactly():
    well = Dimension(name="row", size=2, values=("A", "B"))
    assert well.index("B") == 1
    assert well.text(1) == "row = B (2 of 2)"
    for wrong in ("b", 1.0):
        with refused("position-out-of-range"):
            well.index(wrong)


def test_no_coordinate_counts():
    assert Dimension(name="angle", size=1200).text(999) == "angle (1,000 of 1,200)"


def test_moving():
    view = state(stack())
    assert view.moved(t=1, z=0.0).at == {"t": 1, "z": 0}
    with refused("dimension-unknown"):
        view.moved(zed=1)


@given(old=st.integers(1, 40), new=st.integers(1, 40), data=st.data())
def test_another_level_keeps_the_place(old, new, data):
    place = data.draw(st.integers(0, old - 1))
    view = ViewState(level="a", dimensions=(Dimension(name="z", size=old),), positions=(place,))
    there = view.at_level("b", (Dimension(name="z", size=new),))
    assert there.level == "b"
    assert there.positions[0] / new <= (place + 0.5) / old <= (there.positions[0] + 1) / new


def test_states_are_values():
    assert state(stack()) == state(stack())
    assert hash(state(stack())) == hash(state(stack()))
    with pytest.raises(dataclasses.FrozenInstanceError):
        state(stack()).level = "scale1"  # type: ignore[misc]  # that is the point
