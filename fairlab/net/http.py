"""The one HTTP transport: pycurl, with retries, one deadline per read, and full sight of the answer.

pycurl was chosen by trial: a third of the processor time of httpx, parity with compiled readers, status
and headers in our hands, redirects off unless we follow them, and short bodies reported as errors.
A missing object (404, 410) is an answer; everything else that is not a success is an error.
"""

from __future__ import annotations

import email.utils
import os
import random
import re
import threading
import time
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

import certifi
import pycurl

from fairlab.errors import AccessError, FairlabError, Unavailable, UnexpectedAnswer
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Mapping

_MISSING: Final = frozenset({404, 410})
_TRY_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_MAX_TRIES: Final = 8
_REFUSED_TRIES: Final = 3
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 15.0
_SILENCE_S: Final = 20  # no byte for this long: the connection is dead
_MAX_REDIRECTS: Final = 5


class Deadline:
    """The moment at which a read, all its requests and retries, gives up.

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
    """200, 206, 404 or 410."""
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes
    """Empty when the object is missing."""
    tries: int
    """Requests that were needed."""

    @property
    def missing(self) -> bool:
        """Whether the server says that there is no such object."""
        return self.status in _MISSING


def redact(url: str) -> str:
    """An address fit for messages, logs and files: no user, password or query.

    Examples
    --------
    >>> redact("https://me:secret@example.org/a.zarr?X-Amz-Signature=abc")
    'https://example.org/a.zarr?…'
    """
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "…" if parts.query else "", ""))


def get(
    url: str,
    *,
    part: slice | None = None,
    deadline: Deadline | None = None,
    max_bytes: int | None = None,
) -> Answer:
    """One object, or a part of it, after as many tries as the deadline allows.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://`` address.
    part : slice, optional
        ``slice(10, 20)`` or, for the last four bytes, ``slice(-4, None)``; the whole by default.
    deadline : Deadline, optional
        Shared by all requests of one read; a new one by default.
    max_bytes : int, optional
        A longer body is refused.

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
    tries, reason = 0, None
    while True:
        tries += 1
        try:
            return _follow(url, _range(part), deadline, max_bytes, tries)
        except _Again as again:
            # A last try that the deadline cut off says less than what the server said before.
            reason = again if reason is None or again.kind != "timeout" else reason
            wait = again.wait_s if again.wait_s is not None else _jitter(tries)
            # A refused connection seldom recovers; waiting long for it only hides a wrong address.
            enough = _REFUSED_TRIES if again.kind == "connection" else _MAX_TRIES
            if tries >= enough or wait >= deadline.left():
                raise reason.error(url, tries, deadline) from reason.__cause__
            time.sleep(wait)


class _Again(Exception):
    """This try failed in a way that another may not."""

    def __init__(self, what: str, *, kind: str, wait_s: float | None = None):
        super().__init__(what)
        self.what, self.kind, self.wait_s = what, kind, wait_s

    def error(self, url: str, tries: int, deadline: Deadline) -> FairlabError:
        return Unavailable(
            f"{self.what}\n  at {redact(url)}, after {tries} tries (limit {deadline.seconds:g} s)\n"
            "  try again later, or raise the limit with fairlab.set_options(timeout_s=…)",
            kind=self.kind,
            url=redact(url),
            tries=tries,
        )


def _follow(url: str, range_: str | None, deadline: Deadline, max_bytes: int | None, tries: int) -> Answer:
    for _ in range(_MAX_REDIRECTS):
        status, headers, body = _perform(url, range_, deadline, max_bytes)
        if status not in (301, 302, 303, 307, 308):
            _check_part(url, range_, status, headers, body)
            return _judge(url, status, headers, body, tries)
        url = _redirected(url, headers.get("location", ""))
    raise UnexpectedAnswer("more than 5 redirects", kind="redirects", url=redact(url))


def _judge(url: str, status: int, headers: dict[str, str], body: bytes, tries: int) -> Answer:
    where = redact(url)
    if status in (200, 206):
        return Answer(url=where, status=status, headers=headers, body=body, tries=tries)
    if status in _MISSING:
        return Answer(url=where, status=status, headers=headers, body=b"", tries=tries)
    if status in _TRY_AGAIN:
        raise _Again(f"the server answers {status}", kind=f"http-{status}", wait_s=_retry_after(headers))
    if status in (401, 403):
        raise AccessError(
            f"the server refuses access ({status}) to {where}\n"
            "  the data may be private or under embargo, or the address may be wrong",
            kind=f"http-{status}",
            url=where,
        )
    raise UnexpectedAnswer(f"the server answers {status} for {where}", kind=f"http-{status}", url=where)


def _check_part(url: str, range_: str | None, status: int, headers: dict[str, str], body: bytes) -> None:
    """A partial answer must be the part that was asked for: anything else would be other pixels."""
    if status != 206:
        return
    stated = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+|\*)", headers.get("content-range", ""))
    if range_ and stated:
        first, last = int(stated[1]), int(stated[2])
        asked_first, _, asked_last = range_.partition("-")
        right_start = not asked_first or first == int(asked_first)
        right_end = not asked_first or not asked_last or last <= int(asked_last)
        if right_start and right_end and last - first + 1 == len(body):
            return
    raise UnexpectedAnswer(
        f"another part was sent than the one asked for (asked {range_}, got "
        f"{headers.get('content-range')!r} of {len(body)} bytes)\n  at {redact(url)}",
        kind="range-wrong",
        url=redact(url),
    )


