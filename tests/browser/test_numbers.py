"""The front-end's arithmetic against Python's, in a bare page: same pixels, same bars, same windows."""

from __future__ import annotations

import base64
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fairlab.widgets import frontend, scale_bar
from fairlab.widgets.channels import Channel
from fairlab.widgets.compositing import auto_window, composite, edges
from fairlab.widgets.wire import encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser

_OFFERED = (
    "decoded, brightness, composite, shares, autoWindow, exact, scaleBar, Camera, boxOf, placesOf, keepRims"
)


@pytest.fixture(scope="module")
def run(browser: Browser) -> Iterator[Callable[..., Any]]:
    """``run(body, argument)``: JavaScript that sees the front-end's functions."""
    page = browser.new_page()
    source = f"{frontend.module('viewer')}\nglobalThis.front = {{{_OFFERED}}};"
    page.add_script_tag(content=source, type="module")
    page.wait_for_function("globalThis.front")
    page.evaluate(
        "globalThis.bytesOf = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer)"
    )
    yield lambda body, argument=None: page.evaluate(f"(argument) => {{ {body} }}", argument)
    page.close()


def _sent(values: np.ndarray[Any, Any]) -> dict[str, Any]:
    code, content = encoded(values)
    return {"type": code, "content": base64.b64encode(content).decode()}


PLANES = {
    "uint8": np.arange(256, dtype="u1").reshape(16, 16),
    "int8": np.arange(-128, 128, dtype="i1").reshape(16, 16),
    "uint16": np.linspace(0, 65535, 400).astype("u2").reshape(20, 20),
    "int16, big-endian": np.linspace(-32768, 32767, 400).astype(">i2").reshape(20, 20),
    "uint32": np.linspace(0, 2**32 - 1, 100).astype("u4").reshape(10, 10),
    "int64 above 2^53": (2**60 + np.arange(100, dtype="i8") * 2**50).reshape(10, 10),
    "uint64": np.linspace(0, 2**63, 64).astype("u8").reshape(8, 8),
    "half floats": np.linspace(-1, 1, 100).astype("f2").reshape(10, 10),
    "floats with holes": np.where(np.eye(10) > 0, np.nan, np.linspace(0, 1, 100).reshape(10, 10)).astype("f4"),
    "doubles without end": np.array([[-np.inf, 0.0, 1e300], [np.inf, np.nan, -1e300]]),
    "booleans": np.eye(9, dtype=bool),
    "all equal": np.full((5, 5), 7, "u2"),
}  # fmt: skip


@pytest.mark.parametrize("name", PLANES)
@pytest.mark.parametrize("gamma", [1.0, 0.45])
def test_the_same_pixels_within_one(run: Callable[..., Any], name: str, gamma: float) -> None:
    plane = PLANES[name]
    low, high = auto_window(plane)
    windows = [(low, high), (high, low), (low + (high - low) * 0.3, low + (high - low) * 0.4), (low, low)]
    colors = ["#4477FF", "#FF00FF", "#FFC800", "#FFFFFF"]
    channels = [
        Channel(name=str(i), color=color, window=window, gamma=gamma)
        for i, (color, window) in enumerate(zip(colors, windows, strict=True))
    ]
    for shown in (channels[:1], channels):
        expected = composite([plane] * len(shown), shown).astype(int)
        looks = [{"color": c.color, "window": list(c.window or ()), "gamma": c.gamma} for c in shown]
        found = run(
            """const values = front.decoded(argument.type, bytesOf(argument.content));
            const bytes = new Uint8ClampedArray(values.length * 4);
            front.composite(argument.looks.map(({ color, window, gamma }) => ({
                values, bright: front.brightness(argument.type, window, gamma), color: front.shares(color),
            })), bytes);
            return [...bytes];""",
            {**_sent(plane), "looks": looks},
        )
        pixels = np.array(found).reshape(*plane.shape, 4)
        assert (pixels[..., 3] == 255).all()
        assert np.abs(pixels[..., :3] - expected).max() <= 1


