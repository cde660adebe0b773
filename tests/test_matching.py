from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.matching import fits
from fairlab.query import make_query
from fairlab.record import Record
from fairlab.terms import Term

CELL = Record(
    id="x:1",
    kind="image",
    repository="X",
    release_date="2019-05-02",
    attributes={"Gene Symbol": ("CDK1",), "Cell Line": ("HeLa Kyoto",), "Compound Name": ("taxol",)},
    other_terms=(Term(label="heart left ventricle", id="UBERON:0002084"),),
    channels=("DAPI", "Alexa 488"),
    pixel_size={"x": 0.1, "y": 0.1, "z": 2.0},
    has_labels=True,
)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({"attributes": {"gene symbol": "cdk1"}}, True),
        ({"attributes": {"Gene Symbol": ["PLK1", "CDK1"]}}, True),
        ({"attributes": {"Gene Symbol": "CDK"}}, False),
        ({"attributes": {"Gene Symbol": "CDK1", "Phenotype": "round"}}, False),
        ({"cell_line": "hela"}, True),
        ({"cell_line": ["U2OS", "HeLa"]}, True),
        ({"cell_line": "taxol"}, False),
        ({"compound": "Taxol"}, True),
        ({"anatomy": "heart"}, True),
        ({"anatomy": "UBERON:0002084"}, True),
        ({"anatomy": "liver"}, False),
        ({"phenotype": "binuclear"}, False),
        ({"year": 2019}, True),
        ({"year": "-2018"}, False),
        ({"year": "2019-2021"}, True),
        ({"year": (2020, None)}, False),
        ({"channel": "dapi"}, True),
        ({"channel": "488"}, True),
        ({"channel": "GFP"}, False),
        ({"has_labels": True}, True),
        ({"has_labels": False}, False),
        ({"pixel_size_below": "200 nm"}, True),
        ({"pixel_size_below": 0.1}, False),
    ],
)
def test_a_record_meets_what_it_states(question: dict[str, Any], expected: bool) -> None:
    assert fits(make_query(**question), CELL) is expected


@pytest.mark.parametrize(
    "question",
    [
        {"year": 2019},
        {"channel": "DAPI"},
        {"has_labels": False},
        {"pixel_size_below": 9},
        {"anatomy": "heart"},
    ],
)
def test_what_is_not_stated_is_not_met(question: dict[str, Any]) -> None:
    assert not fits(make_query(**question), Record(id="x:2", kind="image", repository="X"))


@given(st.integers(1900, 2100), st.integers(1900, 2100), st.integers(1900, 2100))
def test_a_span_holds_the_years_between(first: int, last: int, year: int) -> None:
    first, last = sorted((first, last))
    record = Record(id="x:1", kind="image", repository="X", release_date=f"{year}-01-01")
    assert fits(make_query(year=f"{first}-{last}"), record) == (first <= year <= last)
