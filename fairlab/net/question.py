"""One question to an archive: its address, fit for a request line, and how the answer is wanted."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode, urlsplit, urlunsplit

from fairlab.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Params = Mapping[str, str | int | float | Sequence[str | int]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """The same for all addresses of the archive."""

    path: str
    """Relative to any of the archive's addresses, with its query."""
    accept: str
    """Type of the answer."""
    max_bytes: int
    """Most that the answer may be."""
    body: bytes | None = None
    """What is posted; None when nothing is."""
    missing_ok: bool = False
    """Whether 404 is an answer."""

    def key(self, url: str) -> str:
        """What tells this question from all others, asked at ``url``."""
        return json.dumps([url, self.accept, self.body and self.body.decode()])


def joined(path: str, params: Params | None) -> str:
    """A path and its query, fit for a request line.

    Raises
    ------
    QueryError
        kind ``"identifier-form"``: a step of the path is ``..``.

    Examples
    --------
    >>> joined("/study/a b", {"q": "50% & more", "size": 3, "exact": True, "facet": ["x", "y"]})
    '/study/a%20b?q=50%25%20%26%20more&size=3&exact=true&facet=x&facet=y'
    """
    place, question, query = path.partition("?")
    # Also where it is percent-encoded: servers differ in when they decode.
    if any(step in (".", "..") for step in unquote(place).split("/")):
        raise QueryError(
            f'"{path[:80]}" leads out of the archive\'s own addresses; an identifier has no "." or ".." steps',
            kind="identifier-form",
        )
    words = {name: _word(value) for name, value in (params or {}).items()}
    more = urlencode(words, doseq=True, quote_via=quote, errors="replace")
    whole = "&".join(filter(None, [query, more]))
    # What is percent-encoded stays so; blanks, line ends, quotes and letters beyond ASCII become it.
    return re.sub(
        r"[^!#$%&'()*+,./:;=?@~\w-]|[^\x00-\x7f]",
        lambda found: quote(found[0], safe="", errors="replace"),
        place + (question or ("?" if whole else "")) + whole,
    ).replace("#", "%23")


def _word(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def public(url: str) -> str:
    """An address without user and password; its query stays, as it says what was asked."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
