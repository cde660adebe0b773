"""Metadata documents of one store: each is asked for once, many at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.errors import FormatError, warn
from fairlab.net.deadline import Deadline
from fairlab.net.fetch import documents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fairlab.net.store import Store


class Documents:
    """What a store says about itself, as far as it was asked.

    Readers state which documents they want, also those they only guess to be there, until nothing new is
    wanted: the number of round trips is the number of guesses that failed, plus one.

    Parameters
    ----------
    store : Store
        Where they lie.
    """

    def __init__(self, store: Store):
        self.store = store
        self._found: dict[str, Mapping[str, Any] | FormatError | None] = {}

    def ask(self, keys: Iterable[str]) -> bool:
        """Fetch what was not asked for before, in one round trip; False when that is nothing."""
        new = [key for key in dict.fromkeys(keys) if key not in self._found]
        if new:
            self._found |= documents(self.store, new, deadline=Deadline())
        return bool(new)

    def __contains__(self, key: str) -> bool:
        return key in self._found

    def __getitem__(self, key: str) -> Mapping[str, Any] | None:
        found = self._found[key]
        if isinstance(found, FormatError):  # in the way of who needs it, and of nobody else
            raise found
        return found

    def readable(self, key: str) -> Mapping[str, Any] | None:
        """A document, or None also where what is there is no JSON."""
        found = self._found[key]
        return None if isinstance(found, FormatError) else found

    def beside(self, key: str) -> Mapping[str, Any] | None:
        """A document without which all else can be read: one that is no JSON is told of, and left out."""
        try:
            return self[key]
        except FormatError as exc:
            warn(f"left out, as it cannot be read: {exc.message.splitlines()[0]}", at=exc.url or "")
            return None


def group_key(path: str, zarr_format: int) -> str:
    """Where a group keeps its attributes."""
    return f"{path}/{'zarr.json' if zarr_format == 3 else '.zattrs'}".lstrip("/")


def array_key(path: str, zarr_format: int) -> str:
    """Where an array keeps its metadata."""
    return f"{path}/{'zarr.json' if zarr_format == 3 else '.zarray'}".lstrip("/")


def attributes_of(document: Mapping[str, Any] | None, zarr_format: int) -> Mapping[str, Any]:
    """Attributes in a group's document; none when there is no document."""
    if document is None or zarr_format == 2:
        return document or {}
    attributes = document.get("attributes")
    return attributes if isinstance(attributes, dict) else {}
