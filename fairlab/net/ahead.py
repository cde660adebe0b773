"""A stored object, or a part of it, that is asked for ahead where the store can do that."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fairlab.net.answers import Version
from fairlab.net.deadline import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.net.curl import Begun
    from fairlab.net.store import Store


@dataclass
class Request:
    """One question to a store; :attr:`begin` and :meth:`answer` are what a :class:`fairlab.net.pool.Job` wants."""

    store: Store
    key: str
    part: slice | None = None
    deadline: Deadline | None = None
    """Of all questions together; by default one that runs from when this one leaves."""
    max_bytes: int | None = None
    """Most that the object may have, also where only a part of it is wanted; by default what a read may take."""
    version: Version = field(default=Version(), init=False)
    """Of the object that answered, as far as the store says."""

    def begin(self, then: Callable[[Begun], None]) -> Begun | None:
        """Ask ahead; None where only waiting helps."""
        ahead = getattr(self.store, "begin", None)  # only what has to be waited for has it
        if ahead is None:
            return None
        self.deadline = self.deadline or Deadline(waits=True)
        begun: Begun | None = ahead(
            self.key, part=self.part, deadline=self.deadline, max_bytes=self.max_bytes, then=then
        )
        return begun

    def answer(self) -> bytes | None:
        """The bytes, asked for again where what was asked ahead did not come to a good end."""
        deadline = self.deadline or Deadline()
        versioned = getattr(self.store, "get_version", None)  # only what may change between two parts has it
        if versioned is None:
            return self.store.get(self.key, part=self.part, deadline=deadline, max_bytes=self.max_bytes)
        body, self.version = versioned(self.key, part=self.part, deadline=deadline, max_bytes=self.max_bytes)
        found: bytes | None = body
        return found

    def forget(self) -> None:
        """What came was damaged: none of it shall be kept for the next time."""
        forget = getattr(self.store, "forget", None)  # only what may keep anything has it
        if forget is not None:
            forget(self.key, part=self.part)
