"""Self-checks for lessons: an answer is right, or a hint says where to look.

A lesson asks with an answer left open, ``count = ...``, and checks it in the last line of a cell::

    teach.check("01-count", count)

Its last cell, ``teach.finish("01")``, ends with an error while an exercise is open, so a lesson that
nobody solved does not pass unnoticed. What is expected is data (``data/exercises.json``) and, for
samples, computed from their own truth; nothing here opens a socket.

An exercise cell is tagged ``exercise`` and followed by a Markdown cell tagged ``solution`` with the
code that replaces it in a fenced ``python`` block, folded away by ``<details>``; :func:`solved` puts
the one in place of the other.

Examples
--------
>>> from fairlab import teach
>>> bool(teach.check("01-count", ...))
False
"""

from __future__ import annotations

import copy
import difflib
import functools
import html
import json
import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from fairlab.assets import data_file, find_notebook
from fairlab.errors import NotebookError
from fairlab.runs.notebook import read_notebook, source, tags
from fairlab.terms import fold, license

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

_SOLUTION = re.compile(r"^```python\n(?P<code>.*?)^```", re.DOTALL | re.MULTILINE)

_checked: dict[str, Check] = {}


@dataclass(frozen=True, kw_only=True)
class Exercise:
    """One question of a lesson."""

    name: str
    """Number of the lesson and a word: ``"01-count"``."""
    task: str
    """The question in one line."""
    kind: Literal["number", "license", "text"]
    """How answers are compared."""
    expected: Mapping[str, Any]
    """Where the right answer comes from: ``{"value": …}``; ``{"truth": sample, "statistic": "count"}``, or
    another statistic (``"mean"``, ``"max"`` …) of a ``"column"``; ``{"record": id, "field": …}``."""
    tolerance: float = 0.0
    """Allowed distance from the right number, as a fraction of it."""
    hint: str
    """Where to look."""


@dataclass(frozen=True, kw_only=True, repr=False)
class Check:
    """What :func:`check` found; true when the answer is right, and shown with a tick or a cross."""

    exercise: str
    """Name of the exercise."""
    ok: bool
    """Whether the answer is right."""
    message: str
    """What was found."""
    hint: str = ""
    """Where to look, when it is not right."""

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        line = f"{'✓' if self.ok else '✗'} {self.exercise}: {self.message}"
        return f"{line}\n  hint: {self.hint}" if self.hint else line

    def _repr_html_(self) -> str:
        colour, mark = ("#1a7f37", "✓") if self.ok else ("#b00020", "✗")
        hint = f"<br>Hint: {html.escape(self.hint)}" if self.hint else ""
        return (
            f'<div role="status" style="border-left:4px solid {colour};padding:.4em .8em">'
            f'<strong style="color:{colour}">{mark}</strong> '
            f"<strong>{html.escape(self.exercise)}</strong>: {html.escape(self.message)}{hint}</div>"
        )


