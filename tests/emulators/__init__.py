"""Loopback servers that behave as archives document, with the faults of archives as switches.

::

    class Shelf(Emulator):
        repository = "fairlab.repositories.shelf:ShelfRepository"
        question, nothing, known = "mitosis", "qwertzuiop", "shelf:1"
        apis: ClassVar = {"shelf": ""}  # name of each Api -> its path on this server

        def __init__(self) -> None:
            super().__init__()
            self.route("GET", r"/search", self.search)

        def search(self, asked: Asked) -> Any:
            return {"hits": [...], "total": 3}     # JSON; or a Reply; or a text

    with Shelf() as emulator:      # the option ``hosts`` leads there inside the block
        emulator.fault = "down"

Each archive has one module here and one line in :data:`EMULATED`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from fairlab.net import api
from fairlab.net.line import Line
from fairlab.options import option, set_options

EMULATED = {
    "biostudies": "tests.emulators.biostudies:BioStudies",
    "empiar": "tests.emulators.empiar:Empiar",
    "bia": "tests.emulators.bia:Bia",
    "gide": "tests.emulators.gide:Gide",
    "idr": "tests.emulators.idr:Idr",
    "ssbd": "tests.emulators.ssbd:Ssbd",
    "xnat": "tests.emulators.xnat:Xnat",
    "folder": "tests.emulators.folder:IndexPages",
    "folder bucket": "tests.emulators.folder:ObjectService",
    "shelf": "tests.emulators.shelf:ShelfServer",  # the example of CONTRIBUTING.md
}
"""Name of each live repository (and of a further form of it) -> ``"module:Class"`` of its emulator."""
ARCHIVES = tuple(sorted(set(EMULATED) - {"shelf", "folder", "folder bucket"}))
"""Those that exist in the world, one each: folders are everybody's own, and have no service to compare with."""

FAULTS = ("slow", "down", "rate", "hang", "html", "malformed", "drift", "empty", "cut")


def emulator(name: str) -> Emulator:
    """The emulator of a live repository, to be entered."""
    module, _, cls = EMULATED[name].partition(":")
    made: Emulator = getattr(importlib.import_module(module), cls)()
    return made


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request."""

    method: str
    path: str
    """Without percent-encoding."""
    params: Mapping[str, list[str]]
    headers: Mapping[str, str]
    """Lower-case names."""
    body: bytes
    groups: tuple[str, ...] = ()
    """What the pattern of the route found in the path."""
    time: float = 0.0

    def param(self, name: str, default: str = "") -> str:
        """The last value of a name of the query: what most servers take."""
        return self.params.get(name, [default])[-1]

    def number(self, name: str, default: int) -> int:
        value = self.param(name)
        return int(value) if value.isascii() and value.isdigit() else default

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer; a route may return its content alone."""

    content: Any = None
    """bytes, a text, or what becomes JSON."""
    status: int = 200
    type: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


Route = Callable[[Asked], Any]


