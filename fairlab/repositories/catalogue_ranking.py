"""Which of the catalogue's hits come first: groups by their best hit, and within a group what opens best.

A word may be in a hundred thousand images: nothing here looks at each, but at the parts that hits come in.
"""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.repositories.catalogue_runs import Hits, Part

_NEAR = 0.7
"""Images of one study differ by little in their words: these are as good as the best, and what opens comes first."""


class Found:
    """The hits of one group."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    @property
    def total(self) -> int:
        """How many there are."""
        return sum(len(part.docs) for part in self.parts)

    def top(self) -> tuple[float, int]:
        """The best score, and the preference of what is shown first."""
        top = min(part.score for part in self.parts)
        return top, min(part.run.preference for part in self.parts if part.score <= _NEAR * top)

    def first(self, number: int) -> list[int]:
        """The best documents: near ones before others, then by preference, by score and by number."""
        limit = _NEAR * self.top()[0]
        ranked = sorted(
            self.parts, key=lambda part: (part.score > limit, part.run.preference, part.score, part.docs[0])
        )
        return list(islice(chain.from_iterable(part.docs for part in ranked), number))


def grouped(hits: Hits) -> dict[int, Found]:
    """Hits by the number of their group."""
    groups: dict[int, Found] = {}
    for part in hits.parts:
        groups.setdefault(part.run.group, Found()).parts.append(part)
    return groups


def order(groups: Mapping[int, Found]) -> list[int]:
    """Groups, the best first."""
    best = {group: (*found.top(), group) for group, found in groups.items()}
    return sorted(groups, key=best.__getitem__)


def best(hits: Hits, number: int | None) -> list[int]:
    """The best documents, whatever group they are of."""
    ranked = sorted(hits.parts, key=lambda part: (part.score, part.run.preference, part.docs[0]))
    return list(islice(chain.from_iterable(part.docs for part in ranked), number))
