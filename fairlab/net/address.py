"""Web addresses: how they are shown, whose they are, and where an answer may lead."""

from __future__ import annotations

import ipaddress
import re
from typing import Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from fairlab.errors import UnexpectedAnswer
from fairlab.options import option

_PORTS: Final = {"http": 80, "https": 443}
THIS_MACHINE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
# Blocks that ipaddress calls global, or not, as its version goes: sites of old, translators of a network's own.
_NEAR: Final = tuple(map(ipaddress.IPv6Network, ("fec0::/10", "64:ff9b:1::/48")))
# IPv4 in the last four bytes: compatible, mapped, translated (RFC 4291, 2765, 6052).
_CARRIERS: Final = tuple(
    map(ipaddress.IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
)


def redact(url: str) -> str:
    """An address fit for messages, logs and files: no user, password or query.

    Examples
    --------
    >>> redact("https://me:secret@example.org/a.zarr?X-Amz-Signature=abc")
    'https://example.org/a.zarr?…'
    """
    if "://" not in url:
        return url  # a path on this machine
    try:
        parts = urlsplit(url)
    except ValueError:  # an address that cannot be taken apart may still hold a secret
        plain, question, _ = re.sub(r"//[^/?#]*@", "//", url).partition("?")
        return plain + ("?…" if question else "")
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "…" if parts.query else "", ""))


def redirected(url: str, location: str) -> tuple[str, bool]:
    """Where a redirect may lead, and whether it leaves the place that the user named.

    Parameters
    ----------
    url : str
        What was asked for.
    location : str
        What the answer's ``Location`` says.

    Returns
    -------
    str
        The next address. User and password go along to the same origin only.
    bool
        True when the target is another host, one of the option ``trusted_hosts``: no connection to an address
        of this machine or its neighbourhood may then be made, whatever the name resolves to.

    Raises
    ------
    UnexpectedAnswer
        kind ``"redirect-elsewhere"``: another origin, which the user did not name.
    """
    try:
        old, new = urlsplit(url), urlsplit(urljoin(url, location))
        before, after = _origin(url), _origin(new.geturl())
    except ValueError as exc:
        raise _elsewhere(url, "an address that is not well formed") from exc
    host = new.netloc.rpartition("@")[2]
    if before == after:
        own = old.netloc.rpartition("@")[0]
        return urlunsplit((new.scheme, f"{own}@{host}" if own else host, new.path, new.query, "")), False
    target = urlunsplit((new.scheme, host, new.path, new.query, ""))
    upgraded = before == ("http", after[1], 80) and after == ("https", before[1], 443)
    if upgraded:
        return target, False
    secure = new.scheme == "https" or old.scheme == new.scheme == "http"
    if secure and _is_trusted(after[1]):
        # An address that was named itself is meant; a name that somebody else points at it is not.
        return target, not (is_inside(after[1]) or after[1] in THIS_MACHINE)
    raise _elsewhere(url, redact(target))


def is_inside(address: str) -> bool:
    """Whether a numeric address is of this machine or its neighbourhood: loopback, private, link-local.

    An address of IPv6 that leads to one of IPv4 (mapped, translated, through a tunnel) is where that is.

    Examples
    --------
    >>> is_inside("169.254.169.254"), is_inside("::ffff:10.0.0.1"), is_inside("9.9.9.9"), is_inside("example.org")
    (True, True, False, False)
    """
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address):
        if any(parsed in network for network in _NEAR):
            return True
        parsed = _carried(parsed) or parsed
    return parsed.is_multicast or not parsed.is_global


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of IPv4 that one of IPv6 stands for."""
    if any(address in network for network in _CARRIERS):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, (parts.hostname or "").rstrip("."), parts.port or _PORTS.get(parts.scheme)


def _is_trusted(host: str) -> bool:
    return any(host == name.lower().rstrip(".") for name in option("trusted_hosts"))


def _elsewhere(url: str, target: str) -> UnexpectedAnswer:
    # Following would let a data server send requests wherever it likes, with this machine's rights.
    return UnexpectedAnswer(
        f"{redact(url)} redirects to another place\n  {target}\n"
        "  open that address itself, or trust its host with fairlab.set_options(trusted_hosts=(…,))",
        kind="redirect-elsewhere",
        url=redact(url),
        target=target,
    )
