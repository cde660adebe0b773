"""What it would cost to load an xarray object: requests and bytes, before anything is asked of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import xarray as xr

from fairlab.errors import SelectionError
from fairlab.lazy import LazyPart, parts_of
from fairlab.net.fetch import Cost

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING = Cost(requests=0, bytes=0, result_bytes=0, exact=True)


def cost_of(obj: xr.DataTree | xr.Dataset | xr.DataArray) -> Cost:
    """What loading an object would ask of the store.

    Parameters
    ----------
    obj : DataTree, Dataset or DataArray
        Opened by fairlab, or selected or transposed from that. What is in memory costs nothing.

    Returns
    -------
    Cost
        Requests, bytes at most, and bytes of the result. For dask arrays every block that is needed counts
        whole, which is an upper bound: dask reads part of a block where it can.

    Raises
    ------
    SelectionError
        kind ``"cost-unknown"``: a dask array that does not show what it reads.

    Examples
    --------
    >>> import fairlab
    >>> image = fairlab.open_image("sample:nuclei")["scale0/image"]
    >>> cost_of(image.isel(z=0, x=slice(0, 10))).result_bytes == image[:, :, 0, :, :10].nbytes
    True
    """
    return sum((_cost(variable) for variable in _variables(obj)), NOTHING)


def _variables(obj: xr.DataTree | xr.Dataset | xr.DataArray) -> Iterator[xr.Variable]:
    if isinstance(obj, xr.DataTree):
        for node in obj.subtree:
            yield from node.dataset.data_vars.variables.values()
    elif isinstance(obj, xr.Dataset):
        yield from obj.data_vars.variables.values()
    else:
        yield obj.variable


def _cost(variable: xr.Variable) -> Cost:
    data: Any = variable._data
    if hasattr(data, "__dask_graph__"):
        return _dask_cost(variable)
    return sum((part.cost() for part in parts_of(data)), NOTHING)


def _dask_cost(variable: xr.Variable) -> Cost:
    """The blocks of the source that a graph still needs; nothing is computed."""
    array: Any = variable.data
    keys = set(_flat(array.__dask_keys__()))
    graph = array.__dask_graph__().cull(keys)
    tasks = dict(graph)
    sources = {key: part for key, value in tasks.items() if (part := _source(value)) is not None}
    cost = NOTHING
    for task in tasks.values():
        block = _block(task, sources)
        if block is not None:
            cost += block.cost()
    if cost == NOTHING:
        raise SelectionError(
            "this dask array does not show what it would read from the store\n"
            "  estimate the selection before .persist() and before arithmetic that hides it, or open without chunks",
            kind="cost-unknown",
        )
    return Cost(requests=cost.requests, bytes=cost.bytes, result_bytes=variable.nbytes, exact=False)


def _source(value: Any) -> LazyPart | None:
    found = parts_of(getattr(value, "value", value))
    return found[0] if found else None


def _block(task: Any, sources: dict[Any, LazyPart]) -> LazyPart | None:
    """The part of a source that a task takes: ``getter(source, slices)``, by reference or in line."""
    arguments: tuple[Any, ...] = getattr(task, "args", ())
    if len(arguments) < 2:
        return None
    source = sources.get(getattr(arguments[0], "key", None)) or _source(arguments[0])
    slices = getattr(arguments[1], "value", arguments[1])
    if source is None or not isinstance(slices, tuple):
        return None
    return LazyPart(source.pixels, source.subset.outer(slices))


def _flat(keys: Any) -> Iterator[Any]:
    for key in keys:
        if isinstance(key, list):
            yield from _flat(key)
        else:
            yield key
