"""The parameters of a notebook as fields of a form: what to show, and what a text in a field means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import NotebookError
from fairlab.foreign_text import escaped
from fairlab.runs.parameters import Parameter, check_parameters

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


_WORDS: Final = {"int": "whole number", "float": "number", "list": "list, as in JSON"}


@dataclass(frozen=True, kw_only=True)
class Field:
    """One parameter with what is in its field."""

    parameter: Parameter
    """The line of the ``parameters`` cell."""
    text: str
    """What the field holds."""
    error: str = ""
    """Why that cannot be used; empty when it can."""

    @property
    def given(self) -> Any:
        """The text as :func:`fairlab.run` takes it: an empty field of an optional parameter is None."""
        parameter = self.parameter
        return None if parameter.type.optional and not self.text.strip() else self.text

    def holding(self, text: str) -> Field:
        """The same field with another text, judged.

        Examples
        --------
        >>> from fairlab.runs.parameter_cell import parse_parameters
        >>> (size,) = fields_of(parse_parameters("size: float = 0.5  # (micrometer) [0.01 .. 10]"), {})
        >>> size.holding("2").error, size.holding("20").error
        ('', 'is 20.0; expected [0.01 .. 10]')
        """
        field = Field(parameter=self.parameter, text=text)
        try:
            check_parameters([self.parameter], {self.parameter.name: field.given})
        except NotebookError as exc:
            # A text with a password in it is not even kept.
            kept = "" if exc.kind == "parameter-secret" else text
            return Field(parameter=self.parameter, text=kept, error=_short(exc, self.parameter.name))
        return field

    def to_dict(self) -> dict[str, Any]:
        """As the front-end shows it."""
        parameter, type_ = self.parameter, self.parameter.type
        choices = [str(choice) for choice in type_.choices] if type_.base == "choice" else []
        if type_.base == "bool" and type_.optional:
            choices = ["true", "false"]
        told = (
            parameter.help,
            _WORDS.get(type_.base, ""),
            f"allowed: {parameter.range}" if parameter.range else "",
            "may stay empty" if type_.optional and not choices else "",
        )
        return {
            "name": parameter.name,
            "kind": "choice" if choices else type_.base,
            "choices": ["", *choices] if choices and type_.optional else choices,
            "text": self.text,
            "default": text_of(parameter.default),
            "help": " · ".join(filter(None, told)),
            "unit": parameter.unit or "",
            "error": self.error,
        }


def fields_of(declared: Sequence[Parameter], given: Mapping[str, Any]) -> tuple[Field, ...]:
    """A field for each parameter, holding the value given or the default.

    Raises
    ------
    NotebookError
        As :func:`fairlab.runs.parameters.check_parameters`.
    """
    values = check_parameters(declared, given)
    return tuple(Field(parameter=one, text=text_of(values[one.name])) for one in declared)


def text_of(value: Any) -> str:
    """A value as it stands in a field.

    Examples
    --------
    >>> text_of(None), text_of(True), text_of(["DAPI"]), text_of(0.5)
    ('', 'true', '["DAPI"]', '0.5')
    """
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def table_of(title: str, fields: Sequence[Field], lines: Sequence[str]) -> str:
    """The form as plain HTML, everything escaped: what a saved notebook shows where nothing runs."""
    cell = "text-align:left;vertical-align:top"
    rows = "".join(
        f"<tr><th style='{cell}'>{escaped(f.parameter.name)}</th><td style='{cell}'><code>{escaped(f.text)}</code> "
        f"{escaped(f.parameter.unit or '')}</td><td style='{cell}'>{escaped(f.error or f.parameter.help)}</td></tr>"
        for f in fields
    )
    said = "".join(f"<p>{escaped(line)}</p>" for line in lines)
    return f"<div style='text-align:left'><p><b>{escaped(title)}</b></p><table>{rows}</table>{said}</div>"


def _short(error: NotebookError, name: str) -> str:
    """The first line of an error, without the name that stands beside it."""
    return error.message.splitlines()[0].removeprefix(f'parameter "{name}" ')
