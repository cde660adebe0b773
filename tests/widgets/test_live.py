"""The live viewer without a browser: what travels first, what is heard and told, and Python in step with it."""

from __future__ import annotations

import json
import sys
import threading

import numpy as np
import pytest
import xarray as xr

pytest.importorskip("anywidget")
pytest.importorskip("PIL.Image")

from fairlab.errors import QueryError
from fairlab.widgets import headless
from fairlab.widgets.objects import Objects
from fairlab.widgets.painting import PREVIEW_BYTES
from fairlab.widgets.viewer import view
from tests.widgets.images import Counted, image, stack, tree


def listened(viewer):
    """The viewer's widget, and what it told the front-end."""
    told: list[dict] = []
    came = threading.Event()

    def send(content, buffers=None):
        told.append({**content, "buffers": buffers})
        came.set()

    viewer.widget.send = send
    return viewer.widget, told


def say(widget, **message):
    widget._handle_custom_msg(message, [])


def until(condition):
    for _ in range(500):
        if condition():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it did not come")


def test_the_first_picture_travels_with_the_widget():
    full = tree(stack(512))
    counted = Counted(full["scale0/image"].values)
    full["scale0"] = counted.lazy(full["scale0/image"]).to_dataset(name="image")
    viewer = view(full, max_pixels=300)
    state = viewer.widget.get_state()
    assert counted.read == 0, "the level that fits was read, and nothing else"
    assert state["thumbnail"][:2] == b"\xff\xd8"
    assert sum(map(len, state["first"]["contents"])) <= PREVIEW_BYTES
    (dapi, actin), plane = state["first"]["tiles"], full["scale1/image"].isel(t=0, z=2)
    for form, content in zip((dapi, actin), state["first"]["contents"], strict=True):
        values = np.frombuffer(content, f"<{form['type']}").reshape(form["height"], form["width"])
        assert np.array_equal(values, plane.isel(c=form["channel"]).values)
    assert state["first"]["x"] == {"offset": -0.5, "factor": 2.0, "size": 256, "ends": [-0.5, 511.5]}


def test_large_planes_are_thinned():
    viewer = view(image(np.zeros((1000, 1000), "f4")))
    first = viewer.widget.first
    assert len(first["contents"][0]) <= PREVIEW_BYTES
    assert first["x"]["factor"] * first["x"]["size"] >= 1000


def test_levels_lie_where_their_coordinates_say():
    levels = view(tree(stack(64))).widget.image["levels"]
    assert [level["x"] for level in levels] == [
        {"offset": 0.0, "factor": 1.0, "size": 64},
        {"offset": -0.5, "factor": 2.0, "size": 32},  # every second sample: its centre stays where it was
        {"offset": -1.5, "factor": 4.0, "size": 16},
    ]


def test_python_moves_the_screen():
    viewer = view(tree(stack(256)), max_pixels=100)
    widget = viewer.widget
    viewer.state = viewer.state.moved(z=4).changed("DAPI", color="#123456", gamma=0.5)
    assert widget.planes == {"t": 0, "z": 4}
    assert widget.channels[0]["color"] == "#123456" and widget.channels[0]["gamma"] == 0.5
    viewer.view = {"x": (10, 20)}
    assert widget.view == {"y": [-0.25, 127.75], "x": [10.0, 20.0]}
    viewer.roi = {"y": (3, 4)}
    assert widget.roi == {"y": [3.0, 4.0], "x": [-0.25, 127.75]}
    viewer.roi = viewer.view = None
    assert widget.roi is None and widget.view is None


def test_python_knows_what_the_reader_did():
    viewer = view(tree(stack(64)))
    widget, _ = listened(viewer)
    before = viewer.png()
    channels = [dict(channel) for channel in widget.channels]
    channels[1] |= {"active": False}
    channels[0] |= {"window": [5.0, 9.0], "gamma": 2.0}
    widget.set_state(
        {
            "planes": {"t": 1, "z": 4},
            "channels": channels,
            "view": {"y": [0, 10], "x": [0, 10]},
            "roi": {"y": [1, 2], "x": [3, 4]},
        }
    )
    assert viewer.state.at == {"t": 1, "z": 4}
    assert viewer.state.channels[0].window == (5.0, 9.0) and viewer.state.channels[0].gamma == 2.0
    assert [c.name for c in viewer.state.active] == ["DAPI"]
    assert viewer.view == {"y": [0.0, 10.0], "x": [0.0, 10.0]}
    assert viewer.roi == {"y": [1.0, 2.0], "x": [3.0, 4.0]}
    assert viewer.png() != before, "drawn when it is asked for"


