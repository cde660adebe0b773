"""The viewer without a mouse, and for readers who do not see the picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.face import Face

pytestmark = pytest.mark.browser

# What has the focus: its name, whether it is of the viewer, and what it looks like.
_FOCUSED = """() => {
    const element = document.activeElement;
    const name = element.getAttribute("aria-label") || element.labels?.[0]?.textContent || element.textContent;
    return [name, Boolean(element.closest("section[aria-label='Image viewer']"))];
}"""
_LOOKS = """(element) => {
    const { outlineStyle, outlineColor, boxShadow, borderColor } = getComputedStyle(element);
    return `${outlineStyle} ${outlineColor} ${boxShadow} ${borderColor}`;
}"""
CONTROLS = [
    "Zoom out", "Zoom in", "Fit to the screen", "Draw a box", "Copy Python code of what is selected",
    "Channels and labels", "Keys", "Play z", "z", "Auto all", "Reset", "Show DAPI", "Colour of DAPI",
    "Automatic window of DAPI", "Show DAPI alone", "Black point of DAPI", "White point of DAPI",
    "Black point of DAPI, as a number", "White point of DAPI, as a number", "Gamma of DAPI", "Labels", "outlines",
    "Opacity of labels", "Zoom to box", "Remove",
]  # fmt: skip


def test_tab_reaches_everything_shows_where_it_is_and_leaves_again(face: Face) -> None:
    face.press("b")
    face.control("button", "Zoom out").focus()
    unseen, names = [], set()
    for _ in range(70):
        name, is_inside = face.page.evaluate(_FOCUSED)
        if not is_inside:
            break
        names.add(name)
        element = face.page.locator("*:focus").element_handle()
        looks, shot = element.evaluate(_LOOKS), element.screenshot()
        element.evaluate("e => e.blur()")
        # Outlines lie around an element; the handle of a slider is a part without a style of its own.
        if element.evaluate(_LOOKS) == looks and element.screenshot() == shot:
            unseen.append(name)
        element.focus()
        face.page.keyboard.press("Tab")
    assert not is_inside, "no trap"
    assert set(CONTROLS) <= names, set(CONTROLS) - names
    assert any(name.startswith("Stripes") for name in names), "the picture itself"
    assert not unseen, "the focus is seen"


def test_every_control_works_by_keys(face: Face) -> None:
    press = face.page.keyboard.press

    def use(role: str, name: str, key: str) -> None:
        face.control(role, name).focus()
        press(key)

    zoom = "v.screen.camera.zoom / v.screen.camera.fitted"
    use("button", "Zoom in", "Enter")
    assert face.ask(zoom) == pytest.approx(1.5)
    use("button", "Zoom out", "Space")
    use("button", "Zoom in", "Enter")
    use("button", "Fit to the screen", "Enter")
    assert face.ask(zoom) == pytest.approx(1)
    use("checkbox", "Show actin", "Space")
    assert not face.control("checkbox", "Show actin").is_checked()
    use("button", "Show DAPI alone", "Enter")
    assert face.control("button", "Show DAPI alone").get_attribute("aria-pressed") == "true"
    use("slider", "White point of DAPI", "ArrowLeft")
    use("button", "Reset", "Enter")
    assert face.control("checkbox", "Show actin").is_checked()
    number = face.element.get_by_label("White point of DAPI, as a number")
    assert number.input_value() == "50000"
    use("button", "Automatic window of DAPI", "Enter")
    assert number.input_value() != "50000"
    use("combobox", "Labels", "ArrowUp")
    assert face.element.get_by_label("outlines").is_hidden()
    use("combobox", "Labels", "ArrowDown")
    face.element.get_by_label("outlines").focus()
    press("Space")
    assert not face.element.get_by_label("outlines").is_checked()
    use("button", "Channels and labels", "Enter")
    assert face.control("checkbox", "Show DAPI").is_hidden()
    assert face.control("button", "Channels and labels").get_attribute("aria-expanded") == "false"
    use("button", "Channels and labels", "Enter")
    use("button", "Keys", "Enter")
    assert face.element.get_by_text("next, previous plane").is_visible()


def test_keys_on_the_picture(face: Face) -> None:
    face.look_at(512, 512, 1)
    cells = face.page.locator(".jp-Cell").count()
    face.press("ArrowRight")
    assert face.ask("v.screen.camera.u") > 512
    face.press("+")
    assert face.ask("v.screen.camera.zoom") == pytest.approx(1.5)
    face.press("2")
    shown = [box.is_checked() for box in face.element.get_by_role("checkbox", name="Show ").all()]
    assert shown == [True, False, True]
    face.press("2", "PageDown")
    face.element.get_by_text("3.5 µm (2 of 5)").wait_for()
    face.press("PageUp")
    face.element.get_by_text("7 µm (3 of 5)").wait_for()
    face.press("b")
    face.notebook.wait("v.roi is None", False)
    face.press("Escape")
    face.notebook.wait("v.roi is None", True)
    face.press("a")
    assert face.element.get_by_label("White point of DAPI, as a number").input_value() != "50000"
    face.press("?")
    assert face.element.get_by_text("next, previous plane").is_visible()
    face.press("0")
    assert face.ask("v.screen.camera.zoom / v.screen.camera.fitted") == pytest.approx(1)
    face.look_at(65 * 4, 65 * 4, 1)
    face.press("Enter")
    face.notebook.wait("v.clicked[0]", "cells")
    assert face.page.locator(".jp-Cell").count() == cells, "JupyterLab took no key for a command of its own"


def test_what_lies_at_the_cross_is_read_out(face: Face) -> None:
    face.look_at(65 * 4, 65 * 4, 1)
    face.press("ArrowRight")
    spoken = face.element.locator("[aria-live=polite]").last
    assert "DAPI" in spoken.inner_text() and "µm" in spoken.inner_text()


def test_no_barrier(face: Face) -> None:
    face.press("b", "?")
    face.control("button", "Copy Python code of what is selected").click()
    face.element.get_by_label("Python code of what is selected", exact=True).wait_for()
    face.notebook.do("v.on_click(lambda *what: 1 / 0)")
    face.look_at(262, 262, 1)
    face.press("Enter")
    face.element.get_by_role("alert").wait_for()
    face.notebook.no_barrier()
