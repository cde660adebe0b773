"""GIDE: one search over the studies of BioImage Archive, IDR and SSBD, whose organisms and methods are identifiers.

GIDE knows studies, not images. A study keeps the identifier of its archive (``bia:S-BIAD963``), so the archive
itself, or the catalogue, says which of its images open.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fairlab import terms
from fairlab.repositories.base import Archive, Capabilities, Page, position
from fairlab.traits import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fairlab.net.api import Api
    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.terms import Term, Vocabulary

_PAGE: Final = 100
_WINDOW: Final = 10_000  # Elasticsearch gives nothing beyond
_MOST_TERMS: Final = 80  # of a broad method and all its kinds; more make an address that servers refuse
_MOST_TEXT: Final = 300
_OBO: Final = "http://purl.obolibrary.org/obo/"
_NCBI: Final = "https://www.ncbi.nlm.nih.gov/datasets/taxonomy/"


class GideRepository(Archive):
    """Studies of several archives through the search of the Global Image Data Ecosystem."""

    name: ClassVar[str] = "gide"
    title: ClassVar[str] = "Global Image Data Ecosystem (GIDE)"
    prefixes: ClassVar[tuple[str, ...]] = ("gide",)
    publishers: ClassVar[tuple[str, ...]] = ("BIA", "IDR", "SSBD", "EMPIAR")
    capabilities: ClassVar[Capabilities] = Capabilities(
        kinds=("study",),
        applies=frozenset({"year"}),
        # It has what has any of the words, and it is asked for terms and licences as identifiers, which some
        # studies spell otherwise: what comes back is checked here.
        states=frozenset(
            {"text", "organism", "imaging_method", "license", "repository", "cell_line", "attributes"}
        ),
        pixels="none of its own: those that the study's archive or the catalogue lists",
    )

    @functools.cached_property
    def api(self) -> Api:
        """The archive's interface; made when it is first asked, as importing a transport takes time."""
        from fairlab.net.api import Api

        return Api(
            "gide",
            "https://www.gide-project.org/search",
            "https://wwwdev.gide-project.org/search",
            pause_s=0.2,
        )

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Studies, a hundred at a time; ``cursor`` is how many came before."""
        from fairlab.repositories.answers import at, envelope
        from fairlab.repositories.gide_records import study_record

        params = _params(query)
        if params is None or query.kind != "study":
            return
        offset = position(cursor, of=self.name)
        while offset < _WINDOW:
            document = self.api.json("search", {**params, "size": _PAGE, "offset": offset})
            hits = envelope(document, "hits", of=self.title)
            places = ((f"/hits/{number}/entry", at(hit, "entry")) for number, hit in enumerate(hits))
            records = [study_record(document, entry, place) for place, entry in places]
            total = at(document.content, "total")
            offset += len(hits)
            more = bool(hits) and (not isinstance(total, int) or offset < total) and offset < _WINDOW
            yield Page(
                records=tuple(filter(None, records)),
                cursor=str(offset) if more else None,
                total=total if isinstance(total, int) else None,
                notes=_notes(query),
            )
            if not more:
                return

    def recognises(self, text: str) -> str | None:
        """The identifier of a study of one of its archives, by accession or page.

        Examples
        --------
        >>> GideRepository().recognises("https://idr.openmicroscopy.org/study/idr0062/")
        'idr:idr0062'
        """
        from fairlab.repositories.gide_records import study_id

        return study_id(text)

    def lookup(self, identifier: str) -> Record | None:
        """The study of an identifier, accession or page."""
        from fairlab.repositories.answers import at, envelope
        from fairlab.repositories.gide_records import study_record

        wanted = self.recognises(identifier)
        if wanted is None:
            return None
        accession = wanted.partition(":")[2]
        document = self.api.json("search", {"q": accession, "size": 20})
        for number, hit in enumerate(envelope(document, "hits", of=self.title)):
            found = study_record(document, at(hit, "entry"), f"/hits/{number}/entry")
            if found is not None and found.id.casefold() == wanted.casefold():
                return found
        return None


def _params(query: Query) -> dict[str, Any] | None:
    """What the archive is asked; None when it has nothing of the kind."""
    from fairlab.repositories.gide_records import PUBLISHERS

    publishers = [iri for name in query.repository for iri in PUBLISHERS.get(name.split(":")[0], ())]
    if query.repository and not publishers:
        return None
    found: dict[str, Any] = {
        "q": _words(query),
        "publisher": list(dict.fromkeys(publishers)),
        "organism": _iris(query.organism, terms.organisms()),
        "imaging_method": _iris(query.imaging_method, terms.imaging_methods()),
        "license": _licenses(query.license),
        "year_from": query.year[0] if query.year else None,
        "year_to": query.year[1] if query.year else None,
    }
    return {name: value for name, value in found.items() if value}


def _words(query: Query) -> str:
    # Any of the words will do for GIDE, so the names that people's words mean can stand beside them.
    labels = [
        vocabulary.entries[key].term.label
        for concept in query.concepts
        for vocabulary in (terms.organisms(), terms.imaging_methods())
        for key in concept.ids
        if key in vocabulary.entries
    ]
    return " ".join(dict.fromkeys([query.text.strip(), *labels]))[:_MOST_TEXT].strip()


def _iris(asked: Iterable[Term], vocabulary: Vocabulary) -> list[str]:
    """Addresses of terms and of all narrower ones, in each form that archives write; none when too many."""
    found: dict[str, None] = {}
    for term in asked:
        if term.label == UNKNOWN or not term.id:
            return []
        for key in sorted(vocabulary.descendants(term.id), key=lambda key: (key != term.id, key)):
            kind, _, number = key.partition(":")
            found.update({f"{_OBO}{kind}_{number}": None} if number else {})
            found.update({f"{_NCBI}{number}": None} if kind == "NCBITaxon" else {})
    return list(found) if len(found) <= _MOST_TERMS else []


def _licenses(asked: Iterable[str]) -> list[str]:
    # Addresses, as the archive's own short names lead it to a CC0 that does not exist; a family without
    # version cannot be asked for.
    known = [terms.license(name) for name in asked]
    urls = [found.url for found in known if found is not None and found.spdx]
    return urls if len(urls) == len(known) else []


def _notes(query: Query) -> tuple[str, ...]:
    if query.imaging_method:
        return ("GIDE finds a method only where the archive gave its FBbi term; IDR's are often missing",)
    return ()
