"""A list of files with their checksums, in the form that ``sha256sum --check`` reads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "manifest-sha256.txt"


def write(folder: Path) -> None:
    """Write the checksums of all files under ``folder`` into it."""
    lines = [f"{_digest(folder / name)}  {name}\n" for name in _files(folder)]
    (folder / FILE_NAME).write_text("".join(lines), encoding="utf-8", newline="\n")


def problems(folder: Path) -> list[str]:
    """What differs from the manifest, one line each; empty when every file is there and unchanged.

    Examples
    --------
    >>> from pathlib import Path
    >>> problems(Path("no such folder"))
    ['manifest-sha256.txt is missing']
    """
    try:
        listed = (folder / FILE_NAME).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return [f"{FILE_NAME} is missing"]
    found = []
    for digest, _, name in (line.partition("  ") for line in listed):
        try:
            if _digest(folder / name) != digest:
                found.append(f"{name} has changed")
        except OSError:
            found.append(f"{name} is missing")
    return found


def _files(folder: Path) -> list[str]:
    every = (path for path in folder.rglob("*") if path.is_file() and path.name != FILE_NAME)
    return sorted(path.relative_to(folder).as_posix() for path in every)


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
