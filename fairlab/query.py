"""A question, checked and understood before anybody is asked.

Filters are turned into terms, licences and plain values here; an unknown value is refused with the
nearest known ones, because a misspelt filter that silently finds nothing looks like an answer.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from fairlab import filters, terms, words
from fairlab.errors import QueryError
from fairlab.ngff.versions import READ
from fairlab.quantities import readable_bytes
from fairlab.record import Kind
from fairlab.traits import UNKNOWN, Traits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from fairlab.filters import Years
    from fairlab.terms import Term
    from fairlab.words import Concept

LAYOUTS = ("image", "plate", "bioformats2raw")
Match = Literal["best", "all"]
GroupBy = Literal["study", "image"]
TOPICS = ("anatomy", "disease", "cell_line", "phenotype", "compound")
"""Filters by word on what records state of the sample."""
FILTERS = (
    "text", "organism", "imaging_method", "license", "repository", "ngff_version", "layout", "openable", "max_bytes",
    "study", "attributes", *TOPICS, "year", "channel", "has_labels", "pixel_size_below",
)  # fmt: skip
"""All that narrows an answer; what a source cannot apply of them, it says."""
_UNSET: tuple[Any, ...] = ("", (), None)


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
    attributes: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Key/value pairs that records state: every key, with any of its values."""
    anatomy: tuple[str, ...] = ()
    """Any of these tissues, organs or cell types, by word."""
    disease: tuple[str, ...] = ()
    """Any of these diseases, by word."""
    cell_line: tuple[str, ...] = ()
    """Any of these cell lines, by word."""
    phenotype: tuple[str, ...] = ()
    """Any of these phenotypes, by word."""
    compound: tuple[str, ...] = ()
    """Any of these compounds, by word."""
    year: Years | None = None
    """First and last year of publication, both included; None on a side: no bound."""
    channel: tuple[str, ...] = ()
    """Any of these channels, by word."""
    has_labels: bool | None = None
    """Only with label images (True), only without (False), or both (None)."""
    pixel_size_below: float | None = None
    """Pixels finer than this, in micrometer."""
    group_by: GroupBy = "study"
    """Whether images of one study stand together, or each by its own rank."""

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

    def filters(self) -> frozenset[str]:
        """Names of the filters in use, free words being ``"text"``.

        Examples
        --------
        >>> sorted(make_query("mitosis", year=2019, kind="study").filters())
        ['text', 'year']
        """
        return frozenset(name for name in FILTERS if getattr(self, name) not in _UNSET)

    def only(self, names: Collection[str]) -> Query:
        """The same question with these filters alone; kind, limit and the like stay.

        Examples
        --------
        >>> make_query("mitosis", year=2019).only({"text"}).describe()
        '"mitosis"'
        """
        dropped: dict[str, Any] = {name: _DEFAULTS[name] for name in self.filters() - set(names)}
        if "text" in dropped:
            dropped["concepts"] = ()
        return replace(self, **dropped)

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
        parts += [f"at most {readable_bytes(self.max_bytes)}"] if self.max_bytes is not None else []
        parts += [f"{key} = {_either(values)}" for key, values in self.attributes]
        parts += [
            f"{name.replace('_', ' ')} {_either(getattr(self, name))}"
            for name in TOPICS
            if getattr(self, name)
        ]
        parts += [f"year {_span(self.year)}"] if self.year else []
        parts += [f"channel {_either(self.channel)}"] if self.channel else []
        parts += [] if self.has_labels is None else [f"{'with' if self.has_labels else 'without'} labels"]
        parts += [f"pixels below {self.pixel_size_below:g} µm"] if self.pixel_size_below else []
        return ", ".join(parts)

    def __str__(self) -> str:
        return self.describe()


def _either(values: Iterable[str]) -> str:
    return " or ".join(values)


def _one_of(asked: Sequence[str], stated: Sequence[str]) -> bool:
    return not asked or any(value in stated or (value == UNKNOWN and not stated) for value in asked)


def _span(years: Years) -> str:
    first, last = ("" if year is None else str(year) for year in years)
    return first if first == last else f"{first}-{last}"


