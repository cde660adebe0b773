"""Pixels as an array that xarray indexes lazily: they are read when they are asked for, and not before."""

from __future__ import annotations

import asyncio
import copy
import math
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from xarray.core.indexing import CopyOnWriteArray, ExplicitlyIndexedNDArrayMixin
from xarray.core.utils import NDArrayMixin

from fairlab.errors import FairlabError, SelectionError, missing_extra
from fairlab.provenance import note_missing
from fairlab.quantities import readable_bytes
from fairlab.subset import Subset

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from typing import Literal

    import xarray as xr
    from numpy.typing import NDArray

    from fairlab.net.fetch import Cost

    Chunks = Literal["auto"] | Mapping[Hashable, int]

_SHOWN_POINTS = 100_000  # to count the chunks of more points takes longer than a look should
_WIDE = 70
_BLOCK_BYTES = 32 * 1024 * 1024
_LARGEST_BLOCK_BYTES = 4 * _BLOCK_BYTES
_BATCH = 16
_MOST_TASKS = 100_000


class Pixels(Protocol):
    """What can be read lazily: one stored array, or a plate of them."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of every axis."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type as stored; results are in the machine's own byte order."""
        ...

    @property
    def chunks(self) -> tuple[int, ...]:
        """Shape of a stored object."""
        ...

    def read(self, key: Sequence[int | slice | NDArray[Any]]) -> NDArray[Any]:
        """Pixels of an outer selection, one entry for each axis; slices run forward, integers drop their axis."""
        ...

    def read_points(self, key: Sequence[NDArray[Any]]) -> NDArray[Any]:
        """Pixels at positions that broadcast against one another, one array for each axis."""
        ...

    def cost(self, key: Sequence[int | slice | NDArray[Any]]) -> Cost:
        """What :meth:`read` would ask of the store; counted, so that it takes no time."""
        ...

    def cost_points(self, key: Sequence[NDArray[Any]]) -> Cost:
        """What :meth:`read_points` would ask of the store."""
        ...

    @property
    def missing_chunks(self) -> Sequence[str]:
        """Keys of chunks that were found missing so far."""
        ...


class LazyPart(ExplicitlyIndexedNDArrayMixin):
    """Part of some :class:`Pixels`; selections and transposes only narrow it."""

    __slots__ = ("attrs", "pixels", "subset")

    def __init__(self, pixels: Pixels, subset: Subset, attrs: dict[Any, Any] | None = None):
        self.pixels, self.subset = pixels, subset
        self.attrs = attrs
        """Where missing chunks are noted: the attributes of the variable that was opened."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the part."""
        return self.subset.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the pixels, in the machine's own byte order."""
        return self.pixels.dtype.newbyteorder("=")

    def __getitem__(self, indexer: Any) -> LazyPart:
        return self._with(self.subset.outer(indexer.tuple))

    def _oindex_get(self, indexer: Any) -> LazyPart:
        return self._with(self.subset.outer(indexer.tuple))

    def _vindex_get(self, indexer: Any) -> LazyPart:
        return self._with(self.subset.vectorized(indexer.tuple))

    def transpose(self, order: Sequence[int]) -> LazyPart:
        """The same pixels with their axes in another order; nothing is read."""
        return self._with(self.subset.transpose(order))

    def _with(self, subset: Subset) -> LazyPart:
        return LazyPart(self.pixels, subset, self.attrs)

    def get_duck_array(self) -> NDArray[Any]:
        """The pixels, read now."""
        if not self.subset.size:
            return np.empty(self.shape, self.dtype)
        key = self.subset.outer_key
        read = self.pixels.read_points(self.subset.points_key) if key is None else self.pixels.read(key)
        self._note_missing()
        return self.subset.arranged(read)

    async def async_get_duck_array(self) -> NDArray[Any]:
        """The pixels, read in a thread while others go on."""
        return await asyncio.to_thread(self.get_duck_array)

    def cost(self) -> Cost:
        """What reading it would ask of the store; nothing is read."""
        from fairlab.net.fetch import Cost

        if not self.subset.size:
            return Cost(requests=0, bytes=0, result_bytes=0, exact=True)
        key = self.subset.outer_key
        return self.pixels.cost_points(self.subset.points_key) if key is None else self.pixels.cost(key)

    def _note_missing(self) -> None:
        if self.pixels.missing_chunks and self.attrs is not None:
            note_missing(self.attrs, self.pixels.missing_chunks)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(shape={self.shape}, dtype={self.dtype})"


