"""From entries of GIDE (flattened RO-Crates of archives) to records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from fairlab import moves, terms
from fairlab.record import Creator, Record
from fairlab.repositories import answer_values as values
from fairlab.repositories.answers import Facts, at, objects, text, texts
from fairlab.terms import Term

if TYPE_CHECKING:
    from fairlab.net.api import Document

PUBLISHERS: Final = {
    "bia": ("https://www.ebi.ac.uk/bioimage-archive/",),
    "empiar": ("https://www.ebi.ac.uk/bioimage-archive/",),
    "idr": ("https://idr.openmicroscopy.org/",),
    "ssbd": ("https://ssbd.riken.jp/database/", "https://ssbd.riken.jp/repository/"),
}
"""Case-folded name of a publisher to the addresses that GIDE knows it by."""
_NAMES = {"www.ebi.ac.uk": "BIA", "idr.openmicroscopy.org": "IDR", "ssbd.riken.jp": "SSBD"}
_BYTES, _FILES = "UO_0000233", "UO_0000189"


_ACCESSIONS: Final = (
    ("bia", re.compile(r"S-(?:BIAD|BSST)\d+", re.IGNORECASE)),
    ("empiar", re.compile(r"EMPIAR-\d{4,6}", re.IGNORECASE)),
    ("idr", re.compile(r"idr\d{4}", re.IGNORECASE)),
    ("ssbd", re.compile(r"ssbd-repos-\d+|\d+-[A-Za-z]+-\w+", re.IGNORECASE)),
)
_PAGES = re.compile(
    r"https?://(?:www\.ebi\.ac\.uk/biostudies/(?:bioimages/)?studies/|idr\.openmicroscopy\.org/study/"
    r"|ssbd\.riken\.jp/(?:repository|v1/project)/)",
    re.IGNORECASE,
)


def study_id(text: str) -> str | None:
    """The identifier of a study in GIDE that an identifier, accession or page means; None when it means none."""
    accession = _PAGES.sub("", text.strip(), count=1).rstrip("/")
    prefix, colon, rest = accession.partition(":")
    for scheme, pattern in _ACCESSIONS:
        if pattern.fullmatch(rest if colon else accession) and prefix.lower() in (
            scheme,
            "gide",
            accession.lower(),
        ):
            told = rest if colon else accession
            return f"{scheme}:{told.upper() if scheme in ('bia', 'empiar') else told}"
    return None


def study_record(document: Document, entry: Any, place: str) -> Record | None:
    """The record of one study; None for what names no study.

    Parameters
    ----------
    document : Document
        The answer.
    entry : object
        A study in it.
    place : str
        JSON pointer of the study in the answer.
    """
    page = text(at(entry, "id"))
    accession = text(at(entry, "identifier")) or (page or "").rstrip("/").rpartition("/")[2]
    if not isinstance(entry, dict) or not accession:
        return None
    publisher = _publisher(entry, page)
    facts = Facts(document, place)
    facts.add("accession", accession, "/identifier" if text(entry.get("identifier")) else "/id")
    facts.add("uid", page, "/id")
    facts.add("landing_url", page if page and page.startswith("https://") else None, "/id")
    facts.add("title", text(entry.get("name")), "/name")
    facts.add("description", text(entry.get("description")), "/description")
    facts.add("release_date", values.date(entry.get("datePublished")), "/datePublished")
    license, listed = values.license_of(entry.get("license"))
    facts.add("license", license, "/license")
    facts.add("license_as_listed", listed, "/license")
    facts.add("keywords", _keywords(entry.get("keywords")), "/keywords")
    facts.add("funding", _funding(entry.get("funder")), "/funder")
    _add_people(facts, entry)
    _add_articles(facts, entry)
    _add_terms(facts, entry, publisher)
    _add_thumbnail(facts, entry)
    for name, unit in (("bytes", _BYTES), ("n_files", _FILES)):
        facts.add(name, _size(entry.get("size"), unit), "/size")
    scheme = "empiar" if re.fullmatch(r"EMPIAR-\d+", accession) else publisher.casefold()
    return facts.record(id=f"{scheme}:{accession}", kind="study", repository=publisher, raw=entry)


def _publisher(entry: dict[str, Any], page: str | None) -> str:
    stated = text(at(entry, "publisher", "id"))
    for address in (stated, page):
        if address and (known := _NAMES.get(_host(address))):
            return known
    return text(at(entry, "publisher", "name")) or "GIDE"


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _keywords(stated: Any) -> tuple[str, ...]:
    # SSBD writes MeSH strings: "Drosophila Proteins/genetics[major]".
    return tuple(dict.fromkeys(re.sub(r"\[\w+\]$", "", word) for word in texts(stated)))


def _funding(stated: Any) -> tuple[str, ...]:
    told = (" ".join(texts([one.get("name"), one.get("identifier")])) for one in objects(stated))
    return tuple(dict.fromkeys(filter(None, told)))


def _add_people(facts: Facts, entry: dict[str, Any]) -> None:
    people = values.creators(
        Creator(
            name=text(person.get("name")) or "",
            orcid=values.orcid(person.get("id")),
            affiliation=next(
                (name for one in objects(person.get("affiliation")) if (name := text(one))), None
            ),
            ror=next(
                (ror for one in objects(person.get("affiliation")) if (ror := values.ror(one.get("id")))),
                None,
            ),
        )
        for person in objects(entry.get("author"))
    )
    facts.add("creators", people, "/author")
    facts.add("authors", tuple(dict.fromkeys(person.name for person in people)), "/author")


def _add_articles(facts: Facts, entry: dict[str, Any]) -> None:
    for place in ("citation", "seeAlso"):
        told = [text(one.get("id")) or "" for one in objects(entry.get(place))]
        articles = [(values.doi(iri), values.pmid(iri)) for iri in told]
        known = [values.publication(doi=doi, pmid=pmid) for doi, pmid in articles]
        facts.add("publications", tuple(dict.fromkeys(filter(None, known))), f"/{place}")
        facts.add("pmid", tuple(pmid for doi, pmid in articles if pmid and not doi), f"/{place}")
        others = [iri for iri, article in zip(told, known, strict=True) if not article and "://" in iri]
        facts.add("see_also", tuple(dict.fromkeys(others)), f"/{place}")


def _add_terms(facts: Facts, entry: dict[str, Any], publisher: str) -> None:
    about = objects(entry.get("about"))
    taxa = [one for one in about if _is(one, "Taxon")]
    samples = [one for one in about if _is(one, "BioSample")]
    taxa += [taxon for sample in samples for taxon in objects(sample.get("taxonomicRange"))]
    named = [(taxon.get("scientificName") or taxon.get("name"), taxon.get("id")) for taxon in taxa]
    organisms, concluded = values.terms_of(named, terms.organisms())
    # BIA states names; the identifiers were looked up by GIDE.
    facts.add("organism", organisms, "/about", inferred=concluded or publisher == "BIA")
    methods, concluded = values.terms_of(_methods(entry), terms.imaging_methods())
    facts.add("imaging_method", methods, "/measurementMethod", inferred=concluded or publisher == "BIA")
    lines = [line for sample in samples for line in _cell_lines(sample.get("hasCellLine"))]
    others = [_term(one) for one in about if _is(one, "DefinedTerm")]
    found = {term.id or term.label: term for term in [*others, *lines] if term.label}
    facts.add("other_terms", tuple(found.values()), "/about")
    told = {
        "Cell line": tuple(line.label for line in lines),
        "Biosample": texts([s.get("name") for s in samples]),
    }
    facts.add("attributes", {name: value for name, value in told.items() if value}, "/about")


def _methods(entry: dict[str, Any]) -> list[tuple[Any, Any]]:
    stated = objects(entry.get("measurementMethod"))
    used = [one for protocol in stated for one in objects(protocol.get("measurementTechnique"))]
    found = []
    for one in [*(method for method in stated if _is(method, "DefinedTerm")), *used]:
        iri = text(one.get("id")) or ""
        # IDR leaves out the ontology: "https://idr…/#00000251" is FBbi:00000251.
        bare = re.search(r"#(\d{8})$", iri)
        key = terms.identifier(f"FBbi_{bare[1]}" if bare else iri)
        if key is None or key.startswith("FBbi:"):  # growth and treatment protocols are EFO terms
            found.append((one.get("name"), key))
    return found


def _cell_lines(stated: Any) -> list[Term]:
    listed = stated if isinstance(stated, list) else [stated]
    return [_term(one) for one in listed if one and isinstance(one, str | dict)]


def _term(one: Any) -> Term:
    return Term(label=text(one) or "", id=terms.identifier(text(at(one, "id")) or ""))


def _is(one: dict[str, Any], kind: str) -> bool:
    return kind in texts(one.get("type"))


def _add_thumbnail(facts: Facts, entry: dict[str, Any]) -> None:
    listed = next((url for url in texts(entry.get("thumbnailUrl")) if url.startswith("http")), None)
    if listed:
        facts.add("thumbnail_url", moves.current_address(listed), "/thumbnailUrl/0")


def _size(stated: Any, unit: str) -> int | None:
    told = [
        values.size(one.get("value")) for one in objects(stated) if unit in (text(one.get("unitCode")) or "")
    ]
    return next((number for number in told if number is not None), None)
