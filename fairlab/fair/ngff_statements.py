"""What OME-Zarr attributes and the metadata of arrays state, each with its JSON pointer."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fairlab.errors import FormatError, MetadataError
from fairlab.fair.values import plain_text, quantity
from fairlab.ngff import group
from fairlab.ngff.identity import block_of, kind_of, version_of
from fairlab.ngff.paths import inner_reference
from fairlab.use_conditions import stated as stated_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fairlab.ngff.model import Image

Told = tuple[str, Any, Any, str]
"""Path, value, raw value, place."""
_KINDS = {"bioformats2raw": "collection", "scene": "collection"}


def group_statements(attributes: Mapping[str, Any], *, zarr_format: int) -> Iterator[Told]:
    """What the attributes of the probed group say of it: its kind, its version, its name, conditions of use."""
    base, block = _base(attributes, zarr_format), block_of(attributes)
    kind = "labels" if "image-label" in block else kind_of(attributes)
    if kind is not None:
        yield "identity.object_type", _KINDS.get(kind, kind), None, base
        yield "image.format.name", "OME-Zarr", None, base
        yield "image.layout", kind if kind in ("image", "plate", "bioformats2raw") else None, None, base
        version, is_stated = version_of(attributes, zarr_format=zarr_format)
        if is_stated:
            yield "image.format.ngff_version", version, None, base
    plate = block.get("plate")
    if isinstance(plate, Mapping):
        yield "study.component.name", plain_text(plate.get("name")), None, f"{base}/plate/name"
    told = stated_conditions(attributes)
    yield "access.conditions", list(told.codes), None, base
    yield "access.embargo_until", told.embargo_until, None, base
    yield "access.residency", dict(told.residency), None, base
    yield "access.level", told.level, None, base
    stats = attributes.get("_ome2024_ngff_challenge_stats")
    written = stats.get("written") if isinstance(stats, Mapping) else None
    if isinstance(written, int) and written > 0:
        yield "image.bytes", written, None, f"{base}/_ome2024_ngff_challenge_stats/written"


def image_statements(
    attributes: Mapping[str, Any], *, zarr_format: int, where: str, shape: Sequence[int] = ()
) -> Iterator[Told]:
    """What the attributes of an image say of its pixels; nothing where they cannot be read."""
    base, block = _base(attributes, zarr_format), block_of(attributes)
    try:
        image = group.image(attributes, zarr_format=zarr_format, where=where)
    except FormatError:  # what is broken in them is a validator's to say
        return
    place = f"{base}/multiscales/0"
    yield "image.name", plain_text(image.name), None, f"{place}/name"
    yield (
        "image.kind",
        "labels" if image.is_label else "intensities",
        None,
        f"{base}/image-label" if image.is_label else place,
    )
    yield (
        "image.axes",
        [_known({"name": a.name, "type": a.type, "unit": a.unit}) for a in image.axes],
        None,
        f"{place}/axes",
    )
    yield (
        "image.levels",
        [{"path": one.path, "scale": list(one.scale)} for one in image.levels],
        None,
        f"{place}/datasets",
    )
    yield from _scale(image, place, shape)
    channels = [
        _known({"label": plain_text(c.label), "color": c.color, "window": c.window}) for c in image.channels
    ]
    if any(channels):
        yield "image.channels", channels, None, f"{base}/omero/channels"
    yield from _processing(block, place)
    omero = block.get("omero")
    listed = omero.get("channels") if isinstance(omero, Mapping) else None
    flags = (
        [one.get("inverted") for one in listed if isinstance(one, Mapping)]
        if isinstance(listed, list)
        else []
    )
    if any(isinstance(flag, bool) for flag in flags):
        yield "image.contrast_inversion", any(flag is True for flag in flags), None, f"{base}/omero/channels"
    if source := _labelled(block):
        yield (
            "relations",
            [{"type": "IsDerivedFrom", "target": source}],
            None,
            f"{base}/image-label/source/image",
        )


def array_statements(document: Mapping[str, Any]) -> Iterator[Told]:
    """What the metadata of the full-resolution array says."""
    v3 = document.get("zarr_format") == 3
    shape, chunks = document.get("shape"), document.get("chunks")
    yield "image.shape", _sizes(shape), None, "/shape"
    yield (
        "image.dtype",
        _dtype(document.get("data_type" if v3 else "dtype")),
        document.get("data_type" if v3 else "dtype"),
        ("/data_type" if v3 else "/dtype"),
    )
    yield "image.format.zarr_format", 3 if v3 else 2, None, "/zarr_format"
    yield "image.format.codecs", _codecs(document), None, "/codecs" if v3 else "/compressor"
    if v3:
        grid = document.get("chunk_grid")
        inside = grid.get("configuration") if isinstance(grid, Mapping) else None
        chunks = inside.get("chunk_shape") if isinstance(inside, Mapping) else None
        shard = next(
            (one for one in _named(document.get("codecs")) if one.get("name") == "sharding_indexed"), None
        )
        if shard is not None:
            yield "image.shards", _sizes(chunks), None, "/chunk_grid/configuration/chunk_shape"
            within = shard.get("configuration")
            chunks = within.get("chunk_shape") if isinstance(within, Mapping) else None
    yield "image.chunks", _sizes(chunks), None, "/chunk_grid" if v3 else "/chunks"


def _base(attributes: Mapping[str, Any], zarr_format: int) -> str:
    within = "" if block_of(attributes) is attributes else "/ome"
    return ("/attributes" if zarr_format == 3 else "") + within


def _scale(image: Image, place: str, shape: Sequence[int]) -> Iterator[Told]:
    if not image.scales_stated:
        return
    steps = dict(zip((axis.name for axis in image.axes), image.levels[0].scale, strict=True))
    measured = {
        axis.name: quantity(abs(steps[axis.name]), axis.unit)
        for axis in image.axes
        # The specification wants 1.0 where the size is unknown: without a unit it says nothing.
        if axis.type in ("space", "time") and (axis.unit or steps[axis.name] != 1)
    }
    scale = {name: value for name, value in measured.items() if value}
    raw = list(image.levels[0].scale)
    yield "image.scale", scale, raw, f"{place}/datasets/0/coordinateTransformations"
    sizes = dict(zip((axis.name for axis in image.axes), shape, strict=False))
    extent = {
        name: {**step, "value": round(step["value"] * sizes[name], 9)}
        for name, step in scale.items()
        if name in sizes
    }
    yield "image.extent", extent, None, f"{place}/datasets/0"


def _processing(block: Mapping[str, Any], place: str) -> Iterator[Told]:
    entry = (block.get("multiscales") or [None])[0]
    if not isinstance(entry, Mapping):
        return
    stated = entry.get("metadata")
    told = stated if isinstance(stated, Mapping) else {}
    tool = plain_text(told.get("method")) or plain_text(entry.get("type"))
    if tool:
        parameters = told.get("kwargs") if isinstance(told.get("kwargs"), Mapping) else None
        found = {"tool": tool, "version": plain_text(told.get("version")), "parameters": parameters}
        yield "processing", [_known(found)], None, f"{place}/metadata" if told else f"{place}/type"


def _labelled(block: Mapping[str, Any]) -> str | None:
    label = block.get("image-label")
    source = label.get("source") if isinstance(label, Mapping) else None
    path = source.get("image") if isinstance(source, Mapping) else None
    with suppress(MetadataError):
        # Two groups up is where the image lies; what climbs further leaves the store.
        return path if inner_reference(path, inside="labels/name", where="") is not None else None
    return None


def _known(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _sizes(stated: Any) -> list[int] | None:
    if isinstance(stated, list) and all(isinstance(n, int) and not isinstance(n, bool) for n in stated):
        return stated
    return None


def _dtype(stated: Any) -> str | None:
    """``"<u2"`` and ``"uint16"`` alike as ``"uint16"``."""
    import numpy as np

    if not isinstance(stated, str):
        return None
    with suppress(TypeError, ValueError):
        return str(np.dtype(stated).newbyteorder("=").name)
    return stated


def _codecs(document: Mapping[str, Any]) -> list[str]:
    entries: list[Any] = []
    if document.get("zarr_format") == 3:
        entries = _named(document.get("codecs"))
        inner = [one.get("configuration") for one in entries if one.get("name") == "sharding_indexed"]
        entries += [two for one in inner if isinstance(one, Mapping) for two in _named(one.get("codecs"))]
        return [str(one["name"]) for one in entries if isinstance(one.get("name"), str)]
    filters = document.get("filters")
    entries = [*(filters if isinstance(filters, list) else []), document.get("compressor")]
    return [str(one["id"]) for one in entries if isinstance(one, Mapping) and isinstance(one.get("id"), str)]


def _named(stated: Any) -> list[Mapping[str, Any]]:
    return [one for one in stated if isinstance(one, Mapping)] if isinstance(stated, list) else []
