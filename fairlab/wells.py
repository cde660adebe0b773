"""Wells of a plate by the names that people give them."""

from __future__ import annotations

import re
from typing import TypeVar

import numpy as np
import xarray as xr

from fairlab.errors import SelectionError

Plate = TypeVar("Plate", xr.DataTree, xr.Dataset, xr.DataArray)


def well(plate: Plate, name: str) -> Plate:
    """One well of a plate, lazily: the same kind of object without ``row`` and ``column``; of a tree, every level.

    Parameters
    ----------
    plate : DataTree, Dataset or DataArray
        A plate, or a level of it.
    name : str
        ``"B03"``, ``"B3"``, ``"b03"`` or ``"B/3"``.

    Raises
    ------
    SelectionError
        kind ``"well-unknown"``; ``"well-absent"``: the plate has the place, but no well there.

    Examples
    --------
    >>> import xarray as xr
    >>> plate = xr.DataArray([[1, 2]], {"row": ["A"], "column": ["1", "2"]}, ("row", "column"))
    >>> int(well(plate, "a02"))
    2
    """
    if isinstance(plate, xr.DataTree):
        nodes = {node.path: node.to_dataset() for node in plate.subtree}
        if not any("row" in node.dims for node in nodes.values()):
            raise _no_plate()
        return xr.DataTree.from_dict(
            {path: well(node, name) if "row" in node.dims else node for path, node in nodes.items()}
        )
    row, column = well_position(plate, name)
    found = plate.sel(row=row, column=column)
    if "present" in found.coords and not found["present"].any():
        raise SelectionError(
            f'the plate has no well "{name}": none is listed there, or what is listed is not in the store\n'
            "  the coordinate present says which wells and fields there are",
            kind="well-absent",
            well=name,
        )
    return found


def well_position(plate: xr.Dataset | xr.DataArray, name: str) -> tuple[str, str]:
    """Row and column, by name, of a well.

    Parameters
    ----------
    plate : Dataset or DataArray
        A level of a plate.
    name : str
        ``"B03"``, ``"B3"``, ``"b03"`` or ``"B/3"``.

    Raises
    ------
    SelectionError
        kind ``"well-unknown"``: no such well, or more than one.

    Examples
    --------
    >>> import xarray as xr
    >>> plate = xr.Dataset(coords={"row": ["A", "B"], "column": ["1", "2", "3"]})
    >>> well_position(plate, "b03")
    ('B', '3')
    """
    if not {"row", "column"} <= set(plate.coords):
        raise _no_plate()
    if not isinstance(name, str):
        raise SelectionError(
            f'{name!r} is no name of a well\n  expected text such as "B3", "B03" or "B/3"',
            kind="well-unknown",
        )
    rows, columns = ([str(n) for n in np.atleast_1d(plate[dim].values)] for dim in ("row", "column"))
    for match in (str, str.casefold):  # "a" and "A" may be two rows
        wanted = _spellings(match(name.strip()))
        found = [(r, c) for r in rows for c in columns if _spellings(f"{match(r)}/{match(c)}") & wanted]
        if len(found) == 1:
            return found[0]
    raise SelectionError(
        f'{"no well is" if not found else "several wells are"} "{name}"\n'
        f"  rows are {', '.join(rows)}; columns are {', '.join(columns)}",
        kind="well-unknown",
        well=name,
    )


def _no_plate() -> SelectionError:
    return SelectionError("this is no plate: it has no rows and columns", kind="well-unknown")


def _spellings(name: str) -> set[str]:
    """A well's name with its parts told apart where it tells them, and without, always without leading zeros."""
    parts = [part.lstrip("0") or "0" if part.isdecimal() else part for part in re.split(r"[/\s]+", name)]
    if len(parts) == 2:
        return {"/".join(parts), "".join(parts)}
    split = re.fullmatch(r"(\D+)(\d+)", name)
    return {f"{split[1]}{split[2].lstrip('0') or '0'}" if split else name}


def is_plate(obj: object) -> bool:
    """Whether an object is what :func:`fairlab.open_plate` gives.

    Examples
    --------
    >>> import fairlab
    >>> is_plate(fairlab.open_plate("sample:plate")), is_plate(fairlab.open_image("sample:nuclei"))
    (True, False)
    """
    if not isinstance(obj, xr.DataTree) or "scale0" not in obj.children:
        return False
    return {"row", "column", "field"} <= set(obj["scale0"].to_dataset().dims)
