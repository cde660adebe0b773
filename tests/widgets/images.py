"""Small images in memory, as ``open_image`` would give them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

MICROMETER = {"units": "micrometer"}
CREDITS = {
    "title": "Two nuclei",
    "id": "sample:two",
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "attribution": "A. Person",
}


def axis(name: str, size: int, step: float, unit: str | None = "micrometer", start: float = 0.0) -> Any:
    return (name, start + step * np.arange(size), {"units": unit} if unit else {})


def image(
    pixels: Any,
    dims: str = "y x",
    *,
    step: float | tuple[float, float] = 0.5,
    unit: str | None = "micrometer",
    **coords: Any,
) -> xr.DataArray:
    """An image whose y and x have coordinates."""
    names = dims.split()
    values = np.asarray(pixels)
    steps = step if isinstance(step, tuple) else (step, step)
    plane = {
        name: axis(name, values.shape[names.index(name)], size, unit)
        for name, size in zip(("y", "x"), steps, strict=True)
    }
    return xr.DataArray(values, dims=names, coords={**plane, **coords}, name="image", attrs=dict(CREDITS))


def stack(size: int = 64, *, planes: int = 5) -> xr.DataArray:
    """Two moments, two channels with OMERO settings, a stack: plane z of channel c is all 100·c + 10·z + t."""
    t, c, z = np.ogrid[:2, :2, :planes]
    values = np.broadcast_to((100 * c + 10 * z + t)[..., None, None], (2, 2, planes, size, size))
    return image(
        values.astype("uint16"),
        "t c z y x",
        t=("t", [0.0, 30.0], {"units": "second"}),
        c=["DAPI", "actin"],
        z=axis("z", planes, 3.5),
        color=("c", ["#0000FF", "#00FF00"]),
        window_start=("c", [0.0, 100.0]),
        window_end=("c", [100.0, 200.0]),
        active=("c", [True, True]),
        image_id="sample:two",
    )


def tree(full: xr.DataArray, *, levels: int = 3, labels: xr.DataArray | None = None) -> xr.DataTree:
    """A pyramid of an image (every second pixel of y and x), with labels of full resolution."""
    nodes = {"/": xr.Dataset(attrs=dict(full.attrs))}
    for number in range(levels):
        part = full.isel(y=slice(None, None, 2**number), x=slice(None, None, 2**number))
        nodes[f"/scale{number}"] = part.to_dataset(name="image")
    if labels is not None:
        nodes["/labels/nuclei/scale0"] = labels.to_dataset(name="labels")
    return xr.DataTree.from_dict(nodes)


class Counted:
    """An array that counts the elements read from it (for ``xarray``'s lazy indexing)."""

    def __init__(self, array: np.ndarray[Any, Any]):
        self.array, self.read, self.fails = array, 0, False

    def lazy(self, like: xr.DataArray) -> xr.DataArray:
        from xarray.backends.common import BackendArray
        from xarray.core import indexing

        counted = self

        class Backend(BackendArray):
            shape, dtype = counted.array.shape, counted.array.dtype

            def __getitem__(self, key: Any) -> Any:
                return indexing.explicit_indexing_adapter(
                    key, self.shape, indexing.IndexingSupport.OUTER, counted._take
                )

        variable = xr.Variable(like.dims, indexing.LazilyIndexedArray(Backend()), dict(like.attrs))
        return xr.DataArray(variable, coords=like.coords, name=like.name)

    def _take(self, key: tuple[Any, ...]) -> Any:
        if self.fails:
            raise OSError("the store <b>went</b> away")
        part = self.array
        for place, one in reversed(list(enumerate(key))):
            part = part[(slice(None),) * place + (one,)]
        self.read += part.size
        return part
