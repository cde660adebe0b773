"""What assessing costs: ``python -m tests.benchmarks.bench_assess [--records N]``.

Prints, in one run: round trips, requests and seconds of one image behind 50 ms of latency; seconds for a thousand
records of the catalogue offline; the memory that a survey of them and of ten times as many takes.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import threading
import time
import tracemalloc
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.fair.good_image import crate
from tests.stores import write_store

LATENCY_S = 0.05
TOGETHER_S = 0.04
"""Requests that begin within this time of the first one of a trip are of the same trip."""


def one_image() -> dict[str, Any]:
    """Round trips, requests and seconds for one image over HTTP."""
    import fairlab

    began: list[float] = []

    class Slow(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            began.append(time.perf_counter())
            time.sleep(LATENCY_S)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "a.zarr"
        write_store(place, shape=(2, 256, 256), levels=3, chunk=64)
        (place / "ro-crate-metadata.json").write_text(json.dumps(crate()))
        server = ThreadingHTTPServer(("127.0.0.1", 0), lambda *a: Slow(*a, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        fairlab.assess(f"{url}/a.zarr")  # imports, tables and the connection
        began.clear()
        started = time.perf_counter()
        report = fairlab.assess(f"{url}/a.zarr")
        seconds = time.perf_counter() - started
        server.shutdown()
    trips, ends = 0, 0.0
    for moment in sorted(began):
        if moment > ends:
            trips, ends = trips + 1, moment + TOGETHER_S
    return {"trips": trips, "requests": len(began), "seconds": seconds, "score": report.total.short}


def many_records(number: int) -> dict[str, Any]:
    """Seconds for as many records of the catalogue, offline, and what the rows of a survey take."""
    import fairlab

    studies = fairlab.search(repository=["IDR", "BIA", "SSBD"], kind="study", limit=number)
    records = list(studies)[:number]
    fairlab.assess(records[:5], online=False)
    started, busy = time.perf_counter(), time.process_time()
    fairlab.assess(records, online=False, at_once=1)
    seconds, cpu = time.perf_counter() - started, time.process_time() - busy
    peaks = {}
    for size in (number // 10, number // 2):  # tracing makes it several times slower
        gc.collect()
        tracemalloc.start()
        survey = fairlab.assess(records[:size], online=False, at_once=1)
        kept, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        peaks[size] = (peak - kept, kept / len(survey))
    return {"records": len(records), "seconds": seconds, "cpu": cpu, "memory": peaks}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=1000, help="how many records of the catalogue")
    number = parser.parse_args().records
    image = one_image()
    print(f"one image behind {1000 * LATENCY_S:.0f} ms: {image['trips']} round trips, {image['requests']} requests, "
          f"{image['seconds']:.2f} s (must: at most 4 round trips)")  # fmt: skip
    many = many_records(number)
    print(f"{many['records']:,} records offline: {many['cpu']:.1f} s of CPU, {many['seconds']:.1f} s by the clock "
          "(must for 1,000: below 10 s)")  # fmt: skip
    for size, (beside, row) in many["memory"].items():
        print(
            f"memory for {size:,}: {row / 1000:.1f} kB a row, {beside / 1e6:.1f} MB beside them (must: flat)"
        )


if __name__ == "__main__":
    main()
