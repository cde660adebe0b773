"""Coordinate transformations: what lists of them do to the pixel grid, in the order of the specification."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlab.errors import MetadataError
from fairlab.ngff.values import broken, number, shown, text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fairlab.ngff.model import Image

    Transformation = Mapping[str, Any]
    Fail = Callable[[str, str], MetadataError]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Composed:
    """What transformations do to the pixel grid, as far as scale and translation say it."""

    scale: tuple[float, ...]
    """Distance between samples on each axis."""
    translation: tuple[float, ...]
    """Position of the first sample on each axis."""
    left: tuple[str, ...] = ()
    """Types of the transformations that are not applied: the first that is more than scale and translation,
    and what follows it."""


def compose(
    lists: Sequence[Sequence[Transformation]], *, n_axes: int, where: str, place: str = ""
) -> Composed:
    """Scale and translation of several lists of transformations, applied one after the other.

    Up to 0.5 the lists of one image are the dataset's own and then the multiscale's; several well-known
    readers drop the second, and report a pixel size of 1. A rotation, affine or displacement ends what
    scale and translation can say: it and what follows are left, as long as the pixel size is known without.

    Parameters
    ----------
    lists : sequence of lists
        ``coordinateTransformations`` as JSON values; sequences may be nested.
    n_axes : int
        Length that every scale and translation must have.
    where, place : str
        Address of the group and place in its metadata, for messages.

    Raises
    ------
    MetadataError
        kind ``"transformation-unknown"``: the pixel size depends on what is not understood;
        ``"transformation-path"``: the numbers lie in an array; ``"transformation-length"`` or
        ``"transformation-value"``: they are not as many, or not what they must be.

    Examples
    --------
    >>> dataset = [{"type": "scale", "scale": [2.0]}, {"type": "translation", "translation": [1.0]}]
    >>> image = [{"type": "scale", "scale": [0.5]}, {"type": "rotation", "rotation": [[1.0]]}]
    >>> compose([dataset, image], n_axes=1, where="here")
    Composed(scale=(1.0,), translation=(0.5,), left=('rotation',))
    """
    scale, translation = (1.0,) * n_axes, (0.0,) * n_axes
    scaled = False
    fail = partial(broken, where=where, place=place)
    left: list[str] = []
    for transformation in flat([step for steps in lists for step in steps]):
        kind = transformation.get("type")
        if kind == "scale":
            factors = _numbers(transformation, "scale", n_axes, fail)
            if 0.0 in factors:
                raise _bad_value("scale", transformation, fail)
            if left and set(factors) != {1.0}:
                raise _unknown(left[0], fail)
            scale = tuple(s * f for s, f in zip(scale, factors, strict=True))
            translation = tuple(t * f for t, f in zip(translation, factors, strict=True))
            scaled = True
        elif kind == "translation":
            shifts = _numbers(transformation, "translation", n_axes, fail)
            if left:
                left.append("translation")
            else:
                translation = tuple(t + s for t, s in zip(translation, shifts, strict=True))
        elif kind != "identity":
            left.append(text(kind) or shown(kind))
            if not scaled:
                raise _unknown(left[0], fail)
    # The product of finite numbers need not be finite.
    if not all(number(s) for s in scale) or any(number(t) is None for t in translation):
        raise fail(
            "the transformations give a scale or translation beyond all numbers", "transformation-value"
        )
    return Composed(scale=scale, translation=translation, left=tuple(left))


def flat(transformations: Sequence[Transformation]) -> Iterator[Transformation]:
    """Transformations in the order they are applied, sequences (which may be nested) taken apart.

    Examples
    --------
    >>> inner = {"type": "sequence", "transformations": [{"type": "scale"}, {"type": "translation"}]}
    >>> [step["type"] for step in flat([{"type": "identity"}, inner])]
    ['identity', 'scale', 'translation']
    """
    waiting = list(reversed(transformations))  # a stack of our own: nesting is the document's choice
    while waiting:
        step = waiting.pop()
        inner = step.get("transformations")
        if step.get("type") != "sequence" or not isinstance(inner, list):
            yield step
        else:
            waiting.extend(s if isinstance(s, Mapping) else {"type": shown(s)} for s in reversed(inner))


def finest_first(image: Image) -> Image:
    """The image with its levels in the order that the specification asks for, by the size of their pixels.

    Examples
    --------
    >>> from fairlab.ngff.axes import named
    >>> from fairlab.ngff.model import Image, Level
    >>> levels = [Level(path=p, scale=(s, s), translation=(0.0, 0.0)) for p, s in (("low", 2.0), ("high", 1.0))]
    >>> [level.path for level in finest_first(Image(version="0.4", axes=named("yx"), levels=tuple(levels))).levels]
    ['high', 'low']
    """
    space = [number for number, axis in enumerate(image.axes) if axis.type == "space"]
    levels = tuple(
        sorted(image.levels, key=lambda level: math.prod(abs(level.scale[number]) for number in space))
    )
    if levels == image.levels:
        return image
    stated = ", ".join(level.path for level in image.levels)
    remark = f"the levels are not listed from the finest to the coarsest ({stated}); here they are"
    return dataclasses.replace(image, levels=levels, remarks=(*image.remarks, remark))


def by_shape(image: Image, shapes: Sequence[tuple[int, ...]]) -> Image:
    """The image with scales that follow from its levels' shapes, where it states none (before 0.4).

    Parameters
    ----------
    image : Image
        As its attributes describe it; returned as it is when it states scales.
    shapes : sequence of tuple of int
        Shape of each level's array, finest first.

    Raises
    ------
    MetadataError
        kind ``"axes-mismatch"``: a shape has another number of dimensions than the image has axes;
        ``"level-empty"``: a level without samples.

    Examples
    --------
    >>> from fairlab.ngff.axes import named
    >>> from fairlab.ngff.model import Image, Level
    >>> levels = [Level(path=p, scale=(1.0, 1.0), translation=(0.0, 0.0)) for p in "01"]
    >>> image = Image(version="0.3", axes=named("yx"), levels=tuple(levels), scales_stated=False)
    >>> by_shape(image, [(100, 40), (50, 40)]).levels[1].scale
    (2.0, 1.0)
    """
    if image.scales_stated:
        return image
    for level, shape in zip(image.levels, shapes, strict=True):
        if len(shape) != len(image.axes):
            names = ", ".join(axis.name for axis in image.axes)
            raise MetadataError(
                f'the level "{level.path}" has {len(shape)} dimensions, but OME-Zarr {image.version} '
                f"gives it the axes {names}",
                kind="axes-mismatch",
            )
        if min(shape) < 1:
            raise MetadataError(
                f'the level "{level.path}" of shape {shape} is empty\n'
                "  expected one sample or more along each axis; report it to the repository",
                kind="level-empty",
            )
    levels = tuple(
        dataclasses.replace(level, scale=tuple(n0 / n for n0, n in zip(shapes[0], shape, strict=True)))
        for level, shape in zip(image.levels, shapes, strict=True)
    )
    return dataclasses.replace(image, levels=levels)


def _numbers(transformation: Transformation, name: str, n_axes: int, fail: Fail) -> tuple[float, ...]:
    values = transformation.get(name)
    if values is None and "path" in transformation:
        raise fail(
            f"a {name} transformation keeps its numbers in the array {shown(transformation['path'])}; "
            "only numbers in the metadata are read",
            "transformation-path",
        )
    if not isinstance(values, list) or len(values) != n_axes:
        raise fail(
            f"a {name} transformation has {shown(values)}; expected {n_axes} numbers, one for each axis",
            "transformation-length",
        )
    numbers = [found for value in values if (found := number(value)) is not None]
    if len(numbers) != n_axes:
        raise _bad_value(name, transformation, fail)
    return tuple(numbers)


def _bad_value(name: str, transformation: Transformation, fail: Fail) -> MetadataError:
    rule = "finite numbers but zero" if name == "scale" else "finite numbers"
    what = f"a {name} transformation is {shown(transformation.get(name))}; expected {rule}"
    return fail(what, "transformation-value")


def _unknown(kind: str, fail: Fail) -> MetadataError:
    return fail(
        f"a coordinate transformation of type {kind!r} is not understood, and the pixel size depends on it; "
        "expected scale, translation, identity or a sequence of these before it",
        "transformation-unknown",
    )
