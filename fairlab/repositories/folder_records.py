"""From what a store says of itself, and the RO-Crate in it, to a record."""

from __future__ import annotations

import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fairlab.errors import FormatError
from fairlab.fair import crate_reader
from fairlab.net.arrival import cleaned
from fairlab.net.documents import Documents
from fairlab.net.image_group import CRATE, read_attributes, read_group
from fairlab.net.plate_group import read_plate
from fairlab.ngff import group
from fairlab.ngff.units import LENGTHS_M
from fairlab.record import Record, Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.net.store import Store
    from fairlab.ngff.model import Image

SCHEME: Final = "folder"
"""Scheme of the identifiers of what is found in folders: ``"folder:/data/a.zarr"``."""

Facts = dict[str, tuple[Any, Source]]
"""Field of a record to its value and where that was read."""


class Found(NamedTuple):
    """What is at the root of a store."""

    kind: str
    """``"image"``, ``"label"``, ``"plate"``, ``"bioformats2raw"``, ``"well"``, ``"labels"``, ``"scene"``, ``"array"``,
    ``"group"`` (zarr, but not of OME) or ``"none"``."""
    record: Record | None = None
    """The record of what opens as one image, plate or collection; None for all else."""


def look(store: Store, address: str, *, within: str | None = None) -> Found:
    """What is at the root of a store, with its record when it is an image, a plate or a collection.

    Parameters
    ----------
    store : Store
        Opened at ``address``.
    address : str
        What opens it again; it becomes the record's ``url``, and its identifier after ``folder:``.
    within : str, optional
        Name of the place that was looked through: its records stand together under it (``accession``).

    Raises
    ------
    FormatError
        There is OME-Zarr, but it is not whole or not of a version that is read.
    """
    found = Documents(store)
    found.ask(("zarr.json", ".zattrs", ".zgroup", ".zarray", CRATE))
    try:
        attributes, zarr_format = read_attributes(found, "", beside=())
    except FormatError as exc:
        if exc.kind == "array" or found[".zarray"] is not None:
            return Found("array")
        if exc.kind == "no-zarr":
            return Found("none" if found[".zgroup"] is None else "group")
        raise
    kind = group.kind_of(attributes) or "group"
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    here = Source(document=store.location, retrieved_at=now)
    facts = _version(attributes, zarr_format, here)
    if kind == "image":
        whole = read_group(store)
        if whole.image.is_label:
            return Found("label")
        facts |= _image(whole.image, whole.readers[0].shape, whole.image.name, here)
        facts["has_labels"] = (bool(whole.labels), dataclasses.replace(here, pointer="labels"))
    elif kind == "plate":
        plate = read_plate(store)
        facts |= _image(plate.fields.template.image, plate.shapes[0], plate.plate.name, here)
    elif kind != "bioformats2raw":
        return Found(kind)
    beside = Source(document=f"{store.location}/{CRATE}", retrieved_at=now)
    facts = {**crate_reader.facts(found.beside(CRATE), source=beside), **facts}
    return Found(kind, _record(kind, facts, address, within, here))


def _version(attributes: Mapping[str, Any], zarr_format: int, here: Source) -> Facts:
    version, stated = group.version_of(attributes, zarr_format=zarr_format)
    basis = dataclasses.replace(here, pointer="version", basis="asserted" if stated else "inferred")
    return {"ngff_version": (version, basis)}


def _image(image: Image, shape: tuple[int, ...], title: str | None, here: Source) -> Facts:
    def at(pointer: str) -> Source:
        return dataclasses.replace(here, pointer=pointer)

    first = image.levels[0]
    found: Facts = {
        "axes": (tuple(axis.name for axis in image.axes), at("multiscales/0/axes")),
        "shape": (shape, at(f"multiscales/0/datasets/0 ({first.path})")),
        "pixel_size": (
            {
                axis.name: round(abs(scale) * LENGTHS_M[axis.unit] / 1e-6, 9)
                for axis, scale in zip(image.axes, first.scale, strict=True)
                if axis.unit in LENGTHS_M and image.scales_stated
            },
            at("multiscales/0/datasets/0/coordinateTransformations"),
        ),
        "channels": (
            tuple(channel.label for channel in image.channels if channel.label),
            at("omero/channels"),
        ),
        "title": (title, at("name")),
    }
    return {name: pair for name, pair in found.items() if pair[0]}


def _record(kind: str, facts: Facts, address: str, within: str | None, here: Source) -> Record:
    facts = {name: (_harmless(value), source) for name, (value, source) in facts.items()}
    facts = {name: pair for name, pair in facts.items() if pair[0] not in (None, "", ())}
    return Record(
        id=f"{SCHEME}:{address}",
        kind="image",
        repository=SCHEME,
        accession=within,
        url=address,
        layout=kind,
        **{name: value for name, (value, _) in facts.items()},
        sources={
            "*": dataclasses.replace(here, basis="inferred"),
            "layout": dataclasses.replace(here, pointer="attributes"),
            **{name: source for name, (_, source) in facts.items()},
        },
    )


def _harmless(value: Any) -> Any:
    """A value without addresses of people and without characters that steer a terminal."""
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(one for one in map(_harmless, value) if one != "")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        plain = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
        return dataclasses.replace(value, **{n: cleaned(v) for n, v in plain.items() if isinstance(v, str)})
    return cleaned(value)
