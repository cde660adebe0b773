"""Notebooks as tools: parameters checked first, run in a fresh kernel, kept with a record.

::

    run = fairlab.run("measure_objects", parameters={"pixel_size": 0.5})
    run.output                       # runs/04_measure_objects/20261122T214600Z-1f2e3d4c.ipynb
    fairlab.runs.list_runs()         # what ran here, newest first; table() as a pandas table

A notebook is a program and runs as you, with all that you may do: run only notebooks you trust.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab import session
from fairlab.assets import find_notebook
from fairlab.errors import NotebookError, OutputError
from fairlab.runs.crating import crate
from fairlab.runs.execution import execute, require_papermill
from fairlab.runs.notebook import Notebook, read_notebook
from fairlab.runs.outcome import FAILED_KINDS, CellFailure, prepared, settled
from fairlab.runs.parameters import Parameter, check_parameters, declared_parameters, split_assignments
from fairlab.runs.record import Run, begin, list_runs, table, write

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from fairlab.widgets.run_form import RunForm

__all__ = [
    "FAILED_KINDS",
    "Parameter",
    "Run",
    "crate",
    "form",
    "list_runs",
    "parameters_of",
    "run",
    "split_assignments",
    "table",
]


_FORM = "run_form"


def run(
    notebook: str | os.PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    out_dir: str | os.PathLike[str] | None = None,
    timeout_s: float | None = None,
    progress: bool = True,
    started: Callable[[Run], object] | None = None,
) -> Run:
    """Run a notebook with parameters and keep what came out.

    Everything that can be checked is checked before a kernel starts. The kernel is this Python, its
    working folder is the current one. While it runs the notebook is called ``….part.ipynb``; only a
    whole one gets its plain name, a failed one is ``….failed.ipynb`` and says why on top. Widget state
    is dropped, pictures stay.

    Parameters
    ----------
    notebook : str or path-like
        A name (``"measure_objects"``) or the path of an ``.ipynb`` file with a ``parameters`` cell.
    parameters : mapping, optional
        Values, or texts as on a command line, by name; the others keep their defaults.
    out_dir : path-like, optional
        Holds one folder per notebook (default ``runs``).
    timeout_s : float, optional
        Seconds for all cells together; no limit by default.
    progress : bool
        Show a progress bar on stderr.
    started : callable, optional
        Called with the record of the run before its kernel starts; ``output`` is the file that is being written.

    Returns
    -------
    Run
        ``output`` is the executed notebook, ``record`` the JSON file beside it.

    Raises
    ------
    NotebookError
        Before anything runs: kinds ``"notebook-…"`` (not found, not readable as a Python notebook),
        ``"parameters-missing"``, ``"parameters-form"``, ``"parameter-unknown"``, ``"parameter-type"``,
        ``"parameter-range"``, ``"parameter-secret"``, ``"timeout-value"``. Afterwards: ``"cell-failed"``,
        ``"cell-timeout"``, ``"kernel-died"``, ``"kernel-start"``, with ``cell``, ``first_line``,
        ``error_name``, ``error_message`` and ``output`` in ``context``.
    OutputError
        kind ``"output-unwritable"``.
    MissingExtraError
        The extra ``notebooks`` is not installed.

    Examples
    --------
    >>> run("measure_objcts")
    Traceback (most recent call last):
        ...
    fairlab.errors.NotebookError: there is no notebook "measure_objcts"...
    """
    original = read_notebook(find_notebook(notebook))
    given = dict(parameters or {})
    values = check_parameters(declared_parameters(original), given)
    if timeout_s is not None and not timeout_s > 0:
        raise NotebookError(f"timeout_s is {timeout_s!r}; expected seconds above zero", kind="timeout-value")
    require_papermill()
    begun = begin(original.path.stem, original.sha256, values, out_dir=Path(out_dir or "runs"))
    try:
        _write(begun.output, prepared(original.content))
        if started is not None:
            started(begun)
        failure = execute(
            begun.output,
            values={name: values[name] for name in given},
            timeout_s=timeout_s,
            progress=begun.notebook if progress else None,
            openings=_openings(begun),
        )
        ended = _keep(begun, failure, original)
    except BaseException:  # also when fairlab itself is at fault: no run stays "running" for ever
        with contextlib.suppress(OSError):
            write(_ended(begun, status="interrupted"))
        raise
    if failure is not None:
        raise _stopped(ended, failure)
    return ended


def parameters_of(notebook: str | os.PathLike[str]) -> tuple[Parameter, ...]:
    """What parameters a notebook takes; nothing is executed.

    Raises
    ------
    NotebookError
        As :func:`run` does before anything runs.
    """
    return declared_parameters(read_notebook(find_notebook(notebook)))


def form(
    notebook: str | os.PathLike[str],
    *,
    parameters: Mapping[str, Any] | None = None,
    out_dir: str | os.PathLike[str] | None = None,
    timeout_s: float | None = None,
) -> RunForm:
    """A form for the parameters of a notebook: checked while it is filled in, with progress and a link to the result.

    Parameters
    ----------
    notebook, parameters, out_dir, timeout_s
        As :func:`run` takes them; ``parameters`` are what the fields hold at first.

    Returns
    -------
    RunForm
        Shows itself as the last line of a cell. ``form.values`` are the checked values, ``form.result`` is the
        :class:`Run` that was started last.

    Raises
    ------
    NotebookError
        As :func:`run` does before anything runs.

    Examples
    --------
    >>> import fairlab
    >>> fairlab.runs.form("measure_objects", parameters={"channel": "DAPI"}).values["channel"]
    'DAPI'
    """
    import fairlab

    # Through the front door: widgets stand on runs, not the other way round.
    verb: Callable[..., RunForm] = getattr(fairlab, _FORM)
    return verb(notebook, parameters=parameters, out_dir=out_dir, timeout_s=timeout_s)


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
    return replace(run, finished=datetime.now(UTC), inputs=inputs, **facts)


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


def _stopped(ended: Run, failure: CellFailure) -> BaseException:
    if failure.kind == "interrupted":
        return KeyboardInterrupt()
    where = f"cell In [{failure.cell}] of {ended.notebook}" if failure.cell else ended.notebook
    begins = f"  the cell begins: {failure.first_line}\n" if failure.first_line else ""
    return NotebookError(
        f"{where} failed: {failure.error}\n{begins}  the notebook as far as it came: {ended.output}",
        kind=failure.kind,
        notebook=ended.notebook,
        cell=failure.cell,
        first_line=failure.first_line,
        error_name=failure.error_name,
        error_message=failure.error_message,
        output=str(ended.output),
        record=str(ended.record),
    )
