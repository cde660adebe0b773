"""How many round trips something takes: each burst of documents, and each batch of chunks, is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.net import batch, documents, fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pytest


class Bursts:
    """What went to the store at once, in order; counted where it leaves, so that nothing depends on time.

    A test compares :attr:`asked` with the server's log: a request that went out by another way is seen.
    """

    def __init__(self, patch: pytest.MonkeyPatch):
        self.documents: list[list[str]] = []
        self.reads = 0
        ask, read = fetch.documents, batch.read

        def documents_of(store: Any, keys: Iterable[str], **options: Any) -> Any:
            keys = list(keys)
            self.documents.append(keys)
            return ask(store, keys, **options)

        def read_of(*arguments: Any) -> Any:
            self.reads += 1
            return read(*arguments)

        patch.setattr(documents, "documents", documents_of)
        patch.setattr(batch, "read", read_of)

    @property
    def asked(self) -> list[str]:
        """Keys of all documents that were asked for."""
        return [key for burst in self.documents for key in burst]

    @property
    def trips(self) -> int:
        """Round trips, one after the other."""
        return len(self.documents) + self.reads

    def of(self, do: Callable[[], Any]) -> int:
        """Round trips of one call."""
        before = self.trips
        do()
        return self.trips - before
