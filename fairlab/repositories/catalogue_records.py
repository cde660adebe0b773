"""From rows of the catalogue's tables to records, and the addresses a record is known by."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from fairlab.moves import address_key
from fairlab.record import Record, Source
from fairlab.repositories.catalogue_words import unpacked
from fairlab.terms import split

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, str]


def addresses(row: Row) -> set[str]:
    """Every address an image or study is known by."""
    listed = (row.get("url"), row.get("listed_url"), row.get("landing_url"))
    return {address_key(address) for address in listed if address}


def study_record(row: Row, *, listed: int = 0) -> Record:
    """The record of one study.

    Parameters
    ----------
    row : dict
        A row of the table of studies.
    listed : int
        How many images of the study the catalogue lists.
    """
    sources = {"*": Source(document=row["document"])}
    if row["n_images_from"]:
        sources["n_images"] = Source(document=row["n_images_from"], pointer="images")
    if row["doi_from"]:
        sources["doi"] = Source(document=row["doi_from"], pointer="DOI")
    return Record(
        id=row["id"],
        kind="study",
        repository=row["repository"],
        accession=row["accession"],
        title=row["title"] or None,
        authors=split(row["authors"]),
        doi=row["doi"] or None,
        publications=split(row["publications"]),
        license=row["license"] or None,
        release_date=row["release_date"] or None,
        organism=unpacked(row["organism"]),
        imaging_method=unpacked(row["imaging_method"]),
        other_terms=unpacked(row["other_terms"]),
        keywords=split(row["keywords"]),
        landing_url=row["landing_url"] or None,
        see_also=split(row["same_as"]),
        thumbnail_url=row["thumbnail_url"] or None,
        bytes=_number(row["bytes"]),
        n_images=_number(row["n_images"]),
        note=f"{listed} of its images are listed as OME-Zarr"
        if listed
        else "none of its images is listed as OME-Zarr",
        sources=sources,
    )


def image_record(row: Row, study: Row | None) -> Record:
    """The record of one image; what it takes from its study is marked as inferred."""
    here = Source(document=row["document"])
    inherited = _inherited(row, study)
    whole = defaultdict(str, {**row, **inherited})
    return Record(
        id=row["id"],
        kind="image",
        repository=row["repository"],
        accession=row["accession"] or None,
        title=row["title"] or None,
        authors=split(whole["authors"]),
        attribution=row["attribution"] or None,
        doi=whole["doi"] or None,
        publications=split(whole["publications"]),
        license=whole["license"] or None,
        license_as_listed=row["license_as_listed"] or None,
        release_date=whole["release_date"] or None,
        organism=unpacked(whole["organism"]),
        imaging_method=unpacked(whole["imaging_method"]),
        other_terms=unpacked(whole["other_terms"]),
        keywords=split(whole["keywords"]),
        url=row["url"],
        listed_url=row.get("listed_url") or None,
        landing_url=whole["landing_url"] or None,
        ngff_version=row["ngff_version"] or None,
        layout=row["layout"] or None,
        channels=split(row["channels"]),
        pixel_size=_pixel_size(row["pixel_size"]),
        axes=split(row["axes"]),
        shape=tuple(map(int, split(row["shape"]))),
        bytes=_number(row["bytes"]),
        note=row["note"] or None,
        sources={"*": here, **_sources(row, study, inherited)},
    )


_FROM_STUDY = (
    "authors",
    "doi",
    "publications",
    "license",
    "release_date",
    "organism",
    "imaging_method",
    "other_terms",
    "keywords",
    "landing_url",
)


def _inherited(row: Row, study: Row | None) -> Row:
    return {name: study[name] for name in _FROM_STUDY if study and study[name] and not row.get(name)}


def _sources(row: Row, study: Row | None, inherited: Mapping[str, str]) -> dict[str, Source]:
    # ``terms_from`` says where the list itself has organism and method from; with "image+study" the one
    # that equals the study's is the study's.
    terms = ("organism", "imaging_method")
    from_study = set(inherited)
    if row["terms_from"] == "study":
        from_study.update(terms)
    elif row["terms_from"] == "image+study" and study:
        from_study.update(name for name in terms if row[name] == study[name])
    document = study["document"] if study else row["document"]
    found = {name: Source(document=document, basis="inferred") for name in sorted(from_study)}
    if study and "doi" in inherited:
        found["doi"] = Source(document=study["doi_from"], pointer="DOI", basis="inferred")
    if row["layout_from"]:
        found["layout"] = Source(document=row["layout_from"], pointer="kind", basis="inferred")
    if row["axes_from"]:
        found["axes"] = Source(document=row["document"], pointer="named sizes", basis="inferred")
    return found


def _pixel_size(cell: str) -> dict[str, float]:
    return {axis: float(size) for axis, size in (pair.split("=") for pair in split(cell))}


def _number(cell: str) -> int | None:
    return int(cell) if cell.isdigit() else None
