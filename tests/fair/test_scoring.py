"""Numbers: what is unknown widens the interval, what does not apply is left out, nothing stands alone."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.fair.metric_set import LETTERS, METRIC_SET, SCHEMES, WHO, metric_set, standards
from fairlab.fair.outcome import Evidence, Outcome, graded, met, not_applicable, unknown
from fairlab.fair.scoring import Score, gain, letter_score, total_score, unknown_share, weighted_score

_SEEN = Evidence(text="seen")
OUTCOMES: Any = st.one_of(
    st.floats(0, 1).map(lambda score: graded(score, _SEEN, fix="Mend it.")),
    st.just(not_applicable("nothing of the kind")),
    st.just(unknown("not asked", fix="Ask.")),
)
ALL: Any = st.fixed_dictionaries(dict.fromkeys(metric_set(), OUTCOMES))


@given(ALL)
def test_the_interval_holds_the_value_and_lies_within_100(outcomes: dict[str, Outcome]) -> None:
    for score in (
        total_score(outcomes), weighted_score(outcomes), *(letter_score(outcomes, letter) for letter in LETTERS),
    ):  # fmt: skip
        assert 0 <= score.low <= score.high <= 100 + 1e-9
        if score.value is not None:
            assert score.low - 1e-9 <= score.value <= score.high + 1e-9
        assert score.metric_set == METRIC_SET and METRIC_SET in str(score)


@given(ALL, st.sampled_from(sorted(metric_set())))
def test_the_interval_is_what_the_unknown_may_turn_out_to_be(
    outcomes: dict[str, Outcome], metric: str
) -> None:
    open_ = total_score({**outcomes, metric: unknown("not asked", fix="Ask.")})
    for known in (graded(0.0, _SEEN, fix="Mend it."), graded(0.3, _SEEN, fix="Mend it."), met(_SEEN)):
        closed = total_score({**outcomes, metric: known})
        assert open_.low <= closed.low + 1e-9 and closed.high <= open_.high + 1e-9


@given(ALL)
def test_what_all_unknown_may_turn_out_to_be_are_the_ends_of_the_interval(
    outcomes: dict[str, Outcome],
) -> None:
    for end, score in (("low", 0.0), ("high", 1.0)):
        told = {
            id_: graded(score, _SEEN, fix="Mend it.") if one.status == "unknown" else one
            for id_, one in outcomes.items()
        }
        assert getattr(total_score(outcomes), end) == pytest.approx(getattr(total_score(told), end))


@given(ALL, st.sampled_from(sorted(metric_set())))
def test_the_gain_is_what_meeting_the_metric_brings(outcomes: dict[str, Outcome], metric: str) -> None:
    before, after = total_score(outcomes), total_score({**outcomes, metric: met(_SEEN)})
    if before.value is not None and after.value is not None:
        assert gain(outcomes, metric) == pytest.approx(after.value - before.value)


def test_what_does_not_apply_costs_nothing() -> None:
    outcomes = {
        "F1-01": met(_SEEN),
        "F1-02": not_applicable("no data set"),
        "A1-01": graded(0.0, _SEEN, fix="x"),
    }
    assert letter_score(outcomes, "F") == Score(value=100.0, low=100.0, high=100.0)
    assert total_score(outcomes) == Score(value=50.0, low=50.0, high=50.0)
    assert unknown_share(outcomes) == 0


def test_a_letter_of_which_nothing_is_known_leaves_everything_open() -> None:
    outcomes = {"F1-01": met(_SEEN), "A1-01": unknown("not asked", fix="Ask.")}
    assert letter_score(outcomes, "A") == Score(value=None, low=0.0, high=100.0)
    assert total_score(outcomes) == Score(value=100.0, low=50.0, high=100.0)
    assert str(letter_score(outcomes, "A")).startswith("unknown (0 to 100) of 100")
    assert unknown_share(outcomes) == pytest.approx(2 / 3)


def test_a_value_that_rests_on_little_is_not_shown() -> None:
    half = {"F1-01": met(_SEEN), "F1-04": unknown("not asked", fix="Ask.")}  # one of two
    assert letter_score(half, "F") == Score(value=100.0, low=50.0, high=100.0)
    less = {**half, "F2-06": unknown("not asked", fix="Ask.")}
    assert letter_score(less, "F") == Score(value=None, low=40.0, high=100.0)
    assert total_score(less).value is None and total_score(less).low == 40.0
    assert gain(less, "F1-04", "F2-06") == 60.0


def test_weights_count() -> None:
    outcomes = {"F1-01": met(_SEEN), "F1-02": graded(0.0, _SEEN, fix="x")}  # weights 1 and 2
    assert letter_score(outcomes, "F").value == pytest.approx(100 / 3)


@pytest.mark.parametrize(("low", "maturity"), [(0, 0), (24.9, 0), (25, 1), (50, 2), (74.9, 2), (75, 3)])
def test_maturity_counts_only_what_is_shown(low: float, maturity: int) -> None:
    assert Score(value=99.0, low=low, high=100.0).maturity == maturity


def test_the_crosswalk_names_what_exists_and_reaches_every_indicator_of_rda() -> None:
    known = {scheme: {one.id for one in standards() if one.scheme == scheme} for scheme in SCHEMES}
    assert {scheme: len(ids) for scheme, ids in known.items()} == {"fuji": 17, "rda": 41, "fair_checker": 12}
    for metric in metric_set().values():
        assert metric.who in WHO and metric.weight > 0
        for scheme, ids in metric.maps.items():
            for id_ in ids:
                # F-UJI's tests are numbered below its metrics.
                assert any(id_ == one or id_.startswith(f"{one}-") for one in known[scheme]), id_
    assert {id_ for metric in metric_set().values() for id_ in metric.maps["rda"]} == known["rda"]
    priorities = [one.priority for one in standards() if one.scheme == "rda"]
    assert [priorities.count(name) for name in ("essential", "important", "useful")] == [20, 14, 7]
