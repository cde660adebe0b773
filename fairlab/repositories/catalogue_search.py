"""How the catalogue answers a question: hits, and the records that are shown of them."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlab import words
from fairlab.record import Record
from fairlab.repositories import catalogue_facts as facts
from fairlab.repositories import catalogue_ranking as ranking
from fairlab.repositories.catalogue_index import COLUMNS, token
from fairlab.repositories.catalogue_records import image_record, study_record
from fairlab.repositories.catalogue_runs import Hits
from fairlab.results import Group, Results, count, rarity, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.query import Query
    from fairlab.repositories.catalogue_database import Database
    from fairlab.repositories.catalogue_facts import Condition
    from fairlab.words import Concept

_NAME = "catalogue"
_WEIGHTS = ", ".join(str(float(weight)) for weight in COLUMNS.values())
_SCORED = 5000
"""More matches are too many to weigh each: then those with a word in their title come before the others."""


class Answer(NamedTuple):
    """What came of one question, for whoever has something to say about it."""

    results: Results
    query: Query
    """As it was asked: words that nothing has as they stand may go on."""
    hits: Hits
    matches: Hits
    """What has all the words, whether or not it passes the filters."""
    conditions: Sequence[Condition]
    """Who meets the filters on facts: looked up once, over a hundred thousand images that takes its time."""


def search(db: Database, query: Query) -> Answer:
    """Records that match: with every concept, else the closest partial match."""
    query = replace(query, concepts=tuple(_closed(db, concept) for concept in query.concepts))
    matches = matching(db, query.concepts)
    conditions = facts.conditions(db.rows, query)
    hits = passing(db, query, matches, conditions)
    relaxed: tuple[str, ...] = ()
    if not hits and query.match == "best":
        hits, relaxed = _partial_hits(db, query, conditions)
    return Answer(replace(results_of(db, query, hits), relaxed=relaxed), query, hits, matches, conditions)


def _closed(db: Database, concept: Concept) -> Concept:
    """The concept, its last word not going on where something has it as it stands ("stem" is no "Stemi")."""
    as_it_stands = replace(concept, open_ended=False)
    return as_it_stands if concept.open_ended and is_mentioned(db, as_it_stands) else concept


def matching(db: Database, concepts: Sequence[Concept]) -> Hits:
    """The documents that have all concepts; every document when there is none."""
    if not all(concept.phrases for concept in concepts):
        return Hits()  # a text of signs only: nothing can have it
    return _scored(db, _expression(concepts)) if concepts else every(db)


def every(db: Database) -> Hits:
    """All documents."""
    return db.runs.hits(range(db.runs.docs))


def _scored(db: Database, expression: str) -> Hits:
    docs = _docs(db, expression)
    if len(docs) <= _SCORED:
        statement = f"SELECT rowid, bm25(words, {_WEIGHTS}) FROM words WHERE words MATCH ? ORDER BY rowid"
        return db.runs.scored(dict(db.rows(statement, [expression])))
    titled = f"{{title study}} : ({expression})"
    # A title puts none before the others where all have the words there, or none has.
    some = _has(db, titled) and _has(db, f"({expression}) NOT ({titled})")
    return db.runs.preferred(docs, _docs(db, titled)) if some else db.runs.hits(docs)


def _has(db: Database, expression: str) -> bool:
    return bool(db.rows("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", [expression]))


def _number(db: Database, expression: str) -> int:
    ((number,),) = db.rows("SELECT count(*) FROM words WHERE words MATCH ?", [expression])
    return int(number)


def _docs(db: Database, expression: str) -> list[int]:
    return facts.numbers(db.rows, "rowid", "words WHERE words MATCH ?", [expression])


def passing(db: Database, query: Query, matches: Hits, conditions: Iterable[Condition]) -> Hits:
    """Those of the documents that pass the filters: the question's on traits, and these conditions."""
    allowed = {number for number in matches.traits if query.allows(db.traits[number])}
    kept = Hits(part for part in matches.parts if part.run.traits in allowed)
    for condition in conditions:
        kept = kept.among(condition.docs)
    return kept


def _expression(concepts: Sequence[Concept]) -> str:
    """The concepts in the language of FTS5: any spelling or identifier of each, and all of them."""
    return " AND ".join(f"({' OR '.join(_alternatives(concept))})" for concept in concepts)


def _alternatives(concept: Concept) -> list[str]:
    # Folded words hold letters and digits only; in quotes none of them is an operator.
    quoted = [f'"{" ".join(phrase)}"' for phrase in concept.phrases]
    open_end = [f"{quoted[0]} *"] if concept.open_ended else []
    return [*quoted, *open_end, *(f'"{token(key)}"' for key in concept.ids)]


def _partial_hits(
    db: Database, query: Query, conditions: Sequence[Condition]
) -> tuple[Hits, tuple[str, ...]]:
    if len(query.concepts) < 2:
        return Hits(), ()
    dropped = _dropped(db, query, set(passing(db, query, every(db), conditions).docs))
    kept = [concept for concept in query.concepts if concept.text not in dropped]
    return (passing(db, query, matching(db, kept), conditions), dropped) if dropped else (Hits(), ())


