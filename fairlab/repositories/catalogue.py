"""The embedded catalogue: studies and images of many archives, answered without a network."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from fairlab import terms, words
from fairlab.repositories import catalogue_database as database
from fairlab.repositories.catalogue_index import COLUMNS, token
from fairlab.repositories.catalogue_records import address_key, image_record, study_record
from fairlab.repositories.catalogue_rows import SCHEMES
from fairlab.repositories.catalogue_tables import catalogue_info
from fairlab.results import Group, Results, count, rarity, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.repositories.catalogue_database import Database
    from fairlab.words import Concept

_WEIGHTS = ", ".join(str(float(weight)) for weight in COLUMNS.values())


class PixelRow(NamedTuple):
    """How much of one source resolves to pixels."""

    source: str
    """Publisher, as studies and images are listed under."""
    studies: int
    """Studies in the catalogue."""
    studies_with_images: int
    """Those of which at least one image is listed as OME-Zarr."""
    studies_openable: int
    """Those of which at least one image opens with ``open_image`` (no plate, version 0.4, 0.5 or not stated)."""
    images: int
    """Images listed by this publisher, with or without a study."""


class _Hit(NamedTuple):
    doc: int
    group: str
    traits: int
    preference: int
    score: float


class CatalogueRepository:
    """Studies and images known to fairlab without asking anybody.

    Examples
    --------
    >>> catalogue = CatalogueRepository()
    >>> catalogue.lookup("idr0062").title
    'Light sheet fluorescence microscopy of a mouse blastocyst...'
    """

    name: ClassVar[str] = "catalogue"
    prefixes: ClassVar[tuple[str, ...]] = tuple(sorted(set(SCHEMES.values())))
    live: ClassVar[bool] = False
    publishers: ClassVar[tuple[str, ...]] = (*SCHEMES, "NFDI4BIOIMAGE", "SSBD:database", "SSBD:repository")
    """Names that ``repository=`` understands, besides the prefixes."""

    def search(self, query: Query) -> Results:
        """Records that match, studies ranked by their best record."""
        return database.ask(lambda db: _search(db, query))

    def lookup(self, identifier: str) -> Record | None:
        """The record of an identifier, an accession, or the address of an OME-Zarr or of a landing page."""
        return database.ask(lambda db: _lookup(db, identifier))

    def locate(self, record: Record) -> str | None:
        """The record's own address; the catalogue keeps no pixels."""
        return record.url

    def images_of(self, study: str, *, query: Query) -> Results:
        """The listed images of a study (or of a source without studies), those that open first."""
        return database.ask(lambda db: _results(db, query, _members(db, study, query)))

    def near(self, identifier: str) -> tuple[str, ...]:
        """Identifiers that look like one that is not known here."""
        return database.ask(lambda db: _near(db, identifier))

    def pixels_per_source(self) -> list[PixelRow]:
        """How many studies resolve to pixels today, source by source, most images first."""
        return database.ask(_pixels_per_source)

    def info(self) -> dict[str, Any]:
        """What the shipped tables hold, and where the database made from them lies."""
        return catalogue_info() | database.ask(_database_info)


# ── search ───────────────────────────────────────────────────────────────────────────────────────


def _search(db: Database, query: Query) -> Results:
    hits = _hits(db, query, query.concepts)
    relaxed: tuple[str, ...] = ()
    if not hits and query.match == "best":
        hits, relaxed = _partial_hits(db, query)
    answer = _results(db, query, hits)
    return replace(
        answer, relaxed=relaxed, notes=tuple(_notes(db, query, answer, {hit.group for hit in hits}))
    )


