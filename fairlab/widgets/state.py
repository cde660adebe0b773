"""What a viewer shows, as frozen plain values: which plane of which level, and each channel's looks.

Nothing here reads a pixel or draws one. A state is changed by making another: ``state.moved(z=4)``.
"""

from __future__ import annotations

import dataclasses
import numbers
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import SelectionError
from fairlab.widgets.channels import Channel, Window, channel_index, chosen, near, stated_channels

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

    from fairlab.widgets.boxes import Box
    from fairlab.widgets.layout import Layout


def plain(value: object) -> str:
    """A coordinate in words: six digits of a number."""
    return f"{value:.6g}" if isinstance(value, numbers.Real) else str(value)


@dataclass(frozen=True, kw_only=True)
class Dimension:
    """One dimension that a slider moves along: any but the plane's own two and the channels."""

    name: str
    """Name of the dimension: ``"z"``."""
    size: int
    """Number of planes."""
    values: tuple[Any, ...] | None = None
    """Coordinate of each plane; None when the image gives none."""
    unit: str | None = None
    """Unit of ``values``, as NGFF names it."""

    def text(self, index: int) -> str:
        """One position in words.

        Examples
        --------
        >>> Dimension(name="z", size=3, values=(0.0, 3.5, 7.0), unit="micrometer").text(1)
        'z = 3.5 micrometer (2 of 3)'
        """
        place = f"({index + 1:,} of {self.size:,})"
        if self.values is None:
            return f"{self.name} {place}"
        return f"{self.name} = {plain(self.values[index])}{f' {self.unit}' if self.unit else ''} {place}"

    def index(self, wanted: object) -> int:
        """The plane that a caller means.

        Parameters
        ----------
        wanted : int, float or str
            An integer counts planes from 0 (from the end when negative); a float is a coordinate in the
            dimension's unit, and the nearest plane is meant; text is an exact label of a text coordinate.

        Raises
        ------
        SelectionError
            kind ``"position-out-of-range"``.

        Examples
        --------
        >>> z = Dimension(name="z", size=3, values=(0.0, 3.5, 7.0), unit="micrometer")
        >>> z.index(1), z.index(-1), z.index(6.0)
        (1, 2, 2)
        """
        if isinstance(wanted, bool):
            raise self._unknown(wanted)
        if isinstance(wanted, numbers.Integral):
            if -self.size <= int(wanted) < self.size:
                return int(wanted) % self.size
        elif self.values is not None and wanted in self.values:
            return self.values.index(wanted)
        elif isinstance(wanted, numbers.Real) and self.is_numeric:
            return self._nearest(float(wanted))
        raise self._unknown(wanted)

    @property
    def is_numeric(self) -> bool:
        """Whether the coordinate is a number, so that "nearest" has a meaning."""
        return self.values is not None and all(isinstance(value, numbers.Real) for value in self.values)

    def _nearest(self, wanted: float) -> int:
        values = [float(value) for value in self.values or ()]
        step = abs(values[-1] - values[0]) / max(1, self.size - 1)
        best = min(range(self.size), key=lambda i: abs(values[i] - wanted))
        # Half a plane beyond the ends still lies inside the outermost plane.
        if self.size > 1 and not abs(values[best] - wanted) <= step:
            raise self._unknown(wanted)
        return best

    def _unknown(self, wanted: object) -> SelectionError:
        ends = "" if self.values is None else f", or {self.values[0]!r} to {self.values[-1]!r}"
        unit = f" {self.unit}" if self.unit and ends else ""
        return SelectionError(
            f"there is no {self.name} = {wanted!r} here\n"
            f"  expected a plane number 0 to {self.size - 1} (int){ends}{unit} (coordinate)",
            kind="position-out-of-range",
            dim=self.name,
        )