@pytest.mark.parametrize("name", PLANES)
def test_the_same_automatic_window(run: Callable[..., Any], name: str) -> None:
    expected = auto_window(PLANES[name])
    found = run(
        "return front.autoWindow([front.decoded(argument.type, bytesOf(argument.content))]).map(String)",
        _sent(PLANES[name]),
    )
    assert [float(end) for end in found] == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    "values",
    [
        np.array([0.1, 1 / 3, 16777216.0, 1e-45, 3.4e38], "f4"),
        np.array([0.1, 1 / 3, 2**60], "f8"),
        np.array([2**53 + 1, -(2**60) - 1]),
        np.array([0, 255], "u1"),
    ],
)
def test_values_are_shown_exactly(run: Callable[..., Any], values: np.ndarray[Any, Any]) -> None:
    found = run(
        """const values = front.decoded(argument.type, bytesOf(argument.content));
        return [...values.keys()].map((i) => front.exact(values, i));""",
        _sent(values),
    )
    assert [values.dtype.type(text) for text in found] == list(values)


@pytest.mark.parametrize("shape", [(1, 1), (4, 9), (40, 31)])
def test_the_same_outlines(run: Callable[..., Any], shape: tuple[int, int]) -> None:
    random = np.random.default_rng(0)
    labels = np.kron(random.integers(0, 4, shape), np.ones((7, 5), int))
    labels[random.random(labels.shape) < 0.02] = 9  # objects of one pixel
    found = run(
        """const pixels = Uint32Array.from(argument.labels);
        front.keepRims(pixels, argument.width);
        return [...pixels];""",
        {"labels": labels.ravel().tolist(), "width": labels.shape[1]},
    )
    expected = np.where(edges(labels, thickness=2), labels, 0)
    assert np.array_equal(np.array(found).reshape(labels.shape), expected)


@pytest.mark.parametrize("micrometers", [0.0001, 0.004, 0.325, 12.5, 5000.0, None])
@pytest.mark.parametrize("zoom", [0.01, 0.37, 1, 7.3])
@pytest.mark.parametrize("width", [120, 575, 1400])
def test_the_same_scale_bar(
    run: Callable[..., Any], micrometers: float | None, zoom: float, width: int
) -> None:
    pixel = None if micrometers is None else micrometers / zoom
    expected = scale_bar.choose(width, pixel_um=pixel, pixel_px=1 / zoom)
    found = run(
        "return front.scaleBar(argument.bars, argument.width, argument.zoom)",
        {"bars": scale_bar.bars(micrometers, most_px=40_000), "width": width, "zoom": zoom},
    )
    if expected is None:
        assert found is None
        return
    number, unit = found["text"].split()
    length_um = {"nm": 1e-3, "mm": 1e3}.get(unit, 1) * float(number)
    assert abs(found["pixels"] - length_um / (pixel or 1 / zoom)) <= 0.5 + 1e-9, "right to a pixel"
    assert abs(found["pixels"] - expected.width_px) <= 1
    assert unit == expected.unit
    assert math.isclose(float(number), expected.length)


IMAGE = {
    "aspect": 2.0,
    "y": {"dim": "y", "first": 10.0, "step": 0.5, "symbol": "µm"},
    "x": {"dim": "x", "first": 100.0, "step": -0.25, "symbol": "µm"},
    "levels": [
        {"name": f"scale{n}", "side": 256, **{d: {"offset": 0, "factor": 2**n, "size": 4096 >> n} for d in "yx"}}
        for n in range(4)
    ],
}  # fmt: skip


def test_the_camera(run: Callable[..., Any]) -> None:
    found = run(
        """const camera = new front.Camera(argument);
        camera.resize(800, 600);
        const fitted = camera.zoom, level = camera.level;
        const before = camera.at(430, 320);
        camera.zoomAt(5, 430, 320);
        const after = camera.at(430, 320);
        const box = camera.box;
        camera.box = { x: [50, 60], y: [100, 140] };
        const shown = camera.box;
        const tiles = camera.tiles(argument.levels[0]);
        camera.fit();
        const whole = camera.tiles(argument.levels[3]).length;
        return { fitted, level, before, after, box, shown, tiles, whole };""",
        IMAGE,
    )
    assert found["fitted"] == pytest.approx(600 / 8192)
    assert found["level"] == 3
    assert found["after"] == pytest.approx(found["before"])
    (low, high), (top, bottom) = found["shown"]["x"], found["shown"]["y"]
    assert low <= 50 < 60 <= high and top <= 100 < 140 <= bottom
    assert math.isclose(low, 50) or math.isclose(top, 100), "the box is as large as fits"
    # Rows 180 to 260 fill the screen; beside columns 160 to 200 of the falling coordinate it has room for 74 to 287.
    assert {tuple(tile) for tile in found["tiles"]} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert found["whole"] == 4
