"""Which term may be meant: by name, synonym or likeness, and in place of one that was withdrawn; offline."""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Final

from fairlab.terms import Term, imaging_methods, nearest, organisms, read_table, split

METHOD: Final = "acquisition.method"
"""Where a description has imaging methods."""
MOST: Final = 3
"""Suggestions for one term."""


@dataclass(frozen=True, kw_only=True)
class Retired:
    """A term that its ontology withdrew."""

    label: str
    """Its last label."""
    instead: tuple[Term, ...]
    """What fairlab suggests in its place; FBbi itself names no successors."""


@functools.cache
def retired() -> dict[str, Retired]:
    """The deprecated terms of FBbi by identifier (CRBS/Biological_Imaging_Methods_Ontology @4a6125c, CC BY 4.0).

    Examples
    --------
    >>> retired()["FBbi:00000242"].label
    'wide field light micrograph'
    """
    known = imaging_methods().entries
    return {
        row["id"]: Retired(
            label=row["label"], instead=tuple(known[key].term for key in split(row["instead"]))
        )
        for row in read_table("retired_methods.csv")
    }


def suggest(text: str, *, path: str = METHOD) -> tuple[Term, ...]:
    """Terms that a text may mean, from the embedded vocabularies: by name or synonym, else the nearest.

    Parameters
    ----------
    text : str
        A label as people write it.
    path : str
        What it is about: a path of a description that holds organisms or imaging methods; others have none.

    Examples
    --------
    >>> [term.id for term in suggest("lightsheet")][:1], [term.id for term in suggest("confocal microscop")][:1]
    (['FBbi:00000369'], ['FBbi:00000251'])
    >>> suggest("mouse", path="biosample.organism")[0].label
    'Mus musculus'
    """
    vocabularies = {"biosample.organism": organisms, METHOD: imaging_methods}
    if path not in vocabularies or not text.strip():
        return ()
    vocabulary = vocabularies[path]()
    bare = re.sub(r"\s*\([^)]*\)", "", text)
    if found := vocabulary.find(text) or vocabulary.find(bare):
        return found[:MOST]
    close = (term for name in nearest(text, vocabulary.names()) for term in vocabulary.find(name))
    return tuple(dict.fromkeys(close))[:MOST]
