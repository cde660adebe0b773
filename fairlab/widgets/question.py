"""What the search panel asks: words, chosen facets, and what the caller fixed; changed by making another."""

from __future__ import annotations

import dataclasses
import inspect
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fairlab.federation import search
from fairlab.widgets.keywords import check_keywords
from fairlab.widgets.search_rows import FACETS, SIZES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.results import Results

KEYWORDS = tuple(name for name in inspect.signature(search).parameters if name != "text")
"""What :func:`fairlab.search` takes besides words."""
_NARROWING = frozenset(KEYWORDS) - {"kind", "limit", "match", "group_by", "live", "repositories", "timeout_s"}


@dataclass(frozen=True, kw_only=True)
class Question:
    """One question of the panel."""

    text: str = ""
    """Words."""
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Facet name to the values chosen: any of them."""
    max_bytes: int | None = None
    """Largest stored size."""
    live: bool = False
    """Whether archives are asked over the network."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """What else the caller gave :func:`fairlab.browse`; the panel does not change it."""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked yet."""
        narrowing = any(name in _NARROWING and value is not None for name, value in self.fixed.items())
        return not (self.text.strip() or any(self.chosen.values()) or self.max_bytes or narrowing)

    def choosing(self, facet: str, value: str, *, on: bool) -> Question:
        """The same question with one value of a facet chosen, or no longer.

        Examples
        --------
        >>> asked = Question(text="heart").choosing("organism", "Mus musculus", on=True)
        >>> asked.chosen, asked.choosing("organism", "Mus musculus", on=False).chosen
        ({'organism': ('Mus musculus',)}, {'organism': ()})
        """
        if facet == "max_bytes":
            size = int(value)
            return dataclasses.replace(self, max_bytes=size if on and size in SIZES else None)
        if facet not in FACETS:
            return self
        before = tuple(one for one in self.chosen.get(facet, ()) if one != value)
        return dataclasses.replace(self, chosen={**self.chosen, facet: (*before, value) if on else before})

    def only_chooses(self, before: Question) -> bool:
        """Whether it differs from another question in nothing but the facets chosen."""
        return dataclasses.replace(self, chosen={}) == dataclasses.replace(before, chosen={})

    def search(self) -> Results:
        """Ask it."""
        filters: dict[str, Any] = {name: list(values) for name, values in self.chosen.items() if values}
        return search(self.text, live=self.live, max_bytes=self.max_bytes, **filters, **self.fixed)


def question_of(text: str, given: Mapping[str, Any]) -> Question:
    """The question to begin with, from the arguments of :func:`fairlab.browse`.

    Raises
    ------
    QueryError
        kind ``"keyword-unknown"``.
    """
    check_keywords("browse", given, KEYWORDS)
    facets = {
        name: (given[name],) if isinstance(given[name], str) else tuple(given[name])
        for name in FACETS
        if given.get(name) is not None
    }
    apart = {*FACETS, "live", "max_bytes"}
    return Question(
        text=text,
        chosen=facets,
        max_bytes=given.get("max_bytes"),
        live=bool(given.get("live", False)),
        fixed={name: value for name, value in given.items() if name not in apart},
    )
