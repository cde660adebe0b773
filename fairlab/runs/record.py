"""The JSON record beside every run: written when it starts, completed when it ends, listed later."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import warnings
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from fairlab.errors import FairlabWarning, OutputError
from fairlab.foreign_text import escaped
from fairlab.runs.machine import process_has_ended, versions
from fairlab.session import Opening

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas

    from fairlab.record import Record

Status = Literal["running", "ok", "failed", "interrupted"]

_FORM = 1


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a notebook."""

    notebook: str
    """Name of the notebook, without ending."""
    notebook_sha256: str
    """Checksum of the notebook file that ran."""
    status: Status
    """``"running"``, ``"ok"``, ``"failed"``, or ``"interrupted"`` (stopped by the user or killed)."""
    started: datetime
    """When it began, UTC."""
    finished: datetime | None = None
    """When it ended, UTC."""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The value of every parameter."""
    output: Path
    """The executed notebook: ``.ipynb`` when whole, ``.failed.ipynb`` or ``.part.ipynb`` when not."""
    record: Path
    """The JSON file that holds these facts."""
    failed_cell: int | None = None
    """Number of the cell that ended the run, as ``output`` shows it: ``In [n]``."""
    failed_line: str | None = None
    """First line of that cell."""
    error: str | None = None
    """Class and text of the exception."""
    versions: Mapping[str, str] = field(default_factory=dict)
    """Versions of Python and of the packages that matter."""
    inputs: tuple[Opening, ...] = ()
    """What the notebook opened through fairlab, with checksums of the metadata."""
    process: tuple[str, int] = ("", 0)
    """Machine and process that ran it."""
    settings: str = ""
    """Checksum of the parameters as they were chosen, without a file that fairlab chose for the results."""
    results: Path | None = None
    """The table that the notebook wrote beside its run, where it is run over a table and takes a file for one."""
    table: str | None = None
    """Name of the table whose row this is."""
    table_row: int | None = None
    """Number of that row, as a spreadsheet counts."""
    beside: Mapping[str, str] = field(default_factory=dict)
    """Cells of that row which fill no parameter, by heading."""

    @property
    def duration_s(self) -> float | None:
        """Seconds from start to end."""
        return None if self.finished is None else (self.finished - self.started).total_seconds()

    @property
    def records(self) -> tuple[Record, ...]:
        """Records of what the notebook opened: ``fairlab.cite(run.records)``."""
        return tuple(opening.record for opening in self.inputs)

    def summary(self) -> dict[str, str]:
        """What a reader wants first, as text."""
        where = f" in cell In [{self.failed_cell}]" if self.failed_cell else ""
        took = "" if self.duration_s is None else f" after {self.duration_s:.1f} s"
        facts = {
            "notebook": self.notebook,
            "status": f"{self.status}{where}{took}",
            "error": self.error or "",
            "started": f"{self.started:%Y-%m-%d %H:%M:%S} UTC",
            "inputs": ", ".join(record.id for record in self.records),
            "parameters": ", ".join(f"{name}={value!r}" for name, value in self.parameters.items()),
            "table": f"{self.table} row {self.table_row}" if self.table else "",
            "beside": ", ".join(f"{name}={value!r}" for name, value in self.beside.items() if value),
            "output": str(self.output),
            "results": str(self.results or ""),
        }
        return {name: text for name, text in facts.items() if text}

    def to_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON; times are ISO 8601."""
        return {
            "notebook": self.notebook,
            "notebook_sha256": self.notebook_sha256,
            "status": self.status,
            "started": self.started.isoformat(),
            "finished": self.finished.isoformat() if self.finished else None,
            "duration_s": self.duration_s,
            "parameters": dict(self.parameters),
            "output": str(self.output),
            "record": str(self.record),
            "failed_cell": self.failed_cell,
            "failed_line": self.failed_line,
            "error": self.error,
            "versions": dict(self.versions),
            "inputs": [opening.to_dict() for opening in self.inputs],
            "host": self.process[0],
            "pid": self.process[1],
            "settings": self.settings,
            "results": str(self.results) if self.results else None,
            "table": self.table,
            "table_row": self.table_row,
            "beside": dict(self.beside),
        }

    def __str__(self) -> str:
        return "\n".join(f"{name:>10}: {text}" for name, text in self.summary().items())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{name}</th><td style='text-align:left'>{escaped(text)}</td></tr>"
            for name, text in self.summary().items()
        )
        return f"<table>{rows}</table>"


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


def settings_of(parameters: Mapping[str, Any]) -> str:
    """Checksum of checked parameters, whatever their order."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()


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
        run = _from_facts(facts, path)
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"{exc!r}") from exc
    return (
        replace(run, status="interrupted")
        if run.status == "running" and process_has_ended(run.process, started=run.started)
        else run
    )


def _from_facts(facts: dict[str, Any], path: Path) -> Run:
    if facts["status"] not in get_args(Status):
        raise ValueError(f"status {facts['status']!r}")
    return Run(
        notebook=str(facts["notebook"]),
        notebook_sha256=str(facts["notebook_sha256"]),
        status=facts["status"],
        started=datetime.fromisoformat(facts["started"]),
        finished=datetime.fromisoformat(facts["finished"]) if facts["finished"] else None,
        parameters=dict(facts["parameters"]),
        output=path.parent / Path(facts["output"]).name,
        record=path,
        failed_cell=facts["failed_cell"],
        failed_line=facts["failed_line"],
        error=facts["error"],
        versions=dict(facts["versions"]),
        inputs=tuple(Opening.from_dict(one) for one in facts.get("inputs", ())),  # not in records of before
        process=(str(facts["host"]), int(facts["pid"])),
        settings=str(facts.get("settings") or settings_of(facts["parameters"])),
        results=path.parent / Path(facts["results"]).name if facts.get("results") else None,
        table=facts.get("table"),
        table_row=facts.get("table_row"),
        beside=dict(facts.get("beside", {})),
    )


def _read_or_warn(path: Path) -> Run | None:
    try:
        return read(path)
    except (OSError, ValueError) as exc:
        warnings.warn(f"the record {path} is damaged and left out: {exc}", FairlabWarning, stacklevel=3)
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
