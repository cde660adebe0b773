"""GIDE as its source documents it: any of the words finds, fuzzy on nothing, filters by exact address, offsets."""

from __future__ import annotations

from typing import Any, ClassVar

from fairlab.terms import fold
from tests.emulators import Asked, Emulator, Reply

OBO = "http://purl.obolibrary.org/obo/"
BIA, IDR = "https://www.ebi.ac.uk/bioimage-archive/", "https://idr.openmicroscopy.org/"
SSBD = "https://ssbd.riken.jp/repository/"


def term(number: str, name: str, kind: str = "DefinedTerm") -> dict[str, Any]:
    extra = {"scientificName": name} if kind == "Taxon" else {}
    return {"id": number if "://" in number else f"{OBO}{number}", "type": [kind], **extra, "name": name}


def entry(page: str, name: str, **facts: Any) -> dict[str, Any]:
    """A study as the index has it; what is not said is of the least form that its schema allows."""
    return {
        "id": page,
        "type": ["Dataset"],
        "name": name,
        "author": [],
        "description": "",
        "datePublished": "2024-03-01",
        "license": "https://creativecommons.org/licenses/by/4.0/",
        "publisher": {"id": BIA, "type": ["Organization"], "name": "BioImage Archive"},
        "about": [],
        "measurementMethod": [],
        "thumbnailUrl": [],
        "identifier": page.rstrip("/").rpartition("/")[2],
        "keywords": [],
        "funder": [],
        "seeAlso": [],
        "size": [],
        **facts,
    }


def bia_page(accession: str) -> str:
    return f"https://www.ebi.ac.uk/biostudies/bioimages/studies/{accession}"


MOUSE = term("NCBITaxon_10090", "Mus musculus", "Taxon")
STUDIES = [
    entry(
        bia_page("S-BIAD900001"),
        "Mitosis in mouse embryos under a light sheet",
        author=[
            {
                "id": "https://orcid.org/0000-0002-1825-0097",
                "type": ["Person"],
                "name": "Josiah Carberry",
                "email": "j.carberry@example.org",
                "affiliation": [{"id": "https://ror.org/02catss52", "type": ["Organization"], "name": "EBI"}],
            }
        ],
        description="Cell division, <b>followed</b> for 48 h; questions to lab@example.org",
        about=[
            MOUSE,
            {
                "id": "#s",
                "type": ["BioSample"],
                "name": "embryo",
                "description": "",
                "taxonomicRange": [MOUSE],
            },
        ],
        measurementMethod=[term("FBbi_00000369", "SPIM")],
        thumbnailUrl=["https://uk1s3.embassy.ebi.ac.uk/bia-integrator-data/S-BIAD900001/i/t.png"],
        keywords=["mitosis"],
        seeAlso=[
            {"id": "https://doi.org/10.1234/example", "type": ["ScholarlyArticle"], "name": "An article"}
        ],
        size=[
            {"id": "#b", "type": ["QuantitiveValue"], "unitCode": f"{OBO}UO_0000233", "value": 1234},
            {"id": "#n", "type": ["QuantitiveValue"], "unitCode": f"{OBO}UO_0000189", "value": 7},
        ],
    ),
    entry(
        "https://idr.openmicroscopy.org/study/idr9001/",
        "Mitosis screen in HeLa cells",
        datePublished="2016-05-01",
        publisher={"id": IDR, "type": ["Organization"], "name": "Image Data Resource"},
        about=[
            term("NCBITaxon_9606", "Homo sapiens", "Taxon"),
            {
                "id": "#s",
                "type": ["BioSample"],
                "name": "cell",
                "description": "",
                "hasCellLine": [term("CLO_0003684", "HeLa cell")],
            },
        ],
        measurementMethod=[
            term("https://idr.openmicroscopy.org/study/idr9001/#00000251", "confocal microscopy"),
            term("http://www.ebi.ac.uk/efo/EFO_0003789", "growth protocol"),
        ],
    ),
    entry(
        "https://ssbd.riken.jp/repository/ssbd-repos-900001/",
        "Zebrafish heart development",
        license="https://creativecommons.org/licenses/by-nc/4.0/",
        publisher={"id": SSBD, "type": ["Organization"], "name": "SSBD:repository"},
        about=[
            term("https://www.ncbi.nlm.nih.gov/datasets/taxonomy/7955", "Danio rerio", "Taxon"),
            term("GO_0007507", "heart development"),
        ],
        keywords=["Zebrafish/genetics[major]"],
    ),
    entry(
        bia_page("EMPIAR-90001"),
        "FIB-SEM of a <script>alert('x')</script> cell \u202e",
        license="https://creativecommons.org/publicdomain/zero/1.0/",
        about=[term("NCBITaxon_6359", "Platynereis dumerilii", "Taxon")],
        measurementMethod=[term("FBbi_00050000", "FIB-SEM")],
    ),
    *(
        entry(bia_page(f"S-BIAD80{n:04}"), f"Mitosis in worms, part {n}", keywords=["serial"])
        for n in range(10)
    ),
]


class Gide(Emulator):
    repository = "fairlab.repositories.gide:GideRepository"
    apis: ClassVar = {"gide": "/search"}
    question, known = "mitosis", "bia:S-BIAD900001"
    most = 5
    """Studies on one page, however many are asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.studies = STUDIES
        self.route("GET", "/search/search", self.search)

    def search(self, asked: Asked) -> Any:
        size, offset = asked.number("size", 20), asked.number("offset", 0)
        if not 1 <= size <= 100:
            return Reply(
                content={"detail": [{"type": "less_than_equal", "loc": ["query", "size"]}]}, status=422
            )
        size = min(size, self.most)
        found = [study for study in self.studies if self._matches(study, asked)]
        hits = [{"id": study["id"], "entry": study, "score": 1.0} for study in found[offset : offset + size]]
        facets = {
            name: [] for name in ("publisher", "organism", "imaging_method", "year_published", "license")
        }
        return {"total": len(found), "hits": hits, "facets": facets}

    @staticmethod
    def _matches(study: dict[str, Any], asked: Asked) -> bool:
        words = set(fold(asked.param("q")))
        told = [study["name"], study["description"], *study["keywords"], study["identifier"].replace("-", "")]
        told += [person["name"] for person in study["author"]]
        told += [about["name"] for about in (*study["about"], *study["measurementMethod"])]
        text = {word for one in told for word in fold(one)} | set(fold(study["identifier"]))
        taxa = {one["id"] for one in study["about"] if "Taxon" in one["type"]}
        methods = {one["id"] for one in study["measurementMethod"] if one["id"].startswith(f"{OBO}FBbi_")}
        year = int(study["datePublished"][:4])
        return (
            (not words or bool(words & text))
            and all(
                name not in asked.params or bool(set(asked.params[name]) & stated)
                for name, stated in (
                    ("publisher", {study["publisher"]["id"]}),
                    ("organism", taxa),
                    ("imaging_method", methods),
                    ("license", {study["license"]}),
                )
            )
            and asked.number("year_from", 0) <= year <= asked.number("year_to", 9999)
        )
