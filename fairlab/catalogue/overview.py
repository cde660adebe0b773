"""How much there is of everything: counts over the whole catalogue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import get_args

from fairlab.filters import choice
from fairlab.foreign_text import escaped, printable
from fairlab.record import Kind
from fairlab.repositories.catalogue import CatalogueRepository
from fairlab.results import FACETS

_SHOWN = 8


class Facets(Mapping[str, dict[str, int]]):
    """Facet name to value to number, most frequent first; a table when shown.

    Parameters
    ----------
    counts : mapping
        Facet name to value to number.
    kind : {"image", "study"}
        What is counted.
    total : int
        How many there are.
    """

    def __init__(self, counts: Mapping[str, Mapping[str, int]], *, kind: Kind, total: int):
        self._counts = {
            name: dict(sorted(counts.get(name, {}).items(), key=lambda item: (-item[1], item[0])))
            for name in FACETS
        }
        self.kind = kind
        self.total = total

    def __getitem__(self, name: str) -> dict[str, int]:
        return self._counts[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._counts)

    def __len__(self) -> int:
        return len(self._counts)

    def _head(self) -> str:
        return f"{self.total:,} {'studies' if self.kind == 'study' else 'images'} in the catalogue"

    def __repr__(self) -> str:
        lines = [self._head()]
        for name, values in self._counts.items():
            lines += ["", name.replace("_", " ")]
            lines += [f"{number:9,}  {printable(value)}" for value, number in list(values.items())[:_SHOWN]]
            lines += [f"{'…':>9}  {len(values) - _SHOWN:,} more"] if len(values) > _SHOWN else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        # No table around the tables: Jupyter would paint all of it under the pointer, and it could not wrap.
        parts = []
        for name, values in self._counts.items():
            rows = "".join(
                f"<tr><td style='text-align:right'>{number:,}</td>"
                f"<td style='text-align:left;white-space:normal'>{escaped(value)}</td></tr>"
                for value, number in list(values.items())[:_SHOWN]
            )
            more = f"<p>… {len(values) - _SHOWN:,} more</p>" if len(values) > _SHOWN else ""
            title = escaped(name.replace("_", " "))
            parts.append(f"<div style='max-width:20em'><b>{title}</b><table>{rows}</table>{more}</div>")
        return (
            f"<div class='fairlab-facets'><p>{self._head()}</p>"
            f"<div style='display:flex;flex-wrap:wrap;gap:1em 2em'>{''.join(parts)}</div></div>"
        )


def facets(kind: str = "image") -> Facets:
    """Counts by organism, method, licence, repository, version and layout over the whole catalogue.

    The embedded catalogue and your own are counted together, each study and image once; ``"unknown"`` counts
    what states nothing. Every value can be given to the filter of the same name of :func:`fairlab.search`. Opens
    no socket. ``results.facets()`` counts what one search found, under the same names.

    Parameters
    ----------
    kind : {"image", "study"}
        What to count.

    Returns
    -------
    Facets
        A mapping of mappings that shows as a table.

    Raises
    ------
    QueryError
        kind ``"kind-unknown"``.

    Examples
    --------
    >>> found = facets()
    >>> found["organism"]["Mus musculus"] > 500, found.total == sum(found["repository"].values())
    (True, True)
    """
    checked: Kind = choice("kind", kind, get_args(Kind))
    total, counts = CatalogueRepository().counts(checked)
    return Facets(counts, kind=checked, total=total)
