"""Small pictures of a plate's fields, read in batches from the coarsest level, with one contrast for all."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import xarray as xr

from fairlab.errors import SelectionError
from fairlab.levels import level_names, variable
from fairlab.widgets import canvas
from fairlab.widgets.beside import beside
from fairlab.widgets.compositing import auto_window, composite
from fairlab.widgets.painting import fitted
from fairlab.widgets.scene import scene_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from fairlab.widgets.state import ViewState

SIDE: Final = 112
"""Longer side of a small picture, px."""
_BATCH: Final = 32
_BATCH_BYTES: Final = 32_000_000
"""Pixels of one batch in memory; fields larger than this are read one by one."""
_KEPT: Final = 4096
_SAMPLED: Final = 8


class Place(NamedTuple):
    """One field of one well, by position."""

    row: int
    column: int
    field: int


@dataclass(frozen=True)
class PlatePicture:
    """The small picture of one field."""

    jpeg: bytes = b""
    """The picture."""
    note: str = ""
    """Why there is none, or what is odd about it."""


def is_plate(obj: object) -> bool:
    """Whether an object is what :func:`fairlab.open_plate` gives."""
    if not isinstance(obj, xr.DataTree) or "scale0" not in obj.children:
        return False
    return {"row", "column", "field"} <= set(obj["scale0"].to_dataset().dims)


class PlatePictures:
    """Small pictures of one plate.

    Parameters
    ----------
    plate : DataTree
        From :func:`fairlab.open_plate`.
    tell : callable
        Called with a place and its picture when it is there, on a thread of its own.
    channels : optional
        As :func:`fairlab.view` takes them.
    """

    def __init__(
        self, plate: xr.DataTree, tell: Callable[[Place, PlatePicture], None], *, channels: Any = None
    ):
        self._tell = tell
        self.image = variable(plate["scale0"].to_dataset())
        self.present = self.image.coords["present"].values.astype(bool)
        if not self.present.any():
            raise SelectionError(
                "no field of this plate is there, so that there is nothing to show", kind="empty"
            )
        first = Place(*(int(axis[0]) for axis in np.nonzero(self.present)))
        scene, _ = scene_of(field_of(plate, first))
        name = scene.level_from(SIDE)
        self._level = variable(plate[level_names(plate)[list(scene.levels).index(name)]].to_dataset())
        self._layout = scene.layout
        level = scene.levels[name]
        sizes = level.sizes[scene.layout.y], level.sizes[scene.layout.x]
        self.shape = fitted(sizes, aspect=scene.aspect(name), box=(SIDE, SIDE), whole=False)
        self._steps = tuple(max(1, size // (4 * SIDE)) for size in sizes)
        self._state: ViewState = scene.state(level=name, channels=channels, positions={})
        bytes_each = max(1, len(self._state.active)) * sizes[0] * sizes[1] * level.dtype.itemsize
        self._batch = int(min(_BATCH, max(1, _BATCH_BYTES // bytes_each)))
        self._kept: OrderedDict[Place, PlatePicture] = OrderedDict()
        self._wanted: deque[Place] = deque()
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._working = False

    @property
    def state(self) -> ViewState:
        """Channels with their windows, which are the same for all wells."""
        return self._state

    def want(self, places: Iterable[Place]) -> None:
        """Tell these pictures, the newest wish first; those that were wished before come after."""
        places = list(places)
        with self._lock:
            ready = {place: self._kept[place] for place in places if place in self._kept}
            fresh = [place for place in places if place not in ready]
            self._wanted = deque(dict.fromkeys([*fresh, *self._wanted]))
            start = bool(self._wanted) and not self._working
            self._working = self._working or start
        for place, picture in ready.items():
            self._tell(place, picture)
        if start:
            beside(self._work)

    def get(
        self, places: Sequence[Place], *, until: Callable[[], bool] = lambda: False
    ) -> dict[Place, PlatePicture]:
        """These pictures, read now, batch by batch, until all are there or ``until`` says enough."""
        for start in range(0, len(places), self._batch):
            self._read([place for place in places[start : start + self._batch] if place not in self._kept])
            if until():
                break
        with self._lock:
            return {place: self._kept[place] for place in places if place in self._kept}

    def _work(self) -> None:
        while True:
            with self._lock:
                batch = [self._wanted.popleft() for _ in range(min(self._batch, len(self._wanted)))]
                if not batch:
                    self._working = False
                    return
            self._read([place for place in batch if place not in self._kept])
            with self._lock:
                found = [(place, self._kept[place]) for place in batch if place in self._kept]
            for place, picture in found:
                self._tell(place, picture)

    def _read(self, places: Sequence[Place]) -> None:
        """Read places together; where one of them fails, one by one, so that each says what is wrong with it."""
        if not places:
            return
        with self._reading:
            try:
                found = self._drawn(places)
            except Exception as exc:  # a chunk, a server, a field of another shape: the other wells go on
                if len(places) == 1:
                    found = {places[0]: PlatePicture(note=f"{type(exc).__name__}: {exc}".splitlines()[0])}
                else:
                    found = {}
        if not found:
            for place in places:
                self._read([place])
            return
        with self._lock:
            self._kept.update(found)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)

    def _drawn(self, places: Sequence[Place]) -> dict[Place, PlatePicture]:
        if any(channel.window is None for channel in self._state.active):
            self._fix_windows()
        found = {}
        for place, planes in zip(places, self._pixels(places), strict=True):
            pixels = canvas.resized(composite(list(planes), self._state.active), *self.shape)
            file = io.BytesIO()
            canvas.image(pixels).save(file, "JPEG", quality=85)
            note = (
                ""
                if planes.size == 0 or np.ptp(planes) > 0
                else "all pixels are the same: nothing was imaged?"
            )
            found[place] = PlatePicture(file.getvalue(), note)
        return found

    def _fix_windows(self) -> None:
        """Take the windows that the plate does not state from wells all over it; they then stay."""
        there = np.argwhere(self.present)
        spread = there[np.linspace(0, len(there) - 1, min(_SAMPLED, self._batch, len(there))).astype(int)]
        sample = self._sample([Place(*map(int, place)) for place in spread])
        windows = {
            channel.name: auto_window(sample[:, number])
            for number, channel in enumerate(self._state.active)
            if channel.window is None
        }
        self._state = self._state.with_windows(windows)

    def _sample(self, places: Sequence[Place]) -> np.ndarray[Any, Any]:
        """The pixels of those places that can be read."""
        failure: Exception | None = None
        found = []
        for place in places:
            try:
                found.append(self._pixels([place]))
            except Exception as exc:  # whatever it is, its own well will say so
                failure = exc
        if failure is not None and not found:
            raise failure
        return np.concatenate(found)

    def _pixels(self, places: Sequence[Place]) -> np.ndarray[Any, Any]:
        """``(place, channel, y, x)`` of active channels; only these fields are read."""
        layout = self._layout
        wells = {
            name: xr.DataArray([getattr(place, name) for place in places], dims="place")
            for name in ("row", "column", "field")
        }
        wanted: dict[str, Any] = {**wells, **self._state.at}
        wanted |= {layout.y: slice(None, None, self._steps[0]), layout.x: slice(None, None, self._steps[1])}
        active = [number for number, channel in enumerate(self._state.channels) if channel.active]
        order = ["place", layout.y, layout.x]
        if layout.channel is not None:
            wanted[layout.channel] = active
            order.insert(1, layout.channel)
        values = self._level.isel(wanted).transpose(*order).values
        return values if layout.channel is not None else values[:, None]


def field_of(plate: xr.DataTree, place: Place) -> xr.DataTree:
    """One field, on every level and with its labels, lazily."""
    found: xr.DataTree = plate.map_over_datasets(
        lambda node: node.isel(place._asdict()) if {"row", "column", "field"} <= set(node.dims) else node
    )
    return found
