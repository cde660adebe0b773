"""What an answer of a server may be: an object, a part of one, its absence, or one of many refusals."""

from __future__ import annotations

import datetime
import email.utils
import re
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, NoReturn

from fairlab.errors import AccessError, UnexpectedAnswer
from fairlab.net.address import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.net.curl import Reply

_MISSING: Final = frozenset({404, 410})
_PAGES: Final = ("text/html", "application/xhtml+xml")
_TRY_AGAIN: Final = frozenset({408, 425, 429})
# Of what a server may say about itself (5xx, those of proxies and content networks too), this will not pass:
# not implemented, no such version of HTTP, its own settings go in circles, and a network that wants a log-in first.
_LASTING: Final = frozenset({501, 505, 506, 508, 510, 511})


class Version(NamedTuple):
    """What tells one version of an object from another, as far as an answer says."""

    tag: str = ""
    """Its ETag; servers that share the work may have one each for the same object."""
    modified: str = ""
    """When it was last modified."""
    size: str = ""
    """Bytes of the whole, where a part was sent."""

    def differs(self, other: Version) -> bool:
        """Whether the two are of different bytes for all that is known.

        Examples
        --------
        >>> Version("a", "Monday").differs(Version("b", "Monday")), Version("a").differs(Version("b"))
        (False, True)
        """
        tag, modified, size = (a == b if a and b else None for a, b in zip(self, other, strict=True))
        return size is False or (False in (tag, modified) and True not in (tag, modified))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a server said: the whole body, or its absence."""

    url: str
    """Redacted address that answered."""
    status: int
    """200, 206, 404 or 410; 304 when the caller's headers asked for it."""
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes
    """Empty when the object is missing."""
    tries: int = 1
    """Requests that were needed."""

    @property
    def missing(self) -> bool:
        """Whether the server says that there is no such object."""
        return self.status in _MISSING

    @property
    def version(self) -> Version:
        """Of the object, as far as the server says."""
        size = self.headers.get("content-range", "").rpartition("/")[2]
        return Version(
            self.headers.get("etag", ""),
            self.headers.get("last-modified", ""),
            size if size.isdigit() else "",
        )

    @property
    def is_page(self) -> bool:
        """Whether the server calls it a web page; types are words in any case (RFC 9110, 8.3.1)."""
        return self.headers.get("content-type", "").lower().startswith(_PAGES)


class Again(Exception):
    """This try failed in a way that another may not."""

    def __init__(self, what: str, *, kind: str, wait_s: float = 0.0):
        super().__init__(what)
        self.what, self.kind, self.wait_s = what, kind, wait_s


def judge(
    url: str, reply: Reply, *, range_: str | None, conditional: bool, max_bytes: int, tries: int
) -> Answer:
    """The answer that a reply is.

    Parameters
    ----------
    url : str
        Who replied.
    reply : Reply
        Of any status but a redirect.
    range_ : str or None
        The part that was asked for.
    conditional : bool
        Whether it was asked for only if it had changed.
    max_bytes : int
        Most that an encoded body may unpack to.
    tries : int
        Requests so far.

    Raises
    ------
    Again
        Another try may go better.
    AccessError, UnexpectedAnswer
        It is final.
    """
    where, status, headers, body = redact(url), reply.status, reply.headers, reply.body
    if status in (200, 206):
        if status == 206:
            _check_part(where, range_, headers, body)
        encoding = headers.get("content-encoding", "").lower()
        if encoding not in ("identity", "aws-chunked", ""):
            body = _decoded(where, reply, encoding, max_bytes)
        return Answer(url=where, status=status, headers=headers, body=body, tries=tries)
    if status in _MISSING or (status == 304 and conditional):
        return Answer(url=where, status=status, headers=headers, body=b"", tries=tries)
    if status in _TRY_AGAIN or (500 <= status < 600 and status not in _LASTING):
        raise Again(f"the server answers {status}", kind=f"http-{status}", wait_s=_retry_after(headers))
    if status in (401, 403):
        raise AccessError(
            f"the server refuses access ({status}) to {where}\n"
            "  the data may be private or under embargo, or the address may be wrong",
            kind=f"http-{status}",
            url=where,
            tries=tries,
            **_region(headers),
        )
    raise UnexpectedAnswer(
        f"the server answers {status} for {where}\n"
        "  which is neither the data nor their absence; check the address, or ask who runs the server",
        kind=f"http-{status}",
        url=where,
        tries=tries,
        **_region(headers),
    )


def _region(headers: Mapping[str, str]) -> dict[str, str]:
    """What S3 says when it was asked in a region where the bucket is not."""
    return {"bucket_region": region} if (region := headers.get("x-amz-bucket-region")) else {}


def _check_part(where: str, range_: str | None, headers: Mapping[str, str], body: bytes) -> None:
    """A partial answer must be the part that was asked for: anything else would be other pixels."""
    stated = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", headers.get("content-range", ""))
    if range_ and stated:
        first, last, total = int(stated[1]), int(stated[2]), stated[3]
        asked_first, _, asked_last = range_.partition("-")
        if asked_first:
            right = first == int(asked_first) and (not asked_last or last <= int(asked_last))
        else:  # the last so many bytes, or all when there are fewer
            right = not total.isdigit() or (
                last == int(total) - 1 and first == max(0, int(total) - int(asked_last))
            )
        if right and last - first + 1 > len(body):
            raise Again("the body was cut short", kind="body-short")
        if right and last - first + 1 == len(body):
            return
    _refuse(
        f"another part was sent than the one asked for (asked {range_}, got "
        f"{headers.get('content-range')!r} of {len(body)} bytes)",
        "range-wrong",
        where,
    )


def _decoded(where: str, reply: Reply, encoding: str, max_bytes: int) -> bytes:
    """A body that was stored packed and is sent so although that was not asked for, as HTTP means it."""
    if encoding not in ("gzip", "x-gzip") or reply.status == 206:
        _refuse(f"the body is encoded as {encoding!r}, which was not asked for", "encoding", where)
    parts: list[bytes] = []
    left, room = reply.body, max_bytes
    while left or not parts:  # a gzip stream may be several, one after the other (RFC 1952, 2.2)
        unpack = zlib.decompressobj(wbits=31)
        try:
            parts.append(unpack.decompress(left, room + 1))
        except zlib.error as exc:
            raise Again(f"the body is damaged ({exc})", kind="encoding") from exc
        room -= len(parts[-1])
        if room < 0:
            _refuse(f"the body unpacks to more than {max_bytes} bytes", "body-too-large", where)
        if not unpack.eof:
            raise Again("the body was cut short", kind="body-short")
        left = unpack.unused_data
    return b"".join(parts)


def _refuse(message: str, kind: str, where: str) -> NoReturn:
    raise UnexpectedAnswer(
        f"{message}\n  at {where}\n  try again later, or tell who runs the server", kind=kind, url=where
    )


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait; 0 when the server does not say."""
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    moment = http_date(value)
    return 0.0 if moment is None else max(0.0, moment - time.time())


def http_date(value: str) -> float | None:
    """A date as HTTP states it, in seconds since 1970; None for what is no date.

    Examples
    --------
    >>> http_date("Thu, 01 Jan 1970 00:01:00 GMT"), http_date("soon"), http_date("1 Jan 99999999999999999999")
    (60.0, None, None)
    """
    try:
        moment = email.utils.parsedate_to_datetime(value)
        # HTTP dates are in GMT, also where the name of the zone was left out.
        return moment.replace(tzinfo=moment.tzinfo or datetime.UTC).timestamp()
    except (ValueError, OverflowError):  # the latter for a year of twenty digits
        return None
