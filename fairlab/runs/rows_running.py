"""Run a notebook for each row of a table: some at a time, each in a kernel of its own, none in the way of others."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import FairlabError
from fairlab.runs.batch import BatchRow
from fairlab.runs.execution import Brake
from fairlab.runs.single import carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fairlab.runs.batch_progress import Telling
    from fairlab.runs.earlier import Earlier
    from fairlab.runs.notebook import Notebook
    from fairlab.runs.plan import Plan, PlannedRun
    from fairlab.runs.record import Run

_GLANCE_S: Final = 0.5
"""Seconds between two looks at what is under way."""
DONE: Final = "by an earlier run"
DONE_UNCHECKED: Final = "by an earlier run; its input could not be looked at again"
_LOOKS_AT_ONCE: Final = 8
"""Earlier runs whose inputs are looked at again at the same time."""


class Rows:
    """The rows of a plan, and what became of them.

    Parameters
    ----------
    plan : Plan
        What is to be run.
    original : Notebook
        The notebook.
    telling : Telling
        Who is told.
    **how
        ``out_dir``, ``timeout_s`` and ``table`` of each run.
    """

    def __init__(self, plan: Plan, original: Notebook, telling: Telling, **how: Any):
        self._plan, self._original, self._telling, self._how = plan, original, telling, how
        self._brake = Brake()
        self._outcomes: dict[int, BatchRow] = {}

    def skip_done(self, earlier: Earlier) -> None:
        """Take over what earlier runs did."""
        self._spread(partial(self._look, earlier), self._left(), at_once=_LOOKS_AT_ONCE)

    def run(self, *, jobs: int) -> None:
        """Run what is left. An interruption ends what is under way, and is passed on when all has ended."""
        self._spread(self._run, self._left(), at_once=jobs)

    def outcomes(self) -> tuple[BatchRow, ...]:
        """Every row of the table, as far as it came."""
        found = []
        for row in self._plan.runs:
            number = row.number if row.same_as is None else row.same_as
            outcome = self._outcomes.get(number, BatchRow(number=number, cells=row.cells))
            if row.same_as is not None:
                outcome = replace(
                    outcome, number=row.number, cells=row.cells, note=f"the same as row {number}"
                )
            found.append(outcome)
        return tuple(found)

    def _left(self) -> list[PlannedRun]:
        return [row for row in self._plan.runs if row.same_as is None and row.number not in self._outcomes]

    def _spread(
        self, work: Callable[[PlannedRun], None], rows: Iterable[PlannedRun], *, at_once: int
    ) -> None:
        # Threads, as each only waits for its kernel or a server, and handed out one by one, so that an interruption
        # leaves nothing in a queue.
        left = iter(rows)
        under_way: set[Future[None]] = set()
        with ThreadPoolExecutor(at_once, thread_name_prefix="fairlab-row") as pool:
            try:
                while True:
                    while len(under_way) < at_once and (row := next(left, None)) is not None:
                        under_way.add(pool.submit(work, row))
                    if not under_way:
                        return
                    done, under_way = wait(under_way, timeout=_GLANCE_S, return_when=FIRST_COMPLETED)
                    for future in done:
                        future.result()
                    self._telling.glance()
            except BaseException:  # passed on when nothing runs any more
                while under_way:
                    self._brake.pull()
                    _, under_way = wait(under_way, timeout=_GLANCE_S)
                raise

    def _look(self, earlier: Earlier, row: PlannedRun) -> None:
        found = earlier.find(row.settings, results=self._plan.results is not None)
        if found is None:
            return
        run, state = found
        self._keep(row, replace(_outcome(row, run), note=DONE if state == "same" else DONE_UNCHECKED))

    def _run(self, row: PlannedRun) -> None:
        if self._brake.pulled:
            return
        try:
            run, _ = carry_out(
                self._original,
                row.values,
                given=row.given,
                results=self._plan.results,
                brake=self._brake,
                started=lambda begun: self._telling.started(row.number, begun.output),
                table_row=row.number,
                beside={column: row.cells[column] for column in self._plan.kept},
                **self._how,
            )
            outcome = _outcome(row, run)
        except FairlabError as exc:  # of one row, such as a full disk; the others go on
            outcome = BatchRow(
                number=row.number, cells=row.cells, status="failed", error=f"{exc.kind}: {exc}"
            )
        self._keep(row, outcome)

    def _keep(self, row: PlannedRun, outcome: BatchRow) -> None:
        self._outcomes[row.number] = outcome
        self._telling.ended(outcome, row.cells[self._plan.image] if self._plan.image else "")


def _outcome(row: PlannedRun, run: Run) -> BatchRow:
    assert run.status != "running"  # it has ended
    return BatchRow(
        number=row.number,
        cells=row.cells,
        status=run.status,
        seconds=run.duration_s,
        failed_cell=run.failed_cell,
        error=run.error,
        output=run.output,
        results=run.results,
    )
