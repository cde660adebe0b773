"""The answer to a question: records in order, and everything a reader must know to trust them."""

from __future__ import annotations

import dataclasses
import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from fairlab import terms, words
from fairlab.matching import fits
from fairlab.record import Failure, Record
from fairlab.traits import Traits, group_of, traits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    import pandas as pd

    from fairlab.query import Query

ALWAYS_STATED = frozenset({"text", "repository", "openable"})
"""Filters that any record answers: it has words, a publisher, and an address or none."""
FACETS = ("organism", "imaging_method", "license", "repository", "ngff_version", "layout")
"""What :meth:`Results.facets` counts."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Images that belong together: those of one study, or of one source without studies."""

    id: str
    """Identifier of the study (``"idr:idr0062"``), or the scheme of a source without studies."""
    title: str | None = None
    """Title of the study."""
    total: int = 0
    """How many of its images match, shown or not."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Results(Sequence[Record]):
    """Records in order of rank, images of one study together; a slice is again ``Results``.

    Examples
    --------
    >>> from fairlab.query import make_query
    >>> record = Record(id="x:1/a", kind="image", repository="X", accession="1", title="A cell")
    >>> results = select(make_query("cell"), [record], name="x")
    >>> len(results), results[0].title, results.facets()["license"]
    (1, 'A cell', {'unknown': 1})
    """

    query: Query
    """The question, as it was understood."""
    records: tuple[Record, ...] = ()
    """What is shown."""
    total: int = 0
    """How many records match, before the limit."""
    total_exact: bool = True
    """False when there are at least ``total``: archives overlap, and not all of them count."""
    totals: Mapping[str, int] = field(default_factory=dict)
    """How many match at each source that counts; sources overlap."""
    groups: tuple[Group, ...] = ()
    """The studies of the records shown, in order."""
    total_groups: int = 0
    """How many studies match, before the limit."""
    asked: tuple[str, ...] = ()
    """Repositories that were asked and answered or failed."""
    not_asked: tuple[str, ...] = ()
    """Repositories that were not asked, so that nobody takes silence for "nothing there"."""
    failures: tuple[Failure, ...] = ()
    """Repositories that did not answer, and why."""
    relaxed: tuple[str, ...] = ()
    """Terms that these records lack, because nothing has them all; empty when nothing was relaxed."""
    unapplied: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Repository to the filters that it could not apply, so that its records may not meet them."""
    notes: tuple[str, ...] = ()
    """What else a reader should know, one sentence each."""
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Facet name to value to number of matches; see :meth:`facets`."""
    go_on: Callable[[Results, int | None], Results] | None = field(default=None, compare=False)
    """How :meth:`more` finds more."""

    def __getstate__(self) -> dict[str, Any]:
        # What goes on holds threads and connections, which stay where they are.
        return {**{f.name: getattr(self, f.name) for f in dataclasses.fields(self)}, "go_on": None}

    def more(self, n: int | None = None) -> Results:
        """These records, with further ones behind them.

        Sources go on after the page that they gave last, and those that failed are asked again from the page
        that failed.

        Parameters
        ----------
        n : int, optional
            How many more at most; by default as many as the question's limit.

        Examples
        --------
        >>> import fairlab
        >>> few = fairlab.search("mouse", limit=3, repositories=["catalogue"])
        >>> more = few.more()
        >>> len(few), len(more), list(more[:3]) == list(few)
        (3, 6, True)
        """
        return self.go_on(self, n) if self.go_on else self

    def settled(self) -> Results:
        """These results, once everybody who was asked has answered or was given up."""
        return self

    def stream(self) -> Iterator[Record]:
        """The records one by one; of live archives as they answer, each naming who gave it in ``found_by``."""
        yield from self.records

    def __len__(self) -> int:
        return len(self.records)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Results: ...
    def __getitem__(self, index: int | slice) -> Record | Results:
        if isinstance(index, slice):
            return dataclasses.replace(self, records=self.records[index])
        return self.records[index]

    def facets(self) -> dict[str, dict[str, int]]:
        """Counts by organism, method, licence, repository, version and layout.

        All matches are counted, not only those shown; ``"unknown"`` counts records that state nothing.
        Every value can be given back to the filter of the same name. Most frequent first.
        """
        return {
            name: dict(sorted(self.counts.get(name, {}).items(), key=lambda item: (-item[1], item[0])))
            for name in FACETS
        }

    def to_pandas(self) -> pd.DataFrame:
        """The records as a table with plain columns; several values of a field are joined with "; "."""
        import pandas as pd

        from fairlab.result_tables import COLUMNS, as_row

        return pd.DataFrame([as_row(record) for record in self.records], columns=list(COLUMNS))

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "query": self.query.describe(),
            "kind": self.query.kind,
            "total": self.total,
            "total_exact": self.total_exact,
            "totals": dict(self.totals),
            "total_studies": self.total_groups,
            "shown": len(self.records),
            "asked": list(self.asked),
            "not_asked": list(self.not_asked),
            "failures": [dataclasses.asdict(failure) for failure in self.failures],
            "relaxed": list(self.relaxed),
            "unapplied": {name: list(filters) for name, filters in self.unapplied.items()},
            "notes": list(self.notes),
            "studies": [dataclasses.asdict(group) for group in self.groups],
            "facets": self.facets(),
            "records": [record.to_dict() for record in self.records],
        }

    def to_json(self, *, indent: int | None = None) -> str:
        """Everything as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def __repr__(self) -> str:
        from fairlab.result_tables import as_text

        return as_text(self)

    __str__ = __repr__

    def _repr_html_(self) -> str:
        from fairlab.result_tables import as_html

        return as_html(self)


