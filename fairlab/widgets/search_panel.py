"""Search with a panel: words and facets, results with pictures, and the records that were picked, in Python."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import QueryError
from fairlab.widgets.discretion import discreet
from fairlab.widgets.glimpses import Glimpse, Glimpses
from fairlab.widgets.headless import is_headless
from fairlab.widgets.question import Question, question_of
from fairlab.widgets.search_rows import code_of, csv_of, table_of
from fairlab.widgets.searching import Searching
from fairlab.widgets.whole_files import write_whole
from fairlab.widgets.with_panel import WithPanel

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

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


class Browser(WithPanel):
    """A search panel; made by :func:`browse`."""

    _purpose = "show a search panel"

    def __init__(self, question: Question):
        super().__init__()
        self._search = Searching(self._show, self._fail)
        self._glimpses = Glimpses(self._tell_glimpse)
        self._search.ask(question)

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

    # ── what the reader does ─────────────────────────────────────────────────────────────────────────

    def _panel(self) -> SearchPanel:
        from fairlab.widgets.panels import SearchPanel

        return SearchPanel(self._received, **self._search.values)

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
            case "pictures":
                for wanted in content.get("keys", ()):
                    with contextlib.suppress(QueryError):  # scrolled out of an older search meanwhile
                        self._glimpses.ask(wanted, self._search.picks.record(wanted))
            case "code":
                self._tell("code", text=code_of(self._search.picks.record(key)))
            case "save":
                path = self.to_csv(_free_name())
                self._tell("saved", text=f"{path.name} is written: fairlab run … --over {path.name}")
            case "view":
                from fairlab.widgets.looking import view  # which brings all that there is to look at

                self._look(partial(view, self._search.picks.record(key)))
            case "close":
                self._close()

    # ── showing ──────────────────────────────────────────────────────────────────────────────────────

    def _say(self, working: str) -> None:
        self._search.update(working=working)  # which keeps it for a panel that is made later

    def _tell_glimpse(self, key: str, found: Glimpse) -> None:
        buffers = [found.picture] if found.picture else []
        self._tell("picture", buffers=buffers, key=key, note=discreet(found.reason))

    # ── lasting ──────────────────────────────────────────────────────────────────────────────────────

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, Any]:
        if is_headless():
            self._search.settle()  # nobody will see what comes later
        table = table_of(self._search.values["rows"], self._search.lines())
        return {**self._outputs(repr(self)), "text/html": table}

    def __repr__(self) -> str:
        rows = [
            "  ".join(filter(None, (row["id"], row["title"], row["pixels"], row["bytes"], row["licence"])))
            for row in self._search.values["rows"]
        ]
        return "\n".join([*self._search.lines(), *rows])


def _free_name() -> Path:
    """A file beside the notebook that is not there yet: a list written before stays."""
    names = (f"images{number or ''}.csv" for number in itertools.chain([None], itertools.count(2)))
    return next(path for name in names if not (path := Path(name)).exists())
