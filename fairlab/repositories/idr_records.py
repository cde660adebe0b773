"""From what IDR says to records: studies, images of OMERO, OME-Zarr."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fairlab.repositories import facts as given
from fairlab.repositories.answer_values import date, doi, pmid
from fairlab.repositories.idr_lists import ACCESSION, thumbnail
from fairlab.repositories.omero import gathered, image_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.record import Record, Source
    from fairlab.repositories.facts import Facts
    from fairlab.repositories.idr_engine import Hit
    from fairlab.repositories.idr_lists import Listed
    from fairlab.repositories.omero import Annotation

REPOSITORY: Final = "IDR"
SITE: Final = "https://idr.openmicroscopy.org"
STUDY_INFO: Final = "idr.openmicroscopy.org/study/info"
"""Namespace of what curators state of a study."""
_OWN_FIELD: Final = frozenset(
    {
        "Study Title", "Study Description", "Publication Authors", "Publication DOI", "PubMed ID", "Data DOI",
        "License", "Copyright", "Release Date", "Organism", "Imaging Method", "Annotation File",
    }
)  # fmt: skip
_KEYWORDS: Final = ("Study Type", "Screen Type", "Screen Technology Type", "Sample Type", "Experiment Type")


def accession_of(name: str | None) -> str | None:
    """The accession at the head of the name of a project or screen.

    Examples
    --------
    >>> accession_of("idr0021-lawo-pericentriolarmaterial/experimentA"), accession_of("a project")
    ('idr0021', None)
    """
    found = ACCESSION.match(name or "")
    return found[0].lower() if found else None


def study(accession: str, hits: Sequence[Hit]) -> Record:
    """The record of a study from its projects and screens; what the first states comes first.

    Parameters
    ----------
    accession : str
        ``"idr0021"``.
    hits : sequence of Hit
        At least one.
    """
    facts: Facts = {}
    for hit in reversed(hits):
        facts |= {name: pair for name, pair in _study_facts(hit.attributes, hit.source).items() if pair[0]}
    first = hits[0]
    counted = [hit.n_images for hit in hits if hit.n_images is not None]
    named = ", ".join(f"{hit.kind.capitalize()}:{hit.id}" for hit in hits if hit.id is not None)
    facts["accession"] = (accession, first.source)
    facts["uid"] = (named, first.source)
    facts["landing_url"] = (f"{SITE}/study/{accession}/", given.inferred(first.source))
    facts["access"] = ("open", given.inferred(first.source))  # IDR has no log-in
    facts.setdefault("title", (first.container, first.source))
    if counted:
        facts["note"] = (f"{sum(counted)} of its images meet the question", first.source)
    return given.record(
        facts,
        first.source,
        id=f"idr:{accession}",
        kind="study",
        repository=REPOSITORY,
        raw={"containers": [hit.raw for hit in hits]},
    )


def _study_facts(stated: Mapping[str, tuple[str, ...]], source: Source) -> Facts:
    def first(key: str) -> str:
        return given.without_address(stated.get(key, ("",))[0])

    dois = [doi(value) for value in stated.get("Publication DOI", ())]
    kept = {key: values for key, values in stated.items() if key not in _OWN_FIELD}
    authors = [name.strip() for value in stated.get("Publication Authors", ()) for name in value.split(",")]
    return {
        "title": (first("Study Title"), source),
        "description": (first("Study Description") or first("Publication Title"), source),
        "authors": (tuple(dict.fromkeys(filter(None, authors))), source),
        "attribution": (first("Copyright"), source),
        "publications": (tuple(f"https://doi.org/{one}" for one in dois if one), source),
        "pmid": (
            tuple(filter(None, (pmid(given.without_address(v)) for v in stated.get("PubMed ID", ())))),
            source,
        ),
        "doi": (doi(stated.get("Data DOI", ("",))[0]), source),
        "release_date": (date(first("Release Date")), source),
        "organism": given.organisms(stated.get("Organism", ()), source),
        "imaging_method": given.imaging_methods(stated.get("Imaging Method", ()), source),
        "keywords": (tuple(first(key) for key in _KEYWORDS if stated.get(key)), source),
        "attributes": (kept, source),
        "see_also": (
            tuple(
                f"https://www.ebi.ac.uk/biostudies/studies/{given.without_address(value)}"
                for value in stated.get("BioStudies Accession", ())
            ),
            source,
        ),
        **given.license_facts(first("License"), source),
    }


def zarr_image(key: str, listed: Listed, of: Record) -> Record:
    """The record of an OME-Zarr of a study; the study's licence is right where the list says another."""
    facts: Facts = {**given.from_study(of), **listed.facts}
    for name in ("license", "license_as_listed"):
        facts.pop(name, None)
    said, source = listed.facts.get("license", (None, listed.source))
    if of.license:
        licence = of.source("license") or source
        facts["license"] = (of.license, licence)
        if said and said != of.license:
            facts["license_as_listed"] = listed.facts.get("license_as_listed", (said, source))
            facts["note"] = (
                "the list states another licence; the one of the study's own annotation is taken",
                licence,
            )
    elif said:
        facts["license"] = (said, source)
    facts["url"] = (listed.url, listed.source)
    facts["accession"] = (of.accession, given.inferred(listed.source))
    facts["title"] = (f"{of.accession} {listed.name}", given.inferred(listed.source))
    facts["landing_url"] = (of.landing_url, given.inferred(listed.source))
    if "thumbnail_url" not in facts and listed.number and facts.get("layout", ("",))[0] != "plate":
        facts.setdefault("thumbnail_url", (of.thumbnail_url, given.inferred(listed.source)))
    return given.record(facts, listed.source, id=key, kind="image", repository=REPOSITORY)


