"""The live viewer in JupyterLab and Notebook 7: painted, moved, asked, broken, saved."""

from __future__ import annotations

import base64
import io
import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from fairlab.widgets.channels import Channel
from fairlab.widgets.compositing import composite, palette

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.browser.lab import Lab

pytestmark = pytest.mark.browser

# Run in the kernel and here: three channels, five planes, four levels, labels above 2^31 and 2^53.
IMAGE = """
import numpy as np, xarray as xr
def axis(name, size, step, first=0.0, unit="micrometer"):
    return (name, first + step * np.arange(size), {"units": unit})
def level(number, size=1024):
    n, step = size >> number, 0.5 * 2**number
    y, x = np.ogrid[:n, :n]
    z = np.arange(5)[:, None, None]
    planes = [(x * 60 + z * 500) % 65536, (y * 60 + x * 3) % 65536 + 0 * z, (x * y // 7 + z * 9000) % 65536]
    return xr.DataArray(
        np.stack([np.broadcast_to(p, (5, n, n)) for p in planes]).astype("uint16"), dims=("c", "z", "y", "x"),
        coords={"c": ["DAPI", "actin", "<img src=x onerror=alert(1)>"], "z": axis("z", 5, 3.5),
                "y": axis("y", n, step, 100 + step / 2), "x": axis("x", n, step, 300 + step / 2),
                "color": ("c", ["#4477FF", "#00FF00", "#FF0080"]),
                "window_start": ("c", [0.0, 1000.0, 500.0]), "window_end": ("c", [50000.0, 40000.0, 60000.0]),
                "active": ("c", [True, True, True])}, name="image")
def labels():
    ids = np.zeros((5, 256, 256), "int64")
    ids[:, 40:90, 40:90] = 2**31 + 5
    ids[:, 40:90, 90:140] = 2**60 + 7
    ids[:, 150:200, 40:90] = 3
    step = 2.0
    return xr.DataArray(ids, dims=("z", "y", "x"), coords={"z": axis("z", 5, 3.5),
        "y": axis("y", 256, step, 101.0), "x": axis("x", 256, step, 301.0)}, name="labels")
"""
SHOW = """
import fairlab
tree = xr.DataTree.from_dict({"/": xr.Dataset(attrs={"title": "Stripes <b>bold</b>"}),
    **{f"/scale{n}": level(n).to_dataset(name="image") for n in range(4)},
    "/labels/cells/scale0": labels().to_dataset(name="labels")})
table = {"label": [3, 2**60 + 7], "area_um2": [10000.0, 2500.5], "note": ["<b>x</b>", ""]}
v = fairlab.view(tree, labels="cells", table=table, z=2)
v
"""


