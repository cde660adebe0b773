from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import SelectionError
from fairlab.ngff.units import LENGTHS_M, TIMES_S
from fairlab.quantities import position, quantity_bytes, quantity_um


@pytest.mark.parametrize(
    ("given_", "um"),
    [
        ("4 nm", 0.004), ("0.5 um", 0.5), ("0.5 µm", 0.5), ("0.5 μm", 0.5), ("1 mm", 1000.0), (0.5, 0.5),
        ("0.5", 0.5), (" 1e-3mm ", 1.0), ("2 Angstrom", 2e-4), ("3 Å", 3e-4), (np.float32(2), 2.0), (7, 7.0),
        ("1.5 micrometres", 1.5), (".5 um", 0.5),
    ],
)  # fmt: skip
def test_quantities(given_: float | str, um: float) -> None:
    assert quantity_um(given_) == pytest.approx(um, rel=1e-12)


@pytest.mark.parametrize(
    "garbage",
    [
        "", "nm", "four nm", "4 parrots", "4 s", "-4 nm", "0 nm", 0, -1, math.nan, math.inf, "nan", "inf um", True,
        None, "1e999 um", "4 nm 5", "4,5 nm", [4], "1 um2",
    ],
)  # fmt: skip
def test_no_quantities(garbage: object) -> None:
    with pytest.raises(SelectionError) as caught:
        quantity_um(garbage)  # type: ignore[arg-type]  # the point of the test
    assert caught.value.kind == "quantity"


@given(st.floats(1e-9, 1e9), st.sampled_from(sorted(LENGTHS_M)))
def test_text_and_number_agree(value: float, unit: str) -> None:
    assert quantity_um(f"{value!r} {unit}") == pytest.approx(value * LENGTHS_M[unit] * 1e6)


@given(st.floats(-1e6, 1e6), st.sampled_from(sorted(LENGTHS_M)), st.sampled_from(sorted(LENGTHS_M)))
def test_positions_change_unit(value: float, stated: str, own: str) -> None:
    expected = value * LENGTHS_M[stated] / LENGTHS_M[own]
    assert position(f"{value!r} {stated}", unit=own, dim="x") == pytest.approx(expected)


def test_positions_are_the_axis_own_unless_they_say_otherwise() -> None:
    assert position(-3, unit="nanometer", dim="x") == -3.0
    assert position("-3", unit=None, dim="x") == -3.0
    assert position("2 min", unit="second", dim="t") == pytest.approx(2 * TIMES_S["minute"])


@pytest.mark.parametrize(
    ("value", "unit", "kind"),
    [
        ("3 s", "micrometer", "quantity"), ("3 um", "second", "quantity"), ("3 um", None, "unitless"),
        ("x", "meter", "quantity"), (math.nan, "meter", "quantity"), ("3 um", "parrot", "quantity"),
        (None, "meter", "quantity"), (True, None, "quantity"),
    ],
)  # fmt: skip
def test_no_positions(value: object, unit: str | None, kind: str) -> None:
    with pytest.raises(SelectionError) as caught:
        position(value, unit=unit, dim="x")  # type: ignore[arg-type]  # the point of the test
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("given_", "expected"),
    [(7, 7), ("7", 7), ("1 kB", 1000), ("1.5MB", 1_500_000), ("2 GiB", 2 * 1024**3), ("64 mb", 64_000_000)],
)
def test_amounts_of_data(given_: int | str, expected: int) -> None:
    assert quantity_bytes(given_) == expected


@pytest.mark.parametrize("garbage", [0, -1, "0 MB", "MB", "1 um", "1 MBit", math.inf, None, True, ""])
def test_no_amounts_of_data(garbage: object) -> None:
    with pytest.raises(SelectionError) as caught:
        quantity_bytes(garbage)  # type: ignore[arg-type]  # the point of the test
    assert caught.value.kind == "quantity"
