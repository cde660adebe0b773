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
from fairlab.widgets.painting import paint, preview
from fairlab.widgets.scene import Scene, scene_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from fairlab.widgets.painting import Painting, Preview
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
    preview: Preview
    """The picture without words, for a live widget."""

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
    painting: Painting


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
        image=sheet,
        state=body.state,
        text=words.in_words(scene, body.state, bar=body.bar, notes=body.notes),
        preview=preview(body.painting),
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
    painted = paint(
        scene, state, box, max_pixels=max_pixels, thickness=max(1, round(1.5 * scale)), whole=whole
    )
    bar = _bar(scene, painted.state, painted.pixels.shape[1])
    return _Body(
        image=_with_bar(painted.pixels, bar, scale),
        state=painted.state,
        bar=bar,
        notes=words.notes(scene, painted),
        painting=painted,
    )


def _bar(scene: Scene, state: ViewState, width: int) -> ScaleBar | None:
    _, part = scene.crop(state.level, state.box)
    columns, (_, pixel_um) = part.stop - part.start, scene.pixel_um(state.level)
    finest = scene.finest.sizes[scene.layout.x] / scene.levels[state.level].sizes[scene.layout.x]
    return scale_bar.choose(
        width,
        pixel_um=None if pixel_um is None else pixel_um * columns / width,
        pixel_px=finest * columns / width,
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
