"""The one HTTP transport: what is tried again, for how long, and what an answer may be.

A missing object (404, 410) is an answer; everything else that is not a success is an error. One exchange
with a server is :mod:`fairlab.net.curl`'s business.
"""

from __future__ import annotations

import datetime
import email.utils
import random
import re
import time
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NoReturn
from urllib.parse import urlsplit

from fairlab.errors import AccessError, FairlabError, Unavailable, UnexpectedAnswer
from fairlab.net import curl
from fairlab.net.address import THIS_MACHINE, redact, redirected
from fairlab.options import max_read_bytes, option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.net.traffic import Ledger

_MISSING: Final = frozenset({404, 410})
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_TRIES: Final = 8
_REFUSED_TRIES: Final = 3
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 15.0
_MAX_REDIRECTS: Final = 5


class Deadline:
    """The moment at which the reading of one object, all its requests and retries, gives up.

    Parameters
    ----------
    seconds : float, optional
        Time from now; the option ``timeout_s`` by default.
    """

    def __init__(self, seconds: float | None = None):
        self.seconds = float(option("timeout_s") if seconds is None else seconds)
        self._end = time.monotonic() + self.seconds

    def left(self) -> float:
        """Seconds until the deadline; never below zero."""
        return max(0.0, self._end - time.monotonic())


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


def get(
    url: str,
    *,
    part: slice | None = None,
    deadline: Deadline | None = None,
    max_bytes: int | None = None,
    headers: tuple[str, ...] = (),
    ledger: Ledger | None = None,
) -> Answer:
    """One object, or a part of it, after as many tries as the deadline allows.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://`` address; a user and password in it are sent to that origin only.
    part : slice, optional
        ``slice(10, 20)`` or, for the last four bytes, ``slice(-4, None)``; the whole by default.
    deadline : Deadline, optional
        Bounds all tries together; a new one by default.
    max_bytes : int, optional
        A longer body is refused; by default one that no read could use (option ``max_read_bytes``).
    headers : tuple of str
        Further request headers, ``"Name: value"``; they go to the same origin only.
    ledger : Ledger, optional
        Where requests and bytes are counted.

    Returns
    -------
    Answer
        With the body, or ``missing`` when the server says 404 or 410.

    Raises
    ------
    AccessError
        401 or 403.
    Unavailable
        No connection, silence, a body cut short, 429 or 5xx until the tries or the time ran out.
    UnexpectedAnswer
        Any other status, a redirect to another host, or a body over ``max_bytes``.
    """
    deadline = deadline or Deadline()
    asked = _Asked(url, _range(part), headers, max_bytes or max_read_bytes(), ledger)
    tries, reason = 0, None
    while True:
        tries += 1
        try:
            return _follow(asked, deadline, tries)
        except _Again as again:
            # A last try that the deadline cut off says less than what the server said before.
            reason = again if reason is None or again.kind != "timeout" else reason
            wait = max(_jitter(tries), again.wait_s + random.uniform(0, _FIRST_WAIT_S))
            # A refused connection seldom recovers; waiting long for it only hides a wrong address.
            enough = _REFUSED_TRIES if again.kind in ("connection", "host-unknown") else _MAX_TRIES
            if tries >= enough or wait >= deadline.left():
                raise reason.error(url, tries, deadline) from reason.__cause__
            time.sleep(wait)


@dataclass(frozen=True)
class _Asked:
    """One question; the same for all tries."""

    url: str
    range: str | None
    headers: tuple[str, ...]
    max_bytes: int
    ledger: Ledger | None


class _Again(Exception):
    """This try failed in a way that another may not."""

    def __init__(self, what: str, *, kind: str, wait_s: float = 0.0):
        super().__init__(what)
        self.what, self.kind, self.wait_s = what, kind, wait_s

    def error(self, url: str, tries: int, deadline: Deadline) -> FairlabError:
        where, plural = redact(url), "" if tries == 1 else "s"
        asked = ""
        if self.wait_s and self.wait_s >= deadline.left():
            asked = f" and asks for a pause of {self.wait_s:.0f} s, more than is left of the limit"
        return Unavailable(
            f"{self.what}{asked}\n  at {where}, after {tries} request{plural} (limit {deadline.seconds:g} s)\n"
            "  try again later, or raise the limit with fairlab.set_options(timeout_s=…)",
            kind=self.kind,
            url=where,
            tries=tries,
            **({"retry_after_s": self.wait_s} if self.wait_s else {}),
        )


