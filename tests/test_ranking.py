from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.ranking import fused, weight
from fairlab.record import Record
from fairlab.terms import Term
from fairlab.words import concepts


def record(**facts: Any) -> Record:
    return Record(**{"id": "x:1", "kind": "study", "repository": "X", **facts})


@pytest.mark.parametrize(
    ("text", "better", "worse"),
    [
        ("mitosis", {"title": "Mitosis"}, {"keywords": ("mitosis",)}),
        ("mitosis", {"keywords": ("mitosis",)}, {"authors": ("A. Mitosis",)}),
        ("mitosis newt", {"title": "Newt", "keywords": ("mitosis",)}, {"title": "Newt"}),
        ("mouse", {"organism": (Term(label="x", id="NCBITaxon:10090"),)}, {"title": "Mouse"}),
        ("CDK1", {"attributes": {"Gene": ("CDK1",)}}, {"title": "CDK10"}),
        (
            "confocal",
            {"imaging_method": (Term(label="spinning disk", id="FBbi:00000253"),)},
            {"title": "light"},
        ),
    ],
)
def test_words_count_by_where_they_stand(text: str, better: dict[str, Any], worse: dict[str, Any]) -> None:
    assert weight(record(**better), concepts(text)) > weight(record(**worse), concepts(text)) >= 0


def test_an_image_has_the_words_of_its_study() -> None:
    assert weight(record(kind="image"), concepts("mitosis"), study_title="Mitosis in newts") > 0
    assert weight(record(title="Mitosis"), ()) == 0


columns = st.lists(st.lists(st.sampled_from([0.0, 2.0, 6.0, 8.5]), max_size=8), max_size=5)


@given(columns)
def test_every_record_has_one_place_and_each_list_keeps_its_order(weights: list[list[float]]) -> None:
    order = fused(weights)
    assert sorted(order) == [(n, p) for n, column in enumerate(weights) for p in range(len(column))]
    for number in range(len(weights)):
        own = [position for n, position in order if n == number]
        assert own == sorted(own)


@given(columns)
def test_no_record_stands_before_a_heavier_first_of_another_list(weights: list[list[float]]) -> None:
    order = fused(weights)
    firsts = [column[0] for column in weights if column]
    if order:
        number, position = order[0]
        assert position == 0 and weights[number][0] == max(firsts)
