"""A plate at a glance: a small picture of every well, coloured by what was measured, one click from its pixels."""

from __future__ import annotations

import base64
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fairlab.errors import SelectionError
from fairlab.wells import well_position
from fairlab.widgets import viewer
from fairlab.widgets import words as captions
from fairlab.widgets.discretion import discreet
from fairlab.widgets.headless import is_headless
from fairlab.widgets.heat_map import heat_map_of, readable
from fairlab.widgets.keywords import check_keywords
from fairlab.widgets.plate_facts import colors_of, legend_of, names_of, wells_of
from fairlab.widgets.plate_pictures import Place, PlatePicture, PlatePictures, field_of
from fairlab.widgets.plate_sheet import draw_sheet
from fairlab.widgets.scene import scene_of
from fairlab.widgets.whole_files import write_whole
from fairlab.widgets.with_panel import WithPanel

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from pathlib import Path

    import xarray as xr

    from fairlab.widgets.heat_map import HeatMap
    from fairlab.widgets.panels import PlatePanel

_AT_ONCE_S: Final = 2.0
"""Seconds that reading may hold up the first picture where somebody is watching."""
_ALL_S: Final = 120.0
"""Seconds that reading may take where nobody is, and the picture is all there will be."""
_NAMED: Final = 5
"""Fields that could not be read which the text names."""
_KEYWORDS: Final = ("values", "by", "field", "channels")


def plate_grid(
    plate: xr.DataTree,
    *,
    values: Any = None,
    by: str | None = None,
    field: int = 0,
    channels: Any = None,
    **unknown: Any,
) -> PlateGrid:
    """A small picture of every well of a plate, read from the coarsest level as it comes into view.

    ``plate.fair.grid(…)`` and ``fairlab.view(plate, …)`` call this.

    Parameters
    ----------
    plate : DataTree
        From :func:`fairlab.open_plate`.
    values : DataFrame, mapping or DataArray, optional
        Numbers to colour the wells by: a table with a column ``well``, or ``row`` and ``column``. Lines of one
        well are averaged.
    by : str, optional
        Column of the numbers, where the table has several.
    field : int
        Field of each well to show first, counted from 0.
    channels : optional
        Channels to show, as :func:`fairlab.view` takes them. The contrast is the same for all wells.

    Returns
    -------
    PlateGrid
        Shows itself as the last line of a cell; in the saved notebook it is a picture.

    Raises
    ------
    SelectionError
        kind ``"position-out-of-range"``: there is no such field; ``"empty"``, ``"channel-unknown"``,
        ``"well-unknown"``.
    QueryError
        kind ``"keyword-unknown"`` or ``"table"``.

    Examples
    --------
    >>> import fairlab
    >>> plate = fairlab.open_plate("sample:plate")
    >>> grid = plate_grid(plate, values=fairlab.samples.truth("plate"), by="n_nuclei")
    >>> grid.select("B3")
    >>> grid.selected, grid.selection.dims
    ({'well': 'B03', 'row': 'B', 'column': '3', 'field': 0}, ('c', 'y', 'x'))
    """
    check_keywords("grid", unknown, _KEYWORDS)
    return PlateGrid(plate, values=values, by=by, field=field, channels=channels)


