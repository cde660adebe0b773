"""What a saved notebook must not hold: passwords, tokens, signed addresses, paths on this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fairlab.net.address import redact
from fairlab.repositories.base import scheme

if TYPE_CHECKING:
    from fairlab.record import Record

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")
_PATH = re.compile(r"(?<![\w:/.~…-])(?:~|[A-Za-z]:)?(?:[\\/][^\s\\/\"'<>:;,]+){2,}[\\/]?")
_FOLDER = "folder"


def discreet(text: str) -> str:
    """A text without users and queries of addresses, and with paths cut to their last part.

    Examples
    --------
    >>> discreet("no answer from https://me:word@example.org/a.zarr?token=1 wrote /data/me/out/a.csv")
    'no answer from https://example.org/a.zarr?… wrote …/a.csv'
    """
    return without_paths(_ADDRESS.sub(lambda found: redact(found[0]), text))


def without_paths(text: str) -> str:
    """A text, or HTML, with paths on this machine cut to their last part; addresses stay as they are.

    Examples
    --------
    >>> without_paths("<td>/data/me/a.zarr</td><a href='https://example.org/a/b?c=d'>")
    "<td>…/a.zarr</td><a href='https://example.org/a/b?c=d'>"
    """
    return _PATH.sub(lambda found: "…/" + re.split(r"[\\/]", found[0].rstrip("\\/"))[-1], text)


def shown_id(record: Record) -> str:
    """A record's identifier as a notebook may keep it: a place on this machine by its last part only.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> shown_id(Record(id="folder:/data/me/data/a.zarr", kind="image", repository="folder"))
    'a.zarr'
    >>> shown_id(Record(id="idr:idr0062/6001240.zarr", kind="image", repository="IDR"))
    'idr:idr0062/6001240.zarr'
    """
    known = scheme(record.id)
    if known is not None and known != _FOLDER:
        return discreet(record.id)
    return re.split(r"[/\\]", re.sub(r"[?#].*", "", record.id).rstrip("/\\"))[-1]


def encodable(value: Any) -> Any:
    r"""The value with half characters replaced: text of repositories may hold what no file and no wire can.

    Examples
    --------
    >>> encodable({"title": ["a\ud800"]})
    {'title': ['a?']}
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {encodable(name): encodable(one) for name, one in value.items()}
    return [encodable(one) for one in value] if isinstance(value, list | tuple) else value


def public_link(address: str | None) -> str | None:
    """An address that may be a link: of the web, and without a secret; else None."""
    if not address or not address.startswith(("https://", "http://")) or redact(address) != address:
        return None
    return address
