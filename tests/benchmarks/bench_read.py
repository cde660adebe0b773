"""Reading far images: ``python -m tests.benchmarks.bench_read [--quick] [--rounds N] [--data FOLDER]``.

fairlab beside its peers over the same latency server in one run. Each measurement is a process of its own;
rounds are interleaved, so that what disturbs the machine disturbs everybody. Trips are exact (the server
answers in waves); times are medians and mean something only as ratios. Pixels must be equal, or it ends.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks import tables
from tests.benchmarks.make_data import FULL, QUICK, Sizes, make
from tests.benchmarks.peers import DASK, FAIRLAB, NGFF_ZARR, OME_ZARR, TENSORSTORE, WIRE, ZARR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.benchmarks.tables import Measured

ALL = [FAIRLAB, TENSORSTORE, ZARR, OME_ZARR, NGFF_ZARR]
# Task, data, who takes part. ngff-zarr needs minutes for shards, and tensorstore knows no plates.
COUNTED = [
    ("look", "img04", ALL),
    ("look", "img05", ALL),
    ("plane", "img05s", [FAIRLAB, TENSORSTORE, ZARR]),
    ("plate", "plate04", [FAIRLAB, ZARR]),
    ("screen", "screen04", [FAIRLAB]),
]
TIMED = [
    ("image", "img04", [FAIRLAB, TENSORSTORE, WIRE, ZARR, OME_ZARR, NGFF_ZARR, DASK]),
    ("image", "img05", [FAIRLAB, TENSORSTORE, ZARR]),
    ("image", "img05s", [FAIRLAB, TENSORSTORE, ZARR]),
    ("plane", "img05s", [FAIRLAB, TENSORSTORE, ZARR]),
    ("plate", "plate04", [FAIRLAB, ZARR]),
    ("screen", "screen04", [FAIRLAB]),
    ("decode", "img04", [FAIRLAB, ZARR]),
    ("decode", "img05s", [FAIRLAB, ZARR]),
]
TASKS = dict.fromkeys(task for task, *_ in COUNTED + TIMED)
ROOT = Path(__file__).parents[2]
# numpy asks for huge pages. A virtual machine that gives free ones back to its host after two seconds takes 0.02 or
# 0.5 s to fill the same 134 MB, by who had them before: a matter of the machine, and larger than what is measured.
SMALL_PAGES = {"NUMPY_MADVISE_HUGEPAGE": "0"}
_START = time.perf_counter()


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="small data, one round: does it run, are trips right"
    )
    parser.add_argument("--rounds", type=int, help="rounds of the times (5, quick 1)")
    parser.add_argument("--latency-ms", type=float, default=50)
    parser.add_argument("--huge-pages", action="store_true", help="with numpy's, as they come")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), default=list(TASKS))
    parser.add_argument("--data", type=Path, help="folder to make the data in, or to find it in")
    arguments = parser.parse_args()
    sizes = QUICK if arguments.quick else FULL
    rounds = arguments.rounds or (1 if arguments.quick else 5)
    with tempfile.TemporaryDirectory() as spare:
        folder = (arguments.data or Path(spare)) / ("quick" if arguments.quick else "full")
        say(f"data in {folder}")
        make(folder, sizes)
        with serving(folder) as url:
            latency_s = arguments.latency_ms / 1000
            rig = Rig(folder, url, sizes, latency_s, huge_pages=arguments.huge_pages)
            absent = (OME_ZARR, NGFF_ZARR) if arguments.quick else ()  # they take their time
            counted, timed = (_plan(rows, arguments.tasks, absent) for rows in (COUNTED, TIMED))
            counts = rig.counts(counted)
            times = [rig.round(timed, f"round {number + 1} of {rounds}") for number in range(rounds)]
    print(f"Latency {arguments.latency_ms:g} ms, {rounds} interleaved rounds, {os.cpu_count()} cores.\n")
    return tables.show(counts, times, sizes)


class Rig:
    """Server, data and the peers' processes."""

    def __init__(self, folder: Path, url: str, sizes: Sizes, latency_s: float, *, huge_pages: bool = False):
        self._folder, self._url, self._sizes, self._latency_s = folder, url, sizes, latency_s
        self._env = {**os.environ, **({} if huge_pages else SMALL_PAGES)}
        self._digests: dict[tuple[str, str], tuple[str, str]] = {}

    def counts(self, plan: list[tuple[str, str, str]]) -> Measured:
        """Exact trips, once."""
        self._set(waves=True)
        return self._all(plan, "trips")

    def round(self, plan: list[tuple[str, str, str]], title: str) -> Measured:
        """Times of everybody, once."""
        self._set(waves=False)
        return self._all(plan, title)

    def _all(self, plan: list[tuple[str, str, str]], title: str) -> Measured:
        found: Measured = {}
        for task, data, peer in plan:
            say(f"{title}: {task} of {data}, {peer}")
            found |= self._run(task, data, peer)
        return found

    def _run(self, task: str, data: str, peer: str) -> Measured:
        place = f"{self._folder}/{data}.zarr" if task == "decode" else f"{self._url}/{data}.zarr"
        task = "wire" if peer == WIRE else task
        command = [sys.executable, "-m", "tests.benchmarks.measure", peer, task, place]
        keys = " ".join(self._region_keys(data)) if peer == WIRE else ""
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, input=keys, cwd=ROOT, env=self._env
        )
        if done.returncode:
            raise SystemExit(f"{peer} failed at {task} of {data}:\n{done.stderr}")
        found = {}
        for stage in map(json.loads, done.stdout.splitlines()):
            self._compare(stage, data, peer)
            found[stage["stage"], data, peer] = stage
        return found

    def _compare(self, stage: dict[str, Any], data: str, peer: str) -> None:
        if not stage["digest"]:
            return
        # From RAM or from afar, the region is the same.
        what = ({"decode": "region"}.get(stage["stage"], stage["stage"]), data)
        other, digest = self._digests.setdefault(what, (peer, stage["digest"]))
        if digest != stage["digest"]:
            raise SystemExit(f"{peer} and {other} disagree about {what}")

    def _region_keys(self, data: str) -> list[str]:
        root = self._folder / f"{data}.zarr"
        return [
            file.relative_to(root).as_posix()
            for t in range(self._sizes.image[0])
            for file in sorted((root / "0" / str(t) / "0").rglob("*"))
            if file.is_file()
        ]

    def _set(self, *, waves: bool) -> None:
        query = f"latency_s={self._latency_s}&waves={int(waves)}"
        with urllib.request.urlopen(f"{self._url}/-/set?{query}") as answer:
            answer.read()


def _plan(
    rows: list[tuple[str, str, list[str]]], tasks: list[str], absent: tuple[str, ...]
) -> list[tuple[str, str, str]]:
    return [
        (task, data, peer)
        for task, data, peers in rows
        for peer in peers
        if task in tasks and peer not in absent
    ]


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The latency server, in a process of its own."""
    command = [sys.executable, "-m", "tests.benchmarks.latency_server", str(folder)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        yield server.stdout.readline().strip()
        server.stdin.close()


def say(text: str) -> None:
    """Progress, away from the table."""
    print(f"[{time.perf_counter() - _START:5.0f} s] {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
