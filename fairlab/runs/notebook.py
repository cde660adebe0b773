"""One notebook file as data: read and judged without Jupyter, and never executed here."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import NotebookError

if TYPE_CHECKING:
    from pathlib import Path

Cell = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Notebook:
    """The content of one ``.ipynb`` file (nbformat 4), as it was read."""

    path: Path
    """Where it was read."""
    content: dict[str, Any]
    """The whole file; ``content["cells"]`` and ``content["metadata"]`` are sure to be there."""
    sha256: str
    """Checksum of the bytes read."""

    @property
    def cells(self) -> list[Cell]:
        """All cells, in order."""
        cells: list[Cell] = self.content["cells"]
        return cells

    def tagged(self, tag: str) -> list[Cell]:
        """The code cells that carry a tag."""
        return [cell for cell in self.cells if cell["cell_type"] == "code" and tag in tags(cell)]


def read_notebook(path: Path) -> Notebook:
    """Read one notebook file.

    Raises
    ------
    NotebookError
        kind ``"notebook-unreadable"`` (no file, no permission), ``"notebook-form"`` (not a notebook of
        nbformat 4) or ``"notebook-language"`` (its kernel is not Python).
    """
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise NotebookError(
            f"the notebook {path} cannot be read: {exc.strerror}",
            kind="notebook-unreadable",
            notebook=str(path),
        ) from exc
    content = _parse(raw, path)
    _check_language(content["metadata"], path)
    return Notebook(path=path, content=content, sha256=hashlib.sha256(raw).hexdigest())


def source(cell: Cell) -> str:
    r"""The text of a cell, which files keep as one string or as lines.

    Examples
    --------
    >>> source({"cell_type": "code", "source": ["a = 1\n", "b = 2"]})
    'a = 1\nb = 2'
    """
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def tags(cell: Cell) -> list[str]:
    """The tags of a cell."""
    return list(cell.get("metadata", {}).get("tags", ()))


def _parse(raw: bytes, path: Path) -> dict[str, Any]:
    try:
        content = json.loads(raw)
    except (ValueError, RecursionError) as exc:  # UnicodeDecodeError is a ValueError too
        raise _not_a_notebook(path, "it is not JSON") from exc
    if not isinstance(content, dict) or content.get("nbformat") != 4:
        raise _not_a_notebook(path, 'it has no "nbformat": 4; open and save it once in JupyterLab')
    cells, metadata = content.get("cells"), content.setdefault("metadata", {})
    if not isinstance(metadata, dict) or not isinstance(cells, list) or not all(map(_is_cell, cells)):
        raise _not_a_notebook(path, "its cells are not of the documented form")
    return content


def _is_cell(cell: object) -> bool:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return False
    text, metadata = cell.get("source", ""), cell.get("metadata", {})
    lines = [text] if isinstance(text, str) else text
    return (
        isinstance(lines, list)
        and all(isinstance(line, str) for line in lines)
        and isinstance(metadata, dict)
        and isinstance(metadata.get("tags", []), list)
    )


def _check_language(metadata: dict[str, Any], path: Path) -> None:
    for block, key in (("kernelspec", "language"), ("language_info", "name")):
        stated = metadata.get(block)
        language = stated.get(key) if isinstance(stated, dict) else None
        if language and str(language).lower() not in ("python", "ipython"):
            raise NotebookError(
                f"the notebook {path} is written for {language}; fairlab runs Python notebooks",
                kind="notebook-language",
                notebook=str(path),
            )


def _not_a_notebook(path: Path, why: str) -> NotebookError:
    return NotebookError(
        f"{path} is not a notebook that fairlab can run: {why}", kind="notebook-form", notebook=str(path)
    )
