"""What is known of each object of a label image: a row of a table, for the reader's pointer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from fairlab.errors import QueryError

_MOST_FACTS = 12
_NUMBER_COLUMNS = ("label", "labels", "id")


class Objects:
    """Rows by labels and number.

    Parameters
    ----------
    tables : mapping
        Name of labels to a table with one row for each object: a Dataset over ``label``, a pandas
        DataFrame, or a mapping of column to values; with a column ``label``, or numbered by its index.

    Examples
    --------
    >>> Objects({"nuclei": {"label": [1, 7], "area": [20.0, 31.25]}}).row("nuclei", 7)
    [['area', '31.25']]
    """

    def __init__(self, tables: Mapping[str, Any]):
        self._tables = {name: _columns(table) for name, table in tables.items()}
        self._places: dict[str, dict[int, int]] = {}

    def row(self, labels: str, number: int) -> list[list[str]] | None:
        """Name and value, as text, of what is known; None where nothing is."""
        columns = self._tables.get(labels)
        if not columns:
            return None
        if labels not in self._places:
            key = next(name for name in _NUMBER_COLUMNS if name in columns)
            self._places[labels] = {int(n): i for i, n in enumerate(np.asarray(columns[key]))}
        place = self._places[labels].get(number)
        if place is None:
            return None
        facts = [
            [name, _text(np.asarray(values)[place])]
            for name, values in columns.items()
            if name not in _NUMBER_COLUMNS
        ]
        return [fact for fact in facts if fact[1]][:_MOST_FACTS]


def tables_of(obj: Any) -> dict[str, xr.Dataset]:
    """The tables that an opened image brings with its labels."""
    if not isinstance(obj, xr.DataTree) or "labels" not in obj.children:
        return {}
    return {
        str(name): node["properties"].to_dataset()
        for name, node in obj["labels"].children.items()
        if "properties" in node.children
    }


def _columns(table: Any) -> dict[str, Any]:
    if isinstance(table, xr.Dataset):
        found = {
            str(name): table[name].values
            for name in (*table.coords, *table.data_vars)
            if table[name].ndim == 1
        }
    elif isinstance(table, Mapping):
        found = {str(name): values for name, values in table.items()}
    elif hasattr(table, "columns") and hasattr(table, "index"):  # pandas, which is not needed here
        found = {"label": table.index, **{str(name): table[name] for name in table.columns}}
    else:
        found = {}
    lengths = {len(values) for values in found.values()}
    if len(lengths) > 1 or not set(_NUMBER_COLUMNS) & set(found):
        raise QueryError(
            f"table={type(table).__name__} is no table of objects\n"
            '  expected one row for each object and a column "label" with its number, as fairlab.measure gives it',
            kind="table",
        )
    return found


def _text(value: Any) -> str:
    if not isinstance(value, float | np.floating):
        return str(value)
    return "" if np.isnan(value) else f"{value:.6g}"
