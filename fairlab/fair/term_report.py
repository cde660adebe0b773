"""What checks say of ontology terms, as data, text and a page."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from fairlab.foreign_text import escaped, printable

if TYPE_CHECKING:
    from fairlab.terms import Term

Check = Literal["registered", "exists", "label", "specific", "text"]
CHECKS: Final[dict[Check, str]] = {
    "registered": "the identifier is of a registered ontology",
    "exists": "the term exists and is not deprecated",
    "label": "the label is the one of the identifier",
    "specific": "the imaging method says more than that there is an image",
    "text": "title and description name no other method",
}
"""Every check, in its order: the metrics I2-01 to I2-05."""


@dataclass(frozen=True, kw_only=True)
class TermFinding:
    """What one check says of one term."""

    check: Check
    """Which check."""
    status: Literal["pass", "fail", "unknown"]
    """``"unknown"`` where it cannot be told offline."""
    path: str
    """Where the description has the term: ``"acquisition.method"``."""
    label: str | None
    """As stated."""
    id: str | None
    """Compact identifier, or as stated where it is none."""
    message: str
    """What was found, and what to do."""
    suggestions: tuple[Term, ...] = ()
    """Terms that may be meant instead."""

    def __str__(self) -> str:
        meant = ", ".join(f"{term.label} ({term.id})" if term.id else term.label for term in self.suggestions)
        return f"{self.status}: {self.message}" + (f"; suggested: {meant}" if meant else "")


@dataclass(frozen=True, kw_only=True, repr=False)
class TermReport:
    """What all checks say of the terms of one description; True when none fails."""

    source: str
    """What was checked."""
    findings: tuple[TermFinding, ...]
    """By term and check; a check that does not apply to a term says nothing."""

    def __bool__(self) -> bool:
        return not self.failed()

    def of(self, check: Check) -> tuple[TermFinding, ...]:
        """What one check says."""
        return tuple(one for one in self.findings if one.check == check)

    def failed(self) -> tuple[TermFinding, ...]:
        """What is wrong."""
        return tuple(one for one in self.findings if one.status == "fail")

    def share(self, check: Check) -> float | None:
        """Share of the terms that pass among those that can be told; None when none can."""
        counts = Counter(one.status for one in self.of(check))
        told = counts["pass"] + counts["fail"]
        return counts["pass"] / told if told else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "source": self.source,
            "passed": bool(self),
            "checks": {
                check: {**Counter(one.status for one in self.of(check)), "share": self.share(check)}
                for check in CHECKS
            },
            "findings": [asdict(one) for one in self.findings],
        }

    def __repr__(self) -> str:
        return str(self)  # a notebook shows what the command line prints

    def __str__(self) -> str:
        if not self.findings:
            return f"no terms  {self.source}"
        lines = [f"{'terms agree' if self else 'terms need a look'}  {self.source}"]
        for check, meaning in CHECKS.items():
            counts = Counter(one.status for one in self.of(check))
            if counts:
                lines.append(
                    f"  {', '.join(f'{n} {status}' for status, n in sorted(counts.items()))}: {meaning}"
                )
        lines += [f"{one.path}: {one}" for one in self.findings if one.status == "fail" or one.suggestions]
        return "\n".join(map(printable, lines))

    def _repr_html_(self) -> str:
        return f"<pre>{escaped(str(self))}</pre>"
