"""Listings of a bucket as S3 sends them (ListObjectsV2), for archives whose pixels lie in a public bucket.

The parser expands nothing: a document type or an entity ends the reading before it can do harm.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn
from xml.parsers import expat

from fairlab.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.api import Api, Document

_MAX_PAGES = 200


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
    found: dict[str, list[str]] = {}
    path: list[str] = []
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(name: str, _: dict[str, str]) -> None:
        path.append(name.rpartition(" ")[2])
        if path[-1] in ("Prefix", "NextContinuationToken", "IsTruncated"):
            found.setdefault("/".join(path), []).append("")

    def end(_: str) -> None:
        path.pop()

    def characters(text: str) -> None:
        if (place := "/".join(path)) in found:
            found[place][-1] += text

    def refuse(*_: object) -> NoReturn:
        raise ValueError("a document type")

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = characters, refuse
    try:
        parser.Parse(xml, True)
        root = "ListBucketResult"
        if not xml.strip() or root not in xml:
            raise ValueError("no ListBucketResult")
    except (expat.ExpatError, ValueError) as exc:
        raise UnexpectedAnswer(
            f"this is no listing of a bucket ({exc})\n  at {where}\n"
            "  the bucket may have closed its listing, or moved",
            kind="answer-form",
            url=where,
        ) from exc
    token = next(iter(found.get(f"{root}/NextContinuationToken", [])), None)
    return found.get(f"{root}/CommonPrefixes/Prefix", []), token or None
