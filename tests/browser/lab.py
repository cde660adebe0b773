"""JupyterLab or Notebook 7 over a folder, and pages of it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser, Page

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
ROOT = Path(__file__).parent.parent.parent
_TOKEN = "for-this-test-only"


@dataclass
class Lab:
    """A running JupyterLab."""

    url: str
    folder: Path
    browser: Browser

    def another(self, program: str) -> AbstractContextManager[str]:
        """Another program over the same folder, such as Notebook 7; its address."""
        return _server(program, self.folder)

    def write(self, notebook: str, *cells: str) -> None:
        """A notebook of these cells of code."""
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        made.metadata.kernelspec = {
            "name": "python3",
            "display_name": "Python 3 (ipykernel)",
            "language": "python",
        }
        made.metadata.language_info = {"name": "python"}
        nbformat.write(made, self.folder / notebook)

    def open(
        self,
        notebook: str,
        *,
        width: int = 1280,
        height: int = 900,
        url: str | None = None,
        place: str = "lab/tree",
    ) -> Page:
        """A page with the notebook, once its kernel is there."""
        page = self.browser.new_page(viewport={"width": width, "height": height})
        page.route(
            "**/*", lambda route: route.continue_() if "127.0.0.1" in route.request.url else route.abort()
        )
        reset = "reset&" if place == "lab/tree" else ""
        page.goto(f"{url or self.url}/{place}/{notebook}?{reset}token={_TOKEN}")
        page.locator(".jp-Notebook .jp-Cell").first.wait_for(timeout=90_000)
        if (
            place == "lab/tree"
        ):  # Notebook 7 has no status bar, and its indicator is idle before there is a kernel
            idle = page.locator("text=Python 3 (ipykernel) | Idle").or_(page.locator("[title*='Idle']"))
            idle.first.wait_for(state="attached", timeout=90_000)
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


@contextmanager
def running(folder: Path, browser: Browser) -> Iterator[Lab]:
    """JupyterLab over a folder, without news, and with all cells in the page, so that a test sees every output."""
    chosen = {
        "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
        "notebook-extension/tracker": {"windowingMode": "none"},
    }
    for name, values in chosen.items():
        file = folder / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    with _server("jupyterlab", folder) as url:
        yield Lab(url=url, folder=folder, browser=browser)


@contextmanager
def _server(program: str, folder: Path) -> Iterator[str]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH")))),
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", program, "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={_TOKEN}",
        "--LabApp.expose_app_in_browser=True",  # so that a test may change the theme
    ]  # fmt: skip
    log = (folder / f"{program}.log").open("wb")
    process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{url}/api?token={_TOKEN}", process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "Jupyter ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("Jupyter did not start")
