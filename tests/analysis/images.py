"""Small images whose truth is known, as fairlab.open_image would give them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

RECORD = Record(
    id="test:discs",
    kind="image",
    repository="BIA",
    accession="S-BIAD1",
    title="Discs",
    authors=("Jane Roe",),
    license="https://creativecommons.org/licenses/by/4.0/",
)
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}


def image(
    pixels: np.ndarray,
    dims: str = "yx",
    *,
    scale: dict[str, float] | None = None,
    origin: dict[str, float] | None = None,
    units: dict[str, str] | None = None,
    channels: Sequence[str] = (),
    record: Record = RECORD,
    name: str = "image",
) -> xr.DataArray:
    """An array with the coordinates and attributes of an opened image."""
    scale, origin = scale or {}, origin or {}
    units = UNITS if units is None else units
    coords: dict[str, Any] = {"image_id": record.id}
    for dim, n in zip(dims, pixels.shape, strict=True):
        if dim == "c":
            coords["c"] = list(channels) or [f"dye {i}" for i in range(n)]
            coords["color"] = ("c", ["#FFFFFF"] * n)
            continue
        step = scale.get(dim, 1.0)
        attrs: dict[str, Any] = {"spacing": step, **({"units": units[dim]} if dim in units else {})}
        coords[dim] = (dim, origin.get(dim, 0.0) + step * np.arange(n), attrs)
    attrs = {
        "title": record.title,
        "id": record.id,
        "license": record.license,
        "fairlab_record": json.dumps(record.to_dict()),
    }
    return xr.DataArray(pixels, dims=tuple(dims), coords=coords, name=name, attrs=attrs)


def tree(full: xr.DataArray, *, levels: int = 3) -> xr.DataTree:
    """A pyramid by block means, with the translation that block means have."""
    nodes = {}
    for level in range(levels):
        step = 2**level
        array = full.coarsen(y=step, x=step, boundary="trim").mean(keep_attrs=True) if level else full
        for dim in ("y", "x"):
            attrs = dict(full[dim].attrs, spacing=full[dim].attrs["spacing"] * step)
            array = array.assign_coords({dim: (dim, array[dim].values, attrs)})
        nodes[f"/scale{level}"] = array.to_dataset(name="image")
    return xr.DataTree.from_dict({"/": xr.Dataset(attrs=full.attrs), **nodes})


def ellipsoid(
    shape: tuple[int, ...], centre: Sequence[float], radii: Sequence[float], scale: Sequence[float]
) -> np.ndarray:
    """Mask of the samples whose centres lie inside; lengths are physical, from the first sample."""
    grids = np.meshgrid(*(np.arange(n) * s for n, s in zip(shape, scale, strict=True)), indexing="ij")
    return sum(((g - c) / r) ** 2 for g, c, r in zip(grids, centre, radii, strict=True)) <= 1
