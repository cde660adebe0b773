"""The levels of an image by their names, and the pixels of one."""

from __future__ import annotations

import re
from numbers import Integral
from typing import TYPE_CHECKING

from fairlab.errors import SelectionError

if TYPE_CHECKING:
    import xarray as xr


def variable(level: xr.Dataset | xr.DataArray) -> xr.DataArray:
    """The pixels of one level: its variable ``image`` or ``labels``, or the only one there is.

    Raises
    ------
    SelectionError
        kind ``"no-image"``.
    """
    import xarray as xr

    if isinstance(level, xr.DataArray):
        return level
    for name in ("image", "labels"):
        if name in level.data_vars:
            return level[name]
    if len(level.data_vars) == 1:
        return next(iter(level.data_vars.values()))
    raise SelectionError(
        f'this level has no variable "image" (found: {", ".join(map(str, level.data_vars)) or "nothing"})\n'
        "  give the DataTree from fairlab.open_image, or the DataArray itself",
        kind="no-image",
    )


def level_names(tree: xr.DataTree) -> list[str]:
    """Names of the levels, full resolution first: ``["scale0", "scale1", …]``.

    Raises
    ------
    SelectionError
        kind ``"no-levels"``: this is not the tree of an image.
    """
    numbered = {name: re.fullmatch(r"scale(\d+)", str(name)) for name in tree.children}
    names = sorted((name for name, match in numbered.items() if match), key=lambda name: int(name[5:]))
    if not names:
        raise SelectionError(
            f"this tree has no levels (children: {', '.join(map(str, tree.children)) or 'none'})\n"
            "  expected scale0, scale1 …, as fairlab.open_image gives them",
            kind="no-levels",
        )
    return names


def named(tree: xr.DataTree, level: int | str) -> str:
    """Name of a level that was asked for by its name, or by its number (0 is full resolution, -1 the coarsest).

    Raises
    ------
    SelectionError
        kind ``"level-unknown"``.
    """
    names = level_names(tree)
    if level in names:
        return str(level)
    if isinstance(level, Integral) and not isinstance(level, bool) and -len(names) <= level < len(names):
        return names[int(level)]
    raise SelectionError(
        f"there is no level {level!r}\n  levels are: {', '.join(names)} (or 0 to {len(names) - 1})",
        kind="level-unknown",
        level=str(level),
    )
