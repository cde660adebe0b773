"""One plane of an image to look at or to measure, when nobody said which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.level_choice import choose

if TYPE_CHECKING:
    import xarray as xr

_PLANE = ("c", "y", "x")


def middle_plane(
    tree: xr.DataTree, *, pixel_size: float | str | None = None, max_pixels: int = 4_000_000
) -> xr.DataArray:
    """The plane in the middle of every dimension but channel, y and x; nothing is read.

    Parameters
    ----------
    tree : xarray.DataTree
        From :func:`fairlab.open_image`.
    pixel_size : float or str, optional
        Level by physical size: a number is micrometer; see :func:`fairlab.level_choice.choose`.
    max_pixels : int
        Without ``pixel_size``: the finest level whose plane has at most so many pixels.

    Returns
    -------
    xarray.DataArray
        ``(y, x)``, with ``c`` where the image has it, in the image's own order.

    Examples
    --------
    >>> import fairlab
    >>> middle_plane(fairlab.open_image("sample:nuclei")).dims
    ('c', 'y', 'x')
    """
    name = choose(tree, pixel_size=pixel_size) if pixel_size else choose(tree, max_pixels=max_pixels)
    image = tree[name].dataset["image"]
    return image.isel({dim: size // 2 for dim, size in image.sizes.items() if dim not in _PLANE})


def first_channel(plane: xr.DataArray) -> str | None:
    """Name of the first channel, or None when there is no channel axis."""
    return str(plane["c"].values[0]) if "c" in plane.dims else None
