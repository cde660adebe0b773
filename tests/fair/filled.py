"""Templates filled in with their own examples, and edits of them: what the tests of checklists share."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from fairlab.fair import template
from fairlab.fair.field_tables import Cell, cells_of_text, read_bytes, text_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Row = dict[str, Any]


def rows(standard: str, *, modules: Sequence[str] | None = None, items: int = 1) -> list[Row]:
    """The template's lines, each with its example as value; items get identifiers of their own."""
    text = template(standard, modules=modules, items=items)
    filled = list(csv.DictReader(io.StringIO(text)))
    for row in filled:
        row["value"] = row["example"]
        if row["field"] == "Channel ID":
            row["value"] = f"Channel:0:{int(row['item']) - 1}"
    return filled


def edited(filled: Sequence[Row], field: str, value: Any, *, item: int | None = None) -> list[Row]:
    """The same lines with one value changed; None takes it away."""
    name = field.partition(".")
    changed = [
        {**row, "value": "" if value is None else value}
        if (row["module"], row["field"]) == (name[0], name[2]) and (item is None or row["item"] == str(item))
        else row
        for row in filled
    ]
    assert changed != list(filled), f"{field} is not among the lines, or has that value already"
    return changed


def write(filled: Sequence[Row], path: Path) -> Path:
    """As CSV, TSV or JSON, by the ending of the path."""
    if path.suffix == ".json":
        path.write_text(json.dumps({"fields": list(filled)}, ensure_ascii=False), encoding="utf-8")
        return path
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(filled[0]), delimiter="\t" if path.suffix == ".tsv" else ",")
        writer.writeheader()
        writer.writerows(filled)
    return path


def read_cells(path: Path) -> list[Cell]:
    """The values of a file."""
    return cells_of_text(text_of(read_bytes(path), where=str(path)), where=str(path))
