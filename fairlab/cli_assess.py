"""The command ``fairlab assess``: one report, or a table of many.

Exit codes: 0 good; 1 below ``--min-score``; 2 the question is wrong, or nobody could tell.
"""

from __future__ import annotations

import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from fairlab.errors import NotFoundError, OutputError, QueryError

if TYPE_CHECKING:
    import argparse

    from fairlab.fair.cohort import Cohort
    from fairlab.fair.report import Report
    from fairlab.fair.scoring import Score
    from fairlab.fair.survey import Survey

BELOW, NOBODY_COULD_TELL = 1, 2
CODES = (
    "exit code: 0 good; 1 the score is below --min-score; 2 nobody can tell, also where only what is unknown "
    "decides whether it reaches --min-score"
)


def add(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.set_defaults(cannot_tell=True)
    parser.add_argument(
        "source",
        nargs="+",
        metavar="URL",
        help="address, path, identifier; a folder, a CSV with a column url or id, or a report's JSON",
    )
    parser.add_argument("--html", type=Path, metavar="OUT", help="write the report as a page")
    parser.add_argument(
        "--csv", type=Path, metavar="OUT", help="write a table; a table that is there is gone on with"
    )
    parser.add_argument("--badge", type=Path, metavar="OUT", help="write a small SVG picture with the score")
    parser.add_argument(
        "--min-score", type=float, metavar="N", help="the least total of 0 to 100 that is good"
    )
    parser.add_argument(
        "--by",
        choices=("archive", "funder", "institution", "year"),
        help="of many: sum up by these (default: archive)",
    )
    parser.add_argument(
        "--cohort", type=Path, metavar="CSV", help="say where it stands among those of an earlier --csv"
    )
    parser.add_argument("--letter", action="store_true", help="print a letter to the archive instead")
    parser.add_argument("--offline", action="store_true", help="ask nobody: judge only what records say")


def assess(options: argparse.Namespace) -> int:
    """Assess, print, write, and judge by ``--min-score``."""
    from fairlab.fair.assessing import assess
    from fairlab.fair.survey import Survey

    source = options.source[0] if len(options.source) == 1 else options.source
    if isinstance(source, str) and (stored := _stored(source)) is not None:
        return _one(stored, options)
    made = assess(source, online=not options.offline, resume=options.csv)
    return _many(made, options) if isinstance(made, Survey) else _one(made, options)


def _one(report: Report, options: argparse.Namespace) -> int:
    if options.by:
        raise QueryError(
            "--by sums up many images; this is one\n  give a table or a folder, or leave --by out",
            kind="option-value",
        )
    if options.html:
        _write(options.html, report.html())
    if options.csv:
        _write(options.csv, report.to_csv())
    if options.badge:
        _write(options.badge, report.svg())
    print(report.to_json(indent=2) if options.json else report.message() if options.letter else report)
    if options.cohort:
        standing = report.standing(_cohort(options.cohort))
        print(standing or "too few in the cohort are of its kind and could tell its metrics", file=sys.stderr)
    return _code(report.total, options.min_score)


def _many(survey: Survey, options: argparse.Namespace) -> int:
    if options.html or options.badge or options.letter:
        raise QueryError(
            "--html, --badge and --letter are for one image; for many there is --csv", kind="option-value"
        )
    summary = survey.summary(by=options.by or "archive")
    if options.json:
        print(
            json.dumps(
                {"rows": [dict(row) for row in survey.rows], "summary": summary.to_dict()}, ensure_ascii=False
            )
        )
    else:
        print(survey, summary, sep="\n\n")
    if len(survey.failures) == len(survey):
        return NOBODY_COULD_TELL
    return max((_code(score, options.min_score) for score in survey.totals), default=0)


def _code(score: Score, least: float | None) -> int:
    """Good, below, or open: what is unknown may not decide."""
    if least is None or score.low >= least:
        return 0
    if score.high < least:
        return BELOW
    print(f"fairlab: {score.short}: whether it reaches {least:g} cannot be told", file=sys.stderr)
    return NOBODY_COULD_TELL


def _stored(source: str) -> Report | None:
    """The report that a JSON file holds, computed again; None where it is no such file."""
    path = Path(source).expanduser()
    if path.suffix.lower() != ".json" or not path.is_file():
        return None
    from fairlab.fair.report import Report

    try:
        values = json.loads(path.read_text("utf-8", errors="replace"))
    except (ValueError, RecursionError):  # whoever reads documents says what is wrong with it
        return None
    return Report.from_dict(values) if isinstance(values, dict) and "bundle" in values else None


def _cohort(path: Path) -> Cohort:
    from fairlab.fair.cohort import Cohort

    try:
        lines = path.read_text("utf-8", errors="replace").splitlines()
    except OSError as exc:
        raise NotFoundError(f'the table "{path}" cannot be read ({exc})', kind="path-missing") from exc
    return Cohort.of(csv.DictReader(lines))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as exc:
        raise OutputError(
            f'"{path}" cannot be written ({exc})\n  name another file, or check its folder and permissions',
            kind="output",
            path=str(path),
        ) from exc
