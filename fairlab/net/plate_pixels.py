"""One level of a whole plate as one array: all fields that a read touches come in one batch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from fairlab.errors import ChunkError, SelectionError, warn
from fairlab.net import batch
from fairlab.net.fetch import Cost, Part, read_into
from fairlab.net.plate_faults import absences, check_fields
from fairlab.net.selection import points, wrapped
from fairlab.options import max_read_bytes
from fairlab.quantities import readable_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from fairlab.net.fetch import ArrayReader
    from fairlab.net.plate_fields import Cell
    from fairlab.net.plate_group import PlateGroup
    from fairlab.net.selection import Positions

_PLACES: Final = 3  # axes of the plate itself: row, column, field


class PlatePixels:
    """Pixels ``(row, column, field, *image)`` of one level; wells that are not there cost nothing.

    Parameters
    ----------
    group : PlateGroup
        What is known of the plate.
    level : int
        0 is the finest.
    """

    def __init__(self, group: PlateGroup, level: int):
        reader = group.fields.template.readers[level]
        self.fields, self.level, self.present = group.fields, level, group.present
        self.shape: tuple[int, ...] = (*group.present.shape, *group.shapes[level])
        self.dtype: np.dtype[Any] = reader.dtype
        self.chunks: tuple[int, ...] = (1, 1, 1, *reader.chunks)
        self.fill_value = reader.fill_value
        self.missing_chunks: list[str] = []
        """Keys of chunks that were found missing so far, each once."""

    def read(self, key: Sequence[Positions]) -> NDArray[Any]:
        """Pixels of an outer selection; see :meth:`fairlab.net.fetch.ArrayReader.read`.

        Raises
        ------
        SelectionError
            kind ``"read-too-large"``: over the option ``max_read_bytes``.
        FormatError
            kind ``"plate-mismatch"``: a field is not like the first.
        ChunkError
            A chunk could not be read, or a field is missing where that is an error.
        """
        places = [_positions(k, n) for k, n in zip(key[:_PLACES], self.shape, strict=False)]
        pixels = self._read(_cells(np.meshgrid(*places, indexing="ij")), key[_PLACES:])
        pixels = pixels.reshape(*(len(p) for p in places), *pixels.shape[1:])
        return pixels[tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)]

    def read_points(self, key: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Pixels at positions that broadcast against one another: three wells are three wells, not nine."""
        choice = _Points(key, self.shape)
        if choice.rest is not None:
            return choice.arranged(self._read(choice.cells, choice.rest))
        cells, positions, owners = choice.pointwise()
        self._check_size(owners.size)
        readers = self._readers(cells)
        pixels = np.full(owners.size, self.fill_value, self.dtype.newbyteorder("="))
        work, places = [], []
        for number, cell in enumerate(cells):
            reader = readers[cell]
            if reader is None:
                continue
            mine = np.flatnonzero(owners == number)
            mine = mine[np.all([p[mine] < n for p, n in zip(positions, reader.shape, strict=True)], axis=0)]
            plan = points([p[mine] for p in positions], reader.shape, reader.inner_chunks)
            work.append((reader, plan, np.empty(plan.shape, pixels.dtype)))
            places.append(mine)
        batch.read(work, None)
        for mine, (_, plan, found) in zip(places, work, strict=True):
            pixels[mine] = plan.arranged(found)
        self._note(readers.values())
        return pixels.reshape(choice.shape)

    def cost(self, key: Sequence[Positions]) -> Cost:
        """What :meth:`read` would ask of the store; exact once the fields' metadata is known."""
        places = [_positions(k, n) for k, n in zip(key[:_PLACES], self.shape, strict=False)]
        return self._cost(_cells(np.meshgrid(*places, indexing="ij")), key[_PLACES:])

    def cost_points(self, key: Sequence[NDArray[Any]]) -> Cost:
        """What :meth:`read_points` would ask of the store."""
        choice = _Points(key, self.shape)
        if choice.rest is not None:
            return self._cost(choice.cells, choice.rest)
        cells, positions, owners = choice.pointwise()
        total = self._metadata_cost(cells, owners.size)
        for number, cell in enumerate(cells):
            if self.fields.is_there(cell) is not False:
                mine = owners == number
                total += _pixels_only(self._template.cost_points([p[mine] for p in positions]))
        return total

    # ── reading ──────────────────────────────────────────────────────────────────────────────────────

    @property
    def _template(self) -> ArrayReader:
        return self.fields.template.readers[self.level]

    def _read(self, cells: Sequence[Cell], rest: Sequence[Positions]) -> NDArray[Any]:
        """The same part of each of several fields, ``(cell, *part)``; integers have length 1."""
        lengths = [_count(k, n) for k, n in zip(rest, self.shape[_PLACES:], strict=True)]
        self._check_size(len(cells) * math.prod(lengths))
        readers = self._readers(cells)
        pixels = np.empty((len(cells), *lengths), self.dtype.newbyteorder("="))
        parts, padded = [], []
        for number, cell in enumerate(cells):
            reader = readers[cell]
            if reader is not None and reader.shape == self.shape[_PLACES:]:
                parts.append(Part(reader, rest, pixels[number]))
                continue
            pixels[number] = self.fill_value
            if reader is not None:
                padded.append(_Padded(reader, rest, self.shape[_PLACES:], pixels[number]))
        read_into([*parts, *(item.part for item in padded)])
        for item in padded:
            item.place()
        self._note(readers.values())
        return pixels

    def _readers(self, cells: Iterable[Cell]) -> dict[Cell, ArrayReader | None]:
        """Arrays of fields, all found out in one burst; fields that should be there and are not are told."""
        cells = list(dict.fromkeys(cells))
        self.fields.learn(cells, [self.level])
        check_fields(self.fields, cells)
        absent = [cell for cell in cells if self.present[cell] and self.fields.is_there(cell) is False]
        if absent:
            self._tell(absent)
        return {cell: self.fields.reader(cell, self.level) for cell in cells}

    def _tell(self, absent: Sequence[Cell]) -> None:
        missing, location = self.fields.missing, self.fields.store.location
        if missing == "error":
            raise ChunkError(
                f"{absences(self.fields, absent)}\n  at {location}\n"
                '  open with missing="warn" or "fill" to read them as the fill value',
                kind="field-missing",
                url=location,
                wells=list(dict.fromkeys(self.fields.wells[cell[:2]] for cell in absent)),
            )
        if missing == "warn":
            warn(
                absences(self.fields, absent, then=" and read as the fill value"),
                at=location,
                advice='fairlab.open_plate(…, check="all") says of each field whether it is present',
            )

    def _note(self, readers: Iterable[ArrayReader | None]) -> None:
        for reader in readers:
            for chunk in reader.missing_chunks if reader is not None else ():
                if chunk not in self.missing_chunks:
                    self.missing_chunks.append(chunk)

    def _check_size(self, n_pixels: int) -> None:
        size = n_pixels * self.dtype.itemsize
        if size > max_read_bytes():
            raise SelectionError(
                f"this read would take {readable_bytes(size)}, over the limit of {readable_bytes(max_read_bytes())}\n"
                f"  of the plate {self.fields.store.location}\n"
                "  take a coarser level (scale1, scale2 …), fewer wells (.isel, .sel), or open with "
                'chunks="auto" and let dask go through it; fairlab.set_options(max_read_bytes=…) raises the limit',
                kind="read-too-large",
                bytes=size,
            )

    # ── cost ─────────────────────────────────────────────────────────────────────────────────────────

    def _cost(self, cells: Sequence[Cell], rest: Sequence[Positions]) -> Cost:
        there = sum(self.fields.is_there(cell) is not False for cell in cells)
        each = self._template.cost(rest)
        lengths = [_count(k, n) for k, n in zip(rest, self.shape[_PLACES:], strict=True)]
        total = self._metadata_cost(cells, len(cells) * math.prod(lengths))
        return total + Cost(
            requests=there * each.requests, bytes=there * each.bytes, result_bytes=0, exact=each.exact
        )

    def _metadata_cost(self, cells: Sequence[Cell], n_pixels: int) -> Cost:
        unknown = self.fields.unknown_documents(cells, self.level)
        result = n_pixels * self.dtype.itemsize
        # Documents that are not there under their guessed names would be asked for once more.
        return Cost(requests=unknown, bytes=0, result_bytes=result, exact=not unknown)


