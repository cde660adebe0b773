"""One viewer on a page, as a person and as a painter meets it."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from tests.browser.lab import Notebook

_SETTLED = """async (element) => {
    const v = element.fairlab, end = performance.now() + 20000;
    await new Promise((go) => setTimeout(go, 40));
    while (v.store.waiting || v.frame) {
        if (performance.now() > end) throw new Error("tiles did not come");
        await new Promise((go) => setTimeout(go, 15));
    }
}"""


class Face:
    """The viewer with this number on the page. What is asked of its inside stands here and nowhere else."""

    def __init__(self, notebook: Notebook, number: int = 0):
        self.notebook, self.page = notebook, notebook.page
        self.element = self.page.get_by_role("region", name="Image viewer").nth(number)
        self.stage = self.element.get_by_role("application")
        self.stage.locator("canvas").wait_for(timeout=30_000)
        self.settle()

    # ── as a person meets it ──

    def control(self, role: Any, name: str) -> Locator:
        """A button, slider, checkbox … by the name that it is read out with."""
        return self.element.get_by_role(role, name=name, exact=True)

    @property
    def said(self) -> str:
        """Position, values and object under the pointer, as they are shown."""
        return self.element.locator(".fl-probe").inner_text().replace("\n", " ")

    def point(self, u: float, v: float) -> tuple[float, float]:
        """Where on the page a sample lies (column and row, of full resolution)."""
        self.stage.scroll_into_view_if_needed()
        x, y = self.ask(
            "[v.screen.camera.x(argument[0]) / v.ratio, v.screen.camera.y(argument[1]) / v.ratio]", [u, v]
        )
        box = self.stage.bounding_box()
        assert box
        return box["x"] + x, box["y"] + y

    def hover(self, u: float, v: float) -> str:
        """Rest on a sample; what is said of it."""
        self.page.mouse.move(*self.point(u, v))
        return self.said

    def drag(self, start: tuple[float, float], end: tuple[float, float], *, shift: bool = False) -> None:
        """Drag from one sample to another; with Shift it draws a box."""
        self.page.mouse.move(*self.point(*start))
        if shift:
            self.page.keyboard.down("Shift")
        self.page.mouse.down()
        self.page.mouse.move(*self.point(*end), steps=4)
        self.page.mouse.up()
        if shift:
            self.page.keyboard.up("Shift")

    def look_at(self, u: float, v: float, zoom: float) -> None:
        """Put a sample into the middle of the screen, so many pixels of the screen wide."""
        self.ask(
            "(Object.assign(v.screen.camera, argument), v.share('view'))", {"u": u, "v": v, "zoom": zoom}
        )
        self.settle()

    def press(self, *keys: str) -> None:
        """Press keys on the picture."""
        self.stage.focus()
        for key in keys:
            self.page.keyboard.press(key)

    # ── as a painter meets it ──

    def settle(self) -> None:
        """Wait until all tiles are there and painted."""
        self.element.evaluate(_SETTLED)

    def pixels(self) -> np.ndarray[Any, Any]:
        """Red, green and blue of the canvas."""
        picture = self.stage.locator("canvas").evaluate("canvas => canvas.toDataURL()").partition(",")[2]
        return np.array(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"), int)

    def pixel(self, u: float, v: float) -> tuple[int, int, int]:
        """Colour of the canvas at a sample."""
        x, y = self.ask("[v.screen.camera.x(argument[0]), v.screen.camera.y(argument[1])]", [u, v])
        red, green, blue = self.pixels()[int(y), int(x)]
        return int(red), int(green), int(blue)

    def ask(self, expression: str, argument: Any = None) -> Any:
        """A JavaScript expression of ``v``, the viewer's object, and ``argument``."""
        return self.element.evaluate(
            f"(element, argument) => {{ const v = element.fairlab; return {expression}; }}", argument
        )
