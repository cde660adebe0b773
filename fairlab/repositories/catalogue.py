"""The catalogue: studies and images of many archives, and the user's own, answered without a network."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from fairlab import terms
from fairlab.moves import address_key
from fairlab.query import FILTERS
from fairlab.repositories import catalogue_database as database
from fairlab.repositories import catalogue_facts as facts
from fairlab.repositories import catalogue_own as own
from fairlab.repositories import catalogue_search
from fairlab.repositories.base import Capabilities
from fairlab.repositories.catalogue_notes import notes
from fairlab.repositories.catalogue_rows import SCHEMES
from fairlab.repositories.catalogue_tables import catalogue_info
from fairlab.results import Results, count

if TYPE_CHECKING:
    from fairlab.query import Query
    from fairlab.record import Failure, Kind, Record
    from fairlab.repositories.catalogue_database import Database


class PixelRow(NamedTuple):
    """How much of one source resolves to pixels."""

    source: str
    """Publisher, as studies and images are listed under."""
    studies: int
    """Studies in the catalogue."""
    studies_with_images: int
    """Those of which at least one image is listed as OME-Zarr."""
    studies_openable: int
    """Those of which at least one image or plate is of a version that fairlab opens (or states none)."""
    images: int
    """Images listed by this publisher, with or without a study."""


class CatalogueRepository:
    """Studies and images known to fairlab, and those that the user added, without asking anybody.

    Examples
    --------
    >>> catalogue = CatalogueRepository()
    >>> catalogue.lookup("idr0062").title
    'NesSys: a new set of tools for the automated detection of nuclei ...'
    """

    name: ClassVar[str] = "catalogue"
    prefixes: ClassVar[tuple[str, ...]] = tuple(sorted({*SCHEMES.values(), own.SCHEME}))
    live: ClassVar[bool] = False
    capabilities: ClassVar[Capabilities] = Capabilities(
        applies=frozenset(FILTERS), pixels="the images that public lists give an address for"
    )

    @property
    def publishers(self) -> tuple[str, ...]:
        """Names that ``repository=`` understands, besides the prefixes; those of the user's own sources, too."""
        return (
            *SCHEMES,
            "NFDI4BIOIMAGE",
            "SSBD:database",
            "SSBD:repository",
            *own.names(),
            *_own_publishers(),
        )

    def search(self, query: Query) -> Results:
        """Records that match, studies ranked by their best record; what no record states is not applied."""
        stated = database.ask(lambda db: facts.stated(db.rows, query))
        unapplied = tuple(sorted(name for name, number in stated.items() if not number))
        told = {self.name: unapplied} if unapplied else {}
        if unapplied and (query.match == "all" or not query.filters() - set(unapplied)):
            return Results(query=query, asked=(self.name,), unapplied=told, failures=database.failures())
        applied = query.only(query.filters() - set(unapplied))
        answer = database.ask(lambda db: _answer(db, applied))
        return replace(answer, query=query, unapplied=told, failures=database.failures())

    def lookup(self, identifier: str) -> Record | None:
        """The record of an identifier, an accession, or the address of an OME-Zarr or of a page for people."""
        return database.ask(lambda db: _lookup(db, identifier))

    def locate(self, record: Record) -> str | None:
        """The record's own address; the catalogue keeps no pixels."""
        return record.url

    def images_of(self, query: Query) -> Results:
        """The listed images of ``query.study`` (or of a source without studies), those that open first."""
        answer = database.ask(
            lambda db: catalogue_search.results_of(db, query, catalogue_search.members(db, query))
        )
        return replace(answer, failures=database.failures())

    def counts(self, kind: Kind) -> tuple[int, dict[str, dict[str, int]]]:
        """How many studies or images there are, and their facets."""
        return database.ask(lambda db: _counts(db, kind))

    def near(self, identifier: str) -> tuple[str, ...]:
        """Identifiers that look like one that is not known here."""
        return database.ask(lambda db: _near(db, identifier))

    def pixels_per_source(self) -> list[PixelRow]:
        """How many studies resolve to pixels today, source by source, most studies first."""
        return database.ask(_pixels_per_source)

    def failures(self) -> tuple[Failure, ...]:
        """What of the user's catalogue is damaged and left out."""
        return database.failures()

    def info(self) -> dict[str, Any]:
        """What the shipped tables hold, and where the database made from them lies."""
        return catalogue_info() | database.ask(_database_info)


def _answer(db: Database, query: Query) -> Results:
    answer = catalogue_search.search(db, query)
    return replace(answer.results, notes=notes(db, answer))


def _counts(db: Database, kind: Kind) -> tuple[int, dict[str, dict[str, int]]]:
    every = catalogue_search.every(db).traits.items()
    shared = [(db.traits[number], found) for number, found in every if db.traits[number].kind == kind]
    return sum(found for _, found in shared), count(shared)


def _own_publishers() -> tuple[str, ...]:
    """Publishers that only the user's records name."""
    return tuple(name for (name,) in database.ask(lambda db: db.rows("SELECT name FROM publishers")))


def _lookup(db: Database, identifier: str) -> Record | None:
    wanted = _plain(identifier)
    found = db.rows("SELECT doc FROM docs WHERE folded_id = ?", [wanted.casefold().replace(" ", "_")])
    if not found:
        keys = {wanted.casefold(), address_key(wanted).casefold()}
        marks = ",".join("?" * len(keys))
        found = db.rows(f"SELECT DISTINCT doc FROM names WHERE name IN ({marks})", sorted(keys))
    # One landing page may stand for many images; then it names none of them.
    return catalogue_search.records(db, [found[0][0]])[0] if len(found) == 1 else None


def _plain(identifier: str) -> str:
    # SQLite takes no half of a surrogate pair.
    return identifier.strip().encode("utf-8", "replace").decode()


def _near(db: Database, identifier: str) -> tuple[str, ...]:
    wanted = _plain(identifier)
    members = db.rows(
        "SELECT docs FROM members WHERE lower(study) = ?",
        [wanted.lower()],
    )
    if members:
        first = facts.unpacked(members[0][0])[:3]
        return tuple(key for doc in first for (key,) in db.rows("SELECT id FROM docs WHERE doc = ?", [doc]))
    scheme, _, rest = wanted.rpartition(":")
    study = rest.split("/")[0]
    siblings = db.rows("SELECT id FROM docs WHERE study = ? AND id <> study", [f"{scheme}:{study}"])
    studies = db.rows("SELECT id FROM docs WHERE id = study")
    choices = [key for (key,) in (siblings or studies)]
    by_end = {key.split(":", 1)[1]: key for key in choices}
    return tuple(by_end[end] for end in terms.nearest(rest, by_end) if end in by_end)


def _pixels_per_source(db: Database) -> list[PixelRow]:
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for doc, text in db.rows("SELECT doc, row FROM rows"):
        row, traits = catalogue_search.row_of(text), db.traits[db.runs.of(doc).traits]
        counts = found[row["collection"] or traits.repository]
        if traits.kind == "image":
            counts[3] += 1
        else:
            counts[0] += 1
            counts[1] += row["listed"] != "0"
            counts[2] += traits.openable
    rows = [PixelRow(source, *counts) for source, counts in found.items()]
    return sorted(rows, key=lambda row: (-row.studies, -row.images, row.source))


def _database_info(db: Database) -> dict[str, Any]:
    pages = db.rows("PRAGMA page_count")[0][0] * db.rows("PRAGMA page_size")[0][0]
    return {"database": "memory" if db.in_memory else str(db.path), "database_bytes": pages}
