"""Addresses: whether everybody can follow them."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit


def is_remote(url: str | None) -> bool:
    """Whether an address means the same thing from everywhere: not a path, not this machine.

    Examples
    --------
    >>> is_remote("https://example.org/a.zarr"), is_remote("http://127.0.0.1:80/a.zarr"), is_remote("/data/a.zarr")
    (True, False, False)
    """
    parts = urlsplit(url or "")
    host = parts.hostname or ""
    if parts.scheme not in ("http", "https", "s3", "gs", "az", "abfs", "ftp") or not host:
        return False
    if host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return parts.scheme in ("s3", "gs", "az", "abfs") or "." in host


def is_web(url: str | None) -> bool:
    """Whether an address is of the web, this machine included."""
    return (url or "").startswith(("http://", "https://"))
