"""JSON-LD without the network: what RO-Crate's contexts define of the terms that fairlab writes."""

from __future__ import annotations

from typing import Any

from pyld import jsonld

_SCHEMA = (
    "CreateAction", "CreativeWork", "Dataset", "DefinedTerm", "Grant", "Organization", "Person", "PropertyValue",
    "QuantitativeValue", "ScholarlyArticle", "SoftwareApplication", "SoftwareSourceCode", "about", "actionStatus",
    "additionalProperty", "affiliation", "agent", "author", "citation", "contentSize", "dateCreated", "datePublished",
    "description",
    "encodingFormat", "endTime", "error", "exampleOfWork", "familyName", "funder", "givenName", "hasPart", "identifier",
    "instrument", "isBasedOn", "isPartOf", "keywords", "license", "measurementTechnique", "mentions", "name", "object",
    "programmingLanguage", "publisher", "result", "roleName", "size", "softwareRequirements", "softwareVersion",
    "startTime", "termCode", "thumbnailUrl", "unitCode", "unitText", "url", "usageInfo", "value", "version",
)  # fmt: skip
_ONLY_LATER = ("Taxon", "creditText", "sha256", "taxonomicRange")  # RO-Crate 1.1 does not know them, 1.2 does
_COMMON = {
    **{name: f"http://schema.org/{name}" for name in _SCHEMA},
    "File": "http://schema.org/MediaObject",
    "conformsTo": "http://purl.org/dc/terms/conformsTo",
    "FormalParameter": "https://bioschemas.org/FormalParameter",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
}
_LATER = {name: f"http://schema.org/{name}" for name in _ONLY_LATER}
_CITE_AS = {"cite-as": "http://www.iana.org/assignments/relation/cite-as"}
CONTEXTS = {
    "https://w3id.org/ro/crate/1.1/context": _COMMON,
    "https://w3id.org/ro/crate/1.2/context": {**_COMMON, **_LATER, **_CITE_AS},
}


def _load(url: str, options: dict[str, Any]) -> dict[str, Any]:
    return {
        "contentType": "application/ld+json",
        "contextUrl": None,
        "documentUrl": url,
        "document": {"@context": CONTEXTS[url]},
    }


def expanded(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The document as linked data: entities by address."""
    found = jsonld.expand(document, {"documentLoader": _load, "base": "https://crate.example/"})
    return {entity["@id"]: entity for entity in found if "@id" in entity}


def lost(document: dict[str, Any]) -> set[str]:
    """Terms that vanish on the way: properties without definition, and types that become relative."""
    known = {"@id", "@type"}
    for part in document["@context"]:
        known |= set(CONTEXTS[part] if isinstance(part, str) else part)
    used = {name for entity in document["@graph"] for name in entity}
    for entity in document["@graph"]:
        types = entity["@type"]
        used |= set(types if isinstance(types, list) else [types])
    return used - known