def _keep(page: Page, name: str) -> None:
    """A screenshot for people, where FAIRLAB_SCREENSHOTS names a folder."""
    if folder := os.environ.get("FAIRLAB_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=Path(folder) / f"{name}.png")


class Face:
    """One viewer on a page."""

    def __init__(self, page: Page, number: int = 0):
        self.page = page
        self.element = page.locator("section.fairlab").nth(number)
        self.stage = self.element.locator(".fl-stage")
        self.stage.locator("canvas").wait_for(timeout=60_000)
        self.stage.scroll_into_view_if_needed()

    def ask(self, expression: str, argument: Any = None) -> Any:
        """A JavaScript expression of ``v``, the viewer, and ``argument``."""
        return self.element.evaluate(
            f"(element, argument) => {{ const v = element.fairlab; return {expression}; }}", argument
        )

    def settle(self) -> None:
        self.page.wait_for_timeout(60)
        self.element.evaluate(
            """async (element) => {
                const v = element.fairlab, end = performance.now() + 20000;
                while (v.store.waiting || v.frame) {
                    if (performance.now() > end) throw new Error("tiles did not come");
                    await new Promise((go) => setTimeout(go, 20));
                }
            }"""
        )

    def look_at(self, u: float, v: float, zoom: float) -> None:
        """Put a sample of full resolution into the middle of the screen."""
        self.ask(
            "(Object.assign(v.screen.camera, argument), v.share('view'))", {"u": u, "v": v, "zoom": zoom}
        )
        self.settle()

    def pixels(self) -> np.ndarray[Any, Any]:
        """Red, green and blue of the canvas."""
        picture = self.ask("v.screen.canvas.toDataURL()").partition(",")[2]
        return np.array(Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB"), int)

    def point(self, u: float, v: float) -> tuple[float, float]:
        """Where on the page a sample lies."""
        x, y = self.ask(
            "[v.screen.camera.x(argument[0]) / v.ratio, v.screen.camera.y(argument[1]) / v.ratio]", [u, v]
        )
        box = self.stage.bounding_box()
        assert box
        return box["x"] + x, box["y"] + y


@pytest.fixture(scope="module")
def opened(lab: Lab) -> Iterator[tuple[Page, list[str]]]:
    cells = [
        "v.state = v.state.moved(z=3)",
        "v.roi, v.selection.sizes, v.clicked",
        "print(v.copy_code())",
        "v.roi = {'x': (400, 420)}; v.view = {'x': (390, 430), 'y': ('110 um', '130 um')}",
    ]
    lab.write("viewer.ipynb", IMAGE, SHOW, *cells)
    page = lab.open("viewer.ipynb", height=1000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    _run_cell(page, 0)
    _run_cell(page, 1)
    yield page, asked
    page.close()


def _run_cell(page: Page, number: int) -> str:
    """Run one cell, and what it put out."""
    cell = page.locator(".jp-CodeCell").nth(number)
    prompt = cell.locator(".jp-InputPrompt").first
    before = prompt.inner_text()
    for _ in range(20):  # a kernel that is only just there takes no notice
        cell.locator(".cm-content").click()
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(400)
        if prompt.inner_text() not in (before, "[ ]:"):
            break
        page.wait_for_timeout(1600)
    prompt.filter(has_text=re.compile(r"\[\d+\]:")).wait_for(timeout=60_000)
    return " ".join(cell.locator(".jp-OutputArea-output pre").all_inner_texts())


@pytest.fixture
def face(opened: tuple[Page, list[str]]) -> Face:
    return Face(opened[0])


def _expected() -> dict[str, Any]:
    made: dict[str, Any] = {}
    exec(IMAGE, made)
    return made


def test_pixels_are_pythons(face: Face) -> None:
    face.ask("(v.state.overlay = { ...v.state.overlay, labels: null }, v.panel.update())")
    face.look_at(512, 512, 1)
    found = face.pixels()
    rows, columns = found.shape[:2]
    image = _expected()["level"](0)
    top, left = 512 - rows // 2, 512 - columns // 2
    plane = image.isel(z=2, y=slice(top, top + rows), x=slice(left, left + columns)).values
    names = [str(name) for name in image.c.values]
    looks = zip(names, image.color.values, image.window_start.values, image.window_end.values, strict=True)
    channels = [Channel(name=n, color=str(c), window=(float(a), float(b))) for n, c, a, b in looks]
    difference = np.abs(found - composite(list(plane), channels).astype(int))
    assert difference.max() <= 1
    _keep(face.page, "viewer-1280")


def test_labels_lie_where_they_belong_in_their_own_colours(face: Face) -> None:
    change = "(v.state.overlay = { labels: 'cells', outline: false, opacity: 1 }, v.panel.update(), v.share('overlay'))"
    face.ask(change)
    face.look_at(512, 512, 0.5)
    found = face.pixels()
    colors = palette().astype(int)
    for (row, column), number in (((65, 65), 2**31 + 5), ((65, 115), 2**60 + 7), ((175, 65), 3)):
        x, y = face.ask(
            "[v.screen.camera.x(argument[0]), v.screen.camera.y(argument[1])]", [column * 4 + 2, row * 4 + 2]
        )
        assert np.array_equal(found[y, x], colors[number % len(colors)])
    face.ask("(v.state.overlay = { ...v.state.overlay, outline: true }, v.share('overlay'))")
    face.settle()
    outlined = face.pixels()
    x, y = face.ask("[v.screen.camera.x(262), v.screen.camera.y(262)]")
    assert not np.array_equal(outlined[y, x], found[y, x]), "inside, an outline shows the image"


def _place(shown: str) -> tuple[float, float]:
    """The position that the viewer states."""
    x, y = (re.search(rf"{dim} ([\d.]+) µm", shown) for dim in "xy")
    assert x and y
    return float(x[1]), float(y[1])


def test_hover_names_value_place_level_and_object(face: Face) -> None:
    face.ask("(v.state.overlay = { ...v.state.overlay, labels: 'cells' }, v.share('overlay'))")
    face.look_at(300, 262, 1)
    image = _expected()["level"](0)
    face.page.mouse.move(*face.point(262.5, 262.5))
    text = face.element.locator(".fl-probe")
    text.locator(".fl-reading").first.wait_for()
    shown = text.inner_text().replace("\n", " ")
    x, y = _place(shown)
    values = image.isel(z=2).sel(x=x, y=y, method="nearest").values
    assert f"DAPI {values[0]}" in shown and f"actin {values[1]}" in shown
    assert f"<img src=x onerror=alert(1)> {values[2]}" in shown
    assert f"cells {2**31 + 5}" in shown and "scale0" in shown
    face.look_at(512, 512, 0.2)
    face.page.mouse.move(*face.point(600, 400))
    face.page.wait_for_timeout(100)
    shown = text.inner_text().replace("\n", " ")
    (number,) = re.findall(r"scale(\d)", shown)
    assert number != "0"
    x, y = _place(shown)
    values = _expected()["level"](int(number)).isel(z=2).sel(x=x, y=y, method="nearest").values
    assert f"DAPI {values[0]}" in shown


def test_a_channel_that_is_off_has_its_value_too(face: Face) -> None:
    face.look_at(512, 512, 1)
    face.element.get_by_role("checkbox", name="Show actin").uncheck()
    face.page.mouse.move(*face.point(480.5, 530.5))
    text = face.element.locator(".fl-probe")
    x, y = _place(text.inner_text())
    value = int(_expected()["level"](0).isel(c=1, z=2).sel(x=x, y=y))
    text.filter(has_text=f"actin {value}").wait_for(timeout=10_000)
    face.element.get_by_role("checkbox", name="Show actin").check()


def test_contrast_needs_no_kernel(face: Face) -> None:
    face.look_at(512, 512, 1)
    face.page.wait_for_timeout(500)
    before = face.pixels()
    face.ask("v.before = { send: v.model.send, save_changes: v.model.save_changes }")
    face.ask("(v.sent = 0, v.model.send = v.model.save_changes = () => (v.sent += 1))")
    end = face.element.get_by_role("slider", name="White point of DAPI")
    end.focus()
    for _ in range(20):
        face.page.keyboard.press("ArrowLeft")
    face.page.wait_for_timeout(600)
    assert face.ask("v.sent") == 0
    assert face.ask("v.state.channels[0].window[1]") < 50000
    assert (face.pixels()[..., 2] > before[..., 2]).any()
    face.ask("Object.assign(v.model, v.before)")
    face.element.get_by_role("button", name="Reset").click()
    assert face.ask("v.state.channels[0].window[1]") == 50000


def test_zoom_stays_at_the_pointer_and_asks_for_a_click_first(face: Face) -> None:
    face.look_at(512, 512, 1)
    point = face.point(400, 450)
    face.page.mouse.move(*point)
    face.page.evaluate("document.activeElement.blur()")
    face.page.mouse.wheel(0, -300)
    face.page.wait_for_timeout(100)
    assert face.ask("v.screen.camera.zoom") == 1
    face.stage.scroll_into_view_if_needed()
    face.stage.focus()
    point = face.point(400, 450)
    face.page.mouse.move(*point)
    face.page.mouse.wheel(0, -300)
    face.settle()
    assert face.ask("v.screen.camera.zoom") > 1.3
    assert face.point(400, 450) == pytest.approx(point, abs=1.5)


def test_keys(face: Face) -> None:
    face.look_at(512, 512, 1)
    face.stage.focus()
    press = face.page.keyboard.press
    cells = face.page.locator(".jp-Cell").count()
    press("ArrowRight")
    assert face.ask("v.screen.camera.u") > 512
    press("+")
    assert face.ask("v.screen.camera.zoom") == pytest.approx(1.5)
    press("2")
    assert face.ask("v.state.channels.map((c) => c.active)") == [True, False, True]
    press("2")
    press("PageDown")
    assert face.ask("v.state.planes.z") == 1
    press("PageUp")
    assert (
        "14" not in face.element.locator("output").inner_text()
        and "7 µm (3 of 5)" in face.element.locator("output").inner_text()
    )
    press("b")
    assert face.ask("v.state.roi") is not None
    press("Escape")
    assert face.ask("v.state.roi") is None
    press("0")
    assert face.ask("v.screen.camera.zoom / v.screen.camera.fitted") == pytest.approx(1)
    assert face.page.locator(".jp-Cell").count() == cells, "JupyterLab took no key for a command of its own"


def test_a_box_becomes_xarray_a_click_becomes_a_number_and_python_moves_the_screen(face: Face) -> None:
    page = face.page
    face.look_at(512, 512, 0.5)
    page.mouse.move(*face.point(200, 300))
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(*face.point(260, 330), steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    assert "Box 60 × 30 px · 30 × 15 µm" in face.element.locator(".fl-roi").inner_text()
    page.mouse.click(*face.point(65 * 4 + 2, 115 * 4 - 50 * 4 + 2))
    page.wait_for_timeout(600)
    face.stage.scroll_into_view_if_needed()
    page.mouse.click(*face.point(115 * 4 + 2, 65 * 4 + 2))
    page.wait_for_timeout(600)
    face.element.locator(".fl-object", has_text="2500.5").wait_for(timeout=10_000)
    said = _run_cell(page, 3)
    assert "'x': [400.0, 430.0]" in said and "'y': [250.0, 265.0]" in said
    assert "'y': 30, 'x': 60" in said
    assert f"('cells', {2**60 + 7})" in said
    code = _run_cell(page, 4)
    assert ".sel(z=7.0, y=slice(250.25, 264.75), x=slice(400.25, 429.75))" in code
    _run_cell(page, 2)
    page.wait_for_timeout(300)
    assert face.ask("v.state.planes.z") == 3
    face.element.locator("output", has_text="10.5 µm (4 of 5)").wait_for()
    _run_cell(page, 5)
    page.wait_for_timeout(300)
    left, top, right, bottom = face.ask("v.screen.camera.edges")
    assert left <= 180 < 260 <= right and top <= 20 < 60 <= bottom
    assert face.ask("v.state.roi.x") == [400, 420]


def test_everything_has_a_name_and_can_be_reached(face: Face) -> None:
    from axe_playwright_python.sync_playwright import Axe

    results = Axe().run(face.page, context="section.fairlab")
    bad = [v for v in results.response["violations"] if v["impact"] in ("serious", "critical")]
    assert not bad, [(v["id"], [node["html"][:120] for node in v["nodes"]]) for v in bad]
    reached = set()
    face.stage.focus()
    for _ in range(40):
        reached.add(
            face.page.evaluate("document.activeElement.ariaLabel || document.activeElement.textContent")
        )
        face.page.keyboard.press("Tab")
    assert {"Show DAPI", "Colour of DAPI", "White point of DAPI", "Gamma of DAPI", "z", "Play z"} <= reached


def test_nothing_was_fetched_from_elsewhere(opened: tuple[Page, list[str]], lab: Lab) -> None:
    foreign = [url for url in opened[1] if not url.startswith((lab.url, "blob:", "data:"))]
    assert not foreign


@pytest.mark.parametrize("width", [1280, 700])
@pytest.mark.parametrize("theme", ["Dark", "Light"])
def test_it_fits_every_page(face: Face, theme: str, width: int) -> None:
    page = face.page
    page.set_viewport_size({"width": width, "height": 1000})
    page.evaluate(
        "theme => jupyterapp.commands.execute('apputils:change-theme', { theme })", f"JupyterLab {theme}"
    )
    page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=f"JupyterLab {theme}")
    face.settle()
    assert face.element.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
    ink, paper = face.element.evaluate(
        "e => [getComputedStyle(e).color, getComputedStyle(e).backgroundColor]"
    )
    light = [sum(map(int, re.findall(r"\d+", color)[:3])) for color in (ink, paper)]
    assert (light[0] > light[1] + 200) == (theme == "Dark") == (light[1] < 300)
    face.look_at(512, 512, face.ask("v.screen.camera.fitted"))
    face.stage.scroll_into_view_if_needed()
    _keep(page, f"viewer-{width}-{theme}")
    page.set_viewport_size({"width": 1280, "height": 1000})


def test_what_fails_is_hatched_with_its_reason(lab: Lab) -> None:
    lab.write("failing.ipynb", IMAGE, """
from xarray.backends.common import BackendArray
from xarray.core import indexing
import fairlab
class Broken(BackendArray):
    shape, dtype = (1024, 1024), np.dtype("uint16")
    def __getitem__(self, key):
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self.take)
    def take(self, key):
        whole_rows = isinstance(key[0], slice) and key[0].step == 1
        if whole_rows and key[0].start < 512:
            raise OSError("the <b>disk</b> is gone: /home/someone/secret.zarr?token=abc")
        return level(0).isel(c=0, z=0).values[key]
v = fairlab.view(xr.DataArray(indexing.LazilyIndexedArray(Broken()), dims=("y", "x")), max_pixels=300)
v""", "repr(v.error)")  # fmt: skip
    page = lab.open("failing.ipynb")
    _run_cell(page, 0)
    _run_cell(page, 1)
    face = Face(page)
    face.settle()
    face.look_at(512, 512, 0.4)
    page.mouse.move(*face.point(300, 100))
    face.element.locator(".fl-reason", has_text="the <b>disk</b> is gone").wait_for(timeout=10_000)
    assert "OSError: the <b>disk</b> is gone" in face.element.locator(".fl-error").inner_text()
    x, y = face.ask("[v.screen.camera.x(300), v.screen.camera.y(200)]")
    around = face.pixels()[y - 10 : y + 10, x - 10 : x + 10]
    assert (np.ptp(around, axis=(0, 1)) > 40).any(), "hatched, not blank"
    assert "OSError" in _run_cell(page, 2)
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1500)
    saved = (lab.folder / "failing.ipynb").read_text()
    outputs = json.dumps([cell["outputs"] for cell in json.loads(saved)["cells"][:2]])
    assert "image/png" in outputs and "secret" not in outputs and "token" not in outputs
    _keep(page, "viewer-failing")
    page.close()


def test_the_first_picture_does_not_wait_for_the_kernel(lab: Lab) -> None:
    lab.write("busy.ipynb", IMAGE, SHOW, "import time; time.sleep(12)")
    page = lab.open("busy.ipynb")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    face = Face(page)
    page.wait_for_timeout(2000)
    assert face.pixels().std() > 10, "painted within 2 s of appearing, while the next cell runs"
    badge = face.element.locator(".fl-waiting")
    said = badge.inner_text() if badge.is_visible() else ""
    assert said in ("Kernel busy", "Loading…", "")
    running = page.locator(".jp-CodeCell").nth(2).locator(".jp-InputPrompt").inner_text()
    assert running == "[*]:", "the cell still runs"
    page.close()


def test_thirty_viewers(lab: Lab) -> None:
    many = "import fairlab\nfor number in range(30):\n    display(fairlab.view(level(2).isel(z=number % 5)))"
    lab.write("many.ipynb", IMAGE, many)
    page = lab.open("many.ipynb")
    _run_cell(page, 0)
    _run_cell(page, 1)
    page.wait_for_function(
        "document.querySelectorAll('section.fairlab .fl-stage canvas').length === 30", timeout=60_000
    )
    page.wait_for_timeout(1500)
    painted = page.evaluate(
        """[...document.querySelectorAll("section.fairlab")].map((element) => {
            const { canvas, context } = element.fairlab.screen;
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            let most = 0, least = 255;
            for (let i = 0; i < data.length; i += 4 * 97)
                (most = Math.max(most, data[i]), least = Math.min(least, data[i]));
            return most - least > 50;
        })"""
    )
    assert painted == [True] * 30
    page.close()


def test_notebook_7(lab: Lab) -> None:
    with lab.another("notebook") as url:
        lab.write("classic.ipynb", IMAGE, SHOW)
        page = lab.open("classic.ipynb", url=url, place="notebooks")
        _run_cell(page, 0)
        _run_cell(page, 1)
        face = Face(page)
        face.settle()
        assert face.pixels().std() > 10
        _keep(page, "viewer-notebook-7")
        page.close()
