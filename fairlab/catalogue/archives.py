"""Who can be asked, and what each can do: made from what the repositories themselves state."""

from __future__ import annotations

from typing import Any

from fairlab.repositories.base import repositories

_COLUMNS = (
    "name",
    "archive",
    "finds",
    "filters it applies itself",
    "filters fairlab applies to its answers",
    "pixels",
    "checked live",
)


def archives() -> list[dict[str, str]]:
    """Archives that answer over the network, and what each can do, one row each.

    Examples
    --------
    >>> {row["name"]: row["finds"] for row in archives()}["biostudies"]
    'studies'
    """
    return [
        _row(one, one.capabilities)
        for one in repositories().values()
        if one.live and hasattr(one, "capabilities")
    ]


def to_markdown() -> str:
    """The rows of :func:`archives` as the table of the README."""
    lines = [_COLUMNS, ("---",) * len(_COLUMNS), *(tuple(row.values()) for row in archives())]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _row(repository: Any, can: Any) -> dict[str, str]:
    finds = {"study": "studies", "image": "images"}
    values = (
        repository.name,
        repository.title,
        ", ".join(finds[kind] for kind in can.kinds),
        _names(can.applies),
        _names(can.states - can.applies),
        can.pixels,
        can.checked_live or "not checked live",
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _names(filters: frozenset[str]) -> str:
    # "study" and "repository" only say whose images are meant.
    return ", ".join(sorted(filters - {"study", "repository"})) or "–"
