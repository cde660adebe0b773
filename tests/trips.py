"""What a request log says: how many requests, how many of them twice, and how many had to wait for another.

The time that a far server costs is *depth*: the longest chain of requests of which each began after the one
before it had been answered. A hundred requests at once are one trip; two in a row are two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, as the server saw it."""

    path: str
    part: str | None
    """The Range header."""
    status: int
    size: int
    """Bytes of the answer's body."""
    start: float
    """When it had arrived, in seconds of the server's clock."""
    end: float
    """When its answer began."""
    connection: int
    """Number of the connection it came through."""


@dataclass(frozen=True, kw_only=True)
class Trips:
    """A log in numbers."""

    requests: int
    missing: int
    """Answered 404."""
    repeats: int
    """The same request once more."""
    depth: int
    """Round trips that had to follow one another."""
    at_once: int
    """Requests in flight at the busiest moment."""
    connections: int
    size: int
    """Bytes of all bodies."""


def trips(log: Sequence[Request]) -> Trips:
    """Count a log."""
    return Trips(
        requests=len(log),
        missing=sum(request.status == 404 for request in log),
        repeats=len(log) - len({(request.path, request.part) for request in log}),
        depth=_depth(log),
        at_once=_at_once(log),
        connections=len({request.connection for request in log}),
        size=sum(request.size for request in log),
    )


def _depth(log: Sequence[Request]) -> int:
    # Taking whichever ends first, again and again, gives the longest chain of intervals that do not overlap.
    depth, free_from = 0, float("-inf")
    for request in sorted(log, key=lambda request: request.end):
        if request.start >= free_from:
            depth, free_from = depth + 1, request.end
    return depth


def _at_once(log: Sequence[Request]) -> int:
    # At the same instant an answer comes before a question: it is what made room for it.
    moments = sorted([(r.start, 1) for r in log] + [(r.end, -1) for r in log])
    running = most = 0
    for _, change in moments:
        running += change
        most = max(most, running)
    return most
