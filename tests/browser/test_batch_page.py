"""The page of a batch as a browser shows it: light, dark, narrow; it asks nobody for anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.runs.test_batch_page import batch_of

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 700])
def test_the_page_fits_is_legible_and_asks_for_nothing(
    browser: Browser, tmp_path: Path, width: int, scheme: str
) -> None:
    from fairlab.runs.batch_page import write_page

    images = [f"https://data.example.org/very/long/path/of/an/image/{n:050}.zarr" for n in range(6)]
    batch, plan = batch_of(tmp_path, images, error="ValueError: " + "m" * 300, output=tmp_path / "a.ipynb")
    write_page(batch, plan)
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(batch.index.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert asked == [batch.index.as_uri()]
    found = Axe().run(page).response["violations"]
    assert [one["id"] for one in found if one["impact"] in ("serious", "critical")] == []
    page.close()