class Emulator:
    """A loopback server over routes; see the module."""

    repository: ClassVar[str] = ""
    """``"module:Class"`` of the repository that asks it."""
    apis: ClassVar[Mapping[str, str]] = {}
    """Names of the ``Api`` objects that lead here -> path on this server."""
    question: ClassVar[str] = ""
    """Words that find something."""
    nothing: ClassVar[str] = "qwertzuiopasdf"
    """Words that find nothing."""
    known: ClassVar[str] = ""
    """Identifier of a study that it has."""
    also: ClassVar[tuple[str, ...]] = ()
    """Further ones, whose records state what those of the known one do not."""
    turns: ClassVar[bool] = True
    """Whether its answers come in pages; False: all at once."""
    credentials: ClassVar[tuple[str, ...]] = ()
    """Names of request headers by which users are known; none: everybody may ask."""
    protocol: ClassVar[tuple[str, ...]] = ()
    """Names of further request headers that belong to its protocol."""
    limit_s: ClassVar[float] = 20.0
    """Time that one case of the contract suite has for all that it asks."""
    wrongs: ClassVar[int] = 3
    """Wrong values that each field of its answers has in turn."""
    first: ClassVar[int] = 4
    """Most requests that a first page takes."""
    slow_s: ClassVar[float] = 0.3
    """How long each answer takes when it is slow."""
    senseless: ClassVar[Mapping[str, str]] = {}
    """Name of a case of the contract suite that cannot be put to it -> why."""
    paced: ClassVar[bool] = False
    """Whether the client's pauses between requests are kept: tests of adapters need none."""

    def __init__(self) -> None:
        self.fault: str | None = None
        """One of :data:`FAULTS`."""
        self.delay_s = 0.0
        """Time before each answer."""
        self.alter: Callable[[Any], Any] | None = None
        """Applied to JSON before it is sent: how archives drift."""
        self.tags = False
        """Whether answers carry an ETag, and an unchanged one is not sent again."""
        self.unchanged: list[Asked] = []
        """Requests whose answer the client had already."""
        self.log: list[Asked] = []
        """Every request, in order."""
        self.strays: list[Asked] = []
        """Those that no route was for: an adapter asked what the archive does not document."""
        self._routes: list[tuple[str, re.Pattern[str], Route]] = []
        self._refused = 0
        self._over = threading.Event()
        self._stack = contextlib.ExitStack()

    def route(self, method: str, pattern: str, answer: Route) -> None:
        """Answer requests whose whole path matches; the first that matches counts."""
        self._routes.append((method, re.compile(pattern), answer))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def hosts(self) -> dict[str, str]:
        """What the option ``hosts`` needs to lead here."""
        return {name: self.url + path for name, path in self.apis.items()}

    def settings(self) -> dict[str, Any]:
        """The options that lead here."""
        return {"hosts": {**option("hosts"), **self.hosts}}

    def __enter__(self) -> Self:
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        self._stack.callback(thread.join)
        self._stack.callback(self._server.server_close)
        self._stack.callback(self._server.shutdown)
        self._stack.callback(self._over.set)
        # Ports come again: what another emulator said there must not be remembered.
        self._stack.enter_context(set_options(**self.settings(), answers_max_bytes=0))
        if not self.paced:
            patch = self._stack.enter_context(pytest.MonkeyPatch.context())
            patch.setattr(Line, "turn", lambda *_: 0.0)
        self.forgive()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def adapter(self) -> Any:
        """A new repository of the class that asks this server."""
        module, _, cls = self.repository.partition(":")
        return getattr(importlib.import_module(module), cls)()

    def forgive(self) -> None:
        """Let the client forget that this server failed."""
        for name, address in self.hosts.items():
            api.Api(name, address).reset()

    def paths(self) -> list[str]:
        return [asked.path for asked in self.log]

    def answer(self, asked: Asked) -> Reply:
        """The answer to one request, faults included."""
        self.log.append(asked)
        self._over.wait(self.delay_s + (self.slow_s if self.fault == "slow" else 0))
        if self.fault == "down":
            return Reply(content="<h1>Service Unavailable</h1>", status=503, type="text/html")
        if self.fault == "rate" and not self._refused:
            self._refused += 1
            return Reply(content={"error": "too many requests"}, status=429, headers={"Retry-After": "1"})
        if self.fault == "hang":
            self._over.wait()
        if self.fault == "html":
            return Reply(
                content="<!doctype html><title>Maintenance</title><h1>Back soon</h1>", type="text/html"
            )
        if self.fault == "empty":
            return Reply(content=b"", type="application/json")
        return self._routed(asked)

    def _routed(self, asked: Asked) -> Reply:
        for method, pattern, answer in self._routes:
            if method == asked.method and (match := pattern.fullmatch(asked.path)):
                found = answer(Asked(**{**vars(asked), "groups": match.groups(default="")}))
                reply = found if isinstance(found, Reply) else Reply(content=found)
                return self._altered(reply)
        self.strays.append(asked)
        return Reply(content={"error": "not found"}, status=404)

    def _altered(self, reply: Reply) -> Reply:
        content = reply.content
        if not isinstance(content, bytes | str) and reply.status == 200:
            content = self.altered(content)
        return Reply(content=content, status=reply.status, type=reply.type, headers=reply.headers)

    def may_grow(self, content: Any) -> bool:
        """Whether an answer may have fields that nobody knows, and mean the same."""
        return True

    def altered(self, content: Any) -> Any:
        """What is stated, as the archive states it today."""
        content = self.alter(content) if self.alter else content
        return drifted(content) if self.fault == "drift" else content


def drifted(value: Any) -> Any:
    """JSON of a later version of an archive: every third field of an object is gone, and there is a new one."""
    if isinstance(value, dict):
        kept = {name: part for number, (name, part) in enumerate(value.items()) if number % 3 != 2}
        return {**{name: drifted(part) for name, part in kept.items()}, "fieldOfTomorrow": {"x": [1, None]}}
    if isinstance(value, list):
        return [drifted(part) for part in value]
    return value


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a request that hangs is let go with its client
    request_queue_size = 64

    def handle_error(self, *_: object) -> None:
        """A client that hung up is what some tests are about."""


def _handler(emulator: Emulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length", 0))
            asked = Asked(
                method=self.command,
                path=unquote(parts.path),
                params=parse_qs(parts.query, keep_blank_values=True),
                headers={name.lower(): value for name, value in self.headers.items()},
                body=self.rfile.read(size) if size else b"",
                time=time.monotonic(),
            )
            self._send(asked, emulator.answer(asked))

        do_POST = do_HEAD = do_GET

        def _send(self, asked: Asked, reply: Reply) -> None:
            content, kind = reply.content, reply.type
            if isinstance(content, str):
                content, kind = content.encode(), kind or "text/plain; charset=utf-8"
            elif not isinstance(content, bytes):
                content, kind = (
                    json.dumps(content, ensure_ascii=False).encode("utf-8", "surrogatepass"),
                    "application/json",
                )
            if emulator.fault == "malformed":
                content = content[: len(content) * 2 // 3]
            status, tag = reply.status, f'"{hashlib.sha256(content).hexdigest()[:16]}"'
            if emulator.tags and status == 200 and asked.headers.get("if-none-match") == tag:
                emulator.unchanged.append(asked)
                status, content = 304, b""
            self.send_response(status)
            if emulator.tags and status in (200, 304):
                self.send_header("ETag", tag)
            self.send_header("Content-Type", kind or "application/octet-stream")
            self.send_header("Content-Length", str(len(content)))
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            if emulator.fault == "cut":
                content = content[: len(content) // 2]
                self.close_connection = True
            if self.command != "HEAD":
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing: the log is a list."""

    return Handler
