"""Small valid OME-Zarr stores, written straight through zarr: broken data is one edit of these."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

AXES = {
    "t": {"name": "t", "type": "time", "unit": "second"},
    "c": {"name": "c", "type": "channel"},
    "z": {"name": "z", "type": "space", "unit": "micrometer"},
    "y": {"name": "y", "type": "space", "unit": "micrometer"},
    "x": {"name": "x", "type": "space", "unit": "micrometer"},
}


def pixels(shape: tuple[int, ...], dtype: str = "uint16", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(dtype)


def write_store(
    path: Path,
    *,
    axes: str = "cyx",
    shape: tuple[int, ...] = (2, 40, 60),
    version: str = "0.5",
    dtype: str = "uint16",
    levels: int = 2,
    chunk: int = 16,
    shards: int | None = None,
    scale: float = 0.5,
    labels: tuple[str, ...] = (),
    compressor: Any = "auto",
    edit: Callable[[dict[str, Any]], None] | None = None,
) -> np.ndarray:
    """Write an image; returns its full-resolution pixels. ``edit`` changes the attributes before writing."""
    zarr_format = 3 if version == "0.5" else 2
    full = pixels(shape, dtype)
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format)
    block = {"multiscales": [_multiscale(group, full, axes, levels, chunk, shards, scale, compressor)]}
    if "c" in axes:
        block["omero"] = {
            "channels": [
                {
                    "label": f"dye {i}",
                    "color": "0000FF",
                    "window": {"start": 0, "end": 200, "min": 0, "max": 255},
                }
                for i in range(shape[axes.index("c")])
            ]
        }
    put_attributes(path, block, version, edit)
    if labels:
        put_attributes(path / "labels", {"labels": list(labels)}, version, create=True)
        plain = "".join(a for a in axes if a != "c")
        for name in labels:
            sub = zarr.open_group(path / "labels" / name, mode="w", zarr_format=zarr_format)
            mask = (np.moveaxis(full, axes.index("c"), 0)[0] if "c" in axes else full).astype("int32")
            entry = _multiscale(sub, mask, plain, levels, chunk, None, scale)
            put_attributes(path / "labels" / name, {"multiscales": [entry], "image-label": {}}, version)
    return full


def _multiscale(
    group: zarr.Group,
    full: np.ndarray,
    axes: str,
    levels: int,
    chunk: int,
    shards: int | None,
    scale: float,
    compressor: Any = "auto",
) -> dict[str, Any]:
    datasets = []
    for level in range(levels):
        step = 2**level
        data = full[tuple(slice(None, None, step) if a in "yx" else slice(None) for a in axes)]
        chunks = tuple(min(chunk, n) if a in "yx" else 1 for a, n in zip(axes, data.shape, strict=True))
        sharding = {}
        if shards:
            sharding["shards"] = tuple(
                c * shards if a in "yx" else 1 for a, c in zip(axes, chunks, strict=True)
            )
        options = (
            {}
            if group.metadata.zarr_format == 3
            else {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
        )
        array = group.create_array(
            str(level),
            shape=data.shape,
            chunks=chunks,
            dtype=data.dtype,
            compressors=compressor,
            **sharding,
            **options,
        )
        array[...] = data
        factors = [scale * step if a in "yx" else 1.0 for a in axes]
        shift = [scale * (step - 1) / 2 if a in "yx" else 0.0 for a in axes]
        datasets.append(
            {
                "path": str(level),
                "coordinateTransformations": [
                    {"type": "scale", "scale": factors},
                    {"type": "translation", "translation": shift},
                ],
            }
        )
    return {"name": "a test image", "axes": [dict(AXES[a]) for a in axes], "datasets": datasets}


def put_attributes(
    path: Path,
    block: dict[str, Any],
    version: str,
    edit: Callable[[dict[str, Any]], None] | None = None,
    *,
    create: bool = False,
) -> None:
    """Write a group's attributes in the form of the version."""
    zarr_format = 3 if version == "0.5" else 2
    if create:
        zarr.open_group(path, mode="a", zarr_format=zarr_format)
    if version == "0.5":
        attributes: dict[str, Any] = {"ome": {"version": version, **block}}
    else:
        attributes = json.loads(json.dumps(block))
        for entry in attributes.get("multiscales", []):
            entry["version"] = version
    if edit:
        edit(attributes)
    if zarr_format == 3:
        document = json.loads((path / "zarr.json").read_text())
        document["attributes"] = attributes
        document.pop("consolidated_metadata", None)
        (path / "zarr.json").write_text(json.dumps(document))
    else:
        (path / ".zattrs").write_text(json.dumps(attributes))


def multiscale(attributes: dict[str, Any]) -> dict[str, Any]:
    """The first multiscale of attributes of either version, for editing."""
    entry: dict[str, Any] = attributes.get("ome", attributes)["multiscales"][0]
    return entry
