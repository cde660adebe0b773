"""The front-end's files: small, plain, and nothing in them that reaches out or trusts a text."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter

import pytest

from fairlab.widgets import frontend

MODULES = sorted(path.stem for path in frontend.FOLDER.glob("*.js"))
SHEETS = sorted(path.stem for path in frontend.FOLDER.glob("*.css"))


def imports(name: str) -> list[str]:
    return re.findall(r'from "\./(\w+)\.js"', (frontend.FOLDER / f"{name}.js").read_text("utf-8"))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_stands_behind_what_it_imports(name):
    joined = frontend.module(name)
    assert not re.search(r"^\s*import\b", joined, re.MULTILINE)
    list(TopologicalSorter({module: imports(module) for module in MODULES}).static_order())
    for needed in imports(name):
        first_line = (frontend.FOLDER / f"{needed}.js").read_text("utf-8").splitlines()[0]
        own = (frontend.FOLDER / f"{name}.js").read_text("utf-8").splitlines()[0]
        assert joined.count(first_line) == 1
        assert joined.index(first_line) < joined.index(own)


@pytest.mark.parametrize("name", MODULES)
def test_text_never_becomes_html_and_nothing_is_fetched(name):
    text = (frontend.FOLDER / f"{name}.js").read_text("utf-8")
    plain = text.replace("http://www.w3.org/2000/svg", "")
    for forbidden in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function",
                      "http:", "https:", "fetch(", "XMLHttpRequest", "WebSocket", "webgl", "import("):  # fmt: skip
        assert forbidden not in plain


@pytest.mark.parametrize("name", SHEETS)
def test_styles_load_nothing_and_reach_only_fairlab(name):
    text = (frontend.FOLDER / f"{name}.css").read_text("utf-8")
    assert "url(" not in text and "@import" not in text
    selectors = re.findall(
        r"^([^\s@}/][^{}]*)\{", re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL), re.MULTILINE
    )
    assert selectors
    assert all(".fairlab" in s or ".fl-" in s for selector in selectors for s in selector.split(","))


def loaded(name: str) -> set[str]:
    return {name}.union(*map(loaded, imports(name)))


def test_the_front_end_is_small():
    """In bytes, as the files lie in the package: what only the viewer loads, and all there is."""
    sizes = {path.name: path.stat().st_size for path in frontend.FOLDER.iterdir()}
    shared = loaded("viewer") & {
        needed for name in ("panel", "plate_grid", "search_panel") for needed in loaded(name)
    }
    assert shared == {"dom"}
    own = [f"{name}.js" for name in loaded("viewer") - shared]
    assert sum(sizes[name] for name in [*own, "viewer.css"]) <= 60_000
    assert sum(sizes[name] for name in ("dom.js", "theme.css")) <= 7.5 * 1024
    assert sum(sizes.values()) <= 100 * 1024


def test_each_sheet_brings_the_theme_once():
    assert frontend.stylesheet("panel", "search_panel").count("--fl-ink:") == 1


WIDGETS = ("viewer", "plate_grid", "search_panel", "run_form")


@pytest.mark.parametrize("name", WIDGETS)
def test_no_widget_is_drawn_by_the_rules_of_another(name):
    """All style sheets hold for the whole page: a name that two widgets use would be styled by both."""
    own = names(frontend.module(name) + frontend.stylesheet("panel", name))
    shared = names(frontend.stylesheet("panel"))
    for other in WIDGETS:
        if other != name:
            assert not (names((frontend.FOLDER / f"{other}.css").read_text("utf-8")) - shared) & own, other


def names(text: str) -> set[str]:
    return set(re.findall(r"\bfl-[a-z-]+", re.sub(r"--fl-[a-z-]+", "", text)))


def test_the_panels_are_small_as_plain_text():
    panels = [path for name in ("panel", *WIDGETS[1:]) for path in frontend.FOLDER.glob(f"{name}.*")]
    assert len(panels) == 8 and sum(len(path.read_bytes()) for path in panels) <= 36_000
