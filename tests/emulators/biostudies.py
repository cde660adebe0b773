"""BioStudies as its clients describe it: estimated totals that drift, synonyms added, studies in PageTab."""

from __future__ import annotations

from typing import Any, ClassVar

from fairlab.terms import fold
from tests.emulators import Asked, Emulator, Reply


def attribute(name: str, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, **({} if value is None else {"value": value}), **more}


def section(kind: str, *attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": kind, "attributes": list(attributes), **more}


def hit(accession: str, title: str, content: str = "", **facts: Any) -> dict[str, Any]:
    return {
        "accession": accession,
        "type": "study",
        "title": title,
        "author": "Josiah Carberry",
        "links": 2,
        "files": 3,
        "release_date": "2024-03-01",
        "views": 5,
        "isPublic": True,
        "content": f"{accession} {title} {content}",
        **facts,
    }


STUDY = {
    "accno": "S-BIAD900001",
    "attributes": [
        attribute("Title", "Mitosis in mouse embryos"),
        attribute("ReleaseDate", "2024-03-01"),
        attribute("AttachTo", "BioImages"),
        attribute("DOI", "10.6019/S-BIAD900001"),
    ],
    "section": {
        "type": "Study",
        "attributes": [
            attribute("Description", "Cell division, <b>followed</b>; ask lab@example.org"),
            attribute("License", "CC BY 4.0"),
            attribute("Keyword", "mitosis"),
            attribute("Keyword", "embryo"),
            attribute("Nothing"),
        ],
        "links": [
            {"url": "EMPIAR-90001", "attributes": [attribute("Type", "empiar")]},
            [{"url": "https://github.com/example/code", "attributes": []}],
        ],
        "files": [[{"path": "readme.txt", "size": 10, "type": "file"}]],
        "subsections": [
            section(
                "author",
                attribute("Name", "Josiah Carberry"),
                attribute("ORCID", "0000-0002-1825-0097"),
                attribute("E-mail", "j.carberry@example.org"),
                attribute("Phone", "0123 456"),
                attribute("affiliation", "o1", reference=True),
            ),
            section("organization", attribute("Name", "EBI"), attribute("Address", "1 Road"), accno="o1"),
            section(
                "Publication",
                attribute("DOI", "https://doi.org/10.1234/Example"),
                attribute("Title", "Of mitosis"),
            ),
            section("Funding", attribute("Agency", "A Trust"), attribute("grant_id", "G-1")),
            [
                section(
                    "Biosample",
                    attribute("Biological entity", "Whole embryos"),
                    accno="Biosample-1",
                    subsections=[section("Organism", attribute("Scientific name", "Mus musculus"))],
                ),
                section(
                    "Image Acquisition",
                    attribute("Imaging Instrument", "A microscope"),
                    subsections=[
                        section(
                            "Imaging Method",
                            attribute("Ontology Value", "SPIM"),
                            attribute("Ontology Term ID", "FBbi:00000369"),
                        )
                    ],
                ),
            ],
            section("Annotations", attribute("Title", "Nuclear masks"), attribute("File List", "masks.json")),
            section("Study Component", attribute("Name", "Stacks"), attribute("File List", "stacks.tsv")),
        ],
    },
    "type": "submission",
}
OLDER = {
    "accno": "E-MTAB-90001",
    "attributes": [attribute("Title", "An older form"), attribute("DOI", "10.1101/2023.12.07.570699")],
    "section": section(
        "Study",
        attribute(
            "Organism",
            "Homo sapiens",
            valqual=[attribute("Ontology", "EFO"), attribute("TermId", "NCBITaxon_9606")],
        ),
        attribute("Organism", "Mus musculus (mouse)"),
        attribute("Imaging Method", "confocal microscopy"),
    ),
    "type": "submission",
}
STUDIES = {"S-BIAD900001": STUDY, "E-MTAB-90001": OLDER}
FILE_LISTS = {
    "stacks.json": [
        {"path": "stacks/embryo 1.ome.zarr.zip", "size": 123, "type": "file", "attributes": []},
        [{"path": "stacks/embryo 2.tif", "size": 456, "type": "file"}],
        {"path": "stacks", "size": 0, "type": "directory"},
    ],
    "masks.json": [{"path": "masks/1.ome.zarr.zip", "size": 7, "type": "file"}, {"size": 1}],
}
HITS = [
    hit("S-BIAD900001", "Mitosis in mouse embryos", "embryo division"),
    hit("S-BIAD900002", "Worms", "mitosis in adults", release_date="2019-05-06", author=""),
    # Found by a synonym: the word itself is not in it.
    hit("S-BIAD900003", "Karyokinesis in yeast"),
    *(hit(f"S-BIAD80{n:04}", f"Mitosis, part {n}") for n in range(6)),
]
SYNONYMS = {"mitosis": "karyokinesis"}


class BioStudies(Emulator):
    repository = "fairlab.repositories.biostudies:BioStudiesRepository"
    apis: ClassVar = {"biostudies": "/biostudies"}
    question, known = "mitosis", "bia:S-BIAD900001"
    most = 4
    """Hits on one page, however many are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.route("GET", "/biostudies/api/v1/BioImages/search", self.search)
        self.route("GET", r"/biostudies/api/v1/studies/([\w-]+)", self.study)
        self.route("GET", r"/biostudies/api/v1/studies/([\w-]+)/info", self.info)
        self.route(
            "GET", r"/biostudies/files/S-BIAD900001/(\w+\.json)", lambda asked: FILE_LISTS[asked.groups[0]]
        )

    def search(self, asked: Asked) -> Any:
        words = fold(asked.param("query"))
        wanted = [{word, SYNONYMS.get(word, word)} for word in words]
        found = [one for one in HITS if all(set(fold(one["content"])) & either for either in wanted)]
        page, size = asked.number("page", 1), min(asked.number("pageSize", 20), self.most)
        return {
            "page": page,
            "pageSize": size,
            # An estimate that is another one in every call.
            "totalHits": len(found) * 40 + len(self.log) if found else 0,
            "isTotalHitsExact": False,
            "sortBy": "relevance",
            "sortOrder": "descending",
            "suggestion": [],
            "expandedEfoTerms": [],
            "expandedSynonyms": [SYNONYMS[word] for word in words if word in SYNONYMS],
            "query": asked.param("query"),
            "facets": None,
            "hits": found[(page - 1) * size : page * size],
            "nextCursor": None,
            "tooManyExpansionTerms": False,
        }

    def study(self, asked: Asked) -> Any:
        return STUDIES.get(asked.groups[0]) or Reply(content={"errorMessage": "Study not found"}, status=404)

    def info(self, asked: Asked) -> Any:
        if asked.groups[0] != "S-BIAD900001":
            return Reply(content={"errorMessage": "Study not found"}, status=404)
        place = "fire/S-BIAD/001/S-BIAD900001"
        return {
            "files": 5,
            "httpLink": f"https://ftp.ebi.ac.uk/biostudies/{place}",
            "released": 1709251200000,
        }
