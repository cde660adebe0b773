"""What a zarr group's attributes describe, whatever the version."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from fairlab.copied import image_above
from fairlab.errors import FormatError, MetadataError, UnsupportedVersionError
from fairlab.ngff import labels, plates
from fairlab.ngff.channels import channels
from fairlab.ngff.identity import block_of, dialect, kind_of, version_of
from fairlab.ngff.multiscales import entries
from fairlab.ngff.paths import inner_path
from fairlab.ngff.transforms import finest_first
from fairlab.ngff.values import broken, shown, text
from fairlab.ngff.versions import v01_v03, v04, v06, without_draft

if TYPE_CHECKING:
    from fairlab.ngff.model import Image, Plate, Well

Attributes = Mapping[str, Any]
_OF_GROUPS: Final = ("coordinateSystems", "coordinateTransformations", "scene")
"""Geometry that a group may state beside its images; it places them in other spaces, and is kept."""
__all__ = ["image", "image_names", "kind_of", "label_names", "plate", "series", "version_of", "well"]


class Reader(Protocol):
    """One version's reading of one entry of ``multiscales``."""

    def __call__(self, entry: Attributes, *, version: str, place: str, where: str) -> Image:
        """Axes, levels and what else the version states of geometry."""


READERS: Final[dict[str, Reader]] = {
    "0.1": v01_v03.image,
    "0.2": v01_v03.image,
    "0.3": v01_v03.image,
    "0.4": v04.image,
    "0.5": v04.image,
    "0.6": v06.image,
}


def image_names(attributes: Attributes, *, where: str) -> tuple[str, ...]:
    """Names of all multiscale images that a group's attributes list; empty text for one without a name.

    Nothing else is looked at: whether each of them can be read is for :func:`image` to say.

    Raises
    ------
    FormatError
        kind ``"no-multiscales"`` or ``"scene"``.
    MetadataError
        kind ``"multiscales"``: it is no list, or an empty one.

    Examples
    --------
    >>> image_names({"multiscales": [{"name": "scan"}, {}, None]}, where="here")
    ('scan', '', '')
    """
    stated = entries(_block(attributes, where), where=where)
    return tuple((text(entry.get("name")) or "") if isinstance(entry, Mapping) else "" for entry in stated)


def image(
    attributes: Attributes, *, zarr_format: int, where: str, number: int = 0, inside: str = ""
) -> Image:
    """One image that a group's attributes describe; what else the group holds may be broken.

    Parameters
    ----------
    attributes : mapping
        Content of ``.zattrs``, or ``attributes`` of ``zarr.json``.
    zarr_format : int
        2 or 3.
    where : str
        Address of the group, for messages.
    number : int
        Which one, where there are several.
    inside : str
        Path of the group in its store: what a label image states as its source is relative to it.

    Raises
    ------
    UnsupportedVersionError
        kind ``"version-unsupported"``.
    FormatError
        kind ``"no-multiscales"`` or ``"scene"``.
    MetadataError
        A MUST of the specification is broken in a way that makes reading a guess.
    """
    block = _block(attributes, where)
    version, remarks = _version(attributes, zarr_format, where, number)
    entry = entries(block, where=where)[number]
    if not isinstance(entry, Mapping):
        raise broken(f"multiscales[{number}] is {shown(entry)}; expected an object", "multiscales", where)
    version, odd = dialect(version, entry)
    found = READERS[version](entry, version=version, place=f"multiscales[{number}]", where=where)
    found = finest_first(found)
    more = _falling(found)
    label = labels.facts(block, inside=inside, remarks=more)
    beyond = {f"group/{key}": block[key] for key in _OF_GROUPS if key in block}
    return dataclasses.replace(
        found,
        channels=channels(block),
        is_label="image-label" in block,
        label=label,
        kept={**found.kept, **beyond},
        remarks=(*remarks, *odd, *found.remarks, *more),
    )


def _falling(image: Image) -> list[str]:
    """Axes that are stated to run backwards, as some who turn an image do; no specification has them."""
    names = [
        axis.name for n, axis in enumerate(image.axes) if any(level.scale[n] < 0 for level in image.levels)
    ]
    return [f"positions fall along {', '.join(names)}: a scale below zero is stated"] if names else []


def plate(attributes: Attributes, *, zarr_format: int, where: str) -> Plate:
    """The plate that a group's attributes describe.

    Raises
    ------
    UnsupportedVersionError
        kind ``"version-unsupported"``.
    MetadataError
        kinds ``"plate"``, ``"plate-rows"``, ``"plate-columns"``, ``"plate-wells"``, ``"plate-size"``,
        ``"path"``, ``"path-outside"``; ``"well-unknown"``: a well is in no row or column of the plate;
        ``"well-position"``: its path and its indices disagree; ``"well-duplicate"``: two are in one place.

    Examples
    --------
    >>> stated = {"rows": [{"name": "A"}], "columns": [{"name": "03"}], "wells": [{"path": "A/03", "gene": "TP53"}]}
    >>> plate({"plate": stated}, zarr_format=2, where="here").wells
    (PlateWell(path='A/03', row=0, column=0, annotations={'gene': 'TP53'}),)
    """
    version, _ = _version(attributes, zarr_format, where)
    return plates.plate(block_of(attributes), version=version, where=where)


