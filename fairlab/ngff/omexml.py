"""OME-XML beside an image (``OME/METADATA.ome.xml``): names, sizes, physical sizes and channels.

The parser expands nothing: a document type or an entity ends the reading before it can do harm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from xml.parsers import expat

from fairlab.errors import FormatError
from fairlab.ngff.model import Channel
from fairlab.ngff.units import unit_name
from fairlab.ngff.values import number

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BYTES: Final = 64 * 1024 * 1024
"""A plate of 384 wells with nine fields needs about 20 MB."""
MAX_DEPTH: Final = 100
"""Elements in one another; OME-XML needs about 12."""
# Attribute of Pixels, attribute of its unit, and the unit when none is stated (OME schema, 2016-06).
_SPACING: Final = {
    "x": ("PhysicalSizeX", "PhysicalSizeXUnit", "µm"),
    "y": ("PhysicalSizeY", "PhysicalSizeYUnit", "µm"),
    "z": ("PhysicalSizeZ", "PhysicalSizeZUnit", "µm"),
    "t": ("TimeIncrement", "TimeIncrementUnit", "s"),
}


@dataclass(frozen=True, kw_only=True)
class OmeImage:
    """One ``Image`` of OME-XML."""

    id: str
    """``"Image:0"``."""
    name: str | None = None
    """Name, as stated."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Number of samples by axis, ``"t"``, ``"c"``, ``"z"``, ``"y"``, ``"x"``."""
    spacing: Mapping[str, float] = field(default_factory=dict)
    """Distance between samples by axis, where it is stated."""
    units: Mapping[str, str] = field(default_factory=dict)
    """NGFF unit name of each spacing; none for ``pixel`` and ``reference frame``."""
    channels: tuple[Channel, ...] = ()
    """Names and colours; an RGB channel stands once."""


@dataclass(frozen=True, kw_only=True)
class OmeXml:
    """What an OME-XML document says of its images."""

    images: tuple[OmeImage, ...]
    """In the order of the document, which is the order of a collection's series."""


def parse(document: bytes, *, where: str = "OME/METADATA.ome.xml") -> OmeXml:
    """What an OME-XML document says of its images.

    Parameters
    ----------
    document : bytes
        The file.
    where : str
        Its address, for messages.

    Raises
    ------
    FormatError
        kind ``"xml-refused"``: it has a document type or entities, or is larger or deeper than any OME-XML;
        ``"not-xml"``; ``"not-ome-xml"``: its root is not ``OME``.

    Examples
    --------
    >>> pixels = '<Pixels SizeX="8" SizeY="6" PhysicalSizeX="0.5"/>'
    >>> text = f'<OME xmlns="urn:ome"><Image ID="Image:0" Name="cells">{pixels}</Image></OME>'
    >>> image = parse(text.encode()).images[0]
    >>> image.name, image.sizes, image.spacing, image.units
    ('cells', {'y': 6, 'x': 8}, {'x': 0.5}, {'x': 'micrometer'})
    """
    if len(document) > MAX_BYTES:
        raise _refused(f"has {len(document)} bytes, more than {MAX_BYTES}", where)
    reader = _Reader(where)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.StartDoctypeDeclHandler = reader.doctype
    parser.EntityDeclHandler = reader.entity
    try:
        parser.Parse(document, True)
    except FormatError:
        raise
    except (expat.ExpatError, LookupError, ValueError) as exc:
        # LookupError and ValueError: it names an encoding that Python does not know, or that expat cannot use.
        raise FormatError(f"this is no XML: {exc}\n  at {where}", kind="not-xml", url=where) from exc
    return OmeXml(images=tuple(reader.images))


class _Reader:
    """Keeps the images of a document as its elements pass by."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.images: list[OmeImage] = []
        self.path: list[str] = []
        self.image: dict[str, str] = {}
        self.pixels: dict[str, str] = {}
        self.channels: list[Channel] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]  # any year's namespace
        if not self.path and name != "OME":
            raise FormatError(
                f"this is XML, but its root is {name[:80]!r}, not OME\n  at {self.where}",
                kind="not-ome-xml",
                url=self.where,
            )
        self.path.append(name)
        if len(self.path) > MAX_DEPTH:
            raise _refused(f"is deeper than {MAX_DEPTH} elements", self.where)
        match self.path:
            case ["OME", "Image"]:
                self.image, self.pixels, self.channels = attributes, {}, []
            case ["OME", "Image", "Pixels"]:
                self.pixels = attributes
            case ["OME", "Image", "Pixels", "Channel"]:
                self.channels.append(
                    Channel(label=attributes.get("Name") or None, color=_color(attributes.get("Color")))
                )

    def end(self, tag: str) -> None:
        if self.path == ["OME", "Image"]:
            self.images.append(_image(self.image, self.pixels, tuple(self.channels)))
        self.path.pop()

    def doctype(self, *_: object) -> None:
        raise _refused("declares a document type", self.where)

    def entity(self, *_: object) -> None:
        raise _refused("declares an entity", self.where)


def _image(image: Mapping[str, str], pixels: Mapping[str, str], channels: tuple[Channel, ...]) -> OmeImage:
    sizes = {
        axis: int(stated)
        for axis in "tczyx"
        if re.fullmatch(r"[0-9]{1,18}", stated := pixels.get(f"Size{axis.upper()}", ""))
    }
    spacing = {axis: value for axis, (key, _, _) in _SPACING.items() if (value := _positive(pixels.get(key)))}
    units = {axis: unit_name(pixels.get(key, usual)) for axis, (_, key, usual) in _SPACING.items()}
    return OmeImage(
        id=image.get("ID", ""),
        name=image.get("Name") or None,
        sizes=sizes,
        spacing=spacing,
        units={axis: unit for axis, unit in units.items() if unit and axis in spacing},
        channels=channels,
    )


def _positive(stated: str | None) -> float | None:
    try:
        value = number(float(stated or "nan"))
    except ValueError:
        return None
    return value if value and value > 0 else None


def _color(stated: str | None) -> str | None:
    """``"#RRGGBB"`` of a signed 32-bit integer that holds red, green, blue and opacity."""
    if stated is None or not re.fullmatch(r"[+-]?[0-9]{1,10}", stated.strip()):
        return None
    return f"#{(int(stated) & 0xFFFFFFFF) >> 8:06X}"


def _refused(what: str, where: str) -> FormatError:
    return FormatError(
        f"this XML {what} and is not read\n  at {where}\n  OME-XML has no need of it",
        kind="xml-refused",
        url=where,
    )
