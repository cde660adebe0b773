"""Small pictures of records, made on threads when somebody looks: the repository's own, else the coarsest level's."""

from __future__ import annotations

import io
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from fairlab.errors import FairlabError, NotFoundError, SelectionError, UnexpectedAnswer
from fairlab.quantities import readable_bytes
from fairlab.widgets import canvas
from fairlab.widgets.painting import miniature
from fairlab.widgets.scene import scene_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from fairlab.record import Record

SIDE: Final = 160
"""Longer side of a small picture, px: sharp on screens of twice the density."""
_MAX_PIXELS: Final = 50_000_000
"""Pixels of a repository's picture that are decoded at most."""
_MAX_BYTES: Final = 64_000_000
"""Bytes of a plane that are read at most to draw one."""
_KEPT: Final = 400
_WORKERS: Final = 6


class Glimpse(NamedTuple):
    """A small picture, or why there is none."""

    picture: bytes = b""
    """PNG."""
    reason: str = ""
    """Why there is no picture."""


class Glimpses:
    """Small pictures by record; the newest are kept, and no more than six are made at a time.

    Parameters
    ----------
    tell : callable
        Called with a key and its glimpse, on a thread of its own, when one is there.
    make : callable
        Makes the picture of one record.
    """

    def __init__(
        self, tell: Callable[[str, Glimpse], None], *, make: Callable[[Record], bytes] | None = None
    ):
        self._tell, self._make = tell, make or glimpse
        self._kept: OrderedDict[str, Glimpse] = OrderedDict()
        self._under_way: set[str] = set()
        self._lock = threading.Lock()
        self._pool: ThreadPoolExecutor | None = None

    def ask(self, key: str, record: Record) -> None:
        """Tell the glimpse of a record: now where it is kept, else when it is made."""
        with self._lock:
            known = self._kept.get(record.id)
            if known is None and record.id in self._under_way:
                return
            if known is None:
                self._under_way.add(record.id)
        if known is not None:
            self._tell(key, known)
        else:
            self._workers().submit(self._work, key, record)

    def _workers(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="fairlab-glimpse")
            return self._pool

    def _work(self, key: str, record: Record) -> None:
        try:
            found = Glimpse(picture=self._make(record))
        except FairlabError as exc:
            found = Glimpse(reason=str(exc).splitlines()[0])
        except Exception as exc:  # one record of many: its row says what went wrong, the others go on
            found = Glimpse(reason=f"{type(exc).__name__}: {exc}")
        with self._lock:
            self._under_way.discard(record.id)
            self._kept[record.id] = found
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._tell(key, found)


def glimpse(record: Record) -> bytes:
    """A small picture of one record, as PNG.

    Raises
    ------
    FairlabError
        There is none, and none can be drawn.
    """
    try:
        return _reduced(record.thumbnail())
    except NotFoundError:
        if record.kind == "study" or (not record.url and record.layout is None):
            raise
    # A chunk that is not there is fill here as in the viewer, which says so; a small picture has no room for it.
    return miniature(_small_enough(_first_field(record.open(missing="fill"))), side=SIDE)


def _small_enough(tree: xr.DataTree) -> xr.DataTree:
    """The image, unless even the level that a small picture is drawn from is too much to read for one.

    Raises
    ------
    SelectionError
        kind ``"glimpse-size"``.
    """
    scene, _ = scene_of(tree)
    level = scene.levels[scene.level_from(SIDE)]
    planes = 1 if scene.layout.channel is None else level.sizes[scene.layout.channel]
    size = level.sizes[scene.layout.y] * level.sizes[scene.layout.x] * planes * level.dtype.itemsize
    if size > _MAX_BYTES:
        raise SelectionError(
            f"its coarsest level is {readable_bytes(size)}: too much for a small picture", kind="glimpse-size"
        )
    return tree


def _first_field(tree: xr.DataTree) -> xr.DataTree:
    """A plate by its first field; any other image as it is."""
    image = tree["scale0"]["image"] if "scale0" in tree.children else None
    if image is None or not {"row", "column", "field"} <= set(image.dims):
        return tree
    row, column, field = (int(axis[0]) for axis in np.nonzero(image.coords["present"].values))
    found: xr.DataTree = tree.map_over_datasets(
        lambda node: node.isel(row=row, column=column, field=field) if "row" in node.dims else node
    )
    return found


def _reduced(content: bytes) -> bytes:
    """A repository's picture in our size; what it holds besides pixels is left behind."""
    pillow = canvas.pillow()
    try:
        with pillow.open(io.BytesIO(content), formats=("PNG", "JPEG")) as opened:
            width, height = opened.size
            if width * height > _MAX_PIXELS:
                raise UnexpectedAnswer(
                    f"its picture has {width:,} × {height:,} pixels: too much for a small picture",
                    kind="answer-form",
                )
            opened.draft("RGB", (SIDE, SIDE))
            small = opened.convert("RGB")
    except (OSError, ValueError, SyntaxError) as exc:  # what Pillow raises on a damaged file
        raise UnexpectedAnswer(f"its picture is damaged: {exc}", kind="answer-form") from exc
    small.thumbnail((SIDE, SIDE))
    return canvas.png(small)
