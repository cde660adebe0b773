"""From entries of EMPIAR, as JSON or as the XML that lies beside the files, to records."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from fairlab import terms
from fairlab.errors import FormatError, UnexpectedAnswer
from fairlab.foreign_xml import xml_tree
from fairlab.record import Creator, Record, Source
from fairlab.repositories import answer_values as values
from fairlab.repositories.answers import Facts, at, items, objects, text, texts

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from fairlab.net.api import Document

PAGE: Final = "https://www.ebi.ac.uk/empiar/"
_CC0: Final = "https://creativecommons.org/publicdomain/zero/1.0/"
# An entry states no licence: the crates that BioImage Archive publishes of EMPIAR's entries do.
_LICENCE_SAID_AT: Final = "https://github.com/BioImage-Archive/gide-ro-crate"
_ANGSTROM: Final = 1e-10
_MAX_BYTES: Final = 32 * 1024 * 1024  # a header needs some kB
_MAX_DEPTH: Final = 50  # and six elements in one another


def study_record(document: Document, accession: str, entry: Any, place: str) -> Record | None:
    """The record of one entry; None for what is none.

    Parameters
    ----------
    document : Document
        The answer.
    accession : str
        ``"EMPIAR-10934"``.
    entry : object
        The entry, in the form of the JSON interface.
    place : str
        JSON pointer of the entry in the answer.
    """
    if not isinstance(entry, dict) or not re.fullmatch(r"EMPIAR-\d{4,6}", accession):
        return None
    facts = Facts(document, place)
    facts.add("accession", accession)
    facts.add("landing_url", f"{PAGE}{accession}/", inferred=True)
    facts.add("title", text(entry.get("title")), "/title")
    facts.add("release_date", values.date(entry.get("release_date")), "/release_date")
    facts.add("doi", values.doi(entry.get("entry_doi")), "/entry_doi")
    facts.add("bytes", values.size(entry.get("dataset_size")), "/dataset_size")
    released = text(entry.get("status")) == "REL"
    facts.add(
        "access", "open" if released else "restricted" if text(entry.get("status")) else None, "/status"
    )
    if released:
        said = Source(
            document=_LICENCE_SAID_AT,
            pointer="study_ro_crates/EMPIAR-*: license",
            retrieved_at=document.retrieved_at,
            basis="inferred",
        )
        facts.add("license", _CC0, source=said)
    _add_people(facts, entry)
    _add_articles(facts, entry)
    _add_image_sets(facts, objects(entry.get("imagesets")), entry)
    return facts.record(id=f"empiar:{accession}", kind="study", repository="EMPIAR", raw=entry)


def _add_people(facts: Facts, entry: dict[str, Any]) -> None:
    people = values.creators(
        Creator(
            name=text(at(one, "author", "name")) or "", orcid=values.orcid(at(one, "author", "author_orcid"))
        )
        for one in objects(entry.get("authors"))
    )
    facts.add("creators", people, "/authors")
    facts.add("authors", tuple(dict.fromkeys(person.name for person in people)), "/authors")
    grants = objects(entry.get("grant_references"))
    told = (" ".join(texts([grant.get("funding_body"), grant.get("code")])) for grant in grants)
    facts.add("funding", tuple(dict.fromkeys(filter(None, told))), "/grant_references")


def _add_articles(facts: Facts, entry: dict[str, Any]) -> None:
    told = objects(entry.get("citation"))
    articles = [(values.doi(one.get("doi")), values.pmid(one.get("pubmedid"))) for one in told]
    known = [values.publication(doi=doi, pmid=pmid) for doi, pmid in articles]
    facts.add("publications", tuple(dict.fromkeys(filter(None, known))), "/citation")
    facts.add("pmid", tuple(dict.fromkeys(pmid for _, pmid in articles if pmid)), "/citation")
    others = [address for name in _references(entry) if (address := _address(name))]
    facts.add("see_also", tuple(dict.fromkeys(others)), "/cross_references")


def _references(entry: dict[str, Any]) -> tuple[str, ...]:
    # Some are texts, some objects: {"name": "EMD-1234"}.
    lists = ("cross_references", "biostudies_references", "idr_references", "empiar_references")
    return texts([one for name in lists for one in items(entry.get(name))])


def _address(name: str) -> str | None:
    if re.fullmatch(r"EMD-\d+", name):
        return f"https://www.ebi.ac.uk/emdb/{name}"
    if re.fullmatch(r"EMPIAR-\d+", name):
        return f"{PAGE}{name}/"
    if re.fullmatch(r"S-[A-Z]+\d+", name):
        return f"https://www.ebi.ac.uk/biostudies/studies/{name}"
    return name if name.startswith("https://") else None


def _add_image_sets(facts: Facts, sets: list[dict[str, Any]], entry: dict[str, Any]) -> None:
    kind = text(entry.get("experiment_type"))
    methods, _ = values.terms_of([(kind, None)], terms.imaging_methods())
    # "EMDB" stands for whatever is in EMDB: it names no method.
    facts.add("imaging_method", tuple(term for term in methods if term.id), "/experiment_type", inferred=True)
    facts.add("description", "\n\n".join(texts([one.get("details") for one in sets])), "/imagesets")
    counted = [number for one in sets if (number := values.count(one.get("num_images_or_tilt_series")))]
    facts.add("n_images", sum(counted) or None, "/imagesets")
    facts.add(
        "has_labels",
        any(items(one.get("segmentations")) for one in sets) or None,
        "/imagesets",
        inferred=True,
    )
    if len(sets) == 1:  # several sets need not have one scale
        told = {axis: values.pixel_size(sets[0].get(name), metre=_ANGSTROM) for axis, name in _PIXELS.items()}
        facts.add("pixel_size", {axis: size for axis, size in told.items() if size}, "/imagesets/0")
    attributes = {
        "Image set": texts([one.get("name") for one in sets]),
        "Category": texts([one.get("category") for one in sets]),
        "Experiment type": texts(kind),
        "Scale": texts(entry.get("scale")),
        "Cross reference": _references(entry),
    }
    facts.add("attributes", {name: found for name, found in attributes.items() if found}, "/imagesets")


_PIXELS: Final = {"y": "pixel_height", "x": "pixel_width"}


# ── XML ──────────────────────────────────────────────────────────────────────────────────────────


def entry_of_xml(document: Document) -> tuple[str, dict[str, Any]]:
    """Accession and entry of the XML that lies beside the files, in the form of the JSON interface.

    Raises
    ------
    UnexpectedAnswer
        kind ``"answer-form"``: it is no XML of an entry.
    """
    said = document.content if isinstance(document.content, str) else ""
    try:
        root = xml_tree(said, where=document.url, max_bytes=_MAX_BYTES, max_depth=_MAX_DEPTH)
    except FormatError as exc:
        raise _of_another_form(str(exc).splitlines()[0], document) from exc
    if root.tag != "entry":
        raise _of_another_form("its root is not entry", document)
    size = root.find("admin/datasetSize")
    return root.get("accessionCode") or "", {
        "title": root.findtext("admin/title"),
        "status": root.findtext("admin/currentStatus"),
        "release_date": root.findtext("admin/keyDates/releaseDate"),
        "entry_doi": root.findtext("admin/entryDOI"),
        "experiment_type": root.findtext("admin/experimentType"),
        "dataset_size": f"{size.text} {size.get('units')}" if size is not None else None,
        "authors": [
            {"author": {"name": one.text, "author_orcid": one.get("authorORCID")}}
            for one in root.findall("admin/authorsList/author")
        ],
        "cross_references": [
            one.text for one in root.findall("crossReferences/relatedEMDBEntries/emdbEntry")
        ],
        "citation": [
            _citation(one) for one in root.findall("crossReferences/citationList/universalCitation/*")
        ],
        "imagesets": [_image_set(one) for one in root.findall("imageSet")],
    }


def _of_another_form(reason: str, document: Document) -> UnexpectedAnswer:
    return UnexpectedAnswer(
        f"the header of an EMPIAR entry is not of the documented form: {reason}\n  at {document.url}",
        kind="answer-form",
        url=document.url,
    )


def _citation(found: Element) -> dict[str, Any]:
    known = {one.get("type"): one.text for one in found.findall("externalReferences")}
    return {"title": found.findtext("title"), "doi": known.get("doi"), "pubmedid": known.get("pubmed")}


def _image_set(found: Element) -> dict[str, Any]:
    names = {
        "name": "name",
        "category": "category",
        "details": "details",
        "num_images_or_tilt_series": "numImagesOrTiltSeries",
        "pixel_width": "dimensions/pixelWidth",
        "pixel_height": "dimensions/pixelHeight",
    }
    return {name: found.findtext(path) for name, path in names.items()}
