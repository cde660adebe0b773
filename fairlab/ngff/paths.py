"""Paths from repository text, proven to stay inside their store."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote

from fairlab.errors import MetadataError
from fairlab.ngff.values import shown


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
        kind ``"path-outside"``: absolute, a URL, or with ``..`` in any disguise, or no name at all.

    Examples
    --------
    >>> inner_path("labels/nuclei/", where="here")
    'labels/nuclei'
    """
    plain = _plain(path)
    if plain is None or ".." in plain.split("/") or posixpath.normpath(plain) == ".":
        raise _outside(path, where)
    return posixpath.normpath(path)


def inner_reference(path: object, *, inside: str, where: str) -> str:
    """A path relative to a group, which may climb as far as the root of the store.

    Parameters
    ----------
    path : object
        As the metadata states it: ``"../../"``.
    inside : str
        Path of the group in the store: ``"labels/nuclei"``.
    where : str
        Place of the statement, for the message.

    Returns
    -------
    str
        Path from the root of the store; ``""`` is the root itself.

    Raises
    ------
    MetadataError
        kind ``"path-outside"``.

    Examples
    --------
    >>> inner_reference("../../", inside="A/1/0/labels/nuclei", where="here")
    'A/1/0'
    >>> inner_reference("../..", inside="labels/nuclei", where="here")
    ''
    """
    plain = _plain(path) if isinstance(path, str) else None
    if plain is None or not isinstance(path, str):
        raise _outside(path, where)
    if plain != path and ".." in plain.split("/"):
        raise _outside(path, where)  # a climb in disguise has no honest reason
    steps = [step for step in inside.split("/") if step]
    for step in posixpath.normpath(path).split("/"):
        if step == "..":
            if not steps:
                raise _outside(path, where)
            steps.pop()
        elif step != ".":
            steps.append(step)
    return "/".join(steps)


def _plain(path: str) -> str | None:
    """The path without disguise, or None where it is empty, absolute, a URL or no text for a key."""
    plain = unquote(unquote(path)).replace("\\", "/")
    if not path or plain.startswith("/") or ":" in plain.split("/")[0] or not plain.isprintable():
        return None
    return plain


def _outside(path: object, where: str) -> MetadataError:
    return MetadataError(
        f"{shown(path)} is no path inside its store\n  at {where}\n  only relative paths inside the store are opened",
        kind="path-outside",
        path=shown(path),
    )
