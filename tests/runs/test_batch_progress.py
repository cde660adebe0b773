from __future__ import annotations

import io
import json
import sys
from typing import TYPE_CHECKING

from fairlab.runs.batch import BatchRow
from fairlab.runs.batch_progress import Telling

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

HOSTILE = "a\x1b[2J\x07\u202eb"


class Terminal(io.StringIO):
    """What a terminal was told."""

    def isatty(self) -> bool:
        return True


def told(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal instead of stderr; pytest puts its own back between a fixture and its test."""
    made = Terminal()
    monkeypatch.setattr(sys, "stderr", made)
    monkeypatch.setenv("COLUMNS", "91")
    return made


def part_of(folder: Path, name: str, *states: str) -> Path:
    cells = [
        {
            "cell_type": "code",
            "source": f"# about\n{name} = {n}",
            "metadata": {"papermill": {"status": state}},
        }
        for n, state in enumerate(states)
    ]
    path = folder / f"{name}.part.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    return path


def test_a_terminal_shows_the_cells_that_run_on_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = told(monkeypatch)
    telling = Telling(3, shown=True)
    telling.started(2, part_of(tmp_path, "x", "completed", "running", "pending"))
    telling.started(3, part_of(tmp_path, "y", "pending", "pending"))
    telling.started(4, part_of(tmp_path, "z", "completed", "completed"))
    telling.glance()
    line = terminal.getvalue().strip("\r")
    assert "row 2: cell 2 of 3: x = 1" in line and "row 3: starting" in line and "row 4: ending" in line
    assert len(line) == 90
    telling.ended(BatchRow(number=2, cells={}, status="ok", seconds=1.5), HOSTILE)
    last = terminal.getvalue().rpartition("\r")[2]
    assert last.startswith("[1/3] row 2 a") and last.endswith("b: done after 1.5 s\n")
    assert "\x1b" not in last and "\u202e" not in last


def test_very_many_at_once_stay_on_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = told(monkeypatch)
    telling = Telling(100, shown=True)
    for number in range(100):
        telling.started(number, tmp_path / "absent")
    telling.glance()
    assert len(terminal.getvalue().strip("\r")) == 90


def test_a_file_gets_lines_only_and_silence_is_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for shown in (True, False):
        telling = Telling(2, shown=shown)
        telling.say(["a remark"])
        telling.started(2, tmp_path / "absent")
        telling.glance()
        telling.ended(BatchRow(number=2, cells={}, status="ok", note="by an earlier run"), "x")
        telling.ended(BatchRow(number=3, cells={}, status="failed", error="E: " + "m" * 999), "x")
        said = capsys.readouterr().err.splitlines()
        assert [line[:24] for line in said] == (["a remark", "[2/2] row 3 x: failed: E"] if shown else [])
        assert all(len(line) <= 200 for line in said)
