"""One value that one document states, and the paths that values stand under (shaped after REMBI)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

from fairlab.errors import QueryError
from fairlab.record import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

Kind = Literal["user", "api", "study-crate", "catalogue", "crate", "ome-xml", "ngff", "array"]
"""Which kind of document: what a user says, an archive's answer, the crate of a study, a table of fairlab's
catalogue, the crate beside an image, OME-XML, OME-Zarr attributes, the metadata of a Zarr array."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

PATHS: Final[dict[str, str]] = {
    "identity.url": "address of the OME-Zarr",
    "identity.listed_url": "its address as the archive lists it, where the store has moved since",
    "identity.object_type": "image, plate, well, labels, collection or study",
    "identity.image_id": 'identifier of the image: "idr:idr0062/6001240.zarr"',
    "identity.study_id": 'identifier of the study: "idr:idr0062"',
    "identity.accession": "the archive's own number of the study",
    "identity.uid": "the archive's own key for exactly this: a UUID, a type and a number, an IRI",
    "identity.doi": "DOI of the data, without resolver",
    "identity.landing_page": "address of the page for people",
    "identity.repository": "who publishes it",
    "identity.thumbnail": "address of a small picture",
    "identity.version": "version of the data",
    "identity.content_hash": "checksum of the content",
    "identity.note": "what a reader should know about this entry of a catalogue",
    "citation.title": "title",
    "citation.description": "longer text",
    "citation.creators": "list of {name, given, family, orcid, affiliations: [{name, ror}], roles}",
    "citation.attribution": "whom to credit, in the words of the document",
    "citation.publisher": "name of the publisher",
    "citation.date_published": "ISO 8601 date",
    "citation.license": "{name, url, spdx, commercial, derivatives, share_alike, attribution}, what is known",
    "citation.rights_holder": "who holds the rights",
    "citation.keywords": "list of words",
    "citation.publications": "list of {doi, pmid, url, title, year}",
    "citation.funding": "list of {funder, id}",
    "citation.acknowledgement": "whom the authors thank",
    "citation.links": "list of other addresses about it",
    "study.title": "title of the study that an image belongs to",
    "study.description": "longer text about that study",
    "study.type": "list of {label, id}: what kind of study (EFO)",
    "study.about": "list of {label, id}: other terms it is about",
    "study.component.name": "name of the part of the study",
    "study.component.description": "what that part is",
    "study.n_images": "how many images the study has",
    "study.n_files": "how many files the study has",
    "biosample.id": "list of names or accessions of the samples",
    "biosample.organism": "list of {label, id}: taxa (NCBITaxon)",
    "biosample.biological_entity": "list of {label, id}: anatomy, cell type, cell line, cellular component",
    "biosample.cell_line": "list of {label, id}",
    "biosample.strain": "list of {label, id}",
    "biosample.description": "list of texts about the samples",
    "biosample.variables.intrinsic": "list of {name, value}: what the sample is by itself (gene, genotype)",
    "biosample.variables.extrinsic": "list of {name, value}: what was done to it (compound, siRNA)",
    "biosample.variables.experimental": "list of {name, value}: what was varied",
    "biosample.attributes": "key to list of values, as published",
    "specimen.preparation": "list of texts: how the specimen was prepared",
    "specimen.growth_protocol": "list of texts: how it was grown",
    "specimen.experimental_status": "list of texts: control, treated …",
    "specimen.location": "list of texts: where in the sample it lies",
    "specimen.channels": "list of {index, label, contrast_mechanism, content, biological_entity, target, reagent}",
    "acquisition.method": "list of {label, id}: imaging methods (FBbi)",
    "acquisition.instrument": "list of texts: manufacturer, model and kind of the microscope",
    "acquisition.parameters": "list of texts: how the images were taken",
    "acquisition.objective": "list of {model, magnification, na, immersion}",
    "acquisition.date": "ISO 8601 time at which the image was taken",
    "image.name": "the image's own name in its files",
    "image.kind": '"intensities" or "labels"',
    "image.layout": '"image", "plate" or "bioformats2raw"',
    "image.format.name": '"OME-Zarr"',
    "image.format.ngff_version": '"0.4"',
    "image.format.zarr_format": "2 or 3",
    "image.format.codecs": "list of names of codecs",
    "image.axes": "list of {name, type, unit} in order",
    "image.shape": "list of sizes of the full-resolution level, in the order of the axes",
    "image.dtype": 'data type: "uint16"',
    "image.chunks": "list of sizes of what is stored and decoded at once, at full resolution",
    "image.shards": "list of sizes of a shard at full resolution",
    "image.levels": "list of {path, scale}",
    "image.scale": "axis to {value, unit}: distance between samples, in micrometer and second where a unit is stated",
    "image.extent": "axis to {value, unit}: size of the whole image",
    "image.bytes": "stored size in bytes",
    "image.channels": "list of {label, color, window, fluorophore, excitation_nm, emission_nm, acquisition_mode,"
    " contrast_method, qc}",
    "image.contrast_inversion": "whether an inverted picture is shown",
    "image.has_labels": "whether label images belong to it",
    "image.qc": "list of texts about its quality",
    "annotation.type": "list of kinds of annotation",
    "annotation.source": "list of what was annotated",
    "annotation.method": "list of texts: how it was annotated",
    "annotation.criteria": "list of texts: the rules followed",
    "annotation.coverage": "list of texts: how much was annotated",
    "annotation.confidence": "list of texts: how sure it is",
    "annotation.annotators": "list of {name, orcid}",
    "annotation.labels": "label value to name",
    "correlation.alignment": "list of texts: how images were aligned",
    "correlation.fiducials": "list of texts: marks used for it",
    "correlation.transform": "list of transformations",
    "relations": "list of {type, target}",
    "access.level": '"open" or "restricted"',
    "access.protocol": 'how it is read: "https", "s3"',
    "access.anonymous": "whether it is read without credentials",
    "access.conditions": "list of DUO codes",
    "access.embargo_until": "ISO 8601 date",
    "access.residency": "{country, jurisdiction, basis}",
    "privacy.human": "whether a human being is the subject",
    "privacy.deidentified": "whether it was de-identified",
    "privacy.method_codes": "list of codes of how",
    "processing": "list of {tool, version, parameters}",
}
"""Every path of a description, and what it holds."""


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One value that one document states.

    Examples
    --------
    >>> from fairlab.record import Source
    >>> told = Statement(path="image.dtype", value="uint8", kind="array", source=Source(document="0/zarr.json"))
    >>> told.value
    'uint8'
    """

    path: str
    """What it is about: one of :data:`PATHS`."""
    value: Any
    """Plain JSON value in fairlab's own form."""
    raw: Any = None
    """The value as the document has it; None where that is the same, as far as JSON can tell."""
    source: Source
    """Document, place in it and time; ``basis`` says whether the document or fairlab concluded it."""
    kind: Kind
    """Which kind of document."""

    def __post_init__(self) -> None:
        if self.path not in PATHS:
            raise QueryError(
                f'descriptions have no path "{self.path[:80]}"; fairlab.fair.PATHS lists them',
                kind="path-unknown",
            )
        if self.kind not in KINDS:
            raise QueryError(
                f'no kind of document "{str(self.kind)[:80]}"; there are {", ".join(KINDS)}',
                kind="kind-unknown",
            )

        value, raw = _plain(self.value), _plain(self.raw)
        object.__setattr__(self, "value", value)
        object.__setattr__(self, "raw", None if raw == value else raw)

    def to_dict(self) -> dict[str, Any]:
        """Where the value comes from: the entry of a description's ``provenance``, with the value itself."""
        told = {
            "value": self.value,
            "raw": self.raw,
            "source": self.source.document,
            "pointer": self.source.pointer or None,
            "retrieved_at": self.source.retrieved_at,
            "kind": self.kind,
            "basis": self.source.basis,
        }
        return {name: value for name, value in told.items() if value is not None}

    @classmethod
    def from_dict(cls, path: str, told: Mapping[str, Any]) -> Statement:
        """Rebuild a statement about ``path`` from :meth:`to_dict`."""
        return cls(
            path=path,
            value=told["value"],
            raw=told.get("raw"),
            source=Source(
                document=told["source"],
                pointer=told.get("pointer", ""),
                retrieved_at=told.get("retrieved_at"),
                basis=told.get("basis", "asserted"),
            ),
            kind=told["kind"],
        )


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: absent, an empty text or list; False and 0 say something.

    Examples
    --------
    >>> is_empty([]), is_empty(" "), is_empty(False)
    (True, True, False)
    """
    if isinstance(value, str):
        return not value.strip()
    return value is None or (isinstance(value, list | tuple | dict) and not value)


def _plain(value: Any) -> Any:
    """A value as JSON will give it back: lists, dicts with keys of text, no number that is none."""
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
