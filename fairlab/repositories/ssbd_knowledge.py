"""What SSBD's knowledge base says in SPARQL: projects with organisms and methods, and where OME-Zarr lies.

It is the one service that links a project to its OME-Zarr; the properties are those of the SSBD ontology.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from fairlab.errors import UnexpectedAnswer
from fairlab.repositories.answers import objects, text
from fairlab.repositories.facts import at, mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fairlab.net.api import Api, Document
    from fairlab.record import Source

_PREFIXES: Final = (
    "PREFIX ssbd: <http://ssbd.riken.jp/ontology/> PREFIX rdfs: <http://www.w3.org/2000/01/rdf-schema#> "
)
_MOST: Final = 20_000
_STUDIES: Final = (
    _PREFIXES
    + """SELECT DISTINCT ?project ?title ?organism ?organismLabel ?method ?methodLabel ?pmid ?doi WHERE {
  ?p ssbd:has_project_name ?project ; ssbd:has_dataset_output ?dataset .
  OPTIONAL { ?dataset ssbd:has_dataset_title ?title }
  OPTIONAL { ?dataset ssbd:has_biosample_information/ssbd:is_about_organism ?organism .
             OPTIONAL { ?organism rdfs:label ?organismLabel } }
  OPTIONAL { ?dataset ssbd:has_imaging_method_total_info/ssbd:has_imaging_method_recorded_type ?method .
             OPTIONAL { ?method rdfs:label ?methodLabel } }
  OPTIONAL { ?p ssbd:has_project_publications ?paper .
             OPTIONAL { ?paper ssbd:has_PMID ?pmid } OPTIONAL { ?paper ssbd:has_doi ?doi } }
}"""
    + f" LIMIT {_MOST}"
)
_ZARR: Final = (
    _PREFIXES
    + """SELECT DISTINCT ?project ?title ?zarr ?label ?license ?x ?y ?z ?c ?t WHERE {
  ?info ssbd:has_s3_endpoint ?zarr .
  OPTIONAL { ?info rdfs:label ?label } OPTIONAL { ?info ssbd:has_license ?license }
  OPTIONAL { ?info ssbd:has_size_x ?x } OPTIONAL { ?info ssbd:has_size_y ?y } OPTIONAL { ?info ssbd:has_size_z ?z }
  OPTIONAL { ?info ssbd:has_size_c ?c } OPTIONAL { ?info ssbd:has_size_t ?t }
  OPTIONAL { ?dataset ssbd:has_ome_zarr_information ?info . OPTIONAL { ?dataset ssbd:has_dataset_title ?title }
             OPTIONAL { ?p ssbd:has_dataset_output ?dataset ; ssbd:has_project_name ?project } }
}"""
    + f" LIMIT {_MOST}"
)
_NUMBER: Final = re.compile(r"ssbd-ome-ngff-(\d+)-")


@dataclass(kw_only=True)
class Known:
    """What is known of one project."""

    source: Source
    """Where it is named first."""
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    """Name of a column to its different values, each with a label (or itself)."""

    def several(self, name: str) -> tuple[str, ...]:
        """The values of one column."""
        return tuple(self.values.get(name, ()))

    def pairs(self, name: str) -> list[tuple[str, str]]:
        """Labels and identifiers of the terms of one column."""
        return [(label, key) for key, label in self.values.get(name, {}).items()]


@dataclass(frozen=True, kw_only=True)
class Zarr:
    """One OME-Zarr."""

    url: str
    """Its address."""
    project: str | None
    """Name of its project, or the number at the head of that name."""
    values: Mapping[str, str]
    """What else is stated: title, label, license, sizes."""
    source: Source
    """Where it is named."""


class Knowledge:
    """SSBD's knowledge base behind an :class:`~fairlab.net.api.Api`."""

    def __init__(self, api: Api):
        self.api = api

    def projects(self) -> dict[str, Known]:
        """What is known of each project, by name."""
        found: dict[str, Known] = {}
        for values, source in self._rows(_STUDIES):
            project = values.get("project")
            if project is None:
                continue
            known = found.setdefault(project.casefold(), Known(source=source))
            for name in ("title", "organism", "method", "pmid", "doi"):
                if value := values.get(name):
                    known.values.setdefault(name, {})[value] = values.get(f"{name}Label", value)
        return found

    def zarr(self) -> list[Zarr]:
        """Every OME-Zarr that is named, each address once."""
        found: dict[str, Zarr] = {}
        for values, source in self._rows(_ZARR):
            url = values.get("zarr", "")
            if re.fullmatch(r"https?://\S+", url):
                # Not every OME-Zarr is linked to its dataset; its label begins with the project's number.
                numbered = _NUMBER.match(values.get("label", ""))
                project = values.get("project") or (numbered[1] if numbered else None)
                found.setdefault(url, Zarr(url=url, project=project, values=values, source=source))
        return list(found.values())

    def _rows(self, query: str) -> Iterable[tuple[dict[str, str], Source]]:
        document = self.api.json("", {"query": query, "format": "application/sparql-results+json"})
        bindings = mapping(mapping(document.content).get("results")).get("bindings")
        if not isinstance(bindings, list):
            raise _no_bindings(document)
        for number, row in enumerate(objects(bindings)):
            yield _plain(row), at(document, f"/results/bindings/{number}")


def _plain(row: Mapping[str, Any]) -> dict[str, str]:
    found = ((name, text(mapping(cell).get("value"))) for name, cell in row.items())
    return {name: value for name, value in found if value}


def _no_bindings(document: Document) -> UnexpectedAnswer:
    where = document.url.partition("?")[0]
    return UnexpectedAnswer(
        f"SSBD's knowledge base answers without results\n  at {where}, where SPARQL has results and bindings\n"
        "  it may have changed; report it to fairlab",
        kind="answer-form",
        url=where,
    )
