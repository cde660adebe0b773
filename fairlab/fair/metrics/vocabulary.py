"""I2: whether the terms of ontologies are known, current, labelled right, specific, and true to the text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.once import once
from fairlab.fair.metrics.seen import not_said
from fairlab.fair.outcome import Evidence, Outcome, graded, not_applicable, unknown
from fairlab.fair.term_checks import judged as judged_terms

if TYPE_CHECKING:
    from fairlab.fair.bundle import Probe
    from fairlab.fair.description import Description
    from fairlab.fair.term_report import Check, TermFinding

_NO_TERMS = "Name organism and imaging method by identifiers of ontologies (NCBITaxon, FBbi)."

judged = once(judged_terms)


def registered(probe: Probe | None, description: Description) -> Outcome:
    """I2-01: the share of identifiers that are of a registered vocabulary."""
    return _share(probe, description, "registered", "Use terms of registered ontologies")


def current(probe: Probe | None, description: Description) -> Outcome:
    """I2-02: the share of terms that exist and are not deprecated; those not embedded here are unknown."""
    return _share(probe, description, "exists", "Replace terms that do not exist or are deprecated")


def labelled(probe: Probe | None, description: Description) -> Outcome:
    """I2-03: the share of labels that are the ones of their identifiers."""
    return _share(probe, description, "label", "Let labels and identifiers say the same")


def specific(probe: Probe | None, description: Description) -> Outcome:
    """I2-04: at least one imaging method says more than that there is an image."""
    return _share(probe, description, "specific", "Name the imaging method more precisely")


def true_to_text(probe: Probe | None, description: Description) -> Outcome:
    """I2-05: the title and the description name no other method than the term."""
    if not description.get("acquisition.method"):
        return not_said(probe, description, "an imaging method", fix=_NO_TERMS)
    findings = judged(description).of("text")
    if not findings:
        if why := seen.silence(probe, description, seen.STUDY_FACTS):
            return unknown(f"a text may name the method elsewhere: {why}", fix=seen.ASK_AGAIN)
        return not_applicable("no text names a method")
    return _graded(description, findings, "Let the text and the term of the imaging method agree")


def _share(probe: Probe | None, description: Description, check: Check, fix: str) -> Outcome:
    findings = judged(description).of(check)
    told = [one for one in findings if one.status != "unknown"]
    if told:
        return _graded(description, told, fix)
    if findings and check != "exists":
        return unknown(seen.brief(findings[0].message), fix=f"{fix}.")
    if any(one.id for one in findings):  # of a vocabulary, but newer than the table here
        return unknown(
            seen.brief(findings[0].message),
            fix="Look the term up in its ontology; fairlab's table may be older.",
        )
    return not_said(probe, description, "a term of an ontology", fix=_NO_TERMS)


def _graded(
    description: Description, findings: tuple[TermFinding, ...] | list[TermFinding], fix: str
) -> Outcome:
    wrong = [one for one in findings if one.status == "fail"]
    shown = [
        Evidence(text=seen.brief(one.message), document=best.source.document if best else None)
        for one in (wrong or findings)[:4]
        for best in (description.best(one.path),)
    ]
    meant = ", ".join(
        dict.fromkeys(f"{term.label} ({term.id})" for one in wrong for term in one.suggestions[:1])
    )
    return graded(1 - len(wrong) / len(findings), *shown, fix=f"{fix}{f': {meant}' if meant else ''}.")
