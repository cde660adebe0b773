"""I1 and R1.3-02, the image's side: whether programs can read what the OME-Zarr means."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.seen import not_said
from fairlab.fair.outcome import Evidence, Outcome, failed, graded, met, unknown
from fairlab.ngff.units import LENGTHS_M, TIMES_S
from fairlab.ngff.validation.document import read
from fairlab.ngff.validation.findings import pointer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description

_RELEASED: Final = {"0.4": 1.0, "0.5": 1.0, "0.1": 0.5, "0.2": 0.5, "0.3": 0.5}
_DRAFT: Final = 0.25
_BASE: Final = 0.75
"""For metadata that break no MUST but a SHOULD."""
_CODECS: Final = frozenset(
    {
        "bytes",
        "blosc",
        "zstd",
        "gzip",
        "zlib",
        "lz4",
        "transpose",
        "sharding_indexed",
        "crc32c",
        "none",
        "shuffle",
    }
)
_DTYPES: Final = frozenset(
    {
        "bool",
        *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
        "float16",
        "float32",
        "float64",
    }
)
_CLOSE: Final = 0.02
"""How far the ratio of two pixel sizes may be from that of the shapes."""


def valid(probe: Probe | None, description: Description) -> Outcome:
    """I1-01: the metadata break no rule of their version; a broken SHOULD costs a quarter."""
    role = seen.root_role(probe)
    if role is None:
        return not_said(
            probe, description, "OME-Zarr metadata", by=seen.NGFF, fix="Write the metadata of OME-Zarr."
        )
    judged = read(seen.document(probe, role))
    findings = [] if judged.rules is None else list(judged.judged())
    findings = findings or list(judged.findings)
    errors = [one for one in findings if one.level == "error"]
    warnings = [one for one in findings if one.level == "warning"]
    document = seen.address(probe, role)
    worst = [
        Evidence(
            text=f"{one.section}.{one.code}: {seen.brief(one.text)}",
            document=document,
            pointer=pointer(one.place),
        )
        for one in (*errors, *warnings)[:5]
    ]
    if errors:
        return failed(
            *worst, fix=f"Repair what breaks a MUST ({len(errors)}); fairlab validate lists it all."
        )
    if warnings:
        return graded(
            _BASE,
            *worst,
            fix=f"Repair what breaks a SHOULD ({len(warnings)}); fairlab validate lists it all.",
        )
    return met(Evidence(text=f"valid OME-Zarr {judged.version}", document=document))


def released_version(probe: Probe | None, description: Description) -> Outcome:
    """I1-02: a released version; old ones count half, drafts a quarter."""
    version = description.get("image.format.ngff_version")
    if not isinstance(version, str):
        return not_said(
            probe,
            description,
            "a version of OME-Zarr",
            by=(*seen.STUDY_FACTS, "ngff"),
            fix="State the version of OME-Zarr.",
        )
    score = _RELEASED.get(version, _DRAFT if version.startswith("0.") else 0.0)
    return graded(
        score, seen.said(description, "image.format.ngff_version"), fix="Convert it to OME-Zarr 0.4 or 0.5."
    )


def axes_with_units(probe: Probe | None, description: Description) -> Outcome:
    """I1-05: every axis has a type, those of space and time a unit that NGFF knows."""
    axes = seen.axes(probe)
    if not axes:
        return _no_image(probe, description, "axes")
    wrong = [text for axis in axes for text in _faults(axis)]
    role = seen.image_role(probe) or ""
    told = Evidence(
        text="; ".join(wrong) or f"{', '.join(str(axis.get('name')) for axis in axes)}: typed, with units",
        document=seen.address(probe, role),
        pointer="multiscales/0",
    )
    return graded(
        float(not wrong), told, fix='Give each axis a type, and a unit such as "micrometer" or "second".'
    )


def _faults(axis: Mapping[str, Any]) -> Iterator[str]:
    name, kind, unit = seen.brief(axis.get("name"), width=20), axis.get("type"), axis.get("unit")
    known: Mapping[str, float] = {}
    if kind not in ("space", "time", "channel"):
        yield f"{name} has no type of the specification"
    else:
        known = {"space": LENGTHS_M, "time": TIMES_S}.get(str(kind), {})
    if known and unit not in known:
        yield f"{name} has no unit" if unit is None else f"{name} has a unit that NGFF does not know"


def usable_scale(probe: Probe | None, description: Description) -> Outcome:
    """I1-06: pixel sizes are there, above zero, not just ones without unit, and agree with the shapes."""
    fix = "State the distance between pixels at every level (coordinateTransformations, scale), with units."
    if seen.multiscale(probe) is None:
        return _no_image(probe, description, "a pixel size")
    image = seen.image(probe)
    document = seen.address(probe, seen.image_role(probe) or "")
    if image is None or not image.scales_stated:
        return failed(Evidence(text="no pixel size that can be read", document=document), fix=fix)
    space = [number for number, axis in enumerate(image.axes) if axis.type == "space"]
    first, last = image.levels[0].scale, image.levels[-1].scale
    told = Evidence(text=f"pixel size {', '.join(f'{first[n]:g}' for n in space)}", document=document)
    if not all(math.isfinite(step) and step > 0 for level in image.levels for step in level.scale):
        return failed(dataclasses.replace(told, text="a pixel size is not above zero"), fix=fix)
    if all(first[n] == 1 for n in space) and not any(image.axes[n].unit for n in space):
        return failed(
            dataclasses.replace(told, text="all pixel sizes are 1 without a unit: nobody stated them"),
            fix=fix,
        )
    if len(image.levels) > 1:
        shapes = [seen.array(probe, which) for which in ("first", "last")]
        if shapes[0] is None or shapes[1] is None:
            return _unseen_arrays(probe, description, told, fix)
        for n in space:
            steps, samples = last[n] / first[n], shapes[0].shape[n : n + 1] + shapes[1].shape[n : n + 1]
            if len(samples) < 2 or not _agrees(steps, *samples):
                text = f"axis {image.axes[n].name}: pixels grow {steps:.3g} times, the shapes say otherwise"
                return failed(told, dataclasses.replace(told, text=text), fix=fix)
    return met(told)


def _agrees(steps: float, first: int, last: int) -> bool:
    """Whether a level that is ``steps`` times coarser may have ``last`` samples: within 2 %, or one sample."""
    expected = first / steps
    return abs(expected - last) <= max(1.0, _CLOSE * expected)


def common_codecs(probe: Probe | None, description: Description) -> Outcome:
    """I1-07: codecs and data type that every reader has."""
    fix = "Store it with blosc, zstd or gzip, as integers or floats."
    document, facts = seen.document(probe, "array:first"), seen.array(probe, "first")
    if facts is None or not isinstance(document, dict):
        return not_said(probe, description, "the codecs", by=seen.ARRAY, fix=fix)
    names = codec_names(document)
    odd = sorted({*names} - _CODECS)
    told = Evidence(
        text=f"{facts.dtype}; {', '.join(names) or 'not compressed'}",
        document=seen.address(probe, "array:first"),
    )
    return graded(float(not odd and facts.dtype in _DTYPES), told, fix=fix)


def community_format(probe: Probe | None, description: Description) -> Outcome:
    """R1.3-02: OME-Zarr counts in full, OME-TIFF three quarters, what Bio-Formats reads half."""
    fix = "Convert it to OME-Zarr."
    if seen.ome(probe):
        document = seen.address(probe, seen.root_role(probe) or "")
        if any(key in seen.ome(probe) for key in ("multiscales", "plate", "well", "bioformats2raw.layout")):
            return met(Evidence(text="OME-Zarr", document=document))
        return failed(Evidence(text="a Zarr without OME-Zarr metadata", document=document), fix=fix)
    name = str(description.get("image.format.name") or "").lower()
    if not name:
        return not_said(probe, description, "a format", by=(*seen.STUDY_FACTS, "ngff"), fix=fix)
    score = 1.0 if "zarr" in name else 0.75 if "ome-tiff" in name or "ome.tif" in name else 0.5
    return graded(score, seen.said(description, "image.format.name"), fix=fix)


def codec_names(document: Mapping[str, Any]) -> list[str]:
    """Names of the codecs of an array's pixels, those inside shards too; those of the index of shards left out.

    Examples
    --------
    >>> codec_names({"compressor": {"id": "blosc"}, "filters": None})
    ['blosc']
    """
    found: list[str] = []
    waiting = [document.get("codecs"), document.get("compressor"), document.get("filters")]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, list):
            waiting = [*one, *waiting]
        elif isinstance(one, Mapping):
            found.append(str(one.get("name") or one.get("id")).removeprefix("numcodecs."))
            inner = one.get("configuration")
            if isinstance(inner, Mapping):
                waiting = [inner.get("codecs"), *waiting]
        elif isinstance(one, str):
            found.append(one)
    return found


def _no_image(probe: Probe | None, description: Description, what: str) -> Outcome:
    if seen.ome(probe).keys() & {"plate", "well", "bioformats2raw.layout", "labels", "scene"}:
        return unknown(
            f"no image of the group was read, so {what} cannot be told", fix="Assess an image of the group."
        )
    return not_said(
        probe, description, what, by=seen.NGFF, fix="Write the metadata of OME-Zarr (multiscales)."
    )


def _unseen_arrays(probe: Probe | None, description: Description, told: Evidence, fix: str) -> Outcome:
    missing = not_said(probe, description, "the shape of the first and last level", by=seen.ARRAY, fix=fix)
    return missing if missing.status == "unknown" else failed(told, *missing.evidence, fix=fix)
