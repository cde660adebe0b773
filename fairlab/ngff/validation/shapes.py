"""A small language for the shape of JSON values, in which most rules are written as tables.

A shape checks a value and everything below it. Rules that no shape can say (``also``) run only when the
shape holds, so that they need not doubt what they are given.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from fairlab.ngff.validation.findings import (
    Finding,
    Findings,
    Level,
    Place,
    Rule,
    error,
    shown,
    warning,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Shape(Protocol):
    """What a value may look like."""

    def check(self, value: Any, place: Place) -> Findings:
        """What of the value does not have this shape."""
        ...


@dataclass(frozen=True, kw_only=True)
class Anything:
    """Any value."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`Shape`."""
        return iter(())


@dataclass(frozen=True, kw_only=True)
class Text:
    """A string."""

    pattern: str | None = None
    """Regular expression for the whole of it."""
    expected: str = "text"
    """The pattern in words."""
    also: tuple[Rule, ...] = ()
    """Further rules."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`Shape`."""
        if not isinstance(value, str):
            yield _wrong_type(value, place, self.expected)
        elif self.pattern is not None and not re.fullmatch(self.pattern, value):
            yield error("value", place, f"it is {shown(value)}; expected {self.expected}")
        else:
            for rule in self.also:
                yield from rule(value, place)


@dataclass(frozen=True, kw_only=True)
class Flag:
    """True or false."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`Shape`."""
        if not isinstance(value, bool):
            yield _wrong_type(value, place, "true or false")


@dataclass(frozen=True, kw_only=True)
class Number:
    """A finite number; ``1.0`` is an integer too, as in JSON Schema."""

    integer: bool = False
    """Whether it has no fraction."""
    least: float = -math.inf
    """Lowest value."""
    above: float = -math.inf
    """What it must be greater than."""
    most: float = math.inf
    """Highest value."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`Shape`."""
        if not is_number(value):
            yield _wrong_type(value, place, self._expected())
        elif (
            not math.isfinite(value)
            or not self.least <= value <= self.most
            or not (value > self.above or self.above == -math.inf)
            or (self.integer and value != int(value))
        ):
            yield error("value", place, f"it is {shown(value)}; expected {self._expected()}")

    def _expected(self) -> str:
        noun = "an integer" if self.integer else "a finite number"
        if self.least > -math.inf and self.most < math.inf:
            return f"{noun} from {self.least:g} to {self.most:g}"
        if self.least > -math.inf:
            return f"{noun} of at least {self.least:g}"
        return f"{noun} above {self.above:g}" if self.above > -math.inf else noun


@dataclass(frozen=True, kw_only=True)
class OrNull:
    """A shape in whose place null may stand, as some writers say that they do not know.

    Only where the text asks for no type: a value that MUST be a string is not null.
    """

    shape: Shape
    """What it looks like otherwise."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`Shape`."""
        if value is None:
            yield warning("null", place, "it is null; a key of which nothing is known is better left out")
        else:
            yield from self.shape.check(value, place)


@dataclass(frozen=True, kw_only=True)
class ListOf:
    """A list of values of one shape."""

    item: Shape
    """What each entry looks like."""
    least: int = 0
    """Lowest number of entries."""
    most: float = math.inf
    """Highest number of entries."""
    unique: bool = False
    """Whether no entry may stand twice."""
    section: str = ""
    """Part of the specification that describes it."""
    also: tuple[Rule, ...] = ()
    """Further rules."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`Shape`."""
        return within(self.section, self._check(value, place))

    def _check(self, value: Any, place: Place) -> Findings:
        if not isinstance(value, list):
            yield _wrong_type(value, place, "a list")
            return
        sound = True
        for finding in self._own(value, place):
            sound = sound and finding.level != "error"
            yield finding
        if sound:
            for rule in self.also:
                yield from rule(value, place)

    def _own(self, value: list[Any], place: Place) -> Findings:
        if not self.least <= len(value) <= self.most:
            most = f"{self.most:g}" if self.most < math.inf else "more"
            span = f"{self.least}" if self.least == self.most else f"{self.least} to {most}"
            noun = "entry" if span == "1" else "entries"
            yield error("length", place, f"it has {len(value)}; expected {span} {noun}")
        for number, item in enumerate(value):
            yield from self.item.check(item, (*place, number))
        if self.unique:
            yield from repeated([json.dumps(item, sort_keys=True) for item in value], place, "the entry")


