"""What is known about one study or image, and where each value came from.

A :class:`Record` is plain, frozen data: it is what search returns, what an opened image carries as
JSON in its attributes, and what a citation is made from. An absent value is ``None`` or ``()``,
never a guess.
"""

from __future__ import annotations

import dataclasses
import html
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fairlab.terms import Term

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["image", "study"]


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where one value was read."""

    document: str
    """Address or name of the document, redacted: a URL, or ``"repository path @commit"``."""
    pointer: str = ""
    """Place inside the document: a JSON pointer, a column, an XPath."""
    retrieved_at: str | None = None
    """ISO 8601 time of reading, UTC; None for tables shipped in the package."""
    basis: Literal["asserted", "inferred"] = "asserted"
    """``"inferred"`` when fairlab concluded the value, for example from the image's study."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """One source that did not answer, kept beside the answers of the others."""

    repository: str
    """Name of the repository."""
    kind: str
    """The ``kind`` of the error."""
    message: str
    """What happened."""
    advice: str = ""
    """What the reader can do."""


@dataclass(frozen=True, kw_only=True)
class Record:
    """One study or image of one repository.

    Examples
    --------
    >>> record = Record(id="idr:idr0062/6001240.zarr", kind="image", repository="IDR",
    ...                 organism=(Term(id="NCBITaxon:10090", label="Mus musculus"),))
    >>> Record.from_json(record.to_json()) == record
    True
    """

    id: str
    """Unique and stable: ``"idr:idr0062"``, ``"sample:nuclei"``; an image's is its ``image_id``."""
    kind: Kind
    """``"image"`` opens as pixels; ``"study"`` holds images."""
    repository: str
    """Who publishes it: ``"IDR"``, ``"BIA"``, ``"SSBD"`` …"""
    accession: str | None = None
    """The repository's own number for the study: ``"idr0062"``, ``"S-BIAD634"``."""
    title: str | None = None
    """Title, as published."""
    description: str | None = None
    """Longer text, as published."""
    authors: tuple[str, ...] = ()
    """Names in published order."""
    attribution: str | None = None
    """Whom to credit, in the repository's words."""
    doi: str | None = None
    """DOI of the data itself, without resolver."""
    publications: tuple[str, ...] = ()
    """DOIs or addresses of articles about the data."""
    license: str | None = None
    """Address of the licence (Creative Commons form), or None: unknown."""
    license_as_listed: str | None = None
    """The licence in the repository's own words, where they differ."""
    release_date: str | None = None
    """ISO 8601 date."""
    organism: tuple[Term, ...] = ()
    """Taxa (NCBITaxon)."""
    imaging_method: tuple[Term, ...] = ()
    """Imaging methods (FBbi)."""
    other_terms: tuple[Term, ...] = ()
    """Other ontology terms: processes, anatomy, cell lines."""
    keywords: tuple[str, ...] = ()
    """Free words."""
    url: str | None = None
    """Address of the OME-Zarr; None when the record does not resolve to pixels."""
    landing_url: str | None = None
    """Page for people."""
    thumbnail_url: str | None = None
    """Small picture."""
    ngff_version: str | None = None
    """OME-Zarr version as listed: ``"0.4"``."""
    layout: str | None = None
    """``"image"``, ``"plate"`` or ``"bioformats2raw"``."""
    axes: tuple[str, ...] = ()
    """Axis names in order, where listed."""
    shape: tuple[int, ...] = ()
    """Sizes of the full-resolution level in the order of ``axes`` (or as listed, when axes are unknown)."""
    bytes: int | None = None
    """Stored size in bytes."""
    n_images: int | None = None
    """How many images (or files) a study has."""
    note: str | None = None
    """What a reader should know about this row."""
    sources: Mapping[str, Source] = field(default_factory=dict)
    """Field name to where its value was read; key ``"*"`` stands for all other fields."""

    def source(self, name: str) -> Source | None:
        """Where the value of field ``name`` was read, or None when the field has no value."""
        if getattr(self, name) in (None, ()):
            return None
        return self.sources.get(name) or self.sources.get("*")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, absent fields left out."""
        whole = dataclasses.asdict(self)
        return {name: value for name, value in whole.items() if value not in (None, (), {})}

    def to_json(self, *, indent: int | None = None) -> str:
        """The record as JSON text."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """Rebuild a record from :meth:`to_dict`; fields of a newer fairlab are left out."""
        known = {f.name for f in dataclasses.fields(cls)}
        plain = {name: value for name, value in values.items() if name in known}
        for name in ("organism", "imaging_method", "other_terms"):
            plain[name] = tuple(Term(**term) for term in plain.get(name, ()))
        for name in ("authors", "publications", "keywords", "axes", "shape"):
            plain[name] = tuple(plain.get(name, ()))
        plain["sources"] = {name: Source(**source) for name, source in plain.get("sources", {}).items()}
        return cls(**plain)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Rebuild a record from :meth:`to_json`."""
        return cls.from_dict(json.loads(text))

    def summary(self) -> dict[str, str]:
        """What a reader wants first, as text; unknown things say so."""
        return {
            "id": self.id,
            "title": self.title or "untitled",
            "repository": self.repository,
            "organism": ", ".join(term.label for term in self.organism) or "unknown",
            "imaging method": ", ".join(term.label for term in self.imaging_method) or "unknown",
            "licence": self.license or "unknown",
            "credit": self.attribution or "; ".join(self.authors) or "unknown",
            "url": self.url or "no pixels known",
        }

    def __str__(self) -> str:
        return "\n".join(f"{name:>14}: {value}" for name, value in self.summary().items())

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{html.escape(name)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for name, value in self.summary().items()
        )
        return f"<table>{rows}</table>"
