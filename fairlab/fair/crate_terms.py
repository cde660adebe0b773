"""Names in the crates that fairlab writes: contexts that leave no term undefined, identifiers, safe paths."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from fairlab.errors import QueryError
from fairlab.foreign_text import clean

if TYPE_CHECKING:
    from collections.abc import Mapping

Entity = dict[str, Any]

FILE_NAME: Final = "ro-crate-metadata.json"
OBO: Final = "http://purl.obolibrary.org/obo/"

_GIDE: Final[Entity] = {
    "obo": OBO,
    "dwc": "http://rs.tdwg.org/dwc/terms/",
    "dwciri": "http://rs.tdwg.org/dwc/iri/",
    "bao": "http://www.bioassayontology.org/bao#",
    "vernacularName": {"@id": "dwc:vernacularName"},
    "scientificName": {"@id": "dwc:scientificName"},
    "hasCellLine": {"@id": "bao:BAO_0002004"},
    "measurementMethod": {"@id": "dwciri:measurementMethod"},
    "seeAlso": {"@id": "rdfs:seeAlso"},
    "BioSample": {"@id": "http://schema.org/BioSample"},
    "LabProtocol": {"@id": "http://schema.org/LabProtocol"},
    "labEquipment": {"@id": "http://schema.org/labEquipment"},
}
STUDY_CONTEXT: Final = ["https://w3id.org/ro/crate/1.2/context", _GIDE]
"""RO-Crate 1.2 with the terms of the GIDE profile, version 0.2."""

# The challenge's own context leaves out resultOf, fbbi_id and image_acquisition, and RO-Crate 1.1 knows no Taxon,
# taxonomicRange, creditText, sha256 or usageInfo for what they stand for here: undefined, a term vanishes when the
# document is expanded as JSON-LD. "NCBI:txid7227", as the challenge writes taxa, becomes NCBI's own address.
IMAGE_CONTEXT: Final = [
    "https://w3id.org/ro/crate/1.1/context",
    {
        **_GIDE,
        "NCBI": {"@id": "https://www.ncbi.nlm.nih.gov/taxonomy/?term=", "@prefix": True},
        "Taxon": "http://schema.org/Taxon",
        "taxonomicRange": "http://schema.org/taxonomicRange",
        "creditText": "http://schema.org/creditText",
        "conditionsOfAccess": "http://schema.org/conditionsOfAccess",
        "organism_classification": "https://schema.org/taxonomicRange",
        "biosample": "obo:OBI_0002648",
        "specimen": "obo:HSO_0000308",
        "image_acquisition": "obo:FBbi_00000222",
        "fbbi_id": "http://schema.org/measurementTechnique",
        "resultOf": {"@reverse": "http://schema.org/result"},
    },
]
"""RO-Crate 1.1 with the terms of the NGFF challenge of 2024 and of GIDE."""


def is_web(text: str | None) -> bool:
    """Whether a text is an address on the web, and nothing else."""
    return clean(text) == text and bool(re.fullmatch(r"https?://[^\s\"<>\\^`{|}]+", text or ""))


def slug(text: str) -> str:
    """A name inside a crate.

    Examples
    --------
    >>> slug("2P imaging (deep)"), slug("日本")
    ('2p-imaging-deep', 'x')
    """
    return "-".join(re.findall(r"[a-z0-9]+", text.lower())) or "x"


def iri(term: Mapping[str, str]) -> str:
    """The address of a term, or a name inside the crate for a word without identifier.

    Examples
    --------
    >>> iri({"id": "FBbi:00000251", "label": "confocal microscopy"}), iri({"label": "photo camera"})
    ('http://purl.obolibrary.org/obo/FBbi_00000251', '#photo-camera')
    """
    identifier = term.get("id") or ""
    if re.fullmatch(r"[A-Za-z]\w*:\w+", identifier):
        return OBO + identifier.replace(":", "_")
    return identifier if is_web(identifier) else f"#{slug(term.get('label') or identifier)}"


def challenge_iri(term: Mapping[str, str]) -> str:
    """The same in the challenge's short form.

    Examples
    --------
    >>> challenge_iri({"id": "NCBITaxon:7227"}), challenge_iri({"id": "FBbi:00000251"})
    ('NCBI:txid7227', 'obo:FBbi_00000251')
    """
    whole = iri(term)
    if whole.startswith(f"{OBO}NCBITaxon_"):
        return whole.replace(f"{OBO}NCBITaxon_", "NCBI:txid")
    return whole.replace(OBO, "obo:")


def part_id(path: str) -> str:
    """The ``@id`` of a file inside a crate.

    Raises
    ------
    QueryError
        kind ``"crate-path"``: the path is absolute, leads out of the crate's root, or is none.

    Examples
    --------
    >>> part_id("tables/cells of day 1.csv")
    'tables/cells%20of%20day%201.csv'
    >>> part_id("../secret.txt")
    Traceback (most recent call last):
        ...
    fairlab.errors.QueryError: "../secret.txt" is no path inside a crate...
    """
    steps = path.split("/")
    outside = PurePosixPath(path).is_absolute() or ".." in steps or "\\" in path or re.match(r"\w+:", path)
    if outside or clean(path) != path or path.strip("./") == "":
        raise QueryError(
            f'"{clean(path)}" is no path inside a crate\n'
            "  give a path below the crate's own folder, with / between folders and without ..",
            kind="crate-path",
        )
    return quote("/".join(step for step in steps if step not in ("", ".")))
