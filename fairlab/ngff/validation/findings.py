"""What a rule has found: how bad, which rule, where, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

Level = Literal["error", "warning", "hint"]
"""A MUST that is broken; a SHOULD that is broken; a SHOULD that the specification's own examples break too."""

Place = tuple[str | int, ...]
"""Keys and positions from the top of a document."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One rule that a document does not keep."""

    level: Level
    """How much it matters."""
    code: str
    """Stable code of the rule inside its section: ``"missing"``, ``"order"`` …"""
    place: Place
    """Where in the document."""
    text: str
    """What is there, and what was expected."""
    section: str = ""
    """Part of the specification that the rule stands in; set by the innermost part that knows it."""


Findings = Iterator[Finding]
Rule = Callable[[Any, Place], Findings]
"""A rule that no shape can say: the value, which has the right shape, and its place."""


def error(code: str, place: Place, text: str) -> Finding:
    """A MUST is broken."""
    return Finding(level="error", code=code, place=place, text=text)


def warning(code: str, place: Place, text: str) -> Finding:
    """A SHOULD is broken."""
    return Finding(level="warning", code=code, place=place, text=text)


def hint(code: str, place: Place, text: str) -> Finding:
    """A SHOULD is broken that the specification's own strict examples break too."""
    return Finding(level="hint", code=code, place=place, text=text)


def within(section: str, findings: Findings) -> Findings:
    """The findings, said to be about a section unless they already name an inner one."""
    return (f if f.section or not section else replace(f, section=section) for f in findings)


def pointer(place: Place) -> str:
    """A place as a JSON pointer (RFC 6901).

    Examples
    --------
    >>> pointer(("multiscales", 0, "a/b"))
    '/multiscales/0/a~1b'
    """
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in place)


def shown(value: Any) -> str:
    """A value of any size in a few printable words.

    Examples
    --------
    >>> shown({"a": 1}), shown([1, 2]), shown("x"), shown(None)
    ('an object', 'a list of 2', "'x'", 'null')
    """
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    text = ascii(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 60 else text[:56] + " ..."
