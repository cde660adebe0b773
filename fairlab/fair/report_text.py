"""A report for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fairlab.fair.advice import by_actor
from fairlab.foreign_text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.fair.report import Report

_WORDS: Final = {"F": "findable", "A": "accessible", "I": "interoperable", "R": "reusable"}
_MOST: Final = 5
"""Fixes of each who can act that are shown; the report has them all."""
_BAR: Final = 25


def as_text(report: Report) -> str:
    """The report in lines of text, without control characters."""
    return "\n".join(printable(line).rstrip() for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    yield f"{report.name}"
    if report.name != report.target:
        yield f"{report.target}"
    yield f"{report.kind}; {report.assessed_at or 'from tables that come with fairlab'}"
    yield ""
    yield f"FAIR  {report.total}"
    for letter, score in report.letters.items():
        told = f"{score.short:>18}  {_WORDS[letter]}, maturity {score.maturity} of 3"
        yield f"  {letter}  {bar(score.low, score.high)}  {told}"
    yield f"{100 * report.unknown_share:.0f} % of the weight could not be told; the range holds what that leaves open"
    counts = {status: sum(one.status == status for one in report.outcomes.values()) for status in _COUNTED}
    yield ", ".join(f"{number} {_COUNTED[status]}" for status, number in counts.items() if number)
    for who, mine in by_actor(report.fixes).items():
        yield ""
        yield f"what the {who} can do:"
        for fix in mine[:_MOST]:
            yield f"  {fix.gain:+5.1f}  {fix.text}"
            yield f"         {fix.about}: {fix.why}"
        if len(mine) > _MOST:
            yield f"         … and {len(mine) - _MOST} more"
    noted = [badge for badge in report.badges if badge.state in ("look", "stop")]
    if noted:
        yield ""
        yield "beside the score:"
        yield from (f"  {badge.group}: {badge.title}: {badge.text}" for badge in noted)


_COUNTED: Final = {
    "pass": "met",
    "partial": "met in part",
    "fail": "not met",
    "unknown": "unknown",
    "na": "not applicable",
}


def bar(low: float, high: float) -> str:
    """What is sure, what is open, and what is missing of 100.

    Examples
    --------
    >>> bar(40, 60)
    '██████████░░░░░··········'
    """
    sure, open_ = round(low / 100 * _BAR), round(high / 100 * _BAR)
    return "█" * sure + "░" * (open_ - sure) + "·" * (_BAR - open_)
