"""A store that writes down what it was asked and what came back; a refusal is written down like an answer."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fairlab.contacts import without_emails
from fairlab.errors import FairlabError
from fairlab.fair.bundle import Answer
from fairlab.net.http_store import HttpStore
from fairlab.ngff.paths import inner_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.net.deadline import Deadline
    from fairlab.net.store import Store

MAX_BYTES: Final = 8 * 1024 * 1024
"""A longer document is not kept; the metadata of a plate of 384 wells has 100 kB."""
_KEPT_HEADERS: Final = (
    "accept-ranges", "access-control-allow-origin", "access-control-expose-headers", "content-encoding",
    "content-length", "content-range", "content-type", "etag", "last-modified", "link", "server",
)  # fmt: skip
# Servers say who may read from a web page only to somebody who says what page that is.
_FROM_A_PAGE: Final = ("Origin: https://example.org",)
EMAIL_REMOVED: Final = "removed@example.invalid"
"""Stands where a document had an e-mail address: that there was one can be reported, whose it was cannot."""


class _Exchange(NamedTuple):
    answer: Answer
    body: bytes | None
    error: FairlabError | None


class Witness:
    """A store that writes down what it was asked and what came back.

    Parameters
    ----------
    store : Store
        Whom to ask.
    """

    def __init__(self, store: Store) -> None:
        self._store, self.location = store, store.location
        self.answers: dict[str, Answer] = {}
        """Key to the last answer; the bodies of what is read as pixels are not kept."""

    def get(
        self,
        key: str,
        *,
        part: slice | None = None,
        deadline: Deadline | None = None,
        max_bytes: int | None = None,
    ) -> bytes | None:
        """See :class:`fairlab.net.store.Store`."""
        told = self._exchange(key, part, deadline, max_bytes)
        self.answers[key] = told.answer
        if told.error is not None:
            raise told.error
        return told.body

    def document(self, key: str, *, deadline: Deadline | None = None) -> Answer:
        """One small document as text, whatever came back."""
        told = self._exchange(key, slice(0, MAX_BYTES + 1), deadline)
        if told.error is not None and told.error.kind == "http-416":  # not even a first byte: it is empty
            told = _Exchange(replace(told.answer, status=200, error=None), b"", None)
        self.answers[key] = _document(told)
        return self.answers[key]

    def _exchange(
        self, key: str, part: slice | None, deadline: Deadline | None, max_bytes: int | None = None
    ) -> _Exchange:
        url, began = f"{self.location}/{key}", time.perf_counter()
        try:
            status, headers, body = self._asked(key, part, deadline, max_bytes)
        except FairlabError as error:
            return _Exchange(_refused(url, error, time.perf_counter() - began), None, error)
        seconds = round(time.perf_counter() - began, 4)
        answer = Answer(
            url=url,
            status=status,
            bytes=None if body is None else len(body),
            seconds=seconds,
            headers={name: headers[name] for name in _KEPT_HEADERS if name in headers},
        )
        return _Exchange(answer, body, None)

    def _asked(
        self, key: str, part: slice | None, deadline: Deadline | None, max_bytes: int | None
    ) -> tuple[int, Mapping[str, str], bytes | None]:
        if isinstance(self._store, HttpStore):
            clean = inner_path(key, where=self.location)
            told = self._store.answer(
                clean, part=part, deadline=deadline, headers=_FROM_A_PAGE, max_bytes=max_bytes
            )
            return told.status, told.headers, None if told.missing else told.body
        body = self._store.get(key, part=part, deadline=deadline, max_bytes=max_bytes)
        return 404 if body is None else 200, {}, body


def _refused(url: str, error: FairlabError, seconds: float) -> Answer:
    stated = re.fullmatch(r"http-(\d{3})", error.kind)
    return Answer(
        url=url,
        status=int(stated[1]) if stated else None,
        seconds=round(seconds, 4),
        error=f"{error.kind}: {error.message.splitlines()[0]}",
    )


def _document(told: _Exchange) -> Answer:
    if told.body is None:
        return told.answer
    whole = _whole_length(told.answer, len(told.body))
    # What was asked for was the beginning, in case it is long; that it came whole is what counts.
    answer = replace(told.answer, status=200, bytes=whole)
    if len(told.body) > MAX_BYTES:
        return replace(answer, error=f"too-long: more than {MAX_BYTES} bytes, which are not kept")
    return replace(answer, text=without_emails(text_of(told.body), EMAIL_REMOVED))


def _whole_length(answer: Answer, received: int) -> int:
    total = answer.headers.get("content-range", "").rpartition("/")[2]
    if not total and received > MAX_BYTES:
        total = answer.headers.get("content-length", "")
    return int(total) if total.isdigit() and total.isascii() else received


def text_of(body: bytes) -> str:
    """A document as text, in the encoding that it states or shows; what does not fit that is replaced.

    Examples
    --------
    >>> text_of('<?xml version="1.0" encoding="ISO-8859-1"?><a>\u00b5m</a>'.encode("latin-1"))[-9:]
    '<a>µm</a>'
    """
    stated = re.match(rb"\s*<\?xml[^>]{0,200}?encoding=[\"']([A-Za-z0-9._-]{1,40})[\"']", body[:300])
    encoding: Any = stated[1].decode("ascii") if stated else json.detect_encoding(body)
    try:
        return body.decode(encoding, "replace").removeprefix("\ufeff")
    except LookupError:
        return body.decode("utf-8", "replace")
