"""The 54 metrics as a table: weight, title, who can act, and which metrics of other schemes each answers."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, get_args

from fairlab.terms import read_table, split

if TYPE_CHECKING:
    from collections.abc import Mapping

METRIC_SET: Final = "fairlab-ome-zarr 1.0"
"""Name and version of the metric set: whatever changes a score changes the version."""
Letter = Literal["F", "A", "I", "R"]
LETTERS: Final[tuple[Letter, ...]] = get_args(Letter)
Who = Literal["depositor", "archive", "instrument maker", "reader"]
WHO: Final[tuple[Who, ...]] = get_args(Who)
"""Who can act: those who made the data, those who keep them, those whose devices and programs wrote them, and
those who read them."""
Scheme = Literal["fuji", "rda", "fair_checker"]
SCHEMES: Final[dict[Scheme, str]] = {
    "fuji": "F-UJI metrics v0.8 (doi:10.5281/zenodo.15045911)",
    "rda": "RDA FAIR Data Maturity Model (doi:10.15497/rda00050)",
    "fair_checker": "FAIR-Checker (IFB-ElixirFr)",
}
"""Other schemes that the metrics are mapped to, with the version that is meant."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One test of the set."""

    id: str
    """``"R1.1-01"``: the FAIR principle and a number."""
    weight: float
    """How much it counts inside its letter."""
    who: Who
    """Who can act when it fails."""
    title: str
    """What holds when it passes."""
    maps: Mapping[Scheme, tuple[str, ...]]
    """Metrics of other schemes that it answers, in part or in whole."""

    @property
    def letter(self) -> Letter:
        """F, A, I or R."""
        return next(letter for letter in LETTERS if letter == self.id[0])

    @property
    def principle(self) -> str:
        """``"R1.1"``."""
        return self.id.rpartition("-")[0]


@dataclass(frozen=True, kw_only=True)
class Standard:
    """One metric or indicator of another scheme."""

    scheme: Scheme
    """Which scheme."""
    id: str
    """Its own name there: ``"RDA-F1-01M"``."""
    title: str
    """What it asks, in few words."""
    priority: str | None
    """``"essential"``, ``"important"`` or ``"useful"``, where the scheme ranks."""


@functools.cache
def metric_set() -> Mapping[str, Metric]:
    """Every metric by its id, in the order of the report.

    Examples
    --------
    >>> len(metric_set()), metric_set()["R1.1-01"].title
    (54, 'A licence is stated')
    """
    return {
        row["id"]: Metric(
            id=row["id"],
            weight=float(row["weight"]),
            who=next(who for who in WHO if who == row["who"]),
            title=row["title"],
            maps={scheme: split(row[scheme]) for scheme in SCHEMES},
        )
        for row in read_table("fair_metrics.csv")
    }


@functools.cache
def standards() -> tuple[Standard, ...]:
    """Every metric of F-UJI v0.8, every indicator of the RDA model and every metric of FAIR-Checker.

    Examples
    --------
    >>> sum(standard.scheme == "rda" for standard in standards())
    41
    """
    return tuple(
        Standard(
            scheme=next(scheme for scheme in SCHEMES if scheme == row["scheme"]),
            id=row["id"],
            title=row["title"],
            priority=row["priority"] or None,
        )
        for row in read_table("fair_standards.csv")
    )
