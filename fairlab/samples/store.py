"""Samples on disk: made when first asked for, kept in the cache folder, checked, remade when damaged."""

from __future__ import annotations

import os
import shutil
import threading
import time
import uuid
from typing import TYPE_CHECKING

from fairlab.errors import NotFoundError, OutputError
from fairlab.options import cache_dir
from fairlab.samples import recipes

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

TRUTH_FILE = "truth.csv"
"""Table of true values inside a synthetic sample's folder."""

_ABANDONED_S = 3600.0

_checked: set[Path] = set()


class ThreadLock:
    """A lock between threads that a forked child finds open, whoever held it in the parent."""

    def __init__(self) -> None:
        self._renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._renew)

    def _renew(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


_making = ThreadLock()


def folder() -> Path:
    """Folder in which this edition's samples lie; it may not exist yet."""
    return cache_dir() / "samples" / recipes.edition()


def made_folder() -> Path:
    """The same folder, made if need be.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``.
    """
    try:
        folder().mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OutputError(
            f"samples cannot be kept in {folder()}\n  {exc}\n"
            "  name another folder: set_options(cache_dir=…), or the variable FAIRLAB_CACHE_DIR",
            kind="output-unwritable",
            path=str(folder()),
        ) from exc
    return folder()


def file_name(name: str, version: str) -> str:
    """Name of a sample's folder.

    Examples
    --------
    >>> file_name("nuclei", "0.5"), file_name("nuclei", "0.4")
    ('nuclei.ome.zarr', 'nuclei-0.4.ome.zarr')
    """
    return f"{name}.ome.zarr" if version == recipes.VERSIONS[0] else f"{name}-{version}.ome.zarr"


def identifier(file: str) -> tuple[str, str] | None:
    """Name and version of the sample that has a folder of this name; None when it is no sample's.

    Examples
    --------
    >>> identifier("nuclei-0.4.ome.zarr"), identifier("readme.txt")
    (('nuclei', '0.4'), None)
    """
    made = {
        file_name(name, version): (name, version) for name in recipes.names() for version in recipes.VERSIONS
    }
    return made.get(file)


def made_at(place: str) -> str:
    """Path inside the folder of samples for ``nuclei``, ``nuclei@0.4`` or ``nuclei.ome.zarr/s0``, which is made."""
    first, _, rest = place.strip("/").partition("/")
    name, version = identifier(first) or recipes.split(first)
    return "/".join(filter(None, (path(name, version=version).name, rest)))


def path(name: str, *, version: str = recipes.VERSIONS[0]) -> Path:
    """Folder of one sample, made now if it is not there or not whole."""
    found = recipes.sample(name)
    target = folder() / file_name(name, version)
    with _making:
        if target in _checked and target.is_dir():
            return target
        if not _is_whole(target):
            _make(found, target, version)
        _checked.add(target)
    return target


def truth(name: str) -> pd.DataFrame:
    """Table of true values of one synthetic sample.

    Raises
    ------
    NotFoundError
        kind ``"truth-unknown"``: the sample is a photograph.
    """
    found = recipes.sample(name)
    if found.truth is None:
        known = ", ".join(other for other in recipes.names() if recipes.sample(other).truth)
        raise NotFoundError(
            f'"{name}" is a photograph: nobody knows its truth; scenes with a known truth are {known}',
            kind="truth-unknown",
            name=name,
        )
    import pandas as pd

    table = pd.read_csv(path(name) / TRUTH_FILE)
    table.attrs = {"image_id": found.record.id, "license": found.record.license, "description": found.truth}
    return table


def _is_whole(target: Path) -> bool:
    from fairlab.sharing import manifest

    return target.is_dir() and not manifest.problems(target)


def _make(found: recipes.Sample, target: Path, version: str) -> None:
    """Make a sample beside its place and move it there; several processes may do so at once."""
    workshop = made_folder() / f".making-{uuid.uuid4().hex[:12]}"
    _sweep(workshop.parent)
    try:
        _write(found, workshop / target.name, version)
        _publish(workshop / target.name, target)
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _write(found: recipes.Sample, place: Path, version: str) -> None:
    import dataclasses

    from fairlab.samples.pixels import Screen
    from fairlab.sharing.plate_writer import write_plate
    from fairlab.sharing.writer import write_image

    made = found.pixels()
    # The fields of what is made are the keywords of what writes it; not by dataclasses.asdict, which copies pixels.
    given = {item.name: getattr(made, item.name) for item in dataclasses.fields(made)}
    truth, data = given.pop("truth"), given.pop("data")
    files = {}
    if truth is not None:
        import pandas as pd

        table = pd.DataFrame(truth).to_csv(index=False, float_format="%.6f", lineterminator="\n")
        files[TRUTH_FILE] = (table.encode(), found.truth or "")
    write = write_plate if isinstance(made, Screen) else write_image
    record = recipes.record(found.record.id.removeprefix("sample:"), version=version)
    write(place, data, record=record, version=version, files=files, **given)


def _publish(made: Path, target: Path) -> None:
    """Move a finished sample to its place, unless a whole one got there first."""
    try:
        made.rename(target)
    except OSError as exc:
        if _is_whole(target):
            return
        # What lies there is damaged. It goes away only now, when its replacement is at hand.
        try:
            target.rename(made.with_name("damaged"))
            made.rename(target)
        except OSError as again:
            if not _is_whole(target):
                raise OutputError(
                    f"cannot put a sample at {target}\n  {again}\n  delete that folder, or name another cache folder",
                    kind="output-unwritable",
                    path=str(target),
                ) from exc


def _sweep(place: Path) -> None:
    """Remove what processes left behind that were killed while making a sample."""
    for left in place.glob(".making-*"):
        try:
            if time.time() - left.stat().st_mtime > _ABANDONED_S:
                shutil.rmtree(left, ignore_errors=True)
        except OSError:
            continue  # somebody else removed it
