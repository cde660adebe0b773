"""OME-Zarr 0.4 and 0.5: axes with types and units, transformations on datasets and then on the image.

0.5 keeps the rules of 0.4; only the place differs: zarr v3, under the key ``ome``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.ngff import axes
from fairlab.ngff.model import Image, Level
from fairlab.ngff.multiscales import datasets, transformations
from fairlab.ngff.transforms import compose, flat
from fairlab.ngff.values import broken, line, text

if TYPE_CHECKING:
    from collections.abc import Mapping


def image(entry: Mapping[str, Any], *, version: str, place: str, where: str) -> Image:
    """One entry of ``multiscales``; see :func:`fairlab.ngff.group.image`."""
    remarks: list[str] = []
    found = axes.read(entry.get("axes"), place=place, where=where, remarks=remarks)
    stated = transformations(entry, place=place, where=where)
    # SpatialData states ways from the image to systems with names there: each another way, not one after the other.
    whole = [step for step in stated if not {"input", "output"} & set(step)]
    named = [step for step in stated if step not in whole]
    kept: dict[str, Any] = {}
    if any(step.get("type") != "identity" for step in flat(named)):
        kept["coordinateTransformations"] = stated
        remarks.append(
            "transformations lead to coordinate systems with names; positions are those before them"
        )
    left: dict[str, None] = {}
    levels = []
    for here, dataset, path in datasets(entry, place=place, where=where):
        own = transformations(dataset, place=here, where=where)
        kinds = [text(step.get("type")) or "?" for step in flat(own)]
        if "scale" not in kinds:
            raise broken(
                f'level "{path}" has no scale transformation (found: {", ".join(kinds) or "nothing"}); '
                "the specification asks for exactly one",
                "scale-missing",
                where,
                place=f"{here}.coordinateTransformations",
            )
        composed = compose([own, whole], n_axes=len(found), where=where, place=here)
        if composed.left:
            left |= dict.fromkeys(composed.left)
            if compose([own], n_axes=len(found), where=where, place=here).left:
                kept[f"{path}/coordinateTransformations"] = own
            if whole:
                kept["coordinateTransformations"] = stated
        levels.append(Level(path=path, scale=composed.scale, translation=composed.translation))
    if left:
        remarks.append(f"positions are those before what is not applied: {', '.join(left)}")
    return Image(
        version=version,
        name=line(entry.get("name")),
        axes=found,
        levels=tuple(levels),
        kept=kept,
        remarks=tuple(remarks),
    )
