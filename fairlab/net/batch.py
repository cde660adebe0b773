"""One read: every stored object is fetched and decoded straight into its place, all of them under way at once.

Parts of shards take two steps: the shards' indexes, which are kept, and then the wanted chunks, neighbours
together. At the end comes what was not there, asked for once more beside its neighbours, then filled and told;
and what came damaged, fetched once more, then an error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final

from fairlab.errors import ChunkError, warn
from fairlab.net import memory, pool, shards
from fairlab.net.ahead import Request
from fairlab.net.damage import Naming
from fairlab.net.traffic import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    import numpy as np
    from numpy.typing import NDArray

    from fairlab.net.codecs import Scratch
    from fairlab.net.deadline import Deadline
    from fairlab.net.fetch import ArrayReader
    from fairlab.net.selection import Plan, Share
    from fairlab.net.shard_indexes import Index

_MOST_SPARED: Final = 8  # damage on the way is rare; where much is damaged, all may be


def read(work: Sequence[tuple[ArrayReader, Plan, NDArray[Any]]], deadline: Deadline | None) -> None:
    """Read selections of arrays, each into its buffer.

    Parameters
    ----------
    work : sequence of (ArrayReader, Plan, ndarray)
        What to read, and where it goes: an array of the plan's shape.
    deadline : Deadline, optional
        For the whole read; by default each stored object has one of its own.

    Raises
    ------
    ChunkError
        A chunk could not be fetched or decoded, or is missing where that is an error; names it.
    """
    pool.lay([asking for _, _, out in work for asking in memory.askings(out)])
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
    index: Index | None = None
    tries: int = 1
    """How often it is fetched, this time included."""

    @property
    def key(self) -> str:
        return self.reader.key(self.cell)

    def request(self, part: slice | None, deadline: Deadline | None) -> Request:
        """The question for it, or for a part of it."""
        return Request(self.reader.store, self.key, part, deadline, self.reader.max_bytes)

    def index_request(self, deadline: Deadline | None) -> Request:
        """The question for the index of a shard."""
        assert self.reader.layout is not None
        return self.request(self.reader.layout.index_part, deadline)

    @property
    def in_parts(self) -> bool:
        """Whether it is a shard of which only some chunks are fetched."""
        reader = self.reader
        if reader.layout is None:
            return False
        # One answer is of one version of the shard, also where it changes again and again.
        all_of_it = self.tries > 1 or len(self.shares) == reader.wanted_of_shard(self.cell)
        return not (reader.whole_shards and all_of_it)

    def anew(self) -> None:
        """Forget what is known of it, for another try."""
        self.index, self.tries = None, self.tries + 1
        if self.reader.layout is not None:
            self.reader.indexes.forget(self.cell)
            self.index_request(None).forget()


@dataclass
class _Batch:
    """One read: what was found and what was not."""

    deadline: Deadline | None
    found: set[tuple[int, tuple[int, ...]]] = field(default_factory=set)
    absent: list[_Object] = field(default_factory=list)
    damaged: dict[int, _Object] = field(default_factory=dict)
    """By identity: several parts of one shard may be."""
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
                    request = item.index_request(self.deadline)
                    ahead = None if item.cell in item.reader.indexes else request.begin
                    yield pool.Job(partial(self._index, item, request), begin=ahead)
                else:
                    request = item.request(None, self.deadline)
                    place, size = partial(self._place_whole, item, request), item.reader.coding.nbytes
                    yield pool.Job(partial(self._whole, item, request), place, size, request.begin)

        pool.run(jobs())
        pool.run(
            self._job(item, stretch)
            for item in divided
            if item.index is not None
            for stretch in self._stretches(item, item.index.entries)
        )

    def _job(self, item: _Object, stretch: shards.Stretch[Share]) -> pool.Job:
        request = item.request(slice(stretch.start, stretch.stop), self.deadline)
        place = partial(self._place_part, item, stretch, request)
        size = 2 * (stretch.stop - stretch.start)  # what curl hands over, and the whole made of it
        return pool.Job(partial(self._part, item, request), place, size, request.begin)

    def settle(self) -> None:
        """Ask once more for what came damaged, or was not there but its neighbours are; then fill, count and tell."""
        # A store that lost a chunk for a moment must not look like one that never had it.
        doubtful = [item for item in self.absent if self._has_neighbours(item)]
        again = [*doubtful, *self.damaged.values()]
        if again:
            self.absent = [item for item in self.absent if not self._has_neighbours(item)]
            self.count -= len(again)
            for item in again:
                item.anew()
            self.fetch(iter(again))
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
                tries=errors[0].tries,
            )
        warn(f"{text} and read as the fill value: {named}", at=where)

    def _whole(self, item: _Object, request: Request) -> bytes | None:
        with self._naming(item, request):
            body = request.answer()
            if body is None:
                self.absent.append(item)
            return body
        return None

    def _place_whole(self, item: _Object, request: Request, body: bytes, scratch: Scratch) -> None:
        reader = item.reader
        with self._naming(item, request):
            if reader.layout is None:
                (share,) = item.shares
                item.out[share.target] = reader.decode(body, scratch)[share.inside]
            else:
                index = shards.parse_index(body[reader.layout.index_part], reader.layout)
                for part, share in self._wanted(item, index):
                    item.out[share.target] = reader.decode(body[part], scratch)[share.inside]
            self.found.add((id(reader), item.cell))

    def _index(self, item: _Object, request: Request) -> None:
        with self._naming(item, request):
            assert item.reader.layout is not None
            item.index = item.reader.indexes.of(item.cell, request, item.reader.layout)
            if item.index is None:
                self.absent.append(item)
            else:
                self.found.add((id(item.reader), item.cell))

    def _stretches(self, item: _Object, index: NDArray[np.uint64]) -> Iterator[shards.Stretch[Share]]:
        with self._naming(item, item.index_request(None)):
            return shards.stretches(list(self._wanted(item, index)))
        return iter(())

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

    def _part(self, item: _Object, request: Request) -> bytes | None:
        assert request.part is not None and item.index is not None
        start, stop = request.part.start, request.part.stop
        with self._naming(item, request):
            body = request.answer()
            if body is None or len(body) != stop - start:
                have = "is gone" if body is None else f"gives {len(body)} bytes there"
                raise ChunkError(
                    f"its index names bytes {start} to {stop}, but the shard {have}",
                    kind="chunk-damaged",
                )
            if request.version.differs(item.index.version):
                raise ChunkError("the shard changed between its index and its chunks", kind="chunk-changed")
            return body
        return None

    def _place_part(
        self,
        item: _Object,
        stretch: shards.Stretch[Share],
        request: Request,
        body: bytes,
        scratch: Scratch,
    ) -> None:
        view = memoryview(body)
        with self._naming(item, request):
            for part, share in stretch.members:
                mine = view[part.start - stretch.start : part.stop - stretch.start]
                item.out[share.target] = item.reader.decode(mine, scratch)[share.inside]

    def _naming(self, item: _Object, request: Request) -> Naming:
        return Naming(
            location=item.reader.store.location,
            key=item.key,
            tries=item.tries,
            spare=partial(self._spare, item, request),
        )

    def _spare(self, item: _Object, request: Request) -> bool:
        request.forget()
        if item.tries > 1:
            return False
        self.damaged[id(item)] = item
        return len(self.damaged) <= _MOST_SPARED
