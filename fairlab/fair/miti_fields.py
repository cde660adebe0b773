"""The fields of MITI, as data: modules, types, levels, conditions and lists of values.

Names, types, levels, conditions and lists are those of labsyspharm/MITI @2d6d5b8 (2023-10-18, MIT licence,
yaml/01 to 08; most long lists are vocabularies of the GDC); descriptions and examples in
``fairlab/data/miti_fields.csv`` are ours. Where MITI's own type is a slip (a unit typed as a float, software
typed as a DOI) or its list is a list of examples (formats, data types, magnifications), the table says what is
meant; a list broken at a comma ("Degree of dysplasia") is put together again.

References
----------
MITI, doi:10.1038/s41592-022-01415-4.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final, Literal

from fairlab.errors import QueryError
from fairlab.fair.checklist import ChecklistField, read_fields
from fairlab.terms import fold, nearest, read_table, split

Type = Literal[
    "boolean", "integer", "float", "string", "filename", "date", "doi", "rrid", "unit", "sha", "magnification",
    "sequence",
]  # fmt: skip
PRIVATE: Final = frozenset({"Clinical", "Biospecimen"})
"""Modules about people: no message repeats a value of theirs."""


@dataclass(frozen=True, kw_only=True)
class MitiField(ChecklistField):
    """One field of MITI, named as MITI spells it without its slips of the space bar."""

    type: Type
    """What a value must be."""
    level: Literal["required", "recommended"]
    """Whether it must be there."""
    condition: str
    """When it must be there: ``"SizeZ > 1"``, ``"Data Type = mask"``, ``"unless n/a"``, ``"label metal"``; empty
    where always."""
    minimum: float | None
    """Smallest value."""
    maximum: float | None
    """Largest value."""
    values: str
    """The words to choose from, as the table has them: separated by ``|``, or ``@`` and the name of a long list."""
    also: tuple[str, ...]
    """Words that MITI's list lacks and that are right all the same."""
    category: str
    """Heading within the module."""

    @property
    def allowed(self) -> tuple[str, ...]:
        """The words to choose from; empty where it is free."""
        if self.values.startswith("@"):
            return long_lists()[self.values[1:]]
        return split(self.values)

    @property
    def accepts(self) -> frozenset[str]:
        """All words that are right, in the form that :func:`word` gives."""
        return _accepted(self.values, self.also)


@functools.cache
def _accepted(values: str, also: tuple[str, ...]) -> frozenset[str]:
    listed = long_lists()[values[1:]] if values.startswith("@") else split(values)
    return frozenset(map(word, (*listed, *also)))


def word(text: str) -> str:
    """What spellings of a listed word have in common; the sign of a temperature is kept.

    Examples
    --------
    >>> word("Copy  number-reported"), word("-80C")
    ('copy number reported', '-80c')
    """
    return ("-" if text.lstrip().startswith(("-", "−")) else "") + " ".join(fold(text))


@functools.cache
def long_lists() -> dict[str, tuple[str, ...]]:
    """The lists of more than 45 words, by name.

    Examples
    --------
    >>> {name: len(words) for name, words in long_lists().items()}["Primary diagnosis"]
    1638
    """
    found: dict[str, list[str]] = {}
    for row in read_table("miti_values.csv.gz"):
        found.setdefault(row["list"], []).append(row["value"])
    return {name: tuple(words) for name, words in found.items()}


@functools.cache
def fields() -> tuple[MitiField, ...]:
    """All fields, in the order of MITI.

    Examples
    --------
    >>> len(fields()), sum(field.level == "required" and not field.condition for field in fields())
    (198, 113)
    """
    return read_fields(MitiField, "miti_fields.csv", minimum=_number, maximum=_number, also=split)


def _number(cell: str) -> float | None:
    return float(cell) if cell else None


def miti_words(name: str) -> tuple[str, ...]:
    """The words that a field of MITI is to be chosen from; empty where it is free.

    Parameters
    ----------
    name : str
        A field, in any spelling: ``"Primary diagnosis"``, ``"channel.Passed QC"``.

    Raises
    ------
    QueryError
        kind ``"field-unknown"``.

    Examples
    --------
    >>> miti_words("Immersion Medium")
    ('Air', 'Water', 'Glycerin', 'Oil')
    """
    asked = "".join(fold(name))
    found = [
        field for field in fields() if asked in ("".join(fold(field.name)), "".join(fold(field.name_in_full)))
    ]
    if not found:
        near = nearest(name, {field.name for field in fields()})
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise QueryError(f'MITI has no field "{name[:60]}"{hint}', kind="field-unknown")
    return tuple(dict.fromkeys(word for field in found for word in (*field.allowed, *field.also)))
