"""A loopback HTTP server over a folder, with a request log and faults on demand.

Plain sockets: only they can reset a connection, stop in the middle of a chunk or drip; and they answer
thousands of requests a second.
"""

from __future__ import annotations

import contextlib
import email.utils
import hashlib
import socket
import struct
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path


class _Headers(dict[str, str]):
    """Request headers: any case of a name finds them."""

    def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
        return super().get(name.lower(), default)

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())


@dataclass
class Fault:
    """What happens to requests whose path ends in a suffix."""

    status: int | None = None
    """Answer with this status instead of the object."""
    times: int = 10**9
    """How often, before the object is served as usual."""
    headers: Mapping[str, str | Callable[[], str]] = field(default_factory=dict)
    """Headers to add or replace; a function is called at each answer (a date that lies ahead)."""
    body: bytes | None = None
    """Answer with this body instead of the object's."""
    cut: int | None = None
    """Send only so many bytes of the stated length, then close."""
    reset: bool = False
    """End the connection by a reset (RST), after ``cut`` bytes of the body (default: none)."""
    chunked: bool = False
    """Send by chunked transfer; with ``cut``, the last chunk never comes."""
    sized: bool = True
    """State the length of the body; without, only the end of the connection ends it."""
    drip_s: float = 0.0
    """Send one byte of the body each so many seconds."""
    hang: bool = False
    """Answer nothing, until the server stops."""
    delay_s: float = 0.0
    """Wait before the answer."""


