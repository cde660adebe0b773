"""A table of what to assess: CSV or TSV with a column that names images."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Final

from fairlab.errors import NotFoundError, QueryError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAMES: Final = ("url", "source_url", "address", "path", "id", "identifier", "accession")
"""Headings of the column, the best first."""


def targets(path: Path) -> Iterator[str]:
    """What each row names, each once; rows that name nothing are left out.

    Parameters
    ----------
    path : Path
        A CSV, or a TSV where its name says so; its first row has the headings, unless it has one column only.

    Raises
    ------
    NotFoundError
        kind ``"path-missing"``: it cannot be read.
    QueryError
        kind ``"table-form"``: no column names images.
    """
    try:
        text = path.read_text("utf-8-sig", errors="replace")
    except (OSError, ValueError) as exc:
        raise NotFoundError(
            f'the table "{path}" cannot be read ({exc})\n  expected a CSV or TSV file with a column of addresses',
            kind="path-missing",
        ) from exc
    rows = list(csv.reader(text.splitlines(), delimiter="\t" if path.suffix.lower() == ".tsv" else ","))
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    head = [cell.strip().lower() for cell in rows[0]] if rows else []
    column = next((head.index(name) for name in _NAMES if name in head), None)
    if column is None and len(head) == 1 and ":" in head[0]:
        column, rows = 0, [[], *rows]  # a plain list of addresses
    if column is None:
        raise QueryError(
            f'the table "{path}" names no images\n  expected a column {", ".join(_NAMES)}', kind="table-form"
        )
    cells = (row[column].strip() for row in rows[1:] if len(row) > column)
    yield from dict.fromkeys(filter(None, cells))
