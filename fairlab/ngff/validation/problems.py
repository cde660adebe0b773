"""From findings to a bounded list of problems for people and programs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from fairlab.foreign_text import printable
from fairlab.ngff.validation.findings import Finding, Level, pointer

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST: Final = 100
"""Problems of one type that are listed one by one: a plate may have the same one in every well."""


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One rule that is broken."""

    level: Level
    """``"error"``: a MUST, or a SHOULD when strict; ``"warning"``: a SHOULD; ``"hint"``: a SHOULD that the
    specification's own strict examples break too."""
    type: str
    """Section and rule, stable: ``"axes.order"``; those of the hierarchy begin with ``"hierarchy."``."""
    loc: str
    """Where: a JSON pointer (``/multiscales/0/axes``), after ``<document>#`` in a hierarchy."""
    msg: str
    """What is there, what was expected, and which part of which version says so."""

    def to_dict(self) -> dict[str, str]:
        """The problem as plain values."""
        return {"level": self.level, "type": self.type, "loc": self.loc, "msg": self.msg}


def listed(findings: Iterable[Finding], *, version: str | None, document: str, strict: bool) -> list[Problem]:
    """Findings about one document as problems.

    Parameters
    ----------
    findings : iterable of Finding
        What the rules found.
    version : str or None
        Version whose rules they are, for the message.
    document : str
        Place of the document in its store, or ``""`` when it is the only one.
    strict : bool
        Whether a SHOULD counts as a MUST.
    """
    return [_problem(finding, version, document, strict) for finding in findings]


def bounded(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """At most :data:`MOST` of each type, and one that counts the rest."""
    counts: Counter[tuple[Level, str]] = Counter()
    kept = []
    for problem in problems:
        counts[problem.level, problem.type] += 1
        if counts[problem.level, problem.type] <= MOST:
            kept.append(problem)
    more = [
        Problem(level=level, type=type_, loc="", msg=f"{count - MOST} more problems of this type")
        for (level, type_), count in counts.items()
        if count > MOST
    ]
    return (*kept, *more)


def _problem(finding: Finding, version: str | None, document: str, strict: bool) -> Problem:
    named = "" if finding.section in ("document", "hierarchy") else f', "{finding.section}" metadata'
    source = f" (OME-Zarr {version[:80]}{named})" if version else ""
    place = pointer(finding.place)
    return Problem(
        level="error" if strict and finding.level == "warning" else finding.level,
        type=f"{finding.section}.{finding.code}",
        loc=printable(f"{document}#{place}" if document else place),
        msg=printable(f"{finding.text}{source}"),
    )
