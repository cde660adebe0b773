"""The small picture that a repository shows of a study or image, fetched when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fairlab.errors import NotFoundError, UnexpectedAnswer
from fairlab.moves import addresses_to_try
from fairlab.options import option

if TYPE_CHECKING:
    from fairlab.record import Record

MAX_BYTES: Final = 8_000_000
"""A larger picture is none to glance at."""
_FIRST_BYTES: Final = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def thumbnail(record: Record) -> bytes:
    """The picture of a record, as PNG or JPEG.

    Raises
    ------
    NotFoundError
        kind ``"no-thumbnail"``: its repository shows none; ``"thumbnail-missing"``: it is not there any more.
    UnexpectedAnswer
        kind ``"answer-form"``: what is there is no PNG or JPEG.
    Unavailable
        No connection, or no answer within the option ``source_timeout_s``.

    Examples
    --------
    >>> import fairlab
    >>> fairlab.lookup("sample:nuclei").thumbnail()
    Traceback (most recent call last):
        ...
    fairlab.errors.NotFoundError: the repository of sample:nuclei shows no picture of it
      fairlab.view(record) draws one
    """
    from fairlab.net import http
    from fairlab.net.deadline import Deadline

    if record.thumbnail_url is None:
        hint = "fairlab.view(record)" if record.kind == "image" else "fairlab.view(record.images()[0])"
        raise NotFoundError(
            f"the repository of {record.id} shows no picture of it\n  {hint} draws one",
            kind="no-thumbnail",
            record=record.id,
        )
    deadline = Deadline(option("source_timeout_s"))
    addresses = addresses_to_try(record.thumbnail_url)
    for address in addresses:
        answer = http.get(address, deadline=deadline, max_bytes=MAX_BYTES)
        if not answer.missing:
            return _picture(answer.body, answer.url)
    raise NotFoundError(
        f"the picture of {record.id} is not there any more\n  tried: {', '.join(addresses)}",
        kind="thumbnail-missing",
        record=record.id,
    )


def _picture(content: bytes, url: str) -> bytes:
    if not content.startswith(_FIRST_BYTES):
        raise UnexpectedAnswer(
            f"what should be a picture is neither PNG nor JPEG ({len(content)} bytes)\n  at {url}",
            kind="answer-form",
            url=url,
        )
    return content
