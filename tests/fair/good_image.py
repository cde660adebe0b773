"""One good image: the documents beside it and what they say. A case is one edit of it."""

from __future__ import annotations

import copy
import dataclasses
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fairlab.fair import Answer, Description, Probe, Statement
from fairlab.record import Source

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://data.example.org/zarr/S-BIAD7/0b6d0e9c-1d3a-4c8a-9f6e-2f4b7c1d9e10.zarr"
API = "https://archive.example.org/api/S-BIAD7"
CORS = {"access-control-allow-origin": "*"}
AXES = [
    {"name": "c", "type": "channel"},
    {"name": "y", "type": "space", "unit": "micrometer"},
    {"name": "x", "type": "space", "unit": "micrometer"},
]


def zarr_json() -> dict[str, Any]:
    datasets = [
        {
            "path": str(n),
            "coordinateTransformations": [{"type": "scale", "scale": [1.0, 0.5 * 2**n, 0.5 * 2**n]}],
        }
        for n in range(3)
    ]
    window = {"start": 10, "end": 900, "min": 0, "max": 65535}
    channels = [
        {"label": label, "color": "0000FF", "window": dict(window)} for label in ("DAPI", "GFP-tubulin")
    ]
    entry = {
        "name": "cells", "axes": copy.deepcopy(AXES), "datasets": datasets, "type": "mean",
        "metadata": {"method": "skimage.transform.pyramid", "version": "0.22"},
    }  # fmt: skip
    ome = {"version": "0.5", "multiscales": [entry], "omero": {"channels": channels}}
    return {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}


def array_json(side: int) -> dict[str, Any]:
    return {
        "zarr_format": 3, "node_type": "array", "shape": [2, side, side], "data_type": "uint16", "fill_value": 0,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 256, 256]}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "zstd"}, {"name": "crc32c"}],
        "dimension_names": ["c", "y", "x"],
    }  # fmt: skip


def crate() -> dict[str, Any]:
    root = {
        "@id": "./", "@type": "Dataset", "name": "Mitosis in HeLa cells", "description": "x" * 80,
        "license": {"@id": "https://creativecommons.org/licenses/by/4.0/"}, "author": [{"@id": "#ada"}],
        "publisher": {"@id": "#archive"}, "datePublished": "2024-05-06", "identifier": "S-BIAD7",
        "about": [{"@id": "http://purl.obolibrary.org/obo/NCBITaxon_9606"}],
        "measurementMethod": [{"@id": "http://purl.obolibrary.org/obo/FBbi_00000251"}],
    }  # fmt: skip
    descriptor = {"@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": {"@id": "./"}}
    return {"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": [descriptor, root]}


OME_XML = (
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0"><Pixels ID="Pixels:0">'
    '<TiffData><UUID FileName="a.czi">urn:uuid:0b6d0e9c-1d3a-4c8a-9f6e-2f4b7c1d9e10</UUID></TiffData>'
    "</Pixels></Image></OME>"
)
CHUNK = {
    "key": "2/c/0/0/0", "bytes": 4096, "decoded": True, "min": 0.0, "max": 800.0, "mean": 120.0, "std": 30.0,
    "nan_share": 0.0, "saturated_share": 0.01,
}  # fmt: skip
LICENSE = {
    "name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/", "spdx": "CC-BY-4.0", "commercial": True,
    "derivatives": True, "share_alike": False, "attribution": True,
}  # fmt: skip
SAID: dict[str, Any] = {
    "identity.url": URL,
    "identity.object_type": "image",
    "identity.uid": "0b6d0e9c-1d3a-4c8a-9f6e-2f4b7c1d9e10",
    "identity.doi": "10.6019/S-BIAD7",
    "identity.accession": "S-BIAD7",
    "identity.landing_page": "https://archive.example.org/studies/S-BIAD7",
    "identity.repository": "BIA",
    "identity.thumbnail": "https://archive.example.org/S-BIAD7.png",
    "citation.title": "Mitosis in HeLa cells, by confocal microscopy",
    "citation.description": "Dividing cells of a cell line, with stained chromosomes and microtubules." * 2,
    "citation.creators": [
        {"name": "Ada Roe", "orcid": "0000-0002-1825-0097",
         "affiliations": [{"name": "An institute", "ror": "https://ror.org/02catss52"}], "roles": ["Investigation"]}
    ],
    "citation.publisher": "BioImage Archive",
    "citation.date_published": "2024-05-06",
    "citation.license": LICENSE,
    "citation.keywords": ["mitosis"],
    "citation.publications": [{"doi": "10.1000/article", "title": "On mitosis"}],
    "citation.funding": [{"funder": "A fund", "id": "https://ror.org/0472cxd90"}],
    "biosample.biological_entity": [{"label": "HeLa cell", "id": "CLO:0003684"}],
    "specimen.preparation": ["fixed in formaldehyde, stained with DAPI"],
    "biosample.organism": [{"label": "Homo sapiens", "id": "NCBITaxon:9606"}],
    "acquisition.method": [{"label": "confocal microscopy", "id": "FBbi:00000251"}],
    "acquisition.instrument": ["Zeiss LSM 880"],
    "acquisition.objective": [{"model": "Plan-Apochromat", "magnification": 63, "na": 1.4}],
    "acquisition.parameters": ["pinhole 1 AU"],
    "access.level": "open",
    "image.bytes": 1_000_000,
}  # fmt: skip
OF_ZARR: dict[str, Any] = {
    "image.format.name": "OME-Zarr",
    "image.format.ngff_version": "0.5",
    "image.kind": "intensities",
    "image.axes": copy.deepcopy(AXES),
    "image.scale": {axis: {"value": 0.5, "unit": "micrometer"} for axis in "yx"},
    "image.shape": [2, 1024, 1024],
    "image.dtype": "uint16",
    "image.channels": [
        {"label": "DAPI", "fluorophore": "DAPI", "excitation_nm": 405, "emission_nm": 460},
        {"label": "GFP-tubulin", "fluorophore": "EGFP", "excitation_nm": 488, "emission_nm": 510},
    ],
}


