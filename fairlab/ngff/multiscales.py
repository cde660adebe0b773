"""What an entry of ``multiscales`` says in the same words in every version: its name, datasets and transformations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fairlab.ngff.paths import inner_path
from fairlab.ngff.values import broken, shown

Entry = Mapping[str, Any]
MOST_LEVELS: Final = 1000
"""Each is asked for; halved, no image has more than a hundred."""


def entries(block: Entry, *, where: str) -> list[Any]:
    """The images of a group, as stated: at least one, and objects if nothing is broken.

    Raises
    ------
    MetadataError
        kind ``"multiscales"``.
    """
    stated = block.get("multiscales")
    if not isinstance(stated, list) or not stated:
        raise broken(
            f"multiscales is {shown(stated)}; expected a list with at least one object", "multiscales", where
        )
    return stated


def datasets(entry: Entry, *, place: str, where: str) -> Iterator[tuple[str, Entry, str]]:
    """Each level of an image: its place in the metadata, its own object, and its path, proven to be inside.

    Raises
    ------
    MetadataError
        kinds ``"datasets"``, ``"path"`` and ``"path-outside"``.
    """
    stated = entry.get("datasets")
    if not isinstance(stated, list) or not stated:
        raise broken(
            f"datasets is {shown(stated)}; expected a list with at least one object",
            "datasets",
            where,
            place=place,
        )
    if len(stated) > MOST_LEVELS:
        raise broken(
            f"{len(stated):,} levels are listed; expected at most {MOST_LEVELS}",
            "datasets",
            where,
            place=place,
        )
    for number, dataset in enumerate(stated):
        here = f"{place}.datasets[{number}]"
        path = dataset.get("path") if isinstance(dataset, Mapping) else None
        if not isinstance(path, str):
            raise broken(
                f"a level is {shown(dataset)}; expected an object with a path", "path", where, place=here
            )
        yield here, dataset, inner_path(path, where=where)


def transformations(entry: Entry, *, place: str, where: str) -> list[Entry]:
    """The ``coordinateTransformations`` of an image or a level; empty when nothing is stated.

    Raises
    ------
    MetadataError
        kind ``"transformation"``.
    """
    stated = entry.get("coordinateTransformations")
    if stated is None:
        return []
    if not isinstance(stated, list) or not all(isinstance(t, Mapping) for t in stated):
        raise broken(
            f"coordinateTransformations is {shown(stated)}; expected a list of objects",
            "transformation",
            where,
            place=place,
        )
    return stated
