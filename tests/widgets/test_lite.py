"""JupyterLite: Python inside the browser, where some libraries cannot be installed, and nothing may start a thread."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

pytest.importorskip("anywidget")

LITE = """
import contextlib, json, sys, threading
import numpy, pandas, xarray, PIL.Image, anywidget, IPython  # built for the browser as for other platforms
with contextlib.suppress(ImportError):
    import dask.array  # which xarray loads where it is installed

sys.platform = "emscripten"
sys.modules |= dict.fromkeys(["pycurl", "obstore", "google_crc32c"])
def start(thread):
    raise RuntimeError("can't start new thread")
threading.Thread.start = start

import fairlab

def said(attempt):
    try:
        return type(attempt()).__name__
    except fairlab.errors.FairlabError as exc:
        return f"{exc.kind}: {exc}"

array = numpy.arange(4096, dtype="uint16").reshape(64, 64)
print(json.dumps({
    "array": said(lambda: fairlab.view(array)),
    "png": said(lambda: fairlab.view(array).png()),
    "widget": said(lambda: fairlab.view(array).widget),
    "browse": said(lambda: fairlab.browse("mouse")),
    "search": said(lambda: fairlab.search("mouse")),
    "image": said(lambda: fairlab.open_image("sample:nuclei")),
    "view": said(lambda: fairlab.view("https://example.org/a.zarr")),
    "plate": said(lambda: fairlab.open_plate("sample:plate")),
    "form": said(lambda: fairlab.runs.form("measure_objects")),
}))
"""


def test_arrays_are_shown_and_the_rest_says_that_it_is_not_possible():
    run = subprocess.run(
        [sys.executable, "-c", LITE], capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stderr[-2000:]
    said = json.loads(run.stdout.splitlines()[-1])
    assert (said.pop("array"), said.pop("png"), said.pop("widget")) == ("Viewer", "bytes", "Live")
    assert said.pop("search") == "Results"  # of the catalogue that comes with fairlab
    for what, words in said.items():
        assert words.startswith("platform: JupyterLite"), (what, words)
        assert "in memory" in words and "Binder" in words
