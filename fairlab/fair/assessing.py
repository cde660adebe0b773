"""``assess()``: from an address, a record, an opened image or many of them to reports."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload
from urllib.parse import urlsplit

from fairlab.errors import NotFoundError, QueryError
from fairlab.fair.bundle import Probe
from fairlab.fair.report import Report
from fairlab.fair.resolution import asked
from fairlab.fair.survey import Survey, surveyed
from fairlab.net.address import redact
from fairlab.provenance import now, records_of
from fairlab.record import Record
from fairlab.repositories import base

if TYPE_CHECKING:
    import xarray as xr

    from fairlab.fair.survey import Progress
    from fairlab.results import Results

_TABLES = (".csv", ".tsv")
_DOCUMENTS = (".json", ".jsonld")


@overload
def assess(
    source: Record | xr.DataTree | xr.Dataset | xr.DataArray | Mapping[str, bytes],
    *,
    online: bool = ...,
    chunk: bool = ...,
) -> Report: ...
@overload
def assess(
    source: Results | list[Any] | tuple[Any, ...],
    *,
    online: bool = ...,
    chunk: bool = ...,
    resume: str | os.PathLike[str] | None = ...,
    at_once: int = ...,
    progress: Progress | None = ...,
) -> Survey: ...
@overload
def assess(
    source: str | os.PathLike[str],
    *,
    online: bool = ...,
    chunk: bool = ...,
    resume: str | os.PathLike[str] | None = ...,
    at_once: int = ...,
    progress: Progress | None = ...,
) -> Report | Survey: ...
def assess(
    source: Any,
    *,
    online: bool = True,
    chunk: bool = True,
    resume: str | os.PathLike[str] | None = None,
    at_once: int = 8,
    progress: Progress | None = None,
) -> Report | Survey:
    """How findable, accessible, interoperable and reusable an image, a study, or many of them are.

    At most a dozen small documents beside an image and one of its chunks are read, in about four round trips;
    54 metrics are then computed from them. What could not be told widens the interval of every score.

    Parameters
    ----------
    source : str, path-like, Record, DataTree, Dataset, DataArray, Results, list or tuple
        An address, a path, an identifier, or what fairlab gave; an RO-Crate, record or description as a JSON file
        or at an address is judged by what it says, without the image. Several (``Results``, a list, a table with a
        column ``url`` or ``id``, a folder of images) give a table.
    online : bool
        Whether anything is asked for; otherwise only what records say is judged.
    chunk : bool
        Whether one chunk is read.
    resume : path-like, optional
        Of several: a CSV to which each row is written at once; what it already holds is not assessed again.
    at_once : int
        Of several: how many are assessed at a time.
    progress : callable, optional
        Of several: called as ``progress(done, of, target)`` after each.

    Returns
    -------
    Report or Survey
        A survey for several.

    Raises
    ------
    NotFoundError
        There is no such folder or table, or nothing is known of the identifier.
    QueryError
        kind ``"source-type"``: nothing that can be assessed; ``"table-form"``: a table without such a column.

    Examples
    --------
    >>> import fairlab
    >>> report = fairlab.assess("sample:nuclei")
    >>> report.outcomes["I1-01"].status, report.total.low <= report.total.high
    ('pass', True)
    """
    many = _several(source)
    if many is not None:
        return surveyed(
            many,
            lambda one: _one(one, online=online, chunk=chunk),
            resume=resume,
            at_once=at_once,
            progress=progress,
        )
    return _one(source, online=online, chunk=chunk)


def _one(source: Any, *, online: bool, chunk: bool) -> Report:
    if _is_document(source):
        return Report(target=_named(source), records=(_described(source),))
    records = _records(source)
    target = records[0].id if records else _named(source)
    report = Report(target=target, records=records)
    if not online or (records and records[0].kind == "study"):
        return _resolved(report) if online else report
    from fairlab.fair.probe import probe  # brings arrays, which records alone have no need of

    try:
        bundle = probe(records[0] if records else source, chunk=chunk)
    except NotFoundError:
        if not records:
            raise
        return _resolved(report)  # a record without pixels is still a record
    return _resolved(dataclasses.replace(report, probe=bundle, records=records or _study(source)))


def _is_document(source: Any) -> bool:
    return isinstance(source, str | os.PathLike) and urlsplit(os.fspath(source)).path.lower().endswith(
        _DOCUMENTS
    )


def _described(source: str | os.PathLike[str]) -> Record:
    """What a crate, a record or a description says."""
    from fairlab.fair.checkable import given
    from fairlab.fair.description import Description

    known, _ = given(source)
    if not isinstance(known, Description):
        raise QueryError(
            f"{_named(source)} describes no image or study\n"
            "  expected an RO-Crate, a record, a description or a report; fairlab check reads tables of fields",
            kind="source-type",
        )
    return known.record()


def _resolved(report: Report) -> Report:
    """The report, with what DOI and landing page answer."""
    answers = asked(report.description)
    if not answers:
        return report
    bundle = report.probe or Probe(url=next(iter(answers.values())).url, retrieved_at=now())
    return dataclasses.replace(
        report, probe=dataclasses.replace(bundle, answers={**bundle.answers, **answers})
    )


def _records(source: Any) -> tuple[Record, ...]:
    """What is known of a source without asking anybody over the network."""
    if isinstance(source, Record):
        return (source,)
    if _is_opened(source):
        return records_of(source)
    if isinstance(source, Mapping):
        return ()
    if not isinstance(source, str | os.PathLike):
        return records_of(source)  # says that it is nothing that has a record
    text = os.fspath(source).strip()
    if base.scheme(text) is not None:
        from fairlab.lookups import lookup

        return (lookup(text),)
    if "://" not in text:
        return ()
    try:
        return (base.lookup(text),)
    except NotFoundError:
        return ()


def _study(source: Any) -> tuple[Record, ...]:
    """The study that the form of an address names, of an image that no catalogue lists."""
    from fairlab.fair.identifying import known

    return known(os.fspath(source).strip()) if isinstance(source, str | os.PathLike) else ()


def _named(source: Any) -> str:
    return redact(os.fspath(source)) if isinstance(source, str | os.PathLike) else "objects in memory"


def _several(source: Any) -> list[Any] | None:
    """What there is to assess, where it is more than one thing; None where it is one."""
    if isinstance(source, str | os.PathLike):
        text = os.fspath(source)
        if "://" in text or base.scheme(text) is not None:
            return None
        path = Path(text).expanduser()
        if path.suffix.lower() in _TABLES:
            from fairlab.fair.target_table import targets

            return list(targets(path))
        return _images_in(path)
    if isinstance(source, Record | Mapping) or _is_opened(source) or not isinstance(source, Iterable):
        return None
    return list(source)


def _is_opened(source: Any) -> bool:
    """Whether it is an xarray object, some of which are mappings; asked without importing xarray."""
    return type(source).__module__.partition(".")[0] == "xarray"


def _images_in(path: Path) -> list[Record] | None:
    """The images in a folder; None where the folder is an image itself, or no folder."""
    if not path.is_dir() or any((path / name).exists() for name in ("zarr.json", ".zattrs", ".zgroup")):
        return None
    from fairlab.repositories.folder_crawl import crawl

    found = list(crawl(path, limit=None))
    if not found:
        raise NotFoundError(
            f"no OME-Zarr lies in {path}\n  give a folder that has images in it, or the folder of one image",
            kind="folder-empty",
        )
    return found
