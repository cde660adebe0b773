"""Types of notebook parameters: what a value must be, and how text becomes one."""

from __future__ import annotations

import ast
import difflib
import json
import math
import numbers
import os
from dataclasses import dataclass, replace
from typing import Any, Literal

Base = Literal["int", "float", "str", "bool", "list", "choice"]

_PLAIN: tuple[Base, ...] = ("int", "float", "str", "bool")
_TRUTH = {"true": True, "false": False}


class Refused(Exception):
    """A value or an annotation is not of the expected kind; the text says what was expected."""


@dataclass(frozen=True, kw_only=True)
class ValueType:
    """One type of the small language of parameters.

    Examples
    --------
    >>> numbers = value_type(ast.parse("list[float] | None", mode="eval").body)
    >>> str(numbers), numbers.convert("[1, 2.5]"), numbers.convert("none")
    ('list[float] | None', [1.0, 2.5], None)
    """

    base: Base
    """The family."""
    item: ValueType | None = None
    """Type of the items of a list."""
    choices: tuple[Any, ...] = ()
    """Values that a choice allows."""
    optional: bool = False
    """Whether None is a value too."""

    @property
    def numeric(self) -> bool:
        """Whether values are numbers or lists of numbers."""
        return self.base in ("int", "float") or (self.item is not None and self.item.numeric)

    def __str__(self) -> str:
        if self.base == "choice":
            text = f"Literal[{', '.join(map(repr, self.choices))}]"
        else:
            text = f"list[{self.item}]" if self.base == "list" else self.base
        return f"{text} | None" if self.optional else text

    def convert(self, value: Any, *, read_text: bool = True) -> Any:
        """The value as plain JSON data of this type.

        Parameters
        ----------
        value : object
            A value, or text as from a command line.
        read_text : bool
            Read ``"0.5"`` as a number, ``"true"`` as a truth value, ``"none"`` or ``"null"`` as None
            and JSON as a list where the type is not text; otherwise text is only text.

        Raises
        ------
        Refused
            The value is of another type.
        """
        if isinstance(value, os.PathLike):
            value = os.fspath(value)
        text = value.strip() if read_text and isinstance(value, str) else None
        if self.optional and (value is None or (text is not None and text.lower() in ("none", "null"))):
            return None
        if text is not None and self.base != "str":
            value = self._read(text)
        return self._exactly(value)

    def _read(self, text: str) -> Any:
        try:
            match self.base:
                case "int":
                    return int(text)
                case "float":
                    return float(text)
                case "bool":
                    return _TRUTH[text.lower()]
                case "list":
                    return json.loads(text)
        except (ValueError, KeyError, RecursionError) as exc:
            form = 'a JSON list such as [1, 2] or ["DAPI"]' if self.base == "list" else str(self)
            raise Refused(form) from exc
        # A choice: its own words first, then numbers and truth values as JSON writes them.
        return text if text in self.choices else _json_or_text(text)

    def _exactly(self, value: Any) -> Any:
        match self.base:
            case "choice":
                same = [choice for choice in self.choices if type(choice) is type(value) and choice == value]
                if not same:
                    raise Refused(
                        f"one of {', '.join(map(repr, self.choices))}{_nearest(value, self.choices)}"
                    )
                return same[0]
            case "list":
                if self.item is None or not isinstance(value, list | tuple):
                    raise Refused(str(self))
                return [self.item.convert(item, read_text=False) for item in value]
            case "int" | "float":
                return _number(value, self)
            case "str" if isinstance(value, str):
                return str(value)
            case "bool" if isinstance(value, bool):
                return value
        raise Refused(str(self))


def value_type(annotation: ast.expr) -> ValueType:
    """The type that an annotation names.

    Raises
    ------
    Refused
        It is not one of the types that parameters may have.
    """
    match annotation:
        case ast.Name(id=name) if name in _PLAIN:
            base: Base = next(plain for plain in _PLAIN if plain == name)
            return ValueType(base=base)
        case ast.BinOp(left=inner, op=ast.BitOr(), right=ast.Constant(value=None)):
            return replace(value_type(inner), optional=True)
        case ast.Subscript(value=ast.Name(id="list"), slice=inner):
            return ValueType(base="list", item=value_type(inner))
        case ast.Subscript(value=ast.Name(id="Literal"), slice=inner):
            elements = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return ValueType(base="choice", choices=tuple(_choice(element) for element in elements))
    raise Refused(
        f"one of the types {', '.join(_PLAIN)}, list[...], Literal[...], or one of them | None; "
        f"found {ast.unparse(annotation)}"
    )


def literal(node: ast.expr) -> Any:
    """The value of an expression that JSON could say; nothing is executed.

    Raises
    ------
    Refused
        It is a call, a name, a tuple, bytes … or a number without a JSON form.

    Examples
    --------
    >>> literal(ast.parse("[1, -2.5, 'a', None]", mode="eval").body)
    [1, -2.5, 'a', None]
    """
    match node:
        case ast.Constant(value=None | bool() | int() | float() | str() as value):
            return value
        case ast.UnaryOp(
            op=ast.USub() | ast.UAdd() as sign, operand=ast.Constant(value=int() | float() as value)
        ):
            if not isinstance(value, bool):
                return -value if isinstance(sign, ast.USub) else value
        case ast.List(elts=items):
            return [literal(item) for item in items]
    raise Refused(
        f"a value that JSON can say (number, text, true or false, none, list); found {ast.unparse(node)}"
    )


def _choice(node: ast.expr) -> Any:
    value = literal(node)
    if not isinstance(value, str | int):
        raise Refused(f"choices that are texts or whole numbers; found {ast.unparse(node)}")
    return value


def _nearest(value: Any, choices: tuple[Any, ...]) -> str:
    words = {choice.lower(): choice for choice in choices if isinstance(choice, str)}
    like = difflib.get_close_matches(value.lower(), words, n=1) if isinstance(value, str) else []
    return f"; did you mean {words[like[0]]!r}?" if like else ""


def _number(value: Any, wanted: ValueType) -> int | float:
    if isinstance(value, bool):  # a truth value is an int to Python, not to a scientist
        raise Refused(str(wanted))
    if isinstance(value, numbers.Integral):
        if int(value).bit_length() > 64:
            raise Refused(f"{wanted} of at most 64 bits")
        return int(value) if wanted.base == "int" else float(value)
    if wanted.base == "float" and isinstance(value, numbers.Real):
        if not math.isfinite(value):
            raise Refused("a finite number")
        return float(value)
    raise Refused(str(wanted))


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
