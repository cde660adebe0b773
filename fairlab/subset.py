"""Which part of a stored array a lazy array stands for, after any number of selections and transposes.

xarray's own lazy keys become one index for every pixel as soon as an image is transposed, or selected
pointwise and then once more; for three wells of a plate that is gigabytes of indexes. Here axes that are
selected by themselves stay apart from axes that are selected together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

Key = int | slice | np.ndarray
"""One entry of an index."""


@dataclass(frozen=True)
class Subset:
    """Part of an array; small, however many pixels it holds.

    Examples
    --------
    >>> part = Subset.whole((2, 40, 60)).outer((1, slice(0, 20), slice(None, None, -2)))
    >>> part.shape, part.transpose((1, 0)).shape
    ((20, 30), (30, 20))
    """

    axes: tuple[int | range | NDArray[Any], ...]
    """What is kept of each stored axis: a position (the axis is gone), positions of its own, or, for an
    axis that is selected together with others, an array that broadcasts to ``together``."""
    joint: frozenset[int]
    """Stored axes that are selected together, point by point."""
    together: tuple[int, ...]
    """Shape of the points; ``()`` when there are none."""
    order: tuple[int, ...]
    """Axes of the result: the number of a stored axis, or ``~n`` for axis ``n`` of the points."""

    @classmethod
    def whole(cls, shape: Sequence[int]) -> Subset:
        """All of an array."""
        return cls(tuple(range(n) for n in shape), frozenset(), (), tuple(range(len(shape))))

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the result."""
        return tuple(self._length(axis) for axis in self.order)

    def _length(self, axis: int) -> int:
        return self.together[~axis] if axis < 0 else len(self.axes[axis])  # type: ignore[arg-type]  # never an int

    def transpose(self, order: Sequence[int]) -> Subset:
        """The same pixels with their axes in another order."""
        return Subset(self.axes, self.joint, self.together, tuple(self.order[n] for n in order))

    def outer(self, key: Sequence[Key]) -> Subset:
        """A selection of each axis by itself; integers drop their axis.

        Raises
        ------
        IndexError
            A position lies outside.
        """
        keys = dict(zip(self.order, key, strict=True))
        of_points = [keys[~n] for n in range(len(self.together))]
        axes = [
            self._points(axis, of_points) if axis in self.joint else _select(kept, keys.get(axis))
            for axis, kept in enumerate(self.axes)
        ]
        together = _each(np.broadcast_to(0, self.together), of_points).shape
        left = [~n for n, k in enumerate(of_points) if not _is_int(k)]
        order = [~left.index(a) if a < 0 else a for a in self.order if not _is_int(keys[a])]
        return Subset(tuple(axes), self.joint if together else frozenset(), together, tuple(order))

    def _points(self, axis: int, keys: Sequence[Key]) -> int | NDArray[Any]:
        points = _each(np.broadcast_to(np.asarray(self.axes[axis]), self.together), keys)
        return points if points.ndim else int(points)

    def vectorized(self, key: Sequence[slice | NDArray[Any]]) -> Subset:
        """A selection of several axes together; sliced axes come last, as in xarray's ``vindex``."""
        keys = dict(zip(self.order, key, strict=True))
        points = np.broadcast_shapes(*(k.shape for k in key if isinstance(k, np.ndarray)))
        left = {n: part for n in range(len(self.together)) if isinstance(part := keys[~n], slice)}
        together = (*points, *(len(range(self.together[n])[k]) for n, k in left.items()))
        axes: list[int | range | NDArray[Any]] = []
        joint = set(self.joint)
        for axis, kept in enumerate(self.axes):
            k = keys.get(axis)
            if axis in self.joint:
                axes.append(self._regrouped(axis, keys, list(left), len(points)))
            elif isinstance(k, np.ndarray):
                joint.add(axis)
                axes.append(np.asarray(kept)[k].reshape(*k.shape, *(1 for _ in left)))
            else:
                axes.append(_select(kept, k))
        sliced = [a for a in self.order if isinstance(keys[a], slice)]
        order = (
            *(~n for n in range(len(points))),
            *(~(len(points) + list(left).index(~a)) if a < 0 else a for a in sliced),
        )
        return Subset(tuple(axes), frozenset(joint), together, order)._separated()

    def _regrouped(self, axis: int, keys: dict[int, Any], left: list[int], rank: int) -> NDArray[Any]:
        """Points of an axis after some of the points' own axes were selected together again."""
        kept = np.broadcast_to(np.asarray(self.axes[axis]), self.together)
        chosen = [n for n in range(len(self.together)) if n not in left]
        kept = kept.transpose(*chosen, *left)[tuple(keys[~n] for n in chosen)] if chosen else kept
        kept = kept if chosen else kept.reshape((1,) * rank + kept.shape)
        return kept[(slice(None),) * rank + tuple(keys[~n] for n in left)]

    def _separated(self) -> Subset:
        """Axes that turn out to vary alone along an axis of the points become independent again."""
        for n, _ in enumerate(self.together):
            varying = [a for a in self.joint if self.axes[a].shape[n] != 1]  # type: ignore[union-attr]  # joint: arrays
            if len(varying) == 1 and self.axes[varying[0]].size == self.together[n]:  # type: ignore[union-attr]
                return self._without(n, varying[0])._separated()
        return self

    def _without(self, n: int, alone: int) -> Subset:
        joint = self.joint - {alone}
        axes = [
            np.ravel(kept) if a == alone else np.squeeze(np.asarray(kept), n) if a in joint else kept
            for a, kept in enumerate(self.axes)
        ]
        renamed = {~m: ~(m - (m > n)) for m in range(len(self.together))} | {~n: alone}
        together = self.together[:n] + self.together[n + 1 :]
        if not together:
            axes = [int(np.asarray(kept)) if a in joint else kept for a, kept in enumerate(axes)]
            joint = frozenset()
        return Subset(tuple(axes), joint, together, tuple(renamed.get(a, a) for a in self.order))

    # ── for those who read ──────────────────────────────────────────────────────────────────────────

    @property
    def outer_key(self) -> tuple[int | slice | NDArray[Any], ...] | None:
        """Stored positions, one entry for each axis, slices forward; None when axes are selected together."""
        return None if self.joint else tuple(_forward(kept) for kept in self.axes)

    @property
    def points_key(self) -> tuple[NDArray[Any], ...]:
        """Stored positions as arrays that broadcast: the points' axes first, then the independent ones."""
        alone = self._alone
        rank = len(self.together)
        key, first = [], min(self.joint, default=-1)
        for axis, kept in enumerate(self.axes):
            shape = [1] * (rank + len(alone))
            if axis in self.joint:
                # One of them holds every point, also where all of them stand still along an axis of the points.
                points = np.broadcast_to(np.asarray(kept), self.together) if axis == first else kept
                key.append(np.reshape(points, (*np.shape(points), *(1 for _ in alone))))
                continue
            if axis in alone:
                shape[rank + alone.index(axis)] = -1
            key.append(np.asarray(kept, dtype=np.intp).reshape(shape))
        return tuple(key)

    def arranged(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """What was read by ``outer_key`` or ``points_key``, as the result: turned and transposed."""
        alone = self._alone
        if not self.joint:
            pixels = pixels[tuple(_direction(self.axes[axis]) for axis in alone)]
            if self.together:  # the points were all one position along these axes: it was read once
                pixels = np.array(np.broadcast_to(pixels, self.together + pixels.shape))
        read = [*(~n for n in range(len(self.together))), *alone]
        return pixels.transpose([read.index(axis) for axis in self.order])

    @property
    def _alone(self) -> list[int]:
        return [a for a, kept in enumerate(self.axes) if a not in self.joint and not isinstance(kept, int)]

    @property
    def size(self) -> int:
        """Number of pixels."""
        return math.prod(self.shape)


def _is_int(key: object) -> bool:
    return isinstance(key, int | np.integer)


def _select(kept: int | range | NDArray[Any], key: Key | None) -> int | range | NDArray[Any]:
    if isinstance(kept, int) or key is None:
        return kept
    if isinstance(key, np.ndarray):
        return np.asarray(kept)[key]
    part = kept[key]
    return part if isinstance(part, range | np.ndarray) else int(part)


def _each(array: NDArray[Any], keys: Sequence[Key]) -> NDArray[Any]:
    for n in reversed(range(len(keys))):  # from behind: an integer drops its axis
        array = np.asarray(array[(slice(None),) * n + (keys[n],)])
    return array


def _forward(kept: int | range | NDArray[Any]) -> int | slice | NDArray[Any]:
    if not isinstance(kept, range):
        return kept
    forward = kept if kept.step > 0 else kept[::-1]
    return slice(forward.start, max(forward.start, forward.stop), forward.step)


def _direction(kept: int | range | NDArray[Any]) -> slice:
    return slice(None, None, -1 if isinstance(kept, range) and kept.step < 0 else 1)
