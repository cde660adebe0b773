"""F2-05 and R1-01: how much of REMBI is filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.fair.metrics import seen
from fairlab.fair.metrics.once import once
from fairlab.fair.outcome import Evidence, Outcome, graded, unknown
from fairlab.fair.rembi_coverage import coverage as rembi_coverage

if TYPE_CHECKING:
    from fairlab.fair.bundle import Probe
    from fairlab.fair.coverage import FieldCoverage
    from fairlab.fair.description import Description

coverage = once(rembi_coverage)


def core(probe: Probe | None, description: Description) -> Outcome:
    """F2-05: the weighted share of REMBI's core fields."""
    found = coverage(description)
    return _graded(
        probe, description, found.core_share, found.missing(optional=False), "core fields of REMBI"
    )


def whole(probe: Probe | None, description: Description) -> Outcome:
    """R1-01: the weighted share of all fields of REMBI that apply."""
    found = coverage(description)
    return _graded(probe, description, found.share, found.missing(), "fields of REMBI that apply")


def _graded(
    probe: Probe | None,
    description: Description,
    share: float | None,
    missing: tuple[FieldCoverage, ...],
    what: str,
) -> Outcome:
    names = ", ".join(one.name for one in missing[:6]) + (
        f" and {len(missing) - 6} more" if len(missing) > 6 else ""
    )
    told = Evidence(
        text=f"{100 * (share or 0):.0f} % of the {what}" + (f"; missing: {names}" if missing else "")
    )
    why = seen.silence(probe, description, (*seen.STUDY_FACTS, "ome-xml", "ngff", "array"))
    why = why or (None if seen.was_probed(probe) else seen.EXCERPT)
    if missing and why:
        return unknown(f"what is missing may be stated elsewhere: {why}", told, fix=seen.ASK_AGAIN)
    return graded(
        share or 0.0, told, fix=f"Fill in {names}; fairlab.fair.template('rembi') has a line for each."
    )
