"""What a plate grid says of its wells: names, fields, what the plate states of them, and what was measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.widgets.discretion import discreet
from fairlab.widgets.heat_map import ANCHORS, HeatMap, readable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr

_OF_WELLS = ("row", "column", "well")


def names_of(image: xr.DataArray) -> tuple[list[str], list[str]]:
    """Names of rows and columns."""
    rows, columns = ([str(name) for name in image[dim].values] for dim in ("row", "column"))
    return rows, columns


def wells_of(image: xr.DataArray, heat: HeatMap | None) -> list[dict[str, Any]]:
    """Every well in reading order, as plain values.

    Examples
    --------
    >>> import fairlab
    >>> wells = wells_of(fairlab.open_plate("sample:plate")["scale1/image"], None)
    >>> wells[6]["name"], wells[6]["fields"], wells[6]["about"]
    ('B03', [0, 1], ['compound: inducer', 'dose_micromolar: 1.0'])
    """
    stated = [
        str(name)
        for name, coord in image.coords.items()
        if coord.dims == ("row", "column") and name not in _OF_WELLS
    ]
    # Taken out once: a coordinate of xarray costs as much to reach as a whole row of wells to write.
    values = {name: image.coords[name].values for name in stated}
    names, present = image.coords["well"].values, image.coords["present"].values.astype(bool)
    wells = []
    for row, row_name in enumerate(image["row"].values):
        for column, column_name in enumerate(image["column"].values):
            fields = np.flatnonzero(present[row, column]).tolist()
            told = [
                f"{name}: {of[row, column]}" for name, of in values.items() if not _blank(of[row, column])
            ]
            well = (str(row_name), str(column_name))
            wells.append(
                {
                    "name": str(names[row, column]),
                    "fields": fields,
                    "about": [discreet(one) for one in told] if fields else [],
                    "value": heat.text(well) if heat else "",
                    "color": heat.color(well) if heat else "",
                }
            )
    return wells


def legend_of(heat: HeatMap | None) -> dict[str, Any] | None:
    """What the colours mean."""
    if heat is None:
        return None
    low, high = (readable(heat.low), readable(heat.high)) if heat.values else ("", "")
    return {"name": discreet(heat.name), "low": low, "high": high, "colors": list(ANCHORS)}


def colors_of(
    heat: HeatMap | None, rows: Sequence[str], columns: Sequence[str]
) -> dict[tuple[int, int], str]:
    """The colour of each well by position; nothing where nothing was measured."""
    if heat is None:
        return {}
    return {
        (r, c): heat.color((row, column)) for r, row in enumerate(rows) for c, column in enumerate(columns)
    }


def _blank(value: Any) -> bool:
    return str(value) in ("", "nan", "NaT")
