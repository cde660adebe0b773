"""What the fields of REMBI and of MITI have in common, and the one way in which their tables are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from fairlab.errors import QueryError
from fairlab.fair.field_tables import key
from fairlab.terms import nearest, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence


@dataclass(frozen=True, kw_only=True)
class ChecklistField:
    """One field of a checklist."""

    module: str
    """``"Biosample"``, ``"Channel"``."""
    name: str
    """As the checklist spells it: ``"organism"``, ``"Channel Name"``."""
    description: str
    """What belongs there."""
    example: str
    """What that looks like."""

    @property
    def name_in_full(self) -> str:
        """Module and name: ``"Biosample.organism"``."""
        return f"{self.module}.{self.name}"

    @property
    def advice(self) -> str:
        """What belongs there, with an example."""
        return f"{self.description} Example: {self.example}"


Field = TypeVar("Field", bound=ChecklistField)


def read_fields(kind: type[Field], table: str, **cells: Callable[[str], Any]) -> tuple[Field, ...]:
    """The fields of a checklist from a table whose columns are named like the attributes of a field.

    Parameters
    ----------
    kind : type
        What each row becomes.
    table : str
        Name of the table in the package.
    **cells
        Column to what its cells mean; the others are text.

    Raises
    ------
    FormatError
        kind ``"table-damaged"``.
    """
    return tuple(
        kind(**{column: cells.get(column, str)(cell) for column, cell in row.items()})
        for row in read_table(table)
    )


def by_module(fields: Iterable[ChecklistField]) -> dict[str, Sequence[str]]:
    """Module to the names of its fields, in the order of the checklist.

    Examples
    --------
    >>> from fairlab.fair.rembi_fields import fields
    >>> by_module(fields())["Study"][:2]
    ['title', 'description']
    """
    found: dict[str, list[str]] = {}
    for field in fields:
        found.setdefault(field.module, []).append(field.name)
    return dict(found)


def chosen_modules(
    asked: Sequence[str] | None, known: Mapping[str, object], *, standard: str
) -> tuple[str, ...]:
    """Modules of a checklist by any spelling of their names; none when none is asked for.

    Parameters
    ----------
    asked : sequence of str, optional
        As written.
    known : mapping
        Its keys are the modules.
    standard : str
        Name of the checklist, for messages.

    Raises
    ------
    QueryError
        kind ``"module-unknown"``.

    Examples
    --------
    >>> chosen_modules(["image-data"], {"Study": (), "Image data": ()}, standard="REMBI")
    ('Image data',)
    """
    by_key = {key(module): module for module in known}
    for module in asked or ():
        if key(module) not in by_key:
            near = nearest(module, known)
            raise QueryError(
                f'{standard} has no module "{module[:60]}"{f"; did you mean {near[0]}?" if near else ""}\n'
                f"  there are {', '.join(known)}",
                kind="module-unknown",
            )
    return tuple(by_key[key(module)] for module in asked or ())
