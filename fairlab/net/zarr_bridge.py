"""The one place that touches zarr's inside: metadata parsed by its rules, and codecs left to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import zarr
from zarr.core.buffer import cpu
from zarr.core.metadata import ArrayV2Metadata, ArrayV3Metadata
from zarr.storage import MemoryStore, StorePath

from fairlab.net.shards import named

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from zarr.core.buffer import Buffer


Metadata = ArrayV2Metadata | ArrayV3Metadata
_PLAIN: Final = [{"name": "bytes", "configuration": {"endian": "little"}}]


def parse(document: Mapping[str, Any]) -> Metadata:
    """Array metadata from the content of ``zarr.json`` or ``.zarray``; user attributes are left out."""
    plain: dict[str, Any] = {**document, "attributes": {}}
    if document.get("zarr_format") != 3:
        return ArrayV2Metadata.from_dict(plain)
    codecs = document.get("codecs") or []
    # zarr measures shards against the chunk before it is transposed, and refuses what others write; what undoes
    # shards is fairlab.net.codecs.
    turned = "sharding_indexed" in [named(codec)[0] for codec in codecs[1:]]
    plain["codecs"] = _PLAIN if turned else [_long(codec) for codec in codecs]
    return ArrayV3Metadata.from_dict(plain)


def _long(codec: Any) -> dict[str, Any]:
    """A codec in the long form; the specification lets a mere name stand for one, and zarr does not."""
    if isinstance(codec, str):
        return {"name": codec}
    how = codec.get("configuration")
    if not isinstance(how, dict):
        return dict(codec)
    inner = {key: [_long(c) for c in how[key]] for key in ("codecs", "index_codecs") if how.get(key)}
    return {**codec, "configuration": {**how, **inner}}


def dtype_of(metadata: Metadata) -> np.dtype[Any]:
    """The dtype of an array, in the byte order that its metadata states (zarr v2) or the machine's (v3)."""
    return _array(metadata, {}).dtype


def unfilter(document: Mapping[str, Any], shape: tuple[int, ...], body: bytes) -> NDArray[Any]:
    """Pixels of one chunk whose bytes are unpacked, with the filters undone by zarr.

    Parameters
    ----------
    document : mapping
        Array metadata that describes this one chunk, with nothing left in it but filters.
    shape : tuple of int
        Shape of the chunk.
    body : bytes
        The chunk without its compression.
    """
    metadata = parse(document)
    key = metadata.encode_chunk_key((0,) * len(shape))
    return np.asarray(_array(metadata, {key: body})[...])


def _array(metadata: Metadata, objects: Mapping[str, bytes]) -> zarr.Array[Any]:
    buffers: dict[str, Buffer] = {key: cpu.Buffer.from_bytes(body) for key, body in objects.items()}
    return zarr.Array(zarr.AsyncArray(metadata=metadata, store_path=StorePath(MemoryStore(buffers), "")))
