"""Unknown keyword arguments are errors that name the nearest known one."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from fairlab.errors import QueryError

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_keywords(verb: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse what a function does not know.

    Raises
    ------
    QueryError
        kind ``"keyword-unknown"``; ``context["nearest"]`` holds what was probably meant.

    Examples
    --------
    >>> check_keywords("browse", ["organsim"], ["live", "organism"])
    Traceback (most recent call last):
        ...
    fairlab.errors.QueryError: browse() knows no "organsim"; did you mean "organism"?
      it knows: live, organism
    """
    names = list(known)
    for name in given:
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
            hint = f'; did you mean "{near[0]}"?' if near else ""
            raise QueryError(
                f'{verb}() knows no "{name}"{hint}\n  it knows: {", ".join(names)}',
                kind="keyword-unknown",
                keyword=name,
                nearest=tuple(near),
            )
