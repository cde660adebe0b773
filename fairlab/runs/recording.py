"""The JSON record beside every run: written when it starts, completed when it ends, listed later."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import OutputError, warn
from fairlab.runs.machine import process_has_ended, versions
from fairlab.runs.record import Run, run_of, settings_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas

_FORM = 1


def list_runs(folder: str | os.PathLike[str] = "runs") -> list[Run]:
    """All runs recorded in a folder, newest first.

    Parameters
    ----------
    folder : path-like
        The ``out_dir`` that the runs were given.

    Warns
    -----
    FairlabWarning
        A record is damaged and left out.

    Examples
    --------
    >>> list_runs("a folder that is not there")
    []
    """
    found = (_read_or_warn(path) for path in sorted(Path(folder).absolute().glob("*/*.json")))
    return sorted((run for run in found if run is not None), key=lambda run: run.started, reverse=True)


def table(folder: str | os.PathLike[str] = "runs") -> pandas.DataFrame:
    """All runs recorded in a folder as a table: one row per run, newest first, ``duration_s`` in seconds."""
    import pandas

    columns = ("notebook", "status", "started", "duration_s", "failed_cell", "error", "table", "table_row")
    rows = [
        {name: getattr(run, name) for name in columns}
        | {"parameters": json.dumps(dict(run.parameters), ensure_ascii=False), "output": str(run.output)}
        for run in list_runs(folder)
    ]
    runs = pandas.DataFrame(rows, columns=[*columns, "parameters", "output"])
    return runs.astype({"failed_cell": "Int64", "table_row": "Int64"})  # absent for most, and never 4.0


def begin(
    notebook: str,
    sha256: str,
    parameters: Mapping[str, Any],
    *,
    out_dir: Path,
    results: str | None = None,
    **of_table: Any,
) -> Run:
    """Reserve the names of a new run and write its first record.

    Parameters
    ----------
    notebook, sha256, parameters
        As :class:`Run` has them.
    out_dir : path
        Folder of runs.
    results : str, optional
        Parameter that is given a file beside the record for the notebook's table.
    **of_table
        ``table``, ``table_row`` and ``beside`` of the run.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``.
    """
    started, settings = datetime.now(UTC), settings_of(parameters)
    folder = out_dir.absolute() / notebook
    try:
        folder.mkdir(parents=True, exist_ok=True)
        record = _reserve(folder, f"{started:%Y%m%dT%H%M%SZ}-{settings[:8]}")
    except OSError as exc:
        raise OutputError(
            f"runs cannot be written to {folder}: {exc.strerror or exc}\n  give a folder that you may write to",
            kind="output-unwritable",
            path=str(folder),
        ) from exc
    chosen = {results: _from_here(record.with_suffix(".csv"))} if results else {}
    run = Run(
        notebook=notebook,
        notebook_sha256=sha256,
        status="running",
        started=started,
        parameters={**parameters, **chosen},
        output=record.with_suffix(".part.ipynb"),
        record=record,
        versions=versions(),
        process=(socket.gethostname(), os.getpid()),
        settings=settings,
        **of_table,
    )
    write(run)
    return run


def write(run: Run) -> None:
    """Write the record of a run, whole or not at all."""
    # By name only: the folder may be moved, and a path says more about a machine than a record should.
    names = {"output": run.output.name, "results": run.results.name if run.results else None}
    facts = {"fairlab_run": _FORM, **run.to_dict(), **names}
    del facts["record"]
    draft = run.record.with_suffix(".json.part")
    draft.write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    draft.replace(run.record)


def read(path: Path) -> Run | None:
    """The run that a record tells about, or None when the JSON file is something else.

    Raises
    ------
    ValueError
        The file is damaged.
    """
    facts = json.loads(path.read_bytes())
    if not isinstance(facts, dict) or "fairlab_run" not in facts:
        return None
    try:
        run = run_of(facts, path)
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"{exc!r}") from exc
    return (
        replace(run, status="interrupted")
        if run.status == "running" and process_has_ended(run.process, started=run.started)
        else run
    )


def _read_or_warn(path: Path) -> Run | None:
    try:
        return read(path)
    except (OSError, ValueError) as exc:
        warn(f"the record {path.parent.name}/{path.name} is damaged and left out: {exc}")
        return None


def _from_here(path: Path) -> str:
    try:
        return os.path.relpath(path)
    except ValueError:  # on another drive
        return str(path)


def _reserve(folder: Path, stem: str) -> Path:
    # Equal runs may start within one second, here or in another process: only one can create a file.
    record, number = folder / f"{stem}.json", 1
    while True:
        try:
            record.open("x").close()
        except FileExistsError:
            number += 1
            record = folder / f"{stem}-{number}.json"
        else:
            return record
