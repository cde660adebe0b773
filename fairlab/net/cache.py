"""Objects read from the web, kept on disk: checked with the server before use, and there when no server is.

One file per address and range holds what the server said about the object (ETag or modification time, size),
a checksum, and the bytes. Files are written beside their place and renamed into it, so that processes may
share the folder. Why no library: diskcache, the usual choice, stores pickles in SQLite, has had no release
since 2023, and knows no checksums; what is needed here is one file per object.
"""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import hashlib
import json
import os
import threading
import time
import uuid
import warnings
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from fairlab.errors import AccessError, FairlabWarning, Unavailable
from fairlab.net.address import redact
from fairlab.net.answers import Answer
from fairlab.options import cache_dir, option

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NO_ANSWER: Final = frozenset({"offline", "host-unknown", "connection", "timeout"})
_REMEMBER_S: Final = 30.0  # a host that cannot be reached is not tried again for each of a thousand chunks
_KEPT_HEADERS: Final = ("content-type", "content-range", "content-length", "etag", "last-modified")
_SIGNATURES: Final = frozenset(
    {"sig", "se", "st", "sp", "sv", "sr", "signature", "expires", "key-pair-id", "policy", "awsaccesskeyid"}
)
_STALE_S: Final = 3600.0
_MARK: Final = b"fairlab cache 1\n"


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
    path, host = _path(url, part), urlsplit(url).netloc
    kept = _load(path)
    if kept and time.monotonic() < _unreachable.get(host, 0.0):
        return _unchecked(kept, where)
    try:
        answer = ask(kept.conditions if kept else ())
    except AccessError as exc:
        _reached(host, where)
        _keep(path, Answer(url=redact(url), status=int(exc.kind[-3:]), headers={}, body=b""), limit)
        raise
    except Unavailable as exc:
        if kept is None or exc.kind not in _NO_ANSWER:
            raise
        _unreachable[host] = time.monotonic() + _REMEMBER_S
        return _unchecked(kept, where)
    _reached(host, where)
    if answer.status == 304 and kept:
        with contextlib.suppress(OSError):
            os.utime(path)  # both "last used" and "last checked"
        return replace(kept.answer, tries=answer.tries)
    _keep(path, answer, limit)
    return answer


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


def _path(url: str, part: slice | None) -> Path:
    parts = urlsplit(url)
    query = [
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if name.lower() not in _SIGNATURES and not name.lower().startswith(("x-amz-", "x-goog-"))
    ]
    span = None if part is None else (part.start, part.stop)
    key = json.dumps([parts.scheme, parts.netloc.rpartition("@")[2], parts.path, sorted(query), span])
    name = hashlib.sha256(key.encode()).hexdigest()
    return _folder() / name[:2] / name[2:]


def _folder() -> Path:
    return cache_dir() / "objects"


def _load(path: Path) -> _Kept | None:
    """What is kept, if it is whole; a damaged entry is removed, and so fetched again."""
    try:
        with path.open("rb") as file:
            content, checked = file.read(), os.fstat(file.fileno()).st_mtime
    except OSError:
        return None
    facts, body = _unpacked(content)
    if facts is None:
        with contextlib.suppress(OSError):
            path.unlink()
        return None
    answer = Answer(url=facts["url"], status=facts["status"], headers=facts["headers"], body=body)
    return _Kept(answer=answer, checked=checked)


def _packed(answer: Answer) -> bytes:
    headers = {name: answer.headers[name] for name in _KEPT_HEADERS if name in answer.headers}
    facts = {"url": answer.url, "status": answer.status, "headers": headers, "size": len(answer.body)}
    head = json.dumps(facts).encode() + b"\n"
    return b"".join([_MARK, b"%08x\n" % zlib.crc32(answer.body, zlib.crc32(head)), head, answer.body])


def _unpacked(content: bytes) -> tuple[dict[str, Any] | None, bytes]:
    start = len(_MARK) + 9
    end = content.find(b"\n", start) + 1
    if (
        not content.startswith(_MARK)
        or not end
        or b"%08x\n" % zlib.crc32(content[start:]) != content[len(_MARK) : start]
    ):
        return None, b""
    return json.loads(content[start:end]), content[end:]


def _keep(path: Path, answer: Answer, limit: int) -> None:
    if answer.headers.get("content-type", "").startswith("text/html") and not answer.missing:
        # A server that answers every address with a page: the fact is enough, the page is not data.
        answer = replace(answer, body=b"", headers={"content-type": "text/html"})
    elif answer.status in (200, 206) and not _can_be_checked(answer):
        return
    content = _packed(answer)
    if len(content) > limit:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"new-{uuid.uuid4().hex}")
        new.write_bytes(content)
        new.replace(path)
    except OSError as exc:
        _warn_of_folder(exc)
        return
    _room.make(len(content), limit)


def _can_be_checked(answer: Answer) -> bool:
    tag, date = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
    if tag and not tag.startswith("W/"):
        return True
    try:
        # A date counts seconds: what changed just now may change again and keep it.
        return time.time() - email.utils.parsedate_to_datetime(date).timestamp() > 2
    except ValueError:
        return False


def _warn_of_folder(exc: OSError) -> None:
    folder = str(_folder())
    if folder not in _warned:
        _warned.add(folder)
        warnings.warn(f"the cache folder {folder} cannot be written ({exc})", FairlabWarning, stacklevel=2)


class _Room:
    """Keeps the folder under its limit: what was not used for longest goes first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._size = self._since_look = 0

    def make(self, added: int, limit: int) -> None:
        with self._lock:
            self._size += added
            self._since_look += added
            # Other processes add too: look again before their share can matter.
            looked = self._folder == _folder() and self._since_look < limit // 10
            if looked and self._size <= limit:
                return
            self._folder, self._since_look = _folder(), 0
            self._size = self._evict(limit)

    def _evict(self, limit: int) -> int:
        entries, now = [], time.time()
        for path in _folder().glob("*/*"):
            with contextlib.suppress(OSError):
                facts = path.stat()
                if path.name.startswith("new-"):
                    if now - facts.st_mtime > _STALE_S:  # of a process that was killed
                        path.unlink()
                else:
                    entries.append((facts.st_mtime, facts.st_size, path))
        size = sum(bytes_ for _, bytes_, _ in entries)
        if size <= limit:
            return size
        for _, bytes_, path in sorted(entries):
            if size <= limit * 0.9:
                break
            with contextlib.suppress(OSError):  # on Windows, one that is being read stays
                path.unlink()
                size -= bytes_
        return size


_room = _Room()
