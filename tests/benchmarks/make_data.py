"""The images and plates that reading is measured on, made once into a folder.

Realistic in what costs time: 16-bit pixels with photon noise over smooth structure compress two- to threefold.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

if TYPE_CHECKING:
    from pathlib import Path

AXES = [
    {"name": "t", "type": "time", "unit": "second"},
    {"name": "c", "type": "channel"},
    *({"name": name, "type": "space", "unit": "micrometer"} for name in "zyx"),
]
ZSTD = zarr.codecs.ZstdCodec(level=3)
BLOSC_V3 = zarr.codecs.BloscCodec(cname="zstd", clevel=5, shuffle="shuffle")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How large everything is."""

    image: tuple[int, ...]
    chunk: int
    inner: int
    levels: int
    wells: tuple[int, int]
    """Rows and columns of the plate whose every well is read."""
    screen: tuple[int, int]
    """Rows and columns of the plate that is opened only."""
    field: int
    screen_field: int


FULL = Sizes(
    image=(2, 2, 8, 2048, 2048),
    chunk=512,
    inner=256,
    levels=5,
    wells=(4, 6),
    screen=(16, 24),
    field=512,
    screen_field=128,
)
QUICK = Sizes(
    image=(2, 2, 8, 512, 512),
    chunk=128,
    inner=64,
    levels=5,
    wells=(2, 6),
    screen=(8, 12),
    field=128,
    screen_field=64,
)


def make(folder: Path, sizes: Sizes) -> None:
    """Everything, unless it is there already."""
    done = folder / "made.json"
    stamp = json.dumps([3, repr(sizes)])
    if done.is_file() and done.read_text() == stamp:
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pixels = micrograph(sizes.image, seed=0)
    one = (1, 1, 1, sizes.chunk, sizes.chunk)
    shard = (1, 1, 8, 2 * sizes.chunk, 2 * sizes.chunk)
    write_image(folder / "warm.zarr", pixels[:1, :, :1, :64, :64], sizes, zarr_format=2, chunks=one)
    write_image(folder / "img04.zarr", pixels, sizes, zarr_format=2, chunks=one)
    write_image(folder / "img05.zarr", pixels, sizes, zarr_format=3, chunks=one)
    write_image(
        folder / "img05s.zarr",
        pixels,
        sizes,
        zarr_format=3,
        chunks=(1, 1, 1, sizes.inner, sizes.inner),
        shards=shard,
    )
    write_plate(folder / "plate04.zarr", wells=sizes.wells, side=sizes.field, fields=2, levels=3)
    write_plate(folder / "screen04.zarr", wells=sizes.screen, side=sizes.screen_field, fields=1, levels=2)
    done.write_text(stamp)


