"""Refuse to load what would not fit in memory, before anything is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab import options
from fairlab.errors import SelectionError

if TYPE_CHECKING:
    import xarray as xr


def check_size(array: xr.DataArray, *, hint: str, itemsize: int = 1) -> None:
    """Refuse a read that would not fit comfortably in memory; nothing is read.

    Parameters
    ----------
    array : DataArray
        What is about to be loaded.
    hint : str
        What to do instead.
    itemsize : int
        Bytes that one result takes per pixel, where that is more than the pixel itself.

    Raises
    ------
    SelectionError
        kind ``"read-too-large"``: more than :func:`fairlab.options.max_read_bytes`.
    """
    limit = options.max_read_bytes()
    needed = array.size * max(array.dtype.itemsize, itemsize)
    if needed > limit:
        sizes = ", ".join(f"{dim} {size:,}" for dim, size in array.sizes.items()) or "one value"
        raise SelectionError(
            f"this needs {needed / 1e9:.3g} GB ({sizes}); at most {limit / 1e9:.3g} GB are loaded at once\n"
            f"  {hint}, or raise fairlab.set_options(max_read_bytes=…)",
            kind="read-too-large",
            bytes=needed,
            max_bytes=limit,
        )
