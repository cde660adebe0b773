"""Your own catalogue beside the embedded one: add a list or a place, remove it, see what there is."""

from __future__ import annotations

import dataclasses
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fairlab.errors import FormatError, QueryError
from fairlab.record import Record
from fairlab.repositories import catalogue_own as own
from fairlab.repositories.catalogue import CatalogueRepository

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.repositories.catalogue_own import Origin
    from fairlab.repositories.folder_crawl import Progress

_NAMED = 5


@dataclass(frozen=True, kw_only=True)
class Change:
    """What became of one source of your catalogue."""

    origin: Origin
    """The source as it is now."""
    new: tuple[str, ...] = ()
    """Identifiers that were not there before."""
    changed: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)
    """Identifier to the fields that have another value than before."""
    gone: tuple[str, ...] = ()
    """Identifiers that are not there any more."""
    notes: tuple[str, ...] = ()
    """What else a reader should know."""

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return dataclasses.asdict(self)

    def __str__(self) -> str:
        lines = [
            f"{self.origin.name}: {self.origin.records:,} records from {self.origin.address}; "
            f"{len(self.new):,} new, {len(self.changed):,} changed, {len(self.gone):,} gone"
        ]
        lines += [f"  + {key}" for key in self.new[:_NAMED]]
        lines += [f"  ~ {key}: {', '.join(fields)}" for key, fields in list(self.changed.items())[:_NAMED]]
        lines += [f"  - {key}" for key in self.gone[:_NAMED]]
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])


def add(
    source: str | os.PathLike[str],
    *,
    name: str | None = None,
    title: str | None = None,
    limit: int | None = 1000,
    depth: int = 6,
    progress: Progress | None = None,
) -> Change:
    r"""Add images of your own to the catalogue that ``fairlab.search`` asks.

    They are found together with everything else, under identifiers ``own:<name>/…``, in this and every later
    process. Adding under a name that is taken replaces what it held. An image or study that the embedded
    catalogue knows keeps its identifier and gets your values.

    Parameters
    ----------
    source : str or path-like
        A CSV file with a column ``url`` (others: ``title``, ``study``, ``organism``, ``imaging_method``,
        ``license``, ``authors``, ``channels``, ``pixel_size``, ``attribute:<any name>`` …), or a folder, bucket or
        index page to look through for OME-Zarr.
    name : str, optional
        What to call it: small letters, digits, ``-`` and ``_``. The last part of ``source`` by default.
    title : str, optional
        Title of the images that are of no study.
    limit : int or None
        Images to find in a folder or bucket.
    depth : int
        Folders within folders to look into.
    progress : callable, optional
        Called as ``progress(looked=…, found=…, place=…)`` before each folder.

    Returns
    -------
    Change
        What is new, changed and gone, compared with what the name held before.

    Raises
    ------
    FormatError
        kind ``"catalogue-csv"``: the list has faults, each named with its row and column.
    QueryError
        kind ``"catalogue-name"``; ``"catalogue-empty"``: there is no OME-Zarr.
    NotFoundError, AccessError, Unavailable
        The list or place cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import fairlab
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = Path(folder, "ours.csv").write_text("url,title\nhttps://example.org/a.zarr,A spindle of ours")
    >>> with fairlab.set_options(catalogue_dir=folder / "catalogue"):
    ...     print(str(add(folder / "ours.csv", name="lab")).splitlines()[1])
    ...     [record.id for record in fairlab.search("spindle of ours", match="all")]
      + own:lab/a.zarr
    ['own:lab/a.zarr']
    """
    address = os.fspath(source)
    name = own.check_name(name or own.name_for(address))
    if address.lower().endswith(".csv"):
        from fairlab.repositories.catalogue_csv import read_csv

        return keep(name, "csv", str(Path(address).absolute()), read_csv(address, name=name, title=title))
    from fairlab.repositories.folder_crawl import crawl

    found = list(crawl(address, limit=limit, depth=depth, progress=progress))
    if not found:
        raise QueryError(
            f"there is no OME-Zarr in {address}, {depth} folders deep\n"
            "  give a folder further down, more depth, or a list: a CSV file with a column url",
            kind="catalogue-empty",
        )
    return keep(name, "folder", address, _named(found, name, address, title))


def _named(found: Sequence[Record], name: str, address: str, title: str | None) -> list[Record]:
    """What a crawl found, under identifiers of the source, and the study it makes up."""
    root = address.rstrip("/\\")
    records = []
    for record in found:
        url = str(record.url)
        tail = url.removeprefix(root).strip("/\\") if url.startswith(root) else ""
        tail = tail or re.split(r"[/\\]", url.rstrip("/\\"))[-1]
        key = f"{own.SCHEME}:{name}/{tail}".replace(" ", "_")
        records.append(dataclasses.replace(record, id=key, repository=name, accession=name))
    study = Record(
        id=f"{own.SCHEME}:{name}",
        kind="study",
        repository=name,
        accession=name,
        title=title or name,
        n_images=len(records),
        sources={"*": dataclasses.replace(next(iter(found[0].sources.values())), document=address)}
        if found[0].sources
        else {},
    )
    return [*records, study]


def keep(
    name: str, kind: str, address: str, records: Sequence[Record], *, notes: Iterable[str] = ()
) -> Change:
    """Write one source and tell what changed."""
    before = {record.id: record for record in _before(name)}
    origin = own.write(own.Origin(name=name, kind=kind, address=address), records)
    after = {record.id: record for record in records}
    changed = {
        key: fields
        for key, record in after.items()
        if key in before and (fields := _differences(before[key], record))
    }
    return Change(
        origin=origin,
        new=tuple(key for key in after if key not in before),
        changed=changed,
        gone=tuple(key for key in before if key not in after),
        notes=tuple(notes),
    )


def _before(name: str) -> list[Record]:
    try:
        return own.read(name) if name in own.names() else []
    except FormatError:
        return []  # it was damaged, and is being replaced


def _differences(before: Record, after: Record) -> tuple[str, ...]:
    # Where a value was read, and when, changes with every look at it.
    skipped = {"sources", "seen_in", "found_by", "raw"}
    names = [field.name for field in dataclasses.fields(Record) if field.name not in skipped]
    return tuple(name for name in names if getattr(before, name) != getattr(after, name))


def remove(name: str) -> Origin | None:
    """Take one source out of your catalogue, also one that is damaged.

    Parameters
    ----------
    name : str
        As :func:`add` called it: ``"lab"``.

    Returns
    -------
    Origin or None
        What it was; None when it could not be read.

    Raises
    ------
    NotFoundError
        kind ``"catalogue-source-unknown"``, with the nearest names.
    """
    return own.remove(name)


def info() -> dict[str, Any]:
    """What the embedded catalogue and your own hold, and where they lie.

    Returns
    -------
    dict
        As :func:`fairlab.repositories.catalogue_tables.catalogue_info`, with ``database``, ``own`` (folder and
        sources of your catalogue) and ``failures`` (what of it is damaged).

    Examples
    --------
    >>> sorted(info()["own"])
    ['folder', 'sources']
    """
    catalogue = CatalogueRepository()
    return {
        **catalogue.info(),
        "own": {"folder": str(_folder()), "sources": [dataclasses.asdict(one) for one in _sources()]},
        "failures": [dataclasses.asdict(failure) for failure in catalogue.failures()],
    }


def _folder() -> Path:
    return own.folder()


def _sources() -> list[Origin]:
    found = []
    for name in own.names():
        try:
            found.append(own.read_origin(name))
        except FormatError:
            continue  # told among the failures
    return found
