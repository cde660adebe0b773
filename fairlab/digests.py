"""What becomes of the pages of an archive: which of their records count, and what else a reader should know."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, Protocol

from fairlab.results import select

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.repositories.base import LiveRepository, Page


class Found(NamedTuple):
    """One record that an archive gave."""

    record: Record
    lacks: tuple[str, ...] = ()
    """Terms of the question that neither the archive nor the record's own words account for."""


class Arrival(NamedTuple):
    """Something that an archive gave."""

    found: tuple[Found, ...]
    page: Page | None = None
    """The page that is done with this."""


class Digest(Protocol):
    """What becomes of the pages of one archive."""

    def __call__(self, page: Page, /) -> Iterator[Arrival]:
        """What a page gives; the last arrival carries the page."""
        ...

    def notes(self) -> tuple[str, ...]:
        """What a reader should know about it all, one sentence each."""
        ...

    def studies(self) -> Iterable[Record]:
        """The studies that its images are of, where it came by them."""
        ...


def checked(query: Query, page: Page, *, repository: LiveRepository) -> tuple[Found, ...]:
    """The records of a page that meet the question, as far as the archive or its records can tell."""
    able = repository.capabilities
    answer = select(
        replace(query, limit=None),
        page.records,
        name=repository.name,
        applies=able.applies,
        states=able.states,
    )
    return tuple(
        Found(replace(record, found_by=(repository.name,)), answer.relaxed) for record in answer.records
    )


@dataclass(frozen=True)
class AsTheyAre:
    """The digest of an archive that gives what was asked for."""

    query: Query
    repository: LiveRepository

    def __call__(self, page: Page, /) -> Iterator[Arrival]:
        """The records of the page that meet the question."""
        yield Arrival(checked(self.query, page, repository=self.repository), page)

    def notes(self) -> tuple[str, ...]:
        """Nothing."""
        return ()

    def studies(self) -> Iterable[Record]:
        """None: images are given as they are."""
        return ()
