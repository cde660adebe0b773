"""Reading: metadata documents in one burst, pixels of one array or of many in one flat batch.

Every stored object is one request and one decode, straight into its place in the result; all objects of a
read are under way at once. Parts of shards take two steps: the shards' indexes, which are kept, and then
the wanted chunks, neighbours together.
"""

from __future__ import annotations

import math
import threading
import warnings
from collections import OrderedDict
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from fairlab.errors import AccessError, ChunkError, FairlabError, FairlabWarning, FormatError
from fairlab.net import guard, pool, shards
from fairlab.net.http import Deadline
from fairlab.net.selection import Plan, Share, outer, points
from fairlab.net.stored_array import StoredArray
from fairlab.net.traffic import ledger
from fairlab.ngff import documents as json_documents
from fairlab.result_tables import readable_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from fairlab.net.codecs import Scratch
    from fairlab.net.selection import Positions
    from fairlab.net.store import Store

Missing = Literal["warn", "error", "fill"]
"""What to do about a chunk that the store says it does not have."""

_KEPT_INDEX_BYTES: Final = 16 * 1024 * 1024


def documents(
    store: Store, keys: Iterable[str], *, deadline: Deadline | None = None, required: Iterable[str] = ()
) -> dict[str, dict[str, Any] | None]:
    """Several JSON documents in one round trip.

    Parameters
    ----------
    store : Store
        Where they are.
    keys : iterable of str
        Their places in the store.
    deadline : Deadline, optional
        For all of them together; each has its own by default.
    required : iterable of str
        Keys among them whose refusal (401, 403) is an error whatever else is there.

    Returns
    -------
    dict
        Key to parsed object; None where the store has no such document.

    Raises
    ------
    FormatError
        kind ``"not-json"``: a document is there but is no JSON object.
    FairlabError
        Whatever the store raises. A refusal (403) or a web page counts as absence when another document
        of the same burst is there: buckets that may not be listed refuse what they do not have, and some
        servers answer every address with a page.

    Warns
    -----
    FairlabWarning
        A document is odd but readable, for example with the same key twice.
    """
    keys, needed = list(keys), set(required)
    answers = dict(zip(keys, pool.each(lambda key: _document(store, key, deadline), keys), strict=True))
    refusals = {key: answer for key, answer in answers.items() if isinstance(answer, FairlabError)}
    for key, refusal in refusals.items():
        if key in needed or len(refusals) + sum(a is None for a in answers.values()) == len(keys):
            raise refusal
    found: dict[str, dict[str, Any] | None] = {}
    for key, answer in answers.items():
        value, remarks = answer if isinstance(answer, tuple) else (None, ())
        for remark in remarks:
            warnings.warn(f"{remark.message}\n  in {store.location}/{key}", FairlabWarning, stacklevel=3)
        found[key] = value
    return found


def _document(
    store: Store, key: str, deadline: Deadline | None
) -> tuple[dict[str, Any], tuple[json_documents.Remark, ...]] | FairlabError | None:
    where = f"{store.location}/{key}"
    try:
        body = store.get(key, deadline=deadline or Deadline())
    except (AccessError, FormatError) as refusal:
        return refusal
    if body is None:
        return None
    value, remarks = json_documents.parse(body, where=where)
    if not isinstance(value, dict):
        raise FormatError(f"{where} is no JSON object", kind="not-json", url=where)
    return value, remarks


@dataclass(frozen=True, kw_only=True, repr=False)
class Cost:
    """What a read asks of the store.

    Examples
    --------
    >>> Cost(requests=256, bytes=134_217_728, result_bytes=134_217_728, exact=True)
    256 requests, at most 134 MB
    """

    requests: int
    """Requests, when every object is there; the most it can be where :attr:`exact` is false."""
    bytes: int
    """Bytes at most: what the touched chunks hold uncompressed."""
    result_bytes: int
    """Bytes of the result in memory."""
    exact: bool
    """Whether the number of requests is exact: true but for parts of shards, where neighbours travel together."""

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            requests=self.requests + other.requests,
            bytes=self.bytes + other.bytes,
            result_bytes=self.result_bytes + other.result_bytes,
            exact=self.exact and other.exact,
        )

    def __repr__(self) -> str:
        # What people ask for: the numbers have names of their own.
        count = f"{self.requests:,} request{'' if self.requests == 1 else 's'}"
        return f"{'' if self.exact else 'at most '}{count}, at most {readable_bytes(self.bytes)}"


