"""A real JupyterLab and a real browser, once for all tests; each test has the notebook to itself."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.browser.face import Face
from tests.browser.lab import FLAGS, ROOT, Lab, Notebook, chromium, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Headless Chromium as the system provides it; required when FAIRLAB_REQUIRE_BROWSER is set.

    It ends with this package: while it lives, an event loop runs in this thread, where others start theirs.
    """
    found = chromium()
    if found is None:
        message = "no Chromium on this machine (Debian: apt-get install chromium)"
        if os.environ.get("FAIRLAB_REQUIRE_BROWSER"):
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def lab(browser: Browser, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab over copies of the notebooks and lessons."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "tutorials"):
        for notebook in (ROOT / name).glob("*.ipynb"):
            shutil.copy(notebook, folder)
    with running(folder, browser) as started:
        yield started


@pytest.fixture(scope="package")
def only_notebook(lab: Lab) -> Notebook:
    """The one notebook, in the one page."""
    return lab.open()


@pytest.fixture
def notebook(only_notebook: Notebook) -> Iterator[Notebook]:
    """An empty notebook; afterwards nobody but the Jupyter server may have been asked, and nothing failed unseen."""
    yield only_notebook
    foreign, faults = list(only_notebook.foreign), list(only_notebook.faults)
    only_notebook.forget()
    assert not foreign, "only the Jupyter server is asked"
    assert not faults, "no code of the page failed"


@pytest.fixture(scope="package")
def only_notebook_7(lab: Lab) -> Notebook:
    """The one notebook in Notebook 7."""
    return lab.open(place="notebooks")


@pytest.fixture
def notebook_7(only_notebook_7: Notebook) -> Iterator[Notebook]:
    """An empty notebook in Notebook 7, whose own code fails now and then."""
    yield only_notebook_7
    foreign = list(only_notebook_7.foreign)
    only_notebook_7.forget()
    assert not foreign, "only the Jupyter server is asked"


@pytest.fixture
def face(notebook: Notebook) -> Face:
    """The viewer on an image of stripes, as ``v`` in Python."""
    notebook.show("import fairlab\nfrom tests.browser.stripes import TABLE, tree\n"
                  "v = fairlab.view(tree(), labels='cells', table=TABLE, z=2)\nv")  # fmt: skip
    return Face(notebook)


@pytest.fixture
def view(notebook: Notebook) -> Callable[..., Face]:
    """``view(code)``: the viewer that a cell shows."""

    def shown(code: str, number: int = 0) -> Face:
        notebook.show(code)
        return Face(notebook, number)

    return shown
