"""What OME-XML says, as plain data; nobody who worked at a microscope is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fairlab.ngff.model import Channel

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True)
class OmeChannel(Channel):
    """One ``Channel`` of OME-XML."""

    fluorophore: str | None = None
    """Name of the dye."""
    excitation_nm: float | None = None
    """Wavelength of the exciting light."""
    emission_nm: float | None = None
    """Wavelength of the light that was gathered."""
    acquisition_mode: str | None = None
    """``"LaserScanningConfocalMicroscopy"`` …; None for ``Other``."""
    contrast_method: str | None = None
    """``"Fluorescence"``, ``"DIC"`` …; None for ``Other``."""
    illumination: str | None = None
    """``"Epifluorescence"``, ``"Transmitted"`` …; None for ``Other``."""


@dataclass(frozen=True, kw_only=True)
class OmeObjective:
    """One ``Objective``."""

    model: str | None = None
    """Manufacturer and model."""
    magnification: float | None = None
    """Nominal magnification."""
    na: float | None = None
    """Numerical aperture."""
    immersion: str | None = None
    """``"Air"``, ``"Oil"`` …"""


@dataclass(frozen=True, kw_only=True)
class OmeInstrument:
    """One ``Instrument``."""

    microscope: str | None = None
    """Manufacturer, model and type."""
    parts: tuple[str, ...] = ()
    """Light sources and detectors: kind, manufacturer and model; never a serial number."""
    objectives: Mapping[str, OmeObjective] = field(default_factory=dict)
    """By identifier."""


@dataclass(frozen=True, kw_only=True)
class OmeImage:
    """One ``Image`` of OME-XML."""

    id: str
    """``"Image:0"``."""
    name: str | None = None
    """Name, as stated."""
    description: str | None = None
    """Longer text."""
    acquired: str | None = None
    """Date and time of acquisition, as stated."""
    dtype: str | None = None
    """Type of the pixels in numpy's words: ``"uint16"``."""
    sizes: Mapping[str, int] = field(default_factory=dict)
    """Number of samples by axis, ``"t"``, ``"c"``, ``"z"``, ``"y"``, ``"x"``."""
    spacing: Mapping[str, float] = field(default_factory=dict)
    """Distance between samples by axis, where it is stated."""
    units: Mapping[str, str] = field(default_factory=dict)
    """NGFF unit name of each spacing; none for ``pixel`` and ``reference frame``."""
    channels: tuple[OmeChannel, ...] = ()
    """Names, colours and how they were taken; an RGB channel stands once."""
    instrument: str | None = None
    """Identifier of the instrument."""
    objective: str | None = None
    """Identifier of the objective."""
    annotations: tuple[str, ...] = ()
    """Identifiers of its annotations."""


@dataclass(frozen=True, kw_only=True)
class OmeXml:
    """What an OME-XML document says."""

    images: tuple[OmeImage, ...]
    """In the order of the document, which is the order of a collection's series."""
    instruments: Mapping[str, OmeInstrument] = field(default_factory=dict)
    """By identifier."""
    maps: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """Key and value pairs of each map annotation, by its identifier."""
    rights: str | None = None
    """What it says of the rights: their holder and what is held."""
    creator: str | None = None
    """The program that wrote it."""
    uuid: str | None = None
    """Its own identifier."""
    plates: int = 0
    """How many plates it describes."""
    people: int = 0
    """How many experimenters it names; who they are is not kept."""
