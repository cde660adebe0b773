"""Parameters of a notebook, and values checked against what is declared of them."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fairlab.errors import NotebookError
from fairlab.runs.credentials import holds_secret
from fairlab.runs.value_types import Refused, ValueType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


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
    >>> from fairlab.runs.parameter_cell import parse_parameters
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
