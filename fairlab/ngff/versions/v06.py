"""OME-Zarr 0.6: named coordinate systems, and transformations between them.

Each level has one transformation, from its array to the *intrinsic* coordinate system, which is the same for
all levels. Its axes are the image's axes; the shape of the arrays says nothing about them.

Transformations of the image (``multiscales > coordinateTransformations``) lead from the intrinsic system to
another one, or to a label image. Up to 0.5 they were applied after the levels' own; applying them here would
give positions in a system that nobody asked for, under the axes and units of the intrinsic one. They are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fairlab.ngff import axes
from fairlab.ngff.model import Image, Level
from fairlab.ngff.multiscales import datasets, transformations
from fairlab.ngff.transforms import compose
from fairlab.ngff.values import broken, line, shown, text

Entry = Mapping[str, Any]


def image(entry: Entry, *, version: str, place: str, where: str) -> Image:
    """One entry of ``multiscales``; see :func:`fairlab.ngff.group.image`."""
    remarks: list[str] = []
    levels = [
        (here, path, transformations(dataset, place=here, where=where))
        for here, dataset, path in datasets(entry, place=place, where=where)
    ]
    systems = _systems(entry, place, where)
    name = _intrinsic([steps for _, _, steps in levels], systems, remarks, place, where)
    found = axes.read(
        systems[name].get("axes"), place=f'{place}.coordinateSystems "{name}"', where=where, remarks=remarks
    )
    kept: dict[str, Any] = {}
    grids = []
    for here, path, steps in levels:
        composed = compose([_one(steps, here, where)], n_axes=len(found), where=where, place=here)
        if composed.left:
            kept[f"{path}/coordinateTransformations"] = steps
            remarks.append(
                f'positions in level "{path}" are those before what is not applied: {", ".join(composed.left)}'
            )
        grids.append(Level(path=path, scale=composed.scale, translation=composed.translation))
    if others := [system for key, system in systems.items() if key != name]:
        kept["coordinateSystems"] = others
    if further := transformations(entry, place=place, where=where):
        kept["coordinateTransformations"] = further
    beyond = {text(step.get("type")) or "?" for step in further} - {"identity"}
    if others or beyond:
        remarks.append(
            f'positions are in the coordinate system "{name}"; '
            f"what leads to others ({', '.join(sorted(beyond)) or 'identity'}) is kept as stated"
        )
    return Image(
        version=version,
        name=line(entry.get("name")),
        axes=found,
        levels=tuple(grids),
        kept=kept,
        remarks=tuple(remarks),
    )


def _systems(entry: Entry, place: str, where: str) -> dict[str, Entry]:
    stated = entry.get("coordinateSystems")
    systems = {
        system["name"]: system
        for system in (stated if isinstance(stated, list) else [])
        if isinstance(system, Mapping) and text(system.get("name"))
    }
    if not isinstance(stated, list) or not systems or len(systems) < len(stated):
        raise broken(
            f"coordinateSystems is {shown(stated)}; expected a list of objects with different names",
            "coordinate-systems",
            where,
            place=place,
        )
    return systems


def _intrinsic(
    levels: Sequence[Sequence[Entry]],
    systems: Mapping[str, Entry],
    remarks: list[str],
    place: str,
    where: str,
) -> str:
    """Name of the one coordinate system that every level leads to."""
    names = {_name(step.get("output")) for steps in levels for step in steps}
    if names <= {None} and len(systems) == 1:
        remarks.append("levels do not name their coordinate system; there is only one")
        return next(iter(systems))
    name = next(iter(names)) if len(names) == 1 else None
    if name is None or name not in systems:
        raise broken(
            f"the levels lead to the coordinate systems {shown(sorted(map(str, names)))}; "
            f"expected the same one of {shown(list(systems))} for all",
            "coordinate-system",
            where,
            place=place,
        )
    return name


def _name(reference: object) -> str | None:
    """Name in an ``input`` or ``output``; the drafts up to 0.6.dev3 gave it as a plain string."""
    return text(reference.get("name")) if isinstance(reference, Mapping) else text(reference)


def _one(steps: Sequence[Entry], here: str, where: str) -> Sequence[Entry]:
    """The one transformation of a level; several without ``output`` are in sequence, as up to 0.5."""
    if len(steps) == 1 or (steps and all(step.get("output") is None for step in steps)):
        return steps
    raise broken(
        f"coordinateTransformations has {len(steps)} transformations; expected one",
        "transformation",
        where,
        place=here,
    )
