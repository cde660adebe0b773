"""What an RO-Crate points to: identifiers, articles, other pages, its parts; a path never leads out of the crate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import MetadataError
from fairlab.fair.crate_graph import Crate, Entity, Node, listed, literal, reference
from fairlab.fair.values import accession, address, doi, plain_text, publication
from fairlab.ngff.paths import inner_path

if TYPE_CHECKING:
    from collections.abc import Iterator

Told = tuple[str, Any, Any, str]
_MOST_PARTS: Final = 50
_LINKS: Final = {"hasPart": "HasPart", "isPartOf": "IsPartOf", "isBasedOn": "IsDerivedFrom"}


def links(crate: Crate, root: Entity) -> Iterator[Told]:
    """Path, value, raw value and JSON pointer of what the root of a crate points to."""
    yield from _identifiers(crate, root)
    yield from _articles(crate, root)
    yield from _relations(root)


def _identifiers(crate: Crate, root: Entity) -> Iterator[Told]:
    stated = [(root.id, f"{root.pointer}/@id")]
    for node in root.nodes("identifier", "accessionId", "doi", "cite-as", "citeAs", "sameAs", "url"):
        entity = crate.entity(node)
        inner = [reference(one) for one in entity.nodes("value", "identifier")] if entity else []
        stated += [(text, node.pointer) for text in (reference(node), *inner) if text]

    def is_number(pointer: str) -> bool:
        return crate.is_detached or pointer.endswith("accessionId")

    for text, pointer in stated:
        page = address(text)
        if known := doi(text):
            yield "identity.doi", known, text, pointer
        elif page:
            yield "identity.landing_page", page, text, pointer
        elif number := accession(text) or (plain_text(text) if is_number(pointer) else None):
            yield "identity.accession", number, text, pointer
        elif pointer.rpartition("/")[2] != "@id":
            yield "identity.uid", plain_text(text), text, pointer


def _articles(crate: Crate, root: Entity) -> Iterator[Told]:
    nodes = root.nodes("citation", "seeAlso", "relatedPublication", "publication", "subjectOf")
    articles, links, linked = [], [], []
    for node in nodes:
        told, is_article = _article(crate, node)
        if is_article:
            articles.append(told)
        elif told and (link := told.get("url")):
            links.append(link)
            linked.append(node)
    yield listed("citation.publications", articles, nodes)
    yield listed("citation.links", links, linked)


def _article(crate: Crate, node: Node) -> tuple[dict[str, str], bool]:
    entity = crate.entity(node)
    if entity is None:
        told = publication(plain_text(literal(node)) or "")
        return told, "url" not in told
    ids = [
        entity.id,
        *filter(None, (reference(one) for one in entity.nodes("doi", "identifier", "sameAs", "url"))),
    ]
    pubmed = crate.first_text(entity, "pubmedId")
    told = {}
    for text in (*ids, f"PMID:{pubmed}" if pubmed else ""):
        known = publication(text)
        told |= {key: known[key] for key in ("doi", "pmid") if key in known and key not in told}
    title = crate.first_text(entity, "name", "title", "headline")
    title = (
        None if address(title) else title
    )  # writers that must give a name and know none repeat the address
    year = re.match(r"\d{4}", crate.first_text(entity, "datePublished", "yearPublished") or "")
    found = {**told, "title": title, "year": year[0] if year else None}
    if not told and (page := address(entity.id)):
        found["url"] = page
    is_article = bool(told) or entity.is_a("scholarlyarticle", "publication", "article")
    return {key: value for key, value in found.items() if value}, is_article


def _relations(root: Entity) -> Iterator[Told]:
    nodes = {name: root.nodes(name)[:_MOST_PARTS] for name in _LINKS}
    told = [
        {"type": _LINKS[name], "target": target}
        for name, found in nodes.items()
        for node in found
        if (target := _target(reference(node)))
    ]
    yield listed("relations", told, [node for found in nodes.values() for node in found])


def _target(text: str | None) -> str | None:
    """A web address, or a path that stays below the crate; anything else is left out."""
    if not text or text.startswith("#"):
        return None
    if page := address(text):
        return page
    try:
        return inner_path(text, where="")
    except MetadataError:
        return None
