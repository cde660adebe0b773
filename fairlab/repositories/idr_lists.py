"""Where IDR keeps OME-Zarr: a list of samples, and the folders of its public bucket that are named after studies."""

from __future__ import annotations

import contextlib
import csv
import functools
import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import quote, unquote, urlsplit

from fairlab.errors import AccessError, RepositoryError, UnexpectedAnswer
from fairlab.net.list_objects import prefixes
from fairlab.repositories.answer_values import doi
from fairlab.repositories.facts import Facts, at, inferred, license_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from fairlab.errors import FairlabError
    from fairlab.net.api import Api, Document
    from fairlab.record import Source

ACCESSION: Final = re.compile(r"idr\d{4}", re.IGNORECASE)
SAMPLES: Final = "https://raw.githubusercontent.com/IDR/ome-ngff-samples/main/_data"
BUCKET: Final = "https://livingobjects.ebi.ac.uk/idr"
FOLDERS: Final = {
    "zarr/v0.5/": "0.5",
    "share/ome2024-ngff-challenge/": "0.5",
    "zarr/v0.4/": "0.4",
}
"""Folders of the bucket that hold a folder for each study, newest version first, and their OME-Zarr version."""
_TABLE: Final = "table.csv"
_MAX_NESTED: Final = 40  # challenge copies of one study lie in a folder for each species
_STORED_ORDER: Final = "tczyx"
_TABLE_COLUMNS: Final = frozenset({"OME-NGFF version", "File Path", "Study"})


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One OME-Zarr of a study."""

    url: str
    """Its address."""
    version: str
    """OME-Zarr version as listed."""
    facts: Facts
    """What the list says of it."""
    source: Source
    """Where it is listed."""

    @property
    def path(self) -> tuple[str, ...]:
        """Its place in the bucket: ``("zarr", "v0.1", "6001240.zarr")``."""
        parts = unquote(urlsplit(self.url).path).replace(" ", "_").split("/")
        return tuple(filter(None, parts))[1:]

    @property
    def name(self) -> str:
        """The end of its address: ``"6001240.zarr"``."""
        return self.path[-1]

    @property
    def number(self) -> int | None:
        """The OMERO number of the image or plate that it was made from, where its name is one."""
        stem = self.name.split(".")[0]
        return int(stem) if stem.isdigit() and len(stem) < 12 else None


class Lists:
    """What IDR's lists say, each asked once; of the two, one may fail.

    Parameters
    ----------
    samples : Api
        Where the list of samples is.
    bucket : Api
        The public bucket.
    """

    def __init__(self, samples: Api, bucket: Api):
        self._samples, self._bucket = samples, bucket
        self.failures: dict[str, FairlabError] = {}
        """What could not be asked, by name."""
        self._found: dict[str, dict[str, Listed]] = {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of a list that could not be asked."""
        return tuple(
            f"{name} could not be asked, so images may be missing: {error.message.splitlines()[0]}"
            for name, error in self.failures.items()
        )

    @functools.cached_property
    def accessions(self) -> frozenset[str]:
        """Studies of which OME-Zarr is listed.

        Raises
        ------
        FairlabError
            Neither the list of samples nor the bucket answers.
        """
        found = frozenset(self._table) | frozenset(self._folders)
        if len(self.failures) == 2:
            raise next(iter(self.failures.values()))
        return found

    def of(self, accession: str) -> dict[str, Listed]:
        """The OME-Zarr of a study by identifier, the newest version of each name first."""
        if accession not in self.accessions:
            return {}
        if accession not in self._found:
            with self._noting("the bucket of IDR"):
                self._found[accession] = self._looked_for(accession)
        return self._found.get(accession, {})

    def _looked_for(self, accession: str) -> dict[str, Listed]:
        places = self._folders.get(accession, [])
        return with_ids(accession, [*self._table.get(accession, ()), *in_folders(self._bucket, places)])

    @functools.cached_property
    def _table(self) -> dict[str, list[Listed]]:
        found: dict[str, list[Listed]] = {}
        with self._noting("the list of samples"):
            for accession, listed in table(self._samples):
                found.setdefault(accession, []).append(listed)
        return found

    @functools.cached_property
    def _folders(self) -> dict[str, list[str]]:
        with self._noting("the bucket of IDR"):
            return folders(self._bucket)
        return {}

    @contextlib.contextmanager
    def _noting(self, name: str) -> Iterator[None]:
        try:
            yield
        except (RepositoryError, AccessError) as error:  # a bucket may close its listing
            self.failures[name] = error


