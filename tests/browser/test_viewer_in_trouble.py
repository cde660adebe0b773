"""The viewer where something is wrong: a busy kernel, stores that fail or go away, listeners that fail, odd images."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tests.browser.face import Face
from tests.servers import Fault
from tests.stores import write_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.browser.lab import Notebook
    from tests.servers import FaultServer

pytestmark = pytest.mark.browser

SHOW = "import fairlab\nfrom tests.browser.stripes import tree\nv = fairlab.view(tree(), z=2)\nv"
SLEEP = "import time\ntime.sleep(30)"
BROKEN = """
import fairlab, numpy as np, xarray as xr
from xarray.backends.common import BackendArray
from xarray.core import indexing
from tests.browser.stripes import level
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
v"""


def is_hatched(face: Face, u: float, v: float) -> bool:
    """Whether there are light strokes on dark ground around a sample."""
    x, y = (
        int(place)
        for place in face.ask("[v.screen.camera.x(argument[0]), v.screen.camera.y(argument[1])]", [u, v])
    )
    around = face.pixels()[y - 12 : y + 12, x - 12 : x + 12]
    return bool((np.ptp(around, axis=(0, 1)) > 40).all() and around[..., 0].mean() > around[..., 1].mean())


def test_the_first_picture_does_not_wait_and_a_busy_kernel_is_named(notebook: Notebook) -> None:
    page = notebook.page
    notebook.fill(SHOW, SLEEP).start()
    page.get_by_role("application").locator("canvas").wait_for(timeout=30_000)
    page.wait_for_function(
        """() => {
            const canvas = document.querySelector("[role=application] canvas");
            if (!canvas.width) return false;
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return new Set(data.filter((_, i) => i % 388 === 0)).size > 20;
        }""",
        timeout=2000,  # of its output's appearing
    )
    assert notebook.is_running, "the next cell runs"
    stage = page.get_by_role("application")
    stage.focus()
    for _ in range(4):
        page.keyboard.press("+")
    badge = page.get_by_role("status").filter(has_text="Kernel busy")
    badge.wait_for(timeout=5000)
    notebook.interrupt()
    badge.wait_for(state="hidden", timeout=10_000)
    face = Face(notebook)
    assert face.pixels().std() > 10


def test_tiles_come_while_a_cell_runs(notebook: Notebook) -> None:
    notebook.fill(SHOW, SLEEP).run(0)
    face = Face(notebook)
    face.look_at(700, 700, 0.5)
    # JupyterLab gives comms a thread of their own, whose very first message would wait for the cell.
    notebook.wait("v.state.box is None", False)
    notebook.start(1)
    face.look_at(300, 300, 2)
    assert face.element.get_by_role("status").filter(has_text="Kernel busy").is_hidden()
    assert "scale0" in face.hover(300, 300)
    assert notebook.is_running, "the cell still runs"
    notebook.interrupt()


def test_what_fails_is_hatched_with_its_reason_and_nothing_private_is_saved(
    view: Callable[..., Face],
) -> None:
    face = view(BROKEN)
    face.look_at(512, 512, 0.4)
    assert "the <b>disk</b> is gone" in face.hover(300, 100)
    assert "OSError: the <b>disk</b> is gone" in face.element.get_by_role("alert").inner_text()
    assert is_hatched(face, 300, 200)
    assert not is_hatched(face, 300, 800), "what can be read is shown"
    assert "DAPI" not in face.said and str(np.uint16(800)) not in face.said
    assert "OSError" in face.notebook.tell("repr(v.error)")
    saved = face.notebook.save()
    outputs = json.dumps([cell["outputs"] for cell in saved["cells"]])
    assert "image/png" in outputs and "secret" not in outputs and "token" not in outputs


@pytest.fixture
def store(tmp_path: Path, serve: Callable[..., FaultServer]) -> FaultServer:
    """An image of three levels behind a server."""
    write_store(tmp_path / "image.zarr", axes="yx", shape=(2048, 2048), chunk=256, levels=3)
    return serve(tmp_path)


def test_a_store_that_goes_away_and_comes_back(view: Callable[..., Face], store: FaultServer) -> None:
    face = view(f"import fairlab\nv = fairlab.view('{store.url}/image.zarr')\nv")
    assert face.pixels().std() > 5
    face.notebook.do("short = fairlab.set_options(timeout_s=1)")
    store.fault("", Fault(reset=True))
    face.look_at(512, 512, 2)
    alert = face.element.get_by_role("alert")
    alert.filter(has_text="the connection broke").wait_for()
    face.settle()
    assert is_hatched(face, 520, 520)
    assert "the connection broke" in face.hover(520, 520)
    assert "the connection broke" in face.notebook.tell("repr(v.error)")
    face.look_at(1024, 1024, 0.25)
    assert not is_hatched(face, 520, 520), "what was read before is still there"
    store.clear_faults()
    face.control("button", "Dismiss").click()
    face.look_at(512, 512, 2)
    assert not is_hatched(face, 520, 520), "it was asked for again"
    alert.wait_for(state="hidden")


def test_a_listener_that_fails_is_named_under_the_widget_and_in_python(face: Face) -> None:
    face.notebook.do("def far(name, number):\n    raise LookupError('no <i>such</i> cell')\nv.on_click(far)")
    face.look_at(262, 262, 1)
    face.press("Enter")
    alert = face.element.get_by_role("alert")
    alert.filter(has_text="LookupError: no <i>such</i> cell").wait_for()
    assert "LookupError" in face.notebook.tell("repr(v.error)")
    face.control("button", "Dismiss").click()  # it must not slip away as the picture loses the focus
    alert.wait_for(state="hidden")


ODD = {
    "holes": ("np.where(np.eye(64) > 0, np.nan, np.linspace(0, 1, 4096).reshape(64, 64))", (5, 5), "nan"),
    "all holes": ("np.full((64, 64), np.nan)", (30, 30), "nan"),
    "all equal": ("np.full((64, 64), 7, 'u2')", (30, 30), "7"),
    "colours": ("np.stack([np.full((64, 64), 200), np.zeros((64, 64)), np.full((64, 64), 90)], -1).astype('u1')",
                (30, 30), "200"),
    "shares": ("np.linspace(0, 1, 4096, dtype='f4').reshape(64, 64)", (63, 63), "1"),
    "one row": ("np.arange(64)[None]", (40, 0), "40"),
    "large numbers": ("np.arange(4096).reshape(64, 64) + 2**40", (1, 0), str(2**40 + 1)),
    "yes and no": ("np.eye(64, dtype=bool)", (3, 3), "1"),
}  # fmt: skip
"""Code of an image, a sample (column, row), and its value as it should be read out."""


def test_odd_images_are_shown_and_read_out(notebook: Notebook) -> None:
    cells = [f"display(fairlab.view({code}))" for code, _, _ in ODD.values()]
    notebook.show("import fairlab, numpy as np\n" + "\n".join(cells))
    for number, (name, (_, (u, v), value)) in enumerate(ODD.items()):
        face = Face(notebook, number)
        assert value.lower() in face.hover(u + 0.5, v + 0.5).lower(), name
        assert face.element.get_by_role("alert").is_hidden(), name
    assert Face(notebook, 3).pixel(30.5, 30.5) == (200, 0, 90)
    assert Face(notebook, 4).pixels().max() > 250
    # Without any difference there is a picture all the same, and controls that work.
    for number in (1, 2):
        face = Face(notebook, number)
        face.control("button", "Auto all").click()
        face.settle()
        assert face.element.get_by_role("alert").is_hidden()


@pytest.mark.parametrize(
    ("code", "said"),
    [("np.zeros(())", "0"), ("np.arange(9)", "1"), ("np.zeros((9, 9), complex)", "complex")],
)
def test_what_is_no_picture_is_refused_by_name(notebook: Notebook, code: str, said: str) -> None:
    with pytest.raises(AssertionError, match="SelectionError") as caught:
        notebook.show(f"import fairlab, numpy as np\nfairlab.view({code})")
    assert said in str(caught.value).rsplit("SelectionError", 1)[1]
    assert notebook.page.get_by_role("application").count() == 0


def test_labels_above_two_to_the_31_are_objects(view: Callable[..., Face]) -> None:
    face = view("import fairlab, numpy as np, xarray as xr\n"
                "ids = np.zeros((64, 64), 'i8'); ids[:, 32:] = 2**62 + 1\n"
                "v = fairlab.view(xr.DataArray(ids, dims=('y', 'x'), name='labels'))\nv")  # fmt: skip
    assert str(2**62 + 1) in face.hover(40, 30)
    assert face.pixel(40.5, 30.5) != face.pixel(10.5, 30.5)
    face.page.mouse.click(*face.point(40.5, 30.5))
    face.notebook.wait("v.clicked", ["labels", 2**62 + 1])


def test_hostile_words_stay_text(face: Face) -> None:
    words = face.element.inner_text()
    assert "Stripes <b>bold</b>" in words and "<img src=x onerror=alert(1)>" in words
    assert face.element.locator("img, script, iframe").count() == 0
