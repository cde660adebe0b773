"""Paths from repository text, proven to stay inside their store."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from fairlab.errors import MetadataError


def inner_path(path: str, *, where: str) -> str:
    """A path from repository text, proven to stay inside its store.

    Parameters
    ----------
    path : str
        As the metadata states it: ``"0"``, ``"labels/nuclei"``.
    where : str
        Place of the statement, for the message.

    Raises
    ------
    MetadataError
        kind ``"path-outside"``: absolute, a URL, or with ``..`` in any disguise.

    Examples
    --------
    >>> inner_path("labels/nuclei/", where="here")
    'labels/nuclei'
    """
    plain = unquote(unquote(path)).replace("\\", "/")
    parts = plain.split("/")
    if not path or plain.startswith("/") or ".." in parts or ":" in parts[0] or "\x00" in plain:
        raise MetadataError(
            f"the path {path!r} leaves its store\n  at {where}\n  only relative paths inside the store are opened",
            kind="path-outside",
            path=path,
        )
    return posixpath.normpath(path)
