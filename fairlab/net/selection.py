"""Which chunks a selection touches, which part of each it takes, and where that part goes.

Pure arithmetic on shapes: nothing is read here. A plan counts its chunks without listing them, so that
asking what a selection of an image with a million million chunks would cost is free.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Positions = int | slice | NDArray[Any]
"""What is taken along one axis."""

Index = tuple[slice | NDArray[Any], ...]
"""What numpy takes as an index."""


@dataclass(frozen=True, slots=True)
class Share:
    """What a selection takes from one chunk."""

    cell: tuple[int, ...]
    """Place of the chunk in the grid of chunks."""
    inside: Index
    """Index into the chunk."""
    target: Index
    """Index into the buffer of the plan."""


class Plan(Protocol):
    """A selection of an array that is cut into chunks."""

    shape: tuple[int, ...]
    """Shape of the buffer that the shares fill together."""

    @property
    def n_chunks(self) -> int:
        """How many chunks are touched; counted, not listed."""
        ...

    def shares(self) -> Iterator[Share]:
        """One share for each chunk that is touched, in the order of the grid."""
        ...


def outer(key: Sequence[Positions], shape: Sequence[int], chunks: Sequence[int]) -> Outer:
    """The plan of an outer selection: every combination of what each axis takes.

    Parameters
    ----------
    key : sequence of int, slice or 1-D integer array
        One for each axis; integers count as one position, and their axis stays, with length 1.
    shape, chunks : sequence of int
        Lengths of the array and of its chunks.

    Examples
    --------
    >>> plan = outer((0, slice(10, 40)), (2, 64), (1, 16))
    >>> plan.n_chunks, plan.shape
    (3, (1, 30))
    >>> [share.cell for share in plan.shares()]
    [(0, 0), (0, 1), (0, 2)]
    """
    return Outer(tuple(_cut(k, n, c) for k, n, c in zip(key, shape, chunks, strict=True)))


class Outer:
    """Every combination of what each axis takes; see :func:`outer`."""

    def __init__(self, axes: tuple[_Run | _Scatter, ...]):
        self._axes = axes
        self.shape = tuple(axis.count for axis in axes)

    @property
    def n_chunks(self) -> int:
        """See :class:`Plan`."""
        return math.prod(len(axis) for axis in self._axes)

    def shares(self) -> Iterator[Share]:
        """See :class:`Plan`."""
        for pieces in _combinations(self._axes):
            cell = tuple(piece.cell for piece in pieces)
            inside, target = (piece.inside for piece in pieces), (piece.target for piece in pieces)
            yield Share(cell, _mesh(tuple(inside)), _mesh(tuple(target)))


def points(key: Sequence[NDArray[Any]], shape: Sequence[int], chunks: Sequence[int]) -> Pointwise:
    """The plan of a pointwise selection: the positions of all axes, broadcast against one another.

    Axes that vary on their own are cut as in an outer selection; only those that vary together are taken
    point by point, so three wells of a plate are three wells, and not the rectangle around them.

    Parameters
    ----------
    key : sequence of integer array
        One for each axis; they broadcast to the shape of the result.
    shape, chunks : sequence of int
        Lengths of the array and of its chunks.

    Examples
    --------
    >>> y, x = np.array([[0], [5]]), np.array([[0], [5]])
    >>> plan = points((y, x, np.arange(4)[None]), (8, 8, 4), (4, 4, 4))
    >>> [share.cell for share in plan.shares()], plan.result_shape
    ([(0, 0, 0), (1, 1, 0)], (2, 4))
    """
    return Pointwise(key, tuple(shape), tuple(chunks))


class Pointwise:
    """Positions that vary together; see :func:`points`."""

    def __init__(self, key: Sequence[NDArray[Any]], shape: tuple[int, ...], chunks: tuple[int, ...]):
        arrays = [wrapped(np.asarray(k), n) for k, n in zip(key, shape, strict=True)]
        self.result_shape: tuple[int, ...] = np.broadcast_shapes(*(a.shape for a in arrays))
        depth = len(self.result_shape)
        arrays = [a.reshape((1,) * (depth - a.ndim) + a.shape) for a in arrays]
        varying = [tuple(d for d in range(depth) if a.shape[d] != 1) for a in arrays]
        alone = {
            axis: dims[0]
            for axis, dims in enumerate(varying)
            if len(dims) == 1 and sum(dims[0] in other for other in varying) == 1
        }
        self._joint = [axis for axis in range(len(arrays)) if axis not in alone]
        self._joint_dims = [d for d in range(depth) if d not in alone.values()]
        self._alone = alone
        spread = tuple(n for d, n in enumerate(self.result_shape) if d in self._joint_dims)
        self._points = math.prod(spread)
        self._positions = [
            np.broadcast_to(arrays[axis].reshape([arrays[axis].shape[d] for d in self._joint_dims]), spread)
            .reshape(-1) for axis in self._joint
        ]  # fmt: skip
        self._spread = spread
        self._chunks = chunks
        self._ndim = len(arrays)
        self._axes = [_Scatter(arrays[axis].reshape(-1), chunks[axis]) for axis in alone]
        self.shape = (self._points, *(axis.count for axis in self._axes))

    @property
    def n_chunks(self) -> int:
        """See :class:`Plan`."""
        return len(self._cells()[0]) * math.prod(len(axis) for axis in self._axes)

    def shares(self) -> Iterator[Share]:
        """See :class:`Plan`."""
        cells, members = self._cells()
        for joint_cell, mine in zip(cells, members, strict=True):
            for pieces in _combinations(self._axes):
                cell, inside = [0] * self._ndim, [np.empty(0, np.intp)] * self._ndim
                for axis, number, positions in zip(self._joint, joint_cell, self._positions, strict=True):
                    cell[axis] = int(number)
                    inside[axis] = _along(positions[mine] - number * self._chunks[axis], 0, len(self.shape))
                target = [_along(mine, 0, len(self.shape))]
                for place, (axis, piece) in enumerate(zip(self._alone, pieces, strict=True), start=1):
                    cell[axis] = piece.cell
                    inside[axis] = _along(_listed(piece.inside), place, len(self.shape))
                    target.append(_along(_listed(piece.target), place, len(self.shape)))
                yield Share(tuple(cell), tuple(inside), tuple(target))

    def arranged(self, buffer: NDArray[Any]) -> NDArray[Any]:
        """The filled buffer in the shape of the result."""
        dims = [*self._joint_dims, *self._alone.values()]
        spread = buffer.reshape(self._spread + buffer.shape[1:])
        return spread.transpose([dims.index(d) for d in range(len(dims))])

    def _cells(self) -> tuple[NDArray[Any], list[NDArray[Any]]]:
        """Cells of the axes that vary together, and the points that lie in each."""
        if not self._points:
            return np.empty((0, len(self._joint)), np.intp), []
        if not self._joint:
            return np.empty((1, 0), np.intp), [np.arange(self._points)]
        chunks = [self._chunks[axis] for axis in self._joint]
        numbers = np.stack([p // c for p, c in zip(self._positions, chunks, strict=True)], axis=1)
        cells, owner = np.unique(numbers, axis=0, return_inverse=True)
        order = np.argsort(owner.reshape(-1), kind="stable")
        return cells, np.split(order, np.searchsorted(owner.reshape(-1)[order], np.arange(1, len(cells))))


@dataclass(frozen=True, slots=True)
class _Piece:
    """Along one axis: which chunk, which positions in it, and where they go."""

    cell: int
    inside: slice | NDArray[Any]
    target: slice | NDArray[Any]


class _Run:
    """Evenly spaced positions, cut into chunks without being listed."""

    def __init__(self, run: range, chunk: int):
        self._run, self._chunk = run, chunk
        self.count = len(run)

    def __len__(self) -> int:
        if not self.count or self._run.step >= self._chunk:
            return self.count
        return self._run[-1] // self._chunk - self._run[0] // self._chunk + 1

    def __iter__(self) -> Iterator[_Piece]:
        run, chunk, taken = self._run, self._chunk, 0
        while taken < self.count:
            cell, first = divmod(run[taken], chunk)
            here = min((chunk - first - 1) // run.step + 1, self.count - taken)
            inside = slice(first, first + (here - 1) * run.step + 1, run.step)
            yield _Piece(cell, inside, slice(taken, taken + here))
            taken += here


class _Scatter:
    """Positions in any order, grouped by chunk."""

    def __init__(self, positions: NDArray[Any], chunk: int):
        self._positions, self._chunk = positions, chunk
        self.count = len(positions)

    def __len__(self) -> int:
        return len(np.unique(self._positions // self._chunk))

    def __iter__(self) -> Iterator[_Piece]:
        owner = self._positions // self._chunk
        for cell in np.unique(owner):
            target = np.flatnonzero(owner == cell)
            yield _Piece(int(cell), self._positions[target] - cell * self._chunk, target)


def _cut(key: Positions, length: int, chunk: int) -> _Run | _Scatter:
    if isinstance(key, slice):
        run = range(*key.indices(length))
        return _Run(run, chunk) if run.step > 0 else _Scatter(np.arange(run.start, run.stop, run.step), chunk)
    positions = wrapped(np.atleast_1d(np.asarray(key)), length)
    if positions.size == 1:
        return _Run(range(int(positions[0]), int(positions[0]) + 1), chunk)
    return _Scatter(positions, chunk)


def wrapped(positions: NDArray[Any], length: int) -> NDArray[Any]:
    """Positions counted from the start; those outside the array are an IndexError, as in numpy."""
    positions = positions.astype(np.intp, copy=False)
    if positions.size and not (-length <= positions.min() and positions.max() < length):
        raise IndexError(f"a position is outside an axis of length {length}")
    return np.where(positions < 0, positions + length, positions)


def _combinations(axes: Sequence[_Run | _Scatter]) -> Iterator[tuple[_Piece, ...]]:
    # itertools.product would list every axis first, which an axis of 10^8 chunks forbids.
    if not axes:
        yield ()
        return
    first, *others = axes
    for piece in first:
        for rest in _combinations(others):
            yield (piece, *rest)


def _mesh(parts: Index) -> Index:
    """An index that takes every combination, by slices wherever that is possible: they copy much faster."""
    if sum(not isinstance(part, slice) for part in parts) <= 1:
        return parts
    return np.ix_(*(_listed(part) for part in parts))


def _listed(part: slice | NDArray[Any]) -> NDArray[Any]:
    return np.arange(part.start, part.stop, part.step) if isinstance(part, slice) else part


def _along(values: NDArray[Any], place: int, depth: int) -> NDArray[Any]:
    """Values laid along one of several dimensions, to broadcast against others."""
    return values.reshape([-1 if d == place else 1 for d in range(depth)])
