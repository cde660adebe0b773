"""The FAIR card in JupyterLab: letters at a glance, evidence one click away, in light and dark."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.pages import keep, run_cell, write_notebook

if TYPE_CHECKING:
    from tests.browser.conftest import Lab

pytestmark = pytest.mark.browser

SHOW = 'import fairlab\nfairlab.view(fairlab.assess("sample:nuclei"))'


def test_evidence_is_folded_and_unfolds(lab: Lab) -> None:
    page = lab.open(write_notebook(lab, "card", SHOW))
    told = run_cell(page, 0, timeout_s=120)
    for word in ("Findable", "Accessible", "Interoperable", "Reusable"):
        assert word in told
    metric = page.locator(".fairlab-fair").get_by_text("A licence is stated").first
    assert not metric.is_visible()
    keep(page, "card-1280")
    page.locator(".fairlab-fair summary").last.click()
    metric.wait_for()
    page.set_viewport_size({"width": 700, "height": 900})
    keep(page, "card-700")
