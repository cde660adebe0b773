"""Small valid notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

if TYPE_CHECKING:
    from pathlib import Path

PARAMETERS = "text: str = 'none'  # any text\nsize: float = 1.0  # (micrometer) [0.01 .. 10]"


def write_notebook(folder: Path, *sources: str, name: str = "tool", cell: str | None = PARAMETERS) -> Path:
    """A small valid notebook: a title, the parameters cell, then the given code."""
    cells = [new_markdown_cell("# A tool", id="title")]
    if cell is not None:
        cells.append(new_code_cell(cell, metadata={"tags": ["parameters"]}, id="parameters"))
    cells.extend(new_code_cell(source, id=f"code-{n}") for n, source in enumerate(sources))
    path = folder / f"{name}.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path
