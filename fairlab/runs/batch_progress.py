"""How a batch goes on, on stderr: a line for each run that ends, and on a terminal one for those under way."""

from __future__ import annotations

import shutil
import sys
import threading
from typing import TYPE_CHECKING, Final

from fairlab.foreign_text import printable
from fairlab.runs.progress import progress_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from fairlab.runs.batch import BatchRow

_LONGEST: Final = 200


class Telling:
    """Tells of a batch; its methods may be called from any thread.

    Parameters
    ----------
    total : int
        Runs that there are.
    shown : bool
        Say anything at all.
    """

    def __init__(self, total: int, *, shown: bool):
        self._total, self._shown = total, shown
        self._live = shown and sys.stderr.isatty()
        self._under_way: dict[int, Path] = {}
        self._done = 0
        self._lock = threading.Lock()

    def say(self, lines: Iterable[str]) -> None:
        """Sentences for the reader."""
        with self._lock:
            for line in lines:
                self._print(line)

    def started(self, number: int, part: Path) -> None:
        """The run of a row has begun, and writes this notebook."""
        with self._lock:
            self._under_way[number] = part

    def ended(self, row: BatchRow, image: str) -> None:
        """The run of a row has ended, or needs none."""
        with self._lock:
            self._under_way.pop(row.number, None)
            self._done += 1
            if not row.note:  # rows that were done before may be thousands; they are counted
                done = f"{self._done:>{len(str(self._total))}}/{self._total}"
                self._print(f"[{done}] {' '.join(filter(None, ('row', str(row.number), image)))}: {row.said}")

    def glance(self) -> None:
        """On a terminal: say which cells run now."""
        if not self._live:
            return
        with self._lock:
            parts = sorted(self._under_way.items())
        width = max(shutil.get_terminal_size().columns - 1, 20)
        each = max(width // max(len(parts), 1), 16)
        line = "".join(f"{_now(number, part)[: each - 2]:<{each}}" for number, part in parts)
        with self._lock:
            print(f"\r{line[:width]:<{width}}", end="\r", file=sys.stderr, flush=True)

    def _print(self, line: str) -> None:
        if not self._shown:
            return
        clear = f"\r{' ' * max(shutil.get_terminal_size().columns - 1, 20)}\r" if self._live else ""
        print(f"{clear}{printable(line)[:_LONGEST]}", file=sys.stderr, flush=True)


def _now(number: int, part: Path) -> str:
    """The cell that runs, by its number and first line."""
    return printable(f"row {number}: {progress_of(part)}")
