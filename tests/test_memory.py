"""A read takes the memory of its result and little beside."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import zarr

from fairlab.image import open_image
from tests.benchmarks.latency_server import LatencyServer
from tests.stores import AXES, put_attributes

_SCALE = {"coordinateTransformations": [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]}
SHAPE = (8, 2048, 2048)
READ = """
import json, sys
import fairlab, xarray
from tests.benchmarks.measure import memory

fairlab.open_image
xarray.Dataset({"a": ("x", [0.0])})  # with its first array, xarray imports dask where there is one
before = memory("VmRSS")
pixels = fairlab.open_image(sys.argv[1])["scale0/image"].values
print(json.dumps({"result": pixels.nbytes / 1e6, "peak": memory("VmHWM") - before, "sum": int(pixels.sum())}))
"""


@pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="the kernel keeps no account of peaks here"
)
@pytest.mark.parametrize("zarr_format", [2, 3], ids=["chunks", "shards"])
def test_a_region_takes_its_own_memory_and_eighty_megabytes(tmp_path: Path, zarr_format: int) -> None:
    path = tmp_path / "a"
    entry = {"axes": [AXES[axis] for axis in "zyx"], "datasets": [{"path": "0", **_SCALE}]}
    put_attributes(path, {"multiscales": [entry]}, "0.4" if zarr_format == 2 else "0.5", create=True)
    layout = (
        {"chunks": (1, 256, 256)}
        if zarr_format == 2
        else {"chunks": (1, 256, 256), "shards": (4, 1024, 1024)}
    )
    array = zarr.create_array(path / "0", shape=SHAPE, dtype="uint16", zarr_format=zarr_format, **layout)
    plane = np.random.default_rng(0).integers(0, 60, SHAPE[1:], dtype=np.uint16)
    array[...] = np.broadcast_to(plane, SHAPE)
    with LatencyServer(tmp_path, latency_s=0.02) as server:
        open_image(f"{server.url}/a")  # the catalogue, which is made once, is not what is measured
        done = subprocess.run(
            [sys.executable, "-c", READ, f"{server.url}/a"], capture_output=True, text=True, check=False
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["sum"] == SHAPE[0] * int(plane.sum())
    assert found["peak"] <= found["result"] + 80
