from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from fairlab import assets, samples, teach
from fairlab.errors import NotebookError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EXERCISES = {
    "07-area": {
        "task": "How large?",
        "kind": "number",
        "expected": {"value": 200},
        "tolerance": 0.05,
        "hint": "<measure> it",
    },
    "07-exact": {"task": "How many?", "kind": "number", "expected": {"value": 3}, "hint": "count"},
    "07-license": {
        "task": "Which licence?",
        "kind": "license",
        "expected": {"value": "https://creativecommons.org/licenses/by/4.0/"},
        "hint": "look",
    },
    "08-word": {
        "task": "Which method?",
        "kind": "text",
        "expected": {"value": ["Light sheet", "SPIM"]},
        "hint": "look",
    },
}


@pytest.fixture(autouse=True)
def lessons_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two lessons that exist only in this file, and nothing checked yet."""
    file = tmp_path / "exercises.json"
    file.write_text(json.dumps(EXERCISES))
    monkeypatch.setattr(teach, "data_file", lambda name: tmp_path / name)
    monkeypatch.setattr(teach, "_checked", {})
    teach.exercises.cache_clear()
    yield
    teach.exercises.cache_clear()


@pytest.mark.parametrize("answer", [200, 190.0, 210, np.float64(205), np.array(200), np.int64(199)])
def test_a_number_within_the_tolerance_is_right(answer: Any) -> None:
    found = teach.check("07-area", answer)
    assert found
    assert found.hint == ""


@pytest.mark.parametrize(
    "answer",
    [
        ...,
        None,
        189.9,
        210.1,
        0,
        -200,
        float("nan"),
        float("inf"),
        "200",
        True,
        [200],
        np.array([200]),
        object(),
    ],
)
def test_any_other_answer_is_not_and_gets_the_hint(answer: Any) -> None:
    found = teach.check("07-area", answer)
    assert not found
    assert found.hint == EXERCISES["07-area"]["hint"]


def test_a_wrong_number_says_in_which_direction() -> None:
    assert "too low" in teach.check("07-area", 10).message
    assert "too high" in teach.check("07-area", 1000).message
    assert "200" not in teach.check("07-area", 10).message  # the answer is not given away


def test_without_a_tolerance_the_number_must_be_equal() -> None:
    assert teach.check("07-exact", 3)
    assert not teach.check("07-exact", 3.01)


@pytest.mark.parametrize("answer", ["CC-BY-4.0", "cc by 4.0", "http://creativecommons.org/licenses/by/4.0"])
def test_a_licence_counts_in_every_spelling(answer: str) -> None:
    assert teach.check("07-license", answer)


@pytest.mark.parametrize("answer", ["CC BY", "CC-BY-NC-4.0", "CC0", "", "free", 4, ...])
def test_another_licence_does_not(answer: Any) -> None:
    assert not teach.check("07-license", answer)


@pytest.mark.parametrize(
    ("answer", "ok"), [("light-sheet", True), ("spim", True), ("confocal", False), (3, False)]
)
def test_words_are_compared_without_case_and_signs(answer: Any, ok: bool) -> None:
    assert bool(teach.check("08-word", answer)) is ok


def test_what_is_shown_is_escaped_and_marked() -> None:
    wrong, right = teach.check("08-word", "<script>"), teach.check("07-area", 200)
    assert "<script>" not in wrong._repr_html_()
    assert "<measure>" not in teach.check("07-area", 1)._repr_html_()
    assert (repr(wrong)[0], repr(right)[0]) == ("✗", "✓")


def test_an_unknown_exercise_gets_the_nearest() -> None:
    with pytest.raises(NotebookError) as caught:
        teach.check("07-aera", 1)
    assert caught.value.kind == "exercise-unknown"
    assert caught.value.context["nearest"] == ["07-area"]


def test_a_lesson_ends_well_only_when_every_exercise_is_solved() -> None:
    def unsolved() -> list[str]:
        with pytest.raises(NotebookError) as caught:
            teach.finish("07_how_to_count")
        assert caught.value.kind == "exercise-unsolved"
        names: list[str] = caught.value.context["exercises"]
        return names

    assert unsolved() == ["07-area", "07-exact", "07-license"]  # never asked is not solved either
    teach.check("07-area", 200)
    teach.check("07-exact", ...)
    assert unsolved() == ["07-exact", "07-license"]
    teach.check("07-exact", 3)
    teach.check("07-license", "CC-BY-4.0")
    summary = teach.finish("07")
    assert [one.ok for one in summary.checks] == [True, True, True]
    assert summary._repr_html_().count("✓") == 3
    teach.check("07-area", 1)  # the last answer counts
    assert unsolved() == ["07-area"]


def test_a_lesson_without_exercises_cannot_be_finished() -> None:
    with pytest.raises(NotebookError) as caught:
        teach.finish("99")
    assert caught.value.kind == "lesson-unknown"


def lesson(folder: Path, *, solution: str | None) -> Path:
    cells = [
        new_code_cell("from fairlab import teach"),
        new_code_cell("count = ...", metadata={"tags": ["exercise"]}),
        new_code_cell("teach.check('07-exact', count)"),
    ]
    if solution is not None:
        cells.insert(2, new_markdown_cell(solution, metadata={"tags": ["solution"]}))
    path = folder / "07_count.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    return path


def test_a_solution_takes_the_place_of_its_exercise(tmp_path: Path) -> None:
    folded = (
        "<details><summary>Solution</summary>\n\n```python\ncount = 1 + 2\nprint(count)\n```\n\n</details>"
    )
    path = lesson(tmp_path, solution=folded)
    content = teach.solved(path)
    namespace: dict[str, Any] = {}
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), namespace)
    assert namespace["count"] == 3
    assert teach._checked["07-exact"].ok
    assert "count = ..." in path.read_text()  # the file itself stays open


@pytest.mark.parametrize("solution", [None, "Think about it.", "```\ncount = 3\n```"])
def test_an_exercise_without_a_solution_is_an_error(tmp_path: Path, solution: str | None) -> None:
    with pytest.raises(NotebookError) as caught:
        teach.solved(lesson(tmp_path, solution=solution))
    assert caught.value.kind == "solution-missing"
    assert caught.value.context["cell"] == 1


@pytest.fixture
def shipped(monkeypatch: pytest.MonkeyPatch) -> dict[str, teach.Exercise]:
    """The exercises of the package itself."""
    monkeypatch.setattr(teach, "data_file", assets.data_file)
    teach.exercises.cache_clear()
    return teach.exercises()


def test_every_shipped_exercise_is_complete(shipped: dict[str, teach.Exercise]) -> None:
    assert {"01-count", "01-license"} <= set(shipped)
    for name, exercise in shipped.items():
        assert exercise.task and exercise.hint, name
        assert exercise.kind in ("number", "license", "text"), name
        assert not teach.check(name, ...)


def test_the_shipped_count_is_the_scenes_own(shipped: dict[str, teach.Exercise]) -> None:
    truth = len(samples.truth("cells2d"))
    assert teach.check("01-count", truth)
    assert not teach.check("01-count", truth // 2)


def test_the_shipped_licence_is_the_records_own(shipped: dict[str, teach.Exercise]) -> None:
    from fairlab.repositories.base import lookup

    assert teach.check("01-license", lookup("sample:cells2d").license)
    assert not teach.check("01-license", "CC-BY-NC-ND-4.0")


def test_a_statistic_of_a_column_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    table = samples.truth("cells2d")
    where = {"truth": "cells2d", "statistic": "mean", "column": "area_um2"}
    assert teach._expected(where) == pytest.approx(table["area_um2"].mean())
