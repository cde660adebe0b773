"""What is to be looked at: the levels of an image, its labels, and the words that belong under it."""

from __future__ import annotations

import functools
import os
import re
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from fairlab.errors import QueryError, SelectionError, no_sockets
from fairlab.levels import level_names, variable
from fairlab.licenses import license
from fairlab.pixel_sizes import spacing
from fairlab.quantities import unit_um
from fairlab.record import Record
from fairlab.repositories.base import scheme
from fairlab.widgets.channels import near
from fairlab.widgets.layout import Layout, layout_of
from fairlab.widgets.rulers import Ruler, rulers
from fairlab.widgets.state import ViewState, dimensions_of, same_place, state_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Mapping

    from fairlab.widgets.boxes import Box

Levels = dict[str, xr.DataArray]


@dataclass(frozen=True, kw_only=True)
class Words:
    """What is said about an image; repository text, so never trusted as HTML."""

    title: str = ""
    """Title, or the last part of the identifier; empty when there is neither."""
    identifier: str = ""
    """Compact identifier such as ``"sample:nuclei"``; never an address or a path."""
    license: str = ""
    """Name of the licence; ``"unknown"`` for a published image that states none, empty for an array of one's own."""
    license_url: str = ""
    """The licence as stated."""
    credit: str = ""
    """Whom to credit."""


@dataclass(frozen=True, kw_only=True)
class Scene:
    """An image to look at. Lazy: nothing is read before a plane is asked for."""

    levels: Levels
    """Name to pixels, finest first."""
    layout: Layout
    """Roles of the dimensions."""
    labels: Mapping[str, Levels] = field(default_factory=dict)
    """Name to levels of each label image that can be laid over."""
    words: Words = Words()
    """Title, licence, credit."""

    @property
    def finest(self) -> xr.DataArray:
        """Full resolution."""
        return next(iter(self.levels.values()))

    @functools.cached_property
    def rows(self) -> list[Ruler]:
        """Where the rows of each level lie, finest first."""
        return rulers(list(self.levels.values()), self.layout.y)

    @functools.cached_property
    def columns(self) -> list[Ruler]:
        """Where the columns of each level lie, finest first."""
        return rulers(list(self.levels.values()), self.layout.x)

    def crop(self, level: str, box: Box | None) -> tuple[slice, slice]:
        """Rows and columns of a level that a box touches; all of them without a box."""
        number = list(self.levels).index(level)
        rows, columns = self.rows[number], self.columns[number]
        if box is None:
            return slice(0, rows.size), slice(0, columns.size)
        return rows.touching(*box.y), columns.touching(*box.x)

    def level_for(self, max_pixels: int, box: Box | None = None) -> str:
        """The finest level of which a box (or all) has at most ``max_pixels`` a side, else the coarsest."""
        for name in self.levels:
            if max(part.stop - part.start for part in self.crop(name, box)) <= max_pixels:
                return name
        return list(self.levels)[-1]

    def level_from(self, side: int) -> str:
        """The coarsest level whose longer side has at least ``side`` pixels, else the finest."""
        for name, image in reversed(self.levels.items()):
            if max(image.sizes[self.layout.y], image.sizes[self.layout.x]) >= side:
                return name
        return next(iter(self.levels))

    def level_name(self, wanted: object) -> str:
        """The level that a caller names, by name or number.

        Raises
        ------
        SelectionError
            kind ``"level-unknown"``.
        """
        names = list(self.levels)
        if isinstance(wanted, str) and wanted in names:
            return wanted
        if isinstance(wanted, int) and not isinstance(wanted, bool) and 0 <= wanted < len(names):
            return names[wanted]
        raise SelectionError(
            f'there is no level "{wanted}"{near(str(wanted), names)}', kind="level-unknown", level=str(wanted)
        )

    def state(
        self, *, level: str, channels: Any = None, labels: str | None = None, positions: Mapping[str, object]
    ) -> ViewState:
        """The view to begin with, on one level; positions count planes of full resolution."""
        whole = state_of(self.finest, self.layout, level=level, channels=channels, labels=labels)
        return self.at_level(whole.moved(**positions), level)

    def at_level(self, state: ViewState, level: str) -> ViewState:
        """The same view on another level."""
        return state.at_level(level, dimensions_of(self.levels[level], self.layout))

    def finest_places(self, state: ViewState) -> dict[str, int]:
        """The planes of full resolution that a state shows."""
        return {
            d.name: same_place(i, d.size, self.finest.sizes[d.name])
            for d, i in zip(state.dimensions, state.positions, strict=True)
        }

    def pixel_um(self, level: str) -> tuple[float | None, float | None]:
        """Height and width of one pixel of a level in micrometer; None without a unit of length."""
        image = self.levels[level]
        return _pixel_um(image, self.layout.y), _pixel_um(image, self.layout.x)

    def aspect(self, level: str) -> float:
        """Height of a pixel divided by its width; 1.0 when unknown, or when they differ by less than 1 %."""
        image = self.levels[level]
        try:
            height, width = (abs(spacing(image, dim)) for dim in (self.layout.y, self.layout.x))
        except (SelectionError, ValueError, TypeError):  # no numbers, or not evenly spaced
            return 1.0
        units = [image.coords[dim].attrs.get("units") for dim in (self.layout.y, self.layout.x)]
        if units[0] != units[1]:
            height_um, width_um = self.pixel_um(level)
            if height_um is None or width_um is None:
                return 1.0
            height, width = height_um, width_um
        ratio = height / width
        return ratio if np.isfinite(ratio) and abs(ratio - 1) > 0.01 else 1.0


