"""Search with a panel: words and facets, results with pictures, and the records that were picked, in Python."""

from __future__ import annotations

import dataclasses
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fairlab.catalogue.overview import facets as catalogue_facets
from fairlab.errors import MissingExtraError, QueryError, missing_extra
from fairlab.result_tables import around
from fairlab.results import Results
from fairlab.widgets.beside import HAS_THREADS, IN_THE_BROWSER, beside
from fairlab.widgets.discretion import discreet, encodable
from fairlab.widgets.glimpses import Glimpse, Glimpses
from fairlab.widgets.picks import Picks
from fairlab.widgets.question import Question, question_of
from fairlab.widgets.search_rows import FACETS, Facet, code_of, csv_of, facets_of, rows_of, table_of
from fairlab.widgets.whole_files import write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from fairlab.record import Record
    from fairlab.results import Group
    from fairlab.widgets.panels import SearchPanel

_BETWEEN_S: Final = 0.3
"""Seconds between two showings of results that are still coming in."""


def browse(text: str = "", **question: Any) -> Browser:
    """Search with a panel in the notebook: words, facets, results with pictures.

    Records that are picked there are in Python as ``browser.selected``. Pictures are fetched when their row is
    scrolled into view: the repository's own, or one drawn from the coarsest level of the image.

    Parameters
    ----------
    text : str
        Words to begin with.
    **question
        Whatever :func:`fairlab.search` takes: ``organism=``, ``imaging_method=``, ``license=``, ``repository=``,
        ``max_bytes=`` (facets, which can be changed in the panel), ``live=True`` to ask archives over the
        network, ``kind="study"``, ``limit=`` …

    Returns
    -------
    Browser
        Shows itself as the last line of a cell; in the saved notebook it is a table.

    Raises
    ------
    QueryError
        kind ``"keyword-unknown"``, or as :func:`fairlab.search`.

    Examples
    --------
    >>> browser = browse("nuclei", repositories=["sample"])
    >>> [record.id for record in browser.records][:2], browser.selected
    (['sample:nuclei', 'sample:cells2d'], ())
    >>> browse("nuclei", organsim="mouse")
    Traceback (most recent call last):
        ...
    fairlab.errors.QueryError: browse() knows no "organsim"; did you mean "organism"? ...
    """
    return Browser(question_of(text, question))