def count(traits: Iterable[tuple[Traits, int]]) -> dict[str, dict[str, int]]:
    """Facet counts of many records, given as traits and how many records share them."""
    counters: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for shared, number in traits:
        for name, values in shared.counted().items():
            for value in values:
                counters[name][value] += number
    return {name: dict(counter) for name, counter in counters.items()}


def spread(sizes: Sequence[int], limit: int | None, *, turn: int | None = None) -> list[int]:
    """How many records of each group to show, groups given best first.

    Each group in its order gives up to ``turn`` records (three by default, fewer when the limit is small);
    while room is left, they take turns again. So one study of two thousand images does not drown the others.

    Examples
    --------
    >>> spread([2000, 1, 40], 20)
    [10, 1, 9]
    >>> spread([2000, 1, 40], 4)
    [2, 1, 1]
    >>> spread([2000, 1, 40], None)
    [2000, 1, 40]
    """
    if limit is None or sum(sizes) <= limit:
        return list(sizes)
    turn = turn or max(1, min(3, limit // 5))
    shares, room = [0] * len(sizes), limit
    while room:
        for index, size in enumerate(sizes):
            more = min(turn, size - shares[index], room)
            shares[index] += more
            room -= more
    return shares


def select(
    query: Query,
    records: Iterable[Record],
    *,
    name: str,
    applies: Collection[str] = (),
    states: Collection[str] | None = None,
) -> Results:
    """Answer a question from a handful of records at hand; for small repositories and pages of large ones.

    Parameters
    ----------
    query : Query
        The question.
    records : iterable of Record
        All that the repository knows, or that it answered.
    name : str
        Name of the repository.
    applies : collection of str
        Names of the filters that the repository applied already.
    states : collection of str, optional
        Names of the filters whose facts its records state; by default all.
    """
    asked = query.filters()
    stated = (asked if states is None else asked & (ALWAYS_STATED | set(states))) - set(applies)
    unapplied = tuple(sorted(asked - set(applies) - stated))
    if unapplied and (query.match == "all" or len(unapplied) == len(asked)):
        return Results(query=query, asked=(name,), unapplied={name: unapplied})
    checked = query.only(stated)  # what nobody can tell is said, not guessed
    allowed = [record for record in records if fits(checked, record)]
    found = [_having(concept, allowed) for concept in checked.concepts]
    hits = set.intersection(set(range(len(allowed))), *found)
    relaxed: tuple[str, ...] = ()
    if not hits and query.match == "best":
        hits, relaxed = words.best_partial(
            found, checked.concepts, worth=[rarity(len(having), len(allowed)) for having in found]
        )
    shown = [record for index, record in enumerate(allowed) if index in hits]
    groups = Counter(map(group_of, shown))
    return Results(
        query=query,
        records=tuple(shown[: query.limit]),
        total=len(shown),
        groups=tuple(Group(id=key, total=number) for key, number in groups.items()),
        total_groups=len(groups),
        asked=(name,),
        relaxed=relaxed,
        unapplied={name: unapplied} if unapplied else {},
        counts=count((traits_of(record), 1) for record in shown),
    )


def rarity(number: int, whole: int) -> float:
    """Worth of a term that ``number`` of ``whole`` records have: the rarer the higher, always above zero.

    Examples
    --------
    >>> rarity(1, 1000) > rarity(900, 1000) > 0
    True
    """
    return math.log(1 + whole / max(number, 1))


def _having(concept: words.Concept, records: Sequence[Record]) -> set[int]:
    contents = [(terms.fold(_text(record)), traits_of(record).keys) for record in records]
    for go_on in (False, True):
        found = {
            index for index, (text, keys) in enumerate(contents) if concept.found_in(text, keys, go_on=go_on)
        }
        if found or not concept.open_ended:
            return found
    return set()


def _text(record: Record) -> str:
    named = (*record.organism, *record.imaging_method, *record.other_terms)
    parts = (
        record.id,
        record.accession,
        record.title,
        record.description,
        record.attribution,
        record.repository,
    )
    stated = (value for values in record.attributes.values() for value in values)
    labels = (term.label for term in named)
    return " ".join(
        [*filter(None, parts), *record.authors, *record.keywords, *labels, *record.channels, *stated]
    )
