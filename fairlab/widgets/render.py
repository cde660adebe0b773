"""From a scene and a state to a picture that stands alone: image, scale bar, legend, title, licence.

The same picture is shown live, saved in notebooks and written to files. It is physically true: pixels that
are not square are drawn in their proportion, and the scale bar is right to a pixel.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.errors import QueryError
from fairlab.widgets import canvas, scale_bar, words
from fairlab.widgets.compositing import auto_window, composite, overlay
from fairlab.widgets.reading import read_labels, read_plane
from fairlab.widgets.scene import Scene, scene_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from fairlab.widgets.reading import Plane
    from fairlab.widgets.scale_bar import ScaleBar
    from fairlab.widgets.state import ViewState

_LEAST_WIDTH = 360
"""Width of the strips of text below which words are cut into pieces, px."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A finished picture."""

    image: Image
    """The pixels, with title and caption."""
    state: ViewState
    """What is shown, with the windows that were taken from the plane filled in."""
    text: str
    """The picture in words, for readers who do not see it."""

    def png(self) -> bytes:
        """The picture as PNG; encoded once."""
        return self._encoded

    @functools.cached_property
    def _encoded(self) -> bytes:
        return canvas.png(self.image)


@dataclass(frozen=True, kw_only=True)
class _Body:
    """The image alone, with its scale bar."""

    image: Image
    state: ViewState
    bar: ScaleBar | None
    notes: tuple[str, ...]


def draw(
    scene: Scene, state: ViewState, *, width: int = 720, max_pixels: int = 1024, scale: float = 1.0
) -> Picture:
    """Draw one plane.

    Parameters
    ----------
    scene : Scene
        What is looked at.
    state : ViewState
        Which plane of which level, and how; windows left open are taken from the plane (percentiles).
    width : int
        Longer side of the image as drawn, px.
    max_pixels : int
        Rows and columns read at most.
    scale : float
        Everything this many times as large: 2 for print.

    Raises
    ------
    MissingExtraError
        Pillow is not installed.
    """
    canvas.pillow()
    side = round(width * scale)
    body = _body(scene, state, (side, side), max_pixels=max_pixels, scale=scale)
    room = max(body.image.width, min(side, round(_LEAST_WIDTH * scale)))
    parts: list[Image] = []
    if scene.words.title:
        parts.append(canvas.text_strip(scene.words.title, room, size=round(17 * scale), bold=True))
    parts.append(body.image)
    legend = words.legend(scene, body.state)
    if legend:
        parts.append(canvas.legend_strip(legend, room, size=round(14 * scale)))
    place = words.BETWEEN.join([*words.places(body.state), *body.notes])
    if place:
        parts.append(canvas.text_strip(place, room, size=round(14 * scale), max_lines=3))
    if words.credit(scene):
        parts.append(
            canvas.text_strip(
                words.credit(scene), room, size=round(13 * scale), color=canvas.GREY, max_lines=3
            )
        )
    sheet = canvas.stack(parts, gap=round(6 * scale), margin=round(8 * scale))
    return Picture(
        image=sheet, state=body.state, text=words.in_words(scene, body.state, bar=body.bar, notes=body.notes)
    )


def overview(
    images: Sequence[Any],
    *,
    titles: Sequence[str],
    labels: Sequence[Any] | None = None,
    captions: Sequence[str] | None = None,
    height: int = 400,
    columns: int = 3,
) -> bytes:
    """A contact sheet: several pictures side by side on white, each with its title and caption.

    Parameters
    ----------
    images : sequence
        Each whatever :func:`fairlab.view` takes.
    titles : sequence of str
        One for each image.
    labels : sequence, optional
        For each image None, the name of a label image of it, or labels from elsewhere; drawn as outlines.
    captions : sequence of str, optional
        One for each image; by default its licence and credit.
    height : int
        Height of each picture, px.
    columns : int
        Pictures in one row, at most.

    Returns
    -------
    bytes
        PNG.

    Raises
    ------
    QueryError
        kind ``"overview"``: no image, or titles, labels or captions of another number than images.
    """
    for name, given in (("titles", titles), ("labels", labels), ("captions", captions)):
        if given is not None and len(given) != len(images):
            raise QueryError(f"{len(images)} images but {len(given)} {name}; give one each", kind="overview")
    if not images:
        raise QueryError("an overview needs at least one image", kind="overview")
    canvas.pillow()
    nothing = [None] * len(images)
    cells = [
        _cell(image, title, own, caption, height=height)
        for image, title, own, caption in zip(
            images, titles, labels or nothing, captions or nothing, strict=True
        )
    ]
    rows = [cells[i : i + columns] for i in range(0, len(cells), columns)]
    return canvas.png(canvas.stack([_row(row, scale_px=height) for row in rows], gap=28, margin=24))


