"""One number for each well, and the colour that stands for it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from fairlab.errors import QueryError, SelectionError
from fairlab.hints import did_you_mean
from fairlab.wells import well_position

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Well = tuple[str, str]

# Anchors of viridis (CC0), whose lightness grows evenly, also for readers who see few colours.
_ANCHORS: Final = ("440154", "472d7b", "3b528b", "2c728e", "21918c", "28ae80", "5ec962", "addc30", "fde725")
ANCHORS: Final = tuple(f"#{anchor}" for anchor in _ANCHORS)
"""Colours from the lowest value to the highest."""
_PLACES: Final = ("well", "row", "column", "field")


@dataclass(frozen=True, kw_only=True)
class HeatMap:
    """Values of wells."""

    name: str
    """What was measured."""
    values: Mapping[tuple[str, str], float]
    """Row and column to the mean of what the table has for the well; wells without a number are left out."""

    @property
    def low(self) -> float:
        """The lowest value."""
        return min(self.values.values(), default=math.nan)

    @property
    def high(self) -> float:
        """The highest value."""
        return max(self.values.values(), default=math.nan)

    def color(self, well: Well) -> str:
        """The colour of a well, ``"#rrggbb"``; empty when it has no value."""
        value = self.values.get(well)
        return "" if value is None else viridis((value - self.low) / ((self.high - self.low) or 1.0))

    def text(self, well: Well) -> str:
        """The value of a well in few digits; empty when it has none."""
        value = self.values.get(well)
        return "" if value is None else readable(value)


def readable(value: float) -> str:
    """A number in few digits.

    Examples
    --------
    >>> readable(12.0), readable(0.012345), readable(1234567.0)
    ('12', '0.0123', '1.23e+06')
    """
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e5 else f"{value:.3g}"


def viridis(part: float) -> str:
    """The colour at a part of the way from low to high.

    Examples
    --------
    >>> viridis(0.0), viridis(1.0)
    ('#440154', '#fde725')
    """
    place = min(max(part, 0.0), 1.0) * (len(_ANCHORS) - 1)
    first = min(int(place), len(_ANCHORS) - 2)
    low, high = (np.array(list(bytes.fromhex(_ANCHORS[first + n])), float) for n in (0, 1))
    mixed = np.rint(low + (high - low) * (place - first)).astype(int)
    return "#" + "".join(f"{band:02x}" for band in mixed)


def heat_map_of(table: Any, plate: xr.DataArray, *, by: str | None = None) -> HeatMap:
    """The values of wells in a table.

    Parameters
    ----------
    table : DataFrame, mapping of columns, or DataArray
        A column ``well`` (``"B03"``, ``"B3"``), or columns ``row`` and ``column``, and the numbers; several lines
        of a well, such as its fields or objects, are averaged. Of a DataArray, all dimensions but ``row`` and
        ``column`` are.
    plate : DataArray
        A level of the plate.
    by : str, optional
        Column of the numbers; may be left out when only one column has numbers.

    Raises
    ------
    QueryError
        kind ``"table"``: no wells in it, no numbers, several columns to choose from.
    SelectionError
        kind ``"well-unknown"``: the table names a well that the plate does not have.

    Examples
    --------
    >>> plate = xr.DataArray(np.zeros((2, 2)), coords={"row": ["A", "B"], "column": ["1", "2"]}, dims=("row", "column"))
    >>> found = heat_map_of({"well": ["A1", "A1", "B2"], "cells": [3, 5, 8]}, plate)
    >>> found.name, found.values, found.color(("B", "2"))
    ('cells', {('A', '1'): 4.0, ('B', '2'): 8.0}, '#fde725')
    """
    if isinstance(table, xr.DataArray):
        if not {"row", "column"} <= set(table.dims):
            raise QueryError(
                f"this array has no row and column (dimensions: {', '.join(map(str, table.dims))})",
                kind="table",
            )
        means = table.mean([dim for dim in table.dims if dim not in ("row", "column")]).transpose(
            "row", "column"
        )
        rows, columns = ([str(n) for n in means[dim].values] for dim in ("row", "column"))
        numbers = means.values.astype(float)
        pairs = [((r, c), numbers[i, j]) for i, r in enumerate(rows) for j, c in enumerate(columns)]
        return _averaged(by or str(table.name or "value"), _known(pairs, plate))
    columns_of = _columns(table)
    name = _chosen(columns_of, by)
    return _averaged(
        name, _known(zip(_wells(columns_of, plate), _numbers(columns_of[name], name), strict=True), plate)
    )


def _columns(table: Any) -> dict[str, Sequence[Any]]:
    if isinstance(table, Mapping):
        return {str(name): list(values) for name, values in table.items()}
    if hasattr(table, "columns") and hasattr(table, "__getitem__"):
        return {str(name): list(table[name]) for name in table.columns}
    raise QueryError(
        f"cannot take values from a {type(table).__name__}\n  give a pandas table, a mapping of columns or an array",
        kind="table",
    )


def _chosen(columns: Mapping[str, Sequence[Any]], by: str | None) -> str:
    numeric = [name for name, values in columns.items() if name not in _PLACES and _is_numeric(values)]
    if by is not None:
        if by in columns:
            return by
        raise QueryError(
            f'the table has no column "{by}"{did_you_mean(by, columns)}\n  it has: {", ".join(columns)}',
            kind="table",
        )
    if len(numeric) != 1:
        what = f"several columns of numbers ({', '.join(numeric)})" if numeric else "no column of numbers"
        raise QueryError(f'the table has {what}\n  say which one with by="…"', kind="table")
    return numeric[0]


def _is_numeric(values: Sequence[Any]) -> bool:
    return bool(len(values)) and all(
        isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool)
        for value in values
    )


def _numbers(values: Sequence[Any], name: str) -> list[float]:
    try:
        return [math.nan if value is None else float(value) for value in values]
    except (TypeError, ValueError) as exc:
        raise QueryError(
            f'the column "{name}" holds something that is no number: {exc}', kind="table"
        ) from exc


def _wells(columns: Mapping[str, Sequence[Any]], plate: xr.DataArray) -> list[Well]:
    if "well" in columns:
        known: dict[str, Well] = {}
        for name in {str(name) for name in columns["well"]}:
            known[name] = well_position(plate, name)
        return [known[str(name)] for name in columns["well"]]
    if {"row", "column"} <= set(columns):
        return [(str(r), str(c)) for r, c in zip(columns["row"], columns["column"], strict=True)]
    raise QueryError(
        f"the table does not say of which well its lines are (columns: {', '.join(columns)})\n"
        "  it needs a column well, or the columns row and column",
        kind="table",
    )


def _known(pairs: Iterable[tuple[Well, float]], plate: xr.DataArray) -> list[tuple[Well, float]]:
    there = {(str(r), str(c)) for r in plate["row"].values for c in plate["column"].values}
    found = list(pairs)
    for well, _ in found:
        if well not in there:
            raise SelectionError(
                f"the table has a well that the plate has not: row {well[0]}, column {well[1]}\n"
                "  is it the table of another plate?",
                kind="well-unknown",
                well="".join(well),
            )
    return found


def _averaged(name: str, pairs: Iterable[tuple[Well, float]]) -> HeatMap:
    numbers: defaultdict[Well, list[float]] = defaultdict(list)
    for well, value in pairs:
        if math.isfinite(value):
            numbers[well].append(value)
    return HeatMap(name=name, values={well: sum(n) / len(n) for well, n in numbers.items()})
