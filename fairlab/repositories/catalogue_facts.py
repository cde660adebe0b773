"""What records state besides traits: years, pixel sizes, labels, channels, key/value pairs and named terms.

Filters on these are answered by the database alone, also over a hundred thousand images. They mean what
:func:`fairlab.matching.fits` means; what a record does not state, it does not meet.
"""

from __future__ import annotations

import functools
import json
from array import array
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlab import terms
from fairlab.matching import is_about
from fairlab.query import TOPICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fairlab.query import Query
    from fairlab.record import Record

    Rows = Callable[..., list[tuple[Any, ...]]]

FILTERS = ("attributes", *TOPICS, "year", "channel", "has_labels", "pixel_size_below")
"""The filters that these facts answer."""
SAID = {
    "attributes": "key/value pairs", **dict.fromkeys(TOPICS, "terms or key/value pairs of that sort"),
    "year": "a year", "channel": "channels", "has_labels": "whether there are labels",
    "pixel_size_below": "a pixel size",
}  # fmt: skip
"""What records that answer each filter state, in words."""
_TERM, _CHANNEL, _PAIR = "term ", "channel", "pair "
_ONTOLOGIES = {
    "anatomy": ("UBERON", "CL", "BTO", "FMA", "ZFA", "MA", "EMAPA", "FBbt", "PO", "GO"),
    "disease": ("DOID", "MONDO", "Orphanet", "NCIT", "HP"),
    "cell_line": ("CLO", "BTO", "EFO", "CVCL"),
    "phenotype": ("CMPO", "PATO", "MP", "HP", "FBcv", "GO"),
    "compound": ("CHEBI", "CHEMBL", "PUBCHEM"),
}
"""Whose terms can tell anything of a topic: where nobody names such a term, the filter has nothing to go by."""


class Condition(NamedTuple):
    """One filter on facts."""

    name: str
    """Name of the filter."""
    docs: frozenset[int]
    """The documents that meet it, of whatever kind."""


def year_of(record: Record) -> int | None:
    """The year in which it was published."""
    stated = (record.release_date or "")[:4]
    return int(stated) if stated.isdigit() else None


def finest(record: Record) -> float | None:
    """The coarser of its pixel's two sides, in micrometer: what a limit on pixel sizes is held against."""
    return max((size for axis, size in record.pixel_size.items() if axis in ("x", "y")), default=None)


def facts_of(record: Record) -> set[tuple[str, str]]:
    """What it states by word, each as a kind and folded words."""
    found = {
        (_TERM + (term.id or "").partition(":")[0], text)
        for term in record.other_terms
        for text in (term.label, term.id)
        if text
    }
    found |= {(_CHANNEL, channel) for channel in record.channels}
    for name, values in record.attributes.items():
        found |= {(_PAIR + " ".join(terms.fold(name)), value) for value in values}
    return {(kind, " ".join(terms.fold(text))) for kind, text in found}


def stated_by(record: Record, found: Iterable[tuple[str, str]]) -> set[str]:
    """The filters that a record, with its facts, has anything to say about."""
    kinds = {kind for kind, _ in found}
    names = {topic for topic in TOPICS if any(_tells(kind, topic) for kind in kinds)}
    named = {
        "attributes": any(kind.startswith(_PAIR) for kind in kinds),
        "channel": _CHANNEL in kinds,
        "year": year_of(record) is not None,
        "has_labels": record.has_labels is not None,
        "pixel_size_below": finest(record) is not None,
    }
    return names | {name for name, is_stated in named.items() if is_stated}


@functools.lru_cache(maxsize=4096)
def _tells(kind: str, topic: str) -> bool:
    if kind.startswith(_PAIR):
        return is_about(kind.removeprefix(_PAIR), topic)
    return kind.startswith(_TERM) and kind.removeprefix(_TERM) in _ONTOLOGIES[topic]


