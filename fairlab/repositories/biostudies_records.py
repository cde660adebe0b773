"""From studies of BioStudies, as search hits or whole, to records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from fairlab import terms
from fairlab.record import Creator, Record
from fairlab.repositories import answer_values as values
from fairlab.repositories.answers import Facts, at, image_id, objects, text, texts
from fairlab.repositories.pagetab import Section, sections

if TYPE_CHECKING:
    from fairlab.net.api import Document

ACCESSION: Final = re.compile(r"S-[A-Z]{2,8}\d+|E-[A-Z]{2,6}-\d+", re.IGNORECASE)
_OF_BIA: Final = re.compile(r"S-(?:BIAD|BSST)\d+")
_PAGE: Final = "https://www.ebi.ac.uk/biostudies/"
_FILES: Final = "https://www.ebi.ac.uk/biostudies/files/"


def study_id(accession: str) -> str:
    """The identifier of a study; those of the BioImage Archive are the BioImage Archive's.

    Examples
    --------
    >>> study_id("S-BIAD634"), study_id("E-MTAB-1")
    ('bia:S-BIAD634', 'biostudies:E-MTAB-1')
    """
    return f"{'bia' if _OF_BIA.fullmatch(accession) else 'biostudies'}:{accession}"


def _page_of(accession: str) -> str:
    return f"{_PAGE}{'bioimages/' if _OF_BIA.fullmatch(accession) else ''}studies/{accession}"


def _facts(document: Document, place: str, accession: str, pointer: str) -> Facts:
    facts = Facts(document, place)
    facts.add("accession", accession, pointer)
    facts.add("landing_url", _page_of(accession), pointer, inferred=True)
    return facts


def _record(facts: Facts, accession: str, raw: Any) -> Record:
    owner = "BIA" if _OF_BIA.fullmatch(accession) else "BioStudies"
    return facts.record(id=study_id(accession), kind="study", repository=owner, raw=raw)


def hit_record(document: Document, hit: Any, place: str) -> Record | None:
    """What a search says of one study; None for what names none."""
    accession = text(at(hit, "accession"))
    if not isinstance(hit, dict) or not accession or not ACCESSION.fullmatch(accession):
        return None
    facts = _facts(document, place, accession, "/accession")
    facts.add("title", text(hit.get("title")), "/title")
    facts.add("release_date", values.date(hit.get("release_date")), "/release_date")
    facts.add("n_files", values.count(hit.get("files")), "/files")
    facts.add("access", "open" if hit.get("isPublic") is True else None, "/isPublic")
    # All words of the study in one: what the search looks in. Names of authors are in it, unseparated.
    facts.add("attributes", {"Content": found} if (found := texts(hit.get("content"))) else {}, "/content")
    return _record(facts, accession, hit)


# ── a whole study ────────────────────────────────────────────────────────────────────────────────


def study_record(document: Document, study: Any) -> Record | None:
    """The record of a whole study in PageTab; None for what names none."""
    accession = text(at(study, "accno"))
    if not isinstance(study, dict) or not accession or not ACCESSION.fullmatch(accession):
        return None
    whole = sections(study)
    outer, main = whole[0], next((one for one in whole if one.parent == "submission"), whole[0])
    facts = _facts(document, "", accession, "/accno")
    facts.add("title", outer.one("title") or main.one("title"), "/attributes")
    facts.add("release_date", values.date(outer.one("releasedate", "release date")), "/attributes")
    facts.add("description", main.one("description") or outer.one("description"), "/section/attributes")
    license, listed = values.license_of(main.one("license", "licence") or outer.one("license", "licence"))
    facts.add("license", license, "/section/attributes")
    facts.add("license_as_listed", listed, "/section/attributes")
    facts.add("keywords", main.all("keyword", "keywords"), "/section/attributes")
    _add_people(facts, whole)
    _add_articles(facts, outer, whole)
    _add_terms(facts, whole)
    funders = [one for one in whole if one.kind == "funding"]
    told = (" ".join([*one.all("agency"), *one.all("grant_id", "grant id")]) for one in funders)
    statement = main.all("funding statement")
    facts.add("funding", tuple(dict.fromkeys(filter(None, (*told, *statement)))), "/section/subsections")
    facts.add("see_also", _links(main), "/section/links")
    annotated = any(one.kind in ("annotations", "annotation") for one in whole)
    facts.add("has_labels", annotated or None, "/section/subsections", inferred=True)
    facts.add("attributes", _attributes(whole), "/section/subsections")
    return _record(facts, accession, study)


def _add_people(facts: Facts, whole: list[Section]) -> None:
    places = {one.key: one for one in whole if one.kind in ("organization", "organisation")}
    people = []
    for one in whole:
        if one.kind != "author":
            continue
        key = next(iter(one.references.get("affiliation", ())), None)
        where = places.get(key)
        people.append(
            Creator(
                name=one.one("name") or "",
                orcid=values.orcid(one.one("orcid")),
                affiliation=where.one("name") if where else one.one("affiliation"),
                ror=values.ror(where.one("rorid", "ror")) if where else None,
                roles=tuple(
                    part for text in one.all("role") for part in map(str.strip, text.split(",")) if part
                ),
            )
        )
    known = values.creators(people)
    facts.add("creators", known, "/section/subsections")
    facts.add("authors", tuple(dict.fromkeys(person.name for person in known)), "/section/subsections")


def _add_articles(facts: Facts, outer: Section, whole: list[Section]) -> None:
    own = values.doi(outer.one("doi"))
    of_data = own is not None and own.startswith("10.6019/")
    facts.add("doi", own if of_data else None, "/attributes")
    told = [one for one in whole if one.kind == "publication"]
    pairs = [
        (values.doi(one.one("doi")), values.pmid(one.one("pubmed id", "pmid", "accession number")))
        for one in told
    ]
    # A DOI of somebody else is the article's.
    pairs = [*([(own, None)] if own and not of_data else []), *pairs]
    known = [values.publication(doi=doi, pmid=pmid) for doi, pmid in pairs]
    facts.add("publications", tuple(dict.fromkeys(filter(None, known))), "/section/subsections")
    facts.add("pmid", tuple(dict.fromkeys(pmid for _, pmid in pairs if pmid)), "/section/subsections")


def _add_terms(facts: Facts, whole: list[Section]) -> None:
    taxa: list[tuple[str | None, str | None]] = []
    methods: list[tuple[str | None, str | None]] = []
    for one in whole:
        if one.kind == "organism":
            name = one.one("scientific name", "common name")
            taxa.append((name, one.one("ncbi taxon id", "ncbi id")))
        elif one.kind in ("biosample", "study", "sample"):
            taxa += one.terms.get("organism", ())
        if one.kind == "imaging method":
            methods.append((one.one("ontology value", "ontology name", "name"), one.one("ontology term id")))
        elif one.kind in ("image acquisition", "study"):
            methods += one.terms.get("imaging method", ())
    for field, found, vocabulary in (
        ("organism", taxa, terms.organisms()),
        ("imaging_method", methods, terms.imaging_methods()),
    ):
        known, concluded = values.terms_of(found, vocabulary)
        facts.add(field, known, "/section/subsections", inferred=concluded)


def _links(main: Section) -> tuple[str, ...]:
    told = texts([one.get("url") for one in objects(main.raw.get("links"))])
    entries = {
        url: f"https://www.ebi.ac.uk/empiar/{url}/" for url in told if re.fullmatch(r"EMPIAR-\d+", url)
    }
    return tuple(dict.fromkeys(found for url in told if "://" in (found := entries.get(url, url))))


def _attributes(whole: list[Section]) -> dict[str, tuple[str, ...]]:
    wanted = {
        "Dataset": (("study component",), ("name", "description")),
        "Biological entity": (("biosample",), ("biological entity", "title")),
        "Protocol": (("specimen", "image acquisition", "annotations"), ("title", "sample preparation protocol",
                     "imaging instrument", "annotation overview", "annotation method")),
    }  # fmt: skip
    found = {
        name: tuple(
            dict.fromkeys(
                value for one in whole if one.kind in kinds for key in keys for value in one.all(key)
            )
        )
        for name, (kinds, keys) in wanted.items()
    }
    return {name: told for name, told in found.items() if told}


def file_image(document: Document, study: Record, path: str, size: int | None, place: str) -> Record:
    """The record of a zipped OME-Zarr among the files of a study."""
    facts = Facts(document, place)
    url = f"{_FILES}{study.accession}/{quote(path)}"
    facts.add("accession", study.accession, inferred=True)
    facts.add("url", url, inferred=True)
    facts.add("title", path.rpartition("/")[2])
    facts.add("bytes", size)
    return facts.record(id=image_id(study.id, url), kind="image", repository=study.repository)
