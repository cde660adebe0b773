from __future__ import annotations

import pytest

from fairlab.ngff.units import LENGTHS_M, SYMBOLS, TIMES_S, unit_name


@pytest.mark.parametrize("name", [*LENGTHS_M, *TIMES_S])
def test_every_name_is_its_own(name: str) -> None:
    assert unit_name(name) == name


@pytest.mark.parametrize("name", SYMBOLS)
def test_symbols_lead_back(name: str) -> None:
    assert unit_name(SYMBOLS[name]) == name


def test_factors() -> None:
    assert LENGTHS_M["angstrom"] == 1e-10 and LENGTHS_M["micrometer"] == pytest.approx(1e-6)
    assert TIMES_S["hour"] == 3600
    assert unit_name("parrots") is None


def test_symbols_of_either_mu_and_case() -> None:
    assert unit_name("\u00b5m") == unit_name("\u03bcm") == unit_name("um") == "micrometer"
    assert (unit_name("Mm"), unit_name("mm"), unit_name("Pm"), unit_name("pm")) == (
        "megameter",
        "millimeter",
        "petameter",
        "picometer",
    )
