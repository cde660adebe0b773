"""Small valid OME-Zarr stores of every version: broken data is one edit of these.

Images go through zarr; plates, of which some are large, are written file by file.
"""

from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    Edit = Callable[[dict[str, Any]], None]

VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
AXES = {
    "t": {"name": "t", "type": "time", "unit": "second"},
    "c": {"name": "c", "type": "channel"},
    "z": {"name": "z", "type": "space", "unit": "micrometer"},
    "y": {"name": "y", "type": "space", "unit": "micrometer"},
    "x": {"name": "x", "type": "space", "unit": "micrometer"},
}


def pixels(shape: tuple[int, ...], dtype: str = "uint16", seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 200, shape).astype(dtype)


def zarr_format_of(version: str) -> int:
    return 2 if version < "0.5" else 3


# ── images ───────────────────────────────────────────────────────────────────────────────────────────


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
    label_facts: dict[str, Any] | None = None,
    compressor: Any = "auto",
    order: str = "C",
    separator: str | None = None,
    name: str = "a test image",
    seed: int = 0,
    edit: Edit | None = None,
) -> np.ndarray:
    """Write an image; returns its full-resolution pixels.

    ``edit`` changes the attributes before writing, ``label_facts`` is the ``image-label`` block (colours,
    properties, source) of each label image. Images of 0.1 and 0.2 have the axes ``tczyx``, which are not
    written down. ``separator`` of chunk keys is ``.`` in 0.1 and ``/`` elsewhere, unless given.
    """
    full = pixels(shape, dtype, seed)
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format_of(version))
    storage = {"chunk": chunk, "compressor": compressor, "order": order, "separator": separator}
    entry = _multiscale(group, full, axes, levels, scale, version, name, shards=shards, **storage)
    put_attributes(path, {"multiscales": [entry], **_omero(axes, shape)}, version, edit)
    if labels:
        put_attributes(path / "labels", {"labels": list(labels)}, version, create=True)
        plain = axes if version < "0.3" else axes.replace("c", "")
        mask = full.astype("int32")
        if "c" in axes:
            mask = np.take(mask, [0] if plain == axes else 0, axis=axes.index("c"))
        for label in labels:
            sub = zarr.open_group(path / "labels" / label, mode="w", zarr_format=zarr_format_of(version))
            entry = _multiscale(sub, mask, plain, levels, scale, version, label, **storage)
            block = {"multiscales": [entry], "image-label": dict(label_facts or {})}
            put_attributes(path / "labels" / label, block, version)
    return full


def write_several(path: Path, names: Sequence[str], *, version: str = "0.5") -> list[np.ndarray]:
    """Write one group with several multiscales, all ``cyx``; returns the pixels of each."""
    group = zarr.open_group(path, mode="w", zarr_format=zarr_format_of(version))
    images, entries = [], []
    for number, name in enumerate(names):
        images.append(pixels((2, 40, 60 + 10 * number), seed=number))
        entries.append(
            _multiscale(group, images[-1], "cyx", 2, 0.5, version, name, prefix="" if not number else name)
        )
    put_attributes(path, {"multiscales": entries, **_omero("cyx", (2,))}, version)
    return images


def write_collection(
    path: Path,
    names: Sequence[str],
    *,
    version: str = "0.4",
    listed: bool = True,
    xml: bool = True,
    **options: Any,
) -> list[np.ndarray]:
    """Write a collection as bioformats2raw lays it out; returns the pixels of each image.

    ``listed``: the ``OME`` group names the series; ``xml``: its OME-XML names the images.
    """
    put_attributes(path, {"bioformats2raw.layout": 3}, version, create=True)
    images = [
        write_store(path / str(number), version=version, seed=number, name="", **options)
        for number in range(len(names))
    ]
    if listed:
        put_attributes(path / "OME", {"series": [str(n) for n in range(len(names))]}, version, create=True)
    if xml:
        (path / "OME").mkdir(exist_ok=True)
        (path / "OME" / "METADATA.ome.xml").write_text(ome_xml(names), "utf-8")
    return images


def ome_xml(names: Sequence[str]) -> str:
    """A small OME-XML document that describes images of these names."""
    images = "".join(
        f'<Image ID="Image:{number}" Name="{name}"><Pixels ID="Pixels:{number}" DimensionOrder="XYZCT" '
        'Type="uint16" SizeX="60" SizeY="40" SizeZ="1" SizeC="2" SizeT="1" PhysicalSizeX="0.5" '
        'PhysicalSizeXUnit="µm" PhysicalSizeY="0.5"><Channel ID="Channel:0:0" Name="DAPI"/>'
        '<Channel ID="Channel:0:1" Name="GFP"/><MetadataOnly/></Pixels></Image>'
        for number, name in enumerate(names)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">{images}</OME>'
    )


