"""When reading gives up: a moment for one object, and one for everything that is read inside a block."""

from __future__ import annotations

import contextlib
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING

from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Iterator

_limit: ContextVar[Deadline | None] = ContextVar("limit", default=None)


class Deadline:
    """The moment at which the reading of one object, all its requests and retries, gives up.

    Parameters
    ----------
    seconds : float, optional
        Time from now; the option ``timeout_s`` by default. A limit in force (:func:`limit`) may leave less.
    waits : bool
        Time runs from when it is first asked what is left, not from now.
    """

    raised_by = "timeout_s"
    """The option that gives more time."""
    max_tries = 8
    """Requests after which a fault that may pass is an error."""

    def __init__(self, seconds: float | None = None, *, waits: bool = False):
        self.seconds = float(option("timeout_s") if seconds is None else seconds)
        if (around := _limit.get()) is not None:
            self.raised_by, self.max_tries = around.raised_by, around.max_tries
            self.seconds = min(self.seconds, around.left())
        self._end = None if waits else time.monotonic() + self.seconds

    def left(self) -> float:
        """Seconds until the deadline; never below zero."""
        if self._end is None:
            self._end = time.monotonic() + self.seconds
        return max(0.0, self._end - time.monotonic())


class QuestionDeadline(Deadline):
    """The deadline of a question to a source: it is not worth as many tries as a chunk; the next may go better."""

    raised_by = "source_timeout_s"
    max_tries = 3


@contextlib.contextmanager
def limit(seconds: float) -> Iterator[None]:
    """Bound everything that is asked of a source inside the block, all together; a limit around it holds, too.

    Parameters
    ----------
    seconds : float
        From now. Without a limit each question to an archive has as long as the option ``source_timeout_s`` says.
    """
    token = _limit.set(QuestionDeadline(seconds))
    try:
        yield
    finally:
        _limit.reset(token)


def in_force() -> Deadline | None:
    """The limit of the block, if there is one."""
    return _limit.get()
