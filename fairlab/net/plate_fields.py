"""The fields of a plate: which array holds which, found out when a field is first needed, many in one burst.

A plate names its wells, a well its fields, a field its levels: asked one after the other, each step waits for
the one before. Here the documents of all steps are asked for at once, under the names that the first field of
the plate has; only where such a guess fails is there another trip. What comes back is compared with that first
field, so that one array can stand for the whole plate.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from fairlab.errors import FairlabError
from fairlab.net.documents import Documents, array_key, attributes_of, group_key
from fairlab.net.fetch import ArrayReader
from fairlab.net.plate_slots import numbered
from fairlab.ngff import group
from fairlab.ngff.likeness import difference, offset

if TYPE_CHECKING:
    from fairlab.net.image_group import Missing
    from fairlab.net.plate_slots import Slot
    from fairlab.net.plate_template import Template
    from fairlab.net.store import Store
    from fairlab.ngff.model import Plate

Position = tuple[int, int]
"""Row and column of a well."""
Cell = tuple[int, int, int]
"""Row, column and field."""
Document = Mapping[str, Any]


class Fields:
    """Arrays of the fields of a plate.

    Parameters
    ----------
    store : Store
        Where the plate is.
    plate : Plate
        Its wells.
    zarr_format : int
        2 or 3.
    slots : sequence of Slot
        The field axis.
    template : Template
        What every field must be like.
    missing : {"warn", "error", "fill"}
        What to do about chunks, and listed fields, that are not there.
    padded : bool
        Whether fields may differ in shape.
    """

    def __init__(
        self,
        store: Store,
        plate: Plate,
        *,
        zarr_format: int,
        slots: Sequence[Slot],
        template: Template,
        missing: Missing,
        padded: bool = False,
    ):
        self.store, self.plate, self.template, self.missing = store, plate, template, missing
        self.slots, self.padded = tuple(slots), padded
        self.wells = {(well.row, well.column): well.path for well in plate.wells}
        self.zarr_format = zarr_format
        # All small: names of fields, names of levels (most the template's own), documents (as well).
        self._names: dict[Position, tuple[str | None, ...]] = {}
        self._levels: dict[Cell, tuple[str, ...] | None] = {}
        self._documents: dict[tuple[Cell, int], Document | None] = {}
        self.problems: dict[Cell, str] = {}
        """What makes fields unlike the first, in words."""
        self.crowded: dict[Position, int] = {}
        """How many fields of a well there is no room for."""
        self.offsets: dict[Cell, tuple[float, ...]] = {}
        """Where a field that states a place of its own begins, counted from the first field's first sample."""
        self.gone: set[Position] = set()
        """Wells that were looked for and are not in the store."""
        self.inside = ""
        """Where below a field its image lies; the field itself, but for label images."""
        self._own_levels = tuple(level.path for level in template.image.levels)
        self.told = False
        """Whether somebody was told that fields begin elsewhere than the first."""

    def beneath(self, inside: str, template: Template) -> Fields:
        """Images that lie below the same fields, as label images do; what is known of the wells is shared."""
        below = Fields(
            self.store, self.plate, zarr_format=self.zarr_format, slots=self.slots, template=template,
            missing=self.missing, padded=self.padded,
        )  # fmt: skip
        below.inside, below._names, below.gone = inside, self._names, self.gone
        return below

    def learn(self, cells: Iterable[Cell], levels: Sequence[int], found: Documents | None = None) -> None:
        """Find out where the arrays of fields are, at some levels: one trip where all guesses hold."""
        found = found or Documents(self.store)
        cells = [cell for cell in dict.fromkeys(cells) if cell[:2] in self.wells]
        self.take(cells, levels, found)
        while found.ask(key for cell in cells for level in levels for key in self._wanted(cell, level)):
            self.take(cells, levels, found)

    def take(self, cells: Iterable[Cell], levels: Sequence[int], found: Documents) -> None:
        """Keep what documents say of fields, as far as they are there."""
        for cell in cells:
            if cell[:2] not in self._names and not self._take_well(cell[:2], found):
                continue
            if self._names[cell[:2]][cell[2]] is None or cell in self.problems:
                continue
            if cell not in self._levels and not self._take_field(cell, found):
                continue
            for level in levels:
                if self._levels[cell] is not None and (cell, level) not in self._documents:
                    self._take_array(cell, level, found)

    def reader(self, cell: Cell, level: int) -> ArrayReader | None:
        """The array of a field that was learnt about; None when there is none.

        Raises
        ------
        FormatError
            kind ``"plate-mismatch"``; :attr:`problems` has those of all fields.
        """
        document = self._documents.get((cell, level))
        if document is None:
            return None
        return self._reader(cell, level, document)

    def learn_wells(self, positions: Iterable[Position]) -> None:
        """Find out which fields wells have: one document of each, all in one trip."""
        new = [p for p in dict.fromkeys(positions) if p in self.wells and p not in self._names]
        found = Documents(self.store)
        found.ask(group_key(self.wells[p], self.zarr_format) for p in new)
        for position in new:
            self._take_well(position, found)

    def may_guess(self, cell: Cell) -> bool:
        """Whether a field is nearly always where the first well has it, or its own well was asked.

        That is so of the first field. Wells that lack some have others under the names of further ones, and where
        there are several acquisitions, of the first as well.
        """
        apart = any(slot.acquisition is not None for slot in self.slots)
        return cell[:2] in self._names or not (cell[2] or apart)

    def assumed(self, cell: Cell, level: int) -> ArrayReader | None:
        """The array of a field of which nothing is known yet, as if it were such as the first field.

        What is not there is an error of it, as it may be elsewhere. None where the field's own metadata is known,
        or the well says that it has no such field.
        """
        names = self._names.get(cell[:2])
        field = self.slots[cell[2]].path if names is None else names[cell[2]]
        if field is None or self.is_known(cell, level):
            return None
        levels = self._levels.get(cell) or self._own_levels
        reader = self.template.readers[level].at(f"{self._path(self.wells[cell[:2]], field)}/{levels[level]}")
        reader.missing = "error"
        return reader

    def is_known(self, cell: Cell, level: int) -> bool:
        """Whether nothing has to be asked to read a field."""
        return not any(True for _ in self._wanted(cell, level))

    def unknown_documents(self, cells: Iterable[Cell], level: int) -> int:
        """How many documents :meth:`learn` would ask for, when its guesses hold."""
        return len({key for cell in cells for key in self._wanted(cell, level)})

    def is_there(self, cell: Cell) -> bool | None:
        """Whether a field is in the store; None as long as nobody asked, and where what is there cannot be used."""
        if cell[:2] not in self.wells:
            return False
        if cell in self.problems:  # something is there, that is not as it should be
            return None
        if cell[:2] in self._names and self._names[cell[:2]][cell[2]] is None:
            return False
        return None if cell not in self._levels else self._levels[cell] is not None

    def is_listed(self, cell: Cell) -> bool:
        """Whether its well lists a field, or cannot say so: it was not asked, or is not there."""
        return (
            cell[:2] not in self._names or cell[:2] in self.gone or self._names[cell[:2]][cell[2]] is not None
        )

    def path(self, cell: Cell) -> str | None:
        """What its well, which was asked, calls a field; None where the well has no such field."""
        names = self._names.get(cell[:2])
        return None if names is None else names[cell[2]]

    def name(self, cell: Cell) -> str:
        """A well, and its field where the plate has several, for people."""
        well = self.wells[cell[:2]]
        return f"{well} field {cell[2]}" if len(self.slots) > 1 else well

    # ── what is asked ────────────────────────────────────────────────────────────────────────────────

    def _wanted(self, cell: Cell, level: int) -> Iterator[str]:
        """Documents that are needed to read a field: the next one, and guesses at those behind it."""
        if cell[:2] not in self.wells or cell in self.problems or (cell, level) in self._documents:
            return
        well = self.wells[cell[:2]]
        if cell[:2] not in self._names:
            yield group_key(well, self.zarr_format)
            field: str | None = self.slots[cell[2]].path
        else:
            field = self._names[cell[:2]][cell[2]]
        if field is None:
            return
        if cell not in self._levels:
            yield group_key(self._path(well, field), self.zarr_format)
        levels = self._levels.get(cell, self._own_levels)
        if levels is not None:
            yield array_key(f"{self._path(well, field)}/{levels[level]}", self.zarr_format)

    # ── what is found ────────────────────────────────────────────────────────────────────────────────

    def _take_well(self, position: Position, found: Documents) -> bool:
        key = group_key(self.wells[position], self.zarr_format)
        if key not in found:
            return False
        names: dict[tuple[int | None, int], str] = {}
        where = f"{self.store.location}/{self.wells[position]}"
        try:
            if found[key] is None:
                self.gone.add(position)
            else:
                attributes = attributes_of(found[key], self.zarr_format)
                well = group.well(attributes, zarr_format=self.zarr_format, where=where)
                names = {place: field.path for place, field in numbered(well.fields)}
        except FairlabError as exc:
            unread = f"its well cannot be read ({_first_line(exc)})"
            self.problems |= {(*position, number): unread for number in range(len(self.slots))}
        places = [(slot.acquisition, slot.number) for slot in self.slots]
        if without := len(names.keys() - places):
            self.crowded[position] = without
        self._names[position] = tuple(names.get(place) for place in places)
        return True

    def _take_field(self, cell: Cell, found: Documents) -> bool:
        path = self._field_path(cell)
        key = group_key(path, self.zarr_format)
        if key not in found:
            return False
        try:
            if found[key] is None:
                self._levels[cell] = None
                return True
            attributes = attributes_of(found[key], self.zarr_format)
            if attributes == self.template.attributes:
                self._levels[cell] = self._own_levels
                return True
            where = f"{self.store.location}/{path}"
            image = group.image(attributes, zarr_format=self.zarr_format, where=where)
        except FairlabError as exc:
            self.problems[cell] = f"it cannot be read ({_first_line(exc)})"
            return False
        unlike = difference(image, self.template.image, padded=self.padded)
        if unlike:
            self.problems[cell] = unlike
        shift = offset(image, self.template.image)
        if any(shift):
            self.offsets[cell] = shift
        levels = tuple(level.path for level in image.levels)
        self._levels[cell] = self._own_levels if levels == self._own_levels else levels
        return not unlike

    def _take_array(self, cell: Cell, level: int, found: Documents) -> None:
        levels = self._levels[cell]
        assert levels is not None
        key = array_key(f"{self._field_path(cell)}/{levels[level]}", self.zarr_format)
        if key not in found:
            return
        try:
            document, expected = found[key], self.template.documents[level]
            if document is None:
                self.problems[cell] = f"it has no level {levels[level]}"
            elif _plain(document) == _plain(expected):
                self._documents[cell, level] = expected
            else:
                self._compare(cell, level, document)
        except FairlabError as exc:
            self.problems[cell] = f"it cannot be read ({_first_line(exc)})"

    def _compare(self, cell: Cell, level: int, document: Document) -> None:
        """Keep an array whose metadata differs, if only in how it is stored."""
        reader = self._reader(cell, level, document)
        expected = self.template.readers[level]
        same_rank = len(reader.shape) == len(expected.shape)
        if reader.shape != expected.shape and not (self.padded and same_rank):
            self.problems[cell] = f"its shape at level {level} is {reader.shape}, not {expected.shape}"
        elif reader.dtype.newbyteorder("=") != expected.dtype.newbyteorder("="):
            self.problems[cell] = f"its type is {reader.dtype}, not {expected.dtype}"
        else:
            self._documents[cell, level] = document

    def _reader(self, cell: Cell, level: int, document: Document) -> ArrayReader:
        levels = self._levels[cell]
        assert levels is not None
        path = f"{self._field_path(cell)}/{levels[level]}"
        if document is self.template.documents[level]:
            return self.template.readers[level].at(path)
        return ArrayReader(self.store, path, document, missing=self.missing)

    def _field_path(self, cell: Cell) -> str:
        return self._path(self.wells[cell[:2]], self._names[cell[:2]][cell[2]])

    def _path(self, well: str, field: str | None) -> str:
        return f"{well}/{field}/{self.inside}".rstrip("/")


def _first_line(error: FairlabError) -> str:
    return error.message.splitlines()[0]


def _plain(document: Document) -> Document:
    """Array metadata without what users wrote beside it."""
    return {key: value for key, value in document.items() if key != "attributes"}
