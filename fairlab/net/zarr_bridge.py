"""The one place that touches zarr's inside: arrays from metadata in hand, over bytes in hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import zarr
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata
from zarr.storage import StorePath

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from zarr.core.buffer import Buffer, BufferPrototype

    from fairlab.net.http import Deadline
    from fairlab.net.store import Store as Objects


Metadata = ArrayV2Metadata | ArrayV3Metadata


class RangedObject:
    """One stored object (a shard) that is read by ranges while zarr decodes it."""

    def __init__(self, store: Objects, key: str, deadline: Deadline):
        self._store, self._key, self._deadline = store, key, deadline
        self.absent = False
        """Whether the store said, when asked, that there is no such object."""

    def read(self, part: slice | None) -> bytes | None:
        """Part of the object, or None when the store has none."""
        body = self._store.get(self._key, part=part, deadline=self._deadline)
        self.absent = body is None
        return body


def parse(document: Mapping[str, Any]) -> Metadata:
    """Array metadata from the content of ``zarr.json`` or ``.zarray``; user attributes are left out."""
    plain = {**document, "attributes": {}}
    return (
        ArrayV3Metadata.from_dict(plain)
        if document.get("zarr_format") == 3
        else ArrayV2Metadata.from_dict(plain)
    )


def array_of(metadata: Metadata, path: str, objects: Mapping[str, bytes] | RangedObject) -> zarr.Array[Any]:
    """A zarr array that sees nothing but the given objects.

    Parameters
    ----------
    metadata : Metadata
        What :func:`parse` made.
    path : str
        Place of the array in its store.
    objects : mapping of str to bytes, or RangedObject
        Stored objects by key; one that is absent reads as the fill value.
    """
    return zarr.Array(zarr.AsyncArray(metadata=metadata, store_path=StorePath(_Given(objects), path)))


class _Given(Store):
    """A read-only zarr store of objects in hand."""

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, objects: Mapping[str, bytes] | RangedObject):
        super().__init__(read_only=True)
        self._objects = objects

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        if isinstance(self._objects, RangedObject):
            body = await asyncio.to_thread(self._objects.read, _as_slice(byte_range))
        else:
            whole = self._objects.get(key)
            part = _as_slice(byte_range)
            body = whole if whole is None or part is None else whole[part]
        return None if body is None else prototype.buffer.from_bytes(body)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        return [await self.get(key, prototype, byte_range) for key, byte_range in key_ranges]

    def __eq__(self, other: object) -> bool:
        return self is other

    async def exists(self, key: str) -> bool:
        return not isinstance(self._objects, RangedObject) and key in self._objects

    async def set(self, key: str, value: Buffer) -> None:
        raise PermissionError("read-only")

    async def delete(self, key: str) -> None:
        raise PermissionError("read-only")

    def list(self) -> AsyncIterator[str]:
        raise PermissionError("not listed")

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        raise PermissionError("not listed")

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        raise PermissionError("not listed")


def _as_slice(byte_range: ByteRequest | None) -> slice | None:
    match byte_range:
        case RangeByteRequest(start, end):
            return slice(start, end)
        case SuffixByteRequest(suffix):
            return slice(-suffix, None)
        case OffsetByteRequest(offset):
            return slice(offset, None)
        case _:
            return None
