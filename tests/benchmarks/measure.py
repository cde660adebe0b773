"""One peer at one task in a process of its own: ``python -m tests.benchmarks.measure PEER TASK URL``.

Prints one JSON object for each stage: seconds, processor seconds, what the server's log says, a digest of
the pixels, and the memory at the peak beyond that after the imports.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import sys
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from tests.benchmarks.peers import PEERS, Fairlab, Peer, Wire
from tests.trips import Request, trips

EDGE = 512
REGION = (slice(None), 0)
WARM = "warm.zarr"
Stage = tuple[str, Callable[[], Any]]


def image(peer: Peer, url: str) -> list[Stage]:
    """Open, look at a part of the middle level, read one channel of the finest."""
    opened: list[Any] = []

    def corner() -> np.ndarray:
        edge = min(EDGE, peer.level(opened[0], 2).shape[-1])
        return peer.read(opened[0], 2, (0, 0, 0, slice(0, edge), slice(0, edge)))

    return [
        ("open", lambda: opened.append(peer.open(url))),
        ("look", corner),
        ("region", lambda: peer.read(opened[0], 0, REGION)),
    ]


def look(peer: Peer, url: str) -> list[Stage]:
    """The first two stages of :func:`image`."""
    return image(peer, url)[:2]


def plane(peer: Peer, url: str) -> list[Stage]:
    """One plane of the finest level, and then the next one from the same shards."""
    opened = peer.open(url)
    return [
        ("plane", lambda: peer.read(opened, 0, (0, 1, 3))),
        ("next plane", lambda: peer.read(opened, 0, (0, 1, 4))),
    ]


def plate(peer: Any, url: str) -> list[Stage]:
    """Mean of each well at the lowest level."""
    return [("plate", lambda: peer.wells(url, 2))]


def screen(peer: Fairlab, url: str) -> list[Stage]:
    """One field of a large plate."""
    return [("screen", lambda: peer.field(url, "C", "5"))]


def decode(peer: Any, folder: str) -> list[Stage]:
    """The region from RAM: what is left when the wire costs nothing."""
    objects = {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in Path(folder).rglob("*")
        if file.is_file()
    }
    peer.decode(objects, (0, 0, 0))  # imports
    return [("decode", lambda: peer.decode(objects, REGION))]


def wire(peer: Wire, url: str) -> list[Stage]:
    """The objects of the region; the parent writes their keys to the standard input."""
    keys = sys.stdin.read().split()
    return [("region", lambda: peer.fetch([f"{url}/{key}" for key in keys]))]


TASKS: dict[str, Any] = {
    "image": image,
    "look": look,
    "plane": plane,
    "plate": plate,
    "screen": screen,
    "wire": wire,
    "decode": decode,
}


def main(peer_name: str, task: str, url: str) -> None:
    """Run and print."""
    warnings.simplefilter("ignore")
    peer = PEERS[peer_name]()
    before = memory("VmRSS")
    remote = url.startswith("http")
    if remote and not isinstance(peer, Wire):  # what is imported, made or compiled at first use
        peer.read(peer.open(f"{url.rpartition('/')[0]}/{WARM}"), 0, (0, 0, 0))
    for name, work in TASKS[task](peer, url):
        if remote:
            log(url)
        started, processor = time.perf_counter(), time.process_time()
        value = work()
        seconds, processor = time.perf_counter() - started, time.process_time() - processor
        peak = memory("VmHWM") - before  # the digest below takes memory, too
        found = {
            "stage": name,
            "seconds": seconds,
            "cpu_s": processor,
            "digest": digest(value),
            "result_mb": value.nbytes / 1e6 if isinstance(value, np.ndarray) else 0.0,
            "peak_mb": peak,
            **asdict(trips(log(url) if remote else [])),
        }
        if name == "region" and not isinstance(peer, Wire):
            found["tasks"] = peer.tasks(peer.open(url), 0, REGION)
        print(json.dumps(found), flush=True)


def digest(value: Any) -> str:
    """The same for equal pixels, whoever read them."""
    if isinstance(value, np.ndarray):
        found = hashlib.sha256(repr(value.shape).encode())
        for row in value:  # not all at once: the peak of the next stage is to be its own
            found.update(np.ascontiguousarray(row, dtype=value.dtype.newbyteorder("=")).tobytes())
        return found.hexdigest()[:16]
    if isinstance(value, dict):
        return repr({key: round(number, 6) for key, number in sorted(value.items())})
    return ""


def log(url: str) -> list[Request]:
    """The server's log since the last time."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc)
    connection.request("GET", "/-/take")
    requests = [Request(**entry) for entry in json.loads(connection.getresponse().read())]
    connection.close()
    return requests


def memory(name: str) -> float:
    """MB from the kernel's own account of this process; zero where it keeps none (not Linux).

    ``getrusage`` will not do: a new process inherits its parent's peak.
    """
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) * 1024 / 1e6 for line in lines if line.startswith(name)), 0.0)


if __name__ == "__main__":
    main(*sys.argv[1:])
