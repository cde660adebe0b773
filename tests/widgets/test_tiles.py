"""Tiles: exact numbers, one read for a screen, newest wish first, failures named tile by tile."""

from __future__ import annotations

import sys
import threading

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from fairlab.errors import ChunkError, QueryError, Unavailable
from fairlab.widgets.scene import scene_of
from fairlab.widgets.tiles import _MOST_AT_ONCE, SIDE, TileServer, _Cache, rectangles
from fairlab.widgets.wire import encoded
from tests.widgets.images import Counted, image, stack, tree


class Browser:
    """What the other end of the line has received."""

    def __init__(self, obj, **labels):
        self.scene, _ = scene_of(obj, **labels)
        self.tiles, self.messages, self.failures = {}, [], []
        self.came = threading.Condition()
        state = self.scene.state(level=next(iter(self.scene.levels)), positions={})
        self.server = TileServer(self.scene, state, self.take, self.failures.append)

    def take(self, forms, contents):
        with self.came:
            self.messages.append(len(forms))
            for form, content in zip(forms, contents, strict=True):
                key = (
                    form["source"],
                    form["level"],
                    tuple(form["planes"]),
                    form["channel"],
                    form["row"],
                    form["column"],
                )
                shape = form.get("height", 0), form.get("width", 0)
                self.tiles[key] = (
                    form["error"]
                    if "error" in form
                    else np.frombuffer(content, f"<{form['type']}").reshape(shape)
                )
            self.came.notify_all()

    def ask(self, *groups):
        self.server.ask(groups)

    def wait_for(self, count):
        with self.came:
            assert self.came.wait_for(lambda: len(self.tiles) >= count, 10)


def group(*tiles, level=0, planes=(), channels=(0,), source=""):
    return {"source": source, "level": level, "planes": planes, "channels": channels, "tiles": tiles}


@given(
    arrays.arrays(
        st.sampled_from(["?", "u1", "i1", ">u2", "i2", "u4", ">i4", "i8", "u8", "f2", "f4", ">f8"]),
        arrays.array_shapes(min_dims=2, max_dims=2, max_side=5),
    )
)
def test_no_number_changes_on_its_way(values):
    code, content = encoded(values)
    back = np.frombuffer(content, f"<{code}").reshape(values.shape)
    for before, after in zip(values.ravel().tolist(), back.ravel().tolist(), strict=True):
        assert before == after or (before != before and after != after)


def test_tiles_are_the_image():
    full = stack(600)
    browser = Browser(tree(full))
    browser.ask(group((0, 0), (2, 2), planes=(1, 3), channels=(0, 1)))
    browser.wait_for(4)
    for channel in (0, 1):
        for row, column in ((0, 0), (2, 2)):
            span_y, span_x = (slice(n * SIDE, (n + 1) * SIDE) for n in (row, column))
            expected = full.isel(t=1, c=channel, z=3, y=span_y, x=span_x).values
            assert np.array_equal(browser.tiles["", 0, (1, 3), channel, row, column], expected)


def test_coarse_levels_show_the_same_place_of_a_stack():
    full = image(np.arange(8)[:, None, None] * np.ones((8, 64, 64), int), "z y x")
    nodes = {
        "/scale0": full.to_dataset(name="image"),
        "/scale1": full[::2, ::2, ::2].to_dataset(name="image"),
    }
    browser = Browser(xr.DataTree.from_dict(nodes))
    browser.ask(group((0, 0), level=1, planes=(5,)))
    browser.wait_for(1)
    assert (browser.tiles["", 1, (5,), 0, 0, 0] == 4).all()


def test_a_screen_is_one_read():
    full = image(np.zeros((SIDE * 4, SIDE * 6), "u2"))
    counted = Counted(full.values)
    browser = Browser(counted.lazy(full))
    browser.ask(group(*[(r, c) for r in range(4) for c in range(6)]))
    browser.wait_for(24)
    assert browser.messages == [24]
    assert counted.read == full.size
    browser.ask(group((1, 1)))
    browser.wait_for(24)
    assert counted.read == full.size, "from the cache"


@given(st.sets(st.tuples(st.integers(0, 9), st.integers(0, 9))))
def test_rectangles_hold_each_tile_once(tiles):
    made = [(row, column) for rows, columns in rectangles(tiles) for row in rows for column in columns]
    assert sorted(made) == sorted(tiles)
    assert all(
        len(rows) * len(columns) <= max(_MOST_AT_ONCE, len(columns)) for rows, columns in rectangles(tiles)
    )


def test_what_nobody_waits_for_is_never_read():
    full = stack(64, planes=30)
    going, stop = threading.Event(), threading.Event()

    class Slow(Counted):
        def _take(self, key):
            going.set()
            assert stop.wait(10)
            return super()._take(key)

    browser = Browser(Slow(full.values).lazy(full))
    browser.ask(*[group((0, 0), planes=(0, z)) for z in range(20)])
    assert going.wait(10)
    browser.ask(group((0, 0), planes=(1, 29)))
    stop.set()
    browser.wait_for(2)
    assert set(browser.tiles) == {("", 0, (0, 0), 0, 0, 0), ("", 0, (1, 29), 0, 0, 0)}


