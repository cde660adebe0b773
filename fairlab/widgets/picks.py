"""Records under short keys, and which of them the reader ticked or listed.

A front-end speaks of records by key: addresses, which may hold a token or a path, stay in Python.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from fairlab.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fairlab.record import Record


class Picks:
    """The records of one panel.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> picks = Picks()
    >>> picks.show([Record(id=name, kind="image", repository="X") for name in ("x:1", "x:2")])
    ['r0', 'r1']
    >>> picks.select("r1", on=True)
    >>> [record.id for record in picks.selected]
    ['x:2']
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, str] = {}
        self._known: dict[str, Record] = {}
        self._shown: list[str] = []
        self._selected: list[str] = []
        self._listed: list[str] = []

    def show(self, records: Sequence[Record]) -> list[str]:
        """Show these, and return their keys; a record keeps its key. Others go unless they are picked."""
        with self._lock:
            keep = {*self._selected, *self._listed}
            self._known = {key: record for key, record in self._known.items() if key in keep}
            self._shown = [self._names.setdefault(record.id, f"r{len(self._names)}") for record in records]
            self._known |= dict(zip(self._shown, records, strict=True))
            return list(self._shown)

    def record(self, key: object) -> Record:
        """The record of a key.

        Raises
        ------
        QueryError
            kind ``"key-unknown"``: it is not shown any more.
        """
        with self._lock:
            found = self._known.get(str(key))
        if found is None:
            raise QueryError("this row is not shown any more; search again", kind="key-unknown")
        return found

    def select(self, key: str, *, on: bool) -> None:
        """Tick a record, or no longer."""
        with self._lock:
            _toggle(self._selected, key, on=on and key in self._known)

    def add(self, key: str, *, on: bool) -> None:
        """Put a record on the list, or take it away."""
        with self._lock:
            _toggle(self._listed, key, on=on and key in self._known)

    def select_none(self) -> None:
        """Take all ticks away; the list stays."""
        with self._lock:
            self._selected = []

    @property
    def shown(self) -> tuple[Record, ...]:
        """Those shown, in order."""
        return self._records(self._shown)

    @property
    def selected(self) -> tuple[Record, ...]:
        """Those ticked, in the order in which they were."""
        return self._records(self._selected)

    @property
    def listed(self) -> tuple[Record, ...]:
        """Those on the list."""
        return self._records(self._listed)

    def keys(self) -> dict[str, list[str]]:
        """Keys of those selected and listed, for the front-end."""
        with self._lock:
            return {"selected": list(self._selected), "listed": list(self._listed)}

    def _records(self, keys: Sequence[str]) -> tuple[Record, ...]:
        with self._lock:
            return tuple(self._known[key] for key in keys)


def _toggle(keys: list[str], key: str, *, on: bool) -> None:
    if key in keys:
        keys.remove(key)
    if on:
        keys.append(key)
