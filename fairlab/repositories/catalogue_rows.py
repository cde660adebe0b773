"""From the lists of known images and studies to the rows of the catalogue's tables.

Everything that is decided about a listed fact is decided here, once, when the tables are built: which
identifier a record gets, which words and term identifiers belong together, which study an image belongs to.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from fairlab.moves import current_address
from fairlab.repositories.catalogue_words import packed, values
from fairlab.terms import Term, fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from fairlab.repositories.catalogue_words import Vocabularies

Row = dict[str, str]

SCHEMES = {
    "IDR": "idr",
    "BIA": "bia",
    "SSBD": "ssbd",
    "EMPIAR": "empiar",
    "JAX": "jax",
    "WEBKNOSSOS": "webknossos",
    "NFDI4BIOIMAGE Münster": "nfdi4bioimage",
    "NFDI4BIOIMAGE Göttingen": "nfdi4bioimage",
    "NFDI4BIOIMAGE Jülich": "nfdi4bioimage",
    "OME-Zarr Open SciVis": "scivis",
    "OpenOrganelle": "openorganelle",
    "Human Organ Atlas": "hoa",
    "EMBL": "embl",
    "Zebrahub": "zebrahub",
    "CryoET Data Portal": "cryoet",
    "DANDI": "dandi",
    "Crick": "crick",
    "AIND": "aind",
    "Allen Institute for Cell Science": "allen",
}
"""Publisher to the scheme of its identifiers."""

_STUDY_DOCUMENTS = {
    "BIA": "BioImage-Archive/gide-ro-crate study_ro_crates/{accession}-ro-crate-metadata.json @9f6b6cd",
    "IDR": "German-BioImaging/idr_study_crates ro-crates/{accession}-ro-crate-metadata.json @4db472d",
    "SSBD:database": "openssbd/gide-ro-crate project-ro-crate/database/{accession} @f6e6a39",
    "SSBD:repository": "openssbd/gide-ro-crate project-ro-crate/repository/{accession} @f6e6a39",
}
_PAGES = {
    "BIA": "https://www.ebi.ac.uk/biostudies/bioimages/studies/{accession}",
    "EMPIAR": "https://www.ebi.ac.uk/empiar/{accession}/",
}
_CUT_LENGTH = 200  # the list of studies cuts long cells there, in the middle of a value
_DATA_DOI = re.compile(r"10\.(?:15151|25378|5281|17867|6019|24631)/[^\s;]+")
_ARTICLE_DOI = re.compile(r"https?://doi\.org/[^\s;]+")
_VERSION_ORDER = ("0.5", "0.4", "", "0.3", "0.2", "0.1")
_STORED_ORDER = "tczyx"


def unlisted_taxa(images: Sequence[Row], taxa: Sequence[Row]) -> list[Row]:
    """Taxa that only images name, in the form of the list of taxa."""
    listed = {row["id"] for row in taxa}
    found: dict[str, Row] = {}
    for row in images:
        labels, ids = values(row["organism"]), values(row["organism_id"])
        for position, key in enumerate(ids):
            label = labels[position] if len(labels) == len(ids) and labels[position] else key
            if key and key not in listed:
                found.setdefault(key, {"id": key, "scientific_name": label, "other_spellings": ""})
    return [found[key] for key in sorted(found)]


# ── lists of our own ─────────────────────────────────────────────────────────────────────────────


def undescribed_studies(listed: Iterable[Row]) -> list[Row]:
    """Studies that images name but no crate describes, in the form of the list of studies."""
    return [
        defaultdict(str, row, url=_PAGES[row["source"]].format(accession=row["accession"])) for row in listed
    ]


def more_images(listed: Iterable[Row], studies: Sequence[Row]) -> list[Row]:
    """Images of BIA that other public lists name, in the form of the list of images."""
    credited = {row["accession"] for row in studies if row["authors"]}
    return [
        defaultdict(
            str,
            row,
            source="BIA",
            url=current_address(row["listed_url"]),
            attribution="" if row["accession"] in credited else f"BIA; {row['accession']}",
        )
        for row in listed
    ]


def same_studies(listed: Iterable[Row]) -> dict[str, set[str]]:
    """Study to the identifiers under which other archives hold the same data, in both directions."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in listed:
        found[row["study"]].add(row["same_as"])
        found[row["same_as"]].add(row["study"])
    return found


# ── studies ──────────────────────────────────────────────────────────────────────────────────────


