"""What a zarr group's attributes describe, and the image in them, whatever the version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from fairlab.errors import FormatError, UnsupportedVersionError
from fairlab.ngff.versions import v04, v05

if TYPE_CHECKING:
    from fairlab.ngff.model import Image

READERS: dict[str, Callable[..., Image]] = {"0.4": v04.image, "0.5": v05.image}


def kind_of(attributes: Mapping[str, Any]) -> str | None:
    """What a group's attributes describe: ``image``, ``plate``, ``well``, ``bioformats2raw``, ``labels`` or None.

    Examples
    --------
    >>> kind_of({"ome": {"version": "0.5", "plate": {}}})
    'plate'
    """
    block = attributes.get("ome", attributes)
    if not isinstance(block, Mapping):
        return None
    keys = {
        "multiscales": "image",
        "plate": "plate",
        "well": "well",
        "bioformats2raw.layout": "bioformats2raw",
    }
    return next((kind for key, kind in keys.items() if key in block), "labels" if "labels" in block else None)


def version_of(attributes: Mapping[str, Any], *, zarr_format: int) -> tuple[str, bool]:
    """Version of a group's metadata, and whether it was stated rather than inferred from the zarr format."""
    block = attributes.get("ome")
    stated: Any = block.get("version") if isinstance(block, Mapping) else None
    if stated is None and not isinstance(block, Mapping):
        entries = attributes.get("multiscales")
        first = entries[0] if isinstance(entries, list) and entries else None
        stated = first.get("version") if isinstance(first, Mapping) else None
    if stated is not None:
        return str(stated), True
    return ("0.5" if zarr_format == 3 else "0.4"), False


def image(attributes: Mapping[str, Any], *, zarr_format: int, where: str) -> Image:
    """The image that a group's attributes describe.

    Parameters
    ----------
    attributes : mapping
        Content of ``.zattrs``, or ``attributes`` of ``zarr.json``.
    zarr_format : int
        2 or 3.
    where : str
        Address of the group, for messages.

    Raises
    ------
    UnsupportedVersionError
        kind ``"version-unsupported"``.
    FormatError
        kind ``"no-multiscales"``.
    MetadataError
        A MUST of the specification is broken.
    """
    if kind_of(attributes) != "image":
        raise FormatError(
            f"there is zarr here, but no multiscale image\n  at {where}\n"
            "  expected the attribute multiscales; a plain zarr array can be opened with xarray or zarr",
            kind="no-multiscales",
            url=where,
        )
    version, stated = version_of(attributes, zarr_format=zarr_format)
    if version not in READERS:
        raise UnsupportedVersionError(
            f'OME-Zarr version "{version}" is not one fairlab reads\n  at {where}\n'
            f"  it reads {' and '.join(READERS)}; a newer fairlab may read it",
            kind="version-unsupported",
            url=where,
            version=version,
        )
    found = READERS[version](attributes, where=where)
    if stated:
        return found
    import dataclasses

    remark = f"no version is stated; {version} was inferred from zarr format {zarr_format}"
    return dataclasses.replace(found, remarks=(*found.remarks, remark))
