"""The viewer in a real JupyterLab, beside the same image in ipywidgets alone and in another viewer.

``python -m tests.benchmarks.bench_viewer [--data FOLDER]`` makes a 3 × 5 × 4096² image, opens it in JupyterLab
in headless Chromium, and prints how it drags, settles and changes contrast; then what it asks of a store 50 ms
away, how large it is, and what memory the kernel takes for an image of 100 GB. It needs ``fairlab[all,test]``
and Chromium.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zlib
from pathlib import Path
from typing import Any

from tests.benchmarks.latency_server import LatencyServer
from tests.benchmarks.make_data import AXES, micrograph, pyramid, write_group
from tests.browser.lab import FLAGS, Lab, chromium, running
from tests.trips import trips

SHAPE = (1, 3, 5, 4096, 4096)
_COLORS = ("0000FF", "00FF00", "FF0000")
_VIEWS = 20
_LARGE = """
import threading, numpy as np, xarray as xr
from xarray.backends.common import BackendArray
from xarray.core import indexing
import fairlab
class Endless(BackendArray):
    dtype = np.dtype("uint16")
    def __init__(self, shape): self.shape = shape
    def __getitem__(self, key):
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self.take)
    def take(self, key):
        sizes = [len(range(*k.indices(n))) if isinstance(k, slice) else np.size(k) for k, n in zip(key, self.shape)]
        keep = [i for i, k in enumerate(key) if not isinstance(k, (int, np.integer))]
        return np.random.default_rng(0).integers(0, 999, [sizes[i] for i in keep], "uint16")
def level(n):
    shape = (3, 83, 14144 >> n, 14144 >> n)
    return xr.DataArray(indexing.LazilyIndexedArray(Endless(shape)), dims=("c", "z", "y", "x"), name="image")
tree = xr.DataTree.from_dict({f"/scale{n}": level(n).to_dataset() for n in range(6)})
def peak_mb():  # of this program alone: rusage would count the one that started it
    return int(open("/proc/self/status").read().split("VmHWM:")[1].split()[0]) / 1e3
before = peak_mb()
viewer = fairlab.view(tree)
live, came = viewer.widget, threading.Semaphore(0)
live.send = lambda content, buffers=None: content["kind"] == "tiles" and came.release(len(content["tiles"]))
for step in range(60):
    tiles = [[(step * 3 + r) % 50, (step * 5 + c) % 50] for r in range(4) for c in range(5)]
    group = {"source": "", "level": 0, "planes": [step % 83], "channels": [0, 1, 2], "tiles": tiles}
    live._handle_custom_msg({"kind": "tiles", "number": step, "groups": [group]}, [])
    for _ in range(60): came.acquire()
