"""The field axis of a plate: which field of a well, and of which acquisition, stands at which place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fairlab.ngff.model import Field, Plate, Well

_MOST_STATED: Final = 10_000  # no well has more fields; a statement of a million million is not followed


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One place on the field axis: the n-th field of an acquisition."""

    acquisition: int | None
    """Number of the acquisition; None where fields belong to none."""
    number: int
    """Counted within the acquisition, from 0."""
    path: str
    """Name that such a field has in the first well that has one, where others are guessed to be."""


def slots_of(wells: Iterable[Well], plate: Plate, *, counted: bool) -> tuple[Slot, ...]:
    """The field axis of a plate: as many places for each acquisition as its fullest well needs.

    They stand in the order of the first well, then what further wells have, then what only the plate states.

    Parameters
    ----------
    wells : iterable of Well
        Those that are known.
    plate : Plate
        Its own numbers of fields count where wells are unknown.
    counted : bool
        Whether all wells are known.
    """
    names: dict[tuple[int | None, int], str] = {}
    for well in wells:
        for key, field in numbered(well.fields):
            names.setdefault(key, field.path)
    keys = list(names)
    if not counted:
        keys += [place for place in _stated(plate, {run for run, _ in names}) if place not in names]
    return tuple(
        Slot(acquisition=run, number=number, path=names.get((run, number), str(n)))
        for n, (run, number) in enumerate(keys)
    )


def _stated(plate: Plate, known: set[int | None]) -> Iterator[tuple[int | None, int]]:
    """Fields that wells have at most, as the plate states it."""
    if known <= {None}:
        yield from ((None, number) for number in range(min(plate.field_count or 0, _MOST_STATED)))
        return
    for run in plate.acquisitions:
        most = run.annotations.get("maximumfieldcount")
        if most is None and len(plate.acquisitions) == 1:
            most = plate.field_count
        count = min(most, _MOST_STATED) if isinstance(most, int) else 0
        yield from ((run.id, number) for number in range(count))


def numbered(fields: Iterable[Field]) -> Iterator[tuple[tuple[int | None, int], Field]]:
    """Fields with their acquisition and their number within it."""
    seen: dict[int | None, int] = {}
    for field in fields:
        number = seen[field.acquisition] = seen.get(field.acquisition, -1) + 1
        yield (field.acquisition, number), field