def omero_image(hit: Hit, of: Record | None, listed: Listed | None, key: str | None) -> Record:
    """The record of an image that the search engine found.

    Parameters
    ----------
    hit : Hit
        What the engine says.
    of : Record or None
        Its study.
    listed : Listed or None
        Its OME-Zarr; of an image in a plate, the plate's.
    key : str or None
        Identifier of that.
    """
    source = hit.source
    accession = accession_of(hit.container)
    facts: Facts = given.from_study(of) if of else {}
    facts |= {
        "accession": (accession, source),
        "title": (hit.name or f"{accession or 'IDR'} image {hit.id}", source),
        "uid": (f"Image:{hit.id}", source),
        "landing_url": (f"{SITE}/webclient/?show=image-{hit.id}", given.inferred(source)),
        "thumbnail_url": (thumbnail(hit.id or 0), given.inferred(source)),
        **_pair_facts(hit.attributes, source),
    }
    if listed is not None and not hit.in_screen:
        facts |= {name: pair for name, pair in listed.facts.items() if not name.startswith("license")}
        facts["url"] = (listed.url, listed.source)
    elif listed is not None:
        key, facts["see_also"] = None, ((listed.url,), listed.source)
        facts["note"] = (f"its plate opens: fairlab.open_plate({listed.url!r})", listed.source)
    else:
        facts["note"] = (
            "not listed as OME-Zarr: it can be looked at in IDR, but not opened here",
            given.inferred(source),
        )
    return given.record(
        facts, source, id=key or f"idr:image-{hit.id}", kind="image", repository=REPOSITORY, raw=hit.raw
    )


def image_of_server(
    number: int, found: Mapping[str, object], source: Source, annotations: Iterable[Annotation]
) -> Record:
    """The record of one image as OMERO describes it."""
    facts: Facts = image_facts(found, source)
    facts["uid"] = (f"Image:{number}", source)
    facts["landing_url"] = (f"{SITE}/webclient/?show=image-{number}", given.inferred(source))
    facts["thumbnail_url"] = (thumbnail(number), given.inferred(source))
    facts["access"] = ("open", given.inferred(source))
    notes = [one for one in annotations if one.namespace != STUDY_INFO]
    if notes:
        pairs = gathered(tuple(pair for one in notes for pair in one.pairs))
        facts |= {name: pair for name, pair in _pair_facts(pairs, notes[0].source).items() if pair[0]}
    facts["note"] = (
        "as IDR's server describes it; its OME-Zarr, if there is one, is listed with its study",
        source,
    )
    return given.record(
        facts, source, id=f"idr:image-{number}", kind="image", repository=REPOSITORY, raw=found
    )


def _pair_facts(stated: Mapping[str, tuple[str, ...]], source: Source) -> Facts:
    channels = [part.strip() for value in stated.get("Channels", ()) for part in value.split(";")]
    found: Facts = {"attributes": (dict(stated), source)}
    if named := stated.get("Organism"):
        found["organism"] = given.organisms(named, source)
    if any(channels):
        found["channels"] = (tuple(filter(None, channels)), source)
    return found
