"""Search with a panel: words and facets, results with pictures, and the records that were picked, in Python."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

from fairlab.errors import MissingExtraError, QueryError, missing_extra
from fairlab.widgets.discretion import discreet
from fairlab.widgets.glimpses import Glimpse, Glimpses
from fairlab.widgets.headless import is_headless
from fairlab.widgets.question import Question, question_of
from fairlab.widgets.search_rows import code_of, csv_of, table_of
from fairlab.widgets.searching import Searching
from fairlab.widgets.whole_files import write_whole

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from fairlab.record import Record
    from fairlab.results import Results
    from fairlab.widgets.panels import SearchPanel


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
        self._search = Searching(self._show, self._fail)
        self._glimpses = Glimpses(self._tell_glimpse)
        self._front: SearchPanel | None = None
        self._box: Any = None
        self._search.ask(question)

    @property
    def error(self) -> BaseException | None:
        """What went wrong in the last thing that was done in the panel; None when nothing did."""
        return self._front.failure if self._front is not None else None

    @property
    def results(self) -> Results | None:
        """What :func:`fairlab.search` gave, archives waited for; None before anything was asked."""
        if self._search.results is None:
            return None
        self._search.settle()
        return self._search.results.settled()

    @property
    def records(self) -> tuple[Record, ...]:
        """The records shown now, in order."""
        return self._search.picks.shown

    @property
    def selected(self) -> tuple[Record, ...]:
        """The records ticked, in the order in which they were; another search takes the ticks away."""
        return self._search.picks.selected

    @property
    def listed(self) -> tuple[Record, ...]:
        """The records added to the list; they stay through further searches."""
        return self._search.picks.listed

    def search(self, text: str = "", **question: Any) -> None:
        """Ask something else; takes what :func:`browse` takes.

        Examples
        --------
        >>> browser = browse("nuclei", repositories=["sample"])
        >>> browser.search("retina", repositories=["sample"])
        >>> browser.records[0].id
        'sample:retina'
        """
        self._search.ask(question_of(text, question))

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

                self._front = SearchPanel(self._received, **self._search.values)
                self._slot = ipywidgets.VBox()
                self._box = ipywidgets.VBox([self._front, self._slot])
            return self._box

    # ── what the reader does ─────────────────────────────────────────────────────────────────────────

    def _received(self, kind: str, content: Mapping[str, Any]) -> None:
        key, on = str(content.get("key")), bool(content.get("on"))
        match kind:
            case "search":
                text, live = str(content.get("text", "")), bool(content.get("live"))
                self._search.ask(dataclasses.replace(self._search.question, text=text, live=live))
            case "choose":
                self._search.ask(
                    self._search.question.choosing(
                        str(content.get("facet")), str(content.get("value")), on=on
                    )
                )
            case "more":
                self._beside(self._search.more, "asking for more …")
            case "select":
                self._search.picks.select(key, on=on)
                self._search.update(picked=self._search.picks.keys())
            case "list":
                self._search.picks.add(key, on=on)
                self._search.update(picked=self._search.picks.keys())
            case "glimpse":
                for wanted in content.get("keys", ()):
                    with contextlib.suppress(QueryError):  # scrolled out of an older search meanwhile
                        self._glimpses.ask(wanted, self._search.picks.record(wanted))
            case "code":
                self._tell("code", text=code_of(self._search.picks.record(key)))
            case "view":
                self._beside(partial(self._view, self._search.picks.record(key)), "opening …")
            case "close":
                self.viewer, self._slot.children = None, ()

    def _beside(self, work: Callable[[], None], words: str) -> None:
        """Do work that takes a while, and say so meanwhile."""

        def told() -> None:
            self._search.update(working=words)
            try:
                work()
            finally:
                self._search.update(working="")

        assert self._front is not None  # it is what asks
        self._front.aside(told)

    def _view(self, record: Record) -> None:
        from fairlab.widgets.looking import view

        self.viewer = view(record)
        self._slot.children = (self.viewer.widget,)

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _show(self, **values: Any) -> None:
        if self._front is not None:
            self._front.show(**values)

    def _fail(self, error: BaseException) -> None:
        if self._front is not None:
            self._front.fail(error)

    def _tell(self, kind: str, *, buffers: Sequence[bytes] = (), **content: Any) -> None:
        if self._front is not None:
            self._front.tell(kind, buffers=buffers, **content)

    def _tell_glimpse(self, key: str, found: Glimpse) -> None:
        buffers = [found.picture] if found.picture else []
        self._tell("glimpse", buffers=buffers, key=key, reason=discreet(found.reason))

    # ── lasting ──────────────────────────────────────────────────────────────────────────────────────

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        if is_headless():
            self._search.settle()  # nobody will see what comes later
        data: dict[str, Any] = {}
        text = repr(self)
        try:
            data |= self.widget._repr_mimebundle_()
        except MissingExtraError as exc:
            text = f"{text}\n{exc}"
        return {
            **data,
            "text/html": table_of(self._search.values["rows"], self._search.lines()),
            "text/plain": text,
        }

    def __repr__(self) -> str:
        rows = [
            "  ".join(filter(None, (row["id"], row["title"], row["pixels"], row["bytes"], row["licence"])))
            for row in self._search.values["rows"]
        ]
        return "\n".join([*self._search.lines(), *rows])
