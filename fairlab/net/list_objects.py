"""Listings of a bucket as its service sends them: S3 and Google (ListObjectsV2), and Azure (List Blobs)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from fairlab.errors import FormatError, UnexpectedAnswer
from fairlab.foreign_xml import read_xml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fairlab.net.api import Api, Document

MAX_PAGES: Final = 200
"""Answers that one listing may take: a folder of 200,000 objects is no folder that people look into."""
_MAX_BYTES: Final = 32 * 1024 * 1024  # a page names at most some thousand keys of a kilobyte
_MAX_DEPTH: Final = 20  # a listing needs 5
_CUT: Final = "IsTruncated"


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a service is asked for what lies directly below a prefix, and where its answer says it."""

    asks: Mapping[str, str | int]
    """Query of the address, besides the prefix."""
    goes_on: str
    """What the name of the next page is given back as."""
    root: str
    """Outermost element of the answer."""
    folder: str
    """Where it names what stands for a folder."""
    file: str
    """Where it names an object."""
    next: str
    """Where it names the next page."""
    headers: tuple[str, ...] = ()
    """Headers of the request."""


OBJECTS: Final = Dialect(
    asks={"list-type": 2, "delimiter": "/"},
    goes_on="continuation-token",
    root="ListBucketResult",
    folder="CommonPrefixes/Prefix",
    file="Contents/Key",
    next="NextContinuationToken",
)
"""S3, and what speaks like it: Google's XML interface, MinIO, Ceph."""
BLOBS: Final = Dialect(
    asks={"restype": "container", "comp": "list", "delimiter": "/"},
    goes_on="marker",
    root="EnumerationResults",
    folder="Blobs/BlobPrefix/Name",
    file="Blobs/Blob/Name",
    next="NextMarker",
    headers=("x-ms-version: 2021-12-02",),
)
"""Azure Blob Storage."""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One answer."""

    folders: tuple[str, ...] = ()
    """Whole prefixes, with a slash at the end."""
    files: tuple[str, ...] = ()
    """Whole keys."""
    next: str | None = None
    """Name of the next page."""


def prefixes(api: Api, prefix: str) -> Iterator[tuple[str, Document]]:
    """Names of the folders directly below a prefix of a bucket, and the answer that names each.

    Parameters
    ----------
    api : Api
        The bucket: its address with the name of the bucket, to which no path is added.
    prefix : str
        With a slash at the end: ``"zarr/v0.4/"``.

    Raises
    ------
    UnexpectedAnswer
        kind ``"answer-form"``: not a listing.
    """
    params: dict[str, str | int] = {**OBJECTS.asks, "prefix": prefix}
    for _ in range(MAX_PAGES):
        document = api.text("", params)
        found = listed(document.content, where=document.url)
        for name in found.folders:
            step = step_below(name, prefix)
            if step:
                yield step, document
        if found.next is None:
            return
        params[OBJECTS.goes_on] = found.next


def step_below(name: str, prefix: str) -> str | None:
    """The one step that a key or prefix goes down from a prefix; None where it is anywhere else.

    Examples
    --------
    >>> step_below("a/b.zarr/", "a/"), step_below("a/", "a/"), step_below("other", "a/"), step_below("a/../", "a/")
    ('b.zarr', None, None, None)
    """
    step = name.removeprefix(prefix).rstrip("/")
    inside = name.startswith(prefix) and step not in ("", ".", "..") and "/" not in step
    return step if inside and step.isprintable() else None


def listed(xml: str | bytes, *, where: str, dialect: Dialect = OBJECTS) -> Listed:
    """What one answer names.

    Raises
    ------
    UnexpectedAnswer
        kind ``"answer-form"``: not a listing, or one that is cut short.

    Examples
    --------
    >>> page = "<ListBucketResult><CommonPrefixes><Prefix>a/b/</Prefix></CommonPrefixes></ListBucketResult>"
    >>> listed(page, where="here").folders
    ('a/b/',)
    """
    listing = _Listing(dialect)
    try:
        read_xml(xml, listing, where=where, max_bytes=_MAX_BYTES, max_depth=_MAX_DEPTH)
    except FormatError as exc:
        raise _no_listing(str(exc).splitlines()[0], where) from exc
    if listing.root != dialect.root:
        raise _no_listing(f"its root is not {dialect.root}", where)
    following = next(iter(listing.texts[dialect.next]), None) or None
    if following is None and "true" in listing.texts[_CUT]:
        raise _no_listing("it is cut short and names no next page", where)
    return Listed(
        folders=tuple(listing.texts[dialect.folder]),
        files=tuple(listing.texts[dialect.file]),
        next=following,
    )


class _Listing:
    """Keeps the texts that matter, by the path of their elements below the root."""

    def __init__(self, dialect: Dialect) -> None:
        self.root = ""
        self.texts: dict[str, list[str]] = {
            place: [] for place in (dialect.folder, dialect.file, dialect.next, _CUT)
        }
        self._path: list[str] = []
        self._encoded = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.root = self.root or name
        self._path.append(name)
        if (kept := self._kept()) is not None:
            kept.append("")
            self._encoded = attributes.get("Encoded") == "true"  # Azure, of names that XML cannot hold

    def end(self, _: str) -> None:
        if (kept := self._kept()) is not None and self._encoded:
            kept[-1] = unquote(kept[-1])
        self._path.pop()

    def characters(self, text: str) -> None:
        if (kept := self._kept()) is not None:
            kept[-1] += text

    def _kept(self) -> list[str] | None:
        return self.texts.get("/".join(self._path[1:]))


def _no_listing(reason: str, where: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"this is no listing of a bucket ({reason})\n  at {where}\n"
        "  the bucket may have closed its listing, or moved",
        kind="answer-form",
        url=where,
    )