def well(attributes: Attributes, *, zarr_format: int, where: str) -> Well:
    """The well that a group's attributes describe.

    Raises
    ------
    UnsupportedVersionError
        kind ``"version-unsupported"``.
    MetadataError
        kinds ``"well-images"``, ``"path"``, ``"path-outside"`` and ``"field-duplicate"``.

    Examples
    --------
    >>> well({"well": {"images": [{"path": "0", "acquisition": 1}]}}, zarr_format=2, where="here").fields
    (Field(path='0', acquisition=1),)
    """
    version, _ = _version(attributes, zarr_format, where)
    return plates.well(block_of(attributes), version=version, where=where)


def series(attributes: Attributes, *, where: str = "OME") -> tuple[str, ...] | None:
    """Paths of the images that the ``OME`` group of a collection lists, or None when it lists none.

    Raises
    ------
    MetadataError
        kinds ``"series"`` and ``"path-outside"``.

    Examples
    --------
    >>> series({"ome": {"version": "0.5", "series": ["0", "1"]}})
    ('0', '1')
    """
    stated = block_of(attributes).get("series")
    if stated is None:
        return None
    if not isinstance(stated, list) or not all(isinstance(path, str) for path in stated):
        raise broken(f"series is {shown(stated)}; expected a list of paths", "series", where)
    return tuple(inner_path(path, where=where) for path in stated)


def label_names(attributes: Attributes, *, where: str) -> tuple[str, ...]:
    """Paths of the label images that the attributes of a ``labels`` group list; empty when there is no list.

    Raises
    ------
    MetadataError
        kinds ``"labels"`` and ``"path-outside"``.

    Examples
    --------
    >>> label_names({"labels": ["nuclei", "cells/0"]}, where="here")
    ('nuclei', 'cells/0')
    """
    return labels.names(block_of(attributes), where=where)


def scene_images(attributes: Attributes) -> tuple[str, ...]:
    """Paths of the images that a scene (0.6) places in one space; what is no path inside the store is left out.

    Examples
    --------
    >>> step = {"type": "identity", "input": {"path": "a", "name": "physical"}, "output": {"name": "world"}}
    >>> scene_images({"ome": {"version": "0.6", "scene": {"coordinateTransformations": [step]}}})
    ('a',)
    """
    scene = block_of(attributes).get("scene")
    steps = scene.get("coordinateTransformations") if isinstance(scene, Mapping) else None
    found: dict[str, None] = {}
    for step in steps if isinstance(steps, list) else ():
        for end in (step.get("input"), step.get("output")) if isinstance(step, Mapping) else ():
            path = end.get("path") if isinstance(end, Mapping) else None
            if isinstance(path, str):
                with suppress(MetadataError):
                    found[inner_path(path, where="scene")] = None
    return tuple(found)


def _block(attributes: Attributes, where: str) -> Attributes:
    """The attributes of an image; another kind of group is refused by name."""
    kind = kind_of(attributes)
    if kind == "image":
        return block_of(attributes)
    if kind == "scene":
        paths = ", ".join(scene_images(attributes)[:10]) or "its metadata names none"
        what = f"this is a scene, which places images in one space\n  at {where}\n  open one of its images: {paths}"
    else:
        above = image_above(where)
        instead = (
            f"the image may be {above}" if above else "a plain zarr array can be opened with xarray or zarr"
        )
        what = (
            f"there is zarr here, but no multiscale image\n  at {where}\n"
            f"  expected the attribute multiscales; {instead}"
        )
    raise FormatError(what, kind="scene" if kind == "scene" else "no-multiscales", url=where)


def _version(
    attributes: Attributes, zarr_format: int, where: str, number: int = 0
) -> tuple[str, tuple[str, ...]]:
    """Version without its draft number (``0.6rc0``, ``0.6.dev4``), and what is odd about it."""
    stated, sure = version_of(attributes, zarr_format=zarr_format, position=number)
    version = without_draft(stated)
    if version not in READERS:
        raise UnsupportedVersionError(
            f"OME-Zarr version {shown(stated)} is not one fairlab reads\n  at {where}\n"
            f"  it reads {', '.join(READERS)}; a newer fairlab may read it",
            kind="version-unsupported",
            url=where,
            version=stated[:80],
        )
    if not sure:
        return version, (f"no version is stated; {version} was inferred from what is there",)
    if (version >= "0.5") != (zarr_format == 3):
        return version, (f"OME-Zarr {version} is stated, but the store is zarr v{zarr_format}",)
    return version, ()
