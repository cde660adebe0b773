"""Find objects: threshold, fill, split what touches, drop what is too small."""

from __future__ import annotations

import dataclasses
import math
from importlib.metadata import version

import numpy as np
import xarray as xr

from fairlab import __version__
from fairlab.analysis.objects import METHODS, Array, Method, Recipe, find_objects
from fairlab.analysis.read_size import check_size
from fairlab.analysis.selection import (
    RENDERING,
    Image,
    at_level,
    at_positions,
    frame_space,
    frames,
    in_order,
    one_channel,
    pixels_of,
)
from fairlab.errors import SelectionError
from fairlab.pixel_sizes import axis_um, is_physical, spacing
from fairlab.quantities import quantity_um

OPTIONS = ("fill_holes", "split", "dark_objects")


def segment(
    image: Image,
    *,
    channel: str | None = None,
    method: Method = "otsu",
    pixel_size: float | str | None = None,
    min_size_um2: float | None = None,
    smooth_um: float | str | None = None,
    fill_holes: bool = True,
    split: bool = True,
    dark_objects: bool = False,
    **positions: int | slice,
) -> xr.DataArray:
    """Objects of one channel, as labels with the image's coordinates.

    Time points are segmented one by one; several planes are segmented together, in 3D.

    Parameters
    ----------
    image : DataTree, Dataset or DataArray
        An image from :func:`fairlab.open_image`, one of its levels, or an array of it.
    channel : str, optional
        Name of the channel; needed when there are several.
    method : str or callable
        How objects are told from background: ``"otsu"``, ``"li"``, ``"triangle"``, ``"yen"``, ``"isodata"``,
        ``"mean"`` or ``"minimum"``, computed per frame; or a function that takes the pixels of one frame,
        shape ``(y, x)`` or ``(z, y, x)``, and returns a mask (bool) or labels (integers) of that shape.
        Labels of a function are neither filled nor split.
    pixel_size : float or str, optional
        Work on the coarsest level whose pixels are not larger: a number is micrometer, text such as
        ``"4 nm"`` states its unit. Default: full resolution.
    min_size_um2 : float, optional
        Smallest object to keep, in µm². In 3D: the cross-section of the smallest ball that is kept.
    smooth_um : float or str, optional
        Standard deviation of a Gaussian applied first, in micrometer or with a unit.
    fill_holes : bool
        Fill the background that an object encloses.
    split : bool
        Cut objects that touch where they are narrow (watershed on the distance to the background).
    dark_objects : bool
        Objects are darker than the background, as in a stained section.
    **positions : int or slice
        Index along other axes: ``t=0``, ``z=3``, ``x=slice(0, 500)``.

    Returns
    -------
    DataArray
        int32, name ``"labels"``: 0 is background, objects count from 1 in every frame. It keeps the image's
        coordinates but the channel's, and its attributes; ``history`` and ``segmentation_*`` say how it
        was made.

    Raises
    ------
    SelectionError
        kind ``"channel-unknown"``, ``"channel-missing"``; ``"unitless"``: a size was asked of an image that
        states no unit; ``"quantity"``, ``"method-unknown"``, ``"method-result"``, ``"threshold"``,
        ``"dimension-unknown"``, ``"position-out-of-range"``, ``"read-too-large"``.
    MissingExtraError
        scikit-image is not installed.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> pixels = np.zeros((1, 6, 8)); pixels[0, 1:4, 1:4] = 9
    >>> axis = {"units": "micrometer"}
    >>> image = xr.DataArray(pixels, dims=("c", "y", "x"), name="image", coords={
    ...     "c": ["DAPI"], "y": ("y", np.arange(6) * 0.5, axis), "x": ("x", np.arange(8) * 0.5, axis)})
    >>> labels = segment(image, channel="DAPI", min_size_um2=1)
    >>> int(labels.max()), int((labels == 1).sum())
    (1, 9)
    """
    array, level = at_level(image, pixel_size)
    array, channel = one_channel(array, channel)
    array = in_order(at_positions(array, positions))
    recipe = dataclasses.replace(
        _recipe(array, method, min_size_um2, smooth_um),
        fill_holes=fill_holes,
        split=split,
        dark_objects=dark_objects,
    )
    if callable(method) and dark_objects:
        raise SelectionError(
            "dark_objects turns a threshold around; a function decides itself what an object is\n"
            "  leave dark_objects out, or name a method",
            kind="method-unknown",
        )
    check_size(array, itemsize=4, hint="ask for larger pixels (pixel_size=…) or give positions (t=0, z=3)")
    labels, thresholds = _label(array, recipe)
    made = {
        "method": _name(method),
        "threshold": "; ".join(f"{value:.6g}" for value in thresholds),
        "channel": channel or "",
        "level": level,
        "pixel_size_um": " × ".join(f"{step:g}" for step in _pixel_size(array)),
        "min_size_um2": "" if min_size_um2 is None else f"{min_size_um2:g}",
        "smooth_um": "" if smooth_um is None else f"{quantity_um(smooth_um):g}",
        "options": ", ".join(name for name in OPTIONS if getattr(recipe, name)),
    }
    return _labelled(array, labels, {name: text for name, text in made.items() if text})


