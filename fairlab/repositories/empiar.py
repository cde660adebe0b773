"""EMPIAR: raw electron microscopy. Its entries are looked up one by one; its OME-Zarr copies lie at BIA.

EMPIAR has no search: the list of all its entries is fetched once, kept for a day, and searched here.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fairlab.errors import Unavailable, UnexpectedAnswer
from fairlab.repositories.base import Archive, Capabilities, Page, foreign
from fairlab.repositories.ebi_names import Names

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.api import Api
    from fairlab.query import Query
    from fairlab.record import Record

_WHOLE: Final = 256 * 1024 * 1024  # the list of all entries
_DAY_S: Final = 86_400.0
_PLACES: Final = re.compile(
    r"(?:https?://)?(?:www\.ebi\.ac\.uk/(?:pdbe/emdb/)?empiar/(?:entry/)?|(?:dx\.)?doi\.org/10\.6019/"
    r"|www\.ebi\.ac\.uk/biostudies/(?:bioimages/)?studies/|empiar\.pdbj\.org/(?:\w+/)?(?:entry/)?)"
    r"|(?:doi:)?10\.6019/|ftp\.ebi\.ac\.uk/empiar/world_availability/",
    re.IGNORECASE,
)
_ACCESSION: Final = re.compile(r"EMPIAR-\d{4,6}", re.IGNORECASE)
_NAMES: Final = Names(
    scheme="empiar",
    accession=_ACCESSION,
    places=_PLACES,
    store=re.compile(r"(?:[\w-]+\.)?livingobjects\.ebi\.ac\.uk/.*?(EMPIAR-\d{4,6}).*\.zarr"),
)


class EmpiarRepository(Archive):
    """Entries of the Electron Microscopy Public Image Archive, and their copies at the BioImage Archive."""

    name: ClassVar[str] = "empiar"
    title: ClassVar[str] = "EMPIAR"
    prefixes: ClassVar[tuple[str, ...]] = ("empiar",)
    publishers: ClassVar[tuple[str, ...]] = ("EMPIAR",)
    capabilities: ClassVar[Capabilities] = Capabilities(
        kinds=("study",),
        states=frozenset(
            {
                "text",
                "imaging_method",
                "license",
                "repository",
                "year",
                "attributes",
                "max_bytes",
                "pixel_size_below",
            }
        ),
        pixels="OME-Zarr copies of some entries at BIA",
    )

    @functools.cached_property
    def api(self) -> Api:
        """Its entries."""
        from fairlab.net.api import Api

        return Api("empiar", "https://www.ebi.ac.uk/empiar/api", pause_s=0.5, max_age_s=_DAY_S)

    @functools.cached_property
    def files(self) -> Api:
        """Where its files lie, each entry with an XML header."""
        from fairlab.net.api import Api

        return Api("empiar-files", "https://ftp.ebi.ac.uk/empiar/world_availability", pause_s=0.5)

    @functools.cached_property
    def copies(self) -> Api:
        """The search of the BioImage Archive, which knows the copies."""
        from fairlab.net.api import Api
        from fairlab.repositories.bia_search import HOSTS

        return Api("empiar-copies", *HOSTS, pause_s=0.2)

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Entries that match, newest first; the list holds everything, so they come on one page."""
        if cursor is not None:
            raise foreign(cursor, of=self.name)
        if query.kind != "study" or (query.repository and "empiar" not in query.repository):
            return
        found = self._matching(query)
        yield Page(records=tuple(found), total=len(found))

    def images(self, study: Record) -> Iterator[Page]:
        """The OME-Zarr copies of an entry."""
        if _ACCESSION.fullmatch(study.accession or ""):
            from fairlab.repositories.bia_search import images_of

            yield from images_of(self.copies, study, of="BioImage Archive")

    def recognises(self, text: str) -> str | None:
        """The identifier that an accession, DOI, page or address of a copy means.

        Examples
        --------
        >>> EmpiarRepository().recognises("https://www.ebi.ac.uk/empiar/EMPIAR-10310/")
        'empiar:EMPIAR-10310'
        """
        return _NAMES.identifier(text)

    def lookup(self, identifier: str) -> Record | None:
        """The entry of an identifier, or the copy."""
        wanted = self.recognises(identifier)
        if wanted is None:
            return None
        accession, slash, _ = wanted.partition(":")[2].partition("/")
        study = self._entry(accession)
        if not slash or study is None:
            return study
        copies = (one for page in self.images(study) for one in page.records)
        return next((one for one in copies if one.id.casefold() == wanted.casefold()), None)

    def _entry(self, accession: str) -> Record | None:
        from fairlab.repositories.empiar_records import study_record

        try:
            document = self.api.json(f"entry/{accession}/", missing_ok=True)
        except Unavailable as reason:
            return self._from_header(accession, reason)
        if document.content is None:
            return None
        return study_record(
            document, accession, self._whole(document.content).get(accession), f"/{accession}"
        )

    def _from_header(self, accession: str, reason: Unavailable) -> Record | None:
        """An entry from the XML beside its files, which lie on another server."""
        from fairlab.repositories.empiar_records import entry_of_xml, study_record

        number = accession.rpartition("-")[2]
        try:
            document = self.files.text(f"{number}/{number}.xml", missing_ok=True)
        except Unavailable:
            raise reason from None
        if document.content is None:
            raise reason  # that it is not there yet does not say that there is no such entry
        stated, entry = entry_of_xml(document)
        return study_record(document, stated, entry, "/entry") if stated == accession else None

    def _matching(self, query: Query) -> list[Record]:
        from fairlab.repositories.empiar_records import study_record
        from fairlab.results import select

        document = self.api.json("entry/all/", max_bytes=_WHOLE)
        entries = self._whole(document.content)
        told = [study_record(document, key, entry, f"/{key}") for key, entry in entries.items()]
        newest = sorted(filter(None, told), key=lambda one: (one.release_date or "", one.id), reverse=True)
        # The list holds everything, so what does not match is left out before pages are counted.
        able = self.capabilities
        asked = dataclasses.replace(query, limit=None)
        return list(select(asked, newest, name=self.name, applies=able.applies, states=able.states))

    def _whole(self, content: Any) -> dict[str, Any]:
        if isinstance(content, dict):
            return content
        raise UnexpectedAnswer(
            "the answer of EMPIAR is not of the documented form: it has no entries by accession\n"
            "  the archive may have changed; please report it to fairlab",
            kind="answer-form",
        )
