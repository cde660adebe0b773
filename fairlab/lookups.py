"""One identifier, one record; one study, its images."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NoReturn

from fairlab.errors import FairlabError, NotFoundError, QueryError, warn
from fairlab.failures import failure
from fairlab.joining import Seen, joined
from fairlab.query import make_query
from fairlab.record import Failure, Record
from fairlab.repositories import base
from fairlab.resolving import asked, owners
from fairlab.results import Group, Results, count
from fairlab.sources import LIVE, limits, named
from fairlab.traits import group_of, traits_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.query import Query
    from fairlab.repositories.base import LiveRepository, Repository

FORMS = (
    "an identifier with its scheme (idr:idr0062, bia:S-BIAD634, empiar:EMPIAR-10310, ssbd:…, sample:nuclei)",
    "a bare accession (idr0062, S-BIAD634, EMPIAR-10310)",
    "a DOI (10.6019/S-BIAD634)",
    "a UUID of the BioImage Archive",
    "the address of a study's page or of an OME-Zarr",
)
"""What :func:`lookup` understands, for people."""


def lookup(
    identifier: str,
    *,
    live: bool = False,
    repositories: Sequence[str] | None = None,
    timeout_s: float | Mapping[str, float] | None = None,
) -> Record:
    """The record of one study or image.

    Parameters
    ----------
    identifier : str
        ``"idr:idr0062"``, ``"sample:nuclei"``, a bare accession (``"idr0062"``, ``"S-BIAD634"``), a DOI, a UUID
        of the BioImage Archive, or the address of an OME-Zarr or of a study's page; old addresses of moved
        stores work too.
    live : bool
        Ask the archive that the identifier belongs to, too; what it says counts more than the catalogue.
    repositories : sequence of str, optional
        Ask these, by name, over the network or not.
    timeout_s : float or mapping of str to float, optional
        Seconds that each archive has, or seconds by name; the option ``source_timeout_s`` by default.

    Raises
    ------
    NotFoundError
        kind ``"identifier-unknown"``; ``context["nearest"]`` holds identifiers that look alike.
    RepositoryError
        The archive could not be asked, and nobody else knows the identifier.
    QueryError
        kind ``"query-empty"``: there is no identifier; ``"repository-unknown"``.

    Examples
    --------
    >>> lookup("idr0062").id, lookup("https://idr.openmicroscopy.org/study/idr0062/").id
    ('idr:idr0062', 'idr:idr0062')
    """
    if not isinstance(identifier, str) or not identifier.strip():
        raise QueryError("nothing to look up: give an identifier or an address", kind="query-empty")
    text, installed = identifier.strip(), base.repositories()
    among = installed if repositories is None else {one.name: one for one in named(repositories, installed)}
    meant = _meant(text, installed.values())
    known = _embedded(text, meant, among.values())
    archives = [one for one in _live(among.values()) if one.name in meant]
    if known is not None and not (archives and (live or repositories is not None)):
        return known
    if not archives or not (live or repositories is not None):
        _not_here(text, meant, among)
    return _from_archives(text, meant, archives, known, limits(timeout_s, archives, installed))


def _live(repositories: Iterable[Repository]) -> list[LiveRepository]:
    return [one for one in repositories if one.live and isinstance(one, base.LiveRepository)]


def _meant(text: str, repositories: Iterable[Repository]) -> dict[str, str]:
    """What an identifier is called by each archive that recognises it; archives whose scheme it has come first."""
    found = {one.name: key for one in _live(repositories) if (key := one.recognises(text)) is not None}
    by_name = {one.name: one for one in repositories}
    return dict(sorted(found.items(), key=lambda item: base.scheme(item[1]) not in by_name[item[0]].prefixes))


def _embedded(text: str, meant: Mapping[str, str], among: Iterable[Repository]) -> Record | None:
    """What the catalogues know, under the identifier as given or as an archive would write it."""
    for key in dict.fromkeys((text, *meant.values())):
        wanted = base.scheme(key)
        for one in among:
            if not one.live and (wanted is None or wanted in one.prefixes):
                record = one.lookup(key)
                if record is not None:
                    return record
    return None


def _from_archives(
    text: str,
    meant: Mapping[str, str],
    archives: Sequence[LiveRepository],
    known: Record | None,
    seconds: Mapping[str, float],
) -> Record:
    """What the archive says, joined with what the catalogue knows; the first that knows it counts."""
    from fairlab.net import api

    trouble: FairlabError | None = None
    for one in sorted(archives, key=lambda one: list(meant).index(one.name)):
        try:
            with api.limit(seconds[one.name]):
                record = one.lookup(meant[one.name])
        except FairlabError as error:
            trouble = trouble or error
            continue
        if record is not None:
            found = dataclasses.replace(record, found_by=(one.name,))
            return joined([Seen(found, 1), *([Seen(known, 0)] if known and known.id == found.id else [])])
    if known is not None:
        if trouble is not None:
            warn(f"only the catalogue answers for {known.id}: {trouble.message}")
        return known
    if trouble is not None:
        raise trouble
    raise NotFoundError(
        f"{' and '.join(one.title for one in archives)} {'knows' if len(archives) == 1 else 'know'} "
        f'no "{text}"\n  it may be under embargo, or mistyped',
        kind="identifier-unknown",
        identifier=text,
        nearest=(),
    )


def _not_here(text: str, meant: Mapping[str, str], among: Mapping[str, Repository]) -> NoReturn:
    """Say what is near, who could be asked, or what identifiers look like."""
    near = _near(text, among.values())
    lines = [f'nothing is known about "{text}"']
    lines += [f"  near: {', '.join(near)}"] if near else []
    if meant:
        key = next(iter(meant.values()))
        lines.append(
            f'  it is not in the catalogue; fairlab.lookup("{key}", live=True) asks {" or ".join(meant)}'
        )
    elif "://" in text:
        lines.append(
            "  no catalogue lists this address; fairlab.open_image reads what the data say themselves"
        )
    elif not near:
        lines += ["  expected one of:", *(f"    {form}" for form in FORMS)]
    raise NotFoundError("\n".join(lines), kind="identifier-unknown", identifier=text, nearest=near)


def _near(identifier: str, among: Iterable[Repository]) -> tuple[str, ...]:
    found = [near for one in among for near in getattr(one, "near", lambda _: ())(identifier)]
    return tuple(found[:3])


def images_of(
    study: Record | str,
    *,
    openable: bool | None = None,
    limit: int | None = 50,
    live: bool | None = None,
    timeout_s: float | None = None,
) -> Results:
    """The images of a study, those that open first.

    Parameters
    ----------
    study : Record or str
        A study, or its identifier; also the group of images without a study record (``"jax:KOMP_adult_lacZ"``).
        An image stands for its study.
    openable : bool, optional
        True: only what ``open_image`` reads.
    limit : int or None
        Records to return; None for all.
    live : bool, optional
        Ask the study's archive, too, where no catalogue lists an image; by default only for a record that came
        from an archive.
    timeout_s : float, optional
        Seconds for the archive; the option ``source_timeout_s`` by default.

    Raises
    ------
    NotFoundError
        kind ``"identifier-unknown"``: no such study or group.

    Examples
    --------
    >>> [record.layout for record in images_of("S-BIAD634", limit=1)]
    ['image']
    """
    key = group_of(study) if isinstance(study, Record) else study.strip()
    query = make_query(study=key, openable=openable, limit=limit)
    installed = base.repositories()
    silent = tuple(name for name, one in installed.items() if one.live) or (LIVE,)
    for one in installed.values():
        finder: Any = getattr(one, "images_of", None)
        found: Results | None = finder(query) if finder is not None else None
        if found:
            return dataclasses.replace(found, not_asked=silent)
    record = study if isinstance(study, Record) else lookup(study, live=bool(live))
    if group_of(record) != key:
        return images_of(record, openable=openable, limit=limit, live=live, timeout_s=timeout_s)
    ask = bool(owners(record, installed)) and (live if live is not None else _is_live(record, installed))
    return (
        _asked_images(record, query, installed, silent, timeout_s)
        if ask
        else _no_images(record, query, installed)
    )


def _is_live(record: Record, installed: Mapping[str, Repository]) -> bool:
    return any(installed[name].live for name in record.found_by if name in installed)


def _asked_images(
    study: Record,
    query: Query,
    installed: Mapping[str, Repository],
    silent: Sequence[str],
    timeout_s: float | None,
) -> Results:
    """The images that the study's archive lists, as far as it answers."""
    from fairlab.net import api

    names = [one.name for one in owners(study, installed)]
    seconds = limits(timeout_s, owners(study, installed), installed)
    found: list[Record] = []
    failures: list[Failure] = []
    try:
        with api.limit(max(seconds.values())):
            for image in asked(study, installed):
                if query.openable is None or traits_of(image).openable == query.openable:
                    found.append(image)
                if query.limit is not None and len(found) >= query.limit:
                    break
    except FairlabError as error:
        failures.append(failure(" and ".join(names), error))
    return Results(
        query=query,
        records=tuple(found),
        total=len(found),
        total_exact=query.limit is None or len(found) < query.limit,
        groups=(Group(id=study.id, title=study.title, total=len(found)),) if found else (),
        total_groups=min(1, len(found)),
        asked=(*(name for name in installed if name not in silent), *names),
        not_asked=tuple(name for name in silent if name not in names),
        failures=tuple(failures),
        notes=() if found or failures else (f"no image of {study.id} is listed as OME-Zarr",),
        counts=count((traits_of(record), 1) for record in found),
    )


def _no_images(study: Record, query: Query, installed: Mapping[str, Repository]) -> Results:
    archives = [one.name for one in owners(study, installed)]
    notes = [f"no image of {group_of(study)} is listed as OME-Zarr"]
    notes += [f"record.images(live=True) asks {' and '.join(archives)}"] if archives else []
    silent = tuple(name for name, one in installed.items() if one.live) or (LIVE,)
    embedded = tuple(name for name, one in installed.items() if not one.live)
    return Results(query=query, asked=embedded, not_asked=silent, notes=tuple(notes))
