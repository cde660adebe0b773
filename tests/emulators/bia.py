"""The BioImage Archive as its source documents it: one phrase over everything, parameters it does not know ignored.

Its search (``/search/v1``) and its object interface (``/api/v2``) give the same documents.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from fairlab.terms import fold
from tests.emulators import Asked, Emulator, Reply

FILES = "https://livingobjects.ebi.ac.uk/bioimaging-integrator-data"
RETIRED = "https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data"


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012x}"


def further(name: str, value: Any) -> dict[str, Any]:
    """Further metadata says what it says one level down, under its own name."""
    return {"provenance": "bia_ingest", "name": name, "value": {name: value}}


def sample(organism: str, common: str, about: str, ncbi: str | None = None) -> dict[str, Any]:
    taxon = {"common_name": common, "scientific_name": organism, "ncbi_id": ncbi, "additional_metadata": []}
    return {
        "uuid": uuid(7),
        "title": about,
        "organism_classification": [taxon],
        "biological_entity_description": about,
        "experimental_variable_description": [],
    }


def acquisition(method: str, fbbi: str | None = None, **facts: Any) -> dict[str, Any]:
    return {
        "uuid": uuid(8),
        "title": "Imaging",
        "protocol_description": "",
        "imaging_instrument_description": "A microscope",
        "fbbi_id": [fbbi] if fbbi else [],
        "imaging_method_name": [method],
        **facts,
    }


def study(
    number: int, accession: str, title: str, dataset: dict[str, Any] | None = None, **facts: Any
) -> dict[str, Any]:
    return {
        "object_creator": "bia_ingest",
        "uuid": uuid(number),
        "version": 0,
        "model": {"type_name": "Study", "version": 3},
        "additional_metadata": [],
        "accession_id": accession,
        "licence": "https://creativecommons.org/licenses/by/4.0/",
        "author": [],
        "title": title,
        "release_date": "2024-03-01",
        "description": "",
        "keyword": [],
        "acknowledgement": None,
        "see_also": [],
        "related_publication": [],
        "grant": [],
        "funding_statement": "",
        "dataset": [{"uuid": uuid(number + 1000), "image_count": 0, **dataset}] if dataset else [],
        **facts,
    }


def representation(kind: str, address: str, number: int = 9, **facts: Any) -> dict[str, Any]:
    return {
        "uuid": uuid(number),
        "version": 0,
        "image_format": kind,
        "file_uri": [address],
        "total_size_in_bytes": 0,
        **{f"voxel_physical_size_{axis}": None for axis in "xyz"},
        **{f"size_{axis}": None for axis in "xyzct"},
        **facts,
    }


def image(
    number: int,
    accession: str,
    file: str,
    samples: list[dict[str, Any]],
    acquired: list[dict[str, Any]],
    *,
    host: str = FILES,
    zarr: bool = True,
    **facts: Any,
) -> dict[str, Any]:
    copies = [representation(".tiff", f"https://www.ebi.ac.uk/biostudies/files/{accession}/{file}")]
    if zarr:
        address = f"{host}/{accession}/{uuid(number)}/{uuid(number + 500)}.ome.zarr/0"
        copies.append(representation(".ome.zarr", address, number + 500, **{**SIZES, **facts}))
    return {
        "object_creator": "bia_image_assignment",
        "uuid": uuid(number),
        "version": 1,
        "model": {"type_name": "Image", "version": 2},
        "additional_metadata": [
            {
                "provenance": "bia_image_assignment",
                "name": "attributes_from_file_reference_1",
                "value": {"attributes": {"Gene Symbol": "CDK1", "Well": "B03"}},
            },
            further("file_pattern", f"raw data/{file}"),
            further(
                "image_thumbnail_uri", {"256": {"uri": f"{RETIRED}/{accession}/{number}.png", "size": 256}}
            ),
        ],
        "label": None,
        "submission_dataset_uuid": uuid(1001),
        "original_file_reference_uuid": [],
        "creation_process": {
            "uuid": uuid(10),
            "input_image_uuid": [],
            "acquisition_process": acquired,
            "subject": {"uuid": uuid(11), "sample_of": samples},
        },
        "representation": copies,
    }


SIZES = {
    "size_x": 64,
    "size_y": 48,
    "size_z": 5,
    "size_c": 2,
    "size_t": 1,
    "total_size_in_bytes": 30720,
    "voxel_physical_size_x": 1.1e-07,
    "voxel_physical_size_y": 1.1e-07,
    "voxel_physical_size_z": 1.0,
}
MOUSE, LIGHT_SHEET = sample("Mus musculus", "mouse", "Embryos"), acquisition("light sheet microscopy")
WORM, CONFOCAL = (
    sample("Caenorhabditis elegans", "worm", "Adults", "NCBI:txid6239"),
    acquisition(
        "confocal microscopy", "obo:FBbi_00000251", protocol_description="Excited at 488 nm through a pinhole"
    ),
)
STUDIES = [
    study(
        1,
        "S-BIAD900001",
        "Mitosis in mouse embryos",
        {
            "title": "Light-sheet stacks",
            "description": "Every ten minutes",
            "image_count": 4,
            "file_reference_count": 12,
            "file_reference_size_bytes": 5000,
            "example_image_uri": [f"{RETIRED}/S-BIAD900001/t.png"],
            "biological_entity": [MOUSE],
            "acquisition_process": [LIGHT_SHEET],
            "annotation_process": [{"uuid": uuid(12), "title": "Nuclear masks"}],
        },
        author=[
            {
                "display_name": "Josiah Carberry",
                "orcid": "0000-0002-1825-0097",
                "contact_email": "j.carberry@example.org",
                "address": "1 Road",
                "affiliation": [
                    {"display_name": "EBI", "rorid": "https://ror.org/02catss52", "address": None}
                ],
                "role": ["first author"],
            }
        ],
        description="Cell division, <b>followed</b>; questions to lab@example.org",
        keyword=["mitosis"],
        related_publication=[
            {"doi": "https://doi.org/10.1234/Example", "pubmed_id": "12345678", "title": "An article"}
        ],
        grant=[{"id": "G-1", "funder": [{"display_name": "A Trust"}]}],
        see_also=[{"link": "https://github.com/example/code", "link_type": None}],
        doi="10.6019/S-BIAD900001",
    ),
    study(
        2,
        "S-BIAD900002",
        "Mitosis in worms",
        {"title": "Stacks", "biological_entity": [WORM], "acquisition_process": [CONFOCAL], "image_count": 1},
        licence="https://creativecommons.org/publicdomain/zero/1.0/",
        release_date="2019-05-06",
    ),
    study(
        3,
        "EMPIAR-90001",
        "FIB-SEM of a worm",
        {"biological_entity": [WORM], "acquisition_process": [acquisition("FIB-SEM", "FBbi:00050000")]},
    ),
    *(study(10 + n, f"S-BIAD80{n:04}", f"Mitosis, part {n}", keyword=["serial"]) for n in range(6)),
]
IMAGES = [
    image(101, "S-BIAD900001", "mitosis 1.tif", [MOUSE], [LIGHT_SHEET]),
    image(102, "S-BIAD900001", "mitosis 2.tif", [MOUSE], [LIGHT_SHEET], host=RETIRED),
    image(103, "S-BIAD900001", "mitosis 3.tif", [MOUSE], [LIGHT_SHEET], zarr=False),
    image(104, "S-BIAD900002", "mitosis in worms.tif", [WORM], [CONFOCAL], voxel_physical_size_x=0.00035),
    # The words of one study in a file of another: a search for the accession finds it, too.
    image(105, "S-BIAD900002", "as in S-BIAD900001.tif", [WORM], [CONFOCAL]),
    image(106, "EMPIAR-90001", "slices.tif", [WORM], [acquisition("FIB-SEM", "FBbi:00050000")]),
]
DOCUMENTED = {
    "query", "pagination.page", "pagination.page_size", "includeDerivedImages", "facet.organism",
    "facet.imaging_method", "facet.year", "facet.image_format", "total_size_in_bytes.lte", "voxel_physical_size_x.lt",
}  # fmt: skip


class Bia(Emulator):
    repository = "fairlab.repositories.bia:BiaRepository"
    apis: ClassVar = {"bia": "/search/v1", "bia-objects": "/api/v2"}
    question, known = "mitosis", "bia:S-BIAD900001"
    most = 3
    """Hits on one page, however many are asked for."""
    studies: list[dict[str, Any]] = STUDIES
    images: list[dict[str, Any]] = IMAGES

    def __init__(self) -> None:
        super().__init__()
        self.search_is_down = False
        self.route("GET", "/search/v1/fts", lambda asked: self.found(asked, self.studies, "dataset"))
        self.route(
            "GET", "/search/v1/fts/image", lambda asked: self.found(asked, self.images, "creation_process")
        )
        self.route("GET", "/api/v2/search/study/accession", self.by_accession)
        self.route("GET", "/api/v2/(study|image)/([0-9a-f-]{36})", self.object)
        self.route("GET", "/api/v2/study/([0-9a-f-]{36})/dataset", self.datasets)
        self.route("GET", "/api/v2/dataset/([0-9a-f-]{36})/image", self.images_of)
        self.route("GET", "/api/v2/image/([0-9a-f-]{36})/image_representation", self.copies)

    # ── search ──

    def found(self, asked: Asked, documents: list[dict[str, Any]], about: str) -> Any:
        if self.search_is_down:
            return Reply(content={"message": "no healthy upstream"}, status=503)
        page, size = asked.number("pagination.page", 1), asked.number("pagination.page_size", 50)
        if not 1 <= page <= 1000 or not 1 <= size <= 100:
            return Reply(content={"detail": [{"loc": ["query", "pagination.page_size"]}]}, status=422)
        size = min(size, self.most)
        hits = [one for one in documents if self._matches(one, asked, about)]
        shown = hits[(page - 1) * size : page * size]
        return {
            "hits": {
                "total": {"value": len(hits), "relation": "eq"},
                "max_score": 1.0,
                "hits": [{"_index": "i", "_id": one["uuid"], "_score": 1.0, "_source": one} for one in shown],
            },
            "facets": {"scientific_name": {"buckets": []}},
            "pagination": {"page": page, "page_size": size, "total_pages": -(-len(hits) // size)},
        }

    def _matches(self, one: dict[str, Any], asked: Asked, about: str) -> bool:
        told = [word for text in strings(one) for word in [*fold(text), ""]]
        phrase = " ".join(fold(asked.param("query")))
        organisms = {text.lower() for text in values(one[about], "scientific_name")}
        methods = {text.lower() for names in values(one[about], "imaging_method_name") for text in names}
        formats = {text.strip(".").lower() for text in values(one, "image_format")}
        year = str(one.get("release_date", ""))[:4]
        return (f" {phrase} " in f" {' '.join(told)} ".replace("  ", " | ") or not phrase) and all(
            name not in asked.params or bool({value.lower() for value in asked.params[name]} & stated)
            for name, stated in (
                ("facet.organism", organisms),
                ("facet.imaging_method", methods),
                ("facet.image_format", formats),
                ("facet.year", {year}),
            )
        )

    # ── objects ──

    def by_accession(self, asked: Asked) -> Any:
        return next(
            (bare(one) for one in self.studies if one["accession_id"] == asked.param("accession_id")), None
        )

    def object(self, asked: Asked) -> Any:
        known = self.studies if asked.groups[0] == "study" else self.images
        found = next((bare(one) for one in known if one["uuid"] == asked.groups[1]), None)
        return found or Reply(content={"detail": "Not found"}, status=404)

    def datasets(self, asked: Asked) -> Any:
        owner = next((one for one in self.studies if one["uuid"] == asked.groups[0]), {"dataset": []})
        return self._listed(asked, owner["dataset"])

    def images_of(self, asked: Asked) -> Any:
        own = next(s for s in self.studies if any(d["uuid"] == asked.groups[0] for d in s["dataset"]))
        files = f"/files/{own['accession_id']}/"
        return self._listed(
            asked, [bare(i) for i in self.images if files in i["representation"][0]["file_uri"][0]]
        )

    def copies(self, asked: Asked) -> Any:
        owner = next(one for one in self.images if one["uuid"] == asked.groups[0])
        return self._listed(asked, owner["representation"])

    @staticmethod
    def _listed(asked: Asked, whole: list[dict[str, Any]]) -> Any:
        if "page_size" not in asked.params:
            return Reply(content={"detail": [{"loc": ["query", "page_size"], "type": "missing"}]}, status=422)
        start = asked.param("start_from_uuid")
        begin = next((number + 1 for number, one in enumerate(whole) if one["uuid"] == start), 0)
        return whole[begin : begin + asked.number("page_size", 1)]


def bare(document: dict[str, Any]) -> dict[str, Any]:
    """An object without what the search nests in it."""
    return {k: v for k, v in document.items() if k not in ("dataset", "representation", "creation_process")}


def strings(value: Any) -> list[str]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if isinstance(value, str):
        return [value, *re.findall(r"[\w-]+", value)] if "://" in value else [value]
    return [text for part in parts for text in strings(part)]


def values(value: Any, name: str) -> list[Any]:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    own = [value[name]] if isinstance(value, dict) and name in value else []
    return [*own, *(found for part in parts for found in values(part, name))]
