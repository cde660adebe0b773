"""What an OME-Zarr group says about itself, whatever its version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

AxisType = Literal["space", "time", "channel", "other"]


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One axis of an image."""

    name: str
    """``"t"``, ``"c"``, ``"z"``, ``"y"``, ``"x"`` or another word."""
    type: AxisType
    """What it measures."""
    unit: str | None = None
    """NGFF unit name (``"micrometer"``, ``"second"``), or None when the image states none."""
    orientation: str | None = None
    """Anatomical direction in which positions rise, ``"left-to-right"``, as stated (RFC-4)."""
    long_name: str | None = None
    """Name for people, as stated (0.6)."""


@dataclass(frozen=True, kw_only=True)
class Level:
    """One entry of ``datasets``: an array of the pyramid and where it lies in the world."""

    path: str
    """Place of the array in the store."""
    scale: tuple[float, ...]
    """Distance between samples on each axis, in the axis' unit; ones until the shapes are known when the
    image states no scales (:attr:`Image.scales_stated`)."""
    translation: tuple[float, ...]
    """Position of the first sample on each axis, in the axis' unit."""


@dataclass(frozen=True, kw_only=True)
class Channel:
    """How one channel is named and shown (the ``omero`` block)."""

    label: str | None = None
    """Name, as stated."""
    color: str | None = None
    """``"#RRGGBB"``."""
    window: tuple[float, float] | None = None
    """Intensities shown as black and as full colour."""
    active: bool = True
    """Whether it is shown at first."""


@dataclass(frozen=True, kw_only=True)
class LabelFacts:
    """What a label image says of its labels (the ``image-label`` block)."""

    colors: Mapping[int, str] = field(default_factory=dict)
    """``"#RRGGBBAA"`` by label value."""
    properties: Mapping[int, Mapping[str, str | int | float | bool]] = field(default_factory=dict)
    """Further values by label value; nested ones are left out."""
    source: str | None = None
    """Place of the image that was labelled, inside the same store; None when it is not stated or lies outside."""


@dataclass(frozen=True, kw_only=True)
class Image:
    """One multiscale image."""

    version: str
    """OME-Zarr version that its metadata follows."""
    name: str | None = None
    """Name, as stated."""
    axes: tuple[Axis, ...]
    """In the order of the arrays' dimensions."""
    levels: tuple[Level, ...]
    """Finest first."""
    channels: tuple[Channel, ...] = ()
    """In the order of the channel axis; empty when nothing is stated."""
    is_label: bool = False
    """Whether it is a label image (``image-label``)."""
    label: LabelFacts = LabelFacts()
    """What a label image says of its labels."""
    scales_stated: bool = True
    """False before 0.4, where the levels' scales follow from their shapes."""
    kept: Mapping[str, Any] = field(default_factory=dict)
    """Geometry that is not applied (rotations, displacements, other coordinate systems), as stated, by name."""
    remarks: tuple[str, ...] = ()
    """What is odd but readable, for a warning."""


@dataclass(frozen=True, kw_only=True)
class PlateWell:
    """One well that a plate lists."""

    path: str
    """Place of the well in the store, ``"B/3"``."""
    row: int
    """Number of its row in :attr:`Plate.rows`."""
    column: int
    """Number of its column in :attr:`Plate.columns`."""
    annotations: Mapping[str, str | int | float | bool] = field(default_factory=dict)
    """What else the plate states of the well (gene, compound …); nested values are left out."""


@dataclass(frozen=True, kw_only=True)
class Acquisition:
    """One run of the microscope over a plate."""

    id: int
    """Number that fields refer to."""
    name: str | None = None
    """Name, as stated."""
    annotations: Mapping[str, str | int | float] = field(default_factory=dict)
    """What else is stated: description, start and end time, highest number of fields."""


@dataclass(frozen=True, kw_only=True)
class Plate:
    """A plate of wells, as its own attributes list them."""

    version: str
    """OME-Zarr version that its metadata follows."""
    name: str | None = None
    """Name, as stated."""
    rows: tuple[str, ...]
    """Names of the rows, in order."""
    columns: tuple[str, ...]
    """Names of the columns, in order."""
    wells: tuple[PlateWell, ...]
    """Wells that are there; a plate may be sparse."""
    acquisitions: tuple[Acquisition, ...] = ()
    """Runs of the microscope, as stated."""
    field_count: int | None = None
    """Highest number of fields in a well, as stated."""
    remarks: tuple[str, ...] = ()
    """What is odd but readable, for a warning."""


@dataclass(frozen=True, kw_only=True)
class Field:
    """One image of a well."""

    path: str
    """Place of the image below the well."""
    acquisition: int | None = None
    """Number of the acquisition it belongs to."""


@dataclass(frozen=True, kw_only=True)
class Well:
    """One well, as its own attributes list its fields."""

    version: str
    """OME-Zarr version that its metadata follows."""
    fields: tuple[Field, ...]
    """In the order stated."""
    remarks: tuple[str, ...] = ()
    """What is odd but readable, for a warning."""
