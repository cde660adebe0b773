"""R1: whether channels, acquisition and pixels are described well enough to be used."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.image_format import codec_names
from fairlab.fair.metrics.seen import not_said, said
from fairlab.fair.outcome import Evidence, Outcome, failed, graded, met, not_applicable, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description

_DEFAULT_LABEL: Final = re.compile(r"(?:c|ch|channel|image)?[\s:_-]*\d*(?:[\s:_-]+\d+)*", re.IGNORECASE)
_CONTENT: Final = ("content", "biological_entity", "target", "fluorophore", "reagent")
_PARAMETERS: Final = ("excitation_nm", "emission_nm", "acquisition_mode", "contrast_method")
_CHECKSUMS: Final = ("crc32c", "fletcher32", "adler32", "crc32")
_SATURATED: Final = 0.5
"""Share of samples that may have the highest value of their type."""


def channels(probe: Probe | None, description: Description) -> Outcome:
    """R1-02: one entry for each channel, with a name of its own (half) and what it shows (the other half)."""
    fix = "Name each channel after what it shows (protein, dye, contrast), not after its number."
    names = [str(axis.get("name")) for axis in seen.axes(probe)]
    stated = description.get("image.channels") or []
    if names and "c" not in names:
        return not_applicable("it has no channel axis")
    if not stated:
        return not_said(
            probe,
            description,
            "a description of the channels",
            by=(*seen.BESIDE, "catalogue", "ngff"),
            fix=fix,
        )
    first = seen.array(probe, "first")
    if first is None or len(first.shape) != len(names):
        return unknown(
            "how many channels there are is not known",
            said(description, "image.channels"),
            fix=seen.ASK_AGAIN,
        )
    count = first.shape[names.index("c")]
    labels = [str(one.get("label") or "") if isinstance(one, dict) else str(one) for one in stated]
    told = said(description, "image.channels", what=f"{count} channels: {seen.brief(labels)}")
    if len(stated) != count:
        return failed(
            Evidence(text=f"{len(stated)} entries for {count} channels"),
            told,
            fix=f"Describe all {count} channels.",
        )
    if any(_DEFAULT_LABEL.fullmatch(label.strip()) for label in labels):
        return failed(told, fix=fix)
    if _shown(description, stated):
        return met(told)
    if why := seen.silence(probe, description, seen.BESIDE):
        return unknown(f"what the channels show may be stated elsewhere: {why}", told, fix=seen.ASK_AGAIN)
    return graded(0.5, told, fix="State what each channel shows: content, target or fluorophore.")


def _shown(description: Description, stated: list[Any]) -> bool:
    """Whether something says what each channel shows."""
    more = description.get("specimen.channels") or []
    for entries in (stated, more):
        told = [isinstance(one, dict) and any(one.get(key) for key in _CONTENT) for one in entries]
        if len(told) >= len(stated) and all(told):
            return True
    return False


def acquisition(probe: Probe | None, description: Description) -> Outcome:
    """R1-03: the instrument (0.4), the objective (0.3), and how it was set (0.3)."""
    objectives = description.get("acquisition.objective") or []
    entries = description.get("image.channels") or []
    parts = {
        "the instrument": (0.4, description.get("acquisition.instrument")),
        "the objective's magnification or aperture": (
            0.3, any(isinstance(o, dict) and (o.get("na") or o.get("magnification")) for o in objectives),
        ),
        "wavelengths or settings": (
            0.3,
            description.get("acquisition.parameters")
            or any(isinstance(c, dict) and any(c.get(key) for key in _PARAMETERS) for c in entries),
        ),
    }  # fmt: skip
    missing = [name for name, (_, there) in parts.items() if not there]
    score = sum(weight for weight, there in parts.values() if there)
    if missing and (why := seen.silence(probe, description, seen.BESIDE)):
        return unknown(f"{', '.join(missing)} may be stated elsewhere: {why}", fix=seen.ASK_AGAIN)
    told = said(description, "acquisition.instrument", what=f"missing: {', '.join(missing) or 'nothing'}")
    return graded(score, told, fix=f"Keep in OME-XML, or state in the record: {', '.join(missing)}.")


def descriptors(probe: Probe | None, description: Description) -> Outcome:
    """R1-04: format, shape, data type and stored size; a quarter each."""
    parts = {
        "format": description.get("image.format.name") or description.get("image.format.ngff_version"),
        "shape": description.get("image.shape"),
        "data type": description.get("image.dtype"),
        "stored size": description.get("image.bytes"),
    }
    missing = [name for name, value in parts.items() if not value]
    told = Evidence(text=f"known: {', '.join(name for name in parts if name not in missing) or 'nothing'}")
    if missing and (why := seen.silence(probe, description, (*seen.STUDY_FACTS, "ngff", "array"))):
        return unknown(f"{', '.join(missing)} may be stated elsewhere: {why}", told, fix=seen.ASK_AGAIN)
    return graded(1 - len(missing) / len(parts), told, fix=f"State in the record: {', '.join(missing)}.")


def pixels(probe: Probe | None, description: Description) -> Outcome:
    """R1-05: a chunk of the smallest level is not all alike, has no NaN, is not saturated, and fits the window."""
    chunk = probe.chunk if probe else None
    if not chunk or not chunk.get("decoded") or not chunk.keys() >= {"min", "max", "mean", "std"}:
        return unknown("no pixels were read", fix=seen.ASK_AGAIN)
    saturated = chunk.get("saturated_share")
    checks = {
        "not all alike": chunk["std"] > 0,
        "no NaN": not chunk.get("nan_share"),
        "not saturated": None if saturated is None else saturated <= _SATURATED,
        "inside the stated window": _in_window(chunk, seen.image_ome(probe)),
    }
    told = {name: good for name, good in checks.items() if good is not None}
    bad = [name for name, good in told.items() if not good]
    return graded(
        1 - len(bad) / len(told),
        Evidence(
            text=f"values {chunk['min']:g} to {chunk['max']:g}; "
            + ("; ".join(f"not so: {name}" for name in bad) or f"checked: {', '.join(told)}"),
            document=str(chunk.get("key") or "a chunk of the last level"),
        ),
        fix=f"Look at the pixels and the display window; not as expected: {', '.join(bad)}.",
    )


def _in_window(chunk: Mapping[str, Any], block: Mapping[str, Any]) -> bool | None:
    """Whether the mean lies in the widest stated window; None when no window is stated."""
    omero = block.get("omero")
    entries = omero.get("channels") if isinstance(omero, dict) else None
    windows = [
        one.get("window") for one in (entries if isinstance(entries, list) else []) if isinstance(one, dict)
    ]
    bounds = [(w.get("start"), w.get("end")) for w in windows if isinstance(w, dict)]
    numbers = [
        (low, high) for low, high in bounds if isinstance(low, int | float) and isinstance(high, int | float)
    ]
    if not numbers:
        return None
    low, high = min(low for low, _ in numbers), max(high for _, high in numbers)
    return bool(low <= chunk["mean"] <= high)


def integrity(probe: Probe | None, description: Description) -> Outcome:
    """R1-06: something tells damage: a checksum of chunks, or of files in a sidecar."""
    fix = "Write it with a checksum: the crc32c codec, or a manifest with SHA-256."
    value = seen.document(probe, "array:first")
    if isinstance(value, dict) and (found := [name for name in codec_names(value) if name in _CHECKSUMS]):
        return met(Evidence(text=f"the codec {found[0]}", document=seen.address(probe, "array:first")))
    if description.get("identity.content_hash"):
        return met(said(description, "identity.content_hash"))
    xml = probe.answers.get("ome-xml") if probe else None
    if xml and xml.text and "HashSHA1" in xml.text:
        return met(Evidence(text="HashSHA1 in the OME-XML", document=xml.url))
    for document, crate in seen.crates(probe):
        if any(
            key in str(crate.get("@graph")) for key in ("'sha256'", "'sha512'", "'contentDigest'", "'md5'")
        ):
            return met(Evidence(text="checksums of files", document=document))
    return not_said(probe, description, "a checksum", by=("crate", "ome-xml", "array"), fix=fix)
