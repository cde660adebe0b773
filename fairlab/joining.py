"""One record of the same study or image seen through several repositories, with what each of them knows."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from fairlab.moves import address_key
from fairlab.record import Record, Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

# These accessions are unique whoever lists them; a bare "141" of one archive is another archive's "141", too.
_ACCESSION = re.compile(r"s-[a-z]+\d+|empiar-\d+|idr\d{4}", re.IGNORECASE)
# The first image of a collection that bioformats2raw made is listed with and without its number.
_FIRST_SERIES = re.compile(r"(\.zarr)/0$")
_OWN = frozenset({"id", "kind", "repository", "note", "raw", "sources", "seen_in", "found_by"})
"""Fields that are about the record itself, so that they are never taken from another."""
_FROM_STUDY = (
    "authors", "creators", "attribution", "publications", "pmid", "funding", "license", "license_as_listed",
    "release_date", "organism", "imaging_method", "other_terms", "keywords", "attributes", "landing_url", "access",
)  # fmt: skip


class Seen(NamedTuple):
    """A record as one repository states it."""

    record: Record
    authority: int = 0
    """The higher, the nearer to the archive of record."""


def identities(record: Record) -> frozenset[str]:
    """What a record may be known again by: two records that share one of these are the same thing.

    Examples
    --------
    >>> a = Record(id="bia:S-BIAD1/a", kind="image", repository="BIA", url="https://x.org/s3/a.zarr/0")
    >>> b = Record(id="x:a", kind="image", repository="X", url="http://X.org/s3/a.zarr/")
    >>> len(identities(a) & identities(b))
    1
    """
    found = {record.id.casefold()}
    if record.kind == "study":
        if record.accession and _ACCESSION.fullmatch(record.accession):
            found.add(f"study {record.accession.casefold()}")
        return frozenset(found)
    for address in (record.url, record.listed_url):
        if address:
            found.add("pixels " + _FIRST_SERIES.sub(r"\1", address_key(address)))
    return frozenset(found)


def same(records: Iterable[Record]) -> list[list[int]]:
    """Positions of records that are the same thing, group by group, in order of each group's first.

    Examples
    --------
    >>> one = Record(id="idr:idr0062", kind="study", repository="IDR", accession="idr0062")
    >>> same([one, Record(id="x:1", kind="study", repository="X"), one])
    [[0, 2], [1]]
    """
    groups: dict[int, list[int]] = {}
    known: dict[str, int] = {}  # identity -> group, by the position of its first record
    for position, record in enumerate(records):
        keys = identities(record)
        meant = sorted({known[key] for key in keys if key in known})
        first = meant[0] if meant else position
        for other in meant[1:]:  # this record shows that two groups are one
            groups[first] += groups.pop(other)
            known.update({key: first for key, group in known.items() if group == other})
        groups.setdefault(first, []).append(position)
        known.update(dict.fromkeys(keys, first))
    return [sorted(positions) for _, positions in sorted(groups.items())]


def joined(seen: Sequence[Seen]) -> Record:
    """One record of several of the same thing.

    Each field is that of the nearest to the archive of record among those that assert it, then among those
    that infer it; :attr:`Record.seen_in` keeps every document that took part.

    Parameters
    ----------
    seen : sequence of Seen
        At least one; among equals the first counts.

    Examples
    --------
    >>> archive = Record(id="bia:S-BIAD1", kind="study", repository="BIA", title="Cells",
    ...                  sources={"*": Source(document="https://bia.example/S-BIAD1")})
    >>> index = Record(id="bia:S-BIAD1", kind="study", repository="BIA", title="Cels", keywords=("nuclei",),
    ...                sources={"*": Source(document="https://gide.example/S-BIAD1")})
    >>> whole = joined([Seen(index, 1), Seen(archive, 2)])
    >>> whole.title, whole.keywords, whole.source("keywords").document, len(whole.seen_in)
    ('Cells', ('nuclei',), 'https://gide.example/S-BIAD1', 2)
    """
    ranked = sorted(seen, key=lambda one: -one.authority)
    records = [one.record for one in ranked]
    found_by = tuple(dict.fromkeys(name for one in seen for name in one.record.found_by))
    if len(records) == 1:
        return dataclasses.replace(records[0], found_by=found_by)
    first = records[0]
    values: dict[str, Any] = {}
    sources = dict(first.sources)
    for name in (f.name for f in dataclasses.fields(Record) if f.name not in _OWN):
        stating = [record for record in records if getattr(record, name) not in (None, (), {})]
        if not stating:
            continue
        chosen = next((r for r in stating if not _inferred(r, name)), stating[0])
        values[name] = getattr(chosen, name)
        if chosen is not first and (source := chosen.source(name)) is not None:
            sources[name] = source
    notes = [record.note for record in records if record.note]
    return dataclasses.replace(
        first,
        **values,
        note=notes[0] if notes else None,
        raw=next((record.raw for record in records if record.raw is not None), None),
        sources=sources,
        seen_in=_documents(records),
        found_by=found_by,
    )


def of_study(image: Record, study: Record) -> Record:
    """An image with what only its study states, marked as inferred: it may not hold for one image."""
    lacking = [
        name
        for name in _FROM_STUDY
        if getattr(image, name) in (None, (), {}) and getattr(study, name) not in (None, (), {})
    ]
    if image.accession is None and study.accession is not None:
        lacking.append("accession")
    sources = dict(image.sources)
    for name in lacking:
        if (source := study.source(name)) is not None:
            sources[name] = dataclasses.replace(source, basis="inferred")
    taken = {name: getattr(study, name) for name in lacking}
    return dataclasses.replace(image, **taken, sources=sources, found_by=image.found_by or study.found_by)


def _inferred(record: Record, name: str) -> bool:
    source = record.source(name)
    return source is not None and source.basis == "inferred"


def _documents(records: Sequence[Record]) -> tuple[Source, ...]:
    """Every document once, in order; which of its places was read is in ``sources``."""
    found: dict[str, Source] = {}
    for record in records:
        for source in (*_listed(record.sources), *record.seen_in):
            found.setdefault(source.document, dataclasses.replace(source, pointer=""))
    return tuple(found.values())


def _listed(sources: Mapping[str, Source]) -> list[Source]:
    return sorted(sources.values(), key=lambda source: source.basis)  # what is asserted first
