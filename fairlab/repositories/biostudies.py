"""BioStudies, the archive behind the BioImage Archive: text search when its own is away, and the lists of files."""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import quote

from fairlab.errors import UnexpectedAnswer
from fairlab.repositories.base import Archive, Capabilities, Page, position

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.api import Api, Document
    from fairlab.query import Query
    from fairlab.record import Record

_PAGE: Final = 50
_MOST_PAGES: Final = 200  # its counts are estimates: pages end where one is empty, and here at the latest
_MOST_TEXT: Final = 300
_PLACES: Final = re.compile(
    r"(?:https?://)?www\.ebi\.ac\.uk/biostudies/(?:\w+/)?studies/|(?:https?://(?:dx\.)?doi\.org/|doi:)?10\.6019/",
    re.IGNORECASE,
)
_ZIPPED: Final = re.compile(r"\.ome\.zarr\.zip$|\.ozx$", re.IGNORECASE)


class BioStudiesRepository(Archive):
    """Studies of the BioImages collection of BioStudies, and any study by accession."""

    name: ClassVar[str] = "biostudies"
    title: ClassVar[str] = "BioStudies"
    prefixes: ClassVar[tuple[str, ...]] = ("biostudies",)
    publishers: ClassVar[tuple[str, ...]] = ("BIA", "BioStudies")
    capabilities: ClassVar[Capabilities] = Capabilities(
        kinds=("study",),
        # Its search widens words by synonyms, so what comes is looked through here. Hits state no terms and
        # no licence; whole studies do.
        states=frozenset({"text", "year", "repository"}),
        lists_all=False,
        pixels="zipped OME-Zarr among the files of a study",
    )

    @functools.cached_property
    def api(self) -> Api:
        """Its interface and its files; it asks for one request at a time."""
        from fairlab.net.api import Api

        return Api("biostudies", "https://www.ebi.ac.uk/biostudies", pause_s=0.5)

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Studies, fifty at a time; ``cursor`` is the number of the next page."""
        from fairlab.repositories.answers import at, envelope
        from fairlab.repositories.biostudies_records import hit_record

        if query.kind != "study" or not query.text.strip():
            return
        if query.repository and not {"bia", "biostudies"} & set(query.repository):
            return
        number = position(cursor, of=self.name, first=1)
        while number <= _MOST_PAGES:
            words = query.text.strip()[:_MOST_TEXT]
            document = self.api.json(
                "api/v1/BioImages/search", {"query": words, "page": number, "pageSize": _PAGE}
            )
            hits = envelope(document, "hits", of=self.title)
            found = [hit_record(document, hit, f"/hits/{n}") for n, hit in enumerate(hits)]
            total = at(document.content, "totalHits")
            number = number + 1 if hits else _MOST_PAGES + 1
            # Its count is an estimate and drifts, so the end is where a page is empty.
            yield Page(
                records=tuple(filter(None, found)),
                cursor=str(number) if number <= _MOST_PAGES else None,
                total=total if isinstance(total, int) else None,
                total_exact=at(document.content, "isTotalHitsExact") is True,
            )

    def recognises(self, text: str) -> str | None:
        """The identifier that an accession, DOI or page means.

        Examples
        --------
        >>> BioStudiesRepository().recognises("https://www.ebi.ac.uk/biostudies/arrayexpress/studies/E-MTAB-1")
        'biostudies:E-MTAB-1'
        """
        from fairlab.repositories.biostudies_records import ACCESSION, study_id

        wanted = text.strip()
        rest = _PLACES.sub("", wanted, count=1) if _PLACES.match(wanted) else wanted
        accession = re.sub("(?i)^(?:biostudies|bia):", "", rest).rstrip("/")
        return study_id(accession.upper()) if ACCESSION.fullmatch(accession) else None

    def lookup(self, identifier: str) -> Record | None:
        """The study of an identifier, with the number of its files."""
        from fairlab.repositories.biostudies_records import study_record

        wanted = self.recognises(identifier)
        if wanted is None:
            return None
        accession = wanted.partition(":")[2]
        document = self.api.json(f"api/v1/studies/{accession}", missing_ok=True)
        study = study_record(document, document.content)
        if study is None:
            return None
        info = self.api.json(f"api/v1/studies/{accession}/info", missing_ok=True)
        return _with_counts(study, info)

    def images(self, study: Record) -> Iterator[Page]:
        """The zipped OME-Zarr among the files of a study, file list by file list."""
        from fairlab.repositories.answers import inherited
        from fairlab.repositories.bia_records import INHERITED
        from fairlab.repositories.biostudies_records import file_image

        for document, place, listed in self._lists(study):
            found = [
                file_image(document, study, path, size, f"{place}/{number}")
                for number, (path, size) in enumerate(listed)
                if _ZIPPED.search(path)
            ]
            if found:
                told = (dataclasses.replace(one, **inherited(one, study, INHERITED)) for one in found)
                yield Page(records=tuple(told))

    def files(self, study: Record) -> Iterator[tuple[str, int | None]]:
        """Path and size of every file of a study."""
        for _, _, listed in self._lists(study):
            yield from listed

    def _lists(self, study: Record) -> Iterator[tuple[Document, str, list[tuple[str, int | None]]]]:
        """Each list of files of a study: those in the study itself, and those that it names."""
        from fairlab.repositories.biostudies_records import ACCESSION
        from fairlab.repositories.pagetab import files, sections

        accession = study.accession or ""
        if not ACCESSION.fullmatch(accession):
            return
        document = self.api.json(f"api/v1/studies/{accession}", missing_ok=True)
        names: dict[str, None] = {}
        for one in sections(document.content):
            own = list(files(one.raw))
            if own:
                yield document, "/section", own
            names.update(dict.fromkeys(one.all("file list")))
        for name in names:
            try:
                listed = self.api.json(f"files/{accession}/{quote(_as_json(name))}", missing_ok=True)
            except UnexpectedAnswer as exc:
                if exc.kind != "body-too-large":  # one list of a million files must not hide the others
                    raise
                continue
            yield listed, "", list(files(listed.content))


def _as_json(name: str) -> str:
    # Lists are kept as tables, too; the study names either.
    return re.sub(r"\.tsv$", ".json", name.lstrip("/"))


def _with_counts(study: Record, info: Document) -> Record:
    from fairlab.repositories.answers import at

    count: Any = at(info.content, "files")
    if not isinstance(count, int) or isinstance(count, bool):
        return study
    source = dataclasses.replace(
        study.sources["*"], document=info.url, pointer="/files", retrieved_at=info.retrieved_at
    )
    return dataclasses.replace(study, n_files=count, sources={**study.sources, "n_files": source})
