"""What a zarr group's attributes describe, whatever the version."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, Protocol

from fairlab.errors import FormatError, MetadataError, UnsupportedVersionError
from fairlab.ngff import labels, plates
from fairlab.ngff.channels import channels
from fairlab.ngff.identity import block_of, dialect, kind_of, version_of
from fairlab.ngff.multiscales import entries
from fairlab.ngff.paths import inner_path
from fairlab.ngff.values import broken, shown
from fairlab.ngff.versions import v01_v03, v04, v06

if TYPE_CHECKING:
    from fairlab.ngff.model import Image, Plate, Well

Attributes = Mapping[str, Any]
__all__ = ["image", "images", "kind_of", "label_names", "plate", "series", "version_of", "well"]


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


def images(attributes: Attributes, *, zarr_format: int, where: str, inside: str = "") -> tuple[Image, ...]:
    """All multiscale images that a group's attributes describe; see :func:`image`."""
    version, remarks = _version(attributes, zarr_format, where)
    block = _block(attributes, where)
    return tuple(
        _image(block, entry, n, version=version, remarks=remarks, inside=inside, where=where)
        for n, entry in enumerate(entries(block, where=where))
    )


def image(attributes: Attributes, *, zarr_format: int, where: str, inside: str = "") -> Image:
    """The image that a group's attributes describe; the first one when there are several.

    Parameters
    ----------
    attributes : mapping
        Content of ``.zattrs``, or ``attributes`` of ``zarr.json``.
    zarr_format : int
        2 or 3.
    where : str
        Address of the group, for messages.
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
    version, remarks = _version(attributes, zarr_format, where)
    stated = entries(block, where=where)
    if len(stated) > 1:
        remarks = (*remarks, f"the group holds {len(stated)} images; the first one was opened")
    return _image(block, stated[0], 0, version=version, remarks=remarks, inside=inside, where=where)


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
        what = (
            f"there is zarr here, but no multiscale image\n  at {where}\n"
            "  expected the attribute multiscales; a plain zarr array can be opened with xarray or zarr"
        )
    raise FormatError(what, kind="scene" if kind == "scene" else "no-multiscales", url=where)


def is_read(version: str) -> bool:
    """Whether images of a version are read; of drafts, as of what they became.

    Examples
    --------
    >>> is_read("0.1"), is_read("0.6rc0"), is_read("0.9")
    (True, True, False)
    """
    return _without_draft(version) in READERS


def _without_draft(version: str) -> str:
    match = re.fullmatch(r"(0\.\d)(?:[.-]?(?:dev|rc)\d*)?", version.strip())
    return match[1] if match else version


def _version(attributes: Attributes, zarr_format: int, where: str) -> tuple[str, tuple[str, ...]]:
    """Version without its draft number (``0.6rc0``, ``0.6.dev4``), and what is odd about it."""
    stated, sure = version_of(attributes, zarr_format=zarr_format)
    version = _without_draft(stated)
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


def _image(
    block: Attributes,
    entry: Attributes,
    position: int,
    *,
    version: str,
    remarks: tuple[str, ...],
    inside: str,
    where: str,
) -> Image:
    version, odd = dialect(version, entry)
    found = READERS[version](entry, version=version, place=f"multiscales[{position}]", where=where)
    more: list[str] = []
    label = labels.facts(block, inside=inside, remarks=more)
    return dataclasses.replace(
        found,
        channels=channels(block),
        is_label="image-label" in block,
        label=label,
        remarks=(*remarks, *odd, *found.remarks, *more),
    )
