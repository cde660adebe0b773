"""Answers of archives on arrival: parsed, and made harmless.

E-mail addresses go, and so do characters that steer a terminal. Mark-up stays: it is text like any other, and
is escaped where text becomes HTML.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.contacts import is_email, without_emails
from fairlab.errors import UnexpectedAnswer

if TYPE_CHECKING:
    from fairlab.net.answers import Answer

# Controls but tab and line ends; marks that turn the direction of writing; halves of surrogate pairs.
_UNSAFE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True, kw_only=True)
class Document:
    """One answer of an archive, and when it said so."""

    content: Any
    """Parsed JSON, or a text; None when the archive has no such thing and that was allowed for."""
    url: str
    """Address that answered, without user and password."""
    retrieved_at: str
    """ISO 8601, UTC: when the archive said so."""
    from_cache: bool = False
    """Whether it was remembered, and not asked now."""

    @property
    def age_s(self) -> float:
        """Seconds since the archive said so."""
        return (dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(self.retrieved_at)).total_seconds()


def now() -> str:
    """This moment as :attr:`Document.retrieved_at` has it."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def json_of(answer: Answer) -> Any:
    """The JSON that an answer holds, cleaned.

    Raises
    ------
    UnexpectedAnswer
        kind ``"answer-form"``: it holds none.
    """
    try:
        # A number of ten thousand digits is a ValueError of int, a nest of ten thousand lists a RecursionError.
        return cleaned(json.loads(answer.body))
    except (ValueError, RecursionError) as exc:
        raise UnexpectedAnswer(
            f"the archive answers with {_likeness(answer)} instead of JSON\n  at {answer.url}\n"
            "  it may be under repair, or have changed: try again later, or report it to fairlab",
            kind="answer-form",
            url=answer.url,
        ) from exc


def text_of(answer: Answer) -> str:
    """The text that an answer holds, cleaned; what is not text in its own encoding is replaced."""
    stated = re.search(r"charset=\"?([\w-]+)", answer.headers.get("content-type", ""), re.IGNORECASE)
    try:
        text = answer.body.decode(stated[1] if stated else "utf-8", errors="replace")
    except LookupError:
        text = answer.body.decode("utf-8", errors="replace")
    return _cleaned_text(text.removeprefix("\ufeff"))


def _likeness(answer: Answer) -> str:
    if not answer.body.strip():
        return "nothing"
    if answer.body.lstrip()[:1] == b"<" or "html" in answer.headers.get("content-type", ""):
        return "a web page"
    return f"{len(answer.body)} bytes that do not parse"


def cleaned(value: Any) -> Any:
    r"""Parsed JSON, or a text, without what must not go further.

    Examples
    --------
    >>> cleaned({"who": "a.b@example.org", "text": "ask a.b@example.org\x1b[2J", "sizes": [1, 2.5, None]})
    {'who': '', 'text': 'ask …[2J', 'sizes': [1, 2.5, None]}
    """
    if isinstance(value, str):
        return _cleaned_text(value)
    if isinstance(value, dict):
        return {_cleaned_text(name): cleaned(part) for name, part in value.items()}
    if isinstance(value, list):
        return [cleaned(part) for part in value]
    return value


def _cleaned_text(text: str) -> str:
    # A value that is nothing but an address says nothing without it.
    text = "" if is_email(text) else without_emails(text)
    return text if text.isascii() and text.isprintable() else _UNSAFE.sub("", text)
