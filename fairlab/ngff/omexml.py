"""OME-XML beside an image (``OME/METADATA.ome.xml``): names, sizes, physical sizes, channels and instruments.

Of people it only counts how many there are.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FormatError
from fairlab.foreign_xml import read_xml
from fairlab.ngff.ome_model import OmeChannel, OmeImage, OmeInstrument, OmeObjective, OmeXml
from fairlab.ngff.units import LENGTHS_M, unit_name
from fairlab.ngff.values import number

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OmeImage", "OmeXml", "parse"]

MAX_BYTES: Final = 64 * 1024 * 1024
"""A plate of 384 wells with nine fields needs about 20 MB."""
MAX_DEPTH: Final = 100
"""Elements in one another; OME-XML needs about 12."""
_LONGEST_TEXT: Final = 20_000
# Attribute of Pixels, attribute of its unit, and the unit when none is stated (OME schema, 2016-06).
_SPACING: Final = {
    "x": ("PhysicalSizeX", "PhysicalSizeXUnit", "µm"),
    "y": ("PhysicalSizeY", "PhysicalSizeYUnit", "µm"),
    "z": ("PhysicalSizeZ", "PhysicalSizeZUnit", "µm"),
    "t": ("TimeIncrement", "TimeIncrementUnit", "s"),
}
_DTYPES: Final = {
    **{name: name for name in ("int8", "int16", "int32", "uint8", "uint16", "uint32")},
    "float": "float32", "double": "float64", "complex": "complex64", "double-complex": "complex128", "bit": "bool",
}  # fmt: skip
_LIGHTS: Final = ("Laser", "Arc", "Filament", "LightEmittingDiode", "GenericExcitationSource")


def parse(document: bytes, *, where: str = "OME/METADATA.ome.xml", encoding: str | None = None) -> OmeXml:
    """What an OME-XML document says of its images.

    Parameters
    ----------
    document : bytes
        The file.
    where : str
        Its address, for messages.
    encoding : str, optional
        Of the bytes, whatever the document states.

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
    reader = _Reader(where)
    read_xml(document, reader, where=where, max_bytes=MAX_BYTES, max_depth=MAX_DEPTH, encoding=encoding)
    return reader.whole()


