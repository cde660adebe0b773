"""Reading: metadata documents in one burst, pixels of one array or of many, and what reading them costs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from fairlab.errors import AccessError, FairlabError, FormatError, UnexpectedAnswer, warn
from fairlab.net import batch, guard, memory, pool, shards
from fairlab.net.ahead import Request
from fairlab.net.selection import outer, points
from fairlab.net.shard_indexes import ShardIndexes
from fairlab.net.stored_array import StoredArray
from fairlab.ngff import documents as json_documents
from fairlab.quantities import readable_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from fairlab.net.deadline import Deadline
    from fairlab.net.selection import Plan, Positions
    from fairlab.net.store import Store

Missing = Literal["warn", "error", "fill"]
"""What to do about a chunk that the store says it does not have."""


def documents(
    store: Store, keys: Iterable[str], *, deadline: Deadline | None = None, required: Iterable[str] = ()
) -> dict[str, dict[str, Any] | FormatError | None]:
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
        Key to parsed object; None where the store has no such document; an error of kind ``"not-json"`` where one
        is there but is no JSON object, which matters only to who needs it.

    Raises
    ------
    FairlabError
        Whatever the store raises. A refusal (403, 400, a redirect to another host) or a web page counts as absence
        when another document of the same burst is there: buckets that may not be listed refuse what they do not
        have, and some servers answer every address with a page.

    Warns
    -----
    FairlabWarning
        A document is odd but readable, for example with the same key twice.
    """
    keys, needed = list(keys), set(required)
    questions = [Request(store, key, deadline=deadline, max_bytes=json_documents.MAX_BYTES) for key in keys]
    answers = dict(zip(keys, pool.each(_document, questions, begin=Request.begin), strict=True))
    refusals = {key: answer for key, answer in answers.items() if isinstance(answer, FairlabError)}
    for key, refusal in refusals.items():
        if key in needed or len(refusals) + sum(a is None for a in answers.values()) == len(keys):
            raise refusal
    found: dict[str, dict[str, Any] | FormatError | None] = {}
    for key, answer in answers.items():
        value, remarks = answer if isinstance(answer, tuple) else (None, ())
        for remark in remarks:
            warn(remark.message, at=f"{store.location}/{key}")
        found[key] = value
    return found


def _document(
    request: Request,
) -> tuple[dict[str, Any] | FormatError, tuple[json_documents.Remark, ...]] | FairlabError | None:
    where = f"{request.store.location}/{request.key}"
    try:
        body = request.answer()
    except (AccessError, FormatError, UnexpectedAnswer) as refusal:
        if "too-large" in refusal.kind:
            return _no_metadata(where, refusal), ()
        if isinstance(refusal, UnexpectedAnswer) and not _is_refusal(refusal):
            raise
        return refusal
    if body is None:
        return None
    try:
        value, remarks = json_documents.parse(body, where=where)
    except FormatError as exc:
        return exc, ()
    if not isinstance(value, dict):
        return FormatError(f"{where} is no JSON object", kind="not-json", url=where), ()
    return value, remarks


def _is_refusal(answer: UnexpectedAnswer) -> bool:
    """Whether it is how some servers say that there is no such thing: 400, or the way to another host's log-in."""
    return answer.kind.startswith("http-4") or answer.kind == "redirect-elsewhere"


def _no_metadata(where: str, cause: FairlabError) -> FormatError:
    why = cause.message.splitlines()[0]
    return FormatError(f"{where} is longer than any metadata ({why})", kind="not-json", url=where)


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
        self.indexes = ShardIndexes()
        """Indexes of its shards that were read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _reader, (self.store, self.path, self.document, self.missing)

    def at(self, path: str) -> ArrayReader:
        """The array at another place that is described in the same words, which need not be understood again."""
        other = object.__new__(type(self))
        other.__dict__ |= self.__dict__ | {
            "path": path,
            "where": f"{self.store.location}/{path}",
            "missing_chunks": [],
            "indexes": ShardIndexes(),
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
        batch.read([(self, plan, out)], deadline)
        return out[tuple(0 if isinstance(k, int | np.integer) else slice(None) for k in key)]

    def read_points(self, key: Sequence[NDArray[Any]], *, deadline: Deadline | None = None) -> NDArray[Any]:
        """Pixels at positions that broadcast against one another, one array per axis; see :meth:`read`."""
        plan = points(key, self.shape, self.inner_chunks)
        out = self._empty(plan.shape)
        batch.read([(self, plan, out)], deadline)
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
        return memory.empty(shape, self.dtype.newbyteorder("="))


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
    batch.read(
        [(p.reader, outer(p.key, p.reader.shape, p.reader.inner_chunks), p.out) for p in parts], deadline
    )
