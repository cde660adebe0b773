"""What the catalogue's database holds: documents, the words they are found by, and their traits."""

from __future__ import annotations

import functools
import json
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from fairlab import terms
from fairlab.repositories.catalogue_records import addresses, image_record, study_record
from fairlab.traits import Traits, traits_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Sequence

    from fairlab.record import Record
    from fairlab.terms import Term, Vocabulary

Row = dict[str, str]

COLUMNS = {"title": 6, "study": 6, "organism": 8, "method": 5, "topics": 4, "people": 2, "codes": 3}
"""Columns of the full-text table, and how much a find in each counts."""

_TABLES = f"""
CREATE TABLE docs (doc INTEGER PRIMARY KEY, id TEXT, folded_id TEXT, grp TEXT, traits INTEGER, bytes INTEGER,
                   preference INTEGER, study TEXT, row TEXT);
CREATE TABLE names (name TEXT, doc INTEGER);
CREATE TABLE members (study TEXT, doc INTEGER);
CREATE TABLE traits (number INTEGER PRIMARY KEY, content TEXT);
CREATE TABLE spellings (word TEXT PRIMARY KEY, docs INTEGER) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5({", ".join(COLUMNS)}, content='', tokenize="porter unicode61");
"""
_INDEXES = """
CREATE INDEX docs_by_id ON docs (folded_id);
CREATE INDEX docs_by_traits ON docs (traits);
CREATE INDEX names_by_name ON names (name);
CREATE INDEX members_by_study ON members (study);
"""


@dataclass(frozen=True, kw_only=True)
class _Document:
    record: Record
    row: Row
    group: str
    study: str
    traits: Traits
    words: tuple[str, ...]


def fill(connection: sqlite3.Connection) -> None:
    """Build all tables in an empty database from the tables shipped in the package."""
    documents = _documents(terms.read_table("studies.csv.gz"), terms.read_table("images.csv.gz"))
    numbers: dict[Traits, int] = {}
    for document in documents:
        numbers.setdefault(document.traits, len(numbers))
    connection.executescript(_TABLES)
    connection.executemany(
        "INSERT INTO docs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                number,
                document.record.id,
                document.record.id.casefold(),
                document.group,
                numbers[document.traits],
                document.record.bytes,
                _preference(document),
                document.study,
                json.dumps(document.row, ensure_ascii=False),
            )
            for number, document in enumerate(documents)
        ),
    )
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    connection.executemany(
        f"INSERT INTO words (rowid, {', '.join(COLUMNS)}) VALUES ({marks})",
        ((number, *document.words) for number, document in enumerate(documents)),
    )
    connection.executemany("INSERT INTO names VALUES (?, ?)", _names(documents))
    connection.executemany("INSERT INTO members VALUES (?, ?)", _members(documents))
    connection.executemany(
        "INSERT INTO traits VALUES (?, ?)", ((number, _written(traits)) for traits, number in numbers.items())
    )
    connection.executemany("INSERT INTO spellings VALUES (?, ?)", _spellings(documents))
    connection.executescript(_INDEXES)


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


def _documents(studies: Sequence[Row], images: Sequence[Row]) -> list[_Document]:
    by_id = {row["id"]: row for row in studies}
    found = [_image(row, by_id.get(row["study"])) for row in images]
    of_study: dict[str, list[_Document]] = defaultdict(list)
    for document in found:
        for study in {document.study, *terms.split(document.row.get("also", ""))} - {""}:
            of_study[study].append(document)
    return found + [_study(row, of_study[row["id"]]) for row in studies]


def _image(row: Row, study: Row | None) -> _Document:
    record = image_record(row, study)
    title = [record.title or "", record.id.split(":", 1)[1]]
    codes = [
        record.repository,
        record.id.split(":")[0],
        *_codes(row["also"]),
        study["names"] if study else "",
        record.doi or "",
    ]
    words = _words(record, title=title, study=[study["title"] if study else ""], codes=codes)
    traits = traits_of(record)
    return _Document(
        record=record,
        row={name: value for name, value in row.items() if value},
        group=row["group"],
        study=row["study"],
        traits=replace(traits, names=traits.names | _more_names(record, study)),
        words=words,
    )