@dataclass(frozen=True, repr=False)
class Summary:
    """The checks of one lesson together."""

    checks: tuple[Check, ...]
    """In the order of the exercises."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.checks))

    def _repr_html_(self) -> str:
        return "".join(one._repr_html_() for one in self.checks)


def check(name: str, answer: Any) -> Check:
    """Compare an answer with what is expected.

    Parameters
    ----------
    name : str
        Name of the exercise.
    answer : object
        A number (NumPy's and xarray's single values too), or text; ``...`` means not yet answered.

    Returns
    -------
    Check
        Shown as a tick or a cross with a hint when it is the last line of a cell.

    Raises
    ------
    NotebookError
        kind ``"exercise-unknown"``.

    Examples
    --------
    >>> bool(check("01-count", ...))
    False
    """
    exercise = _exercise(name)
    _checked[name] = _open(name) if answer is ... or answer is None else _judged(exercise, answer)
    return _checked[name]


def finish(lesson: str) -> Summary:
    """All checks of a lesson; an error while one is open or wrong.

    Parameters
    ----------
    lesson : str
        Number of the lesson, or its whole name: ``"01"``, ``"01_search_to_citation"``.

    Raises
    ------
    NotebookError
        kind ``"exercise-unsolved"`` (``context["exercises"]`` lists them) or ``"lesson-unknown"``.
    """
    number = re.split(r"[-_]", lesson, maxsplit=1)[0]
    names = [name for name in exercises() if name.startswith(f"{number}-")]
    if not names:
        raise NotebookError(
            f'there is no lesson "{lesson}" with exercises\n'
            f"  lessons are: {', '.join(sorted({name.partition('-')[0] for name in exercises()}))}",
            kind="lesson-unknown",
            lesson=lesson,
        )
    summary = Summary(tuple(_checked.get(name, _open(name)) for name in names))
    wrong = [one for one in summary.checks if not one]
    if wrong:
        listed = "\n".join(f"  {one.exercise}: {exercises()[one.exercise].task}" for one in wrong)
        raise NotebookError(
            f"{len(wrong)} of {len(names)} exercises of this lesson are not solved yet:\n{listed}",
            kind="exercise-unsolved",
            exercises=[one.exercise for one in wrong],
        )
    return summary


def solved(lesson: str | os.PathLike[str]) -> dict[str, Any]:
    """The notebook of a lesson with every exercise replaced by its solution.

    Raises
    ------
    NotebookError
        kind ``"solution-missing"``: an exercise has none, ``context["cell"]`` is its index.
    """
    notebook = read_notebook(find_notebook(lesson))
    content = copy.deepcopy(notebook.content)
    cells = content["cells"]
    for index, cell in enumerate(cells):
        if cell["cell_type"] == "code" and "exercise" in tags(cell):
            after = (
                source(cells[index + 1])
                if cells[index + 1 :] and "solution" in tags(cells[index + 1])
                else ""
            )
            solution = _SOLUTION.search(after)
            if solution is None:
                raise NotebookError(
                    f"cell {index + 1} of {notebook.path} is an exercise, but the next cell holds no solution\n"
                    f"  expected a Markdown cell tagged `solution` with a fenced python block",
                    kind="solution-missing",
                    cell=index,
                )
            cell["source"] = solution["code"].rstrip("\n")
    return content


@functools.cache
def exercises() -> dict[str, Exercise]:
    """All exercises by name, in the order of their lessons."""
    stated = json.loads(data_file("exercises.json").read_text(encoding="utf-8"))
    return {name: Exercise(name=name, **facts) for name, facts in stated.items()}


def _exercise(name: str) -> Exercise:
    known = exercises()
    if name in known:
        return known[name]
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f'did you mean "{nearest[0]}"?' if nearest else f"there are: {', '.join(known)}"
    raise NotebookError(
        f'there is no exercise "{name}"; {hint}', kind="exercise-unknown", exercise=name, nearest=nearest
    )


def _open(name: str) -> Check:
    return Check(
        exercise=name,
        ok=False,
        message="not answered yet: replace the ... with your answer and run the cell again",
        hint=exercises()[name].hint,
    )


def _judged(exercise: Exercise, answer: Any) -> Check:
    compare = {"number": _compare_number, "license": _compare_license, "text": _compare_text}[exercise.kind]
    ok, message = compare(answer, _expected(exercise.expected), exercise.tolerance)
    return Check(exercise=exercise.name, ok=ok, message=message, hint="" if ok else exercise.hint)


def _expected(where: Mapping[str, Any]) -> Any:
    if "truth" in where:
        from fairlab import samples

        truth = samples.truth(where["truth"])
        # A scene of several moments lists every object once per moment.
        counted = where["statistic"] == "count"
        return truth["label"].nunique() if counted else truth[where["column"]].agg(where["statistic"])
    if "record" in where:
        from fairlab.repositories.base import lookup

        return getattr(lookup(where["record"]), where["field"])
    return where["value"]


def _compare_number(answer: Any, expected: Any, tolerance: float) -> tuple[bool, str]:
    number = _as_number(answer)
    if number is None:
        return False, f"not yet: expected one number, found {_called(answer)}"
    if abs(number - expected) <= tolerance * abs(expected):
        margin = f", and {tolerance:.0%} either way counts" if tolerance else ""
        return True, f"right, {number:g} (the truth is {expected:g}{margin})"
    return False, f"not yet: {number:g} is too {'low' if number < expected else 'high'}"


def _compare_license(answer: Any, expected: str, _: float) -> tuple[bool, str]:
    given, right = license(str(answer)), license(expected)
    if given is None or right is None:
        return False, f"not yet: {_called(answer)} names no licence that fairlab knows"
    if given.url == right.url:
        return True, f"right, {right.name} ({right.url})"
    if given.covers(right):
        return False, f"not yet: {given.name}; which version?"
    return False, f"not yet: {given.name} is another licence"


def _compare_text(answer: Any, expected: Any, _: float) -> tuple[bool, str]:
    accepted = [expected] if isinstance(expected, str) else list(expected)
    if isinstance(answer, str) and fold(answer) in [fold(word) for word in accepted]:
        return True, f"right, {accepted[0]}"
    return False, f"not yet: {_called(answer)} is not it"


def _as_number(answer: Any) -> float | None:
    if isinstance(answer, str | bool) or getattr(answer, "shape", ()) != ():
        return None
    try:
        number = float(answer)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _called(answer: Any) -> str:
    if isinstance(answer, str):
        return f'"{answer[:60]}"'
    size = getattr(answer, "shape", ())
    return f"a {type(answer).__name__}" + (f" of shape {tuple(size)}" if size else "")
