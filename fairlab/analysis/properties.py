"""What can be measured on an object, and how scikit-image calls it: arrays in, columns out."""

# mypy: allow-untyped-calls
# scikit-image announces types but leaves many functions without.

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.errors import SelectionError, missing_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, kw_only=True)
class Property:
    """One property of an object's shape."""

    source: str
    """Name in scikit-image."""
    power: int = 0
    """Of a length: 1 is a length, 2 an area, 3 a volume, 0 a plain number."""
    dimensions: tuple[int, ...] = (2,)
    """In how many dimensions it exists."""


SHAPE = {
    "area": Property(source="area", power=2),
    "volume": Property(source="area", power=3, dimensions=(3,)),
    "centroid": Property(source="centroid", power=1, dimensions=(2, 3)),
    "equivalent_diameter": Property(source="equivalent_diameter_area", power=1, dimensions=(2, 3)),
    "major_axis_length": Property(source="axis_major_length", power=1),
    "minor_axis_length": Property(source="axis_minor_length", power=1),
    "perimeter": Property(source="perimeter", power=1),
    "eccentricity": Property(source="eccentricity"),
    "solidity": Property(source="solidity"),
}
"""Properties of an object's shape."""

INTENSITY = {
    "mean_intensity": "intensity_mean",
    "min_intensity": "intensity_min",
    "max_intensity": "intensity_max",
    "std_intensity": "intensity_std",
}
"""Properties of the pixels under an object, one for each channel, and their names in scikit-image."""

DEFAULT = (
    "area", "volume", "centroid", "equivalent_diameter", "eccentricity", "solidity", "mean_intensity",
)  # fmt: skip
"""What is measured unless something else is asked for; what does not exist in 3D is left out there."""


def chosen(properties: Sequence[str] | None, dimensions: int) -> tuple[list[str], list[str]]:
    """Names of the wanted properties: those of shape, those of intensity, in the order given.

    Raises
    ------
    SelectionError
        kind ``"property-unknown"``: no such property, or not in so many dimensions.
    """
    there = [name for name, what in SHAPE.items() if dimensions in what.dimensions] + list(INTENSITY)
    if properties is None:
        wanted = [name for name in DEFAULT if name in there]
    else:
        wanted = [properties] if isinstance(properties, str) else list(dict.fromkeys(properties))
    for name in wanted:
        if name not in there:
            told = f"{name} does not exist in {dimensions}D" if name in SHAPE else f'no property "{name}"'
            raise SelectionError(
                f"{told}\n  in {dimensions}D there are: {', '.join(there)}", kind="property-unknown"
            )
    return [name for name in wanted if name in SHAPE], [name for name in wanted if name in INTENSITY]


def gapless(labels: Array) -> tuple[Array, Array]:
    """Labels counted from 1 without gaps, and the original name of each.

    Raises
    ------
    SelectionError
        kind ``"labels-type"``: a label is below zero.

    Examples
    --------
    >>> numbered, names = gapless(np.array([[0, 70, 70], [9, 9, 0]]))
    >>> numbered.tolist(), names.tolist()
    ([[0, 2, 2], [1, 1, 0]], [9, 70])
    """
    if labels.size and labels.min() < 0:
        raise SelectionError("labels are below zero\n  expected integers from 0", kind="labels-type")
    # scikit-image keeps a list as long as the largest label: huge names must not cost memory.
    names, inverse = np.unique(labels, return_inverse=True)
    background = int(names.size > 0 and names[0] == 0)
    numbered = (inverse.reshape(labels.shape) + (1 - background)).astype(np.int32)
    return numbered, names[background:].astype(np.int64)


def shapes(
    labels: Array, properties: Sequence[str], *, step: Sequence[float], origin: Sequence[float]
) -> list[Array]:
    """Columns of shape, in the order of ``properties``; a centroid is one column for each axis.

    Parameters
    ----------
    labels : ndarray
        Labels from 1 without gaps; at least one.
    properties : sequence of str
        Keys of :data:`SHAPE`.
    step, origin : sequence of float
        Signed distance of neighbouring pixels, and position of the first, along each axis.

    Raises
    ------
    SelectionError
        kind ``"property-unknown"``: a perimeter was asked for, and pixels are not square.
    MissingExtraError
        scikit-image is not installed.
    """
    try:
        from skimage.measure import regionprops_table
    except ImportError as exc:
        raise missing_extra("analysis", "measure objects", exc) from exc
    size = tuple(abs(length) for length in step)
    sources = tuple({SHAPE[name].source for name in properties} - {"perimeter"})
    found = regionprops_table(labels, properties=sources, spacing=size) if sources else {}
    columns: list[Array] = []
    for name in properties:
        if name == "centroid":
            axes = enumerate(zip(origin, step, strict=True))
            columns += [first + np.sign(length) * found[f"centroid-{i}"] for i, (first, length) in axes]
        else:
            columns.append(_perimeter(labels, size) if name == "perimeter" else found[SHAPE[name].source])
    return columns


def _perimeter(labels: Array, size: tuple[float, ...]) -> Array:
    from skimage.measure import regionprops_table

    # scikit-image wants both sides equal to the last digit; sides from coordinates differ by rounding.
    if not np.isclose(size[0], size[1], rtol=1e-3):
        raise SelectionError(
            f"a perimeter needs square pixels; these measure {size[0]:g} × {size[1]:g}\n"
            "  leave it out of properties=",
            kind="property-unknown",
        )
    counted: Array = regionprops_table(labels, properties=("perimeter",))["perimeter"]
    return counted * (size[0] + size[1]) / 2


def intensities(labels: Array, pixels: Array, properties: Sequence[str]) -> list[Array]:
    """Columns of one channel, in the order of ``properties`` (keys of :data:`INTENSITY`)."""
    from skimage.measure import regionprops_table

    sources = tuple(INTENSITY[name] for name in properties)
    found = regionprops_table(labels, intensity_image=pixels, properties=sources)
    return [found[source] for source in sources]
