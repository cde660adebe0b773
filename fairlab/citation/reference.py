"""One thing to cite, with every field either known or absent: what all forms are written from."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from fairlab import __version__
from fairlab.foreign_text import clean
from fairlab.licenses import License
from fairlab.licenses import license as known_license
from fairlab.terms import read_table, split

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from fairlab.record import Record

UNKNOWN = "unknown"

PUBLISHERS = {
    "BIA": "BioImage Archive",
    "EMPIAR": "Electron Microscopy Public Image Archive (EMPIAR)",
    "sample": "fairlab samples",
    "IDR": "Image Data Resource (IDR)",
    "SSBD": "SSBD",
    "SSBD:database": "SSBD:database",
    "SSBD:repository": "SSBD:repository",
}
"""Full names of repositories, where their short name is not how they are cited."""

_NO_PUBLISHER = ("unlisted", "unknown", "")
_DOI = re.compile(r"10\.\d{4,9}(?:\.\d+)?/[^\s\"<>]+")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?!\d)")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """One data set, or the software; None and () mean unknown."""

    key: str
    """ASCII, unique in a citation: ``"s_biad1261"``."""
    type: Literal["dataset", "article", "archive", "software"] = "dataset"
    """What it is: data, an article about them, the article by which their archive asks to be cited, fairlab."""
    id: str
    """Identifier in fairlab: ``"bia:S-BIAD1261"``."""
    authors: tuple[str, ...] = ()
    """Names as published."""
    date: tuple[int, ...] = ()
    """Year, month and day, as far as known."""
    title: str | None = None
    """Title."""
    publisher: str | None = None
    """Repository, in full."""
    accession: str | None = None
    """Number of the study there."""
    image: str | None = None
    """Which image of the study."""
    version: str | None = None
    """Version of software."""
    doi: str | None = None
    """DOI of the data itself."""
    address: str | None = None
    """Where people find it: the DOI's address, the landing page or the data."""
    data_address: str | None = None
    """Where the pixels are, when that is another place."""
    articles: tuple[str, ...] = ()
    """Addresses of articles about the data, or their titles."""
    attribution: str | None = None
    """Credit in the repository's words, when it says more than the authors."""
    credit: str | None = None
    """Whom the licence's duty to credit is about: the repository's words, else the authors."""
    license_label: str = UNKNOWN
    """SPDX identifier, or the licence as stated."""
    license: License | None = None
    """The licence, when it is a known one."""
    ngff_version: str | None = None
    """OME-Zarr version."""
    accessed: str | None = None
    """ISO 8601 day of reading."""

    @property
    def year(self) -> str:
        """Four digits, or "unknown"."""
        return f"{self.date[0]:04d}" if self.date else UNKNOWN

    @property
    def notes(self) -> tuple[str, ...]:
        """What forms without a place for it say as a note: licence, credit, articles, format."""
        told = (
            self.license_label != UNKNOWN and f"license: {self.license_label}",
            self.type == "dataset" and self.license_label == UNKNOWN and "license: unknown",
            self.attribution and f"credit: {self.attribution}",
            *(f"described in {article}" for article in self.articles),
            self.ngff_version and f"OME-Zarr {self.ngff_version}",
        )
        return tuple(part for part in told if part)

    @property
    def details(self) -> tuple[str, ...]:
        """What else identifies it: accession, image, licence, format, day of access."""
        told = (
            self.accession,
            self.image and f"image {self.image}",
            self.license_label if self.license_label != UNKNOWN else "licence unknown",
            self.ngff_version and f"OME-Zarr {self.ngff_version}",
            self.data_address and f"data at {self.data_address}",
            self.accessed and f"accessed {self.accessed}",
        )
        return tuple(part for part in told if part)


def data_references(records: Iterable[Record]) -> tuple[Reference, ...]:
    """One reference for each record, with keys that do not repeat."""
    found: list[Reference] = []
    taken = {software_reference().key}
    for record in records:  # keys of articles and archives are kept free by their form, see _key
        key = _key(record, taken)
        taken.add(key)
        found.append(_reference(record, key))
    return tuple(found)


def article_references(data: Sequence[Reference]) -> tuple[Reference, ...]:
    """The articles about data, each once: of most only the address is known, and their titles are not made up."""
    about: dict[str, list[str]] = {}
    for reference in data:
        for article in reference.articles:
            about.setdefault(article, []).append(reference.accession or reference.id)
    return tuple(
        Reference(
            key=f"article_{number}",
            type="article",
            id=article,
            title=f"[Article about {', '.join(dict.fromkeys(ids))}]",
            doi=doi_of(article),
            address=article if _is_web(article) else None,
        )
        for number, (article, ids) in enumerate(about.items(), start=1)
    )


