"""Write a small OME-Zarr into a folder and serve it until killed: ``python -m tests.serve_store FOLDER``."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from tests.servers import FaultServer
from tests.stores import write_store

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    write_store(folder / "a.zarr", labels=("cells",))
    with FaultServer(folder) as server:
        print(f"{server.url}/a.zarr", flush=True)
        signal.pause()
