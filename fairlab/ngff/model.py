"""What an OME-Zarr group says about itself, whatever its version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

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


@dataclass(frozen=True, kw_only=True)
class Level:
    """One entry of ``datasets``: an array of the pyramid and where it lies in the world."""

    path: str
    """Place of the array in the store."""
    scale: tuple[float, ...]
    """Distance between samples on each axis, in the axis' unit."""
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
    remarks: tuple[str, ...] = ()
    """What is odd but readable, for a warning."""
