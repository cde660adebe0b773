"""RO-Crate of a study, after the GIDE profile, version 0.2: what IDR, BIA and SSBD exchange.

Detached: the root is the study's page. The profile has no place for the DOI of the data, and the exported crates
lose it; RO-Crate 1.2 has one (``cite-as``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from fairlab.errors import QueryError
from fairlab.fair import crate_entities as entities
from fairlab.fair.crate_terms import FILE_NAME, STUDY_CONTEXT, Entity, is_web
from fairlab.fair.description import Description
from fairlab.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

REQUIRED = (
    "name", "description", "datePublished", "license", "author", "publisher", "about", "measurementMethod",
)  # fmt: skip
"""What the profile asks of every study."""


def study_crate(known: Description | Record) -> Entity:
    """RO-Crate 1.2 document of a study; unknown things are left out, see :func:`missing`.

    Raises
    ------
    QueryError
        kind ``"crate-root"``: the study has neither a page nor a DOI, so that nothing could be its root.

    Examples
    --------
    >>> import fairlab
    >>> document = study_crate(fairlab.lookup("idr:idr0062"))
    >>> document["@graph"][0]["@id"], document["@graph"][1]["cite-as"]
    ('idr0062-ro-crate-metadata.json', 'https://doi.org/10.17867/10000125')
    >>> missing(document)
    ('description', 'measurementMethod')
    """
    if isinstance(known, Record):
        known = Description.of(known)
    root, linked = _root(known)
    accession = known.get("identity.accession") or ""
    plain = re.fullmatch(r"[A-Za-z0-9._-]+", accession)
    descriptor: Entity = {
        "@id": f"{accession}-{FILE_NAME}" if plain else FILE_NAME,
        "@type": "CreativeWork",
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.2"},
        "about": {"@id": root["@id"]},
    }
    return {"@context": STUDY_CONTEXT, "@graph": entities.graph(descriptor, root, *linked)}


def missing(document: Entity) -> tuple[str, ...]:
    """What the profile asks for and a crate of :func:`study_crate` could not say."""
    root = document["@graph"][1]
    return tuple(name for name in REQUIRED if name not in root)


def _root(known: Description) -> tuple[Entity, Sequence[Entity]]:
    doi, accession = known.get("identity.doi"), known.get("identity.accession")
    address = f"https://doi.org/{doi}" if doi else None
    page = known.get("identity.landing_page")
    where = page if is_web(page) else address
    if where is None:
        raise QueryError(
            f"{accession or 'the study'} has neither a page nor a DOI\n  the root of its crate is one of them",
            kind="crate-root",
        )
    licence, publisher = entities.licence(known), entities.publisher(known)
    people, places = entities.creators(known)
    articles, grants, sizes = entities.articles(known), entities.grants(known), entities.sizes(known)
    taxa = entities.taxa(known)
    topics = entities.terms(
        [*(known.get("biosample.biological_entity") or ()), *(known.get("study.about") or ())]
    )
    methods = entities.terms(known.get("acquisition.method") or [])
    sample, protocol = entities.biosample(known, taxa), entities.protocol(known, methods)
    thumbnail = known.get("identity.thumbnail")
    root: Entity = {
        "@id": where,
        "@type": "Dataset",
        "identifier": accession,
        "cite-as": address,
        "name": known.get("citation.title") or known.get("study.title"),
        "description": known.get("citation.description") or known.get("study.description"),
        "datePublished": (known.get("citation.date_published") or "")[:10],
        # The profile wants an address here, where RO-Crate has an entity; words are better than nothing.
        "license": licence and (licence["@id"] if is_web(licence["@id"]) else licence["name"]),
        "creditText": known.get("citation.attribution"),
        "author": entities.refer(people),
        "publisher": publisher and {"@id": publisher["@id"]},
        "keywords": list(known.get("citation.keywords") or ()),
        "funder": entities.refer(grants),
        "seeAlso": entities.refer(articles),
        "about": entities.refer([*sample[:1], *taxa, *topics]),
        "measurementMethod": entities.refer([*protocol, *methods]),
        "size": entities.refer(sizes),
        "thumbnailUrl": [thumbnail] if is_web(thumbnail) else None,
    }
    single = [publisher] if publisher else []
    linked = [
        *single, *people, *places, *articles, *grants, *sample, *taxa, *topics, *protocol, *methods, *sizes,
    ]  # fmt: skip
    return entities.stated(root), linked
