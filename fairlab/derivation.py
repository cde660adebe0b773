"""``derive()``: licence, citation and identity follow results through computation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import xarray as xr

from fairlab import __version__, provenance
from fairlab.errors import QueryError
from fairlab.provenance import gathered, image_ids, records_of, stated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.provenance import Attribute
    from fairlab.record import Record

Result = TypeVar("Result")


def derive(result: Result, *parents: Any, history: str | None = None) -> Result:
    """The result of a computation with the origin of all that went into it.

    xarray and pandas drop attributes, or keep those of the first of several objects: then a sum, a merge or a table
    carries no licence, or the wrong one. Here every parent's record, licence and credit goes along, and so do its
    conditions of use.

    Parameters
    ----------
    result : DataArray, Dataset, DataTree, DataFrame or Series
        What was computed; its pixels are not touched, and a lazy result stays lazy.
    *parents : Record, str, xarray object, DataFrame, or an iterable of these
        What it was computed from; a str is an identifier. Without any, what the result itself says is written out
        where it was lost (attributes by the coordinate ``image_id``).
    history : str, optional
        What was done, in one line; it is added to the histories of the parents.

    Returns
    -------
    same as ``result``
        A new object that shares the data. xarray objects carry the attributes of :func:`fairlab.open_image`, several
        values joined by ``"; "``, ``fairlab_record`` with all records, ``history``, and the coordinate ``image_id``
        where one image went in; tables carry ``image_id``, ``license``, ``citation``, ``fairlab_record`` and
        ``history``.

    Raises
    ------
    QueryError
        kind ``"derive-type"``: a result that carries no attributes; ``"no-provenance"``: a parent does not say
        where it comes from.
    NotFoundError
        kind ``"identifier-unknown"``: no catalogue here knows a parent's identifier.

    Examples
    --------
    >>> import fairlab
    >>> a = fairlab.open_image("sample:nuclei")["scale1/image"].isel(c=0)
    >>> b = fairlab.open_image("sample:cells2d")["scale0/image"].isel(c=0).mean()
    >>> both = fairlab.derive(a / b, a, b, history="brightness relative to the cells")
    >>> both.attrs["id"], [record.id for record in fairlab.cite(both).records]
    ('sample:nuclei; sample:cells2d', ['sample:nuclei', 'sample:cells2d'])
    """
    if not hasattr(result, "attrs") or not hasattr(result, "copy"):
        raise QueryError(
            f"a {type(result).__name__} cannot say where it comes from\n"
            "  put it into a DataArray first: xr.DataArray(values, dims=…, coords=parent.coords)",
            kind="derive-type",
        )
    origin = _Origin(result, parents, history)
    if isinstance(result, xr.DataTree):
        return _tree(result, origin)  # type: ignore[return-value]  # the type of result
    if isinstance(result, xr.Dataset):
        return _dataset(result, origin)  # type: ignore[return-value]
    if isinstance(result, xr.DataArray):
        return _array(result, origin)  # type: ignore[return-value]
    return _table(result, origin)  # type: ignore[no-any-return]


class _Origin:
    """What a result comes from: records, times of reading, and what was done."""

    def __init__(self, result: Any, parents: Sequence[Any], told: str | None):
        sources = [parent for parent in parents if not isinstance(parent, str)] + [result]
        found = _of_parents(parents)
        own = gathered(result, found) if found else {record.id: record for record in records_of(result)}
        self.records = list(
            {**found, **{name: record for name, record in own.items() if name not in found}}.values()
        )
        self.retrieved_at = "; ".join(dict.fromkeys(_attributes(sources, "retrieved_at"))) or None
        what = f": {' '.join(told.split())}" if told else ""
        names = ", ".join(record.id for record in self.records)
        line = f"{provenance.now()} fairlab {__version__}: derived from {names}{what}"
        earlier = [
            line for text in _attributes(sources, "history") for line in text.splitlines() if line.strip()
        ]
        self.history = "\n".join(dict.fromkeys((*earlier, line)))

    def written(self, attrs: Mapping[Any, Any], records: Sequence[Record] | None = None) -> dict[Any, Any]:
        """Attributes with those of the records in the place of any that a single one of them had left."""
        said: dict[str, Attribute] = provenance.pooled(
            records or self.records, retrieved_at=self.retrieved_at
        )
        kept = {name: value for name, value in attrs.items() if name not in provenance.NAMES}
        return {**kept, **said, "history": self.history}


def _of_parents(parents: Sequence[Any]) -> dict[str, Record]:
    from fairlab.repositories.base import lookup

    found: dict[str, Record] = {}
    for parent in parents:
        records = [lookup(parent)] if isinstance(parent, str) else records_of(parent)
        found |= {record.id: record for record in records}
    return found


def _attributes(sources: Iterable[Any], name: str) -> Iterable[str]:
    for source in sources:
        attrs = getattr(source, "attrs", None)
        if attrs is None and isinstance(source, list | tuple):
            yield from _attributes(source, name)
        elif attrs is not None and attrs.get(name):
            yield str(attrs[name])


def _identity(result: Any, records: Sequence[Record]) -> dict[str, str]:
    # Of several images none is the result's own; its attributes name them.
    return {"image_id": records[0].id} if len(records) == 1 and "image_id" not in result.coords else {}


def _array(array: xr.DataArray, origin: _Origin) -> xr.DataArray:
    made = array.assign_coords(_identity(array, origin.records))
    made.attrs = origin.written(array.attrs)
    return made


def _dataset(dataset: xr.Dataset, origin: _Origin) -> xr.Dataset:
    made = dataset.assign_coords(_identity(dataset, origin.records))
    made.attrs = origin.written(dataset.attrs)
    own = {name: _own(variable, origin.records) for name, variable in dataset.data_vars.items()}
    # A record that no variable names as its own went into all of them.
    all_over = [record for record in origin.records if not any(record.id in known for known in own.values())]
    for name, known in own.items():
        records = [record for record in origin.records if record.id in known or record in all_over]
        made[name].attrs = origin.written(dataset[name].attrs, records or origin.records)
    return made


def _own(variable: xr.DataArray, records: Sequence[Record]) -> frozenset[str]:
    """Identifiers of the records that one variable of several names as its own; none where it names none."""
    said, ids = stated(variable.attrs), image_ids(variable)
    named = {record.id for record in said if len(said) > 1 or not ids or record.id in ids}
    return frozenset(named | ({record.id for record in records if record.id in ids} if said else set()))


def _tree(tree: xr.DataTree, origin: _Origin) -> xr.DataTree:
    nodes = {}
    for node in tree.subtree:
        dataset = node.to_dataset(inherit=False)
        nodes[node.path] = _dataset(dataset, origin) if dataset.data_vars else _bare(dataset, origin)
    return xr.DataTree.from_dict(nodes, name=tree.name)


def _bare(dataset: xr.Dataset, origin: _Origin) -> xr.Dataset:
    made = dataset.copy()
    made.attrs = origin.written(dataset.attrs)
    return made


def _table(table: Any, origin: _Origin) -> Any:
    from fairlab.citation import cite

    said = provenance.pooled(origin.records, retrieved_at=origin.retrieved_at)
    made = table.copy(deep=False)
    made.attrs = {
        **table.attrs,
        "image_id": said["id"],
        "license": said.get("license", "unknown"),
        "citation": cite(origin.records).text,
        "fairlab_record": said["fairlab_record"],
        "history": origin.history,
    }
    return made