class ArrayReader(StoredArray):
    """One zarr array of a store, described by metadata already in hand.

    Parameters
    ----------
    store : Store
        Where the chunks are.
    path : str
        Place of the array inside the store.
    metadata : mapping
        The array's own document: ``zarr.json`` or ``.zarray``.
    missing : {"warn", "error", "fill"}
        A chunk that the store says it does not have (404) reads as the fill value, with a warning, an
        error, or in silence; it is written down in :attr:`missing_chunks` in any case.

    Raises
    ------
    FormatError
        See :class:`~fairlab.net.stored_array.StoredArray`.
    """

    def __init__(self, store: Store, path: str, metadata: Mapping[str, Any], *, missing: Missing = "warn"):
        super().__init__(metadata, path, where=f"{store.location}/{path}")
        self.store, self.missing = store, missing
        self.missing_chunks: list[str] = []
        """Keys of chunks that were found missing so far, each once."""
        self._indexes: OrderedDict[tuple[int, ...], NDArray[np.uint64] | None] = OrderedDict()
        self._lock = threading.Lock()

    def __reduce__(self) -> tuple[Any, ...]:
        return _reader, (self.store, self.path, self.document, self.missing)

    def at(self, path: str) -> ArrayReader:
        """The array at another place that is described in the same words, which need not be understood again."""
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__ | {
            "path": path,
            "where": f"{self.store.location}/{path}",
            "missing_chunks": [],
            "_indexes": OrderedDict(),
            "_lock": threading.Lock(),
        }
        return other

    def read(self, key: Sequence[Positions], *, deadline: Deadline | None = None) -> NDArray[Any]:
        """Pixels of an outer selection.

        Parameters
        ----------
        key : sequence of int, slice or 1-D integer array
            One entry per axis; integers drop their axis.
        deadline : Deadline, optional
            For the whole read; by default each stored object has the time of the option ``timeout_s``.

        Raises
        ------
        SelectionError
            kind ``"read-too-large"``: over the option ``max_read_bytes``.
        ChunkError
            A chunk could not be fetched or decoded, or is missing where that is an error; names it.
        """
        plan = outer(key, self.shape, self.inner_chunks)
        out = self._empty(plan.shape)
        _read([(self, plan, out)], deadline)
        return out[tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)]

    def read_points(self, key: Sequence[NDArray[Any]], *, deadline: Deadline | None = None) -> NDArray[Any]:
        """Pixels at positions that broadcast against one another, one array per axis; see :meth:`read`."""
        plan = points(key, self.shape, self.inner_chunks)
        out = self._empty(plan.shape)
        _read([(self, plan, out)], deadline)
        return plan.arranged(out)

    def cost(self, key: Sequence[Positions]) -> Cost:
        """What :meth:`read` would ask of the store; nothing is read."""
        return self._cost(lambda chunks: outer(key, self.shape, chunks))

    def cost_points(self, key: Sequence[NDArray[Any]]) -> Cost:
        """What :meth:`read_points` would ask of the store; nothing is read."""
        return self._cost(lambda chunks: points(key, self.shape, chunks))

    def _cost(self, plan: Callable[[Sequence[int]], Plan]) -> Cost:
        touched = plan(self.inner_chunks)
        result = self.dtype.itemsize * int(np.prod([int(n) for n in touched.shape], dtype=object))
        size = self.chunk_coding.nbytes * touched.n_chunks
        if self.layout is None:
            return Cost(requests=touched.n_chunks, bytes=size, result_bytes=result, exact=True)
        objects = plan(self.chunks).n_chunks
        whole = touched.n_chunks == math.prod(map(_ceil_div, self.shape, self.inner_chunks))
        if whole and self.whole_shards:
            return Cost(requests=objects, bytes=size, result_bytes=result, exact=True)
        # Writers put the chunks of a shard one after the other, so that all of them are few stretches.
        most = objects * shards.most_stretches(self.coding.nbytes) if whole else touched.n_chunks
        return Cost(
            requests=objects + min(most, touched.n_chunks),
            bytes=size + objects * self.layout.index_bytes,
            result_bytes=result,
            exact=False,
        )

    def _empty(self, shape: tuple[int, ...]) -> NDArray[Any]:
        size = self.dtype.itemsize * int(np.prod([int(n) for n in shape], dtype=object))
        guard.check_read(size, where=self.where)
        return np.empty(shape, self.dtype.newbyteorder("="))

    def index_of(self, cell: tuple[int, ...], deadline: Deadline | None) -> NDArray[np.uint64] | None:
        """Index of a shard, None when the shard is not there; asked for once."""
        with self._lock:
            if cell in self._indexes:
                self._indexes.move_to_end(cell)
                return self._indexes[cell]
        assert self.layout is not None
        body = self.store.get(self.key(cell), part=self.layout.index_part, deadline=deadline or Deadline())
        index = None if body is None else shards.parse_index(body, self.layout)
        if index is not None:  # an absent one may yet come
            with self._lock:
                self._indexes[cell] = index
                while len(self._indexes) > max(1, _KEPT_INDEX_BYTES // index.nbytes):
                    self._indexes.popitem(last=False)
        return index


def _ceil_div(length: int, part: int) -> int:
    return -(-length // part)


def _reader(store: Store, path: str, metadata: Mapping[str, Any], missing: Missing) -> ArrayReader:
    return ArrayReader(store, path, metadata, missing=missing)


@dataclass(frozen=True)
class Part:
    """One array's share of a read of many."""

    reader: ArrayReader
    """What to read."""
    key: Sequence[Positions]
    """An outer selection of it, as :meth:`ArrayReader.read` takes it."""
    out: NDArray[Any]
    """Where the pixels go: a view of the selection's shape, in which integers have length 1."""


def read_into(parts: Iterable[Part], *, deadline: Deadline | None = None) -> None:
    """Read parts of many arrays at once, each into its place.

    The caller has checked the size of the whole with :func:`fairlab.net.guard.check_read`.

    Raises
    ------
    ChunkError
        See :meth:`ArrayReader.read`.
    """
    _read([(p.reader, outer(p.key, p.reader.shape, p.reader.inner_chunks), p.out) for p in parts], deadline)


def _read(work: Sequence[tuple[ArrayReader, Plan, NDArray[Any]]], deadline: Deadline | None) -> None:
    batch = _Batch(deadline)
    batch.fetch(batch.objects(work))
    batch.settle()


@dataclass
class _Object:
    """One stored object of one array, and all that a read takes from it."""

    reader: ArrayReader
    cell: tuple[int, ...]
    shares: list[Share]
    out: NDArray[Any]
    index: NDArray[np.uint64] | None = None

    @property
    def key(self) -> str:
        return self.reader.key(self.cell)

    @property
    def in_parts(self) -> bool:
        """Whether it is a shard of which only some chunks are fetched."""
        reader = self.reader
        if reader.layout is None:
            return False
        return not (reader.whole_shards and len(self.shares) == reader.wanted_of_shard(self.cell))


@dataclass
class _Batch:
    """One read: what was found and what was not."""

    deadline: Deadline | None
    found: set[tuple[int, tuple[int, ...]]] = field(default_factory=set)
    absent: list[_Object] = field(default_factory=list)
    count: int = 0

    def objects(self, work: Sequence[tuple[ArrayReader, Plan, NDArray[Any]]]) -> Iterator[_Object]:
        """The stored objects of a read; those of sharded arrays are gathered from their chunks first."""
        for reader, plan, out in work:
            if reader.layout is None:
                for share in plan.shares():
                    yield _Object(reader, share.cell, [share], out)
                continue
            gathered: dict[tuple[int, ...], _Object] = {}
            for share in plan.shares():
                cell = tuple(c // n for c, n in zip(share.cell, reader.layout.counts, strict=True))
                gathered.setdefault(cell, _Object(reader, cell, [], out)).shares.append(share)
            yield from gathered.values()

    def fetch(self, objects: Iterator[_Object]) -> None:
        """Fetch whole objects, and the indexes of shards; then the chunks of those shards."""
        divided: list[_Object] = []

        def jobs() -> Iterator[pool.Job]:
            for item in objects:
                self.count += 1
                if item.in_parts:
                    divided.append(item)
                    yield pool.Job(partial(self._index, item))
                else:
                    place, size = partial(self._place_whole, item), item.reader.coding.nbytes
                    yield pool.Job(partial(self._whole, item), place, size)

        pool.run(jobs())
        pool.run(
            pool.Job(
                partial(self._part, item, stretch),
                partial(self._place_part, item, stretch),
                2 * (stretch.stop - stretch.start),  # what curl hands over, and the whole made of it
            )
            for item in divided
            if item.index is not None
            for stretch in self._stretches(item, item.index)
        )

    def settle(self) -> None:
        """Ask once more for what was not there but whose neighbours are; then fill, count and tell."""
        doubtful = [item for item in self.absent if self._has_neighbours(item)]
        if doubtful:
            # A store that lost a chunk for a moment must not look like one that never had it.
            self.absent = [item for item in self.absent if not self._has_neighbours(item)]
            self.count -= len(doubtful)
            self.fetch(iter(doubtful))
        for item in self.absent:
            for share in item.shares:
                item.out[share.target] = item.reader.fill_value
        if self.absent:
            self._tell()

    def _has_neighbours(self, item: _Object) -> bool:
        me = id(item.reader)
        return any(
            (me, (*item.cell[:axis], number + step, *item.cell[axis + 1 :])) in self.found
            for axis, number in enumerate(item.cell)
            for step in (-1, 1)
        )

    def _tell(self) -> None:
        errors = [item for item in self.absent if item.reader.missing == "error"]
        for item in self.absent:
            ledger(item.reader.store.location).missing(item.key)
            if item.key not in item.reader.missing_chunks:
                item.reader.missing_chunks.append(item.key)
        told = errors or [item for item in self.absent if item.reader.missing == "warn"]
        if not told:
            return
        keys = [item.key for item in told]
        named = ", ".join(keys[:5]) + (f" … ({len(keys)} in all)" if len(keys) > 5 else "")
        where = told[0].reader.store.location
        text = f"{len(told)} of {self.count} chunks are not in the store"
        if errors:
            raise ChunkError(
                f"{text}: {named}\n  at {where}\n"
                '  open with missing="warn" or "fill" to read them as the fill value',
                kind="chunk-missing",
                url=f"{where}/{keys[0]}",
                key=keys[0],
                keys=keys,
            )
        warnings.warn(
            f"{text} and read as the fill value: {named}\n  at {where}", FairlabWarning, stacklevel=5
        )

    def _whole(self, item: _Object) -> bytes | None:
        with self._naming(item):
            body = item.reader.store.get(item.key, deadline=self.deadline or Deadline())
        if body is None:
            self.absent.append(item)
        return body

    def _place_whole(self, item: _Object, body: bytes, scratch: Scratch) -> None:
        reader = item.reader
        with self._naming(item):
            if reader.layout is None:
                (share,) = item.shares
                item.out[share.target] = reader.decode(body, scratch)[share.inside]
            else:
                index = shards.parse_index(body[reader.layout.index_part], reader.layout)
                for part, share in self._wanted(item, index):
                    item.out[share.target] = reader.decode(body[part], scratch)[share.inside]
        self.found.add((id(reader), item.cell))

    def _index(self, item: _Object) -> None:
        with self._naming(item):
            item.index = item.reader.index_of(item.cell, self.deadline)
        if item.index is None:
            self.absent.append(item)
        else:
            self.found.add((id(item.reader), item.cell))

    def _stretches(self, item: _Object, index: NDArray[np.uint64]) -> Iterator[shards.Stretch[Share]]:
        with self._naming(item):
            return shards.stretches(list(self._wanted(item, index)))

    def _wanted(self, item: _Object, index: NDArray[np.uint64]) -> Iterator[tuple[slice, Share]]:
        """Where the wanted chunks of a shard lie; those that were never written are filled at once."""
        reader = item.reader
        assert reader.layout is not None
        for share in item.shares:
            part = shards.place(index, share.cell, reader.layout, reader.chunk_coding.limit)
            if part is None:
                item.out[share.target] = reader.fill_value
            else:
                yield part, share

    def _part(self, item: _Object, stretch: shards.Stretch[Share]) -> bytes:
        with self._naming(item):
            wanted = slice(stretch.start, stretch.stop)
            body = item.reader.store.get(item.key, part=wanted, deadline=self.deadline or Deadline())
            if body is None or len(body) != stretch.stop - stretch.start:
                have = "is gone" if body is None else f"gives {len(body)} bytes there"
                raise ChunkError(
                    f"its index names bytes {stretch.start} to {stretch.stop}, but the shard {have}",
                    kind="chunk-damaged",
                )
        return body

    def _place_part(
        self, item: _Object, stretch: shards.Stretch[Share], body: bytes, scratch: Scratch
    ) -> None:
        view = memoryview(body)
        with self._naming(item):
            for part, share in stretch.members:
                mine = view[part.start - stretch.start : part.stop - stretch.start]
                item.out[share.target] = item.reader.decode(mine, scratch)[share.inside]

    def _naming(self, item: _Object) -> _Naming:
        return _Naming(item.reader.store, item.key)


class _Naming:
    """Turns whatever goes wrong inside into an error that names the chunk."""

    def __init__(self, store: Store, key: str):
        self._store, self._key = store, key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, exc: BaseException | None, trace: object) -> None:
        if exc is None or not isinstance(exc, (FairlabError, *guard.DECODING_FAULTS)):
            return
        url = f"{self._store.location}/{self._key}"
        place = f"chunk {self._key} of {self._store.location}"
        if isinstance(exc, FairlabError):
            facts = {name: value for name, value in exc.context.items() if name != "key"}
            text = f"a chunk could not be read: {exc.message}\n  {place}"
            raise ChunkError(text, kind=exc.kind, url=url, key=self._key, **facts) from exc
        raise ChunkError(
            f"the chunk does not decode ({type(exc).__name__}: {exc})\n  {place}\n"
            "  it is damaged in the store or on the way; read again, or tell the repository",
            kind="chunk-damaged",
            url=url,
            key=self._key,
        ) from exc