@functools.lru_cache(maxsize=4096)
def _license_fits(asked: str, stated: str) -> bool:
    if asked == stated:
        return True
    wanted, found = terms.license(asked), terms.license(stated)
    return wanted is not None and found is not None and wanted.covers(found)


_DEFAULTS = {field.name: field.default for field in fields(Query)}


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
    attributes: Mapping[str, str | Sequence[str]] | None = None,
    anatomy: str | Sequence[str] | None = None,
    disease: str | Sequence[str] | None = None,
    cell_line: str | Sequence[str] | None = None,
    phenotype: str | Sequence[str] | None = None,
    compound: str | Sequence[str] | None = None,
    year: int | str | Sequence[int | None] | None = None,
    channel: str | Sequence[str] | None = None,
    has_labels: bool | None = None,
    pixel_size_below: float | str | None = None,
    group_by: str = "study",
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
    attributes : mapping of str to str or sequence of str, optional
        Key/value pairs as archives state them (``{"Gene Symbol": "CDK1"}``), capitals or not: every key,
        with any of its values.
    anatomy, disease, cell_line, phenotype, compound, channel : str or sequence of str, optional
        Words that what is stated under such a name holds.
    year : int, str or pair, optional
        Year of publication: ``2019``, ``"2019-2021"``, ``"2019-"``, ``(None, 2021)``.
    has_labels : bool, optional
        Only with, or only without, label images.
    pixel_size_below : float or str, optional
        Only finer pixels: micrometer, or a text with its unit (``"200 nm"``).
    group_by : {"study", "image"}
        Whether images of one study stand together.

    Raises
    ------
    QueryError
        kind ``"query-empty"``: neither words nor filters; ``"<filter>-unknown"``: no such value, with the
        nearest known ones in ``context["nearest"]``; ``"query-value"``: a value of the wrong type or range;
        ``"query-contradiction"``: filters that nothing can meet together.

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
        organism=filters.known_terms("organism", organism, terms.organisms()),
        imaging_method=filters.known_terms("imaging_method", imaging_method, terms.imaging_methods()),
        license=tuple(filters.known_license(value) for value in filters.texts("license", license)),
        repository=tuple(value.casefold() for value in filters.texts("repository", repository)),
        kind=filters.choice("kind", kind, get_args(Kind)),
        ngff_version=tuple(
            filters.choice("ngff_version", value.removeprefix("v"), (*READ, UNKNOWN))
            for value in filters.texts("ngff_version", ngff_version)
        ),
        layout=tuple(
            filters.choice("layout", value, (*LAYOUTS, UNKNOWN)) for value in filters.texts("layout", layout)
        ),
        openable=filters.flag("openable", openable),
        max_bytes=filters.count("max_bytes", max_bytes),
        limit=filters.count("limit", limit, most=filters.MAX_COUNT),
        match=filters.choice("match", match, get_args(Match)),
        study=study,
        attributes=filters.pairs(attributes),
        anatomy=filters.texts("anatomy", anatomy),
        disease=filters.texts("disease", disease),
        cell_line=filters.texts("cell_line", cell_line),
        phenotype=filters.texts("phenotype", phenotype),
        compound=filters.texts("compound", compound),
        year=filters.years(year),
        channel=filters.texts("channel", channel),
        has_labels=filters.flag("has_labels", has_labels),
        pixel_size_below=filters.micrometers("pixel_size_below", pixel_size_below),
        group_by=filters.choice("group_by", group_by, get_args(GroupBy)),
    )
    _check_together(checked)
    if not checked.describe():
        raise QueryError(
            "nothing to search for: give words or a filter\n"
            '  for example: search("mitosis"), or search(organism="mouse", openable=True)',
            kind="query-empty",
        )
    return checked


def _check_together(query: Query) -> None:
    """Refuse filters that nothing can meet together: no answer would look like "there is none"."""
    stated = [value for value in query.layout if value != UNKNOWN]
    if query.openable is False and stated:
        raise QueryError(
            f"openable=False and layout {_either(stated)} contradict each other: what has a layout opens\n"
            "  leave one of them out",
            kind="query-contradiction",
            facet="layout",
        )
