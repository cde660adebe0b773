"""From documents of the BioImage Archive to records; its search and its object interface use the same ones.

EMPIAR's copies at BIA are such documents too, so this is where both adapters read them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from fairlab import moves, terms
from fairlab.record import Creator, Record
from fairlab.repositories import answer_values as values
from fairlab.repositories.answers import Facts, at, image_id, objects, text, texts

if TYPE_CHECKING:
    from fairlab.net.api import Document

STUDY_PAGE: Final = "https://www.ebi.ac.uk/biostudies/bioimages/studies/"
IMAGE_PAGE: Final = "https://beta.bioimagearchive.org/bioimage-archive/image/"
INHERITED: Final = (
    "authors", "creators", "license", "license_as_listed", "release_date", "organism", "imaging_method", "doi",
    "publications", "pmid", "keywords", "funding",
)  # fmt: skip
"""Fields that an image takes from its study where it says nothing itself."""
_ACCESSION = re.compile(r"S-(?:BIAD|BSST)\d+|EMPIAR-\d{4,6}")
_EMPIAR_FILES = re.compile(r"/empiar/world_availability/(\d{4,6})/")
_AXES: Final = "tczyx"
_COUNTS: Final = {
    "n_images": "image_count",
    "n_files": "file_reference_count",
    "bytes": "file_reference_size_bytes",
}


def group_of(accession: str) -> str:
    """The identifier of a study: EMPIAR's entries are EMPIAR's, whoever has the copy."""
    return f"{'empiar' if accession.startswith('EMPIAR') else 'bia'}:{accession}"


# ── studies ──────────────────────────────────────────────────────────────────────────────────────


def study_record(document: Document, study: Any, place: str) -> Record | None:
    """The record of one study; None for what names none."""
    accession = text(at(study, "accession_id"))
    if not isinstance(study, dict) or not accession:
        return None
    facts = Facts(document, place)
    facts.add("accession", accession, "/accession_id")
    facts.add("uid", text(study.get("uuid")), "/uuid")
    facts.add("landing_url", f"{STUDY_PAGE}{accession}", "/accession_id", inferred=True)
    facts.add("title", text(study.get("title")), "/title")
    facts.add("description", text(study.get("description")), "/description")
    facts.add("release_date", values.date(study.get("release_date")), "/release_date")
    facts.add("doi", values.doi(study.get("doi")), "/doi")
    license, listed = values.license_of(study.get("licence"))
    facts.add("license", license, "/licence")
    facts.add("license_as_listed", listed, "/licence")
    facts.add("keywords", texts(study.get("keyword")), "/keyword")
    facts.add("funding", _funding(study), "/grant")
    _add_people(facts, study)
    _add_articles(facts, study)
    _add_datasets(facts, objects(study.get("dataset")))
    return facts.record(id=group_of(accession), kind="study", repository="BIA", raw=study)


def _funding(study: dict[str, Any]) -> tuple[str, ...]:
    told = []
    for grant in objects(study.get("grant")):
        funders = texts([one.get("display_name") for one in objects(grant.get("funder"))])
        told.append(" ".join([*funders, *texts(grant.get("id"))]))
    return tuple(dict.fromkeys(filter(None, [*told, *texts(study.get("funding_statement"))])))


def _add_people(facts: Facts, study: dict[str, Any]) -> None:
    people = []
    for person in objects(study.get("author")):
        where = objects(person.get("affiliation"))
        people.append(
            Creator(
                name=text(person.get("display_name")) or "",
                orcid=values.orcid(person.get("orcid")),
                affiliation=text(at(where, 0, "display_name")),
                ror=values.ror(at(where, 0, "rorid")),
                roles=texts(person.get("role")),
            )
        )
    known = values.creators(people)
    facts.add("creators", known, "/author")
    facts.add("authors", tuple(dict.fromkeys(person.name for person in known)), "/author")


def _add_articles(facts: Facts, study: dict[str, Any]) -> None:
    articles = objects(study.get("related_publication"))
    pairs = [(values.doi(one.get("doi")), values.pmid(one.get("pubmed_id"))) for one in articles]
    told = [values.publication(doi=doi, pmid=pmid) for doi, pmid in pairs]
    facts.add("publications", tuple(dict.fromkeys(filter(None, told))), "/related_publication")
    facts.add("pmid", tuple(dict.fromkeys(pmid for _, pmid in pairs if pmid)), "/related_publication")
    links = texts([one.get("link") for one in objects(study.get("see_also"))])
    facts.add("see_also", tuple(link for link in links if "://" in link), "/see_also")


def _add_datasets(facts: Facts, datasets: list[dict[str, Any]]) -> None:
    samples = [one for dataset in datasets for one in objects(dataset.get("biological_entity"))]
    acquired = [one for dataset in datasets for one in objects(dataset.get("acquisition_process"))]
    annotated = [one for dataset in datasets for one in objects(dataset.get("annotation_process"))]
    _add_terms(facts, samples, acquired, "/dataset")
    for name, key in _COUNTS.items():
        counted = [number for dataset in datasets if (number := values.count(dataset.get(key))) is not None]
        facts.add(name, sum(counted) if counted else None, "/dataset")
    facts.add("has_labels", True if annotated else None, "/dataset", inferred=True)
    pictures = [url for dataset in datasets for url in texts(dataset.get("example_image_uri"))]
    facts.add(
        "thumbnail_url",
        next((moves.current_address(url) for url in pictures if "://" in url), None),
        "/dataset",
    )
    told = {
        "Dataset": texts([one.get(key) for one in datasets for key in ("title", "description")]),
        "Annotation": texts([one.get("title") for one in annotated]),
        "Protocol": _protocols(datasets),
        **_described(samples, acquired),
    }
    facts.add("attributes", {name: found for name, found in told.items() if found}, "/dataset")


def _protocols(datasets: list[dict[str, Any]]) -> tuple[str, ...]:
    # Long, but this is where the archive's search finds its words, too.
    steps = (
        "acquisition_process",
        "specimen_imaging_preparation_protocol",
        "annotation_process",
        "analysis_method",
    )
    found = [one for dataset in datasets for step in steps for one in objects(dataset.get(step))]
    return texts([one.get(key) for one in found for key in ("title", "protocol_description")])


# ── images ───────────────────────────────────────────────────────────────────────────────────────


def image_record(
    document: Document, image: Any, place: str, *, accession: str | None = None
) -> Record | None:
    """The record of one image, with the address of its OME-Zarr where it has one; None for what names none.

    Parameters
    ----------
    document : Document
        The answer.
    image : object
        An image in it.
    place : str
        JSON pointer of the image in the answer.
    accession : str, optional
        Of its study, where that is known; else concluded from the addresses of its files.
    """
    uuid = text(at(image, "uuid"))
    if not isinstance(image, dict) or not uuid:
        return None
    facts = Facts(document, place)
    number, copy = _ome_zarr(image)
    listed = text(at(copy, "file_uri", 0))
    stated = text(image.get("accession_id"))
    accession = stated or accession or accession_of(image)
    facts.add("accession", accession, "/accession_id" if stated else "/representation", inferred=not stated)
    facts.add("uid", uuid, "/uuid")
    facts.add("landing_url", f"{IMAGE_PAGE}{uuid}", "/uuid", inferred=True)
    facts.add("title", _title(image), "/additional_metadata")
    if listed:
        where = f"/representation/{number}"
        url = moves.current_address(listed)
        facts.add("url", url, f"{where}/file_uri/0")
        facts.add("listed_url", listed if listed != url else None, f"{where}/file_uri/0")
        _add_pixels(facts, copy, where)
    samples = objects(at(image, "creation_process", "subject", "sample_of"))
    acquired = objects(at(image, "creation_process", "acquisition_process"))
    _add_terms(facts, samples, acquired, "/creation_process")
    picture = _picture(image)
    facts.add("thumbnail_url", moves.current_address(picture) if picture else None, "/additional_metadata")
    facts.add("attributes", _attributes(image) | _described(samples, acquired), "/additional_metadata")
    group = group_of(accession) if accession else "bia"
    own = image_id(group, listed) if accession and listed else f"{group}{'/' if accession else ':'}{uuid}"
    return facts.record(id=own, kind="image", repository="BIA", raw=image)


def accession_of(image: dict[str, Any]) -> str | None:
    """The accession in the addresses of an image's files: documents of images do not state it themselves."""
    for one in objects(image.get("representation")):
        for address in texts(one.get("file_uri")):
            if found := _ACCESSION.search(unquote(address)):
                return found[0]
            if found := _EMPIAR_FILES.search(address):
                return f"EMPIAR-{found[1]}"
    return None


