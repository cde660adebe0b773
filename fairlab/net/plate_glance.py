"""A quick look at fields of a plate: one request for each, where a read asks for its metadata before.

Until somebody reads a field it is taken to be as the first one, and to lie where the first well has it. Nothing is
compared, so that it serves small pictures and no numbers; :func:`misplaced` says afterwards which were others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.errors import ChunkError, SelectionError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from fairlab.net.plate_fields import Cell
    from fairlab.net.plate_pixels import PlatePixels
    from fairlab.net.selection import Positions

_PLACES = 3  # axes of the plate itself: row, column, field


def glance(pixels: PlatePixels, key: Sequence[Positions]) -> NDArray[Any]:
    """Pixels of one field, as they are guessed to be.

    Where the guess does not hold (there is no such chunk, or it does not decode) the field is read as always, and
    says what it is.

    Raises
    ------
    SelectionError
        kind ``"well-absent"``: the plate lists this field, and it is not in the store.
    FormatError, ChunkError
        As :meth:`fairlab.net.plate_pixels.PlatePixels.read`.
    """
    row, column, field = (int(k) for k in key[:_PLACES])  # type: ignore[arg-type]  # one field: no slices
    cell, fields, level = (row, column, field), pixels.fields, pixels.level
    may_guess = pixels.present[cell] and fields.may_guess(cell)
    assumed = fields.assumed(cell, level) if may_guess else None
    if assumed is not None:
        try:
            return assumed.read(key[_PLACES:])
        except ChunkError as exc:
            if isinstance(exc.__cause__, Unavailable):
                raise  # the server, not the field: asking it more would only take longer
    fields.learn([cell], [level])
    if pixels.present[cell] and fields.is_there(cell) is False:
        raise SelectionError(
            f"{fields.name(cell)} is listed by the plate, but is not in the store\n  at {fields.store.location}\n"
            "  the upload may be incomplete; report it to the repository",
            kind="well-absent",
            url=fields.store.location,
        )
    reader = fields.reader(cell, level)
    if reader is None or reader.missing != "warn" or reader.shape != pixels.shape[_PLACES:]:
        return pixels.read(key)
    # A plate whose dark wells were never written would warn of each of them.
    quiet = reader.at(reader.path)
    quiet.missing = "fill"
    return quiet.read(key[_PLACES:])


def learn_wells(pixels: PlatePixels, cells: Iterable[Cell]) -> None:
    """Ask which fields wells have, in one trip, where :func:`glance` may not guess it."""
    pixels.fields.learn_wells(cell[:2] for cell in cells if not pixels.fields.may_guess(cell))


def misplaced(pixels: PlatePixels, cells: Sequence[Cell]) -> set[Cell]:
    """Fields that their wells have elsewhere than the first well has its own; the wells are asked, in one trip.

    Where wells have one field each there is nothing to mistake it for, and nobody is asked.
    """
    fields = pixels.fields
    if len(fields.slots) == 1:
        return set()
    fields.learn_wells(cell[:2] for cell in cells)
    return {cell for cell in cells if fields.path(cell) != fields.slots[cell[2]].path}
