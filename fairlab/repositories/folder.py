"""Folders, buckets and index pages of one's own, asked like an archive."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import unquote

from fairlab.errors import FairlabError, FormatError, NotFoundError, QueryError, told
from fairlab.options import option
from fairlab.repositories.base import Archive, Capabilities, Page, position
from fairlab.results import select

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from fairlab.query import Query
    from fairlab.record import Record, Source
    from fairlab.repositories.folder_walks import Walks

_PER_PAGE: Final = 20
_KEPT_S: Final = 600.0  # what a walk found goes on being the first pages of an answer for so long
_HINT: Final = 'fairlab.set_options(folders=["/data/images", "s3://bucket/prefix"]) names some'


class Folder(Archive):
    """What lies in folders of this machine, buckets, or below index pages of web servers.

    They are looked through each time that something is asked, folder by folder, as far as pages are wanted;
    ``fairlab catalogue add`` keeps what is found.

    Parameters
    ----------
    *places : str or path-like
        See :func:`fairlab.repositories.folder_crawl.crawl`; those of the option ``folders`` by default.

    Examples
    --------
    >>> import tempfile
    >>> from fairlab.query import make_query
    >>> len(Folder(tempfile.mkdtemp()).search(make_query("nuclei")))
    0
    """

    name: ClassVar[str] = "folder"
    title: ClassVar[str] = "Folders, buckets and index pages of your own"
    prefixes: ClassVar[tuple[str, ...]] = ("folder",)
    capabilities: ClassVar[Capabilities] = Capabilities(
        kinds=("image",),
        states=frozenset(
            {
                "text", "organism", "imaging_method", "license", "repository", "ngff_version", "layout", "openable",
                "year", "channel", "has_labels", "pixel_size_below",
            }
        ),
        pixels="every OME-Zarr that is there",
    )  # fmt: skip

    def __init__(self, *places: str | os.PathLike[str]):
        self._places = places
        self._kept: Walks | None = None

    @property
    def places(self) -> tuple[str | os.PathLike[str], ...]:
        """What is looked through."""
        return self._places or tuple(option("folders"))

    def idle(self) -> str | None:
        """See :meth:`fairlab.repositories.base.Archive.idle`."""
        return None if self.places else f"no folder is named; {_HINT}"

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """What matches, twenty records of the walk at a time; ``cursor`` is how many the walk had come to.

        Raises
        ------
        QueryError
            kind ``"no-folders"``: there is nothing to look through.
        """
        if not self.places:
            raise QueryError(f"there is no folder to look through\n  {_HINT}", kind="no-folders")
        begin = position(cursor, of=self.name)
        walks, wanted = self._walks(goes_on=cursor is not None), replace(query, limit=None)
        nothing_yet, able = not begin, self.capabilities
        while True:
            end, stopped = begin + _PER_PAGE, None
            try:
                more = walks.up_to(end)
            except FairlabError as error:
                more, stopped = True, error
            batch = walks.found[begin:end]
            begin += len(batch)
            met = select(wanted, batch, name=self.name, applies=able.applies, states=able.states)
            records = () if met.relaxed else met.records
            nothing_yet = nothing_yet and not records
            if nothing_yet and not more:
                # Nothing has it all, which only the whole can tell: then come the nearest.
                records = select(wanted, walks.found, name=self.name, states=able.states).records
            if records or not more:
                yield Page(records=records, cursor=str(begin) if more else None, notes=walks.notes())
            if stopped is not None:
                raise stopped
            if not more:
                return

    def lookup(self, identifier: str) -> Record | None:
        """What is at ``folder:<address>`` in one of the places; None when that is no OME-Zarr.

        Raises
        ------
        UnexpectedAnswer
            There is OME-Zarr that cannot be read, or a server that answers with something else.
        """
        from fairlab.repositories.folder_records import SCHEME

        scheme, _, address = identifier.strip().partition(":")
        if scheme.lower() != SCHEME:
            return None
        place = next((one for one in self.places if _is_within(address, str(one))), None)
        return _look(address, str(place)) if place is not None else None

    def images(self, study: Record) -> Iterator[Page]:
        """What lies in the places of the name that a record states as its accession."""
        walks, begin, more = self._walks(goes_on=False), 0, True
        while more:
            more = walks.up_to(begin + _PER_PAGE)
            batch = walks.found[begin : begin + _PER_PAGE]
            begin += len(batch)
            found = tuple(one for one in batch if one.accession == study.accession)
            if found or not more:
                yield Page(records=found, cursor=str(begin) if more else None, notes=walks.notes())

    def _walks(self, *, goes_on: bool) -> Walks:
        """The walk to go on with: the one that ended a page, or that an error stopped; else a new one."""
        from fairlab.repositories.folder_walks import Walks

        kept = self._kept
        fits = kept is not None and kept.places == self.places and time.monotonic() - kept.touched < _KEPT_S
        if kept is None or not fits or not (goes_on or kept.stopped):
            self._kept = kept = Walks(self.places)
        return kept


def _is_within(address: str, place: str) -> bool:
    """Whether an address lies in a place; no identifier leads anywhere else."""
    base, parts = place.rstrip("/\\"), re.split(r"[/\\]", address)
    below = address == base or address.startswith((f"{base}/", f"{base}\\"))
    plain = not any(part in ("..", ".") or unquote(part) in ("..", ".") for part in parts)
    return (
        below and plain and address.isprintable() and ("://" not in address or not set("?#") & set(address))
    )


def _look(address: str, place: str) -> Record | None:
    from fairlab.net.places import open_place
    from fairlab.net.store import open_store
    from fairlab.repositories.folder_crawl import name_of, turn, unreadable
    from fairlab.repositories.folder_records import look

    where = open_place(place)
    try:
        with turn(where), told() as remarks:
            found = look(open_store(address), address, within=name_of(where)).record
    except NotFoundError:
        return None
    except FormatError as exc:
        raise unreadable(exc) from exc
    said = "; ".join(remark.splitlines()[0] for remark in remarks)
    return found and replace(found, note=said or None, sources={**found.sources, **_noted(found, said)})


def _noted(record: Record, said: str) -> dict[str, Source]:
    return {"note": record.sources["*"]} if said else {}
