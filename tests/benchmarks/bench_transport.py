"""HTTP clients as a transport for chunks: ``python -m tests.benchmarks.bench_transport [--rounds N]``.

What fairlab asks through (pycurl) beside the clients that it could ask through: 256 objects of 190 kB, 64 in
flight, each client at its first reading after one warm request, in a process of its own; then what each says of
an answer that goes wrong. Times mean something only as ratios; httpx and urllib3 come with other packages, and
what is not installed is left out.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np

from tests.benchmarks.bench_read import ROOT, say, serving
from tests.benchmarks.measure import memory
from tests.servers import Fault, FaultServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

OBJECTS, SIZE, IN_FLIGHT = 256, 190_000, 64
LIMIT_S = 3.0


class Answer(NamedTuple):
    """What a client shows of an answer."""

    status: int | None
    """None where it shows none."""
    headers: Any
    body: bytes


class Client:
    """A client in the form that its documentation shows for many requests."""

    module: str

    def get(self, url: str) -> Answer:
        """One answer, whatever its status; raises where none came whole."""
        raise NotImplementedError  # each client has its own

    def all(self, urls: list[str]) -> list[Answer]:
        """Many, 64 at once."""
        with ThreadPoolExecutor(IN_FLIGHT) as pool:
            return list(pool.map(self.get, urls))


class Fairlab(Client):
    """fairlab's own: pycurl, all exchanges driven by one thread."""

    module = "pycurl"

    def __init__(self) -> None:
        from fairlab.net import curl

        self.curl = curl

    def _begin(self, url: str) -> Any:
        limits = {"limit_s": lambda: LIMIT_S, "connect_s": LIMIT_S, "max_bytes": 1 << 30}
        return self.curl.Begun(url, range_=None, headers=(), **limits)

    def get(self, url: str) -> Answer:
        return Answer(*self._begin(url).reply())

    def all(self, urls: list[str]) -> list[Answer]:
        from fairlab import set_options

        with set_options(max_connections=IN_FLIGHT):
            return [Answer(*begun.reply()) for begun in [self._begin(url) for url in urls]]


class Urllib3(Client):
    """urllib3, 64 threads."""

    module = "urllib3"

    def __init__(self) -> None:
        import urllib3

        self.pool = urllib3.PoolManager(maxsize=IN_FLIGHT, block=True)

    def get(self, url: str) -> Answer:
        limits = {"timeout": LIMIT_S, "retries": False}
        answer = self.pool.request("GET", url, redirect=False, **limits)
        return Answer(answer.status, answer.headers, answer.data)


class Httpx(Client):
    """httpx, its asynchronous client on a loop of its own."""

    module = "httpx"

    def __init__(self) -> None:
        import httpx

        self.httpx, self.loop = httpx, asyncio.new_event_loop()
        limits = httpx.Limits(max_connections=IN_FLIGHT)
        self.client = httpx.AsyncClient(limits=limits, timeout=None, trust_env=False)

    async def _get(self, url: str) -> Answer:
        async with asyncio.timeout(LIMIT_S * 10):
            answer = await self.client.get(url, timeout=self.httpx.Timeout(LIMIT_S, pool=None))
        return Answer(answer.status_code, answer.headers, answer.content)

    def get(self, url: str) -> Answer:
        return self.loop.run_until_complete(self._get(url))

    def all(self, urls: list[str]) -> list[Answer]:
        async def gathered() -> list[Answer]:
            return await asyncio.gather(*map(self._get, urls))

        return self.loop.run_until_complete(gathered())


class Aiohttp(Httpx):
    """aiohttp, on a loop of its own."""

    module = "aiohttp"

    def __init__(self) -> None:
        import aiohttp

        self.loop = asyncio.new_event_loop()

        async def session() -> Any:
            connector = aiohttp.TCPConnector(limit=IN_FLIGHT)
            return aiohttp.ClientSession(
                connector=connector, timeout=aiohttp.ClientTimeout(sock_read=LIMIT_S)
            )

        self.session = self.loop.run_until_complete(session())

    async def _get(self, url: str) -> Answer:
        async with self.session.get(url, allow_redirects=False) as answer:
            return Answer(answer.status, answer.headers, await answer.read())


class Obstore(Client):
    """obstore (Rust), 64 threads."""

    module = "obstore"

    def __init__(self) -> None:
        self.stores: dict[str, Any] = {}

    def get(self, url: str) -> Answer:
        from obstore.store import HTTPStore

        split = urlsplit(url)
        if split.netloc not in self.stores:
            limits = {"allow_http": True, "timeout": f"{LIMIT_S:g} seconds"}
            self.stores[split.netloc] = HTTPStore(
                f"http://{split.netloc}", client_options=limits, retry_config={"max_retries": 0}
            )
        return Answer(None, None, bytes(self.stores[split.netloc].get(split.path.lstrip("/")).bytes()))


