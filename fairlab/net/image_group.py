"""From a store to an image group: its metadata, its arrays and its label images, in few round trips."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fairlab.errors import FairlabWarning, FormatError
from fairlab.net.fetch import ArrayReader, documents
from fairlab.net.http import Deadline
from fairlab.ngff import group
from fairlab.ngff.paths import inner_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.net.store import Store
    from fairlab.ngff.model import Image

CRATE = "ro-crate-metadata.json"
"""Where an RO-Crate lies in a store."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Metadata of one image group, its arrays, and its label images."""

    image: Image
    """What the metadata states."""
    readers: tuple[ArrayReader, ...]
    """One for each level, finest first."""
    labels: Mapping[str, Group] = field(default_factory=dict)
    """Label images by name."""
    crate: Mapping[str, Any] | None = None
    """The RO-Crate beside the image, where there is one."""


def read_group(store: Store) -> Group:
    """Everything that a store's metadata says about the image at its root, in at most three round trips.

    Raises
    ------
    FormatError
        No image is there (``"no-zarr"``, ``"no-multiscales"``, ``"plate"`` …) or it is not whole
        (``"level-missing"``, ``"axes-mismatch"``).
    """
    deadline = Deadline()
    first = documents(
        store, ["zarr.json", ".zattrs", "labels/zarr.json", "labels/.zattrs", CRATE], deadline=deadline
    )
    attributes, zarr_format = _attributes(first["zarr.json"], first[".zattrs"], store)
    image = _image(attributes, zarr_format, store)
    names = _label_names(first["labels/zarr.json"], first["labels/.zattrs"], store)
    document = "zarr.json" if zarr_format == 3 else ".zattrs"
    array_keys = _array_keys("", image, zarr_format)
    label_keys = [f"labels/{name}/{document}" for name in names]
    second = documents(store, [*array_keys, *label_keys], deadline=deadline)
    labels = {
        name: found
        for name, key in zip(names, label_keys, strict=True)
        if (found := _label_image(store, name, second[key], zarr_format))
    }
    third = documents(
        store,
        [key for name, found in labels.items() for key in _array_keys(f"labels/{name}/", found, zarr_format)],
        deadline=deadline,
    )
    return Group(
        image=image,
        readers=_readers("", image, zarr_format, second, store),
        labels={
            name: Group(image=found, readers=_readers(f"labels/{name}/", found, zarr_format, third, store))
            for name, found in labels.items()
        },
        crate=first[CRATE],
    )


def _attributes(
    v3: Mapping[str, Any] | None, v2: Mapping[str, Any] | None, store: Store
) -> tuple[Mapping[str, Any], int]:
    """Attributes of the group and its zarr format; zarr v3 first, as it is the newer."""
    if v3 is not None and v3.get("node_type") != "array":
        attributes = v3.get("attributes")
        return (attributes if isinstance(attributes, dict) else {}), 3
    if v2 is not None:
        return v2, 2
    if v3 is not None:
        raise FormatError(
            f"this is one zarr array, not an image with levels\n  at {store.location}\n"
            "  open the group above it",
            kind="array",
            url=store.location,
        )
    raise FormatError(
        f"there is no OME-Zarr at {store.location}\n"
        "  expected a zarr.json or .zattrs there; give the address of the image itself, often ending in .zarr",
        kind="no-zarr",
        url=store.location,
    )


def _image(attributes: Mapping[str, Any], zarr_format: int, store: Store) -> Image:
    kind = group.kind_of(attributes)
    advice = {
        "plate": "this is a plate; open one field of it, for example {}/A/1/0",
        "well": "this is a well; open one field of it, for example {}/0",
        "bioformats2raw": "this is a collection of images; open one of them, for example {}/0",
        "labels": "this is a list of label images; open the image above it, or one label below it",
    }
    if kind in advice:
        raise FormatError(
            f"not one image at {store.location}\n  " + advice[kind].format(store.location),
            kind=kind,
            url=store.location,
        )
    return group.image(attributes, zarr_format=zarr_format, where=store.location)


def _label_names(v3: Mapping[str, Any] | None, v2: Mapping[str, Any] | None, store: Store) -> list[str]:
    attributes = (v3.get("attributes") or {}) if v3 else (v2 or {})
    block = attributes.get("ome", attributes)
    names = block.get("labels") if isinstance(block, dict) else None
    where = f"{store.location}/labels"
    return (
        [inner_path(n, where=where) for n in names if isinstance(n, str)] if isinstance(names, list) else []
    )


def _label_image(
    store: Store, name: str, document: Mapping[str, Any] | None, zarr_format: int
) -> Image | None:
    where = f"{store.location}/labels/{name}"
    attributes = document.get("attributes", {}) if document and zarr_format == 3 else document
    try:
        return group.image(attributes or {}, zarr_format=zarr_format, where=where)
    except FormatError as exc:
        # The image itself is sound: a broken label image must not hide it.
        warnings.warn(
            f'the label image "{name}" cannot be read and is left out: {exc}', FairlabWarning, stacklevel=5
        )
        return None


def _array_keys(prefix: str, image: Image, zarr_format: int) -> list[str]:
    document = "zarr.json" if zarr_format == 3 else ".zarray"
    return [f"{prefix}{level.path}/{document}" for level in image.levels]


def _readers(
    prefix: str, image: Image, zarr_format: int, found: Mapping[str, dict[str, Any] | None], store: Store
) -> tuple[ArrayReader, ...]:
    return tuple(
        _reader(store, f"{prefix}{level.path}", found[key], image)
        for level, key in zip(image.levels, _array_keys(prefix, image, zarr_format), strict=True)
    )


def _reader(store: Store, path: str, metadata: dict[str, Any] | None, image: Image) -> ArrayReader:
    where = f"{store.location}/{path}"
    if metadata is None:
        raise FormatError(
            f'the level "{path}" that the metadata names is not there\n  at {where}\n'
            "  the upload may be incomplete; report it to the repository",
            kind="level-missing",
            url=where,
        )
    reader = ArrayReader(store, path, metadata)
    if len(reader.shape) != len(image.axes):
        raise FormatError(
            f'the level "{path}" has {len(reader.shape)} dimensions, but the metadata names {len(image.axes)} axes\n'
            f"  at {where}",
            kind="axes-mismatch",
            url=where,
        )
    return reader
