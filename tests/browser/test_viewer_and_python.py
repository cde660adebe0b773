"""The viewer and Python in step: boxes become xarray, clicks become numbers, and Python moves the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.face import Face
from tests.browser.stripes import BIG, BIGGER

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.browser.lab import Notebook

pytestmark = pytest.mark.browser

TWO = """import fairlab
from tests.browser.stripes import level
one, other = fairlab.view(level(1), z=2), fairlab.view(level(2), z=2)
one.link(other)
display(one, other)"""


def test_python_moves_the_screen(face: Face) -> None:
    notebook, page = face.notebook, face.page
    notebook.do("v.state = v.state.moved(z=3).changed('DAPI', color='#00FFFF', window=(5, 99), gamma=0.5)")
    face.element.get_by_text("10.5 µm (4 of 5)").wait_for()
    assert face.control("slider", "z").input_value() == "3"
    assert face.element.get_by_label("Colour of DAPI", exact=True).input_value() == "#00ffff"
    assert face.element.get_by_label("White point of DAPI, as a number").input_value() == "99"
    assert face.control("slider", "Gamma of DAPI").get_attribute("aria-valuetext") == "0.5"
    notebook.do("import dataclasses; v.state = dataclasses.replace(v.state, outline=False, opacity=0.25)")
    page.wait_for_timeout(200)
    assert not face.element.get_by_label("outlines").is_checked()
    assert face.control("slider", "Opacity of labels").input_value() == "0.25"
    notebook.do("v.roi = {'x': (400, 420)}; v.view = {'x': (390, 430), 'y': ('110 um', '130 um')}")
    face.element.get_by_text("Box 40 × 1024 px").wait_for()
    face.settle()
    left, top, right, bottom = face.ask("v.screen.camera.edges")  # in pixels of 0.5 µm from (300, 100)
    assert left <= 180 < 260 <= right and top <= 20 < 60 <= bottom
    assert min(right - left - 80, bottom - top - 40) < 2, "the box is as large as fits"
    notebook.do("v.roi = None; v.view = None")
    face.element.get_by_text("Box 40 × 1024 px").wait_for(state="hidden")


def test_a_state_that_cannot_be_drawn_raises_and_the_screen_stays(face: Face) -> None:
    before = face.pixels()
    with pytest.raises(AssertionError, match="SelectionError"):
        face.notebook.do("v.state = v.state.moved(z=99)")
    assert (face.pixels() == before).all()


def test_a_box_is_drawn_and_becomes_lazy_xarray_at_full_resolution(view: Callable[..., Face]) -> None:
    face = view("import fairlab\nv = fairlab.view('sample:nuclei', z=10)\nv")
    notebook = face.notebook
    face.look_at(100, 90, 0.7)
    face.drag((60, 40), (160, 100), shift=True)
    said = face.element.get_by_text("Box 100 × 60 px")
    said.wait_for()
    notebook.wait("v.roi is not None", True)
    step = notebook.tell("abs(float(v.selection.x[1] - v.selection.x[0]))")
    assert notebook.tell("[b - a for a, b in v.roi.values()]") == pytest.approx([60 * step, 100 * step])
    assert f"{100 * step:.3g}".rstrip("0").rstrip(".") in said.inner_text()
    sizes = notebook.tell("dict(v.selection.sizes)")
    assert (sizes["y"], sizes["x"]) == (60, 100)
    assert notebook.tell("v.selection.variable._in_memory") is False, "nothing was read for it"
    assert notebook.tell("float(v.selection.z)") == notebook.tell("float(v.selection.z.values)")
    face.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    face.control("button", "Copy Python code of what is selected").click()
    face.element.get_by_label("Python code of what is selected", exact=True).wait_for()
    code = face.page.evaluate("navigator.clipboard.readText()")
    assert code == notebook.tell("v.copy_code()")
    notebook.do(f"again = {{}}\nexec({code!r}, again)")
    assert notebook.tell("again['selection'].equals(v.selection)")
    face.control("button", "Remove").click()
    notebook.wait("v.roi", None)


def test_the_box_button_draws_without_shift_and_zooms_to_the_box(face: Face) -> None:
    face.look_at(512, 512, 0.5)
    button = face.control("button", "Draw a box")
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    face.drag((200, 300), (260, 330))
    assert button.get_attribute("aria-pressed") == "false"
    face.element.get_by_text("Box 60 × 30 px · 30 × 15 µm").wait_for()
    face.notebook.wait("v.roi", {"y": [250.0, 265.0], "x": [400.0, 430.0]})
    face.control("button", "Zoom to box").click()
    face.settle()
    left, top, right, bottom = face.ask("v.screen.camera.edges")
    assert left <= 200 < 260 <= right and top <= 300 < 330 <= bottom
    assert min(right - left - 60, bottom - top - 30) < 2


def test_a_click_on_an_object_is_told_and_its_row_is_shown(face: Face) -> None:
    notebook, page = face.notebook, face.page
    notebook.do("clicks = []\nv.on_click(lambda name, number: clicks.append([name, number]))")
    face.look_at(400, 400, 0.5)
    said = face.hover(115 * 4 + 2, 65 * 4 + 2)
    assert f"cells {BIGGER}" in said
    face.element.get_by_text("2500.5").wait_for()
    page.mouse.click(*face.point(115 * 4 + 2, 65 * 4 + 2))
    notebook.wait("clicks", [["cells", BIGGER]])
    assert notebook.tell("v.clicked") == ["cells", BIGGER]
    page.mouse.click(*face.point(65 * 4 + 2, 65 * 4 + 2))
    notebook.wait("clicks[1:]", [["cells", BIG]])
    page.mouse.click(*face.point(20, 20))  # background
    face.hover(65 * 4 + 2, 175 * 4)
    face.element.get_by_text("<b>x</b>").wait_for()
    assert face.element.locator("b", has_text="x").count() == 0, "text of a table stays text"
    assert notebook.tell("len(clicks)") == 2


def test_linked_viewers_move_together_also_while_a_cell_runs(notebook: Notebook) -> None:
    notebook.fill(TWO, "import time\ntime.sleep(60)").run(0)
    one, other = Face(notebook, 0), Face(notebook, 1)
    one.drag((300, 300), (200, 250))
    page = notebook.page
    page.wait_for_timeout(500)
    box = "v.screen.camera.box"
    for dim in "xy":
        assert other.ask(box)[dim] == pytest.approx(one.ask(box)[dim], abs=1.0)
    notebook.start(1)
    other.press("PageUp")
    one.element.get_by_text("10.5 µm (4 of 5)").wait_for()
    one.control("checkbox", "Show actin").uncheck()
    one.hover(10, 10)
    page.mouse.move(0, 0)
    page.wait_for_timeout(300)
    assert not other.control("checkbox", "Show actin").is_checked()
    assert notebook.is_running
    notebook.interrupt()
    notebook.wait(
        "[one.state.at, other.state.at, other.state.channels[1].active]", [{"z": 3}, {"z": 3}, False]
    )
