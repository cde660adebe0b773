"""A loopback HTTP server over a folder, with a request log and faults on demand."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from pathlib import Path


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256  # five, the default, makes a burst of connections wait a second

    def handle_error(self, *_: Any) -> None:
        """A client that hung up is what some tests are about."""


@dataclass
class Fault:
    """What happens to requests whose path ends in a suffix."""

    status: int | None = None
    """Answer with this status instead of the object."""
    times: int = 10**9
    """How often, before the object is served as usual."""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    """Answer with this body instead of the object's."""
    cut: int | None = None
    """Send only so many bytes of the stated length, then close."""
    delay_s: float = 0.0


class FaultServer:
    """``with FaultServer(folder) as server: server.fault("0/0/0", Fault(status=503, times=1))``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.requests: list[tuple[float, str, str, int]] = []
        self._faults: list[tuple[str, Fault]] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.answer(self)

            def log_message(self, *_: Any) -> None:
                return None

        self._http = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> FaultServer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def fault(self, suffix: str, fault: Fault) -> None:
        self._faults.append((suffix, fault))

    def paths(self) -> list[str]:
        return [path for _, _, path, _ in self.requests]

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = unquote(urlsplit(handler.path).path)
        fault = self._take(path)
        if fault.delay_s:
            time.sleep(fault.delay_s)
        file = self.folder / path.lstrip("/")
        status, body = (200, file.read_bytes()) if file.is_file() else (404, b"")
        if fault.status is not None:
            status, body = fault.status, b""
        if fault.body is not None:
            status, body = fault.status or 200, fault.body
        headers = {"ETag": f'"{hashlib.md5(body).hexdigest()}"', **fault.headers}
        if (wanted := handler.headers.get("Range")) and status == 200:
            total = len(body)
            first, last = wanted.removeprefix("bytes=").split("-")
            stop = int(last) + 1 if first and last else total
            start = int(first) if first else max(0, total - int(last))
            status, body = 206, body[start:stop]
            headers["Content-Range"] = f"bytes {start}-{min(stop, total) - 1}/{total}"
        with self._lock:
            self.requests.append((time.monotonic(), handler.command, handler.path, status))
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body if fault.cut is None else body[: fault.cut])
        if fault.cut is not None:
            handler.close_connection = True

    def _take(self, path: str) -> Fault:
        with self._lock:
            for suffix, fault in self._faults:
                if path.endswith(suffix) and fault.times > 0:
                    fault.times -= 1
                    return fault
        return Fault()
