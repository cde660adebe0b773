"""A search that goes on: the question, what came so far, and what a panel shows of it."""

from __future__ import annotations

import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fairlab.catalogue.overview import facets as catalogue_facets
from fairlab.result_tables import around
from fairlab.results import Results
from fairlab.widgets.beside import beside
from fairlab.widgets.discretion import discreet, encodable
from fairlab.widgets.picks import Picks
from fairlab.widgets.search_rows import FACETS, Facet, facets_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fairlab.record import Record
    from fairlab.results import Group
    from fairlab.widgets.question import Question

_BETWEEN_S: Final = 0.3
"""Seconds between two showings of results that are still coming in."""


class Searching:
    """One search after another; a newer question ends the older.

    Parameters
    ----------
    show : callable
        Called with values that changed, by name, on any thread.
    fail : callable
        Called with what went wrong on a thread of its own.

    Examples
    --------
    >>> from fairlab.widgets.question import question_of
    >>> search = Searching(lambda **_: None, lambda _: None)
    >>> search.ask(question_of("nuclei", {"repositories": ["sample"]}))
    >>> search.values["status"]["found"]
    '"nuclei": 3 images from 1 study or source'
    """

    question: Question
    """What is asked."""
    results: Results | None = None
    """What came, or is coming; None before anything was asked."""

    def __init__(self, show: Callable[..., None], fail: Callable[[BaseException], None]):
        self.picks = Picks()
        self.values: dict[str, Any] = {}
        self._show_values, self._fail = show, fail
        self._lock = threading.RLock()
        self._turn = 0
        self._facets: dict[str, Facet] = {}
        self._over = threading.Event()

    def ask(self, question: Question) -> None:
        """Ask, show what is there at once, and go on beside while archives answer."""
        results = None if question.is_empty else question.search()
        with self._lock:
            self._turn += 1
            if self._turn == 1 or not question.only_chooses(self.question):
                self._facets = {}  # what another question found says nothing about this one
            turn, self.question, self.results = self._turn, question, results
            self._over = over = threading.Event()
        if results is None or type(results) is Results:
            over.set()  # nobody is waited for
        self.picks.select_none()
        if results is None:
            self._show_catalogue(turn)
        elif type(results) is Results:
            self._show_results(turn, results)
        else:
            self._show_coming(turn, ())
            beside(partial(self._follow, turn, results, over))

    def settle(self) -> None:
        """Wait until everybody who was asked has answered or was given up, and that is shown."""
        self._over.wait()

    def more(self) -> None:
        """Show further records behind those that are shown; waits for whoever must be asked."""
        turn, results = self._turn, self.results
        if results is None:
            return
        more = results.settled().more()
        with self._lock:
            if turn == self._turn:
                self.results = more
        self._show_results(turn, more)

    def update(self, **values: Any) -> None:
        """Keep values and show them."""
        with self._lock:
            self.values |= encodable(values)
            self._show_values(**values)

    def lines(self) -> list[str]:
        """What is said around the results, a sentence each."""
        status = self.values["status"]
        said = [status["found"], status.get("who"), *status["warnings"], *status.get("notes", [])]
        return [line for line in said if line]

    def _follow(self, turn: int, results: Results, over: threading.Event) -> None:
        """Show records as archives answer; another question ends it."""
        try:
            coming: list[Record] = []
            shown_s = time.monotonic()
            for record in results.stream():
                if turn != self._turn:
                    return
                coming.append(record)
                if time.monotonic() - shown_s > _BETWEEN_S:
                    self._show_coming(turn, coming)
                    shown_s = time.monotonic()
            self._show_results(turn, results.settled())
        except Exception as exc:  # nobody above this thread: the reader must see it
            said = f"the search ended with {type(exc).__name__}: {exc}"
            status = self.values["status"]
            self.update(working="", status={**status, "warnings": [*status["warnings"], discreet(said)]})
            self._fail(exc)
        finally:
            over.set()

    def _show_catalogue(self, turn: int) -> None:
        counts = catalogue_facets("study" if self.question.fixed.get("kind") == "study" else "image")
        self._facets = {name: Facet(counts[name]) for name in FACETS}
        what = "studies" if counts.kind == "study" else "images"
        found = f"{counts.total:,} {what} in the catalogue: type words, or choose a facet"
        self._show(turn, (), (), {"found": found})

    def _show_coming(self, turn: int, records: Sequence[Record]) -> None:
        found = f"{len(records):,} so far, archives are still answering"
        self._show(turn, records, (), {"found": found}, working="asking archives …")

    def _show_results(self, turn: int, results: Results) -> None:
        if turn != self._turn:
            return
        counts, chosen = results.facets(), self.question.chosen
        # Where something was chosen the other values stay on offer, so that a second can be chosen too.
        kept = {name: facet for name, facet in self._facets.items() if chosen.get(name)}
        self._facets = {name: Facet(counts[name]) for name in FACETS} | kept
        head, tail = around(results)
        more = results.total > len(results) or not results.total_exact
        status = {"found": head[0], "who": head[1], "warnings": head[2:], "notes": tail, "more": more}
        self._show(turn, results.records, results.groups, status)

    def _show(
        self,
        turn: int,
        records: Sequence[Record],
        groups: Sequence[Group],
        status: dict[str, Any],
        *,
        working: str = "",
    ) -> None:
        with self._lock:
            if turn != self._turn:
                return
            asked = self.question
            facets = {name: Facet(f.values, asked.chosen.get(name, ())) for name, f in self._facets.items()}
            said = {name: [*map(discreet, v)] if isinstance(v, list) else v for name, v in status.items()}
            self.update(
                rows=rows_of(records, groups, self.picks.show(records)),
                facets=facets_of(facets, asked.max_bytes),
                status={"warnings": [], **said},
                asked={"text": asked.text, "live": asked.live},
                picked=self.picks.keys(),
                working=working,
            )
