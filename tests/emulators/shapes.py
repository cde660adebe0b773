"""The shape of answers: which fields there are and of what type, without anything that was said.

Shapes of live answers are recorded with their date and compared with what the emulators serve, so that an
emulator cannot drift away from its archive unnoticed.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

import pytest

from fairlab.net import http
from fairlab.net.api import Api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.net.answers import Answer
    from fairlab.net.question import Question

Shape = frozenset[str]
"""Lines such as ``"/hits/[]/title: text"``."""
Shapes = dict[str, Shape]
"""Question (``"bia GET /search ?query,size"``) to the shape of its answers."""


def shape(value: Any) -> Shape:
    """Every place in a JSON value with its type.

    Examples
    --------
    >>> sorted(shape({"hits": [{"id": 1}, {"id": None}], "S-BIAD1": "x"}))
    ['/*: text', '/hits/[]/id: nothing', '/hits/[]/id: number', '/hits/[]: object', '/hits: list', ': object']
    """
    return frozenset(f"{place}: {kind}" for place, kind in _places(value, ""))


def _places(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        yield place, "object"
        for name, part in value.items():
            yield from _places(part, f"{place}/{_plain(name)}")
    elif isinstance(value, list):
        yield place, "list"
        for part in value:
            yield from _places(part, f"{place}/[]")
    else:
        yield place, _KINDS.get(type(value), "number")


def shape_of(body: bytes) -> Shape:
    """The shape of JSON, of XML (its elements), or of a table (its columns).

    Examples
    --------
    >>> sorted(shape_of(b"<a><b>x</b></a>")), sorted(shape_of(b"Name,Size X\\nJo,5\\n"))
    (['/a/b: element', '/a: element'], ['Name: column', 'Size X: column'])
    """
    with contextlib.suppress(ValueError):
        return shape(json.loads(body))
    with contextlib.suppress(ElementTree.ParseError):
        return frozenset(_elements(ElementTree.fromstring(body), ""))
    head, _, rows = body.decode(errors="replace").partition("\n")
    if "," in head and rows:
        return frozenset(f"{name.strip()}: column" for name in head.split(","))
    return frozenset({"text"})


def _elements(element: ElementTree.Element, above: str) -> Iterator[str]:
    place = f"{above}/{_plain(element.tag.rpartition('}')[2])}"
    yield f"{place}: element"
    for child in element:
        yield from _elements(child, place)


_KINDS = {str: "text", bool: "flag", type(None): "nothing"}


def _plain(step: str) -> str:
    """A name, or ``*`` for what is an identifier: digits, an address, a long word that nobody speaks."""
    return "*" if re.search(r"\d{2}|\d$|://|[^\x21-\x7e]", step) or len(step) > 40 else step


def asked(method: str, url: str) -> str:
    """A question without its values."""
    parts = urlsplit(url)
    path = "/".join(_plain(step) for step in parts.path.split("/"))
    names = sorted({name for name, _ in parse_qsl(parts.query, keep_blank_values=True)})
    return f"{method} {path}" + (f" ?{','.join(names)}" if names else "")


@contextlib.contextmanager
def recorded() -> Iterator[Shapes]:
    """The shapes of all that is asked for inside the block, by this thread."""
    found: defaultdict[str, Shape] = defaultdict(frozenset)
    get, post, exchanged = http.get, http.post, Api._exchanged
    at: list[str] = []

    def below(api: Api, url: str, question: Question, *rest: Any) -> Any:
        # Without hosts, which differ between an archive and its emulator.
        at[:] = [re.sub(r"[\w-]+\.[\w.:-]+", "*", api.name), question.path]
        return exchanged(api, url, question, *rest)

    def note(method: str, answer: Answer) -> Answer:
        name, path = at
        found[f"{name} {asked(method, path)}"] |= shape_of(answer.body)
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Api, "_exchanged", below)
        patch.setattr(http, "get", lambda url, **how: note("GET", get(url, **how)))
        patch.setattr(http, "post", lambda url, body, **how: note("POST", post(url, body, **how)))
        yield found


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Between what an archive answers and what its emulator serves."""

    invented: tuple[str, ...]
    """What the emulator has and the archive has not: adapters may rely on it in vain."""
    lacking: tuple[str, ...]
    """What the archive has and the emulator has not."""
    apart: tuple[str, ...] = ()
    """Questions that only one of them was asked, so that nothing was compared."""

    def __str__(self) -> str:
        lines = [f"  only the emulator: {line}" for line in self.invented]
        lines += [f"  only the archive:  {line}" for line in self.lacking]
        return "\n".join([*lines, *(f"  not compared:      {line}" for line in self.apart)]) or "  none"


def difference(archive: Shapes, emulator: Shapes) -> Difference:
    """What differs in the answers to questions that both were asked."""
    both = sorted(archive.keys() & emulator.keys())
    return Difference(
        invented=tuple(f"{q} {line}" for q in both for line in sorted(emulator[q] - archive[q])),
        lacking=tuple(f"{q} {line}" for q in both for line in sorted(archive[q] - emulator[q])),
        apart=tuple(sorted(archive.keys() ^ emulator.keys())),
    )


def written(shapes: Shapes, *, date: str) -> str:
    """Shapes as a file that is kept."""
    return (
        json.dumps({"date": date, "answers": {q: sorted(shapes[q]) for q in sorted(shapes)}}, indent=1) + "\n"
    )
