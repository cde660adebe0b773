"""The front door: its names are exact, lazy, and survive the import of every room behind it."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import fairlab
from fairlab.accessor import FairTree

NAMES = {
    "Record", "Report", "Results", "__version__", "assess", "browse", "catalogue", "cite", "cite_session", "derive",
    "errors", "facets", "fair", "lookup", "measure", "open_image", "open_labels", "open_plate", "run", "runs",
    "samples", "search", "segment", "set_options", "teach", "validate", "view",
}  # fmt: skip
HEAVY = {
    "xarray", "pandas", "numpy", "dask", "zarr", "skimage", "scipy", "ome_zarr", "hvplot", "matplotlib", "jupyter_core",
    "jupyterlab", "IPython", "ipywidgets", "papermill", "nbformat", "PIL", "pycurl", "sqlite3",
}  # fmt: skip


def _after(code: str, *, rooms: bool = False) -> set[str]:
    """Libraries (and rooms of fairlab) that are imported once some code has run."""
    name = "'.'.join(name.split('.')[:2])" if rooms else "name.split('.')[0]"
    script = f"import sys; {code}; print(*{{{name} for name in sys.modules}})"
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(answer.stdout.split())


def test_all_is_exact() -> None:
    assert set(fairlab.__all__) == NAMES
    assert set(dir(fairlab)) == NAMES
    assert fairlab.__all__ == sorted(fairlab.__all__)


def test_every_name_is_there_after_every_submodule_was_imported() -> None:
    for module in pkgutil.walk_packages(fairlab.__path__, "fairlab."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    verbs = NAMES - {"__version__", "catalogue", "errors", "fair", "runs", "samples", "teach"}
    for name in verbs:
        assert callable(getattr(fairlab, name)), name
    for name in ("catalogue", "errors", "fair", "runs", "samples", "teach"):
        assert getattr(fairlab, name).__name__ == f"fairlab.{name}"


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(fairlab.__file__).read_text("utf-8"))
    block = next(n for n in tree.body if isinstance(n, ast.If))
    seen = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen | {"__version__"} == NAMES


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nosuch"):
        fairlab.nosuch  # noqa: B018


@pytest.mark.parametrize("name", sorted(NAMES - {"__version__", "runs"}))
def test_every_public_name_has_a_docstring_with_an_example(name: str) -> None:
    assert ">>>" in (getattr(fairlab, name).__doc__ or "")


@pytest.mark.parametrize("name", [name for name in dir(FairTree) if not name.startswith("_")])
def test_all_that_fair_answers_has_a_docstring_with_an_example(name: str) -> None:
    assert ">>>" in (getattr(FairTree, name).__doc__ or "")


def test_importing_fairlab_is_light() -> None:
    assert not _after("import fairlab") & HEAVY


def test_the_command_line_is_light() -> None:
    assert not _after("from fairlab.cli import _parser; _parser().format_help()") & HEAVY


def test_judging_one_document_needs_no_transport(tmp_path: Path) -> None:
    # A conformance suite starts the command for each of its hundreds of documents.
    (tmp_path / "zarr.json").write_text('{"ome": {"version": "0.5", "labels": ["a"]}}')
    words = ["validate", "--attributes", str(tmp_path / "zarr.json"), "--exit-zero"]
    imported = _after(f"from fairlab.cli import main; main({words!r})", rooms=True)
    assert "fairlab.verdict" in imported
    assert not imported & (HEAVY | {"fairlab.net", "fairlab.opening", "fairlab.image"})


def test_search_needs_no_arrays() -> None:
    heavy = HEAVY - {"sqlite3"}
    assert not _after("import fairlab; fairlab.search('mouse heart', limit=1)") & heavy
