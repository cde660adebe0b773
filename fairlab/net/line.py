"""The state of this process towards one address of an archive: whose turn it is, and whether it is asked at all."""

from __future__ import annotations

import contextlib
import datetime as dt
import threading
import time
from typing import TYPE_CHECKING, Final

from fairlab.errors import FairlabError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

_FAILURES: Final = 3
_REST_S: Final = 60.0
_LONGEST_REST_S: Final = 3600.0


class Line:
    """A queue and a circuit breaker; any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0
        self._failures = 0
        self._waited_s = 0.0
        self._rest: tuple[float, str] | None = None
        """Until when nothing is asked, and why."""

    def closed(self, name: str, given_s: float) -> Unavailable | None:
        """Why nothing is asked now, if so.

        Parameters
        ----------
        name : str
            Of the archive.
        given_s : float
            Time there is for an answer. Who waits longer than those who waited in vain may try.
        """
        with self._lock:
            if self._rest is None or (self._waited_s and given_s > 1.5 * self._waited_s):
                return None
            until, why = self._rest
            left = until - time.monotonic()
            if left <= 0:
                return None
        moment = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=left)).strftime("%H:%M:%S")
        return Unavailable(
            f"{name} is not asked until {moment} UTC: {why}\n  try again then; others are asked meanwhile",
            kind="circuit-open",
            retry_after_s=round(left, 1),
        )

    def turn(self, pause_s: float) -> float:
        """Take the next turn, ``pause_s`` after the one before; seconds until it comes."""
        with self._lock:
            now = time.monotonic()
            moment = max(now, self._next)
            self._next = moment + pause_s
            return moment - now

    def answered(self) -> None:
        """An answer came, of whatever kind."""
        with self._lock:
            self._failures, self._waited_s, self._rest = 0, 0.0, None

    def failed(self, error: Unavailable, given_s: float) -> None:
        """No answer came in ``given_s`` seconds; after three in a row, or when asked to, the line is given a rest."""
        asked_s = min(float(error.context.get("retry_after_s", 0.0)), _LONGEST_REST_S)
        with self._lock:
            self._failures += 1
            # Only those who waited in vain say how long it takes.
            self._waited_s = max(self._waited_s, given_s) if error.kind == "timeout" else 0.0
            if self._failures >= _FAILURES or asked_s:
                why = error.message.partition("\n")[0]
                self._rest = (time.monotonic() + (asked_s or _REST_S), why)


_lines: dict[str, Line] = {}


@contextlib.contextmanager
def turn(name: str, address: str, *, pause_s: float, given_s: float) -> Iterator[None]:
    """Wait for a turn at an address, and note how the asking inside the block ends.

    Parameters
    ----------
    name : str
        Of who is asked, for people.
    address : str
        All that is asked at the same one stands in one line.
    pause_s : float
        Least time between two turns.
    given_s : float
        Time there is for the turn and the answer.

    Raises
    ------
    Unavailable
        kind ``"timeout"``: there is no time for it; ``"circuit-open"``: the address is given a rest.
    """
    line = _lines.setdefault(address, Line())
    _check_time(name, given_s)
    if resting := line.closed(name, given_s):
        raise resting
    if (wait_s := line.turn(pause_s)) > 0:
        _check_time(name, given_s - wait_s)
        time.sleep(wait_s)
    try:
        yield
    except Unavailable as error:
        if error.kind != "offline":
            line.failed(error, given_s)
        raise
    except FairlabError:
        line.answered()
        raise
    line.answered()


def forget(address: str) -> None:
    """Failures and turns at an address, as in a new process."""
    _lines.pop(address, None)


def _check_time(name: str, left_s: float) -> None:
    if left_s <= 0:
        raise Unavailable(
            f"{name} was not asked: no time is left\n"
            "  give it longer with timeout_s=…, or fairlab.set_options(source_timeout_s=…)",
            kind="timeout",
        )
