"""One exchange with a server: a request out, status, headers and body in, or the fault that came between.

pycurl was chosen by trial: a third of the processor time of httpx, parity with compiled readers, status
and headers in our hands, redirects off unless we follow them, and short bodies reported as errors.
"""

from __future__ import annotations

import os
import socket
import threading
import urllib.request
from pathlib import Path
from typing import Any, Final, NamedTuple

import certifi
import pycurl

from fairlab.net.address import is_inside

_SILENCE_S: Final = 20  # no byte for this long: the connection is dead
# By trial (256 objects of 190 kB, 64 threads): half the time of curl's own 16 kB, for 8 MB in all; more buys nothing.
_BUFFER_BYTES: Final = 128 * 1024


HOMEPAGE: Final = "https://github.com/fairlab/fairlab"
"""Where the administrator of a server finds out who is asking, and whom to tell."""


class Reply(NamedTuple):
    """What came back."""

    status: int
    headers: dict[str, str]
    """Lower-case names."""
    body: bytes


class Fault(Exception):
    """No whole answer came back."""

    def __init__(self, what: str, kind: str, *, final: bool, received: int = 0):
        super().__init__(what)
        self.what, self.kind = what, kind
        self.final = final
        """Whether another try would meet the same."""
        self.received = received
        """Bytes of body that came nevertheless."""


def exchange(
    url: str,
    *,
    range_: str | None,
    headers: tuple[str, ...],
    limit_s: float,
    connect_s: float,
    max_bytes: int,
    outside_only: bool = False,
    body: bytes | None = None,
) -> Reply:
    """Send one GET request, or a POST request when there is a body, and take the answer, whatever its status.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://`` address.
    range_ : str or None
        ``"0-99"``, ``"100-"`` or ``"-4"``.
    headers : tuple of str
        Further request headers, ``"Name: value"``.
    limit_s, connect_s : float
        Limits of the whole exchange and of making a connection.
    max_bytes : int
        A longer body is a fault.
    outside_only : bool
        Connect to no address of this machine or its neighbourhood.
    body : bytes, optional
        What to post.

    Raises
    ------
    Fault
        No connection, silence, a body cut short or too long.
    """
    handle = _handle(outside_only)
    lines: list[bytes] = []
    pieces: list[bytes] = []
    handle.curl.setopt(pycurl.URL, url.encode())
    handle.curl.setopt(pycurl.HEADERFUNCTION, lines.append)
    handle.curl.setopt(pycurl.WRITEFUNCTION, pieces.append)
    handle.curl.setopt(pycurl.TIMEOUT_MS, max(1, int(limit_s * 1000)))
    handle.set(pycurl.CONNECTTIMEOUT_MS, max(1, int(min(connect_s, limit_s) * 1000)))
    handle.set(pycurl.RANGE, range_)
    handle.set(pycurl.HTTPHEADER, headers)
    handle.set(pycurl.MAXFILESIZE_LARGE, max_bytes)
    handle.refused = False
    if body is not None:
        handle.curl.setopt(pycurl.POSTFIELDS, body)  # which makes it a POST
    try:
        handle.curl.perform()
    except pycurl.error as exc:
        raise _fault(exc, handle, max_bytes, sum(map(len, pieces))) from exc
    finally:
        if body is not None:
            handle.curl.setopt(pycurl.HTTPGET, 1)
    received = b"".join(pieces)
    pieces.clear()  # the handle keeps the list until the next request
    return Reply(handle.curl.getinfo(pycurl.RESPONSE_CODE), _parsed(lines), received)