class PlateGrid(WithPanel):
    """A plate on show; made by :func:`plate_grid`."""

    _purpose = "show a plate"

    def __init__(self, plate: xr.DataTree, *, values: Any, by: str | None, field: int, channels: Any):
        super().__init__()
        self._plate = plate
        self._pictures = PlatePictures(plate, self._tell_picture, channels=channels)
        self._image = self._pictures.image
        self._rows, self._columns = names_of(self._image)
        self._fields = self._image.sizes["field"]
        if isinstance(field, bool) or not 0 <= field < self._fields:
            raise SelectionError(
                f"there is no field {field!r}; fields are 0 to {self._fields - 1}",
                kind="position-out-of-range",
            )
        self._field = field
        self._heat = None if values is None else heat_map_of(values, self._image, by=by)
        self._chosen: Place | None = None
        self._first: dict[str, PlatePicture] = {}

    @property
    def selected(self) -> dict[str, Any] | None:
        """The well and field that were clicked: ``{"well": "B03", "row": "B", "column": "3", "field": 0}``."""
        if self._chosen is None:
            return None
        row, column, field = self._chosen
        return {
            "well": self._name(row, column),
            "row": self._rows[row],
            "column": self._columns[column],
            "field": field,
        }

    @property
    def selection(self) -> xr.DataArray | None:
        """The field that was clicked, at full resolution, lazily."""
        return None if self._chosen is None else self._image.isel(self._chosen._asdict())

    @property
    def heat_map(self) -> HeatMap | None:
        """The values that the wells are coloured by."""
        return self._heat

    def select(self, well: str, *, field: int = 0) -> None:
        """Choose a field, as a click does.

        Parameters
        ----------
        well : str
            ``"B3"``, ``"B03"``, ``"B/3"``.
        field : int
            Counted from 0.

        Raises
        ------
        SelectionError
            kind ``"well-unknown"``; ``"well-absent"``: this field was not imaged.
        """
        row, column = well_position(self._image, well)
        self._choose(Place(self._rows.index(row), self._columns.index(column), field))

    def snapshot(self, path: str | os.PathLike[str]) -> Path:
        """Write the whole grid as PNG; reads what was not read yet.

        Raises
        ------
        OutputError
            The place cannot be written.
        """
        return write_whole(path, self.png())

    def png(self) -> bytes:
        """The whole grid as PNG; reads what was not read yet."""
        return self._sheet(self._read(_ALL_S))

    # ── what the reader does ─────────────────────────────────────────────────────────────────────────

    def _panel(self) -> PlatePanel:
        from fairlab.widgets.panels import PlatePanel

        return PlatePanel(self._received, **self._facts())

    def _received(self, kind: str, content: Mapping[str, Any]) -> None:
        match kind:
            case "pictures":
                self._pictures.want([self._place(key) for key in content.get("keys", ())])
            case "choose":
                place = self._place(content.get("key"))
                self._choose(place)
                self._look(partial(viewer.view, field_of(self._plate, place)))
            case "close":
                self._close()

    def _choose(self, place: Place) -> None:
        if place.field not in range(self._fields) or not self._pictures.present[place]:
            raise SelectionError(
                f"field {place.field} of well {self._name(place.row, place.column)} was not imaged",
                kind="well-absent",
                well=self._name(place.row, place.column),
            )
        self._chosen = place
        self._show(chosen=_key(place))

    def _place(self, key: object) -> Place:
        row, column, field = (int(part) for part in str(key).split("-"))
        if not (row < len(self._rows) and column < len(self._columns) and field < self._fields):
            raise SelectionError("the plate has no such well", kind="well-unknown")
        return Place(row, column, field)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _facts(self) -> dict[str, Any]:
        return {
            "title": self._title(),
            "rows": self._rows,
            "columns": self._columns,
            "fields": self._fields,
            "field": self._field,
            "wells": wells_of(self._image, self._heat),
            "shape": list(self._pictures.shape),
            "legend": legend_of(self._heat),
            "chosen": "" if self._chosen is None else _key(self._chosen),
            "working": "",
            "first": {key: picture.jpeg for key, picture in self._first.items() if picture.jpeg},
        }

    def _title(self) -> str:
        scene, _ = scene_of(self._plate)
        return discreet(scene.words.title)

    def _name(self, row: int, column: int) -> str:
        return str(self._image["well"].values[row, column])

    def _tell_picture(self, place: Place, picture: PlatePicture) -> None:
        buffers = [picture.jpeg] if picture.jpeg else []
        note = discreet(picture.note)
        self._tell("picture", buffers=buffers, key=_key(place), note=note, absent=picture.absent)

    # ── lasting ──────────────────────────────────────────────────────────────────────────────────────

    def _read(self, seconds: float) -> dict[Place, PlatePicture]:
        """Pictures of the field on show, of all wells or of as many as the time allows."""
        shown = [
            Place(int(r), int(c), self._field)
            for r, c in np.argwhere(self._pictures.present[..., self._field])
        ]
        return self._pictures.get(shown, seconds=seconds)

    def _sheet(self, pictures: Mapping[Place, PlatePicture]) -> bytes:
        credit = captions.credit(scene_of(self._plate)[0])
        return draw_sheet(
            self._rows,
            self._columns,
            {(place.row, place.column): picture.jpeg or None for place, picture in pictures.items()},
            present=self._pictures.present[..., self._field],
            shape=self._pictures.shape,
            title=self._title(),
            legend=legend_of(self._heat),
            colors=colors_of(self._heat, self._rows, self._columns),
            credit=credit,
        )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        pictures = self._read(_ALL_S if is_headless() else _AT_ONCE_S)
        self._first = {_key(place): picture for place, picture in pictures.items()}
        png = base64.b64encode(self._sheet(pictures)).decode("ascii")
        return {**self._outputs(repr(self)), "image/png": png}, {"image/png": {"alt": repr(self)}}

    def __repr__(self) -> str:
        there = self._pictures.present.any(axis=-1)
        lines = [
            f"{self._title() or 'plate'}: {len(self._rows)} × {len(self._columns)} wells, "
            f"{int(there.sum())} imaged, {self._fields} field{'s' * (self._fields > 1)}",
        ]
        if self._heat is not None and self._heat.values:
            lines.append(
                f"coloured by {self._heat.name}: {readable(self._heat.low)} to {readable(self._heat.high)}"
            )
        failed = [
            f"{self._name(place.row, place.column)} field {place.field}: {discreet(why)}"
            for place, why in self._pictures.failures().items()
        ]
        if len(failed) > _NAMED:
            failed[_NAMED:] = [f"… and {len(failed) - _NAMED} more"]
        return "\n".join([*lines, *(f"not read: {line}" for line in failed)])


def _key(place: Place) -> str:
    return "-".join(map(str, place))