def micrograph(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Blobs of light on a dark ground, with the noise of a camera."""
    random = np.random.default_rng(seed)
    side = shape[-1]
    grid = np.arange(side, dtype=np.float32)
    scene = np.full(shape[-2:], 110, np.float32)
    for _ in range(60):
        (y, x), width, light = (
            random.uniform(0, side, 2),
            random.uniform(side / 60, side / 20),
            random.uniform(100, 1500),
        )
        across, down = (np.exp(-((grid - centre) ** 2) / (2 * width**2)) for centre in (x, y))
        scene += light * down[:, None] * across
    out = np.empty(shape, np.uint16)
    for place in np.ndindex(shape[:-2]):
        noise = random.standard_normal(shape[-2:], dtype=np.float32)
        out[place] = np.maximum(scene + noise * np.sqrt(scene) / 2, 0)
    return out


def write_image(
    path: Path,
    pixels: np.ndarray,
    sizes: Sizes,
    *,
    zarr_format: int,
    chunks: tuple[int, ...],
    shards: tuple[int, ...] | None = None,
) -> None:
    """An image with levels, channel names and a label image."""
    channels = [
        {"label": name, "color": color, "window": {"start": 0, "end": 1500, "min": 0, "max": 65535}}
        for name, color in (("DAPI", "0000FF"), ("GFP", "00FF00"))
    ]
    levels = pyramid(pixels, sizes.levels)
    write_group(path, levels, AXES, zarr_format, chunks, shards, {"omero": {"channels": channels}})
    mask = [(level[:1, :1] > 400).astype(np.uint8) for level in levels]
    flat = tuple(min(c, n) for c, n in zip(chunks, mask[0].shape, strict=True))
    write_group(path / "labels" / "cells", mask, AXES, zarr_format, flat, None, {"image-label": {}})
    attributes = {"labels": ["cells"]}
    put_attributes(path / "labels", attributes, zarr_format)


def pyramid(pixels: np.ndarray, levels: int) -> list[np.ndarray]:
    """Every second pixel of the level before."""
    found = [pixels]
    for _ in range(levels - 1):
        found.append(found[-1][..., ::2, ::2])
    return found


def write_group(
    path: Path,
    levels: list[np.ndarray],
    axes: list[dict[str, str]],
    zarr_format: int,
    chunks: tuple[int, ...],
    shards: tuple[int, ...] | None,
    further: dict[str, Any],
) -> None:
    """One multiscale group."""
    datasets = []
    for number, data in enumerate(levels):
        options: dict[str, Any] = {"shards": shards} if shards else {}
        if zarr_format == 2:
            import numcodecs

            options["chunk_key_encoding"] = {"name": "v2", "separator": "/"}
            options["compressors"] = numcodecs.Blosc("zstd", 5, numcodecs.Blosc.SHUFFLE)
        else:
            options["compressors"] = ZSTD if shards else BLOSC_V3
        if not shards:
            options["chunks"] = tuple(min(c, n) for c, n in zip(chunks, data.shape, strict=True))
        else:
            options["chunks"] = chunks
        array = zarr.create_array(
            path / str(number), shape=data.shape, dtype=data.dtype, zarr_format=zarr_format, **options
        )
        array[...] = data
        step = float(2**number)
        scale = [0.25 * step if axis["name"] in "yx" else 1.0 for axis in axes]
        transform = [{"type": "scale", "scale": scale}]
        datasets.append({"path": str(number), "coordinateTransformations": transform})
    entry = {"name": path.name, "axes": axes, "datasets": datasets}
    put_attributes(path, {"multiscales": [entry], **further}, zarr_format)


def put_attributes(path: Path, block: dict[str, Any], zarr_format: int) -> None:
    """A group with its attributes, in the form of 0.4 or 0.5."""
    path.mkdir(parents=True, exist_ok=True)
    if zarr_format == 3:
        attributes = {"ome": {"version": "0.5", **block}}
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        (path / "zarr.json").write_text(json.dumps(document))
        return
    for entry in block.get("multiscales", []):
        entry["version"] = "0.4"
    (path / ".zgroup").write_text('{"zarr_format": 2}')
    (path / ".zattrs").write_text(json.dumps(block))


def write_plate(path: Path, *, wells: tuple[int, int], side: int, fields: int, levels: int) -> None:
    """A plate of 0.4; every field is the same scene under a light of its own."""
    rows = [chr(ord("A") + n) for n in range(wells[0])]
    columns = [str(n + 1) for n in range(wells[1])]
    scene = micrograph((2, side, side), seed=1) // 2
    axes = [axis for axis in AXES if axis["name"] in "cyx"]
    chunks = (1, side // 2, side // 2)
    listed = []
    for r, row in enumerate(rows):
        for c, column in enumerate(columns):
            well = path / row / column
            for field in range(fields):
                light = np.uint16(1 + (r * wells[1] + c) * fields + field)
                write_group(well / str(field), pyramid(scene + light, levels), axes, 2, chunks, None, {})
            images = [{"path": str(field)} for field in range(fields)]
            put_attributes(well, {"well": {"version": "0.4", "images": images}}, 2)
            listed.append({"path": f"{row}/{column}", "rowIndex": r, "columnIndex": c})
        put_attributes(path / row, {}, 2)
    plate = {
        "version": "0.4",
        "rows": [{"name": row} for row in rows],
        "columns": [{"name": column} for column in columns],
        "wells": listed,
        "field_count": fields,
    }
    put_attributes(path, {"plate": plate}, 2)
