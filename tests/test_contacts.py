from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.contacts import is_contact, is_email, without_emails


@pytest.mark.parametrize(
    "address",
    [
        "a.b@example.org",
        "o'hara+x@mail.example.co.uk",
        "mailto:a_b@example.org",
        "Ünal@example.org",
        "a%b@x-y.eu",
    ],
)
@given(st.text(alphabet="ab <>(),;:\n", max_size=10), st.text(alphabet=" <>(),;:\n", max_size=10))
def test_an_address_goes_wherever_it_stands(address: str, before: str, after: str) -> None:
    assert "@" not in without_emails(f"{before} {address}{after}") and is_email(f" {address}\n")
    assert without_emails(f"{before}{after}") == before + after


@pytest.mark.parametrize("text", ["100 nm @ 37 °C", "@home", "a@b", "user@host:path", "git@@x.y", ""])
def test_other_uses_of_the_sign_stay(text: str) -> None:
    assert without_emails(text) == text and not is_email(text)


def test_a_text_made_to_be_slow_is_not() -> None:
    started = time.process_time()
    without_emails("a" * 50_000 + "@" + "b." * 50_000)
    without_emails("a@" * 50_000)
    assert time.process_time() - started < 5


@pytest.mark.parametrize(
    "name", ["contactPoint", "Contactname", "E-Mail", "email", "telephone", "fax", "address"]
)
def test_a_field_that_reaches_a_person_is_known(name: str) -> None:
    assert is_contact(name)


@pytest.mark.parametrize("name", ["name", "Phenotype", "affiliation", "Organism", "faxitron", "url"])
def test_other_fields_stay(name: str) -> None:
    assert not is_contact(name)