class LazyArray(CopyOnWriteArray):
    """What a Variable holds: reads lazily, is never written back, and shows what reading it would cost."""

    __slots__ = ()

    def transpose(self, order: Sequence[int]) -> LazyArray:
        """Still lazy, and still a copy once it is written to."""
        return type(self)(self.array.transpose(order))

    def __deepcopy__(self, memo: dict[int, Any]) -> LazyArray:
        return type(self)(copy.deepcopy(self.array, memo) if self._copied else self.array)

    def _repr_inline_(self, max_width: int) -> str:
        part: Any = self.array
        if not isinstance(part, LazyPart):
            return "in memory"
        size = readable_bytes(part.subset.size * self.dtype.itemsize)
        if math.prod(part.subset.together) > _SHOWN_POINTS:
            return f"lazy, {size}"
        try:
            cost = part.cost()
        except FairlabError:  # an object can be shown, also one that could not be read
            return f"lazy, {size}"
        most = f"≤ {readable_bytes(cost.bytes)}"
        forms = (f"{most} in {_counted(cost.requests)}", f"{most}, {cost.requests:,} req.", most)
        return next((form for form in forms if len(form) <= max_width), most)

    def _repr_html_(self) -> str:
        # xarray shows it in notebooks; as text it has "[… values with dtype=…]" for what is lazy, and asks nobody.
        return f"<pre>{self.size:,} values with dtype={self.dtype}: {escape(self._repr_inline_(_WIDE))}</pre>"


def _counted(requests: int) -> str:
    return f"{requests:,} request" + ("" if requests == 1 else "s")


def lazily(pixels: Pixels) -> Any:
    """Array-like data for an ``xarray.Variable``: read on use, never written back, never cached whole.

    Parameters
    ----------
    pixels : Pixels
        What is read.
    """
    part: Any = LazyPart(pixels, Subset.whole(pixels.shape))
    return LazyArray(part)  # xarray wraps its own lazy arrays the same way; its stubs do not say so


def parts_of(data: Any) -> list[LazyPart]:
    """The lazy parts that some array is made of: itself, inside xarray's wrappers, or below a dask graph."""
    if isinstance(data, LazyPart):
        return [data]
    if hasattr(data, "__dask_graph__"):
        layers = getattr(data.__dask_graph__(), "layers", {}).values()
        # A source stands alone in its layer; the others, which may be large, are not looked into.
        alone = [value for layer in layers if len(layer) == 1 for value in dict(layer).values()]
        return [part for value in alone for part in parts_of(getattr(value, "value", value))]
    return parts_of(getattr(data, "array", None)) if isinstance(data, NDArrayMixin) else []


# ── dask ─────────────────────────────────────────────────────────────────────────────────────────────


def block_shape(
    shape: tuple[int, ...],
    chunks: tuple[int, ...],
    dtype: np.dtype[Any],
    fixed: Mapping[int, int] | None = None,
) -> tuple[int, ...]:
    """Shape of a dask block: whole stored chunks, about 32 MB, grown from the last axis backwards.

    One dask task then reads many chunks at once (16 or more, where the array has them and they are not
    huge); a task for each chunk would wait for each in turn. An array of more than 100 000 blocks gets
    larger ones.

    Parameters
    ----------
    shape, chunks : tuple of int
        Of the array and of its stored objects.
    dtype : numpy.dtype
        Of the pixels.
    fixed : mapping of int to int, optional
        Axis number to a length of block that was asked for.

    Examples
    --------
    >>> import numpy as np
    >>> block_shape((3, 100, 8192, 8192), (1, 1, 512, 512), np.dtype("uint16"))
    (1, 1, 2048, 8192)
    """
    fixed = fixed or {}
    chunk = [fixed.get(axis, min(c, n)) for axis, (c, n) in enumerate(zip(chunks, shape, strict=True))]
    growing = [axis for axis in reversed(range(len(shape))) if axis not in fixed and chunk[axis]]
    chunk_bytes = max(1, math.prod(chunk) * dtype.itemsize)
    wanted = max(_BLOCK_BYTES, min(_BATCH * chunk_bytes, _LARGEST_BLOCK_BYTES))
    while True:
        block, room = list(chunk), wanted / chunk_bytes
        for axis in growing:
            times = max(1, min(math.ceil(room), math.ceil(shape[axis] / block[axis])))
            block[axis] = min(block[axis] * times, shape[axis])
            room /= times
        if n_blocks(shape, block) <= _MOST_TASKS or all(block[axis] == shape[axis] for axis in growing):
            return tuple(block)
        wanted *= 2


