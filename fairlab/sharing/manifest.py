"""A list of files with their checksums, in the form that ``sha256sum --check`` reads."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE_NAME = "manifest-sha256.txt"


def write(folder: Path) -> None:
    """Write the checksums of all files under ``folder`` into it."""
    lines = [f"{_digest(folder / name)}  {name}\n" for name in sorted(_files(folder))]
    (folder / FILE_NAME).write_text("".join(lines), encoding="utf-8", newline="\n")


def problems(folder: Path) -> list[str]:
    """What differs from the manifest, one line each; empty when the files are all there and unchanged.

    Examples
    --------
    >>> from pathlib import Path
    >>> problems(Path("no such folder"))
    ['manifest-sha256.txt is missing']
    """
    try:
        text = (folder / FILE_NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return [f"{FILE_NAME} is missing"]
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in text.splitlines())}
    # A manifest that lost its end must not pass: files it does not name are a finding too.
    unlisted = [f"{name} is not in {FILE_NAME}" for name in sorted(_files(folder) - listed.keys())]
    return unlisted + [what for name, digest in listed.items() if (what := _problem(folder, name, digest))]


def _problem(folder: Path, name: str, digest: str) -> str | None:
    try:
        return None if _digest(folder / name) == digest else f"{name} has changed"
    except OSError:
        return f"{name} is missing"


def _files(folder: Path) -> set[str]:
    every = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix() for path in every} - {FILE_NAME}


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
