"""What several repositories answered, as one: joined where they mean the same thing, ranked, counted, cut."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter
from itertools import chain
from typing import TYPE_CHECKING, Final, NamedTuple

from fairlab.joining import Seen, identities, joined, of_study, same
from fairlab.options import option
from fairlab.ranking import fused, weight
from fairlab.repositories.base import scheme
from fairlab.results import Group, Results, count, spread
from fairlab.traits import group_of, traits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from fairlab.inquiry import Source
    from fairlab.query import Query
    from fairlab.record import Record

_FRESH: Final = dt.timedelta(days=1)


class Told(NamedTuple):
    """What one repository gave, with what of the question it leaves open."""

    name: str
    records: tuple[Record, ...]
    lacks: tuple[str, ...]
    """Terms."""
    unapplied: tuple[str, ...]
    """Filters."""

    @property
    def unmet(self) -> int:
        """How much of the question is left open."""
        return len(self.lacks) + len(self.unapplied)


def gathered(
    query: Query,
    embedded: Sequence[Results],
    sources: Sequence[Source],
    *,
    study_of: Callable[[str], Record | None],
    before: Sequence[Record] = (),
) -> Results:
    """The answers of all that were asked.

    Records that leave less of the question open put the others out, as in the catalogue.

    Parameters
    ----------
    query : Query
        The question.
    embedded : sequence of Results
        What the catalogues answered.
    sources : sequence of Source
        The archives, as far as they got.
    study_of : callable
        A study that a catalogue knows by its identifier, or None.
    before : sequence of Record
        Records that were shown before and keep their place.
    """
    told = [*_told(embedded), *_found(sources)]
    fewest = min((one.unmet for one in told), default=0)
    relaxed = next((one.lacks for one in told if one.unmet == fewest), ())
    kept = [one for one in told if one.unmet == fewest and one.lacks == relaxed]
    studies = _studies(query, kept, sources, study_of)
    titles = {group.id: group.title for one in embedded for group in one.groups if group.title}
    titles |= {key: study.title for key, study in studies.items() if study.title}
    known = [_with_study(record, studies) for record in _ranked(query, kept, titles, sources)]
    shown = _shown(query, known, before)
    sizes, shown_groups = Counter(map(group_of, known)), dict.fromkeys(map(group_of, shown))
    totals = {one.asked[0]: one.total for one in embedded} | {
        one.name: one.total for one in sources if one.total is not None
    }
    counted = [totals.get(one.name, 0) for one in kept]
    total = max([len(known), *counted])
    return Results(
        query=query,
        records=tuple(shown),
        total=total,
        total_exact=total == len(known) and all(one.over and one.total_exact for one in sources),
        totals=totals,
        groups=tuple(Group(id=key, title=titles.get(key), total=sizes[key]) for key in shown_groups),
        total_groups=len(sizes),
        asked=tuple(chain.from_iterable(one.asked for one in embedded)) + tuple(one.name for one in sources),
        failures=(
            *chain.from_iterable(one.failures for one in embedded),
            *(one.failure for one in sources if one.failure is not None),
        ),
        relaxed=relaxed,
        unapplied=_unapplied(embedded, sources),
        notes=tuple(dict.fromkeys(_notes(embedded, sources, told, kept))),
        counts=count((traits_of(record), 1) for record in known),
    )


def _told(embedded: Sequence[Results]) -> Iterator[Told]:
    for answer in embedded:
        if answer.records:
            name = answer.asked[0]
            yield Told(name, named_finds(answer).records, answer.relaxed, answer.unapplied.get(name, ()))


def named_finds(answer: Results) -> Results:
    """The answer of one repository, its records saying whose they are."""
    records = tuple(dataclasses.replace(record, found_by=answer.asked) for record in answer.records)
    return dataclasses.replace(answer, records=records)


def _found(sources: Sequence[Source]) -> Iterator[Told]:
    """What archives gave, apart by what it lacks."""
    for source in sources:
        apart: dict[tuple[str, ...], list[Record]] = {}
        for record, lacks in source.found:
            apart.setdefault(lacks, []).append(record)
        for lacks, records in apart.items():
            yield Told(source.name, tuple(records), lacks, source.unapplied)


def _unapplied(embedded: Sequence[Results], sources: Sequence[Source]) -> dict[str, tuple[str, ...]]:
    found = {name: filters for answer in embedded for name, filters in answer.unapplied.items()}
    return found | {source.name: source.unapplied for source in sources if source.unapplied}


def _studies(
    query: Query,
    kept: Sequence[Told],
    sources: Sequence[Source],
    study_of: Callable[[str], Record | None],
) -> dict[str, Record]:
    """The studies of images, as an archive gave them or a catalogue knows them."""
    if query.kind == "study":
        return {}
    found = {study.id: study for source in sources for study in source.digest.studies()}
    for key in dict.fromkeys(group_of(record) for one in kept for record in one.records):
        if key not in found and (study := study_of(key)) is not None:
            found[key] = study
    return found


def _with_study(record: Record, studies: Mapping[str, Record]) -> Record:
    """An image with its study's licence, authors and the like, where it states none itself."""
    study = studies.get(group_of(record)) if record.kind == "image" else None
    return of_study(record, study) if study is not None else record


