"""An RO-Crate as entities that point at one another, read as plain JSON.

References are resolved by a plain dictionary. JSON-LD expansion would drop terms that common writers use without
defining them (``resultOf``, ``fbbi_id``), and needs contexts from the web. Nothing a crate names is opened.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from fairlab.fair.values import plain_text, without_email

if TYPE_CHECKING:
    from collections.abc import Mapping

_DESCRIPTORS: Final = ("ro-crate-metadata.json", "ro-crate-metadata.jsonld")
_NAMES: Final = ("scientificName", "name", "title", "displayName", "headline")


class Node(NamedTuple):
    """One value in a crate, and where it stands."""

    value: Any
    pointer: str


@dataclass(frozen=True, kw_only=True)
class Entity:
    """One entity of a crate; keys are known by their local name, whatever prefix they carry."""

    values: Mapping[str, Any]
    """As the document has it."""
    pointer: str
    """JSON pointer of it: ``"/@graph/3"``."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Local name to the key of the document."""

    @property
    def id(self) -> str:
        """Its ``@id``; empty when it has none."""
        found = self.values.get("@id", self.values.get("id"))
        return found if isinstance(found, str) else ""

    @property
    def types(self) -> tuple[str, ...]:
        """Its types, as the document has them."""
        found = self.values.get("@type", self.values.get("type"))
        return tuple(one for one in (found if isinstance(found, list) else [found]) if isinstance(one, str))

    def is_a(self, *names: str) -> bool:
        """Whether one of its types has one of these local names, in any case."""
        return any(_local(one).casefold() in names for one in self.types)

    def nodes(self, *names: str) -> list[Node]:
        """All values under the given names; a list counts as its items, null as nothing."""
        found: list[Node] = []
        for name in names:
            key = self.keys.get(name)
            if key is None:
                continue
            value, pointer = self.values[key], f"{self.pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            if isinstance(value, list):
                found += [Node(one, f"{pointer}/{n}") for n, one in enumerate(value) if one is not None]
            elif value is not None:
                found.append(Node(value, pointer))
        return found


@dataclass(frozen=True, kw_only=True)
class Crate:
    """The entities of one crate.

    Examples
    --------
    >>> crate = crate_of({"@graph": [{"@id": "./", "name": "A fly"}]})
    >>> crate.root.nodes("name")
    [Node(value='A fly', pointer='/@graph/0/name')]
    """

    entities: tuple[Entity, ...]
    """In order of the document."""
    by_id: Mapping[str, Entity]
    """The first entity of each ``@id``."""
    descriptor: Entity | None
    """What says which entity is the root: ``ro-crate-metadata.json``, with or without a prefix."""
    root: Entity | None
    """The dataset that the crate is about; None when it is about none."""

    @property
    def is_detached(self) -> bool:
        """Whether the root lies elsewhere, at an address: the crate of a study that an archive hands out."""
        return self.root is not None and self.root.id.startswith(("http://", "https://"))

    def entity(self, node: Node) -> Entity | None:
        """What a value refers to, or the entity that stands in its place."""
        name = reference(node)
        if name is not None and name in self.by_id:
            return self.by_id[name]
        inline = isinstance(node.value, dict) and "@value" not in node.value
        return _entity(node.value, node.pointer) if inline else None

    def text(self, node: Node) -> str | None:
        """The words of a value: itself, or the name of what it refers to."""
        entity = self.entity(node)
        if entity is None:
            return plain_text(literal(node))
        return self.first_text(entity, *_NAMES)

    def first_text(self, entity: Entity, *names: str) -> str | None:
        """The first text under the given names of an entity."""
        found = (plain_text(literal(node)) for node in entity.nodes(*names))
        return next(filter(None, found), None)


def crate_of(document: Any) -> Crate:
    """The entities of a parsed document, however it is laid out; none when it is no crate.

    Parameters
    ----------
    document : object
        Flattened (``@graph``), expanded (a list), or one nested entity.
    """
    places: list[Node]
    graph = document.get("@graph") if isinstance(document, dict) else None
    if isinstance(graph, list):
        places = [Node(one, f"/@graph/{n}") for n, one in enumerate(graph)]
    elif isinstance(graph, dict):
        places = [Node(graph, "/@graph")]
    elif isinstance(document, list):
        places = [Node(one, f"/{n}") for n, one in enumerate(document)]
    else:
        places = [Node(document, "")]
    entities = tuple(entity for place in places if (entity := _entity(place.value, place.pointer)))
    by_id: dict[str, Entity] = {}
    for entity in entities:
        if entity.id:
            by_id.setdefault(entity.id, entity)
    descriptor = next((one for one in entities if _describes(one)), None)
    return Crate(
        entities=entities, by_id=by_id, descriptor=descriptor, root=_root(entities, by_id, descriptor)
    )


def listed(path: str, values: list[Any], nodes: list[Node]) -> tuple[str, list[Any], list[Any], str]:
    """One list of what stands in several places; the first place stands for them."""
    kept: list[Any] = []
    for value in values:
        if value and value not in kept:
            kept.append(value)
    place = nodes[0].pointer if nodes else ""
    return path, kept, [raw(node) for node in nodes], place.rpartition("/")[0] if len(nodes) > 1 else place


def reference(node: Node) -> str | None:
    """The identifier that a value holds: ``{"@id": …}`` or plain text."""
    value = node.value
    if isinstance(value, dict):
        value = value.get("@id", value.get("id"))
    return value if isinstance(value, str) else None


def literal(node: Node) -> Any:
    """A value without the wrapping of expanded JSON-LD."""
    return node.value.get("@value") if isinstance(node.value, dict) else node.value


def raw(node: Node) -> Any:
    """A value as the document has it, but for e-mail addresses; of an entity what it is called by."""
    found = reference(node) or literal(node)
    return without_email(found) if isinstance(found, str) else None if isinstance(found, list) else found


def _entity(value: Any, pointer: str) -> Entity | None:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        return None
    keys: dict[str, str] = {}
    for key in value:
        keys.setdefault(_local(key), key)
    return Entity(values=value, pointer=pointer, keys={**keys, **{key: key for key in value}})


def _local(name: str) -> str:
    """``"bia:Study"``, ``"http://schema.org/Dataset"`` → ``"Study"``, ``"Dataset"``."""
    return name.rpartition("#")[2].rpartition("/")[2].rpartition(":")[2]


def _describes(entity: Entity) -> bool:
    return entity.id.endswith(_DESCRIPTORS) and bool(entity.nodes("about"))


def _root(
    entities: tuple[Entity, ...], by_id: Mapping[str, Entity], descriptor: Entity | None
) -> Entity | None:
    for node in descriptor.nodes("about") if descriptor else ():
        target = reference(node) or ""
        for form in (target, target.rstrip("/"), f"{target}/", f"./{target}", target.removeprefix("./")):
            if form in by_id:
                return by_id[form]
    for name in ("./", ".", ""):
        if name in by_id:
            return by_id[name]
    return next((one for one in entities if one.is_a("dataset")), None)
