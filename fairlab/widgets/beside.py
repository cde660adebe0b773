"""Work beside the reader, on a thread of its own."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def beside(work: Callable[[], None]) -> None:
    """Do work that nobody waits for."""
    threading.Thread(target=work, name="fairlab-beside", daemon=True).start()
