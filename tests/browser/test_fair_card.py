"""The FAIR card in JupyterLab: letters at a glance, evidence one click away, in light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.lab import Notebook

pytestmark = pytest.mark.browser


def test_evidence_is_folded_and_unfolds(notebook: Notebook) -> None:
    card = notebook.show('import fairlab\nfairlab.view(fairlab.assess("sample:nuclei"))')
    for word in ("Findable", "Accessible", "Interoperable", "Reusable"):
        card.get_by_text(word).first.wait_for()
    metric = card.get_by_text("A licence is stated").first
    assert not metric.is_visible()
    for folded in card.locator("summary").all():
        folded.focus()
        notebook.page.keyboard.press("Enter")
    metric.wait_for()
    # JupyterLab sets tables flush right, and breaks lines of a letter inside words.
    assert card.locator("td").first.evaluate("e => getComputedStyle(e).textAlign") == "left"
    assert card.locator("pre").first.evaluate("e => getComputedStyle(e).wordBreak") == "normal"
    notebook.no_barrier()
    notebook.resize(700)
    assert card.evaluate("e => e.scrollWidth <= e.clientWidth + 1")
