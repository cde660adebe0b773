"""Image Data Resource: key/value questions to its search engine, studies, and where their OME-Zarr lies."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from fairlab.repositories.base import Archive, Capabilities, Page, foreign, position
from fairlab.results import select

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.api import Api
    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.repositories.idr_engine import Engine, Hit
    from fairlab.repositories.idr_lists import Lists
    from fairlab.repositories.omero import Omero

_OF_STUDIES = frozenset({"text", "organism", "imaging_method", "license", "repository", "year"})
_OF_IMAGES = frozenset(  # what only single images can meet: attributes, and what idr_engine has keys for
    {"attributes", "anatomy", "disease", "cell_line", "phenotype", "compound", "channel"}
)
_ACCESSION = re.compile(r"idr\d{4}", re.IGNORECASE)
_PER_PAGE = 20
_ADDRESSES = (
    (re.compile(r"https?://idr\.openmicroscopy\.org/study/(idr\d{4})(?!\d)", re.IGNORECASE), "{}"),
    (re.compile(r"https?://idr\.openmicroscopy\.org/web.*?\b(image|project|screen)-(\d+)"), "{}-{}"),
    (
        re.compile(r"https?://livingobjects\.ebi\.ac\.uk/idr/((?:.*/)?(idr\d{4})[A-Z]?/(?:.*/)?[^/]+\.zarr)"),
        "{1}/{0}",
    ),
    (re.compile(r"(?:https?://(?:dx\.)?doi\.org/)?(10\.17867/\S+)"), "{}"),
    (re.compile(r"(?:idr:)?(idr\d{4})(?:-[\w-]+(?:/\w+)?)?$", re.IGNORECASE), "{}"),
)


class IdrRepository(Archive):
    """Image Data Resource.

    Words are looked for in what curators state of each study (title, authors, organism, method, kind of
    study); the search engine has no free text. Key/value pairs, anatomy, disease, cell line, phenotype,
    compound and channel are asked of single images. The options ``hosts`` of ``"idr"``, ``"idr-lists"`` and
    ``"idr-pixels"`` name other addresses.
    """

    name: ClassVar[str] = "idr"
    title: ClassVar[str] = "Image Data Resource"
    prefixes: ClassVar[tuple[str, ...]] = ("idr",)
    publishers: ClassVar[tuple[str, ...]] = ("IDR",)
    capabilities: ClassVar[Capabilities] = Capabilities(
        applies=_OF_IMAGES | {"study"},
        states=_OF_STUDIES | {"openable", "ngff_version", "layout"},
        pixels="OME-Zarr of its own: a list of samples, and folders of its bucket named after studies",
    )

    @functools.cached_property
    def api(self) -> Api:
        """The OMERO server and the search engine; made when first asked, as importing a transport takes time."""
        from fairlab.repositories.idr_records import SITE

        return _api("idr", SITE)

    @functools.cached_property
    def _samples(self) -> Api:
        from fairlab.repositories.idr_lists import SAMPLES

        return _api("idr-lists", SAMPLES)

    @functools.cached_property
    def _bucket(self) -> Api:
        from fairlab.repositories.idr_lists import BUCKET

        return _api("idr-pixels", BUCKET)

    @property
    def _engine(self) -> Engine:
        from fairlab.repositories.idr_engine import Engine

        return Engine(self.api)

    @property
    def _omero(self) -> Omero:
        from fairlab.repositories.omero import Omero

        return Omero(self.api)

    @property
    def _lists(self) -> Lists:
        from fairlab.repositories.idr_lists import Lists

        return Lists(self._samples, self._bucket)

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Studies by twenty, OME-Zarr study by study, or single images by the thousand when pairs are asked for."""
        of_images = bool(query.filters() & _OF_IMAGES)
        if query.kind == "image" and of_images:
            return self._hit_pages(query, *_hit_position(cursor))
        begin = position(cursor, of=self.name)
        if query.kind == "study":
            return self._study_pages(query, begin, counted=of_images)
        return self._zarr_pages(query, begin)

    def lookup(self, identifier: str) -> Record | None:
        """A study, a DOI of its data, one of its OME-Zarr, or an image, project or screen of its OMERO server."""
        from fairlab.repositories import idr_studies

        scheme, _, wanted = (self.recognises(identifier) or "").partition(":")
        if scheme.lower() != "idr":
            return None
        if numbered := re.fullmatch(r"(image|project|screen)-(\d{1,12})", wanted):
            kind, number = numbered[1], int(numbered[2])
            if kind == "image":
                return self._image(number)
            return idr_studies.study_of_container(self._omero, kind, number)
        if wanted.startswith("10."):
            found = idr_studies.all_studies(self._engine)
            return next((one for one in found if (one.doi or "").lower() == wanted.lower()), None)
        accession, _, name = wanted.partition("/")
        if not _ACCESSION.fullmatch(accession):
            return None
        of = idr_studies.study(self._omero, accession.lower())
        if of is None or not name:
            return of
        found = [image for page in self.images(of) for image in page.records]
        # The newest copy comes first: it is the one that a name without its folders means.
        return next((image for image in found if image.id.endswith(f"/{name}")), None)

    def images(self, study: Record) -> Iterator[Page]:
        """All OME-Zarr that IDR's lists and bucket name for a study, the newest version of each name first."""
        if study.accession:
            yield self._zarr_page(study, self._lists)

    def recognises(self, text: str) -> str | None:
        """The identifier that an accession, a name of a study, a DOI or an address of IDR's means.

        Examples
        --------
        >>> idr = IdrRepository()
        >>> idr.recognises("IDR0062"), idr.recognises("https://idr.openmicroscopy.org/webclient/?show=image-1884807")
        ('idr:idr0062', 'idr:image-1884807')
        """
        plain = text.strip()
        for pattern, form in _ADDRESSES:
            if found := pattern.match(plain):
                parts = (p.lower() if _ACCESSION.fullmatch(p) else p for p in found.groups())
                return f"idr:{form.format(*parts)}"
        return plain if plain.lower().startswith("idr:") else None

    def _matching(self, query: Query) -> list[Record]:
        """The studies that meet what of a question is about studies."""
        from fairlab.repositories import idr_studies

        found = [one for one in idr_studies.all_studies(self._engine) if query.study in (None, one.id)]
        asked = replace(query.only(_OF_STUDIES), kind="study", limit=None)
        return list(select(asked, found, name=self.name).records) if asked.filters() else found

    def _study_pages(self, query: Query, begin: int, *, counted: bool) -> Iterator[Page]:
        while True:
            # Asked anew for each page, which costs nothing: the client remembers the answers for a day.
            found = self._counted(query) if counted else self._matching(query)
            end = begin + _PER_PAGE
            more = str(end) if end < len(found) else None
            yield Page(records=tuple(found[begin:end]), cursor=more, total=len(found))
            if more is None:
                return
            begin = end

    def _counted(self, query: Query) -> list[Record]:
        """The studies with images that meet a question, and how many do."""
        from fairlab.repositories import idr_engine, idr_studies

        hits = self._engine.containers(idr_engine.clauses(query)).hits
        matched = {one.id: one for one in idr_studies.by_accession(hits)}
        return [replace(one, note=matched[one.id].note) for one in self._matching(query) if one.id in matched]

    def _zarr_pages(self, query: Query, begin: int) -> Iterator[Page]:
        lists = self._lists
        found = [one for one in self._matching(query) if one.accession in lists.accessions]
        if not found:
            yield Page(records=(), notes=lists.notes)
        for number, study in enumerate(found[begin:], start=begin + 1):
            page = self._zarr_page(study, lists)
            yield replace(page, total=None, cursor=str(number) if number < len(found) else None)

    def _zarr_page(self, study: Record, lists: Lists) -> Page:
        from fairlab.repositories import idr_records

        found = lists.of(study.accession or "")
        records = tuple(idr_records.zarr_image(key, listed, study) for key, listed in found.items())
        return Page(records=records, total=len(records), notes=lists.notes)

    def _hit_pages(self, query: Query, after: int | None, seen: int) -> Iterator[Page]:
        from fairlab.repositories import idr_engine, idr_records

        asked, lists = idr_engine.clauses(query), self._lists
        studies = {one.accession: one for one in self._matching(query)}
        narrowed = bool(query.filters() & (_OF_STUDIES | {"study"}))
        while True:
            answer = self._engine.images(asked, after)
            kept = [
                h for h in answer.hits if not narrowed or idr_records.accession_of(h.container) in studies
            ]
            seen += len(answer.hits)
            more = bool(answer.hits) and seen < answer.size and answer.bookmark not in (None, after)
            after = answer.bookmark
            yield Page(
                records=tuple(self._image_of_hit(hit, studies, lists) for hit in kept),
                cursor=f"{after} {seen}" if more else None,
                total=answer.size,
                total_exact=not narrowed,
                notes=lists.notes,
            )
            if not more:
                return

    def _image_of_hit(self, hit: Hit, studies: dict[str | None, Record], lists: Lists) -> Record:
        from fairlab.repositories import idr_records

        accession = idr_records.accession_of(hit.container)
        listed = lists.of(accession) if accession else {}
        # Numbers of plates and of images are not of one kind: 7361 may be both.
        wanted = hit.plate if hit.in_screen else hit.id
        key, zarr = next(
            ((key, one) for key, one in listed.items() if wanted is not None and one.number == wanted),
            (None, None),
        )
        return idr_records.omero_image(hit, studies.get(accession), zarr, key)

    def _image(self, number: int) -> Record | None:
        from fairlab.repositories import idr_records

        found = self._omero.image(number)
        if found is None:
            return None
        return idr_records.image_of_server(number, *found, self._omero.annotations("image", number))


def _hit_position(cursor: str | None) -> tuple[int | None, int]:
    """The engine's bookmark, and how many hits came before it."""
    if cursor is None:
        return None, 0
    if (found := re.fullmatch("([0-9]{1,12}) ([0-9]{1,9})", cursor)) is None:
        raise foreign(cursor, of="idr")
    return int(found[1]), int(found[2])


def _api(name: str, base: str) -> Api:
    from fairlab.net.api import Api

    return Api(name, base, pause_s=0.1)