def _pixel_um(image: xr.DataArray, dim: str) -> float | None:
    try:
        step = abs(spacing(image, dim))
    except (SelectionError, ValueError, TypeError):
        return None
    unit = image.coords[dim].attrs.get("units")
    factor = unit_um(unit) if isinstance(unit, str) else None
    return None if factor is None else step * factor


def scene_of(obj: Any, *, labels: Any = None) -> tuple[Scene, str | None]:
    """What is to be looked at, and the name of the labels to lay over.

    Parameters
    ----------
    obj : DataTree, Dataset, DataArray, array, Record, path-like or str
        See :func:`fairlab.view`.
    labels : str, DataTree, Dataset, DataArray or None
        Name of a label image of the tree, or labels from elsewhere.

    Raises
    ------
    QueryError
        kind ``"view-type"``: not something to look at; ``"platform"``: it cannot be opened in JupyterLite.
    SelectionError
        kind ``"labels-unknown"``, ``"labels-dtype"``, or see :func:`~fairlab.widgets.layout.layout_of`.
    """
    if isinstance(obj, str | os.PathLike | Record):
        if sys.platform == "emscripten":
            raise no_sockets()
        from fairlab.image import open_image

        obj = open_image(obj)
    levels = _levels(obj)
    finest = next(iter(levels.values()))
    layout = layout_of(finest)
    own = _labels_of(obj)
    if layout.is_labels:
        own, labels = {"labels": levels}, "labels"
    given: str | None = None
    if isinstance(labels, str):
        if labels not in own:
            raise SelectionError(
                f'there are no labels "{labels}"{near(labels, list(own))}',
                kind="labels-unknown",
                labels=labels,
            )
        given = labels
    elif labels is not None:
        found = _levels(labels)
        given = str(next(iter(found.values())).name or "labels")
        own = {**own, given: found}
    for name, label_levels in own.items():
        _check_labels(name, next(iter(label_levels.values())))
    return Scene(levels=levels, layout=layout, labels=own, words=_words(obj, finest)), given


def _levels(obj: Any) -> Levels:
    if isinstance(obj, xr.DataTree):
        if any(re.fullmatch(r"scale\d+", str(name)) for name in obj.children) or not obj.has_data:
            return {name: variable(obj[name].to_dataset()) for name in level_names(obj)}
        return {str(obj.name or "image"): variable(obj.to_dataset())}
    if isinstance(obj, xr.Dataset | xr.DataArray):
        return {"image": variable(obj)}
    if hasattr(obj, "shape") and hasattr(obj, "dtype"):
        return {"image": xr.DataArray(obj)}
    raise QueryError(
        f"cannot show a {type(obj).__name__}\n"
        "  give what fairlab.open_image returned, one level of it, an array, an address or a record",
        kind="view-type",
    )


def _labels_of(obj: Any) -> dict[str, Levels]:
    if not isinstance(obj, xr.DataTree) or "labels" not in obj.children:
        return {}
    return {str(name): _levels(node) for name, node in obj["labels"].children.items()}


def _check_labels(name: str, labels: xr.DataArray) -> None:
    if labels.dtype.kind not in "iub" or labels.ndim < 2:
        raise SelectionError(
            f'labels "{name}" ({labels.ndim} dimensions, {labels.dtype}) are no label image\n'
            "  expected whole numbers over y and x: 0 is background, each object has its own number",
            kind="labels-dtype",
        )


def _words(obj: Any, image: xr.DataArray) -> Words:
    attrs: dict[Hashable, Any] = {**image.attrs, **(getattr(obj, "attrs", None) or {})}

    def text(*names: str) -> str:
        return next((str(attrs[name]).strip() for name in names if str(attrs.get(name, "")).strip()), "")

    coord = image.coords.get("image_id")
    identifier = str(coord.item()) if coord is not None and coord.ndim == 0 else text("id")
    # An address may hold a token and a path a user's name; only its last part is shown.
    last = re.split(r"[/\\]", re.sub(r"[?#].*", "", identifier).rstrip("/\\"))[-1]
    stated = text("license")
    known = license(stated)
    return Words(
        title=text("title", "long_name") or last,
        identifier=identifier if scheme(identifier) else "",
        license=known.name if known else stated or ("unknown" if identifier else ""),
        license_url=stated,
        credit=text("attribution", "creator_name"),
    )
