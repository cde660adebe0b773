"""From outcomes to numbers: each with the interval that unknown outcomes leave open, and the set it belongs to."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.metric_set import LETTERS, METRIC_SET, Letter, metric_set
from fairlab.fair.outcome import met

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.outcome import Outcome

_ENOUGH: Final = 0.5
"""Share of the weight that must be told for a value to stand beside its interval."""
_STEPS: Final = (25, 50, 75)
"""Percent from which the maturity is 1, 2 and 3."""


@dataclass(frozen=True, kw_only=True)
class Score:
    """A number of 0 to 100 that never stands alone.

    Examples
    --------
    >>> str(Score(value=62.3, low=54.0, high=81.2))
    '62 (54 to 81) of 100, fairlab-ome-zarr 1.0'
    """

    value: float | None
    """Of what could be told; None when that is less than half of the weight, and so says little of the whole."""
    low: float
    """If everything that could not be told is bad."""
    high: float
    """If everything that could not be told is good."""
    metric_set: str = METRIC_SET
    """Name and version of the metrics behind it."""

    @property
    def maturity(self) -> int:
        """0 to 3, as F-UJI counts; only what is shown counts, so it goes by :attr:`low`."""
        return sum(self.low >= step for step in _STEPS)

    @property
    def short(self) -> str:
        """Value and interval, where the metric set is named nearby."""
        value = "unknown" if self.value is None else f"{self.value:.0f}"
        return f"{value} ({self.low:.0f} to {self.high:.0f})"

    def __str__(self) -> str:
        return f"{self.short} of 100, {self.metric_set}"

    def to_dict(self) -> dict[str, Any]:
        """As plain values, rounded to a tenth."""
        told: dict[str, Any] = {"value": self.value, "low": self.low, "high": self.high}
        rounded = {name: None if number is None else round(number, 1) for name, number in told.items()}
        return {**rounded, "maturity": self.maturity, "metric_set": self.metric_set}


def letter_score(outcomes: Mapping[str, Outcome], letter: Letter) -> Score:
    """The weighted mean of one letter's metrics that apply; unknown ones widen the interval."""
    return _mean({id_: one for id_, one in outcomes.items() if id_.startswith(letter)})


def weighted_score(outcomes: Mapping[str, Outcome]) -> Score:
    """The plain weighted mean of all metrics that apply."""
    return _mean(outcomes)


def total_score(outcomes: Mapping[str, Outcome]) -> Score:
    """The mean of the four letters, which count alike.

    A letter of which nothing could be told has an interval of 0 to 100 and adds nothing to the value; one of which
    nothing applies is left out. There is a value when at least half of the whole could be told.
    """
    parts = [{id_: one for id_, one in outcomes.items() if id_.startswith(letter)} for letter in LETTERS]
    applying = [part for part in parts if any(one.status != "na" for one in part.values())]
    if not applying:
        return Score(value=None, low=0.0, high=100.0)
    scores = [_mean(part) for part in applying]
    values = [score.value for score in map(_of_what_is_told, applying) if score.value is not None]
    told = 1 - sum(map(unknown_share, applying)) / len(applying)
    return Score(
        value=sum(values) / len(values) if values and told >= _ENOUGH else None,
        low=sum(score.low for score in scores) / len(scores),
        high=sum(score.high for score in scores) / len(scores),
    )


def unknown_share(outcomes: Mapping[str, Outcome]) -> float:
    """How much of the weight that applies could not be told, 0 to 1."""
    weights = {id_: metric_set()[id_].weight for id_, one in outcomes.items() if one.status != "na"}
    unknown = sum(weight for id_, weight in weights.items() if not outcomes[id_].known)
    return unknown / sum(weights.values()) if weights else 0.0


def gain(outcomes: Mapping[str, Outcome], *metrics: str) -> float:
    """By how many points the total would rise if these metrics were met."""
    now, then = total_score(outcomes), total_score({**outcomes, **dict.fromkeys(metrics, _MET)})
    if now.value is None or then.value is None:
        return then.low - now.low
    return then.value - now.value


_MET: Final = dataclasses.replace(met(), evidence=())


def _mean(outcomes: Mapping[str, Outcome]) -> Score:
    score = _of_what_is_told(outcomes)
    return score if 1 - unknown_share(outcomes) >= _ENOUGH else dataclasses.replace(score, value=None)


def _of_what_is_told(outcomes: Mapping[str, Outcome]) -> Score:
    weights = {id_: metric_set()[id_].weight for id_, one in outcomes.items() if one.status != "na"}
    known = {id_: one.score for id_, one in outcomes.items() if one.score is not None and id_ in weights}
    told = sum(weights[id_] for id_ in known)
    open_ = sum(weight for id_, weight in weights.items() if id_ not in known)
    whole = told + open_
    if not whole:
        return Score(value=None, low=0.0, high=100.0)
    earned = sum(weights[id_] * score for id_, score in known.items())
    return Score(
        value=100 * earned / told if told else None,
        low=100 * earned / whole,
        high=100 * (earned + open_) / whole,
    )
