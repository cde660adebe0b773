"""RO-Crate beside the pixels of one image: licence, creators, organism and imaging method, for machines.

No part of OME-Zarr 0.4 or 0.5 says whose an image is or what it shows. The crate is readable in two
dialects at once: that of the NGFF challenge of 2024 (``resultOf`` → acquisition → specimen →
biosample) and that of GIDE (``about``, ``measurementMethod``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from fairlab.fair import crate_conditions
from fairlab.fair import crate_entities as entities
from fairlab.fair.crate_terms import FILE_NAME, IMAGE_CONTEXT, Entity, challenge_iri, is_web, part_id
from fairlab.fair.description import Description
from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["FILE_NAME", "crate_json", "image_crate"]

_MEDIA_TYPES = {".csv": "text/csv", ".json": "application/json", ".txt": "text/plain", ".png": "image/png"}


def image_crate(
    known: Description | Record, *, files: Mapping[str, str] | None = None, usage: str | None = None
) -> Entity:
    """RO-Crate 1.1 document for one image.

    Parameters
    ----------
    known : Description or Record
        What is known; unknown things are left out, never guessed.
    files : mapping of str to str, optional
        Other files that lie in the image's folder, each with one line on what it is.
    usage : str, optional
        What must be known before the image is passed on.

    Raises
    ------
    QueryError
        kind ``"crate-path"``: a file would lie outside the crate.

    Examples
    --------
    >>> from fairlab.record import Record
    >>> document = image_crate(Record(id="lab:1", kind="image", repository="unlisted", title="A cell"))
    >>> document["@graph"][1]
    {'@id': './', '@type': 'Dataset', 'identifier': 'lab:1', 'name': 'A cell'}
    """
    if isinstance(known, Record):
        known = Description.of(known)
    parts = [_file(name, about) for name, about in (files or {}).items()]
    root, linked = _root(known, parts)
    if asked := crate_conditions.conditions(known):
        root["conditionsOfAccess"] = entities.refer(asked)
        linked += asked
    if usage:
        root["usageInfo"] = usage
    return {"@context": IMAGE_CONTEXT, "@graph": entities.graph(_descriptor(), root, *linked)}


def crate_json(document: Entity) -> str:
    """A crate as text."""
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _descriptor() -> Entity:
    return {
        "@id": FILE_NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        "about": {"@id": "./"},
    }


def _root(known: Description, parts: list[Entity]) -> tuple[Entity, list[Entity]]:
    """The image, and the entities that it points to."""
    page = known.get("identity.landing_page")
    licence, publisher = entities.licence(known), entities.publisher(known)
    people, places = entities.creators(known)
    articles, grants, sizes = entities.articles(known), entities.grants(known), entities.sizes(known)
    taxa = entities.taxa(known, challenge_iri)
    methods = entities.terms(known.get("acquisition.method") or [], challenge_iri)
    topics = entities.terms(known.get("biosample.biological_entity") or [], challenge_iri)
    sample = entities.biosample(known, taxa, challenge_iri)
    protocol, chain, study = (
        entities.protocol(known, methods),
        _acquisition(taxa, methods),
        _study(known, page),
    )
    root: Entity = {
        "@id": "./",
        "@type": "Dataset",
        "identifier": _identifier(known),
        "name": known.get("citation.title") or known.get("image.name") or known.get("identity.image_id"),
        "description": known.get("citation.description"),
        "license": licence and {"@id": licence["@id"]},
        "author": entities.refer(people),
        "creditText": known.get("citation.attribution"),
        "publisher": publisher and {"@id": publisher["@id"]},
        "keywords": list(known.get("citation.keywords") or ()),
        "isPartOf": study and {"@id": study["@id"]},
        "url": page,
        "citation": entities.refer(articles),
        "funder": entities.refer(grants),
        "about": entities.refer([*sample[:1], *taxa, *topics]),
        "measurementMethod": entities.refer([*protocol, *methods]),
        "resultOf": entities.refer(chain[:1])[0] if chain else None,
        "size": entities.refer(sizes),
        "hasPart": entities.refer(parts),
        # RO-Crate 1.1 wants a date here, but a day on which nothing was published would be an invention.
        "datePublished": known.get("citation.date_published"),
    }
    single = [one for one in (licence, publisher, study) if one]
    linked = [
        *single, *people, *places, *articles, *grants, *chain, *taxa, *topics, *methods, *sample, *protocol, *sizes,
        *parts,
    ]  # fmt: skip
    return entities.stated(root), linked


def _identifier(known: Description) -> str | list[str] | None:
    doi = known.get("identity.doi")
    found = [f"https://doi.org/{doi}"] if doi else []
    found += [text for name in ("image_id", "accession") if (text := known.get(f"identity.{name}"))]
    return found[0] if len(found) == 1 else found


def _study(known: Description, page: str | None) -> Entity | None:
    """The study that the image belongs to, where the page is that of the study.

    Not typed as a Dataset: readers take that for data which the crate forgot to list among its parts.
    """
    accession = known.get("identity.accession")
    if not (page and is_web(page) and accession and accession in page):
        return None
    name = known.get("study.title") or accession
    return {"@id": page, "@type": "CreativeWork", "name": name, "identifier": accession}


def _acquisition(taxa: list[Entity], methods: list[Entity]) -> list[Entity]:
    """Acquisition, specimen and biosample as the challenge links them; empty when neither end is known."""
    if not (taxa or methods):
        return []
    acquisition: Entity = {"@id": "#acquisition", "@type": "image_acquisition"}
    chain = [acquisition]
    if methods:
        acquisition["fbbi_id"] = {"@id": methods[0]["@id"]}
    if taxa:
        acquisition["specimen"] = {"@id": "#specimen"}
        chain += [
            {"@id": "#specimen", "@type": "specimen", "biosample": {"@id": "#biosample"}},
            {
                "@id": "#biosample",
                "@type": "biosample",
                "organism_classification": {"@id": taxa[0]["@id"]},
            },
        ]
    return chain


def _file(name: str, about: str) -> Entity:
    suffix = name[name.rfind(".") :] if "." in name else ""
    return {
        "@id": part_id(name),
        "@type": "File",
        "name": name,
        "description": about,
        "encodingFormat": _MEDIA_TYPES.get(suffix, "application/octet-stream"),
    }