def _ome_zarr(image: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """The OME-Zarr copy, the one that the archive recommends where it has several."""
    copies = [
        (number, one)
        for number, one in enumerate(objects(image.get("representation")))
        if (text(one.get("image_format")) or "").casefold().lstrip(".") == "ome.zarr"
        and "://" in (text(at(one, "file_uri", 0)) or "")
    ]
    recommended = text(_stated(image, "recommended_vizarr_representation"))
    best = [pair for pair in copies if text(pair[1].get("uuid")) == recommended]
    return next(iter([*best, *copies]), (0, {}))


def _stated(image: dict[str, Any], name: str) -> Any:
    """What the image's further metadata says under a name; it is said one level down, under the same name."""
    for one in objects(image.get("additional_metadata")):
        if one.get("name") == name:
            return at(one, "value", name) or one.get("value")
    return None


def _title(image: dict[str, Any]) -> str | None:
    files = text(_stated(image, "file_pattern"))
    return text(image.get("label")) or (files.rsplit("/", 1)[-1] if files else None)


def _picture(image: dict[str, Any]) -> str | None:
    for name in ("image_thumbnail_uri", "image_static_display_uri"):
        sizes = _stated(image, name)
        for one in sizes.values() if isinstance(sizes, dict) else ():
            uri = text(at(one, "uri"))
            if uri and uri.startswith("http"):
                return uri
    return None


def _add_pixels(facts: Facts, copy: dict[str, Any], where: str) -> None:
    sizes = {axis: number for axis in _AXES if (number := values.count(copy.get(f"size_{axis}")))}
    facts.add("axes", tuple(sizes), where, inferred=True)
    facts.add("shape", tuple(sizes.values()), where)
    facts.add("bytes", values.count(copy.get("total_size_in_bytes")) or None, f"{where}/total_size_in_bytes")
    told = {axis: values.pixel_size(copy.get(f"voxel_physical_size_{axis}")) for axis in "zyx"}
    facts.add("pixel_size", {axis: size for axis, size in told.items() if size}, where)


def _attributes(image: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for one in objects(image.get("additional_metadata")):
        pairs = at(one, "value", "attributes")
        if str(one.get("name")).startswith("attributes_from_file") and isinstance(pairs, dict):
            found |= {str(key): texts(value) for key, value in pairs.items() if texts(value)}
    return found


# ── both ─────────────────────────────────────────────────────────────────────────────────────────


def _add_terms(
    facts: Facts, samples: list[dict[str, Any]], acquired: list[dict[str, Any]], place: str
) -> None:
    taxa = [taxon for sample in samples for taxon in objects(sample.get("organism_classification"))]
    named = [
        (taxon.get("scientific_name") or taxon.get("common_name"), taxon.get("ncbi_id")) for taxon in taxa
    ]
    organisms, concluded = values.terms_of(named, terms.organisms())
    facts.add("organism", organisms, place, inferred=concluded)
    methods, concluded = values.terms_of(
        [pair for one in acquired for pair in _methods(one)], terms.imaging_methods()
    )
    facts.add("imaging_method", methods, place, inferred=concluded)


def _methods(acquired: dict[str, Any]) -> list[tuple[str | None, str | None]]:
    names, ids = texts(acquired.get("imaging_method_name")), texts(acquired.get("fbbi_id"))
    if len(names) == len(ids):
        return list(zip(names, ids, strict=True))
    # Two lists of different length do not say which belongs to which.
    return [(None, key) for key in ids] or [(name, None) for name in names]


def _described(samples: list[dict[str, Any]], acquired: list[dict[str, Any]]) -> dict[str, tuple[str, ...]]:
    told = {
        "Biological entity": texts([one.get("biological_entity_description") for one in samples]),
        "Experimental variable": texts([one.get("experimental_variable_description") for one in samples]),
        "Imaging instrument": texts([one.get("imaging_instrument_description") for one in acquired]),
    }
    return {name: found for name, found in told.items() if found}
