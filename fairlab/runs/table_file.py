"""A table whose rows are runs, as people and spreadsheets write it: read whole, cells as text, nothing guessed."""

from __future__ import annotations

import codecs
import csv
import io
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from fairlab.errors import NotebookError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

MAX_BYTES: Final = 64 * 1024 * 1024
"""Largest table read: hundreds of thousands of rows."""
OWN_COLUMNS: Final = (
    "table_row",
    "run_status",
    "run_seconds",
    "run_cell",
    "run_error",
    "run_notebook",
    "run_results",
    "run_note",
)
"""What fairlab writes beside the rows of a table; read back, these are not columns of the table."""
_SEPARATORS: Final = ",;\t"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row that is not empty."""

    number: int
    """As a spreadsheet counts: the headings of a usual table are row 1."""
    cells: tuple[str, ...]
    """One for each column, without spaces around; an empty one is the empty text."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table as it was read."""

    path: Path
    """Where."""
    columns: tuple[str, ...]
    """Headings, all different."""
    rows: tuple[Row, ...]
    """In order; those without any text are left out."""
    decimal_comma: bool = False
    """Whether semicolons part the cells, as spreadsheets write where 0,5 is a number."""


def read_table(path: str | os.PathLike[str]) -> Table:
    r"""Read a CSV or TSV: UTF-8 or marked UTF-16, cells parted by comma, semicolon or tab, quoted as in RFC 4180.

    Which mark parts the cells is what splits the headings most; in a ``.tsv`` it is the tab. Columns without
    heading are left out where spreadsheets and pandas put row numbers.

    Raises
    ------
    NotebookError
        kind ``"table-unreadable"`` (not there, no permission, larger than :data:`MAX_BYTES`) or ``"table-form"``
        (not a text, no headings, no rows, two equal headings, a broken quote, a row longer than the headings).

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     place = Path(folder, "a.csv")
    ...     _ = place.write_text("url;size\nsample:nuclei;0,5\n")
    ...     table = read_table(place)
    >>> table.columns, table.rows[0].number, table.rows[0].cells, table.decimal_comma
    (('url', 'size'), 2, ('sample:nuclei', '0,5'), True)
    """
    place = Path(path).expanduser()
    text, separator = _separated(_text(place), place)
    try:
        records = [*_records(text, separator)]
    except csv.Error as exc:
        raise _malformed(place, f"its quotes or line ends are broken ({exc})") from exc
    if not records:
        raise _malformed(place, "it is empty; expected a row of headings, then one row for each run")
    (_, head), *body = records
    kept = _columns(head, body, place)
    rows = [
        Row(number=number, cells=tuple(cells[at] if at < len(cells) else "" for at in kept))
        for number, cells in body
    ]
    rows = [row for row in rows if any(row.cells)]
    if not rows:
        raise _malformed(place, "it has headings, but no rows")
    return Table(
        path=place,
        columns=tuple(kept.values()),
        rows=tuple(rows),
        decimal_comma=separator == ";",
    )


def _text(place: Path) -> str:
    try:
        with place.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise NotebookError(
            f'the table "{place}" cannot be read: {reason}', kind="table-unreadable", table=str(place)
        ) from exc
    if len(raw) > MAX_BYTES:
        raise NotebookError(
            f'the table "{place}" is larger than {MAX_BYTES // 1024**2} MiB; give it in parts',
            kind="table-unreadable",
            table=str(place),
        )
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = raw.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as exc:
        line = raw[: exc.start].count(b"\n") + 1
        raise _malformed(
            place, f'line {line} is not UTF-8 text; in a spreadsheet, save it as "CSV UTF-8"'
        ) from exc
    if "\0" in text:
        raise _malformed(place, "it is no text; in a spreadsheet, export it as CSV")
    return text


def _separated(text: str, place: Path) -> tuple[str, str]:
    """The text, without the line by which Excel is told the mark, and the mark."""
    first, _, rest = text.partition("\n")
    told = first.strip().removeprefix("sep=")
    if first.startswith("sep=") and len(told or "\t") == 1:
        return rest, told or "\t"
    if place.suffix.lower() in (".tsv", ".tab"):
        return text, "\t"
    heading = next((line for line in text.splitlines() if line.strip()), "")
    # The comma comes first: of marks that split alike it is the one.
    return text, max(_SEPARATORS, key=lambda mark: len(next(csv.reader([heading], delimiter=mark), ())))


def _records(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Number and cells of each row with something in it."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    for number, cells in enumerate(reader, start=1):
        stripped = [cell.strip() for cell in cells]
        if any(stripped):
            yield number, stripped


def _columns(head: list[str], body: list[tuple[int, list[str]]], place: Path) -> dict[int, str]:
    """The headings that count, by position."""
    named = {at: name for at, name in enumerate(head) if name and name not in OWN_COLUMNS}
    twice = [name for name, count in Counter(named.values()).items() if count > 1]
    if twice:
        raise _malformed(place, f'two columns are called "{twice[0]}"')
    if not named:
        raise _malformed(place, "its first row has no headings")
    for number, cells in body:
        if any(cells[len(head) :]):
            raise _malformed(
                place,
                f"row {number} has {len(cells)} cells, the headings are {len(head)}; "
                'a cell with a separator in it stands in quotes: "a,b"',
            )
    return named


def _malformed(place: Path, problem: str) -> NotebookError:
    return NotebookError(
        f'the table "{place}" cannot be run over: {problem}', kind="table-form", table=str(place)
    )
