"""A filled-in checklist from a file: CSV, TSV or JSON, one line per field or one line per item.

One line per field has the columns ``field`` and ``value`` (``module`` and ``item`` where they are needed), as
:func:`fairlab.fair.template` makes it; one line per item has a column for each field, as channel tables do.
"""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FormatError, NotFoundError
from fairlab.terms import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

MAX_BYTES: Final = 50_000_000
"""A larger file is no checklist that somebody filled in; it is refused."""
MAX_ITEMS: Final = 100_000
"""Items of one module that can be told apart."""
_ITEM_COLUMNS: Final = ("item", "row", "channel")
_FORMS: Final = "expected CSV, TSV or JSON; fairlab.fair.template(…) makes one to fill in"


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One value as written, and what it is written for."""

    module: str | None = None
    """Module as written; None where the table names none."""
    field: str
    """Field as written."""
    item: int | None = None
    """Which channel, file or other item, counted from 1; None where the table does not say."""
    value: Any
    """Text, or any JSON value."""


def key(name: str) -> str:
    """What spellings of a name have in common: letters and digits, without case.

    Examples
    --------
    >>> key("Data File Id") == key("data_file_ID")
    True
    """
    return "".join(fold(name))


def cells_of_text(text: str, *, where: str) -> list[Cell]:
    r"""The values of a text: JSON where it begins as JSON does, else CSV or TSV.

    Parameters
    ----------
    text : str
        From :func:`text_of`.
    where : str
        Name of the file, for messages.

    Raises
    ------
    FormatError
        kind ``"table-form"`` (neither CSV, TSV nor JSON) or ``"table-empty"``.

    Examples
    --------
    >>> cells_of_text("field,value\norganism,Homo sapiens", where="here")[0].field
    'organism'
    """
    if is_json(text):
        return cells_of_json(parse_json(text, where=where), where=where)
    if text.lstrip().startswith("<"):
        raise FormatError(f"it is XML or HTML, no table\n  {where}; {_FORMS}", kind="table-form")
    return _not_empty(_cells_of_csv(text, where=where), where)


def is_json(text: str) -> bool:
    """Whether a text begins as a JSON object or list does."""
    return text.lstrip().startswith(("{", "["))


def _not_empty(cells: list[Cell], where: str) -> list[Cell]:
    if not cells:
        raise FormatError(f"nothing is filled in\n  in {where}; {_FORMS}", kind="table-empty")
    return cells


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises
    ------
    NotFoundError
        kind ``"path-missing"``.
    """
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as exc:
        reason = exc.strerror if isinstance(exc, OSError) else exc
        raise NotFoundError(f"the file {path} cannot be read ({reason})", kind="path-missing") from exc


def text_of(content: bytes, *, where: str) -> str:
    """The text of a file, in UTF-8 or, where it says so, UTF-16.

    Raises
    ------
    FormatError
        kind ``"table-too-large"``, ``"table-encoding"`` or ``"table-form"``.
    """
    if len(content) > MAX_BYTES:
        raise FormatError(
            f"it is larger than {MAX_BYTES / 1e6:g} MB\n  {where}; {_FORMS}", kind="table-too-large"
        )
    # Excel's "Unicode text" is UTF-16 and says so in its first two bytes; nothing else is guessed.
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as exc:
        line = content[: exc.start].count(b"\n") + 1
        raise FormatError(
            f"it is not text in UTF-8 (line {line})\n  {where}; save it as UTF-8: in Excel, “CSV UTF-8”",
            kind="table-encoding",
            line=line,
        ) from exc
    if "\0" in text:
        raise FormatError(f"it is no text: it has NUL bytes\n  {where}; {_FORMS}", kind="table-form")
    return text


# ── CSV and TSV ──────────────────────────────────────────────────────────────────────────────────────


def _cells_of_csv(text: str, *, where: str) -> list[Cell]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max("\t,;", key=first.count)
    reader = csv.reader(io.StringIO(text.lstrip("\r\n"), newline=""), delimiter=delimiter, strict=True)
    try:
        rows = [row for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as exc:
        raise FormatError(
            f"the file is not CSV (line {reader.line_num}: {exc})\n  {where}; {_FORMS}", kind="table-form"
        ) from exc
    if not rows:
        return []
    head = [name.strip() for name in rows[0]]
    twice = next((name for name in head if name and head.count(name) > 1), None)
    if twice is not None:
        raise FormatError(
            f'the column "{twice[:60]}" comes twice\n  {where}', kind="table-form", column=twice
        )
    for number, row in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in row[len(head) :]):
            raise FormatError(
                f"row {number} has {len(row)} cells, the head line {len(head)}\n"
                f"  {where}; put a value that contains “{delimiter}” in quotation marks",
                kind="table-form",
                row=number,
            )
    return list(_cells_of_rows([dict(zip(head, row, strict=False)) for row in rows[1:]], where))


