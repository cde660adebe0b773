"""Images of stripes whose every value is known, in memory: the kernel and the tests make the same."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import xarray as xr

HOSTILE = "<img src=x onerror=alert(1)>"
BIG, BIGGER = 2**31 + 5, 2**60 + 7
"""Numbers of objects that neither 32 bits nor JavaScript's own numbers hold."""
TABLE = {"label": [3, BIGGER], "area_um2": [10000.0, 2500.5], "note": ["<b>x</b>", ""]}


def axis(name: str, size: int, step: float, first: float = 0.0, unit: str = "micrometer") -> Any:
    return (name, first + step * np.arange(size), {"units": unit})


@functools.cache
def level(number: int, size: int = 1024) -> xr.DataArray:
    """One level of three channels and five planes, 0.5 µm a pixel at full resolution."""
    n, step = size >> number, 0.5 * 2**number
    y, x = np.ogrid[:n, :n]
    z = np.arange(5)[:, None, None]
    planes = [(x * 60 + z * 500) % 65536, (y * 60 + x * 3) % 65536 + 0 * z, (x * y // 7 + z * 9000) % 65536]
    return xr.DataArray(
        np.stack([np.broadcast_to(p, (5, n, n)) for p in planes]).astype("uint16"),
        dims=("c", "z", "y", "x"),
        coords={
            "c": ["DAPI", "actin", HOSTILE],
            "z": axis("z", 5, 3.5),
            "y": axis("y", n, step, 100 + step / 2),
            "x": axis("x", n, step, 300 + step / 2),
            "color": ("c", ["#4477FF", "#00FF00", "#FF0080"]),
            "window_start": ("c", [0.0, 1000.0, 500.0]),
            "window_end": ("c", [50000.0, 40000.0, 60000.0]),
            "active": ("c", [True, True, True]),
        },
        name="image",
    )


@functools.cache
def labels() -> xr.DataArray:
    """Three objects, four times coarser than the image."""
    ids = np.zeros((5, 256, 256), "int64")
    ids[:, 40:90, 40:90] = BIG
    ids[:, 40:90, 90:140] = BIGGER
    ids[:, 150:200, 40:90] = 3
    places = {"z": axis("z", 5, 3.5), "y": axis("y", 256, 2.0, 101.0), "x": axis("x", 256, 2.0, 301.0)}
    return xr.DataArray(ids, dims=("z", "y", "x"), coords=places, name="labels")


def tree() -> xr.DataTree:
    """All of it, as ``open_image`` would give it."""
    return xr.DataTree.from_dict(
        {
            "/": xr.Dataset(attrs={"title": "Stripes <b>bold</b>"}),
            **{f"/scale{n}": level(n).to_dataset(name="image") for n in range(4)},
            "/labels/cells/scale0": labels().to_dataset(name="labels"),
        }
    )


def moving(*dims: str) -> xr.DataArray:
    """Four places along each dimension, and a picture that differs from place to place."""
    places = np.arange(4 ** len(dims)).reshape((4,) * len(dims))
    values = places[..., None, None] * 20 + np.arange(64)[:, None] + np.zeros(96, int)
    units = {"t": (2.5, "second"), "z": (3.5, "micrometer")}
    coords = {d: axis(d, 4, units[d][0], 0.0, units[d][1]) for d in dims if d in units}
    return xr.DataArray(values.astype("uint16"), dims=(*dims, "y", "x"), coords=coords, name="image")
