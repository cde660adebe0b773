"""All live archives in one call, at their emulators: what one of them does takes nothing from the others."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.federation import search
from fairlab.repositories import base
from tests.emulators import ARCHIVES, Emulator, emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.results import Results

NAMES = list(ARCHIVES)
WORDS = "mitosis"


@pytest.fixture(scope="module")
def running() -> Iterator[dict[str, Emulator]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(emulator(name)) for name in NAMES}


@pytest.fixture
def servers(running: dict[str, Emulator]) -> Iterator[dict[str, Emulator]]:
    yield running
    for server in running.values():
        server.fault = None
        server.forgive()


def ask(**how: Any) -> Results:
    found = search(WORDS, **{"kind": "study", "repositories": NAMES, "limit": 500, "timeout_s": 20, **how})
    len(found)  # waits for everybody
    return found


def finders(found: Results) -> set[str]:
    return {name for record in found for name in record.found_by}


def test_all_are_installed() -> None:
    assert set(NAMES) <= set(base.repositories())


def test_one_call_merges_what_all_find(servers: dict[str, Emulator]) -> None:
    found = ask()
    assert found.asked == tuple(NAMES) and not found.failures
    assert finders(found) == set(NAMES)
    assert len({record.id for record in found}) == len(found)
    several = [record for record in found if len(record.found_by) > 1]
    assert several, "no study is seen through two archives"
    for record in several:
        assert len(record.seen_in) > 1 and len({source.document for source in record.seen_in}) > 1


@pytest.mark.parametrize("broken", NAMES)
@pytest.mark.parametrize("fault", ["down", "malformed"])
def test_one_that_fails_is_named_and_takes_nothing_away(
    servers: dict[str, Emulator], broken: str, fault: str
) -> None:
    whole = {record.id: set(record.found_by) for record in ask()}
    servers[broken].fault = fault
    found = ask()
    (failure,) = found.failures
    assert failure.repository == broken and failure.message and failure.advice
    assert failure.kind == ("http-503" if fault == "down" else "answer-form")
    assert {record.id for record in found} == {name for name, by in whole.items() if by - {broken}}
    assert finders(found) == set(NAMES) - {broken}


def test_one_that_hangs_costs_its_own_limit(servers: dict[str, Emulator]) -> None:
    broken = NAMES[0]
    servers[broken].fault = "hang"
    started = time.monotonic()
    found = ask(timeout_s={broken: 1, **dict.fromkeys(NAMES[1:], 20)})
    assert time.monotonic() - started < 10
    assert [(failure.repository, failure.kind) for failure in found.failures] == [(broken, "timeout")]
    assert finders(found) == set(NAMES[1:])


def test_silence_of_all_is_no_empty_success(servers: dict[str, Emulator]) -> None:
    for server in servers.values():
        server.fault = "down"
    found = ask()
    assert not found and {failure.repository for failure in found.failures} == set(NAMES)
    assert any("nobody answered" in note for note in found.notes)


def test_who_failed_is_asked_again_for_more(servers: dict[str, Emulator]) -> None:
    servers[NAMES[0]].fault = "down"
    first = ask()
    servers[NAMES[0]].fault = None
    servers[NAMES[0]].forgive()
    again = first.more()
    assert not again.failures and finders(again) == set(NAMES)
    assert [record.id for record in again][: len(first)] == [record.id for record in first]
