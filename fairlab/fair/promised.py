"""Values of a description in the form that their path promises; what has another form is passed over.

A description may come from a file that somebody edited: nothing here trusts its shapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlab.fair.description import Description

_MOST_CHANNELS = 100_000


def dicts(known: Description, path: str) -> list[dict[str, Any]]:
    """The entries of a list of dicts: channels, terms, axes.

    Examples
    --------
    >>> import fairlab
    >>> from fairlab.fair import Description
    >>> dicts(Description.of(fairlab.lookup("idr:idr0062")), "biosample.organism")[0]["label"]
    'Mus musculus'
    """
    value = known.get(path)
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list | tuple) else []


def channels(known: Description, path: str) -> list[dict[str, Any]]:
    """The channels of ``image.channels`` or ``specimen.channels``, with what each document says of them.

    One document names the channels, another their wavelengths: what is preferred of each key counts.

    Examples
    --------
    >>> from fairlab.fair import Description
    >>> from fairlab.record import Record
    >>> record = Record(id="a:1", kind="image", repository="a", channels=("DAPI", "GFP"))
    >>> [one["label"] for one in channels(Description.of(record), "image.channels")]
    ['DAPI', 'GFP']
    """
    found: dict[int, dict[str, Any]] = {}
    for told in reversed(known.statements_of(path)):
        listed = told.value if isinstance(told.value, list | tuple) else ()
        for place, one in enumerate(listed):
            if isinstance(one, dict):
                stated = {key: value for key, value in one.items() if value not in (None, "")}
                found.setdefault(_place(one.get("index"), place), {}).update(stated)
    return [found.get(place, {}) for place in range(max(found, default=-1) + 1)]


def _place(index: Any, place: int) -> int:
    return index if isinstance(index, int) and 0 <= index < _MOST_CHANNELS else place


def mapping(known: Description, path: str) -> dict[str, Any]:
    """A dict: a licence, a scale."""
    value = known.get(path)
    return value if isinstance(value, dict) else {}


def text(known: Description, path: str) -> str | None:
    """A text, or the first text of a list."""
    value = known.get(path)
    if isinstance(value, list | tuple):
        value = next((one for one in value if isinstance(one, str)), None)
    return value if isinstance(value, str) else None
