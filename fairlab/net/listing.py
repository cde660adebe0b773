"""What lies below a place, one folder at a time: a folder of this machine, a bucket, or index pages of a server.

Stores answer for keys that are known; here the keys are found. Nothing outside the place is ever listed or
named: links out of it are left out, and so is every address that is not directly below the one asked for.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from fairlab.errors import NotFoundError
from fairlab.net.local_store import unreadable
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Names directly below one folder, each list in order."""

    folders: tuple[str, ...] = ()
    """Folders, or prefixes that stand for them."""
    files: tuple[str, ...] = ()
    """Files, or objects."""


class Place(Protocol):
    """A tree of folders that can be listed."""

    location: str
    """Address for people; it holds no secret."""
    shows_all: bool
    """Whether a file that is not listed is not there; web servers hide names that begin with a dot."""
    pause_s: float
    """Least time between two folders that are looked into, so that a walk is no load on a server."""

    @property
    def server(self) -> str | None:
        """Who is asked, as ``https://host``; None for a folder of this machine."""
        ...

    def listing(self, path: str) -> Listing:
        """What lies directly in the folder at ``path`` (``""`` is the place itself)."""
        ...

    def address(self, path: str) -> str:
        """What :func:`fairlab.net.store.open_store` opens for a path of this place."""
        ...


class LocalPlace:
    """A folder of this machine.

    Symbolic links are left out, so that no walk leaves the folder or goes in circles; with the option
    ``follow_links`` they are listed unless they lead to a folder above themselves.
    """

    shows_all = True
    pause_s = 0.0
    server = None

    def __init__(self, root: Path):
        if not root.is_dir():
            raise NotFoundError(
                f'there is no folder "{root}"\n  give a folder, a bucket (s3://…) or the address of an index page',
                kind="path-missing",
                path=str(root),
            )
        self._root = root.absolute()
        self.location = str(self._root)

    def listing(self, path: str) -> Listing:
        """See :class:`Place`."""
        folder = self._root / path
        folders: list[str] = []
        files: list[str] = []
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_symlink() and not self._may_follow(entry):
                        continue
                    (folders if entry.is_dir() else files).append(entry.name)
        except OSError as exc:
            raise unreadable(exc, str(folder)) from exc
        return Listing(folders=in_order(folders), files=in_order(files))

    def address(self, path: str) -> str:
        """See :class:`Place`."""
        return str(self._root / path)

    @staticmethod
    def _may_follow(entry: os.DirEntry[str]) -> bool:
        if not option("follow_links"):
            return False
        target, here = Path(entry.path).resolve(), Path(entry.path).parent.resolve()
        return target != here and target not in here.parents


def in_order(names: Iterable[str]) -> tuple[str, ...]:
    """Names as people sort them: numbers by their value.

    Examples
    --------
    >>> in_order(["10.zarr", "9.zarr", "a"])
    ('9.zarr', '10.zarr', 'a')
    """

    def key(name: str) -> list[tuple[bool, int, str]]:
        parts = re.findall(r"[0-9]+|[^0-9]+", name)
        return [(not p.isdigit(), int(p) if p.isdigit() and len(p) < 20 else 0, p) for p in parts]

    return tuple(sorted(set(names), key=key))


def joined(base: str, path: str) -> str:
    """The address of a path below an address.

    Examples
    --------
    >>> joined("https://example.org/images/", "a b/c.zarr")
    'https://example.org/images/a%20b/c.zarr'
    """
    return f"{base.rstrip('/')}/{quote(path)}" if path else base.rstrip("/")
