"""R1.1: the licence: stated, standard, by address, fit for reuse, and the same everywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.addresses import is_web
from fairlab.fair.metrics.seen import brief, not_said, said
from fairlab.fair.outcome import Evidence, Outcome, failed, graded, met, not_applicable, unknown

if TYPE_CHECKING:
    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description

_PATH: Final = "citation.license"
_STATED_BY: Final = (*seen.STUDY_FACTS, "ome-xml", "ngff")
_CHOOSE: Final = "State a licence, for example https://creativecommons.org/licenses/by/4.0/."


def stated(probe: Probe | None, description: Description) -> Outcome:
    """R1.1-01: some document states a licence."""
    if description.get(_PATH):
        return met(said(description, _PATH))
    return not_said(probe, description, "a licence", by=_STATED_BY, fix=_CHOOSE)


def standard(probe: Probe | None, description: Description) -> Outcome:
    """R1.1-02: the licence has an SPDX identifier."""
    if (license_ := _license(description)) is None:
        return not_said(probe, description, "a licence", by=_STATED_BY, fix=_CHOOSE)
    return graded(
        float(bool(license_.get("spdx"))),
        said(description, _PATH),
        fix="Use a standard licence, with its version: CC0-1.0 or CC-BY-4.0.",
    )


def by_address(probe: Probe | None, description: Description) -> Outcome:
    """R1.1-03: a document gives the licence as an address, not as words."""
    told = description.statements_of(_PATH)
    if not told:
        return not_said(probe, description, "a licence", by=_STATED_BY, fix=_CHOOSE)
    for one in told:
        raw = one.raw.get("@id") if isinstance(one.raw, dict) else one.raw
        raw = one.value.get("url") if raw is None and isinstance(one.value, dict) else raw
        if is_web(str(raw)):
            return met(
                Evidence(text=brief(raw), document=one.source.document, pointer=one.source.pointer or None)
            )
    license_ = _license(description) or {}
    address = f": {license_['url']}" if license_.get("url") else ""
    return failed(said(description, _PATH), fix=f"Give the licence as its address{address}.")


def fit_for_reuse(probe: Probe | None, description: Description) -> Outcome:
    """R1.1-04: reuse is allowed in full; non-commercial counts half, no derivatives a quarter, others nothing."""
    license_ = _license(description)
    if license_ is None:
        return not_said(probe, description, "a licence", by=_STATED_BY, fix=_CHOOSE)
    effects, score = [], 1.0
    if license_.get("derivatives") is None:
        effects, score = ["what it permits is not known to programs: nobody may rely on it"], 0.0
    else:
        if not license_.get("commercial", True):
            effects.append("no commercial use, so companies may not train on it")
            score = 0.5
        if not license_["derivatives"]:
            effects.append(
                "changed versions may be made but not passed on: crops, labels and training sets stay private"
            )
            score = 0.25
    told = said(description, _PATH, what="; ".join([brief(license_), *effects]))
    return graded(score, told, fix="Choose a licence that allows all reuse: CC0-1.0 or CC-BY-4.0.")


def consistent(probe: Probe | None, description: Description) -> Outcome:
    """R1.1-05: all documents that state a licence state the same one."""
    told = description.statements_of(_PATH)
    documents = {one.source.document: one for one in told}
    if len(documents) < 2:
        if why := seen.silence(probe, description, _STATED_BY):
            return unknown(f"there may be a second licence: {why}", fix=seen.ASK_AGAIN)
        return not_applicable("fewer than two documents state a licence")
    names = [one.value.get("spdx") if isinstance(one.value, dict) else None for one in documents.values()]
    evidence = [
        Evidence(text=brief(one.value), document=name, pointer=one.source.pointer or None)
        for name, one in documents.items()
    ]
    known = {name for name in names if name}
    if len(known) > 1:
        return failed(
            *evidence, fix="Agree on one licence, and state it in the image and in the study's record."
        )
    if None in names:
        return unknown(
            "one of the licences is not a standard one",
            *evidence,
            fix="State the licence by its SPDX identifier.",
        )
    return met(*evidence)


def _license(description: Description) -> dict[str, Any] | None:
    value = description.get(_PATH)
    return value if isinstance(value, dict) else None
