"""One exchange with a server: a request out, status, headers and body in, or the fault that came between.

pycurl was chosen by trial: a third of the processor time of httpx, parity with compiled readers, status
and headers in our hands, redirects off unless we follow them, and short bodies reported as errors.
"""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import sys
import threading
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import certifi

from fairlab.errors import no_sockets

try:
    import pycurl
except ImportError as exc:
    if sys.platform == "emscripten":
        raise no_sockets(exc) from exc
    raise

from fairlab import __version__
from fairlab.net import transfers
from fairlab.net.address import is_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SILENCE_S: Final = 20  # no byte for this long: the connection is dead
# Received at once; by trial (256 objects of 190 kB, 64 under way), more buys nothing. All transfers share one.
_BUFFER_BYTES: Final = 256 * 1024


HOMEPAGE: Final = "https://github.com/fairlab/fairlab"
"""Where the administrator of a server finds out who is asking, and whom to tell."""
USER_AGENT: Final = f"fairlab/{__version__} (+{HOMEPAGE})"
"""How fairlab says who it is."""


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


class Begun:
    """An exchange under way: a GET request, or a POST request when there is a body.

    Parameters
    ----------
    url : str
        ``http://`` or ``https://`` address.
    range_ : str or None
        ``"0-99"``, ``"100-"`` or ``"-4"``.
    headers : tuple of str
        Further request headers, ``"Name: value"``.
    limit_s : callable
        Tells, when its turn has come, how many seconds the whole exchange may take.
    connect_s : float
        Limit of making a connection.
    max_bytes : int
        A longer body is a fault.
    outside_only : bool
        Connect to no address of this machine or its neighbourhood.
    body : bytes, optional
        What to post.
    then : callable, optional
        Hears of the end, on the thread that drives all exchanges; it should not take long.
    """

    def __init__(
        self,
        url: str,
        *,
        range_: str | None,
        headers: tuple[str, ...],
        limit_s: Callable[[], float],
        connect_s: float,
        max_bytes: int,
        outside_only: bool = False,
        body: bytes | None = None,
        then: Callable[[Begun], None] | None = None,
    ):
        self.question = (url, range_, headers, outside_only, body)
        self._limit_s, self._max_bytes, self._then = limit_s, max_bytes, then
        self._lines: list[bytes] = []
        self._pieces: list[bytes] = []
        self._body, self._status = b"", 0
        self._fault: Fault | None = None
        self._over = threading.Event()
        self._handle = handle = _take_handle(outside_only)
        handle.curl.setopt(pycurl.URL, url.encode())
        handle.curl.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        handle.curl.setopt(pycurl.WRITEFUNCTION, self._pieces.append)
        handle.set(pycurl.CONNECTTIMEOUT_MS, max(1, int(connect_s * 1000)))
        handle.set(pycurl.RANGE, range_)
        handle.set(pycurl.HTTPHEADER, headers)
        handle.set(pycurl.MAXFILESIZE_LARGE, max_bytes)
        handle.refused = False
        if body is not None:
            handle.curl.setopt(pycurl.POSTFIELDS, body)  # which makes it a POST
        transfers.start(handle.curl, lane=handle.lane, starting=self._starting, then=self._ended)

    def _starting(self) -> None:
        self._handle.curl.setopt(pycurl.TIMEOUT_MS, max(1, int(self._limit_s() * 1000)))

    def _ended(self, error: BaseException | None) -> None:
        handle = self._handle
        self._body = b"".join(self._pieces)
        self._pieces.clear()  # the handle keeps the list until the next request
        if error is not None:
            self._fault = _fault(error, handle, self._max_bytes, len(self._body))
            self._fault.__cause__ = error
        elif self._lines[-1:] != [b"\r\n"] and _parsed(self._lines) is None:
            # curl takes a connection that closes among the headers for an empty body.
            self._fault = Fault("the answer broke off in its headers", "connection-broken", final=False)
        else:
            self._status = handle.curl.getinfo(pycurl.RESPONSE_CODE)
        if self.question[-1] is not None:
            handle.curl.setopt(pycurl.HTTPGET, 1)
        _give_back(handle)
        self._over.set()
        if self._then is not None:
            self._then(self)

    @property
    def received(self) -> int:
        """Bytes of body that came, once it is over."""
        return len(self._body)

    @property
    def is_good(self) -> bool:
        """Whether it is over, and nothing speaks against what came."""
        return self._status in (200, 206)

    def reply(self) -> Reply:
        """What came back, as soon as it is over.

        Raises
        ------
        Fault
            No connection, silence, a body cut short or too long.
        """
        self._over.wait()
        if self._fault is not None:
            raise self._fault
        return Reply(self._status, _parsed(self._lines) or {}, self._body)


