"""Pillow's one door: letters, strips of text, pictures put together, and PNG."""

from __future__ import annotations

import functools
import importlib.util
import io
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.errors import missing_extra

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from PIL import Image
    from PIL.ImageFont import FreeTypeFont

INK = (28, 28, 28)
GREY = (90, 90, 90)
PAPER = (255, 255, 255)

# Pillow's built-in font draws little beyond ASCII; these say the same in ASCII.
_ASCII = {
    "µ": "u", "μ": "u", "–": "-", "—": "-", "…": "...", "·": "|", "×": "x", "‘": "'", "’": "'", "“": '"', "”": '"',
    "ß": "ss", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "æ": "ae", "œ": "oe", "α": "alpha", "β": "beta",
    "γ": "gamma", "δ": "delta", "κ": "kappa", "λ": "lambda",
}  # fmt: skip


def pillow() -> Any:
    """Pillow's module ``PIL.Image``.

    Raises
    ------
    MissingExtraError
        Pillow is not installed.
    """
    try:
        from PIL import Image
    except ImportError as exc:
        raise missing_extra("widgets", "draw a picture", exc) from exc
    return Image


@functools.lru_cache(maxsize=64)
def font(size: int, *, bold: bool = False) -> FreeTypeFont:
    """A font of ``size`` pixels: DejaVu Sans, which knows µ and Greek, else the one built into Pillow."""
    pillow()
    from PIL import ImageFont

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    for place in (_beside_matplotlib(name), name):
        try:
            return ImageFont.truetype(place, size)
        except OSError:  # not installed: the next place
            continue
    builtin = ImageFont.load_default(size=size)
    assert isinstance(builtin, ImageFont.FreeTypeFont)  # Pillow's wheels carry FreeType
    return builtin


def _beside_matplotlib(name: str) -> str:
    """Where matplotlib, if installed, keeps the font; it is not imported for that."""
    spec = importlib.util.find_spec("matplotlib")
    folders = (spec.submodule_search_locations if spec else None) or [""]
    return str(Path(folders[0]) / "mpl-data" / "fonts" / "ttf" / name)


def drawable(text: str, letters: FreeTypeFont) -> str:
    """The text on one line, with characters that the font lacks written in ASCII or as "?"."""
    plain = "".join(" " if c.isspace() else c for c in text if c.isprintable() or c.isspace())
    return "".join(c if c.isascii() or _has(letters, c) else _ascii(c) for c in plain)


def _has(letters: FreeTypeFont, character: str) -> bool:
    def pixels(c: str) -> tuple[tuple[int, int], bytes]:
        mask = letters.getmask(c)
        return mask.size, bytes(mask)

    return pixels(character) != pixels("\ue000")  # a private character, so always drawn as "missing"


def _ascii(character: str) -> str:
    base = unicodedata.normalize("NFKD", character).encode("ascii", "ignore").decode()
    return _ASCII.get(character) or base or "?"


def wrap(text: str, letters: FreeTypeFont, width: int, *, max_lines: int) -> list[str]:
    """Lines that fit ``width`` pixels; the last one ends in dots when the text is longer than ``max_lines``."""
    lines: list[str] = []
    for word in drawable(text, letters).split():
        for piece in _pieces(word, letters, width):
            if lines and letters.getlength(f"{lines[-1]} {piece}") <= width:
                lines[-1] = f"{lines[-1]} {piece}"
            else:
                lines.append(piece)
        if len(lines) > max_lines:
            break  # a description may be a whole page
    if len(lines) <= max_lines:
        return lines
    last = lines[max_lines - 1]
    while last and letters.getlength(f"{last} ...") > width:
        last = last[:-1].rstrip()
    return [*lines[: max_lines - 1], f"{last} ...".strip()]