class _Points:
    """A pointwise selection of a plate: fields that vary together, and what is taken of each."""

    def __init__(self, key: Sequence[NDArray[Any]], shape: Sequence[int]):
        arrays = [wrapped(np.asarray(k), n) for k, n in zip(key, shape, strict=True)]
        self.shape: tuple[int, ...] = np.broadcast_shapes(*(a.shape for a in arrays))
        depth = len(self.shape)
        self._arrays = [a.reshape((1,) * (depth - a.ndim) + a.shape) for a in arrays]
        lead = np.broadcast_arrays(*self._arrays[:_PLACES])
        varying = [{d for d in range(depth) if a.shape[d] > 1} for a in (lead[0], *self._arrays[_PLACES:])]
        self._dims = [next(iter(dims)) if dims else None for dims in varying[1:]]
        self._lead_shape = lead[0].shape
        self.cells: list[Cell] = _cells(lead)
        taken = [d for dims in varying for d in dims]
        apart = len(taken) == len(set(taken)) and all(len(dims) <= 1 for dims in varying[1:])
        self.rest: list[Positions] | None = [a.reshape(-1) for a in self._arrays[_PLACES:]] if apart else None
        """What is taken of every field, where that is the same; otherwise :meth:`pointwise`."""

    def arranged(self, pixels: NDArray[Any]) -> NDArray[Any]:
        """Pixels ``(cell, *rest)`` in the shape of the result."""
        depth = len(self.shape)
        wide = pixels.reshape(*self._lead_shape, *pixels.shape[1:])
        # An axis of the image goes to the one dimension along which it varies, where the fields have length 1.
        source = list(range(depth))
        for number, dim in enumerate(self._dims):
            if dim is not None:
                source[dim] = depth + number
        rest = [axis for axis in range(wide.ndim) if axis not in source]
        return wide.transpose(*source, *rest).reshape(self.shape)

    def pointwise(self) -> tuple[list[Cell], list[NDArray[Any]], NDArray[Any]]:
        """Different fields; positions in them, one for each point; and the number of each point's field."""
        arrays = [np.broadcast_to(a, self.shape).reshape(-1) for a in self._arrays]
        cells, owners = np.unique(np.stack(arrays[:_PLACES], axis=1), axis=0, return_inverse=True)
        return [(int(r), int(c), int(f)) for r, c, f in cells], arrays[_PLACES:], owners.reshape(-1)


