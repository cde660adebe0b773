"""Look at an image: one picture that lasts, and sliders around it where there is a front-end."""

from __future__ import annotations

import base64
import contextlib
import difflib
import threading
import uuid
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import FairlabWarning, MissingExtraError, OutputError, QueryError, SelectionError
from fairlab.widgets.render import draw
from fairlab.widgets.scene import scene_of

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping

    import numpy as np
    import xarray as xr

    from fairlab.record import Record
    from fairlab.widgets.controls import Controls
    from fairlab.widgets.render import Picture
    from fairlab.widgets.scene import Scene
    from fairlab.widgets.state import ViewState

_KEYWORDS = ("channels", "level", "labels", "max_pixels", "width")


def view(
    obj: xr.DataTree | xr.Dataset | xr.DataArray | np.ndarray[Any, Any] | Record | str | os.PathLike[str],
    *,
    channels: Any = None,
    level: str | int | None = None,
    labels: Any = None,
    max_pixels: int = 1024,
    width: int = 720,
    **positions: int | float | str,
) -> Viewer:
    """Look at an image; only the plane shown is read, from a level no larger than the screen.

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
        Level to read: ``"scale1"`` or 1. Default: the finest whose longer side has at most ``max_pixels``.
    labels : str, DataTree, Dataset or DataArray, optional
        Label image to lay over as outlines: the name of one in the tree, or what :func:`fairlab.segment`
        gave. It is matched by position, whatever its level or crop.
    max_pixels : int
        Rows and columns read at most.
    width : int
        Longer side of the image on screen, px.
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
        kind ``"keyword-unknown"``, ``"view-type"`` or ``"view-size"``.
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
    _check_sizes(max_pixels=max_pixels, width=width)
    scene, given = scene_of(obj, labels=labels)
    _check_positions(scene, positions)
    name = scene.level_for(max_pixels) if level is None else scene.level_name(level)
    state = scene.state(level=name, channels=channels, labels=given, positions=positions)
    return Viewer(scene, state, max_pixels=max_pixels, width=width, level_is_free=level is None)


class Viewer:
    """One image on show; made by :func:`view`.

    As the last line of a cell it is a live widget, and in the saved, exported or headless notebook a PNG
    with a text. Errors while a slider moves appear under the picture and in :attr:`error`.
    """

    error: BaseException | None = None
    """What went wrong in the last change by slider or switch; None after the next good picture."""

    def __init__(
        self, scene: Scene, state: ViewState, *, max_pixels: int, width: int, level_is_free: bool = True
    ):
        self._scene = scene
        self._max_pixels = max_pixels
        self._width = width
        self._level_is_free = level_is_free
        # Sliders call from other threads: one lock guards the values, the other lets one thread draw at a time.
        self._values = threading.RLock()
        self._drawing = threading.RLock()
        self._controls: Controls | None = None
        self._picture = self._draw(state)
        self._state = self._picture.state

    @property
    def state(self) -> ViewState:
        """Level, planes, channels and labels on show; set it to change them: ``v.state = v.state.moved(z=4)``.

        A state that cannot be drawn raises, and the one before stays.
        """
        return self._state

    @state.setter
    def state(self, new: ViewState) -> None:
        self._check_state(new)
        with self._values:
            before, self._state = self._state, new
        try:
            self._show_newest()
        except BaseException:
            self._state = before
            raise
        if self._controls is not None:
            self._controls.follow(self._state)

    @property
    def text(self) -> str:
        """The picture in words: title, size, what is shown, licence."""
        return self._picture.text

    @property
    def widget(self) -> Any:
        """The live widget, an ``ipywidgets.VBox``, to be placed beside others.

        Raises
        ------
        MissingExtraError
            ipywidgets is not installed.
        """
        with self._drawing:
            if self._controls is None:
                from fairlab.widgets.controls import Controls

                self._controls = Controls(
                    self._state, self._picture, labels=list(self._scene.labels), change=self._change
                )
            return self._controls.widget

    def png(self) -> bytes:
        """The picture on show as PNG."""
        self._show_newest()
        return self._picture.png()

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
        _write(target, self.png() if scale == 1 else self._larger(scale).png())
        return target

    def _larger(self, scale: float) -> Picture:
        state, max_pixels = self._state, round(self._max_pixels * scale)
        if self._level_is_free:
            state = self._scene.at_level(state, self._scene.level_for(max_pixels))
        return draw(self._scene, state, width=self._width, max_pixels=max_pixels, scale=scale)

    def _draw(self, state: ViewState) -> Picture:
        return draw(self._scene, state, width=self._width, max_pixels=self._max_pixels)

    def _change(self, change: Callable[[ViewState], ViewState]) -> None:
        """Carry out what a slider or switch asks; failures are shown, never raised."""
        try:
            with self._values:
                self._state = change(self._state)
            self._show_newest()
        except Exception as exc:  # the caller is the front-end, which would drop it: the reader must see it
            self.error = exc
            if self._controls is not None:
                self._controls.fail(exc)

    def _show_newest(self) -> None:
        """Draw the state in force now, unless it is on show already: a slider's older positions are skipped."""
        with self._drawing:
            with self._values:
                state = self._state
            if state != self._picture.state:
                picture = self._draw(state)
                with self._values:
                    self._picture = picture
                    if self._state == state:
                        self._state = picture.state
                if self._controls is not None:
                    self._controls.show(picture)
            elif self.error is not None and self._controls is not None:
                self._controls.show(self._picture)
            self.error = None

    def _check_state(self, new: ViewState) -> None:
        old = self._state
        fits = new.dimensions == old.dimensions and [c.name for c in new.channels] == [
            c.name for c in old.channels
        ]
        if not fits or new.level != old.level or new.labels not in (None, *self._scene.labels):
            raise SelectionError(
                "this state belongs to another image or level\n"
                "  change the viewer's own: viewer.state = viewer.state.moved(z=4)",
                kind="state-foreign",
            )

    def _repr_mimebundle_(
        self, include: object = None, exclude: object = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        picture = self._picture
        text = picture.text if self.error is None else f"{picture.text}\nnot up to date: {self.error}"
        data: dict[str, Any] = {}
        try:
            data |= self.widget._repr_mimebundle_()
        except MissingExtraError as exc:
            text = f"{text}\n{exc}"
            warnings.warn(str(exc), FairlabWarning, stacklevel=2)
        data["image/png"] = base64.b64encode(picture.png()).decode("ascii")
        data["text/plain"] = text
        size = {"width": picture.image.width, "height": picture.image.height}
        return data, {"image/png": {**size, "alt": picture.text}}

    def __repr__(self) -> str:
        return self.text


def _check_sizes(**sizes: int) -> None:
    for name, value in sizes.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 16 <= value <= 16384:
            raise QueryError(f"{name} is {value!r}; expected pixels, 16 to 16384", kind="view-size")


def _check_positions(scene: Scene, positions: Mapping[str, object]) -> None:
    layout = scene.layout
    for name in positions:
        if name in layout.others:
            continue
        if name == layout.channel:
            hint = '; choose channels with channels=["…"]'
        elif name in (layout.y, layout.x):
            hint = f"; the whole plane is shown: crop first, image.sel({name}=slice(…))"
        else:
            close = difflib.get_close_matches(name, [*_KEYWORDS, *layout.others], n=1, cutoff=0.5)
            hint = f'; did you mean "{close[0]}"?' if close else ""
        known = ", ".join([*_KEYWORDS, *layout.others])
        raise QueryError(
            f'view() knows no "{name}"{hint}\n  it knows: {known}', kind="keyword-unknown", keyword=name
        )


def _write(target: Path, content: bytes) -> None:
    """Write beside the target and rename, so that the name never stands for half a file."""
    draft = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        draft.write_bytes(content)
        draft.replace(target)
    except OSError as exc:
        raise OutputError(
            f'cannot write "{target}": {exc.strerror or exc}\n  choose a folder that exists and can be written',
            kind="output",
            path=str(target),
        ) from exc
    finally:
        with contextlib.suppress(OSError):  # where nothing can be written there is nothing to take away
            draft.unlink(missing_ok=True)
