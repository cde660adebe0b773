"""RO-Crate beside the pixels: licence, creator, organism and imaging method, for machines.

No part of OME-Zarr 0.4 or 0.5 says whose an image is or what it shows. The crate is readable in two
dialects at once: that of the NGFF challenge of 2024 (``resultOf`` → acquisition → specimen →
biosample) and that of GIDE (``about``, ``measurementMethod``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.record import Record
    from fairlab.terms import Term

FILE_NAME = "ro-crate-metadata.json"

Entity = dict[str, Any]

# The challenge's own context leaves out resultOf, fbbi_id and image_acquisition, which then vanish when the
# document is expanded as JSON-LD; they are named here.
_TERMS = {
    "obo": "http://purl.obolibrary.org/obo/",
    "dwc": "http://rs.tdwg.org/dwc/terms/",
    "scientificName": "dwc:scientificName",
    "measurementMethod": "http://rs.tdwg.org/dwc/iri/measurementMethod",
    "Taxon": "https://schema.org/Taxon",
    "organism_classification": "https://schema.org/taxonomicRange",
    "biosample": "obo:OBI_0002648",
    "specimen": "obo:HSO_0000308",
    "image_acquisition": "obo:FBbi_00000222",
    "fbbi_id": "https://schema.org/measurementTechnique",
    "resultOf": {"@reverse": "https://schema.org/result"},
}


def crate(record: Record, *, files: Mapping[str, str] | None = None) -> Entity:
    """RO-Crate 1.1 document for one image.

    Parameters
    ----------
    record : Record
        What is known; unknown things are left out, never guessed.
    files : mapping of str to str, optional
        Other files that lie in the image's folder, each with one line on what it is.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> document = crate(Record(id="lab:1", kind="image", repository="lab", title="A cell"))
    >>> document["@graph"][1]["name"]
    'A cell'
    """
    parts = [_file(name, about) for name, about in (files or {}).items()]
    linked = [*_license(record), *_authors(record), *_acquisition(record), *_articles(record), *parts]
    return {
        "@context": ["https://w3id.org/ro/crate/1.1/context", _TERMS],
        "@graph": [_descriptor(), _root(record, parts), *linked],
    }


def crate_json(record: Record, *, files: Mapping[str, str] | None = None) -> str:
    """The document of :func:`crate` as text."""
    return json.dumps(crate(record, files=files), ensure_ascii=False, indent=2) + "\n"


def _descriptor() -> Entity:
    return {
        "@id": FILE_NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }


def _root(record: Record, parts: list[Entity]) -> Entity:
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": record.doi or record.id,
        "name": record.title or record.id,
        "description": record.description,
        "license": {"@id": record.license} if record.license else None,
        "author": _references(_authors(record)),
        "creditText": record.attribution,
        "keywords": ", ".join(record.keywords),
        "isBasedOn": {"@id": record.landing_url} if record.landing_url else None,
        "citation": _references(_articles(record)),
        "about": [{"@id": _taxon_id(term)} for term in record.organism],
        "measurementMethod": [{"@id": _term_id(term)} for term in record.imaging_method],
        "resultOf": {"@id": "#acquisition"} if _acquisition(record) else None,
        "hasPart": _references(parts),
        # RO-Crate 1.1 wants a date here, but a day on which nothing was published would be an invention.
        "datePublished": record.release_date,
    }
    return {name: value for name, value in root.items() if value not in (None, "", [])}


def _references(entities: list[Entity]) -> list[Entity]:
    return [{"@id": entity["@id"]} for entity in entities]


def _license(record: Record) -> list[Entity]:
    if not record.license:
        return []
    return [
        {
            "@id": record.license,
            "@type": "CreativeWork",
            "name": record.license_as_listed or record.license,
        }
    ]


def _authors(record: Record) -> list[Entity]:
    # A record has names only; one word is a project or an institute ("fairlab"), more are a person.
    return [
        {"@id": f"#author-{number}", "@type": "Person" if " " in name else "Organization", "name": name}
        for number, name in enumerate(record.authors, start=1)
    ]


def _articles(record: Record) -> list[Entity]:
    addresses = [p if "://" in p else f"https://doi.org/{p}" for p in record.publications]
    return [{"@id": address, "@type": "ScholarlyArticle", "name": address} for address in addresses]


def _acquisition(record: Record) -> list[Entity]:
    """Acquisition, specimen, biosample and the terms they point to; empty when neither is known."""
    if not (record.organism or record.imaging_method):
        return []
    acquisition: Entity = {"@id": "#acquisition", "@type": "image_acquisition"}
    chain = [acquisition]
    if record.imaging_method:
        acquisition["fbbi_id"] = {"@id": _term_id(record.imaging_method[0])}
    if record.organism:
        acquisition["specimen"] = {"@id": "#specimen"}
        chain += [
            {"@id": "#specimen", "@type": "specimen", "biosample": {"@id": "#biosample"}},
            {
                "@id": "#biosample",
                "@type": "biosample",
                "organism_classification": {"@id": _taxon_id(record.organism[0])},
            },
        ]
    return (
        chain + [_taxon(term) for term in record.organism] + [_method(term) for term in record.imaging_method]
    )


def _taxon(term: Term) -> Entity:
    taxon: Entity = {
        "@id": _taxon_id(term),
        "@type": "Taxon",
        "name": term.label,
        "scientificName": term.label,
    }
    return {**taxon, "identifier": term.id} if term.id else taxon


def _method(term: Term) -> Entity:
    method: Entity = {"@id": _term_id(term), "@type": "DefinedTerm", "name": term.label}
    return {**method, "termCode": term.id} if term.id else method


def _taxon_id(term: Term) -> str:
    # The challenge writes NCBITaxon:9606 as NCBI:txid9606.
    if term.id and term.id.startswith("NCBITaxon:"):
        return term.id.replace("NCBITaxon:", "NCBI:txid")
    return _term_id(term)


def _term_id(term: Term) -> str:
    if term.id:
        return f"obo:{term.id.replace(':', '_')}"
    return "#" + "-".join(term.label.lower().split())


def _file(name: str, about: str) -> Entity:
    kinds = {".csv": "text/csv", ".json": "application/json", ".txt": "text/plain"}
    suffix = name[name.rfind(".") :] if "." in name else ""
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "description": about,
        "encodingFormat": kinds.get(suffix, "application/octet-stream"),
    }
