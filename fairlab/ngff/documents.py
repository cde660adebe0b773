"""Metadata documents: bytes from a stranger to plain values, within bounds, with remarks on what is odd."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from fairlab.errors import FormatError

MAX_BYTES: Final = 64 * 1024 * 1024
"""A plate of 1536 wells needs about 100 kB; what is larger than this is no metadata."""
MAX_DEPTH: Final = 100
"""Containers in one another; OME-Zarr needs about 12."""
_MAX_DIGITS: Final = 300  # a longer integer is beyond every float, and would raise in the first sum


@dataclass(frozen=True, kw_only=True)
class Remark:
    """Something odd in a document that can be read all the same."""

    kind: str
    """``"duplicate-key"``, ``"not-a-number"``, ``"number-too-large"``, ``"encoding"`` or ``"byte-order-mark"``."""
    message: str
    """For people."""


def parse(body: bytes, *, where: str) -> tuple[Any, tuple[Remark, ...]]:
    """The value of a JSON document, and one remark for each kind of oddity in it.

    Of a key that stands twice in one object the last value counts. ``NaN`` and ``Infinity``, which JSON does
    not have but Python writes, become floats; integers that no float can hold become infinity.

    Parameters
    ----------
    body : bytes
        The document, in UTF-8 (or UTF-16 or UTF-32, as JSON once allowed).
    where : str
        Its address, for messages.

    Raises
    ------
    FormatError
        kind ``"not-json"``: no JSON, or larger or deeper than any metadata.

    Examples
    --------
    >>> parse(b'{"a": 1, "a": 2}', where="here")
    ({'a': 2}, (Remark(kind='duplicate-key', message='the key "a" stands twice in one object'),))
    """
    if len(body) > MAX_BYTES:
        raise _unreadable(f"{len(body)} bytes, more than {MAX_BYTES}", where)
    remarks: dict[str, Remark] = {}

    def note(kind: str, message: str) -> None:
        remarks.setdefault(kind, Remark(kind=kind, message=message))

    def integer(text: str) -> int | float:
        if len(text) <= _MAX_DIGITS:
            return int(text)
        note("number-too-large", f"a number of {len(text)} digits is too large")
        return float(text)

    def constant(text: str) -> float:
        note("not-a-number", f"JSON has no {text}")
        return float(text)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(items)
        if len(found) < len(items):
            twice = Counter(key for key, _ in items).most_common(1)[0][0]
            note("duplicate-key", f"the key {json.dumps(twice[:80])} stands twice in one object")
        return found

    try:
        value = json.loads(body, parse_int=integer, parse_constant=constant, object_pairs_hook=pairs)
    except (ValueError, RecursionError) as exc:
        raise _unreadable(str(exc), where) from exc
    encoding = json.detect_encoding(body)
    if encoding == "utf-8-sig":
        note("byte-order-mark", "a byte order mark stands before the JSON; some readers stumble over it")
    elif encoding != "utf-8":
        note(
            "encoding",
            f"it is in {encoding.upper()}; JSON MUST be in UTF-8 (RFC 8259), most readers expect no other",
        )
    if _deeper_than(value, MAX_DEPTH):
        raise _unreadable(f"more than {MAX_DEPTH} objects or lists in one another", where)
    return value, tuple(remarks.values())


def _deeper_than(value: Any, limit: int) -> bool:
    # Generation by generation rather than by recursion, which is what the depth is meant to break.
    generation = [value]
    for _ in range(limit + 1):
        generation = [
            child
            for parent in generation
            if isinstance(parent, dict | list)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not generation:
            return False
    return True


def _unreadable(why: str, where: str) -> FormatError:
    return FormatError(
        f"{where} is not JSON that can be read ({why})\n  expected a metadata document of OME-Zarr",
        kind="not-json",
        url=where,
    )
