"""One search from its first answer to as many as anybody wants, and the results that fill in meanwhile."""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING, overload

from fairlab.gathering import gathered, named_finds
from fairlab.joining import identities
from fairlab.merging import merge
from fairlab.results import Results

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from fairlab.inquiry import Inquiry
    from fairlab.query import Query
    from fairlab.record import Record


class Conversation:
    """A question, those who are asked, and what they have answered so far.

    Parameters
    ----------
    query : Query
        The question.
    inquiry : Inquiry
        The live archives; they are being asked already.
    embedded : callable
        Answers of the catalogues to a question; they need no time worth telling.
    told : callable
        Completes results with who was not asked.
    study_of : callable
        A study that a catalogue knows by its identifier, or None.
    """

    def __init__(
        self,
        query: Query,
        inquiry: Inquiry,
        *,
        embedded: Callable[[Query], Sequence[Results]],
        told: Callable[[Results], Results],
        study_of: Callable[[str], Record | None],
    ):
        self.query, self.inquiry = query, inquiry
        self._embedded, self._told, self._study_of = embedded, told, study_of
        self._answers = embedded(query)
        self._first: Results | None = None
        self._lock = threading.RLock()

    def settled(self) -> Results:
        """The results once everybody has answered or was given up; the same ones every time."""
        with self._lock:
            if self._first is None:
                self.inquiry.wait()
                self._first = self._results(self.query, ())
            return self._first

    def stream(self) -> Iterator[Record]:
        """Records as they come, those that answer the whole question first; without a limit, page after page."""
        seen: set[str] = set()
        given = 0
        for record in self._coming():
            keys = identities(record)
            if not keys & seen:
                yield record
                given += 1
                if given == self.query.limit:
                    return
            seen |= keys

    def _coming(self) -> Iterator[Record]:
        if self._first is None:
            # Archives were asked for a reason: the catalogues do not fill the whole limit before they answer.
            room = None if self.query.limit is None else max(1, self.query.limit // 2)
            now = merge(dataclasses.replace(self.query, limit=room), [*map(named_finds, self._answers)])
            if not now.relaxed and not now.unapplied:
                yield from now.records
            yield from self._arriving()
        yield from self.settled().records
        while self.query.limit is None and self.inquiry.begin(None):
            yield from self._arriving()
            yield from self._results(self.query, ()).records

    def _arriving(self) -> Iterator[Record]:
        for source, (record, lacks) in self.inquiry.stream():
            if not lacks and not source.unapplied:
                yield record

    def more(self, before: Results, n: int | None) -> Results:
        """The records of ``before``, and up to ``n`` more behind them."""
        room = len(before) + (n or self.query.limit or 50)
        query = dataclasses.replace(self.query, limit=room)
        with self._lock:
            self.settled()
            found = self._results(query, before.records)
            if (len(found) < room or found.failures) and self.inquiry.begin(room, again=True):
                self.inquiry.wait()
                found = self._results(query, before.records)
            return found

    def _results(self, query: Query, before: Sequence[Record]) -> Results:
        answers = self._answers if query == self.query else self._embedded(query)
        if self.inquiry.sources:
            found = gathered(query, answers, self.inquiry.sources, study_of=self._study_of, before=before)
        else:
            found = _behind(before, merge(query, answers))
        return dataclasses.replace(self._told(found), go_on=self.more)


def _behind(before: Sequence[Record], found: Results) -> Results:
    """Results whose first records are those that were shown before."""
    if not before:
        return found
    old = {record.id for record in before}
    fresh = [record for record in found.records if record.id not in old]
    return dataclasses.replace(found, records=(*before, *fresh)[: found.query.limit])


class LiveResults(Results):
    """Results of archives that may still be answering.

    Iterating gives records as they come. Everything else (length, table, facets, failures …) waits until each
    archive has answered or its time limit is over.
    """

    _conversation: Conversation

    def __init__(self, conversation: Conversation):
        object.__setattr__(self, "_conversation", conversation)

    def settled(self) -> Results:
        """The results once everybody has answered or was given up."""
        return self._conversation.settled()

    def stream(self) -> Iterator[Record]:
        """The records as archives answer, each naming who gave it in ``found_by``."""
        return self._conversation.stream()

    def __iter__(self) -> Iterator[Record]:
        return self.stream()

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> Results: ...
    def __getitem__(self, index: int | slice) -> Record | Results:
        return self.settled()[index]

    def more(self, n: int | None = None) -> Results:
        """These records, with further ones behind them; see :meth:`Results.more`."""
        return self._conversation.more(self.settled(), n)

    def __reduce__(self) -> tuple[object, ...]:
        return dataclasses.replace, (self.settled(),)


def _in_the_end(name: str) -> property:
    return property(lambda self: getattr(self.settled(), name))


for _field in dataclasses.fields(Results):
    # What a field of results is that fill in, is known in the end.
    setattr(LiveResults, _field.name, _in_the_end(_field.name))
