"""What the catalogue's database holds: documents, the words they are found by, their traits and their facts."""

from __future__ import annotations

import functools
import json
from collections import Counter, defaultdict
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from fairlab import terms
from fairlab.repositories.catalogue_documents import documents
from fairlab.repositories.catalogue_facts import facts_of, finest, packed, stated_by, year_of
from fairlab.traits import Traits

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from fairlab.repositories.catalogue_documents import Document
    from fairlab.repositories.catalogue_own import Kept
    from fairlab.terms import Term, Vocabulary

COLUMNS = {"title": 6, "study": 6, "organism": 8, "method": 5, "topics": 4, "people": 2, "codes": 3}
"""Columns of the full-text table, and how much a find in each counts."""

_TABLES = f"""
CREATE TABLE docs (doc INTEGER PRIMARY KEY, id TEXT, folded_id TEXT, bytes INTEGER, study TEXT, year INTEGER,
                   pixel REAL, labels INTEGER);
CREATE TABLE rows (doc INTEGER PRIMARY KEY, row TEXT, record TEXT);
CREATE TABLE runs (first INTEGER PRIMARY KEY, grp INTEGER, preference INTEGER, traits INTEGER);
CREATE TABLE groups (grp INTEGER PRIMARY KEY, id TEXT);
CREATE TABLE names (name TEXT, doc INTEGER);
CREATE TABLE members (study TEXT PRIMARY KEY, docs BLOB) WITHOUT ROWID;
CREATE TABLE traits (number INTEGER PRIMARY KEY, content TEXT);
CREATE TABLE facts (fact INTEGER PRIMARY KEY, kind TEXT, words TEXT, docs BLOB);
CREATE TABLE stated (kind TEXT, filter TEXT, docs INTEGER);
CREATE TABLE publishers (name TEXT);
CREATE TABLE spellings (word TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5({", ".join(COLUMNS)}, content='', tokenize="porter unicode61");
"""
_INDEXES = """
CREATE INDEX docs_by_id ON docs (folded_id);
CREATE INDEX docs_by_study ON docs (study);
CREATE INDEX groups_by_id ON groups (id);
CREATE INDEX names_by_name ON names (name);
"""


def fill(connection: sqlite3.Connection, own: Iterable[Kept] = ()) -> None:
    """Build all tables in an empty database from the shipped tables and the records of the user."""
    found = documents(*shipped(), own)
    connection.executescript(_TABLES)
    connection.executemany("INSERT INTO runs VALUES (?, ?, ?, ?)", _in_runs(connection, found))
    _fill(connection, "docs", (_doc(number, document) for number, document in enumerate(found)))
    _fill(connection, "rows", ((number, _row(one), one.text) for number, one in enumerate(found)))
    _fill_words(connection, [_words(document) for document in found])
    _fill(connection, "names", ((name, n) for n, one in enumerate(found) for name in sorted(one.names)))
    _fill(connection, "members", _members(found))
    _fill(
        connection, "publishers", ((name,) for name in sorted({d.record.repository for d in found if d.text}))
    )
    _fill_facts(connection, found)
    connection.executescript(_INDEXES)
    connection.execute("ANALYZE")


def shipped() -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """The rows of the shipped tables: studies, and images."""
    return terms.read_table("studies.csv.gz"), terms.read_table("images.csv.gz")


def _fill(connection: sqlite3.Connection, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    ((width,),) = connection.execute("SELECT count(*) FROM pragma_table_info(?)", [table])
    connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * width)})", rows)


def _in_runs(connection: sqlite3.Connection, found: list[Document]) -> Iterable[tuple[int, int, int, int]]:
    """Put the documents in the order in which they are numbered, and tell where each run of equal ones begins.

    Documents of one group, preference and traits stand together, so that a search looks at such runs and not
    at each of a hundred thousand documents.
    """
    # Groups are numbered in the order of their names, so that a search sorts by number.
    groups = {key: number for number, key in enumerate(sorted({document.group for document in found}))}
    traits: dict[Traits, int] = {}
    keyed = [
        ((groups[one.group], _preference(one), traits.setdefault(one.traits, len(traits))), one)
        for one in found
    ]
    keyed.sort(key=itemgetter(0))
    found[:] = [document for _, document in keyed]
    _fill(connection, "groups", ((number, key) for key, number in groups.items()))
    _fill(connection, "traits", ((number, _written(one)) for one, number in traits.items()))
    before = None
    for number, (key, _) in enumerate(keyed):
        if key != before:
            yield (number, *key)
        before = key