class FaultServer:
    """``with FaultServer(folder) as server: server.fault("0/0/0", Fault(status=503, times=1))``.

    Parameters
    ----------
    folder : pathlib.Path
        What is served; ranges and conditional requests are understood.
    etag : bool
        State the MD5 of each object as its ETag.
    s3 : bool
        Answer like S3: its headers, its errors in XML.
    stated : callable, optional
        Further headers of an answer, from the object's whole body.
    admits : callable, optional
        Given method, target and request headers, whether to answer; otherwise 403.
    """

    def __init__(
        self,
        folder: Path,
        *,
        etag: bool = True,
        s3: bool = False,
        stated: Callable[[bytes], dict[str, str]] | None = None,
        admits: Callable[[str, str, Mapping[str, str]], bool] | None = None,
    ):
        self.folder, self.etag, self.s3, self.stated, self.admits = folder, etag, s3, stated, admits
        self.ranges = True
        """Whether parts can be asked for."""
        self.requests: list[tuple[float, str, str, int]] = []
        """Time, method, target and status of each request; in step with ``headers``."""
        self.headers: list[_Headers] = []
        self._faults: list[tuple[str, Fault]] = []
        self._tags: dict[tuple[Path, int, int], str] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._talks: dict[socket.socket, threading.Thread] = {}
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self._thread = threading.Thread(target=self._accept, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> FaultServer:
        self._port = self._listener.getsockname()[1]
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self._port), timeout=5):
            pass  # accept() returns only for a connection
        self._thread.join()
        self._listener.close()
        with self._lock:
            talks = dict(self._talks)
        for connection, thread in talks.items():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=10)

    def fault(self, suffix: str, fault: Fault) -> None:
        self._faults.append((suffix, fault))

    def clear_faults(self) -> None:
        self._faults.clear()

    def paths(self) -> list[str]:
        return [path for _, _, path, _ in self.requests]

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self._over.is_set():
                connection.close()
                return
            thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
            with self._lock:
                self._talks[connection] = thread
            thread.start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with connection, connection.makefile("rb") as stream:
                while self._converse(connection, stream):
                    pass
        except (OSError, ValueError):
            pass  # a client that hung up is what some tests are about
        finally:
            with self._lock:
                self._talks.pop(connection, None)

    def _converse(self, connection: socket.socket, stream: BinaryIO) -> bool:
        line = stream.readline()
        if not line.strip():
            return False
        method, target, _ = line.decode("latin-1").split()
        asked = _Headers()
        while (line := stream.readline()).strip():
            name, _, value = line.decode("latin-1").partition(":")
            asked[name.strip().lower()] = value.strip()
        fault = self._take(unquote(urlsplit(target).path))
        self._over.wait(fault.delay_s or (None if fault.hang else 0))
        status, headers, body = self._answer(method, target, asked, fault)
        with self._lock:
            self.requests.append((time.monotonic(), method, target, status))
            self.headers.append(asked)
        return not fault.hang and self._send(connection, method, status, headers, body, fault)

    def _answer(
        self, method: str, target: str, asked: _Headers, fault: Fault
    ) -> tuple[int, dict[str, str], bytes]:
        file = self.folder / unquote(urlsplit(target).path).lstrip("/")
        found = file.is_file()
        status, body = (200, file.read_bytes()) if found else (404, b"")
        headers = self._facts(file, body) if found else {}
        if self.admits and not self.admits(method, target, asked):
            status = 403
        if fault.status is not None:
            status = fault.status
        if status >= 300:
            body, headers = b"", {}
            if self.s3:
                headers["Content-Type"] = "application/xml"
                body = f"<Error><Code>{_phrase(status)}</Code></Error>".encode()
        if fault.body is not None:
            status, body = fault.status or 200, fault.body
            if self.etag:  # an object that lies there so, with an ETag of its own
                headers["ETag"] = f'"{hashlib.md5(body).hexdigest()}"'
        if self.s3:
            headers |= {"Server": "AmazonS3", "x-amz-request-id": "0A1B2C3D4E5F"}
        headers |= {
            name: value if isinstance(value, str) else value() for name, value in fault.headers.items()
        }
        if status == 200 and self._unchanged(asked, headers):
            return 304, headers, b""
        if status == 200 and self.ranges and (wanted := asked.get("range")):
            return _part(wanted, headers, body)
        return status, headers, body

    def _facts(self, file: Path, body: bytes) -> dict[str, str]:
        facts = file.stat()
        headers = {"Last-Modified": email.utils.formatdate(facts.st_mtime, usegmt=True)}
        if self.etag:
            key = (file, facts.st_mtime_ns, facts.st_size)
            if key not in self._tags:
                self._tags[key] = hashlib.md5(body).hexdigest()
            headers["ETag"] = f'"{self._tags[key]}"'
        return headers | (self.stated(body) if self.stated else {})

    def _unchanged(self, asked: _Headers, headers: dict[str, str]) -> bool:
        if tag := asked.get("if-none-match"):
            return tag == headers.get("ETag")
        since = asked.get("if-modified-since")
        return since is not None and since == headers.get("Last-Modified")

    def _send(
        self,
        connection: socket.socket,
        method: str,
        status: int,
        headers: dict[str, str],
        body: bytes,
        fault: Fault,
    ) -> bool:
        lines = [
            f"HTTP/1.1 {status} {_phrase(status)}",
            f"Date: {email.utils.formatdate(usegmt=True)}",
        ]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if fault.chunked:
            lines.append("Transfer-Encoding: chunked")
        elif status != 304 and fault.sized:
            lines.append(f"Content-Length: {len(body)}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        sent = b"" if method == "HEAD" or status == 304 else body[: fault.cut]
        if fault.reset:
            connection.sendall(head + (sent if fault.cut else b""))
            time.sleep(0.02)  # what was sent should arrive before the reset does
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return False
        if fault.drip_s:
            connection.sendall(head)
            for byte in sent:
                connection.sendall(bytes([byte]))
                if self._over.wait(fault.drip_s):
                    return False
        elif fault.chunked:
            end = b"0\r\n\r\n" if fault.cut is None else b""
            connection.sendall(head + f"{len(sent):x}\r\n".encode() + sent + b"\r\n" + end)
        else:
            connection.sendall(head + sent)
        return fault.cut is None and fault.sized

    def _take(self, path: str) -> Fault:
        with self._lock:
            for suffix, fault in self._faults:
                if path.endswith(suffix) and fault.times > 0:
                    fault.times -= 1
                    return fault
        return Fault()


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "Unknown"  # Cloudflare's 520 to 526


def _part(wanted: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    total = len(body)
    first, last = wanted.removeprefix("bytes=").split("-")
    start = int(first) if first else max(0, total - int(last))
    stop = min(int(last) + 1 if first and last else total, total)
    if start >= stop:
        return 416, {"Content-Range": f"bytes */{total}"}, b""
    return 206, headers | {"Content-Range": f"bytes {start}-{stop - 1}/{total}"}, body[start:stop]


class RawServer:
    """``with RawServer([[answer, answer], [answer]]) as url``: what is sent on each connection, request by request.

    A connection is closed after its last answer.
    """

    def __init__(self, connections: Sequence[Sequence[bytes]]):
        self._connections = connections
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._talk, daemon=True)

    def __enter__(self) -> str:
        self._thread.start()
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/object"

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _talk(self) -> None:
        with contextlib.suppress(OSError):
            for answers in self._connections:
                connection, _ = self._listener.accept()
                with connection, connection.makefile("rb") as stream:
                    for answer in answers:
                        while stream.readline().strip():
                            pass
                        connection.sendall(answer)
