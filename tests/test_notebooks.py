"""The notebooks and lessons that come with fairlab: their form, and that they run as they stand."""

from __future__ import annotations

import ast
import json
import re
from typing import TYPE_CHECKING

import nbformat
import pytest

from fairlab import assets, runs, teach
from fairlab.errors import NotebookError

if TYPE_CHECKING:
    from pathlib import Path

ALL = [*assets.notebooks(), *assets.lessons()]
names = pytest.mark.parametrize("path", ALL, ids=lambda path: path.stem)


def test_there_are_some() -> None:
    assert {path.stem for path in assets.notebooks()} == {"01_discover_images", "04_measure_objects"}
    assert [path.stem for path in assets.lessons()] == ["01_from_question_to_citation"]


@names
def test_form(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert notebook.metadata.kernelspec.language == "python"
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(not cell.outputs and cell.execution_count is None for cell in code)
    assert sum("parameters" in cell.metadata.get("tags", []) for cell in notebook.cells) == 1
    assert "parameters" in code[0].metadata.tags
    assert notebook.cells[0].source.startswith("# ")
    assert all(len(cell.source.splitlines()) <= 16 for cell in code)
    # Functions belong to the package.
    assert not any(
        isinstance(n, ast.FunctionDef | ast.ClassDef) for c in code for n in ast.walk(ast.parse(c.source))
    )


def test_pictures_are_small_there_and_told_in_words() -> None:
    shown = set()
    for path in assets.lessons():
        texts = [
            cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"
        ]
        for alt, target in re.findall(r"!\[([^\]]*)\]\(([^)]*)\)", "\n".join(texts)):
            assert len(alt.split()) > 5, "who cannot see it is told what it shows"
            assert (path.parent / target).stat().st_size <= 100_000
            shown.add((path.parent / target).name)
    assert shown == {path.name for path in (assets.lessons()[0].parent / "pictures").glob("lesson-*")}


@names
def test_parameters_parse_and_default_to_samples(path: Path) -> None:
    parameters = runs.parameters_of(path)
    assert parameters and all(parameter.help for parameter in parameters)
    assert any(str(parameter.default).startswith("sample:") for parameter in parameters)


def test_discover_and_measure_run_as_they_stand(tmp_path: Path) -> None:
    for name in ("discover_images", "measure_objects"):
        done = runs.run(name, out_dir=tmp_path, progress=False)
        assert done.status == "ok"
        text = done.output.read_text("utf-8")
        assert "image/png" in text and "creativecommons.org" in text
        assert "application/vnd.jupyter.widget-view+json" not in text
        assert done.output.stat().st_size < 3_000_000


def test_measure_takes_its_parameters(tmp_path: Path) -> None:
    csv = tmp_path / "nuclei.csv"
    parameters = {"url": "sample:nuclei", "channel": "DAPI", "pixel_size": "0.5", "csv": str(csv)}
    runs.run("measure_objects", parameters=parameters, out_dir=tmp_path, progress=False)
    assert csv.read_text().startswith("image_id,")


def test_the_lesson_fails_unsolved_and_passes_solved(tmp_path: Path) -> None:
    lesson = assets.lessons()[0]
    with pytest.raises(NotebookError) as caught:
        runs.run(lesson, out_dir=tmp_path, progress=False)
    assert "01-count" in caught.value.context["error_message"]
    assert "01-license" in caught.value.context["error_message"]
    solved = tmp_path / "solved.ipynb"
    solved.write_text(json.dumps(teach.solved(lesson)))
    assert runs.run(solved, out_dir=tmp_path, progress=False).status == "ok"
