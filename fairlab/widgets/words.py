"""The words around a picture, as plain text: legend, position, notes, licence and credit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.widgets.compositing import rgb_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.widgets.painting import Painting
    from fairlab.widgets.scale_bar import ScaleBar
    from fairlab.widgets.scene import Scene
    from fairlab.widgets.state import ViewState

BETWEEN = "  ·  "
KEYS = (
    ("drag, arrows", "move"),
    ("wheel, + −", "zoom (click first; Ctrl + wheel always)"),
    ("0", "fit"),
    ("PgUp PgDn", "next, previous plane"),
    ("space", "play"),
    ("1 – 9", "channels on and off"),
    ("A", "automatic contrast"),
    ("Shift + drag, B", "draw a box; take the screen as the box"),
    ("Enter", "pick the object at the cross"),
    ("Esc", "remove the box"),
    ("?", "these keys"),
)
"""What pointer and keys do in the live viewer; ``static/gestures.js`` has them do it."""


def legend(scene: Scene, state: ViewState) -> list[tuple[str, tuple[int, int, int]]]:
    """Names and colours of the channels shown; empty where there is nothing to tell apart."""
    if scene.layout.channel is None or scene.layout.is_rgb:
        return []
    return [(channel.name, rgb_of(channel.color)) for channel in state.active]


def places(state: ViewState) -> list[str]:
    """Where the plane lies, in words."""
    return [
        dimension.text(index)
        for dimension, index in zip(state.dimensions, state.positions, strict=True)
        if dimension.size > 1
    ]


def notes(scene: Scene, painted: Painting) -> tuple[str, ...]:
    """What a reader must know to read the picture rightly."""
    state, steps = painted.state, painted.plane.steps
    notes = []
    if state.labels is not None and not scene.layout.is_labels:
        how = "outlines" if state.outline else "areas"
        notes.append(
            f"{how}: {state.labels}" if painted.labels_shown else f"no labels “{state.labels}” at this plane"
        )
    if max(steps) > 1:
        notes.append(f"drawn: 1 in {steps[0]} rows, 1 in {steps[1]} columns")
    if painted.blank:
        notes.append(f"no finite value in {', '.join(painted.blank)}")
    if state.channels and not state.active:
        notes.append("all channels are off")
    return tuple(notes)


def credit(scene: Scene) -> str:
    """Identifier, licence and whom to credit, on one line."""
    words = scene.words
    stated = f"Licence: {words.license}" if words.license else ""
    return BETWEEN.join(part for part in (words.identifier, stated, words.credit) if part)


def in_words(scene: Scene, state: ViewState, *, bar: ScaleBar | None, notes: Sequence[str]) -> str:
    """The picture for readers who do not see it: title, size, what is shown, licence."""
    words, finest = scene.words, scene.finest
    level = scene.levels[state.level]
    pixel = scene.pixel_um(state.level)
    size = "" if None in pixel else f" of {pixel[0]:.4g} × {pixel[1]:.4g} µm"
    shown = [
        f"{c.name} ({c.color}, {c.window[0]:g} to {c.window[1]:g})" if c.window else c.name
        for c in state.active
    ]
    scale = [f"scale bar {bar.text}"] if bar else []
    licence = (
        f"{words.license} ({words.license_url})" if words.license_url != words.license else words.license
    )
    lines = [
        " — ".join(part for part in (words.title or "image", words.identifier) if part),
        f"{' × '.join(f'{dim} {n:,}' for dim, n in finest.sizes.items())}, {finest.dtype}; shown: {state.level}, "
        f"{level.sizes[scene.layout.y]:,} × {level.sizes[scene.layout.x]:,} pixels{size}",
        "; ".join([*([", ".join(shown)] if shown else []), *places(state), *notes, *scale]),
        "; ".join(part for part in (f"licence: {licence}" if licence else "", words.credit) if part),
    ]
    return "\n".join(" ".join(line.split()) for line in lines if line)
