"""The ``parameters`` cell of a notebook: parsed, never executed; and values checked against it.

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
import difflib
import io
import re
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import NotebookError
from fairlab.runs.credentials import holds_secret
from fairlab.runs.notebook import source
from fairlab.runs.value_types import Refused, ValueType, literal, value_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.runs.notebook import Notebook

_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"\s*(?P<low>{_NUMBER})?\s*\.\.\s*(?P<high>{_NUMBER})?\s*")
_RANGE_AT_END = re.compile(r"\[(?P<range>[^\[\]]*\.\.[^\[\]]*)\]\s*$")
_UNIT_AT_END = re.compile(r"\((?P<unit>[^()]+)\)\s*$")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """One line of the ``parameters`` cell."""

    name: str
    """The name, an identifier."""
    type: ValueType
    """What values it takes."""
    default: Any
    """The value when none is given."""
    help: str = ""
    """One line for people, without unit and range."""
    unit: str | None = None
    """Unit of the number, as the author wrote it."""
    minimum: float | None = None
    """Smallest value allowed, in ``unit``."""
    maximum: float | None = None
    """Largest value allowed, in ``unit``."""

    def accept(self, value: Any) -> Any:
        """The value in the declared type; text is read as it comes from a command line.

        Raises
        ------
        NotebookError
            kind ``"parameter-type"`` or ``"parameter-range"``.

        Examples
        --------
        >>> from fairlab.runs.value_types import ValueType
        >>> Parameter(name="size", type=ValueType(base="float"), default=1.0).accept("0.5")
        0.5
        """
        try:
            accepted = self.type.convert(value)
        except Refused as exc:
            raise self._error(f"is {_short(value)}; expected {exc}", kind="parameter-type") from exc
        outside = [number for number in _numbers(accepted) if not self._within(number)]
        if outside:
            raise self._error(f"is {outside[0]}; expected {self.range}", kind="parameter-range")
        return accepted

    @property
    def range(self) -> str:
        """The range as the author writes it, or the empty text."""
        if self.minimum is None and self.maximum is None:
            return ""
        ends = ("" if end is None else f"{end:g}" for end in (self.minimum, self.maximum))
        return f"[{' .. '.join(ends)}]".replace("[ ", "[").replace(" ]", "]")

    def __str__(self) -> str:
        unit = f"({self.unit})" if self.unit else ""
        comment = " ".join(part for part in (self.help, unit, self.range) if part)
        line = f"{self.name}: {self.type} = {self.default!r}"
        return f"{line}  # {comment}" if comment else line

    def _within(self, number: float) -> bool:
        low = self.minimum is None or number >= self.minimum
        return low and (self.maximum is None or number <= self.maximum)

    def _error(self, problem: str, *, kind: str) -> NotebookError:
        return NotebookError(
            f'parameter "{self.name}" {problem}\n  it is declared as: {self}',
            kind=kind,
            parameter=self.name,
            problem=problem,
        )


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


def check_parameters(declared: Iterable[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """The value of every declared parameter: the given one, checked, or the default.

    Parameters
    ----------
    declared : iterable of Parameter
        From :func:`declared_parameters`.
    given : mapping of str to object
        Values, or texts that are read in the declared type (``"0.5"``, ``"true"``, ``"none"``,
        ``'["DAPI"]'``).

    Raises
    ------
    NotebookError
        kind ``"parameter-unknown"`` (``context["nearest"]``), ``"parameter-type"``,
        ``"parameter-range"`` or ``"parameter-secret"``.

    Examples
    --------
    >>> check_parameters(parse_parameters("n: int = 3"), {"n": "5"})
    {'n': 5}
    """
    known = {parameter.name: parameter for parameter in declared}
    values = {name: parameter.default for name, parameter in known.items()}
    for name, value in given.items():
        if name not in known:
            raise _unknown(name, list(known))
        _refuse_secret(name, value)
        values[name] = known[name].accept(value)
    for name, value in values.items():
        _refuse_secret(name, value)
    return values


def split_assignments(texts: Sequence[str]) -> dict[str, str]:
    """``name=value`` texts of a command line as a mapping; the last of equal names counts.

    Raises
    ------
    NotebookError
        kind ``"parameter-form"``: there is no ``=``.

    Examples
    --------
    >>> split_assignments(["url=https://example.org/a.zarr?v=2", "n=3"])
    {'url': 'https://example.org/a.zarr?v=2', 'n': '3'}
    """
    pairs = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals:
            raise NotebookError(f"{_short(text)} is not of the form name=value", kind="parameter-form")
        pairs[name.strip()] = value
    return pairs


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


def _numbers(value: Any) -> list[float]:
    if isinstance(value, list):
        return [number for item in value for number in _numbers(item)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def _short(value: Any) -> str:
    try:
        text = repr(value)
    except ValueError:  # Python prints no integer of more than 4300 digits
        return f"a very long {type(value).__name__}"
    return text if len(text) <= 80 else f"{text[:77]}…"


def _refuse_secret(name: str, value: Any) -> None:
    if holds_secret(value):
        # The value itself must not reach a terminal or a log either.
        raise NotebookError(
            f'parameter "{name}" holds an address with a password, token or signature\n'
            f"  parameters are written into the notebook and its record; put the secret into the "
            f"environment or a credentials profile, and give the plain address",
            kind="parameter-secret",
            parameter=name,
        )


def _unknown(name: str, known: list[str]) -> NotebookError:
    nearest = difflib.get_close_matches(name, known, n=1)
    hint = f'did you mean "{nearest[0]}"?' if nearest else f"it has: {', '.join(known) or 'none'}"
    return NotebookError(
        f"the notebook has no parameter {_short(name)}\n  {hint}",
        kind="parameter-unknown",
        parameter=name,
        nearest=nearest,
    )


def _form_error(problem: str, notebook: Notebook, **context: Any) -> NotebookError:
    return NotebookError(
        f"the notebook {notebook.path} cannot be run with parameters: {problem}",
        kind="parameters-form",
        notebook=str(notebook.path),
        **context,
    )
