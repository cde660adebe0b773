"""What IDR knows of its studies: all at once from the search engine, one in full from the OMERO server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fairlab.errors import UnexpectedAnswer
from fairlab.repositories import idr_records
from fairlab.repositories.idr_engine import Hit
from fairlab.repositories.omero import gathered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from fairlab.record import Record
    from fairlab.repositories.idr_engine import Engine
    from fairlab.repositories.omero import Container, ContainerKind, Omero


def all_studies(engine: Engine) -> list[Record]:
    """All studies that state a licence; two requests.

    Raises
    ------
    UnexpectedAnswer
        kind ``"answer-form"``: there are none, which is not so.
    """
    found = by_accession(engine.studies())
    if not found:
        address = engine.api.bases[0]
        raise UnexpectedAnswer(
            f"IDR's search engine names no study at all\n  at {address}\n"
            "  it may be under repair: try again later",
            kind="answer-form",
            url=address,
        )
    return found


def by_accession(hits: Iterable[Hit]) -> list[Record]:
    """Projects and screens put together to studies, in the order of their first."""
    found: dict[str, list[Hit]] = {}
    for hit in hits:
        accession = idr_records.accession_of(hit.container)
        if accession:
            found.setdefault(accession, []).append(hit)
    return [idr_records.study(accession, together) for accession, together in found.items()]


def study(omero: Omero, accession: str) -> Record | None:
    """One study from the OMERO server, which knows those without a licence, too; None when there is none."""
    named = [one for one in _containers(omero) if idr_records.accession_of(one.name) == accession]
    # A container that is named like the study alone holds nothing where there are others.
    named.sort(key=lambda one: "/" not in one.name)
    hits = [_hit(omero, one) for one in named]
    stated = [hit for hit in hits if hit.attributes] or hits[:1]
    return idr_records.study(accession, stated) if stated else None


def study_of_container(omero: Omero, kind: str, number: int) -> Record | None:
    """The study that a project or screen belongs to."""
    for one in _containers(omero):
        accession = idr_records.accession_of(one.name)
        if (one.kind, one.id) == (kind, number) and accession:
            return study(omero, accession)
    return None


def _containers(omero: Omero) -> Iterator[Container]:
    kinds: tuple[ContainerKind, ...] = ("screen", "project")
    for kind in kinds:
        yield from omero.containers(kind)


def _hit(omero: Omero, container: Container) -> Hit:
    """A container with what its curators state, in the form in which the search engine has it."""
    own = [
        one
        for one in omero.annotations(container.kind, container.id)
        if one.namespace == idr_records.STUDY_INFO
    ]
    pairs = tuple(pair for one in own for pair in one.pairs)
    return Hit(
        id=container.id,
        kind=container.kind,
        name=container.name,
        container=container.name,
        in_screen=container.kind == "screen",
        plate=None,
        attributes=gathered(pairs),
        n_images=None,
        source=own[0].source if own else container.source,
        raw={"name": container.name, "values": list(pairs)},
    )
