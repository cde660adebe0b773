"""A real JupyterLab and a real browser."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parent.parent.parent
_TOKEN = "for-this-test-only"
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


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
        running = playwright.chromium.launch(executable_path=found, args=_FLAGS)
        yield running
        running.close()


@dataclass
class Lab:
    """A running JupyterLab over copies of the notebooks and lessons."""

    url: str
    folder: Path
    browser: Browser

    def open(self, notebook: str, *, width: int = 1280, height: int = 900) -> Page:
        page = self.browser.new_page(viewport={"width": width, "height": height})
        page.route(
            "**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort()
        )
        page.goto(f"{self.url}/lab/tree/{notebook}?reset&token={_TOKEN}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=90_000)
        page.locator("text=Python 3 (ipykernel) | Idle").or_(page.locator("[title*='Idle']")).first.wait_for(
            state="attached", timeout=90_000
        )
        return page

    def run_all(self, page: Page, *, timeout_s: float = 180) -> None:
        """Run every cell and wait until the last code cell has run."""
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        deadline = time.monotonic() + timeout_s
        page.wait_for_timeout(1000)
        while time.monotonic() < deadline:
            prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
            if all(re.fullmatch(r"\[\d+\]:", prompt) for prompt in prompts):
                return
            page.wait_for_timeout(500)
        raise AssertionError("the notebook did not finish")


@pytest.fixture(scope="package")
def lab(browser: Browser, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "tutorials"):
        for notebook in (ROOT / name).glob("*.ipynb"):
            shutil.copy(notebook, folder)
    settings = folder / "settings"
    (settings / "@jupyterlab/apputils-extension").mkdir(parents=True)
    news = settings / "@jupyterlab/apputils-extension/notification.jupyterlab-settings"
    news.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}))
    # All cells in the page, so that a test sees every output.
    (settings / "@jupyterlab/notebook-extension").mkdir()
    tracker = settings / "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
    tracker.write_text(json.dumps({"windowingMode": "none"}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
    }
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--LabApp.expose_app_in_browser=True",
        f"--IdentityProvider.token={_TOKEN}",
    ]  # fmt: skip
    log = (folder / "lab.log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/api?token={_TOKEN}", process)
        yield Lab(url=url, folder=folder, browser=browser)
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "JupyterLab ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("JupyterLab did not start")