def _multiscale(
    group: zarr.Group,
    full: np.ndarray,
    axes: str,
    levels: int,
    scale: float,
    version: str,
    name: str,
    *,
    chunk: int = 16,
    shards: int | None = None,
    compressor: Any = "auto",
    order: str = "C",
    separator: str | None = None,
    prefix: str = "",
) -> dict[str, Any]:
    """Write the arrays of one image; returns its metadata."""
    paths = [f"{prefix}/{level}".lstrip("/") for level in range(levels)]
    for level, path in enumerate(paths):
        data = shrunk(full, axes, level)
        chunks = tuple(min(chunk, n) if a in "yx" else 1 for a, n in zip(axes, data.shape, strict=True))
        options: dict[str, Any] = (
            {"order": order} if group.metadata.zarr_format == 2 else {"dimension_names": list(axes)}
        )
        if group.metadata.zarr_format == 3 and order == "F":
            options["filters"] = [
                {"name": "transpose", "configuration": {"order": [*range(data.ndim)][::-1]}}
            ]
        if shards:
            options["shards"] = tuple(
                c * shards if a in "yx" else 1 for a, c in zip(axes, chunks, strict=True)
            )
        form = "v2" if group.metadata.zarr_format == 2 else "default"
        array = group.create_array(
            path,
            shape=data.shape,
            chunks=chunks,
            dtype=data.dtype,
            compressors=compressor,
            chunk_key_encoding={
                "name": form,
                "separator": separator or ("." if version == "0.1" else "/"),
            },
            **options,
        )
        array[...] = data
    return multiscale_entry(paths, axes, scale, version, name)


def shrunk(full: np.ndarray, axes: str, level: int) -> np.ndarray:
    """Pixels of a level: every second one of the level before, on ``y`` and ``x``."""
    return full[tuple(slice(None, None, 2**level) if a in "yx" else slice(None) for a in axes)]


def multiscale_entry(
    paths: Sequence[str], axes: str, scale: float, version: str, name: str
) -> dict[str, Any]:
    """One entry of ``multiscales`` for levels that halve on ``y`` and ``x``, in the form of the version."""
    entry: dict[str, Any] = {"name": name} if name else {}
    if version in ("0.1", "0.2", "0.3"):
        stated = {"axes": list(axes)} if version == "0.3" else {}
        return {**entry, **stated, "datasets": [{"path": path} for path in paths]}
    placed: Any = [dict(AXES[a]) for a in axes]
    if version < "0.6":
        entry["axes"] = placed
    else:
        entry["coordinateSystems"] = [{"name": "physical", "axes": placed}]
    entry["datasets"] = []
    for level, path in enumerate(paths):
        step = 2**level
        transformations: list[dict[str, Any]] = [
            {"type": "scale", "scale": [scale * step if a in "yx" else 1.0 for a in axes]},
            {
                "type": "translation",
                "translation": [scale * (step - 1) / 2 if a in "yx" else 0.0 for a in axes],
            },
        ]
        if version >= "0.6":
            ends = {"input": {"path": path}, "output": {"name": "physical"}}
            transformations = [{"type": "sequence", "transformations": transformations, **ends}]
        entry["datasets"].append({"path": path, "coordinateTransformations": transformations})
    return entry


def _omero(axes: str, shape: tuple[int, ...]) -> dict[str, Any]:
    if "c" not in axes:
        return {}
    window = {"start": 0, "end": 200, "min": 0, "max": 255}
    names = [f"dye {i}" for i in range(shape[axes.index("c")])]
    return {
        "omero": {"channels": [{"label": name, "color": "0000FF", "window": dict(window)} for name in names]}
    }


# ── plates ───────────────────────────────────────────────────────────────────────────────────────────


