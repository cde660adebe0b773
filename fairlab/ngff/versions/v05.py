"""OME-Zarr 0.5: the rules of 0.4, on zarr v3, under the key ``ome``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from fairlab.errors import MetadataError
from fairlab.ngff.versions import v04

if TYPE_CHECKING:
    from fairlab.ngff.model import Image


def image(attributes: Mapping[str, Any], *, where: str) -> Image:
    """The image that version 0.5 attributes describe; see :func:`fairlab.ngff.group.image`."""
    block = attributes.get("ome")
    if not isinstance(block, Mapping):
        raise MetadataError(
            f"OME-Zarr 0.5 keeps its metadata under the key ome; found none\n  at {where}",
            kind="ome-missing",
            url=where,
        )
    return dataclasses.replace(v04.image(block, where=where), version="0.5")
