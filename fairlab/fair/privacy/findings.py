"""What an audit found: where, by which rule, how grave, and what to do; never the value itself.

Nothing here has room for a value: a finding keeps a place, and a place is made of names that formats have. Any
other name, which may itself be somebody's, is given by its number.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, overload

Severity = Literal["block", "review"]
"""``"block"``: it names a person, or leads to one by itself. ``"review"``: it may, together with something else."""
_SHOWN = 200


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One place that holds something identifying, or several alike."""

    document: str
    """The document, inside what was scanned; parts of its name that are identifying are given by number."""
    path: str
    """Place in the document: a JSON pointer, an XPath, DICOM tags, a line. ``{3}`` and ``*[3]`` are the third."""
    rule: str
    """Name of the rule; see :data:`fairlab.fair.privacy.RULES`."""
    severity: Severity
    """``"block"`` or ``"review"``."""
    advice: str
    """What to do about it."""
    field: str | None = None
    """What the standard calls the field, where it has a name: ``"SpecimenIdentifier"``."""
    count: int = 1
    """How many places alike there are; ``path`` is the first."""

    def __str__(self) -> str:
        name = f" {self.field}" if self.field else ""
        more = f" and {self.count - 1} more like it" if self.count > 1 else ""
        return f"{self.severity}: {self.rule} at {self.document} {self.path}{name}{more}\n  {self.advice}"


@dataclass(frozen=True, kw_only=True)
class Unread:
    """One document that could not be looked into."""

    document: str
    """Which, as in a finding."""
    kind: str
    """The ``kind`` of the error."""
    message: str
    """Why, in words that repeat nothing of the document."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Findings(Sequence[Finding]):
    """What an audit found; the most severe first. It is empty, and false, when nothing was found.

    Nothing found is not "anonymous": rules know fields and patterns, not people. :attr:`clean` tells whether
    everything was looked into.
    """

    source: str
    """What was scanned."""
    findings: tuple[Finding, ...] = ()
    """Each place once."""
    looked_at: int = 0
    """How many documents were read."""
    unread: tuple[Unread, ...] = ()
    """Documents that could not be read."""
    others: int = 0
    """Files of kinds that are not looked into: pixels, tables, programs."""
    whole: bool = True
    """Whether the limits let everything be looked at."""
    deidentified: bool | None = None
    """Whether DICOM says that identity was removed (0012,0062); None: nothing says so either way."""
    method_codes: tuple[str, ...] = ()
    """By which methods, as DICOM codes (CID 7050): ``"113100"`` is the basic profile."""

    @property
    def clean(self) -> bool:
        """Whether something was looked at, all of it, and nothing was found."""
        return bool(self.looked_at) and self.whole and not self.unread and not self.findings

    @property
    def blocked(self) -> bool:
        """Whether something was found that names a person, or leads to one by itself."""
        return any(finding.severity == "block" for finding in self.findings)

    def at_least(self, severity: Severity) -> tuple[Finding, ...]:
        """Findings of this severity or a graver one."""
        return tuple(f for f in self.findings if severity == "review" or f.severity == "block")

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        facts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        facts |= {"findings": [asdict(f) for f in self.findings], "unread": [asdict(u) for u in self.unread]}
        return {
            "clean": self.clean,
            "blocked": self.blocked,
            **facts,
            "method_codes": list(self.method_codes),
        }

    def __len__(self) -> int:
        return len(self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self.findings[index]

    def __repr__(self) -> str:
        return str(self)  # a notebook shows what the command line prints

    def __str__(self) -> str:
        lines = [self._head(), *map(str, self.findings[:_SHOWN])]
        if len(self) > _SHOWN:
            lines.append(f"… and {len(self) - _SHOWN} more")
        lines += [f"not looked into: {one.document}: {one.message}" for one in self.unread[:_SHOWN]]
        return "\n".join([*lines, *self._notes()])

    def _head(self) -> str:
        counts = Counter(finding.severity for finding in self.findings)
        told = ", ".join(f"{counts[s]} to {s}" for s in ("block", "review") if counts[s]) or "nothing found"
        return f"{told} in {self.looked_at} document{'' if self.looked_at == 1 else 's'}  {self.source}"

    def _notes(self) -> Iterator[str]:
        if self.others:
            yield f"{self.others} other files were not looked into"
        if not self.whole:
            yield "there is more: the limits ended the scan before everything was looked at"
        if self.deidentified is not None:
            codes = f" ({', '.join(self.method_codes)})" if self.method_codes else ""
            yield f"DICOM says that identity was {'' if self.deidentified else 'not '}removed{codes}"
        yield "rules know fields and patterns, not people: no finding is no promise"

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr>{''.join(f'<td style=text-align:left>{html.escape(cell)}</td>' for cell in _cells(f))}</tr>"
            for f in self.findings[:_SHOWN]
        )
        head = "".join(f"<th>{name}</th>" for name in ("severity", "rule", "document", "place", "advice"))
        notes = "".join(f"<p>{html.escape(note)}</p>" for note in self._notes())
        return f"<div><p>{html.escape(self._head())}</p><table><tr>{head}</tr>{rows}</table>{notes}</div>"


def _cells(finding: Finding) -> tuple[str, ...]:
    place = " ".join(filter(None, (finding.path, finding.field, f"× {finding.count}" * (finding.count > 1))))
    return finding.severity, finding.rule, finding.document, place, finding.advice