def write_plate(
    path: Path,
    *,
    rows: Iterable[str] = "ABC",
    columns: Iterable[str] = ("1", "2", "3", "4"),
    wells: Iterable[tuple[int, int]] | None = None,
    fields: int | Callable[[int, int], Sequence[str]] = 2,
    acquisitions: Sequence[int] = (),
    version: str = "0.5",
    axes: str = "cyx",
    shape: tuple[int, ...] = (2, 32, 48),
    dtype: str = "uint16",
    levels: int = 2,
    chunk: int = 16,
    edit: Edit | None = None,
    edit_well: Callable[[int, int, dict[str, Any]], None] | None = None,
    edit_field: Callable[[int, int, int, dict[str, Any]], None] | None = None,
) -> np.ndarray:
    """Write a plate; returns its full-resolution pixels ``(row, column, field, *axes)``, zero where nothing is.

    ``wells`` are the positions that are there (default: all); ``fields`` is how many images each has, or the
    names of those of one well; with ``acquisitions``, fields belong to them in turn. The edits change the
    attributes of the plate, of the well at a position and of one field there.
    """
    rows, columns = tuple(rows), tuple(columns)
    there = sorted(itertools.product(range(len(rows)), range(len(columns))) if wells is None else wells)
    named: Callable[[int, int], Sequence[str]] = (
        (lambda row, column: [str(n) for n in range(fields)]) if isinstance(fields, int) else fields
    )
    most = max(len(named(*well)) for well in there)
    block: dict[str, Any] = {
        "name": "a test plate",
        "rows": [{"name": name} for name in rows],
        "columns": [{"name": name} for name in columns],
        "field_count": most,
        "wells": [{"path": f"{rows[r]}/{columns[c]}", **_indices(r, c, version)} for r, c in there],
    }
    if acquisitions:
        each = -(-most // len(acquisitions))
        block["acquisitions"] = [
            {"id": n, "name": f"run {n}", "maximumfieldcount": each} for n in acquisitions
        ]
    put_attributes(path, {"plate": block}, version, edit, create=True)
    full = np.zeros((len(rows), len(columns), most, *shape), np.dtype(dtype).newbyteorder("="))
    for number, (r, c) in enumerate(there):
        place = path / rows[r] / columns[c]
        put_attributes(path / rows[r], {}, version, create=True, bare=True)
        images: list[dict[str, Any]] = []
        for f, name in enumerate(named(r, c)):
            full[r, c, f] = pixels(shape, dtype, seed=number * most + f + 1)
            _write_field(place / name, full[r, c, f], axes, levels, chunk, version, dtype)
            attributes = {
                "multiscales": [multiscale_entry([str(k) for k in range(levels)], axes, 0.5, version, "")],
                **_omero(axes, shape),
            }
            put_attributes(place / name, attributes, version, _bound(edit_field, r, c, f), create=True)
            run = {"acquisition": acquisitions[f % len(acquisitions)]} if acquisitions else {}
            images.append({"path": name, **run})
        put_attributes(place, {"well": {"images": images}}, version, _bound(edit_well, r, c), create=True)
    return full


def _indices(row: int, column: int, version: str) -> dict[str, int]:
    return {"rowIndex": row, "columnIndex": column} if version >= "0.4" else {}


def _bound(edit: Callable[..., None] | None, *position: int) -> Edit | None:
    return None if edit is None else lambda attributes: edit(*position, attributes)


def _write_field(
    place: Path, full: np.ndarray, axes: str, levels: int, chunk: int, version: str, dtype: str
) -> None:
    for level in range(levels):
        write_array(place / str(level), shrunk(full, axes, level), axes, chunk, version, dtype)


def write_array(place: Path, data: np.ndarray, axes: str, chunk: int, version: str, dtype: str) -> None:
    """An uncompressed array, file by file."""
    chunks = [min(chunk, n) if a in "yx" else 1 for a, n in zip(axes, data.shape, strict=True)]
    separator = "." if version == "0.1" else "/"
    shape, stored = list(data.shape), np.dtype(dtype)
    place.mkdir(parents=True, exist_ok=True)
    if zarr_format_of(version) == 2:
        document: dict[str, Any] = {
            "zarr_format": 2, "shape": shape, "chunks": chunks, "dtype": stored.str, "fill_value": 0, "order": "C",
            "filters": None, "compressor": None, "dimension_separator": separator,
        }  # fmt: skip
        (place / ".zarray").write_text(json.dumps(document))
    else:
        document = {
            "zarr_format": 3, "node_type": "array", "shape": shape, "data_type": stored.name, "fill_value": 0,
            "dimension_names": list(axes),
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunks}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": separator}},
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], "attributes": {},
        }  # fmt: skip
        (place / "zarr.json").write_text(json.dumps(document))
    for cell in np.ndindex(*(-(-n // c) for n, c in zip(shape, chunks, strict=True))):
        window = tuple(slice(i * c, i * c + c) for i, c in zip(cell, chunks, strict=True))
        block = np.zeros(chunks, stored)
        part = data[window]
        block[tuple(slice(0, n) for n in part.shape)] = part
        key = separator.join(map(str, cell))
        file = place / (key if zarr_format_of(version) == 2 else f"c{separator}{key}")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(block.tobytes())


# ── attributes ───────────────────────────────────────────────────────────────────────────────────────


def put_attributes(
    path: Path,
    block: dict[str, Any],
    version: str,
    edit: Edit | None = None,
    *,
    create: bool = False,
    bare: bool = False,
) -> None:
    """Write a group's attributes in the form of the version; ``bare`` groups say nothing of OME."""
    path.mkdir(parents=True, exist_ok=True)
    attributes: dict[str, Any] = json.loads(json.dumps(block))
    if zarr_format_of(version) == 3:
        attributes = {} if bare else {"ome": {"version": version, **attributes}}
    else:
        for entry in (*attributes.get("multiscales", []), *_versioned(attributes)):
            entry["version"] = version
    if edit:
        edit(attributes)
    if zarr_format_of(version) == 3:
        document = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
        (path / "zarr.json").write_text(json.dumps(document))
        return
    if create:
        (path / ".zgroup").write_text('{"zarr_format": 2}')
    if not bare:
        (path / ".zattrs").write_text(json.dumps(attributes))


def _versioned(attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [attributes[name] for name in ("plate", "well", "image-label") if name in attributes]


def multiscale(attributes: dict[str, Any]) -> dict[str, Any]:
    """The first multiscale of attributes of any version, for editing."""
    entry: dict[str, Any] = attributes.get("ome", attributes)["multiscales"][0]
    return entry
