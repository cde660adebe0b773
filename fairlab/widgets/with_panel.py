"""What shows itself through a live panel, with something beneath it: a plate, a search, a form."""

from __future__ import annotations

import abc
import threading
from typing import TYPE_CHECKING, Any, ClassVar

from fairlab.errors import MissingExtraError
from fairlab.widgets.toolkit import close_all, ipywidgets_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from fairlab.widgets.panels import Panel


class WithPanel(abc.ABC):
    """State in Python, whose panel is made when somebody first looks; until then nothing needs ipywidgets."""

    viewer: Any = None
    """What was opened last in a viewer beneath the panel; None before that, and once it is closed.

    The one before goes away with its widget, unless it was shown in a cell of its own."""
    is_output: bool = False
    """Whether it is on show as the output of a cell."""
    _purpose: ClassVar[str]
    """What cannot be done without the extra, for its error."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._front: Panel | None = None
        self._below: Any = None
        self._box: Any = None
        self._under_way: list[str] = []
        self._opened = 0

    @property
    def error(self) -> BaseException | None:
        """What went wrong in the last thing that was done in the panel; None when nothing did."""
        return self._front.failure if self._front is not None else None

    @property
    def widget(self) -> Any:
        """The live widget, to be placed beside others.

        Raises
        ------
        MissingExtraError
            anywidget is not installed.
        """
        with self._lock:
            if self._box is None:
                ipywidgets = ipywidgets_for(self._purpose)
                self._front = self._panel()
                self._below = self._beneath()
                self._box = ipywidgets.VBox([self._front, self._below])
            return self._box

    @abc.abstractmethod
    def _panel(self) -> Panel:
        """The panel, with what it shows at first; its module may be imported only now."""

    @abc.abstractmethod
    def _received(self, kind: str, content: Mapping[str, Any]) -> None:
        """Carry out a command of the panel."""

    def _beneath(self) -> Any:
        """What stands below the panel: room for a viewer."""
        import ipywidgets

        return ipywidgets.VBox()

    # ── to the panel, where there is one ─────────────────────────────────────────────────────────────

    def _show(self, **values: Any) -> None:
        if self._front is not None:
            self._front.show(**values)

    def _tell(self, kind: str, *, buffers: Sequence[bytes] = (), **content: Any) -> None:
        if self._front is not None:
            self._front.tell(kind, buffers=buffers, **content)

    def _fail(self, error: BaseException) -> None:
        if self._front is not None:
            self._front.fail(error)

    def _say(self, working: str) -> None:
        """Show what is going on, in words."""
        self._show(working=working)

    def _beside(self, work: Callable[[], None], words: str) -> None:
        """Do for the panel what takes a while, and say so meanwhile."""

        def told() -> None:
            self._under_way.append(words)
            self._say(words)
            try:
                work()
            finally:
                self._under_way.remove(words)
                self._say(self._under_way[-1] if self._under_way else "")

        assert self._front is not None  # it is what asks
        self._front.aside(told)

    # ── a viewer beneath it ──────────────────────────────────────────────────────────────────────────

    def _look(self, opened: Callable[[], Any]) -> None:
        """Show a viewer that opens beside; of several the one asked for last stays, whichever opens first."""
        with self._lock:
            self._opened += 1
            turn = self._opened

        def work() -> None:
            viewer = opened()
            shown = viewer.widget
            with self._lock:
                if turn == self._opened:
                    self._put(viewer, shown)
                    self._tell("opened")
                else:
                    viewer.close()

        self._beside(work, "opening …")

    def _close(self) -> None:
        """Take the viewer away, and what is still being opened with it."""
        with self._lock:
            self._opened += 1
            self._put(None)

    def _put(self, viewer: Any, *shown: Any) -> None:
        """Place a viewer, or none, where another was, which nobody would ever close otherwise."""
        before, self.viewer = self.viewer, viewer
        if self._below is not None:
            self._below.children = shown
        if before is not None and not before.is_output:
            before.close()

    def close(self) -> None:
        """Take the live widget away, which kernel and notebook hold until then; :attr:`widget` makes another."""
        with self._lock:
            self._close()
            box, self._box, self._front = self._box, None, None
        if box is not None:
            close_all(box)

    # ── lasting ──────────────────────────────────────────────────────────────────────────────────────

    def _outputs(self, text: str) -> dict[str, Any]:
        """The live widget as an output of a cell, and the text beside it, which says why there is none."""
        try:
            shown = self.widget._repr_mimebundle_()
        except MissingExtraError as exc:
            return {"text/plain": f"{text}\n{exc}"}
        self.is_output = True
        return {**shown, "text/plain": text}
