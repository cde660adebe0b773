"""Where a score stands among others: only among the same kind, and only over metrics that all of them could tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fairlab.fair.metric_set import LETTERS, METRIC_SET, metric_set

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fairlab.fair.outcome import Outcome

MIN_MEMBERS: Final = 20
"""A percentile of fewer would be a number without a meaning."""


@dataclass(frozen=True, kw_only=True)
class Member:
    """One that was assessed before."""

    kind: str
    """Image, plate, study …"""
    scores: Mapping[str, float | None]
    """Metric to score, None where it does not apply; metrics that could not be told are absent."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Where one stands among others.

    Examples
    --------
    >>> str(Standing(percentile=62.5, of=214, kind="image", metrics=38))
    'above 62 % of 214 others of the kind image, by the 38 metrics that all could tell (fairlab-ome-zarr 1.0)'
    """

    percentile: float
    """Percent that score lower, ties counted half."""
    of: int
    """How many could be compared."""
    kind: str
    """Their kind."""
    metrics: int
    """By how many metrics."""

    def __str__(self) -> str:
        return (
            f"above {self.percentile:.0f} % of {self.of:,} others of the kind {self.kind}, "
            f"by the {self.metrics} metrics that all could tell ({METRIC_SET})"
        )


@dataclass(frozen=True, kw_only=True)
class Cohort:
    """Others that were assessed with the same metric set.

    Examples
    --------
    >>> Cohort.of([]).standing("image", {}) is None
    True
    """

    members: tuple[Member, ...]
    """Those of this metric set; others are left out."""
    metric_set: str = METRIC_SET
    """Name and version of the metrics."""

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, str]]) -> Cohort:
        """A cohort from rows of a table, as :meth:`Report.row` makes them."""
        return cls(
            members=tuple(
                Member(
                    kind=row["kind"],
                    scores={
                        id_: None if row[id_] == "na" else float(row[id_])
                        for id_ in metric_set()
                        if row.get(id_) and row[id_] != "unknown"
                    },
                )
                for row in rows
                if row.get("metric_set") == METRIC_SET and row.get("kind")
            )
        )

    def standing(self, kind: str, outcomes: Mapping[str, Outcome]) -> Standing | None:
        """Where these outcomes stand among the members of a kind; None when too few can be compared.

        Only members in which every metric that could be told here could be told too are compared, over these
        metrics alone.
        """
        mine = {id_: one.score for id_, one in outcomes.items() if one.status != "unknown"}
        scores = [
            _total({id_: member.scores[id_] for id_ in mine})
            for member in self.members
            if member.kind == kind and mine.keys() <= member.scores.keys()
        ]
        own, others = _total(mine), [score for score in scores if score is not None]
        if own is None or len(others) < MIN_MEMBERS:
            return None
        below = sum(score < own - 1e-9 for score in others)
        alike = sum(abs(score - own) <= 1e-9 for score in others)
        percentile = 100 * (below + alike / 2) / len(others)
        return Standing(percentile=percentile, of=len(others), kind=kind, metrics=len(mine))


def _total(scores: Mapping[str, float | None]) -> float | None:
    """The mean of the letters over known scores."""
    letters = []
    for letter in LETTERS:
        known = [
            (metric_set()[id_].weight, score)
            for id_, score in scores.items()
            if score is not None and metric_set()[id_].letter == letter
        ]
        if known:
            letters.append(
                sum(weight * score for weight, score in known) / sum(weight for weight, _ in known)
            )
    return sum(letters) / len(letters) if letters else None
