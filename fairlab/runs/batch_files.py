"""What a batch leaves: a page, a table of its rows, and the tables of all runs in one, written line by line."""

from __future__ import annotations

import contextlib
import csv
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairlab.errors import OutputError
from fairlab.foreign_text import legible, no_formula
from fairlab.runs.table_file import OWN_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TextIO

    from fairlab.runs.batch import BatchRow

_LEADING: Final = ("table_row", "table_image")
"""What stands before the columns of the collected tables."""


def batch_folder(out_dir: Path, notebook: str, table: Path) -> Path:
    """Where the files of a batch lie: beside its runs, under the name of the table.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``.
    """
    folder = out_dir.absolute() / notebook / f"over-{table.stem[:100]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise _unwritable(folder, exc) from exc
    return folder


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[TextIO]:
    """A text file that gets its name when all of it is written.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``.
    """
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with draft.open("w", encoding="utf-8", newline="") as stream:
            yield stream
        draft.replace(path)
    except OSError as exc:
        raise _unwritable(path, exc) from exc
    finally:
        with contextlib.suppress(OSError):  # where nothing can be written there is nothing to take away
            draft.unlink(missing_ok=True)


def write_rows(path: Path, columns: Sequence[str], rows: Iterable[BatchRow]) -> None:
    """Write all rows: the table's own cells, and what became of each; paths are relative to the file."""
    first, *others = OWN_COLUMNS
    with written_whole(path) as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(map(_cell, [first, *columns, *others]))
        for row in rows:
            outcome = [
                row.status,
                "" if row.seconds is None else f"{row.seconds:.1f}",
                "" if row.failed_cell is None else str(row.failed_cell),
                row.error or "",
                place_from(path.parent, row.output),
                place_from(path.parent, row.results),
                row.note,
            ]
            lines.writerow(
                map(_cell, [str(row.number), *(row.cells[column] for column in columns), *outcome])
            )


def collect(path: Path, rows: Iterable[tuple[int, str, Path]]) -> tuple[str, ...]:
    """Join the tables of all runs, each line with the row of the batch's table and the image that it is of.

    Two passes, so that only one line is held at a time: the first learns which columns there are.

    Parameters
    ----------
    path : path
        File to write; where no run has a table, one that is there is taken away.
    rows : iterable of (int, str, path)
        Number of the row, its image, and the table of its run.

    Returns
    -------
    tuple of str
        A sentence for each table that is left out, as it cannot be read.
    """
    columns: dict[str, None] = {}
    sound, remarks = [], []
    for number, image, table in rows:
        try:
            columns |= dict.fromkeys(_headings(table))
            sound.append((number, image, table))
        except (OSError, ValueError, csv.Error) as exc:
            remarks.append(f"the results of row {number} are left out: {table.name} cannot be read ({exc})")
    if not sound:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
        return tuple(remarks)
    own = [name for name in columns if name not in _LEADING]
    with written_whole(path) as stream:
        lines = csv.writer(stream, lineterminator="\n")
        lines.writerow(map(_cell, [*_LEADING, *own]))
        for number, image, table in sound:
            for cells in _lines(table, own):
                lines.writerow(map(_cell, [str(number), image, *cells]))
    return tuple(remarks)


def place_from(folder: Path, path: Path | None) -> str:
    """A path as seen from a folder, with forward slashes; the empty text for none."""
    return "" if path is None else Path(os.path.relpath(path, folder)).as_posix()


def _headings(table: Path) -> list[str]:
    """The columns of a table that can be read to its end."""
    with table.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        head = next(reader, [])
        for cells in reader:
            if cells and len(cells) != len(head):
                raise ValueError(f"line {reader.line_num} has {len(cells)} cells, the first has {len(head)}")
    return head


def _lines(table: Path, columns: Sequence[str]) -> Iterator[list[str]]:
    """The cells of each line in the order of these columns; empty where the table has none such."""
    with table.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, strict=True)
        head = next(reader)
        places = [head.index(name) if name in head else None for name in columns]
        for cells in reader:
            if cells:
                yield ["" if at is None else cells[at] for at in places]


def _cell(text: str) -> str:
    # Nearly all cells of millions are such, and need not be looked at closely.
    plain = text.isascii() and text.isprintable() and text[:1] not in ("=", "+", "-", "@")
    return text if plain else no_formula(legible(text))


def _unwritable(path: Path, exc: OSError) -> OutputError:
    return OutputError(
        f"{path} cannot be written: {exc.strerror or exc}\n  give a folder that you may write to",
        kind="output-unwritable",
        path=str(path),
    )
