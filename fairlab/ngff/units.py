"""Units of axes: the names that NGFF knows, what they measure, and other spellings of them."""

from __future__ import annotations

from typing import Final

_PREFIXES: Final = {
    "yocto": -24, "zepto": -21, "atto": -18, "femto": -15, "pico": -12, "nano": -9, "micro": -6, "milli": -3,
    "centi": -2, "deci": -1, "": 0, "hecto": 2, "kilo": 3, "mega": 6, "giga": 9, "tera": 12, "peta": 15,
    "exa": 18, "zetta": 21, "yotta": 24,
}  # fmt: skip
_PREFIX_SYMBOLS: Final = dict(zip(_PREFIXES, ["y", "z", "a", "f", "p", "n", "µ", "m", "c", "d", "", "h", "k", "M", "G",
                                              "T", "P", "E", "Z", "Y"], strict=True))  # fmt: skip

LENGTHS_M: Final[dict[str, float]] = {
    **{f"{prefix}meter": 10.0**power for prefix, power in _PREFIXES.items()},
    "angstrom": 1e-10, "foot": 0.3048, "inch": 0.0254, "mile": 1609.344, "parsec": 3.0856775814913673e16,
    "yard": 0.9144,
}  # fmt: skip
"""NGFF units of length, in metres."""

TIMES_S: Final[dict[str, float]] = {
    **{f"{prefix}second": 10.0**power for prefix, power in _PREFIXES.items()},
    "day": 86400.0, "hour": 3600.0, "minute": 60.0,
}  # fmt: skip
"""NGFF units of time, in seconds."""

SYMBOLS: Final[dict[str, str]] = {
    "meter": "m", "centimeter": "cm", "millimeter": "mm", "micrometer": "µm", "nanometer": "nm", "picometer": "pm",
    "kilometer": "km", "angstrom": "Å", "second": "s", "millisecond": "ms", "microsecond": "µs", "minute": "min",
    "hour": "h", "day": "d",
}  # fmt: skip
"""Short forms for people."""

# Exact, before any change of case: "Mm" is not "mm". OME-XML and others write symbols.
_SPELLINGS: Final[dict[str, str]] = {
    **{f"{symbol}m": f"{prefix}meter" for prefix, symbol in _PREFIX_SYMBOLS.items()},
    **{f"{symbol}s": f"{prefix}second" for prefix, symbol in _PREFIX_SYMBOLS.items()},
    **{symbol: name for name, symbol in SYMBOLS.items()},
    "um": "micrometer", "micron": "micrometer", "microns": "micrometer", "us": "microsecond",
    "sec": "second", "secs": "second", "hr": "hour", "a": "angstrom",
    "ft": "foot", "in": "inch", "mi": "mile", "pc": "parsec", "yd": "yard",
}  # fmt: skip


def unit_name(text: str) -> str | None:
    """The NGFF name of a unit, from a name, symbol or other usual spelling; None when it is no known unit.

    Examples
    --------
    >>> unit_name("µm"), unit_name("micrometre"), unit_name("Nanometers"), unit_name("furlong")
    ('micrometer', 'micrometer', 'nanometer', None)
    """
    word = text.strip().replace("μ", "µ")  # Greek mu, micro sign
    if word in _SPELLINGS:
        return _SPELLINGS[word]
    word = word.lower().replace("metre", "meter")
    for candidate in (word, word.removesuffix("s")):
        if candidate in LENGTHS_M or candidate in TIMES_S:
            return candidate
        if candidate in _SPELLINGS:
            return _SPELLINGS[candidate]
    return None
