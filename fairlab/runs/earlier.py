"""Was this run before? The same notebook and parameters, over inputs whose metadata are what they were."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final, Literal
from urllib.parse import urlsplit

from fairlab import session
from fairlab.errors import FairlabError, Unavailable
from fairlab.net.documents import Documents
from fairlab.net.image_group import read_attributes
from fairlab.net.store import open_store
from fairlab.ngff import group
from fairlab.repositories import base
from fairlab.runs.record import settings_of
from fairlab.runs.recording import read

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.record import Record
    from fairlab.runs.notebook import Notebook
    from fairlab.runs.record import Run
    from fairlab.session import Opening

State = Literal["same", "changed", "unknown"]
_NAME: Final = re.compile(r"(?P<started>\d{8}T\d{6}Z)-(?P<settings>[0-9a-f]{8})(-(?P<number>\d+))?\.json")


class Earlier:
    """The whole runs of a notebook, this very file, in a folder of runs.

    Parameters
    ----------
    notebook : Notebook
        What is to be run.
    out_dir : path
        Folder of runs.
    """

    def __init__(self, notebook: Notebook, out_dir: Path):
        self._sha256 = notebook.sha256
        self._silent: set[str] = set()
        self._lock = threading.Lock()
        self._records: dict[str, list[Path]] = {}
        folder = out_dir.absolute() / notebook.path.stem
        named = [(name, path) for path in folder.glob("*.json") if (name := _NAME.fullmatch(path.name))]
        # The newest come last; those that began in one second are numbered.
        for name, path in sorted(named, key=lambda one: (one[0]["started"], int(one[0]["number"] or 1))):
            self._records.setdefault(name["settings"], []).append(path)

    def find(self, settings: str, *, results: bool = False) -> tuple[Run, State] | None:
        """The newest whole run with these parameters, unless its inputs have changed since.

        Parameters
        ----------
        settings : str
            :attr:`Run.settings <fairlab.runs.Run.settings>` of the parameters.
        results : bool
            It must have been given a file for its table, and what it wrote there must be there.

        Returns
        -------
        Run and state, or None
            The state is ``"unknown"`` where an input could not be looked at: it is not known to have changed.
        """
        for path in reversed(self._records.get(settings[:8], ())):
            run = self._whole(path, settings, results=results)
            if run is not None:
                states = {self._state(opening) for opening in run.inputs}
                if "changed" in states:
                    return None
                return run, "unknown" if "unknown" in states else "same"
        return None

    def _whole(self, path: Path, settings: str, *, results: bool) -> Run | None:
        try:
            run = read(path)
        except (OSError, ValueError):  # damaged: whoever lists the runs is told
            return None
        if (
            run is None
            or run.status != "ok"
            or (run.notebook_sha256, run.settings) != (self._sha256, settings)
        ):
            return None
        if results and settings_of(run.parameters) == run.settings:
            return None  # it was given no file for its table
        kept = [run.output, *([run.results] if results and run.results else [])]
        return run if all(file.is_file() for file in kept) else None

    def _state(self, opening: Opening) -> State:
        if opening.metadata_sha256 is None:
            return "unknown"
        host = urlsplit(opening.record.url or "").netloc
        if host and host in self._silent:
            return "unknown"
        try:
            now = _checksum(opening.record)
        except Unavailable:
            with self._lock:
                self._silent.add(host)  # each of many inputs would wait as long for it
            return "unknown"
        except FairlabError:  # gone, or no longer to be read: the earlier run is what there is
            return "unknown"
        if now is None:
            return "unknown"
        return "same" if now == opening.metadata_sha256 else "changed"


def _checksum(record: Record) -> str | None:
    """That of the metadata of an input as they are now, as :mod:`fairlab.session` notes it; None: it has no place."""
    place = base.locate(record)
    if place is None:
        return None
    found = Documents(open_store(place))
    attributes, _ = read_attributes(found, "", beside=())
    if group.kind_of(attributes) == "bioformats2raw":  # the image in it is the end of its name
        attributes, _ = read_attributes(found, record.id.rpartition("/")[2], beside=())
    return session.checksum(attributes)
