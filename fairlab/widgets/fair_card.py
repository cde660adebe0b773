"""The FAIR card of a report in a notebook: letters with their intervals, evidence and fixes folded.

It is HTML that folds by itself: no front-end is needed, so that it stays the same in the saved notebook, on an
exported page and while the kernel is busy.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import QueryError
from fairlab.fair.report_card import card
from fairlab.widgets.discretion import encodable, without_paths
from fairlab.widgets.keywords import check_keywords
from fairlab.widgets.toolkit import ipywidgets_for
from fairlab.widgets.whole_files import write_whole

if TYPE_CHECKING:
    import os

    from fairlab.fair.report import Report


def fair_card(report: Report, **unknown: Any) -> FairCard:
    """A report as a card; ``fairlab.view(report)`` calls this.

    Examples
    --------
    >>> import fairlab
    >>> shown = fair_card(fairlab.assess("idr:idr0062"))
    >>> shown.report.total.low < shown.report.total.high
    True
    """
    check_keywords("view", unknown, ())
    return FairCard(report)


class FairCard:
    """A report on show; made by :func:`fair_card`."""

    def __init__(self, report: Report):
        self.report = report
        """What is shown."""

    @property
    def widget(self) -> Any:
        """The card as a widget, to be placed beside others.

        Raises
        ------
        MissingExtraError
            ipywidgets is not installed.
        """
        return ipywidgets_for("place a card beside other widgets").HTML(self._repr_html_())

    def snapshot(self, path: str | os.PathLike[str]) -> Path:
        """Write the report as a page (``.html``) or as a badge with total and interval (``.svg``).

        Raises
        ------
        QueryError
            kind ``"suffix"``.
        OutputError
            The place cannot be written.
        """
        target = Path(path)
        forms = {".html": self.report.html, ".svg": self.report.svg}
        if target.suffix.lower() not in forms:
            raise QueryError(
                f'"{target.name}" ends in neither .html nor .svg; a report is a page or a badge',
                kind="suffix",
            )
        return write_whole(target, forms[target.suffix.lower()]().encode())

    def _repr_html_(self) -> str:
        return without_paths(card(self.report))

    def __repr__(self) -> str:
        text: str = encodable(without_paths(str(self.report)))
        return text
