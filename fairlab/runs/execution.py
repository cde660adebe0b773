"""The one door to papermill: run a prepared notebook file in a fresh kernel of this very Python."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import tempfile
import threading
import time
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import OutputError, missing_extra
from fairlab.options import cache_dir
from fairlab.runs.outcome import CellFailure, Stop, find_failure
from fairlab.session import FILE_VARIABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KERNEL_START_S = 60
_LATE_OUTPUTS_S = 60


class Brake:
    """Ends runs from another thread; an interruption by the user reaches the main thread only."""

    def __init__(self) -> None:
        self.pulled = False
        self._lock = threading.Lock()
        # Of thousands of runs, those that are over must not be held.
        self._kernels: weakref.WeakSet[Any] = weakref.WeakSet()

    def add(self, manager: Any) -> None:
        """What manages a kernel that this may have to end."""
        with self._lock:
            self._kernels.add(manager)

    def pull(self) -> None:
        """End every kernel that has a process by now; those that get one later, when this is called again."""
        self.pulled = True
        with self._lock:
            managers = list(self._kernels)
        for manager in managers:
            process = getattr(manager.provisioner, "process", None)
            if process is not None:
                with contextlib.suppress(OSError):  # it has ended by itself
                    process.kill()


def require_papermill() -> None:
    """Refuse early when the packages that run notebooks are not installed.

    Raises
    ------
    MissingExtraError
        Names the extra ``notebooks``.
    """
    try:
        import ipykernel  # noqa: F401
        import papermill  # noqa: F401
    except ImportError as exc:
        raise missing_extra("notebooks", "run a notebook", exc) from exc


def execute(
    file: Path,
    *,
    values: Mapping[str, Any],
    timeout_s: float | None,
    progress: str | None,
    openings: Path | None = None,
    brake: Brake | None = None,
) -> CellFailure | None:
    """Run a notebook file in place.

    Parameters
    ----------
    file : path
        Holds the notebook; afterwards it holds the notebook with its outputs, as far as it came.
    values : mapping
        Checked values, written into a cell after the ``parameters`` cell.
    timeout_s : float or None
        Seconds for all cells together.
    progress : str or None
        Name beside the progress bar on stderr; None for no bar.
    openings : path, optional
        File to which the kernel adds what it opens; see :mod:`fairlab.session`.
    brake : Brake, optional
        What can end the kernel from another thread; that is an interruption by the user.

    Returns
    -------
    CellFailure or None
        None when every cell ran. An interruption by the user is a failure of kind ``"interrupted"``.

    Raises
    ------
    OutputError
        kind ``"output-unwritable"``: the file cannot be written any more.
    """
    try:
        stop, reason = _run_papermill(file, values, timeout_s, progress, openings, brake)
        if brake is not None and brake.pulled and stop is not None:
            stop, reason = "interrupted", ""
        content = json.loads(file.read_bytes())
    except OSError as exc:
        raise OutputError(
            f"the notebook being run cannot be written to {file}: {exc.strerror or exc}",
            kind="output-unwritable",
            path=str(file),
        ) from exc
    return find_failure(content, stop=stop, reason=reason)


def _run_papermill(
    file: Path,
    values: Mapping[str, Any],
    timeout_s: float | None,
    progress: str | None,
    openings: Path | None,
    brake: Brake | None,
) -> tuple[Stop | None, str]:
    import papermill
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillExecutionError

    # papermill fills {…} in paths as a template: doubled braces come out as they were.
    path = str(file).replace("{", "{{").replace("}", "}}")
    try:
        with _quiet_log(), _tidy_thread():
            papermill.execute_notebook(
                path,
                path,
                parameters=dict(values),
                kernel_name="python3",
                language="python",
                progress_bar={"desc": progress} if progress else False,
                start_timeout=_KERNEL_START_S,
                **_kernel_options(timeout_s, openings, brake),
            )
    except PapermillExecutionError:
        return None, ""  # the notebook itself tells a failed cell from an error that was meant
    except CellTimeoutError:
        return "cell-timeout", f"the time limit of {timeout_s:g} s was over" if timeout_s else ""
    except DeadKernelError:
        return "kernel-died", ""
    except RuntimeError as exc:
        return "kernel-start", str(exc)
    except KeyboardInterrupt:
        return "interrupted", ""
    return None, ""


def _kernel_options(timeout_s: float | None, openings: Path | None, brake: Brake | None) -> dict[str, Any]:
    """What papermill hands through to nbclient."""
    options: dict[str, Any] = {
        "kernel_manager_class": _this_python({FILE_VARIABLE: str(openings)} if openings else {}, brake),
        "extra_arguments": ["--IPKernelApp.log_level=50"],
        "iopub_timeout": _LATE_OUTPUTS_S,
    }
    if timeout_s is not None:
        end = time.monotonic() + timeout_s
        # Zero would mean "no limit" there.
        options["timeout_func"] = lambda cell: max(end - time.monotonic(), 0.001)
    return options


def _profile_folder() -> Path:
    folder: Path = cache_dir() / "ipython"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:  # a read-only home: IPython would not start without a place of its own
        folder = Path(tempfile.mkdtemp(prefix="fairlab-ipython-"))
    return folder


def _this_python(variables: Mapping[str, str], brake: Brake | None) -> type:
    """A kernel manager that starts this interpreter, whatever kernels are registered on the machine."""
    from ipykernel.kernelspec import RESOURCES, get_kernel_dict
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    class ThisPython(AsyncKernelManager):
        def __init__(self, **options: Any):
            super().__init__(**options)
            # Other users of the machine can listen to plain loopback sockets; older Jupyter has no choice.
            if self.has_trait("transport_encryption"):
                self.transport_encryption = "auto"
            if brake is not None:
                brake.add(self)

        @property
        def kernel_spec(self) -> KernelSpec:
            # A run is the same for everybody: no personal profile, and none is left in the home folder.
            environment = {"IPYTHONDIR": str(_profile_folder()), **variables}
            return KernelSpec(resource_dir=RESOURCES, env=environment, **get_kernel_dict())

    return ThisPython


@contextlib.contextmanager
def _tidy_thread() -> Iterator[None]:
    """Close the event loop that papermill leaves behind in a thread that had none."""
    had_one = _thread_loop() is not None
    try:
        yield
    finally:
        loop = None if had_one else _thread_loop()
        if loop is not None:
            loop.close()
            asyncio.set_event_loop(None)


def _thread_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of a thread that is not the main one, where it has one."""
    if threading.current_thread() is threading.main_thread():
        return None
    with contextlib.suppress(RuntimeError):
        return asyncio.get_event_loop()
    return None


_quiet_lock = threading.Lock()
_quiet_depth = 0
_log_level = logging.NOTSET


@contextlib.contextmanager
def _quiet_log() -> Iterator[None]:
    # What papermill logs (unknown names, a dead kernel) is said by fairlab's own errors. Several runs may go on at
    # once: the first changes the level, and the last gives it back.
    global _quiet_depth, _log_level
    logger = logging.getLogger("papermill")
    with _quiet_lock:
        if not _quiet_depth:
            _log_level = logger.level
            logger.setLevel(logging.CRITICAL + 1)
        _quiet_depth += 1
    try:
        yield
    finally:
        with _quiet_lock:
            _quiet_depth -= 1
            if not _quiet_depth:
                logger.setLevel(_log_level)
