"""What is written on xarray objects about their origin, and how it is read back.

Attributes are ``str``, ``int`` or ``float`` only (netCDF refuses the rest), named as ACDD and CF name
them, and stand on the root and on every variable, because xarray hands nothing down to a DataArray.
``fairlab_record`` carries the whole :class:`~fairlab.record.Record` as JSON, so nothing is lost.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from fairlab import __version__
from fairlab.errors import QueryError
from fairlab.licenses import license
from fairlab.record import Record

Attribute = str | int | float
MISSING = "missing_chunks"
"""Attribute that names chunks which the store did not have when they were read."""
_NAMED = 20


def now() -> str:
    """This moment as ISO 8601, UTC, to the second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def note_missing(attrs: MutableMapping[Any, Any], keys: Sequence[str]) -> None:
    """Name the chunks that were not there, some of them when they are many; without any, take the attribute away.

    Examples
    --------
    >>> attrs = {}
    >>> note_missing(attrs, ["0/0/1", "0/2/1"]); attrs
    {'missing_chunks': '0/0/1; 0/2/1'}
    """
    attrs.pop(MISSING, None)
    if keys:
        more = f"; … ({len(keys)} in all)" if len(keys) > _NAMED else ""
        attrs[MISSING] = "; ".join(keys[:_NAMED]) + more


def attributes(record: Record, *, retrieved_at: str | None = None) -> dict[str, Attribute]:
    """Flat attributes that describe a record; unknown values are absent.

    Parameters
    ----------
    record : Record
        What is known about the image.
    retrieved_at : str, optional
        ISO 8601 time at which the image's metadata was read.

    Returns
    -------
    dict
        ACDD/CF names to ``str``, ``int`` or ``float``.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> attrs = attributes(Record(id="x:1", kind="image", repository="X", title="A cell", authors=("A", "B")))
    >>> attrs["title"], attrs["creator_name"]
    ('A cell', 'A; B')
    """
    flat: dict[str, Any] = {
        "title": record.title,
        "id": record.id,
        "doi": record.doi,
        "license": record.license,
        "license_restriction": _restriction(record),
        "creator_name": "; ".join(record.authors),
        "attribution": record.attribution,
        "references": "; ".join(record.publications),
        "source_url": record.url,
        "organism": "; ".join(term.label for term in record.organism),
        "organism_id": "; ".join(term.id for term in record.organism if term.id),
        "imaging_method": "; ".join(term.label for term in record.imaging_method),
        "imaging_method_id": "; ".join(term.id for term in record.imaging_method if term.id),
        "use_conditions": "; ".join(record.use_conditions),
        "embargo_until": record.embargo_until,
        **{f"residency_{name}": record.residency.get(name) for name in ("country", "jurisdiction", "basis")},
        "ngff_version": record.ngff_version,
        "retrieved_at": retrieved_at,
        "fairlab_version": __version__,
        "fairlab_record": record.to_json(),
    }
    return {name: value for name, value in flat.items() if value}


def _restriction(record: Record) -> str | None:
    # It stands on every variable, so that a crop carries it however it is saved.
    known = license(record.license or record.license_as_listed)
    return known.restriction if known else None


def records_of(obj: Any) -> tuple[Record, ...]:
    """The records that went into an object, each once, in order of appearance.

    Parameters
    ----------
    obj : Record, DataTree, Dataset, DataArray, DataFrame or an iterable of these
        What :func:`fairlab.search`, :func:`fairlab.open_image` or :func:`fairlab.measure` gave, or was
        derived from them by xarray or pandas.

    Raises
    ------
    QueryError
        kind ``"no-provenance"``: the object does not say where it comes from.
    """
    found = {record.id: record for record in _records(obj)}
    if not found:
        raise QueryError(
            f"this {type(obj).__name__} does not say where it comes from (no attribute fairlab_record)\n"
            "  objects from fairlab.open_image and fairlab.measure carry it; arithmetic keeps it under\n"
            "  xarray.set_options(keep_attrs=True)",
            kind="no-provenance",
        )
    return tuple(found.values())


def _records(obj: Any) -> Iterable[Record]:
    if isinstance(obj, Record):
        yield obj
        return
    attrs = getattr(obj, "attrs", None)
    if isinstance(attrs, Mapping) and "fairlab_record" in attrs:
        yield from _parse(attrs["fairlab_record"])
    elif hasattr(obj, "data_vars"):  # a Dataset, or a node of a tree, whose own attrs were lost
        for variable in obj.data_vars.values():
            yield from _records(variable)
    elif isinstance(obj, Iterable) and attrs is None and not isinstance(obj, str | bytes | Mapping):
        for item in obj:
            yield from _records(item)


def _parse(text: str) -> Iterable[Record]:
    # A table pooled from several images carries a JSON list.
    import json

    values = json.loads(text)
    for value in values if isinstance(values, list) else [values]:
        yield Record.from_dict(value)
