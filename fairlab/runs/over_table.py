"""The verb: run a notebook over a table."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fairlab.assets import find_notebook
from fairlab.errors import NotebookError, OutputError
from fairlab.runs.batch import Batch
from fairlab.runs.batch_files import batch_folder, collect, write_rows
from fairlab.runs.batch_page import write_page
from fairlab.runs.batch_progress import Telling
from fairlab.runs.earlier import Earlier
from fairlab.runs.execution import require_papermill
from fairlab.runs.notebook import read_notebook
from fairlab.runs.parameter_cell import declared_parameters
from fairlab.runs.plan import planned
from fairlab.runs.rows_running import DONE, DONE_UNCHECKED, Rows
from fairlab.runs.single import check_time_limit
from fairlab.runs.table_file import read_table

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from fairlab.runs.batch import BatchRow
    from fairlab.runs.plan import Plan

_DONE: Final = {
    DONE: "rows done before, not run again",
    DONE_UNCHECKED: "rows done before, whose inputs could not be looked at again",
}


def run_over(
    notebook: str | os.PathLike[str],
    table: str | os.PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    out_dir: str | os.PathLike[str] | None = None,
    timeout_s: float | None = None,
    jobs: int = 2,
    resume: bool = False,
    progress: bool = True,
) -> Batch:
    """Run a notebook once for each row of a table.

    A column fills the parameter of its name; the column ``url``, which ``browser.to_csv`` writes, fills the first of
    ``url``, ``source``, ``image``, ``look_at`` that the notebook has. An empty cell leaves a parameter at its
    default. Columns that fill none are kept in the record of each run. Every cell is checked before a kernel starts.
    Rows with equal parameters are run once; a run that fails is not in the way of the others.

    A notebook with a parameter ``csv``, the file for its table, is given a file beside each run, unless the call or
    a column says another; these tables are collected in ``results.csv``.

    Parameters
    ----------
    notebook : str or path-like
        As :func:`fairlab.run` takes it.
    table : path-like
        A CSV or TSV in UTF-8, with a row of headings. In one whose cells are parted by semicolons, 0,5 is a number.
    parameters : mapping, optional
        Values that are the same for all rows.
    out_dir : path-like, optional
        Holds one folder per notebook (default ``runs``).
    timeout_s : float, optional
        Seconds for all cells of a run together.
    jobs : int
        Runs at the same time, each in a kernel of its own.
    resume : bool
        Do not run what is done: rows of which a whole run of this very notebook with equal parameters is there, and
        whose inputs are not known to have changed. Their metadata are looked at again.
    progress : bool
        Say on stderr how it goes on.

    Returns
    -------
    Batch
        A row for each of the table's, and where page, rows and results lie. Failed runs are in ``batch.failures``,
        not raised.

    Raises
    ------
    NotebookError
        Before anything runs: as :func:`fairlab.run`, and kinds ``"table-unreadable"``, ``"table-form"``,
        ``"table-columns"``, ``"rows-refused"`` (``context["details"]`` has row and column of every cell that cannot
        be used), ``"jobs-value"``.
    OutputError
        kind ``"output-unwritable"``.
    MissingExtraError
        The extra ``notebooks`` is not installed.

    Examples
    --------
    >>> run_over("measure_objects", "a table that is not there.csv")
    Traceback (most recent call last):
        ...
    fairlab.errors.NotebookError: the table "a table that is not there.csv" cannot be read: No such file or directory
    """
    original = read_notebook(find_notebook(notebook))
    declared = declared_parameters(original)
    rows_given = read_table(table)
    plan = planned(rows_given, declared, dict(parameters or {}))
    check_time_limit(timeout_s)
    if not isinstance(jobs, int) or jobs < 1:
        raise NotebookError(f"jobs is {jobs!r}; expected a whole number above zero", kind="jobs-value")
    require_papermill()
    place, name = Path(out_dir or "runs"), original.path.stem
    folder = batch_folder(place, name, rows_given.path)
    telling = Telling(sum(row.same_as is None for row in plan.runs), shown=progress)
    telling.say(_before(plan))
    rows = Rows(plan, original, telling, out_dir=place, timeout_s=timeout_s, table=rows_given.path.name)

    def finished() -> Batch:
        return _written(folder, rows.outcomes(), plan, notebook=name, table=rows_given.path.name)

    try:
        if resume:
            rows.skip_done(Earlier(original, place))
        rows.run(jobs=jobs)
    except BaseException:  # the user's interruption, or a fault of fairlab's: what is done is kept and told
        with contextlib.suppress(OutputError):
            telling.say(str(finished()).splitlines())
        raise
    batch = finished()
    telling.say(batch.remarks[len(_before(plan)) :])
    return batch


def _before(plan: Plan) -> list[str]:
    """What a reader should know before it begins."""
    said = []
    if plan.kept:
        columns = ", ".join(f'"{column}"' for column in plan.kept)
        said.append(f"columns that fill no parameter are kept beside each run: {columns}")
    moved = {column: name for column, name in plan.fills.items() if column != name}
    said += [f'column "{column}" fills the parameter "{name}"' for column, name in moved.items()]
    if equal := sum(row.same_as is not None for row in plan.runs):
        said.append(f"rows with the parameters of an earlier row, not run again: {equal:,}")
    return said


def _written(folder: Path, rows: Sequence[BatchRow], plan: Plan, *, notebook: str, table: str) -> Batch:
    """Write the files of a batch."""
    own = [row for row, planned_run in zip(rows, plan.runs, strict=True) if planned_run.same_as is None]
    results = folder / "results.csv"
    left_out = collect(
        results,
        [
            (row.number, row.cells[plan.image] if plan.image else "", row.results)
            for row in own
            if row.status == "ok" and row.results is not None
        ],
    )
    resumed = [
        f"{said}: {count:,}"
        for note, said in _DONE.items()
        if (count := sum(row.note == note for row in own))
    ]
    batch = Batch(
        notebook=notebook,
        table=table,
        rows=tuple(rows),
        index=folder / "index.html",
        rows_csv=folder / "rows.csv",
        results_csv=results if results.is_file() else None,
        remarks=(*_before(plan), *resumed, *left_out),
    )
    columns = list(plan.runs[0].cells)
    write_rows(batch.rows_csv, columns, rows)
    write_page(batch, plan)
    return batch