def _dropped(db: Database, query: Query, allowed: set[int]) -> tuple[str, ...]:
    """The concepts to go without, so that something is found; empty when nothing is found with any of them."""
    asked = [_expression([concept]) if concept.phrases else "" for concept in query.concepts]
    numbers = [_number(db, expression) if expression else 0 for expression in asked]
    commonest = max(range(len(asked)), key=numbers.__getitem__)
    others = [one for place, one in enumerate(asked) if numbers[place] and place != commonest]
    found = [
        allowed.intersection(_docs(db, one)) if number and place != commonest else set[int]()
        for place, (one, number) in enumerate(zip(asked, numbers, strict=True))
    ]
    if numbers[commonest]:
        # Very many may have it: only those count that have another one, too, and one of the rest.
        both = _docs(db, f"({asked[commonest]}) AND ({' OR '.join(others)})") if others else []
        one = next(([doc] for doc in _docs(db, asked[commonest]) if doc in allowed), [])
        found[commonest] = allowed.intersection([*both, *one])
    worth = [rarity(number, db.runs.docs) for number in numbers]
    return words.best_partial(found, query.concepts, worth=worth)[1]


def is_mentioned(db: Database, concept: Concept) -> bool:
    """Whether any document has a concept."""
    return bool(concept.phrases) and _has(db, _expression([concept]))


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────


def results_of(db: Database, query: Query, hits: Hits) -> Results:
    """Hits as results: ranked, grouped by study, counted, and the first of them as records."""
    groups = ranking.grouped(hits)
    if query.group_by == "image":
        chosen = ranking.best(hits, query.limit)
    else:
        order = ranking.order(groups)
        shares = spread([groups[group].total for group in order], query.limit)
        chosen = [
            doc
            for group, share in zip(order, shares, strict=True)
            if share
            for doc in groups[group].first(share)
        ]
    shown = list(dict.fromkeys(db.runs.of(doc).group for doc in chosen))
    keys = dict(db.rows(f"SELECT grp, id FROM groups WHERE grp IN ({','.join(map(str, shown))})"))
    titles = _titles(db, set(keys.values()))
    return Results(
        query=query,
        records=tuple(records(db, chosen)),
        total=len(hits),
        groups=tuple(
            Group(id=keys[number], title=titles.get(keys[number]), total=groups[number].total)
            for number in shown
        ),
        total_groups=len(groups),
        asked=(_NAME,),
        counts=count((db.traits[number], shared) for number, shared in hits.traits.items()),
    )


def records(db: Database, docs: Sequence[int]) -> list[Record]:
    """The records of documents, in the order given."""
    numbers = ",".join(map(str, docs))
    found = {
        doc: (row, record, study)
        for doc, row, record, study in db.rows(
            "SELECT r.doc, r.row, r.record, d.study FROM rows r JOIN docs d ON d.doc = r.doc "
            f"WHERE r.doc IN ({numbers})"
        )
    }
    listed = {study for _, record, study in found.values() if study and not record}
    studies = {key: row for key, (row, _) in _rows_of(db, listed).items()}
    return [_record(*found[doc][:2], studies.get(found[doc][2])) for doc in docs]


def _record(row: str, record: str, study: dict[str, Any] | None) -> Record:
    if record:
        return Record.from_json(record)
    values = row_of(row)
    return (
        image_record(values, study) if "url" in values else study_record(values, listed=int(values["listed"]))
    )


def _rows_of(db: Database, ids: set[str]) -> dict[str, tuple[dict[str, Any], str]]:
    """The row, and the user's record where there is one, of each study."""
    marks = ",".join("?" * len(ids))
    rows = db.rows(
        f"SELECT d.id, r.row, r.record FROM docs d JOIN rows r ON r.doc = d.doc WHERE d.folded_id IN ({marks})",
        [key.casefold() for key in sorted(ids)],
    )
    return {key: (row_of(row), record) for key, row, record in rows}


def _titles(db: Database, groups: set[str]) -> Mapping[str, str | None]:
    return {
        key: json.loads(record).get("title") if record else row["title"]
        for key, (row, record) in _rows_of(db, groups).items()
    }


def row_of(text: str) -> dict[str, Any]:
    """The row of a shipped table that a document keeps; empty when it keeps none."""
    return defaultdict(str, json.loads(text or "{}"))  # empty cells are not stored


def members(db: Database, query: Query) -> Hits:
    """The images of ``query.study`` that its filters let through."""
    rows = db.rows("SELECT docs FROM members WHERE study = ?", [query.study])
    found = [doc for (docs,) in rows for doc in facts.unpacked(docs)]
    asked = query.only(query.filters() - {"study"})
    return passing(db, asked, db.runs.hits(found), facts.conditions(db.rows, asked))