def _hits(db: Database, query: Query, concepts: Sequence[Concept]) -> list[_Hit]:
    if not all(concept.phrases for concept in concepts):
        return []  # a text of signs only: nothing can have it
    columns = "d.doc, d.grp, d.traits, d.preference"
    where = _filters(db, query)
    if not concepts:
        return [_Hit(*row) for row in db.rows(f"SELECT {columns}, 0.0 FROM docs d WHERE {where}")]
    statement = (
        f"SELECT {columns}, bm25(words, {_WEIGHTS}) FROM words JOIN docs d ON d.doc = words.rowid "
        f"WHERE words MATCH ? AND {where}"
    )
    return [_Hit(*row) for row in db.rows(statement, [_expression(concepts)])]


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


def _partial_hits(db: Database, query: Query) -> tuple[list[_Hit], tuple[str, ...]]:
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


def _results(db: Database, query: Query, hits: Sequence[_Hit]) -> Results:
    groups = _ranked(hits)
    shares = spread([len(found) for found in groups.values()], query.limit)
    chosen = [hit.doc for found, share in zip(groups.values(), shares, strict=True) for hit in found[:share]]
    shown = [key for key, share in zip(groups, shares, strict=True) if share]
    titles = _titles(db, shown)
    return Results(
        query=query,
        records=tuple(_records(db, chosen)),
        total=len(hits),
        groups=tuple(Group(id=key, title=titles.get(key), total=len(groups[key])) for key in shown),
        total_groups=len(groups),
        asked=(CatalogueRepository.name,),
        counts=count(
            (db.traits[number], shared) for number, shared in Counter(hit.traits for hit in hits).items()
        ),
    )


def _ranked(hits: Sequence[_Hit]) -> dict[str, list[_Hit]]:
    """Hits by group: groups by their best hit, and within a group by words, then by what opens best."""
    groups: dict[str, list[_Hit]] = defaultdict(list)
    for hit in hits:
        groups[hit.group].append(hit)
    best = {}
    for key, found in groups.items():
        top = min(hit.score for hit in found)  # the lower, the better
        # Images of one study differ by little in their words; among equals what opens comes first.
        found.sort(key=lambda hit: (hit.score > 0.7 * top, hit.preference, hit.score, hit.doc))
        best[key] = (top, found[0].preference, key)
    return {key: groups[key] for key in sorted(groups, key=best.__getitem__)}


def _records(db: Database, docs: Sequence[int]) -> list[Record]:
    numbers = ",".join(map(str, docs))
    found = {
        doc: (row, study)
        for doc, row, study in db.rows(f"SELECT doc, row, study FROM docs WHERE doc IN ({numbers})")
    }
    studies = _study_rows(db, {study for _, study in found.values() if study})
    return [_record(_row(found[doc][0]), studies.get(found[doc][1])) for doc in docs]


def _record(row: dict[str, str], study: dict[str, str] | None) -> Record:
    if "url" in row:
        return image_record(row, study)
    return study_record(row, listed=int(row["listed"]))


def _study_rows(db: Database, ids: set[str]) -> dict[str, dict[str, str]]:
    marks = ",".join("?" * len(ids))
    rows = db.rows(
        f"SELECT id, row FROM docs WHERE folded_id IN ({marks})", [key.casefold() for key in sorted(ids)]
    )
    return {key: _row(row) for key, row in rows}


def _titles(db: Database, groups: Sequence[str]) -> dict[str, str]:
    return {key: row["title"] for key, row in _study_rows(db, set(groups)).items()}


def _row(text: str) -> dict[str, str]:
    return defaultdict(str, json.loads(text))  # empty cells are not stored


# ── notes ────────────────────────────────────────────────────────────────────────────────────────


def _notes(db: Database, query: Query, answer: Results, groups: set[str]) -> list[str]:
    notes = [_not_mentioned(db, concept) for concept in query.concepts]
    if query.kind == "image" and query.concepts:
        notes.append(_studies_without_images(db, query, groups))
    if query.max_bytes is not None:
        notes.append(_without_size(db, query, answer))
    return [note for note in notes if note]


