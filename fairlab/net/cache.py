"""Objects read from the web, kept on disk: checked with the server before use, and there when no server is.

One file per address and range (:mod:`fairlab.net.kept`) holds what the server said about the object (ETag or
modification time, size) and the bytes.
"""

from __future__ import annotations

import datetime
import json
import time
import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl, urlsplit

from fairlab.errors import AccessError, FairlabWarning, Unavailable
from fairlab.net.address import redact
from fairlab.net.answers import Answer, http_date
from fairlab.net.kept import Folder
from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Callable

_NO_ANSWER: Final = frozenset({"offline", "host-unknown", "connection", "timeout"})
_REMEMBER_S: Final = 30.0  # a host that cannot be reached is not tried again for each of a thousand chunks
_KEPT_HEADERS: Final = ("content-type", "content-range", "content-length", "etag", "last-modified")
_SIGNATURES: Final = frozenset(
    {"sig", "se", "st", "sp", "sv", "sr", "signature", "expires", "key-pair-id", "policy", "awsaccesskeyid"}
)


@dataclass(frozen=True, kw_only=True)
class _Kept:
    answer: Answer
    checked: float
    """When the server last said so, in seconds since 1970."""

    @property
    def conditions(self) -> tuple[str, ...]:
        """Request headers that ask for the object only if it is another one by now."""
        tag, date = (self.answer.headers.get(name, "") for name in ("etag", "last-modified"))
        if self.answer.status not in (200, 206):
            return ()
        if tag and not tag.startswith("W/"):
            return (f"If-None-Match: {tag}",)
        return (f"If-Modified-Since: {date}",) if date else ()


def through(url: str, part: slice | None, ask: Callable[[tuple[str, ...]], Answer], *, where: str) -> Answer:
    """An answer by way of the cache, if the option ``cache_max_bytes`` allows one.

    Parameters
    ----------
    url : str
        Address of the object; what is secret in it is neither kept nor part of the name.
    part : slice or None
        Which part of it is wanted.
    ask : callable
        Asks the server, with further request headers.
    where : str
        Location of the store: a warning that it could not be reached is given once.
    """
    limit = int(option("cache_max_bytes"))
    if not limit:
        return ask(())
    key, host = _key(url, part), urlsplit(url).netloc
    kept = _load(key)
    if kept and time.monotonic() < _unreachable.get(host, 0.0):
        return _unchecked(kept, where)
    try:
        answer = ask(kept.conditions if kept else ())
    except AccessError as exc:
        _reached(host, where)
        _keep(key, Answer(url=redact(url), status=int(exc.kind[-3:]), headers={}, body=b""), limit)
        raise
    except Unavailable as exc:
        if kept is None or exc.kind not in _NO_ANSWER:
            raise
        _unreachable[host] = time.monotonic() + _REMEMBER_S
        return _unchecked(kept, where)
    _reached(host, where)
    if answer.status == 304 and kept:
        _objects.touch(key)  # both "last used" and "last checked"
        return replace(kept.answer, tries=answer.tries)
    _keep(key, answer, limit)
    return answer


def forget(url: str, part: slice | None) -> None:
    """Keep nothing of an object, or of a part of it."""
    if option("cache_max_bytes"):
        _objects.remove(_key(url, part))


_objects = Folder("objects")
_unreachable: dict[str, float] = {}
_warned: set[str] = set()


def _reached(host: str, where: str) -> None:
    _unreachable.pop(host, None)
    _warned.discard(where)


def _unchecked(kept: _Kept, where: str) -> Answer:
    if kept.answer.status in (401, 403):
        raise AccessError(
            f"the server refused access ({kept.answer.status}) to {kept.answer.url} when it was last reached",
            kind=f"http-{kept.answer.status}",
            url=kept.answer.url,
        )
    if where not in _warned:
        _warned.add(where)
        moment = datetime.datetime.fromtimestamp(kept.checked).astimezone()
        warnings.warn(
            f"{where} cannot be reached\n"
            f"  served from the cache, not checked since {moment.isoformat(sep=' ', timespec='seconds')}",
            FairlabWarning,
            stacklevel=2,
        )
    return kept.answer


def _key(url: str, part: slice | None) -> str:
    parts = urlsplit(url)
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in _SIGNATURES and not name.lower().startswith(("x-amz-", "x-goog-"))
    ]
    span = None if part is None else (part.start, part.stop)
    return json.dumps([parts.scheme, parts.netloc.rpartition("@")[2], parts.path, sorted(query), span])


def _load(key: str) -> _Kept | None:
    entry = _objects.load(key)
    if entry is None:
        return None
    facts = entry.facts
    answer = Answer(url=facts["url"], status=facts["status"], headers=facts["headers"], body=entry.body)
    return _Kept(answer=answer, checked=entry.touched)


def _keep(key: str, answer: Answer, limit: int) -> None:
    if answer.is_page and not answer.missing:
        # A server that answers every address with a page: the fact is enough, the page is not data.
        answer = replace(answer, body=b"", headers={"content-type": "text/html"})
    elif answer.status in (200, 206) and not _can_be_checked(answer):
        return
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    facts = {"url": answer.url, "status": answer.status, "headers": headers, "size": len(answer.body)}
    _objects.save(key, facts, answer.body, limit=limit)


def _can_be_checked(answer: Answer) -> bool:
    tag, date = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    if tag and not tag.startswith("W/"):
        return True
    moment = http_date(date)
    # A date counts seconds: what changed just now may change again and keep it.
    return moment is not None and time.time() - moment > 2
