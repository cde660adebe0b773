"""Values of JSON that nobody has checked: each is what it should be, or None."""

from __future__ import annotations

import math
import reprlib
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import MetadataError
from fairlab.foreign_text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHORT: Final = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxlist, _SHORT.maxdict = 2, 80, 8, 4


def text(value: object) -> str | None:
    r"""A string with something in it, or None; JSON can spell half a character, which nothing can print.

    Examples
    --------
    >>> text("DAPI"), text("  "), text(5), text("\ud800")
    ('DAPI', None, None, None)
    """
    if not isinstance(value, str) or not value.strip():
        return None
    return None if any("\ud800" <= letter <= "\udfff" for letter in value) else value


def line(value: object) -> str | None:
    r"""A text that is shown: on one line, without what a terminal would obey.

    Examples
    --------
    >>> line("a  cell"), line("a\x1b[2J\ncell"), line("\x07"), line(5)
    ('a  cell', 'a [2J cell', None, None)
    """
    found = text(value)
    return found if found is None or found.isprintable() else clean(found)


def number(value: object) -> float | None:
    """A finite float, or None; ``true`` is no number, though Python says so."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def integer(value: object) -> int | None:
    """A whole number of at most 64 bits, or None; JavaScript writes 3 and 3.0 alike.

    Examples
    --------
    >>> integer(3), integer(3.0), integer(3.5), integer(True), integer("3"), integer(2**70)
    (3, 3, None, None, None, None)
    """
    if number(value) is None:
        return None
    whole = int(value)  # type: ignore[call-overload]
    return whole if whole == value and -(2**63) <= whole < 2**64 else None


def scalars(value: Mapping[str, Any], *, but: frozenset[str]) -> dict[str, str | int | float | bool]:
    """Plain entries of an object, but for some keys; nested and empty ones are left out.

    Examples
    --------
    >>> scalars({"path": "A/1", "gene": "TP53", "dose": 0.5, "tags": ["a"]}, but=frozenset({"path"}))
    {'gene': 'TP53', 'dose': 0.5}
    """
    return {
        name: entry
        for key, entry in value.items()
        if key not in but
        and (name := line(key))
        and (isinstance(entry, bool) or text(entry) or isinstance(entry, float) or integer(entry) is not None)
    }


def shown(value: object) -> str:
    """A value in a message: short, whatever it is."""
    return _SHORT.repr(value)


def broken(what: str, kind: str, where: str, *, place: str = "") -> MetadataError:
    """The error that metadata is broken in a way that makes reading a guess.

    Parameters
    ----------
    what : str
        What is wrong, and what was expected.
    kind : str
        Stable code of the case.
    where : str
        Address of the group.
    place : str
        Place in its metadata: ``"multiscales[0].datasets[1]"``.
    """
    return MetadataError(f"{what}\n  at {place}{' of ' if place else ''}{where}", kind=kind, url=where)
