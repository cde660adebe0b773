"""Checksums that a server states, compared with what arrived.

Most codecs do not notice a flipped bit, so a stated checksum is the only witness. Measured here on bodies of
190 kB, in MB/s: CRC-32C 19,900 and CRC-64/NVME 8,300 (both in hardware), CRC-32 2,460, SHA-1 1,550,
SHA-256 1,460, MD5 640; Blosc-zstd decodes 550 MB/s of stored bytes on one core. So a CRC is always worth it, and
MD5, which is what most S3 answers hold, below about 30 MB/s: there it takes less than a twentieth of the time
that the bytes take to come.
"""

from __future__ import annotations

import base64
import binascii
import functools
import hashlib
import importlib.util
import re
import zlib
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from fairlab.options import option

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Verify = Literal["auto", True, False]
"""Whether stated checksums are compared; ``"auto"``: where that takes less than a twentieth of the time."""
_SPEED: Final = {
    "crc32c": 19.9e9, "crc64nvme": 8.3e9, "crc32": 2.46e9, "sha1": 1.55e9, "sha256": 1.46e9, "md5": 0.64e9,
}  # fmt: skip
"""Bytes a second; in order of preference."""
_SHARE: Final = 0.05
_AMAZON: Final = {
    f"x-amz-checksum-{name}": name for name in ("crc32c", "crc64nvme", "crc32", "sha1", "sha256")
}
_DIGEST_NAMES: Final = {"sha-256": "sha256", "md5": "md5", "crc32c": "crc32c"}
_CONTENT_LIKE: Final = ("repr-digest", "content-digest")


class Checksum(NamedTuple):
    """What a whole object should hash to."""

    algorithm: str
    digest: bytes


def stated(headers: Mapping[str, str], *, s3: bool = False) -> Checksum | None:
    r"""The cheapest checksum that an answer states for the whole object, if any is stated.

    Parameters
    ----------
    headers : mapping
        Lower-case names, of an answer with status 200.
    s3 : bool
        Whether the store is known to speak S3; otherwise its answers have to show it.

    Examples
    --------
    >>> stated({"x-goog-hash": "crc32c=AAAAAA==,md5=1B2M2Y8AsgTpgAmY7PhCfg=="})
    Checksum(algorithm='crc32c', digest=b'\x00\x00\x00\x00')
    >>> stated({"etag": '"d41d8cd98f00b204e9800998ecf8427e"'}) is None  # not S3: an ETag is any text
    True
    """
    if headers.get("content-encoding", "identity") not in ("identity", "") or headers.get(
        "x-goog-stored-content-encoding", "identity"
    ) not in ("identity", ""):
        return None  # what was hashed is not what is in hand
    found = {algorithm: digest for algorithm, digest in _stated(headers, s3) if digest}
    return next((Checksum(name, found[name]) for name in _SPEED if name in found and _can(name)), None)


def wanted(algorithm: str, bytes_per_s: float, choice: Verify | None = None) -> bool:
    """Whether to compare, by choice or else by the option ``verify``, for a store that delivers at this rate."""
    choice = option("verify") if choice is None else choice
    if choice == "auto":
        return bytes_per_s <= _SHARE * _SPEED[algorithm]
    return bool(choice)


def matches(checksum: Checksum, body: bytes) -> bool:
    """Whether a body is the one that was hashed.

    Examples
    --------
    >>> matches(Checksum("crc32", bytes(4)), b""), matches(Checksum("crc32", bytes(4)), b"x")
    (True, False)
    """
    if checksum.algorithm == "crc32":
        return zlib.crc32(body).to_bytes(4, "big") == checksum.digest
    if checksum.algorithm == "crc32c":
        import google_crc32c

        return int(google_crc32c.value(body)).to_bytes(4, "big") == checksum.digest
    if checksum.algorithm == "crc64nvme":
        from awscrt.checksums import crc64nvme

        return int(crc64nvme(body)).to_bytes(8, "big") == checksum.digest
    return hashlib.new(checksum.algorithm, body, usedforsecurity=False).digest() == checksum.digest


@functools.cache
def _can(algorithm: str) -> bool:
    if algorithm == "crc64nvme":
        return importlib.util.find_spec("awscrt") is not None  # fairlab[s3]
    if algorithm != "crc32c":
        return True
    import google_crc32c

    return google_crc32c.implementation == "c"  # in plain Python it takes longer than everything else


def _stated(headers: Mapping[str, str], s3: bool) -> Iterator[tuple[str, bytes | None]]:
    for name, algorithm in _AMAZON.items():
        # That of an object uploaded in parts is a checksum of checksums, "…-7".
        if name in headers and headers.get("x-amz-checksum-type") != "COMPOSITE":
            yield algorithm, _from_base64(headers[name])
    for entry in headers.get("x-goog-hash", "").split(","):
        algorithm, _, value = entry.strip().partition("=")
        if algorithm in _SPEED:
            yield algorithm, _from_base64(value)
    for header in filter(headers.__contains__, _CONTENT_LIKE):  # RFC 9530
        for algorithm, value in re.findall(r"([\w-]+)=:([^:]*):", headers[header]):
            if algorithm in _DIGEST_NAMES:
                yield _DIGEST_NAMES[algorithm], _from_base64(value)
    if "content-md5" in headers:
        yield "md5", _from_base64(headers["content-md5"])
    if (tag := re.fullmatch(r'"([0-9a-f]{32})"', headers.get("etag", ""))) and _tag_is_md5(headers, s3):
        yield "md5", bytes.fromhex(tag[1])


def _tag_is_md5(headers: Mapping[str, str], s3: bool) -> bool:
    """S3 states the MD5 of an object as its ETag, unless it came in parts or is encrypted with a key of its own."""
    s3 = (
        s3
        or headers.get("server") == "AmazonS3"
        or any(name in headers for name in ("x-amz-request-id", "x-amz-id-2"))
    )
    return (
        s3
        and not headers.get("x-amz-server-side-encryption", "").startswith("aws:kms")
        and "x-amz-server-side-encryption-customer-algorithm" not in headers
        and headers.get("x-amz-storage-class") != "EXPRESS_ONEZONE"
    )


def _from_base64(text: str) -> bytes | None:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
