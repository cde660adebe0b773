"""Answers of archives as a notebook shows them: what was found, and beside it who did not answer."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.emulators import ARCHIVES, emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.browser.lab import Notebook

pytestmark = pytest.mark.browser


@pytest.fixture
def hosts() -> Iterator[dict[str, str]]:
    """Where the archives are on this machine; the one of BIA is down."""
    with ExitStack() as stack:
        running = {name: stack.enter_context(emulator(name)) for name in ARCHIVES}
        running["bia"].fault = "down"
        yield {name: address for one in running.values() for name, address in one.hosts.items()}


def test_a_live_answer_says_who_did_not(notebook: Notebook, hosts: dict[str, str]) -> None:
    ask = f"""import fairlab
with fairlab.set_options(hosts={hosts!r}):
    display(fairlab.search('mitosis', live=True, limit=10), fairlab.lookup('idr:idr0062'), fairlab.facets())"""
    notebook.show(ask)
    found = notebook.page.locator(".fairlab-results")
    assert found.locator("td a").count() >= 3
    failed = found.locator("p", has_text="no answer from bia")
    assert (
        "503" in failed.inner_text() and failed.evaluate("p => getComputedStyle(p).borderLeftWidth") == "3px"
    )
    for shown in ("results", "record", "facets"):
        place = notebook.page.locator(f".fairlab-{shown}")
        # Everything is in view: nothing to the right of the page's edge.
        assert place.evaluate("e => e.scrollWidth <= e.closest('.jp-OutputArea-output').clientWidth"), shown
