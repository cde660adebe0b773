"""The search of the BioImage Archive: pages of studies and images, and the images of one study.

EMPIAR's entries have their OME-Zarr copies there, so both adapters ask it.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from fairlab.repositories.answers import at, envelope, inherited
from fairlab.repositories.base import Page, position
from fairlab.repositories.bia_records import INHERITED, image_record, study_record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.api import Api, Document
    from fairlab.record import Record

HOSTS: Final = ("https://alpha.bioimagearchive.org/search/v1", "https://beta.bioimagearchive.org/search/v1")
"""None is final: the first that answers is asked."""
ZARR: Final = {"facet.image_format": "ome.zarr"}
"""Asks for images with an OME-Zarr copy."""
_PAGE: Final = 100
_LAST_PAGE: Final = 100  # its search gives the first 10,000


def walk(api: Api, kind: str, params: dict[str, Any], cursor: str | None, *, of: str) -> Iterator[Page]:
    """Pages of a search for studies or images; what comes has the form that the website asks for."""
    path, read = ("fts", study_record) if kind == "study" else ("fts/image", image_record)
    number = position(cursor, of=of, first=1)
    while number <= _LAST_PAGE:
        asked = {**params, "pagination.page": number, "pagination.page_size": _PAGE}
        document = api.json(path, asked)
        hits = envelope(document, "hits", "hits", of=of)
        found = [read(document, at(hit, "_source"), f"/hits/hits/{n}/_source") for n, hit in enumerate(hits)]
        number = number + 1 if hits and number < _pages(document, len(hits)) else _LAST_PAGE + 1
        total = at(document.content, "hits", "total", "value")
        yield Page(
            records=tuple(filter(None, found)),
            cursor=str(number) if number <= _LAST_PAGE else None,
            total=total if isinstance(total, int) else None,
            total_exact=at(document.content, "hits", "total", "relation") == "eq",
        )


def images_of(api: Api, study: Record, *, of: str) -> Iterator[Page]:
    """The images of a study that have an OME-Zarr copy, with what the study says of them.

    The search has no parameter for an accession: it is asked for the words, and what is of another study is
    left out here.
    """
    for page in walk(api, "image", {"query": study.accession, **ZARR}, None, of=of):
        own = [one for one in page.records if one.url and one.accession == study.accession]
        told = tuple(dataclasses.replace(one, **inherited(one, study, INHERITED)) for one in own)
        yield dataclasses.replace(page, records=told, total=None)


def _pages(document: Document, hits: int) -> int:
    stated = at(document.content, "pagination", "total_pages")
    if isinstance(stated, int):
        return stated
    return _LAST_PAGE if hits >= _PAGE else 0
