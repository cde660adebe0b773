"""What the catalogue's database holds: documents, the words they are found by, their traits and their facts."""

from __future__ import annotations

import functools
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from fairlab import terms
from fairlab.repositories.catalogue_documents import documents
from fairlab.repositories.catalogue_facts import facts_of, finest, stated_by, year_of
from fairlab.traits import Traits

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from fairlab.record import Record
    from fairlab.repositories.catalogue_documents import Document
    from fairlab.terms import Term, Vocabulary

COLUMNS = {"title": 6, "study": 6, "organism": 8, "method": 5, "topics": 4, "people": 2, "codes": 3}
"""Columns of the full-text table, and how much a find in each counts."""

_TABLES = f"""
CREATE TABLE docs (doc INTEGER PRIMARY KEY, id TEXT, folded_id TEXT, grp INTEGER, traits INTEGER, bytes INTEGER,
                   preference INTEGER, study TEXT, year INTEGER, pixel REAL, labels INTEGER);
CREATE TABLE rows (doc INTEGER PRIMARY KEY, row TEXT);
CREATE TABLE groups (grp INTEGER PRIMARY KEY, id TEXT);
CREATE TABLE names (name TEXT, doc INTEGER);
CREATE TABLE members (study TEXT, doc INTEGER);
CREATE TABLE traits (number INTEGER PRIMARY KEY, content TEXT);
CREATE TABLE facts (fact INTEGER PRIMARY KEY, kind TEXT, words TEXT);
CREATE TABLE states (fact INTEGER, doc INTEGER, PRIMARY KEY (fact, doc)) WITHOUT ROWID;
CREATE TABLE stated (kind TEXT, filter TEXT, docs INTEGER);
CREATE TABLE publishers (name TEXT);
CREATE TABLE spellings (word TEXT PRIMARY KEY, docs INTEGER) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5({", ".join(COLUMNS)}, content='', tokenize="porter unicode61");
"""
_INDEXES = """
CREATE INDEX docs_by_id ON docs (folded_id);
CREATE INDEX groups_by_id ON groups (id);
CREATE INDEX names_by_name ON names (name);
CREATE INDEX members_by_study ON members (study);
"""


def fill(connection: sqlite3.Connection, own: Iterable[Record] = ()) -> None:
    """Build all tables in an empty database from the shipped tables and the records of the user."""
    found = documents(terms.read_table("studies.csv.gz"), terms.read_table("images.csv.gz"), own)
    words = [_words(document) for document in found]
    traits: dict[Traits, int] = {}
    for document in found:
        traits.setdefault(document.traits, len(traits))
    # In the order of their names, so that a search sorts by number.
    groups = {key: number for number, key in enumerate(sorted({document.group for document in found}))}
    connection.executescript(_TABLES)
    connection.executemany(
        f"INSERT INTO docs VALUES ({', '.join('?' * 11)})",
        (
            (
                number,
                document.record.id,
                document.record.id.casefold(),
                groups[document.group],
                traits[document.traits],
                document.record.bytes,
                _preference(document),
                document.study,
                year_of(document.record),
                finest(document.record),
                document.record.has_labels,
            )
            for number, document in enumerate(found)
        ),
    )
    connection.executemany(
        "INSERT INTO rows VALUES (?, ?)",
        ((number, json.dumps(document.row, ensure_ascii=False)) for number, document in enumerate(found)),
    )
    connection.executemany("INSERT INTO groups VALUES (?, ?)", ((n, key) for key, n in groups.items()))
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    connection.executemany(
        f"INSERT INTO words (rowid, {', '.join(COLUMNS)}) VALUES ({marks})",
        ((number, *columns) for number, columns in enumerate(words)),
    )
    # The segments that so many rows left are joined: a search reads one instead of sixteen.
    connection.execute("INSERT INTO words (words) VALUES ('optimize')")
    connection.executemany(
        "INSERT INTO names VALUES (?, ?)", ((n, i) for i, d in enumerate(found) for n in sorted(d.names))
    )
    connection.executemany(
        "INSERT INTO members VALUES (?, ?)",
        ((study, i) for i, d in enumerate(found) if d.record.kind == "image" for study in sorted(d.studies)),
    )
    connection.executemany(
        "INSERT INTO traits VALUES (?, ?)", ((number, _written(one)) for one, number in traits.items())
    )
    publishers = sorted({document.record.repository for document in found if document.own})
    connection.executemany("INSERT INTO publishers VALUES (?)", ((name,) for name in publishers))
    _fill_facts(connection, found)
    connection.executemany("INSERT INTO spellings VALUES (?, ?)", _spellings(words))
    connection.executescript(_INDEXES)
    connection.execute("ANALYZE")


def _fill_facts(connection: sqlite3.Connection, found: Sequence[Document]) -> None:
    numbers: dict[tuple[str, str], int] = {}
    stated: Counter[tuple[str, str]] = Counter()
    states: list[tuple[int, int]] = []
    for doc, document in enumerate(found):
        facts = sorted(facts_of(document.record))
        states += ((numbers.setdefault(fact, len(numbers)), doc) for fact in facts)
        kind = document.record.kind
        stated.update((kind, name) for name in {"", *stated_by(document.record, facts)})
    connection.executemany("INSERT INTO facts VALUES (?, ?, ?)", ((n, *fact) for fact, n in numbers.items()))
    connection.executemany("INSERT INTO states VALUES (?, ?)", sorted(states))
    connection.executemany(
        "INSERT INTO stated VALUES (?, ?, ?)", ((*key, number) for key, number in stated.items())
    )


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


def _spellings(words: Iterable[Sequence[str]]) -> Iterable[tuple[str, int]]:
    counter: Counter[str] = Counter()
    for columns in words:
        counter.update({word for column in columns[:5] for word in column.split() if word.isalpha()})
    return ((word, number) for word, number in sorted(counter.items()) if 4 <= len(word) <= 30)


def _written(traits: Traits) -> str:
    plain = {**vars(traits), "keys": sorted(traits.keys), "names": sorted(traits.names)}
    return json.dumps(plain, ensure_ascii=False)


def _read(content: str) -> Traits:
    plain = json.loads(content)
    for name in ("organism", "imaging_method", "ngff_version", "layout"):
        plain[name] = tuple(plain[name])
    return Traits(**{**plain, "keys": frozenset(plain["keys"]), "names": frozenset(plain["names"])})
