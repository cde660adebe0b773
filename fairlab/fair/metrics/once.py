"""Several metrics read the same long judgement of a description; it is made once for them all."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.fair.description import Description

Judgement = TypeVar("Judgement")
_KEPT: Final = 8
"""As many as threads assess at a time."""


class _Same:
    """A description, known by which one it is: comparing thousands of statements would cost what is to be saved."""

    __slots__ = ("description",)

    def __init__(self, description: Description):
        self.description = description

    def __hash__(self) -> int:
        return id(self.description)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.description is self.description


def once(judge: Callable[[Description], Judgement]) -> Callable[[Description], Judgement]:
    """The same function, which remembers what it last said of a few descriptions."""
    kept = functools.lru_cache(maxsize=_KEPT)(lambda same: judge(same.description))

    def asked(description: Description) -> Judgement:
        return kept(_Same(description))

    return asked