_here = threading.local()


@contextlib.contextmanager
def in_hand(begun: Begun | None) -> Iterator[None]:
    """While it lasts, whoever asks on this thread what was asked ahead gets that answer, once."""
    _here.begun = begun
    try:
        yield
    finally:
        _here.begun = None


def taken(question: tuple[Any, ...]) -> Begun | None:
    """The exchange in hand, if it was begun with this question: address, range, headers, outside only, body."""
    begun: Begun | None = getattr(_here, "begun", None)
    if begun is None or begun.question != question:
        return None
    _here.begun = None
    return begun


def _parsed(lines: list[bytes]) -> dict[str, str] | None:
    """Headers of the answer, without those of what came before it; None when they broke off."""
    headers: dict[str, str] = {}
    status = b""
    for line in lines:
        if line.startswith(b"HTTP/"):
            headers.clear()  # a new answer: forget the headers of "100 Continue"
            status = line.partition(b" ")[2]
        elif line.strip():
            name, colon, value = line.decode("latin-1").partition(":")
            if colon:
                headers[name.strip().lower()] = value.strip()
        elif not status.startswith(b"1"):
            return headers  # what follows the body (trailers) may not change what the body was said to be
    return None


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


def _fault(exc: BaseException, handle: _Handle, max_bytes: int, received: int) -> Fault:
    code, text = exc.args if isinstance(exc, pycurl.error) else (None, repr(exc))
    if code == pycurl.E_UNSUPPORTED_PROTOCOL and handle.curl.getinfo(pycurl.NUM_CONNECTS):
        return Fault(f"what answers does not speak HTTP ({text})", "not-http", final=True)
    if code == pycurl.E_UNSUPPORTED_PROTOCOL and handle.curl.getinfo(pycurl.PRIMARY_IP):
        # On a connection that served before: what is left of another answer, which a new connection has not.
        return Fault(f"the connection broke ({text})", "connection-broken", final=False, received=received)
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

    def __init__(self, *, outside_only: bool, bundle: str):
        self.curl = _template(bundle).duphandle()
        self.kind = (outside_only, bundle)
        self.lane = "outside" if outside_only else "any"
        """Connections that had to be checked are never taken for one that was not, nor the other way round."""
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
_free: dict[tuple[bool, str], list[_Handle]] = {}
_pid = os.getpid()
_of_parent: list[Any] = []


def _take_handle(outside_only: bool) -> _Handle:
    """A handle that nobody uses."""
    global _free, _pid
    if _pid != os.getpid():
        # A forked child must not say goodbye on its parent's connections, as freeing a handle might.
        _of_parent.append(_free)
        _free, _pid = {}, os.getpid()
    bundle = _ca_bundle()
    try:
        return _free[outside_only, bundle].pop()  # in one step, also between threads
    except (KeyError, IndexError):
        return _Handle(outside_only=outside_only, bundle=bundle)


def _give_back(handle: _Handle) -> None:
    _free.setdefault(handle.kind, []).append(handle)


def _ca_bundle() -> str:
    """The certificates that the environment names for OpenSSL, requests or curl; certifi's otherwise."""
    return next(filter(None, map(os.environ.get, _CA_BUNDLES)), None) or certifi.where()


@functools.cache
def _template(bundle: str) -> Any:
    """A handle that knows all that handles have in common; to copy it takes a twentieth of the time of telling it."""
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
    curl.setopt(pycurl.CAPATH if Path(bundle).is_dir() else pycurl.CAINFO, bundle)
    curl.setopt(pycurl.USERAGENT, USER_AGENT)
    # A proxy from the environment must not swallow requests to this machine.
    others = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    curl.setopt(pycurl.NOPROXY, ",".join(filter(None, [others, "localhost,127.0.0.1,::1"])))
    return curl
