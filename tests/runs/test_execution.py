from __future__ import annotations

import logging
import weakref

from fairlab.runs.execution import Brake, _quiet_log


class Process:
    def __init__(self) -> None:
        self.killed = 0

    def kill(self) -> None:
        self.killed += 1
        if self.killed > 1:
            raise ProcessLookupError


class Manager:
    """What a brake needs to know of a kernel's manager."""

    def __init__(self, process: Process | None):
        self.process = process
        self.provisioner = self if process else None


def test_a_brake_ends_every_kernel_that_has_a_process() -> None:
    brake, late, process = Brake(), Manager(None), Process()
    running = Manager(process)
    brake.add(running)
    brake.add(late)
    brake.pull()
    assert brake.pulled and process.killed == 1
    late.process = Process()
    late.provisioner = late
    brake.pull()
    assert late.process.killed == 1


def test_a_brake_holds_no_kernel_that_is_over() -> None:
    brake, manager = Brake(), Manager(None)
    brake.add(manager)
    known = weakref.ref(manager)
    del manager
    assert known() is None
    brake.pull()


def test_the_log_of_papermill_is_given_back_when_the_last_of_several_runs_ends() -> None:
    logger = logging.getLogger("papermill")
    before = logger.level
    first, second = _quiet_log(), _quiet_log()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert not logger.isEnabledFor(logging.CRITICAL)
    second.__exit__(None, None, None)
    assert logger.level == before
