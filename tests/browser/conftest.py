"""A real JupyterLab and a real browser."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.browser.lab import FLAGS, ROOT, Lab, running

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Headless Chromium as the system provides it; required when FAIRLAB_REQUIRE_BROWSER is set.

    It ends with this package: while it lives, an event loop runs in this thread, where others start theirs.
    """
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if found is None:
        message = "no Chromium on this machine (Debian: apt-get install chromium)"
        if os.environ.get("FAIRLAB_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="package")
def lab(browser: Browser, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab over copies of the notebooks and lessons."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "tutorials"):
        for notebook in (ROOT / name).glob("*.ipynb"):
            shutil.copy(notebook, folder)
    with running(folder, browser) as started:
        yield started
