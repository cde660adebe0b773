"""A run as an RO-Crate: one folder with the executed notebook, what it wrote, and what went in, to share or keep."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from fairlab.errors import NotebookError, OutputError
from fairlab.fair.crate_terms import FILE_NAME, part_id
from fairlab.fair.crate_writer import crate_json
from fairlab.fair.run_crate import Part, Told, run_crate
from fairlab.runs.record import Run
from fairlab.runs.recording import list_runs
from fairlab.sharing.beside import write_beside_then_rename

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable

_MEDIA_TYPES = {
    ".csv": "text/csv", ".ipynb": "application/x-ipynb+json", ".json": "application/json", ".png": "image/png",
    ".txt": "text/plain", ".html": "text/html", ".pdf": "application/pdf", ".tif": "image/tiff",
}  # fmt: skip


def crate(
    run: Run | str,
    *,
    out: str | os.PathLike[str],
    files: Iterable[str | os.PathLike[str]] = (),
    runs_dir: str | os.PathLike[str] = "runs",
) -> Path:
    """Write a run as an RO-Crate (profile Process Run Crate): inputs, parameters, software, outputs.

    Files are copied, so that no path in the crate leads out of it; the machine, its user and its folders are
    not named. Images that were opened are named by address and checksum of their metadata, not copied.

    Parameters
    ----------
    run : Run or str
        What :func:`fairlab.run` gave, or the name of its record: ``"20261126T101500Z-1f2e3d4c"``, or the
        beginning of it.
    out : path-like
        Folder to make.
    files : iterable of path-like
        Other files that the notebook wrote. Those that a parameter names, and that were written while it ran,
        are taken of themselves.
    runs_dir : path-like
        Where runs are looked for by name.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    NotebookError
        kind ``"run-unknown"``: there is no such run, or several; ``"run-unfinished"``.
    OutputError
        kind ``"output-exists"``, ``"output-unwritable"``, or ``"input-missing"``: a file is not there any more.

    Examples
    --------
    >>> crate("20261126T101500Z", out="my-crate", runs_dir="a folder that is not there")
    Traceback (most recent call last):
        ...
    fairlab.errors.NotebookError: there is no run "20261126T101500Z"...
    """
    found = run if isinstance(run, Run) else _find(run, runs_dir)
    if found.status == "running":
        raise NotebookError(f"{found.record.stem} has not ended yet", kind="run-unfinished")
    sources = _sources(found, files)

    def fill(folder: Path) -> None:
        parts = {name: _copied(path, folder / name, about) for name, (path, about) in sources.items()}
        told = Told(
            notebook=found.notebook,
            notebook_sha256=found.notebook_sha256,
            status=found.status,
            started=found.started,
            finished=found.finished,
            parameters=found.parameters,
            versions=found.versions,
            inputs=found.inputs,
            error=found.error,
            parts=parts,
        )
        (folder / FILE_NAME).write_text(crate_json(run_crate(told)), encoding="utf-8")

    return write_beside_then_rename(Path(out), fill)


def _find(name: str, folder: str | os.PathLike[str]) -> Run:
    found = [run for run in list_runs(folder) if name and run.record.stem.startswith(name)]
    if len(found) == 1:
        return found[0]
    listed = "".join(f"\n    {run.record.stem}  {run.notebook}" for run in found[:8])
    raise NotebookError(
        f'there are {len(found)} runs whose name begins with "{name}":{listed}'
        if found
        else f'there is no run "{name}" in {Path(folder)}\n  fairlab runs lists them',
        kind="run-unknown",
    )


def _sources(run: Run, files: Iterable[str | os.PathLike[str]]) -> dict[str, tuple[Path, str]]:
    """Names in the crate, and what is copied there."""
    found: dict[str, tuple[Path, str]] = {}
    wanted = [(run.output, "the executed notebook")]
    if run.results is not None:
        wanted.append((run.results, "the table that the notebook wrote"))
    wanted += [
        (path, f"written by the notebook, as its parameter {name} says") for name, path in _written(run)
    ]
    wanted += [(Path(file), "an output of the notebook") for file in files]
    taken: set[Path] = set()
    for path, about in wanted:
        if not path.is_file():
            raise OutputError(f"{path} is not a file that is there", kind="input-missing", path=str(path))
        if path.resolve() in taken:
            continue
        taken.add(path.resolve())
        name, number = path.name, 1
        while name in found or name == FILE_NAME:
            number += 1
            name = f"{path.stem}-{number}{path.suffix}"
        part_id(name)  # a name that could not stand in a crate is refused before anything is copied
        found[name] = (path, about)
    return found


def _written(run: Run) -> list[tuple[str, Path]]:
    """Parameters that name a file which was written while the notebook ran."""
    found = []
    for name, value in run.parameters.items():
        try:
            path = Path(value) if isinstance(value, str) and value and "://" not in value else None
            if path and path.is_file() and path.stat().st_mtime >= run.started.timestamp():
                found.append((name, path))
        except (OSError, ValueError):  # no path at all
            continue
    return found


def _copied(path: Path, target: Path, about: str) -> Part:
    shutil.copyfile(path, target)
    with target.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return Part(
        about=about,
        sha256=digest,
        bytes=target.stat().st_size,
        media_type=_MEDIA_TYPES.get(path.suffix.lower(), "application/octet-stream"),
    )