def test_asking_returns_at_once_and_one_thread_serves():
    full, stop = stack(64, planes=9), threading.Event()

    class Slow(Counted):
        def _take(self, key):
            names.add(threading.current_thread().name)
            assert stop.wait(10)
            return super()._take(key)

    names: set[str] = set()
    browser = Browser(Slow(full.values).lazy(full))
    for z in range(9):
        browser.ask(group((0, 0), planes=(0, z)))
    assert sum(thread.name == "fairlab-tiles" and thread.is_alive() for thread in threading.enumerate()) >= 1
    stop.set()
    browser.wait_for(2)
    assert names == {"fairlab-tiles"}
    assert len(browser.tiles) == 2, "the first, which was being read, and the last"


def broken(error, where):
    full = image(np.ones((SIDE * 2, SIDE * 2), "u1"))
    reads = []

    class Broken(Counted):
        def _take(self, key):
            reads.append(key)
            if key[0].start < where < key[0].stop:
                raise error
            return super()._take(key)

    return Browser(Broken(full.values).lazy(full)), reads


def test_a_tile_that_fails_says_why_and_its_neighbours_are_shown():
    browser, _ = broken(OSError("disk <gone>"), 300)
    browser.ask(group((0, 0), (0, 1), (1, 0), (1, 1)))
    browser.wait_for(4)
    assert browser.tiles["", 0, (), 0, 1, 0] == browser.tiles["", 0, (), 0, 1, 1] == "OSError: disk <gone>"
    assert (browser.tiles["", 0, (), 0, 0, 1] == 1).all()
    assert all(isinstance(failure, OSError) for failure in browser.failures)


@pytest.mark.parametrize("chunk", [None, ChunkError("chunk 0/c/1: no connection")])
def test_a_store_that_went_away_is_asked_once(chunk):
    gone = Unavailable("no connection")
    if chunk:  # as reading says it: which chunk, because of what
        chunk.__cause__, gone = gone, chunk
    browser, reads = broken(gone, 300)
    browser.ask(group((0, 0), (0, 1), (1, 0), (1, 1)))
    browser.wait_for(4)
    assert len(reads) == 1
    assert set(browser.tiles.values()) == {f"{type(gone).__name__}: {gone}"}


def test_failures_are_not_kept():
    full = stack(64)
    counted = Counted(full.values)
    browser = Browser(counted.lazy(full))
    counted.fails = True
    browser.ask(group((0, 0), planes=(0, 0)))
    browser.wait_for(1)
    counted.fails = False
    browser.ask(group((0, 0), planes=(0, 0)))
    with browser.came:
        assert browser.came.wait_for(lambda: not isinstance(browser.tiles["", 0, (0, 0), 0, 0, 0], str), 10)


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": 9}, {"level": -1}, {"planes": (0,)}, {"planes": (0, 99)}, {"channels": (2,)}, {"channels": ()},
        {"tiles": [(1, 0)]}, {"tiles": [(-1, 0)]}, {"tiles": [5]}, {"source": "none"}, {"level": "x"},
    ],
)  # fmt: skip
def test_what_is_not_there_is_refused(wrong):
    browser = Browser(tree(stack(64)))
    with pytest.raises(QueryError) as caught:
        browser.ask({**group((0, 0), planes=(0, 0)), **wrong})
    assert caught.value.kind == "tiles"


def test_labels_of_their_own_size_and_none_at_other_planes():
    full = stack(64)
    labels = full.isel(t=0, c=0, z=2, y=slice(0, 32), x=slice(0, 16)).astype("i8") * 0 + 2**40
    browser = Browser(full, labels=labels)
    name = next(iter(browser.scene.labels))
    browser.ask(group((0, 0), planes=(0, 2), source=name), group((0, 0), planes=(0, 3), source=name))
    browser.wait_for(2)
    found = browser.tiles[name, 0, (0, 2), 0, 0, 0]
    assert found.shape == (32, 16) and (found == 2**40).all()
    assert not browser.tiles[name, 0, (0, 3), 0, 0, 0].any()


def test_values_of_all_channels():
    full = stack(64)
    browser = Browser(tree(full))
    asked = {"level": 1, "planes": [1, 4], "row": 3, "column": 30}
    assert browser.server.values(asked) == [str(v) for v in full.isel(t=1, z=4, y=6, x=60).values]
    floats = image(np.full((4, 4), 0.1, "f4"))
    assert Browser(floats).server.values({"level": 0, "planes": [], "row": 0, "column": 0}) == ["0.1"]


def test_no_image_is_shown_the_tiles_of_one_that_is_gone(monkeypatch):
    # All are kept in one place, and Python gives the number of what is gone to what comes next.
    scenes = [scene_of(image(np.full((8, 8), value, "u1")))[0] for value in range(20)]
    state = scenes[0].state(level="image", positions={})
    monkeypatch.setattr(sys, "platform", "emscripten")  # tiles are there when asking returns
    shown = []
    for scene in scenes:
        TileServer(scene, state, lambda _, contents: shown.append(contents[0][0]), pytest.fail).ask(
            [group((0, 0))]
        )
    assert shown == list(range(20))


def test_the_cache_is_bounded_and_keeps_what_is_used():
    cache = _Cache(100)
    for number in range(10):
        cache.put(number, {}, bytes(20))
        cache.get(0)
    assert [number for number in range(10) if cache.get(number)] == [0, 6, 7, 8, 9]