@dataclass
class Case:
    """The documents and statements of an image, to be edited."""

    answers: dict[str, Answer] = field(default_factory=dict)
    chunk: dict[str, Any] | None = None
    said: dict[tuple[str, str], Any] = field(default_factory=dict)
    """(kind, path) to value."""
    url: str = URL
    probed: bool = True
    pointers: bool = True

    def both(self) -> tuple[Probe | None, Description]:
        probe = Probe(
            url=self.url, retrieved_at="2026-01-02T03:04:05Z", answers=self.answers, chunk=self.chunk
        )
        told = tuple(
            Statement(
                path=path,
                value=value,
                kind=kind,  # type: ignore[arg-type]
                source=Source(document=_DOCUMENTS[kind], pointer=f"/{path}" if self.pointers else ""),
            )
            for (kind, path), value in self.said.items()
        )
        return (probe if self.probed else None), Description(statements=told)


_DOCUMENTS = {
    "api": API,
    "user": "a form",
    "catalogue": "a table",
    "crate": f"{URL}/ro-crate-metadata.json",
    "ngff": f"{URL}/zarr.json",
    "ome-xml": f"{URL}/OME/METADATA.ome.xml",
}


def good() -> Case:
    """An image that passes every metric that can be told of one image."""
    documents = {
        "zarr.json": ("zarr.json", json.dumps(zarr_json())),
        "crate:0": ("ro-crate-metadata.json", json.dumps(crate())),
        "ome-xml": ("OME/METADATA.ome.xml", OME_XML),
        "array:first": ("0/zarr.json", json.dumps(array_json(1024))),
        "array:last": ("2/zarr.json", json.dumps(array_json(256))),
    }
    answers = {
        role: Answer(url=f"{URL}/{key}", status=200, bytes=len(text), seconds=0.01, headers=CORS, text=text)
        for role, (key, text) in documents.items()
    }
    answers |= {role: Answer(url=f"{URL}/{role}", status=404) for role in ("crate:1", "crate:2", "crate:3")}
    answers["landing"] = Answer(url=SAID["identity.landing_page"], status=200)
    said = {("api", path): value for path, value in copy.deepcopy(SAID).items()}
    said |= {("ngff", path): value for path, value in copy.deepcopy(OF_ZARR).items()}
    said["crate", "citation.license"] = dict(LICENSE)
    return Case(answers=answers, chunk=dict(CHUNK), said=said)


# ── edits ────────────────────────────────────────────────────────────────────────────────────────────

Edit = "Callable[[Case], None]"


def silent(*roles: str) -> Callable[[Case], None]:
    """These documents gave no answer."""

    def edit(case: Case) -> None:
        for role in roles:
            url = case.answers[role].url if role in case.answers else f"{URL}/{role}"
            case.answers[role] = Answer(url=url, error="no answer within 60 s")

    return edit


def gone(*roles: str) -> Callable[[Case], None]:
    """These documents are not there."""

    def edit(case: Case) -> None:
        for role in roles:
            case.answers[role] = Answer(url=f"{URL}/{role}", status=404)

    return edit


def unsaid(*paths: str) -> Callable[[Case], None]:
    """Nobody says this."""

    def edit(case: Case) -> None:
        for key in [key for key in case.said if key[1] in paths]:
            del case.said[key]

    return edit


def says(path: str, value: Any, kind: str = "api") -> Callable[[Case], None]:
    """A document says this."""

    def edit(case: Case) -> None:
        case.said[kind, path] = value

    return edit


def document(role: str, change: Callable[[Any], Any]) -> Callable[[Case], None]:
    """A document is changed."""

    def edit(case: Case) -> None:
        value = json.loads(case.answers[role].text or "")
        change(value)
        case.answers[role] = dataclasses.replace(case.answers[role], text=json.dumps(value))

    return edit


def text(role: str, content: str) -> Callable[[Case], None]:
    """A document holds other text."""

    def edit(case: Case) -> None:
        case.answers[role] = dataclasses.replace(case.answers[role], text=content)

    return edit


def chunk(**values: Any) -> Callable[[Case], None]:
    """The chunk that was read is another."""

    def edit(case: Case) -> None:
        case.chunk = {**(case.chunk or {}), **values}

    return edit


def answer(role: str, **values: Any) -> Callable[[Case], None]:
    """What came back for a document differs."""

    def edit(case: Case) -> None:
        case.answers[role] = dataclasses.replace(case.answers[role], **values)

    return edit


def every(*edits: Callable[[Case], None]) -> Callable[[Case], None]:
    """Several edits that belong together."""

    def edit(case: Case) -> None:
        for one in edits:
            one(case)

    return edit


def nothing_asked(case: Case) -> None:
    """Only a row of a catalogue is at hand, and it says little."""
    case.probed = False
    case.said = {("catalogue", "identity.repository"): "BIA"}


def local(case: Case) -> None:
    """The image lies in a folder."""
    place = "/data/a.zarr"
    case.url = place
    for role, one in case.answers.items():
        case.answers[role] = dataclasses.replace(one, url=one.url.replace(URL, place), headers={})
    unsaid("identity.url", "identity.landing_page", "identity.doi", "identity.accession", "identity.uid")(
        case
    )
