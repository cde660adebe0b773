"""One verb for whatever there is to look at: an image, a plate, a report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.errors import FormatError
from fairlab.fair.report import Report
from fairlab.record import Record
from fairlab.wells import is_plate
from fairlab.widgets import viewer
from fairlab.widgets.fair_card import FairCard, fair_card

if TYPE_CHECKING:
    from fairlab.widgets.plate_grid import PlateGrid
    from fairlab.widgets.viewer import Viewer


def view(obj: Any, **choices: Any) -> Viewer | PlateGrid | FairCard:
    """Look at an image, at a whole plate or at a FAIR report.

    Parameters
    ----------
    obj : DataTree, Dataset, DataArray, array, Record, Report, path-like or str
        An image as :func:`fairlab.open_image` gives or takes it, any array with two dimensions or more; or a
        plate, as :func:`fairlab.open_plate` gives or takes it; or what :func:`fairlab.assess` gave.
    **choices
        For an image: ``channels=``, ``level=``, ``labels=``, ``width=``, positions such as ``z=4`` …; see
        :func:`fairlab.widgets.viewer.view`. For a plate: ``values=``, ``by=``, ``field=``, ``channels=``; see
        :func:`fairlab.widgets.plate_grid.plate_grid`.

    Returns
    -------
    Viewer, PlateGrid or FairCard
        Shows itself as the last line of a cell, and stays as a picture in the saved notebook.

    Raises
    ------
    FairlabError
        As those two; kind ``"keyword-unknown"`` names the nearest keyword.

    Examples
    --------
    >>> viewer = view("sample:nuclei", channels=["DAPI"], z=4)
    >>> viewer.state.at
    {'t': 0, 'z': 4}
    >>> view("sample:plate")
    Synthetic screen: three compounds at four doses: 3 × 4 wells, 11 imaged, 2 fields
    """
    if isinstance(obj, Report):
        return fair_card(obj, **choices)
    if is_plate(obj) or (isinstance(obj, Record) and obj.layout == "plate"):
        return _grid(obj, choices)
    try:
        return viewer.view(obj, **choices)
    except FormatError as exc:
        if exc.kind != "plate":
            raise
    return _grid(obj, choices)


def _grid(obj: Any, choices: dict[str, Any]) -> PlateGrid:
    # Here, not above: JupyterLite has nothing to open a plate with, and shows arrays all the same.
    from fairlab.plate import open_plate
    from fairlab.widgets.plate_grid import plate_grid

    return plate_grid(obj if is_plate(obj) else open_plate(obj), **choices)
