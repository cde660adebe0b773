"""Fields of a plate that were looked for and are not there: which, and what says that they should be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fairlab.net.plate_fields import Cell, Fields

_NAMED: Final = 8


def absences(fields: Fields, cells: Iterable[Cell], *, then: str = "") -> str:
    """A line for each reason why fields are not there, with their names; nothing where there are none.

    A well that the plate lists and a field that its well lists are missing. A well that has fewer fields than there
    is room for lacks nothing; but where nobody has looked yet, its room looks like a field.

    Parameters
    ----------
    fields : Fields
        Of a plate, or label images below them.
    cells : iterable of (int, int, int)
        Row, column and field of those that are not there.
    then : str
        What comes of it, to be said of each.
    """
    found: dict[str, dict[str, None]] = {}  # names once, in order
    for cell in cells:
        if cell[:2] in fields.gone:
            what, name = "wells that the plate lists are not there", fields.wells[cell[:2]]
        elif not fields.is_listed(cell):
            what, name = "fields for which there is room are none that their wells list", fields.name(cell)
        elif fields.inside:
            what, name = f"{fields.inside} of fields are not there", fields.name(cell)
        else:
            what, name = "fields that their wells list are not there", fields.name(cell)
        found.setdefault(what, {})[name] = None
    return "\n".join(f"{what}{then}: {_named(list(names))}" for what, names in found.items())


def _named(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" … ({len(names)} in all)" if len(names) > _NAMED else "")
