"""What fairlab's live widgets share: messages both ways, and failures that the reader sees."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any

from fairlab.errors import missing_extra

try:
    import anywidget
except ImportError as exc:
    raise missing_extra("widgets", "show a live widget", exc) from exc

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Front(anywidget.AnyWidget):
    """A live widget; a subclass sets ``_esm`` and ``_css`` and says in :meth:`heard` what its messages do.

    A message is a mapping with its ``kind``. Messages are never saved in a notebook, traits may be: so
    whatever may hold an address or a path (the text of an error above all) travels as a message.
    """

    failure: BaseException | None = None
    """What went wrong in the newest message; None after the next that went well."""

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        self.on_msg(self._take)

    def heard(self, kind: str, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        """Do what a message of the front-end asks; it may come on any thread, also while a cell runs."""
        raise NotImplementedError  # abstract: the metaclass of traitlets leaves no room for that of abc

    def tell(self, kind: str, *, buffers: Sequence[bytes] = (), **content: Any) -> None:
        """Send the front-end a message."""
        self.send({"kind": kind, **content}, list(buffers))

    def fail(self, error: BaseException) -> None:
        """Show under the widget what went wrong, by name."""
        self.failure = error
        self.tell("error", text=f"{type(error).__name__}: {error}")

    def aside(self, work: Callable[[], None]) -> None:
        """Do what takes long in a thread of its own, so that the next message is heard meanwhile."""

        def guarded() -> None:
            try:
                work()
            except Exception as exc:  # nobody waits for this thread: the reader must see it
                self.fail(exc)

        if sys.platform == "emscripten":  # JupyterLite has no threads
            guarded()
        else:
            threading.Thread(target=guarded, name="fairlab-aside", daemon=True).start()

    def _take(self, _: Any, content: dict[str, Any], buffers: Sequence[memoryview]) -> None:
        self.failure = None  # before, not after: what goes on aside may have failed by then
        try:
            self.heard(str(content.get("kind")), content, buffers)
        except Exception as exc:  # the caller is the front-end, which would drop it: the reader must see it
            self.fail(exc)
