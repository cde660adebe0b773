"""What is written on xarray objects about their origin, and how it is read back.

Attributes are ``str``, ``int`` or ``float`` only (netCDF refuses the rest), named as ACDD and CF name
them, and stand on the root and on every variable, because xarray hands nothing down to a DataArray.
``fairlab_record`` carries the whole :class:`~fairlab.record.Record` as JSON, so nothing is lost.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from typing import Any

from fairlab import __version__, session
from fairlab.errors import FairlabError, QueryError, warn
from fairlab.licenses import license
from fairlab.record import Record

Attribute = str | int | float
MISSING = "missing_chunks"
"""Attribute that names chunks which the store did not have when they were read."""
_NAMED = 20
_BETWEEN = "; "  # as ACDD separates the values of one attribute


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
    return {name: value for name, value in _flat(record, retrieved_at).items() if value}


def _flat(record: Record, retrieved_at: str | None) -> dict[str, Any]:
    return {
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


def _restriction(record: Record) -> str | None:
    # It stands on every variable, so that a crop carries it however it is saved.
    known = license(record.license or record.license_as_listed)
    return known.restriction if known else None


NAMES = frozenset(_flat(Record(id="", kind="image", repository=""), None))
"""The attributes that say where something comes from."""


def pooled(records: Sequence[Record], *, retrieved_at: str | None = None) -> dict[str, Attribute]:
    """Flat attributes of what several records went into: every value of each, and the strictest conditions.

    ``fairlab_record`` is then a list of records; one record alone has the attributes of :func:`attributes`.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> licenses = "https://creativecommons.org/licenses/by/4.0/", "https://creativecommons.org/publicdomain/zero/1.0/"
    >>> pool = [Record(id=f"x:{n}", kind="image", repository="X", license=l) for n, l in enumerate(licenses)]
    >>> pooled(pool)["id"], pooled(pool)["license"].count("creativecommons")
    ('x:0; x:1', 2)
    """
    each = [attributes(record, retrieved_at=retrieved_at) for record in records]
    if len(each) == 1:
        return each[0]
    flat: dict[str, Attribute] = {}
    for name in dict.fromkeys(name for one in each for name in one):
        told = (part for one in each if name in one for part in str(one[name]).split(_BETWEEN))
        flat[name] = _BETWEEN.join(dict.fromkeys(told))
    if "embargo_until" in flat:
        flat["embargo_until"] = max(str(flat["embargo_until"]).split(_BETWEEN))
    flat["fairlab_record"] = json.dumps([record.to_dict() for record in records], ensure_ascii=False)
    return flat


def records_of(obj: Any) -> tuple[Record, ...]:
    """The records that went into an object, each once, in order of appearance.

    Attributes are what xarray and pandas lose, or hand on from the first of several objects; the coordinate (or
    column) ``image_id`` stays right. Where both are there, it decides, unless attributes name several records: then
    :func:`fairlab.derive` wrote them. An image whose record is nowhere on the object is looked for among what this
    session opened, and in the catalogues.

    Parameters
    ----------
    obj : Record, DataTree, Dataset, DataArray, DataFrame or an iterable of these
        What :func:`fairlab.search`, :func:`fairlab.open_image` or :func:`fairlab.measure` gave, or was
        derived from them by xarray or pandas.

    Raises
    ------
    QueryError
        kind ``"no-provenance"``: the object does not say where it comes from.

    Warns
    -----
    FairlabWarning
        An image is named that nobody here knows; its record says no more than its name.
    """
    found = gathered(obj)
    if not found:
        raise QueryError(
            f"this {type(obj).__name__} does not say where it comes from: it has neither the attribute\n"
            "  fairlab_record nor the coordinate image_id; objects from fairlab.open_image and fairlab.measure\n"
            "  carry them, and fairlab.derive(result, *parents) gives them back to what was computed",
            kind="no-provenance",
        )
    return tuple(found.values())


def gathered(obj: Any, among: Mapping[str, Record] | None = None) -> dict[str, Record]:
    """The records of an object by their identifiers, looked for in ``among`` before anywhere else; maybe none."""
    return {record.id: record for record in _records(obj, among or {})}


def _records(obj: Any, among: Mapping[str, Record]) -> Iterable[Record]:
    if isinstance(obj, Record):
        yield obj
        return
    attrs = getattr(obj, "attrs", None)
    if isinstance(attrs, Mapping):
        yield from _of_tree(obj, among) if hasattr(obj, "subtree") else _of_holder(obj, among)
    elif isinstance(
        records := getattr(obj, "records", None), tuple
    ):  # results, a report, a run of a notebook
        yield from records
    elif isinstance(obj, Iterable) and not isinstance(obj, str | bytes | Mapping):
        for item in obj:
            yield from _records(item, among)


def _of_tree(tree: Any, among: Mapping[str, Record]) -> Iterable[Record]:
    root = {record.id: record for record in stated(tree.attrs)}
    nodes = [node for node in tree.subtree if node.data_vars]
    inner = [record for node in nodes for record in _of_holder(node, {**among, **root})]
    return [*root.values(), *inner] if len(root) > 1 or not inner else inner


def _of_holder(obj: Any, among: Mapping[str, Record]) -> Iterable[Record]:
    own = stated(obj.attrs)
    variables = [stated(variable.attrs) for variable in getattr(obj, "data_vars", {}).values()]
    inner = [record for records in variables for record in records]
    if inner and len(own) < 2:  # those of a dataset may be of the first of several that were merged
        own = inner if all(variables) else [*own, *inner]
    found = {record.id: record for record in own}
    ids = image_ids(obj)
    others = {identifier: _known(identifier, among) for identifier in ids if identifier not in found}
    if len(found) == 1 and not found.keys() & set(ids) and others and all(others.values()):
        found = {}  # xarray handed them on from a neighbour
    return [*found.values(), *(record or _nameless(identifier) for identifier, record in others.items())]


def stated(attrs: Mapping[Any, Any]) -> list[Record]:
    """The records that attributes themselves hold: none, one, or several that went into one thing."""
    if "fairlab_record" not in attrs:
        return []
    values = json.loads(attrs["fairlab_record"])
    return [Record.from_dict(value) for value in (values if isinstance(values, list) else [values])]


def image_ids(obj: Any) -> list[str]:
    """What the coordinate, column or index ``image_id`` says, each once."""
    if "image_id" in getattr(obj, "coords", ()) or "image_id" in getattr(obj, "columns", ()):
        values = obj["image_id"].to_numpy().ravel()
    elif "image_id" in getattr(getattr(obj, "index", None), "names", ()):
        values = obj.index.get_level_values("image_id")
    else:
        return []
    # Other people's tables have numbers in a column of this name; ours are addresses or "scheme:number".
    return [value for value in dict.fromkeys(map(str, values)) if ":" in value or "/" in value]


def _known(identifier: str, among: Mapping[str, Record]) -> Record | None:
    """The record of an image: of those at hand, of what this session opened, or of what catalogues list."""
    from fairlab.repositories import base

    if identifier in among:
        return among[identifier]
    opened = {record.id: record for record in session.opened()}
    if identifier in opened:
        return opened[identifier]
    try:
        return base.lookup(identifier)
    except FairlabError:
        return None  # nobody here knows it, which the caller says


def _nameless(identifier: str) -> Record:
    warn(
        f'nobody here knows the image "{identifier}": this session did not open it, and no catalogue lists it\n'
        "  its authors and licence are unknown; open it once more, or name it to fairlab.derive as a parent"
    )
    return Record(id=identifier, kind="image", repository="unknown")