def archive_references(records: Iterable[Record]) -> tuple[Reference, ...]:
    """The articles by which the archives of the data ask to be cited, each once."""
    cited = {record.repository for record in records}
    return tuple(
        Reference(
            key=f"archive_{row['repository'].lower()}",
            type="archive",
            id=row["repository"],
            authors=split(row["authors"]),
            date=(int(row["year"]),),
            title=row["title"],
            doi=row["doi"],
            address=f"https://doi.org/{row['doi']}",
        )
        for row in read_table("archive_papers.csv")
        if row["repository"] in cited
    )


def software_reference() -> Reference:
    """The reference of fairlab itself."""
    return Reference(
        key="fairlab",
        type="software",
        id="fairlab",
        authors=("The fairlab developers",),
        title="fairlab",
        version=__version__,
        address="https://github.com/fairlab/fairlab",
        license_label="BSD-3-Clause",
        license=known_license("BSD-3-Clause"),
    )


def doi_of(text: str) -> str | None:
    """The DOI in a text or address, without resolver and closing punctuation.

    Examples
    --------
    >>> doi_of("https://doi.org/10.1038/nature08869"), doi_of("see the website")
    ('10.1038/nature08869', None)
    """
    match = _DOI.search(text)
    return match[0].rstrip(".,;") if match else None


def _reference(record: Record, key: str) -> Reference:
    doi = doi_of(clean(record.doi) or "")
    landing, url = clean(record.landing_url), clean(record.url)
    known = [source.retrieved_at for source in record.sources.values() if source.retrieved_at]
    address = f"https://doi.org/{doi}" if doi else next((a for a in (landing, url) if _is_web(a)), None)
    # An image of which only the address is known needs no second mention of it.
    image = (
        record.id if record.kind == "image" and record.id not in (record.accession, url, landing) else None
    )
    authors = tuple(filter(None, map(clean, record.authors)))
    return Reference(
        key=key,
        id=clean(record.id) or UNKNOWN,
        authors=authors or _credited(record),
        date=_date(record.release_date),
        title=clean(record.title),
        publisher=publisher_name(record.repository),
        accession=clean(record.accession),
        image=clean(image),
        doi=doi,
        address=address,
        data_address=url if _is_web(url) and url != address else None,
        articles=tuple(_article(text) for text in map(clean, record.publications) if text),
        attribution=clean(record.attribution) if authors else None,
        credit=clean(record.attribution) or "; ".join(authors) or None,
        license_label=clean(_license_label(record)) or UNKNOWN,
        license=known_license(record.license or record.license_as_listed),
        ngff_version=clean(record.ngff_version),
        accessed=max(known)[:10] if known else None,
    )


def _article(text: str) -> str:
    doi = doi_of(text)
    return f"https://doi.org/{doi}" if doi and not _is_web(text) else text


def _license_label(record: Record) -> str | None:
    """SPDX identifier of a record's licence, else its name or its own words."""
    stated = record.license or record.license_as_listed
    found = known_license(stated)
    return (found.spdx or found.name) if found else stated


def _credited(record: Record) -> tuple[str, ...]:
    """Whom the repository credits, as one name: its words without accession and addresses."""
    parts = [part.strip() for part in (clean(record.attribution) or "").split(";")]
    names = [part for part in parts if part and part != record.accession and not _is_web(part)]
    return ("; ".join(names),) if names else ()


def publisher_name(repository: str) -> str | None:
    """Full name of a repository; None for data that nobody publishes.

    Examples
    --------
    >>> publisher_name("IDR"), publisher_name("unlisted")
    ('Image Data Resource (IDR)', None)
    """
    name = clean(repository) or ""
    return None if name.lower() in _NO_PUBLISHER else PUBLISHERS.get(name, name)


def _is_web(text: str | None) -> bool:
    return bool(re.match(r"https?://[^\s]+$", text or ""))


def _date(text: str | None) -> tuple[int, ...]:
    match = _DATE.match(text or "")
    if match is None:
        return ()
    parts = tuple(int(part) for part in match.groups() if part)
    try:
        dt.date(*(*parts, 1, 1)[:3])
    except ValueError:  # no such day: the year is all that can be believed
        return parts[:1]
    return parts


def _key(record: Record, taken: set[str]) -> str:
    words = record.id.split("://")[-1].split(":", 1)[-1]
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_") or "data"
    stem = f"data_{stem}" if stem.startswith(("article_", "archive_")) else stem
    key, n = stem, 1
    while key in taken:
        n += 1
        key = f"{stem}_{n}"
    return key


def people(names: Sequence[str]) -> list[tuple[str, str] | str]:
    """Each name as (family, given) where it says so with a comma, else as it stands.

    Whether "Jane Doe" or "BIA team" is a person cannot be told, so nothing is split that is not marked.

    Examples
    --------
    >>> people(["Doe, Jane", "BIA team"])
    [('Doe', 'Jane'), 'BIA team']
    """
    found: list[tuple[str, str] | str] = []
    for name in names:
        parts = [part.strip() for part in name.split(",")]
        found.append((parts[0], parts[1]) if len(parts) == 2 and all(parts) else name)
    return found
