"""Values of a description in the form that their path promises; what has another form is passed over.

A description may come from a file that somebody edited: nothing here trusts its shapes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fairlab.fair.description import Description


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
