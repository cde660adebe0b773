"""Notebooks as tools: parameters checked first, run in a fresh kernel, kept with a record.

::

    run = fairlab.run("measure_objects", parameters={"pixel_size": 0.5})
    run.output                       # runs/04_measure_objects/20261122T214600Z-1f2e3d4c.ipynb
    batch = fairlab.runs.run_over("measure_objects", "hits.csv")  # a run for each row of a table
    fairlab.runs.list_runs()         # what ran here, newest first; table() as a pandas table

A notebook is a program and runs as you, with all that you may do: run only notebooks you trust.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.assets import find_notebook
from fairlab.errors import NotebookError
from fairlab.runs.batch import Batch, BatchRow
from fairlab.runs.crating import crate
from fairlab.runs.earlier import Earlier
from fairlab.runs.execution import require_papermill
from fairlab.runs.notebook import read_notebook
from fairlab.runs.outcome import FAILED_KINDS, CellFailure
from fairlab.runs.over_table import run_over
from fairlab.runs.parameter_cell import declared_parameters
from fairlab.runs.parameters import Parameter, check_parameters, split_assignments
from fairlab.runs.record import Run, settings_of
from fairlab.runs.recording import list_runs, table
from fairlab.runs.single import carry_out, check_time_limit

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    from fairlab.widgets.run_form import RunForm

__all__ = [
    "FAILED_KINDS",
    "Batch",
    "BatchRow",
    "Parameter",
    "Run",
    "crate",
    "form",
    "list_runs",
    "parameters_of",
    "run",
    "run_over",
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
    resume: bool = False,
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
    resume : bool
        Give back the newest whole run of this very notebook with equal parameters, where its inputs are not known
        to have changed: their metadata are looked at again. Otherwise run.
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
    check_time_limit(timeout_s)
    place = Path(out_dir or "runs")
    if resume and (earlier := Earlier(original, place).find(settings_of(values))) is not None:
        return earlier[0]
    require_papermill()
    ended, failure = carry_out(
        original,
        values,
        given=given,
        out_dir=place,
        timeout_s=timeout_s,
        progress=progress,
        started=started,
    )
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
    **unknown: Any,
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
    QueryError
        kind ``"keyword-unknown"``; names the nearest.

    Examples
    --------
    >>> import fairlab
    >>> fairlab.runs.form("measure_objects", parameters={"channel": "DAPI"}).values["channel"]
    'DAPI'
    """
    import fairlab

    # Through the front door: widgets stand on runs, not the other way round.
    verb: Callable[..., RunForm] = getattr(fairlab, _FORM)
    return verb(notebook, parameters=parameters, out_dir=out_dir, timeout_s=timeout_s, **unknown)


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
