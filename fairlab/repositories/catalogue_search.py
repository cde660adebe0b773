"""How the catalogue answers a question: hits, and the records that are shown of them."""

from __future__ import annotations

import heapq
import json
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlab import words
from fairlab.record import Record
from fairlab.repositories import catalogue_facts as facts
from fairlab.repositories.catalogue_index import COLUMNS, token
from fairlab.repositories.catalogue_records import image_record, study_record
from fairlab.results import Group, Results, count, rarity, spread

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.query import Query
    from fairlab.repositories.catalogue_database import Database
    from fairlab.words import Concept

Hits = dict[int, float]
"""Documents that match, each with its score: the lower, the better; 0 where no words were asked for."""

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


def search(db: Database, query: Query) -> Answer:
    """Records that match: with every concept, else the closest partial match."""
    query = replace(query, concepts=tuple(_closed(db, concept) for concept in query.concepts))
    matches = matching(db, query.concepts)
    hits = passing(db, query, matches)
    relaxed: tuple[str, ...] = ()
    if not hits and query.match == "best":
        hits, relaxed = _partial_hits(db, query)
    return Answer(replace(results_of(db, query, hits), relaxed=relaxed), query, hits, matches)


def _closed(db: Database, concept: Concept) -> Concept:
    """The concept, its last word not going on where something has it as it stands ("stem" is no "Stemi")."""
    as_it_stands = replace(concept, open_ended=False)
    return as_it_stands if concept.open_ended and is_mentioned(db, as_it_stands) else concept


def matching(db: Database, concepts: Sequence[Concept]) -> Hits:
    """The documents that have all concepts; every document when there is none."""
    if not all(concept.phrases for concept in concepts):
        return {}  # a text of signs only: nothing can have it
    if not concepts:
        return dict.fromkeys(range(len(db.traits_of)), 0.0)
    return _scored(db, _expression(concepts))


def passing(db: Database, query: Query, matches: Hits) -> Hits:
    """Those of the documents that pass the filters."""
    return {doc: matches[doc] for doc in _passing(db, query, matches)}


def _scored(db: Database, expression: str) -> Hits:
    ((number,),) = db.rows("SELECT count(*) FROM words WHERE words MATCH ?", [expression])
    if number <= _SCORED:
        statement = f"SELECT rowid, bm25(words, {_WEIGHTS}) FROM words WHERE words MATCH ?"
        return dict(db.rows(statement, [expression]))
    found = dict.fromkeys(_docs(db, expression), 0.0)
    return found | dict.fromkeys(_docs(db, f"{{title study}} : ({expression})"), -1.0)


def _docs(db: Database, expression: str) -> list[int]:
    return [doc for (doc,) in db.rows("SELECT rowid FROM words WHERE words MATCH ?", [expression])]


def _passing(db: Database, query: Query, docs: Iterable[int]) -> list[int]:
    """The documents that every filter lets through."""
    allowed = bytearray(len(db.traits))
    for number, traits in db.traits.items():
        allowed[number] = query.allows(traits)
    of = db.traits_of
    kept = [doc for doc in docs if allowed[of[doc]]]
    for statement, values in facts.conditions(db.rows, query):
        # The user's own text enters a statement as a bound value only.
        passing = {doc for (doc,) in db.rows(statement, values)}
        kept = [doc for doc in kept if doc in passing]
    return kept


def _expression(concepts: Sequence[Concept]) -> str:
    """The concepts in the language of FTS5: any spelling or identifier of each, and all of them."""
    return " AND ".join(f"({' OR '.join(_alternatives(concept))})" for concept in concepts)


def _alternatives(concept: Concept) -> list[str]:
    # Folded words hold letters and digits only; in quotes none of them is an operator.
    quoted = [f'"{" ".join(phrase)}"' for phrase in concept.phrases]
    open_end = [f"{quoted[0]} *"] if concept.open_ended else []
    return [*quoted, *open_end, *(f'"{token(key)}"' for key in concept.ids)]


def _partial_hits(db: Database, query: Query) -> tuple[Hits, tuple[str, ...]]:
    if len(query.concepts) < 2:
        return {}, ()
    allowed = set(_passing(db, query, range(len(db.traits_of))))
    found = [
        allowed.intersection(_docs(db, _expression([concept]))) if concept.phrases else set()
        for concept in query.concepts
    ]
    _, dropped = words.best_partial(found, query.concepts, weight=lambda number: rarity(number, len(allowed)))
    kept = [concept for concept in query.concepts if concept.text not in dropped]
    return (passing(db, query, matching(db, kept)), dropped) if dropped else ({}, ())


def is_mentioned(db: Database, concept: Concept) -> bool:
    """Whether any document has a concept."""
    statement = "SELECT 1 FROM words WHERE words MATCH ? LIMIT 1"
    return bool(concept.phrases and db.rows(statement, [_expression([concept])]))


