"""The page of a batch: how many ended how, what failed and why, and every row with links; opens without a network."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from string import Template
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from fairlab import __version__
from fairlab.assets import data_file
from fairlab.foreign_text import breakable, escaped, linked
from fairlab.runs.batch_files import place_from, written_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from fairlab.runs.batch import Batch, BatchRow
    from fairlab.runs.plan import Plan, PlannedRun

MAX_ROWS: Final = 1000
"""Rows drawn in each table of the page; ``rows.csv`` has all."""
_STATES: Final = {
    "ok": ("good", "done"),
    "failed": ("bad", "failed"),
    "interrupted": ("open", "interrupted"),
    "not run": ("open", "not run"),
}


def write_page(batch: Batch, plan: Plan) -> None:
    """Write the page of a batch; everything in it is text, whatever the table or a notebook says.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``.
    """
    folder = batch.index.parent
    page = Template(data_file("batch_page.html").read_text("utf-8")).substitute(
        title=escaped(f"{batch.notebook} over {batch.table}"),
        made=f"Made by fairlab {__version__} on {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC. {_files(batch)}",
        counts=_counts(batch),
        remarks="".join(f"<p>{escaped(remark)}</p>" for remark in batch.remarks),
        common=_common(plan),
        failed=_section(
            "What failed",
            [_failure(row, plan, folder) for row in batch.failures[:MAX_ROWS]],
            of=len(batch.failures),
        ),
        rows=_section(
            "All rows",
            [
                _row(row, run, plan, folder)
                for row, run in islice(zip(batch.rows, plan.runs, strict=True), MAX_ROWS)
            ],
            of=len(batch.rows),
        ),
    )
    with written_whole(batch.index) as stream:
        stream.write(page)


def _files(batch: Batch) -> str:
    links = [f'<a href="{quote(batch.rows_csv.name)}">all rows as a table</a>']
    if batch.results_csv:
        links.append(f'<a href="{quote(batch.results_csv.name)}">the results of all runs in one table</a>')
    return "Beside this page: " + ", ".join(links) + "."


def _counts(batch: Batch) -> str:
    counts = batch.counts
    told = "".join(
        f'<div class="{tone}"><b>{counts[status]:,}</b> {word}</div>'
        for status, (tone, word) in _STATES.items()
        if status in counts
    )
    return f'<div class="counts">{told}</div>'


def _common(plan: Plan) -> str:
    filled = {*plan.fills.values(), plan.results}
    given = [f"{name} = {value!r}" for name, value in plan.runs[0].values.items() if name not in filled]
    return f'<p class="soft">The same for all rows: {escaped(", ".join(given))}</p>' if given else ""


def _section(title: str, drawn: Sequence[dict[str, str]], *, of: int) -> str:
    if not drawn:
        return ""
    # A column that is empty in all rows says nothing.
    columns = [name for name in drawn[0] if any(row[name] for row in drawn)]
    head = "".join(f'<th scope="col"{_kind(name)}>{escaped(name)}</th>' for name in columns)
    body = "".join(f"<tr>{''.join(_cells(row, columns))}</tr>" for row in drawn)
    hidden = of - len(drawn)
    more = f'<p class="soft">… and {hidden:,} more, in rows.csv</p>' if hidden > 0 else ""
    return (
        f'<h2>{escaped(title)}</h2><div class="wide" tabindex="0" role="region" aria-label="{escaped(title)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{more}"
    )


def _cells(row: dict[str, str], columns: Iterable[str]) -> Iterable[str]:
    return (f"<td{_kind(name)}>{row[name]}</td>" for name in columns)


def _kind(column: str) -> str:
    kinds = {"row": "number", "seconds": "number", "image": "image", "parameters": "words", "error": "words"}
    return f' class="{kinds[column]}"' if column in kinds else ""


def _row(row: BatchRow, planned: PlannedRun, plan: Plan, folder: Path) -> dict[str, str]:
    tone, word = _STATES[row.status]
    note = f'<br><span class="soft">{escaped(row.note)}</span>' if row.note else ""
    others = [
        f"{name} = {planned.values[name]!r}"
        for column, name in plan.fills.items()
        if column != plan.image and row.cells[column]
    ]
    links = [_link(folder, row.output, "notebook"), _link(folder, row.results, "results")]
    return {
        "row": f"{row.number:,}",
        "image": _image(row, plan),
        "parameters": escaped(", ".join(others)),
        "status": f'<span class="state {tone}">{word}</span>{note}',
        "seconds": "" if row.seconds is None else f"{row.seconds:,.1f}",
        "open": " ".join(filter(None, links)),
    }


def _failure(row: BatchRow, plan: Plan, folder: Path) -> dict[str, str]:
    return {
        "row": f"{row.number:,}",
        "image": _image(row, plan),
        "cell": "" if row.failed_cell is None else f"In [{row.failed_cell}]",
        "error": breakable(row.error or ""),
        "open": _link(folder, row.output, "notebook"),
    }


def _image(row: BatchRow, plan: Plan) -> str:
    name = row.cells[plan.image] if plan.image else ""
    return linked(name, name)


def _link(folder: Path, path: Path | None, words: str) -> str:
    return f'<a href="{quote(place_from(folder, path))}">{words}</a>' if path else ""
