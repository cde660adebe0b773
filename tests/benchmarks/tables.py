"""What was measured, as Markdown."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING, Any

from tests.benchmarks.peers import DASK, FAIRLAB, OME_ZARR, TENSORSTORE, WIRE, ZARR

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.benchmarks.make_data import Sizes

Measured = dict[tuple[str, str, str], dict[str, Any]]
"""By stage, data and peer."""
Verdict = tuple[str, str, str, bool, bool]
"""Task, demand, finding, whether it is met, and whether it is a count (a time never fails a run)."""
IN_FLIGHT = 64


def show(counts: Measured, times: list[Measured], sizes: Sizes) -> int:
    """Print everything; 1 when a count (never a time) is not what it must be."""
    verdicts = list(_verdicts(counts, times, sizes))
    print("### What must hold\n")
    _table(
        ("task", "must", "measured", "met"), [(*row[:3], "yes" if row[3] else "**no**") for row in verdicts]
    )
    print("\n### Trips (exact)\n")
    columns = (
        "task",
        "data",
        "reader",
        "requests",
        "404",
        "repeats",
        "trips",
        "in flight",
        "connections",
        "MB",
    )
    _table(columns, [(*key, *_counted(found)) for key, found in counts.items()])
    print("\n### Times (medians; only ratios mean something)\n")
    columns = (
        "task",
        "data",
        "reader",
        "s",
        "range",
        "× fairlab",
        "MB/s",
        "CPU s",
        "peak MB over import",
        "of it result",
    )
    _table(columns, [(*key, *_timed(times, key)) for key in sorted(times[0], key=_order)])
    return 0 if all(met for *_, met, exact in verdicts if exact) else 1


def _verdicts(counts: Measured, times: list[Measured], sizes: Sizes) -> Iterable[Verdict]:
    yield from _opening(counts)
    region = "region of level 0, 256 chunks"
    for against, least in ((TENSORSTORE, 1.0), (WIRE, 0.8), (ZARR, 4), (OME_ZARR, 20)):
        yield from _faster(times, ("region", "img04", FAIRLAB), against, region, least)
    if ("plane", "img05s", FAIRLAB) in counts:
        first, following = (counts[stage, "img05s", FAIRLAB]["depth"] for stage in ("plane", "next plane"))
        met = first <= 3 and following == 1
        yield "one plane of a sharded image", "≤ 3 trips; the next one 1", f"{first}; {following}", met, True
    yield from _plates(counts, times, sizes)
    yield from _blocks(times)


def _opening(counts: Measured) -> Iterable[Verdict]:
    for data, version in (("img04", "0.4"), ("img05", "0.5")):
        if ("open", data, FAIRLAB) in counts:
            opened, look = counts["open", data, FAIRLAB], counts["look", data, FAIRLAB]
            trips, repeats = opened["depth"], opened["repeats"]
            met = trips <= 2 and not repeats
            task = f"open an image, 5 levels, {version}"
            yield task, "≤ 2 trips, no repeat", f"{trips}, {repeats} repeats", met, True
            both = trips + look["depth"]
            yield f"first picture, {version}", "≤ 3 trips", str(both), both <= 3, True


def _plates(counts: Measured, times: list[Measured], sizes: Sizes) -> Iterable[Verdict]:
    if found := counts.get(("plate", "plate04", FAIRLAB)):
        wells = math.prod(sizes.wells)
        most = 6 + math.ceil(wells * 2 * 2 / IN_FLIGHT)  # two fields of two channels, a chunk each
        met = found["depth"] <= most
        yield f"plate {wells} × 2, mean of each well", f"≤ {most} trips", str(found["depth"]), met, True
        yield from _faster(times, ("plate", "plate04", FAIRLAB), ZARR, "the same", 20)
    if found := counts.get(("screen", "screen04", FAIRLAB)):
        task = f"open a {math.prod(sizes.screen)}-well plate, read one field"
        yield task, "≤ 6 trips", str(found["depth"]), found["depth"] <= 6, True


def _blocks(times: list[Measured]) -> Iterable[Verdict]:
    mine = ("region", "img04", FAIRLAB)
    if mine in times[0]:
        rest = _median(times, mine, "peak_mb") - _median(times, mine, "result_mb")
        yield "peak memory of the region", "result + ≤ 80 MB", f"result + {rest:.0f} MB", rest <= 80, False
        tasks = times[0]["region", "img04", DASK]["tasks"]
        chunks = 256 / tasks
        yield 'chunks="auto"', "≥ 16 chunks a task", f"{chunks:.0f} ({tasks} tasks)", chunks >= 16, True
        yield from _faster(times, ("region", "img04", DASK), OME_ZARR, "the same", 10)


def _faster(
    times: list[Measured], mine: tuple[str, str, str], peer: str, task: str, least: float
) -> Iterable[Verdict]:
    other = (*mine[:2], peer)
    if other in times[0]:
        ratios = [found[other]["seconds"] / found[mine]["seconds"] for found in times]
        ratio = statistics.median(ratios)
        spread = f" ({min(ratios):.2f}–{max(ratios):.2f})" if len(ratios) > 1 else ""
        yield task, f"≥ {least:g} × {peer}", f"{ratio:.2f} ×{spread}", ratio >= least, False


def _counted(found: dict[str, Any]) -> tuple[str, ...]:
    names = ("requests", "missing", "repeats", "depth", "at_once", "connections")
    return (*(str(found[name]) for name in names), f"{found['size'] / 1e6:.2f}")


def _timed(times: list[Measured], key: tuple[str, str, str]) -> tuple[str, ...]:
    seconds = [found[key]["seconds"] for found in times]
    median, result = statistics.median(seconds), _median(times, key, "result_mb")
    mine = (*key[:2], FAIRLAB)
    return (
        f"{median:.3f}",
        f"{min(seconds):.3f}–{max(seconds):.3f}",
        f"{median / _median(times, mine, 'seconds'):.2f}" if mine in times[0] else "",
        f"{result / median:.0f}" if result else "",
        f"{_median(times, key, 'cpu_s'):.2f}",
        f"{_median(times, key, 'peak_mb'):.0f}",
        f"{result:.0f}",
    )


def _median(times: list[Measured], key: tuple[str, str, str], value: str) -> float:
    return statistics.median(found[key][value] for found in times)


def _order(key: tuple[str, str, str]) -> tuple[int, str]:
    stages = ("open", "look", "region", "plane", "next plane", "plate", "screen", "decode")
    return stages.index(key[0]), key[1]


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    for row in (columns, ("---",) * len(columns), *rows):
        print(f"| {' | '.join(row)} |")
