"""The picture in JupyterLab: the pixels are Python's, and what is said of them is true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

from fairlab.widgets.channels import Channel
from fairlab.widgets.compositing import composite, palette
from tests.browser.lab import WIDTH
from tests.browser.stripes import BIG, BIGGER, HOSTILE, level

if TYPE_CHECKING:
    from tests.browser.face import Face
    from tests.browser.lab import Notebook

pytestmark = pytest.mark.browser


def test_pixels_are_pythons(face: Face) -> None:
    face.control("combobox", "Labels").select_option("none")
    face.look_at(512, 512, 1)
    found = face.pixels()
    rows, columns = found.shape[:2]
    image = level(0)
    top, left = 512 - rows // 2, 512 - columns // 2
    plane = image.isel(z=2, y=slice(top, top + rows), x=slice(left, left + columns)).values
    names = [str(name) for name in image.c.values]
    looks = zip(names, image.color.values, image.window_start.values, image.window_end.values, strict=True)
    channels = [Channel(name=n, color=str(c), window=(float(a), float(b))) for n, c, a, b in looks]
    assert np.abs(found - composite(list(plane), channels).astype(int)).max() <= 1


def test_labels_lie_where_they_belong_in_their_own_colours(face: Face) -> None:
    opacity = face.control("slider", "Opacity of labels")
    opacity.focus()
    face.page.keyboard.press("End")
    face.look_at(512, 512, 0.5)
    colors = palette().astype(int)
    for (row, column), number in (((65, 65), BIG), ((65, 115), BIGGER), ((175, 65), 3)):
        assert face.pixel(column * 4 + 2, row * 4 + 2) == tuple(colors[number % len(colors)])
    inside = face.pixel(262, 262)
    face.element.get_by_label("outlines").check()
    face.settle()
    plain = face.pixel(262, 262)
    assert plain != inside, "inside, an outline shows the image"
    assert face.pixel(160.5, 262) == tuple(colors[BIG % len(colors)]), "the rim has the colour"
    opacity.focus()
    for _ in range(10):
        face.page.keyboard.press("ArrowLeft")
    face.settle()
    assert face.control("slider", "Opacity of labels").input_value() == "0.5"
    half = (np.array(inside) + plain) / 2
    assert np.abs(np.array(face.pixel(262, 262)) - half).max() <= 2, "half opaque, half the image"
    face.hover(262, 262)
    face.page.mouse.move(0, 0)  # Python is told when the reader turns away
    face.notebook.wait("[v.state.opacity, v.state.outline]", [0.5, False])


def _place(said: str) -> tuple[float, float]:
    """The position that the viewer states."""
    x, y = (re.search(rf"{dim} ([\d.]+) µm", said) for dim in "xy")
    assert x and y
    return float(x[1]), float(y[1])


def test_hover_names_value_place_level_and_object(face: Face) -> None:
    face.look_at(300, 262, 1)
    said = face.hover(262.5, 262.5)
    x, y = _place(said)
    values = level(0).isel(z=2).sel(x=x, y=y, method="nearest").values
    for name, value in zip(("DAPI", "actin", HOSTILE), values, strict=True):
        assert f"{name} {value}" in said
    assert f"cells {BIG}" in said and "scale0" in said
    face.look_at(512, 512, 0.2)
    said = face.hover(600, 400)
    (number,) = re.findall(r"scale(\d)", said)
    assert number != "0"
    x, y = _place(said)
    assert f"DAPI {level(int(number)).isel(c=0, z=2).sel(x=x, y=y, method='nearest').values}" in said


def test_a_channel_that_is_off_has_its_value_too(face: Face) -> None:
    face.look_at(512, 512, 1)
    face.control("checkbox", "Show actin").uncheck()
    x, y = _place(face.hover(480.5, 530.5))
    value = int(level(0).isel(c=1, z=2).sel(x=x, y=y))
    face.element.get_by_text(f"actin {value}").wait_for(timeout=10_000)


def test_zoom_stays_at_the_pointer_and_asks_for_a_click_first(face: Face) -> None:
    face.look_at(512, 512, 1)
    point = face.point(400, 450)
    face.page.mouse.move(*point)
    face.page.mouse.wheel(0, -300)
    face.element.get_by_text("Click to zoom with the wheel").wait_for()
    assert face.ask("v.screen.camera.zoom") == 1
    face.stage.focus()
    face.page.mouse.wheel(0, -300)
    face.page.wait_for_timeout(100)
    face.settle()
    assert face.ask("v.screen.camera.zoom") > 1.3
    assert face.point(400, 450) == pytest.approx(point, abs=1.5)


def test_dragging_moves_what_lies_under_the_pointer(face: Face) -> None:
    face.look_at(512, 512, 1)
    before = face.point(500, 500)
    face.drag((500, 500), (440, 530))
    assert face.point(500, 500) == pytest.approx((before[0] - 60, before[1] + 30), abs=1.5)


@pytest.mark.parametrize("theme", ["Dark", "Light"])
@pytest.mark.parametrize("width", [WIDTH, 700])
def test_it_fits_every_page(face: Face, theme: str, width: int) -> None:
    face.notebook.resize(width)
    face.notebook.theme(theme)
    face.settle()
    assert face.element.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    ink, paper = face.element.evaluate(
        "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    )
    light = [sum(map(int, re.findall(r"\d+", color)[:3])) for color in (ink, paper)]
    assert (light[0] > light[1] + 200) == (theme == "Dark") == (light[1] < 300)


def test_thirty_viewers_and_no_graphics_card(notebook: Notebook) -> None:
    notebook.page.evaluate(
        """() => {
            const { getContext } = HTMLCanvasElement.prototype;
            window.kinds = [];
            HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
                window.kinds.push(kind);
                return getContext.call(this, kind, ...rest);
            };
        }"""
    )
    notebook.show("import fairlab\nfrom tests.browser.stripes import level\n"
                  "for number in range(30):\n    display(fairlab.view(level(2).isel(z=number % 5)))")  # fmt: skip
    pictures = notebook.page.get_by_role("application")
    pictures.nth(29).locator("canvas").wait_for(timeout=60_000)
    notebook.page.wait_for_timeout(500)
    painted = pictures.locator("canvas").evaluate_all(
        """canvases => canvases.map((canvas) => {
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            let most = 0, least = 255;
            for (let i = 0; i < data.length; i += 4 * 97)
                (most = Math.max(most, data[i]), least = Math.min(least, data[i]));
            return most - least > 50;
        })"""
    )
    assert painted == [True] * 30
    assert set(notebook.page.evaluate("kinds")) == {"2d"}
