"""Look at an image: one picture that lasts, and sliders around it where there is a front-end."""

from __future__ import annotations

import dataclasses
import threading
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import FairlabWarning, MissingExtraError, QueryError
from fairlab.widgets import boxes
from fairlab.widgets.arguments import check_positions, check_sizes
from fairlab.widgets.headless import is_headless
from fairlab.widgets.lasting import Output, bundle
from fairlab.widgets.objects import Objects, tables_of
from fairlab.widgets.scene import scene_of
from fairlab.widgets.showing import Showing
from fairlab.widgets.toolkit import close_all
from fairlab.widgets.whole_files import write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    import numpy as np
    import xarray as xr

    from fairlab.record import Record
    from fairlab.widgets.controls import Controls
    from fairlab.widgets.lasting import Bundle
    from fairlab.widgets.live import Live
    from fairlab.widgets.state import ViewState

    Change = Callable[[ViewState], ViewState]
    OnClick = Callable[[str, int], object]

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_LINKED = ("view", "planes", "channels")


def view(
    obj: xr.DataTree | xr.Dataset | xr.DataArray | np.ndarray[Any, Any] | Record | str | os.PathLike[str],
    *,
    channels: Any = None,
    level: str | int | None = None,
    labels: Any = None,
    table: Any = None,
    max_pixels: int = 1024,
    width: int = 720,
    fallback: bool = False,
    **positions: int | float | str,
) -> Viewer:
    """Look at an image: drag, zoom, move through planes; only what the screen shows is read.

    Channels are added as coloured light with the colours and windows that the image states (else the
    percentiles 0.5 and 99.8 of the first plane shown, which then stay, so that planes can be compared).
    Pixels that are not square are drawn in their true proportion.

    Parameters
    ----------
    obj : DataTree, Dataset, DataArray, array, Record, path-like or str
        What :func:`fairlab.open_image` gives or takes; the plane is ``y`` and ``x``, or the last two
        dimensions. Integers named ``labels`` are shown as coloured objects.
    channels : str, int, sequence of these, or mapping, optional
        Channels to show; the others can be switched on. A mapping sets their looks:
        ``{"DAPI": "#4477FF"}`` or ``{"DAPI": {"color": "#4477FF", "window": (100, 900)}}``.
    level : str or int, optional
        The only level to read: ``"scale1"`` or 1. Default: always the coarsest that is sharp on the screen.
    labels : str, DataTree, Dataset or DataArray, optional
        Label image to lay over as outlines: the name of one in the tree, or what :func:`fairlab.segment`
        gave. It is matched by position, whatever its level or crop.
    table : DataFrame, Dataset or mapping, optional
        A row for each object of ``labels``, shown under the pointer: what :func:`fairlab.measure` gave.
        Default: what the image itself states of its labels.
    max_pixels : int
        Rows and columns read at most for the picture that lasts.
    width : int
        Longer side of that picture, px; the live viewer is as wide as the notebook.
    fallback : bool
        Use sliders and a picture made in Python alone, where the live viewer cannot run.
    **positions : int, float or str
        Plane to begin with, by dimension: an int counts planes of full resolution from 0, a float is a
        coordinate in the dimension's own unit. Default: the first, and the middle of ``z``.

    Returns
    -------
    Viewer
        Shows itself as the last line of a cell.

    Raises
    ------
    SelectionError
        kind ``"channel-unknown"``, ``"level-unknown"``, ``"labels-unknown"``, ``"position-out-of-range"``,
        ``"not-a-picture"``, ``"empty"``, ``"dtype"`` …
    QueryError
        kind ``"keyword-unknown"``, ``"view-type"``, ``"view-size"``, ``"table"`` or ``"platform"``.
    MissingExtraError
        Pillow is not installed.

    Examples
    --------
    >>> import numpy as np, xarray as xr
    >>> stack = xr.DataArray(np.arange(60).reshape(3, 4, 5), dims=("z", "y", "x"),
    ...                      coords={"z": ("z", [0.0, 3.5, 7.0], {"units": "micrometer"})})
    >>> viewer = view(stack, z=7.0)
    >>> viewer.state.at, viewer.png()[1:4]
    ({'z': 2}, b'PNG')
    >>> view(stack, chanels=["DAPI"])
    Traceback (most recent call last):
        ...
    fairlab.errors.QueryError: view() knows no "chanels"; did you mean "channels"? ...
    """
    check_sizes(max_pixels=max_pixels, width=width)
    scene, given = scene_of(obj, labels=labels)
    check_positions(scene, positions)
    name = scene.level_for(max_pixels) if level is None else scene.level_name(level)
    state = scene.state(level=name, channels=channels, labels=given, positions=positions)
    tables = tables_of(obj)
    if table is not None:
        tables = dict.fromkeys([given] if given else scene.labels, table)
    showing = Showing(scene, state, max_pixels=max_pixels, width=width, level_is_free=level is None)
    return Viewer(showing, objects=Objects(tables), fallback=fallback)


