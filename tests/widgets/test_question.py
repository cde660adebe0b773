from __future__ import annotations

import pytest

from fairlab.errors import QueryError
from fairlab.widgets.question import question_of


def test_facets_can_be_changed_and_everything_else_stays():
    question = question_of(
        "", {"organism": "Mus musculus", "limit": 5, "repositories": ["catalogue"], "max_bytes": 10**9}
    )
    assert question.chosen == {"organism": ("Mus musculus",)} and question.max_bytes == 10**9
    both = question.choosing("organism", "Homo sapiens", on=True)
    assert both.chosen["organism"] == ("Mus musculus", "Homo sapiens")
    assert both.fixed == question.fixed == {"limit": 5, "repositories": ["catalogue"]}
    found = both.search()
    assert 0 < len(found) <= 5 and found.query.max_bytes == 10**9


def test_size_is_one_choice():
    question = question_of("", {}).choosing("max_bytes", "100000000", on=True)
    assert question.max_bytes == 100_000_000
    assert question.choosing("max_bytes", "100000000", on=False).max_bytes is None


def test_facets_that_are_none_change_nothing():
    question = question_of("heart", {})
    assert question.choosing("__class__", "x", on=True) == question


@pytest.mark.parametrize(
    "given", [{}, {"limit": 3}, {"repositories": ["sample"], "kind": "image"}, {"live": True}]
)
def test_nothing_is_asked_without_words_or_a_filter(given):
    assert question_of(" ", given).is_empty


@pytest.mark.parametrize(
    "given", [{"organism": "mouse"}, {"year": 2019}, {"has_labels": False}, {"max_bytes": 5}]
)
def test_a_filter_alone_is_a_question(given):
    assert not question_of("", given).is_empty


def test_unknown_keywords_name_the_nearest():
    with pytest.raises(QueryError) as caught:
        question_of("", {"repository_": "IDR"})
    assert caught.value.kind == "keyword-unknown" and "repository" in caught.value.context["nearest"]
