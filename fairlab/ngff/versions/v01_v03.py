"""OME-Zarr 0.1 to 0.3: names of axes at most, no scales; how levels lie over one another follows from their shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.ngff import axes
from fairlab.ngff.model import Image, Level
from fairlab.ngff.multiscales import datasets, transformations
from fairlab.ngff.values import line

if TYPE_CHECKING:
    from collections.abc import Mapping


def image(entry: Mapping[str, Any], *, version: str, place: str, where: str) -> Image:
    """One entry of ``multiscales``; see :func:`fairlab.ngff.group.image`."""
    remarks: list[str] = []
    if version == "0.3":
        found = axes.read(entry.get("axes"), place=place, where=where, remarks=remarks)
    else:
        # "All image arrays are 5-dimensional with dimension order (t, c, z, y, x)": an array with fewer
        # dimensions is refused when its shape is known, because nothing says which ones it has.
        found = axes.named("tczyx")
    levels, kept = [], {}
    for here, dataset, path in datasets(entry, place=place, where=where):
        ones, zeros = (1.0,) * len(found), (0.0,) * len(found)
        levels.append(Level(path=path, scale=ones, translation=zeros))
        if own := transformations(dataset, place=here, where=where):
            kept[f"{path}/coordinateTransformations"] = own
    if kept:
        remarks.append(f"coordinateTransformations are stated, which OME-Zarr {version} does not have")
    return Image(
        version=version,
        name=line(entry.get("name")),
        axes=found,
        levels=tuple(levels),
        scales_stated=False,
        kept=kept,
        remarks=tuple(remarks),
    )