@dataclass(frozen=True, kw_only=True)
class Key:
    """One key of an object."""

    shape: Shape
    """What its value looks like."""
    absent: Level | None
    """How bad it is when the key is not there."""


def must(shape: Shape) -> Key:
    """The key MUST be there."""
    return Key(shape=shape, absent="error")


def should(shape: Shape) -> Key:
    """The key SHOULD be there."""
    return Key(shape=shape, absent="warning")


def better(shape: Shape) -> Key:
    """The key SHOULD be there, but the specification's own strict examples do without it."""
    return Key(shape=shape, absent="hint")


def may(shape: Shape) -> Key:
    """The key MAY be there."""
    return Key(shape=shape, absent=None)


@dataclass(frozen=True, kw_only=True)
class Fields:
    """An object with named keys; others are allowed."""

    keys: Mapping[str, Key] = field(default_factory=dict)
    """What is known of each key."""
    section: str = ""
    """Part of the specification that describes it."""
    also: tuple[Rule, ...] = ()
    """Further rules."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`Shape`."""
        return within(self.section, self._check(value, place))

    def _check(self, value: Any, place: Place) -> Findings:
        if not isinstance(value, dict):
            yield _wrong_type(value, place, "an object")
            return
        sound = True
        for name, key in self.keys.items():
            if name in value:
                for finding in key.shape.check(value[name], (*place, name)):
                    sound = sound and finding.level != "error"
                    yield finding
            elif key.absent is not None:
                sound = sound and key.absent != "error"
                modal = "MUST" if key.absent == "error" else "SHOULD"
                yield Finding(
                    level=key.absent,
                    code=f"missing-{name}",
                    place=place,
                    text=f'"{name}" is missing; it {modal} be there',
                )
        if sound:
            for rule in self.also:
                yield from rule(value, place)


@dataclass(frozen=True, kw_only=True)
class Tagged:
    """An object whose ``type`` says what else it holds."""

    shapes: Mapping[str, Shape]
    """What it looks like, by type."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`Shape`."""
        if not isinstance(value, dict):
            yield _wrong_type(value, place, "an object")
            return
        tag = value.get("type")
        shape = self.shapes.get(tag) if isinstance(tag, str) else None
        if shape is None:
            found = shown(tag) if "type" in value else "missing"
            yield error(
                "type", (*place, "type"), f"the type is {found}; expected {alternatives(self.shapes)}"
            )
        else:
            yield from shape.check(value, place)


@dataclass(frozen=True, kw_only=True)
class Deferred:
    """A shape that holds itself."""

    shape: Callable[[], Shape]
    """Gives the shape when it is needed."""

    def check(self, value: Any, place: Place) -> Findings:
        """See :class:`Shape`."""
        return self.shape().check(value, place)


def is_number(value: Any) -> bool:
    """Whether a value is a number; JSON's true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def alternatives(words: Any) -> str:
    """Words as a choice.

    Examples
    --------
    >>> alternatives(["scale", "identity"])
    'scale or identity'
    """
    *most, last = words
    return f"{', '.join(most)} or {last}" if most else str(last)


def repeated(keys: list[Any], place: Place, noun: str) -> Findings:
    """An error for each entry of a list whose key an earlier entry has."""
    first: dict[Any, int] = {}
    for number, key in enumerate(keys):
        if first.setdefault(key, number) != number:
            yield error(
                "duplicate", (*place, number), f"{noun} repeats the one at {first[key]}; each MUST be unique"
            )


def _wrong_type(value: Any, place: Place, expected: str) -> Finding:
    return error("wrong-type", place, f"it is {shown(value)}; expected {expected}")
