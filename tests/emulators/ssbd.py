"""SSBD as documented: its OMERO server, its knowledge base in SPARQL, the crates of its projects."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.emulators import Asked, Reply
from tests.emulators.omero import OmeroServer, pixels

OBO = "http://purl.obolibrary.org/obo/"
MOUSE = (f"{OBO}NCBITaxon_10090", "Mus musculus")
WORM = ("https://www.ncbi.nlm.nih.gov/datasets/taxonomy/6239", "C. elegans")
SHEET = (f"{OBO}FBbi_00000369", "light sheet microscopy")
ZARR = "https://ssbd.riken.jp/100118-dcacbb41/zarr/v0.4"
PROJECTS: dict[str, tuple[int, str, list[str], tuple[str, str] | None]] = {
    "48-Susaki-MouseBrainCUBIC": (
        101,
        "See details in Susaki et al. (2014)",
        ["Whole brain, cleared", "H2B"],
        MOUSE,
    ),
    "2-Kyoda-WormEmbryoRNAi": (1, "See details in Kyoda et al. (2013)", ["Embryo <i>in toto</i>"], WORM),
    "test project": (7, "not one of SSBD's names", [], None),
    **{
        f"{number}-Demo-CellDyn": (number, f"Mitosis dynamics, part {number}", [f"Mitosis {number}"], MOUSE)
        for number in range(9001, 9026)
    },
}
IMAGES = [
    {"zarr": f"{ZARR}/Fig3C_H2B-mCherry.zarr", "project": "48-Susaki-MouseBrainCUBIC", "title": "H2B",
     "license": "https://creativecommons.org/licenses/by/4.0/", "x": "2560", "y": "2160", "z": "709", "c": "1",
     "t": "1"},
    {"zarr": f"{ZARR}/wt-N2-030303-01.zarr", "label": "ssbd-ome-ngff-2-wt_N2_030303_01", "x": "600", "y": "600"},
    {"zarr": "https://dmss3gw.riken.jp/ssbd/zarr/v0.5/0b.zarr", "project": "9001-Demo-CellDyn", "title": "Mitosis"},
    {"zarr": "not an address", "project": "9001-Demo-CellDyn"},
]  # fmt: skip
CRATE = {
    "@graph": [
        {
            "@id": "48-Susaki-MouseBrainCUBIC-ro-crate-metadata.json",
            "@type": "CreativeWork",
            "about": {"@id": "https://ssbd.riken.jp/database/project/48-Susaki-MouseBrainCUBIC"},
        },
        {
            "@id": "https://ssbd.riken.jp/database/project/48-Susaki-MouseBrainCUBIC",
            "@type": "Dataset",
            "name": "A cleared brain of a mouse",
            "description": "Light sheet images of a whole brain.",
            "license": "https://creativecommons.org/licenses/by/4.0",
            "datePublished": "2016-03-01",
            "author": [{"@id": "#1"}],
            "email": "demo@example.org",
            "about": [{"@id": f"{OBO}NCBITaxon_10090"}],
            "measurementMethod": [{"@id": f"{OBO}FBbi_00000369"}],
        },
        {"@id": "#1", "@type": "Person", "name": "Etsuo Susaki", "email": "demo@example.org"},
    ]
}


class Ssbd(OmeroServer):
    repository = "fairlab.repositories.ssbd:SsbdRepository"
    question, known = "mitosis", "ssbd:48-Susaki-MouseBrainCUBIC"
    apis: ClassVar = {"ssbd": "/omero", "ssbd-sparql": "/endpoint", "ssbd-crates": "/crates"}

    def __init__(self) -> None:
        super().__init__("/omero")
        self.containers["projects"] = [
            {"id": number, "name": name, "description": description}
            for name, (number, description, _, _) in PROJECTS.items()
        ]
        self.images[25021] = {"Name": "img0000.ipm", "Pixels": pixels(600, 600, z=66)}
        self.notes["image", 25021] = [
            (
                "openmicroscopy.org/omero/client/mapAnnotation",
                [
                    ["License", "CC BY-NC-SA"],
                    ["Contactname", "A. Person"],
                    ["Contributers", "B. One, C. Two"],
                    ["Organism", "C. elegans"],
                    ["PubMedID", "23172286"],
                ],
            )
        ]
        self.route("GET", r"/endpoint", self.sparql)
        self.route("GET", r"/crates/(database|repository)/(.+)-ro-crate-metadata\.json", self.crate)

    def sparql(self, asked: Asked) -> Any:
        query = asked.param("query")
        rows = IMAGES if "has_s3_endpoint" in query else _studies()
        bindings = [
            {
                name: {"type": "uri" if "://" in value else "literal", "value": value}
                for name, value in row.items()
                if f"?{name} " in query
            }
            for row in rows
        ]
        return {
            "head": {"vars": sorted({name for row in rows for name in row})},
            "results": {"bindings": bindings},
        }

    def crate(self, asked: Asked) -> Any:
        if asked.groups == ("database", "48-Susaki-MouseBrainCUBIC"):
            return CRATE
        return Reply(content="404: Not Found", status=404, type="text/plain")


def _studies() -> list[dict[str, str]]:
    rows = []
    for name, (_, _, titles, organism) in PROJECTS.items():
        for title in titles:
            row = {"project": name, "title": title, "pmid": "23172286"}
            if organism:
                row |= {"organism": organism[0], "organismLabel": organism[1]}
            rows.append({**row, "method": SHEET[0], "methodLabel": SHEET[1]})
    return rows
