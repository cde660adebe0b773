"""Hits in runs rank as if each were looked at."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.query import make_query
from fairlab.repositories import catalogue_ranking as ranking
from fairlab.repositories import catalogue_search
from fairlab.repositories.catalogue import CatalogueRepository
from fairlab.repositories.catalogue_runs import Hits, Run, Runs

DOCS = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 1), st.sampled_from([None, -9.0, -8.0, -3.0, -0.5])),
    min_size=1,
    max_size=40,
).map(lambda docs: sorted(docs, key=lambda doc: doc[:3]))  # fmt: skip
"""Group, preference and traits of each document in the order of the database, and its score where it matches."""


def runs_of(docs: list[tuple[int, int, int, float | None]]) -> Runs:
    first: dict[tuple[int, int, int], int] = {}
    for number, (*key, _) in enumerate(docs):
        first.setdefault(tuple(key), number)  # type: ignore[arg-type]

    def rows(statement: str) -> list[tuple[int, ...]]:
        return [(len(docs),)] if "count" in statement else [(at, *key) for key, at in first.items()]

    return Runs(rows)


@given(DOCS)
def test_groups_and_their_documents_come_in_the_order_of_one_plain_sort(
    docs: list[tuple[int, int, int, float | None]],
) -> None:
    scores = {number: doc[3] for number, doc in enumerate(docs) if doc[3] is not None}
    hits = runs_of(docs).scored(scores)
    groups = ranking.grouped(hits)
    assert len(hits) == len(scores) and sorted(hits.docs) == sorted(scores)
    tops = {group: min(score for n, score in scores.items() if docs[n][0] == group) for group in groups}

    def key(number: int) -> tuple[bool, int, float, int]:
        return scores[number] > 0.7 * tops[docs[number][0]], docs[number][1], scores[number], number

    for group, found in groups.items():
        plain = sorted((n for n in scores if docs[n][0] == group), key=key)
        assert found.first(len(plain) + 1) == plain and found.first(2) == plain[:2]
        assert found.total == len(plain) and found.top() == (tops[group], docs[plain[0]][1])
    plain = sorted(scores, key=lambda n: (scores[n], docs[n][1], n))
    assert ranking.best(hits, None) == plain and ranking.best(hits, 3) == plain[:3]
    assert ranking.order(groups) == sorted(groups, key=lambda group: (*groups[group].top(), group))
    assert hits.traits == Counter(docs[n][2] for n in scores) and hits.groups == {docs[n][0] for n in scores}


@given(DOCS, st.data())
def test_better_documents_come_first_and_none_is_lost(
    docs: list[tuple[int, int, int, float | None]], data: st.DataObject
) -> None:
    found = sorted(data.draw(st.sets(st.integers(0, len(docs) - 1))))
    better = [n for n in found if docs[n][3] is not None]
    hits = runs_of(docs).preferred(found, better)
    assert sorted(hits.docs) == found
    assert {doc: part.score for part in hits.parts for doc in part.docs} == {
        doc: -1.0 if doc in better else 0.0 for doc in found
    }
    wanted = set(found[::2])
    assert sorted(hits.among(wanted).docs) == found[::2] and all(
        part.docs for part in hits.among(wanted).parts
    )


def test_a_document_knows_its_run() -> None:
    runs = runs_of([(0, 0, 0, None), (0, 0, 0, None), (0, 1, 0, None), (2, 0, 1, None)])
    assert [runs.of(n) for n in range(4)] == [Run(0, 0, 0), Run(0, 0, 0), Run(0, 1, 0), Run(2, 0, 1)]
    assert len(Hits()) == 0 and Hits().docs == []


@pytest.mark.parametrize(
    "question",
    [
        {"text": "mouse"},
        {"text": "nuclei", "limit": None},
        {"text": "fluorescence microscopy", "kind": "study"},
        {"text": "cells", "max_bytes": 100_000_000, "group_by": "image"},
        {"text": "zebrafish heart light sheet"},
    ],
    ids=str,
)
def test_many_matches_are_counted_as_exactly_as_few(
    question: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    query = make_query(**question)  # type: ignore[arg-type]
    few = CatalogueRepository().search(query)
    monkeypatch.setattr(catalogue_search, "_SCORED", 3)
    many = CatalogueRepository().search(query)
    assert few.total and (many.total, many.total_groups) == (few.total, few.total_groups)
    assert many.facets() == few.facets() and many.notes == few.notes and many.relaxed == few.relaxed
    totals = {group.id: group.total for group in few.groups}
    assert all(totals.get(group.id, group.total) == group.total for group in many.groups)
    if query.limit is None:
        assert {record.id for record in many} == {record.id for record in few}


def test_of_very_many_matches_those_with_the_word_in_their_title_come_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogue_search, "_SCORED", 3)
    found = CatalogueRepository().search(make_query("heart", group_by="image", limit=None))
    titled = ["heart" in f"{record.title} {record.id}".casefold() for record in found]
    assert any(titled) and found[0].title is not None
    studies = CatalogueRepository().search(make_query("mouse", kind="study", limit=None))
    titled = ["mouse" in (record.title or "").casefold() for record in studies]
    assert titled[0] and not titled[-1]
