"""Small pictures of a plate's fields, read in batches from the coarsest level, with one contrast for all."""

from __future__ import annotations

import contextlib
import io
import math
import threading
import time
from collections import OrderedDict, deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from fairlab.errors import SelectionError
from fairlab.glancing import glance, misplaced, prepare
from fairlab.levels import level_names, variable
from fairlab.widgets import canvas
from fairlab.widgets.beside import beside
from fairlab.widgets.compositing import auto_window, composite
from fairlab.widgets.painting import fitted
from fairlab.widgets.scene import scene_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    import xarray as xr

    from fairlab.widgets.layout import Layout
    from fairlab.widgets.state import ViewState

    Pixels = np.ndarray[Any, Any]

SIDE: Final = 112
"""Longer side of a small picture, px."""
_AT_ONCE: Final = 64
"""Fields read at once; the transport has as many connections."""
_BYTES_AT_ONCE: Final = 32_000_000
"""Pixels of fields in memory; of larger fields fewer are read at once."""
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
    absent: bool = False
    """Whether the field turned out not to have been imaged."""


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
        level = scene.levels[name]
        sizes = level.sizes[scene.layout.y], level.sizes[scene.layout.x]
        self.shape = fitted(sizes, aspect=scene.aspect(name), box=(SIDE, SIDE), whole=False)
        self._steps = tuple(max(1, size // (4 * SIDE)) for size in sizes)
        self._state: ViewState = scene.state(level=name, channels=channels, positions={})
        self._part = self._narrowed(scene.layout)
        planes = max(1, len(self._state.active))
        thinned = math.prod(-(-n // step) for n, step in zip(sizes, self._steps, strict=True))
        bytes_each = planes * thinned * level.dtype.itemsize
        self._at_once = int(min(_AT_ONCE, max(1, _BYTES_AT_ONCE // bytes_each)))
        self._kept: OrderedDict[Place, PlatePicture] = OrderedDict()
        self._wanted: deque[Place] = deque()
        self._under_way: set[Place] = set()
        self._unsure: dict[Place, None] = {}
        """Drawn as the first well's fields lie; their wells have not said where they have theirs."""
        self._asked: set[tuple[int, int]] = set()
        """Wells that have."""
        self._change = threading.Condition()
        self._working = False

    def _narrowed(self, layout: Layout) -> xr.Variable:
        """What is shown of all fields: the active channels, if there are any, and not more pixels than needed."""
        wanted: dict[str, Any] = {**self._state.at}
        wanted |= {layout.y: slice(None, None, self._steps[0]), layout.x: slice(None, None, self._steps[1])}
        order = ["row", "column", "field", layout.y, layout.x]
        if layout.channel is not None:
            channels = enumerate(self._state.channels)
            wanted[layout.channel] = np.array([number for number, one in channels if one.active], int)
            order.insert(3, layout.channel)
        return self._level.variable.isel(wanted).transpose(*order)

    @property
    def state(self) -> ViewState:
        """Channels with their windows, which are the same for all wells."""
        return self._state

    def want(self, places: Iterable[Place]) -> None:
        """Tell these pictures, the newest wish first; those that were wished before come after."""
        places = list(places)
        with self._change:
            # What failed is tried again: a server may have come back.
            ready = {place: self._kept[place] for place in places if self._is_there(place)}
            fresh = [place for place in places if place not in ready and place not in self._under_way]
            self._wanted = deque(dict.fromkeys([*fresh, *self._wanted]))
            start = bool(self._wanted) and not self._working
            self._working = self._working or start
        for place, picture in ready.items():
            self._tell(place, picture)
        if start:
            beside(self._work)

    def failures(self) -> dict[Place, str]:
        """Why fields could not be read that should be there, as far as they were asked for."""
        with self._change:
            return {p: one.note for p, one in self._kept.items() if not (one.jpeg or one.absent)}

    def get(self, places: Sequence[Place], *, seconds: float) -> dict[Place, PlatePicture]:
        """These pictures, or as many of them as come in time; the others are not read any more."""
        end = time.monotonic() + seconds
        with self._change:
            left = {place: None for place in places if not (self._is_there(place) or self._is_absent(place))}
        self.want(left)
        with self._change:
            self._change.wait_for(lambda: left.keys().isdisjoint(self._waited_for()), end - time.monotonic())
            self._wanted = deque(place for place in self._wanted if place not in left)
            return {place: self._kept[place] for place in places if place in self._kept}

    def _waited_for(self) -> set[Place]:
        return self._under_way.union(self._wanted, self._unsure)

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    def _work(self) -> None:
        while self._goes_on():
            if any(channel.window is None for channel in self._state.active):
                self._sample()
            for place, found in self._read(self._take):
                self._keep(place, self._picture(found))
            self._look_again()

    def _look_again(self) -> None:
        """Have those fields read again that their wells have elsewhere; pictures come first, and then this."""
        with self._change:
            drawn = list(self._unsure)
        wrong: set[int] = set()
        with contextlib.suppress(Exception):  # a server that is busy now: the pictures are still likely
            wrong = misplaced(map(self._variable, drawn))
        with self._change:
            self._unsure.clear()
            self._asked.update((place.row, place.column) for place in drawn)
            again = [drawn[number] for number in sorted(wrong)]
            for place in again:
                self._kept.pop(place, None)
            self._wanted.extend(place for place in again if place not in self._wanted)
            self._change.notify_all()

    def _goes_on(self) -> bool:
        with self._change:
            self._working = bool(self._wanted)
            return self._working

    def _take(self, most: int) -> list[Place]:
        """The fields to be read next."""
        with self._change:
            taken = [self._wanted.popleft() for _ in range(min(most, len(self._wanted)))]
            fresh = [place for place in taken if not self._is_there(place)]
            self._under_way.update(fresh)
            self._change.notify_all()
            return fresh

    def _is_there(self, place: Place) -> bool:
        return place in self._kept and bool(self._kept[place].jpeg)

    def _is_absent(self, place: Place) -> bool:
        return place in self._kept and self._kept[place].absent

    def _keep(self, place: Place, picture: PlatePicture) -> None:
        with self._change:
            self._under_way.discard(place)
            self._kept[place] = picture
            if picture.jpeg and (place.row, place.column) not in self._asked:
                self._unsure[place] = None
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
            self.present[place] &= not picture.absent
            self._change.notify_all()
        self._tell(place, picture)

    def _read(self, take: Callable[[int], list[Place]]) -> Iterator[tuple[Place, Pixels | Exception]]:
        """Pixels ``(channel, y, x)`` of field after field, each as soon as it is there, or what is wrong with it."""
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="fairlab-well") as pool:
            waiting: dict[Future[Pixels | Exception], Place] = {}
            while True:
                fields = {place: self._variable(place) for place in take(self._at_once - len(waiting))}
                with contextlib.suppress(Exception):  # each of these fields meets the same, and says so
                    prepare(fields.values())
                waiting |= {pool.submit(_tried, field): place for place, field in fields.items()}
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    yield waiting.pop(future), future.result()

    def _variable(self, place: Place) -> xr.Variable:
        """What is read of one field; of the variable alone, as coordinates would take longer than the request."""
        return self._part.isel(place._asdict())

    # ── drawing ──────────────────────────────────────────────────────────────────────────────────────

    def _picture(self, found: Pixels | Exception) -> PlatePicture:
        if not isinstance(found, Exception):
            try:
                return self._drawn(found)
            except Exception as exc:  # one field of many, as in reading
                found = exc
        absent = isinstance(found, SelectionError) and found.kind == "well-absent"
        return PlatePicture(note=f"{type(found).__name__}: {found}".splitlines()[0], absent=absent)

    def _drawn(self, found: Pixels) -> PlatePicture:
        self._fix_windows([found])
        pixels = canvas.resized(composite(list(found), self._state.active), *self.shape)
        file = io.BytesIO()
        canvas.image(pixels).save(file, "JPEG", quality=85)
        same = found.size > 0 and np.ptp(found) == 0
        return PlatePicture(file.getvalue(), "all pixels are the same: nothing was imaged?" if same else "")

    def _sample(self) -> None:
        """Take the windows that the plate does not state from fields all over it, of which pictures are kept."""
        with self._change:
            number = self._wanted[0].field if self._wanted else 0
        there = np.argwhere(self.present[..., number])
        chosen = there[np.linspace(0, len(there) - 1, min(_SAMPLED, len(there))).astype(int)]
        left = deque(Place(int(row), int(column), number) for row, column in chosen)
        found = dict(self._read(lambda most: [left.popleft() for _ in range(min(most, len(left)))]))
        self._fix_windows([pixels for pixels in found.values() if not isinstance(pixels, Exception)])
        for place, pixels in found.items():
            self._keep(place, self._picture(pixels))

    def _fix_windows(self, sample: Sequence[Pixels]) -> None:
        """Windows that are not known yet are those of this sample, for all fields; they then stay."""
        if sample and any(channel.window is None for channel in self._state.active):
            windows = {
                channel.name: auto_window(np.stack([pixels[number] for pixels in sample]))
                for number, channel in enumerate(self._state.active)
                if channel.window is None
            }
            self._state = self._state.with_windows(windows)


def _tried(field: xr.Variable) -> Pixels | Exception:
    try:
        pixels = glance(field)
        return pixels if field.ndim > 2 else pixels[None]
    except Exception as exc:  # one field of many: its well says what went wrong, the others go on
        return exc


def field_of(plate: xr.DataTree, place: Place) -> xr.DataTree:
    """One field, on every level and with its labels, lazily."""
    found: xr.DataTree = plate.map_over_datasets(
        lambda node: node.isel(place._asdict()) if {"row", "column", "field"} <= set(node.dims) else node
    )
    return found