def study_rows(
    studies: Sequence[Row],
    containers: Sequence[Row],
    same: Mapping[str, set[str]],
    dois: Sequence[Row],
    known: Vocabularies,
) -> list[Row]:
    """The rows of the table of studies, by identifier."""
    idr = _containers_by_study(containers)
    found = [_study(row, idr.get(row["accession"], []), known) for row in studies]
    # The crates of studies lose the DOI of the data; only what another document states is put back.
    stated = {row["study"]: row for row in dois}
    for row in found:
        row["same_as"] = "|".join(sorted(same.get(row["id"], ())))
        own = stated.get(row["id"], {})
        row["doi"], row["doi_from"] = own.get("doi", ""), own.get("document", "")
    return sorted(found, key=lambda row: row["id"])


def _containers_by_study(containers: Sequence[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in containers:
        found[row["study"].split("-")[0]].append(row)
    return found


def _study(row: Row, containers: Sequence[Row], known: Vocabularies) -> Row:
    publisher = row["source"].split(":")[0]
    counted = sum(int(container["images"] or 0) for container in containers)
    return {
        "id": f"{scheme_of(publisher, row['accession'])}:{row['accession']}",
        "repository": publisher,
        "collection": row["source"] if row["source"] != publisher else "",
        "accession": row["accession"],
        "landing_url": row["url"],
        "title": row["title"],
        "release_date": row["date_published"],
        "license": row["license"],
        "organism": known.pair("organisms", row["organisms"], row["organism_ids"]),
        "imaging_method": known.pair("imaging_methods", row["imaging_methods"], row["imaging_method_ids"]),
        "other_terms": packed(_other_terms(row)),
        "keywords": "|".join(_keywords(row["keywords"])),
        "n_images": str(counted) if counted else row["n_files"],
        "n_images_from": "IDR/idr.openmicroscopy.org studies.tsv" if counted else "",
        "bytes": row["bytes"],
        "publications": "|".join(map(_publication, _whole_values(row["publications"]))),
        "authors": "|".join(dict.fromkeys(_whole_values(row["authors"]))),
        "thumbnail_url": row["thumbnail"],
        "names": "|".join(sorted({container["study"] for container in containers})),
        "document": row.get("document") or _STUDY_DOCUMENTS[row["source"]].format(accession=row["accession"]),
    }


def scheme_of(publisher: str, accession: str) -> str:
    """The scheme of identifiers: EMPIAR's accessions are EMPIAR's, whoever publishes the copy.

    Examples
    --------
    >>> scheme_of("BIA", "S-BIAD634"), scheme_of("BIA", "EMPIAR-10310")
    ('bia', 'empiar')
    """
    if re.fullmatch(r"EMPIAR-\d+", accession):
        return "empiar"
    return SCHEMES.get(publisher) or "-".join(fold(publisher))


def _other_terms(row: Row) -> list[Term]:
    labels, ids = _whole_values(row["other_terms"]), _whole_values(row["other_term_ids"])
    return [Term(label=label, id=key) for label, key in zip(labels, ids, strict=False)]


def _keywords(cell: str) -> list[str]:
    # Repository records carry MeSH strings: "Cell Membrane/metabolism[major]".
    return list(dict.fromkeys(re.sub(r"\[\w+\]$", "", value) for value in _whole_values(cell)))


def _publication(value: str) -> str:
    return f"https://pubmed.ncbi.nlm.nih.gov/{value}/" if value.isdigit() else value


def _whole_values(cell: str) -> list[str]:
    found = values(cell)
    return found[:-1] if len(cell) >= _CUT_LENGTH and len(found) > 1 else found


# ── images ───────────────────────────────────────────────────────────────────────────────────────


def image_rows(
    images: Sequence[Row],
    studies: Sequence[Row],
    containers: Sequence[Row],
    same: Mapping[str, set[str]],
    known: Vocabularies,
) -> list[Row]:
    """The rows of the table of images, by identifier."""
    study_ids = {row["accession"]: row["id"] for row in studies}
    screens = {
        accession
        for accession, found in _containers_by_study(containers).items()
        if all(container["kind"] == "screen" for container in found)
    }
    ids = image_ids(images)
    found = [_image(row, ids[row["url"]], study_ids, screens, known) for row in images]
    with_images = {row["study"] for row in found} | {row["also"] for row in found}
    for row in found:
        # What another archive holds of a study stands in only where none of its own images is listed.
        shared = same.get(row["group"], set()) & set(study_ids.values()) - with_images
        row["also"] = "|".join(sorted(shared | {row["also"]} - {""}))
    return sorted(found, key=lambda row: row["id"])


def _image(row: Row, key: str, study_ids: Mapping[str, str], screens: set[str], known: Vocabularies) -> Row:
    axes, shape, axes_from = _axes_and_shape(row)
    also = re.match(r"BIA (S-BIAD\d+)", row["note"])
    layout = row["layout"] or ("plate" if row["accession"] in screens else "")
    doi = _DATA_DOI.search(row["attribution"])
    articles = [doi for doi in _ARTICLE_DOI.findall(row["attribution"]) if not _DATA_DOI.search(doi)]
    return {
        "id": key,
        "group": _group(row),
        "study": study_ids.get(row["accession"], ""),
        "also": study_ids.get(also[1], "") if also else "",
        "repository": row["source"],
        "accession": row["accession"],
        "url": row["url"],
        "listed_url": row["listed_url"],
        "landing_url": _landing(row["attribution"]),
        "ngff_version": row["ngff_version"],
        "layout": layout,
        "layout_from": "" if row["layout"] or not layout else "IDR/idr.openmicroscopy.org studies.tsv",
        "license": row["license"],
        "license_as_listed": row["license_as_listed"] if row["license_as_listed"] != row["license"] else "",
        "organism": known.pair("organisms", row["organism"], row["organism_id"]),
        "imaging_method": known.pair("imaging_methods", row["imaging_method"], row["imaging_method_id"]),
        "terms_from": row["terms_from"],
        "axes": axes,
        "shape": shape,
        "axes_from": axes_from,
        "pixel_size": row.get("pixel_size", "").replace(",", "|"),
        "channels": row.get("channels", ""),
        "bytes": row["bytes"],
        "title": row["title"],
        "attribution": row["attribution"],
        "doi": doi[0] if doi else "",
        "publications": "|".join(articles),
        "document": row["provenance"],
        "note": row["note"],
    }


def _axes_and_shape(row: Row) -> tuple[str, str, str]:
    """Axes, sizes, and ``"sizes"`` when the axes were concluded from named sizes."""
    named = dict(re.findall(r"([tczyx])=(\d+)", row["shape"]))
    if named:
        # OME-Zarr before 0.5 stores t, c, z, y, x in this order; the list names sizes in OMERO's order.
        order = [axis for axis in _STORED_ORDER if axis in named]
        return "|".join(order), "|".join(named[axis] for axis in order), "sizes"
    return row["axes"].replace(",", "|"), "|".join(re.findall(r"\d+", row["shape"])), ""


def _landing(attribution: str) -> str:
    found = re.search(r"https?://(?!doi\.org)[^\s;]+", attribution)
    return found[0] if found else ""


def _group(row: Row) -> str:
    scheme = scheme_of(row["source"], row["accession"])
    return f"{scheme}:{row['accession']}" if row["accession"] else scheme


def image_ids(images: Sequence[Row]) -> dict[str, str]:
    """An identifier for every image, by address: scheme, accession, and the end of the address.

    Where several addresses end alike (an image in several versions), the newest version that fairlab reads
    keeps the short form and the others get as many folders as tell them apart, so one new row does not
    rename the rest.
    """
    taken: set[str] = set()
    found: dict[str, str] = {}
    for row in sorted(images, key=_preference):
        for key in _candidates(row):
            if key.casefold() not in taken:
                break
        taken.add(key.casefold())
        found[row["url"]] = key
    return found


def _preference(row: Row) -> tuple[int, str]:
    version = row["ngff_version"]
    return (_VERSION_ORDER.index(version) if version in _VERSION_ORDER else len(_VERSION_ORDER), row["url"])


def _candidates(row: Row) -> Iterable[str]:
    parts = [part for part in unquote(urlsplit(row["url"]).path).replace(" ", "_").split("/") if part]
    stores = [index for index, part in enumerate(parts) if ".zarr" in part]
    # From the store on ("…/fibsem.zarr/recon-1/em"); without one, two parts, as the last is often "color".
    first = stores[-1] if stores else max(len(parts) - 2, 0)
    group = _group(row)
    joint = "/" if ":" in group else ":"
    for start in range(first, -1, -1):
        yield f"{group}{joint}{'/'.join(parts[start:])}"
    yield f"{group}{joint}{urlsplit(row['url']).netloc}/{'/'.join(parts)}"
