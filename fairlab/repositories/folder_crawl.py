"""Look through a folder, a bucket or the index pages of a server for OME-Zarr."""

from __future__ import annotations

import re
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from fairlab.errors import AccessError, FairlabError, FormatError, NotFoundError, QueryError, warn
from fairlab.net.places import open_place
from fairlab.net.store import open_store
from fairlab.record import Record
from fairlab.repositories.folder_records import Found, look

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from fairlab.net.listing import Listing, Place

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
    AccessError, FormatError, Unavailable
        The place itself may not be listed, or its server does not answer (also later on).

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
    return _Crawl(open_place(address), limit=limit, depth=depth, progress=progress).records()


class _Crawl:
    def __init__(self, place: Place, *, limit: int | None, depth: int, progress: Progress | None):
        self.place, self.limit, self.depth, self.progress = place, limit, depth, progress
        self.within = re.split(r"[/\\]", place.location.rstrip("/\\"))[-1] or None
        self.looked = self.found = 0
        self.unread: list[str] = []

    def records(self) -> Iterator[Record]:
        waiting = deque([("", 0)])
        while waiting and self._goes_on():
            path, level = waiting.popleft()
            if self.progress is not None:
                self.progress(looked=self.looked, found=self.found, place=self.place.address(path))
            self.looked += 1
            for node in self._nodes(path):
                if isinstance(node, Record):
                    self.found += 1
                    yield node
                    if self.found == self.limit:
                        break
                elif level < self.depth:
                    waiting.append((node, level + 1))
        self._tell()

    def _goes_on(self) -> bool:
        if self.looked == MAX_FOLDERS:
            warn(
                f"the search of {self.place.location} ended after {MAX_FOLDERS} folders; give a folder further "
                "down to see the rest"
            )
        return self.looked < MAX_FOLDERS and self.found != self.limit

    def _nodes(self, path: str) -> Iterator[Record | str]:
        """The record of a folder, or those of the zip files in it and the paths of its folders."""
        # The place itself may be one image, on a server that lists nothing.
        listing = self._listing(path) if path else None
        found = self._look(path, marked=bool(listing and _MARKS.intersection(listing.files)))
        if found.record is not None:
            yield found.record
        if found.kind in _CLOSED:
            return
        listing = self._listing(path) if listing is None and not path else listing
        for name in listing.files if listing else ():
            if name.lower().endswith(_ARCHIVES):
                record = self._look(_joined(path, name), marked=True).record
                if record is not None:
                    yield record
        yield from (_joined(path, name) for name in listing.folders) if listing else ()

    def _listing(self, path: str) -> Listing | None:
        """What is in a folder; None where it may not be listed. Of the place itself that is an error."""
        try:
            return self.place.listing(path)
        except (AccessError, FormatError, NotFoundError) as exc:
            if not path:
                raise
            self._note(path, exc)
            return None

    def _look(self, path: str, *, marked: bool) -> Found:
        if path and not marked and self.place.shows_all:
            return Found("none")
        address = self.place.address(path)
        try:
            return look(open_store(address), address, within=self.within)
        except (AccessError, FormatError, NotFoundError) as exc:
            # Some servers refuse what they do not have, or answer every address with a page.
            if not marked and (isinstance(exc, AccessError) or exc.kind == "html-page"):
                return Found("none")
            self._note(path, exc)
            return Found("array")  # whatever it is, nothing inside it stands for itself

    def _note(self, path: str, exc: FairlabError) -> None:
        self.unread.append(f"{path or self.place.location} ({exc.kind})")

    def _tell(self) -> None:
        if self.unread:
            more = f" … ({len(self.unread)} in all)" if len(self.unread) > _NAMED else ""
            warn(
                f"left out below {self.place.location}, because it cannot be read: "
                f"{', '.join(self.unread[:_NAMED])}{more}"
            )


def _joined(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name
