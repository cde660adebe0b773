"""Coordinate transformations: scale, translation and identity, composed in the order of the specification."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from fairlab.errors import MetadataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Affine = tuple[tuple[float, ...], tuple[float, ...]]


def compose(lists: Sequence[Sequence[Mapping[str, Any]]], *, n_axes: int, where: str) -> Affine:
    """Scale and translation of several lists of transformations, applied one after the other.

    The lists of one image are the dataset's own and then the multiscale's; several well-known readers
    drop the second, and report a pixel size of 1.

    Parameters
    ----------
    lists : sequence of lists
        ``coordinateTransformations`` as JSON values.
    n_axes : int
        Length that every scale and translation must have.
    where : str
        Address of the group, for messages.

    Returns
    -------
    (scale, translation) : tuple of tuple of float
        ``position = scale * index + translation`` on each axis.

    Raises
    ------
    MetadataError
        kind ``"transformation-unknown"``, ``"transformation-length"`` or ``"transformation-value"``.

    Examples
    --------
    >>> dataset = [{"type": "scale", "scale": [2.0]}, {"type": "translation", "translation": [1.0]}]
    >>> image = [{"type": "scale", "scale": [0.5]}]
    >>> compose([dataset, image], n_axes=1, where="here")
    ((1.0,), (0.5,))
    """
    scale, translation = (1.0,) * n_axes, (0.0,) * n_axes
    for transformations in lists:
        for transformation in transformations:
            kind = transformation.get("type")
            if kind == "scale":
                factors = _numbers(transformation, "scale", n_axes, where)
                if min(factors, default=1.0) <= 0:
                    raise _bad_value("scale", transformation, where)
                scale = tuple(s * f for s, f in zip(scale, factors, strict=True))
                translation = tuple(t * f for t, f in zip(translation, factors, strict=True))
            elif kind == "translation":
                shifts = _numbers(transformation, "translation", n_axes, where)
                translation = tuple(t + s for t, s in zip(translation, shifts, strict=True))
            elif kind != "identity":
                raise MetadataError(
                    f"a coordinate transformation of type {kind!r} is not understood\n  at {where}\n"
                    "  expected scale, translation or identity; ignoring it would give wrong positions",
                    kind="transformation-unknown",
                    url=where,
                )
    return scale, translation


def _numbers(transformation: Mapping[str, Any], name: str, n_axes: int, where: str) -> tuple[float, ...]:
    values = transformation.get(name)
    if not isinstance(values, list) or len(values) != n_axes:
        raise MetadataError(
            f"a {name} transformation has {values!r}; expected {n_axes} numbers, one for each axis\n  at {where}",
            kind="transformation-length",
            url=where,
        )
    numbers = [
        v for v in values if isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)
    ]
    if len(numbers) != n_axes:
        raise _bad_value(name, transformation, where)
    return tuple(float(v) for v in numbers)


def _bad_value(name: str, transformation: Mapping[str, Any], where: str) -> MetadataError:
    rule = "finite numbers above zero" if name == "scale" else "finite numbers"
    return MetadataError(
        f"a {name} transformation is {transformation.get(name)!r}; expected {rule}\n  at {where}",
        kind="transformation-value",
        url=where,
    )
