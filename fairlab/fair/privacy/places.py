"""Naming a place without naming a person: names that formats have are shown, any other is given by its number.

A key, an element or a folder can be somebody's name as well as a value can. So a key is shown only when it is
made of words that metadata formats use, and a file's name only when it repeats nothing that was found.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from fairlab.fair.privacy import profile
from fairlab.fair.privacy.findings import Finding, Severity
from fairlab.fair.privacy.patterns import of_name, of_text
from fairlab.fair.privacy.rules import RULES
from fairlab.terms import DATA, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_PLACES: Final = 10_000
"""Kinds of places that one document may be reported with."""
_KEY: Final = re.compile(r"[A-Za-z0-9_.:@$/ -]{1,80}")
_PART: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
_DIRECT: Final = frozenset({"person", "patient", "specimen"})
_SHORT: Final = 3  # shorter words stand in every second name
_NUMBERS: Final = re.compile(r"(?<![0-9A-F(,])[0-9]+(?![0-9A-F),])")  # but tags of DICOM, which are names


@functools.cache
def _format_words() -> frozenset[str]:
    own = (DATA / "format_words.txt").read_text("utf-8").split()
    dicom = (part.lower() for keyword in profile.keywords() for part in _PART.findall(keyword))
    return frozenset((*own, *dicom))


@functools.lru_cache(maxsize=8192)
def is_format_word(key: str) -> bool:
    """Whether a key is made of words that metadata formats use, so that it can be shown.

    Examples
    --------
    >>> is_format_word("coordinateTransformations"), is_format_word("JaneRoe"), is_format_word("4711-22")
    (True, False, False)
    """
    if not _KEY.fullmatch(key):
        return False
    parts = _PART.findall(key)
    return all(len(p) < 3 if p.isdigit() else p.lower() in _format_words() for p in parts)


@dataclass(repr=False)
class _Place:
    """The first of many places alike."""

    path: str
    field: str | None
    advice: str
    severity: Severity
    count: int = 1


@dataclass(repr=False)
class Notes:
    """What audits find in one document, as places and rules; many places alike are one finding."""

    document: tuple[str, ...] = ()
    """Parts of the document's name; shown at the end, when it is known what must not be."""
    places: dict[tuple[str, str], _Place] = field(default_factory=dict)
    """By rule, and place without numbers."""
    heard: set[str] = field(default_factory=set)
    """Words of names and numbers that were found: they mask names of files, and are forgotten with this."""
    overflown: bool = False
    """Whether there were more kinds of places, or more depth, than is looked at."""
    deidentified: bool | None = None
    """Whether DICOM says that identity was removed."""
    method_codes: tuple[str, ...] = ()
    """By which methods, as it says."""

    def add(
        self,
        rule: str,
        path: str,
        *,
        field: str | None = None,
        advice: str | None = None,
        severity: Severity | None = None,
        value: str = "",
    ) -> None:
        """Note a place; of a value about a person its words are heard, and nothing of it is kept in the place."""
        if rule in _DIRECT:
            self.heard.update(w for w in fold(value[:200]) if len(w) >= _SHORT and w not in _format_words())
        key = rule, _NUMBERS.sub("", path)
        if key in self.places:
            self.places[key].count += 1
        elif len(self.places) < MAX_PLACES:
            known = RULES[rule]
            self.places[key] = _Place(path, field, advice or known.advice, severity or known.severity)
        else:
            self.overflown = True

    def take(self, others: Notes) -> None:
        """Add what was noted of a document inside this one."""
        for (rule, _), place in others.places.items():
            self.add(rule, place.path, field=place.field, advice=place.advice, severity=place.severity)
        self.heard |= others.heard
        self.overflown |= others.overflown

    def text(self, value: str, path: str, *, name: str = "") -> None:
        """Note the rules that patterns in a value fall under."""
        for rule in of_text(value, name):
            self.add(rule, path, value=value)


def findings(notes: Iterable[Notes], numbers: Mapping[tuple[str, ...], int]) -> tuple[Finding, ...]:
    """All findings, the most severe first.

    Parameters
    ----------
    notes : iterable of Notes
        One for each document.
    numbers : mapping
        Which entry of its folder a folder or document is.
    """
    notes = list(notes)
    heard = frozenset().union(*(one.heard for one in notes))
    found = [
        Finding(
            document=shown(one.document, heard, numbers),
            path=place.path,
            rule=rule,
            severity=place.severity,
            advice=place.advice,
            field=place.field,
            count=place.count,
        )
        for one in notes
        for (rule, _), place in one.places.items()
    ]
    return tuple(sorted(found, key=lambda finding: finding.severity))


def shown(
    document: Sequence[str],
    heard: frozenset[str] = frozenset(),
    numbers: Mapping[tuple[str, ...], int] | None = None,
) -> str:
    """The name of a document, with parts that are identifying given by their number in the folder.

    Examples
    --------
    >>> shown(("scans", "Roe_2019-06-04", "a.json"), numbers={("scans", "Roe_2019-06-04"): 7})
    'scans/{7}/a.json'
    >>> shown(("Jane.json",), frozenset({"jane"}))
    '{?}.json'
    """
    parts = []
    for n, part in enumerate(document):
        if not (any(of_name(part)) or heard & set(fold(part))):
            parts.append(part)
            continue
        _, dot, kind = part.rpartition(".")
        number = (numbers or {}).get(tuple(document[: n + 1]), "?")
        parts.append(f"{{{number}}}" + (f".{kind}" if dot and is_format_word(kind) else ""))
    return "/".join(parts)
