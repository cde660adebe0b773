"""Work beside the reader: on a thread, where Python has threads."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

HAS_THREADS = sys.platform != "emscripten"
"""False where Python itself runs inside the browser, as in JupyterLite."""
IN_THE_BROWSER = (
    "This Python runs inside the browser (JupyterLite): there are no threads, so that the panel waits for each "
    "picture and each archive, and only servers that allow it (CORS) can be read."
)
"""What a reader there should know."""


def beside(work: Callable[[], None]) -> None:
    """Do work on a thread of its own, or at once where there are no threads."""
    if HAS_THREADS:
        threading.Thread(target=work, name="fairlab-beside", daemon=True).start()
    else:
        work()
