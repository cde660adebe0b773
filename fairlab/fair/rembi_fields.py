"""The fields of REMBI, as data: modules, paths in a description, weights, words to choose from.

Fields are those of the paper with the additions of the BioImage Archive; 16 are core: without them the data can
hardly be used. They are in ``fairlab/data/rembi_fields.csv``; descriptions and examples there are ours.

References
----------
REMBI, doi:10.1038/s41592-021-01166-8; BioImage-Archive/bia-rembi-models @362eff0 (REMBI 1.5, Apache-2.0);
BioImage-Archive/bia-integrator @ad647bc (Apache-2.0); GIDE RO-Crate profile v0.2.
"""

from __future__ import annotations

import csv
import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlab.terms import DATA, split

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class RembiField:
    """One field of REMBI."""

    module: str
    """``"Biosample"``."""
    key: str
    """``"organism"``."""
    attribute: str
    """What the paper calls it."""
    path: str
    """Where descriptions have it: ``|`` between paths of which one is enough, ``&`` between those needed both,
    ``:`` before the key of a channel."""
    form: str
    """How a filled-in value is read: ``"text"``, ``"terms"``, ``"lengths"`` …"""
    weight: float
    """Its part in the coverage."""
    core: bool
    """Whether it is one of the 16."""
    several: bool
    """Whether it may be given more than once."""
    also: tuple[str, ...]
    """Other names of it in tables and archives."""
    vocabulary: str
    """Where its words should come from."""
    values: tuple[str, ...]
    """The words to choose from; empty where it is free."""
    description: str
    """What belongs there."""
    example: str
    """What that looks like."""

    @property
    def name(self) -> str:
        """Module and key."""
        return f"{self.module}.{self.key}"

    @property
    def advice(self) -> str:
        """What belongs there, with an example."""
        return f"{self.description} Example: {self.example}"


@functools.cache
def fields() -> tuple[RembiField, ...]:
    """All fields, in the order of REMBI.

    Examples
    --------
    >>> len(fields()), sum(field.core for field in fields())
    (51, 16)
    """
    with (DATA / "rembi_fields.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(
            RembiField(
                module=row["module"],
                key=row["key"],
                attribute=row["attribute"],
                path=row["path"],
                form=row["form"],
                weight=float(row["weight"]),
                core=row["core"] == "yes",
                several=row["several"] == "yes",
                also=split(row["also"]),
                vocabulary=row["vocabulary"],
                values=split(row["values"]),
                description=row["description"],
                example=row["example"],
            )
            for row in csv.DictReader(stream)
        )


def names() -> dict[str, Sequence[str]]:
    """Module to its keys."""
    found: dict[str, list[str]] = {}
    for field in fields():
        found.setdefault(field.module, []).append(field.key)
    return {module: tuple(keys) for module, keys in found.items()}