def _recipe(
    array: xr.DataArray, method: Method, min_size_um2: float | None, smooth_um: float | str | None
) -> Recipe:
    if not callable(method) and method not in METHODS:
        raise SelectionError(
            f"there is no method {method!r}\n  methods are: {', '.join(METHODS)}, or a function of the pixels",
            kind="method-unknown",
        )
    space = frame_space(array)
    if min_size_um2 is None and smooth_um is None:
        # Nothing physical was asked, so an image without units will do.
        return Recipe(method=method, spacing=_pixel_size(array) or (1.0,) * len(space))
    size = tuple(abs(spacing(array, dim)) * axis_um(array, dim) for dim in space)
    smooth = None if smooth_um is None else tuple(quantity_um(smooth_um) / step for step in size)
    least = 0.0 if min_size_um2 is None else _min_pixels(min_size_um2, size)
    return Recipe(method=method, spacing=size, min_pixels=least, smooth_pixels=smooth)


def _pixel_size(array: xr.DataArray) -> tuple[float, ...]:
    """Micrometer along each axis of a frame; empty for an image without units."""
    space = frame_space(array)
    if not is_physical(array, space):
        return ()
    return tuple(abs(spacing(array, dim)) * axis_um(array, dim) for dim in space)


def _min_pixels(min_size_um2: float, size: tuple[float, ...]) -> float:
    if isinstance(min_size_um2, str) or not 0 <= min_size_um2 < math.inf:
        raise SelectionError(
            f"min_size_um2 is {min_size_um2!r}; expected an area in µm², from 0", kind="quantity"
        )
    least = float(min_size_um2)
    if len(size) == 3:  # the volume of the ball with this cross-section
        least = 4 / 3 * math.pi * (least / math.pi) ** 1.5
    return least / math.prod(size) * (1 - 1e-9)  # an object of exactly this size stays


def _label(array: xr.DataArray, recipe: Recipe) -> tuple[Array, list[float]]:
    labels = np.zeros(array.shape, dtype=np.int32)
    thresholds = []
    for place in frames(array):
        found, threshold = find_objects(pixels_of(array.isel(place)), recipe)
        labels[tuple(place.get(str(dim), slice(None)) for dim in array.dims)] = found
        if threshold is not None:
            thresholds.append(threshold)
    return labels, thresholds


def _labelled(array: xr.DataArray, labels: Array, made: dict[str, str]) -> xr.DataArray:
    told = ", ".join(_phrase(name, text) for name, text in made.items())
    line = f"segmented by fairlab {__version__} with scikit-image {version('scikit-image')}: {told}"
    earlier = f"{array.attrs['history']}\n" if "history" in array.attrs else ""
    attrs = {
        **array.attrs,
        **{f"segmentation_{name}": text for name, text in made.items()},
        "fairlab_version": __version__,
        "history": earlier + line,
    }
    coords = {name: coord for name, coord in array.coords.items() if name not in RENDERING}
    return xr.DataArray(labels, dims=array.dims, coords=coords, name="labels", attrs=attrs)


def _phrase(name: str, text: str) -> str:
    """``min_size_um2`` and ``10`` as "min size 10 µm²"."""
    for suffix, unit in (("_um2", " µm²"), ("_um", " µm")):
        if name.endswith(suffix):
            return f"{name.removesuffix(suffix).replace('_', ' ')} {text}{unit}"
    return f"{name.replace('_', ' ')} {text}"


def _name(method: Method) -> str:
    if isinstance(method, str):
        return method
    name = getattr(method, "__qualname__", type(method).__name__)
    return f"{getattr(method, '__module__', None) or 'a function'}.{name}"