def _cells_of_rows(rows: Sequence[Mapping[str, Any]], where: str) -> Iterator[Cell]:
    named = {key(str(name)): name for row in rows for name in row}
    if {"field", "value"} <= named.keys():
        yield from _by_field(rows, named, where)
    else:
        yield from _by_item(rows, named)


def _by_field(rows: Sequence[Mapping[str, Any]], named: Mapping[str, str], where: str) -> Iterator[Cell]:
    counter = next((named[name] for name in _ITEM_COLUMNS if name in named), None)
    for number, row in enumerate(rows, 2):
        value = row.get(named["value"])
        field = str(row.get(named["field"]) or "").strip()
        if _says_nothing(value):
            continue
        if not field:
            raise FormatError(
                f"row {number} has a value without a field\n  {where}", kind="table-form", row=number
            )
        module = str(row.get(named.get("module", "")) or "").strip() or None
        yield Cell(
            module=module,
            field=field,
            item=_item(row.get(counter) if counter else None, number, where),
            value=_stripped(value),
        )


def _item(value: Any, number: int, where: str) -> int | None:
    if _says_nothing(value):
        return None
    try:
        found = int(str(value).strip())
    except ValueError:
        found = 0
    if not 1 <= found <= MAX_ITEMS:
        raise FormatError(
            f"row {number} does not say which item it is about\n"
            f"  {where}; the column item counts channels, files … from 1 to {MAX_ITEMS}",
            kind="table-form",
            row=number,
        )
    return found


def _by_item(rows: Sequence[Mapping[str, Any]], named: Mapping[str, str]) -> Iterator[Cell]:
    modules = named.get("module")
    counts: dict[str | None, int] = {}
    for row in rows:
        module = str(row.get(modules) or "").strip() or None if modules else None
        counts[module] = counts.get(module, 0) + 1
        for name, value in row.items():
            if name != modules and not _says_nothing(value):
                yield Cell(module=module, field=str(name), item=counts[module], value=_stripped(value))


def _says_nothing(value: Any) -> bool:
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────


def parse_json(text: str, *, where: str) -> Any:
    """A JSON document.

    Raises
    ------
    FormatError
        kind ``"table-form"``.
    """
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise FormatError(f"the file is not JSON ({exc})\n  {where}; {_FORMS}", kind="table-form") from exc


def cells_of_json(document: Any, *, where: str) -> list[Cell]:
    """The values of a JSON document: a template, a list of items, or fields by module.

    Raises
    ------
    FormatError
        kind ``"table-form"`` or ``"table-empty"``.

    Examples
    --------
    >>> [(cell.module, cell.field, cell.value) for cell in cells_of_json({"Study": {"title": "A"}}, where="here")]
    [('Study', 'title', 'A')]
    """
    if isinstance(document, dict) and isinstance(document.get("fields"), list):
        document = document["fields"]
    if isinstance(document, list):
        if not all(isinstance(row, dict) for row in document):
            raise FormatError(
                f"the list holds something else than objects\n  {where}; {_FORMS}", kind="table-form"
            )
        return _not_empty(list(_cells_of_rows(document, where)), where)
    if not isinstance(document, dict):
        raise FormatError(f"the document is neither object nor list\n  {where}; {_FORMS}", kind="table-form")
    return _not_empty(
        [cell for name, value in document.items() for cell in _of_entry(str(name), value)], where
    )


def _of_entry(name: str, value: Any) -> Iterator[Cell]:
    # {"Study": {"title": …}}, {"Channel": [{"Channel Name": …}, …]}, or {"title": …} without modules.
    several = isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
    for number, item in enumerate(value if several else [value], 1):
        if isinstance(item, dict):
            for field, stated in item.items():
                if not _says_nothing(stated):
                    place = number if several else None
                    yield Cell(module=name, field=str(field), item=place, value=_stripped(stated))
        elif not _says_nothing(item):
            yield Cell(field=name, value=_stripped(item))
