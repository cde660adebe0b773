"""What all documents together say of one image or study: every statement is kept, and each path has one answer.

The order of merging does not matter, nothing is said that no document says, and what was said stays.
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import QueryError
from fairlab.fair.agreement import canonical, disagree, ranked
from fairlab.fair.flat import record_of, statements_of_record
from fairlab.fair.statement import PATHS, Statement, is_empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.record import Record

__all__ = ["PATHS", "Description", "Statement"]

SCHEMA = "fairlab-description/1"


@dataclass(frozen=True, kw_only=True)
class Description:
    """What all documents together say of one image or study.

    Examples
    --------
    >>> import fairlab
    >>> known = Description.of(fairlab.lookup("idr:idr0062"))
    >>> known.get("biosample.organism")
    [{'label': 'Mus musculus', 'id': 'NCBITaxon:10090'}]
    >>> known.get("citation.license")["spdx"], known.get("identity.content_hash") is None
    ('CC-BY-4.0', True)
    """

    statements: tuple[Statement, ...] = ()
    """What each document says; kept in one order, each once, without those that say nothing."""

    def __post_init__(self) -> None:
        told = {_key(one): one for one in self.statements if not is_empty(one.value)}
        object.__setattr__(self, "statements", tuple(told[key] for key in sorted(told)))

    @functools.cached_property
    def _by_path(self) -> dict[str, tuple[Statement, ...]]:
        found: dict[str, list[Statement]] = {}
        for one in self.statements:
            found.setdefault(one.path, []).append(one)
        return {path: tuple(ranked(told)) for path, told in found.items()}

    def get(self, path: str, default: Any = None) -> Any:
        """The preferred value of a path, or what is known below it: ``get("image.format")`` is a dict.

        Raises
        ------
        QueryError
            kind ``"path-unknown"``.

        Examples
        --------
        >>> import fairlab
        >>> known = Description.of(fairlab.lookup("idr:idr0062/6001240.zarr"))
        >>> known.get("image.dtype", "unknown")
        'unknown'
        """
        if (found := self.best(path)) is not None:
            return found.value
        if path in PATHS:
            return default  # nothing stands below a path that values stand under
        below = {
            other: told[0].value for other, told in self._by_path.items() if other.startswith(f"{path}.")
        }
        return (
            _nested({other[len(path) + 1 :]: value for other, value in below.items()}) if below else default
        )

    def best(self, path: str) -> Statement | None:
        """The preferred statement about a path; None when it is unknown.

        Raises
        ------
        QueryError
            kind ``"path-unknown"``.
        """
        return next(iter(self.statements_of(path)), None)

    def statements_of(self, path: str) -> tuple[Statement, ...]:
        """What each document says about a path, the preferred first.

        Raises
        ------
        QueryError
            kind ``"path-unknown"``.
        """
        if path not in PATHS and not any(other.startswith(f"{path}.") for other in PATHS):
            raise QueryError(
                f'descriptions have no path "{path[:80]}"; fairlab.fair.PATHS lists them', kind="path-unknown"
            )
        return self._by_path.get(path, ())

    def conflicts(self) -> dict[str, tuple[Statement, ...]]:
        """The paths on which documents disagree, with what each says, the preferred first.

        A list that has part of another's entries agrees with it, and so do other words for a description.
        """
        return {path: told for path, told in self._by_path.items() if disagree(path, told)}

    def merged(self, *others: Description) -> Description:
        """This and other descriptions of the same thing; the order does not matter.

        Examples
        --------
        >>> import fairlab
        >>> study, image = fairlab.lookup("idr:idr0062"), fairlab.lookup("idr:idr0062/6001240.zarr")
        >>> both = Description.of(study).merged(Description.of(image))
        >>> both == Description.of(image).merged(Description.of(study))
        True
        """
        return Description(
            statements=(*self.statements, *(one for other in others for one in other.statements))
        )

    @classmethod
    def of(cls, record: Record) -> Description:
        """A record of search or of an opened image, with the sources that it names."""
        return cls(statements=tuple(statements_of_record(record)))

    def record(self) -> Record:
        """The flat form: the preferred value of each field, with its source."""
        return record_of(self)

    def to_dict(self) -> dict[str, Any]:
        """The whole as one nested document of plain values, with ``provenance``: path to what each document says.

        Examples
        --------
        >>> import fairlab
        >>> whole = Description.of(fairlab.lookup("idr:idr0062")).to_dict()
        >>> whole["identity"]["accession"], whole["provenance"]["identity.accession"][0]["basis"]
        ('idr0062', 'asserted')
        """
        preferred = {path: told[0].value for path, told in sorted(self._by_path.items())}
        provenance = {path: [one.to_dict() for one in told] for path, told in sorted(self._by_path.items())}
        return {"schema": SCHEMA, **_nested(preferred), "provenance": provenance}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Description:
        """Rebuild a description from :meth:`to_dict`; paths of a newer fairlab are left out."""
        return cls(
            statements=tuple(
                Statement.from_dict(path, one)
                for path, told in values.get("provenance", {}).items()
                if path in PATHS
                for one in told
            )
        )

    def to_json(self, *, indent: int | None = None) -> str:
        """The description as JSON text."""
        text = json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)
        # A lone surrogate of a hostile document cannot be written to a file; \udc80 is JSON for it.
        return text.encode("utf-8", "backslashreplace").decode("utf-8")

    @classmethod
    def from_json(cls, text: str) -> Description:
        """Rebuild a description from :meth:`to_json`."""
        return cls.from_dict(json.loads(text))


def _key(one: Statement) -> tuple[str, ...]:
    """What a statement is told from others by, and sorted by."""
    source = one.source
    return (
        one.path, one.kind, source.document, source.pointer, source.retrieved_at or "", source.basis,
        canonical(one.value), canonical(one.raw),
    )  # fmt: skip


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for path, value in values.items():
        *groups, last = path.split(".")
        place = whole
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return whole
