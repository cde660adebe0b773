"""The BioImage Archive: its search finds studies and images, its object interface stands in for it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final

from fairlab import terms
from fairlab.errors import RepositoryError, Unavailable
from fairlab.repositories.base import Archive, Capabilities
from fairlab.repositories.ebi_names import Names
from fairlab.traits import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fairlab.net.api import Api
    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.repositories.base import Page
    from fairlab.repositories.bia_objects import Objects
    from fairlab.terms import Term, Vocabulary

_MOST_NAMES: Final = 40
_MOST_YEARS: Final = 30
_ACCESSION: Final = re.compile(r"S-(?:BIAD|BSST)\d+", re.IGNORECASE)
_PLACES: Final = re.compile(
    r"(?:https?://)?(?:www\.ebi\.ac\.uk/(?:biostudies/(?:bioimages/)?studies|bioimage-archive/galleries?)/"
    r"|(?:\w+\.)?bioimagearchive\.org/(?:bioimage-archive/)?(?:study|image)/|(?:dx\.)?doi\.org/10\.6019/)"
    r"|(?:doi:)?10\.6019/",
    re.IGNORECASE,
)
_NAMES: Final = Names(
    scheme="bia",
    accession=_ACCESSION,
    places=_PLACES,
    store=re.compile(r"livingobjects\.ebi\.ac\.uk/.*?/(S-(?:BIAD|BSST)\d+)/.*\.zarr"),
)


class BiaRepository(Archive):
    """Studies and images of the BioImage Archive."""

    name: ClassVar[str] = "bia"
    title: ClassVar[str] = "BioImage Archive"
    prefixes: ClassVar[tuple[str, ...]] = ("bia",)
    publishers: ClassVar[tuple[str, ...]] = ("BIA", "EMPIAR")
    capabilities: ClassVar[Capabilities] = Capabilities(
        kinds=("study", "image"),
        # It is asked for one phrase, and narrows by names; whether all is met is checked here.
        states=frozenset(
            {"text", "organism", "imaging_method", "license", "repository", "year", "attributes", "openable",
             "max_bytes", "pixel_size_below"}
        ),
        pixels="OME-Zarr copies of its own, of the images that it has converted",
    )  # fmt: skip

    @functools.cached_property
    def api(self) -> Api:
        """Its search."""
        from fairlab.net.api import Api
        from fairlab.repositories.bia_search import HOSTS

        return Api("bia", *HOSTS, pause_s=0.2)

    @functools.cached_property
    def objects(self) -> Objects:
        """Its object interface, for when the search is away."""
        from fairlab.repositories.bia_objects import Objects

        return Objects()

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Studies or images, a hundred at a time; ``cursor`` is the number of the next page."""
        if query.repository and not {"bia", "empiar"} & set(query.repository):
            return
        params = _params(query)
        for page in self._walk(query.kind, params, cursor):
            if query.kind == "image" and _needs_studies(query):
                page = dataclasses.replace(page, records=tuple(self._with_studies(page.records)))
            yield page

    def images(self, study: Record) -> Iterator[Page]:
        """The images of a study that have an OME-Zarr copy."""
        from fairlab.repositories.bia_search import images_of

        if not study.accession:
            return
        try:
            yield from images_of(self.api, study, of=self.title)
        except Unavailable as reason:
            pages = self.objects.images(study)
            with contextlib.suppress(RepositoryError):
                first = next(pages, None)
                if first is not None:
                    yield first
                    yield from pages
                    return
            raise reason

    def recognises(self, text: str) -> str | None:
        """The identifier that an accession, DOI, UUID, page or OME-Zarr address of the archive means.

        Examples
        --------
        >>> BiaRepository().recognises("https://www.ebi.ac.uk/biostudies/bioimages/studies/S-BIAD634")
        'bia:S-BIAD634'
        >>> BiaRepository().recognises("45407560-58F9-4B1A-B268-0E4CAEA3F094")
        'bia:45407560-58f9-4b1a-b268-0e4caea3f094'
        """
        if (found := _NAMES.identifier(text)) is not None:
            return found
        from uuid import UUID

        rest = _NAMES.bare(text.strip())
        with contextlib.suppress(ValueError):
            return f"bia:{UUID(rest)}" if len(rest) == 36 else None
        return None

    def lookup(self, identifier: str) -> Record | None:
        """The study or image of an identifier; an image with what its study says of it."""
        wanted = self.recognises(identifier)
        if wanted is None:
            return None
        rest = wanted.partition(":")[2]
        accession, slash, _ = rest.partition("/")
        if slash:
            study = self.lookup(f"bia:{accession}")
            pages = self.images(study) if study else iter(())
            return next((one for page in pages for one in page.records if _is(one, wanted)), None)
        try:
            return self._found(rest)
        except Unavailable as reason:
            with contextlib.suppress(RepositoryError):
                return self.objects.lookup(rest)
            raise reason

    def _found(self, rest: str) -> Record | None:
        """A study by accession or UUID, or an image by UUID, with the search."""
        for kind in ("study", "image") if not _ACCESSION.fullmatch(rest) else ("study",):
            derived = {"includeDerivedImages": True} if kind == "image" else {}
            for page in self._walk(kind, {"query": rest, **derived}, None):
                for record in page.records:
                    if (
                        rest.casefold() in ((record.accession or "").casefold(), record.uid)
                        and record.kind == kind
                    ):
                        return next(self._with_studies([record])) if kind == "image" else record
        return None

    def _walk(self, kind: str, params: dict[str, Any], cursor: str | None) -> Iterator[Page]:
        from fairlab.repositories.bia_search import walk

        return walk(self.api, kind, params, cursor, of=self.title)

    def _with_studies(self, images: Iterable[Record]) -> Iterator[Record]:
        """Images with what their studies say of them."""
        from fairlab.repositories.answers import inherited
        from fairlab.repositories.bia_records import INHERITED

        known: dict[str, Record | None] = {}
        for image in images:
            accession = image.accession or ""
            if accession and accession not in known:
                known[accession] = self._found(accession) if _ACCESSION.fullmatch(accession) else None
            study = known.get(accession)
            yield dataclasses.replace(image, **inherited(image, study, INHERITED)) if study else image