# ── rank ─────────────────────────────────────────────────────────────────────────────────────────


def _ranked(
    query: Query, kept: Sequence[Told], titles: dict[str, str], sources: Sequence[Source]
) -> list[Record]:
    """Every record once, best first; of the same thing there is one, at the place of its best."""
    owners = {source.name: source.repository.prefixes for source in sources}
    columns = [one.records for one in kept if one.name in owners]
    # Catalogues follow one another as they always do: what fairlab makes up itself stands behind what is real.
    columns.insert(0, tuple(record for one in kept if one.name not in owners for record in one.records))
    concepts = [concept for concept in query.concepts if not kept or concept.text not in kept[0].lacks]
    weights = [
        [weight(record, concepts, study_title=titles.get(group_of(record), "")) for record in column]
        for column in columns
    ]
    ordered = [columns[number][position] for number, position in fused(weights)]
    return [
        joined([Seen(ordered[position], _authority(ordered[position], owners)) for position in group])
        for group in same(ordered)
    ]


def _authority(record: Record, owners: dict[str, tuple[str, ...]]) -> int:
    """2 for a record that its own archive gave, 1 for one of another live source, 0 for a catalogue's."""
    name = record.found_by[-1] if record.found_by else ""
    return 0 if name not in owners else 1 + (scheme(record.id) in owners[name])


def _shown(query: Query, known: Sequence[Record], before: Sequence[Record]) -> list[Record]:
    """What is shown: first what was shown before, then the best, of each study a few."""
    old = [identities(record) for record in before]
    position_of = {key: position for position, keys in enumerate(old) for key in keys}
    kept: list[Record] = list(before)
    fresh: dict[str, list[Record]] = {}
    for record in known:
        place = next((position_of[key] for key in identities(record) if key in position_of), None)
        if place is not None:
            kept[place] = record
            continue
        alone = query.group_by == "image" or query.kind == "study"
        fresh.setdefault(record.id if alone else group_of(record), []).append(record)
    room = None if query.limit is None else max(0, query.limit - len(kept))
    shares = spread([len(found) for found in fresh.values()], room)
    return kept + [
        record for found, share in zip(fresh.values(), shares, strict=True) for record in found[:share]
    ]


# ── notes ────────────────────────────────────────────────────────────────────────────────────────


def _notes(
    embedded: Sequence[Results], sources: Sequence[Source], told: Sequence[Told], kept: Sequence[Told]
) -> Iterator[str]:
    for answer in embedded:
        yield from answer.notes
    for one in told:
        if one not in kept and one.unapplied:
            filters = ", ".join(name.replace("_", " ") for name in one.unapplied)
            yield (
                f"{one.name}: {len(one.records):,} records left out, because nobody can tell whether they meet "
                f"{filters}"
            )
    for source in sources:
        yield from source.said
        yield from source.digest.notes()
        if kept_since := _age(source):
            yield f"{source.name}: answered from what was kept {kept_since}; it was not asked now"


def _age(source: Source) -> str | None:
    """Since when an answer was kept, where it is not of now."""
    times = [
        stated.retrieved_at
        for record, _ in source.found
        if record.found_by[-1:] == (source.name,)
        for stated in record.sources.values()
        if stated.retrieved_at
    ]
    try:
        oldest = dt.datetime.fromisoformat(min(times))
    except ValueError:  # no time at all, or none that can be read
        return None
    oldest = oldest if oldest.tzinfo else oldest.replace(tzinfo=dt.UTC)
    fresh = dt.timedelta(minutes=1) if option("offline") else _FRESH
    return f"since {oldest:%Y-%m-%d %H:%M}" if dt.datetime.now(dt.UTC) - oldest > fresh else None
