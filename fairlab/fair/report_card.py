"""A report as HTML: a card for a notebook, the same card as a page of its own. Everything foreign is escaped."""

from __future__ import annotations

import functools
from string import Template
from typing import TYPE_CHECKING, Final

from fairlab.fair.advice import by_actor
from fairlab.fair.metric_set import METRIC_SET, SCHEMES, metric_set
from fairlab.foreign_text import escaped
from fairlab.terms import DATA

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fairlab.fair.advice import Fix
    from fairlab.fair.metric_set import Letter
    from fairlab.fair.outcome import Evidence, Outcome, Status
    from fairlab.fair.report import Report
    from fairlab.fair.scoring import Score
    from fairlab.fair.side_badges import State

WORDS: Final[dict[Letter, str]] = {
    "F": "Findable", "A": "Accessible", "I": "Interoperable", "R": "Reusable",
}  # fmt: skip
# Sign, word and class: never colour alone.
_STATUS: Final[dict[Status, tuple[str, str, str]]] = {
    "pass": ("✓", "met", "good"),
    "partial": ("◐", "in part", "part"),
    "fail": ("✗", "not met", "bad"),
    "na": ("–", "does not apply", "unknown"),
    "unknown": ("?", "unknown", "unknown"),
}
_BADGE: Final[dict[State, tuple[str, str]]] = {
    "good": ("✓", "good"),
    "look": ("!", "part"),
    "stop": ("✗", "bad"),
    "unknown": ("?", "unknown"),
}
_GROUPS: Final = {"privacy": "privacy", "credit": "credit", "ai": "AI"}
_FEW: Final = 6
"""Fixes of each who can act that a card in a notebook shows."""


def page(report: Report) -> str:
    """The whole page; it asks nothing of any network."""
    template = Template((DATA / "fair_report.html").read_text("utf-8"))
    return template.substitute(title=escaped(report.name), style=_style(), card=_card(report, folded=False))


def card(report: Report) -> str:
    """The card for a notebook, with its long parts folded."""
    return f"<style>{_style()}</style>{_card(report, folded=True)}"


@functools.cache
def _style() -> str:
    return (DATA / "fair_card.css").read_text("utf-8")


def _card(report: Report, *, folded: bool) -> str:
    tests = "".join(_letter(report, letter) for letter in WORDS)
    letter = f"<pre>{escaped(report.message())}</pre>"
    parts = [
        _head(report),
        _scores(report),
        _badges(report),
        "<h2>What would raise it</h2>",
        _fixes(report, most=_FEW if folded else None),
        _section("A letter to the archive", letter, folded=folded),
        _section("In the words of other schemes", _crosswalk(report), folded=folded),
        _section("All 54 metrics, with what was seen", tests, folded=folded),
        _foot(report),
    ]
    return f"<article class='fairlab-fair'>{''.join(parts)}</article>"


def _section(title: str, inside: str, *, folded: bool) -> str:
    if folded:
        return f"<details><summary>{escaped(title)}</summary>{inside}</details>"
    return f"<h2>{escaped(title)}</h2>{inside}"


def _head(report: Report) -> str:
    archive = report.description.get("identity.repository")
    told = [f"FAIR report of {'an' if report.kind[:1] in 'aeiou' else 'a'} {report.kind}", str(archive or "")]
    line = " · ".join(filter(None, told))
    return (
        f"<header><p class='soft'>{escaped(line)}</p><h1><bdi>{escaped(report.name)}</bdi></h1>"
        f"<p class='soft'>{linked(report.target)}</p></header>"
    )


def _scores(report: Report) -> str:
    total = report.total
    value = "unknown" if total.value is None else f"{total.value:.0f}"
    rows = "".join(
        f"<span>{WORDS[letter]}</span>{_bar(score)}<span class='range'>{escaped(score.short)}</span>"
        for letter, score in report.letters.items()
    )
    told = (
        f"{METRIC_SET}; {100 * report.unknown_share:.0f} % of the weight could not be told, "
        "and the range holds what that leaves open; maturity of 3: "
        + ", ".join(f"{letter} {score.maturity}" for letter, score in report.letters.items())
    )
    range_ = f"{total.low:.0f} to {total.high:.0f} of 100"
    whole = (
        f"<b>{value}</b> <span class='range'>{range_}</span>{_bar(total)}<p class='soft'>{escaped(told)}</p>"
    )
    return f"<div class='scores'><div class='total'>{whole}</div><div class='letters'>{rows}</div></div>"


