"""The answers of several catalogues as one, each keeping its own order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from fairlab.results import FACETS, Results, spread
from fairlab.traits import group_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.query import Query


def merge(query: Query, answers: Sequence[Results]) -> Results:
    """Join the answers of several repositories, given in the order in which they are to be shown.

    Full matches come before partial ones: when one repository has records with every term, or with more of
    them, the others' partial matches are left out. The first repository fills most of the limit.
    """
    fewest = min((_unmet(answer) for answer in answers if answer.total), default=0)
    relaxed = next((a.relaxed for a in answers if a.total and _unmet(a) == fewest), ())
    kept = [a for a in answers if a.total and _unmet(a) == fewest and a.relaxed == relaxed]
    shares = _shares([len(answer) for answer in kept], query.limit)
    counters: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
    for answer in kept:
        for name, values in answer.counts.items():
            counters[name].update(values)
    records = tuple(r for answer, share in zip(kept, shares, strict=True) for r in answer.records[:share])
    shown = set(map(group_of, records))
    return Results(
        query=query,
        records=records,
        total=sum(answer.total for answer in kept),
        groups=tuple(group for answer in kept for group in answer.groups if group.id in shown),
        total_groups=sum(answer.total_groups for answer in kept),
        asked=tuple(name for answer in answers for name in answer.asked),
        failures=tuple(failure for answer in answers for failure in answer.failures),
        relaxed=relaxed,
        unapplied={name: filters for answer in answers for name, filters in answer.unapplied.items()},
        notes=tuple(dict.fromkeys(note for answer in answers for note in answer.notes)),
        counts={name: dict(counter) for name, counter in counters.items()},
    )


def _shares(sizes: Sequence[int], limit: int | None) -> list[int]:
    """Records of each repository: real archives first, but nobody who has something is left out of a long list."""
    if limit is None or sum(sizes) <= limit:
        return list(sizes)
    sure = [min(size, limit // (len(sizes) + 3)) for size in sizes[1:]]
    first = min(sizes[0], limit - sum(sure))
    more = spread(
        [size - share for size, share in zip(sizes[1:], sure, strict=True)], limit - first - sum(sure), turn=1
    )
    return [first, *(share + extra for share, extra in zip(sure, more, strict=True))]


def _unmet(answer: Results) -> int:
    """How much of the question the records of one repository leave open."""
    return len(answer.relaxed) + sum(map(len, answer.unapplied.values()))
