"""From tables of XNAT to records: projects and subjects as studies, sessions and scans as images that do not open."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab.record import Creator
from fairlab.repositories import facts as given
from fairlab.repositories.answers import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fairlab.net.api import Document
    from fairlab.record import Record
    from fairlab.repositories.facts import Facts
    from fairlab.repositories.xnat_server import Server

REPOSITORY: Final = "XNAT"
NOT_ZARR: Final = "DICOM or NIfTI, not OME-Zarr: it cannot be opened here before it is converted"
_SESSION: Final = re.compile(r"xnat:(\w+?)SessionData", re.IGNORECASE)
_MODALITIES: Final = {
    "mr": "magnetic resonance imaging (MRI)",
    "ct": "X-ray computed tomography",
    "pet": "positron emission tomography (PET)",
}


def study_id(server: Server, project: str) -> str:
    """Identifier of a project; projects of different servers may have the same name."""
    return f"xnat:{server.host}/{project}"


def project(server: Server, document: Document, number: int, row: Mapping[str, Any]) -> Record | None:
    """The record of a project; None for a row without an identifier."""
    key = text(row.get("ID"))
    if key is None:
        return None
    source = given.at(document, f"/ResultSet/Result/{number}")
    leader = " ".join(filter(None, (text(row.get("pi_firstname")), text(row.get("pi_lastname")))))
    names = (text(row.get("name")), text(row.get("secondary_ID")))
    facts: Facts = {
        "title": (names[0] or names[1] or key, source),
        "description": (text(row.get("description")), source),
        "accession": (f"{server.host}/{key}", source),
        "uid": (key, source),
        "authors": ((leader,) if leader else (), source),
        "creators": ((Creator(name=leader),) if leader else (), source),
        # Guests see public projects only.
        "access": ("open" if server.is_guest else None, given.inferred(source)),
        "landing_url": (f"{server.address}/data/projects/{given.path_step(key)}", given.inferred(source)),
        "note": (f"its images are {NOT_ZARR}", given.inferred(source)),
    }
    return given.record(
        facts, source, id=study_id(server, key), kind="study", repository=REPOSITORY, raw=dict(row)
    )


def subject(document: Document, number: int, row: Mapping[str, Any], of: Record) -> Record | None:
    """The record of one subject of a project; None for a row without an identifier.

    Subjects are people or animals: only what names them at the server is kept, and not who entered them.
    """
    key = text(row.get("ID"))
    if key is None:
        return None
    source = given.at(document, f"/ResultSet/Result/{number}")
    facts: Facts = given.from_study(of) | {
        "title": (text(row.get("label")) or key, source),
        "accession": (f"{of.accession}/{key}", given.inferred(source)),
        "uid": (key, source),
        "landing_url": (f"{of.landing_url}/subjects/{given.path_step(key)}", given.inferred(source)),
        "note": (f"a subject of {of.title}; its images are {NOT_ZARR}", given.inferred(source)),
    }
    kept = {name: value for name, value in row.items() if name != "insert_user"}
    return given.record(facts, source, id=f"{of.id}/{key}", kind="study", repository=REPOSITORY, raw=kept)


def session(
    server: Server, document: Document, number: int, row: Mapping[str, Any], of: Record | None
) -> Record | None:
    """The record of an image session; None for experiments that are none."""
    key, project_key = text(row.get("ID")), text(row.get("project")) or (of.uid if of else None)
    kind = _SESSION.fullmatch(text(row.get("xsiType")) or "")
    if key is None or project_key is None or kind is None:
        return None
    source = given.at(document, f"/ResultSet/Result/{number}")
    facts: Facts = given.from_study(of) if of is not None else {}
    facts |= {
        "title": (text(row.get("label")) or key, source),
        "accession": (f"{server.host}/{project_key}", source),
        "uid": (key, source),
        "attributes": ({"xsiType": (kind[0],), **_subject(row)}, source),
        "landing_url": (f"{server.address}/data/experiments/{given.path_step(key)}", given.inferred(source)),
        "note": (NOT_ZARR, given.inferred(source)),
    }
    if method := _MODALITIES.get(kind[1].casefold()):
        facts["imaging_method"] = given.imaging_methods((method,), given.inferred(source))
    return given.record(
        facts,
        source,
        id=f"{study_id(server, project_key)}/{key}",
        kind="image",
        repository=REPOSITORY,
        raw=dict(row),
    )


def _subject(row: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    stated = text(row.get("subject_ID"))
    return {"Subject": (stated,)} if stated else {}


def scan(document: Document, number: int, row: Mapping[str, Any], of: Record) -> Record | None:
    """The record of one scan of a session; None for a row without an identifier."""
    key = text(row.get("ID"))
    if key is None:
        return None
    source = given.at(document, f"/ResultSet/Result/{number}")
    facts: Facts = given.from_study(of)
    stated = {
        name: (value,)
        for name in ("type", "series_description", "quality", "xsiType")
        if (value := text(row.get(name)))
    }
    facts |= {
        "title": (f"{of.title} scan {key}", source),
        "accession": (of.accession, given.inferred(source)),
        "uid": (f"{of.uid}/{key}", source),
        "attributes": (stated, source),
        "landing_url": (f"{of.landing_url}/scans/{given.path_step(key)}", given.inferred(source)),
        "note": (NOT_ZARR, given.inferred(source)),
    }
    return given.record(
        facts, source, id=f"{of.id}/{key}", kind="image", repository=REPOSITORY, raw=dict(row)
    )