def _bar(score: Score) -> str:
    mark = "" if score.value is None else f"<i class='value' style='left:calc({score.value:.1f}% - 2px)'></i>"
    return (
        f"<div class='bar' role='img' aria-label='{score.low:.0f} to {score.high:.0f} of 100'>"
        f"<i class='sure' style='width:{score.low:.1f}%'></i>"
        f"<i class='open' style='left:{score.low:.1f}%;width:{score.high - score.low:.1f}%'></i>{mark}</div>"
    )


def _badges(report: Report) -> str:
    items = []
    for badge in report.badges:
        sign, kind = _BADGE[badge.state]
        text = escaped(f"{badge.title}: {badge.text}")
        items.append(f"<li><span class='state {kind}'>{sign} {_GROUPS[badge.group]}</span> {text}</li>")
    return f"<ul class='badges' aria-label='beside the score'>{''.join(items)}</ul>"


def _fixes(report: Report, *, most: int | None) -> str:
    parts = []
    for who, mine in by_actor(report.fixes).items():
        more = f"<p class='soft'>and {len(mine) - most} more</p>" if most and len(mine) > most else ""
        parts.append(
            f"<h3>{escaped(f'The {who}')}</h3><ol class='fixes'>{''.join(map(_fix, mine[:most]))}</ol>{more}"
        )
    return "".join(parts) or "<p>Nothing that is known.</p>"


def _fix(fix: Fix) -> str:
    return (
        f"<li><span class='gain' title='points of 100'>{fix.gain:+.1f}</span><div>{escaped(fix.text)}"
        f"<p class='soft'>{escaped(fix.about)}: {escaped(fix.why)}</p></div></li>"
    )


def _crosswalk(report: Report) -> str:
    """How many metrics of other schemes our outcomes answer; an indication, not their own result."""
    rows = []
    for scheme, name in SCHEMES.items():
        scores = [one.score for one in report.crosswalk(scheme)]
        known = [score for score in scores if score is not None]
        met = sum(score > 1 - 1e-9 for score in known)
        told = f"{met} of {len(scores)} met, {sum(0 < score <= 1 - 1e-9 for score in known)} in part"
        more = f", {len(scores) - len(known)} not told" if len(known) < len(scores) else ""
        rows.append(f"<li>{escaped(name)}: {told}{more}</li>")
    return f"<ul>{''.join(rows)}</ul><p class='soft'>As our metrics answer theirs; not their own result.</p>"


def _letter(report: Report, letter: Letter) -> str:
    mine = {id_: one for id_, one in report.outcomes.items() if id_.startswith(letter)}
    rows = "".join(_test(id_, one) for id_, one in mine.items())
    return f"<h3>{WORDS[letter]}: {escaped(report.letters[letter].short)}</h3><table><tbody>{rows}</tbody></table>"


def _test(id_: str, outcome: Outcome) -> str:
    sign, word, kind = _STATUS[outcome.status]
    share = f" {outcome.score:.2g}" if outcome.status == "partial" else ""
    return (
        f"<tr><td><span class='state {kind}'>{sign} {word}{share}</span></td>"
        f"<th scope='row'>{escaped(metric_set()[id_].title)} <span class='soft id'>{id_}</span></th>"
        f"<td class='soft'>{_evidence(outcome.evidence)}</td></tr>"
    )


def _evidence(found: Iterable[Evidence]) -> str:
    lines = []
    for one in found:
        place = f" · {linked(one.document)}" if one.document else ""
        pointer = f" {escaped(one.pointer)}" if one.pointer else ""
        lines.append(f"<div>{escaped(one.text)}{place}{pointer}</div>")
    return "".join(lines)


def _foot(report: Report) -> str:
    when = (
        f"Documents read {report.assessed_at}."
        if report.assessed_at
        else "From tables that come with fairlab."
    )
    return (
        f"<p class='soft' style='margin-top:1.5rem'>{escaped(when)} The same documents give the same report; "
        "Report.to_json() keeps them. A score says how well data can be reused, not how good they are.</p>"
    )


def linked(address: str) -> str:
    """An address as a link where it is one of the web, else as text."""
    text = escaped(address)
    if not address.startswith(("https://", "http://")):
        return text
    return f"<a href='{text}' rel='noopener noreferrer nofollow'>{text}</a>"