def _is(record: Record, wanted: str) -> bool:
    return record.id.casefold() == wanted.casefold() or f"bia:{record.accession}/{record.uid}" == wanted


# ── questions ────────────────────────────────────────────────────────────────────────────────────


def _params(query: Query) -> dict[str, Any]:
    """What the search is asked; parameters of any other name would be ignored, and everything be found."""
    from fairlab.repositories.bia_search import ZARR

    found: dict[str, Any] = {
        "query": _phrase(query),
        "facet.organism": _names(query.organism, terms.organisms()),
        "facet.imaging_method": []
        if query.text.strip()
        else _names(query.imaging_method, terms.imaging_methods()),
    }
    if query.kind == "study":
        found["facet.year"] = _years(query)
    else:
        if query.openable is not False:
            found |= ZARR
        if query.max_bytes is not None:
            found["total_size_in_bytes.lte"] = query.max_bytes
        if query.pixel_size_below is not None:
            found["voxel_physical_size_x.lt"] = query.pixel_size_below * 1e-6
    if not found["query"] and not found["facet.organism"]:
        found["facet.organism"] = _concept_names(query)
    return {name: value for name, value in found.items() if value not in (None, "", [])}


def _phrase(query: Query) -> str:
    # Its search takes the whole text for one phrase, so one thing is asked for and the rest is looked for here.
    words = [concept.text for concept in query.concepts if concept.kind == "word"]
    methods = [concept.text for concept in query.concepts if concept.kind == "imaging_method"]
    return max(words or methods, key=len, default="")


def _concept_names(query: Query) -> list[str]:
    vocabulary = terms.organisms()
    keys = [key for concept in query.concepts if concept.kind == "organism" for key in concept.ids]
    return _names([vocabulary.entries[key].term for key in keys if key in vocabulary.entries], vocabulary)


def _names(asked: Iterable[Term], vocabulary: Vocabulary) -> list[str]:
    """Names of terms and of narrower ones; none where one cannot be asked for by name."""
    found: dict[str, None] = {}
    for term in asked:
        if term.label == UNKNOWN:
            return []
        keys = vocabulary.descendants(term.id or term.label)
        for key in sorted(keys, key=lambda key: (key != term.id, key)):
            entry = vocabulary.entries.get(key)
            names = (entry.term.label, *entry.synonyms) if entry else (term.label,)
            found.update(
                dict.fromkeys(name for name in names if "," not in name)
            )  # a comma would part a name
    return list(found)[:_MOST_NAMES] if len(found) <= 3 * _MOST_NAMES else []


def _years(query: Query) -> list[str]:
    first, last = query.year or (None, None)
    if first is None:
        return []
    years = range(first, min(last or 9999, datetime.now(UTC).year) + 1)
    return [str(year) for year in years] if 0 < len(years) <= _MOST_YEARS else []


def _needs_studies(query: Query) -> bool:
    """Whether the question asks for what only the study of an image states."""
    return len(query.concepts) > 1 or bool({"license", "year"} & query.filters())
