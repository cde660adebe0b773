"""From the pixels of one frame to its objects: arrays in, arrays out."""

# mypy: allow-untyped-calls
# scikit-image announces types but leaves many functions without.

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from fairlab.errors import SelectionError, missing_extra

Array = np.ndarray[Any, np.dtype[Any]]
Method = str | Callable[[Array], Array]

METHODS = ("otsu", "li", "triangle", "yen", "isodata", "mean", "minimum")
"""Names of thresholds, as scikit-image calls them."""

SPLIT_DEPTH = 0.15
"""A neck is cut when the object is narrower there by this part of its half width."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How objects are found in one frame; lengths follow the frame's axes."""

    method: Method
    """Name of a threshold, or a function from pixels to a mask or labels."""
    spacing: tuple[float, ...]
    """Size of a pixel along each axis, in any unit: only the ratios count."""
    smooth_pixels: tuple[float, ...] | None = None
    """Standard deviation of the Gaussian applied first, in pixels along each axis."""
    min_pixels: float = 0.0
    """Fewest pixels of an object."""
    dark_objects: bool = False
    """Objects are darker than the background."""
    fill_holes: bool = True
    """Fill background that an object encloses."""
    split: bool = True
    """Cut objects at their necks."""


def find_objects(pixels: Array, recipe: Recipe) -> tuple[Array, float | None]:
    """Labels of one frame (int32, from 1 without gaps), and the threshold where one was computed.

    Raises
    ------
    SelectionError
        kind ``"method-result"``: a function returned something else than a mask or labels;
        kind ``"threshold"``: the named method finds none in these pixels.
    MissingExtraError
        scikit-image is not installed.

    Examples
    --------
    >>> pixels = np.zeros((5, 7)); pixels[1:4, 1:3] = 5; pixels[1:3, 5] = 5
    >>> labels, threshold = find_objects(pixels, Recipe(method="otsu", spacing=(1.0, 1.0)))
    >>> np.bincount(labels.ravel()).tolist()
    [27, 6, 2]
    """
    try:
        from scipy import ndimage
        from skimage import filters, measure
    except ImportError as exc:
        raise missing_extra("analysis", "segment an image", exc) from exc
    if recipe.smooth_pixels is not None:
        pixels = filters.gaussian(pixels, sigma=recipe.smooth_pixels, preserve_range=True)
    threshold = None
    if callable(recipe.method):
        found = _checked(recipe.method(pixels), pixels)
    else:
        found, threshold = _beyond_threshold(pixels, recipe)
    if found.dtype == bool:
        found = measure.label(ndimage.binary_fill_holes(found) if recipe.fill_holes else found)
        if recipe.split:
            found = _split(found, recipe)
    return _without_small(found, recipe.min_pixels), threshold


def _checked(result: Any, pixels: Array) -> Array:
    found = np.asarray(result)
    if found.shape != pixels.shape or found.dtype.kind not in "bui" or (found.size and found.min() < 0):
        raise SelectionError(
            f"the method returned {found.dtype} of shape {found.shape}\n"
            f"  expected a mask (bool) or labels (integers from 0) of shape {pixels.shape}",
            kind="method-result",
        )
    return found


def _beyond_threshold(pixels: Array, recipe: Recipe) -> tuple[Array, float | None]:
    values = _countable(pixels)
    finite = np.isfinite(values)
    known = values[finite]
    if not known.size or known.min() == known.max():
        return np.zeros(pixels.shape, dtype=bool), None  # one value everywhere: nothing stands out
    top = known.max()
    if recipe.dark_objects:
        values, known = top - values, top - known
    threshold = _threshold(known, str(recipe.method))
    with np.errstate(invalid="ignore"):
        mask = finite & (values > threshold)
    return mask, float(top) - threshold if recipe.dark_objects else threshold


def _countable(pixels: Array) -> Array:
    # scikit-image counts integers one bin per value: right for 16 bits, endless for 32. And int16 overflows
    # when it is turned upside down.
    if pixels.dtype.kind not in "iu" or pixels.dtype in (np.uint8, np.uint16):
        return pixels
    return pixels.astype(np.int32 if pixels.dtype.itemsize <= 2 else np.float64)


def _threshold(known: Array, method: str) -> float:
    from skimage import filters

    try:
        return float(getattr(filters, f"threshold_{method}")(known))
    except RuntimeError as exc:
        raise SelectionError(
            f'"{method}" finds no threshold in these pixels ({exc})\n  try another method, such as "otsu"',
            kind="threshold",
        ) from exc


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    # scikit-image 0.26 on numpy 2.5 speaks of its own inside; nothing that a caller could change.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Setting the shape on a NumPy array", DeprecationWarning)
        yield


@_quiet()
def _split(labels: Array, recipe: Recipe) -> Array:
    """Cut every object at its necks."""
    from skimage import measure

    result = np.zeros(labels.shape, dtype=np.int32)
    count = 0
    for region in measure.regionprops(labels):
        pieces = _pieces(region.image, recipe)
        result[region.slice][region.image] = pieces[region.image] + count
        count += int(pieces.max())
    return result


def _pieces(mask: Array, recipe: Recipe) -> Array:
    """Parts of one object, counted from 1: one seed for each wide place, then a watershed."""
    from scipy import ndimage
    from skimage import measure, morphology, segmentation

    inside = np.pad(mask, 1)
    distance = ndimage.distance_transform_edt(inside, sampling=recipe.spacing)
    # Two wide places are two objects only when the neck between them is narrower by `depth` (h-maxima),
    # so that a ragged outline alone does not split an object.
    depth = max(SPLIT_DEPTH * distance.max(), min(recipe.spacing))
    flat = morphology.reconstruction(np.maximum(distance - depth, 0), distance, method="dilation")
    seeds = measure.label(morphology.local_maxima(flat) & inside)
    while seeds.max() > 1:
        pieces: Array = segmentation.watershed(-distance, seeds, mask=inside)
        sizes = np.bincount(pieces.ravel())[1:]
        if sizes.min() >= recipe.min_pixels:
            return pieces[(slice(1, -1),) * mask.ndim]
        # A piece too small to be an object by itself belongs to its neighbour.
        seeds[seeds == sizes.argmin() + 1] = 0
        seeds = segmentation.relabel_sequential(seeds)[0]
    return mask.astype(np.int32)


@_quiet()
def _without_small(labels: Array, min_pixels: float) -> Array:
    from skimage.segmentation import relabel_sequential

    # Without gaps first: a function may have named objects by huge numbers, and bincount counts up to them.
    gapless = relabel_sequential(labels.astype(np.int64, copy=False))[0]
    kept = np.bincount(gapless.ravel()) >= min_pixels
    kept[0] = False
    return np.asarray((np.cumsum(kept) * kept).astype(np.int32)[gapless])