class Viewer:
    """One image on show; made by :func:`view`.

    As the last line of a cell it is a live widget, and in the saved, exported or headless notebook a PNG of
    the last view, with a text. What goes wrong while the reader moves something appears under the widget and in
    :attr:`error`.
    """

    error: BaseException | None = None
    """What went wrong in the last change, or while tiles were read; None after the next good picture."""
    clicked: tuple[str, int] | None = None
    """Labels and number of the object that was clicked last."""
    is_output: bool = False
    """Whether it is on show as the output of a cell."""

    def __init__(self, showing: Showing, *, objects: Objects, fallback: bool = False):
        self._showing, self._objects, self._fallback = showing, objects, fallback
        self._scene = showing.scene
        self._making = threading.RLock()
        self._controls: Live | Controls | None = None
        self._roi: boxes.Box | None = None
        self._listeners: list[OnClick] = []
        self._output = Output()

    @property
    def state(self) -> ViewState:
        """Level, planes, channels, labels and box on show; set it to move the screen.

        ``viewer.state = viewer.state.moved(z=4)``. A state that cannot be drawn raises, and the one before stays.
        """
        return self._showing.state

    @state.setter
    def state(self, new: ViewState) -> None:
        self._showing.set(new)
        self.error = None
        if self._controls is not None:
            self._controls.follow()
        self._output.replace(lambda: bundle(self._showing.picture))

    @property
    def view(self) -> dict[str, list[float]]:
        """What the screen shows: dimension to its two edges, in the units of the coordinates.

        Set it to move the screen: ``viewer.view = {"x": (340, 360), "y": ("120 um", "140 um")}``; None shows
        the whole plane, and ``viewer.view = viewer.roi`` the box that the reader drew.
        """
        box = self.state.box or boxes.whole(self._scene)
        return boxes.as_mapping(box, self._scene) or {}

    @view.setter
    def view(self, wanted: Mapping[str, Any] | None) -> None:
        self.state = dataclasses.replace(self.state, box=boxes.box_of(wanted, self._scene))

    @property
    def roi(self) -> dict[str, list[float]] | None:
        """The box that was drawn (shift-drag), in the same form as :attr:`view`; None: none. Set it to draw one."""
        return boxes.as_mapping(self._roi, self._scene)

    @roi.setter
    def roi(self, wanted: Mapping[str, Any] | None) -> None:
        self._roi = boxes.box_of(wanted, self._scene)
        if self._controls is not None:
            self._controls.draw_roi(self._roi)

    @property
    def selection(self) -> xr.DataArray:
        """The pixels of :attr:`roi` at full resolution, lazily: planes and channels as shown; without a box, all."""
        return boxes.selected(self._scene, self._showing.whole, self._roi)

    def copy_code(self) -> str:
        """Python that makes :attr:`selection` again; no private address or path stands in it."""
        return boxes.code(self._scene, self._showing.whole, self._roi)

    def on_click(self, listener: OnClick) -> None:
        """Call a function with name of the labels and number of each object that is clicked."""
        self._listeners.append(listener)

    def link(self, other: Viewer, *, what: tuple[str, ...] = _LINKED) -> None:
        """Let two viewers move together, in the browser, so also while the kernel is busy.

        Parameters
        ----------
        other : Viewer
            Its image should lie in the same coordinates; planes and channels are linked where both have the same.
        what : tuple of str
            Any of ``"view"``, ``"planes"``, ``"channels"``.

        Raises
        ------
        QueryError
            kind ``"link"``: not a live viewer, or something else to link.
        """
        if (
            not isinstance(other, Viewer)
            or self._fallback
            or other._fallback
            or not set(what) <= set(_LINKED)
        ):
            raise QueryError(
                f"cannot link {what!r} with a {type(other).__name__}\n"
                f"  expected another live viewer, and any of {_LINKED}",
                kind="link",
            )
        from ipywidgets import jslink

        mine, theirs = self._showing.whole, other._showing.whole
        same = {
            "view": True,
            "planes": [(d.name, d.size) for d in mine.dimensions]
            == [(d.name, d.size) for d in theirs.dimensions],
            "channels": [c.name for c in mine.channels] == [c.name for c in theirs.channels],
        }
        self._links = [jslink((self.widget, name), (other.widget, name)) for name in what if same[name]]

    @property
    def text(self) -> str:
        """The picture in words: title, size, what is shown, licence."""
        return self._showing.picture.text

    @property
    def widget(self) -> Any:
        """The live widget, to be placed beside others.

        Raises
        ------
        MissingExtraError
            anywidget is not installed.
        """
        with self._making:
            if self._controls is None:
                self._controls = self._fallen_back() if self._fallback else self._live()
            return self._controls.widget

    def close(self) -> None:
        """Take the live widget away, which kernel and notebook hold until then; :attr:`widget` makes another."""
        with self._making:
            controls, self._controls = self._controls, None
        if controls is not None:
            close_all(controls.widget)

    def _fallen_back(self) -> Controls:
        from fairlab.widgets.controls import Controls

        return Controls(self._showing, failed=self._failed)

    def _live(self) -> Live:
        from fairlab.widgets.live import Live

        return Live(
            self._showing,
            objects=self._objects,
            roi=self._was_drawn,
            code=self.copy_code,
            clicked=self._was_clicked,
            failed=self._failed,
            lasting=self._lasting,
        )

    def _lasting(self) -> Bundle:
        return bundle(self._showing.newest(), self.error)

    def png(self) -> bytes:
        """The picture on show as PNG."""
        picture = self._showing.newest()
        self.error = None
        return picture.png()

    def snapshot(self, path: str | os.PathLike[str], *, scale: float = 1) -> Path:
        """Write the picture on show to a PNG file; a file half written is never left.

        Parameters
        ----------
        path : path-like
            Name of the file; ends in ``.png``. A file of that name is replaced.
        scale : float
            Everything this many times as large, from a finer level where there is one: 2 for print.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        OutputError
            The place cannot be written.
        QueryError
            kind ``"suffix"`` or ``"view-size"``.
        """
        target = Path(path)
        if target.suffix.lower() != ".png":
            raise QueryError(f'"{target.name}" does not end in .png; snapshots are PNG', kind="suffix")
        if isinstance(scale, bool) or not 0.1 <= scale <= 16:
            raise QueryError(f"scale is {scale!r}; expected 0.1 to 16", kind="view-size")
        write_whole(target, self.png() if scale == 1 else self._showing.larger(scale).png())
        return target

    def _was_drawn(self, box: boxes.Box | None) -> None:
        self._roi = box

    def _was_clicked(self, labels: str, number: int) -> None:
        self.clicked = labels, number
        for listener in self._listeners:
            listener(labels, number)

    def _failed(self, error: BaseException | None) -> None:
        self.error = error

    def _ipython_display_(self) -> None:
        if not is_headless():
            raise NotImplementedError  # IPython's word for: go on with _repr_mimebundle_
        self._output.show(bundle(self._showing.picture, self.error))

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> Bundle:
        data, metadata = bundle(self._showing.picture, self.error)
        if is_headless():
            return data, metadata
        try:
            model_id = self.widget.model_id
        except MissingExtraError as exc:
            warnings.warn(str(exc), FairlabWarning, stacklevel=2)
            return {**data, "text/plain": f"{data['text/plain']}\n{exc}"}, metadata
        self.is_output = True
        return {
            _WIDGET_VIEW: {"version_major": 2, "version_minor": 0, "model_id": model_id},
            **data,
        }, metadata

    def __repr__(self) -> str:
        return self.text
