"""Folders, buckets and index pages of one's own, asked like an archive."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, ClassVar, Final

from fairlab.errors import FairlabError, FormatError, NotFoundError, QueryError
from fairlab.options import option
from fairlab.repositories.base import Archive, Capabilities, Page, position

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from fairlab.query import Query
    from fairlab.record import Record

_PER_PAGE: Final = 50
_HINT: Final = 'fairlab.set_options(folders=["/data/images", "s3://bucket/prefix"]) names some'


class Folder(Archive):
    """What lies in folders of this machine, buckets, or below index pages of web servers.

    They are looked through each time that they are asked; ``fairlab catalogue add`` keeps what is found.

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

    @property
    def places(self) -> tuple[str | os.PathLike[str], ...]:
        """What is looked through."""
        return self._places or tuple(option("folders"))

    def idle(self) -> str | None:
        """See :meth:`fairlab.repositories.base.Archive.idle`."""
        return None if self.places else f"no folder is named; {_HINT}"

    def pages(self, query: Query, *, cursor: str | None = None) -> Iterator[Page]:
        """What is there by fifty, those that ``cursor`` says left out; of several places some may fail.

        Raises
        ------
        QueryError
            kind ``"no-folders"``: there is nothing to look through.
        """
        if not self.places:
            raise QueryError(f"there is no folder to look through\n  {_HINT}", kind="no-folders")
        failures: dict[str, FairlabError] = {}
        begin = position(cursor, of=self.name)
        records = islice(self._records(failures), begin, None)
        first = next(records, None)
        while first is not None:
            page = (first, *islice(records, _PER_PAGE - 1))
            begin, first = begin + len(page), next(records, None)
            notes = () if first else tuple(map(_told, failures.values()))
            yield Page(records=page, cursor=str(begin) if first else None, notes=notes)
        if not begin and len(failures) == len(self.places):
            raise next(iter(failures.values()))

    def lookup(self, identifier: str) -> Record | None:
        """What is at ``folder:<address>``; None when that is no OME-Zarr."""
        from fairlab.net.store import open_store
        from fairlab.repositories.folder_records import SCHEME, look

        scheme, _, address = identifier.strip().partition(":")
        if scheme.lower() != SCHEME or not address:
            return None
        try:
            return look(open_store(address), address).record
        except (NotFoundError, FormatError):
            return None

    def images(self, study: Record) -> Iterator[Page]:
        """What lies in the places of the name that a record states as its accession."""
        failures: dict[str, FairlabError] = {}
        found = tuple(one for one in self._records(failures) if one.accession == study.accession)
        yield Page(records=found, total=len(found), notes=tuple(map(_told, failures.values())))

    def _records(self, failures: dict[str, FairlabError]) -> Iterator[Record]:
        from fairlab.repositories.folder_crawl import crawl

        for place in self.places:
            try:
                yield from crawl(place)
            except FairlabError as error:
                failures[str(place)] = error


def _told(error: FairlabError) -> str:
    return f"a folder could not be looked through: {error.message.splitlines()[0]}"
