"""One report as one row of a table: what stewards group by, scores with intervals, and every metric in one cell."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.metric_set import LETTERS, METRIC_SET, metric_set
from fairlab.foreign_text import clean, no_formula

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.fair.description import Description
    from fairlab.fair.report import Report
    from fairlab.fair.scoring import Score

FACTS: Final = (
    "id", "kind", "name", "archive", "funder", "institution", "year", "license", "doi", "bytes", "resolvable", "error",
)  # fmt: skip
"""Columns before the scores."""
SCORES: Final = tuple(f"{name}{end}" for name in ("total", *LETTERS) for end in ("", "_low", "_high"))
COLUMNS: Final = (*FACTS, "metric_set", *SCORES, "unknown_share", *metric_set())
"""All columns, in order; metrics hold a score of 0 to 1, ``na`` or ``unknown``."""


def row_of(report: Report) -> dict[str, str]:
    """The row of a report."""
    scores: dict[str, Score] = {
        "total": report.total,
        **{str(name): one for name, one in report.letters.items()},
    }
    cells: dict[str, Any] = {
        "id": report.target,
        "kind": report.kind,
        "name": report.name,
        **_facts(report.description),
        "resolvable": _resolvable(report),
        "metric_set": METRIC_SET,
        **{f"{name}{end}": value for name, score in scores.items() for end, value in _ends(score)},
        "unknown_share": f"{report.unknown_share:.3f}",
        **{
            id_: one.status if one.score is None else f"{one.score:g}" for id_, one in report.outcomes.items()
        },
    }
    return _row(cells)


def failed_row(target: str, error: str) -> dict[str, str]:
    """The row of something that could not be assessed, with the reason."""
    return _row({"id": target, "error": error, "metric_set": METRIC_SET, "resolvable": "unknown"})


def _row(cells: Mapping[str, Any]) -> dict[str, str]:
    return {name: _safe(str(cells[name])) if cells.get(name) is not None else "" for name in COLUMNS}


def _facts(known: Description) -> dict[str, Any]:
    license_ = known.get("citation.license") or {}
    funding = [
        one.get("funder") or one.get("id")
        for one in known.get("citation.funding") or []
        if isinstance(one, dict)
    ]
    creators = [one for one in known.get("citation.creators") or [] if isinstance(one, dict)]
    places = [
        place.get("name")
        for one in creators
        for place in one.get("affiliations") or []
        if isinstance(place, dict)
    ]
    date = re.match(r"\d{4}", str(known.get("citation.date_published") or ""))
    return {
        "archive": known.get("identity.repository"),
        "funder": _joined(funding),
        "institution": _joined(places),
        "year": date[0] if date else None,
        "license": license_.get("spdx") or license_.get("name") if isinstance(license_, dict) else None,
        "doi": known.get("identity.doi"),
        "bytes": known.get("image.bytes"),
    }


def _joined(values: list[Any]) -> str | None:
    return "; ".join(dict.fromkeys(str(value) for value in values if value)) or None


def _resolvable(report: Report) -> str:
    """Whether its address, or else its DOI or page, answers: yes, no or unknown."""
    named = any(report.description.get(path) for path in ("identity.doi", "identity.landing_page"))
    for id_ in ("A1-01", "F1-03") if named else ("A1-01",):
        status = report.outcomes[id_].status
        if status in ("pass", "fail"):
            return {"pass": "yes", "fail": "no"}[status]
    return "unknown"


def _ends(score: Score) -> list[tuple[str, str]]:
    value = "" if score.value is None else f"{score.value:.1f}"
    return [("", value), ("_low", f"{score.low:.1f}"), ("_high", f"{score.high:.1f}")]


def _safe(text: str) -> str:
    """One line that no spreadsheet takes for a formula."""
    return no_formula(clean(text) or "")