def conditions(rows: Rows, query: Query) -> list[Condition]:
    """The filters on facts, each with the documents that meet it."""
    return [Condition(name, frozenset(docs)) for name, docs in _meeting(rows, query)]


def _meeting(rows: Rows, query: Query) -> Iterator[tuple[str, Iterable[int]]]:
    # The user's own text enters a statement as a bound value only.
    if query.max_bytes is not None:
        yield "max_bytes", numbers(rows, "doc", "docs WHERE bytes <= ?", [query.max_bytes])
    if query.year is not None:
        first, last = query.year
        yield "year", numbers(rows, "doc", "docs WHERE year BETWEEN ? AND ?", [first or 0, last or 9999])
    if query.has_labels is not None:
        yield "has_labels", numbers(rows, "doc", "docs WHERE labels = ?", [query.has_labels])
    if query.pixel_size_below is not None:
        yield "pixel_size_below", numbers(rows, "doc", "docs WHERE pixel < ?", [query.pixel_size_below])
    if query.study is not None:
        held = rows("SELECT docs FROM members WHERE study = ?", [query.study])
        yield "study", (doc for (docs,) in held for doc in unpacked(docs))
    for name, found in _facts(rows, query):
        held = rows(f"SELECT docs FROM facts WHERE fact IN ({','.join(map(str, found))})")
        yield name, (doc for (docs,) in held for doc in unpacked(docs))


def packed(docs: Iterable[int]) -> bytes:
    """Numbers of documents as the database holds them."""
    return array("I", docs).tobytes()


def unpacked(docs: bytes) -> array[int]:
    """The numbers of documents that the database holds."""
    found = array("I")
    found.frombytes(docs)
    return found


def numbers(rows: Rows, column: str, rest: str, values: Sequence[Any] = ()) -> list[int]:
    """``SELECT column FROM rest``, a column of whole numbers."""
    # As one text: a hundred thousand rows of one number each take three times as long.
    ((found,),) = rows(f"SELECT group_concat({column}) FROM {rest}", values)
    return json.loads(f"[{found}]") if found else []


def _facts(rows: Rows, query: Query) -> Iterator[tuple[str, list[int]]]:
    """The filters by word, each with the facts that meet it."""
    for key, wanted in query.attributes:
        yield "attributes", _matching(rows, [_PAIR + " ".join(terms.fold(key))], wanted, whole=True)
    for topic in TOPICS:
        asked = getattr(query, topic)
        if asked:
            kinds = [kind for (kind,) in rows("SELECT DISTINCT kind FROM facts")]
            about = [kind for kind in kinds if kind.startswith(_TERM) or _tells(kind, topic)]
            yield topic, _matching(rows, about, asked)
    if query.channel:
        yield "channel", _matching(rows, [_CHANNEL], query.channel)


def _matching(rows: Rows, kinds: Sequence[str], asked: Sequence[str], *, whole: bool = False) -> list[int]:
    phrases = [" ".join(terms.fold(text)) for text in asked]
    test = "words = ?" if whole else "instr(' ' || words || ' ', ' ' || ? || ' ')"
    statement = (
        f"SELECT fact FROM facts WHERE kind IN ({','.join('?' * len(kinds))}) "
        f"AND ({' OR '.join([test] * len(phrases))})"
    )
    return [fact for (fact,) in rows(statement, [*kinds, *phrases])]


def stated(rows: Rows, query: Query) -> dict[str, int]:
    """For each filter in use that these facts answer, how many documents of the kind asked for state such a fact."""
    told: dict[str, int] = dict(rows("SELECT filter, docs FROM stated WHERE kind = ?", [query.kind]))
    return {name: told.get(name, 0) for name in sorted(query.filters() & set(FILTERS))}


def whole(rows: Rows, kind: str) -> int:
    """How many studies or images there are."""
    return sum(number for (number,) in rows("SELECT docs FROM stated WHERE kind = ? AND filter = ''", [kind]))
