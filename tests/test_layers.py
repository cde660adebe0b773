"""Imports only point down or sideways, without a cycle, and each outside library has one door."""

from __future__ import annotations

import ast
import functools
import tomllib
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "fairlab"

LAYERS = {
    0: {
        "fairlab",
        "amounts",
        "contacts",
        "copied",
        "errors",
        "foreign_text",
        "foreign_xml",
        "hints",
        "licenses",
        "moves",
        "moves_table",
        "options",
        "terms",
        "words",
    },
    1: {
        "fair.agreement",
        "fair.crate_biology",
        "fair.crate_graph",
        "fair.crate_links",
        "fair.crate_reader",
        "fair.description",
        "fair.fact",
        "fair.flat",
        "fair.bundle",
        "fair.keyed_values",
        "fair.layout",
        "fair.ngff_statements",
        "fair.ome_statements",
        "fair.record_builder",
        "fair.statement",
        "fair.values",
        "filters",
        "joining",
        "matching",
        "merging",
        "ngff",
        "quantities",
        "query",
        "ranking",
        "record",
        "result_tables",
        "results",
        "traits",
        "use_conditions",
    },
    2: {"net"},
    3: {"repositories"},
    4: {
        "accessor",
        "digests",
        "failures",
        "inquiry",
        "backend",
        "catalogue",
        "conversation",
        "costs",
        "fair",
        "regions",
        "federation",
        "gathering",
        "glancing",
        "image",
        "coordinates",
        "opening",
        "origin",
        "plate",
        "lazy",
        "lazy_variable",
        "level_choice",
        "levels",
        "lookups",
        "provenance",
        "citation",
        "analysis",
        "resolving",
        "thumbnails",
        "session",
        "sharing",
        "sources",
        "derivation",
        "describe",
        "pixel_sizes",
        "planes",
        "verdict",
        "subset",
        "wells",
    },
    5: {
        "assets",
        "cli",
        "cli_assess",
        "cli_catalogue",
        "cli_metadata",
        "cli_privacy",
        "cli_runs",
        "cli_search",
        "cli_validate",
        "demo",
        "report_page",
        "plots",
        "runs",
        "samples",
        "teach",
        "widgets",
        "__main__",
    },
}
DOORS = {
    "pycurl": {"net.curl", "net.transfers"},
    "pydicom": {"fair.privacy.dicom"},
    "obstore": {"net.s3", "net.bucket_listing"},
    "awscrt": {"net.checksums"},
    "google_crc32c": {"net.checksums", "net.shards", "net.unpacking"},
    "zarr": {"net.zarr_bridge", "net.fetch", "sharing.writer", "sharing.pyramid"},
    "ome_zarr": {"sharing"},
    "anywidget": {"widgets"},
    "ipywidgets": {"widgets"},
    "PIL": {"widgets"},
    "papermill": {"runs"},
    "nbformat": {"runs"},
    "nbclient": {"runs"},
    "hvplot": {"plots"},
    "matplotlib": {"plots"},
    "skimage": {"analysis", "samples"},
    "dask": {"lazy", "sharing.writer"},
    "sqlite3": {"repositories"},
    "citeproc": {"citation.styled"},
    "xml": {"foreign_xml"},
    "lxml": {"citation.styled"},  # the styles that citeproc comes with
}


def _modules() -> dict[str, Path]:
    found = {}
    for path in ROOT.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__") or "fairlab"] = path
    return found


MODULES = _modules()
REPOSITORIES = {
    found.removeprefix("fairlab.").partition(":")[0]
    for found in tomllib.loads((ROOT.parent / "pyproject.toml").read_text("utf-8"))["project"][
        "entry-points"
    ]["fairlab.repositories"].values()
}


def _type_checking(tree: ast.Module) -> set[ast.AST]:
    blocks = [n for n in ast.walk(tree) if isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test)]
    return {node for block in blocks for child in block.body for node in ast.walk(child)}


@functools.cache
def _imports(path: Path, *, at_top: bool = False) -> frozenset[str]:
    tree = ast.parse(path.read_text("utf-8"))
    hidden = _type_checking(tree)
    names = set()
    for node in tree.body if at_top else ast.walk(tree):
        if node in hidden:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(names)


def _own(name: str) -> str | None:
    """The fairlab module that an imported name belongs to."""
    if name != "fairlab" and not name.startswith("fairlab."):
        return None
    parts = name.split(".")[1:]
    while parts and ".".join(parts) not in MODULES:
        parts.pop()
    return ".".join(parts) or "fairlab"


def _layer(module: str) -> int:
    # The longest name counts: what is pure in a room of verbs may be a fact that everybody imports.
    parts = module.split(".")
    names = [".".join(parts[:length]) for length in range(len(parts), 0, -1)]
    return next(level for name in names for level, rooms in LAYERS.items() if name in rooms)


def test_every_module_has_a_layer() -> None:
    rooms = {room for layer in LAYERS.values() for room in layer}
    assert {module.split(".")[0] for module in MODULES} <= rooms


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_point_down_or_sideways(module: str) -> None:
    targets = {own for name in _imports(MODULES[module]) if (own := _own(name))}
    upward = {target for target in targets if _layer(target) > _layer(module)}
    assert not upward, f"{module} imports {upward} from above"


def test_there_is_no_cycle() -> None:
    # Imports inside functions count too: a cycle hidden in a function is still two rooms that are one.
    graph = {
        module: {own for name in _imports(path) if (own := _own(name))} - {module, "fairlab"}
        for module, path in MODULES.items()
    }
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as exc:
        pytest.fail(f"cycle: {' -> '.join(exc.args[1])}")


@pytest.mark.parametrize("library", DOORS)
def test_each_library_has_its_door(library: str) -> None:
    users = {
        module
        for module, path in MODULES.items()
        if any(name.split(".")[0] == library for name in _imports(path))
    }
    strangers = {
        u for u in users if not any(u == door or u.startswith(f"{door}.") for door in DOORS[library])
    }
    assert not strangers


def test_repositories_never_import_one_another() -> None:
    # What reads the documents of an archive may serve several; the repository itself, and the catalogue, none.
    strangers = {
        (module, own)
        for module, path in MODULES.items()
        if module.startswith("repositories.") and not module.startswith("repositories.catalogue")
        for name in _imports(path)
        if (own := _own(name)) and (own in REPOSITORIES or own.startswith("repositories.catalogue"))
    }
    assert not strangers
