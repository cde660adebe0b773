"""What is said of fields of a plate that are not as they should be: unlike the first, or not there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fairlab.errors import FormatError, warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fairlab.net.plate_fields import Cell, Fields

_NAMED: Final = 8


def check_fields(fields: Fields, cells: Iterable[Cell], *, placed: bool = False) -> None:
    """Refuse fields that are not like the first, and tell, once, what their array cannot show.

    That is fields for which there is no room and, unless coordinates say where they begin (``placed``), fields
    that begin elsewhere than the first.

    Raises
    ------
    FormatError
        kind ``"plate-mismatch"``.
    """
    cells = list(dict.fromkeys(cells))
    unlike = {cell: fields.problems[cell] for cell in cells if cell in fields.problems}
    if unlike:
        raise _mismatch(fields, unlike)
    crowded = [p for p in dict.fromkeys(cell[:2] for cell in cells) if p in fields.crowded]
    if crowded:
        counted = [f"{fields.wells[p]} ({fields.crowded.pop(p, 0)} more)" for p in crowded]
        _tell(fields, "wells have fields for which the plate states no room", counted, "makes room")
    elsewhere = [fields.name(cell) for cell in cells if cell in fields.offsets]
    if elsewhere and not (placed or fields.told):
        fields.told = True
        _tell(
            fields,
            "fields begin elsewhere than the first, whose positions are shown",
            elsewhere,
            "says where",
        )


def _mismatch(fields: Fields, unlike: Mapping[Cell, str]) -> FormatError:
    lines = [f"    {fields.name(cell)}: {what}" for cell, what in list(unlike.items())[:_NAMED]]
    more = [f"    … and {len(unlike) - _NAMED} more"] if len(unlike) > _NAMED else []
    location, template = fields.store.location, fields.template.path
    hint = "" if fields.padded else ', and join="outer" pads those that differ in shape alone'
    text = [
        f"{len(unlike)} fields are not like the first that can be read ({template})",
        *lines,
        *more,
        f"  at {location}",
        f"  select wells that agree{hint}; fairlab.open_image opens each field",
    ]
    wells = list(dict.fromkeys(fields.wells[cell[:2]] for cell in unlike))
    return FormatError("\n".join(text), kind="plate-mismatch", url=location, wells=wells)


def _tell(fields: Fields, what: str, names: list[str], remedy: str) -> None:
    advice = f'fairlab.open_plate(…, check="all") {remedy}'
    warn(f"{what}: {_named(names)}", at=fields.store.location, advice=advice)


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
            what, name = "fields that their wells do not list are not there", fields.name(cell)
        elif fields.inside:
            what, name = f"{fields.inside} of fields are not there", fields.name(cell)
        else:
            what, name = "fields that their wells list are not there", fields.name(cell)
        found.setdefault(what, {})[name] = None
    return "\n".join(f"{what}{then}: {_named(list(names))}" for what, names in found.items())


def _named(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (f" … ({len(names)} in all)" if len(names) > _NAMED else "")
