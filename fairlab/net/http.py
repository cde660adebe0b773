"""The one HTTP transport: what is tried again, and for how long.

A missing object (404, 410) is an answer; everything else that is not a success is an error. One exchange
with a server is :mod:`fairlab.net.curl`'s business, what it means :mod:`fairlab.net.answers`'.
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from fairlab.errors import FairlabError, Unavailable, UnexpectedAnswer
from fairlab.net import curl
from fairlab.net.address import THIS_MACHINE, redact, redirected
from fairlab.net.answers import Again, Answer, judge
from fairlab.net.deadline import Deadline
from fairlab.options import max_read_bytes, option

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.net.traffic import Ledger

_REFUSED_TRIES: Final = 3
_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 15.0
_MAX_REDIRECTS: Final = 5
_ADVICE: Final = {
    "body-too-large": "there is more than the metadata declare, or a read may have (option max_read_bytes)",
    "address-inside": "if that is meant, open the address itself",
}


def get(
    url: str,
    *,
    part: slice | None = None,
    deadline: Deadline | None = None,
    max_bytes: int | None = None,
    headers: tuple[str, ...] = (),
    ledger: Ledger | None = None,
    max_tries: int | None = None,
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
    max_tries : int, optional
        Requests after which a fault that may pass is an error; what the deadline says by default.

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
    asked = _Asked(url, _range(part), headers, max_bytes or max_read_bytes(), ledger)
    return _answer(asked, deadline or Deadline(), max_tries)


def begin(
    url: str,
    *,
    part: slice | None = None,
    deadline: Deadline,
    max_bytes: int | None = None,
    headers: tuple[str, ...] = (),
    ledger: Ledger | None = None,
    then: Callable[[curl.Begun], None],
) -> curl.Begun | None:
    """Ask ahead what :func:`get` is to be asked with the same words, and wait for nothing.

    :func:`get` takes what came as the answer to its first try when it is called with the exchange in hand
    (:func:`fairlab.net.curl.in_hand`).

    Parameters
    ----------
    url, part, deadline, max_bytes, headers, ledger
        As :func:`get` has them.
    then : callable
        Hears of the end, on the thread that drives all exchanges.

    Returns
    -------
    Begun or None
        The exchange; None when the question is one that :func:`get` refuses.
    """
    if _is_offline(url):
        return None
    asked = _Asked(url, _range(part), headers, max_bytes or max_read_bytes(), ledger)
    return _begin(asked, url, headers, deadline, then=then)


def post(
    url: str,
    body: bytes,
    *,
    deadline: Deadline | None = None,
    max_bytes: int | None = None,
    headers: tuple[str, ...] = (),
    max_tries: int | None = None,
) -> Answer:
    """The answer to a question that is too long for an address; it may be asked twice, as :func:`get` may.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://`` address.
    body : bytes
        The question; ``headers`` should say of what type.
    deadline, max_bytes, headers, max_tries
        As :func:`get` has them; so are what is returned and raised.
    """
    asked = _Asked(url, None, headers, max_bytes or max_read_bytes(), None, body)
    return _answer(asked, deadline or Deadline(), max_tries)


def _answer(asked: _Asked, deadline: Deadline, max_tries: int | None) -> Answer:
    tries, reason = 0, None
    most = deadline.max_tries if max_tries is None else max_tries
    while True:
        tries += 1
        try:
            return _follow(asked, deadline, tries)
        except FairlabError as exc:
            exc.context.setdefault("tries", tries)
            raise
        except Again as again:
            # A last try that the deadline cut off says less than what the server said before.
            reason = again if reason is None or again.kind != "timeout" else reason
            wait = max(_jitter(tries), again.wait_s + random.uniform(0, _FIRST_WAIT_S))
            # A refused connection seldom recovers; waiting long for it only hides a wrong address.
            enough = _REFUSED_TRIES if again.kind in ("connection", "host-unknown") else most
            if tries >= min(enough, most) or wait >= deadline.left():
                raise _given_up(reason, asked.url, tries, deadline) from reason.__cause__
            time.sleep(wait)


@dataclass(frozen=True)
class _Asked:
    """One question; the same for all tries."""

    url: str
    range: str | None
    headers: tuple[str, ...]
    max_bytes: int
    ledger: Ledger | None
    body: bytes | None = None
    """What is posted; None when the question is a GET."""


def _given_up(again: Again, url: str, tries: int, deadline: Deadline) -> Unavailable:
    where, plural = redact(url), "" if tries == 1 else "s"
    asked = ""
    if again.wait_s and again.wait_s >= deadline.left():
        asked = f" and asks for a pause of {again.wait_s:.0f} s, more than is left of the limit"
    return Unavailable(
        f"{again.what}{asked}\n  at {where}, after {tries} request{plural} (limit {deadline.seconds:g} s)\n"
        f"  try again later, or raise the limit with fairlab.set_options({deadline.raised_by}=…)",
        kind=again.kind,
        url=where,
        tries=tries,
        **({"retry_after_s": again.wait_s} if again.wait_s else {}),
    )


def _follow(asked: _Asked, deadline: Deadline, tries: int) -> Answer:
    url, headers, outside_only = asked.url, asked.headers, False
    for _ in range(_MAX_REDIRECTS):
        reply = _exchange(asked, url, headers, deadline, tries, outside_only)
        if reply.status not in (301, 302, 303, 307, 308) or "location" not in reply.headers:
            return judge(
                url,
                reply,
                range_=asked.range,
                conditional=any(
                    header.startswith(("If-None-Match", "If-Modified-Since")) for header in headers
                ),
                max_bytes=asked.max_bytes,
                tries=tries,
            )
        target, leaves = redirected(url, reply.headers["location"])
        if urlsplit(target).netloc != urlsplit(url).netloc:
            headers = ()
        if reply.status == 303:  # the answer to what was posted lies there
            asked = replace(asked, body=None)
        url, outside_only = target, outside_only or leaves
    raise UnexpectedAnswer(
        f"more than {_MAX_REDIRECTS} redirects from {redact(asked.url)}\n  tell who runs the server",
        kind="redirects",
        url=redact(asked.url),
    )


def _exchange(
    asked: _Asked, url: str, headers: tuple[str, ...], deadline: Deadline, tries: int, outside_only: bool
) -> curl.Reply:
    _check_online(url)
    begun = curl.taken((url, asked.range, headers, outside_only, asked.body))
    if begun is None:
        begun = _begin(asked, url, headers, deadline, outside_only=outside_only)
    try:
        return begun.reply()
    except curl.Fault as fault:
        if fault.final:
            raise _final(fault, url, tries) from fault
        raise Again(fault.what, kind=fault.kind) from fault


def _begin(
    asked: _Asked,
    url: str,
    headers: tuple[str, ...],
    deadline: Deadline,
    *,
    outside_only: bool = False,
    then: Callable[[curl.Begun], None] | None = None,
) -> curl.Begun:
    def ended(begun: curl.Begun) -> None:
        if asked.ledger:
            asked.ledger.ended(begun.received)
        if then:
            then(begun)

    if asked.ledger:
        asked.ledger.began()
    return curl.Begun(
        url,
        range_=asked.range,
        headers=headers,
        limit_s=deadline.left,
        connect_s=option("connect_timeout_s"),
        max_bytes=asked.max_bytes,
        outside_only=outside_only,
        body=asked.body,
        then=ended,
    )


def _final(fault: curl.Fault, url: str, tries: int) -> FairlabError:
    where = redact(url)
    if fault.kind in _ADVICE:
        advice = _ADVICE[fault.kind]
        return UnexpectedAnswer(f"{fault.what}: {where}\n  {advice}", kind=fault.kind, url=where, tries=tries)
    return Unavailable(
        f"{fault.what}: {where}\n  check the address and the connection",
        kind=fault.kind,
        url=where,
        tries=tries,
    )


def _is_offline(url: str) -> bool:
    return option("offline") and urlsplit(url).hostname not in THIS_MACHINE


def _check_online(url: str) -> None:
    if _is_offline(url):
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


def _jitter(tries: int) -> float:
    return random.uniform(0, min(_LONGEST_WAIT_S, _FIRST_WAIT_S * 2**tries))
