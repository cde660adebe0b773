"""What the front-end must know of an image before it asks for the first tile: plain data, without any pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.ngff.units import SYMBOLS, unit_name
from fairlab.quantities import unit_um
from fairlab.widgets import scale_bar, words
from fairlab.widgets.layout import plane_dims
from fairlab.widgets.rulers import ruler, spanning
from fairlab.widgets.state import plain
from fairlab.widgets.tiles import SIDE

if TYPE_CHECKING:
    import xarray as xr

    from fairlab.widgets.reading import Plane
    from fairlab.widgets.rulers import Ruler
    from fairlab.widgets.scene import Levels, Scene
    from fairlab.widgets.state import Dimension, ViewState

_WIDEST_PX = 10_000
"""Of full resolution, on the widest screen that shows an image as small as can be."""


def description(scene: Scene, state: ViewState) -> dict[str, Any]:
    """Geometry, dimensions, labels and words of a scene.

    Parameters
    ----------
    scene : Scene
        What is looked at.
    state : ViewState
        A state of it at full resolution.
    """
    x = scene.columns[0]
    micrometers = None if x.is_counted or x.unit is None else unit_um(x.unit)
    return {
        "title": scene.words.title,
        "credit": words.credit(scene),
        "type": str(scene.finest.dtype),
        "bytes": scene.finest.dtype.itemsize,
        "aspect": scene.aspect(next(iter(scene.levels))),
        "y": _axis(scene.layout.y, scene.rows[0]),
        "x": _axis(scene.layout.x, x),
        "words": _in_words(scene, state),
        "keys": words.KEYS,
        "bars": scale_bar.bars(
            None if micrometers is None else abs(x.step) * micrometers, most_px=max(_WIDEST_PX, x.size)
        ),
        "levels": [
            {"name": name, "side": SIDE, **_place(scene, rows, columns)}
            for name, rows, columns in zip(scene.levels, scene.rows, scene.columns, strict=True)
        ],
        "dimensions": [_dimension(dimension) for dimension in state.dimensions],
        "labels": {name: _label_levels(scene, levels) for name, levels in scene.labels.items()},
        "is_labels": scene.layout.is_labels,
        "is_rgb": scene.layout.is_rgb,
    }


def _in_words(scene: Scene, state: ViewState) -> str:
    """The image for readers who do not see it."""
    channels = ", ".join(channel.name for channel in state.channels)
    size = f"{scene.columns[0].size} by {scene.rows[0].size} pixels"
    parts = (scene.words.title or "Image", size, f"channels {channels}" if channels else "")
    return "; ".join(part for part in parts if part)


def first_place(scene: Scene, shown: ViewState, plane: Plane) -> dict[str, Any]:
    """Where the plane lies that was read for the first picture, and which part of the image the picture shows."""
    number = list(scene.levels).index(shown.level)
    place = _place(scene, scene.rows[number], scene.columns[number])
    parts, sizes = scene.crop(shown.level, shown.box), plane.values.shape[1:]
    found: dict[str, Any] = {"side": max(sizes)}
    for dim, part, step, size in zip("yx", parts, plane.steps, sizes, strict=True):
        offset, factor = place[dim]["offset"], place[dim]["factor"]
        found[dim] = {
            "offset": offset + part.start * factor,
            "factor": step * factor,
            "size": size,
            "ends": [offset + part.start * factor, offset + part.stop * factor],
        }
    return found


def _axis(dim: str, ruler: Ruler) -> dict[str, Any]:
    return {"dim": dim, "first": ruler.first, "step": ruler.step, "symbol": _symbol(ruler.unit)}


def _symbol(unit: str | None) -> str:
    return SYMBOLS.get(unit_name(unit) or "", unit) if unit else "px"


def _place(scene: Scene, rows: Ruler, columns: Ruler) -> dict[str, Any]:
    """Where a level lies, counted in samples of full resolution from the image's corner."""
    return {"y": _along(scene.rows[0], rows), "x": _along(scene.columns[0], columns)}


def _along(finest: Ruler, level: Ruler) -> dict[str, float]:
    factor = level.step / finest.step
    offset = (level.first - finest.first) / finest.step + 0.5 - factor / 2
    return {"offset": offset, "factor": factor, "size": level.size}


def _dimension(dimension: Dimension) -> dict[str, Any]:
    unit = f" {_symbol(dimension.unit)}" if dimension.unit else ""
    texts = None if dimension.values is None else [f"{plain(value)}{unit}" for value in dimension.values]
    return {"name": dimension.name, "size": dimension.size, "texts": texts}


def _label_levels(scene: Scene, levels: Levels) -> list[dict[str, Any]]:
    return [
        {
            "side": SIDE,
            **_place(
                scene,
                _beside(array, plane_dims(array)[0], scene.rows[0]),
                _beside(array, plane_dims(array)[1], scene.columns[0]),
            ),
        }
        for array in levels.values()
    ]


def _beside(labels: xr.DataArray, dim: str, image: Ruler) -> Ruler:
    """The ruler of labels in the image's unit; without positions they span the image's field."""
    own = None if image.is_counted else ruler(labels, dim, unit=image.unit)
    return own or spanning(image, labels.sizes[dim])
