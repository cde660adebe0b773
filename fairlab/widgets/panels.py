"""The live sides of the panels: search, plate, FAIR card and form.

Data flows one way. Python holds the state and shows values; the front-end draws them and sends commands when
the reader does something. Values travel with the widget, so that they are shown even while the kernel is busy.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import traitlets

from fairlab.widgets.discretion import encodable
from fairlab.widgets.front import Front
from fairlab.widgets.frontend import module, stylesheet

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Receive = Callable[[str, Mapping[str, Any]], None]


def _shown() -> Any:
    return traitlets.Any().tag(sync=True)


class Panel(Front):
    """A panel whose commands somebody else carries out.

    Parameters
    ----------
    receive : callable
        Called with the kind and the content of each command, on whichever thread the kernel chooses.
    **values
        What is shown at first: JSON, with ``bytes`` anywhere inside.
    """

    def __init__(self, receive: Receive, **values: Any):
        # Workers show results beside handlers, which kernels call from threads of their own.
        self._showing = threading.RLock()
        self._receive = receive
        super().__init__(**encodable(values))

    def heard(self, kind: str, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        """Carry out a command, and say that it is done: until then the front-end shows that the kernel is busy."""
        try:
            self._receive(kind, content)
        finally:
            self.tell("done", number=content.get("number"))

    def _take(self, sender: Any, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        before = self.failure
        super()._take(sender, content, buffers)
        if "keys" in content and self.failure is None:
            self.failure = before  # scrolling asks for pictures; that is no answer to what went wrong

    def show(self, **values: Any) -> None:
        """Replace values that the front-end shows; new values, not old ones changed in place."""
        with self._showing:
            for name, value in encodable(values).items():
                setattr(self, name, value)

    def tell(self, kind: str, *, buffers: Sequence[bytes] = (), **content: Any) -> None:
        """Send what is not kept with the widget, and so never written into a notebook."""
        with self._showing:
            super().tell(kind, buffers=buffers, **encodable(content))


class SearchPanel(Panel):
    """Search box, facets and results."""

    _esm = module("search_panel")
    _css = stylesheet("panel", "search_panel")
    asked = _shown()
    """What is asked: text, live."""
    facets = _shown()
    """Facets, their values, and which are chosen."""
    rows = _shown()
    """Results, a mapping of texts each."""
    status = _shown()
    """What was found, who was asked, who failed."""
    picked = _shown()
    """Keys of the rows selected and listed."""
    working = _shown()
    """What is going on, in words."""


class PlatePanel(Panel):
    """A grid of wells."""

    _esm = module("plate_grid")
    _css = stylesheet("panel", "plate_grid")
    title = _shown()
    """Title of the plate."""
    rows = _shown()
    """Names of the rows."""
    columns = _shown()
    """Names of the columns."""
    fields = _shown()
    """How many fields a well has at most."""
    field = _shown()
    """The field shown first."""
    wells = _shown()
    """What is known of each well, in reading order."""
    shape = _shown()
    """Rows and columns of a picture, px."""
    legend = _shown()
    """What the colours mean, or None."""
    first = _shown()
    """Pictures that travel with the widget, by place: they are seen even while the kernel is busy."""
    chosen = _shown()
    """Place of the field that was chosen."""
    working = _shown()
    """What is going on, in words."""


class FormPanel(Panel):
    """A form for the parameters of a notebook."""

    _esm = module("run_form")
    _css = stylesheet("panel", "run_form")
    title = _shown()
    """Name of the notebook."""
    fields = _shown()
    """Fields: name, kind, text, help, error …"""
    running = _shown()
    """Whether a run is under way."""
    progress = _shown()
    """How far it has come, in words and numbers."""
