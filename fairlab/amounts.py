"""Amounts of data as people write them: ``"64 MB"``, ``"1 GiB"``."""

from __future__ import annotations

import math
import re
from typing import Any, Final

_AMOUNT: Final = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([^\W\d_]*)\s*")
_BYTES: Final = {"": 1, "b": 1, "byte": 1, "bytes": 1} | {
    f"{prefix}{form}": step ** (power + 1)
    for form, step in (("b", 1000), ("ib", 1024))
    for power, prefix in enumerate("kmgtp")
}


def number_and_unit(text: str) -> tuple[float, str] | None:
    """A number and the unit behind it, as written; None for any other text.

    Examples
    --------
    >>> number_and_unit(" 0.5 µm"), number_and_unit("7"), number_and_unit("half")
    ((0.5, 'µm'), (7.0, ''), None)
    """
    found = _AMOUNT.fullmatch(text)
    return (float(found[1]), found[2]) if found else None


def in_bytes(value: Any) -> Any:
    """Bytes of a number, or of a text with a unit, decimal or binary; what is neither is given back.

    Examples
    --------
    >>> in_bytes("64 MB"), in_bytes("1 KiB"), in_bytes(2e9), in_bytes("a lot")
    (64000000, 1024, 2000000000, 'a lot')
    """
    number, unit = (number_and_unit(value) or (math.nan, "")) if isinstance(value, str) else (value, "")
    factor = _BYTES.get(unit.lower())
    if (
        isinstance(number, bool)
        or not isinstance(number, int | float)
        or not math.isfinite(number)
        or not factor
    ):
        return value
    return int(number * factor)
