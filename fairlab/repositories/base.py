"""What a repository is, and how the installed ones are found.

A repository is a class with the methods of :class:`Repository`, announced in the entry-point group
``fairlab.repositories``. fairlab's own are announced the same way, so a stranger's plugin is an equal.
One that answers over the network derives from :class:`Archive` and writes ``pages``, ``lookup``, ``images``
and ``recognises``.
"""

from __future__ import annotations

import difflib
import functools
import re
import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.metadata import entry_points
from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from fairlab.errors import FairlabWarning, NotFoundError, QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import EntryPoint

    from fairlab.query import Query
    from fairlab.record import Kind, Record
    from fairlab.results import Results

MAX_PAGES = 20
"""Pages that one question asks of one archive before it asks the user to go on."""
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*):(?!//)(.+)$")


@runtime_checkable
class Repository(Protocol):
    """One place that knows studies or images."""

    name: ClassVar[str]
    """Short lower-case name, as in ``repositories=["idr"]``."""
    prefixes: ClassVar[tuple[str, ...]]
    """Schemes of the identifiers it answers: ``("idr", "bia")`` for ``idr:idr0062``."""
    live: ClassVar[bool]
    """Whether asking it opens a socket beyond this machine."""

    def search(self, query: Query) -> Results:
        """Records that match ``query``, best first."""
        ...

    def lookup(self, identifier: str) -> Record | None:
        """The record of one identifier (``"idr:idr0062"`` or an address), or None when it is not known here."""
        ...

    def locate(self, record: Record) -> str | None:
        """Address at which the record's pixels open now, or None."""
        ...


@dataclass(frozen=True, kw_only=True)
class Capabilities:
    """What an archive can answer; names of filters are those of :data:`fairlab.query.FILTERS`."""

    kinds: tuple[Kind, ...] = ("study", "image")
    """What it finds."""
    applies: frozenset[str] = frozenset()
    """Filters that the archive applies itself. ``"text"`` is one of them only when all words must be met;
    an archive that returns what has any of the words leaves it out, and fairlab looks for them in the records."""
    states: frozenset[str] = frozenset()
    """Filters whose facts its records state, so that fairlab applies them to the answers."""
    lists_all: bool = True
    """Whether it gives all its studies when nothing is asked for, so that they can be harvested."""
    pixels: str = ""
    """How its studies resolve to pixels, in one phrase: ``"OME-Zarr of its own"``, ``"copies at BIA"``, ``"none"``."""
    checked_live: str | None = None
    """ISO date of the last check against the live service; None: not checked live."""


@dataclass(frozen=True, kw_only=True)
class Page:
    """One answer of an archive, and how to go on after it."""

    records: tuple[Record, ...]
    """In the archive's order of rank."""
    cursor: str | None = None
    """Give it back to ``pages(query, cursor=…)`` to go on after this page; None: there is no more."""
    total: int | None = None
    """How many match at the archive; None: it does not say."""
    total_exact: bool = True
    """Whether ``total`` is a count rather than an estimate."""
    notes: tuple[str, ...] = ()
    """What a reader should know, one sentence each."""


@runtime_checkable
class LiveRepository(Repository, Protocol):
    """One archive that answers over the network; ``live`` is True."""

    title: ClassVar[str]
    """Its name for people: ``"BioImage Archive"``."""
    publishers: ClassVar[tuple[str, ...]]
    """Names that ``repository=`` understands, besides its name and prefixes."""
    capabilities: ClassVar[Capabilities]
    """What it can answer."""

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Answers page by page, each asked for when it is wanted.

        An error ends the iterator; a later call with the cursor of the last page goes on from there.
        """
        ...

    def images(self, study: Record) -> Iterator[Page]:
        """The images of a study that open: image records with ``url``."""
        ...

    def recognises(self, text: str) -> str | None:
        """The identifier (``"bia:S-BIAD1234"``) that a bare id, DOI, UUID or page of this archive means.

        Opens no socket; None when ``text`` is not of a form that this archive uses.
        """
        ...


class Archive(ABC):
    """What all live repositories share; an adapter derives from it and writes the rest of :class:`LiveRepository`.

    Examples
    --------
    >>> from fairlab.query import make_query
    >>> from fairlab.record import Record
    >>> class Attic(Archive):
    ...     name, title, prefixes = "attic", "The Attic", ("attic",)
    ...     capabilities = Capabilities(states=frozenset({"text", "license"}))
    ...     def pages(self, query, *, cursor=None):
    ...         yield Page(records=(Record(id="attic:1", kind="image", repository="Attic", title="A mouse"),))
    >>> [record.id for record in Attic().search(make_query("mice"))]
    ['attic:1']
    """

    name: ClassVar[str]
    title: ClassVar[str]
    prefixes: ClassVar[tuple[str, ...]]
    publishers: ClassVar[tuple[str, ...]] = ()
    live: ClassVar[bool] = True
    capabilities: ClassVar[Capabilities] = Capabilities()

    @abstractmethod
    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """Answers page by page; see :meth:`LiveRepository.pages`."""

    def idle(self) -> str | None:
        """Why ``live=True`` does not ask this one, and what to do; None: it is asked."""
        return None

    def search(self, query: Query) -> Results:
        """The records that match: as many pages as the limit needs, filters applied that the archive does not."""
        from fairlab.results import select

        found: list[Record] = []
        for page in islice(self.pages(query), MAX_PAGES):
            found += page.records
            if query.limit is not None and len(found) >= query.limit:
                break
        able = self.capabilities
        return select(query, found, name=self.name, applies=able.applies, states=able.states)

    def images(self, study: Record) -> Iterator[Page]:
        """A study's images; none, for an archive whose studies resolve to no pixels."""
        return iter(())

    def locate(self, record: Record) -> str | None:
        """The record's own address."""
        return record.url

    def recognises(self, text: str) -> str | None:
        """The identifier that ``text`` means here: one with a prefix of this archive."""
        return text.strip() if scheme(text.strip()) in self.prefixes else None


def position(cursor: str | None, *, of: str, first: int = 0) -> int:
    """How far the pages of an archive have come, where its cursor is a number.

    Parameters
    ----------
    cursor : str or None
        What :attr:`Page.cursor` said; None for the beginning.
    of : str
        Name of the archive.
    first : int
        What the beginning is.

    Raises
    ------
    QueryError
        kind ``"cursor-foreign"``: no page of this archive ever said that.

    Examples
    --------
    >>> position("40", of="gide"), position(None, of="bia", first=1)
    (40, 1)
    """
    if cursor is None:
        return first
    if not re.fullmatch("[0-9]{1,9}", cursor) or int(cursor) < first:
        raise foreign(cursor, of=of)
    return int(cursor)


def foreign(cursor: str, *, of: str) -> QueryError:
    """The error for a cursor that another archive, another version or nobody gave."""
    return QueryError(
        f"{of} cannot go on after {cursor[:60]!r}: none of its pages ended there\n"
        "  give back the cursor of a page of the same archive and question, or none to begin again",
        kind="cursor-foreign",
    )


@functools.cache
def repositories() -> dict[str, Repository]:
    """All installed repositories by name, embedded ones first; a broken plugin is left out with a warning."""
    found = list(filter(None, map(_loaded, entry_points(group="fairlab.repositories"))))
    return {repository.name: repository for repository in sorted(found, key=lambda r: (r.live, r.name))}


def _loaded(entry: EntryPoint) -> Repository | None:
    try:
        repository: Repository = entry.load()()
    except (ImportError, AttributeError, TypeError) as exc:
        # One stranger's plugin must not silence all other repositories.
        warnings.warn(
            f'the repository plugin "{entry.value}" cannot be loaded: {exc}', FairlabWarning, stacklevel=3
        )
        return None
    return repository


def scheme(identifier: str) -> str | None:
    """The scheme of a compact identifier, lower case; None for addresses, paths and chains (``zip::https://…``).

    Examples
    --------
    >>> scheme("sample:nuclei"), scheme("https://example.org/a.zarr"), scheme("C:/data/a.zarr")
    ('sample', None, None)
    """
    match = _SCHEME.match(identifier)
    # One letter is a Windows drive.
    if match is None or len(match[1]) == 1 or match[1].lower() == "file" or match[2].startswith(":"):
        return None
    return match[1].lower()


def lookup(identifier: str) -> Record:
    """The record of one identifier, from the first repository that knows it.

    Raises
    ------
    NotFoundError
        kind ``"identifier-unknown"``.
    """
    known = repositories()
    wanted = scheme(identifier)
    asked = [r for r in known.values() if not r.live and (wanted is None or wanted in r.prefixes)]
    for repository in asked:
        record = repository.lookup(identifier)
        if record is not None:
            return record
    raise NotFoundError(
        f'nothing is known about "{identifier}"\n  asked: {", ".join(r.name for r in asked) or "nobody"}\n'
        f"  {_instead(identifier, wanted, known.values())}",
        kind="identifier-unknown",
        identifier=identifier,
    )


def _instead(identifier: str, wanted: str | None, known: Iterable[Repository]) -> str:
    """What to do about an identifier that nobody knows here."""
    live = [one.name for one in known if one.live and wanted in one.prefixes]
    if live:
        return f'fairlab.lookup("{identifier}", live=True) asks {" and ".join(live)}'
    schemes = sorted({prefix for one in known for prefix in one.prefixes})
    near = difflib.get_close_matches(wanted or "", schemes, n=1)
    if near and wanted not in schemes:
        return f'did you mean "{near[0]}:{identifier.partition(":")[2]}"?'
    return (
        f"identifiers look like idr:idr0062 or sample:nuclei (schemes: {', '.join(schemes)}), "
        "or are the address of an OME-Zarr"
    )


def locate(record: Record) -> str | None:
    """Address at which a record's pixels open now, or None when it resolves to no pixels."""
    owner = scheme(record.url or "") or scheme(record.id)
    for repository in repositories().values():
        if owner in repository.prefixes:
            return repository.locate(record)
    return record.url
