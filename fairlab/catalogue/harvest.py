"""Harvest live archives into your own catalogue: all their studies, politely, and what changed since last time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from fairlab import terms
from fairlab.catalogue.keeping import Change, keep
from fairlab.errors import FairlabError, FormatError, QueryError, UnexpectedAnswer
from fairlab.net.api import harvest as politely
from fairlab.query import Query
from fairlab.record import Failure, Record
from fairlab.repositories import base
from fairlab.repositories import catalogue_own as own
from fairlab.repositories.base import LiveRepository
from fairlab.repositories.catalogue_journal import Journal, journal

if TYPE_CHECKING:
    from collections.abc import Sequence

_MAX_PAGES = 2000  # an archive that never ends its pages must not be asked for ever
_MAX_NAMED = 3


class HarvestProgress(Protocol):
    """Called after each page."""

    def __call__(self, *, repository: str, records: int, total: int | None) -> None:
        """Records of one archive so far, and how many it says there are."""
        ...


@dataclass(frozen=True, kw_only=True)
class Refreshed:
    """What a harvest brought."""

    changes: tuple[Change, ...] = ()
    """One for each archive that answered to the end."""
    failures: tuple[Failure, ...] = ()
    """Archives that did not; what the catalogue held of them stays."""

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "changes": [change.to_dict() for change in self.changes],
            "failures": [vars(failure) for failure in self.failures],
        }

    def __str__(self) -> str:
        told = [f"{f.repository}: not harvested ({f.kind}): {f.message}\n  {f.advice}" for f in self.failures]
        return "\n".join([*map(str, self.changes), *told])


def refresh(
    repositories: str | Sequence[str] | None = None,
    *,
    restart: bool = False,
    pause_s: float = 1.0,
    progress: HarvestProgress | None = None,
) -> Refreshed:
    """Harvest the studies of live archives into your own catalogue, where search finds them offline.

    Each archive is asked page by page with a pause between requests, and only for what changed where it can
    tell. A harvest that is interrupted goes on where it was. An archive's records replace those of its last
    harvest only when it answered to the end, and not with less than half of what was there.

    Parameters
    ----------
    repositories : str or sequence of str, optional
        Names of archives; by default all live ones that list their studies.
    restart : bool
        Forget what an interrupted harvest left, and take an archive at its word when most of it is gone.
    pause_s : float
        Least time between two requests to an archive.
    progress : callable, optional
        Called as ``progress(repository=…, records=…, total=…)`` after each page.

    Returns
    -------
    Refreshed
        New, changed and gone records by archive, and the failures.

    Raises
    ------
    QueryError
        kind ``"repository-unknown"``: no such live archive; ``"repository-unlisted"``: one that answers words
        only.
    """
    asked = _asked(repositories)
    changes, failures = [], []
    for repository in asked:
        try:
            with politely(pause_s), journal(repository.name) as pages:
                if restart:
                    pages.clear()
                changes.append(_harvested(repository, pages, restart=restart, progress=progress))
        except FairlabError as error:  # one of many sources may fail; the others are harvested all the same
            failures.append(_failure(repository, error))
    return Refreshed(changes=tuple(changes), failures=tuple(failures))


def _asked(names: str | Sequence[str] | None) -> list[LiveRepository]:
    live = {
        name: one
        for name, one in base.repositories().items()
        if isinstance(one, LiveRepository) and one.live and getattr(one, "idle", lambda: None)() is None
    }
    able = {name: one.capabilities for name, one in live.items()}
    listing = [name for name, one in able.items() if one.lists_all and "study" in one.kinds]
    wanted = [names] if isinstance(names, str) else listing if names is None else list(names)
    for name in wanted:
        if name in live and name not in listing:
            why = "it answers words only and lists nothing without"
            if "study" not in able[name].kinds:
                why = "it lists images, not studies; fairlab catalogue add keeps the images of a folder or bucket"
            raise QueryError(
                f"{name} cannot be harvested: {why}\n"
                f"  ask it with search(…, repositories=[{name!r}]), or harvest: {', '.join(listing) or 'none'}",
                kind="repository-unlisted",
            )
        if name not in live:
            near = terms.nearest(name, live)
            hint = f'did you mean "{near[0]}"?' if near else f"there are: {', '.join(live) or 'none'}"
            raise QueryError(
                f'no live archive "{name}" can be harvested; {hint}', kind="repository-unknown", nearest=near
            )
    return [live[name] for name in wanted]


def _harvested(
    repository: LiveRepository, pages: Journal, *, restart: bool, progress: HarvestProgress | None
) -> Change:
    cursor = pages.cursor()
    resumed = cursor is not None
    for count, page in enumerate(repository.pages(Query(kind="study", limit=None), cursor=cursor)):
        pages.append([record for record in page.records if record.kind == "study"], page.cursor)
        if progress is not None:
            progress(repository=repository.name, records=len(pages.records()), total=page.total)
        if page.cursor is None:
            break
        if count == _MAX_PAGES:
            raise UnexpectedAnswer(
                f"{repository.name} has more than {_MAX_PAGES} pages, or its pages do not end\n"
                "  what was there before is kept; report it to the archive",
                kind="harvest-endless",
            )
    records, notes = _checked(pages.records(), repository)
    if resumed:
        notes.append("an interrupted harvest was brought to its end")
    _check_not_shrunk(repository.name, records, restart=restart, pages=pages)
    change = keep(repository.name, "repository", repository.title, records, notes=notes)
    pages.clear()
    return change


def _checked(found: Sequence[Record], repository: LiveRepository) -> tuple[list[Record], list[str]]:
    """The records that can be kept, each once, the last word of the archive before earlier ones."""
    sound = {r.id: r for r in found if own.is_sound(r) and base.scheme(r.id) in _prefixes(repository)}
    unsound = [r.id for r in found if r.id not in sound]
    notes = []
    if unsound:
        named = ", ".join(unsound[:_MAX_NAMED])
        notes.append(f"{len(unsound):,} records were left out, being no studies of this archive: {named}")
    return list(sound.values()), notes


def _prefixes(repository: LiveRepository) -> set[str]:
    # GIDE answers for the archives that it gathers.
    return set(repository.prefixes) | set(base.repositories()["catalogue"].prefixes)


def _check_not_shrunk(name: str, records: Sequence[Record], *, restart: bool, pages: Journal) -> None:
    try:
        before = own.read_origin(name).records if name in own.names() else 0
    except FormatError:
        before = 0
    if not records or (len(records) * 2 < before and not restart):
        pages.clear()
        raise UnexpectedAnswer(
            f"{name} answered {len(records):,} studies where there were {before:,}\n"
            "  its form may have changed; the earlier ones are kept",
            kind="harvest-shrunk",
        )


def _failure(repository: LiveRepository, error: FairlabError) -> Failure:
    advice = (
        "what was harvested before is kept; with restart=True (--restart) the archive is taken at its word"
        if error.kind == "harvest-shrunk"
        else "what was harvested before is kept; ask again later, and it goes on where it was"
    )
    return Failure(repository=repository.name, kind=error.kind, message=error.message, advice=advice)