def _follow(asked: _Asked, deadline: Deadline, tries: int) -> Answer:
    url, headers, outside_only = asked.url, asked.headers, False
    for _ in range(_MAX_REDIRECTS):
        reply = _exchange(asked, url, headers, deadline, tries, outside_only)
        if reply.status not in (301, 302, 303, 307, 308) or "location" not in reply.headers:
            return _judge(asked, url, reply, tries)
        target, leaves = redirected(url, reply.headers["location"])
        if urlsplit(target).netloc != urlsplit(url).netloc:
            headers = ()
        url, outside_only = target, outside_only or leaves
    raise UnexpectedAnswer(
        f"more than {_MAX_REDIRECTS} redirects from {redact(asked.url)}",
        kind="redirects",
        url=redact(asked.url),
    )


def _exchange(
    asked: _Asked, url: str, headers: tuple[str, ...], deadline: Deadline, tries: int, outside_only: bool
) -> curl.Reply:
    _check_online(url)
    received = 0
    if asked.ledger:
        asked.ledger.began()
    try:
        reply = curl.exchange(
            url,
            range_=asked.range,
            headers=headers,
            limit_s=deadline.left(),
            connect_s=option("connect_timeout_s"),
            max_bytes=asked.max_bytes,
            outside_only=outside_only,
        )
        received = len(reply.body)
    except curl.Fault as fault:
        received = fault.received
        if fault.final:
            raise _final(fault, url, tries) from fault
        raise _Again(fault.what, kind=fault.kind) from fault
    finally:
        if asked.ledger:
            asked.ledger.ended(received)
    return reply


def _final(fault: curl.Fault, url: str, tries: int) -> FairlabError:
    where = redact(url)
    if fault.kind in ("body-too-large", "address-inside"):
        return UnexpectedAnswer(f"{fault.what}: {where}", kind=fault.kind, url=where, tries=tries)
    return Unavailable(
        f"{fault.what}: {where}\n  check the address and the connection",
        kind=fault.kind,
        url=where,
        tries=tries,
    )


def _judge(asked: _Asked, url: str, reply: curl.Reply, tries: int) -> Answer:
    where, status, headers, body = redact(url), reply.status, reply.headers, reply.body
    if status in (200, 206):
        if status == 206:
            _check_part(where, asked.range, headers, body)
        if headers.get("content-encoding", "identity") not in ("identity", "aws-chunked", ""):
            body = _decoded(where, reply, asked.max_bytes)
        return Answer(url=where, status=status, headers=headers, body=body, tries=tries)
    if status in _MISSING or (status == 304 and asked.headers):
        return Answer(url=where, status=status, headers=headers, body=b"", tries=tries)
    if status in _TRY_AGAIN:
        raise _Again(f"the server answers {status}", kind=f"http-{status}", wait_s=_retry_after(headers))
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
        f"the server answers {status} for {where}",
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
        if right and last - first + 1 == len(body):
            return
    _refuse(
        f"another part was sent than the one asked for (asked {range_}, got "
        f"{headers.get('content-range')!r} of {len(body)} bytes)\n  at {where}",
        "range-wrong",
        where,
    )


def _decoded(where: str, reply: curl.Reply, max_bytes: int) -> bytes:
    """A body that was stored packed and is sent so although that was not asked for, as HTTP means it."""
    encoding = reply.headers["content-encoding"]
    if encoding not in ("gzip", "x-gzip") or reply.status == 206:
        _refuse(
            f"the body is encoded as {encoding!r}, which was not asked for\n  at {where}", "encoding", where
        )
    unpack = zlib.decompressobj(wbits=31)
    try:
        body = unpack.decompress(reply.body, max_bytes)
    except zlib.error as exc:
        raise _Again(f"the body is damaged ({exc})", kind="encoding") from exc
    if unpack.unconsumed_tail:
        _refuse(f"over {max_bytes} bytes: {where}", "body-too-large", where)
    if not unpack.eof:
        raise _Again("the body was cut short", kind="body-short")
    return body


def _refuse(message: str, kind: str, where: str, tries: int = 1) -> NoReturn:
    raise UnexpectedAnswer(message, kind=kind, url=where, tries=tries)


def _check_online(url: str) -> None:
    if option("offline") and urlsplit(url).hostname not in THIS_MACHINE:
        raise Unavailable(
            f"offline: {redact(url)} was not asked\n  fairlab.set_options(offline=False) allows it",
            kind="offline",
            url=redact(url),
        )


def _range(part: slice | None) -> str | None:
    if part is None:
        return None
    if part.start < 0:
        return str(part.start)  # "-4": the last four
    return f"{part.start}-" + ("" if part.stop is None else str(part.stop - 1))


def _retry_after(headers: Mapping[str, str]) -> float:
    """Seconds to wait; 0 when the server does not say."""
    value = headers.get("retry-after", "")
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        moment = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return 0.0
    # HTTP dates are in GMT, also where the name of the zone was left out.
    return max(0.0, moment.replace(tzinfo=moment.tzinfo or datetime.UTC).timestamp() - time.time())


def _jitter(tries: int) -> float:
    return random.uniform(0, min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**tries))
