"""Many assessments as a table: written row by row, so that it can be resumed, and summed up for stewards."""

from __future__ import annotations

import csv
import io
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, overload

from fairlab.errors import FairlabError, OutputError, QueryError
from fairlab.fair.cohort import Cohort
from fairlab.fair.metric_set import METRIC_SET
from fairlab.fair.scoring import Score
from fairlab.fair.survey_summary import Summary, summed_up
from fairlab.fair.table_row import COLUMNS, failed_row
from fairlab.foreign_text import escaped, printable
from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TextIO

    import pandas as pd

    from fairlab.fair.report import Report

MAX_ROWS: Final = 100
"""Rows drawn; the rest is counted."""


class Progress(Protocol):
    """Called after each assessment."""

    def __call__(self, done: int, of: int, target: str) -> None:
        """How many are done, of how many, and which was the last."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Survey(Sequence[Any]):
    """Many assessments, one row each; the documents behind them are not kept.

    Examples
    --------
    >>> import fairlab
    >>> survey = fairlab.assess([fairlab.lookup("idr:idr0062"), fairlab.lookup("idr:idr0001")], online=False)
    >>> len(survey), survey.summary(by="archive").groups[0].count
    (2, 2)
    """

    rows: tuple[Mapping[str, str], ...]
    """In the order that was asked for; see :meth:`Report.row`."""

    @property
    def failures(self) -> tuple[Mapping[str, str], ...]:
        """The rows of what could not be assessed, each with its ``error``."""
        return tuple(row for row in self.rows if row["error"])

    @property
    def totals(self) -> tuple[Score, ...]:
        """The totals of what could be assessed, with their intervals."""
        return tuple(
            Score(
                value=float(row["total"]) if row["total"] else None,
                low=float(row["total_low"]),
                high=float(row["total_high"]),
            )
            for row in self.rows
            if not row["error"]
        )

    def summary(self, *, by: str = "archive") -> Summary:
        """Sums for stewards and funders.

        Parameters
        ----------
        by : {"archive", "funder", "institution", "year"}
            What rows are grouped by; one that names several counts for each.

        Raises
        ------
        QueryError
            kind ``"summary-by"``.
        """
        return summed_up(self.rows, by=by)

    def cohort(self) -> Cohort:
        """These, to compare others with: ``report.standing(survey.cohort())``."""
        return Cohort.of(self.rows)

    def to_pandas(self) -> pd.DataFrame:
        """The table; scores, shares, bytes and years as numbers."""
        import pandas as pd

        table = pd.DataFrame([dict(row) for row in self.rows], columns=list(COLUMNS))
        numbers = [name for name in COLUMNS if name.startswith(("total", "F", "A", "I", "R"))]
        for name in [name for name in numbers if "-" not in name] + ["unknown_share", "bytes", "year"]:
            table[name] = pd.to_numeric(table[name], errors="coerce")
        return table

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str:
        """The table as CSV, also written to ``path`` where one is given.

        Raises
        ------
        OutputError
            kind ``"output"``: the file cannot be written.
        """
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        if path is not None:
            try:
                Path(path).write_text(out.getvalue(), "utf-8")
            except OSError as exc:
                raise _unwritable(path, exc) from exc
        return out.getvalue()

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Mapping[str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> Survey: ...
    def __getitem__(self, index: int | slice) -> Mapping[str, str] | Survey:
        return Survey(rows=self.rows[index]) if isinstance(index, slice) else self.rows[index]

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        lines = [f"{len(self.rows):,} assessed with {METRIC_SET}, {len(self.failures):,} could not be"]
        lines += [
            f"{_score(row):>18}  {row['archive'] or 'unknown':<12.12}  {row['id']}"
            for row in self.rows[:MAX_ROWS]
        ]
        hidden = len(self.rows) - MAX_ROWS
        return "\n".join(map(printable, [*lines, *([f"… and {hidden:,} more"] if hidden > 0 else [])]))

    def _repr_html_(self) -> str:
        head = "".join(
            f"<th style='text-align:left'>{name}</th>" for name in ("FAIR", "archive", "licence", "id")
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td style='text-align:left;overflow-wrap:anywhere'>{escaped(cell or 'unknown')}</td>"
                for cell in (_score(row), row["archive"], row["license"], row["id"])
            )
            + "</tr>"
            for row in self.rows[:MAX_ROWS]
        )
        lines = str(self).splitlines()
        more = f"<p>{escaped(lines[-1])}</p>" if len(self.rows) > MAX_ROWS else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        return f"<div><p>{escaped(lines[0])}</p>{table}{more}</div>"


def surveyed(
    targets: Iterable[Any],
    assess: Callable[[Any], Report],
    *,
    resume: str | os.PathLike[str] | None = None,
    at_once: int = 8,
    progress: Progress | None = None,
) -> Survey:
    """Assess many, some at a time; what cannot be assessed becomes a row that says why.

    Parameters
    ----------
    targets : iterable
        What ``assess`` takes.
    assess : callable
        Assesses one.
    resume : path-like, optional
        A CSV that each row is written to at once; what it holds with the same metric set is not assessed again.
    at_once : int
        How many at a time.
    progress : callable, optional
        See :class:`Progress`; on a terminal a counter is shown when there is none.

    Raises
    ------
    QueryError
        kind ``"query-value"``: none at a time.
    OutputError
        The file cannot be read or written.
    """
    if not isinstance(at_once, int) or at_once < 1:
        raise QueryError(f"at_once is {at_once!r}; expected a number above zero", kind="query-value")
    wanted = {_name(one): one for one in targets}
    told = progress or (_counter if sys.stderr.isatty() else None)
    with ExitStack() as stack:
        known, keep = _journal(resume, stack) if resume is not None else ({}, None)
        rows = {name: known[name] for name in wanted if name in known}
        left = [name for name in wanted if name not in rows]
        pool = stack.enter_context(ThreadPoolExecutor(at_once, thread_name_prefix="fairlab-assess"))
        # map() holds every result until its turn: a row is small, a report is not, so rows are made in the thread.
        for name, row in zip(
            left, pool.map(lambda name: _row(name, wanted[name], assess), left), strict=True
        ):
            rows[name] = row
            if keep:
                keep(row)
            if told:
                told(len(rows), len(wanted), name)
    return Survey(rows=tuple(rows[name] for name in wanted))


def _row(name: str, target: Any, assess: Callable[[Any], Report]) -> dict[str, str]:
    try:
        return {**assess(target).row(), "id": name}
    except FairlabError as error:  # one of many; the others go on
        return failed_row(name, f"{error.kind}: {error.message.splitlines()[0]}")


def _name(target: Any) -> str:
    from fairlab.net.address import redact

    if isinstance(target, Record):
        return target.id
    return redact(os.fspath(target)) if isinstance(target, str | os.PathLike) else f"object {id(target)}"


def _journal(
    path: str | os.PathLike[str], stack: ExitStack
) -> tuple[dict[str, Mapping[str, str]], Callable[[Mapping[str, str]], None]]:
    """The rows that a file already holds, and how to add one; a row that was cut off is done again."""
    place = Path(path).expanduser()
    try:
        text = place.read_bytes().decode("utf-8", "replace") if place.exists() else ""
        if not text.startswith(",".join(COLUMNS)[: len(text)]):  # the head may have been cut off, too
            raise OutputError(
                f"{place} is another file and was left alone\n  give a new one, or what an assessment wrote",
                kind="output",
                path=str(place),
            )
        whole = text[: text.rfind("\n") + 1]
        if whole != text:
            place.write_text(whole, "utf-8")
        stream: TextIO = stack.enter_context(place.open("a", encoding="utf-8", newline=""))
    except OutputError:
        raise
    except OSError as exc:
        raise _unwritable(place, exc) from exc
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    if not whole:
        writer.writeheader()

    def keep(row: Mapping[str, str]) -> None:
        writer.writerow(row)
        stream.flush()

    return {row["id"]: row for row in _read(whole) if _is_whole(row)}, keep


def _read(text: str) -> Iterator[dict[str, str]]:
    yield from csv.DictReader(io.StringIO(text))


def _is_whole(row: Mapping[str, Any]) -> bool:
    """Whether a row is of this metric set and complete; what failed before is tried again."""
    return row.get("metric_set") == METRIC_SET and not row.get("error") and None not in row.values()


def _counter(done: int, of: int, target: str) -> None:
    print(f"\r{done:,} of {of:,}", end="\n" if done == of else "", file=sys.stderr, flush=True)


def _score(row: Mapping[str, str]) -> str:
    if row["error"]:
        return row["error"].partition(":")[0]
    value = f"{float(row['total']):.0f}" if row["total"] else "unknown"
    return f"{value} ({float(row['total_low']):.0f} to {float(row['total_high']):.0f})"


def _unwritable(path: str | os.PathLike[str], exc: OSError) -> OutputError:
    return OutputError(
        f'the table "{path}" cannot be written ({exc})\n  name another file, or make room and check permissions',
        kind="output",
        path=str(path),
    )
