"""The JSON API of OMERO servers, as far as archives offer it to everybody: containers, images, annotations.

Servers cut ``limit`` to what they like without a word, so the next offset is what came, not what was asked for;
names and sizes may be absent; ``omero:details`` holds people's addresses and is never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from fairlab.contacts import is_contact
from fairlab.errors import UnexpectedAnswer
from fairlab.ngff.units import LENGTHS_M, unit_name
from fairlab.repositories.answer_values import count
from fairlab.repositories.answers import objects, text
from fairlab.repositories.facts import Facts, at, inferred, mapping

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fairlab.net.api import Api, Document
    from fairlab.record import Source

ContainerKind = Literal["project", "screen", "dataset", "plate"]
LIMIT: Final = 1000
"""Most that one page is asked for."""
_MAX_PAGES: Final = 500  # a server that ignores offsets would otherwise be asked for ever
_PLURAL: Final = {"project": "projects", "screen": "screens", "dataset": "datasets", "plate": "plates"}
_AXES: Final = "tczyx"


@dataclass(frozen=True, kw_only=True)
class Container:
    """A project, screen, dataset or plate."""

    kind: ContainerKind
    """What it is."""
    id: int
    """Its number, which is unique among its kind only."""
    name: str
    """Name, as stated."""
    description: str | None
    """Longer text."""
    source: Source
    """Where it was named."""

    @property
    def uid(self) -> str:
        """OMERO type and number: ``"Project:101"``."""
        return f"{self.kind.capitalize()}:{self.id}"


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """Key/value pairs that somebody attached to something."""

    namespace: str
    """What kind of pairs these are, ``"idr.openmicroscopy.org/study/info"``; may be empty."""
    pairs: tuple[tuple[str, str], ...]
    """In their order; a key may stand several times. Contact details are left out."""
    source: Source
    """Where they were read."""


class Omero:
    """One OMERO server behind an :class:`~fairlab.net.api.Api`."""

    def __init__(self, api: Api):
        self.api = api

    def containers(self, kind: ContainerKind, *, of: str = "") -> Iterator[Container]:
        """All containers of a kind, or those in another: ``of="projects/101"``."""
        for document, number, found in self._pages(f"{of}/{_PLURAL[kind]}/".lstrip("/")):
            name, id = text(found.get("Name")), found.get("@id")
            if name and isinstance(id, int) and not isinstance(id, bool):
                yield Container(
                    kind=kind,
                    id=id,
                    name=name,
                    description=text(found.get("Description")),
                    source=at(document, f"/data/{number}"),
                )

    def images(self, dataset: int) -> Iterator[tuple[Mapping[str, Any], Source]]:
        """The images of a dataset, as the server describes them."""
        for document, number, found in self._pages(f"datasets/{dataset}/images/"):
            yield found, at(document, f"/data/{number}")

    def image(self, number: int) -> tuple[Mapping[str, Any], Source] | None:
        """One image, as the server describes it; None when there is no such image."""
        document = self.api.json(f"api/v0/m/images/{number}/", missing_ok=True)
        found = mapping(mapping(document.content).get("data"))
        return (found, at(document, "/data")) if found else None

    def annotations(self, kind: ContainerKind | Literal["image", "well"], number: int) -> list[Annotation]:
        """The key/value pairs of a container, a well or an image."""
        document = self.api.json("webclient/api/annotations/", {"type": "map", kind: number})
        found = mapping(document.content).get("annotations")
        return [
            Annotation(
                namespace=text(one.get("ns")) or "",
                pairs=pairs(one.get("values")),
                source=at(document, f"/annotations/{place}/values"),
            )
            for place, one in enumerate(found if isinstance(found, list) else ())
            if isinstance(one, dict) and pairs(one.get("values"))
        ]

    def _pages(self, path: str, **more: str) -> Iterator[tuple[Document, int, Mapping[str, Any]]]:
        offset = 0
        for _ in range(_MAX_PAGES):
            document = self.api.json(f"api/v0/m/{path}", {"limit": LIMIT, "offset": offset, **more})
            content = mapping(document.content)
            if not isinstance(content.get("data"), list):
                raise _no_list(self.api.name, document)
            found = [one for one in content["data"] if isinstance(one, dict)]
            yield from ((document, number, one) for number, one in enumerate(found))
            meta = mapping(content.get("meta"))
            total, limit = count(meta.get("totalCount")), count(meta.get("limit")) or LIMIT
            offset += len(found)
            if not found or (offset >= total if total is not None else len(found) < limit):
                return


def image_facts(found: Mapping[str, Any], source: Source) -> Facts:
    """Title, sizes, spacing and channels of an image; what the server leaves out stays out.

    Examples
    --------
    >>> from fairlab.record import Source
    >>> stated = {"Name": "a.dv", "Pixels": {"SizeX": 8, "SizeY": 6, "PhysicalSizeX": {"Value": 500, "Symbol": "nm"}}}
    >>> facts = image_facts(stated, Source(document="here"))
    >>> facts["axes"][0], facts["shape"][0], facts["pixel_size"][0]
    (('y', 'x'), (6, 8), {'x': 0.5})
    """
    pixels = mapping(found.get("Pixels"))
    sizes = {axis: count(pixels.get(f"Size{axis.upper()}")) for axis in _AXES}
    known = {axis: size for axis, size in sizes.items() if size}
    spacing = {axis: _micrometer(pixels.get(f"PhysicalSize{axis.upper()}")) for axis in "xyz"}
    channels = [text(channel.get("Name")) for channel in objects(pixels.get("Channels"))]

    def below(pointer: str) -> Source:
        return replace(source, pointer=f"{source.pointer}/{pointer}")

    return {
        "title": (text(found.get("Name")), below("Name")),
        "description": (text(found.get("Description")), below("Description")),
        # OMERO states sizes by name; the order is the one in which OME-Zarr stores them.
        "axes": (tuple(known), inferred(below("Pixels"))),
        "shape": (tuple(known.values()), below("Pixels")),
        "pixel_size": ({axis: size for axis, size in spacing.items() if size}, below("Pixels")),
        "channels": (tuple(filter(None, channels)), below("Pixels/Channels")),
    }


def pairs(values: Any) -> tuple[tuple[str, str], ...]:
    """Key/value pairs of a map annotation, those of people's contacts left out.

    Examples
    --------
    >>> pairs([["Organism", "C. elegans"], ["Contactname", "A. Person"], ["odd"], None])
    (('Organism', 'C. elegans'),)
    """
    found = []
    for pair in values if isinstance(values, list) else ():
        key, value = map(text, pair) if isinstance(pair, list) and len(pair) == 2 else (None, None)
        if key and value and not is_contact(key):
            found.append((key, value))
    return tuple(found)


def gathered(found: tuple[tuple[str, str], ...]) -> dict[str, tuple[str, ...]]:
    """Pairs by key, each with its different values in order.

    Examples
    --------
    >>> gathered((("Organism", "mouse"), ("Organism", "rat"), ("Organism", "mouse")))
    {'Organism': ('mouse', 'rat')}
    """
    by_key: dict[str, dict[str, None]] = {}
    for key, value in found:
        by_key.setdefault(key, {})[value] = None
    return {key: tuple(values) for key, values in by_key.items()}


def _micrometer(stated: Any) -> float | None:
    length = mapping(stated)
    value = length.get("Value")
    unit = unit_name(text(length.get("Symbol")) or "") or unit_name((text(length.get("Unit")) or "").lower())
    if unit not in LENGTHS_M or not isinstance(value, int | float) or not 0 < value < 1e12:
        return None
    return float(f"{value * LENGTHS_M[unit] / 1e-6:.9g}")


def _no_list(name: str, document: Document) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"{name} answers without a list\n  at {document.url}, where the OMERO JSON API has data and meta\n"
        "  it may have changed; report it to fairlab",
        kind="answer-form",
        url=document.url,
    )
