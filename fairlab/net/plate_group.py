"""From a store to a plate: its wells, one field that stands for all, and which fields there are."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from fairlab.errors import FormatError, warn
from fairlab.net.documents import Documents, array_key, group_key
from fairlab.net.image_group import CRATE, read_attributes
from fairlab.net.plate_faults import absences, check_fields
from fairlab.net.plate_fields import Fields
from fairlab.net.plate_slots import slots_of
from fairlab.net.plate_template import field_paths, first_readable, well_at
from fairlab.ngff import group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from fairlab.net.image_group import Missing
    from fairlab.net.plate_fields import Cell
    from fairlab.net.store import Store
    from fairlab.ngff.model import Plate

Check = Literal["lazy", "all"]
_USUAL_FIELD: Final = "0"
_USUAL_LEVELS: Final = ("0", "1", "2")  # one trip less to most plates, at most three questions for nothing
_MAX_FIELDS: Final = 10_000_000


@dataclass(frozen=True, kw_only=True)
class PlateGroup:
    """Metadata of one plate, and the way to its arrays."""

    plate: Plate
    """What the plate states."""
    fields: Fields
    """Its arrays."""
    present: NDArray[np.bool_]
    """Which fields are there, by row, column and field: as the plate lists its wells, or as they were found."""
    shapes: tuple[tuple[int, ...], ...]
    """Shape of a field at each level, finest first; of the largest where they differ."""
    crate: Mapping[str, Any] | None = None
    """The RO-Crate of the plate, where there is one."""
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """The group's attributes as its document has them."""


def read_plate(
    store: Store, *, check: Check = "lazy", padded: bool = False, missing: Missing = "warn"
) -> PlateGroup:
    """What a store's metadata says about the plate at its root.

    Lazily two round trips: the plate; its first well and, by guess, that well's first field and its arrays (a
    third where the field has more levels, or other names for them). All at once three, where guesses hold: the
    plate; all wells; all fields and their arrays.

    Parameters
    ----------
    store : Store
        Where the plate is.
    check : {"lazy", "all"}
        Whether fields are compared when they are first read, or all now.
    padded : bool
        Whether fields may differ in shape; needs all.
    missing : {"warn", "error", "fill"}
        What to do about chunks and fields that are listed but not there.

    Raises
    ------
    FormatError
        kind ``"no-zarr"``, ``"not-a-plate"``, ``"plate-empty"``, ``"plate-mismatch"``, ``"plate-too-large"``,
        ``"field-missing"``; why the first field cannot be read, where none can.
    """
    found = Documents(store)
    attributes, zarr_format = read_attributes(found, "", beside=(CRATE,))
    if group.kind_of(attributes) != "plate":
        raise FormatError(
            f"there is no plate at {store.location}\n"
            "  expected the attribute plate; fairlab.open_image opens a single image, and the plate of a well "
            "lies two groups above it",
            kind="not-a-plate",
            url=store.location,
        )
    plate = group.plate(attributes, zarr_format=zarr_format, where=store.location)
    for remark in plate.remarks:
        warn(remark, at=store.location)
    first, *others = sorted(plate.wells, key=lambda well: (well.row, well.column))
    field = f"{first.path}/{_USUAL_FIELD}"
    guesses = [
        group_key(field, zarr_format),
        *(array_key(f"{field}/{level}", zarr_format) for level in _USUAL_LEVELS),
    ]
    now = [first, *others] if check == "all" else [first]
    found.ask([*(group_key(well.path, zarr_format) for well in now), *guesses])
    template = first_readable(found, field_paths(found, [first, *others], zarr_format), zarr_format, missing)
    if template is None:
        raise FormatError(
            f"none of the {len(plate.wells)} wells has a field that is there\n  at {store.location}\n"
            "  the upload may be incomplete; report it to the repository",
            kind="plate-empty",
            url=store.location,
        )
    asked = [entry for entry in (first, *others) if group_key(entry.path, zarr_format) in found]
    known = [well for entry in asked if (well := well_at(found, entry, zarr_format)) is not None]
    slots = slots_of(known, plate, counted=check == "all")
    counts = (len(plate.rows), len(plate.columns), len(slots))
    if int(np.prod(counts, dtype=object)) > _MAX_FIELDS:
        raise FormatError(
            f"the plate states room for {counts[0]} × {counts[1]} wells of {counts[2]} fields, more than "
            f"{_MAX_FIELDS} in all\n  at {store.location}\n  open its wells one by one: fairlab.open_image",
            kind="plate-too-large",
            url=store.location,
        )
    fields = Fields(
        store, plate, zarr_format=zarr_format, slots=slots, template=template, missing=missing, padded=padded
    )
    cells = [(*position, number) for position in fields.wells for number in range(len(slots))]
    if check == "all":
        fields.learn(cells, range(len(template.readers)), found)
        check_fields(fields, cells, placed=True)
        _tell_absent(fields, cells, store, missing)
    else:
        fields.take(cells, range(len(template.readers)), found)  # of the first field everything is known
    present = np.zeros(counts, dtype=bool)
    for cell in cells:
        present[cell] = fields.is_there(cell) is not False
    return PlateGroup(
        plate=plate,
        fields=fields,
        present=present,
        shapes=shapes_of(fields, cells) if padded else tuple(reader.shape for reader in template.readers),
        crate=found.beside(CRATE),
        attributes=attributes,
    )


def _tell_absent(fields: Fields, cells: Iterable[Cell], store: Store, missing: Missing) -> None:
    """What the plate or its wells list and that is not there; fields fewer than elsewhere are no fault."""
    gone = [cell for cell in cells if fields.is_there(cell) is False and fields.is_listed(cell)]
    if not gone or missing == "fill":
        return
    message = absences(fields, gone)
    if missing == "error":
        wells = list(dict.fromkeys(fields.wells[cell[:2]] for cell in gone))
        raise FormatError(
            f"{message}\n  at {store.location}", kind="field-missing", url=store.location, wells=wells
        )
    warn(message, at=store.location)


def shapes_of(fields: Fields, cells: Iterable[Cell]) -> tuple[tuple[int, ...], ...]:
    """The largest shape at each level."""
    cells = list(cells)
    shapes = []
    for level, expected in enumerate(fields.template.readers):
        found = {expected.shape}
        found |= {reader.shape for cell in cells if (reader := fields.reader(cell, level)) is not None}
        shapes.append(tuple(max(lengths) for lengths in zip(*found, strict=True)))
    return tuple(shapes)
