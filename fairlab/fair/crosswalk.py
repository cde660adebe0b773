"""The same outcomes in the words of other schemes: F-UJI, the RDA maturity model, FAIR-Checker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import QueryError
from fairlab.fair.metric_set import SCHEMES, Scheme, Standard, metric_set, standards

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.outcome import Outcome


@dataclass(frozen=True, kw_only=True)
class Crossed:
    """One metric of another scheme, and what ours say of it."""

    standard: Standard
    """The metric or indicator."""
    score: float | None
    """Weighted mean of our metrics that answer it and could be told, 0 to 1; None when none could."""
    metrics: tuple[str, ...]
    """Our metrics that answer it."""

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        told = {
            "scheme": self.standard.scheme,
            "id": self.standard.id,
            "title": self.standard.title,
            "priority": self.standard.priority,
            "score": None if self.score is None else round(self.score, 3),
            "metrics": list(self.metrics),
        }
        return {name: value for name, value in told.items() if value is not None}


def crosswalk(outcomes: Mapping[str, Outcome], scheme: Scheme) -> tuple[Crossed, ...]:
    """What the outcomes say in the words of another scheme; an indication, not that scheme's own result.

    Raises
    ------
    QueryError
        kind ``"scheme-unknown"``.
    """
    if scheme not in SCHEMES:
        raise QueryError(
            f'there is no scheme "{scheme}"; expected one of {", ".join(SCHEMES)}', kind="scheme-unknown"
        )
    return tuple(_crossed(outcomes, one) for one in standards() if one.scheme == scheme)


def _crossed(outcomes: Mapping[str, Outcome], standard: Standard) -> Crossed:
    # F-UJI's tests are numbered below its metrics: FsF-A1-02MD-1 is a part of FsF-A1-02MD.
    mine = [
        metric
        for metric in metric_set().values()
        if any(
            one == standard.id or one.startswith(f"{standard.id}-") for one in metric.maps[standard.scheme]
        )
    ]
    told = [(metric.weight, outcomes[metric.id].score) for metric in mine if metric.id in outcomes]
    known = [(weight, score) for weight, score in told if score is not None]
    whole = sum(weight for weight, _ in known)
    return Crossed(
        standard=standard,
        score=sum(weight * score for weight, score in known) / whole if whole else None,
        metrics=tuple(metric.id for metric in mine),
    )
