"""IDR's search engine: key/value questions, answers by the thousand.

Its answers are HTTP 200 whatever happened: the field ``Error`` says whether it worked, and ``results`` is an
empty list instead of an object when nothing matches. ``case_sensitive`` is left out on purpose: sent as false,
it was seen to find nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.contacts import is_contact
from fairlab.errors import Unavailable, UnexpectedAnswer
from fairlab.repositories.answer_values import count
from fairlab.repositories.answers import objects, text
from fairlab.repositories.facts import at, mapping
from fairlab.repositories.omero import gathered

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fairlab.net.api import Api, Document
    from fairlab.query import Query
    from fairlab.record import Source

_BASE: Final = "searchengine/api/v1/resources"
KEYS: Final = {
    "organism": ("Organism", "equals"),
    "anatomy": ("Organism Part", "contains"),
    "disease": ("Pathology", "contains"),
    "cell_line": ("Cell Line", "contains"),
    "phenotype": ("Phenotype", "contains"),
    "compound": ("Compound Name", "contains"),
    "channel": ("Channels", "contains"),
}
"""Filter to the key that IDR's curators use, and how its values are compared."""


@dataclass(frozen=True, kw_only=True)
class Clause:
    """One condition: a key with any of some values."""

    key: str
    """``"Gene Symbol"``."""
    values: tuple[str, ...]
    """Any of these."""
    operator: str = "equals"
    """``"equals"`` or ``"contains"``; neither minds capitals."""

    def filters(self) -> list[dict[str, str]]:
        """As the engine wants it, one for each value."""
        return [
            {"name": self.key, "value": value, "operator": self.operator, "resource": "image"}
            for value in self.values
        ]


@dataclass(frozen=True, kw_only=True)
class Hit:
    """One image, project or screen that the engine found."""

    id: int | None
    """OMERO number."""
    kind: str
    """``"image"``, ``"project"`` or ``"screen"``."""
    name: str | None
    """Name of it."""
    container: str | None
    """Name of its project or screen: ``"idr0021-lawo-…/experimentA"``."""
    in_screen: bool
    """Whether it is an image of a plate, so that its study's OME-Zarr are named after plates."""
    plate: int | None
    """OMERO number of its plate, where the engine says it."""
    attributes: dict[str, tuple[str, ...]]
    """Key/value pairs, contacts left out."""
    n_images: int | None
    """Images of a container that match."""
    source: Source
    """Where it was read."""
    raw: Mapping[str, Any]
    """As it was read."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """One page."""

    hits: tuple[Hit, ...] = ()
    """In the engine's order."""
    bookmark: int | None = None
    """What the next page begins after; None when the engine names none."""
    size: int = 0
    """How many match in all."""


def clauses(query: Query) -> tuple[Clause, ...]:
    """What of a question the engine can be asked about single images."""
    found = [Clause(key=key, values=values) for key, values in query.attributes]
    for name, (key, operator) in KEYS.items():
        asked: Sequence[str] = [
            value if isinstance(value, str) else value.label for value in getattr(query, name)
        ]
        if asked:
            found.append(Clause(key=key, values=tuple(dict.fromkeys(asked)), operator=operator))
    return tuple(found)


class Engine:
    """IDR's search engine behind an :class:`~fairlab.net.api.Api`."""

    def __init__(self, api: Api):
        self.api = api

    def images(self, asked: Sequence[Clause], bookmark: int | None = None) -> Answer:
        """Images that meet all clauses, a thousand at a time."""
        return self._answer(asked, bookmark=bookmark)

    def containers(self, asked: Sequence[Clause]) -> Answer:
        """Projects and screens with an image that meets all clauses."""
        return self._answer(asked, containers=True)

    def studies(self) -> list[Hit]:
        """All projects and screens with what their curators state of the study: whatever has a licence."""
        found: list[Hit] = []
        for kind in ("project", "screen"):
            params = {"key": "License", "value": "CC", "operator": "contains", "data_source": "idr"}
            document = self.api.json(f"{_BASE}/{kind}/search/", params)
            found += _parsed(document, kind).hits
        return found

    def _answer(
        self, asked: Sequence[Clause], *, bookmark: int | None = None, containers: bool = False
    ) -> Answer:
        if len(asked) == 1 and len(asked[0].values) == 1:
            clause = asked[0]
            params: dict[str, str | int] = {
                "key": clause.key,
                "value": clause.values[0],
                "operator": clause.operator,
                "data_source": "idr",
            }
            if containers:
                params["return_containers"] = "true"
            if bookmark is not None:
                params["bookmark"] = bookmark
            document = self.api.json(f"{_BASE}/image/search/", params)
        else:
            body: dict[str, Any] = {
                "resource": "image",
                "query_details": {
                    "and_filters": [
                        f for clause in asked if len(clause.values) == 1 for f in clause.filters()
                    ],
                    "or_filters": [clause.filters() for clause in asked if len(clause.values) > 1],
                },
            }
            if bookmark is not None:
                body["bookmark"] = [bookmark]
            path = "submitquery_returncontainers/" if containers else "submitquery/"
            document = self.api.post_json(f"{_BASE}/{path}", body, {"data_source": "idr"})
        return _parsed(document, "container" if containers else "image")


def _parsed(document: Document, kind: str) -> Answer:
    content = mapping(document.content)
    _check(content, document)
    results = mapping(content.get("results"))
    found = tuple(
        _hit(one, kind, at(document, f"/results/results/{number}"))
        for number, one in enumerate(objects(results.get("results")))
    )
    bookmark = results.get("bookmark")
    first = bookmark[0] if isinstance(bookmark, list) and bookmark else bookmark
    return Answer(hits=found, bookmark=count(first), size=count(results.get("size")) or len(found))


def _check(content: Mapping[str, Any], document: Document) -> None:
    said = text(content.get("Error")) or ("none" if "results" in content else "no results and no error")
    if said.casefold() == "none" or "returns no results" in said.casefold():
        return
    kind = Unavailable if "try later" in said.casefold() else UnexpectedAnswer
    raise kind(
        f"IDR's search engine could not answer: {said[:200]}\n  at {document.url}",
        kind="engine-error",
        url=document.url,
    )


def _hit(found: Mapping[str, Any], kind: str, source: Source) -> Hit:
    stated = [
        pair for pair in objects(found.get("key_values")) if not is_contact(text(pair.get("name")) or "")
    ]
    pairs = [
        (key, value)
        for pair in stated
        if (key := text(pair.get("name"))) and (value := text(pair.get("value")))
    ]
    name = text(found.get("name")) or text(found.get("Name (IDR number)"))
    container = text(found.get("screen_name")) or text(found.get("project_name"))
    return Hit(
        id=count(found.get("id")),
        kind=text(found.get("type")) or kind,
        name=name,
        container=container if kind == "image" else name,
        in_screen=bool(text(found.get("screen_name"))),
        plate=count(found.get("plate_id")),
        attributes=gathered(tuple(pairs)),
        n_images=count(found.get("image count")),
        source=source,
        raw={**found, "key_values": stated},
    )
