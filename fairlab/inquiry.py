"""Ask archives at the same time, each with its own time limit, and keep where each of them stands.

Every archive has a thread of its own for one round of questions. Threads only put what they find into a queue;
who reads the queue keeps the books, so that a thread that was given up changes nothing any more. They are
daemons: a process that wants to end does not wait for an archive.
"""

from __future__ import annotations

import contextvars
import queue
import threading
import time
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import TYPE_CHECKING, Final

from fairlab import failures
from fairlab.digests import Arrival
from fairlab.repositories.base import MAX_PAGES, Page
from fairlab.results import ALWAYS_STATED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fairlab.digests import Digest, Found
    from fairlab.query import Query
    from fairlab.record import Failure
    from fairlab.repositories.base import LiveRepository

_MAX_CHECKED: Final = 3  # pages that are looked through here: an archive's best answers come first
_OF_ONE_STUDY: Final = 4  # images that count towards enough: a hundred of one study are no answer yet
_GLANCE_S: Final = 0.2  # where waiting for a lock cannot be interrupted, Ctrl-C waits so long


@dataclass(kw_only=True)
class Source:
    """One archive that is asked, and how far it got."""

    repository: LiveRepository
    """Who."""
    limit_s: float
    """Longest that one round with it may take."""
    query: Query
    """The question as it is put to this archive."""
    digest: Digest
    """What becomes of its pages."""
    found: list[Found] = field(default_factory=list)
    """What it gave, in its order."""
    cursor: str | None = None
    """Where to go on."""
    over: bool = False
    """Whether there is nothing more to ask."""
    failure: Failure | None = None
    """Why its last round did not end well."""
    total: int | None = None
    """How many meet the question, as it says."""
    total_exact: bool = True
    """Whether it counted them."""
    said: tuple[str, ...] = ()
    """What it said besides."""

    @property
    def name(self) -> str:
        """Name of the archive."""
        return self.repository.name

    @property
    def checks(self) -> bool:
        """Whether what it gives must be looked through here, because it does not apply every filter itself."""
        return not self.query.filters() <= self.repository.capabilities.applies

    @property
    def unapplied(self) -> tuple[str, ...]:
        """Filters that neither it applies nor its records state."""
        able = self.repository.capabilities
        return tuple(sorted(self.query.filters() - able.applies - able.states - ALWAYS_STATED))

    def take(self, arrival: Arrival) -> None:
        """Keep what arrived."""
        self.found += arrival.found
        page = arrival.page
        if page is not None:
            self.cursor, self.over = page.cursor, page.cursor is None
            self.total = self.total if page.total is None or self.checks else page.total
            self.total_exact = self.total_exact and page.total_exact
            self.said = tuple(dict.fromkeys((*self.said, *page.notes)))


class Inquiry:
    """A question put to several archives, round by round.

    Parameters
    ----------
    sources : sequence of Source
        Whom to ask, in the order in which they are named.
    """

    def __init__(self, sources: Sequence[Source]):
        self.sources = tuple(sources)
        self.arrived: list[tuple[Source, Found]] = []
        """Everything found, in the order of arrival."""
        self._lock = threading.RLock()
        self._inbox: queue.SimpleQueue[tuple[int, Source, Arrival | Failure | None]] = queue.SimpleQueue()
        self._round = 0
        self._deadlines: dict[str, float] = {}

    def begin(self, want: int | None, *, again: bool = False) -> bool:
        """Start a round, in which each archive goes on where it was.

        Parameters
        ----------
        want : int or None
            Records that are enough from each archive; None asks one page.
        again : bool
            Whether those that failed are tried again, from the page that failed.

        Returns
        -------
        bool
            Whether anybody is asked; a round that is under way goes on.
        """
        with self._lock:
            if self._deadlines:
                return True
            self._round += 1
            asked = [one for one in self.sources if not one.over and (again or one.failure is None)]
            for source in asked:
                source.failure = None
                self._deadlines[source.name] = time.monotonic() + source.limit_s
                run = contextvars.copy_context().run
                task = (_converse, source, want, self._round, self._inbox)
                threading.Thread(target=run, args=task, name=f"fairlab {source.name}", daemon=True).start()
            return bool(asked)

    def stream(self) -> Iterator[tuple[Source, Found]]:
        """Everything found so far, and what comes in the round under way as it comes."""
        position = 0
        while True:
            while position < len(self.arrived):
                yield self.arrived[position]
                position += 1
            if not self._pull():
                return

    def wait(self) -> None:
        """Return when the round is over."""
        while self._pull():
            pass

    def _pull(self) -> bool:
        """Take in what one archive said, or give up those whose time is over; False when nobody is waited for."""
        with self._lock:
            if not self._deadlines:
                return False
            left_s = min(self._deadlines.values()) - time.monotonic()
            try:
                # What lies in the queue came in time, however late it is looked at.
                self._note(*self._inbox.get(timeout=min(max(left_s, 0.001), _GLANCE_S)))
            except queue.Empty:
                self._give_up()
            return True

    def _note(self, number: int, source: Source, said: Arrival | Failure | None) -> None:
        if number != self._round or source.name not in self._deadlines:
            return  # it was given up
        if isinstance(said, Arrival):
            source.take(said)
            self.arrived += [(source, found) for found in said.found]
            return
        source.failure = said
        del self._deadlines[source.name]

    def _give_up(self) -> None:
        now = time.monotonic()
        for source in self.sources:
            if self._deadlines.get(source.name, now + 1) <= now:
                source.failure = failures.late(source.name, given=len(source.found), limit_s=source.limit_s)
                del self._deadlines[source.name]


def _converse(
    source: Source, want: int | None, number: int, inbox: queue.SimpleQueue[tuple[int, Source, object]]
) -> None:
    """One archive's part of one round, in a thread of its own."""
    from fairlab.net import api

    said: Failure | None = None
    try:
        with api.limit(source.limit_s):
            for arrival in _arrivals(source, want):
                inbox.put((number, source, arrival))
    except Exception as error:  # one of many sources may be broken; the others' answers still count
        said = failures.failure(source.name, error)
    inbox.put((number, source, said))


def _arrivals(source: Source, want: int | None) -> Iterator[Arrival]:
    """What an archive gives until it is enough; a page without a next one ends it."""
    enough, cursor, page = 0, source.cursor, None
    most = _MAX_CHECKED if source.checks else MAX_PAGES
    for page in islice(source.repository.pages(source.query, cursor=cursor), most):
        if page.cursor == cursor:  # it would go round in circles
            page = replace(page, cursor=None)
        for arrival in source.digest(page):
            yield arrival
            enough += len(arrival.found) if arrival.page else min(_OF_ONE_STUDY, len(arrival.found))
            if want is not None and enough >= want:
                return
        cursor = page.cursor
        if cursor is None or want is None:
            return
    if page is None:
        yield Arrival((), Page(records=()))
