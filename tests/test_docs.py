"""README and guides say what is true: their code runs, their commands exist, their links lead somewhere."""

from __future__ import annotations

import doctest
import re
import shlex
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.cli import _parser
from tests.emulators import ARCHIVES, emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "binder/README.md", "tests/benchmarks/README.md"]


def fences(page: str, language: str) -> list[str]:
    text = (ROOT / page).read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def test_two_set_up_commands_on_one_line_each() -> None:
    blocks = fences("README.md", "sh")
    assert len(blocks) == 2
    assert all(len(block.strip().splitlines()) == 1 for block in blocks)
    first, second = blocks
    assert ".[all]" in first and "fairlab demo" in first
    assert "pytest" in second


@pytest.fixture
def archives() -> Iterator[None]:
    """The archives, on this machine."""
    with ExitStack() as stack:
        for name in (*ARCHIVES, "folder"):
            stack.enter_context(emulator(name))
        yield


@pytest.mark.usefixtures("archives")
def test_readme_code_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scope: dict[str, Any] = {}
    blocks = fences("README.md", "python")
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), scope)  # the README's own code
    results = scope["results"]
    assert {*ARCHIVES, "folder"} - {"xnat"} <= set(results.asked) and not results.failures
    assert any(set(record.found_by) - {"catalogue", "sample"} for record in results), (
        "no archive found anything"
    )


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_doctests_of_pages(page: str) -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    assert doctest.testfile(str(ROOT / page), module_relative=False, optionflags=flags).failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_commands_named_in_pages_exist(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    lines = [
        line
        for block in re.findall(r"^```(?:sh|console)\n(.*?)^```", text, re.M | re.S)
        for line in block.splitlines()
    ]
    for line in lines:
        for part in re.split(r"&&|\|", line.removeprefix("$ ")):
            words = shlex.split(part)
            if words and Path(words[0]).name == "fairlab" and "--help" not in words:
                _parser().parse_args(words[1:])


@pytest.mark.parametrize("page", PAGES)
def test_links_inside_the_project_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not re.match(r"[a-z]+:", target):
            assert (ROOT / page).parent.joinpath(target).exists(), f"{page} -> {target}"


def test_version_is_the_same_everywhere() -> None:
    import tomllib

    import fairlab

    stated = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert fairlab.__version__ == stated
    assert f"version: {stated}" in (ROOT / "CITATION.cff").read_text()
    assert f"[{stated}]" in (ROOT / "CHANGELOG.md").read_text()


def test_nothing_at_the_top_but_what_belongs_there() -> None:
    allowed = {
        "pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "fairlab",
        "notebooks", "tutorials", "binder", "tests", ".ci", ".git", ".gitignore",
    }  # fmt: skip
    import subprocess

    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {line.split("/")[0] for line in listed.splitlines()} <= allowed


def test_the_core_stays_small() -> None:
    """At most 20 packages with everything that the bare wheel needs, and no upper pins anywhere."""
    import tomllib
    from importlib.metadata import requires

    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = [
        *project["dependencies"],
        *(r for extra in project["optional-dependencies"].values() for r in extra),
    ]
    for requirement in map(Requirement, stated):
        assert not {s.operator for s in requirement.specifier} & {"<", "<=", "==", "~=", "==="}, requirement
    todo, seen = [Requirement(r).name for r in project["dependencies"]], set()
    while todo:
        name = todo.pop().lower().replace("_", "-")
        if name not in seen:
            seen.add(name)
            found = map(Requirement, requires(name) or [])
            todo += [r.name for r in found if r.marker is None or r.marker.evaluate({"extra": ""})]
    assert len(seen) + 1 <= 20, sorted(seen)


def test_the_catalogue_is_small() -> None:
    data = ROOT / "fairlab" / "data"
    assert sum(f.stat().st_size for f in data.iterdir()) <= 1_000_000


def test_nothing_of_one_machine_is_named() -> None:
    pattern = re.compile(r"(?<![\w.])/(?:home|root|Users)/\w+")
    for path in [
        *ROOT.glob("fairlab/**/*.py"),
        *ROOT.glob("*.md"),
        *ROOT.glob("notebooks/*"),
        *ROOT.glob("tutorials/*"),
    ]:
        if path.is_file():
            assert not pattern.search(path.read_text("utf-8")), path
