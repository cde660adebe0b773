"""What is kept of one run of a notebook."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from fairlab.foreign_text import escaped
from fairlab.session import Opening

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.record import Record

Status = Literal["running", "ok", "failed", "interrupted"]


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


def run_of(facts: Mapping[str, Any], path: Path) -> Run:
    """The run that a record tells about, beside which its files lie.

    Raises
    ------
    KeyError, TypeError, AttributeError, ValueError
        Something is missing, or not of its form.
    """
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


def settings_of(parameters: Mapping[str, Any]) -> str:
    """Checksum of checked parameters, whatever their order."""
    return hashlib.sha256(json.dumps(parameters, sort_keys=True).encode()).hexdigest()
