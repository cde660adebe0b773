"""Ask repositories, keep every answer and every failure.

Catalogues that come with fairlab are asked by default and open no socket; archives that answer over the network
are asked only on request, all at the same time, and results say who was not asked.
"""

from __future__ import annotations

import contextlib
import dataclasses
from functools import partial
from typing import TYPE_CHECKING

from fairlab.conversation import Conversation, LiveResults
from fairlab.digests import AsTheyAre
from fairlab.errors import FairlabError
from fairlab.failures import failure
from fairlab.inquiry import Inquiry, Source
from fairlab.lookups import images_of, lookup
from fairlab.query import make_query
from fairlab.repositories import base
from fairlab.resolving import OF_IMAGES, Resolver
from fairlab.results import Results
from fairlab.sources import LIVE, Choice, choose, limits
from fairlab.words import MAX_CONCEPTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fairlab.query import Query
    from fairlab.record import Record
    from fairlab.repositories.base import LiveRepository, Repository

__all__ = ["LIVE", "images_of", "lookup", "search"]


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
    attributes: Mapping[str, str | Sequence[str]] | None = None,
    anatomy: str | Sequence[str] | None = None,
    disease: str | Sequence[str] | None = None,
    cell_line: str | Sequence[str] | None = None,
    phenotype: str | Sequence[str] | None = None,
    compound: str | Sequence[str] | None = None,
    year: int | str | Sequence[int | None] | None = None,
    channel: str | Sequence[str] | None = None,
    has_labels: bool | None = None,
    pixel_size_below: float | str | None = None,
    group_by: str = "study",
    live: bool = False,
    repositories: Sequence[str] | None = None,
    timeout_s: float | Mapping[str, float] | None = None,
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
    attributes : mapping of str to str or sequence of str, optional
        Key/value pairs as archives state them: ``{"Gene Symbol": "CDK1"}``.
    anatomy, disease, cell_line, phenotype, compound, channel : str or sequence of str, optional
        Words of what records state under such names.
    year : int, str or pair, optional
        Year of publication: ``2019``, ``"2019-2021"``, ``(2019, None)``.
    has_labels : bool, optional
        Only with, or only without, label images.
    pixel_size_below : float or str, optional
        Only finer pixels: micrometer, or a text with its unit (``"200 nm"``).
    group_by : {"study", "image"}
        Whether images of one study stand together, or each image by its own rank.
    live : bool
        Ask archives over the network, too, all at the same time.
    repositories : sequence of str, optional
        Whom to ask, by name, over the network or not; the default is every catalogue.
    timeout_s : float or mapping of str to float, optional
        Seconds that each archive has, or seconds by name; the option ``source_timeout_s`` by default.

    Returns
    -------
    Results
        A sequence of records, with ``failures``, ``relaxed``, ``unapplied``, ``notes`` and who was not asked.
        Of live archives, iterating gives records as they come; anything else waits until each archive has
        answered or its time is over. ``results.more()`` goes on.

    Notes
    -----
    A filter that a source can neither apply nor check is named in ``results.unapplied``. Its records are shown
    only where no other source answers the whole question, as those that lack a word are. A study that several
    sources know is one record; ``record.seen_in`` names every document, ``record.found_by`` every source.

    Raises
    ------
    QueryError
        kind ``"query-empty"``, ``"<filter>-unknown"``, ``"repository-unknown"``, ``"query-value"`` or
        ``"query-contradiction"``; ``context["nearest"]`` holds what was probably meant.

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
        attributes=attributes,
        anatomy=anatomy,
        disease=disease,
        cell_line=cell_line,
        phenotype=phenotype,
        compound=compound,
        year=year,
        channel=channel,
        has_labels=has_labels,
        pixel_size_below=pixel_size_below,
        group_by=group_by,
    )
    installed = base.repositories()
    choice = choose(query, installed, live=live, names=repositories)
    seconds = limits(timeout_s, choice.asked, installed)
    archives = [one for one in choice.asked if one.live and isinstance(one, base.LiveRepository)]
    sources = [_source(one, query, seconds[one.name], installed) for one in archives]
    choice = _without(choice, {source.name: reason for source in sources if (reason := _useless(source))})
    inquiry = Inquiry([source for source in sources if source.repository in choice.asked])
    inquiry.begin(query.limit)
    conversation = Conversation(
        query,
        inquiry,
        embedded=lambda asked: [_ask(one, asked) for one in choice.asked if one not in archives],
        told=partial(_told, installed=installed, choice=choice, live=live),
        study_of=partial(_study, installed=installed),
    )
    return LiveResults(conversation) if inquiry.sources else conversation.settled()


def _source(
    repository: LiveRepository, query: Query, limit_s: float, installed: Mapping[str, Repository]
) -> Source:
    """One archive as it is asked: for studies where it knows no images, and where they must open."""
    through_studies = query.kind == "image" and "image" not in repository.capabilities.kinds
    if not through_studies and not (query.kind == "study" and query.openable):
        return Source(
            repository=repository, limit_s=limit_s, query=query, digest=AsTheyAre(query, repository)
        )
    asked = dataclasses.replace(query, kind="study").only(query.filters() - OF_IMAGES)
    resolver = Resolver(repository, query, asked, installed)
    return Source(repository=repository, limit_s=limit_s, query=asked, digest=resolver)


def _useless(source: Source) -> str | None:
    """Why an archive is not asked although it could be: nothing it says would count."""
    missing = source.unapplied
    if not source.query.filters():
        return f"{source.name} was not asked: it knows studies, and the question is about their images only"
    if missing and (source.query.match == "all" or len(missing) == len(source.query.filters())):
        return f"{source.name} was not asked: it cannot apply {', '.join(missing).replace('_', ' ')}"
    return None


def _without(choice: Choice, reasons: Mapping[str, str]) -> Choice:
    asked = tuple(one for one in choice.asked if one.name not in reasons)
    return Choice(asked, {**choice.reasons, **reasons})


def _ask(repository: Repository, query: Query) -> Results:
    try:
        return repository.search(query)
    except FairlabError as error:
        return Results(query=query, asked=(repository.name,), failures=(failure(repository.name, error),))


def _study(key: str, *, installed: Mapping[str, Repository]) -> Record | None:
    """A study as the catalogues have it."""
    for one in installed.values():
        if not one.live and base.scheme(key) in one.prefixes:
            with contextlib.suppress(FairlabError):  # what would be nice to know must not be in the way
                if (record := one.lookup(key)) is not None:
                    return record
    return None


def _told(results: Results, *, installed: Mapping[str, Repository], choice: Choice, live: bool) -> Results:
    """The results, with who was not asked and what became of the question."""
    silent = tuple(name for name, one in installed.items() if one not in choice.asked)
    notes = [*results.notes, *choice.reasons.values()]
    if not any(one.live for one in installed.values()):
        silent = (*silent, LIVE)
        if live:
            notes.append(
                "live archives were not asked: this version of fairlab answers from its catalogues only"
            )
    if any(installed[name].live and name not in choice.reasons for name in silent if name in installed):
        notes.append("live=True asks archives over the network, repositories=[…] those that you name")
    if choice.asked and not results.records and len(results.failures) == len(choice.asked):
        notes.append("nobody answered, so this says nothing about what exists")
    if len(results.query.concepts) == MAX_CONCEPTS:
        notes.append(f"only the first {MAX_CONCEPTS} terms of the text were used")
    return dataclasses.replace(results, not_asked=silent, notes=tuple(notes))
