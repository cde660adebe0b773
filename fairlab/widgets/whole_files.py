"""Files that are there whole or not at all."""

from __future__ import annotations

import contextlib
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from fairlab.errors import OutputError

if TYPE_CHECKING:
    import os


def write_whole(path: str | os.PathLike[str], content: bytes) -> Path:
    """Write beside the target and rename, so that the name never stands for half a file.

    Raises
    ------
    OutputError
        kind ``"output"``: the place cannot be written.
    """
    target = Path(path)
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as exc:
        raise OutputError(
            f'cannot write "{target}": {exc.strerror or exc}\n  choose a folder that exists and can be written',
            kind="output",
            path=str(target),
        ) from exc
    finally:
        with contextlib.suppress(OSError):  # where nothing can be written there is nothing to take away
            draft.unlink(missing_ok=True)
    return target
