"""How far a run has come, read from the notebook that is being written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fairlab.runs.notebook import source

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Cells that ran, and the one that runs."""

    done: int = 0
    """Code cells that have run."""
    total: int = 0
    """Code cells that there are; 0 when nothing can be told yet."""
    line: str = ""
    """First line of the cell that runs."""

    def __str__(self) -> str:
        if not (self.done or self.line):
            return "starting"
        if self.done == self.total:
            return "ending"
        return f"cell {self.done + 1} of {self.total}" + (f": {self.line}" if self.line else "")


def progress_of(part: Path) -> Progress:
    """How far the run that writes this file has come.

    Parameters
    ----------
    part : path
        :attr:`fairlab.runs.Run.output` of a run that goes on.

    Examples
    --------
    >>> from pathlib import Path
    >>> progress_of(Path("a file that is not there"))
    Progress(done=0, total=0, line='')
    """
    try:
        cells = json.loads(part.read_bytes())["cells"]
    except (OSError, ValueError, KeyError):  # not written yet, being written, or renamed because it is whole
        return Progress()
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    states = [cell.get("metadata", {}).get("papermill", {}).get("status") for cell in code]
    running = next((cell for cell, state in zip(code, states, strict=True) if state == "running"), None)
    lines = [line.strip() for line in source(running).splitlines()] if running else []
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return Progress(done=states.count("completed"), total=len(code), line=first)