def test_planes_between_those_of_a_coarse_level_are_kept():
    full = image(np.zeros((8, 64, 64), int), "z y x", z=("z", np.arange(8.0), {"units": "micrometer"}))
    nodes = {
        "/scale0": full.to_dataset(name="image"),
        "/scale1": full[::2, ::2, ::2].to_dataset(name="image"),
    }
    viewer = view(xr.DataTree.from_dict(nodes), max_pixels=32)
    listened(viewer)
    viewer.widget.set_state({"planes": {"z": 5}})
    assert viewer.state.at == {"z": 2} and viewer.state.level == "scale1"
    viewer.state = viewer.state.automatic()
    assert viewer.widget.planes == {"z": 5}
    assert float(viewer.selection.z) == 5.0


@pytest.mark.parametrize(
    "wrong",
    [
        {"planes": {"z": 99}},
        {"planes": {"q": 1}},
        {"view": {"x": [5, 5]}},
        {"channels": [{"name": "a", "color": "red", "window": None}]},
    ],
)
def test_nonsense_from_the_front_end_is_named(wrong):
    viewer = view(stack(32))
    widget, told = listened(viewer)
    before = viewer.state
    widget.set_state(wrong)
    assert isinstance(viewer.error, LookupError)
    assert told[-1]["kind"] == "error" and type(viewer.error).__name__ in told[-1]["text"]
    assert viewer.state == before


def test_tiles_are_heard_at_once_and_told_later():
    viewer = view(stack(32))
    widget, told = listened(viewer)
    group = {"source": "", "level": 0, "planes": [0, 1], "channels": [1], "tiles": [[0, 0]]}
    say(widget, kind="tiles", number=7, groups=[group])
    assert {"kind": "heard", "number": 7, "buffers": []} in told
    until(lambda: told[-1]["kind"] == "tiles")
    (form,), (content,) = told[-1]["tiles"], told[-1]["buffers"]
    assert np.array_equal(
        np.frombuffer(content, form["type"]).reshape(32, 32), stack(32).isel(t=0, c=1, z=1).values
    )


def test_values_objects_clicks_and_code():
    full = stack(32)
    labels = full.isel(c=0, drop=True).astype("i8") * 0 + 2**60
    clicks = []
    viewer = view(full, labels=labels, table={"label": [2**60], "area": [2.5]})
    viewer.on_click(lambda name, number: clicks.append((name, number)))
    name = viewer.state.labels
    widget, told = listened(viewer)
    say(widget, kind="values", token="t", level=0, planes=[1, 2], row=3, column=4)
    until(lambda: told and told[-1]["kind"] == "answer")
    assert told[-1]["token"] == "t"
    assert told[-1]["answer"] == [str(value) for value in full.isel(t=1, z=2, y=3, x=4).values]
    say(widget, kind="object", token="o", labels=name, id=str(2**60))
    assert told[-1]["token"] == "o"
    assert told[-1]["answer"] == [["area", "2.5"]]
    say(widget, kind="click", labels=name, id=str(2**60))
    assert viewer.clicked == (name, 2**60) and clicks == [(name, 2**60)]
    say(widget, kind="code")
    assert told[-1]["text"] == viewer.copy_code()
    assert viewer.error is None


def test_a_listener_that_fails_is_named_under_the_widget():
    viewer = view(stack(32))
    viewer.on_click(lambda name, number: 1 / 0)
    widget, told = listened(viewer)
    say(widget, kind="click", labels="a", id="1")
    assert told[-1]["text"].startswith("ZeroDivisionError")
    assert isinstance(viewer.error, ZeroDivisionError)