def table(api: Api) -> list[tuple[str, Listed]]:
    """The list of samples: accession and OME-Zarr.

    Raises
    ------
    UnexpectedAnswer
        kind ``"answer-form"``: its columns are not the documented ones.
    """
    document = api.text(_TABLE)
    reader = csv.DictReader(io.StringIO(document.content, newline=""))
    if not set(reader.fieldnames or ()) >= _TABLE_COLUMNS:
        raise UnexpectedAnswer(
            f"the list of IDR's samples has other columns than documented\n  at {document.url}, which has: "
            f"{', '.join(map(str, reader.fieldnames or ()))[:200]}\n  report it to fairlab",
            kind="answer-form",
            url=document.url,
        )
    found = []
    for number, row in enumerate(reader, start=2):
        url, study = (row["File Path"] or "").strip(), (row["Study"] or "").strip()
        if url.startswith(f"{BUCKET}/") and ACCESSION.fullmatch(study):
            source = at(document, f"line {number}")
            listed = Listed(
                url=_quoted(url),
                version=row["OME-NGFF version"] or "",
                facts=_facts(row, source),
                source=source,
            )
            found.append((study.lower(), listed))
    return found


def folders(api: Api) -> dict[str, list[str]]:
    """The folders of the bucket that hold a study's OME-Zarr, by accession."""
    found: dict[str, list[str]] = {}
    for folder in FOLDERS:
        for name, _ in prefixes(api, folder):
            match = ACCESSION.match(name)
            # "idr0062A" is a part of idr0062; anything longer is something else.
            if match and len(name) <= match.end() + 1:
                found.setdefault(match[0].lower(), []).append(f"{folder}{name}/")
    return found


def in_folders(api: Api, places: Iterable[str]) -> Iterator[Listed]:
    """The OME-Zarr in folders of the bucket; those in folders one step further down, too."""
    for place in places:
        version = next(version for folder, version in FOLDERS.items() if place.startswith(folder))
        nested = []
        for name, document in prefixes(api, place):
            if name.endswith(".zarr"):
                yield _in_bucket(place + name, version, document)
            else:
                nested.append(f"{place}{name}/")
        for deeper in nested[:_MAX_NESTED]:
            for name, document in prefixes(api, deeper):
                if name.endswith(".zarr"):
                    yield _in_bucket(deeper + name, version, document)


def _in_bucket(path: str, version: str, document: Document) -> Listed:
    source = at(document, path)
    return Listed(
        url=f"{BUCKET}/{quote(path)}",
        version=version,
        # The folder is named after the version; the store itself is the authority.
        facts={"ngff_version": (version, inferred(source))},
        source=source,
    )


def with_ids(accession: str, listed: Iterable[Listed]) -> dict[str, Listed]:
    """Each OME-Zarr of a study once, by its identifier, newest version first.

    The identifier holds the whole path in the bucket: shorter ones would mean another copy to the catalogue.
    """
    by_url: dict[str, Listed] = {}
    for one in listed:
        by_url.setdefault(one.url, one)
    return {
        f"idr:{accession}/{'/'.join(one.path)}": one
        for one in sorted(by_url.values(), key=lambda one: (_age(one.version), one.url))
    }


def _age(version: str) -> tuple[int, ...]:
    return tuple(-int(part) for part in re.findall(r"\d+", version)) or (0,)


def _facts(row: Mapping[str, str | None], source: Source) -> Facts:
    stated = {name: (value or "").strip() for name, value in row.items() if isinstance(name, str)}
    sizes = {axis: stated.get(f"Size{axis.upper()}", "") for axis in _STORED_ORDER}
    known = {axis: int(size) for axis, size in sizes.items() if size.isdigit() and int(size)}
    concluded = inferred(source)
    image, article = stated.get("Representative Image ID", ""), doi(stated.get("DOI", ""))
    layout = "plate" if stated.get("Wells", "").isdigit() else None
    if layout is None and "bioformats2raw" in stated.get("Keywords", ""):
        layout = "bioformats2raw"
    return {
        "ngff_version": (stated["OME-NGFF version"], source),
        "axes": (tuple(known), concluded),
        "shape": (tuple(known.values()), source),
        "layout": (layout, concluded),
        "has_labels": (True if "labels" in stated.get("Keywords", "") else None, source),
        "publications": ((f"https://doi.org/{article}",) if article else (), source),
        "uid": (f"Image:{image}" if image.isdigit() and layout is None else None, source),
        "thumbnail_url": (thumbnail(int(image)) if image.isdigit() else None, concluded),
        **license_facts(stated.get("License"), source),
    }


def thumbnail(image: int) -> str:
    """Address of the small picture of an image."""
    return f"https://idr.openmicroscopy.org/webgateway/render_thumbnail/{image}/"


def _quoted(url: str) -> str:
    return quote(url, safe="%/:?=&#+,;@!$'()*~")
