"""Ask repositories, keep every answer and every failure.

Catalogues that come with fairlab are asked by default and open no socket; repositories that answer live
are asked only on request, and results say who was not asked.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from fairlab import terms
from fairlab.errors import FairlabError, NotFoundError, QueryError
from fairlab.filters import unknown_value
from fairlab.query import make_query
from fairlab.record import Failure, Record
from fairlab.repositories import base
from fairlab.results import Results, merge
from fairlab.traits import group_of
from fairlab.words import MAX_CONCEPTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fairlab.query import Query
    from fairlab.repositories.base import Repository

LIVE = "live archives"
"""Stands in ``Results.not_asked`` for the archives that this version cannot ask over the network."""


def search(
    text: str = "",
    *,
    organism: str | Sequence[str] | None = None,
    imaging_method: str | Sequence[str] | None = None,
    license: str | Sequence[str] | None = None,
    repository: str | Sequence[str] | None = None,
    kind: str = "image",
    ngff_version: str | Sequence[str] | None = None,
    layout: str | Sequence[str] | None = None,
    openable: bool | None = None,
    max_bytes: int | None = None,
    limit: int | None = 50,
    match: str = "best",
    live: bool = False,
    repositories: Sequence[str] | None = None,
) -> Results:
    """Find images or studies by words and filters.

    Words are joined with "and". Common names, scientific names and identifiers of taxa mean the same
    ("mouse", "Mus musculus", "NCBITaxon:10090"); a method finds its narrower methods ("confocal" finds
    spinning disk). Images are found by their study's words too, and stand together by study: up to three
    of each study, best study first, then by turns until the limit is reached.

    Parameters
    ----------
    text : str
        Free words; may be empty when a filter is given. Words in double quotes stand together.
    organism, imaging_method : str or sequence of str, optional
        Names or identifiers; several mean "any of these".
    license : str or sequence of str, optional
        For example ``"CC-BY-4.0"``; without a version (``"cc-by"``) all versions of that licence.
    repository : str or sequence of str, optional
        Who publishes the data (``"IDR"``, ``"BIA"``, ``"EMPIAR"`` …), capitals or not.
    kind : {"image", "study"}
        What to find; studies include many whose images are not listed as OME-Zarr.
    ngff_version, layout : str or sequence of str, optional
        OME-Zarr version (``"0.5"``); ``"image"``, ``"plate"`` or ``"bioformats2raw"``.
    openable : bool, optional
        True: only what ``open_image`` reads.
    max_bytes : int, optional
        Largest stored size in bytes; what states no size is left out.
    limit : int or None
        Records to return; ``results.total`` and ``results.facets()`` still count all. None for all.
    match : {"best", "all"}
        With ``"best"``, when nothing has all words, the closest partial match is shown and
        ``results.relaxed`` names the words it lacks; ``"all"`` shows nothing then.
    live : bool
        Ask installed repositories that answer over the network, too.
    repositories : sequence of str, optional
        Whom to ask, by name; the default is every catalogue.

    Returns
    -------
    Results
        A sequence of records, with ``failures``, ``relaxed``, ``notes`` and who was not asked.

    Raises
    ------
    QueryError
        kind ``"query-empty"``, ``"<filter>-unknown"``, ``"repository-unknown"`` or ``"query-value"``;
        ``context["nearest"]`` holds what was probably meant.

    Examples
    --------
    >>> results = search("mouse", license="cc-by", openable=True, repositories=["catalogue"], limit=5)
    >>> len(results), results.relaxed
    (5, ())
    >>> any(term.label == "Mus musculus" for term in results[0].organism)
    True
    """
    query = make_query(
        text,
        organism=organism,
        imaging_method=imaging_method,
        license=license,
        repository=repository,
        kind=kind,
        ngff_version=ngff_version,
        layout=layout,
        openable=openable,
        max_bytes=max_bytes,
        limit=limit,
        match=match,
    )
    installed = base.repositories()
    asked = _to_ask(installed, live=live, names=repositories)
    _check_publishers(query, installed.values())
    answers = [_ask(one, query) for one in asked]
    return _told(merge(query, answers), installed=installed, asked=asked, live=live)


def _to_ask(installed: dict[str, Repository], *, live: bool, names: Sequence[str] | None) -> list[Repository]:
    if names is None:
        return [one for one in installed.values() if live or not one.live]
    wanted = (names,) if isinstance(names, str) else tuple(names)
    if not wanted:
        raise QueryError(
            "repositories is empty, so nobody would be asked; leave it out to ask every catalogue",
            kind="repository-unknown",
        )
    for name in wanted:
        if not isinstance(name, str) or name.casefold() not in installed:
            raise _unknown_repository(str(name), installed)
    return [installed[name] for name in dict.fromkeys(name.casefold() for name in wanted)]


def _unknown_repository(name: str, installed: dict[str, Repository]) -> QueryError:
    near = terms.nearest(name, installed)
    hint = f'\n  did you mean "{near[0]}"?' if near else ""
    if name.casefold() in _publishers(installed.values()):
        hint = (
            f"\n  {name} publishes data that catalogues list: filter with repository={name!r};\n"
            "  this version of fairlab cannot ask it over the network"
        )
    return QueryError(
        f'no repository "{name[:80]}" is installed; there are: {", ".join(installed)}{hint}',
        kind="repository-unknown",
        name=name[:80],
        nearest=near,
    )


def _publishers(repositories: Iterable[Repository]) -> dict[str, str]:
    """Names that ``repository=`` understands, by their case-folded form."""
    names = [
        name for one in repositories for name in (*getattr(one, "publishers", ()), one.name, *one.prefixes)
    ]
    return {name.casefold(): name for name in reversed(names)}


def _check_publishers(query: Query, repositories: Iterable[Repository]) -> None:
    known = _publishers(repositories)
    for name in query.repository:
        if name not in known:
            raise unknown_value("repository", name, list(known.values()))


def _ask(repository: Repository, query: Query) -> Results:
    try:
        return repository.search(query)
    except FairlabError as error:
        failure = Failure(
            repository=repository.name,
            kind=error.kind,
            message=error.message,
            advice="the others' answers are not affected; try this one again later",
        )
        return Results(query=query, asked=(repository.name,), failures=(failure,))


def _told(
    results: Results, *, installed: dict[str, Repository], asked: Sequence[Repository], live: bool
) -> Results:
    """The results, with who was not asked and what became of the question."""
    silent = tuple(name for name, one in installed.items() if one not in asked)
    notes = list(results.notes)
    if not any(one.live for one in installed.values()):
        silent = (*silent, LIVE)
        if live:
            notes.append(
                "live archives were not asked: this version of fairlab answers from its catalogues only"
            )
    if asked and len(results.failures) == len(asked):
        notes.append("nobody answered, so this says nothing about what exists")
    if len(results.query.concepts) == MAX_CONCEPTS:
        notes.append(f"only the first {MAX_CONCEPTS} terms of the text were used")
    return dataclasses.replace(results, not_asked=silent, notes=tuple(notes))


def lookup(identifier: str) -> Record:
    """The record of one study or image.

    Parameters
    ----------
    identifier : str
        ``"idr:idr0062"``, ``"sample:nuclei"``, a bare accession (``"idr0062"``, ``"S-BIAD634"``), or the
        address of a listed OME-Zarr or of a study's page; old addresses of moved stores work too.

    Raises
    ------
    NotFoundError
        kind ``"identifier-unknown"``; ``context["nearest"]`` holds identifiers that look alike.
    QueryError
        kind ``"query-empty"``: there is no identifier.

    Examples
    --------
    >>> lookup("idr0062").id, lookup("https://idr.openmicroscopy.org/study/idr0062/").id
    ('idr:idr0062', 'idr:idr0062')
    """
    if not isinstance(identifier, str) or not identifier.strip():
        raise QueryError("nothing to look up: give an identifier or an address", kind="query-empty")
    try:
        return base.lookup(identifier)
    except NotFoundError as error:
        near = _near(identifier)
        if not near:
            raise
        raise NotFoundError(
            f"{error.message}\n  near: {', '.join(near)}",
            kind=error.kind,
            identifier=identifier,
            nearest=near,
        ) from None


def _near(identifier: str) -> tuple[str, ...]:
    found = [
        near
        for one in base.repositories().values()
        for near in getattr(one, "near", lambda _: ())(identifier)
    ]
    return tuple(found[:3])


def images_of(study: Record | str, *, openable: bool | None = None, limit: int | None = 50) -> Results:
    """The listed images of a study, those that open first.

    Parameters
    ----------
    study : Record or str
        A study, or its identifier; also the group of images without a study record (``"jax:KOMP_adult_lacZ"``).
        An image stands for its study.
    openable : bool, optional
        True: only what ``open_image`` reads.
    limit : int or None
        Records to return; None for all.

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
    for one in base.repositories().values():
        finder: Any = getattr(one, "images_of", None)
        found: Results | None = finder(query) if finder is not None else None
        if found:
            return dataclasses.replace(found, not_asked=(LIVE,))
    record = study if isinstance(study, Record) else lookup(study)
    if group_of(record) != key:
        return images_of(record, openable=openable, limit=limit)
    return Results(
        query=query, asked=tuple(base.repositories()), notes=(f"no image of {key} is listed as OME-Zarr",)
    )
