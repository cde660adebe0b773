"""Hints at the end of messages about names that do not exist."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(wanted: object, names: Iterable[object]) -> str:
    """The name that is probably meant, as the end of a line; nothing where none is like it.

    Examples
    --------
    >>> did_you_mean("chanels", ["channels", "level"]), did_you_mean("colour", ["level"])
    ('; did you mean "channels"?', '')
    """
    near = difflib.get_close_matches(str(wanted), map(str, names), n=1, cutoff=0.5)
    return f'; did you mean "{near[0]}"?' if near else ""
