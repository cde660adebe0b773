"""REMBI: which of its 51 fields are known of an image or a study, module by module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.coverage import Coverage, FieldCoverage
from fairlab.fair.promised import channels, dicts, mapping
from fairlab.fair.rembi_fields import RembiField, fields
from fairlab.fair.term_checks import too_broad
from fairlab.terms import fold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from fairlab.fair.description import Description

_PLACEHOLDERS: Final = frozenset(
    {
        "", "na", "n a", "none", "null", "nil", "unknown", "not known", "tbd", "tba", "todo", "xxx",
        "see paper", "see publication", "see ms", "cf ms", "cf manuscript", "see manuscript", "not applicable",
        "not available", "not specified", "not provided", "dataset name", "dataset description", "untitled",
        "no description", "undefined", "missing", "string",
    }
)  # fmt: skip
_SHORTEST: Final = 25
"""Characters that REMBI 1.5 asks of a title and a description."""


def coverage(description: Description, *, source: str = "") -> Coverage:
    """How much of REMBI a description fills in.

    Parameters
    ----------
    description : Description
        What is known.
    source : str
        What it is called in the answer; its identifier or title by default.

    Examples
    --------
    >>> import fairlab
    >>> from fairlab.fair.description import Description
    >>> known = coverage(Description.of(fairlab.lookup("idr:idr0062")))
    >>> [field.field for field in known.of("Study").missing(optional=False)]
    ['description']
    """
    return Coverage(
        standard="REMBI",
        source=source or name_of(description),
        fields=tuple(_field_coverage(field, description) for field in fields()),
    )


def name_of(description: Description) -> str:
    """What a description is called in an answer: its identifier, else its address or title."""
    for path in ("identity.image_id", "identity.study_id", "identity.url", "citation.title"):
        if found := description.get(path):
            return str(found)
    return "a description"


def _field_coverage(field: RembiField, known: Description) -> FieldCoverage:
    if reason := _does_not_apply(field, known):
        credit, note = None, reason
    else:
        credit, note = _judged(field, known)
    return FieldCoverage(
        module=field.module,
        field=field.name,
        requirement="core" if field.core else "recommended",
        weight=field.weight,
        credit=credit,
        note=note,
        advice=field.advice,
    )


# ── does it apply? ───────────────────────────────────────────────────────────────────────────────────


def _does_not_apply(field: RembiField, known: Description) -> str:
    if field.module == "Image data" and known.get("identity.object_type") == "study":
        return "a study has many images: ask for one of them"
    if field.module == "Image correlation" and not known.get("correlation"):
        # Related images are of use by themselves; the rest is about images of two methods laid over each other.
        return (
            ""
            if field.name == "related_images" and known.get("relations")
            else "no correlative imaging is stated"
        )
    if field.module == "Analyzed data":
        analysed = (
            known.get("annotation") or known.get("image.has_labels") or known.get("image.kind") == "labels"
        )
        return "" if analysed else "no analysis result is stated"
    return ""


# ── is it there? ─────────────────────────────────────────────────────────────────────────────────────


def _judged(field: RembiField, known: Description) -> tuple[float, str]:
    if field.name_in_full in _SPECIAL:
        return _SPECIAL[field.name_in_full](known)
    if field.form == "channels" or field.form == "wavelengths":
        return _of_channels(field, known)
    paths = field.path.split("&")
    found = [any(says_something(known.get(path)) for path in part.split("|")) for part in paths]
    if all(found):
        return 1.0, ""
    if any(found):
        return sum(found) / len(found), f"{' and '.join(paths)} are both needed"
    stated = next((known.get(path) for path in re.split("[|&]", field.path) if known.get(path)), None)
    return 0.0, f"only a placeholder: {_shown(stated)}" if stated else ""


def says_something(value: Any) -> bool:
    """Whether a value is more than a placeholder.

    Examples
    --------
    >>> says_something("HeLa"), says_something("n/a"), says_something([{"label": "."}]), says_something(0)
    (True, False, False, True)
    """
    if isinstance(value, str):
        return " ".join(fold(value)) not in _PLACEHOLDERS
    if isinstance(value, dict):
        return any(map(says_something, value.values()))
    if isinstance(value, list | tuple):
        return any(map(says_something, value))
    return value is not None


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(_shown, value[:3]))
    if isinstance(value, dict):
        return ", ".join(map(_shown, list(value.values())[:3]))
    return f'"{str(value)[:40]}"'


def _text(path: str) -> Callable[[Description], tuple[float, str]]:
    def judge(known: Description) -> tuple[float, str]:
        text = known.get(path)
        if not says_something(text):
            return 0.0, f"only a placeholder: {_shown(text)}" if text else ""
        # A short title may be a good one ("Mitosis in HeLa cells"): it counts, and is told.
        short = len(str(text).strip()) < _SHORTEST
        return 1.0, f"REMBI 1.5 asks for {_SHORTEST} characters or more" if short else ""

    return judge


def _license(known: Description) -> tuple[float, str]:
    stated = mapping(known, "citation.license")
    if not says_something(stated):
        return 0.0, ""
    # Not by its SPDX identifier: the Public Domain Mark has none.
    known_by_name = "commercial" in stated
    return 1.0, "" if known_by_name else f"no licence that is known by name: {_shown(stated.get('name'))}"


def _method(known: Description) -> tuple[float, str]:
    stated = [term for term in dicts(known, "acquisition.method") if says_something(term)]
    specific = [term for term in stated if not too_broad(term)]
    if specific:
        return 1.0, "" if any(term.get("id") for term in specific) else "without an identifier of FBbi"
    labels = ", ".join(str(term.get("label")) for term in stated)
    return 0.0, f'too broad to be of use: "{labels[:80]}"' if stated else ""


def _organism(known: Description) -> tuple[float, str]:
    stated = [term for term in dicts(known, "biosample.organism") if says_something(term)]
    if not stated:
        return 0.0, ""
    return 1.0, "" if all(term.get("id") for term in stated) else "without an identifier of NCBITaxon"


def _pixel_size(known: Description) -> tuple[float, str]:
    scale = {axis: one for axis, one in mapping(known, "image.scale").items() if isinstance(one, dict)}
    if not scale:
        return 0.0, ""
    spatial = {axis: one for axis, one in scale.items() if axis in "xyz"} or scale
    with_unit = [axis for axis, one in spatial.items() if one.get("unit")]
    if len(with_unit) == len(spatial):
        return 1.0, ""
    # The specification has 1.0 written where nothing is known.
    if not with_unit and all(one.get("value") in (1, None) for one in spatial.values()):
        return 0.0, "1.0 without a unit is what stands where nothing is known"
    return 0.5, f"no unit on {', '.join(axis for axis in spatial if axis not in with_unit)}"


def _channels(known: Description) -> tuple[float, str]:
    listed = channels(known, "image.channels") or channels(known, "specimen.channels")
    if not listed:
        return 0.0, ""
    # "0", "Channel 1", "Ch1" are numbers, not names.
    named = [one for one in listed if _names_something(one.get("label"))]
    if len(named) == len(listed):
        return 1.0, ""
    return len(named) / len(listed), f"{len(named)} of {len(listed)} channels have a name of their own"


def _names_something(label: Any) -> bool:
    return says_something(label) and not re.fullmatch(
        r"(?:c|ch|chan|channel)?[\s_:#-]*\d{1,2}(?::\d+)*", str(label).strip(), re.IGNORECASE
    )


def _of_channels(field: RembiField, known: Description) -> tuple[float, str]:
    """Share of the channels that have it, in whichever of the lists says most."""
    total = max((len(channels(known, path)) for path in ("image.channels", "specimen.channels")), default=0)
    best = max((sum(_stated(known, part)) for part in field.path.split("|")), default=0)
    if not total or not best:
        return 0.0, ""
    return best / total, "" if best == total else f"{best} of {total} channels"


def _stated(known: Description, place: str) -> Iterator[bool]:
    path, _, name = place.partition(":")
    return (says_something(one.get(name)) for one in channels(known, path))


_SPECIAL: Final[dict[str, Callable[[Description], tuple[float, str]]]] = {
    "Study.title": _text("citation.title"),
    "Study.description": _text("citation.description"),
    "Study.license": _license,
    "Study Component.imaging_method": _method,
    "Biosample.organism": _organism,
    "Image data.pixel_size": _pixel_size,
    "Image data.channel_information": _channels,
}
