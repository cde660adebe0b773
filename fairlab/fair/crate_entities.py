"""Entities that every crate has: people, institutions, licence, articles, grants, taxa, methods, sizes.

What a description does not state is left out, never guessed; e-mail addresses never reach a description.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fairlab.citation.reference import publisher_name
from fairlab.fair.crate_terms import Entity, iri, is_web, slug
from fairlab.foreign_text import legible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fairlab.fair.description import Description

Term = dict[str, str]


def stated(values: Entity) -> Entity:
    """The values that say something."""
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def refer(entities: Iterable[Entity]) -> list[Entity]:
    """References to entities."""
    return [{"@id": entity["@id"]} for entity in entities]


def graph(*entities: Entity) -> list[Entity]:
    """The entities of a crate, each once, with text that can be encoded and shown."""
    found: dict[str, Entity] = {}
    for entity in map(_legible, entities):
        found.setdefault(entity["@id"], entity)
    return list(found.values())


def _legible(value: Any) -> Any:
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, dict):
        return {name: _legible(part) for name, part in value.items()}
    return [_legible(part) for part in value] if isinstance(value, list) else value


def licence(known: Description) -> Entity | None:
    """The licence: its address, or a name inside the crate where only words are stated."""
    told: dict[str, Any] = known.get("citation.license") or {}
    address = told.get("url")
    name = told.get("name") or told.get("spdx") or address
    if not name:
        return None
    return stated(
        {
            "@id": address if is_web(address) else "#license",
            "@type": "CreativeWork",
            "name": name,
            "identifier": told.get("spdx"),
        }
    )


def creators(known: Description) -> tuple[list[Entity], list[Entity]]:
    """The people and groups that made the data, and the institutions they belong to."""
    people, places = [], []
    for number, told in enumerate(known.get("citation.creators") or [], start=1):
        of_this = [_institution(place) for place in told.get("affiliations") or ()]
        people.append(_creator(told, number, of_this))
        places += of_this
    return people, places


def _creator(told: Mapping[str, Any], number: int, places: list[Entity]) -> Entity:
    name, orcid = told.get("name") or "unknown", told.get("orcid")
    # Where nothing else tells, one word is a project or an institute ("fairlab"), more are a person.
    person = orcid or told.get("family") or places or " " in name
    return stated(
        {
            "@id": f"https://orcid.org/{orcid}" if orcid else f"#author-{number}",
            "@type": "Person" if person else "Organization",
            "name": name,
            "givenName": told.get("given"),
            "familyName": told.get("family"),
            "affiliation": refer(places),
            "roleName": list(told.get("roles") or ()),
        }
    )


def _institution(told: Mapping[str, Any]) -> Entity:
    name, ror = told.get("name"), told.get("ror")
    return {
        "@id": ror if is_web(ror) else f"#institution-{slug(name or 'unknown')}",
        "@type": "Organization",
        "name": name or ror or "unknown",
    }


def publisher(known: Description) -> Entity | None:
    """Who publishes the data."""
    name = known.get("citation.publisher") or publisher_name(known.get("identity.repository") or "")
    return {"@id": f"#publisher-{slug(name)}", "@type": "Organization", "name": name} if name else None


def articles(known: Description) -> list[Entity]:
    """Articles about the data."""
    found = []
    for told in known.get("citation.publications") or []:
        address = _article_address(told)
        name = told.get("title") or address
        found.append(
            stated(
                {
                    "@id": address or f"#article-{slug(name)}",
                    "@type": "ScholarlyArticle",
                    "name": name,
                    "datePublished": told.get("year"),
                }
            )
        )
    return found


def _article_address(told: Mapping[str, str]) -> str:
    if told.get("doi"):
        return f"https://doi.org/{told['doi']}"
    if told.get("pmid"):
        return f"https://pubmed.ncbi.nlm.nih.gov/{told['pmid']}/"
    return told["url"] if is_web(told.get("url")) else ""


def grants(known: Description) -> list[Entity]:
    """Grants and funders."""
    return [
        stated(
            {
                "@id": f"#grant-{number}",
                "@type": "Grant",
                "name": told.get("funder") or told.get("id") or "unknown",
                "identifier": told.get("id"),
            }
        )
        for number, told in enumerate(known.get("citation.funding") or [], start=1)
    ]


def taxa(known: Description, name: Callable[[Term], str] = iri) -> list[Entity]:
    """Taxa; the address of each is made by ``name``."""
    return [
        stated(
            {
                "@id": name(term),
                "@type": "Taxon",
                "name": term.get("label") or term.get("id"),
                "scientificName": term.get("label") or term.get("id"),
                "identifier": term.get("id"),
            }
        )
        for term in known.get("biosample.organism") or []
    ]


def terms(found: Iterable[Term], name: Callable[[Term], str] = iri) -> list[Entity]:
    """Terms of ontologies."""
    return [
        stated(
            {
                "@id": name(term),
                "@type": "DefinedTerm",
                "name": term.get("label") or term.get("id"),
                "termCode": term.get("id"),
            }
        )
        for term in found
    ]


def biosample(known: Description, of: list[Entity], name: Callable[[Term], str] = iri) -> list[Entity]:
    """What was imaged, with its cell line, where more than the taxa is known."""
    lines = terms(known.get("biosample.cell_line") or [], name)
    told = "\n".join(known.get("biosample.description") or [])
    if not (told or lines):
        return []
    title = told.split("\n")[0] or lines[0]["name"]
    return [
        stated(
            {
                "@id": "#sample",
                "@type": "BioSample",
                "name": title[:120],
                "description": told or title,
                "taxonomicRange": refer(of),
                "hasCellLine": refer(lines),
            }
        ),
        *lines,
    ]


def protocol(known: Description, methods: list[Entity]) -> list[Entity]:
    """How the images were taken, where more than the method is known."""
    equipment = "; ".join(known.get("acquisition.instrument") or [])
    settings = "\n".join(known.get("acquisition.parameters") or [])
    if not (equipment or settings):
        return []
    return [
        stated(
            {
                "@id": "#imaging-protocol",
                "@type": "LabProtocol",
                "name": "; ".join(method["name"] for method in methods) or "image acquisition",
                "description": settings or equipment,
                "labEquipment": equipment,
                "measurementTechnique": refer(methods),
            }
        )
    ]


def sizes(known: Description) -> list[Entity]:
    """Bytes and number of files."""
    found = (
        ("#total-dataset-size", known.get("image.bytes"), "UO_0000233", "bytes"),
        ("#file-count", known.get("study.n_files"), "UO_0000189", "file count"),
    )
    return [
        {
            "@id": key,
            "@type": "QuantitativeValue",
            "value": number,
            "unitCode": f"http://purl.obolibrary.org/obo/{unit}",
            "unitText": text,
        }
        for key, number, unit, text in found
        if number is not None
    ]
