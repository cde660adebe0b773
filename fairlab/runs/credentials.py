"""Does a value carry a secret in an address? What is written into files must not."""

from __future__ import annotations

import os
import re
from typing import Any
from urllib.parse import parse_qsl, urlsplit

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")
# Lower case: S3, Google and Azure signatures, CloudFront, and what web interfaces call their tokens.
_SECRET_KEYS = {
    "x-amz-signature",
    "x-amz-credential",
    "x-amz-security-token",
    "awsaccesskeyid",
    "signature",
    "x-goog-signature",
    "x-goog-credential",
    "googleaccessid",
    "sig",
    "key-pair-id",
    "token",
    "access_token",
    "id_token",
    "auth",
    "authorization",
    "api_key",
    "api-key",
    "apikey",
    "password",
    "passwd",
    "pwd",
    "secret",
    "client_secret",
}


def holds_secret(value: Any) -> bool:
    """Whether a text, or a text inside a list or mapping, holds an address with credentials.

    Credentials are a user before the host (``https://user:password@host``) and parameters such as a
    presigned signature or an access token.

    Examples
    --------
    >>> holds_secret("https://example.org/a.zarr?version=2")
    False
    >>> holds_secret(["s3://key:word@bucket/a.zarr"])
    True
    >>> holds_secret("https://example.org/a.zarr?X-Amz-Signature=0123")
    True
    """
    if isinstance(value, dict):
        return any(holds_secret(item) for item in value.values())
    if isinstance(value, list | tuple):
        return any(holds_secret(item) for item in value)
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    return isinstance(value, str) and any(
        _address_holds_secret(match[0]) for match in _ADDRESS.finditer(value)
    )


def _address_holds_secret(address: str) -> bool:
    try:
        parts = urlsplit(address)
        pairs = [
            *parse_qsl(parts.query, keep_blank_values=True),
            *parse_qsl(parts.fragment, keep_blank_values=True),
        ]
    except ValueError:  # not an address after all, so be careful with what looks like a user
        return "@" in address
    return "@" in parts.netloc or any(name.lower() in _SECRET_KEYS for name, _ in pairs)
