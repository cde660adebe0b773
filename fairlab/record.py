"""What is known about one study or image, and where each value came from.

A :class:`Record` is plain, frozen data: it is what search returns, what an opened image carries as
JSON in its attributes, and what a citation is made from. An absent value is ``None`` or ``()``,
never a guess.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from fairlab.foreign_text import escaped, linked, printable
from fairlab.terms import Term

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from fairlab.citation import Citation
    from fairlab.results import Results

Kind = Literal["image", "study"]
Picture = bytes
"""PNG or JPEG; a record's own ``bytes`` is its size."""
_SEVERAL = (
    "authors", "publications", "pmid", "funding", "keywords", "see_also", "axes", "shape", "channels", "found_by",
    "use_conditions",
)  # fmt: skip


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
class Creator:
    """One person or group that made the data; contact details are never kept."""

    name: str
    """As published."""
    orcid: str | None = None
    """``"0000-0002-1825-0097"``, without resolver."""
    affiliation: str | None = None
    """Name of the institution."""
    ror: str | None = None
    """ROR identifier of the institution: ``"https://ror.org/02catss52"``."""
    roles: tuple[str, ...] = ()
    """What they did, as stated, by custom in the words of CRediT: ``("Investigation", "Data curation")``."""


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
    uid: str | None = None
    """The repository's own key for exactly this: a UUID, an OMERO type and number, an IRI."""
    title: str | None = None
    """Title, as published."""
    description: str | None = None
    """Longer text, as published."""
    authors: tuple[str, ...] = ()
    """Names in published order."""
    creators: tuple[Creator, ...] = ()
    """The same people with what is known of them, where the repository says more than names."""
    attribution: str | None = None
    """Whom to credit, in the repository's words."""
    doi: str | None = None
    """DOI of the data itself, without resolver."""
    publications: tuple[str, ...] = ()
    """DOIs or addresses of articles about the data."""
    pmid: tuple[str, ...] = ()
    """PubMed numbers of those articles."""
    funding: tuple[str, ...] = ()
    """Funders and grants, as published."""
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
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key/value pairs as published: ``{"Gene Symbol": ("CDK1",)}``."""
    url: str | None = None
    """Address of the OME-Zarr; None when the record does not resolve to pixels."""
    listed_url: str | None = None
    """The address as the repository lists it, where the store has moved since."""
    landing_url: str | None = None
    """Page for people."""
    see_also: tuple[str, ...] = ()
    """Other addresses about it."""
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
    channels: tuple[str, ...] = ()
    """Names of the channels, where listed."""
    pixel_size: Mapping[str, float] = field(default_factory=dict)
    """Axis to distance between pixels in micrometer, at full resolution."""
    has_labels: bool | None = None
    """Whether label images (segmentations, annotations) belong to it; None: nobody says."""
    bytes: int | None = None
    """Stored size in bytes."""
    n_images: int | None = None
    """How many images a study has (files, where the repository counts only those)."""
    n_files: int | None = None
    """How many files a study has."""
    access: Literal["open", "restricted"] | None = None
    """Whether everybody may read it."""
    use_conditions: tuple[str, ...] = ()
    """Conditions of use, as codes of the Data Use Ontology: ``("DUO:0000046",)``."""
    embargo_until: str | None = None
    """ISO 8601 date before which nobody else may have it."""
    residency: Mapping[str, str] = field(default_factory=dict)
    """Where the data have to stay: ``country``, ``jurisdiction``, and ``basis`` (declared or inferred)."""
    note: str | None = None
    """What a reader should know about this row."""
    sources: Mapping[str, Source] = field(default_factory=dict)
    """Field name to where its value was read; key ``"*"`` stands for all other fields."""
    seen_in: tuple[Source, ...] = ()
    """Every document that this record was put together from, where several repositories know it."""
    found_by: tuple[str, ...] = field(default=(), compare=False)
    """Names of the repositories that answered it, when several were asked."""
    raw: Mapping[str, Any] | None = field(default=None, compare=False, repr=False)
    """The repository's own answer, kept aside for whoever needs more; never written out."""

    def source(self, name: str) -> Source | None:
        """Where the value of field ``name`` was read, or None when the field has no value.

        Examples
        --------
        >>> import fairlab
        >>> record = fairlab.lookup("idr:idr0062")
        >>> record.source("title").document.partition(" ")[0], record.source("n_files")
        ('German-BioImaging/idr_study_crates', None)
        """
        if getattr(self, name) in (None, (), {}):
            return None
        return self.sources.get(name) or self.sources.get("*")

    def to_dict(self) -> dict[str, Any]:
        """Plain values, absent fields and the raw answer left out."""
        values = ((name, getattr(self, name)) for name in self.__dataclass_fields__ if name != "raw")
        return {name: _plain(value) for name, value in values if value not in (None, (), {})}

    def to_json(self, *, indent: int | None = None) -> str:
        """The record as JSON text.

        Examples
        --------
        >>> record = Record(id="x:1", kind="image", repository="X", title="A cell")
        >>> record.to_json()
        '{"id": "x:1", "kind": "image", "repository": "X", "title": "A cell"}'
        """
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Record:
        """Rebuild a record from :meth:`to_dict`; fields of a newer fairlab are left out."""
        plain = _known(cls, values)
        for name in ("organism", "imaging_method", "other_terms"):
            plain[name] = tuple(Term(**_known(Term, term)) for term in plain.get(name, ()))
        for name in _SEVERAL:
            plain[name] = tuple(plain.get(name, ()))
        plain["creators"] = tuple(
            Creator(**{**_known(Creator, one), "roles": tuple(one.get("roles", ()))})
            for one in plain.get("creators", ())
        )
        plain["attributes"] = {name: tuple(found) for name, found in plain.get("attributes", {}).items()}
        plain["sources"] = {
            name: Source(**_known(Source, source)) for name, source in plain.get("sources", {}).items()
        }
        plain["seen_in"] = tuple(Source(**_known(Source, source)) for source in plain.get("seen_in", ()))
        return cls(**plain)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Rebuild a record from :meth:`to_json`.

        Examples
        --------
        >>> Record.from_json('{"id": "x:1", "kind": "image", "repository": "X"}').kind
        'image'
        """
        return cls.from_dict(json.loads(text))

    def images(self, *, limit: int | None = 50, live: bool | None = None) -> Results:
        """The images of a study that open; of an image, those of its study.

        Parameters
        ----------
        limit : int or None
            Records to return; None for all.
        live : bool, optional
            Ask the study's archive where no catalogue lists an image; by default only for a record that came
            from an archive.

        Examples
        --------
        >>> import fairlab
        >>> fairlab.lookup("idr:idr0062").images(limit=1)[0].id.startswith("idr:idr0062/")
        True
        """
        return _verb("images_of")(self, openable=True, limit=limit, live=live)  # type: ignore[no-any-return]

    def open(self, **choices: Any) -> xr.DataTree:
        """Its pixels, lazily: as ``fairlab.open_image`` or, for a plate, ``fairlab.open_plate`` opens them.

        Parameters
        ----------
        **choices
            What those take.

        Examples
        --------
        >>> import fairlab
        >>> list(fairlab.lookup("sample:nuclei").open()["scale0/image"].dims)
        ['t', 'c', 'z', 'y', 'x']
        """
        return _verb("open_plate" if self.layout == "plate" else "open_image")(self, **choices)  # type: ignore[no-any-return]

    def cite(self) -> Citation:
        """How to cite it, and what its licence asks.

        Examples
        --------
        >>> import fairlab
        >>> "idr0062" in str(fairlab.lookup("idr:idr0062").cite())
        True
        """
        return _verb("cite")(self)  # type: ignore[no-any-return]

    def thumbnail(self) -> Picture:
        """The small picture that its repository shows, as PNG or JPEG; fetched now.

        Raises
        ------
        NotFoundError
            kind ``"no-thumbnail"`` or ``"thumbnail-missing"``.
        """
        return _verb("thumbnail")(self)  # type: ignore[no-any-return]

    def summary(self) -> dict[str, str]:
        """What a reader wants first, as text; unknown things say so.

        Examples
        --------
        >>> Record(id="x:1", kind="image", repository="X").summary()["licence"]
        'unknown'
        """
        return {
            "id": self.id,
            "title": self.title or "untitled",
            "repository": self.repository,
            "organism": ", ".join(term.label for term in self.organism) or "unknown",
            "imaging method": ", ".join(term.label for term in self.imaging_method) or "unknown",
            "licence": self.license or "unknown",
            "credit": self.attribution or "; ".join(self.authors) or "unknown",
            "url": self.url or "no pixels known",
            **({"found by": ", ".join(self.found_by)} if self.found_by else {}),
        }

    def __str__(self) -> str:
        return "\n".join(f"{name:>14}: {printable(value)}" for name, value in self.summary().items())

    def _repr_html_(self) -> str:
        # Jupyter aligns cells to the right and never breaks them unless each one says otherwise.
        style = "text-align:left;vertical-align:top"
        pages = {"title": self.landing_url, "licence": self.license}
        rows = "".join(
            f"<tr><th style='{style};white-space:nowrap'>{escaped(name)}</th>"
            f"<td style='{style};white-space:normal;overflow-wrap:anywhere'>{linked(value, pages.get(name))}</td></tr>"
            for name, value in self.summary().items()
        )
        return f"<table class='fairlab-record'>{rows}</table>"


def _verb(name: str) -> Callable[..., Any]:
    """One of fairlab's verbs, through the front door: they stand above records, which they are about."""
    import fairlab

    verb: Callable[..., Any] = getattr(fairlab, name)
    return verb


def _known(cls: type[Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values that this version has fields for."""
    return {name: value for name, value in values.items() if name in cls.__dataclass_fields__}


def _plain(value: Any) -> Any:
    # As dataclasses.asdict, but without copying what cannot change: ten times as fast.
    if dataclasses.is_dataclass(value):
        return {name: _plain(getattr(value, name)) for name in value.__dataclass_fields__}
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return {name: _plain(one) for name, one in value.items()} if isinstance(value, Mapping) else value
