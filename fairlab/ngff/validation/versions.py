"""Which rules hold in which version: a new version is one more entry here, and what is new in it beside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from fairlab.ngff.validation import coordinate_systems as systems
from fairlab.ngff.validation import labels, multiscales, omero, plates, series

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.ngff.validation.shapes import Shape


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What one version asks for."""

    zarr_format: Literal[2, 3]
    """The zarr that it lies in."""
    namespaced: bool
    """Whether the metadata is under the key ``ome``, and the version with it."""
    blocks: Mapping[str, Shape]
    """Shape of each block of metadata, by its key."""


_COLLECTIONS: Final[dict[str, Shape]] = {
    "bioformats2raw.layout": series.LAYOUT,
    "series": series.SERIES,
    "labels": labels.LABELS,
}
_FIRST: Final[dict[str, Shape]] = {
    "multiscales": multiscales.EARLY,
    "omero": omero.EARLY,
    "image-label": labels.EARLY_LABEL,
    "plate": plates.PLATE_01,
    "well": plates.WELL_04,
    "labels": labels.LABELS,
}
_EARLY: Final[dict[str, Shape]] = {**_FIRST, "plate": plates.PLATE_02}
RULES: Final[dict[str, Rules]] = {
    "0.1": Rules(zarr_format=2, namespaced=False, blocks=_FIRST),
    "0.2": Rules(zarr_format=2, namespaced=False, blocks=_EARLY),
    "0.3": Rules(zarr_format=2, namespaced=False, blocks={**_EARLY, "multiscales": multiscales.NAMED}),
    "0.4": Rules(
        zarr_format=2,
        namespaced=False,
        blocks={
            **_COLLECTIONS,
            "multiscales": multiscales.PLACED_04,
            "omero": omero.OMERO,
            "image-label": labels.LABEL_04,
            "plate": plates.PLATE_04,
            "well": plates.WELL_04,
        },
    ),
    "0.5": Rules(
        zarr_format=3,
        namespaced=True,
        blocks={
            **_COLLECTIONS,
            "multiscales": multiscales.PLACED_05,
            "omero": omero.OMERO,
            "image-label": labels.LABEL_05,
            "plate": plates.PLATE_05,
            "well": plates.WELL_05,
        },
    ),
    "0.6": Rules(
        zarr_format=3,
        namespaced=True,
        blocks={
            **_COLLECTIONS,
            "multiscales": systems.IMAGES,
            "scene": systems.SCENE,
            "omero": omero.OMERO,
            "image-label": labels.LABEL_06,
            "plate": plates.PLATE_06,
            "well": plates.WELL_06,
        },
    ),
}
"""Rules by version; candidates and drafts of 0.6 follow those of 0.6."""

KINDS: Final = {
    "plate": "plate",
    "image-label": "label",
    "multiscales": "image",
    "well": "well",
    "scene": "scene",
    "bioformats2raw.layout": "bioformats2raw",
    "labels": "labels",
    "series": "series",
}
"""What a group is called, by the first of these blocks that it has."""


def rules_for(version: str) -> Rules | None:
    """The rules of a stated version, or None when it is no version that is known.

    Examples
    --------
    >>> rules_for("0.6rc0") is rules_for("0.6.dev4") is RULES["0.6"], rules_for("0.7")
    (True, None)
    """
    return RULES["0.6"] if re.fullmatch(r"0\.6\.?(dev|a|b|rc)\d*", version) else RULES.get(version)


def guess(block: Mapping[str, Any], *, namespaced: bool) -> str:
    """The version that metadata without a stated one looks like."""
    entries = block.get("multiscales")
    first = entries[0] if isinstance(entries, list) and entries else None
    entry: Mapping[str, Any] = first if isinstance(first, dict) else {}
    if namespaced:
        return "0.6" if "scene" in block or "coordinateSystems" in entry else "0.5"
    axes, datasets = entry.get("axes"), entry.get("datasets")
    if isinstance(axes, list) and axes and all(isinstance(axis, str) for axis in axes):
        return "0.3"
    placed = isinstance(datasets, list) and any(
        isinstance(dataset, dict) and "coordinateTransformations" in dataset for dataset in datasets
    )
    return "0.1" if datasets is not None and axes is None and not placed else "0.4"