def _not_mentioned(db: Database, concept: Concept) -> str:
    if concept.kind != "word" or not concept.phrases or _docs_with(db, concept):
        return ""
    word = concept.phrases[0][-1]
    statement = "SELECT word FROM spellings WHERE word >= ? AND word < ? AND length(word) BETWEEN ? AND ?"
    choices = [
        near
        for (near,) in db.rows(statement, [word[0], word[0] + "\U0010ffff", len(word) - 2, len(word) + 2])
    ]
    close = terms.nearest(word, choices)
    return f'nothing mentions "{concept.text[:60]}"' + (f"; near words: {', '.join(close)}" if close else "")


def _studies_without_images(db: Database, query: Query, groups: set[str]) -> str:
    wider = replace(query, kind="study", openable=None, ngff_version=(), layout=(), max_bytes=None)
    more = {hit.group for hit in _hits(db, wider, wider.concepts)} - groups
    if not more:
        return ""
    number = "1 more study matches" if len(more) == 1 else f"{len(more):,} more studies match"
    return f'{number} without a matching OME-Zarr image; to see: kind="study"'


def _without_size(db: Database, query: Query, answer: Results) -> str:
    kept = [concept for concept in query.concepts if concept.text not in answer.relaxed]
    sizeless = len(_hits(db, replace(query, max_bytes=None), kept)) - answer.total
    return f"{sizeless:,} more match but are larger or state no size" if sizeless else ""


# ── lookup ───────────────────────────────────────────────────────────────────────────────────────


def _lookup(db: Database, identifier: str) -> Record | None:
    wanted = identifier.strip()
    found = db.rows("SELECT doc FROM docs WHERE folded_id = ?", [wanted.casefold().replace(" ", "_")])
    if not found:
        keys = {wanted.casefold(), address_key(wanted).casefold()}
        marks = ",".join("?" * len(keys))
        found = db.rows(f"SELECT DISTINCT doc FROM names WHERE name IN ({marks})", sorted(keys))
    # One landing page may stand for many images; then it names none of them.
    return _records(db, [found[0][0]])[0] if len(found) == 1 else None


def _members(db: Database, study: str, query: Query) -> list[_Hit]:
    statement = (
        "SELECT d.doc, d.grp, d.traits, d.preference, 0.0 FROM members m JOIN docs d ON d.doc = m.doc "
        f"WHERE m.study = ? AND {_filters(db, query)}"
    )
    return [_Hit(*row) for row in db.rows(statement, [study])]


def _near(db: Database, identifier: str) -> tuple[str, ...]:
    wanted = identifier.strip()
    members = db.rows(
        "SELECT d.id FROM members m JOIN docs d ON d.doc = m.doc WHERE lower(m.study) = ? LIMIT 3",
        [wanted.lower()],
    )
    if members:
        return tuple(key for (key,) in members)
    scheme, _, rest = wanted.rpartition(":")
    study = rest.split("/")[0]
    siblings = db.rows("SELECT id FROM docs WHERE study = ? AND id <> study", [f"{scheme}:{study}"])
    studies = db.rows("SELECT id FROM docs WHERE id = study")
    choices = [key for (key,) in (siblings or studies)]
    by_end = {key.split(":", 1)[1]: key for key in choices}
    return tuple(by_end[end] for end in terms.nearest(rest, by_end) if end in by_end)


def _pixels_per_source(db: Database) -> list[PixelRow]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for text, number in db.rows("SELECT row, traits FROM docs"):
        row = _row(text)
        counts = found[row["collection"] or row["repository"]]
        if "url" in row:
            counts[3] += 1
        else:
            counts[0] += 1
            counts[1] += row["listed"] != "0"
            counts[2] += db.traits[number].openable
    rows = [PixelRow(source, *counts) for source, counts in found.items()]
    return sorted(rows, key=lambda row: (-row.studies, -row.images, row.source))


def _database_info(db: Database) -> dict[str, Any]:
    pages = db.rows("PRAGMA page_count")[0][0] * db.rows("PRAGMA page_size")[0][0]
    return {"database": "memory" if db.in_memory else str(db.path), "database_bytes": pages}
