"""Which field of a checklist a written name means, and what to say where it means none."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FormatError
from fairlab.fair.coverage import Finding
from fairlab.fair.field_tables import Cell, key
from fairlab.terms import fold, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Name = tuple[str, str]
"""Module and field, as the checklist has them."""
Values = dict[Name, list[tuple[int | None, Any]]]
"""Field to (item, value), in the order of the table."""
_SHOWN: Final = 5


def sort_out(
    cells: Sequence[Cell],
    known: Mapping[str, Sequence[str]],
    *,
    standard: str,
    where: str,
    also: Mapping[Name, Sequence[str]] | None = None,
) -> tuple[Values, list[Finding]]:
    """The values of each field, and findings about names that are none.

    Parameters
    ----------
    cells : sequence of Cell
        Values as written.
    known : mapping of str to sequence of str
        Module to its fields.
    standard : str
        Name of the checklist, for messages.
    where : str
        What was read, for messages.
    also : mapping of (module, field) to sequence of str, optional
        Other names of fields, where they are not the checklist's own for something else.

    Raises
    ------
    FormatError
        kind ``"fields-unknown"``: no name is one of the checklist; the nearest are named.

    Examples
    --------
    >>> values, findings = sort_out([Cell(field="Organism", value="mouse"), Cell(field="colour", value="red")],
    ...                             {"Biosample": ["organism"]}, standard="REMBI", where="here")
    >>> values
    {('Biosample', 'organism'): [(None, 'mouse')]}
    >>> findings[0].rule
    'unknown-field'
    """
    index = _index(known, also or {})
    votes = _votes(cells, index)
    values: Values = defaultdict(list)
    findings: dict[tuple[str, str, str], Finding] = {}
    for cell in cells:
        meant = _meant(cell, known, index, votes)
        if len(meant) == 1:
            values[meant[0]].append((cell.item, cell.value))
        else:
            one = _finding(cell, meant, known)
            findings.setdefault((one.rule, one.module, one.field), one)
    if not values:
        hints = "; ".join(one.message for one in list(findings.values())[:_SHOWN])
        raise FormatError(
            f"no field of {standard} is in it: {hints}\n"
            f'  in {where}; fairlab.fair.template("{standard.lower()}") has all names',
            kind="fields-unknown",
        )
    return dict(values), list(findings.values())


def _index(known: Mapping[str, Sequence[str]], also: Mapping[Name, Sequence[str]]) -> dict[str, list[Name]]:
    index: dict[str, list[Name]] = defaultdict(list)
    for module, fields in known.items():
        for field in fields:
            for spelling in {key(field), key(module + field)}:
                index[spelling].append((module, field))
    own = set(index)
    for name, spellings in also.items():
        for spelling in {key(other) for other in spellings} - own:
            index[spelling].append(name)
    return index


def _votes(cells: Iterable[Cell], index: Mapping[str, list[Name]]) -> Counter[str]:
    # "Filename" is a field of four modules of MITI: a table without modules is about the one that most of its
    # columns are of.
    names = {key(cell.field) for cell in cells if cell.module is None}
    return Counter(module for name in names for module, _ in index.get(name, ()))


def _meant(
    cell: Cell, known: Mapping[str, Sequence[str]], index: Mapping[str, list[Name]], votes: Counter[str]
) -> list[Name]:
    found = index.get(key(cell.field), [])
    if cell.module is not None:
        modules = _modules(cell.module, known)
        return [name for name in found if name[0] in modules]
    most = max((votes[module] for module, _ in found), default=0)
    likely = [name for name in found if votes[name[0]] == most]
    return likely if len(likely) == 1 else found


def _modules(written: str, known: Iterable[str]) -> list[str]:
    """The module of that name, or whose name goes on: "File (image acquisition)" is "File"."""
    words = fold(written)
    whole = [module for module in known if key(module) == key(written)]
    return whole or [module for module in known if words[: len(fold(module))] == fold(module)]


def _finding(cell: Cell, meant: Sequence[Name], known: Mapping[str, Sequence[str]]) -> Finding:
    shown = cell.field[:60]
    if meant:
        places = " or ".join(f'"{module}.{field}"' for module, field in meant)
        message = f'"{shown}" is a field of several modules; write {places}'
        return Finding(level="error", rule="ambiguous-field", field=shown, message=message)
    if cell.module is not None and not _modules(cell.module, known):
        message = f'no module is called "{cell.module[:60]}"; there are {", ".join(known)}'
        return Finding(level="warning", rule="unknown-module", field=cell.module[:60], message=message)
    near = nearest(shown, {field for fields in known.values() for field in fields})
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return Finding(
        level="warning", rule="unknown-field", module=cell.module or "", field=shown,
        message=f'no field is called "{shown}"{hint}',
    )  # fmt: skip
