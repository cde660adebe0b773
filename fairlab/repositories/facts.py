"""Values with the place where each was read: what adapters gather before they make a record of it."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fairlab import terms
from fairlab.record import Record, Source
from fairlab.repositories.answer_values import license_of, terms_of
from fairlab.repositories.answers import without_contacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fairlab.net.api import Document
    from fairlab.record import Kind
    from fairlab.terms import Term, Vocabulary

Facts = dict[str, tuple[Any, Source]]
"""Field of a record to its value and where that was read."""
_EMPTY: tuple[Any, ...] = (None, (), {}, "")
_ADDRESS = re.compile(r"\s*https?://\S+\s*$")
_FROM_STUDY = (
    "description", "authors", "creators", "publications", "pmid", "doi", "license", "release_date", "organism",
    "imaging_method", "other_terms", "keywords", "attribution", "access",
)  # fmt: skip


def at(document: Document, pointer: str = "") -> Source:
    """A place in an answer."""
    return Source(document=document.url, pointer=pointer, retrieved_at=document.retrieved_at)


def record(
    facts: Facts,
    source: Source,
    *,
    id: str,
    kind: Kind,
    repository: str,
    raw: Mapping[str, Any] | None = None,
) -> Record:
    """The record that facts make; empty values are left out.

    Parameters
    ----------
    facts : dict
        Values with their sources.
    source : Source
        Where the thing itself was named; it stands for all that has no source of its own.
    id, kind, repository, raw
        See :class:`~fairlab.record.Record`.

    Examples
    --------
    >>> here = Source(document="https://example.org/1")
    >>> record({"title": ("A fly", here), "doi": ("", here)}, here, id="x:1", kind="study", repository="X").doi is None
    True
    """
    kept = {name: pair for name, pair in facts.items() if pair[0] not in _EMPTY}
    return Record(
        id=id,
        kind=kind,
        repository=repository,
        **{name: value for name, (value, _) in kept.items()},
        raw=without_contacts(dict(raw)) if raw is not None else None,
        sources={"*": source, **{name: place for name, (_, place) in kept.items()}},
    )


def from_study(study: Record) -> Facts:
    """What an image takes from its study, marked as inferred: it may not hold for this one image."""
    found: Facts = {}
    for name in _FROM_STUDY:
        source = study.source(name)
        if source is not None:
            found[name] = (getattr(study, name), inferred(source))
    if source := study.source("title"):
        # An image is found by the words of its study.
        words = " ".join(filter(None, (study.title, study.description)))
        found["description"] = (words, inferred(source))
    return found


def organisms(labels: Iterable[str], source: Source) -> tuple[tuple[Term, ...], Source]:
    """Taxa by name; an identifier that was concluded from a name is marked so, an unknown name stays.

    Examples
    --------
    >>> found, source = organisms(["C. elegans", "a new beast"], Source(document="here"))
    >>> found, source.basis
    ((Term(label='Caenorhabditis elegans', id='NCBITaxon:6239'), Term(label='a new beast', id=None)), 'inferred')
    """
    return _terms(labels, terms.organisms(), source)


def imaging_methods(labels: Iterable[str], source: Source) -> tuple[tuple[Term, ...], Source]:
    """Imaging methods by name, as :func:`organisms`."""
    return _terms(labels, terms.imaging_methods(), source)


def _terms(labels: Iterable[str], vocabulary: Vocabulary, source: Source) -> tuple[tuple[Term, ...], Source]:
    found, concluded = terms_of(((label, None) for label in labels), vocabulary)
    return found, inferred(source) if concluded else source


def inferred(source: Source) -> Source:
    """The same place, for what fairlab concluded from it."""
    return dataclasses.replace(source, basis="inferred")


def license_facts(stated: str | None, source: Source) -> Facts:
    """A licence as an address, and the archive's own words where they differ.

    Examples
    --------
    >>> here = Source(document="https://example.org/1")
    >>> {name: value for name, (value, _) in license_facts("CC BY-NC 4.0", here).items()}
    {'license': 'https://creativecommons.org/licenses/by-nc/4.0/', 'license_as_listed': 'CC BY-NC 4.0'}
    """
    url, words = license_of(stated)
    return {"license": (url, source), "license_as_listed": (words, source)}


def without_address(text: str) -> str:
    """A text without the address that repeats it.

    Examples
    --------
    >>> without_address("CC BY 4.0 https://creativecommons.org/licenses/by/4.0/")
    'CC BY 4.0'
    """
    return _ADDRESS.sub("", text).strip() or text.strip()


def mapping(value: Any) -> Mapping[str, Any]:
    """A JSON object; an empty one where an answer has something else."""
    return value if isinstance(value, dict) else {}


def path_step(text: str) -> str:
    """A text as one step of an address, whatever it holds.

    Examples
    --------
    >>> path_step("a/../b?c"), path_step("..")
    ('a%2F..%2Fb%3Fc', '%2E%2E')
    """
    return text.replace(".", "%2E") if text in (".", "..") else quote(text, safe="")