print(level(0).nbytes / 1e9, peak_mb(), before)
"""
# In the page: frames while dragging for two seconds, then how long views take that were never seen.
_DRAG = """async (element) => {
    const v = element.fairlab, camera = v.screen.camera, frames = [];
    Object.assign(camera, { zoom: 1, u: 800, v: 800 });
    const end = performance.now() + 2000;
    while (performance.now() < end) {
        camera.pan(-9, -6);
        v.schedule();
        await new Promise((go) => requestAnimationFrame(go));
        frames.push(performance.now());
    }
    return (frames.length - 1) / ((frames[frames.length - 1] - frames[0]) / 1000);
}"""
_SETTLE = """async (element, place) => {
    const v = element.fairlab;
    Object.assign(v.screen.camera, place);
    const start = performance.now();
    v.paint();
    while (v.store.waiting || v.frame) await new Promise((go) => setTimeout(go, 2));
    return performance.now() - start;
}"""
_CONTRAST = """(element) => {
    const v = element.fairlab, times = [];
    for (let i = 0; i < 20; i++) {
        const start = performance.now();
        v.panel.change(0, { window: [100, 900 + 20 * i] });
        v.paint();
        v.screen.context.getImageData(0, 0, 1, 1);
        times.push(performance.now() - start);
    }
    return times;
}"""


def main() -> None:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="keep the data in this folder")
    folder = parser.parse_args().data or Path(tempfile.mkdtemp(prefix="bench-viewer-"))
    store = make(folder / "data")
    with tempfile.TemporaryDirectory() as work:
        in_browser(Path(work), store)
    far_away(store.parent)
    sizes()
    memory()


def make(folder: Path) -> Path:
    """The image, unless it is there already."""
    path = folder / "image.zarr"
    if not (path / "made").exists():
        shutil.rmtree(path, ignore_errors=True)
        pixels = micrograph((1, 1, 1, *SHAPE[-2:]), seed=0).repeat(3, 1).repeat(5, 2)
        channels = [
            {
                "label": f"channel {i}",
                "color": color,
                "window": {"start": 0, "end": 1500, "min": 0, "max": 65535},
            }
            for i, color in enumerate(_COLORS)
        ]
        write_group(
            path, pyramid(pixels, 4), AXES, 3, (1, 1, 1, 256, 256), None, {"omero": {"channels": channels}}
        )
        (path / "made").touch()
    return path


def say(what: str, value: str, must: str = "") -> None:
    """One row of the table."""
    print(f"| {what} | {value} | {must} |", flush=True)


def in_browser(work: Path, store: Path) -> None:
    """What a person feels."""
    from playwright.sync_api import sync_playwright

    print("| viewer | measured | must |\n| --- | --- | --- |")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        with running(work, browser) as lab:
            ours(lab, store)
            fallback(lab, store)
            other(lab, store)
        browser.close()


def shown(lab: Lab, code: str, selector: str) -> tuple[Any, float]:
    """A page of its own on which a cell has shown something, and how long that took."""
    notebook = lab.open().fill("import fairlab, warnings", code)
    start = time.perf_counter()
    notebook.run_all()
    notebook.page.locator(selector).first.wait_for(timeout=120_000)
    return notebook.page, time.perf_counter() - start


def ours(lab: Lab, store: Path) -> None:
    """Drag, settle, contrast."""
    page, seconds = shown(lab, f"fairlab.view({str(store)!r})", ".fl-stage canvas")
    say("fairlab: first picture after Run All", f"{seconds:.1f} s")
    element = page.locator("section.fairlab")
    page.wait_for_timeout(1500)
    places = [{"zoom": 1, "u": 400 + 311 * (i % 11), "v": 500 + 407 * (i % 8)} for i in range(_VIEWS)]
    element.evaluate(_SETTLE, places[0])
    say("fairlab: drag", f"{element.evaluate(_DRAG):.0f} frames/s", "≥ 20")
    times = sorted(element.evaluate(_SETTLE, place) for place in places)
    p95 = times[int(0.95 * (len(times) - 1))]
    say(
        "fairlab: a view settles",
        f"median {statistics.median(times):.0f} ms, p95 {p95:.0f} ms",
        "≤ 500 ms p95",
    )
    changes = element.evaluate(_CONTRAST)
    say(
        "fairlab: contrast change",
        f"median {statistics.median(changes):.0f} ms, most {max(changes):.0f} ms",
        "≤ 50 ms",
    )
    page.close()


def fallback(lab: Lab, store: Path) -> None:
    """One step of a slider, until the new picture is there."""
    code = f"fairlab.view({str(store)!r}, fallback=True)"
    page, seconds = shown(lab, code, ".widget-image")
    say("ipywidgets alone: first picture after Run All", f"{seconds:.1f} s")
    picture, times = page.locator(".widget-image").first, []
    for _ in range(4):
        before, start = picture.get_attribute("src"), time.perf_counter()
        page.locator(".widget-slider .noUi-handle").first.focus()
        page.keyboard.press("ArrowRight" if len(times) % 4 < 2 else "ArrowLeft")
        page.wait_for_function(
            "([image, old]) => image.src !== old", arg=[picture.element_handle(), before], timeout=30_000
        )
        times.append(1000 * (time.perf_counter() - start))
    say(
        "ipywidgets alone: a plane changes (it cannot be dragged)",
        f"median {statistics.median(times):.0f} ms",
    )
    page.close()


def other(lab: Lab, store: Path) -> None:
    """stackview takes whole NumPy arrays: one channel of the image is all it is given."""
    if importlib.util.find_spec("stackview") is None:
        say("stackview", "not installed here (pip install stackview)")
        return
    code = (
        "import stackview\n"
        f"stackview.slice(fairlab.open_image({str(store)!r})['scale0/image'].isel(t=0, c=0).values)"
    )
    page, seconds = shown(lab, code, ".jp-OutputArea-output canvas")
    say("stackview (one channel, whole in memory): first picture after Run All", f"{seconds:.1f} s")
    page.close()


def far_away(folder: Path) -> None:
    """Round trips of one screen at full resolution, labels apart, over a store 50 ms away."""
    import fairlab
    from fairlab.widgets.viewer import view

    with LatencyServer(folder, waves=True) as server:
        viewer = view(fairlab.open_image(f"{server.url}/image.zarr"))
        came, widget = threading.Semaphore(0), viewer.widget

        def send(content: dict[str, Any], buffers: object = None) -> None:
            if content["kind"] == "tiles":
                came.release(len(content["tiles"]))

        widget.send = send
        server.take()
        tiles = [[row, column] for row in range(6, 9) for column in range(5, 10)]
        groups = [
            {
                "source": "",
                "level": 3,
                "planes": [0, 3],
                "channels": [0, 1, 2],
                "tiles": [[0, 0], [0, 1], [1, 0], [1, 1]],
            },
            {"source": "", "level": 0, "planes": [0, 3], "channels": [0, 1, 2], "tiles": tiles},
        ]
        widget._handle_custom_msg({"kind": "tiles", "number": 1, "groups": groups}, [])
        for _ in range(3 * (len(tiles) + 4)):
            assert came.acquire(timeout=60)
        counted = trips(server.take())
    say(
        "round trips of a new plane: coarse, then 15 tiles × 3 channels",
        f"{counted.depth} ({counted.requests} requests)",
        "≤ 4",
    )


def sizes() -> None:
    """Bytes of the front-end."""
    from fairlab.widgets import frontend

    plain = len(frontend.module("viewer").encode()) + len(frontend.stylesheet("viewer").encode())
    files = [file.read_bytes() for file in frontend.FOLDER.iterdir()]
    packed = sum(len(zlib.compress(content)) for content in files)
    say("front-end of the viewer, plain text", f"{plain / 1e3:.1f} KB")
    say(
        "all widgets in the wheel",
        f"{packed / 1e3:.1f} KB ({sum(map(len, files)) / 1e3:.1f} KB unpacked)",
        "≤ 100 KB",
    )


def memory() -> None:
    """Peak memory of a process that looks at 60 screens of a 100 GB image."""
    out = subprocess.run([sys.executable, "-c", _LARGE], capture_output=True, text=True, check=True).stdout
    size, peak, before = map(float, out.split())
    say(
        f"kernel memory, image of {size:.0f} GB, 60 screens",
        f"{peak:.0f} MB ({before:.0f} MB before)",
        "≤ 300 MB",
    )


if __name__ == "__main__":
    main()
