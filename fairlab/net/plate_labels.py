"""Label images of a whole plate: below each field that has them, under one name."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fairlab.errors import FairlabError, SelectionError
from fairlab.net.documents import Documents, array_key, attributes_of, group_key
from fairlab.net.plate_faults import check_fields
from fairlab.net.plate_group import shapes_of
from fairlab.net.plate_template import first_readable
from fairlab.ngff import group
from fairlab.ngff.paths import inner_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fairlab.net.plate_fields import Fields
    from fairlab.net.plate_group import Check, PlateGroup
    from fairlab.net.plate_template import Template

_TRIED_AT_ONCE: Final = 16


def read_labels(plate: PlateGroup, name: str, *, check: Check = "lazy") -> PlateGroup:
    """The label images of one name below the fields of a plate, as a plate of its own.

    One round trip more, where the first field has them and its guessed level names hold; ``"all"`` compares
    every one of them now.

    Raises
    ------
    SelectionError
        kind ``"labels-unknown"``: no field has a label image of this name.
    FormatError
        As of fields; see :func:`fairlab.net.plate_group.read_plate`.
    """
    fields = plate.fields
    inside = f"labels/{inner_path(name, where='labels=')}"
    found = Documents(fields.store)
    below = fields.beneath(inside, _template(found, fields, inside, name))
    present, levels = plate.present, below.template.readers
    shapes = tuple(reader.shape for reader in levels)
    if check == "all":
        cells = [(int(r), int(c), int(f)) for r, c, f in zip(*np.nonzero(present), strict=True)]
        below.learn(cells, range(len(levels)), found)
        check_fields(below, cells, placed=True)
        present = np.zeros_like(present)
        for cell in cells:
            present[cell] = below.is_there(cell) is not False
        shapes = shapes_of(below, cells)
    return dataclasses.replace(plate, fields=below, present=present, shapes=shapes)


def _template(found: Documents, fields: Fields, inside: str, name: str) -> Template:
    """The label image of the first field that has one; nearly always that is the first field."""
    form, first = fields.zarr_format, fields.template.path
    listed = group_key(f"{first}/labels", form)
    guesses = [array_key(f"{first}/{inside}/{level.path}", form) for level in fields.template.image.levels]
    found.ask([listed, group_key(f"{first}/{inside}", form), *guesses])
    template = first_readable(found, _paths(found, fields, inside), form, fields.missing)
    if template is not None:
        return template
    names = _names(found.readable(listed), form, where=f"{fields.store.location}/{first}/labels")
    raise SelectionError(
        f'no field has a label image "{name}"\n  at {fields.store.location}\n  the first field ({first}) has: '
        + (", ".join(f'"{known}"' for known in names) or "none"),
        kind="labels-unknown",
        url=fields.store.location,
        names=list(names),
    )


def _paths(found: Documents, fields: Fields, inside: str) -> Iterator[str]:
    """Where the label image may be: below the first field, then below that of each other well, many at a time."""
    first = fields.template.path
    yield f"{first}/{inside}"
    others = [path for path in sorted(fields.wells.values()) if not first.startswith(f"{path}/")]
    for start in range(0, len(others), _TRIED_AT_ONCE):
        wells = others[start : start + _TRIED_AT_ONCE]
        paths = [f"{well}/{fields.slots[0].path}/{inside}" for well in wells]
        found.ask(group_key(path, fields.zarr_format) for path in paths)
        yield from paths


def _names(document: Any, zarr_format: int, *, where: str) -> Sequence[str]:
    try:
        return group.label_names(attributes_of(document, zarr_format), where=where)
    except FairlabError:
        return ()
