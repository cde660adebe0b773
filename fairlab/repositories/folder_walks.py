"""Several places looked through one after the other, as far as somebody wants, and kept for who goes on."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from fairlab.errors import FairlabError, told
from fairlab.net.places import open_place
from fairlab.repositories.folder_crawl import Walk

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from fairlab.record import Record


class Walks:
    """The walks through several places, for any number of threads.

    A place that fails is in nobody's way: the others are looked through. It is tried again, where it failed, when
    somebody asks on after all had failed.

    Parameters
    ----------
    places : sequence of str or path-like
        See :func:`fairlab.repositories.folder_crawl.crawl`.
    """

    def __init__(self, places: Sequence[str | os.PathLike[str]]):
        self.places = tuple(places)
        self.found: list[Record] = []
        """All records so far, in order."""
        self.touched = time.monotonic()
        """When somebody last went on."""
        self._walks: dict[str | os.PathLike[str], Walk] = {}
        self._failures: dict[str | os.PathLike[str], FairlabError] = {}
        self._remarks: dict[str, None] = {}
        self._lock = threading.Lock()

    @property
    def stopped(self) -> bool:
        """Whether an error stopped it: every place failed, or none is left but those that did."""
        return bool(self._failures) and len(self._failures) == len(self.places)

    def up_to(self, count: int) -> bool:
        """Go on until there are so many records; False when there is nothing more to look into.

        Raises
        ------
        FairlabError
            Every place failed; the next call tries again.
        """
        with self._lock:
            if self.stopped:
                self._failures.clear()
            while len(self.found) < count:
                place = next((one for one in self.places if not self._is_done(one)), None)
                if place is None:
                    break
                self._step(place)
            self.touched = time.monotonic()
            if self.stopped:
                raise next(iter(self._failures.values()))
            return any(not self._is_done(place) for place in self.places) or len(self.found) > count

    def notes(self) -> tuple[str, ...]:
        """What a reader should know of it so far, one sentence each."""
        failed = (error.message.splitlines()[0] for error in self._failures.values())
        remarks = [remark for walk in self._walks.values() for remark in walk.remarks()]
        return (
            *(f"a folder could not be looked through: {why}" for why in failed),
            *(remark.splitlines()[0] for remark in (*remarks, *self._remarks)),
        )

    def _is_done(self, place: str | os.PathLike[str]) -> bool:
        return place in self._failures or (place in self._walks and self._walks[place].over)

    def _step(self, place: str | os.PathLike[str]) -> None:
        with told() as remarks:
            try:
                if place not in self._walks:
                    self._walks[place] = Walk(open_place(place))
                self.found += self._walks[place].step()
            except FairlabError as error:  # one of many places
                self._failures[place] = error
        self._remarks |= remarks
