"""Multiscale images up to 0.5: levels, and since 0.4 the scale and translation of each."""

from __future__ import annotations

import itertools
import math
from typing import Any

from fairlab.ngff.validation import axes
from fairlab.ngff.validation.findings import Findings, Place, Rule, error, warning, within
from fairlab.ngff.validation.paths import BELOW
from fairlab.ngff.validation.shapes import (
    Anything,
    Fields,
    Key,
    ListOf,
    Number,
    OrNull,
    Tagged,
    Text,
    may,
    must,
    repeated,
    should,
)

_TOLD = {"type": should(Anything()), "metadata": should(Anything())}
NAME_KEYS = {"name": should(Text()), **_TOLD}
"""What every version says SHOULD be told of a pyramid; a name is text since 0.6."""


def unique_paths(datasets: list[dict[str, Any]], place: Place) -> Findings:
    """Two levels cannot be the same array."""
    yield from repeated([dataset["path"] for dataset in datasets], place, "the path")


def coarser(scales: list[list[float]], spatial: list[int], place: Place) -> Findings:
    """The levels MUST be ordered from the largest (finest) to the smallest."""
    volumes = [math.prod(float(scale[axis]) for axis in spatial) for scale in scales]
    for number, (finer, here) in enumerate(itertools.pairwise(volumes), start=1):
        if here < finer * (1 - 1e-6):
            yield error(
                "order",
                (*place, number),
                "this level is finer than the one before it; levels MUST go from the largest to the smallest",
            )


def metadata_is_an_object(entry: dict[str, Any], place: Place) -> Findings:
    """What is said of the downscaling is a dictionary."""
    if "metadata" in entry and not isinstance(entry["metadata"], dict):
        yield warning(
            "metadata", (*place, "metadata"), "it is no object; expected what was done to make the levels"
        )


def _vector(name: str) -> Fields:
    above = 0 if name == "scale" else -math.inf

    def stated_here(transformation: dict[str, Any], place: Place) -> Findings:
        if name in transformation:
            return
        if isinstance(transformation.get("path"), str):
            yield warning(
                "path",
                place,
                f"the {name} lies in an array at a path; the text allows it, the schema does not",
            )
        else:
            yield error(f"missing-{name}", place, f'"{name}" is missing; it MUST be there')

    return Fields(
        keys={"type": must(Text()), name: may(ListOf(item=Number(above=above)))}, also=(stated_here,)
    )


def _one_scale_then_translation(transformations: list[dict[str, Any]], place: Place) -> Findings:
    kinds = [transformation["type"] for transformation in transformations]
    if kinds not in (["scale"], ["scale", "translation"]):
        found = ", ".join(kinds)
        yield error(
            "order", place, f"found {found}; expected exactly one scale, and after it at most one translation"
        )


_TRANSFORMATIONS = ListOf(
    item=Tagged(shapes={"scale": _vector("scale"), "translation": _vector("translation")}),
    least=1,
    section="coordinateTransformations",
    also=(_one_scale_then_translation,),
)


def _lengths(entry: dict[str, Any], place: Place) -> Findings:
    """Every scale and translation MUST have one number for each axis."""
    lists = [((*place, "coordinateTransformations"), entry.get("coordinateTransformations") or [])]
    for number, dataset in enumerate(entry["datasets"]):
        where = (*place, "datasets", number, "coordinateTransformations")
        lists.append((where, dataset["coordinateTransformations"]))
    n_axes = len(entry["axes"])
    for where, transformations in lists:
        for number, transformation in enumerate(transformations):
            kind = transformation["type"]
            count = len(transformation.get(kind, entry["axes"]))
            if count != n_axes:
                text = f"the {kind} has {count} numbers for {n_axes} axes; it MUST have one for each"
                yield from within(
                    "coordinateTransformations", iter([error("length", (*where, number, kind), text)])
                )


def _finest_first(entry: dict[str, Any], place: Place) -> Findings:
    scales = [dataset["coordinateTransformations"][0].get("scale") for dataset in entry["datasets"]]
    spatial = [number for number, axis in enumerate(entry["axes"]) if axis.get("type") == "space"]
    if all(scale is not None and len(scale) == len(entry["axes"]) for scale in scales):
        yield from coarser(scales, spatial, (*place, "datasets"))


def _multiscales(keys: dict[str, Key], dataset: dict[str, Key], *rules: Rule) -> ListOf:
    datasets = ListOf(item=Fields(keys={"path": must(BELOW), **dataset}), least=1, also=(unique_paths,))
    entry = Fields(
        keys={**keys, "datasets": must(datasets), "name": should(OrNull(shape=Text())), **_TOLD},
        also=(metadata_is_an_object, *rules),
    )
    return ListOf(item=entry, least=1, unique=True, section="multiscales")


_VERSION = {"version": should(Text())}
_PLACED = {"coordinateTransformations": must(_TRANSFORMATIONS)}
_TYPED = {"axes": must(axes.AXES), "coordinateTransformations": may(OrNull(shape=_TRANSFORMATIONS))}

EARLY = _multiscales(_VERSION, {})
"""0.1 and 0.2: five dimensions, no geometry."""
NAMED = _multiscales({**_VERSION, "axes": must(axes.NAMES)}, {})
"""0.3: the axes have names."""
PLACED_04 = _multiscales({**_VERSION, **_TYPED}, _PLACED, _lengths, _finest_first)
"""0.4: types, units, scale and translation."""
PLACED_05 = _multiscales(_TYPED, _PLACED, _lengths, _finest_first)
"""0.5: the version has moved up."""