class _Padded:
    """The share of a field that is smaller than the largest: what lies outside keeps the fill value."""

    def __init__(
        self, reader: ArrayReader, rest: Sequence[Positions], shape: Sequence[int], out: NDArray[Any]
    ):
        wanted = [_positions(k, n) for k, n in zip(rest, shape, strict=True)]
        inside = [np.flatnonzero(p < n) for p, n in zip(wanted, reader.shape, strict=True)]
        self._places, self._out = np.ix_(*inside), out
        self._pixels = np.empty([len(i) for i in inside], out.dtype)
        taken = [p[i] for p, i in zip(wanted, inside, strict=True)]
        self.part = Part(reader, taken, self._pixels)

    def place(self) -> None:
        """Put what was read where it belongs."""
        self._out[self._places] = self._pixels


def _cells(lead: Sequence[NDArray[Any]]) -> list[Cell]:
    return [(int(r), int(c), int(f)) for r, c, f in zip(*(a.reshape(-1) for a in lead), strict=True)]


def _positions(key: Positions, length: int) -> NDArray[Any]:
    if isinstance(key, slice):
        return np.arange(*key.indices(length))
    return wrapped(np.atleast_1d(np.asarray(key)), length)


def _count(key: Positions, length: int) -> int:
    if isinstance(key, slice):
        return len(range(*key.indices(length)))
    return int(np.size(key))


def _pixels_only(cost: Cost) -> Cost:
    return Cost(requests=cost.requests, bytes=cost.bytes, result_bytes=0, exact=cost.exact)
