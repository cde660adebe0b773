"""What a reader should know besides the catalogue's answer: unknown words, and what was left out and why."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fairlab import terms
from fairlab.repositories import catalogue_facts as facts
from fairlab.repositories.catalogue_search import is_mentioned, matching, passing

if TYPE_CHECKING:
    from fairlab.query import Query
    from fairlab.repositories.catalogue_database import Database
    from fairlab.repositories.catalogue_facts import Condition
    from fairlab.repositories.catalogue_search import Answer
    from fairlab.words import Concept


def notes(db: Database, answer: Answer) -> tuple[str, ...]:
    """Everything worth a sentence about one answer."""
    query = answer.query
    found = [_not_mentioned(db, concept) for concept in query.concepts]
    found += _left_out(db, query)
    if query.kind == "image" and query.concepts:
        found.append(_studies_without_images(db, answer))
    if query.max_bytes is not None:
        found.append(_without_size(db, query, answer))
    return tuple(note for note in found if note)


def _not_mentioned(db: Database, concept: Concept) -> str:
    if not concept.phrases:
        return f'there is neither letter nor digit in "{concept.text}"'
    if concept.kind != "word" or is_mentioned(db, concept):
        return ""
    word = concept.phrases[0][-1]
    statement = "SELECT word FROM spellings WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ?"
    choices = [
        near
        for (near,) in db.rows(statement, [word[0], word[0] + "\U0010ffff", len(word) - 2, len(word) + 2])
    ]
    close = terms.nearest(word, choices)
    return f'the catalogue does not mention "{concept.text[:60]}"' + (
        f"; near words: {', '.join(close)}" if close else ""
    )


def _left_out(db: Database, query: Query) -> list[str]:
    """For filters on what few records state: how many were left out because nobody says."""
    whole = facts.whole(db.rows, query.kind)
    many = "studies" if query.kind == "study" else "images"
    return [
        f"{number:,} of the catalogue's {whole:,} {many} state {facts.SAID[name]}; the others were left out"
        for name, number in facts.stated(db.rows, query).items()
        if number < whole
    ]


def _studies_without_images(db: Database, answer: Answer) -> str:
    wider = replace(answer.query, kind="study", openable=None, ngff_version=(), layout=(), max_bytes=None)
    studies = passing(db, wider, answer.matches, _of_any_size(answer))
    more = len(studies.groups - answer.hits.groups)
    if not more:
        return ""
    found = "1 more study has" if more == 1 else f"{more:,} more studies have"
    return f'{found} what was asked for, but no such image in OME-Zarr: search with kind="study"'


def _without_size(db: Database, query: Query, answer: Answer) -> str:
    shown = answer.results
    kept = [concept for concept in query.concepts if concept.text not in shown.relaxed]
    matches = matching(db, kept) if shown.relaxed else answer.matches
    sizeless = len(passing(db, query, matches, _of_any_size(answer))) - shown.total
    return f"{sizeless:,} more match but are larger or state no size" if sizeless else ""


def _of_any_size(answer: Answer) -> list[Condition]:
    return [condition for condition in answer.conditions if condition.name != "max_bytes"]