class _Reader:
    """Keeps what a document says as its elements pass by."""

    def __init__(self, where: str) -> None:
        self.where = where
        self.path: list[str] = []
        self.root: dict[str, str] = {}
        self.images: list[OmeImage] = []
        self.image: dict[str, Any] = {}
        self.pixels: dict[str, str] = {}
        self.channels: list[OmeChannel] = []
        self.instruments: dict[str, OmeInstrument] = {}
        self.instrument: dict[str, Any] = {}
        self.maps: dict[str, list[tuple[str, str]]] = {}
        self.map = self.key = ""
        self.rights: list[str] = []
        self.plates = self.people = 0
        self.text: list[str] | None = None

    def whole(self) -> OmeXml:
        return OmeXml(
            images=tuple(self.images),
            instruments=self.instruments,
            maps={name: tuple(pairs) for name, pairs in self.maps.items() if pairs},
            rights="; ".join(self.rights) or None,
            creator=self.root.get("Creator") or None,
            uuid=self.root.get("UUID") or None,
            plates=self.plates,
            people=self.people,
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.path and name != "OME":
            raise FormatError(
                f"this is XML, but its root is {name[:80]!r}, not OME\n  at {self.where}",
                kind="not-ome-xml",
                url=self.where,
            )
        self.path.append(name)
        match self.path:
            case ["OME"]:
                self.root = attributes
            case ["OME", "Plate"]:
                self.plates += 1
            case ["OME", "Experimenter"]:
                self.people += 1
            case ["OME", "Instrument", *_]:
                self._start_of_instrument(attributes)
            case ["OME", "Image", *_]:
                self._start_of_image(attributes)
            case ["OME", "StructuredAnnotations", "MapAnnotation"]:
                self.map = attributes.get("ID", "")
            case ["OME", "StructuredAnnotations", "MapAnnotation", "Value", "M"]:
                self.key, self.text = attributes.get("K", ""), []
            case ["OME", "Rights", _]:
                self.text = []

    def _start_of_image(self, attributes: dict[str, str]) -> None:
        match self.path[2:]:
            case []:
                self.image, self.pixels, self.channels = {**attributes, "annotations": []}, {}, []
            case ["AcquisitionDate" | "Description"]:
                self.text = []
            case ["InstrumentRef" | "ObjectiveSettings" | "ObjectiveRef" as name]:
                self.image["instrument" if name == "InstrumentRef" else "objective"] = attributes.get("ID")
            case ["AnnotationRef"]:
                self.image["annotations"].append(attributes.get("ID", ""))
            case ["Pixels"]:
                self.pixels = attributes
            case ["Pixels", "Channel"]:
                self.channels.append(_channel(attributes))

    def _start_of_instrument(self, attributes: dict[str, str]) -> None:
        match self.path[2:]:
            case []:
                self.instrument = {"id": attributes.get("ID", ""), "parts": [], "objectives": {}}
            case ["Microscope"]:
                self.instrument["microscope"] = _called(attributes, _stated(attributes.get("Type")))
            case ["Objective"]:
                self.instrument["objectives"][attributes.get("ID", "")] = _objective(attributes)
            case [name] if name in _LIGHTS or name == "Detector":
                kind = "light source" if name in _LIGHTS else "detector"
                if called := _called(attributes, _stated(attributes.get("Type"))):
                    self.instrument["parts"].append(f"{kind}: {called}")

    def characters(self, text: str) -> None:
        if self.text is not None and sum(map(len, self.text)) < _LONGEST_TEXT:
            self.text.append(text)

    def end(self, _: str) -> None:
        text = "".join(self.text).strip()[:_LONGEST_TEXT] if self.text is not None else ""
        match self.path:
            case ["OME", "Image"]:
                self.images.append(_image(self.image, self.pixels, tuple(self.channels)))
            case ["OME", "Image", "AcquisitionDate" | "Description" as name]:
                self.image[name] = text
            case ["OME", "Instrument"]:
                self.instruments[self.instrument["id"]] = OmeInstrument(
                    microscope=self.instrument.get("microscope"),
                    parts=tuple(self.instrument["parts"]),
                    objectives=self.instrument["objectives"],
                )
            case ["OME", "StructuredAnnotations", "MapAnnotation", "Value", "M"]:
                self.maps.setdefault(self.map, []).append((self.key, text))
            case ["OME", "Rights", _] if text:
                self.rights.append(text)
        self.text = None
        self.path.pop()


def _image(image: Mapping[str, Any], pixels: Mapping[str, str], channels: tuple[OmeChannel, ...]) -> OmeImage:
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
        description=image.get("Description") or None,
        acquired=image.get("AcquisitionDate") or None,
        dtype=_DTYPES.get(pixels.get("Type", "")),
        sizes=sizes,
        spacing=spacing,
        units={axis: unit for axis, unit in units.items() if unit and axis in spacing},
        channels=channels,
        instrument=image.get("instrument"),
        objective=image.get("objective"),
        annotations=tuple(image.get("annotations", ())),
    )


def _channel(stated: Mapping[str, str]) -> OmeChannel:
    return OmeChannel(
        label=stated.get("Name") or None,
        color=_color(stated.get("Color")),
        fluorophore=stated.get("Fluor") or None,
        excitation_nm=_nanometers(stated, "ExcitationWavelength"),
        emission_nm=_nanometers(stated, "EmissionWavelength"),
        acquisition_mode=_stated(stated.get("AcquisitionMode")),
        contrast_method=_stated(stated.get("ContrastMethod")),
        illumination=_stated(stated.get("IlluminationType")),
    )


def _objective(stated: Mapping[str, str]) -> OmeObjective:
    return OmeObjective(
        model=_called(stated, None),
        magnification=_positive(stated.get("NominalMagnification")),
        na=_positive(stated.get("LensNA")),
        immersion=_stated(stated.get("Immersion")),
    )


def _called(stated: Mapping[str, str], kind: str | None) -> str | None:
    """Manufacturer and model, and the kind in brackets."""
    name = " ".join(filter(None, (stated.get("Manufacturer"), stated.get("Model"))))
    return f"{name} ({kind})" if name and kind else name or kind


def _stated(text: str | None) -> str | None:
    """A word of an enumeration; "Other" and "Unknown" say nothing."""
    return text if text and text not in ("Other", "Unknown") else None


def _nanometers(stated: Mapping[str, str], name: str) -> float | None:
    length = _positive(stated.get(name))
    meters = LENGTHS_M.get(unit_name(stated.get(f"{name}Unit", "nm")) or "")
    return round(length * meters / 1e-9, 6) if length and meters else None


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
