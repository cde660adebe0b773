"""What a file server answers, decided without a socket: status, headers, and which part of which file."""

from __future__ import annotations

import email.utils
import os
import re
import stat
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Headers = tuple[tuple[str, str], ...]

_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
_TYPES = {".json": "application/json", ".csv": "text/csv; charset=utf-8", ".txt": "text/plain; charset=utf-8"}


@dataclass(frozen=True)
class Answer:
    """Status, headers and the bytes to send."""

    status: HTTPStatus
    """Status code."""
    headers: Headers = ()
    """Headers that belong to this answer."""
    file: Path | None = None
    """File to send from."""
    start: int = 0
    """First byte to send."""
    length: int = 0
    """How many bytes to send."""

    def head(self, *, keep: bool) -> bytes:
        """The answer up to the empty line; ``keep`` promises to answer more on this connection."""
        lines = [
            f"HTTP/1.1 {int(self.status)} {self.status.phrase}",
            f"Date: {email.utils.formatdate(usegmt=True)}",
            *(f"{name}: {value}" for name, value in self.headers),
            f"Connection: {'keep-alive' if keep else 'close'}",
        ]
        if self.status != HTTPStatus.NOT_MODIFIED:
            lines.append(f"Content-Length: {self.length}")
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def answer(folder: Path, method: str, path: str, headers: Mapping[str, str]) -> Answer:
    """Decide about one request.

    Parameters
    ----------
    folder : pathlib.Path
        What is served, resolved.
    method : str
        ``"GET"`` or ``"HEAD"``; anything else is refused.
    path : str
        Decoded path.
    headers : mapping of str to str
        Request headers with lower-case names.
    """
    if method not in ("GET", "HEAD"):
        return Answer(HTTPStatus.METHOD_NOT_ALLOWED, (("Allow", "GET, HEAD"),))
    # A web page that has its own name pointed at this machine must not read the folder.
    if headers.get("host", "localhost").rsplit(":", 1)[0] not in _LOCAL_NAMES:
        return Answer(HTTPStatus.MISDIRECTED_REQUEST)
    found = _find(folder, path)
    if found is None:
        return Answer(HTTPStatus.NOT_FOUND)
    file, facts = found
    tag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
    shared = (
        ("ETag", tag),
        ("Last-Modified", email.utils.formatdate(facts.st_mtime, usegmt=True)),
        ("Accept-Ranges", "bytes"),
        ("Content-Type", _TYPES.get(file.suffix, "application/octet-stream")),
    )
    if tag in headers.get("if-none-match", ""):
        return Answer(HTTPStatus.NOT_MODIFIED, shared[:2])
    wanted = headers.get("range") if method == "GET" and headers.get("if-range", tag) == tag else None
    return _part(file, facts.st_size, wanted or "", shared)


def _find(folder: Path, path: str) -> tuple[Path, os.stat_result] | None:
    """The file of a decoded path, or None when there is none or it lies outside the folder."""
    parts = path.removeprefix("/").split("/")
    if any(part in ("", ".", "..") or "\\" in part or "\0" in part for part in parts):
        return None
    real = Path(os.path.realpath(folder.joinpath(*parts)))
    if not real.is_relative_to(folder):
        return None
    try:
        facts = real.stat()
    except OSError:
        return None
    return (real, facts) if stat.S_ISREG(facts.st_mode) else None


def _part(file: Path, size: int, wanted: str, shared: Headers) -> Answer:
    """The whole file, the part of it that is wanted, or the news that there is no such part."""
    asked = _RANGE.match(wanted)
    if asked is None or asked.groups() == (
        "",
        "",
    ):  # a form that we do not know may be ignored (RFC 9110, 14.2)
        return Answer(HTTPStatus.OK, shared, file, 0, size)
    first, last = asked.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        return Answer(HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, (("Content-Range", f"bytes */{size}"),))
    covered = ("Content-Range", f"bytes {start}-{stop - 1}/{size}")
    return Answer(HTTPStatus.PARTIAL_CONTENT, (*shared, covered), file, start, stop - start)
