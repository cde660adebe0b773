"""One run, whose parameters are checked: started, kept, and told how it ended."""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fairlab import session
from fairlab.errors import NotebookError, OutputError
from fairlab.runs.execution import execute
from fairlab.runs.outcome import CellFailure, prepared, settled
from fairlab.runs.recording import begin, write

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from fairlab.runs.execution import Brake
    from fairlab.runs.notebook import Notebook
    from fairlab.runs.record import Run


def check_time_limit(timeout_s: float | None) -> None:
    """Refuse a limit that is none.

    Raises
    ------
    NotebookError
        kind ``"timeout-value"``.
    """
    if timeout_s is not None and not timeout_s > 0:
        raise NotebookError(f"timeout_s is {timeout_s!r}; expected seconds above zero", kind="timeout-value")


def carry_out(
    original: Notebook,
    values: Mapping[str, Any],
    *,
    given: Collection[str],
    out_dir: Path,
    timeout_s: float | None = None,
    progress: bool = False,
    started: Callable[[Run], object] | None = None,
    results: str | None = None,
    brake: Brake | None = None,
    **of_table: Any,
) -> tuple[Run, CellFailure | None]:
    """Run a notebook with checked values, and keep what came out, whole or not.

    Parameters
    ----------
    original : Notebook
        What to run.
    values : mapping
        The value of every parameter.
    given : collection of str
        Those that the notebook does not have by itself.
    out_dir, timeout_s, progress, started
        As :func:`fairlab.run` has them.
    results : str, optional
        Parameter that is given a file beside the record for the notebook's table.
    brake : Brake, optional
        What can end the run from another thread.
    **of_table
        ``table``, ``table_row`` and ``beside`` of the record.

    Returns
    -------
    Run, CellFailure or None
        The run, ended; and why it did not come to its end.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``.
    """
    begun = begin(original.path.stem, original.sha256, values, out_dir=out_dir, results=results, **of_table)
    chosen = {*given, results} - {None}
    try:
        _write(begun.output, prepared(original.content))
        if started is not None:
            started(begun)
        failure = execute(
            begun.output,
            values={name: value for name, value in begun.parameters.items() if name in chosen},
            timeout_s=timeout_s,
            progress=begun.notebook if progress else None,
            openings=_openings(begun),
            brake=brake,
        )
        return _keep(begun, failure, original), failure
    except BaseException:  # also when fairlab itself is at fault: no run stays "running" for ever
        with contextlib.suppress(OSError):
            write(_ended(begun, status="interrupted"))
        raise


def _keep(started: Run, failure: CellFailure | None, original: Notebook) -> Run:
    """Clean the executed notebook, give it the name it deserves, complete the record."""
    part = started.output
    final = _final_name(part, failure)
    content = settled(json.loads(part.read_bytes()), failure, names=(original.path.name, final.name))
    _write(part, content)
    part.replace(final)
    ended = _ended(started, status="ok", output=final)
    if failure is not None:
        ended = replace(
            ended,
            status="interrupted" if failure.kind == "interrupted" else "failed",
            failed_cell=failure.cell,
            failed_line=failure.first_line or None,
            error=failure.error,
        )
    write(ended)
    return ended


def _ended(run: Run, **facts: Any) -> Run:
    """The run with its end and what its kernel opened."""
    inputs = session.read(_openings(run))
    _openings(run).unlink(missing_ok=True)
    table = run.record.with_suffix(".csv")
    return replace(
        run,
        finished=datetime.now(UTC),
        inputs=inputs,
        results=table if table.is_file() else None,
        **facts,
    )


def _openings(run: Run) -> Path:
    """Where the kernel notes what it opens while it runs."""
    return run.record.with_suffix(".openings.part")


def _final_name(part: Path, failure: CellFailure | None) -> Path:
    if failure is None:
        return part.with_name(part.name.removesuffix(".part.ipynb") + ".ipynb")
    if failure.kind == "interrupted":
        return part
    return part.with_name(part.name.removesuffix(".part.ipynb") + ".failed.ipynb")


def _write(path: Path, content: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as exc:
        raise OutputError(
            f"the notebook cannot be written to {path}: {exc.strerror or exc}",
            kind="output-unwritable",
            path=str(path),
        ) from exc
