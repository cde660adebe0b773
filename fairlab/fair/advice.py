"""What to do about it: fixes by who can act, each with the points that it is worth, and a letter to the archive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.metric_set import METRIC_SET, WHO, Who, metric_set
from fairlab.fair.scoring import gain
from fairlab.foreign_text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fairlab.fair.outcome import Outcome
    from fairlab.fair.report import Report


_NAMED: Final = 3


@dataclass(frozen=True, kw_only=True)
class Fix:
    """One thing that somebody can do."""

    metrics: tuple[str, ...]
    """Which metrics it mends: ``("R1.1-01", "R1.1-02")``."""
    who: Who
    """Who can do it."""
    text: str
    """What to do, in one sentence."""
    gain: float
    """By how many points of 100 the total would rise."""
    why: str
    """What was seen, for the first of them."""

    @property
    def about(self) -> str:
        """The metrics by name, in one line."""
        names = [f"{id_} {metric_set()[id_].title}" for id_ in self.metrics]
        return "; ".join(names) if len(names) <= _NAMED else f"{names[0]}, and {len(names) - 1} more metrics"

    def to_dict(self) -> dict[str, Any]:
        """As plain values."""
        return {
            "metrics": list(self.metrics),
            "who": self.who,
            "text": self.text,
            "gain": round(self.gain, 1),
            "why": self.why,
        }


def fixes(outcomes: Mapping[str, Outcome]) -> tuple[Fix, ...]:
    """What would raise the total, the most first; what is unknown is for the reader to find out.

    What mends several metrics is named once, with what it brings to all of them.
    """
    alike: dict[tuple[Who, str], list[str]] = {}
    for id_, one in outcomes.items():
        if one.status in ("partial", "fail", "unknown") and one.fix:
            who: Who = "reader" if one.status == "unknown" else metric_set()[id_].who
            alike.setdefault((who, one.fix), []).append(id_)
    found = [
        Fix(
            metrics=tuple(ids),
            who=who,
            text=text,
            gain=gain(outcomes, *ids),
            why=outcomes[ids[0]].evidence[0].text,
        )
        for (who, text), ids in alike.items()
    ]
    order = list(metric_set())
    return tuple(sorted(found, key=lambda fix: (-round(fix.gain, 6), order.index(fix.metrics[0]))))


def by_actor(found: Iterable[Fix]) -> dict[Who, tuple[Fix, ...]]:
    """The fixes of each who can act; only those who can.

    Examples
    --------
    >>> one = Fix(metrics=("R1.1-01",), who="depositor", text="State a licence.", gain=2.3, why="none")
    >>> list(by_actor([one]))
    ['depositor']
    """
    listed = list(found)
    grouped = {who: tuple(fix for fix in listed if fix.who == who) for who in WHO}
    return {who: mine for who, mine in grouped.items() if mine}


def message(report: Report, *, who: Who = "archive", most: int = 10) -> str:
    """A letter that a reader can send as it is: what was assessed, what would help, and how it was found.

    Parameters
    ----------
    report : Report
        The assessment.
    who : str
        Whom it is for.
    most : int
        How many fixes it lists.
    """
    return "\n".join(printable(line).rstrip() for line in _letter(report, who, most))


def _letter(report: Report, who: Who, most: int) -> Iterator[str]:
    place, archive = report.target, report.description.get("identity.repository")
    yield (
        "Dear author,"
        if who == "depositor"
        else f"Dear {archive if who == 'archive' and archive else who} team,"
    )
    yield ""
    yield "I looked at how well these data can be found, read and reused:"
    yield f"  {report.name}" + (f" ({place})" if place != report.name else "")
    yield f"As of {report.assessed_at or 'today'} they reach {report.total}:"
    yield "  " + ", ".join(f"{letter} {score.short}" for letter, score in report.letters.items()) + "."
    yield "The first number is what could be told, the range what is still open."
    yield ""
    mine = by_actor(report.fixes).get(who, ())
    if mine:
        yield "These changes would help most (points of 100 in brackets):"
        yield ""
    else:
        yield "Nothing that I know of is left for you to do: thank you."
    for number, fix in enumerate(mine[:most], 1):
        yield f"{number}. {fix.text} [{fix.gain:+.1f}]"
        yield f"   {fix.about}; seen: {fix.why}"
    if len(mine) > most:
        yield f"… and {len(mine) - most} smaller ones."
    yield ""
    yield f"Each line rests on documents that I can send you; the metrics are {METRIC_SET} of fairlab."
    yield ""
    yield "With kind regards"
