"""From a scene and a state to bare pixels: what is read, in its windows, with labels over it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.widgets import canvas
from fairlab.widgets.compositing import auto_window, composite, overlay
from fairlab.widgets.reading import Plane, read_labels, read_plane
from fairlab.widgets.scene import scene_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from fairlab.widgets.scene import Scene
    from fairlab.widgets.state import ViewState

PREVIEW_BYTES = 256 * 1024
"""Numbers that travel with a live widget, so that contrast can be set while the kernel is busy."""


@dataclass(frozen=True, kw_only=True)
class Painting:
    """Bare pixels and what they show."""

    pixels: NDArray[np.uint8]
    """``(y, x, 3)``."""
    state: ViewState
    """What is shown, with the windows that were taken from the plane filled in."""
    plane: Plane
    """The numbers that were read."""
    blank: tuple[str, ...]
    """Channels without any finite number."""
    labels_shown: bool
    """Whether there were labels at this plane."""


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What a front-end shows before it has asked for anything: the picture, and its numbers with gaps."""

    jpeg: bytes
    """The picture, without scale bar and words."""
    plane: Plane
    """Numbers of the active channels, thinned to :data:`PREVIEW_BYTES`."""


def preview(painting: Painting) -> Preview:
    """The preview of a painting; the painting itself need not be kept."""
    values, steps, thin = painting.plane.values, painting.plane.steps, 1
    while values[:, ::thin, ::thin].nbytes > PREVIEW_BYTES:
        thin += 1
    plane = Plane(values=values[:, ::thin, ::thin].copy(), steps=(steps[0] * thin, steps[1] * thin))
    return Preview(jpeg=canvas.jpeg(canvas.image(painting.pixels)), plane=plane)


def paint(
    scene: Scene,
    state: ViewState,
    box: tuple[int, int],
    *,
    max_pixels: int,
    thickness: int = 2,
    whole: bool = True,
) -> Painting:
    """Paint one plane as large as a box of rows and columns has room for, in its physical proportion.

    Parameters
    ----------
    scene, state : Scene, ViewState
        What is looked at, and how; windows left open are taken from the plane (percentiles).
    box : tuple of int
        Rows and columns there is room for.
    max_pixels : int
        Rows and columns read at most.
    thickness : int
        Of outlines of labels, px.
    whole : bool
        Enlarge square pixels a whole number of times only.
    """
    plane = read_plane(scene, state, max_pixels=max_pixels)
    state, blank = _with_windows(state, plane)
    rows, columns = scene.crop(state.level, state.box)
    sizes = rows.stop - rows.start, columns.stop - columns.start
    shape = fitted(sizes, aspect=scene.aspect(state.level), box=box, whole=whole)
    if state.active:
        pixels = canvas.resized(composite(list(plane.values), state.active), *shape)
    else:
        pixels = np.zeros((*shape, 3), np.uint8)
    labels = read_labels(scene, state, shape, max_pixels=max_pixels)
    if labels is not None:
        outline = state.outline and not scene.layout.is_labels
        opacity = 1.0 if scene.layout.is_labels else state.opacity
        pixels = overlay(pixels, labels, outline=outline, opacity=opacity, thickness=thickness)
    return Painting(pixels=pixels, state=state, plane=plane, blank=blank, labels_shown=labels is not None)


def _with_windows(state: ViewState, plane: Plane) -> tuple[ViewState, tuple[str, ...]]:
    """The state with its open windows taken from the plane, and the channels without any finite number."""
    pairs = list(zip(state.active, plane.values, strict=True))
    windows = {c.name: auto_window(values) for c, values in pairs if c.window is None}
    blank = tuple(c.name for c, values in pairs if values.dtype.kind == "f" and not np.isfinite(values).any())
    return state.with_windows(windows), blank


def fitted(
    sizes: tuple[int, int], *, aspect: float, box: tuple[int, int], whole: bool = True
) -> tuple[int, int]:
    """Rows and columns at which a plane fits a box, in its physical proportion.

    Parameters
    ----------
    sizes : tuple of int
        Rows and columns of the plane.
    aspect : float
        Height of a pixel divided by its width.
    box : tuple of int
        Rows and columns there is room for.
    whole : bool
        Enlarge square pixels a whole number of times only, so that all stay equally large.

    Examples
    --------
    >>> fitted((100, 200), aspect=1.0, box=(720, 720)), fitted((100, 200), aspect=4.0, box=(720, 720))
    ((300, 600), (720, 360))
    """
    height, width = sizes[0] * aspect, float(sizes[1])
    factor = min(box[0] / height, box[1] / width)
    if whole and aspect == 1.0 and factor > 1:
        factor = int(factor)
    return max(1, round(height * factor)), max(1, round(width * factor))


def miniature(obj: Any, *, side: int = 160, channels: Any = None) -> bytes:
    """A small picture of an image, bare, as PNG: first time point, middle of the stack.

    Parameters
    ----------
    obj : DataTree, Dataset, DataArray, array, Record, path-like or str
        What :func:`fairlab.view` takes.
    side : int
        Longer side, px; the coarsest level that has as many pixels is read, so this is cheap.
    channels : optional
        See :func:`fairlab.view`.

    Examples
    --------
    >>> miniature(np.eye(9))[1:4]
    b'PNG'
    """
    scene, labels = scene_of(obj)
    state = scene.state(level=scene.level_from(side), channels=channels, labels=labels, positions={})
    state = dataclasses.replace(state, outline=False)
    painted = paint(scene, state, (side, side), max_pixels=2 * side, thickness=1, whole=False)
    return canvas.png(canvas.image(painted.pixels))
