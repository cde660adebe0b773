"""The commands ``fairlab run`` and ``fairlab runs``: notebooks with parameters, once or for each row of a table.

Exit codes: 0 good; 1 a cell failed, of one run at least; 2 the question is wrong, and nothing was run.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import NotebookError

if TYPE_CHECKING:
    import argparse

    from fairlab.runs import Batch

FAILED = 1
EXAMPLES = (
    "examples: fairlab run measure_objects -p url=sample:nuclei -p channel=DAPI; "
    "fairlab run measure_objects --over hits.csv -p pixel_size=0.5. "
    "A column fills the parameter of its name; the column url, which browser.to_csv writes, fills the first "
    "of url, source, image, look_at that the notebook has. An empty cell leaves a parameter at its default. Columns of "
    "no parameter are kept beside each run. Every cell is checked before anything runs. A notebook's parameter csv is "
    "given a file beside each run, and these are collected in results.csv. "
    "exit code: 0 all done, 1 a run failed, 2 refused, nothing was run"
)


def run(options: argparse.Namespace) -> int:
    """Run a notebook."""
    from fairlab.runs import run, run_over, split_assignments

    if options.over is None and options.jobs is not None:
        raise NotebookError("--jobs is for many runs; give a table with --over", kind="jobs-value")
    shared: dict[str, Any] = {
        "parameters": split_assignments(options.parameter),
        "out_dir": options.out,
        "timeout_s": options.timeout,
        "resume": options.resume,
    }
    if options.over is None:
        began = datetime.now(UTC)
        done = run(options.notebook, **shared)
        if done.started < began:
            print("fairlab: note: this was run before; nothing was run now", file=sys.stderr)
        print(_json(done.to_dict()) if options.json else done.output)
        return 0
    jobs = {} if options.jobs is None else {"jobs": options.jobs}
    batch: Batch = run_over(options.notebook, options.over, **shared, **jobs)
    print(_json(batch.to_dict()) if options.json else batch)
    return FAILED if batch.failures else 0


def runs(options: argparse.Namespace) -> None:
    """List what was run."""
    from fairlab.runs import list_runs

    found = list_runs(options.out)
    if options.json:
        print(_json([done.to_dict() for done in found]))
        return
    for done in found:
        print(done)
    if not found:
        print(f"no runs in {options.out}", file=sys.stderr)


def crate(options: argparse.Namespace) -> None:
    """Write one run as a crate."""
    from fairlab.runs import crate

    made = crate(options.run, out=options.to, files=options.file, runs_dir=options.out)
    print(_json({"crate": str(made)}) if options.json else made)


def add_run(parser: argparse.ArgumentParser) -> None:
    """What ``fairlab run`` takes."""
    parser.add_argument("notebook", help="name (measure_objects) or path")
    parser.add_argument(
        "-p", "--parameter", action="append", default=[], metavar="NAME=VALUE", help="may be repeated"
    )
    parser.add_argument(
        "--over", type=Path, metavar="TABLE", help="CSV or TSV with headings: run once for each row"
    )
    parser.add_argument(
        "--jobs", type=int, metavar="N", help="with --over: runs at the same time (default: 2)"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="do not run again what was run whole with equal parameters, while its inputs' metadata are the same",
    )
    parser.add_argument(
        "--out", type=Path, default=None, metavar="DIR", help="folder of runs (default: runs)"
    )
    parser.add_argument(
        "--timeout", type=float, default=None, metavar="S", help="seconds for all cells of a run together"
    )


def add_runs(parser: argparse.ArgumentParser, shared: argparse.ArgumentParser) -> None:
    """What ``fairlab runs`` takes, and its ``crate``."""
    parser.add_argument(
        "--out", type=Path, default=Path("runs"), metavar="DIR", help="folder of runs (default: runs)"
    )
    text = "write a run as an RO-Crate: inputs with checksums, parameters, versions, outputs"
    one = parser.add_subparsers(title="of one run", metavar="crate").add_parser(
        "crate", help=text, description=text, parents=[shared]
    )
    one.add_argument("run", metavar="RUN", help="name of the run's record, or its beginning")
    one.add_argument("--to", type=Path, required=True, metavar="DIR", help="folder to make")
    one.add_argument(
        "--file",
        type=Path,
        action="append",
        default=[],
        help="another file that the notebook wrote; may be repeated",
    )
    one.set_defaults(command=crate)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
