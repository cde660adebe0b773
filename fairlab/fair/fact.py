"""One value of a record or description, and where it was read: what ``.fair.provenance()`` answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import QueryError
from fairlab.fair.description import Description
from fairlab.fair.flat import PATH_OF
from fairlab.terms import nearest

if TYPE_CHECKING:
    from fairlab.fair.statement import Statement
    from fairlab.record import Record, Source


@dataclass(frozen=True, kw_only=True)
class Fact:
    """One value of a record, and where it was read."""

    field: str
    """Name of the field, or path of the description."""
    value: Any
    """The value; None when it is unknown."""
    raw: Any = None
    """The value in the document's own words; None where those are the value."""
    document: str | None = None
    """Address or name of the document that says so."""
    pointer: str | None = None
    """Place inside the document."""
    retrieved_at: str | None = None
    """ISO 8601 time of reading, UTC; None for tables that are shipped with fairlab."""
    basis: str | None = None
    """``"asserted"`` by the document, or ``"inferred"`` by fairlab."""

    def __str__(self) -> str:
        if self.value is None:
            return f"{self.field}: unknown"
        told = "; ".join(filter(None, (self.document, self.pointer, self.retrieved_at, self.basis)))
        return f"{self.field}: {self.value} ({told or 'source not recorded'})"


def fact(record: Record, name: str) -> Fact:
    """One value of a record, by the name of its field or by a path of its description.

    Raises
    ------
    QueryError
        kind ``"field-unknown"`` or ``"path-unknown"``.

    Examples
    --------
    >>> import fairlab
    >>> told = fact(fairlab.lookup("idr:idr0062"), "biosample.organism")
    >>> told.value, told.basis
    ([{'label': 'Mus musculus', 'id': 'NCBITaxon:10090'}], 'asserted')
    """
    if "." in name:
        told = Description.of(record).best(name)
        return Fact(field=name, value=None) if told is None else _of(name, told.value, told, told.source)
    if name not in record.__dataclass_fields__ or name == "sources":
        fields = [field for field in record.__dataclass_fields__ if field != "sources"]
        near = nearest(name, fields)
        hint = f'did you mean "{near[0]}"? ' if near else ""
        raise QueryError(
            f'records have no field "{name}"; {hint}fields are: {", ".join(fields)}',
            kind="field-unknown",
        )
    value = getattr(record, name)
    if value in (None, (), {}):
        return Fact(field=name, value=None)
    path = PATH_OF.get(name)
    return _of(name, value, Description.of(record).best(path) if path else None, record.source(name))


def _of(name: str, value: Any, told: Statement | None, source: Source | None) -> Fact:
    raw = told.raw if told is not None else None
    if source is None:
        return Fact(field=name, value=value, raw=raw)
    return Fact(
        field=name,
        value=value,
        raw=raw,
        document=source.document,
        pointer=source.pointer or None,
        retrieved_at=source.retrieved_at,
        basis=source.basis,
    )
