"""Raw tiles of a plane, served to the browser while the kernel's own cell may be running.

One message of the front-end lists all it misses, the most wanted first, and replaces the list before it.
A thread of its own reads them, many tiles in one read, and sends each read as it ends; between two reads it
looks at the newest list, so what nobody waits for any more is never read.
"""

from __future__ import annotations

import sys
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fairlab.errors import QueryError, Unavailable
from fairlab.widgets.layout import plane_dims
from fairlab.widgets.reading import place_of
from fairlab.widgets.state import same_place
from fairlab.widgets.wire import encoded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import xarray as xr
    from numpy.typing import NDArray

    from fairlab.widgets.scene import Scene
    from fairlab.widgets.state import ViewState

    Send = Callable[[list[dict[str, Any]], list[bytes]], None]

SIDE = 256
"""Rows and columns of a tile."""
_MOST_AT_ONCE = 24
"""Tiles of one channel in one read: about what a screen shows, so that a view is one trip to the store."""
_CACHE_BYTES = 64 * 1024 * 1024
_READING = threading.Semaphore(4)
"""All viewers of a notebook together read at most so many things at a time."""


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Tiles of one level and plane, read together."""

    source: str
    """Name of a label image; empty for the image itself."""
    level: int
    """Number of the level, finest 0."""
    planes: tuple[int, ...]
    """Plane of each dimension to move along, counted at full resolution."""
    channels: tuple[int, ...]
    """Numbers of the channels; ``(0,)`` where there is no channel axis."""
    rows: range
    """Numbers of the rows of tiles."""
    columns: range
    """Numbers of the columns of tiles."""

    def tiles(self) -> Iterator[Wanted]:
        """The same, one tile of one channel each."""
        for row in self.rows:
            for column in self.columns:
                for channel in self.channels:
                    yield Wanted(
                        source=self.source, level=self.level, planes=self.planes, channels=(channel,),
                        rows=range(row, row + 1), columns=range(column, column + 1),
                    )  # fmt: skip

    def meta(self) -> dict[str, Any]:
        """Which tile it is, for the browser."""
        return {
            "source": self.source, "level": self.level, "planes": list(self.planes), "channel": self.channels[0],
            "row": self.rows.start, "column": self.columns.start,
        }  # fmt: skip


class _Cache:
    """Encoded tiles of all viewers, the least used dropped first."""

    def __init__(self, most_bytes: int):
        self._most, self._held, self._lock = most_bytes, 0, threading.Lock()
        self._tiles: OrderedDict[Any, tuple[dict[str, Any], bytes]] = OrderedDict()

    def get(self, key: Any) -> tuple[dict[str, Any], bytes] | None:
        with self._lock:
            found = self._tiles.get(key)
            if found:
                self._tiles.move_to_end(key)
            return found

    def put(self, key: Any, form: dict[str, Any], content: bytes) -> None:
        with self._lock:
            if key not in self._tiles:
                self._tiles[key] = form, content
                self._held += len(content)
            while self._held > self._most:
                self._held -= len(self._tiles.popitem(last=False)[1][1])


_CACHE = _Cache(_CACHE_BYTES)


class TileServer:
    """Serves the tiles of one scene.

    Parameters
    ----------
    scene : Scene
        What is looked at.
    state : ViewState
        Any state of it at full resolution; only its dimensions matter.
    send : callable
        Takes a list of facts and a list of contents, one for each tile that was read; it is called from
        another thread.
    failed : callable
        Takes what could not be read, for Python to know.
    """

    def __init__(self, scene: Scene, state: ViewState, send: Send, failed: Callable[[Exception], None]):
        self._scene, self._state, self._send, self._failed = scene, state, send, failed
        self._lock = threading.Lock()
        self._queue: list[Wanted] = []
        self._is_serving = False
        self._own = object()  # and no number of this server, which the next may have once this one is gone

    def ask(self, wanted: Sequence[Mapping[str, Any]]) -> None:
        """Replace what is still to be served, and return at once.

        Parameters
        ----------
        wanted : sequence of mapping
            Groups with ``source``, ``level``, ``planes``, ``channels`` and ``tiles`` (pairs of row and
            column), the most wanted first.

        Raises
        ------
        QueryError
            kind ``"tiles"``: not of that form, or no such level, plane, channel or tile.
        """
        queue = [part for group in wanted for part in self._parts(group)]
        with self._lock:
            self._queue = queue
            if self._is_serving or not queue:
                return
            self._is_serving = True
        if sys.platform == "emscripten":  # JupyterLite has no threads
            self._serve()
        else:
            threading.Thread(target=self._serve, name="fairlab-tiles", daemon=True).start()

    def _serve(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._is_serving = False
                    return
                part = self._queue.pop(0)
            with _READING:
                self._answer(part)

    def _answer(self, part: Wanted) -> None:
        """Send one part; where it cannot be read, each of its tiles that can be, and why the others cannot."""
        tiles = list(part.tiles())
        known = [_CACHE.get((self._own, tile)) for tile in tiles]
        if all(known):
            found = [one for one in known if one]
            self._send([form for form, _ in found], [content for _, content in found])
            return
        try:
            read = self.read(part)
        except Exception as exc:  # whatever a foreign array raises when it is read: the tile says it
            self._failed(exc)
            is_gone = isinstance(exc, Unavailable) or isinstance(exc.__cause__, Unavailable)
            if len(tiles) > 1 and not is_gone:
                for tile in tiles:
                    self._answer(tile)
            else:
                reason = f"{type(exc).__name__}: {exc}"
                self._send([{**tile.meta(), "error": reason} for tile in tiles], [b""] * len(tiles))
            return
        forms, contents = [], []
        for tile, values in read:
            code, content = encoded(values)
            form = {**tile.meta(), "type": code, "height": values.shape[0], "width": values.shape[1]}
            _CACHE.put((self._own, tile), form, content)
            forms.append(form)
            contents.append(content)
        self._send(forms, contents)

    def read(self, part: Wanted) -> list[tuple[Wanted, NDArray[np.generic]]]:
        """The values of every tile of a part, in one read."""
        image, wanted = self._array(part), self._places(part)
        layout = self._scene.layout
        y, x = plane_dims(image)
        if wanted is None:  # no labels at this plane
            shape = image.sizes[y], image.sizes[x]
            values = np.broadcast_to(np.zeros((), np.uint8), (1, *shape))[
                :, _span(part.rows), _span(part.columns)
            ]
        else:
            selection: dict[str, Any] = {**wanted, y: _span(part.rows), x: _span(part.columns)}
            order = [y, x]
            if layout.channel is not None and not part.source:
                selection[layout.channel] = list(part.channels)
                order = [layout.channel, y, x]
            taken = image.isel(selection)
            values = taken.values.transpose([taken.dims.index(dim) for dim in order])
            values = values if len(order) == 3 else values[None]
        channels = {number: place for place, number in enumerate(part.channels)}
        return [
            (
                tile,
                values[
                    channels[tile.channels[0]],
                    _span(tile.rows, part.rows.start),
                    _span(tile.columns, part.columns.start),
                ],
            )
            for tile in part.tiles()
        ]

    def values(self, asked: Mapping[str, Any]) -> list[str]:
        """The values of all channels at one sample of a level, as text, exact."""
        group = {**asked, "source": "", "channels": range(max(1, len(self._state.channels)))}
        row, column = int(asked["row"]), int(asked["column"])
        (part,) = self._parts({**group, "tiles": [(row // SIDE, column // SIDE)]})
        image, layout = self._array(part), self._scene.layout
        at = {**(self._places(part) or {}), layout.y: row, layout.x: column}
        return [str(value) for value in np.atleast_1d(image.isel(at).values)]

    def _array(self, part: Wanted) -> xr.DataArray:
        levels = self._scene.labels[part.source] if part.source else self._scene.levels
        return list(levels.values())[part.level]

    def _places(self, part: Wanted) -> dict[str, int] | None:
        dimensions = self._state.dimensions
        if part.source:
            at = {d.name: place for d, place in zip(dimensions, part.planes, strict=True)}
            return place_of(self._scene, self._state.moved(**at), self._array(part))
        sizes = self._array(part).sizes
        return {
            d.name: same_place(place, d.size, sizes[d.name])
            for d, place in zip(dimensions, part.planes, strict=True)
        }

    def _parts(self, group: Mapping[str, Any]) -> Iterator[Wanted]:
        """What a group asks for, as rectangles of tiles that are read at once."""
        try:
            source, level = str(group["source"]), int(group["level"])
            planes = tuple(int(place) for place in group["planes"])
            channels = tuple(dict.fromkeys(int(number) for number in group["channels"]))
            tiles = {(int(row), int(column)) for row, column in group["tiles"]}
            first = Wanted(
                source=source, level=level, planes=planes, channels=channels, rows=range(1), columns=range(1)
            )
            self._check(first, tiles)
        except (LookupError, TypeError, ValueError) as exc:
            raise QueryError(
                f"the front-end asked for tiles that this image does not have ({exc!r})", kind="tiles"
            ) from exc
        for rows, columns in rectangles(tiles):
            yield Wanted(
                source=source, level=level, planes=planes, channels=channels, rows=rows, columns=columns
            )

    def _check(self, wanted: Wanted, tiles: set[tuple[int, int]]) -> None:
        image = self._array(wanted)
        y, x = plane_dims(image)
        dimensions = self._state.dimensions
        rows, columns = -(-image.sizes[y] // SIDE), -(-image.sizes[x] // SIDE)
        number = max(1, len(self._state.channels))
        is_there = (
            wanted.level >= 0
            and len(wanted.planes) == len(dimensions)
            and all(0 <= place < d.size for place, d in zip(wanted.planes, dimensions, strict=True))
            and wanted.channels
            and all(0 <= channel < number for channel in wanted.channels)
            and all(0 <= row < rows and 0 <= column < columns for row, column in tiles)
        )
        if not is_there:
            raise ValueError(f"{wanted}, {sorted(tiles)[:4]}")


def _span(tiles: range, first: int = 0) -> slice:
    return slice((tiles.start - first) * SIDE, (tiles.stop - first) * SIDE)


def rectangles(tiles: set[tuple[int, int]]) -> list[tuple[range, range]]:
    """Pairs of row and column as rectangles without gaps, each of at most a screen's worth of tiles.

    Examples
    --------
    >>> rectangles({(0, 0), (0, 1), (1, 0), (1, 1), (2, 1)})
    [(range(0, 2), range(0, 2)), (range(2, 3), range(1, 2))]
    """
    runs: list[tuple[range, range]] = []
    for row, column in sorted(tiles):
        if runs and runs[-1][0].start == row and runs[-1][1].stop == column:
            runs[-1] = runs[-1][0], range(runs[-1][1].start, column + 1)
        else:
            runs.append((range(row, row + 1), range(column, column + 1)))
    made: list[tuple[range, range]] = []
    for rows, columns in runs:
        above = made[-1] if made else None
        room = above and (len(above[0]) + 1) * len(columns) <= _MOST_AT_ONCE
        if above and room and above[1] == columns and above[0].stop == rows.start:
            made[-1] = range(above[0].start, rows.stop), columns
        else:
            made.append((rows, columns))
    return made
