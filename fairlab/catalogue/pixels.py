"""The number to raise: how many studies resolve to pixels, source by source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fairlab.repositories.catalogue import CatalogueRepository, PixelRow

_TITLES = {
    "BIA": "BioImage Archive (with EMPIAR's copies)",
    "IDR": "Image Data Resource",
    "EMPIAR": "EMPIAR, copied elsewhere",
}
_HEADS = ("source", "studies", "with listed images", "with one that fairlab opens")


@dataclass(frozen=True, kw_only=True)
class PixelReport:
    """Studies that resolve to pixels, per source; a table when shown."""

    rows: tuple[PixelRow, ...]
    """One line per source, most studies first; sources without study records have zeros."""

    @property
    def total(self) -> PixelRow:
        """All sources together."""
        return PixelRow(
            "all",
            studies=sum(row.studies for row in self.rows),
            studies_with_images=sum(row.studies_with_images for row in self.rows),
            studies_openable=sum(row.studies_openable for row in self.rows),
            images=sum(row.images for row in self.rows),
        )

    def _lines(self) -> list[tuple[str, str, str, str]]:
        shown = [*(row for row in self.rows if row.studies), self.total]
        return [
            (
                _TITLES.get(row.source, row.source),
                f"{row.studies:,}",
                f"{row.studies_with_images:,}",
                f"{row.studies_openable:,}",
            )
            for row in shown
        ]

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {"sources": [row._asdict() for row in self.rows], "all": self.total._asdict()}

    def to_markdown(self) -> str:
        """The table of the README."""
        head = [f"| {' | '.join(_HEADS)} |", "|---|---|---|---|"]
        return "\n".join([*head, *(f"| {' | '.join(line)} |" for line in self._lines())])

    def __str__(self) -> str:
        return "\n".join(
            f"{source:<42}{studies:>9}{listed:>20}{opens:>29}"
            for source, studies, listed, opens in (_HEADS, *self._lines())
        )


def pixels() -> PixelReport:
    """How many studies of the catalogue lead to at least one OME-Zarr image, source by source.

    Opens no socket: counted is what lists state. An archive that is asked live may know more.

    Examples
    --------
    >>> report = pixels()
    >>> report.total.studies_openable > 100, report.to_markdown().splitlines()[0]
    (True, '| source | studies | with listed images | with one that fairlab opens |')
    """
    return PixelReport(rows=tuple(CatalogueRepository().pixels_per_source()))