def n_blocks(shape: Sequence[int], block: Sequence[int]) -> int:
    """How many blocks an array is cut into."""
    return math.prod(math.ceil(n / b) if b else 1 for n, b in zip(shape, block, strict=True))


def chunked(datasets: Mapping[str, xr.Dataset], chunks: Chunks) -> dict[str, xr.Dataset]:
    """Opened datasets with their pixels as dask arrays in blocks of many stored chunks.

    Parameters
    ----------
    datasets : mapping of str to Dataset
        Levels by their place in the tree.
    chunks : "auto" or mapping of dimension to length
        Lengths that were asked for; -1 is the whole axis. The other axes get what fits.

    Raises
    ------
    SelectionError
        kind ``"chunks"``: no such dimension, or no length; ``"too-many-blocks"``.
    MissingExtraError
        dask is not installed.
    """
    try:
        import dask.array  # noqa: F401  (xarray's own message does not name our extra)
    except ImportError as exc:
        raise missing_extra("dask", "open an image as dask arrays", exc) from exc
    if chunks != "auto" and not isinstance(chunks, Mapping):
        raise SelectionError(
            f'chunks={chunks!r} is not known; expected "auto", a mapping such as {{"y": 1024}}, or None',
            kind="chunks",
        )
    wanted = {} if chunks == "auto" else dict(chunks)
    _check_lengths(wanted, {dim for dataset in datasets.values() for dim in dataset.dims})
    return {
        path: dataset.assign(
            {name: _chunked(variable.variable, wanted) for name, variable in dataset.data_vars.items()}
        )
        for path, dataset in datasets.items()
    }


def _check_lengths(wanted: Mapping[Hashable, int], dims: Iterable[Hashable]) -> None:
    known = sorted(map(str, dims))
    for dim, length in wanted.items():
        whole = isinstance(length, int | np.integer) and not isinstance(length, bool)
        if dim not in known or not whole or not (length > 0 or length == -1):
            raise SelectionError(
                f"chunks={{{dim!r}: {length!r}}} is no block length of this image\n"
                f'  expected lengths of {", ".join(known)} as whole numbers (-1: the whole axis), or "auto"',
                kind="chunks",
                dim=str(dim),
            )


def _chunked(variable: xr.Variable, wanted: Mapping[Hashable, int]) -> xr.Variable:
    part: LazyPart = variable._data.array  # type: ignore[union-attr]  # what lazily() made
    fixed = {
        axis: variable.shape[axis] if wanted[dim] == -1 else min(int(wanted[dim]), variable.shape[axis])
        for axis, dim in enumerate(variable.dims)
        if dim in wanted
    }
    blocks = block_shape(part.shape, part.pixels.chunks, part.dtype, fixed)
    tasks = n_blocks(part.shape, blocks)
    if tasks > _MOST_TASKS:
        raise SelectionError(
            f"chunks={dict(wanted)} would cut the image into {tasks:,} blocks; a graph of that size never starts\n"
            f'  ask for larger blocks (at most {_MOST_TASKS:,} in all), or for chunks="auto", or open without chunks',
            kind="too-many-blocks",
            blocks=tasks,
        )
    return variable.chunk(dict(zip(variable.dims, blocks, strict=True)))
