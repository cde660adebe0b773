"""Folders that cannot look whole when they are not: filled beside their place, and named when they are done."""

from __future__ import annotations

import shutil
import uuid
from typing import TYPE_CHECKING

from fairlab.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def write_beside_then_rename(target: Path, fill: Callable[[Path], None], *, overwrite: bool = False) -> Path:
    """Let ``fill`` write into a temporary sibling of a folder, and give that its name when it is whole.

    Raises
    ------
    OutputError
        kind ``"output-exists"`` or ``"output-unwritable"``.
    """
    _refuse_to_replace(target, overwrite=overwrite)
    unique = uuid.uuid4().hex[:12]
    partial = target.parent / f".{target.name}.partial-{unique}"
    replaced = target.parent / f".{target.name}.replaced-{unique}"
    try:
        partial.mkdir(parents=True)
        fill(partial)
        _refuse_to_replace(target, overwrite=overwrite)  # somebody else may have been faster
        if target.exists():
            target.rename(replaced)
        partial.rename(target)
    except OutputError:
        raise
    except OSError as exc:
        raise OutputError(
            f"cannot write {target}\n  {exc}\n  choose another folder, or make room and check permissions",
            kind="output-unwritable",
            path=str(target),
        ) from exc
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(replaced, ignore_errors=True)
    return target


def _refuse_to_replace(target: Path, *, overwrite: bool) -> None:
    is_zarr = any((target / name).is_file() for name in ("zarr.json", ".zgroup"))
    if target.exists() and not (overwrite and is_zarr):
        raise OutputError(
            f"{target} is already there\n  choose another name, or overwrite=True to replace an OME-Zarr",
            kind="output-exists",
            path=str(target),
        )
