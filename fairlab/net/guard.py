"""What a foreign store may make this process do: nothing but hand over numbers.

Arrays hold plain numbers, codecs come from a list, and one chunk may not ask for more memory than a
read may. (That paths stay inside their store is :mod:`fairlab.ngff.paths`' to prove.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import numpy as np

from fairlab.errors import FormatError, SelectionError
from fairlab.options import max_read_bytes
from fairlab.quantities import readable_bytes

SMALL_OBJECT: Final = 8 * 1024 * 1024
"""Objects up to so many bytes are fetched whole when all of them is wanted."""
_V2_CODECS: Final = frozenset(
    {"blosc", "zstd", "gzip", "zlib", "bz2", "lz4", "lzma", "delta", "shuffle", "crc32", "crc32c", "adler32",
     "fletcher32", "fixedscaleoffset", "packbits", "bitround", "quantize", "astype", "jenkins_lookup3"}
)  # fmt: skip
_V3_CODECS: Final = frozenset(
    {"bytes", "endian", "transpose", "blosc", "zstd", "gzip", "crc32c", "sharding_indexed"}
    | {f"numcodecs.{name}" for name in _V2_CODECS}
)
_NUMBERS: Final = frozenset("biufc")
_DTYPE_KEYS: Final = ("dtype", "astype", "encode_dtype", "decode_dtype")


def _decoding_faults() -> tuple[type[Exception], ...]:
    import zipfile
    import zlib

    usual = (RuntimeError, ValueError, TypeError, OSError, LookupError)
    faults: tuple[type[Exception], ...] = (*usual, EOFError, zlib.error, zipfile.BadZipFile)
    try:
        import lzma
    except ImportError:  # some builds of Python come without it, and then nothing decodes lzma either
        return faults
    return (*faults, lzma.LZMAError)


DECODING_FAULTS: Final = _decoding_faults()
"""What decompressors raise on damaged bytes; several stand outside the usual families of errors."""


def check_array(metadata: Mapping[str, Any], *, where: str) -> None:
    """Refuse array metadata that could run code, before anything is built from it.

    Raises
    ------
    FormatError
        kind ``"codec-refused"``, or ``"dtype-refused"``: a filter would turn pixels into texts or objects, each of
        which may be as large as the filter says.
    """
    for name, how in _codecs(metadata):
        allowed = _V3_CODECS if metadata.get("zarr_format") == 3 else _V2_CODECS
        if name not in allowed:
            raise FormatError(
                f"the codec {name!r} is not one fairlab decodes\n  at {where}\n"
                "  only codecs that yield plain numbers are used; pickles and objects never are",
                kind="codec-refused",
                url=where,
                codec=name,
            )
        for key in _DTYPE_KEYS:
            if how.get(key) is not None:
                check_dtype(np.dtype(how[key]), where=where)


def check_dtype(dtype: np.dtype[Any], *, where: str) -> None:
    """Refuse objects and strings as pixels.

    Raises
    ------
    FormatError
        kind ``"dtype-refused"``.
    """
    if dtype.kind not in _NUMBERS:
        raise FormatError(
            f"the pixels are not numbers (dtype {dtype})\n  at {where}", kind="dtype-refused", url=where
        )


def check_chunk(size: int, *, where: str) -> None:
    """Refuse chunks that decode to more bytes than one read may have.

    Raises
    ------
    FormatError
        kind ``"chunk-too-large"``.
    """
    if size > max_read_bytes():
        raise FormatError(
            f"one chunk decodes to {readable_bytes(size)}, over the limit of {readable_bytes(max_read_bytes())}\n"
            f"  at {where}\n"
            "  raise it with fairlab.set_options(max_read_bytes=…) if this machine has the memory",
            kind="chunk-too-large",
            url=where,
            bytes=size,
        )


def check_read(size: int, *, where: str) -> None:
    """Refuse to read more bytes at once than the option ``max_read_bytes`` allows.

    Raises
    ------
    SelectionError
        kind ``"read-too-large"``.
    """
    if size > max_read_bytes():
        raise SelectionError(
            f"this read would take {readable_bytes(size)}, over the limit of {readable_bytes(max_read_bytes())}\n"
            f"  at {where}\n"
            "  take a smaller part (.isel, .sel), a coarser level (scale1, scale2 …), or open with "
            'chunks="auto"; fairlab.set_options(max_read_bytes=…) raises the limit',
            kind="read-too-large",
            url=where,
            bytes=size,
        )


def _codecs(metadata: Mapping[str, Any]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    """Name and configuration of every codec, those inside shards too."""
    if metadata.get("zarr_format") != 3:
        for codec in [metadata.get("compressor"), *(metadata.get("filters") or [])]:
            if codec is not None:
                yield (str(codec.get("id")), codec) if isinstance(codec, Mapping) else (str(codec), {})
        return
    for codec in metadata.get("codecs") or []:
        how = codec.get("configuration") if isinstance(codec, Mapping) else None
        how = how if isinstance(how, Mapping) else {}
        yield str(codec.get("name")) if isinstance(codec, Mapping) else str(codec), how
        for key in ("codecs", "index_codecs"):
            yield from _codecs({"zarr_format": 3, "codecs": how.get(key)})
