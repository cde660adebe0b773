"""Facts from the RO-Crate that lies beside an image, read tolerantly.

References are resolved by a plain dictionary; JSON-LD expansion would drop terms that common writers
use without defining them (``resultOf``, ``fbbi_id``).
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any

from fairlab.terms import Term
from fairlab.use_conditions import stated

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from fairlab.record import Source

_TAXON = re.compile(r"(?:NCBITaxon[_:]|txid|taxonomy/)0*(\d+)$")
_METHOD = re.compile(r"FBbi[_:](\d{8})$")


def facts(crate: Mapping[str, Any], *, source: Source) -> dict[str, tuple[Any, Source]]:
    """Record fields that a crate states, each with its place in the crate.

    Parameters
    ----------
    crate : mapping
        Content of ``ro-crate-metadata.json``.
    source : Source
        The document; the pointer is filled in for each field.

    Returns
    -------
    dict
        Field name of :class:`~fairlab.record.Record` to (value, source); empty when the crate has no root.

    Examples
    --------
    >>> from fairlab.record import Source
    >>> root = {"@id": "./", "name": "A fly", "license": {"@id": "https://creativecommons.org/licenses/by/4.0/"}}
    >>> facts({"@graph": [root]}, source=Source(document="ro-crate-metadata.json"))["license"][0]
    'https://creativecommons.org/licenses/by/4.0/'
    """
    entities = {
        e["@id"]: e
        for e in _list(crate.get("@graph"))
        if isinstance(e, dict) and isinstance(e.get("@id"), str)
    }
    root = _root(entities)
    if root is None:
        return {}
    conditions = stated(crate)
    found: dict[str, Any] = {
        "title": _text(root.get("name")),
        "description": _text(root.get("description")),
        "license": _identifier(root.get("license")),
        "authors": tuple(_names([*_list(root.get("author")), *_list(root.get("creator"))], entities)),
        "attribution": _text(root.get("creditText")),
        "release_date": _text(root.get("datePublished")),
        "organism": tuple(_terms(entities, _TAXON, "NCBITaxon:{}")),
        "imaging_method": tuple(_terms(entities, _METHOD, "FBbi:{}")),
        "use_conditions": conditions.codes,
        "embargo_until": conditions.embargo_until,
        "residency": conditions.residency,
        "access": conditions.access if conditions.access in ("open", "restricted") else None,
    }
    pointers = {
        "title": "name",
        "attribution": "creditText",
        "authors": "author",
        "release_date": "datePublished",
        "use_conditions": "conditionsOfAccess",
    }
    return {
        name: (value, dataclasses.replace(source, pointer=f"{root['@id']}#{pointers.get(name, name)}"))
        for name, value in found.items()
        if value
    }


def _root(entities: Mapping[str, dict[str, Any]]) -> dict[str, Any] | None:
    for identifier, entity in entities.items():
        about = entity.get("about")
        if identifier.endswith("ro-crate-metadata.json") and isinstance(about, dict):
            target = str(about.get("@id"))
            return entities.get(target) or entities.get(target.rstrip("/")) or entities.get(target + "/")
    return entities.get("./")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _text(value: Any) -> str | None:
    first = next(iter(_list(value)), None)
    return first.strip() or None if isinstance(first, str) else None


def _identifier(value: Any) -> str | None:
    first = next(iter(_list(value)), None)
    return _text(first.get("@id")) if isinstance(first, dict) else _text(first)


def _names(people: list[Any], entities: Mapping[str, dict[str, Any]]) -> Iterator[str]:
    for person in people:
        entity = entities.get(person.get("@id", ""), person) if isinstance(person, dict) else {"name": person}
        if name := _text(entity.get("name")):
            yield name


def _terms(entities: Mapping[str, dict[str, Any]], pattern: re.Pattern[str], form: str) -> Iterator[Term]:
    """Terms of one vocabulary, wherever the crate's dialect puts them: as entities or as values."""
    seen = set()
    for entity in entities.values():
        values = [entity["@id"], *_list(entity.get("@type"))]
        for key in (
            "organism_classification",
            "taxonomicRange",
            "fbbi_id",
            "measurementMethod",
            "about",
            "identifier",
        ):
            values += [v.get("@id") if isinstance(v, dict) else v for v in _list(entity.get(key))]
        for value in values:
            match = pattern.search(value) if isinstance(value, str) else None
            if match and (identifier := form.format(match[1])) not in seen:
                seen.add(identifier)
                named = entities.get(value, entity if entity["@id"] == value else {})
                yield Term(id=identifier, label=_text(named.get("name")) or identifier)