def width_of(text: str, *, size: int) -> int:
    """Width of a text with its halo, in pixels."""
    letters = font(size)
    return round(letters.getlength(drawable(text, letters))) + 2 * max(1, size // 8)


def _pieces(word: str, letters: FreeTypeFont, width: int) -> list[str]:
    """A word cut where it is wider than the line: addresses and identifiers have no spaces."""
    pieces, rest = [], word
    while letters.getlength(rest) > width and len(rest) > 1:
        cut = len(rest)
        while cut > 1 and letters.getlength(rest[:cut]) > width:
            cut -= max(1, cut // 16)
        pieces.append(rest[:cut])
        rest = rest[cut:]
    return [*pieces, rest]


def text_strip(
    text: str,
    width: int,
    *,
    size: int,
    bold: bool = False,
    color: tuple[int, int, int] = INK,
    max_lines: int = 2,
    pad_lines: int = 0,
) -> Image.Image:
    """Text on white, wrapped to ``width`` pixels; at least ``pad_lines`` high, the text at the bottom."""
    from PIL import ImageDraw

    letters = font(size, bold=bold)
    lines = wrap(text, letters, width, max_lines=max_lines)
    step = round(size * 1.35)
    strip = blank(width, step * max(len(lines), pad_lines))
    pen = ImageDraw.Draw(strip)
    first = max(0, pad_lines - len(lines))
    for number, line in enumerate(lines, start=first):
        pen.text((0, number * step), line, font=letters, fill=color)
    return strip


def legend_strip(items: Sequence[tuple[str, tuple[int, int, int]]], width: int, *, size: int) -> Image.Image:
    """Names behind squares of their colours, in as many rows as they take."""
    from PIL import ImageDraw

    letters = font(size)
    step, box, gap = round(size * 1.45), round(size * 0.85), round(size * 0.45)
    x, row = 0, 0
    placed: list[tuple[int, int, str, tuple[int, int, int]]] = []
    for name, color in items:
        shown = (wrap(name, letters, max(1, width - box - gap), max_lines=1) or ["unnamed"])[0]
        wide = box + gap + round(letters.getlength(shown))
        if x and x + wide > width:
            x, row = 0, row + 1
        placed.append((x, row, shown, color))
        x += wide + 3 * gap
    strip = blank(width, step * (row + 1))
    pen = ImageDraw.Draw(strip)
    for x, row, name, color in placed:
        top = row * step + round((size * 1.2 - box) / 2)
        pen.rectangle((x, top, x + box - 1, top + box - 1), fill=color, outline=GREY)
        pen.text((x + box + gap, row * step), name, font=letters, fill=INK)
    return strip


def mark(picture: Image.Image, text: str, middle: int, bottom: int, *, size: int, is_white: bool) -> None:
    """Write ``text`` above a point of a picture, in a halo, inside its edges."""
    from PIL import ImageDraw

    letters = font(size)
    shown = drawable(text, letters)
    halo = max(1, size // 8)
    half = letters.getlength(shown) / 2 + halo
    center = min(max(middle, half), max(half, picture.width - half))
    ink, ground = ((255, 255, 255), (0, 0, 0)) if is_white else ((0, 0, 0), (255, 255, 255))
    ImageDraw.Draw(picture).text(
        (center, bottom), shown, font=letters, fill=ink, stroke_width=halo, stroke_fill=ground, anchor="mb"
    )


def centred(picture: Image.Image, text: str, x: int, y: int, *, size: int) -> None:
    """Write a short text around a point."""
    from PIL import ImageDraw

    letters = font(size)
    ImageDraw.Draw(picture).text((x, y), drawable(text, letters), font=letters, fill=GREY, anchor="mm")


def blank(width: int, height: int) -> Image.Image:
    """White paper."""
    paper: Image.Image = pillow().new("RGB", (max(1, width), max(1, height)), PAPER)
    return paper


def image(pixels: NDArray[np.uint8]) -> Image.Image:
    """A picture from ``(y, x, 3)`` bytes."""
    made: Image.Image = pillow().fromarray(np.ascontiguousarray(pixels))
    return made


def resized(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """The picture at another size: pixels repeated when it grows, averaged when it shrinks."""
    if pixels.shape[:2] == (height, width):
        return pixels
    return np.array(image(pixels).resize((width, height), pillow().Resampling.BOX))


def stack(parts: Sequence[Image.Image], *, gap: int, margin: int) -> Image.Image:
    """Pictures one below the other, left edges in line."""
    height = sum(part.height for part in parts) + gap * (len(parts) - 1)
    sheet = blank(max(part.width for part in parts) + 2 * margin, height + 2 * margin)
    y = margin
    for part in parts:
        sheet.paste(part, (margin, y))
        y += part.height + gap
    return sheet


def beside(parts: Sequence[Image.Image], *, gap: int) -> Image.Image:
    """Pictures side by side, upper edges in line."""
    width = sum(part.width for part in parts) + gap * (len(parts) - 1)
    sheet = blank(width, max(part.height for part in parts))
    x = 0
    for part in parts:
        sheet.paste(part, (x, 0))
        x += part.width + gap
    return sheet


def png(picture: Image.Image) -> bytes:
    """The picture as PNG."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    return buffer.getvalue()


def jpeg(picture: Image.Image) -> bytes:
    """The picture as JPEG: a third of its PNG, for what is shown for a moment."""
    buffer = io.BytesIO()
    picture.save(buffer, format="JPEG", quality=85)
    return buffer.getvalue()
