"""RO-Crate of one run of a notebook, after the profile Process Run Crate 0.5: what went in, how, what came out.

Whoever ran it and on which machine is not said; paths of that machine never enter the crate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from fairlab.fair import crate_entities as entities
from fairlab.fair.crate_terms import FILE_NAME, Entity, is_web, part_id, slug
from fairlab.fair.description import Description
from fairlab.foreign_text import legible
from fairlab.net.address import redact

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from fairlab.session import Opening

PROFILE: Final = "https://w3id.org/ro/wfrun/process/0.5"
_CONTEXT: Final = [
    "https://w3id.org/ro/crate/1.1/context",
    {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256", "creditText": "http://schema.org/creditText"},
]
_OUTCOMES: Final = {
    "ok": "CompletedActionStatus", "failed": "FailedActionStatus", "interrupted": "FailedActionStatus",
}  # fmt: skip
_LOCAL: Final = re.compile(r"^(?:/|~|\.{1,2}/|[A-Za-z]:[\\/]|\\\\|file:)")
_CHECKSUM: Final = "sha256 of its metadata (attributes as JSON, keys sorted, no spaces)"


@dataclass(frozen=True, kw_only=True)
class Part:
    """One file of the crate."""

    about: str
    """One line on what it is."""
    sha256: str
    """Checksum of its content."""
    bytes: int
    """Its size."""
    media_type: str = "application/octet-stream"
    """Its kind."""
    result: bool = True
    """Whether the run made it."""


@dataclass(frozen=True, kw_only=True)
class Told:
    """What is told of a run."""

    notebook: str
    """Name of the notebook."""
    notebook_sha256: str
    """Checksum of the notebook that ran."""
    status: str
    """``"ok"``, ``"failed"`` or ``"interrupted"``."""
    started: datetime
    """When it began."""
    finished: datetime | None
    """When it ended."""
    parameters: Mapping[str, Any]
    """Their values."""
    versions: Mapping[str, str]
    """Software and versions."""
    inputs: Sequence[Opening] = ()
    """What the notebook opened."""
    parts: Mapping[str, Part] = field(default_factory=dict)
    """Files of the crate by their path in it."""
    error: str | None = None
    """Why it failed."""


def run_crate(told: Told) -> Entity:
    """The RO-Crate document of one run.

    Raises
    ------
    QueryError
        kind ``"crate-path"``: a file would lie outside the crate.
    """
    parts = [_part(path, part) for path, part in told.parts.items()]
    results = [{"@id": part_id(path)} for path, part in told.parts.items() if part.result]
    inputs = [_input(number, opening) for number, opening in enumerate(told.inputs, start=1)]
    given = [_parameter(name, value) for name, value in told.parameters.items()]
    software = [_software(name, version) for name, version in told.versions.items()]
    notebook = _notebook(told, software)
    action = entities.stated(
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": f"Run of {told.notebook}",
            "instrument": {"@id": notebook["@id"]},
            "startTime": told.started.isoformat(),
            "endTime": told.finished.isoformat() if told.finished else None,
            "actionStatus": f"http://schema.org/{_OUTCOMES[told.status]}",
            "error": told.error and _without_paths(told.error),
            "object": entities.refer([*(one[0] for one in inputs), *given]),
            "result": results,
        }
    )
    used = [one for one in inputs if is_web(one[0]["@id"])]
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Run of the notebook {told.notebook}",
        "description": f"What went into a run of the notebook {told.notebook} with fairlab, and what came out.",
        "conformsTo": {"@id": PROFILE},
        "datePublished": (told.finished or told.started).date().isoformat(),
        "hasPart": [*entities.refer(parts), *entities.refer(one[0] for one in used)],
        "mentions": {"@id": "#run"},
    }
    profile = {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}
    linked = [entity for one in inputs for entity in one]
    everything = entities.graph(
        _DESCRIPTOR, root, profile, action, notebook, *software, *given, *linked, *parts
    )
    return {"@context": _CONTEXT, "@graph": everything}


_DESCRIPTOR: Final[Entity] = {
    "@id": FILE_NAME,
    "@type": "CreativeWork",
    "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    "about": {"@id": "./"},
}


def _part(path: str, part: Part) -> Entity:
    return {
        "@id": part_id(path),
        "@type": "File",
        "name": path,
        "description": part.about,
        "encodingFormat": part.media_type,
        "contentSize": str(part.bytes),
        "sha256": part.sha256,
    }


def _notebook(told: Told, software: list[Entity]) -> Entity:
    return {
        "@id": "#notebook",
        "@type": "SoftwareSourceCode",
        "name": told.notebook,
        "programmingLanguage": "Python",
        "encodingFormat": "application/x-ipynb+json",
        "sha256": told.notebook_sha256,
        "softwareRequirements": entities.refer(software),
    }


def _software(name: str, version: str) -> Entity:
    return {
        "@id": f"#software-{slug(name)}",
        "@type": "SoftwareApplication",
        "name": name,
        "softwareVersion": version,
    }


def _parameter(name: str, value: Any) -> Entity:
    told = _shown(value)
    return {
        "@id": f"#parameter-{quote(legible(name))}",
        "@type": "PropertyValue",
        "name": name,
        "value": "none" if told is None else told,
    }


def _shown(value: Any) -> Any:
    """A value without credentials and without folders of this machine."""
    if isinstance(value, str):
        return redact(value) if "://" in value and not value.startswith("file:") else _shortened(value)
    return [_shown(one) for one in value] if isinstance(value, list) else value


def _shortened(text: str) -> str:
    if not _LOCAL.match(text):
        return text
    name = re.split(r"[\\/]", text.rstrip("/\\"))[-1]
    return f"…/{name}"


_PLACE: Final = re.compile(r"\w+://[^\s'\"<>]+|(?:[A-Za-z]:\\|~?/)[^\s'\":,]*[\\/][^\s'\":,\\/]+")


def _without_paths(text: str) -> str:
    return _PLACE.sub(lambda found: str(_shown(found[0])), text)


def _input(number: int, opening: Opening) -> list[Entity]:
    """What was opened, and the entities that it points to."""
    record = opening.record
    known = Description.of(record)
    licence, articles = entities.licence(known), entities.articles(known)
    if licence and licence["@id"] == "#license":
        licence["@id"] = f"#license-{number}"
    address = record.url if is_web(record.url) and record.url else None
    checksum = {
        "@id": f"#metadata-checksum-{number}",
        "@type": "PropertyValue",
        "name": _CHECKSUM,
        "value": opening.metadata_sha256,
    }
    doi = f"https://doi.org/{record.doi}" if record.doi else None
    # Data on this machine stay what they are called: their place means nothing elsewhere.
    identifier = record.id if address or not _LOCAL.match(record.id) else _shortened(record.id)
    entity = entities.stated(
        {
            "@id": address or f"#input-{number}",
            "@type": "Dataset" if address else "CreativeWork",
            "name": record.title or identifier,
            "identifier": [doi, identifier] if doi else identifier,
            "license": licence and {"@id": licence["@id"]},
            "creditText": record.attribution or "; ".join(record.authors),
            "citation": entities.refer(articles),
            "additionalProperty": {"@id": checksum["@id"]} if opening.metadata_sha256 else None,
        }
    )
    linked = [*([licence] if licence else []), *articles, *([checksum] if opening.metadata_sha256 else [])]
    return [entity, *linked]