@dataclass(frozen=True, kw_only=True)
class ViewState:
    """Everything that decides what a picture shows, but the pixels themselves."""

    level: str
    """Name of the level read: ``"scale1"``."""
    channels: tuple[Channel, ...] = ()
    """All channels in the image's order; empty for an image of labels."""
    dimensions: tuple[Dimension, ...] = ()
    """Dimensions to move along, in the image's order."""
    positions: tuple[int, ...] = ()
    """Plane shown of each of ``dimensions``, counted from 0."""
    labels: str | None = None
    """Name of the label image laid over, or None."""
    outline: bool = True
    """Whether labels are drawn as outlines (else as transparent areas)."""
    opacity: float = 0.4
    """Of labels drawn as areas, 0 to 1."""
    box: Box | None = None
    """What the screen shows of the plane; None: all of it."""

    @property
    def at(self) -> dict[str, int]:
        """Dimension name to plane shown."""
        return {d.name: i for d, i in zip(self.dimensions, self.positions, strict=True)}

    @property
    def active(self) -> tuple[Channel, ...]:
        """The channels shown."""
        return tuple(channel for channel in self.channels if channel.active)

    def moved(self, **positions: object) -> ViewState:
        """The same view at other planes; see :meth:`Dimension.index` for what a position may be.

        Raises
        ------
        SelectionError
            kind ``"position-out-of-range"`` or ``"dimension-unknown"``.
        """
        names = [dimension.name for dimension in self.dimensions]
        for name in positions:
            if name not in names:
                raise SelectionError(
                    f'there is no dimension "{name}" to move along{near(name, names)}',
                    kind="dimension-unknown",
                    dim=name,
                )
        places = tuple(
            d.index(positions[d.name]) if d.name in positions else i
            for d, i in zip(self.dimensions, self.positions, strict=True)
        )
        return dataclasses.replace(self, positions=places)

    def changed(self, channel: str, **looks: Any) -> ViewState:
        """The same view with one channel's ``color``, ``window``, ``gamma`` or ``active`` changed.

        Raises
        ------
        SelectionError
            kind ``"channel-unknown"``, ``"color"``, ``"window"`` or ``"gamma"``.
        """
        number = channel_index(channel, [c.name for c in self.channels])
        channels = list(self.channels)
        channels[number] = dataclasses.replace(channels[number], **looks)
        return dataclasses.replace(self, channels=tuple(channels))

    def with_windows(self, windows: Mapping[str, Window]) -> ViewState:
        """The same view, with windows for those channels that had none yet."""
        channels = tuple(
            c if c.window or c.name not in windows else dataclasses.replace(c, window=windows[c.name])
            for c in self.channels
        )
        return dataclasses.replace(self, channels=channels)

    def at_level(self, level: str, dimensions: tuple[Dimension, ...]) -> ViewState:
        """The same view on another level, whose dimensions may have fewer or more planes."""
        places = tuple(
            same_place(i, old.size, new.size)
            for i, old, new in zip(self.positions, self.dimensions, dimensions, strict=True)
        )
        return dataclasses.replace(self, level=level, dimensions=dimensions, positions=places)

    def automatic(self) -> ViewState:
        """The same view, with the windows of active channels to be taken from the plane shown next."""
        channels = tuple(dataclasses.replace(c, window=None) if c.active else c for c in self.channels)
        return dataclasses.replace(self, channels=channels)


def same_place(index: int, size: int, other: int) -> int:
    """The plane at the same place in a stack of another number of planes.

    Examples
    --------
    >>> same_place(5, 20, 10), same_place(2, 10, 20), same_place(3, 7, 7)
    (2, 5, 3)
    """
    return min(other - 1, (2 * index + 1) * other // (2 * size))


def state_of(
    image: xr.DataArray, layout: Layout, *, level: str, channels: Any = None, labels: str | None = None
) -> ViewState:
    """The view that an image asks for: its own colours and windows, first time point, middle of the stack.

    Parameters
    ----------
    image : DataArray
        One level of an image.
    layout : Layout
        Its plane, channels and other dimensions.
    level : str
        Name of the level.
    channels : str, int, sequence of these, or mapping, optional
        Which channels to show; see :func:`fairlab.view`.
    labels : str, optional
        Name of the label image laid over.

    Raises
    ------
    SelectionError
        kind ``"channel-unknown"``, ``"color"`` or ``"window"``.
    """
    dimensions = dimensions_of(image, layout)
    return ViewState(
        level=level,
        channels=chosen(stated_channels(image, layout), channels),
        dimensions=dimensions,
        # Time starts at its beginning; the middle of a stack is where most objects are in focus.
        positions=tuple(d.size // 2 if d.name == "z" else 0 for d in dimensions),
        labels=labels,
    )


def dimensions_of(image: xr.DataArray, layout: Layout) -> tuple[Dimension, ...]:
    """The dimensions of one level to move along."""
    return tuple(_dimension(image, name) for name in layout.others)


def _dimension(image: xr.DataArray, name: str) -> Dimension:
    if name not in image.coords:
        return Dimension(name=name, size=image.sizes[name])
    coord = image.coords[name]
    numeric = coord.dtype.kind in "iuf"
    values = tuple(coord.values.tolist() if numeric else map(str, coord.values))
    unit = coord.attrs.get("units")
    return Dimension(
        name=name, size=len(values), values=values, unit=unit if isinstance(unit, str) and unit else None
    )
