"""A: whether anybody gets at the metadata and the pixels, at what cost, and for how long."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.addresses import is_web
from fairlab.fair.metrics.seen import said
from fairlab.fair.outcome import Evidence, Outcome, failed, graded, met, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.bundle import Answer, Probe
    from fairlab.fair.description import Description
    from fairlab.ngff.validation.arrays import ArrayFacts

_LOCAL: Final = "how it will be served is not known before it is published"
_PUBLISH: Final = "Publish it, and assess it again at its address."
_CHEAP: Final = (4_000_000, 32)
"""Bytes and requests of an overview that costs next to nothing."""
_BEARABLE: Final = 32_000_000


def metadata_readable(probe: Probe | None, description: Description) -> Outcome:
    """A1-01: the attributes come over HTTP, without credentials."""
    fix = "Let everybody read the metadata (zarr.json, .zattrs) over HTTPS, without signing in."
    if probe is None:
        return unknown("the address was not asked", fix=seen.ASK_AGAIN)
    if not is_web(_asked(probe)):
        return unknown(_LOCAL, Evidence(text="what was probed", document=probe.url), fix=_PUBLISH)
    role = seen.root_role(probe)
    if role:
        answer = probe.answers[role]
        return met(Evidence(text=_told(answer), document=answer.url))
    for role in ("zarr.json", ".zattrs"):
        if (silent := seen.unanswered(probe, role)) is not None:
            return unknown(
                f"no answer ({silent.error or silent.status})",
                Evidence(text="asked", document=silent.url),
                fix=seen.ASK_AGAIN,
            )
    answers = [probe.answers[role] for role in ("zarr.json", ".zattrs") if role in probe.answers]
    if not answers:
        return unknown("the attributes were not asked for", fix=seen.ASK_AGAIN)
    return failed(*(Evidence(text=_told(answer), document=answer.url) for answer in answers), fix=fix)


def pixels_readable(probe: Probe | None, description: Description) -> Outcome:
    """A1-02: a chunk of the smallest level comes and decodes."""
    fix = "Put the missing or damaged chunks back; compare the store with its source."
    chunk = probe.chunk if probe else None
    if chunk is None:
        return unknown("no chunk was read", fix=seen.ASK_AGAIN)
    told = Evidence(
        text=seen.brief(_of_chunk(chunk)), document=str(chunk.get("key") or "a chunk of the last level")
    )
    if chunk.get("decoded"):
        return met(told)
    if chunk.get("missing"):
        return unknown(
            "the chunk is not stored and reads as the fill value, as intended or not",
            told,
            fix="Compare the store with its source.",
        )
    answer = probe.answers.get("chunk") if probe else None
    if answer is not None and answer.status is None:
        return unknown("the server gave no answer", told, fix=seen.ASK_AGAIN)
    return failed(told, fix=fix)


def hierarchy_complete(probe: Probe | None, description: Description) -> Outcome:
    """A1-03: what the metadata declare is there; the first and the last level are looked at."""
    fix = "Upload the missing levels, or take them out of the metadata."
    entry = seen.multiscale(probe)
    if entry is None:
        if seen.silence(probe, description, seen.NGFF) or seen.ome(probe).keys() & {
            "plate",
            "well",
            "bioformats2raw.layout",
        }:
            return unknown(
                "the levels of no image were looked at",
                fix="Assess an image of it, or validate the whole: fairlab validate.",
            )
        return failed(Evidence(text="no image is declared", document=seen.where(probe, description)), fix=fix)
    levels = entry.get("datasets")
    count = len(levels) if isinstance(levels, list) else 0
    missing = []
    for which in ("first", "last"):
        answer = probe.answers.get(f"array:{which}") if probe else None
        if answer is None or seen.unanswered(probe, f"array:{which}"):
            return unknown(f"the {which} level was not seen", fix=seen.ASK_AGAIN)
        if seen.array(probe, which) is None:
            missing.append(Evidence(text=f"the {which} level: {_told(answer)}", document=answer.url))
    if missing:
        return failed(*missing, fix=fix)
    return met(
        Evidence(
            text=f"of {count} levels, the first and the last are there",
            document=seen.where(probe, description),
        )
    )


def overview_cost(probe: Probe | None, description: Description) -> Outcome:
    """A1-04: bytes and requests for one plane of every channel of the smallest level."""
    fix = "Add smaller levels, or store the smallest level in fewer, larger chunks."
    last = seen.array(probe, "last")
    if last is None:
        return seen.not_said(probe, description, "the size of the smallest level", by=seen.ARRAY, fix=fix)
    size, requests = _cost(last, _names(probe, last), seen.inner_chunks(probe, "last"))
    told = Evidence(
        text=f"an overview takes {size / 1e6:.2g} MB in {requests} requests",
        document=seen.address(probe, "array:last"),
    )
    if size <= _CHEAP[0] and requests <= _CHEAP[1]:
        return met(told)
    return graded(0.5 if size <= _BEARABLE else 0.0, told, fix=fix)


def browser_access(probe: Probe | None, description: Description) -> Outcome:
    """A1-05: the server lets web pages of others read it."""
    fix = "Let the server send Access-Control-Allow-Origin: * with the OME-Zarr."
    if probe is None:
        return unknown("the address was not asked", fix=seen.ASK_AGAIN)
    if not is_web(_asked(probe)):
        return unknown(_LOCAL, Evidence(text="what was probed", document=probe.url), fix=_PUBLISH)
    answers = [answer for role, answer in sorted(probe.answers.items()) if answer.text is not None]
    for answer in answers:
        if allowed := answer.headers.get("access-control-allow-origin"):
            return met(
                Evidence(
                    text=f"Access-Control-Allow-Origin: {seen.brief(allowed, width=60)}", document=answer.url
                )
            )
    if not answers:
        return unknown("no document came", fix=seen.ASK_AGAIN)
    return failed(Evidence(text="no Access-Control-Allow-Origin", document=answers[0].url), fix=fix)


def access_level(probe: Probe | None, description: Description) -> Outcome:
    """A1-06: the metadata state who may read it; reading it without asking counts half."""
    fix = "State the access level in the metadata: isAccessibleForFree, conditionsOfAccess, a COAR or a DUO term."
    for path in ("access.level", "access.conditions"):
        if description.get(path):
            return met(said(description, path))
    if probe and is_web(_asked(probe)) and (role := seen.root_role(probe)):
        if why := seen.silence(probe, description, seen.STUDY_FACTS):
            return unknown(f"it can be read; whether that is stated is not known: {why}", fix=seen.ASK_AGAIN)
        told = Evidence(
            text="not stated; it can be read without credentials", document=probe.answers[role].url
        )
        return graded(0.5, told, fix=fix)
    return seen.not_said(probe, description, "who may read it", fix=fix)


def protocol(probe: Probe | None, description: Description) -> Outcome:
    """A1.2-01: the protocol is one that can ask who you are."""
    place = seen.where(probe, description) or description.get("identity.landing_page")
    scheme = urlsplit(place or "").scheme
    if len(scheme) < 2 or scheme in ("file", "sample", "memory", "zip"):
        return unknown(_LOCAL, fix=_PUBLISH)
    told = Evidence(text=f"the protocol is {scheme}", document=place)
    return graded(
        float(scheme in ("https", "s3", "gs", "az", "abfs")),
        told,
        fix="Serve it over HTTPS, not plain HTTP or FTP.",
    )


def metadata_outlive_data(probe: Probe | None, description: Description) -> Outcome:
    """A2-01: a record of it is kept elsewhere: under a DOI, or on another host than the pixels."""
    fix = "Deposit a record of it outside the OME-Zarr: in an archive, or with a DOI."
    if description.get("identity.doi"):
        return met(said(description, "identity.doi"))
    place = urlsplit(seen.where(probe, description) or "").netloc
    for one in description.statements_of("identity.landing_page"):
        host = urlsplit(str(one.value)).netloc
        if host and host != place:
            return met(
                Evidence(
                    text=f"its page is on {seen.brief(host)}",
                    document=one.source.document,
                    pointer=one.source.pointer,
                )
            )
    if (record := seen.kept_elsewhere(description)) is not None:
        return met(Evidence(text="a record of it is kept elsewhere", document=record.source.document))
    return seen.not_said(probe, description, "a record of it outside the image", fix=fix)


def _asked(probe: Probe) -> str:
    """The address that answered, where the probe was given a name."""
    role = seen.root_role(probe) or next(iter(sorted(probe.answers)), None)
    return probe.answers[role].url if role and not is_web(probe.url) else probe.url


def _told(answer: Answer) -> str:
    parts = [f"status {answer.status}" if answer.status else "no answer"]
    if answer.error:
        parts.append(seen.brief(answer.error, width=80))
    if answer.seconds is not None:
        parts.append(f"{1000 * answer.seconds:.0f} ms")
    return ", ".join(parts)


def _of_chunk(chunk: Mapping[str, Any]) -> str:
    if chunk.get("decoded"):
        return f"{chunk.get('bytes')} bytes were read and decoded"
    return str(chunk.get("error") or "the chunk was not decoded")


def _names(probe: Probe | None, array: ArrayFacts) -> list[str]:
    """Names of the dimensions; t, c, z, y, x from behind where nobody says."""
    entry = seen.multiscale(probe) or {}
    axes = entry.get("axes")
    names = [str(a.get("name") if isinstance(a, dict) else a) for a in axes] if isinstance(axes, list) else []
    if len(names) != len(array.shape):
        names = list("tczyx"[-len(array.shape) :]) if len(array.shape) <= 5 else ["?"] * len(array.shape)
    return names


def _cost(array: ArrayFacts, names: list[str], inner: tuple[int, ...] | None) -> tuple[int, int]:
    """Bytes and requests at most for one plane of every channel: whole chunks, uncompressed."""
    chunks = next((one for one in (inner, array.chunks) if one and len(one) == len(array.shape)), array.shape)
    wanted = [
        length if name in ("c", "y", "x") else min(length, 1)
        for name, length in zip(names, array.shape, strict=True)
    ]
    counts = [math.ceil(want / max(chunk, 1)) for want, chunk in zip(wanted, chunks, strict=True)]
    requests = math.prod(counts)
    cells = requests * math.prod(max(chunk, 1) for chunk in chunks)
    bits = "".join(filter(str.isdigit, array.dtype)) or "8"
    return cells * max(int(bits) // 8, 1), requests
