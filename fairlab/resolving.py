"""From a study to its images that open: through the catalogues first, then by asking its archive."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from fairlab.digests import Arrival, Found, checked
from fairlab.joining import of_study
from fairlab.matching import fits
from fairlab.query import make_query
from fairlab.repositories.base import LiveRepository, scheme
from fairlab.traits import traits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.repositories.base import Page, Repository

OF_IMAGES: Final = frozenset(
    {"ngff_version", "layout", "openable", "max_bytes", "channel", "pixel_size_below"}
)
"""Filters on what images are, which studies cannot answer."""
MAX_ASKED: Final = 12
"""Studies per round whose images an archive is asked for; more would take longer than anybody waits."""
MAX_IMAGES: Final = 50
"""Images of one study that are taken along; ``record.images()`` has them all."""


def finders(installed: Iterable[Repository]) -> list[Any]:
    """The repositories that list images of studies without asking anybody."""
    return [one for one in installed if not one.live and hasattr(one, "images_of")]


def owners(study: Record, installed: Mapping[str, Repository]) -> list[LiveRepository]:
    """The archives that may be asked for a study's images, the study's own first."""
    live = [one for one in installed.values() if one.live and isinstance(one, LiveRepository)]
    own = [one for one in live if scheme(study.id) in one.prefixes]
    return own or [one for one in live if one.name in study.found_by]


def listed(study: str, installed: Iterable[Repository], **filters: Any) -> list[Record]:
    """The images of a study that catalogues list."""
    query = make_query(study=study, limit=MAX_IMAGES, **filters)
    for one in finders(installed):
        found = one.images_of(query)
        if found:
            return [replace(record, found_by=(one.name,)) for record in found]
    return []


def asked(study: Record, installed: Mapping[str, Repository]) -> Iterator[Record]:
    """The images of a study that its archive lists, lazily, with what only the study states marked as inferred."""
    for one in owners(study, installed):
        there_are = False
        for page in one.images(study):
            there_are = there_are or bool(page.records)
            for image in page.records:
                yield replace(of_study(image, study), found_by=(one.name,))
        if there_are:
            return


@dataclass
class Resolver:
    """Turns pages of studies into images (or into the studies that have some that open).

    One belongs to one archive in one search: it counts what it asks.
    """

    repository: LiveRepository
    """Whose studies."""
    query: Query
    """What the user asked."""
    asked_for: Query
    """The question about studies, as put to the archive."""
    installed: Mapping[str, Repository]
    """Who may know images."""
    unresolved: list[str] = field(default_factory=list)
    """Studies without an image that opens, by identifier."""
    left_out: list[str] = field(default_factory=list)
    """Studies whose archive was not asked any more, by identifier."""
    resolved: dict[str, Record] = field(default_factory=dict)
    """Studies with images that open, by identifier."""
    _questions: int = 0

    def __call__(self, page: Page) -> Iterator[Arrival]:
        """What becomes of a page of studies."""
        self._questions = 0
        for study, lacks in checked(self.asked_for, page, repository=self.repository):
            images = [image for image in self._images(study) if self._fits(image)]
            if not images:
                continue
            self.resolved[study.id] = study
            if self.query.kind == "study":
                yield Arrival((Found(study, lacks),))
            else:
                yield Arrival(tuple(Found(image, lacks) for image in images))
        yield Arrival((), page)

    def _images(self, study: Record) -> list[Record]:
        """The first images of a study; how much is asked per page is bounded."""
        if found := listed(study.id, self.installed.values()):
            return [_through(study, image) for image in found]
        if not owners(study, self.installed):
            self.unresolved.append(study.id)
            return []
        if self._questions >= MAX_ASKED:
            self.left_out.append(study.id)
            return []
        self._questions += 1
        found = list(islice(asked(study, self.installed), MAX_IMAGES))
        if not found:
            self.unresolved.append(study.id)
        return [_through(study, image) for image in found]

    def _fits(self, image: Record) -> bool:
        # The study met the question; only what is said of images is asked of its images.
        query = replace(self.query, kind="image").only(OF_IMAGES)
        return traits_of(image).openable and fits(query, image)

    def studies(self) -> Iterable[Record]:
        """Those with images that open."""
        return list(self.resolved.values())

    def notes(self) -> tuple[str, ...]:
        """What a reader should know about studies that became no images."""
        name = self.repository.name
        notes = []
        if self.unresolved:
            number = len(set(self.unresolved))
            notes.append(
                f"{name}: {number} more {'study has' if number == 1 else 'studies have'} what was asked for, "
                'but no image that is known to open: search with kind="study"'
            )
        if self.left_out:
            number = len(set(self.left_out))
            notes.append(
                f"{name}: {number} more {'study was' if number == 1 else 'studies were'} not resolved to images: "
                'search with kind="study", then record.images()'
            )
        return tuple(notes)


def _through(study: Record, image: Record) -> Record:
    """An image that was found through its study, naming both who knew the study and who knew the image."""
    return replace(image, found_by=tuple(dict.fromkeys((*study.found_by, *image.found_by))))
