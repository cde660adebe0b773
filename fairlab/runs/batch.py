"""What running a notebook over a table gave: one row for each of the table's, and where everything lies."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from fairlab.foreign_text import clean, escaped, printable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

RowStatus = Literal["ok", "failed", "interrupted", "not run"]
_WORDS: Final[dict[RowStatus, str]] = {
    "ok": "done",
    "failed": "failed",
    "interrupted": "interrupted",
    "not run": "not run",
}
_SHOWN: Final = 20


@dataclass(frozen=True, kw_only=True)
class BatchRow:
    """One row of the table, and the run that it stands for."""

    number: int
    """As a spreadsheet counts: the headings of a usual table are row 1."""
    cells: Mapping[str, str]
    """The row as the table has it, by heading."""
    status: RowStatus = "not run"
    """``"not run"`` where the batch was interrupted before."""
    note: str = ""
    """Why nothing was run for it: it was done before, or another row says the same."""
    seconds: float | None = None
    """How long the run took."""
    failed_cell: int | None = None
    """Number of the cell that ended it."""
    error: str | None = None
    """Class and text of the exception."""
    output: Path | None = None
    """The executed notebook, as far as it came."""
    results: Path | None = None
    """The table that it wrote."""

    @property
    def said(self) -> str:
        """How it went, in one line."""
        took = "" if self.seconds is None or self.note else f" after {self.seconds:.1f} s"
        where = f" in cell In [{self.failed_cell}]" if self.failed_cell else ""
        why = f": {clean(self.error)}" if self.error else ""
        note = f" ({self.note})" if self.note else ""
        return printable(f"{_WORDS[self.status]}{where}{took}{why}{note}")


@dataclass(frozen=True, kw_only=True)
class Batch:
    """A notebook that was run over a table."""

    notebook: str
    """Name of the notebook, without ending."""
    table: str
    """Name of the table."""
    rows: tuple[BatchRow, ...]
    """One for each row of the table, in its order."""
    index: Path
    """A page on all rows, with links; opens without a network."""
    rows_csv: Path
    """All rows: the table's cells, then status, seconds, notebook and results of each run."""
    results_csv: Path | None
    """The tables of all runs in one, each line with the row and image it is of; None where none was written."""
    remarks: tuple[str, ...] = ()
    """What a reader should know, a sentence each."""

    @property
    def failures(self) -> tuple[BatchRow, ...]:
        """The rows whose run failed."""
        return tuple(row for row in self.rows if row.status == "failed")

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are of each status."""
        return dict(Counter(row.status for row in self.rows))

    @property
    def said(self) -> str:
        """How it went, in one line."""
        counts = self.counts
        told = [f"{counts[status]:,} {word}" for status, word in _WORDS.items() if status in counts]
        return f"{self.notebook} over {self.table}, {len(self.rows):,} rows: {', '.join(told)}"

    def to_dict(self) -> dict[str, object]:
        """Plain values, fit for JSON; ``rows_csv`` has the rows."""
        return {
            "notebook": self.notebook,
            "table": self.table,
            "rows": len(self.rows),
            "counts": self.counts,
            "failures": [{"row": row.number, "error": row.error} for row in self.failures[:_SHOWN]],
            "index": str(self.index),
            "rows_csv": str(self.rows_csv),
            "results_csv": str(self.results_csv) if self.results_csv else None,
            "remarks": list(self.remarks),
        }

    def __str__(self) -> str:
        failed = [f"  row {row.number} {row.said}" for row in self.failures[:_SHOWN]]
        if len(self.failures) > _SHOWN:
            failed.append(f"  … and {len(self.failures) - _SHOWN:,} more")
        places = {"page": self.index, "rows": self.rows_csv, "results": self.results_csv}
        found = [f"{name:>10}: {path}" for name, path in places.items() if path]
        return "\n".join([printable(self.said), *failed, *found])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return "".join(f"<p style='margin:0.2em 0'>{escaped(line)}</p>" for line in str(self).splitlines())
