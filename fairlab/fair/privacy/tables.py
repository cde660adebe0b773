"""Audit of plain text and tables beside an image: columns and ``key: value`` lines by their names, patterns in all."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Final

from fairlab.fair.privacy.patterns import of_field, says_nothing
from fairlab.fair.privacy.places import is_format_word

if TYPE_CHECKING:
    from fairlab.fair.privacy.places import Notes

_PAIR: Final = re.compile(r"[\s\-#;\"']*([^\W\d][\w .-]{0,39}?)[\"']?\s*[:=]\s*(\S.{0,400})")
_LONGEST: Final = 64 * 1024  # of a line, so much is looked at


def audit_text(text: str, notes: Notes) -> None:
    r"""Note lines that hold something identifying.

    Examples
    --------
    >>> from fairlab.fair.privacy.places import Notes
    >>> notes = Notes()
    >>> audit_text("scanner: X1\noperator: Jane Roe\n", notes)
    >>> [(rule, place.path) for (rule, _), place in notes.places.items()]
    [('person', 'line 2')]
    """
    for number, line in enumerate(text.splitlines(), start=1):
        pair = _PAIR.match(line[:500])
        rule = of_field(pair[1]) if pair and not says_nothing(pair[2]) else None
        if rule and pair:
            notes.add(rule, f"line {number}", value=pair[2])
        notes.text(line[:_LONGEST], f"line {number}", name=pair[1] if pair else "")


def audit_table(text: str, notes: Notes, *, delimiter: str) -> None:
    r"""Note columns and rows of a table that hold something identifying.

    Examples
    --------
    >>> from fairlab.fair.privacy.places import Notes
    >>> notes = Notes()
    >>> audit_table("area,patient id\n4.5,AA01\n", notes, delimiter=",")
    >>> [(rule, place.path) for (rule, _), place in notes.places.items()]
    [('patient', 'column patient id')]
    """
    try:
        rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    except csv.Error:  # a field of more than 128 kB, or a null character
        audit_text(text, notes)
        return
    head = rows[0] if rows else []
    columns = [
        f"column {name if is_format_word(name) else f'{{{n}}}'}" for n, name in enumerate(head, start=1)
    ]
    rules = [of_field(name) for name in head]
    for name, column in zip(head, columns, strict=True):
        notes.text(name, column)
    for row in rows[1:]:
        for value, name, column, rule in zip(row, head, columns, rules, strict=False):
            if says_nothing(value):
                continue
            if rule:
                notes.add(rule, column, value=value)
            notes.text(value[:_LONGEST], column, name=name)
