"""A plate as one picture: wells in their rows and columns, missing ones hatched, values with their legend."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fairlab.widgets import canvas

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from PIL.Image import Image

_WIDTH: Final = 1200
_MOST_BYTES: Final = 700_000
_FEW_COLORS: Final = 48
_GAP: Final = 3
_ABSENT: Final = ((236, 236, 238), (212, 212, 216))
_FAILED: Final = ((250, 236, 236), (226, 150, 146))
_WAITING: Final = (240, 240, 242)


def draw_sheet(
    rows: Sequence[str],
    columns: Sequence[str],
    pictures: Mapping[tuple[int, int], bytes | None],
    *,
    present: NDArray[np.bool_],
    shape: tuple[int, int],
    title: str,
    legend: Mapping[str, Any] | None,
    colors: Mapping[tuple[int, int], str],
    credit: str,
) -> bytes:
    """The grid as PNG.

    Parameters
    ----------
    rows, columns : sequence of str
        Names of rows and columns.
    pictures : mapping
        Row and column to a JPEG, or None where it could not be read, which is hatched in red; wells that are left
        out are drawn as empty cells.
    present : numpy.ndarray
        ``(row, column)``: whether there is something to show; what is not there is hatched.
    shape : tuple of int
        Rows and columns of each picture, px.
    title, credit : str
        Lines above and below.
    legend, colors : mapping
        Name, ends and colours of the values; and the colour of each well, drawn as its frame.
    """
    width = max(16, min(shape[1], (_WIDTH - 40) // max(1, len(columns)) - _GAP))
    height = max(8, round(shape[0] * width / shape[1]))
    frame = max(2, width // 16) if colors else 0
    size, left, top = 12, 34, 20
    step_x, step_y = width + 2 * frame + _GAP, height + 2 * frame + _GAP
    sheet = canvas.blank(left + step_x * len(columns), top + step_y * len(rows))
    for c, name in enumerate(columns):
        canvas.centred(sheet, name, left + c * step_x + (step_x - _GAP) // 2, top // 2, size=size)
    for r, name in enumerate(rows):
        y = top + r * step_y
        canvas.centred(sheet, name, left // 2, y + (step_y - _GAP) // 2, size=size)
        for c in range(len(columns)):
            x = left + c * step_x
            color = colors.get((r, c), "")
            if color:
                sheet.paste(color, (x, y, x + width + 2 * frame, y + height + 2 * frame))
            cell = _cell(pictures.get((r, c), b""), present=bool(present[r, c]), shape=(height, width))
            sheet.paste(cell, (x + frame, y + frame))
    parts: list[Image] = [canvas.text_strip(title, sheet.width, size=17, bold=True)] if title else []
    parts.append(sheet)
    if legend:
        parts.append(_legend(legend))
    if credit:
        parts.append(canvas.text_strip(credit, sheet.width, size=13, color=canvas.GREY, max_lines=3))
    return _small(canvas.stack(parts, gap=6, margin=8))


def _small(sheet: Image) -> bytes:
    """The sheet as PNG, with fewer colours where camera noise would make a notebook heavy."""
    content = canvas.png(sheet)
    return content if len(content) <= _MOST_BYTES else canvas.png(sheet.quantize(_FEW_COLORS))


def _cell(jpeg: bytes | None, *, present: bool, shape: tuple[int, int]) -> Image:
    if jpeg:
        small: Image = canvas.pillow().open(io.BytesIO(jpeg)).convert("RGB").resize((shape[1], shape[0]))
        return small
    if present and jpeg is not None:
        return canvas.image(np.full((*shape, 3), _WAITING, np.uint8))
    row, column = np.indices(shape)
    stripes = ((row + column) // 4 % 2).astype(np.intp)
    return canvas.image(np.array(_FAILED if present else _ABSENT, np.uint8)[stripes])


def _legend(legend: Mapping[str, Any]) -> Image:
    """Name, lowest value, the colours, highest value."""
    anchors = np.array([list(bytes.fromhex(color[1:])) for color in legend["colors"]], float)
    place = np.linspace(0, len(anchors) - 1, 160)
    bar = np.stack(
        [np.interp(place, np.arange(len(anchors)), anchors[:, band]) for band in range(3)], axis=-1
    )
    ramp = canvas.image(np.broadcast_to(np.rint(bar).astype(np.uint8), (12, 160, 3)).copy())
    words = [
        canvas.text_strip(text, canvas.width_of(text, size=13), size=13)
        for text in (f"{legend['name']}:  {legend['low']}", legend["high"])
    ]
    return canvas.beside([words[0], ramp, words[1]], gap=8)
