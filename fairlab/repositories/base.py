"""What a repository is, and how the installed ones are found.

A repository is a class with the methods of :class:`Repository`, announced in the entry-point group
``fairlab.repositories``. fairlab's own are announced the same way, so a stranger's plugin is an equal.
"""

from __future__ import annotations

import functools
import re
import warnings
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from fairlab.errors import FairlabWarning, NotFoundError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.results import Results

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
    """The scheme of a compact identifier, lower case; None for addresses and paths.

    Examples
    --------
    >>> scheme("sample:nuclei"), scheme("https://example.org/a.zarr"), scheme("C:/data/a.zarr")
    ('sample', None, None)
    """
    match = _SCHEME.match(identifier)
    if match is None or len(match[1]) == 1:  # one letter is a Windows drive
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
    schemes = sorted({prefix for repository in known.values() for prefix in repository.prefixes})
    raise NotFoundError(
        f'nothing is known about "{identifier}"\n'
        f"  asked: {', '.join(r.name for r in asked) or 'nobody'}; identifiers look like "
        f"idr:idr0062 or sample:nuclei (schemes: {', '.join(schemes)}), or are the address of an OME-Zarr",
        kind="identifier-unknown",
        identifier=identifier,
    )


def locate(record: Record) -> str | None:
    """Address at which a record's pixels open now, or None when it resolves to no pixels."""
    owner = scheme(record.url or "") or scheme(record.id)
    for repository in repositories().values():
        if owner in repository.prefixes:
            return repository.locate(record)
    return record.url
