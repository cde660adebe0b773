"""The fields of REMBI, as data: modules, paths in a description, weights, words to choose from.

Fields are those of the paper with the additions of the BioImage Archive; 16 are core: without them the data can
hardly be used. They are in ``fairlab/data/rembi_fields.csv``; descriptions and examples there are ours.

References
----------
REMBI, doi:10.1038/s41592-021-01166-8; BioImage-Archive/bia-rembi-models @362eff0 (REMBI 1.5, Apache-2.0);
BioImage-Archive/bia-integrator @ad647bc (Apache-2.0); GIDE RO-Crate profile v0.2.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

from fairlab.fair.checklist import ChecklistField, read_fields
from fairlab.terms import split


@dataclass(frozen=True, kw_only=True)
class RembiField(ChecklistField):
    """One field of REMBI."""

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


@functools.cache
def fields() -> tuple[RembiField, ...]:
    """All fields, in the order of REMBI.

    Examples
    --------
    >>> len(fields()), sum(field.core for field in fields())
    (51, 16)
    """
    return read_fields(
        RembiField,
        "rembi_fields.csv",
        weight=float,
        core=_flag,
        several=_flag,
        also=split,
        values=split,
    )


def _flag(cell: str) -> bool:
    return cell == "yes"
