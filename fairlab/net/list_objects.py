"""Listings of a bucket as S3 sends them (ListObjectsV2), for archives whose pixels lie in a public bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fairlab.errors import FormatError, UnexpectedAnswer
from fairlab.foreign_xml import read_xml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.api import Api, Document

_MAX_PAGES: Final = 200
_MAX_BYTES: Final = 32 * 1024 * 1024  # a page names at most a thousand keys of a kilobyte
_MAX_DEPTH: Final = 20  # a listing needs 4
_ROOT: Final = "ListBucketResult"
_KEPT: Final = ("Prefix", "NextContinuationToken")


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
    params: dict[str, str | int] = {"list-type": 2, "delimiter": "/", "prefix": prefix}
    for _ in range(_MAX_PAGES):
        document = api.text("", params)
        found, token = listed(document.content, where=document.url)
        for name in found:
            step = name.removeprefix(prefix).rstrip("/")
            if name.startswith(prefix) and step not in ("", ".", "..") and "/" not in step:
                yield step, document
        if token is None:
            return
        params["continuation-token"] = token


def listed(xml: str, *, where: str) -> tuple[list[str], str | None]:
    """Common prefixes of a listing, and the token of its next page.

    Examples
    --------
    >>> page = "<ListBucketResult><CommonPrefixes><Prefix>a/b/</Prefix></CommonPrefixes></ListBucketResult>"
    >>> listed(page, where="here")
    (['a/b/'], None)
    """
    listing = _Listing()
    try:
        read_xml(xml, listing, where=where, max_bytes=_MAX_BYTES, max_depth=_MAX_DEPTH)
    except FormatError as exc:
        raise _no_listing(str(exc).splitlines()[0], where) from exc
    if listing.root != _ROOT:
        raise _no_listing(f"its root is not {_ROOT}", where)
    token = next(iter(listing.texts.get(f"{_ROOT}/NextContinuationToken", [])), None)
    return listing.texts.get(f"{_ROOT}/CommonPrefixes/Prefix", []), token or None


class _Listing:
    """Keeps the texts that matter, by the path of their elements."""

    def __init__(self) -> None:
        self.root = ""
        self.texts: dict[str, list[str]] = {}
        self._path: list[str] = []

    def start(self, name: str, _: dict[str, str]) -> None:
        self.root = self.root or name
        self._path.append(name)
        if name in _KEPT:
            self.texts.setdefault("/".join(self._path), []).append("")

    def end(self, _: str) -> None:
        self._path.pop()

    def characters(self, text: str) -> None:
        if (place := "/".join(self._path)) in self.texts:
            self.texts[place][-1] += text


def _no_listing(reason: str, where: str) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"this is no listing of a bucket ({reason})\n  at {where}\n"
        "  the bucket may have closed its listing, or moved",
        kind="answer-form",
        url=where,
    )
