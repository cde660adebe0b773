"""A folder on loopback HTTP, as a remote archive would serve it: ranges, ETags, keep-alive, and a log.

Plain sockets instead of :mod:`http.server`, whose header parser alone costs more time per request than
everything here together, in the same process as the reader.
"""

from __future__ import annotations

import atexit
import collections
import contextlib
import os
import socket
import threading
import time
import weakref
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import quote, unquote, urlsplit

from fairlab.errors import NotFoundError, Unavailable
from fairlab.samples.answers import Answer, answer

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_MOST_LOGGED = 100_000
_LONGEST_LINE = 16_384
_MOST_HEADERS = 100
_SENT_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class Request:
    """One line of the log."""

    method: str
    """``"GET"`` or ``"HEAD"``."""
    path: str
    """Path as asked for, decoded, without query."""
    status: int
    """Status of the answer."""
    bytes: int
    """Length of the answer's body."""
    range: str | None
    """The ``Range`` header, if there was one."""


class Server:
    """A read-only folder on ``http://127.0.0.1:PORT``, until :meth:`close` or the end of a ``with`` block.

    Only files are served: a folder has no listing, and no path, whether encoded or through a symbolic
    link, leads out of it.

    Parameters
    ----------
    folder : path-like
        What to serve.
    port : int
        Port; 0 takes a free one.
    prepare : callable, optional
        Given the name that :meth:`url_for` is asked for, returns the name of what is there now.

    Attributes
    ----------
    url : str
        Address of the folder, without a slash at the end.

    Raises
    ------
    NotFoundError
        kind ``"folder"``: there is no such folder.
    Unavailable
        kind ``"port"``: the port is taken.

    Examples
    --------
    >>> import tempfile, urllib.request
    >>> with tempfile.TemporaryDirectory() as folder, Server(folder) as server:
    ...     _ = (Path(folder) / "a.txt").write_text("hello")
    ...     with urllib.request.urlopen(server.url_for("a.txt")) as reply:
    ...         print(reply.read(), server.requests[0].status)
    b'hello' 200
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        *,
        port: int = 0,
        prepare: Callable[[str], str] | None = None,
    ):
        self.folder = Path(os.path.realpath(folder))
        if not self.folder.is_dir():
            raise NotFoundError(
                f"there is no folder {folder} to serve\n  give one that is there, or none to serve the samples",
                kind="folder",
                path=str(folder),
            )
        self._prepare = prepare
        self._log: collections.deque[Request] = collections.deque(maxlen=_MOST_LOGGED)
        self._lock = threading.Lock()
        self._talks: dict[socket.socket, threading.Thread] = {}
        self._closed = False
        self._listener = _listen(port)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, name="fairlab-samples", daemon=True)
        self._thread.start()
        _servers.add(self)

    @property
    def requests(self) -> list[Request]:
        """What was asked for so far, oldest first (the last 100,000)."""
        return list(self._log)

    @property
    def closed(self) -> bool:
        """Whether it has stopped, or stayed behind in the process that this one was forked from."""
        return self._closed

    def url_for(self, name: str) -> str:
        """Address of a file or folder inside the served folder."""
        return f"{self.url}/{quote(self._prepare(name) if self._prepare else name)}"

    def close(self) -> None:
        """Stop: no new connections; open ones are ended and all sockets closed."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            talks = dict(self._talks)
        _wake(self._listener)
        self._thread.join()
        for connection, thread in talks.items():
            with contextlib.suppress(OSError):  # the client may have ended it
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)

    def __enter__(self) -> Server:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Server of {self.folder} at {self.url}{', closed' if self._closed else ''}>"

    def _accept(self) -> None:
        with self._listener:
            while not self._closed:
                try:
                    connection, _ = self._listener.accept()
                except OSError:
                    time.sleep(
                        0.01
                    )  # the client hung up before it was answered, or there are no sockets left
                    continue
                with self._lock:
                    if self._closed:
                        connection.close()
                        return
                    thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
                    self._talks[connection] = thread
                    thread.start()

    def _talk(self, connection: socket.socket) -> None:
        """Answer the requests of one connection, one after the other."""
        try:
            # Small answers must not wait for the acknowledgement of the one before.
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as stream:
                while not self._closed and self._converse(connection, stream):
                    pass
        except OSError:
            pass  # the client went away; there is nobody to tell
        finally:
            with self._lock:
                self._talks.pop(connection, None)

    def _converse(self, connection: socket.socket, stream: BinaryIO) -> bool:
        """Read one request and answer it; whether another may follow."""
        line = stream.readline(_LONGEST_LINE).decode("latin-1").split()
        if not line:
            return False
        if len(line) != 3 or not line[2].startswith("HTTP/1."):
            connection.sendall(Answer(HTTPStatus.BAD_REQUEST).head(keep=False))
            return False
        method, target, protocol = line
        headers = _headers(stream)
        path = unquote(urlsplit(target).path)
        reply = answer(self.folder, method, path, headers)
        length = 0 if method == "HEAD" else reply.length
        keep = (
            protocol != "HTTP/1.0"
            and headers.get("connection", "").lower() != "close"
            and not _has_body(headers)
        )
        # Logged before it is sent: whoever has the answer finds it in the log.
        self._log.append(Request(method, path, int(reply.status), length, headers.get("range")))
        _send(connection, reply, length, keep=keep)
        return keep

    def _abandon(self) -> None:
        """In a forked child: let go of sockets that belong to the parent, without ending its talks."""
        self._closed = True
        for held in (self._listener, *self._talks):
            if held.fileno() >= 0:
                os.close(held.detach())


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # on Windows this option would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(256)
    except (OSError, OverflowError) as exc:
        listener.close()
        raise Unavailable(
            f"cannot serve on 127.0.0.1:{port}: {exc}\n  choose another port, or 0 for a free one",
            kind="port",
            port=port,
        ) from exc
    return listener


def _wake(listener: socket.socket) -> None:
    # accept() is not interrupted when another thread closes its socket; a connection interrupts it everywhere.
    with contextlib.suppress(OSError):  # it may have ended already
        socket.create_connection(listener.getsockname(), timeout=5).close()


def _headers(stream: BinaryIO) -> dict[str, str]:
    headers: dict[str, str] = {}
    for _ in range(_MOST_HEADERS):
        line = stream.readline(_LONGEST_LINE).decode("latin-1").strip()
        if not line:
            return headers
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise ConnectionError("too many headers")


def _has_body(headers: dict[str, str]) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _send(connection: socket.socket, reply: Answer, length: int, *, keep: bool) -> None:
    head = reply.head(keep=keep)
    if reply.file is None or not length:
        connection.sendall(head)
        return
    with reply.file.open("rb") as file:
        file.seek(reply.start)
        # Head and beginning in one piece: one packet for a small chunk instead of two.
        piece = file.read(min(length, _SENT_AT_ONCE))
        connection.sendall(head + piece)
        while length := length - len(piece):
            piece = file.read(min(length, _SENT_AT_ONCE))
            if not piece:
                raise ConnectionError(f"{reply.file} became shorter while it was sent")
            connection.sendall(piece)


_servers: weakref.WeakSet[Server] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    for server in list(_servers):
        server.close()


def _after_fork() -> None:
    # The threads that answer stayed in the parent: a listener held open here would take connections that
    # nobody ever answers.
    for server in list(_servers):
        server._abandon()
    _servers.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
