"""From what SSBD says to records: projects, OME-Zarr, images of its OMERO server."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab import terms
from fairlab.fair import crate_reader
from fairlab.repositories import facts as given
from fairlab.repositories.answer_values import doi, license_of, pmid, publication, terms_of
from fairlab.repositories.omero import gathered, image_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fairlab.net.api import Document
    from fairlab.record import Record, Source
    from fairlab.repositories.facts import Facts
    from fairlab.repositories.omero import Annotation, Container
    from fairlab.repositories.ssbd_knowledge import Known, Zarr

REPOSITORY: Final = "SSBD"
SITE: Final = "https://ssbd.riken.jp"
_VERSION: Final = re.compile(r"/zarr/v(\d\.\d)/")
_STORED_ORDER: Final = "tczyx"
_MOST_TITLES: Final = 20


def study(
    project: Container | None, known: Known | None, crate: Document | None, accession: str
) -> Record | None:
    """The record of a project: its crate says most, then the knowledge base, then the OMERO server.

    Returns
    -------
    Record or None
        None when nobody knows it.
    """
    facts: Facts = {}
    sources: list[Source] = []
    if project is not None:
        sources.append(project.source)
        facts |= _present(_project_facts(project))
    if known is not None:
        sources.append(known.source)
        facts |= _present(_known_facts(known))
    if crate is not None and (found := _crate_facts(crate)):
        sources.append(given.at(crate))
        facts |= _present(found)
    if not sources:
        return None
    place = given.inferred(sources[0])
    kind = "repository" if accession.startswith("ssbd-repos-") else "database/project"
    facts.setdefault("title", (accession, sources[0]))
    facts |= {
        "accession": (accession, sources[0]),
        "landing_url": (f"{SITE}/{kind}/{accession}/", place),
        "access": ("open", place),
    }
    return given.record(facts, sources[0], id=f"ssbd:{accession}", kind="study", repository=REPOSITORY)


def _project_facts(project: Container) -> Facts:
    return {
        "description": (project.description, project.source),
        "uid": (project.uid, project.source),
        "thumbnail_url": (
            f"{SITE}/ssbd-omero/v1/projects/{project.id}/render_thumbnail/",
            given.inferred(project.source),
        ),
    }


def _known_facts(known: Known) -> Facts:
    titles = known.several("title")
    numbers = tuple(filter(None, map(pmid, known.several("pmid"))))
    articles = [publication(doi=one, pmid=None) for one in map(doi, known.several("doi")) if one]
    return {
        "title": (titles[0] if len(titles) == 1 else None, known.source),
        "keywords": (titles[:_MOST_TITLES], known.source),
        "organism": (terms_of(known.pairs("organism"), terms.organisms())[0], known.source),
        "imaging_method": (terms_of(known.pairs("method"), terms.imaging_methods())[0], known.source),
        "pmid": (numbers, known.source),
        "publications": (tuple(filter(None, articles)), known.source),
    }


def _crate_facts(crate: Document) -> Facts:
    return crate_reader.facts(crate.content, source=given.at(crate))


def zarr_image(zarr: Zarr, of: Record | None) -> Record:
    """The record of an OME-Zarr; what its project states is inferred of it."""
    values, source = zarr.values, zarr.source
    name = zarr.url.rstrip("/").rpartition("/")[2]
    sizes = {axis: values.get(axis, "") for axis in _STORED_ORDER}
    known = {axis: int(size) for axis, size in sizes.items() if size.isdigit() and 0 < len(size) < 12}
    version = _VERSION.search(zarr.url)
    accession = of.accession if of is not None else zarr.project
    facts: Facts = given.from_study(of) if of is not None else {}
    facts |= _present(
        {
            "url": (zarr.url, source),
            "title": (values.get("title") or values.get("label") or name, source),
            "accession": (accession, source),
            "ngff_version": (version[1] if version else None, given.inferred(source)),
            "axes": (tuple(known), given.inferred(source)),
            "shape": (tuple(known.values()), source),
            "landing_url": (of.landing_url if of is not None else None, given.inferred(source)),
        }
    )
    if values.get("license"):
        url, words = license_of(values["license"])
        facts |= {"license": (url, source), "license_as_listed": (words, source)}
    group = f"ssbd:{accession}/" if accession else "ssbd:"
    end = zarr.url.partition("/zarr/")[2] or name
    return given.record(facts, source, id=f"{group}{end.strip('/')}", kind="image", repository=REPOSITORY)


def image_of_server(
    number: int, found: Mapping[str, Any], source: Source, annotations: Iterable[Annotation]
) -> Record:
    """The record of one image as OMERO describes it, with the pairs that are attached to it."""
    facts: Facts = image_facts(found, source)
    pairs = {name: pair for one in annotations for name, pair in _pair_facts(one).items() if pair[0]}
    facts |= pairs
    facts |= {
        "uid": (f"Image:{number}", source),
        "landing_url": (f"{SITE}/omero/webclient/?show=image-{number}", given.inferred(source)),
        "thumbnail_url": (
            f"{SITE}/omero/webgateway/render_birds_eye_view/{number}/256/",
            given.inferred(source),
        ),
        "access": ("open", given.inferred(source)),
        "note": (
            "as SSBD's server describes it; its OME-Zarr, if there is one, is listed with its project",
            source,
        ),
    }
    return given.record(
        facts, source, id=f"ssbd:image-{number}", kind="image", repository=REPOSITORY, raw=found
    )


def _pair_facts(annotation: Annotation) -> Facts:
    stated, source = gathered(annotation.pairs), annotation.source
    people = [name.strip() for value in stated.get("Contributers", ()) for name in value.split(",")]
    numbers = tuple(filter(None, map(pmid, stated.get("PubMedID", ()))))
    url, words = license_of(next(iter(stated.get("License", ())), None))
    return {
        "attributes": (stated, source),
        "authors": (tuple(filter(None, people)), source),
        "organism": given.organisms(stated.get("Organism", ()), source),
        "pmid": (numbers, source),
        "license": (url, source),
        "license_as_listed": (words, source),
    }


def _present(facts: Facts) -> Facts:
    return {name: pair for name, pair in facts.items() if pair[0]}
