"""Turns that threads wait for: so many at once, or so many bytes at once."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Budget:
    """Bytes that may be in memory between the wire and their place in the result."""

    def __init__(self, limit: int):
        self._limit, self._used = limit, 0
        self._change = threading.Condition()

    def take(self, size: int) -> None:
        """Wait for room; a body that is larger than the limit waits until it is alone."""
        with self._change:
            while self._used and self._used + size > self._limit:
                self._change.wait()
            self._used += size
            self._change.notify()  # there may be room for another one

    def give_back(self, size: int) -> None:
        """Let others have the room."""
        with self._change:
            self._used -= size
            self._change.notify()


class Turns:
    """Turns of which only so many are given at once."""

    def __init__(self, limit: Callable[[], int]):
        self._limit, self._number = limit, 0
        self._change = threading.Condition()

    def take(self) -> None:
        """Wait for a turn."""
        with self._change:
            while self._number >= self._limit():
                self._change.wait()
            self._number += 1

    def give_back(self) -> None:
        """Let another one have it."""
        with self._change:
            self._number -= 1
            self._change.notify()
