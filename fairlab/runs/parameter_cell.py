"""The ``parameters`` cell of a notebook: parsed, never executed.

A tool notebook has one code cell tagged ``parameters``. Each line declares one parameter::

    from typing import Literal
    url: str = "sample:nuclei"                              # address of an OME-Zarr
    pixel_size: float | None = None                         # pixel size to work at (micrometer) [0.01 .. 10]
    method: Literal["otsu", "li"] = "otsu"                  # how the threshold is found
    channels: list[str] = []                                # names of channels; none means all

Types are ``int``, ``float``, ``str``, ``bool``, ``list[...]`` of these, ``Literal[...]``, and any of
them ``| None``. Values are what JSON can say. The comment is help for people: a unit in parentheses,
then, for numbers and lists of numbers, a range in brackets with both ends included, of which one may
be left out (``[0 ..]``, ``[.. 10]``). ``from typing import Literal`` is the only other line allowed.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from typing import TYPE_CHECKING, Any

from fairlab.errors import NotebookError
from fairlab.runs.notebook import source
from fairlab.runs.parameters import Parameter
from fairlab.runs.value_types import Refused, literal, value_type

if TYPE_CHECKING:
    from fairlab.runs.notebook import Notebook

_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*(?P<low>{_NUMBER})?\s*\.\.\s*(?P<high>{_NUMBER})?\s*")
_RANGE_AT_END = re.compile(r"\[(?P<range>[^\[\]]*\.\.[^\[\]]*)\]\s*$")
_UNIT_AT_END = re.compile(r"\((?P<unit>[^()]+)\)\s*$")


def declared_parameters(notebook: Notebook) -> tuple[Parameter, ...]:
    """What the ``parameters`` cell of a notebook declares, in order.

    Raises
    ------
    NotebookError
        kind ``"parameters-missing"`` (no code cell has the tag) or ``"parameters-form"`` (two cells
        have it, or a line is not a declaration; ``context["line"]`` says which).
    """
    cells = notebook.tagged("parameters")
    if not cells:
        raise NotebookError(
            f'the notebook {notebook.path} has no code cell tagged "parameters"\n'
            f"  tag the cell that sets its values (in JupyterLab: the gears on the right), one "
            f"`name: type = value  # help` per line; an empty cell will do",
            kind="parameters-missing",
            notebook=str(notebook.path),
        )
    if len(cells) > 1:
        raise _form_error(f'{len(cells)} cells are tagged "parameters"; one is expected', notebook)
    try:
        return parse_parameters(source(cells[0]))
    except _FormError as exc:
        raise _form_error(str(exc), notebook, line=exc.line) from exc


def parse_parameters(text: str) -> tuple[Parameter, ...]:
    """The declarations in the text of a ``parameters`` cell; nothing is executed.

    Examples
    --------
    >>> for parameter in parse_parameters("size: float = 0.5  # pixel size (micrometer) [0.01 .. 10]"):
    ...     print(parameter.name, parameter.unit, parameter.minimum, parameter.maximum)
    size micrometer 0.01 10.0
    """
    try:
        statements, comments = ast.parse(text).body, _comments(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError) as exc:
        raise _FormError(f"is not Python: {exc}", line=getattr(exc, "lineno", None) or 1) from exc
    found: dict[str, Parameter] = {}
    for statement in statements:
        if _imports_literal(statement):
            continue
        parameter = _parse_line(statement, comments.get(statement.end_lineno or statement.lineno, ""))
        if parameter.name in found:
            raise _FormError(f'declares "{parameter.name}" a second time', line=statement.lineno)
        found[parameter.name] = parameter
    return tuple(found.values())


class _FormError(Exception):
    """A line of the cell is not a declaration."""

    def __init__(self, problem: str, *, line: int):
        super().__init__(f"line {line} of the parameters cell {problem}")
        self.line = line


def _parse_line(statement: ast.stmt, comment: str) -> Parameter:
    line = statement.lineno
    if not (
        isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name) and statement.value
    ):
        raise _FormError("is not of the form `name: type = value  # help`", line=line)
    try:
        declared = value_type(statement.annotation)
        text, unit, low, high = _read_comment(comment)
        if (low, high) != (None, None) and not declared.numeric:
            raise Refused(f"a range needs numbers, not {declared}")
        parameter = Parameter(
            name=statement.target.id,
            type=declared,
            default=declared.convert(literal(statement.value), read_text=False),
            help=text,
            unit=unit,
            minimum=low,
            maximum=high,
        )
        parameter.accept(parameter.default)
    except Refused as exc:
        raise _FormError(f"cannot be used: expected {exc}", line=line) from exc
    except NotebookError as exc:
        raise _FormError(f"has a default outside its range: {exc.message}", line=line) from exc
    return parameter


def _imports_literal(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.ImportFrom) and ast.unparse(statement) == "from typing import Literal"


def _comments(text: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(text, newline=None).readline)
    return {token.start[0]: token.string.lstrip("# ") for token in tokens if token.type == tokenize.COMMENT}


def _read_comment(comment: str) -> tuple[str, str | None, float | None, float | None]:
    """Help, unit, minimum and maximum of ``help (unit) [low .. high]``."""
    rest, low, high = comment.strip(), None, None
    bracket = _RANGE_AT_END.search(rest)
    if bracket:
        ends = _RANGE.fullmatch(bracket["range"])
        if ends is None or (ends["low"] is None and ends["high"] is None):
            raise Refused(f"a range such as [0.01 .. 10] or [0 ..], found [{bracket['range']}]")
        low, high = (float(end) if end else None for end in (ends["low"], ends["high"]))
        if low is not None and high is not None and low > high:
            raise Refused(f"a range from low to high, found [{bracket['range']}]")
        rest = rest[: bracket.start()].strip()
    unit = _UNIT_AT_END.search(rest)
    if unit is None:
        return rest, None, low, high
    return rest[: unit.start()].strip(), unit["unit"].strip(), low, high


def _form_error(problem: str, notebook: Notebook, **context: Any) -> NotebookError:
    return NotebookError(
        f"the notebook {notebook.path} cannot be run with parameters: {problem}",
        kind="parameters-form",
        notebook=str(notebook.path),
        **context,
    )
