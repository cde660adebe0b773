"""How the documents of the catalogue's database lie: in runs of the same group, preference and traits.

A question that a hundred thousand images answer has a few thousand runs to look at.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set


class Run(NamedTuple):
    """Documents that stand together."""

    group: int
    """Number of the group they are shown in."""
    preference: int
    """Whether they open as they stand; 0 is shown first where words do not decide."""
    traits: int
    """Number of their traits."""


class Part(NamedTuple):
    """Documents of one run that have the words of a question equally well."""

    run: Run
    docs: Sequence[int]
    """In the order of their numbers."""
    score: float = 0.0
    """The lower, the better."""


class Hits:
    """Documents that match.

    Parameters
    ----------
    parts : iterable of Part
        In the order of their runs.
    """

    def __init__(self, parts: Iterable[Part] = ()):
        self.parts = list(parts)

    def __len__(self) -> int:
        return sum(len(part.docs) for part in self.parts)

    @property
    def docs(self) -> list[int]:
        """Numbers of the documents."""
        return [doc for part in self.parts for doc in part.docs]

    @property
    def groups(self) -> set[int]:
        """Numbers of their groups."""
        return {part.run.group for part in self.parts}

    @property
    def traits(self) -> Counter[int]:
        """How many have each traits, by their number."""
        numbers: Counter[int] = Counter()
        for part in self.parts:
            numbers[part.run.traits] += len(part.docs)
        return numbers

    def among(self, wanted: Set[int]) -> Hits:
        """Those that are wanted."""
        kept = (part._replace(docs=[doc for doc in part.docs if doc in wanted]) for part in self.parts)
        return Hits(part for part in kept if part.docs)


class Runs:
    """All runs, in the order of their documents' numbers: by group, then by preference, then by traits."""

    def __init__(self, rows: Callable[[str], list[tuple[Any, ...]]]):
        found = rows("SELECT first, grp, preference, traits FROM runs ORDER BY first")
        self._first = [first for first, *_ in found]
        self._runs = [Run(*values) for _, *values in found]
        ((self.docs,),) = rows("SELECT count(*) FROM docs")
        """How many documents there are; they are numbered from 0 on."""

    def of(self, doc: int) -> Run:
        """The run of one document."""
        return self._runs[bisect_right(self._first, doc) - 1]

    def hits(self, docs: Sequence[int]) -> Hits:
        """Documents, in the order of their numbers, one as good as the other."""
        return Hits(Part(run, found) for run, found in self._split(docs))

    def scored(self, scores: Mapping[int, float]) -> Hits:
        """Documents, in the order of their numbers, with their scores."""
        parts: dict[tuple[Run, float], list[int]] = defaultdict(list)
        for run, docs in self._split(list(scores)):
            for doc in docs:
                parts[run, scores[doc]].append(doc)
        return Hits(Part(run, docs, score) for (run, score), docs in parts.items())

    def preferred(self, docs: Sequence[int], better: Sequence[int]) -> Hits:
        """Documents, in the order of their numbers, some of them better than the others."""
        best = dict(self._split(better))
        parts = []
        for run, found in self._split(docs):
            first = best.get(run, ())
            rest = (
                found
                if not first
                else sorted(set(found).difference(first))
                if len(first) < len(found)
                else ()
            )
            parts += [Part(run, some, score) for some, score in ((first, -1.0), (rest, 0.0)) if some]
        return Hits(parts)

    def _split(self, docs: Sequence[int]) -> Iterator[tuple[Run, Sequence[int]]]:
        start = 0
        while start < len(docs):
            number = bisect_right(self._first, docs[start])
            end = bisect_left(docs, self._first[number], start) if number < len(self._first) else len(docs)
            yield self._runs[number - 1], docs[start:end]
            start = end