def _parsed(lines: list[bytes]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        if line.startswith(b"HTTP/"):
            headers.clear()  # a new answer: forget the headers of "100 Continue"
            continue
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            headers[name.strip().lower()] = value.strip()
    return headers


_CA_BUNDLES: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_FINAL_FAULTS: Final = {
    pycurl.E_URL_MALFORMAT: ("the address is not well formed", "url-malformed"),
    pycurl.E_UNSUPPORTED_PROTOCOL: ("this kind of address is not opened", "url-scheme"),
    pycurl.E_PEER_FAILED_VERIFICATION: ("the server's certificate does not verify", "tls"),
    pycurl.E_SSL_CACERT_BADFILE: (
        f"no certificates can be read where {' or '.join(_CA_BUNDLES)} says",
        "tls",
    ),
}
_PASSING_FAULTS: Final = {
    pycurl.E_OPERATION_TIMEDOUT: ("no answer in time", "timeout"),
    pycurl.E_PARTIAL_FILE: ("the body was cut short", "body-short"),
    pycurl.E_COULDNT_CONNECT: ("no connection to the server", "connection"),
    pycurl.E_COULDNT_RESOLVE_HOST: ("there is no such host (or no network)", "host-unknown"),
    pycurl.E_COULDNT_RESOLVE_PROXY: ("there is no such proxy (or no network)", "host-unknown"),
}


def _fault(exc: pycurl.error, handle: _Handle, max_bytes: int, received: int) -> Fault:
    code, text = exc.args[0], str(exc.args[1])
    if handle.refused:
        return Fault("the name leads to an address inside this network", "address-inside", final=True)
    if code == pycurl.E_FILESIZE_EXCEEDED:
        return Fault(f"over {max_bytes} bytes", "body-too-large", final=True, received=received)
    if code in _FINAL_FAULTS:
        return Fault(*_FINAL_FAULTS[code], final=True, received=received)
    what, kind = _PASSING_FAULTS.get(code, (f"the connection broke ({text})", "connection-broken"))
    return Fault(what, kind, final=False, received=received)


class _Handle:
    """A curl handle that remembers what it was told, so that only changes are told again."""

    def __init__(self, *, outside_only: bool):
        self.curl = _new_curl()
        self.refused = False
        """Whether the last connection was refused by :meth:`_open`."""
        self._told: dict[int, Any] = {}
        # A proxy looks names up by itself, and has its own address, often one inside.
        if outside_only and not urllib.request.getproxies():
            self.curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)

    def set(self, name: int, value: Any) -> None:
        if self._told.get(name) == value:
            return
        if value is None:  # curl has no empty value for these
            self.curl.unsetopt(name)
        else:
            self.curl.setopt(name, _STANDING_HEADERS + list(value) if name == pycurl.HTTPHEADER else value)
        self._told[name] = value

    def _open(self, _: int, address: Any) -> Any:
        family, kind, protocol, target = address
        if is_inside(target[0]):
            self.refused = True
            return pycurl.SOCKET_BAD
        return socket.socket(family, kind, protocol)


# Bodies are wanted as they are stored: checksums and ranges are about those bytes.
_STANDING_HEADERS: Final = ["Accept-Encoding: identity"]
_local = threading.local()
_of_parent: list[Any] = []


def _handle(outside_only: bool) -> _Handle:
    """This thread's handle, which keeps its connections open between requests.

    Connections that had to be checked have a handle of their own: none of theirs is ever taken for one that was
    not, nor the other way round.
    """
    if getattr(_local, "pid", None) != os.getpid():
        # A forked child must not use its parent's sockets, nor say goodbye on them, as freeing a handle would.
        _of_parent.append(getattr(_local, "handles", None))
        _local.pid, _local.handles = os.getpid(), {}
    handles: dict[bool, _Handle] = _local.handles
    if outside_only not in handles:
        handles[outside_only] = _Handle(outside_only=outside_only)
    return handles[outside_only]


def _ca_bundle() -> str:
    """The certificates that the environment names for OpenSSL, requests or curl; certifi's otherwise."""
    return next(filter(None, map(os.environ.get, _CA_BUNDLES)), None) or certifi.where()


def _new_curl() -> Any:
    from fairlab import __version__

    curl = pycurl.Curl()
    curl.setopt(pycurl.NOSIGNAL, 1)
    curl.setopt(pycurl.PROTOCOLS, pycurl.PROTO_HTTP | pycurl.PROTO_HTTPS)
    curl.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)  # one request at a time on each connection
    curl.setopt(pycurl.FOLLOWLOCATION, 0)
    curl.setopt(pycurl.BUFFERSIZE, _BUFFER_BYTES)
    curl.setopt(pycurl.TCP_NODELAY, 1)
    curl.setopt(pycurl.TCP_KEEPALIVE, 1)
    curl.setopt(pycurl.LOW_SPEED_LIMIT, 1)
    curl.setopt(pycurl.LOW_SPEED_TIME, _SILENCE_S)
    bundle = _ca_bundle()
    curl.setopt(pycurl.CAPATH if Path(bundle).is_dir() else pycurl.CAINFO, bundle)
    curl.setopt(pycurl.USERAGENT, f"fairlab/{__version__} (+{HOMEPAGE})")
    # A proxy from the environment must not swallow requests to this machine.
    others = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    curl.setopt(pycurl.NOPROXY, ",".join(filter(None, [others, "localhost,127.0.0.1,::1"])))
    return curl
