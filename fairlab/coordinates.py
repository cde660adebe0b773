"""Coordinates of an image from what its metadata states: positions, channels, labels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import xarray as xr

from fairlab.errors import warn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fairlab.ngff.model import Channel, Image, LabelFacts, Level

Scalar = str | int | float | bool
_MOST_POSITIONS: Final = 10_000_000
_MOST_CHANNELS: Final = 100_000
_MOST_STATED: Final = 4_000_000


def positions(image: Image, level: Level, shape: Sequence[int]) -> dict[str, xr.Variable]:
    """Positions of sample centres on every axis but the channels', with ``units`` and ``spacing``.

    Where the image states them, ``orientation`` and ``long_name`` are there as well.

    An axis of more than ten million samples has none: to list them could take more memory than there is.
    """
    found = {}
    for number, axis in enumerate(image.axes):
        if shape[number] > _MOST_POSITIONS:
            warn(f"the axis {axis.name} has {shape[number]:,} samples; their positions are not listed")
        elif axis.type != "channel":
            scale, translation = level.scale[number], level.translation[number]
            stated = {"units": axis.unit, "orientation": axis.orientation, "long_name": axis.long_name}
            attrs: dict[str, Any] = {"spacing": scale, **{k: told for k, told in stated.items() if told}}
            values = translation + scale * np.arange(shape[number], dtype=np.float64)
            found[axis.name] = xr.Variable(axis.name, values, attrs)
    return found


def channels(image: Image, shape: Sequence[int], *, where: str) -> dict[str, xr.Variable]:
    """Names, colours and windows along the channel axis, where there is one.

    Names are made different, so that ``.sel(c=…)`` finds one channel; where that changed any, ``channel_label``
    has them as stated.
    """
    number, axis = next(((n, a) for n, a in enumerate(image.axes) if a.type == "channel"), (0, None))
    if axis is None or shape[number] > _MOST_CHANNELS:
        return {}
    stated = image.channels
    if stated and len(stated) != shape[number]:
        warn(f"the image describes {len(stated)} channels and has {shape[number]}; none was named", at=where)
        stated = ()
    dim = axis.name
    labels = [channel.label or "" for channel in stated]
    names = unique([label or f"channel {n}" for n, label in enumerate(labels or [""] * shape[number])])
    found = {dim: xr.Variable(dim, np.array(names, dtype="U"))}
    if stated and names != labels:
        warn(f"channels without a name of their own were named: {', '.join(names)}", at=where)
        found["channel_label"] = xr.Variable(dim, np.array(labels, dtype="U"))
    return found | _shown(stated, dim)


def _shown(stated: Sequence[Channel], dim: str) -> dict[str, xr.Variable]:
    """How channels are shown, as far as the image says it."""
    found = {}
    if any(channel.color for channel in stated):
        found["color"] = xr.Variable(dim, [channel.color or "#FFFFFF" for channel in stated])
    if stated and all(channel.window for channel in stated):
        windows = np.array([channel.window for channel in stated], dtype=np.float64)
        found["window_start"] = xr.Variable(dim, windows[:, 0])
        found["window_end"] = xr.Variable(dim, windows[:, 1])
    if stated:
        found["active"] = xr.Variable(dim, [channel.active for channel in stated])
    return found


def unique(names: Sequence[str]) -> list[str]:
    """Names made different by a number behind those that come again.

    Examples
    --------
    >>> unique(["a", "a (2)", "a"])
    ['a', 'a (2)', 'a (3)']
    """
    made: dict[str, None] = {}
    taken = set(names)
    for name in names:
        number, candidate = 1, name
        while candidate in made or (number > 1 and candidate in taken):
            number += 1
            candidate = f"{name} ({number})"
        made[candidate] = None
    return list(made)


def labels(facts: LabelFacts) -> xr.Dataset | None:
    """Colours and properties of labels, by label value; None when the image states none.

    A value that is not stated of some label is empty text there, or NaN among numbers.
    """
    values = sorted({*facts.colors, *facts.properties})
    if not values:
        return None
    dtype = np.uint64 if values[-1] > np.iinfo(np.int64).max else np.int64
    if dtype is np.uint64 and values[0] < 0:
        warn("labels below zero are stated beside others that need 64 bits; they are left out")
        values = [value for value in values if value >= 0]
    stated = _as_fit([name for each in facts.properties.values() for name in each], len(values), "labels")
    names = unique(["label", "color", *(_plain(name) for name in stated)])[2:]
    columns = {
        name: [facts.properties.get(value, {}).get(key) for value in values]
        for name, key in zip(names, stated, strict=True)
    }
    if facts.colors:
        columns = {"color": [facts.colors.get(value) for value in values], **columns}
    variables = {name: xr.Variable("label", table_column(column)) for name, column in columns.items()}
    return xr.Dataset(variables, coords={"label": xr.Variable("label", np.array(values, dtype=dtype))})


def table_column(values: Sequence[Scalar | None]) -> np.ndarray[Any, Any]:
    """Stated values as one array: whole numbers and booleans as they are, others as floats or text.

    Examples
    --------
    >>> table_column([1, None, 2.5]), table_column(["a", None, 3])
    (array([1. , nan, 2.5]), array(['a', '', '3'], dtype='<U1'))
    """
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return np.array(values, dtype=bool)
    if kinds == {int} and all(-(2**63) <= int(value or 0) < 2**63 for value in values):
        return np.array(values, dtype=np.int64)
    if kinds <= {int, float, type(None)}:
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
    return np.array(["" if value is None else str(value) for value in values], dtype="U")


def kept(image: Image, *, where: str) -> dict[str, str]:
    """Geometry that is stated but not applied, as an attribute; warned, as positions are not the whole truth."""
    if not image.kept:
        return {}
    warn(
        "the image states transformations that are not applied to its coordinates; they are kept in the "
        "attribute coordinate_transformations_kept",
        at=where,
    )
    return {"coordinate_transformations_kept": json.dumps(image.kept, default=str)}


def _as_fit(names: Sequence[str], rows: int, what: str) -> list[str]:
    """Names of columns, each once: as many as make a table that can be built while somebody waits."""
    different, most = list(dict.fromkeys(names)), max(1, _MOST_STATED // max(rows, 1))
    if len(different) > most:
        warn(f"{len(different):,} properties of {what} are stated; the first {most:,} are read")
    return different[:most]


def _plain(name: str) -> str:
    # To a tree, slashes and dots in a variable's name are a path.
    return name.replace("/", "|").strip(".") or "unnamed"


def table(rows: Mapping[tuple[int, int], Mapping[str, Scalar]], shape: tuple[int, int]) -> dict[str, Any]:
    """What is stated of the wells of a plate, as one array ``(row, column)`` for each name."""
    cells = list(np.ndindex(*shape))
    names = _as_fit([name for stated in rows.values() for name in stated], len(cells), "wells")
    return {
        name: table_column([rows.get((r, c), {}).get(name) for r, c in cells]).reshape(shape)
        for name in names
    }
