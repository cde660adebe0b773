"""What a sample is made of: pixels, geometry, labels and, for synthetic scenes, the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

RGB = (
    {"name": "Red", "color": "FF0000", "window": (0, 255)},
    {"name": "Green", "color": "00FF00", "window": (0, 255)},
    {"name": "Blue", "color": "0000FF", "window": (0, 255)},
)
"""Channels of a colour photograph."""


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """Everything but words about one sample; the names are those of :func:`fairlab.sharing.writer.write_image`."""

    data: NDArray[Any]
    """The image."""
    axes: str
    """One letter per dimension: ``"tczyx"``."""
    scale: Mapping[str, float] = field(default_factory=dict)
    """Spacing in ``units``; empty when nobody stated a pixel size."""
    units: Mapping[str, str] = field(default_factory=dict)
    """NGFF unit names."""
    translation: Mapping[str, float] = field(default_factory=dict)
    """Centre of the first sample, in ``units``."""
    channels: Sequence[Mapping[str, Any]] | None = None
    """Name, colour and contrast window of each channel."""
    labels: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    """Label images by name."""
    chunks: Mapping[str, int] = field(default_factory=dict)
    """Chunk lengths that differ from the writer's own."""
    levels: int | None = None
    """Number of levels."""
    truth: Mapping[str, NDArray[Any]] | None = None
    """Columns of the table of true values, one row per object."""


@dataclass(frozen=True, kw_only=True)
class Screen:
    """Everything but words about a plate; the names are those of :func:`fairlab.sharing.plate_writer.write_plate`."""

    data: NDArray[Any]
    """Pixels ``(row, column, field, *axes)``."""
    rows: Sequence[str]
    """Names of the rows."""
    columns: Sequence[str]
    """Names of the columns."""
    wells: Mapping[tuple[int, int], Mapping[str, str | int | float]]
    """Wells that are there, and what is stated of each."""
    axes: str
    """One letter per dimension of a field: ``"cyx"``."""
    scale: Mapping[str, float]
    """Spacing in ``units``."""
    units: Mapping[str, str]
    """NGFF unit names."""
    channels: Sequence[Mapping[str, Any]]
    """Name and colour of each channel."""
    chunks: Mapping[str, int] = field(default_factory=dict)
    """Chunk lengths that differ from the writer's own."""
    levels: int | None = None
    """Number of levels."""
    truth: Mapping[str, NDArray[Any]] | None = None
    """Columns of the table of true values, one row per field."""