def _redirected(url: str, location: str) -> str:
    target = urljoin(url, location)
    old, new = urlsplit(url), urlsplit(target)
    upgraded = (old.scheme, new.scheme) == ("http", "https")
    same_port = old.port == new.port or (upgraded and not old.port and not new.port)
    if old.hostname == new.hostname and same_port and (upgraded or old.scheme == new.scheme):
        return target
    # Following would let a data server send requests wherever it likes, with this machine's rights.
    raise UnexpectedAnswer(
        f"{redact(url)} redirects to another place\n  {redact(target)}\n  open that address itself if you trust it",
        kind="redirect-elsewhere",
        url=redact(url),
        target=redact(target),
    )


def _perform(
    url: str, range_: str | None, deadline: Deadline, max_bytes: int | None
) -> tuple[int, dict[str, str], bytes]:
    _check_allowed(url)
    body, headers = BytesIO(), dict[str, str]()

    def on_header(line: bytes) -> None:
        text = line.decode("latin-1")
        if text.startswith("HTTP/"):
            headers.clear()  # a new answer: forget the headers of "100 Continue"
        name, colon, value = text.partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()

    def on_body(data: bytes) -> int | None:
        if max_bytes is not None and body.tell() + len(data) > max_bytes:
            return 0  # curl takes this as "stop"
        body.write(data)
        return None

    curl = _handle()
    curl.setopt(pycurl.URL, url.encode())
    if range_:
        curl.setopt(pycurl.RANGE, range_)
    else:  # the handle remembers; an empty header list would not clear it
        curl.unsetopt(pycurl.RANGE)
    curl.setopt(pycurl.HEADERFUNCTION, on_header)
    curl.setopt(pycurl.WRITEFUNCTION, on_body)
    curl.setopt(pycurl.TIMEOUT_MS, max(1, int(deadline.left() * 1000)))
    curl.setopt(
        pycurl.CONNECTTIMEOUT_MS, max(1, int(min(option("connect_timeout_s"), deadline.left()) * 1000))
    )
    try:
        curl.perform()
    except pycurl.error as exc:
        raise _translate(url, exc, max_bytes) from exc
    return curl.getinfo(pycurl.RESPONSE_CODE), headers, body.getvalue()


_FINAL_FAULTS: Final = {
    pycurl.E_URL_MALFORMAT: ("the address is not well formed", "url-malformed"),
    pycurl.E_UNSUPPORTED_PROTOCOL: ("this kind of address is not opened", "url-scheme"),
    pycurl.E_COULDNT_RESOLVE_HOST: ("there is no such host (or no network)", "host-unknown"),
    pycurl.E_PEER_FAILED_VERIFICATION: ("the server's certificate does not verify", "tls"),
}
_PASSING_FAULTS: Final = {
    pycurl.E_OPERATION_TIMEDOUT: ("no answer in time", "timeout"),
    pycurl.E_PARTIAL_FILE: ("the body was cut short", "body-short"),
    pycurl.E_COULDNT_CONNECT: ("no connection to the server", "connection"),
}


def _translate(url: str, exc: pycurl.error, max_bytes: int | None) -> Exception:
    code, text = exc.args[0], str(exc.args[1])
    where = redact(url)
    if code == pycurl.E_WRITE_ERROR and max_bytes is not None:
        return UnexpectedAnswer(f"over {max_bytes} bytes at {where}", kind="body-too-large", url=where)
    if code in _FINAL_FAULTS:
        what, kind = _FINAL_FAULTS[code]
        return Unavailable(f"{what}: {where}\n  check the address and the connection", kind=kind, url=where)
    what, kind = _PASSING_FAULTS.get(code, (f"the connection broke ({text})", "connection-broken"))
    return _Again(what, kind=kind)


def _check_allowed(url: str) -> None:
    parts = urlsplit(url)
    if option("offline") and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
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


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("retry-after")
    if value is None:
        return None
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - time.time())
    except ValueError:
        return None


def _jitter(tries: int) -> float:
    return random.uniform(0, min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**tries))


_local = threading.local()


def _handle() -> pycurl.Curl:
    """This thread's curl handle, which keeps its connections open between requests."""
    if getattr(_local, "pid", None) != os.getpid():  # a forked child must not share its parent's sockets
        _local.pid, _local.curl = os.getpid(), _new_handle()
    handle: pycurl.Curl = _local.curl
    return handle


def _new_handle() -> Any:
    from fairlab import __version__

    curl = pycurl.Curl()
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.FOLLOWLOCATION, 0)
    curl.setopt(pycurl.TCP_NODELAY, 1)
    curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)
    curl.setopt(pycurl.LOW_SPEED_TIME, _SILENCE_S)
    curl.setopt(pycurl.CAINFO, os.environ.get("SSL_CERT_FILE") or certifi.where())
    curl.setopt(pycurl.USERAGENT, f"fairlab/{__version__}")
    # A proxy from the environment must not swallow requests to this machine.
    others = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    curl.setopt(pycurl.NOPROXY, ",".join(filter(None, [others, "localhost,127.0.0.1,::1"])))
    return curl
