"""A notebook before and after it ran, as plain data: made ready, judged, and cleaned for keeping."""

from __future__ import annotations

import copy
import html
import re
from dataclasses import dataclass
from typing import Any, Literal

from fairlab.runs.notebook import Cell, source, tags

FAILED_KINDS = frozenset({"cell-failed", "cell-timeout", "kernel-died", "kernel-start"})
"""Kinds of :class:`~fairlab.errors.NotebookError` that say the notebook ran and failed; all others say
that the question was wrong. A command line tells them apart by its exit code."""

Stop = Literal["cell-timeout", "kernel-died", "kernel-start", "interrupted"]

# papermill's own tag for its banners: whoever runs the kept notebook again, with papermill or here, is rid of them.
_BANNER_TAG = "papermill-error-cell-tag"
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LONGEST_MESSAGE = 2000


@dataclass(frozen=True, kw_only=True)
class CellFailure:
    """Why a run did not come to its end."""

    kind: str
    """``"cell-failed"``, ``"cell-timeout"``, ``"kernel-died"``, ``"kernel-start"`` or ``"interrupted"``."""
    cell: int | None
    """Number of the cell as the kept notebook shows it, ``In [n]``; None when no cell had begun."""
    first_line: str
    """First line of its code that is not a comment."""
    error_name: str
    """Class of the exception."""
    error_message: str
    """Its text."""

    @property
    def error(self) -> str:
        """Class and text of the exception in one."""
        return f"{self.error_name}: {self.error_message}" if self.error_message else self.error_name


def prepared(content: dict[str, Any]) -> dict[str, Any]:
    """A copy to run: without outputs, and without what an earlier run had put in.

    A kept notebook of an earlier run has a cell with that run's values; left in, it would override
    the defaults silently.
    """
    fresh = copy.deepcopy(content)
    fresh["cells"] = [
        cell for cell in fresh["cells"] if not {_BANNER_TAG, "injected-parameters"} & set(tags(cell))
    ]
    for number, cell in enumerate(fresh["cells"]):
        cell.setdefault("metadata", {})
        if cell["cell_type"] == "code":
            cell.update(outputs=[], execution_count=None)
        if fresh.get("nbformat_minor", 0) >= 5:
            cell.setdefault("id", f"cell-{number}")
    return fresh


def find_failure(content: dict[str, Any], *, stop: Stop | None, reason: str = "") -> CellFailure | None:
    """Which cell ended the run, or None when the run is whole.

    Parameters
    ----------
    content : dict
        The notebook as papermill left it.
    stop : str or None
        Why execution stopped, when it was not an exception in a cell.
    reason : str
        More about ``stop``, for people.
    """
    if stop is None:
        # An error output alone is no failure: a cell tagged `raises-exception` is meant to have one.
        failed = [cell for cell in _code_cells(content) if _progress(cell).get("exception") is True]
        return _failure("cell-failed", content, failed[0], *_last_error(failed[0])) if failed else None
    begun = [cell for cell in _code_cells(content) if _progress(cell).get("start_time")]
    return _failure(stop, content, begun[-1] if begun else None, *_name_and_message(stop, reason))


def settled(
    content: dict[str, Any], failure: CellFailure | None, *, names: tuple[str, str]
) -> dict[str, Any]:
    """The notebook to keep: pictures stay, widget state goes, a failed run says so on top.

    Parameters
    ----------
    content : dict
        The notebook as papermill left it.
    failure : CellFailure or None
        From :func:`find_failure`.
    names : (str, str)
        File names of the notebook that ran and of the one to keep; papermill would write full paths.
    """
    kept = copy.deepcopy(content)
    kept["cells"] = [cell for cell in kept["cells"] if _BANNER_TAG not in tags(cell)]
    # Exporters prefer a live widget, whose front-end they cannot load offline, to the picture beside it.
    kept["metadata"].pop("widgets", None)
    for cell in _code_cells(kept):
        cell["outputs"] = [output for output in cell.get("outputs", []) if _still_shows(output)]
    state = kept["metadata"].setdefault("papermill", {})
    state["input_path"], state["output_path"] = names
    state["exception"] = failure is not None
    if failure is not None:
        _mark(kept, failure)
    return kept


def _mark(kept: dict[str, Any], failure: CellFailure) -> None:
    cells = kept["cells"]
    index = next(
        (i for i, cell in enumerate(cells) if failure.cell and _number(kept, cell) == failure.cell), None
    )
    where = f" at cell In [{failure.cell}]" if failure.cell else ""
    banner = f"This run did not come to its end{where}."
    if index is not None:
        _progress(cells[index]).update(exception=True, status="failed")
        for later in cells[index + 1 :]:
            # papermill calls cells that never ran "completed" when the kernel goes away.
            _progress(later).update(status="pending")
        cells.insert(index, _banner(kept, "The run stopped in the next cell.", ident="fairlab-stopped-here"))
    cells.insert(0, _banner(kept, banner, html.escape(failure.error), ident="fairlab-run-failed"))


def _banner(kept: dict[str, Any], text: str, detail: str = "", *, ident: str) -> Cell:
    line = f'<p style="color:#b00020"><strong>{text}</strong></p>'
    more = f"\n<pre>{detail}</pre>" if detail else ""
    cell: Cell = {"cell_type": "markdown", "metadata": {"tags": [_BANNER_TAG]}, "source": line + more}
    return {"id": ident, **cell} if kept.get("nbformat_minor", 0) >= 5 else cell


def _still_shows(output: dict[str, Any]) -> bool:
    data = output.get("data")
    if not isinstance(data, dict):
        return True
    data.pop(_WIDGET_VIEW, None)
    return bool(data)


def _failure(
    kind: str, content: dict[str, Any], cell: Cell | None, error_name: str, error_message: str
) -> CellFailure:
    return CellFailure(
        kind=kind,
        cell=None if cell is None else _number(content, cell),
        first_line="" if cell is None else _first_line(source(cell)),
        error_name=error_name,
        error_message=error_message[:_LONGEST_MESSAGE],
    )


def _name_and_message(stop: Stop, reason: str) -> tuple[str, str]:
    return {
        "cell-timeout": ("TimeoutError", reason or "the time limit was over"),
        "kernel-died": ("DeadKernelError", "the kernel died; too little memory is the usual cause"),
        "kernel-start": ("RuntimeError", reason or "the kernel did not start"),
        "interrupted": ("KeyboardInterrupt", "the run was interrupted"),
    }[stop]


def _last_error(cell: Cell) -> tuple[str, str]:
    errors = [output for output in cell.get("outputs", []) if output.get("output_type") == "error"]
    if not errors:
        return "CellExecutionError", ""
    return str(errors[-1].get("ename", "Error")), _TERMINAL_COLOURS.sub("", str(errors[-1].get("evalue", "")))


def _number(content: dict[str, Any], cell: Cell) -> int:
    """``In [n]``; a cell whose kernel died has no number yet and gets the one it would have had."""
    if cell.get("execution_count"):
        return int(cell["execution_count"])
    before = [c for c in _code_cells(content) if source(c).strip()]
    return next((n for n, other in enumerate(before, start=1) if other is cell), 0)


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("#")), lines[0] if lines else "")


def _code_cells(content: dict[str, Any]) -> list[Cell]:
    return [cell for cell in content["cells"] if cell["cell_type"] == "code"]


def _progress(cell: Cell) -> dict[str, Any]:
    """Papermill's notes on one cell."""
    notes: dict[str, Any] = cell.setdefault("metadata", {}).setdefault("papermill", {})
    return notes