class Browser:
    """A search panel; made by :func:`browse`."""

    viewer: Any = None
    """What "open" in the panel showed last."""

    def __init__(self, question: Question):
        self._lock = threading.RLock()
        self._turn = 0
        self._picks = Picks()
        self._facets: dict[str, Facet] = {}
        self._results: Results | None = None
        self._glimpses = Glimpses(self._tell_glimpse)
        self._front: SearchPanel | None = None
        self._box: Any = None
        self._values: dict[str, Any] = {}
        self._ask(question)

    @property
    def error(self) -> BaseException | None:
        """What went wrong in the last thing that was done in the panel; None when nothing did."""
        return self._front.failure if self._front is not None else None

    @property
    def results(self) -> Results | None:
        """What :func:`fairlab.search` gave, archives waited for; None before anything was asked."""
        return None if self._results is None else self._results.settled()

    @property
    def records(self) -> tuple[Record, ...]:
        """The records shown now, in order."""
        return self._picks.shown

    @property
    def selected(self) -> tuple[Record, ...]:
        """The records ticked, in the order in which they were; another search takes the ticks away."""
        return self._picks.selected

    @property
    def listed(self) -> tuple[Record, ...]:
        """The records added to the list; they stay through further searches."""
        return self._picks.listed

    def search(self, text: str = "", **question: Any) -> None:
        """Ask something else; takes what :func:`browse` takes.

        Examples
        --------
        >>> browser = browse("nuclei", repositories=["sample"])
        >>> browser.search("retina", repositories=["sample"])
        >>> browser.records[0].id
        'sample:retina'
        """
        self._ask(question_of(text, question))

    def to_csv(self, path: str | os.PathLike[str]) -> Path:
        """Write the list (where it is empty: what is selected) for ``fairlab run … --over``.

        Parameters
        ----------
        path : path-like
            File to write; one of that name is replaced. Its one column, ``url``, says what opens each image.

        Raises
        ------
        QueryError
            kind ``"nothing-listed"``, ``"no-pixels"``, or ``"secret"``: an address holds a password.
        OutputError
            The place cannot be written.
        """
        records = self.listed or self.selected
        if not records:
            raise QueryError(
                'nothing is listed or selected\n  "add to list" in the panel lists an image, a tick selects it',
                kind="nothing-listed",
            )
        return write_whole(path, csv_of(records).encode())

    @property
    def widget(self) -> Any:
        """The live widget, to be placed beside others.

        Raises
        ------
        MissingExtraError
            anywidget is not installed.
        """
        with self._lock:
            if self._box is None:
                try:
                    import ipywidgets
                except ImportError as exc:
                    raise missing_extra("widgets", "show a search panel", exc) from exc
                from fairlab.widgets.panels import SearchPanel

                self._front = SearchPanel(self._received, **self._values)
                self._slot = ipywidgets.VBox()
                self._box = ipywidgets.VBox([self._front, self._slot])
            return self._box

    # ── what the reader does ─────────────────────────────────────────────────────────────────────────

    def _received(self, kind: str, content: Mapping[str, Any]) -> None:
        key, on = str(content.get("key")), bool(content.get("on"))
        match kind:
            case "search":
                text, live = str(content.get("text", "")), bool(content.get("live"))
                self._ask(dataclasses.replace(self._question, text=text, live=live))
            case "choose":
                self._ask(
                    self._question.choosing(str(content.get("facet")), str(content.get("value")), on=on)
                )
            case "more":
                self._beside(self._get_more, "asking for more …")
            case "select":
                self._picks.select(key, on=on)
                self._update(picked=self._picks.keys())
            case "list":
                self._picks.add(key, on=on)
                self._update(picked=self._picks.keys())
            case "glimpse":
                for wanted in content.get("keys", ()):
                    self._glimpses.ask(wanted, self._picks.record(wanted))
            case "code":
                self._tell("code", text=code_of(self._picks.record(key)))
            case "view":
                self._beside(partial(self._view, self._picks.record(key)), "opening …")
            case "close":
                self.viewer, self._slot.children = None, ()

    def _beside(self, work: Callable[[], None], words: str) -> None:
        """Do work that takes a while, and say so meanwhile."""

        def told() -> None:
            self._update(working=words)
            try:
                work()
            finally:
                self._update(working="")

        assert self._front is not None  # it is what asks
        self._front.beside(told)

    def _view(self, record: Record) -> None:
        from fairlab.widgets.looking import view

        self.viewer = view(record)
        self._slot.children = (self.viewer.widget,)

    # ── asking ───────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, question: Question) -> None:
        """Ask, show what is there at once, and go on beside while archives answer."""
        results = None if question.is_empty else question.search()
        with self._lock:
            self._turn += 1
            turn, self._question, self._results = self._turn, question, results
        self._picks.select_none()
        if results is None:
            self._show_catalogue(turn)
        elif type(results) is Results:
            self._show_results(turn, results)
        else:
            self._show_coming(turn, ())
            beside(partial(self._follow, turn, results))

    def _follow(self, turn: int, results: Results) -> None:
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
            self._update(working="")
            if self._front is None:
                raise
            self._front.fail(exc)

    def _get_more(self) -> None:
        turn, results = self._turn, self._results
        if results is None:
            return
        more = results.settled().more()
        with self._lock:
            if turn == self._turn:
                self._results = more
        self._show_results(turn, more)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _show_catalogue(self, turn: int) -> None:
        counts = catalogue_facets("study" if self._question.fixed.get("kind") == "study" else "image")
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
        counts, chosen = results.facets(), self._question.chosen
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
            question = self._question
            facets = {
                name: Facet(f.values, question.chosen.get(name, ())) for name, f in self._facets.items()
            }
            lite = [] if HAS_THREADS else [IN_THE_BROWSER]
            said = {name: [*map(discreet, v)] if isinstance(v, list) else v for name, v in status.items()}
            self._update(
                rows=rows_of(records, groups, self._picks.show(records)),
                facets=facets_of(facets, question.max_bytes),
                status={**said, "warnings": [*said.get("warnings", []), *lite]},
                asked={"text": question.text, "live": question.live},
                picked=self._picks.keys(),
                working=working,
            )

    def _update(self, **values: Any) -> None:
        with self._lock:
            self._values |= encodable(values)
            if self._front is not None:
                self._front.show(**values)

    def _tell(self, kind: str, *, buffers: Sequence[bytes] = (), **content: Any) -> None:
        if self._front is not None:
            self._front.tell(kind, buffers=buffers, **content)

    def _tell_glimpse(self, key: str, found: Glimpse) -> None:
        buffers = [found.picture] if found.picture else []
        self._tell("glimpse", buffers=buffers, key=key, reason=discreet(found.reason))

    # ── lasting ──────────────────────────────────────────────────────────────────────────────────────

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        data: dict[str, Any] = {}
        text = repr(self)
        try:
            data |= self.widget._repr_mimebundle_()
        except MissingExtraError as exc:
            text = f"{text}\n{exc}"
        return {**data, "text/html": table_of(self._values["rows"], self._lines()), "text/plain": text}

    def _lines(self) -> list[str]:
        status = self._values["status"]
        return [
            status["found"],
            *filter(None, [status.get("who")]),
            *status["warnings"],
            *status.get("notes", []),
        ]

    def __repr__(self) -> str:
        rows = [
            "  ".join(filter(None, (row["id"], row["title"], row["pixels"], row["bytes"], row["licence"])))
            for row in self._values["rows"]
        ]
        return "\n".join([*self._lines(), *rows])
