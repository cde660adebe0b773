"""Numbers with units, as people write and read them: lengths, positions on an axis, amounts of data."""

from __future__ import annotations

import math
import numbers

from fairlab.amounts import in_bytes, number_and_unit
from fairlab.errors import SelectionError
from fairlab.ngff.units import LENGTHS_M, SYMBOLS, TIMES_S, unit_name


def unit_um(unit: str) -> float | None:
    """Micrometers in one unit of length, by name or symbol; None when it is no unit of length.

    Examples
    --------
    >>> unit_um("nanometer"), unit_um("µm"), unit_um("second")
    (0.001, 1.0, None)
    """
    length_m = LENGTHS_M.get(unit_name(unit) or "")
    # Powers of ten are not exact in binary: 15 digits make a millimeter 1000 µm again.
    return None if length_m is None else float(f"{length_m * 1e6:.15g}")


def quantity_um(value: float | str) -> float:
    """A length in micrometer.

    Parameters
    ----------
    value : float or str
        A number is micrometer; text states its unit, by NGFF name or symbol: ``"4 nm"``, ``"0.5 µm"``.

    Raises
    ------
    SelectionError
        kind ``"quantity"``: not a finite length above zero, or the unit is unknown.

    Examples
    --------
    >>> quantity_um("4 nm"), quantity_um(0.5), quantity_um("1 mm")
    (0.004, 0.5, 1000.0)
    """
    number, unit = _parse(value)
    factor = unit_um(unit) if unit else 1.0
    length = math.nan if factor is None else number * factor
    if not math.isfinite(length) or length <= 0:
        raise SelectionError(
            f"{value!r} is not a length\n"
            '  expected a number above zero (micrometer), or one with its unit: "4 nm", "0.5 µm", "1 mm"',
            kind="quantity",
            value=str(value),
        )
    return length


def position(value: float | str, *, unit: str | None, dim: str) -> float:
    """A position on an axis, in the axis' own unit.

    Parameters
    ----------
    value : float or str
        A number is in the axis' unit, as for ``.sel``; text states its own: ``"-12 um"``, ``"3 s"``.
    unit : str or None
        Unit of the axis.
    dim : str
        Its name, for messages.

    Raises
    ------
    SelectionError
        kind ``"quantity"``: no finite number, or a unit of another kind; ``"unitless"``: the axis has none.

    Examples
    --------
    >>> position("1.5 um", unit="nanometer", dim="x"), position(7, unit="nanometer", dim="x")
    (1500.0, 7.0)
    """
    number, stated = _parse(value)
    if not math.isfinite(number):
        raise SelectionError(
            f'{dim}={value!r} is not a position\n  expected a number, or one with its unit: "12.5 um"',
            kind="quantity",
            value=str(value),
        )
    if not stated:
        return number
    if unit is None:
        raise SelectionError(
            f'{dim}={value!r} states a unit, but axis "{dim}" has none\n'
            "  give a number on the image's own scale, as its coordinates have it",
            kind="unitless",
            dim=dim,
        )
    for units in (LENGTHS_M, TIMES_S):
        own, given = units.get(unit_name(unit) or ""), units.get(unit_name(stated) or "")
        if own and given:
            return float(f"{number * given / own:.15g}")
    raise SelectionError(
        f'{dim}={value!r} is not in a unit that fits axis "{dim}" ({unit})\n'
        "  a number alone is in the unit of the axis",
        kind="quantity",
        value=str(value),
    )


def quantity_bytes(value: int | str) -> int:
    """An amount of data in bytes.

    Parameters
    ----------
    value : int or str
        A number is bytes; text states its unit, decimal or binary: ``"64 MB"``, ``"1 GiB"``.

    Raises
    ------
    SelectionError
        kind ``"quantity"``.

    Examples
    --------
    >>> quantity_bytes("64 MB"), quantity_bytes("1 KiB"), quantity_bytes(10)
    (64000000, 1024, 10)
    """
    amount = in_bytes(value if isinstance(value, str) else _parse(value)[0])
    if not isinstance(amount, int) or amount <= 0:
        raise SelectionError(
            f'{value!r} is not an amount of data\n  expected a number of bytes, or "64 MB", "1 GiB"',
            kind="quantity",
            value=str(value),
        )
    return amount


def readable_bytes(number: int | None) -> str:
    """A size for people, in decimal units.

    Examples
    --------
    >>> readable_bytes(1_234_567), readable_bytes(None)
    ('1.2 MB', 'unknown')
    """
    if number is None:
        return "unknown"
    size = float(number)
    for unit in ("B", "kB", "MB", "GB", "TB", "PB"):
        if size < 999.5 or unit == "PB":
            break
        size /= 1000
    return f"{size:.0f} {unit}" if unit == "B" or size >= 99.5 else f"{size:.1f} {unit}"


def unit_symbol(unit: str) -> str:
    """The short form of a unit, its power included; nothing for a number without unit.

    Examples
    --------
    >>> unit_symbol("micrometer^2"), unit_symbol("second"), unit_symbol("pixel^2"), unit_symbol("1")
    ('µm²', 's', 'px', '')
    """
    name, sign, power = unit.partition("^")
    if name in ("1", "pixel"):
        return {"1": "", "pixel": "px"}[name]  # an area, too, is counted in pixels
    return SYMBOLS.get(name, name) + {"2": "²", "3": "³"}.get(power, sign + power)


def _parse(value: object) -> tuple[float, str]:
    """Number and unit as written; not a number when it is none."""
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        return float(value), ""
    stated = number_and_unit(value) if isinstance(value, str) else None
    return stated or (math.nan, "")
