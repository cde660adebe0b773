"""Look through a folder, a bucket or the index pages of a server for OME-Zarr."""

from __future__ import annotations

import contextlib
import re
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from fairlab.errors import (
    AccessError,
    FormatError,
    NotFoundError,
    QueryError,
    Unavailable,
    UnexpectedAnswer,
    warn,
)
from fairlab.net import line
from fairlab.net.deadline import Deadline
from fairlab.net.places import open_place
from fairlab.net.store import open_store
from fairlab.repositories.folder_records import Found, look

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from fairlab.errors import FairlabError
    from fairlab.net.listing import Listing, Place
    from fairlab.record import Record

MAX_FOLDERS: Final = 20_000
"""Folders that one crawl looks into; whoever has more gives a folder further down."""
_MARKS: Final = frozenset({"zarr.json", ".zattrs", ".zgroup", ".zarray"})
_CLOSED: Final = frozenset({"image", "label", "labels", "plate", "well", "bioformats2raw", "array"})
_ARCHIVES: Final = (".zarr.zip", ".ozx")
_NAMED: Final = 5


class Progress(Protocol):
    """Called before each folder is looked into."""

    def __call__(self, *, looked: int, found: int, place: str) -> None:
        """Folders looked into so far, records found so far, and the folder that is next."""
        ...


def crawl(
    address: str | os.PathLike[str],
    *,
    limit: int | None = 1000,
    depth: int = 6,
    progress: Progress | None = None,
) -> Iterator[Record]:
    """Every OME-Zarr image, plate and collection below a place, as they are found.

    The walk goes folder by folder, those nearest first, and neither into an OME-Zarr nor out of the place;
    symbolic links are not followed unless the option ``follow_links`` says so. Facts come from each store's own
    metadata and the RO-Crate in it; no pixels are read. A folder of this machine needs no network.

    Parameters
    ----------
    address : str or path-like
        A folder, ``file://…``, ``s3://bucket/prefix``, ``gs://…``, ``az://…``, or the ``http(s)://`` address of an
        index page. It may be one OME-Zarr itself.
    limit : int or None
        Records to find; None for all.
    depth : int
        Folders within folders, from the place itself (0 looks at the place only).
    progress : callable, optional
        Called as ``progress(looked=…, found=…, place=…)`` before each folder.

    Yields
    ------
    Record
        ``kind="image"``, ``id="folder:" + address``, with ``url`` set.

    Raises
    ------
    QueryError
        kind ``"location"``: no place of these forms; ``"query-value"``: a limit or depth below zero.
    NotFoundError
        kind ``"path-missing"``: nothing is there.
    AccessError, UnexpectedAnswer, Unavailable
        The place itself may not be listed or read, or its server does not answer (also later on).

    Warns
    -----
    FairlabWarning
        Once, at the end: what looks like OME-Zarr but cannot be read, and what was left out by a bound.

    Examples
    --------
    >>> import tempfile
    >>> list(crawl(tempfile.gettempdir(), depth=0))
    []
    """
    for name, value in (("limit", limit), ("depth", depth)):
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise QueryError(f"{name}={value!r}; expected a whole number, 0 or more", kind="query-value")
    walk = Walk(open_place(address), depth=depth)
    return _records(walk, limit=limit, progress=progress)


def _records(walk: Walk, *, limit: int | None, progress: Progress | None) -> Iterator[Record]:
    found = 0
    while not walk.over and found != limit:
        if progress is not None:
            progress(looked=walk.looked, found=found, place=walk.next)
        for record in walk.step():
            found += 1
            yield record
            if found == limit:
                break
    for remark in walk.remarks():
        warn(remark)