def test_no_secret_is_saved():
    secret = "https://me:hunter2@example.org/home/someone/a.zarr?X-Amz-Signature=abc"
    full = (
        stack(32)
        .drop_vars("image_id")
        .assign_attrs(id="", title="", source_url=secret, fairlab_record=secret)
    )
    counted = Counted(full.values)
    viewer = view(counted.lazy(full))
    widget, _ = listened(viewer)
    viewer._failed(OSError(f"cannot read {secret}"))
    data, metadata = viewer._repr_mimebundle_()
    saved = json.dumps([data["text/plain"], metadata]) + str(widget.get_state())
    for part in ("hunter2", "X-Amz", "/home/someone", "abc"):
        assert part not in saved
    assert "not up to date: OSError" in data["text/plain"]


def test_links_are_made_in_the_browser():
    one, other = view(tree(stack(64))), view(stack(32))
    one.link(other)
    assert {link.source[1] for link in one._links} == {"view", "planes", "channels"}
    stranger = view(image(np.zeros((9, 9))))
    one.link(stranger)
    assert {link.source[1] for link in one._links} == {"view"}
    for wrong in (3, view(stack(32), fallback=True)):
        with pytest.raises(QueryError):
            one.link(wrong)
    with pytest.raises(QueryError):
        one.link(other, what=("colour",))


def test_in_jupyterlite_arrays_are_shown_and_the_rest_is_refused_clearly(monkeypatch):
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(QueryError, match="JupyterLite") as caught:
        view("https://example.org/a.zarr")
    assert caught.value.kind == "platform"
    viewer = view(stack(32))
    widget, told = listened(viewer)
    group = {"source": "", "level": 0, "planes": [0, 1], "channels": [1], "tiles": [[0, 0]]}
    say(widget, kind="tiles", number=1, groups=[group])
    assert told[-1]["kind"] == "tiles", "without a thread"


class Kernel:
    def __init__(self, asks):
        self.kernel = type("K", (), {"_allow_stdin": asks})()


@pytest.mark.parametrize(
    ("asks", "server", "expected"), [(False, "", True), (True, "", False), (False, "voila/0.5", False)]
)
def test_headless_is_a_kernel_that_can_ask_nobody(monkeypatch, asks, server, expected):
    ipython = pytest.importorskip("IPython")
    monkeypatch.setattr(ipython, "get_ipython", lambda: Kernel(asks))
    monkeypatch.setenv("SERVER_SOFTWARE", server)
    assert headless.is_headless() is expected


@pytest.mark.parametrize("pixels", [
    np.full((5, 5), np.nan), np.zeros((7, 7), "u1"), np.random.default_rng(0).random((9, 9)).astype("f4"),
    np.zeros((6, 6, 3), "u1"), np.eye(4, dtype=bool), np.arange(16).reshape(4, 4) + 2**40,
])  # fmt: skip
def test_odd_images_have_a_first_picture(pixels):
    viewer = view(pixels)
    assert viewer.widget.thumbnail and viewer.widget.first["tiles"]
    assert json.dumps(viewer.widget.channels, allow_nan=False)


# ── objects ──────────────────────────────────────────────────────────────────────────────────────


def test_rows_of_every_kind_of_table():
    pandas = pytest.importorskip("pandas")
    columns = {"label": [1, 7], "area": [20.0, np.nan], "kind": ["a", "<b>"]}
    dataset = xr.Dataset(
        {k: ("label", v) for k, v in columns.items() if k != "label"}, coords={"label": [1, 7]}
    )
    frame = pandas.DataFrame(columns)
    for table in (columns, dataset, frame, frame.set_index("label")):
        objects = Objects({"n": table})
        assert objects.row("n", 1) == [["area", "20"], ["kind", "a"]]
        assert objects.row("n", 7) == [["kind", "<b>"]]
        assert objects.row("n", 2) is None and objects.row("other", 1) is None


@pytest.mark.parametrize("table", [3, {"area": [1]}, {"label": [1, 2], "area": [1]}])
def test_no_table_of_objects(table):
    with pytest.raises(QueryError) as caught:
        view(stack(32), labels=stack(32).isel(c=0, drop=True).astype(int), table=table)
    assert caught.value.kind == "table"
