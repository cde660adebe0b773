"""The controls of the viewer: planes, play, channels, histograms, labels; and that they need no kernel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fairlab.widgets.channels import Channel
from fairlab.widgets.compositing import auto_window, composite
from tests.browser.stripes import HOSTILE, level

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.face import Face

pytestmark = pytest.mark.browser

MOVING = "import fairlab\nfrom tests.browser.stripes import moving\nv = fairlab.view(moving('t', 'angle', 'z'), z=0)\nv"
CHANNELS = """import fairlab
from tests.browser.stripes import level
v = fairlab.view(level(1).isel(z=2), channels={"actin": "#00FF00", "DAPI": "#4477FF"})
v"""


@pytest.fixture
def plain(view: Callable[..., Face]) -> Face:
    """Two channels of three are on, one plane, no labels."""
    return view(CHANNELS)


def is_pythons(face: Face, *channels: Channel) -> bool:
    """Whether the screen shows exactly these channels, as Python would paint them."""
    image = level(1).isel(z=2)
    face.look_at(256, 256, 1)
    found = face.pixels()
    rows, columns = (min(256, size // 2) for size in found.shape[:2])
    middle = found[found.shape[0] // 2 - rows :, found.shape[1] // 2 - columns :][: 2 * rows, : 2 * columns]
    crop = image.isel(y=slice(256 - rows, 256 + rows), x=slice(256 - columns, 256 + columns))
    expected = composite([crop.sel(c=one.name).values for one in channels], list(channels))
    return bool(np.abs(middle - expected.astype(int)).max() <= 1)


def looks(**changes: Any) -> Channel:
    return Channel(**{"name": "DAPI", "color": "#4477FF", "window": (0.0, 50000.0), **changes})


ACTIN = Channel(name="actin", color="#00FF00", window=(1000.0, 40000.0))


@pytest.mark.parametrize(
    ("dim", "second"),
    [("t", "2.5 s (2 of 4)"), ("z", "3.5 µm (2 of 4)"), ("angle", "(2 of 4)")],
)
def test_every_dimension_has_a_slider_in_its_own_words_and_plays(
    view: Callable[..., Face], dim: str, second: str
) -> None:
    face = view(MOVING)
    first = face.pixels()
    slider = face.control("slider", dim)
    slider.focus()
    face.page.keyboard.press("ArrowRight")
    face.element.get_by_role("status").get_by_text(second, exact=True).wait_for()
    face.settle()
    assert (face.pixels() != first).any(), "another plane looks otherwise"
    face.notebook.wait("v.state.at", {"t": 0, "angle": 0, "z": 0, dim: 1})
    face.control("button", f"Play {dim}").click()
    for place in (3, 0):  # to the end, and again from the start
        face.page.wait_for_function(
            "([slider, place]) => slider.value === String(place)",
            arg=[slider.element_handle(), place],
            polling="raf",
        )
    face.control("button", f"Pause {dim}").click()
    stopped = slider.input_value()
    face.page.wait_for_timeout(400)
    assert slider.input_value() == stopped
    face.press(" ")
    face.control("button", f"Pause {dim}").wait_for()
    face.press(" ")
    face.control("button", f"Play {dim}").wait_for()


def test_solo_and_back(plain: Face) -> None:
    assert is_pythons(plain, looks(), ACTIN)
    solo = plain.control("button", "Show DAPI alone")
    solo.click()
    assert solo.get_attribute("aria-pressed") == "true"
    assert is_pythons(plain, looks())
    plain.control("button", f"Show {HOSTILE} alone").click()
    assert not plain.control("checkbox", "Show DAPI").is_checked()
    plain.control("button", f"Show {HOSTILE} alone").click()
    shown = [plain.control("checkbox", f"Show {name}").is_checked() for name in ("DAPI", "actin", HOSTILE)]
    assert shown == [True, True, False], "as before the first solo"
    assert is_pythons(plain, looks(), ACTIN)


def test_a_colour_is_picked(plain: Face) -> None:
    plain.element.get_by_label("Colour of DAPI", exact=True).fill("#ff8800")
    assert is_pythons(plain, looks(color="#FF8800"), ACTIN)
    plain.hover(100, 100)
    plain.page.mouse.move(0, 0)
    plain.notebook.wait("v.state.channels[0].color", "#FF8800")


def test_ends_between_whole_numbers_are_shown_in_as_many_digits_as_there_is_room_for(plain: Face) -> None:
    white = plain.element.get_by_label("White point of DAPI, as a number")
    plain.notebook.do("v.state = v.state.changed('DAPI', window=(0, 1256.3210449))")
    plain.page.wait_for_function("(input) => input.value === '1256.3'", arg=white.element_handle())
    assert white.evaluate("(input) => input.scrollWidth <= input.clientWidth")


def test_the_window_is_set_by_handles_by_what_lies_between_and_by_numbers(plain: Face) -> None:
    plain.control("checkbox", "Show actin").uncheck()
    high = plain.control("slider", "White point of DAPI")
    low_number, high_number = (
        plain.element.get_by_label(f"{end} point of DAPI, as a number") for end in ("Black", "White")
    )
    assert [low_number.input_value(), high_number.input_value()] == ["0", "50000"]

    def drag(start: float, end: float, *, between: bool = False) -> None:
        """Drag a handle, or over the histogram, by shares of its width."""
        high.scroll_into_view_if_needed()
        box = high.bounding_box()
        assert box
        height = box["y"] + (-10 if between else box["height"] / 2)
        left, width = box["x"] + 6, box["width"] - 12  # a handle is 12 pixels wide
        plain.page.mouse.move(left + start * width, height)
        plain.page.mouse.down()
        plain.page.mouse.move(left + end * width, height, steps=5)
        plain.page.mouse.up()

    share = int(high.input_value()) / 1000
    drag(share, share / 2)
    white = int(high_number.input_value())
    assert 20000 < white < 30000 and low_number.input_value() == "0"
    assert is_pythons(plain, looks(window=(0, white)))
    drag(0, share / 4)
    black = int(low_number.input_value())
    assert 8000 < black < 17000 and int(high_number.input_value()) == white
    drag(share * 3 / 8, share * 5 / 8, between=True)
    moved = [int(low_number.input_value()), int(high_number.input_value())]
    assert moved[0] > black + 5000 and moved[1] - moved[0] == pytest.approx(white - black, abs=1)
    assert is_pythons(plain, looks(window=tuple(moved)))
    high_number.fill("60000")
    high_number.press("Enter")
    low_number.fill("61000")
    low_number.press("Tab")
    assert is_pythons(plain, looks(window=(61000, 60000))), "black above white shows the negative"


def test_gamma(plain: Face) -> None:
    slider = plain.control("slider", "Gamma of DAPI")
    slider.focus()
    for _ in range(30):
        plain.page.keyboard.press("ArrowLeft")
    assert slider.get_attribute("aria-valuetext") == "0.5"
    assert is_pythons(plain, looks(gamma=0.5), ACTIN)
    slider.dblclick()
    assert is_pythons(plain, looks(), ACTIN)


def test_auto_fits_what_the_screen_shows_and_reset_takes_all_back(plain: Face) -> None:
    notebook = plain.notebook
    plain.look_at(400, 100, 8)
    plain.control("button", "Automatic window of DAPI").click()
    plain.page.mouse.move(0, 0)
    plain.page.wait_for_timeout(400)
    (x0, x1), (y0, y1) = (notebook.tell(f"v.view['{dim}']") for dim in "xy")
    image = level(1).isel(c=0, z=2)
    shown = image.isel(x=(image.x > x0) & (image.x < x1), y=(image.y > y0) & (image.y < y1))
    assert shown.size < 128 * 128, "a part of one tile"
    expected = auto_window(shown.values)
    spread = expected[1] - expected[0]
    assert notebook.tell("v.state.channels[0].window") == pytest.approx(expected, abs=0.1 * spread)
    assert notebook.tell("v.state.channels[1].window") == [1000, 40000]
    plain.control("button", "Auto all").click()
    plain.element.get_by_label("Colour of DAPI", exact=True).fill("#ffffff")
    plain.control("checkbox", "Show actin").uncheck()
    plain.control("button", "Reset").click()
    assert is_pythons(plain, looks(), ACTIN)


def test_the_histogram_shows_rare_values_too(view: Callable[..., Face]) -> None:
    face = view("import fairlab, numpy as np\npixels = np.zeros((200, 200), 'u2')\npixels[:2, :50] = 900\n"
                "v = fairlab.view(pixels, channels={'image': {'window': (0, 1000)}})\nv")  # fmt: skip
    face.page.wait_for_timeout(500)
    bars = face.element.get_by_role("group", name="Channel image").locator("canvas")
    heights = np.array(bars.evaluate(
        """(canvas) => {
            const { width, height } = canvas;
            const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
            return [...Array(width).keys()].map((x) => {
                let bright = 0;
                for (let y = 0; y < height; y++) bright += data[4 * (y * width + x) + 3] > 128;
                return bright / height;
            });
        }"""
    ))  # fmt: skip
    tall = heights.max()
    rare = heights[len(heights) // 2 :].max()
    assert tall > 0.8
    assert 0.25 < rare < 0.7, "one pixel in 400 is about half as tall as the rest: the counts are logarithms"


def test_contrast_sends_nothing_until_the_reader_turns_away(plain: Face) -> None:
    notebook, page = plain.notebook, plain.page
    plain.hover(256, 256)
    page.wait_for_timeout(600)
    before = plain.pixels()
    notebook.sent.clear()
    white = plain.control("slider", "White point of DAPI")
    white.focus()
    for _ in range(20):
        page.keyboard.press("ArrowLeft")
    plain.control("button", "Auto all").hover()
    plain.control("slider", "Gamma of actin").focus()
    page.keyboard.press("ArrowLeft")
    plain.control("checkbox", "Show DAPI").click()
    plain.control("checkbox", "Show DAPI").click()
    page.wait_for_timeout(600)
    assert (plain.pixels()[..., 2] > before[..., 2]).any()
    assert not notebook.sent
    page.mouse.move(0, 0)
    notebook.wait("v.state.channels[0].window[1] < 50000", True)
    assert notebook.sent


def test_labels_are_chosen_and_cleared(face: Face) -> None:
    choice = face.control("combobox", "Labels")
    shown = face.pixels()
    choice.select_option("none")
    face.settle()
    assert (face.pixels() != shown).any()
    assert face.element.get_by_label("outlines").is_hidden()
    choice.select_option("cells")
    face.settle()
    assert (face.pixels() == shown).all()
