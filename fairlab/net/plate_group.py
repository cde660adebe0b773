"""From a store to a plate: its wells, one field that stands for all, and which fields there are."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from fairlab.errors import FairlabError, FormatError, warn
from fairlab.net.documents import Documents, array_key, attributes_of, group_key
from fairlab.net.image_group import CRATE, arrays_of, read_attributes
from fairlab.net.plate_fields import Fields, Template
from fairlab.net.plate_slots import slots_of
from fairlab.ngff import group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from fairlab.net.image_group import Missing
    from fairlab.net.plate_fields import Cell
    from fairlab.net.store import Store
    from fairlab.ngff.model import Plate, PlateWell, Well

Check = Literal["lazy", "all"]
_USUAL_FIELD: Final = "0"
_USUAL_LEVELS: Final = ("0", "1", "2")  # one trip less to most plates, at most three questions for nothing
_MAX_FIELDS: Final = 10_000_000
_TRIED_AT_ONCE: Final = 16
_NAMED: Final = 8


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
        ``"field-missing"``.
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
        _warn(remark, store)
    first, *others = sorted(plate.wells, key=lambda well: (well.row, well.column))
    field = f"{first.path}/{_USUAL_FIELD}"
    guesses = [
        group_key(field, zarr_format),
        *(array_key(f"{field}/{level}", zarr_format) for level in _USUAL_LEVELS),
    ]
    now = [first, *others] if check == "all" else [first]
    found.ask([*(group_key(well.path, zarr_format) for well in now), *guesses])
    template = _template(found, [first, *others], zarr_format, missing)
    known = [well for entry in now if (well := _well(found, entry, zarr_format)) is not None]
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
        fields.check(cells, placed=True)
        _tell_absent(fields, store, missing)
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


def _template(found: Documents, wells: Sequence[PlateWell], zarr_format: int, missing: Missing) -> Template:
    """The first field that is there, of the first well that has one."""
    start = 0
    while start < len(wells):
        # The first well nearly always has one; if not, the others are tried many at a time.
        batch = wells[start : start + (_TRIED_AT_ONCE if start else 1)]
        start += len(batch)
        found.ask(group_key(well.path, zarr_format) for well in batch)
        paths = [
            f"{entry.path}/{well.fields[0].path}"
            for entry in batch
            if (well := _well(found, entry, zarr_format)) is not None and well.fields
        ]
        found.ask(group_key(path, zarr_format) for path in paths)
        for path in paths:
            if found[group_key(path, zarr_format)] is not None:
                return template_at(found, path, zarr_format, missing)
    raise FormatError(
        f"none of the {len(wells)} wells has a field that is there\n  at {found.store.location}\n"
        "  the upload may be incomplete; report it to the repository",
        kind="plate-empty",
        url=found.store.location,
    )


def template_at(found: Documents, path: str, zarr_format: int, missing: Missing) -> Template:
    """The image at a path, as what all others of the plate are compared with."""
    where = f"{found.store.location}/{path}"
    attributes = attributes_of(found[group_key(path, zarr_format)], zarr_format)
    image = group.image(attributes, zarr_format=zarr_format, where=where, inside=path)
    for remark in image.remarks:
        _warn(f"{remark} (field {path}, which stands for all)", found.store)
    keys = [array_key(f"{path}/{level.path}", zarr_format) for level in image.levels]
    found.ask(keys)
    documents = [found[key] for key in keys]
    image, readers = arrays_of(found.store, path, image, documents, missing=missing)
    return Template(
        path=path,
        attributes=attributes,
        image=image,
        documents=tuple(document for document in documents if document is not None),
        readers=readers,
    )


def _well(found: Documents, entry: PlateWell, zarr_format: int) -> Well | None:
    document = found[group_key(entry.path, zarr_format)]
    if document is None:
        return None
    where = f"{found.store.location}/{entry.path}"
    try:
        return group.well(attributes_of(document, zarr_format), zarr_format=zarr_format, where=where)
    except FairlabError:
        return None  # whoever reads this well is told


def _tell_absent(fields: Fields, store: Store, missing: Missing) -> None:
    """Wells that the plate lists but that are not there; fields fewer than elsewhere are no fault."""
    gone = [
        path
        for position, path in fields.wells.items()
        if not any(fields.is_there((*position, number)) for number in range(len(fields.slots)))
    ]
    if not gone or missing == "fill":
        return
    named = ", ".join(gone[:_NAMED]) + (f" … ({len(gone)} in all)" if len(gone) > _NAMED else "")
    message = f"wells that the plate lists are not there: {named}"
    if missing == "error":
        raise FormatError(
            f"{message}\n  at {store.location}", kind="field-missing", url=store.location, wells=gone
        )
    _warn(message, store)


def shapes_of(fields: Fields, cells: Iterable[Cell]) -> tuple[tuple[int, ...], ...]:
    """The largest shape at each level."""
    cells = list(cells)
    shapes = []
    for level, expected in enumerate(fields.template.readers):
        found = {expected.shape}
        found |= {reader.shape for cell in cells if (reader := fields.reader(cell, level)) is not None}
        shapes.append(tuple(max(lengths) for lengths in zip(*found, strict=True)))
    return tuple(shapes)


def _warn(message: str, store: Store) -> None:
    warn(f"{message}\n  at {store.location}")
