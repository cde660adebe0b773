"""One view of an image and its picture, kept in step while several threads ask and change."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

from fairlab.errors import SelectionError
from fairlab.widgets.render import draw
from fairlab.widgets.state import dimensions_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.widgets.render import Picture
    from fairlab.widgets.scene import Scene
    from fairlab.widgets.state import ViewState

    Change = Callable[[ViewState], ViewState]


class Showing:
    """What is shown of a scene.

    Parameters
    ----------
    scene : Scene
        What is looked at.
    state : ViewState
        How, at first; it is drawn at once.
    max_pixels, width : int
        Rows and columns read at most, and longer side of the picture, px.
    level_is_free : bool
        Whether the level follows what fits; else the state's own is the only one.
    """

    def __init__(
        self, scene: Scene, state: ViewState, *, max_pixels: int, width: int, level_is_free: bool = True
    ):
        self.scene = scene
        self._max_pixels, self._width = max_pixels, width
        self._level_is_free = level_is_free
        self._top = next(iter(scene.levels)) if level_is_free else state.level
        # One lock guards the values, the other lets one thread draw at a time.
        self._values = threading.RLock()
        self._drawing = threading.RLock()
        self._whole = scene.at_level(state, self._top)
        self._drawn: ViewState | None = None
        self._picture = self._draw_newest()

    @property
    def whole(self) -> ViewState:
        """The state, with planes counted at the finest level there is to see."""
        return self._whole

    @property
    def state(self) -> ViewState:
        """The state at the level that its picture is drawn from."""
        return self.scene.at_level(self._whole, self._level(self._whole))

    @property
    def picture(self) -> Picture:
        """The newest picture that was drawn; it may be older than the state."""
        return self._picture

    def change(self, change: Change, *, at_level: bool = False) -> None:
        """Change the state without drawing it; ``at_level``: as counted at the level it is drawn from."""
        with self._values:
            if at_level:
                self._whole = self._lifted(change(self.state))
            else:
                self._whole = change(self._whole)

    def set(self, new: ViewState) -> None:
        """Take a state and draw it; one that cannot be drawn raises, and the one before stays.

        Raises
        ------
        SelectionError
            kind ``"state-foreign"``.
        """
        self._check(new)
        with self._values:
            before, self._whole = self._whole, self._lifted(new)
        try:
            self.newest()
        except BaseException:
            self._whole = before
            raise

    def newest(self, show: Callable[[Picture], None] = lambda _: None) -> Picture:
        """The picture of the state in force now; older states that were never drawn are skipped.

        Parameters
        ----------
        show : callable
            Called with it before another thread can draw the next, so that pictures are shown in order.
        """
        with self._drawing:
            if self._whole != self._drawn:
                self._picture = self._draw_newest()
            show(self._picture)
            return self._picture

    def larger(self, scale: float) -> Picture:
        """The same view everything so many times as large, from a finer level where there is one."""
        return self._draw(self._whole, scale)

    def _draw_newest(self) -> Picture:
        with self._values:
            asked = self._whole
        picture = self._draw(asked, 1)
        windows = {c.name: c.window for c in picture.state.channels if c.window}
        with self._values:
            # The windows of the first plane stay, so that planes can be compared.
            self._drawn = asked.with_windows(windows)
            if self._whole == asked:
                self._whole = self._drawn
        return picture

    def _draw(self, whole: ViewState, scale: float) -> Picture:
        state = self.scene.at_level(whole, self._level(whole, scale))
        most = round(self._max_pixels * scale)
        return draw(self.scene, state, width=self._width, max_pixels=most, scale=scale)

    def _level(self, whole: ViewState, scale: float = 1) -> str:
        if not self._level_is_free:
            return self._top
        return self.scene.level_for(round(self._max_pixels * scale), whole.box)

    def _lifted(self, new: ViewState) -> ViewState:
        """A state at the finest level; planes that did not change are the same there too."""
        whole = self.scene.at_level(new, self._top)
        if new.positions == self.state.positions:
            whole = dataclasses.replace(whole, positions=self._whole.positions)
        return whole

    def _check(self, new: ViewState) -> None:
        scene, old = self.scene, self._whole
        level = scene.levels.get(new.level)
        fits = (
            level is not None
            and new.dimensions == dimensions_of(level, scene.layout)
            and [c.name for c in new.channels] == [c.name for c in old.channels]
            and new.labels in (None, *scene.labels)
        )
        if not fits:
            raise SelectionError(
                "this state belongs to another image or level\n"
                "  change the viewer's own: viewer.state = viewer.state.moved(z=4)",
                kind="state-foreign",
            )
