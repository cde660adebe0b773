"""The machine that runs a notebook: versions that matter, and whether a process is still there."""

from __future__ import annotations

import importlib.metadata
import platform
import socket
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

_PACKAGES = (
    "fairlab",
    "numpy",
    "xarray",
    "zarr",
    "numcodecs",
    "dask",
    "scikit-image",
    "ome-zarr",
    "papermill",
)


def process_has_ended(place: tuple[str, int], *, started: datetime) -> bool:
    """Whether the process of a run, given by machine and number, is surely gone."""
    host, pid = place
    if host != socket.gethostname():
        return False
    try:
        import psutil
    except ImportError:  # comes with the notebooks extra
        return False
    try:
        process = psutil.Process(pid)
        # A restarted container gives the same numbers to new processes.
        reused = process.create_time() > started.timestamp() + 1
        return bool(reused or process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
    except psutil.AccessDenied:
        return False


def versions() -> dict[str, str]:
    """Of Python and of the packages that are installed."""
    found = {"python": platform.python_version(), "platform": sys.platform}
    for name in _PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
