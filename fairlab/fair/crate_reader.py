"""What an RO-Crate states, in whichever of its dialects: NGFF challenge, GIDE, BIA submission, or plain schema.org.

Written leniently: a string or a list everywhere, a reference or a text, misspelt names that real writers use. What
is no crate at all states nothing.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.fair.crate_biology import biology
from fairlab.fair.crate_graph import Crate, Entity, Node, crate_of, listed, literal, raw, reference
from fairlab.fair.crate_links import links
from fairlab.fair.description import Description
from fairlab.fair.statement import Kind, Statement, is_empty
from fairlab.fair.values import (
    address,
    creator_name,
    iso_date,
    license_value,
    orcid,
    plain_text,
    ror,
    whole_number,
)
from fairlab.use_conditions import stated as stated_conditions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlab.record import Source

_FIELDS: Final = (
    "title", "description", "license", "license_as_listed", "authors", "creators", "attribution", "release_date",
    "organism", "imaging_method", "doi", "publications", "pmid", "keywords", "funding", "use_conditions",
    "embargo_until", "residency", "access",
)  # fmt: skip


def statements(document: Any, *, source: Source, kind: Kind | None = None) -> list[Statement]:
    """What a crate states, each with its JSON pointer.

    Parameters
    ----------
    document : object
        Content of ``ro-crate-metadata.json``, parsed.
    source : Source
        The document; the pointer is filled in for each value.
    kind : str, optional
        ``"crate"`` or ``"study-crate"``; by default what the crate looks like.

    Examples
    --------
    >>> from fairlab.record import Source
    >>> root = {"@id": "./", "name": "A fly", "license": {"@id": "https://creativecommons.org/licenses/by/4.0/"}}
    >>> for told in statements({"@graph": [root]}, source=Source(document="ro-crate-metadata.json")):
    ...     print(told.path, told.source.pointer)
    citation.title /@graph/0/name
    citation.license /@graph/0/license
    """
    crate = crate_of(document)
    if crate.root is None:
        return []
    is_study = crate.is_detached or crate.root.is_a("study")
    kind = kind or ("study-crate" if is_study else "crate")
    found = [*_root(crate, crate.root), *biology(crate, crate.root), *_access(document, crate.root)]
    if is_study:
        found.append(("identity.object_type", "study", None, f"{crate.root.pointer}/@type"))
    return [
        Statement(
            path=path, value=value, raw=stated, kind=kind, source=dataclasses.replace(source, pointer=pointer)
        )
        for path, value, stated, pointer in found
        if not is_empty(value)
    ]


def facts(document: Any, *, source: Source) -> dict[str, tuple[Any, Source]]:
    """What a crate states of an image, as fields of a flat record with the place of each.

    Examples
    --------
    >>> from fairlab.record import Source
    >>> found = facts({"@graph": [{"@id": "./", "name": "A fly"}]}, source=Source(document="a crate"))
    >>> found["title"][0], found["title"][1].pointer
    ('A fly', '/@graph/0/name')
    """
    told = tuple(statements(document, source=source))
    if not told:
        return {}
    record = Description(statements=told).record()
    return {
        name: (value, record.sources[name])
        for name in _FIELDS
        if (value := getattr(record, name)) and name in record.sources
    }


Told = tuple[str, Any, Any, str]
"""Path, value, raw, pointer."""


def _root(crate: Crate, root: Entity) -> Iterator[Told]:
    for path, names in _TEXTS.items():
        for node in root.nodes(*names)[:1]:
            yield path, crate.text(node), raw(node), node.pointer
    for node in root.nodes("datePublished")[:1]:
        yield "citation.date_published", iso_date(literal(node)), raw(node), node.pointer
    for node in root.nodes("license", "licence")[:1]:
        yield "citation.license", _license(crate, node), raw(node), node.pointer
    people = root.nodes("author", "creator") or root.nodes("contributor")
    yield listed("citation.creators", [_creator(crate, node) for node in people], people)
    yield from _keywords(root)
    yield from links(crate, root)
    funds = root.nodes("funder", "funding", "grant", "fundingStatement")
    yield listed("citation.funding", [_fund(crate, node) for node in funds], funds)
    for node in root.nodes("thumbnailUrl", "thumbnail")[:1]:
        yield "identity.thumbnail", address(reference(node)), None, node.pointer
    yield from _sizes(crate, root)


_TEXTS: Final = {
    "citation.title": ("name", "title", "headline"),
    "citation.description": ("description", "abstract"),
    "citation.attribution": ("creditText",),
    "citation.rights_holder": ("copyrightHolder", "copyrightNotice"),
    "citation.publisher": ("publisher", "sdPublisher"),
    "citation.acknowledgement": ("acknowledgement", "acknowledgements"),
    "identity.version": ("version",),
}


def _license(crate: Crate, node: Node) -> dict[str, Any] | None:
    """By its address, else by what the entity that it refers to says of itself."""
    stated = plain_text(reference(node)) or plain_text(literal(node))
    entity = crate.entity(node)
    others = [crate.first_text(entity, name) for name in ("url", "identifier", "name")] if entity else []
    told = [license_value(text) for text in (stated, *others) if text and not text.startswith("#")]
    return next((one for one in told if "commercial" in one), told[0] if told else None)


def _creator(crate: Crate, node: Node) -> dict[str, Any] | None:
    person = crate.entity(node)
    if person is None:
        name = plain_text(literal(node))
        return {"name": name} if name and not orcid(name) else None
    given, family = crate.first_text(person, "givenName"), crate.first_text(person, "familyName")
    name = creator_name(crate.first_text(person, "name", "displayName", "title"), given, family)
    if name is None:
        return None
    known = [person.id, *filter(None, (reference(one) for one in person.nodes("identifier", "sameAs")))]
    places = [_place(crate, one) for one in person.nodes("affiliation", "memberOf", "worksFor")]
    roles = [role for one in person.nodes("role", "roleName") if (role := crate.text(one))]
    told = {
        "name": name,
        "given": given,
        "family": family,
        "orcid": next(filter(None, map(orcid, known)), None),
        "affiliations": [place for place in places if place],
        "roles": roles,
    }
    return {key: value for key, value in told.items() if value}


def _place(crate: Crate, node: Node) -> dict[str, str]:
    entity = crate.entity(node)
    ids = [reference(node)] + (
        [reference(one) for one in entity.nodes("identifier", "sameAs")] if entity else []
    )
    told = {"name": crate.text(node), "ror": next(filter(None, map(ror, ids)), None)}
    return {key: value for key, value in told.items() if value and not (key == "name" and ror(value))}


def _keywords(root: Entity) -> Iterator[Told]:
    nodes = root.nodes("keywords", "keyword")
    words: list[str] = []
    for node in nodes:
        stated = plain_text(literal(node)) or plain_text(node.value)
        # One text with commas is a list in schema.org's words; an item of a list may hold a comma of its own.
        words += re.split(r"\s*[,;]\s*", stated) if stated and len(nodes) == 1 else [stated or ""]
    yield listed("citation.keywords", [plain_text(word) for word in words], nodes)


def _fund(crate: Crate, node: Node) -> dict[str, str] | None:
    entity = crate.entity(node)
    name = crate.text(node)
    if entity is None:
        return {"funder": name} if name else None
    by = next((text for one in entity.nodes("funder") if (text := crate.text(one))), None)
    number = crate.first_text(entity, "identifier", "awardNumber")
    told = {"funder": by or name, "id": number or address(entity.id)}
    return {key: value for key, value in told.items() if value} or None


def _sizes(crate: Crate, root: Entity) -> Iterator[Told]:
    for node in root.nodes("size", "contentSize"):
        entity = crate.entity(node)
        if entity is None:
            yield "image.bytes", whole_number(literal(node)), literal(node), node.pointer
            continue
        unit = " ".join(filter(None, (crate.first_text(entity, name) for name in ("unitText", "unitCode"))))
        path = (
            "image.bytes" if re.search(r"\bbytes?\b|UO_0000233", unit)
            else "study.n_files" if re.search(r"file|UO_0000189", unit)
            else None
        )  # fmt: skip
        for value in entity.nodes("value")[:1]:
            if path:
                yield path, whole_number(literal(value)), literal(value), value.pointer


def _access(document: Any, root: Entity) -> Iterator[Told]:
    """Conditions of use, wherever in the document they stand."""
    told = stated_conditions(document)
    yield "access.conditions", list(told.codes), None, root.pointer
    yield "access.embargo_until", told.embargo_until, None, root.pointer
    yield "access.residency", dict(told.residency), None, root.pointer
    yield "access.level", told.level, None, root.pointer
