"""What a table gives to a notebook: which column fills which parameter, all values checked before anything runs."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import NotebookError
from fairlab.runs.credentials import holds_secret
from fairlab.runs.parameters import check_parameters
from fairlab.runs.record import settings_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from fairlab.runs.parameters import Parameter
    from fairlab.runs.table_file import Table

IMAGE_COLUMN: Final = "url"
"""Heading of the column that names images, as ``browser.to_csv`` writes it."""
IMAGE_PARAMETERS: Final = ("url", "source", "image", "look_at")
"""Parameters that take an image; the column of images fills the first of them that a notebook has."""
RESULTS_PARAMETER: Final = "csv"
"""Parameter that takes the file which a notebook writes its table to."""
_SHOWN: Final = 20
"""Problems told in a message; ``details`` has all."""
_NEAR: Final = 0.8
"""How like a parameter the heading of a column must be to be taken for a misspelt one."""
_DECIMAL_COMMA = re.compile(r"[-+]?\d+,\d+([eE][-+]?\d+)?")


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One row as a run."""

    number: int
    """Of its row, as a spreadsheet counts."""
    cells: Mapping[str, str]
    """The row as it stands in the table, by heading."""
    values: Mapping[str, Any]
    """The value of every parameter."""
    given: frozenset[str]
    """Parameters that the row or the call gives; the others have their defaults."""
    settings: str
    """Checksum of the values."""
    same_as: int | None = None
    """Number of an earlier row with the same values: there is nothing to run."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """All runs of a table."""

    fills: Mapping[str, str]
    """Parameters by the heading of the column that fills them."""
    kept: tuple[str, ...]
    """Columns that fill none, and are kept beside each run."""
    image: str | None
    """The column that names the images, where one does."""
    results: str | None
    """The parameter that takes a file for the table of each run, where fairlab may choose it."""
    runs: tuple[PlannedRun, ...]
    """In the order of the table."""


def planned(table: Table, declared: Sequence[Parameter], common: Mapping[str, Any]) -> Plan:
    """Check every cell of a table against the parameters of a notebook.

    A column fills the parameter of its name; ``url`` fills the first of :data:`IMAGE_PARAMETERS` that there is.
    An empty cell leaves a parameter at its default, but a row must name its image.

    Parameters
    ----------
    table : Table
        From :func:`~fairlab.runs.table_file.read_table`.
    declared : sequence of Parameter
        What the notebook takes.
    common : mapping
        Values that are the same for all rows.

    Raises
    ------
    NotebookError
        kind ``"table-columns"`` (no column fills a parameter, one is misspelt, or is given twice),
        ``"rows-refused"`` (``context["details"]`` names row, column, kind and problem of every cell that cannot be
        used), or what :func:`~fairlab.runs.parameters.check_parameters` raises about ``common``.
    """
    shared = check_parameters(declared, common)
    fills = _filled(table, declared, common)
    columns = {name: column for column, name in fills.items()}
    image = next((columns[name] for name in IMAGE_PARAMETERS if name in columns), None)
    takers = {column: p for column, name in fills.items() for p in declared if p.name == name}
    problems: list[dict[str, Any]] = []
    runs: list[PlannedRun] = []
    first: dict[str, int] = {}
    for row in table.rows:
        cells = dict(zip(table.columns, row.cells, strict=True))
        values, wrong = _accepted(cells, takers, image, decimal_comma=table.decimal_comma)
        problems += [{"row": row.number, **one} for one in wrong]
        settings = settings_of({**shared, **values})
        runs.append(
            PlannedRun(
                number=row.number,
                cells=cells,
                values={**shared, **values},
                given=frozenset(common) | frozenset(values),
                settings=settings,
                same_as=first.get(settings),
            )
        )
        first.setdefault(settings, row.number)
    if problems:
        raise _refused(table, problems)
    takes_results = any(p.name == RESULTS_PARAMETER and p.type.base == "str" for p in declared)
    chosen = RESULTS_PARAMETER in fills.values() or RESULTS_PARAMETER in common
    return Plan(
        fills=fills,
        kept=tuple(column for column in table.columns if column not in fills),
        image=image,
        results=RESULTS_PARAMETER if takes_results and not chosen else None,
        runs=tuple(runs),
    )


def _filled(table: Table, declared: Sequence[Parameter], common: Mapping[str, Any]) -> dict[str, str]:
    """Which parameter each column fills."""
    names = [parameter.name for parameter in declared]
    fills = {column: column for column in table.columns if column in names}
    if IMAGE_COLUMN in table.columns and IMAGE_COLUMN not in fills:
        taker = next((name for name in IMAGE_PARAMETERS if name in names), None)
        if taker is None:
            raise _columns_error(
                table,
                f'the column "{IMAGE_COLUMN}" names images, but the notebook has no parameter '
                f"{', '.join(IMAGE_PARAMETERS[:-1])} or {IMAGE_PARAMETERS[-1]} to take them",
            )
        if taker not in fills:
            fills[IMAGE_COLUMN] = taker
    twice = next((name for name in fills.values() if name in common), None)
    if twice is not None:
        raise _columns_error(table, f'"{twice}" is given by a column and for all rows; give it once')
    if RESULTS_PARAMETER in common and common[RESULTS_PARAMETER] and RESULTS_PARAMETER in names:
        raise _columns_error(
            table,
            f'with the same "{RESULTS_PARAMETER}" for all rows each run would write over the last; leave it out: '
            "each run then gets a file of its own, and they are collected in one",
        )
    free = [name for name in names if name not in fills.values() and name not in common]
    near = list(_misspelt([column for column in table.columns if column not in fills], free))
    if near:
        told = "; ".join(f'"{column}": did you mean "{name}"?' for column, name in near)
        raise _columns_error(
            table,
            f"the notebook has no parameter {told}\n"
            "  rename the column, or give the parameter a value for all rows to keep the column beside it",
            nearest=[name for _, name in near],
        )
    if not fills:
        raise _columns_error(
            table,
            f"no column fills a parameter\n  the notebook takes: {', '.join(names) or 'none'}; "
            f"the table has: {', '.join(table.columns[:_SHOWN])}",
        )
    return fills


def _misspelt(columns: Sequence[str], names: Sequence[str]) -> Iterator[tuple[str, str]]:
    folded = {name.lower(): name for name in names}
    for column in columns:
        heading = re.sub(r"[\s-]+", "_", column.lower())
        for like in difflib.get_close_matches(heading, folded, n=1, cutoff=_NEAR):
            yield column, folded[like]


def _accepted(
    cells: Mapping[str, str], takers: Mapping[str, Parameter], image: str | None, *, decimal_comma: bool
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The values that a row gives, and what is wrong with it."""
    values: dict[str, Any] = {}
    wrong: list[dict[str, Any]] = []

    def refuse(column: str, kind: str, problem: str) -> None:
        wrong.append({"column": column, "kind": kind, "problem": problem})

    for column, cell in cells.items():
        if holds_secret(cell):  # what it is must reach neither a terminal nor a file
            refuse(column, "parameter-secret", "holds an address with a password, token or signature")
        elif not cell and column == image:
            refuse(column, "image-missing", "names no image; the notebook would run on its default")
        elif cell and column in takers:
            taker = takers[column]
            if decimal_comma and taker.type.base == "float" and _DECIMAL_COMMA.fullmatch(cell):
                cell = cell.replace(",", ".")
            try:
                values[taker.name] = taker.accept(cell)
            except NotebookError as exc:
                refuse(column, exc.kind, exc.context["problem"])
    return values, wrong


def _refused(table: Table, problems: list[dict[str, Any]]) -> NotebookError:
    lines = [f'  row {p["row"]}, column "{p["column"]}" {p["problem"]}' for p in problems[:_SHOWN]]
    if len(problems) > _SHOWN:
        lines.append(f"  … and {len(problems) - _SHOWN:,} more")
    cells = "1 cell" if len(problems) == 1 else f"{len(problems):,} cells"
    return NotebookError(
        "\n".join([f'nothing was run: {cells} of "{table.path}" cannot be used', *lines]),
        kind="rows-refused",
        table=str(table.path),
        details=problems,
    )


def _columns_error(table: Table, problem: str, **context: Any) -> NotebookError:
    return NotebookError(
        f'the table "{table.path}" does not fit the notebook: {problem}',
        kind="table-columns",
        table=str(table.path),
        **context,
    )
