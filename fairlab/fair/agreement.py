"""Which of several statements is believed, and whether they contradict one another.

Facts about a study are believed in the order: repository, study crate, catalogue, crate beside the image,
OME-XML, OME-Zarr. What the pixels are is believed the other way round: what lies nearest to them.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, Final

from fairlab.terms import imaging_methods, organisms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fairlab.fair.statement import Kind, Statement

_OF_STUDY: Final[tuple[Kind, ...]] = (
    "user", "api", "study-crate", "catalogue", "crate", "ome-xml", "ngff", "array",
)  # fmt: skip
_OF_PIXELS: Final[tuple[Kind, ...]] = (
    "user", "array", "ngff", "ome-xml", "crate", "api", "study-crate", "catalogue",
)  # fmt: skip
_PIXELS: Final = (
    "image.axes",
    "image.shape",
    "image.dtype",
    "image.levels",
    "image.scale",
    "image.extent",
    "image.chunks",
    "image.shards",
)
_PIXEL_GROUPS: Final = ("image.format.", "image.channels", "image.contrast", "image.layout", "image.kind")
# One image is less than its study: what is said of the image itself goes before what is said of the whole study.
_OF_EACH: Final = (
    "biosample.",
    "specimen.",
    "acquisition.",
    "identity.thumbnail",
    "citation.title",
    "citation.desc",
)
_ORDERED: Final = frozenset(
    {"image.axes", "image.shape", "image.channels", "image.levels", "image.chunks", "image.shards"}
)
_NAMES: Final = frozenset({"citation.title", "citation.description"})
"""The title of an image that inherits its study's is not contradicted by its own."""
_WORDING: Final = frozenset(
    {
        "citation.description", "study.description", "study.component.description", "citation.acknowledgement",
        "citation.attribution", "biosample.description", "specimen.preparation", "specimen.growth_protocol",
        "acquisition.parameters", "acquisition.instrument", "identity.note", "identity.thumbnail",
        "identity.landing_page", "identity.url", "identity.listed_url", "identity.uid", "image.name", "image.bytes",
    }
)  # fmt: skip
"""Paths on which documents may say different things and be right both: other words, other addresses, another count."""
_VOCABULARIES: Final = {"biosample.organism": organisms, "acquisition.method": imaging_methods}
_ENCODED: Final = json.JSONEncoder(sort_keys=True).encode
_KEYS: Final = ("id", "spdx", "orcid", "doi", "pmid")
"""What two entries are known by: when both have it, nothing else decides."""


def ranked(statements: Sequence[Statement]) -> list[Statement]:
    """Statements about one path, the preferred first; among equals the one that says more."""
    return sorted(statements, key=_rank) if len(statements) > 1 else list(statements)


def _rank(one: Statement) -> tuple[Any, ...]:
    order = _OF_PIXELS if one.path in _PIXELS or one.path.startswith(_PIXEL_GROUPS) else _OF_STUDY
    kind = order.index(one.kind)
    inferred = one.source.basis == "inferred"
    first = (inferred, kind) if one.path.startswith(_OF_EACH) else (kind, inferred)
    text = canonical(one.value)
    return (*first, -len(text), text, canonical(one.to_dict()))


def canonical(value: Any) -> str:
    """A JSON value as text that is the same for equal values."""
    return _ENCODED(value)


def disagree(path: str, statements: Sequence[Statement]) -> bool:
    """Whether two of the statements about one path cannot both be right.

    A list that has part of another agrees with it, and so does a broader term; texts agree without regard to case
    and spaces, numbers within a ten-thousandth.
    """
    if path in _WORDING or len(statements) < 2:
        return False
    told = [one for one in statements if path not in _NAMES or one.source.basis == "asserted"]
    values = list({canonical(one.value): one.value for one in told}.values())
    if path in _VOCABULARIES:
        values = [value for value in map(_identified, values) if value]
    return any(
        not (_related(path, first, second) or agree(first, second, ordered=path in _ORDERED))
        for position, first in enumerate(values)
        for second in values[position + 1 :]
    )


def _identified(value: Any) -> list[Any]:
    """The terms that have an identifier: other words for one thing contradict nothing."""
    return (
        [one for one in value if isinstance(one, dict) and one.get("id")] if isinstance(value, list) else []
    )


def _related(path: str, first: Any, second: Any) -> bool:
    """Whether a term of one is broader than a term of the other: a confocal microscope is a microscope."""
    if path not in _VOCABULARIES:
        return False
    vocabulary = _VOCABULARIES[path]()
    return any(
        one["id"] in vocabulary.ancestors(other["id"]) or other["id"] in vocabulary.ancestors(one["id"])
        for one in first
        for other in second
    )


def agree(first: Any, second: Any, *, ordered: bool = False) -> bool:
    """Whether two values can both be right.

    Examples
    --------
    >>> agree({"id": "NCBITaxon:9606", "label": "Homo sapiens"}, {"id": "NCBITaxon:9606", "label": "human"})
    True
    >>> agree([{"label": "mouse"}], [{"label": "Mouse"}, {"label": "human"}])
    True
    >>> agree([1, 2], [2, 1], ordered=True), agree(0.207, 0.20700000000000002), agree("a", "b")
    (False, True, False)
    """
    if isinstance(first, dict) and isinstance(second, dict):
        return _agree_dicts(first, second)
    if isinstance(first, list | tuple) and isinstance(second, list | tuple):
        if ordered:
            return len(first) == len(second) and all(map(agree, first, second))
        few, many = sorted((first, second), key=len)
        return all(any(agree(one, other) for other in many) for one in few)
    if isinstance(first, str) and isinstance(second, str):
        return " ".join(first.casefold().split()) == " ".join(second.casefold().split())
    if _is_number(first) and _is_number(second):
        return math.isclose(first, second, rel_tol=1e-4)
    return bool(first == second)


def _agree_dicts(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    for key in _KEYS:
        if first.get(key) and second.get(key):
            return bool(agree(first[key], second[key]))
    shared = first.keys() & second.keys()
    return bool(shared) and all(agree(first[key], second[key]) for key in shared)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
