"""A loopback HTTP/1.1 server over files in RAM: latency on demand, and a log of every request.

Run as a process of its own (``python -m tests.benchmarks.latency_server FOLDER``, which prints its address)
where times matter, or as ``with LatencyServer(folder) as server`` where only counts do.

With ``waves`` the server holds what it is asked until no further request has come for a while, and then
answers everything at once: a slow machine cannot make requests that belong together look like a sequence,
so that depths are exact.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from tests.trips import Request

if TYPE_CHECKING:
    from collections.abc import Callable

QUIET_S = 0.1
"""Silence after which a wave is taken to be complete."""


class LatencyServer:
    """Files of a folder, read once; ``/-/take`` and ``/-/set`` are its controls for other processes."""

    def __init__(self, folder: Path, *, latency_s: float = 0.05, waves: bool = False):
        self.latency_s, self.waves, self.url = latency_s, waves, ""
        self.connections = 0
        self._files = {
            f"/{file.relative_to(folder).as_posix()}": file.read_bytes()
            for file in Path(folder).rglob("*")
            if file.is_file()
        }
        self._log: list[Request] = []
        self._held: list[Callable[[], None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._started = threading.Event()

    def take(self) -> list[Request]:
        """Requests since the last time this was asked."""
        log, self._log = self._log, []
        return log

    def __enter__(self) -> LatencyServer:
        self._thread = threading.Thread(target=asyncio.run, args=(self.serve(),), daemon=True)
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    async def serve(self, ready: Callable[[str], None] | None = None) -> None:
        """Serve until told to end."""
        self._loop, self._ended = asyncio.get_running_loop(), asyncio.Event()
        self._open: set[asyncio.WriteTransport] = set()
        server = await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0, backlog=1024)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        if ready:
            ready(self.url)
        await self._ended.wait()
        server.close()
        for transport in list(self._open):
            transport.abort()
        while self._open:  # a transport lets go of its socket one turn of the loop later
            await asyncio.sleep(0)

    def asked(self, head: bytes, connection: int, transport: asyncio.WriteTransport) -> None:
        """Answer a request, after the latency or at the end of its wave."""
        start = time.monotonic()
        lines = head.decode("latin-1").split("\r\n")
        method, target, _ = lines[0].split(" ", 2)
        headers = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        split = urlsplit(target)
        if split.path.startswith("/-/"):
            transport.writelines(_message(200, self._control(split.path, split.query)))
            return
        part = headers.get("range")

        def answer() -> None:
            status, body, extra = self._object(unquote(split.path), part)
            self._log.append(
                Request(
                    path=unquote(split.path),
                    part=part,
                    status=status,
                    size=len(body),
                    start=start,
                    end=time.monotonic(),
                    connection=connection,
                )
            )
            header, _ = message = _message(status, body, extra)
            transport.writelines([header] if method == "HEAD" else message)

        if self.waves:
            self._hold(answer)
        else:
            self._loop.call_later(self.latency_s, answer)

    def _hold(self, answer: Callable[[], None]) -> None:
        self._held.append(answer)
        if self._timer:
            self._timer.cancel()
        self._timer = self._loop.call_later(QUIET_S, self._release)

    def _release(self) -> None:
        held, self._held = self._held, []
        for answer in held:
            answer()

    def _object(self, path: str, part: str | None) -> tuple[int, bytes | memoryview, str]:
        body = self._files.get(path)
        if body is None:
            return 404, b"", ""
        etag = f'ETag: "{len(body):x}-1"\r\n'  # not a checksum: as most web servers make them
        if part is None:
            return 200, body, etag
        first, _, last = part.removeprefix("bytes=").partition("-")
        start = int(first) if first else max(0, len(body) - int(last))
        stop = min(int(last) + 1, len(body)) if first and last else len(body)
        extra = f"{etag}Content-Range: bytes {start}-{stop - 1}/{len(body)}\r\n"
        return 206, memoryview(body)[start:stop], extra

    def _control(self, path: str, query: str) -> bytes:
        if path == "/-/set":
            values = parse_qs(query)
            self.latency_s = float(values["latency_s"][0])
            self.waves = values["waves"][0] == "1"
        return json.dumps([asdict(request) for request in self.take()]).encode()


_WORDS = {200: "OK", 206: "Partial Content", 404: "Not Found"}


def _message(status: int, body: bytes | memoryview, extra: str = "") -> list[bytes | memoryview]:
    header = (
        f"HTTP/1.1 {status} {_WORDS[status]}\r\nContent-Type: application/octet-stream\r\n"
        f"Accept-Ranges: bytes\r\n{extra}Content-Length: {len(body)}\r\n\r\n"
    )
    return [header.encode(), body]


class _Connection(asyncio.Protocol):
    """One client connection; requests have no body."""

    def __init__(self, server: LatencyServer):
        self._server, self._pending = server, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        self._server.connections += 1
        self._number = self._server.connections
        self._server._open.add(transport)

    def connection_lost(self, _: Exception | None) -> None:
        self._server._open.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        *heads, self._pending = (self._pending + data).split(b"\r\n\r\n")
        for head in heads:
            self._server.asked(head, self._number, self._transport)


def main() -> None:
    """Serve a folder until the standard input ends."""
    server = LatencyServer(Path(sys.argv[1]))

    def ready(url: str) -> None:
        print(url, flush=True)
        threading.Thread(target=_until_the_end, args=(server,), daemon=True).start()

    asyncio.run(server.serve(ready))


def _until_the_end(server: LatencyServer) -> None:
    sys.stdin.read()
    server._loop.call_soon_threadsafe(server._ended.set)


if __name__ == "__main__":
    main()
