"""How long fairlab takes to start, as a ratio to Python doing nothing, in the same run.

Run with ``python tests/benchmarks/bench_start.py``.
"""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time

ROUNDS = 11


def wall_ms(*arguments: str) -> float:
    """Median wall time of one Python process, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        times.append(1000 * (time.perf_counter() - begin))
    return statistics.median(times)


def importtime_ms(module: str) -> float:
    """Cumulative time that ``-X importtime`` states for one module, in milliseconds."""
    times = []
    for _ in range(ROUNDS):
        answer = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", f"import {module}"],
            check=True,
            capture_output=True,
            text=True,
        )
        found = re.search(rf"\|\s+(\d+) \|\s{{1,2}}{module}$", answer.stderr, flags=re.MULTILINE)
        assert found is not None
        times.append(int(found[1]) / 1000)
    return statistics.median(times)


def main() -> None:
    """Print the table."""
    nothing = wall_ms("-c", "pass")
    rows = {
        "python -c pass": nothing,
        "import fairlab": wall_ms("-c", "import fairlab"),
        "fairlab --help": wall_ms("-m", "fairlab", "--help"),
        "fairlab search mouse heart": wall_ms("-m", "fairlab", "search", "mouse", "heart"),
    }
    print(f"{'':30}{'ms':>8}{'ratio':>8}")
    for name, value in rows.items():
        print(f"{name:30}{value:8.0f}{value / nothing:8.2f}")
    print(f"{'-X importtime of fairlab':30}{importtime_ms('fairlab'):8.1f}")


if __name__ == "__main__":
    main()