def _study(row: Row, images: Sequence[_Document]) -> _Document:
    record = study_record(row, listed=len(images))
    codes = [
        record.repository, record.id.split(":")[0], row["names"], row["collection"], *_codes(row["same_as"]),
    ]  # fmt: skip
    traits = traits_of(record)
    whole = replace(
        traits,
        ngff_version=tuple(sorted({version for image in images for version in image.traits.ngff_version})),
        layout=tuple(sorted({layout for image in images for layout in image.traits.layout})),
        openable=any(image.traits.openable for image in images),
        names=traits.names | _more_names(record, row),
    )
    return _Document(
        record=record,
        row={**{name: value for name, value in row.items() if value}, "listed": str(len(images))},
        group=row["id"],
        study=row["id"],
        traits=whole,
        words=_words(record, title=[], study=[record.title or ""], codes=codes),
    )


def _codes(studies: str) -> list[str]:
    return [key.split(":", 1)[1] for key in terms.split(studies)]


def _more_names(record: Record, study: Row | None) -> set[str]:
    # "EMPIAR" asks for EMPIAR's accessions, "NFDI4BIOIMAGE" for all its places, "SSBD:database" for a part.
    first = record.repository.split()[0].casefold()
    collection = study["collection"].casefold() if study else ""
    return {record.id.split(":")[0].casefold(), first, collection} - {""}


def _words(
    record: Record, *, title: Sequence[str], study: Sequence[str], codes: Sequence[str]
) -> tuple[str, ...]:
    columns = {
        "title": title,
        "study": study,
        "organism": _term_words(record.organism, terms.organisms()),
        "method": _term_words(record.imaging_method, terms.imaging_methods()),
        "topics": [*record.keywords, *(term.label for term in record.other_terms)],
        "people": [*record.authors, record.attribution or ""],
        "codes": [
            *codes,
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


def _preference(document: _Document) -> int:
    """0 is shown first where words do not decide: what opens as it stands, then the rest."""
    if not document.traits.openable:
        return 2
    plain = document.record.kind == "study" or (
        document.record.layout == "image" and document.record.ngff_version
    )
    return 0 if plain else 1


def _names(documents: Sequence[_Document]) -> Iterable[tuple[str, int]]:
    for number, document in enumerate(documents):
        record = document.record
        yield from ((address.casefold(), number) for address in sorted(addresses(document.row)))
        if record.kind == "study" and record.accession:
            yield record.accession.casefold(), number
            yield f"{record.repository}:{record.accession}".casefold(), number


def _members(documents: Sequence[_Document]) -> Iterable[tuple[str, int]]:
    for number, document in enumerate(documents):
        if document.record.kind == "image":
            also = terms.split(document.row.get("also", ""))
            groups = {document.group, document.study, *also} - {""}
            yield from ((group, number) for group in sorted(groups))


def _spellings(documents: Sequence[_Document]) -> Iterable[tuple[str, int]]:
    counter: Counter[str] = Counter()
    for document in documents:
        counter.update({word for column in document.words[:5] for word in column.split() if word.isalpha()})
    return ((word, number) for word, number in sorted(counter.items()) if 4 <= len(word) <= 30)


def _written(traits: Traits) -> str:
    plain = {**vars(traits), "keys": sorted(traits.keys), "names": sorted(traits.names)}
    return json.dumps(plain, ensure_ascii=False)


def _read(content: str) -> Traits:
    plain = json.loads(content)
    for name in ("organism", "imaging_method", "ngff_version", "layout"):
        plain[name] = tuple(plain[name])
    return Traits(**{**plain, "keys": frozenset(plain["keys"]), "names": frozenset(plain["names"])})