def _doc(number: int, document: Document) -> tuple[Any, ...]:
    record = document.record
    return (
        number,
        record.id,
        record.id.casefold(),
        record.bytes,
        document.study,
        year_of(record),
        finest(record),
        record.has_labels,
    )


def _row(document: Document) -> str:
    return json.dumps(document.row, ensure_ascii=False) if document.row else ""


def _fill_words(connection: sqlite3.Connection, words: Sequence[tuple[str, ...]]) -> None:
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    connection.executemany(
        f"INSERT INTO words (rowid, {', '.join(COLUMNS)}) VALUES ({marks})",
        ((number, *columns) for number, columns in enumerate(words)),
    )
    # The segments that so many rows left are joined: a search reads one instead of sixteen.
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    texts = {text for columns in words for text in columns[:5]}
    spellings = {word for text in texts for word in text.split() if 4 <= len(word) <= 30 and word.isalpha()}
    _fill(connection, "spellings", ((word,) for word in sorted(spellings)))


def _members(found: Iterable[Document]) -> Iterable[tuple[str, bytes]]:
    held: dict[str, list[int]] = defaultdict(list)
    for number, document in enumerate(found):
        if document.record.kind == "image":
            for study in document.studies:
                held[study].append(number)
    return ((study, packed(held[study])) for study in sorted(held))


def _fill_facts(connection: sqlite3.Connection, found: Sequence[Document]) -> None:
    states: dict[tuple[str, str], list[int]] = defaultdict(list)
    stated: Counter[tuple[str, str]] = Counter()
    for number, document in enumerate(found):
        facts = sorted(facts_of(document.record))
        for fact in facts:
            states[fact].append(number)
        kind = document.record.kind
        stated.update((kind, name) for name in {"", *stated_by(document.record, facts)})
    _fill(connection, "facts", ((n, *fact, packed(docs)) for n, (fact, docs) in enumerate(states.items())))
    _fill(connection, "stated", ((*key, number) for key, number in stated.items()))


def read_traits(rows: Callable[[str], Iterable[tuple[Any, ...]]]) -> dict[int, Traits]:
    """The traits by number, from a database that :func:`fill` made."""
    return {number: _read(content) for number, content in rows("SELECT number, content FROM traits")}


@functools.lru_cache(maxsize=4096)
def token(key: str) -> str:
    """The one word under which a term's key is indexed.

    Examples
    --------
    >>> token("FBbi:00000369")
    'fbbi00000369'
    """
    return "".join(terms.fold(key))


def _words(document: Document) -> tuple[str, ...]:
    record = document.record
    columns = {
        "title": [*document.titles],
        "study": [document.study_title],
        "organism": _term_words(record.organism, terms.organisms()),
        "method": _term_words(record.imaging_method, terms.imaging_methods()),
        "topics": [
            *record.keywords,
            *(term.label for term in record.other_terms),
            *(value for found in record.attributes.values() for value in found),
            *record.channels,
            record.description or "",
        ],
        "people": [*record.authors, record.attribution or ""],
        "codes": [
            *document.codes,
            record.accession or "",
            *(term.id or "" for term in record.other_terms),
            *record.publications,
        ],
    }
    return tuple(_folded(" ".join(columns[name])) for name in COLUMNS)


@functools.lru_cache(maxsize=4096)  # what images have from their study is the same for all of them
def _folded(text: str) -> str:
    return " ".join(terms.fold(text))


def _term_words(found: Iterable[Term], vocabulary: Vocabulary) -> list[str]:
    # Broader terms are indexed with the narrower, so asking for "confocal" finds "spinning disk".
    words = []
    for term in found:
        words.append(term.label)
        key = vocabulary.key(term)
        words += (
            [token(broader) for broader in sorted(vocabulary.ancestors(key))]
            if key
            else [token(term.id or "")]
        )
    return words


def _preference(document: Document) -> int:
    """0 is shown first where words do not decide: what opens as it stands, then the rest."""
    if not document.traits.openable:
        return 2
    plain = document.record.kind == "study" or (
        document.record.layout == "image" and document.record.ngff_version
    )
    return 0 if plain else 1


def _written(traits: Traits) -> str:
    plain = {**vars(traits), "keys": sorted(traits.keys), "names": sorted(traits.names)}
    return json.dumps(plain, ensure_ascii=False)


def _read(content: str) -> Traits:
    plain = json.loads(content)
    for name in ("organism", "imaging_method", "ngff_version", "layout"):
        plain[name] = tuple(plain[name])
    return Traits(**{**plain, "keys": frozenset(plain["keys"]), "names": frozenset(plain["names"])})
