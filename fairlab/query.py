"""A question, checked and understood before anybody is asked.

Filters are turned into terms, licences and plain values here; an unknown value is refused with the
nearest known ones, because a misspelt filter that silently finds nothing looks like an answer.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

from fairlab import terms, words
from fairlab.errors import QueryError
from fairlab.record import Kind
from fairlab.terms import Term, Vocabulary
from fairlab.traits import UNKNOWN, Traits, license_label

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fairlab.words import Concept

NGFF_VERSIONS = ("0.1", "0.2", "0.3", "0.4", "0.5", "0.6")
LAYOUTS = ("image", "plate", "bioformats2raw")
Match = Literal["best", "all"]


@dataclass(frozen=True, kw_only=True)
class Query:
    """A checked question; make one with :func:`make_query`."""

    text: str = ""
    """Free words, as given."""
    concepts: tuple[Concept, ...] = ()
    """What the words were understood to mean."""
    organism: tuple[Term, ...] = ()
    """Any of these taxa, or narrower; ``Term(label="unknown")`` asks for records that state none."""
    imaging_method: tuple[Term, ...] = ()
    """Any of these methods, or narrower."""
    license: tuple[str, ...] = ()
    """Any of these licences; one without version stands for all its versions."""
    repository: tuple[str, ...] = ()
    """Any of these publishers, case-folded."""
    kind: Kind = "image"
    """``"image"`` or ``"study"``."""
    ngff_version: tuple[str, ...] = ()
    """Any of these OME-Zarr versions."""
    layout: tuple[str, ...] = ()
    """Any of these layouts."""
    openable: bool | None = None
    """Only what ``open_image`` reads (True), only what it does not (False), or both (None)."""
    max_bytes: int | None = None
    """Largest stored size; records of unknown size are left out."""
    limit: int | None = 50
    """How many records to return; None for all."""
    match: Match = "best"
    """``"all"``: only records with every concept."""
    study: str | None = None
    """Only images of this study or group (``"idr:idr0062"``)."""

    def allows(self, traits: Traits) -> bool:
        """Whether the filters (all but text and size) let a record through."""
        return (
            traits.kind == self.kind
            and (self.openable is None or traits.openable == self.openable)
            and self._has(self.organism, traits.organism, traits.keys)
            and self._has(self.imaging_method, traits.imaging_method, traits.keys)
            and (not self.license or any(_license_fits(asked, traits.license) for asked in self.license))
            and (not self.repository or any(name in traits.names for name in self.repository))
            and _one_of(self.ngff_version, traits.ngff_version)
            and _one_of(self.layout, traits.layout)
        )

    def allows_size(self, size: int | None) -> bool:
        """Whether a stored size in bytes is small enough."""
        return self.max_bytes is None or (size is not None and size <= self.max_bytes)

    @staticmethod
    def _has(asked: Sequence[Term], stated: Sequence[str], keys: frozenset[str]) -> bool:
        if not asked:
            return True
        return any(not stated if term.label == UNKNOWN else (term.id or term.label) in keys for term in asked)

    def describe(self) -> str:
        """The question in words."""
        parts = [f'"{self.text.strip()[:60]}"'] if self.text.strip() else []
        parts += [f"images of {self.study}"] if self.study else []
        parts += [f"organism {_either(t.label for t in self.organism)}"] if self.organism else []
        parts += [f"method {_either(t.label for t in self.imaging_method)}"] if self.imaging_method else []
        parts += [f"licence {_either(self.license)}"] if self.license else []
        parts += [f"repository {_either(self.repository)}"] if self.repository else []
        parts += [f"OME-Zarr {_either(self.ngff_version)}"] if self.ngff_version else []
        parts += [f"layout {_either(self.layout)}"] if self.layout else []
        parts += [] if self.openable is None else ["openable" if self.openable else "not openable"]
        parts += [f"at most {self.max_bytes} bytes"] if self.max_bytes is not None else []
        return ", ".join(parts)

    def __str__(self) -> str:
        return self.describe()


def _either(values: Iterable[str]) -> str:
    return " or ".join(values)


def _one_of(asked: Sequence[str], stated: Sequence[str]) -> bool:
    return not asked or any(value in stated or (value == UNKNOWN and not stated) for value in asked)


@functools.lru_cache(maxsize=4096)
def _license_fits(asked: str, stated: str) -> bool:
    if asked == stated:
        return True
    wanted, found = terms.license(asked), terms.license(stated)
    return wanted is not None and found is not None and wanted.covers(found)


def make_query(
    text: str = "",
    *,
    organism: str | Sequence[str] | None = None,
    imaging_method: str | Sequence[str] | None = None,
    license: str | Sequence[str] | None = None,
    repository: str | Sequence[str] | None = None,
    kind: str = "image",
    ngff_version: str | Sequence[str] | None = None,
    layout: str | Sequence[str] | None = None,
    openable: bool | None = None,
    max_bytes: int | None = None,
    limit: int | None = 50,
    match: str = "best",
    study: str | None = None,
) -> Query:
    """Check and understand a question.

    Parameters
    ----------
    text : str
        Free words; may be empty when a filter is given.
    organism, imaging_method, license, repository, ngff_version, layout : str or sequence of str, optional
        Filters; several values mean "any of these", ``"unknown"`` means "not stated".
    kind : {"image", "study"}
        What to find.
    openable : bool, optional
        Only what ``open_image`` reads, or only what it does not.
    max_bytes : int, optional
        Largest stored size in bytes.
    limit : int or None
        Records to return, at least 1; None for all.
    match : {"best", "all"}
        Whether the closest partial match may be shown when nothing has all words.
    study : str, optional
        Identifier of the study whose images are asked for.

    Raises
    ------
    QueryError
        kind ``"query-empty"``: neither words nor filters; ``"<filter>-unknown"``: no such value, with the
        nearest known ones in ``context["nearest"]``; ``"query-value"``: a value of the wrong type or range.

    Examples
    --------
    >>> make_query("nuclei", organism="mouse").organism
    (Term(label='Mus musculus', id='NCBITaxon:10090'),)
    >>> make_query(organism="mouze")
    Traceback (most recent call last):
        ...
    fairlab.errors.QueryError: no organism "mouze" is known; did you mean "mouse"?
    """
    if not isinstance(text, str):
        raise QueryError(f"the text to search for is {text!r}; expected words", kind="query-value")
    text = text.encode("utf-8", "replace").decode()  # half a surrogate pair could not even be printed
    checked = Query(
        text=text,
        concepts=words.concepts(text),
        organism=_terms("organism", organism, terms.organisms()),
        imaging_method=_terms("imaging_method", imaging_method, terms.imaging_methods()),
        license=tuple(_license(value) for value in _several("license", license)),
        repository=tuple(value.casefold() for value in _several("repository", repository)),
        kind=_choice("kind", kind, get_args(Kind)),
        ngff_version=tuple(
            _choice("ngff_version", value.removeprefix("v"), (*NGFF_VERSIONS, UNKNOWN))
            for value in _several("ngff_version", ngff_version)
        ),
        layout=tuple(_choice("layout", value, (*LAYOUTS, UNKNOWN)) for value in _several("layout", layout)),
        openable=_flag("openable", openable),
        max_bytes=_count("max_bytes", max_bytes),
        limit=_count("limit", limit),
        match=_choice("match", match, get_args(Match)),
        study=study,
    )
    if not checked.describe():
        raise QueryError(
            "nothing to search for: give words or a filter\n"
            '  for example: search("mitosis"), or search(organism="mouse", openable=True)',
            kind="query-empty",
        )
    return checked


def _several(name: str, value: Any) -> tuple[str, ...]:
    given = (value,) if isinstance(value, str) else () if value is None else value
    if not isinstance(given, list | tuple | set | frozenset) or not all(isinstance(v, str) for v in given):
        raise QueryError(
            f"{name} is {value!r}; expected a text or a list of texts",
            kind="query-value",
            facet=name,
            value=value,
        )
    stripped = tuple(v.strip() for v in given)
    if not all(stripped) or (value is not None and not stripped):
        raise QueryError(f"{name} is empty; leave it out to ask for any", kind="query-value", facet=name)
    return stripped


def _terms(name: str, value: Any, vocabulary: Vocabulary) -> tuple[Term, ...]:
    found: list[Term] = []
    for text in _several(name, value):
        if text.casefold() == UNKNOWN:
            found.append(Term(label=UNKNOWN))
            continue
        known = vocabulary.find(text)
        if not known:
            raise unknown_value(name, text, vocabulary.names())
        found += known
    return tuple(dict.fromkeys(found))


def _license(value: str) -> str:
    if value.casefold() == UNKNOWN:
        return UNKNOWN
    if terms.license(value) is not None:
        return license_label(value)
    if value.startswith(("http://", "https://")):
        return value  # a licence of its own, stated by address as the repository does
    names = [
        "CC-BY-4.0",
        "CC0-1.0",
        "CC-BY-SA-4.0",
        "CC-BY-NC-4.0",
        "CC-BY-NC-SA-4.0",
        "CC-BY-NC-ND-4.0",
        "CC-BY",
    ]
    raise unknown_value("license", value, names)


def _choice(name: str, value: Any, choices: Sequence[Any]) -> Any:
    text = value.casefold() if isinstance(value, str) else value
    if text not in choices:
        raise unknown_value(name, str(value), choices, list_all=True)
    return text


def _flag(name: str, value: Any) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise QueryError(f"{name} is {value!r}; expected True, False or None", kind="query-value", facet=name)
    return value


def _count(name: str, value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise QueryError(
            f"{name} is {value!r}; expected a whole number above zero, or None",
            kind="query-value",
            facet=name,
        )
    return value


def unknown_value(name: str, value: str, choices: Sequence[str], *, list_all: bool = False) -> QueryError:
    """The error for a filter value that nobody knows, with the nearest that exist."""
    close = terms.nearest(value, choices)
    readable = name.replace("_", " ")
    if close:
        hint = "; did you mean " + _either(f'"{choice}"' for choice in close) + "?"
    elif list_all:
        hint = f"; there are: {', '.join(map(str, choices))}"
    else:
        hint = "; search without this filter and look at results.facets() for what there is"
    return QueryError(
        f'no {readable} "{value[:80]}" is known{hint}',
        kind=f"{name.replace('_', '-')}-unknown",
        facet=name,
        value=value[:80],
        nearest=close,
    )
