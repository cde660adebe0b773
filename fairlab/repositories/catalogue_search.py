"""How the catalogue answers a question: hits, their rank, and what a reader should know besides."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from fairlab import terms, words
from fairlab.repositories.catalogue_index import COLUMNS, token
from fairlab.repositories.catalogue_records import image_record, study_record
from fairlab.results import Group, Results, count, rarity, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.repositories.catalogue_database import Database
    from fairlab.words import Concept

_NAME = "catalogue"
_WEIGHTS = ", ".join(str(float(weight)) for weight in COLUMNS.values())


class Hit(NamedTuple):
    """One document that matches."""

    doc: int
    group: str
    traits: int
    preference: int
    score: float
    """As bm25 gives it: the lower, the better; 0 where no words were asked for."""


def search(db: Database, query: Query) -> Results:
    """Records that match: with every concept, else the closest partial match."""
    query = replace(query, concepts=tuple(_closed(db, concept) for concept in query.concepts))
    hits = _hits(db, query, query.concepts)
    relaxed: tuple[str, ...] = ()
    if not hits and query.match == "best":
        hits, relaxed = _partial_hits(db, query)
    answer = results_of(db, query, hits)
    return replace(
        answer, relaxed=relaxed, notes=tuple(_notes(db, query, answer, {hit.group for hit in hits}))
    )


def _closed(db: Database, concept: Concept) -> Concept:
    """The concept, its last word not going on where something has it as it stands ("stem" is no "Stemi")."""
    as_it_stands = replace(concept, open_ended=False)
    if concept.open_ended and _docs_with(db, as_it_stands):
        return as_it_stands
    return concept


def _hits(db: Database, query: Query, concepts: Sequence[Concept]) -> list[Hit]:
    if not all(concept.phrases for concept in concepts):
        return []  # a text of signs only: nothing can have it
    columns = "d.doc, d.grp, d.traits, d.preference"
    where = _filters(db, query)
    if not concepts:
        return [Hit(*row) for row in db.rows(f"SELECT {columns}, 0.0 FROM docs d WHERE {where}")]
    statement = (
        f"SELECT {columns}, bm25(words, {_WEIGHTS}) FROM words JOIN docs d ON d.doc = words.rowid "
        f"WHERE words MATCH ? AND {where}"
    )
    return [Hit(*row) for row in db.rows(statement, [_expression(concepts)])]


def _filters(db: Database, query: Query) -> str:
    # Numbers only, so nothing of the user's text enters the statement.
    allowed = ",".join(str(number) for number, traits in db.traits.items() if query.allows(traits))
    size = f" AND d.bytes <= {query.max_bytes}" if query.max_bytes is not None else ""
    return f"d.traits IN ({allowed}){size}"


def _expression(concepts: Sequence[Concept]) -> str:
    """The concepts in the language of FTS5: any spelling or identifier of each, and all of them."""
    return " AND ".join(f"({' OR '.join(_alternatives(concept))})" for concept in concepts)


def _alternatives(concept: Concept) -> list[str]:
    # Folded words hold letters and digits only; in quotes none of them is an operator.
    quoted = [f'"{" ".join(phrase)}"' for phrase in concept.phrases]
    open_end = [f"{quoted[0]} *"] if concept.open_ended else []
    return [*quoted, *open_end, *(f'"{token(key)}"' for key in concept.ids)]


def _partial_hits(db: Database, query: Query) -> tuple[list[Hit], tuple[str, ...]]:
    if len(query.concepts) < 2:
        return [], ()
    allowed = {doc for (doc,) in db.rows(f"SELECT doc FROM docs d WHERE {_filters(db, query)}")}
    found = [_docs_with(db, concept) & allowed for concept in query.concepts]
    _, dropped = words.best_partial(found, query.concepts, weight=lambda number: rarity(number, len(allowed)))
    kept = [concept for concept in query.concepts if concept.text not in dropped]
    return (_hits(db, query, kept), dropped) if dropped else ([], ())


def _docs_with(db: Database, concept: Concept) -> set[int]:
    if not concept.phrases:
        return set()
    return {
        doc for (doc,) in db.rows("SELECT rowid FROM words WHERE words MATCH ?", [_expression([concept])])
    }


def results_of(db: Database, query: Query, hits: Sequence[Hit]) -> Results:
    """Hits as results: ranked, grouped by study, counted, and the first of them as records."""
    groups = _ranked(hits)
    shares = spread([len(found) for found in groups.values()], query.limit)
    chosen = [hit.doc for found, share in zip(groups.values(), shares, strict=True) for hit in found[:share]]
    shown = [key for key, share in zip(groups, shares, strict=True) if share]
    titles = _titles(db, shown)
    return Results(
        query=query,
        records=tuple(records(db, chosen)),
        total=len(hits),
        groups=tuple(Group(id=key, title=titles.get(key), total=len(groups[key])) for key in shown),
        total_groups=len(groups),
        asked=(_NAME,),
        counts=count(
            (db.traits[number], shared) for number, shared in Counter(hit.traits for hit in hits).items()
        ),
    )


def _ranked(hits: Sequence[Hit]) -> dict[str, list[Hit]]:
    """Hits by group: groups by their best hit, and within a group by words, then by what opens best."""
    groups: dict[str, list[Hit]] = defaultdict(list)
    for hit in hits:
        groups[hit.group].append(hit)
    best = {}
    for key, found in groups.items():
        top = min(hit.score for hit in found)  # the lower, the better
        # Images of one study differ by little in their words; among equals what opens comes first.
        found.sort(key=lambda hit: (hit.score > 0.7 * top, hit.preference, hit.score, hit.doc))
        best[key] = (top, found[0].preference, key)
    return {key: groups[key] for key in sorted(groups, key=best.__getitem__)}


def records(db: Database, docs: Sequence[int]) -> list[Record]:
    """The records of documents, in the order given."""
    numbers = ",".join(map(str, docs))
    found = {
        doc: (row, study)
        for doc, row, study in db.rows(f"SELECT doc, row, study FROM docs WHERE doc IN ({numbers})")
    }
    studies = _study_rows(db, {study for _, study in found.values() if study})
    return [_record(row_of(found[doc][0]), studies.get(found[doc][1])) for doc in docs]


def _record(row: dict[str, str], study: dict[str, str] | None) -> Record:
    if "url" in row:
        return image_record(row, study)
    return study_record(row, listed=int(row["listed"]))


def _study_rows(db: Database, ids: set[str]) -> dict[str, dict[str, str]]:
    marks = ",".join("?" * len(ids))
    rows = db.rows(
        f"SELECT id, row FROM docs WHERE folded_id IN ({marks})", [key.casefold() for key in sorted(ids)]
    )
    return {key: row_of(row) for key, row in rows}


def _titles(db: Database, groups: Sequence[str]) -> dict[str, str]:
    return {key: row["title"] for key, row in _study_rows(db, set(groups)).items()}


def row_of(text: str) -> dict[str, str]:
    """The table row that a document keeps."""
    return defaultdict(str, json.loads(text))  # empty cells are not stored


def members(db: Database, query: Query) -> list[Hit]:
    """The images of ``query.study`` that its filters let through."""
    statement = (
        "SELECT d.doc, d.grp, d.traits, d.preference, 0.0 FROM members m JOIN docs d ON d.doc = m.doc "
        f"WHERE m.study = ? AND {_filters(db, query)}"
    )
    return [Hit(*row) for row in db.rows(statement, [query.study])]


# ── notes ────────────────────────────────────────────────────────────────────────────────────────


def _notes(db: Database, query: Query, answer: Results, groups: set[str]) -> list[str]:
    notes = [_not_mentioned(db, concept) for concept in query.concepts]
    if query.kind == "image" and query.concepts:
        notes.append(_studies_without_images(db, query, groups))
    if query.max_bytes is not None:
        notes.append(_without_size(db, query, answer))
    return [note for note in notes if note]


def _not_mentioned(db: Database, concept: Concept) -> str:
    if not concept.phrases:
        return f'there is neither letter nor digit in "{concept.text}"'
    if concept.kind != "word" or _docs_with(db, concept):
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


def _studies_without_images(db: Database, query: Query, groups: set[str]) -> str:
    wider = replace(query, kind="study", openable=None, ngff_version=(), layout=(), max_bytes=None)
    more = {hit.group for hit in _hits(db, wider, wider.concepts)} - groups
    if not more:
        return ""
    found = "1 more study has" if len(more) == 1 else f"{len(more):,} more studies have"
    return f'{found} what was asked for, but no such image in OME-Zarr: search with kind="study"'


def _without_size(db: Database, query: Query, answer: Results) -> str:
    kept = [concept for concept in query.concepts if concept.text not in answer.relaxed]
    sizeless = len(_hits(db, replace(query, max_bytes=None), kept)) - answer.total
    return f"{sizeless:,} more match but are larger or state no size" if sizeless else ""
