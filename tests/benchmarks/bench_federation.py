"""Asking many archives at once: ``python -m tests.benchmarks.bench_federation [--quick]``.

The adapters are fairlab's own; in place of the archives stand their emulators, on this machine, each of which
waits before every answer. What counts is how much longer all take together than the slowest takes alone, what
one that never answers costs, and that nothing of the others is lost. A wrong count ends with 1, a time never
does.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from typing import TYPE_CHECKING, NamedTuple

from fairlab.federation import search
from fairlab.options import set_options
from tests.emulators import ARCHIVES, emulator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from fairlab.results import Results
    from tests.emulators import Emulator

WORDS = "mitosis"
"""What every emulator has something of."""
FIVE = 5
DELAY_S = 0.2
LIMIT_S = 2.0
_WARM_S = 30.0
_ROOM_S = 0.25
"""What starting and gathering may take beside the waiting."""


class Verdict(NamedTuple):
    """One line of what must hold."""

    task: str
    must: str
    measured: str
    met: bool
    exact: bool = False


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round: does it run, are the counts right")
    parser.add_argument("--rounds", type=int, help="rounds of the times (5, quick 1)")
    arguments = parser.parse_args()
    rounds = arguments.rounds or (1 if arguments.quick else 5)
    with tempfile.TemporaryDirectory() as folder, set_options(cache_dir=folder), running() as servers:
        names = list(servers)
        verdicts = [*together(servers, names[:FIVE], rounds), *with_faults(servers, names)]
    print(f"{DELAY_S * 1000:g} ms before each answer, {rounds} rounds: {', '.join(names)}.\n")
    print("### What must hold\n")
    print("| task | must | measured | met |\n| --- | --- | --- | --- |")
    for one in verdicts:
        print(f"| {one.task} | {one.must} | {one.measured} | {'yes' if one.met else '**no**'} |")
    return 0 if all(one.met for one in verdicts if one.exact) else 1


@contextlib.contextmanager
def running() -> Iterator[dict[str, Emulator]]:
    """The emulators of all archives that everybody may ask, those of several pages first."""
    with contextlib.ExitStack() as stack:
        servers = {}
        for name in ARCHIVES:
            if not (made := emulator(name)).credentials:
                servers[name] = stack.enter_context(made)
        ask(list(servers), _WARM_S)  # imports, vocabularies, first connections
        for server in servers.values():
            server.delay_s = DELAY_S
        yield servers


def ask(names: Sequence[str], limit_s: float = _WARM_S, limit: int = 20) -> tuple[Results, float]:
    """The answer of these archives, and how long it took."""
    started = time.perf_counter()
    found = search(WORDS, kind="study", repositories=names, timeout_s=limit_s, limit=limit)
    len(found)  # waits for everybody
    return found, time.perf_counter() - started


def together(servers: dict[str, Emulator], names: Sequence[str], rounds: int) -> Iterator[Verdict]:
    """Five at once beside each of them alone, in interleaved rounds."""
    alone: dict[str, list[float]] = {name: [] for name in names}
    all_at_once, first = [], []
    for _ in range(rounds):
        for name in names:
            alone[name].append(ask([name])[1])
        all_at_once.append(ask(names)[1])
        servers[names[0]].delay_s = 5 * DELAY_S
        started = time.perf_counter()
        next(iter(search(WORDS, kind="study", repositories=names, timeout_s=_WARM_S)), None)
        first.append(time.perf_counter() - started)
        servers[names[0]].delay_s = DELAY_S
        ask(names)  # those whom the first result did not wait for
    slowest = max(statistics.median(times) for times in alone.values())
    took = statistics.median(all_at_once)
    yield Verdict(
        f"{len(names)} archives at once",
        "< 1.5 × the slowest alone",
        f"{took / slowest:.2f} × ({took * 1000:.0f} ms beside {slowest * 1000:.0f} ms)",
        len(names) == FIVE and took < 1.5 * slowest,
    )
    took = statistics.median(first)
    yield Verdict(
        f"first result, one archive {5 * DELAY_S:g} s slow",
        f"< {5 * DELAY_S:g} s",
        f"{took * 1000:.0f} ms",
        took < 5 * DELAY_S,
    )


def with_faults(servers: dict[str, Emulator], names: Sequence[str]) -> Iterator[Verdict]:
    """All at once, while one of them hangs or is down; everything that is there is asked for."""
    for server in servers.values():
        server.delay_s = 0.01
    whole, _ = ask(names, limit=500)
    for fault, task in {"hang": "one hangs", "down": "one is down"}.items():
        broken = names[-1]
        servers[broken].fault = fault
        found, took = ask(names, LIMIT_S, limit=500)
        servers[broken].fault = None
        servers[broken].forgive()
        most = LIMIT_S + _ROOM_S
        yield Verdict(f"{len(names)} archives, {task}", f"≤ {most:g} s", f"{took:.2f} s", took <= most)
        failed = [failure.repository for failure in found.failures]
        yield Verdict("the same", f"only {broken} fails, and is named", f"{failed}", failed == [broken], True)
        others = {record.id for record in whole if set(record.found_by) - {broken}}
        lost = others - {record.id for record in found}
        yield Verdict("the same", "nothing of the others is lost", f"{len(lost)} lost", not lost, True)


if __name__ == "__main__":
    sys.exit(main())
