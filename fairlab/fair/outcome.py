"""What one metric found: a status, a score, the evidence, and what would mend it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

Status = Literal["pass", "partial", "fail", "na", "unknown"]
STATUSES: Final[tuple[Status, ...]] = get_args(Status)
"""Met; met in part; not met; does not apply; could not be told from the documents at hand."""


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """One thing that was seen, and where."""

    text: str
    """What was seen; never a value that the privacy audit found."""
    document: str | None = None
    """Address or name of the document; None where it is about several."""
    pointer: str | None = None
    """Place in the document."""

    def __str__(self) -> str:
        place = " ".join(filter(None, (self.document, self.pointer)))
        return f"{self.text} ({place})" if place else self.text

    def to_dict(self) -> dict[str, str]:
        """As plain values."""
        told = {"text": self.text, "document": self.document, "pointer": self.pointer}
        return {name: value for name, value in told.items() if value}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What one metric found.

    Examples
    --------
    >>> met(Evidence(text="licence CC-BY-4.0", document="ro-crate-metadata.json")).status
    'pass'
    >>> graded(0.5, Evidence(text="an accession, no DOI"), fix="Register a DOI.").status
    'partial'
    """

    status: Status
    """How it ended."""
    score: float | None
    """0 to 1; None when it does not apply or cannot be told."""
    evidence: tuple[Evidence, ...]
    """What was seen; never empty."""
    fix: str = ""
    """What to do about it, in one sentence; empty when there is nothing to do."""

    @property
    def known(self) -> bool:
        """Whether it counts: it applies and could be told."""
        return self.score is not None

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        told = {
            "status": self.status,
            "score": self.score,
            "evidence": [one.to_dict() for one in self.evidence],
            "fix": self.fix,
        }
        return {name: value for name, value in told.items() if value not in (None, "")}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Outcome:
        """Rebuild an outcome from :meth:`to_dict`."""
        return cls(
            status=next(status for status in STATUSES if status == values["status"]),
            score=values.get("score"),
            evidence=tuple(Evidence(**one) for one in values["evidence"]),
            fix=values.get("fix", ""),
        )


def met(*evidence: Evidence) -> Outcome:
    """The metric is met."""
    return Outcome(status="pass", score=1.0, evidence=evidence)


def graded(score: float, *evidence: Evidence, fix: str) -> Outcome:
    """The metric is met as far as ``score`` says: 1 passes, 0 fails, anything between is partial."""
    score = min(max(round(score, 4), 0.0), 1.0)
    if score == 1.0:
        return met(*evidence)
    return Outcome(status="partial" if score else "fail", score=score, evidence=evidence, fix=fix)


def failed(*evidence: Evidence, fix: str) -> Outcome:
    """The metric is not met."""
    return graded(0.0, *evidence, fix=fix)


def not_applicable(why: str) -> Outcome:
    """There is nothing here that the metric is about."""
    return Outcome(status="na", score=None, evidence=(Evidence(text=why),))


def unknown(why: str, *evidence: Evidence, fix: str) -> Outcome:
    """The documents at hand do not tell."""
    return Outcome(status="unknown", score=None, evidence=(Evidence(text=why), *evidence), fix=fix)