class Walk:
    """A walk through the folders of a place, one by one; an error stops it, and the next step tries that again.

    Parameters
    ----------
    place : Place
        Where it goes.
    depth : int
        Folders within folders that it goes into.
    """

    def __init__(self, place: Place, *, depth: int = 6):
        self.place, self.depth = place, depth
        self.looked = 0
        """Folders looked into so far."""
        self._within = name_of(place)
        self._waiting = deque([("", 0)])
        self._unread: dict[str, str] = {}
        self._failed: str | None = None

    @property
    def over(self) -> bool:
        """Whether there is nothing more to look into, or enough was."""
        return not self._waiting or self.looked >= MAX_FOLDERS

    @property
    def next(self) -> str:
        """Address of the folder that is next."""
        return self.place.address(self._waiting[0][0])

    def step(self) -> tuple[Record, ...]:
        """The records of the next folder.

        Raises
        ------
        Unavailable
            Its server does not answer, or is given a rest.
        NotFoundError, AccessError, UnexpectedAnswer
            The place itself is not there, may not be listed, or is no index page and no image.
        """
        path, level = self._waiting[0]
        try:
            with turn(self.place):
                records, folders = self._look_into(path)
        except Unavailable:
            if self._failed == path:  # one folder that always fails must not keep all others from being seen
                self._waiting.rotate(-1)
            self._failed = path
            raise
        self._waiting.popleft()
        self.looked += 1
        if level < self.depth:
            self._waiting.extend((folder, level + 1) for folder in folders)
        return tuple(records)

    def remarks(self) -> Iterator[str]:
        """What a reader should know of the walk so far: what could not be read, and what was left out."""
        if self._unread:
            named = [f"{path or self.place.location} ({kind})" for path, kind in self._unread.items()]
            more = f" … ({len(named)} in all)" if len(named) > _NAMED else ""
            yield (
                f"left out below {self.place.location}, because it cannot be read: "
                f"{', '.join(named[:_NAMED])}{more}"
            )
        if self._waiting and self.looked >= MAX_FOLDERS:
            yield (
                f"the search of {self.place.location} ended after {MAX_FOLDERS} folders; give a folder further "
                "down to see the rest"
            )

    def _look_into(self, path: str) -> tuple[list[Record], list[str]]:
        """The records of a folder and of the zip files in it, and the paths of its folders."""
        # The place itself may be one image, on a server that lists nothing.
        listing = self._listing(path) if path else None
        found = self._look(path, marked=bool(listing and _MARKS.intersection(listing.files)))
        records = [found.record] if found.record is not None else []
        if found.kind in _CLOSED:
            return records, []
        listing = self._listing(path) if not path else listing
        for name in listing.files if listing else ():
            if name.lower().endswith(_ARCHIVES):
                record = self._look(_joined(path, name), marked=True).record
                records += [record] if record is not None else []
        return records, [_joined(path, name) for name in listing.folders] if listing else []

    def _listing(self, path: str) -> Listing | None:
        """What is in a folder; None where it may not be listed. Of the place itself that is an error."""
        try:
            return self.place.listing(path)
        except (AccessError, FormatError, NotFoundError, UnexpectedAnswer) as exc:
            if not path:
                raise
            self._unread[path] = exc.kind
            return None

    def _look(self, path: str, *, marked: bool) -> Found:
        if path and not marked and self.place.shows_all:
            return Found("none")
        address = self.place.address(path)
        try:
            return look(open_store(address), address, within=self._within)
        except (AccessError, FormatError, NotFoundError, UnexpectedAnswer) as exc:
            # Some servers refuse what they do not have, or answer every address with a page.
            if not marked and (isinstance(exc, AccessError) or exc.kind == "html-page"):
                return Found("none")
            if not path:
                raise unreadable(exc) from exc
            self._unread[path] = exc.kind
            return Found("array")  # whatever it is, nothing inside it stands for itself


def name_of(place: Place) -> str | None:
    """What a place is called: the last step of its address."""
    return re.split(r"[/\\]", place.location.rstrip("/\\"))[-1] or None


def turn(place: Place) -> contextlib.AbstractContextManager[None]:
    """A turn at the server of a place, which is asked slowly, and not at all for a while after it kept failing."""
    if place.server is None:
        return contextlib.nullcontext()
    return line.turn(place.location, place.server, pause_s=place.pause_s, given_s=Deadline().left())


def unreadable(exc: FairlabError) -> FairlabError:
    """What cannot be read where an answer was expected: as an archive's answer of another form than documented."""
    if not isinstance(exc, FormatError):
        return exc
    return UnexpectedAnswer(exc.message, kind=exc.kind, url=exc.url)


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