@dataclass(frozen=True, kw_only=True)
class _Cell:
    title: str
    caption: str
    legend: list[tuple[str, tuple[int, int, int]]]
    body: _Body


def _cell(image: Any, title: str, labels: Any, caption: str | None, *, height: int) -> _Cell:
    scene, name = scene_of(image, labels=labels)
    state = scene.state(level=scene.level_for(2 * height), labels=name, positions={})
    body = _body(scene, state, (height, 2 * height), max_pixels=2 * height, whole=False)
    return _Cell(
        title=title,
        caption=words.credit(scene) if caption is None else caption,
        legend=words.legend(scene, body.state),
        body=body,
    )


def _row(cells: Sequence[_Cell], *, scale_px: int) -> Image:
    """Cells side by side: titles end on one line, captions begin on one."""
    rooms = [max(cell.body.image.width, 240) for cell in cells]
    letters = canvas.font(17, bold=True)
    lines = max(
        len(canvas.wrap(c.title, letters, room, max_lines=2)) for c, room in zip(cells, rooms, strict=True)
    )
    columns = []
    for cell, room in zip(cells, rooms, strict=True):
        padding = scale_px - cell.body.image.height
        parts = [
            canvas.text_strip(cell.title, room, size=17, bold=True, pad_lines=lines),
            canvas.stack([cell.body.image, canvas.blank(1, padding)], gap=0, margin=0)
            if padding > 0
            else cell.body.image,
            *([canvas.legend_strip(cell.legend, room, size=14)] if cell.legend else []),
            canvas.text_strip(cell.caption, room, size=14, color=canvas.GREY, max_lines=4),
        ]
        columns.append(canvas.stack(parts, gap=6, margin=0))
    return canvas.beside(columns, gap=24)


def _body(
    scene: Scene,
    state: ViewState,
    box: tuple[int, int],
    *,
    max_pixels: int,
    scale: float = 1.0,
    whole: bool = True,
) -> _Body:
    plane = read_plane(scene, state, max_pixels=max_pixels)
    state, blank = _with_windows(state, plane)
    image = scene.levels[state.level]
    sizes = image.sizes[scene.layout.y], image.sizes[scene.layout.x]
    shape = fitted(sizes, aspect=scene.aspect(state.level), box=box, whole=whole)
    if state.active:
        picture = canvas.resized(composite(list(plane.values), state.active), *shape)
    else:
        picture = np.zeros((*shape, 3), np.uint8)
    labels = read_labels(scene, state, shape, max_pixels=max_pixels)
    if labels is not None:
        outline = state.outline and not scene.layout.is_labels
        opacity = 1.0 if scene.layout.is_labels else 0.4
        picture = overlay(
            picture, labels, outline=outline, opacity=opacity, thickness=max(1, round(1.5 * scale))
        )
    bar = _bar(scene, state, shape[1])
    notes = words.notes(scene, state, plane, blank, labels_shown=labels is not None)
    return _Body(image=_with_bar(picture, bar, scale), state=state, bar=bar, notes=notes)


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


def _bar(scene: Scene, state: ViewState, width: int) -> ScaleBar | None:
    columns = scene.levels[state.level].sizes[scene.layout.x]
    _, pixel_um = scene.pixel_um(state.level)
    return scale_bar.choose(
        width,
        pixel_um=None if pixel_um is None else pixel_um * columns / width,
        pixel_px=scene.finest.sizes[scene.layout.x] / width,
    )


def _with_bar(picture: np.ndarray[Any, np.dtype[np.uint8]], bar: ScaleBar | None, scale: float) -> Image:
    """The picture with its bar; below it, on white, when the picture is too small to hold both."""
    size, margin, thickness = round(15 * scale), round(12 * scale), max(2, round(5 * scale))
    if bar is None:
        return canvas.image(picture)
    if min(picture.shape[:2]) < round(110 * scale):
        return canvas.stack([canvas.image(picture), _bar_alone(bar, size, thickness)], gap=0, margin=0)
    drawn = picture.copy()
    middle, top, white = scale_bar.draw(drawn, bar, margin=margin, thickness=thickness)
    image = canvas.image(drawn)
    canvas.mark(image, bar.text, middle, top - max(2, thickness), size=size, is_white=white)
    return image


def _bar_alone(bar: ScaleBar, size: int, thickness: int) -> Image:
    """The bar on white, as wide as it or its text."""
    width = max(bar.width_px, canvas.width_of(bar.text, size=size)) + 2 * thickness
    below = np.full((round(2.3 * size), width, 3), 255, np.uint8)
    middle, top, white = scale_bar.draw(
        below, bar, margin=(width - bar.width_px) // 2, thickness=thickness, floor=thickness
    )
    strip = canvas.image(below)
    canvas.mark(strip, bar.text, middle, top - thickness // 2, size=size, is_white=white)
    return strip
