"""A JupyterLab over a folder, and notebooks in its pages: one page is enough for many tests.

A notebook's cells are replaced, not its kernel: loading a page and importing the package take seconds,
a cell with a viewer a quarter of one.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Locator, Page, WebSocket

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # a page that asks elsewhere gets no answer
]
ROOT = Path(__file__).parent.parent.parent
WIDTH, HEIGHT = 1280, 1000
_TOKEN = "for-this-test-only"
_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"autosave": False},
    "notebook-extension/tracker": {
        "windowingMode": "none"
    },  # all cells in the page: a test sees every output
}
_EXPOSED = ("LabApp", "JupyterNotebookApp")  # they show `jupyterapp`, which opens, runs and changes the theme

# In the page. `panel` is the notebook with its toolbar.
_OPEN = """async (path) => {
    await jupyterapp.restored;
    const options = { path, factory: "Notebook" };
    const panel = jupyterapp.shell.currentWidget?.context?.path === path
        ? jupyterapp.shell.currentWidget : await jupyterapp.commands.execute("docmanager:open", options);
    await panel.context.ready;
    await panel.revealed;
    await panel.sessionContext.ready;
    window.panel = panel;
}"""
_FILL = """async (cells) => {
    const { model } = panel.context;
    model.fromJSON({ ...model.toJSON(), cells });
    await new Promise(requestAnimationFrame);
}"""
_RUN = """(number) => {
    panel.content.activeCellIndex = number;
    return jupyterapp.commands.execute("notebook:run-cell");
}"""
_OUTPUTS = "(number) => panel.content.widgets[number].model.outputs.toJSON()"
_EXECUTE = """async ([code, it]) => {
    const user_expressions = it ? { it } : {};
    const future = panel.sessionContext.session.kernel.requestExecute({ code, store_history: false, user_expressions });
    return (await future.done).content;
}"""
_RUNNING = (
    "[...panel.node.querySelectorAll('.jp-InputPrompt')].some((prompt) => prompt.textContent.includes('*'))"
)
_INTERRUPT = "panel.sessionContext.session.kernel.interrupt()"
_THEME = """async (name) => {
    await jupyterapp.commands.execute("apputils:change-theme", { theme: name });
    while (document.body.dataset.jpThemeName !== name) await new Promise(requestAnimationFrame);
}"""
_ALONE = """() => {
    for (const other of [...jupyterapp.shell.widgets("main")]) if (other !== panel) other.dispose();
    jupyterapp.shell.activateById(panel.id);
}"""
_FORGET = """
from ipywidgets import Widget
Widget.close_all()
get_ipython().run_line_magic("reset", "-f")
"""


@dataclass
class Lab:
    """A running JupyterLab, which serves Notebook 7 as well."""

    url: str
    folder: Path
    browser: Browser

    def open(self, *, place: str = "lab/tree", width: int = WIDTH, height: int = HEIGHT) -> Notebook:
        """An empty notebook with a kernel of its own, in a new page; ``notebooks`` is the place of Notebook 7."""
        name = f"{place.partition('/')[0]}-{time.monotonic_ns()}.ipynb"
        made = nbformat.v4.new_notebook()
        made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(made, self.folder / name)
        page = self.browser.new_page(viewport={"width": width, "height": height})
        opened = Notebook(page, self.folder / name, self.url)
        page.goto(f"{self.url}/{place}/{name}?token={_TOKEN}{'&reset' if place == 'lab/tree' else ''}")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.context", timeout=90_000)
        page.evaluate(_OPEN, name)
        return opened


@dataclass
class Notebook:
    """A notebook in a page, run by Jupyter's own commands, and the Python behind it."""

    page: Page
    file: Path
    url: str
    foreign: list[str] = field(default_factory=list)
    """Addresses outside the Jupyter server that the page asked for."""
    faults: list[str] = field(default_factory=list)
    """Errors of the page's own code that nobody caught."""
    sent: list[str | bytes] = field(default_factory=list)
    """What went to the kernel."""

    def __post_init__(self) -> None:
        own = (self.url, self.url.replace("http", "ws", 1), "blob:", "data:")

        def asked(url: str) -> None:
            if not url.startswith(own):
                self.foreign.append(url)

        def listen(socket: WebSocket) -> None:
            asked(socket.url)
            socket.on("framesent", lambda frame: self.sent.append(frame))

        self.page.on("request", lambda request: asked(request.url))
        self.page.on("websocket", listen)
        # anywidget also says so of a widget that took longer than two seconds to start, and then shows it.
        late = "[anywidget] Failed to initialize model."
        self.page.on("pageerror", lambda error: late in str(error) or self.faults.append(str(error)))

    # ── cells ──

    def fill(self, *cells: str) -> Notebook:
        """Put cells of code in place of those there; nothing runs."""
        self.page.evaluate(_FILL, [nbformat.v4.new_code_cell(cell) for cell in cells])
        return self

    def load(self, path: Path) -> Notebook:
        """Put the cells of a notebook in place of those there; nothing runs."""
        self.page.evaluate(_FILL, json.loads(path.read_text())["cells"])
        return self

    def run(self, number: int) -> str:
        """Run a cell, and the text of what it put out."""
        self.page.evaluate(_RUN, number)
        return self.text(number)

    def start(self, number: int | None = None) -> None:
        """Run a cell or all, and do not wait for their end."""
        what = (
            "jupyterapp.commands.execute('notebook:run-all-cells')"
            if number is None
            else f"({_RUN})({number})"
        )
        self.page.evaluate(f"void {what}")
        self.page.wait_for_function(_RUNNING)

    @property
    def is_running(self) -> bool:
        """Whether a cell runs, or waits for one that does."""
        return bool(self.page.evaluate(_RUNNING))

    def run_all(self) -> None:
        """Run all cells to their end."""
        self.page.evaluate("jupyterapp.commands.execute('notebook:run-all-cells')")
        for number in self.page.evaluate("panel.content.widgets.map((cell, i) => cell.outputArea ? i : -1)"):
            if number >= 0:
                self.text(number)

    def show(self, *cells: str) -> Locator:
        """Fill in cells and run the first; the place of what it put out."""
        self.fill(*cells).run(0)
        return self.output(0)

    def text(self, number: int) -> str:
        """What a code cell put out, as text.

        Raises
        ------
        AssertionError
            The cell failed.
        """
        parts = []
        for output in self.page.evaluate(_OUTPUTS, number):
            assert output["output_type"] != "error", "\n".join(output["traceback"])
            parts.append(output.get("text") or output.get("data", {}).get("text/plain", ""))
        return "".join(part if isinstance(part, str) else "".join(part) for part in parts)

    def output(self, number: int) -> Locator:
        """Where the output of a cell is on the page."""
        return self.page.locator(".jp-Cell").nth(number).locator(".jp-OutputArea-child")

    def save(self) -> dict[str, Any]:
        """Save as Ctrl+S does, and what is in the file then."""
        self.page.evaluate("panel.context.save()")
        return json.loads(self.file.read_text())

    # ── the kernel ──

    def tell(self, expression: str) -> Any:
        """The value of a Python expression in the notebook's kernel, as far as JSON has it."""
        reply = self.page.evaluate(_EXECUTE, ["", f"__import__('json').dumps({expression})"])
        found = reply["user_expressions"]["it"]
        assert found["status"] == "ok", f"{found['ename']}: {found['evalue']}"
        return json.loads(ast.literal_eval(found["data"]["text/plain"]))

    def do(self, code: str) -> None:
        """Run Python in the notebook's kernel, as another cell would."""
        reply = self.page.evaluate(_EXECUTE, [code, None])
        assert reply["status"] == "ok", f"{reply['ename']}: {reply['evalue']}"

    def wait(self, expression: str, value: Any) -> None:
        """Wait until a Python expression has a value."""
        end = time.monotonic() + 10
        while (found := self.tell(expression)) != value:
            assert time.monotonic() < end, f"{expression} is {found!r}, not {value!r}"
            self.page.wait_for_timeout(50)

    def interrupt(self) -> None:
        """End the cell that runs."""
        self.page.evaluate(_INTERRUPT)
        self.page.wait_for_function(f"!{_RUNNING}")

    def forget(self) -> None:
        """Everything as at first: no cells, names, widgets, other tabs; light, and of the usual size."""
        if self.is_running:  # a test that failed may have left it so
            self.interrupt()
        self.page.evaluate(_ALONE)
        self.fill()
        self.do(_FORGET)
        self.resize(WIDTH)
        self.theme("Light")
        for kept in (self.foreign, self.faults, self.sent):
            kept.clear()

    # ── looks ──

    def resize(self, width: int) -> None:
        """Make the window narrower or wider."""
        if self.page.viewport_size != {"width": width, "height": HEIGHT}:
            self.page.set_viewport_size({"width": width, "height": HEIGHT})

    def theme(self, name: str) -> None:
        """Choose JupyterLab's ``"Light"`` or ``"Dark"``."""
        if name not in self.page.evaluate("document.body.dataset.jpThemeName"):
            self.page.evaluate(_THEME, f"JupyterLab {name}")

    def keep(self, name: str, *, widths: tuple[int, ...] = (WIDTH, 700)) -> None:
        """Screenshots for people, of both widths and themes, where FAIRLAB_SCREENSHOTS names a folder."""
        if not (folder := os.environ.get("FAIRLAB_SCREENSHOTS")):
            return
        Path(folder).mkdir(parents=True, exist_ok=True)
        for width in widths:
            for theme in ("Dark", "Light"):
                self.resize(width)
                self.theme(theme)
                self.page.wait_for_timeout(700)
                self.page.screenshot(path=Path(folder) / f"{name}-{width}-{theme.lower()}.png")
        self.resize(WIDTH)

    def no_barrier(self) -> None:
        """Nothing of fairlab's on the page keeps people from using it, in light or dark, as axe-core sees it."""
        from axe_playwright_python.sync_playwright import Axe

        for theme in ("Dark", "Light"):
            self.theme(theme)
            found = Axe().run(self.page, context="[class*=fairlab]").response["violations"]
            serious = [one for one in found if one["impact"] in ("serious", "critical")]
            assert not serious, [
                (theme, one["id"], [n["html"][:120] for n in one["nodes"]]) for one in serious
            ]


def chromium() -> str | None:
    """The system's Chromium."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def running(folder: Path, browser: Browser) -> Iterator[Lab]:
    """JupyterLab over a folder, without news."""
    for name, values in _SETTINGS.items():
        file = folder / "settings/@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
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
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={folder}",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", f"--IdentityProvider.token={_TOKEN}",
        *(f"--{app}.expose_app_in_browser=True" for app in _EXPOSED),
    ]  # fmt: skip
    with (folder / "jupyter.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_for(f"{url}/api?token={_TOKEN}", process)
            yield Lab(url=url, folder=folder, browser=browser)
        finally:
            process.terminate()
            try:
                process.wait(timeout=60)  # it ends its kernels first
            except subprocess.TimeoutExpired:
                process.kill()  # or a later test would be blamed for it
                process.wait()
                raise


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        assert process.poll() is None, "Jupyter ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("Jupyter did not start")
