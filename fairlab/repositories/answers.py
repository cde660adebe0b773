"""What all archives' answers have in common: finding one's way in them, and saying where each value was read.

Answers are untrusted and their form drifts: every reader here takes any JSON value and gives the value that
it can make of it, or None; nothing but :func:`envelope` raises. What :mod:`fairlab.net.arrival` has not made
harmless already, contact fields, is left out here.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote, urlsplit

from fairlab.contacts import is_contact
from fairlab.errors import UnexpectedAnswer
from fairlab.record import Record, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.net.api import Document

MAX_TEXT: Final = 100_000
"""Characters of one text that are kept; more is no description."""
_MAX_DEPTH: Final = 60
_MARKS = re.compile(r"__/?HIT__")
_NOTHING = {"", "none", "null", "nan", "n/a", "na", "not applicable", "unknown", "not available"}


# ── places and provenance ────────────────────────────────────────────────────────────────────────


def at(value: Any, *path: str | int) -> Any:
    """What lies at a path of keys and numbers, or None where the answer is of another form.

    Examples
    --------
    >>> at({"hits": [{"id": 1}]}, "hits", 0, "id"), at({"hits": "?"}, "hits", 0, "id")
    (1, None)
    """
    for step in path:
        if isinstance(step, str):
            value = value.get(step) if isinstance(value, dict) else None
        else:
            value = value[step] if isinstance(value, list) and -len(value) <= step < len(value) else None
    return value


def items(value: Any) -> list[Any]:
    """The values of a list, also where an archive writes a single one without its list; lists in it are flattened.

    Examples
    --------
    >>> items([1, [2, None]]), items({"a": 1}), items(None)
    ([1, 2], [{'a': 1}], [])
    """
    found, waiting = [], [value]
    while waiting:
        current = waiting.pop(0)
        if isinstance(current, list):
            waiting[:0] = current
        elif current is not None:
            found.append(current)
    return found


def objects(value: Any) -> list[dict[str, Any]]:
    """As :func:`items`, objects only."""
    return [one for one in items(value) if isinstance(one, dict)]


def envelope(document: Document, *path: str, of: str) -> list[Any]:
    """The list of hits in an answer.

    Raises
    ------
    UnexpectedAnswer
        kind ``"answer-form"``: there is no list at this place, so nothing can be said about what there is.
    """
    found = at(document.content, *path)
    if isinstance(found, list):
        return found
    raise UnexpectedAnswer(
        f"the answer of {of} is not of the documented form: it has no list at /{'/'.join(path)}\n"
        f"  from {document.url}\n  the archive may have changed; please report it to fairlab",
        kind="answer-form",
        url=document.url,
    )


def sourced(
    document: Document, places: Mapping[str, str], *, inferred: Iterable[str] = ()
) -> dict[str, Source]:
    """Where each field was read.

    Parameters
    ----------
    document : Document
        The answer.
    places : mapping
        Field of the record to JSON pointer in the answer; ``"*"`` stands for all others.
    inferred : iterable of str
        Fields that fairlab concluded.
    """
    concluded = set(inferred)
    return {
        name: Source(
            document=document.url,
            pointer=pointer,
            retrieved_at=document.retrieved_at,
            basis="inferred" if name in concluded else "asserted",
        )
        for name, pointer in places.items()
    }


class Facts:
    """What an answer says of one record, each value with the place it was read at.

    Parameters
    ----------
    document : Document
        The answer.
    place : str
        JSON pointer of the object in it.
    """

    def __init__(self, document: Document, place: str = ""):
        self.document, self.place = document, place
        self.values: dict[str, Any] = {}
        self._places = {"*": place}
        self._inferred: set[str] = set()
        self._elsewhere: dict[str, Source] = {}

    def add(
        self, name: str, value: Any, place: str = "", *, inferred: bool = False, source: Source | None = None
    ) -> None:
        """A value, unless there is none or a better one came before; ``source`` where another document says so."""
        if value in (None, (), {}, "") or name in self.values:
            return
        if source is not None:
            self._elsewhere[name] = source
        self.values[name] = value
        self._places[name] = f"{self.place}{place}"
        if inferred:
            self._inferred.add(name)

    def record(self, raw: Any = None, **identity: Any) -> Record:
        """The record; ``identity`` is what the adapter itself decides (id, kind, repository)."""
        sources = sourced(self.document, self._places, inferred=self._inferred) | self._elsewhere
        kept = without_contacts(raw) if isinstance(raw, dict) else None
        return Record(**identity, **self.values, sources=sources, raw=kept)


# ── texts ────────────────────────────────────────────────────────────────────────────────────────


def text(value: Any) -> str | None:
    """One text, without the marks of a search engine; None where it says nothing.

    Examples
    --------
    >>> text({"@value": " Mouse brain "}), text("None"), text(["a", "b"]), text(3)
    ('Mouse brain', None, 'a', '3')
    """
    one = next(iter(items(value)), None)
    if isinstance(one, dict):
        one = next(iter(items(one.get("@value", one.get("name")))), None)
    if isinstance(one, bool) or not isinstance(one, str | int | float):
        return None
    plain = _MARKS.sub("", str(one)[:MAX_TEXT]).strip()
    return None if plain.casefold() in _NOTHING else plain


def texts(value: Any) -> tuple[str, ...]:
    """All texts of a list, each once."""
    return tuple(dict.fromkeys(filter(None, map(text, items(value)))))


def without_contacts(value: Any, _depth: int = 0) -> Any:
    """An answer without contact fields, for keeping aside.

    Examples
    --------
    >>> without_contacts({"name": "A", "contact_email": "", "affiliation": {"address": "1 Road", "name": "B"}})
    {'name': 'A', 'affiliation': {'name': 'B'}}
    """
    if _depth > _MAX_DEPTH:
        return None
    if isinstance(value, dict):
        kept = {k: v for k, v in value.items() if not is_contact(str(k))}
        return {key: without_contacts(one, _depth + 1) for key, one in kept.items()}
    if isinstance(value, list):
        return [without_contacts(one, _depth + 1) for one in value if not _tells_contact(one)]
    return value


def _tells_contact(value: Any) -> bool:
    # Lists of attributes: {"name": "Phone", "value": "…"}.
    return isinstance(value, dict) and "value" in value and is_contact(str(value.get("name")))


# ── images and their studies ────────────────────────────────────────────────────────────


def image_id(group: str, url: str) -> str:
    """The identifier of an image: its study, and its address from the store on, as in the catalogue.

    Examples
    --------
    >>> image_id("bia:S-BIAD1", "https://example.org/b/S-BIAD1/u/v.ome.zarr/0")
    'bia:S-BIAD1/v.ome.zarr/0'
    """
    parts = [part for part in unquote(urlsplit(url).path).replace(" ", "_").split("/") if part]
    stores = [number for number, part in enumerate(parts) if ".zarr" in part]
    return f"{group}/{'/'.join(parts[stores[-1] if stores else max(len(parts) - 2, 0) :])}"


def inherited(image: Record, study: Record, fields: Sequence[str]) -> dict[str, Any]:
    """Fields that an image takes from its study, with sources that say so; for :func:`dataclasses.replace`."""
    values: dict[str, Any] = {}
    sources = dict(image.sources)
    for name in fields:
        value, source = getattr(study, name), study.source(name)
        if getattr(image, name) in (None, (), {}) and value not in (None, (), {}) and source is not None:
            values[name] = value
            sources[name] = Source(
                document=source.document,
                pointer=source.pointer,
                retrieved_at=source.retrieved_at,
                basis="inferred",
            )
    return {**values, "sources": sources} if values else {}