CLIENTS: dict[str, type[Client]] = {
    "fairlab (pycurl)": Fairlab, "aiohttp": Aiohttp, "obstore": Obstore, "urllib3": Urllib3, "httpx": Httpx,
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """An answer that goes wrong, and whether what a client said of it is the truth."""

    fault: Fault
    is_true: Callable[[Answer], bool]
    """Of an answer that was given at all; to raise is true where nothing whole came."""
    whole: bool = False
    """Whether a whole answer came, so that a client which only raises hides something."""


CASES = {
    "cut body": Case(Fault(cut=1000), lambda _: False),
    "cut chunked body": Case(Fault(cut=1000, chunked=True), lambda _: False),
    "reset in the body": Case(Fault(cut=1000, reset=True), lambda _: False),
    "hang": Case(Fault(hang=True), lambda _: False),
    "503 with Retry-After": Case(
        Fault(status=503, headers={"Retry-After": "7"}),
        lambda answer: answer.status == 503 and (answer.headers or {}).get("retry-after") == "7",
        whole=True,
    ),
    "302 elsewhere": Case(
        Fault(status=302, headers={"Location": "http://127.0.0.1:9/inside"}),
        lambda answer: answer.status == 302,
        whole=True,
    ),
}


def said(client: Client, url: str, case: Case) -> str:
    """What a client makes of a case."""
    try:
        answer = client.get(url)
    except Exception as exc:  # each client has errors of its own
        text = f"{type(exc).__name__}: {exc}"
        if not case.whole:
            return "error"
        return "followed" if "127.0.0.1:9" in text or "refused" in text.lower() else "only an error"
    return "seen" if case.is_true(answer) else f"**{len(answer.body)} bytes taken for whole**"


def child(name: str, url: str, broken: str) -> None:
    """Measure one client, and print a JSON object."""
    client = CLIENTS[name]()
    client.get(f"{url}/0")
    before = memory("VmRSS")
    started, processor = time.perf_counter(), time.process_time()
    answers = client.all([f"{url}/{number}" for number in range(OBJECTS)])
    found = {"s": time.perf_counter() - started, "cpu": time.process_time() - processor}
    assert all(len(answer.body) == SIZE for answer in answers)
    found["mb"] = memory("VmHWM") - before - OBJECTS * SIZE / 1e6
    faults = {}
    if broken:
        faults = {title: said(client, f"{broken}/{n}", case) for n, (title, case) in enumerate(CASES.items())}
    print(json.dumps({**found, "faults": faults}))


def measured(name: str, url: str, broken: str = "") -> dict[str, Any]:
    """One client in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_transport", "--child", name, url, broken]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Measure everybody, and print two tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(*arguments.child)
        return
    names = [name for name, kind in CLIENTS.items() if importlib.util.find_spec(kind.module)]
    with tempfile.TemporaryDirectory() as folder:
        random = np.random.default_rng(0)
        for number in range(OBJECTS):
            Path(folder, str(number)).write_bytes(random.bytes(SIZE))
        with serving(Path(folder)) as url:
            times: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
            for number in range(arguments.rounds):
                say(f"round {number + 1} of {arguments.rounds}")
                for name in names:
                    times[name].append(measured(name, url))
            with FaultServer(Path(folder)) as server:
                for number, case in enumerate(CASES.values()):
                    server.fault(f"/{number}", case.fault)
                faults = {name: measured(name, url, server.url)["faults"] for name in names}
    print(
        f"{OBJECTS} objects of {SIZE // 1000} kB, {IN_FLIGHT} in flight, {arguments.rounds} rounds, medians.\n"
    )
    _table(
        ("client", "ms", "× fairlab", "CPU ms", "MB beside the bodies"),
        [(name, *_row(times[name], times[names[0]])) for name in names],
    )
    print()
    _table(("answer", *names), [(title, *(faults[name][title] for name in names)) for title in CASES])


def _row(found: list[dict[str, Any]], mine: list[dict[str, Any]]) -> tuple[str, ...]:
    seconds, cpu, mb = (statistics.median(row[key] for row in found) for key in ("s", "cpu", "mb"))
    ratio = seconds / statistics.median(row["s"] for row in mine)
    return f"{1000 * seconds:.0f}", f"{ratio:.2f}", f"{1000 * cpu:.0f}", f"{mb:.0f}"


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    for row in (columns, ("---",) * len(columns), *rows):
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