# ── what is shown ────────────────────────────────────────────────────────────────────────────────────


def results_of(db: Database, query: Query, hits: Hits) -> Results:
    """Hits as results: ranked, grouped by study, counted, and the first of them as records."""
    groups = _ranked(db, hits)
    shares = spread([len(found) for found in groups.values()], query.limit)
    chosen = [doc for found, share in zip(groups.values(), shares, strict=True) for doc in found[:share]]
    if query.group_by == "image":
        chosen = _best(db, hits, query.limit)
    shown = list(dict.fromkeys(db.group_of[doc] for doc in chosen))
    keys = dict(db.rows(f"SELECT grp, id FROM groups WHERE grp IN ({','.join(map(str, shown))})"))
    titles = _titles(db, set(keys.values()))
    return Results(
        query=query,
        records=tuple(records(db, chosen)),
        total=len(hits),
        groups=tuple(
            Group(id=keys[number], title=titles.get(keys[number]), total=len(groups[number]))
            for number in shown
        ),
        total_groups=len(groups),
        asked=(_NAME,),
        counts=count(
            (db.traits[number], shared)
            for number, shared in Counter(map(db.traits_of.__getitem__, hits)).items()
        ),
    )


def _best(db: Database, hits: Hits, limit: int | None) -> list[int]:
    """The best documents, whatever study they are of."""
    number = len(hits) if limit is None else limit
    return heapq.nsmallest(number, hits, key=lambda doc: (hits[doc], db.preference[doc], doc))


def _ranked(db: Database, hits: Hits) -> dict[int, list[int]]:
    """Hits by group: groups by their best hit, and within a group by words, then by what opens best."""
    if len(hits) > _SCORED:
        return _ranked_in_tiers(db, hits)
    groups: dict[int, list[int]] = defaultdict(list)
    for doc in hits:
        groups[db.group_of[doc]].append(doc)
    best = {}
    for group, found in groups.items():
        top = min(hits[doc] for doc in found)  # the lower, the better
        # Images of one study differ by little in their words; among equals what opens comes first.
        found.sort(key=lambda doc: (hits[doc] > 0.7 * top, db.preference[doc], hits[doc], doc))
        best[group] = (top, db.preference[found[0]], group)
    return {group: groups[group] for group in sorted(groups, key=best.__getitem__)}


def _ranked_in_tiers(db: Database, hits: Hits) -> dict[int, list[int]]:
    tiers: dict[tuple[float, int], list[int]] = defaultdict(list)
    for doc, score in hits.items():
        tiers[score, db.preference[doc]].append(doc)
    groups: dict[int, list[int]] = defaultdict(list)
    for tier in sorted(tiers):
        begun = len(groups)
        for doc in tiers[tier]:
            groups[db.group_of[doc]].append(doc)
        new = sorted(list(groups)[begun:])
        groups.update({group: groups.pop(group) for group in new})
    return groups


def records(db: Database, docs: Sequence[int]) -> list[Record]:
    """The records of documents, in the order given."""
    numbers = ",".join(map(str, docs))
    found = {
        doc: (row_of(row), study)
        for doc, row, study in db.rows(
            f"SELECT r.doc, r.row, d.study FROM rows r JOIN docs d ON d.doc = r.doc WHERE r.doc IN ({numbers})"
        )
    }
    studies = _study_rows(db, {study for _, study in found.values() if study})
    return [_record(found[doc][0], studies.get(found[doc][1])) for doc in docs]


def _record(row: dict[str, Any], study: dict[str, Any] | None) -> Record:
    if "record" in row:
        return Record.from_dict(row["record"])
    if "url" in row:
        return image_record(row, study)
    return study_record(row, listed=int(row["listed"]))


def _study_rows(db: Database, ids: set[str]) -> dict[str, dict[str, Any]]:
    marks = ",".join("?" * len(ids))
    rows = db.rows(
        f"SELECT d.id, r.row FROM docs d JOIN rows r ON r.doc = d.doc WHERE d.folded_id IN ({marks})",
        [key.casefold() for key in sorted(ids)],
    )
    return {key: row_of(row) for key, row in rows}


def _titles(db: Database, groups: set[str]) -> Mapping[str, str | None]:
    rows = _study_rows(db, groups)
    return {key: row["record"].get("title") if "record" in row else row["title"] for key, row in rows.items()}


def row_of(text: str) -> dict[str, Any]:
    """The table row that a document keeps, or ``{"record": …}``."""
    return defaultdict(str, json.loads(text))  # empty cells are not stored


def members(db: Database, query: Query) -> Hits:
    """The images of ``query.study`` that its filters let through."""
    found = [doc for (doc,) in db.rows("SELECT doc FROM members WHERE study = ?", [query.study])]
    return dict.fromkeys(_passing(db, query.only(query.filters() - {"study"}), found), 0.0)
