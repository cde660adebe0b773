"""All sources of the user's catalogue together: which of them are whole, and the records of those."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from fairlab.errors import FormatError, NotFoundError
from fairlab.record import Failure
from fairlab.repositories import catalogue_own as own

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from fairlab.repositories.catalogue_own import Kept

_TRIES = 5
_MAX_JUDGED = 8
Stamp = tuple[int, int, int]
Stamped = tuple[tuple["Path", Stamp], ...]
"""The files that lie there, each with what changes when it does."""


@dataclass(frozen=True, kw_only=True)
class Shelf:
    """All that the user's catalogue holds now."""

    files: tuple[Path, ...] = ()
    """The sources that are whole."""
    key: str = ""
    """Changes whenever they do; empty when there are none."""
    failures: tuple[Failure, ...] = ()
    """The sources that are not."""


_judged: dict[Stamped, Shelf] = {}


def listed() -> Shelf:
    """The sources as they lie there, without looking whether they are whole."""
    return _listed(_stamped())


def sound() -> Shelf:
    """The sources that are whole, and a failure for each that is not."""
    return judged() or gather()[0]


def judged() -> Shelf | None:
    """As :func:`sound`, if somebody looked at just these files before."""
    return _judged.get(_stamped())


def gather() -> tuple[Shelf, list[Kept]]:
    """The sources that are whole, and their records, read while nobody changed them.

    Raises
    ------
    FormatError
        kind ``"catalogue-damaged"``: they changed all the time.
    """
    for _ in range(_TRIES):
        before = _stamped()
        shelf, records = _read(before)
        if _stamped() == before:
            if len(_judged) == _MAX_JUDGED:
                _judged.clear()
            _judged[before] = shelf
            return shelf, records
    raise FormatError(
        f"your catalogue in {own.folder()} changed {_TRIES} times while it was read; try again",
        kind="catalogue-damaged",
    )


def _read(stamped: Stamped) -> tuple[Shelf, list[Kept]]:
    whole: list[Path] = []
    failures: list[Failure] = []
    records: list[Kept] = []
    for path, _ in stamped:
        try:
            records += own.read_file(path)
        except (FormatError, NotFoundError) as error:
            what, *advice = (line.strip() for line in error.message.splitlines())
            failures.append(
                Failure(repository="catalogue", kind=error.kind, message=what, advice="; ".join(advice))
            )
        else:
            whole.append(path)
    return replace(_shelf(whole), failures=tuple(failures)), records


@functools.lru_cache(maxsize=8)
def _listed(stamped: Stamped) -> Shelf:
    return _shelf([path for path, _ in stamped])


def _shelf(paths: Sequence[Path]) -> Shelf:
    digest = hashlib.sha256()
    kept = []
    for path in paths:
        try:
            content = path.read_bytes()
        except OSError:  # removed a moment ago
            continue
        digest.update(f"{path.name} {len(content)} ".encode())
        digest.update(content)
        kept.append(path)
    return Shelf(files=tuple(kept), key=digest.hexdigest()[:16] if kept else "")


def _stamped() -> Stamped:
    return tuple((path, stamp) for path in own.files() if (stamp := stamp_of(path)) is not None)


def stamp_of(path: Path) -> Stamp | None:
    """What changes when a file does; None when there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
