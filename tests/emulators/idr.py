"""IDR as documented: its OMERO server, its search engine, its list of samples and its bucket."""

from __future__ import annotations

from typing import Any, ClassVar
from xml.sax.saxutils import escape

from tests.emulators import Asked, Reply
from tests.emulators.omero import OmeroServer, pixels

INFO = "idr.openmicroscopy.org/study/info"
BY = "CC BY 4.0 https://creativecommons.org/licenses/by/4.0/"
NC_ND = "CC BY-NC-ND 4.0 https://creativecommons.org/licenses/by-nc-nd/4.0/"
STUDIES: dict[tuple[str, int], tuple[str, list[list[str]]]] = {
    ("project", 801): (
        "idr0062-blin-nuclearsegmentation/experimentA",
        [
            ["Study Title", "Nuclei in dense tissue, found by their envelope"],
            ["Study Type", "3D"],
            ["Organism", "Mus musculus"],
            ["Imaging Method", "confocal microscopy"],
            ["Publication Title", "Segmenting nuclei in 3D"],
            ["Publication Authors", "Blin G, Sadurska D"],
            ["Publication DOI", "10.1371/journal.pbio.3000388 https://doi.org/10.1371/journal.pbio.3000388"],
            ["PubMed ID", "31398189 https://www.ncbi.nlm.nih.gov/pubmed/31398189"],
            ["Data DOI", "10.17867/10000128 https://doi.org/10.17867/10000128"],
            ["License", BY],
            ["Copyright", "Blin et al"],
            ["Release Date", "2019-06-17"],
            ["Contact E-mail", "demo@example.org"],
        ],
    ),
    ("screen", 202): (
        "idr0004-thorpe-rad52/screenA",
        [
            ["Study Title", "Nuclei of yeast: genes that change foci"],
            ["Organism", "Saccharomyces cerevisiae"],
            ["Imaging Method", "spinning disk confocal microscopy"],
            ["License", NC_ND],
            ["Release Date", "2015-10-06"],
        ],
    ),
    ("project", 51): (
        "idr0021-lawo-pericentriolarmaterial/experimentA",
        [
            ["Study Title", "Pericentriolar material, ordered <b>layer</b> by layer"],
            ["Organism", "Homo sapiens"],
            ["Imaging Method", "structured illumination microscopy (SIM)"],
            ["License", BY],
            ["Release Date", "2016-11-02"],
        ],
    ),
}
IMAGES: dict[int, tuple[str, dict[str, list[str]]]] = {
    1884807: (
        "idr0021-lawo-pericentriolarmaterial/experimentA",
        {"Gene Symbol": ["CDK5RAP2"], "Cell Line": ["HeLa"], "Organism": ["Homo sapiens"],
         "Channels": ["442:CENT2; 525:PCNT"], "Phenotype": ["protein localized to centrosome"]},
    ),
    1884808: (
        "idr0021-lawo-pericentriolarmaterial/experimentA",
        {"Gene Symbol": ["PCNT"], "Cell Line": ["HeLa"], "Organism": ["Homo sapiens"]},
    ),
    15573: (
        "idr0004-thorpe-rad52/screenA",
        {"Gene Symbol": ["ADE8"], "Organism": ["Saccharomyces cerevisiae"], "Phenotype": ["GFP localization: cytosol"]},
    ),
}  # fmt: skip
PLATES = {15573: 3551}
for _number in range(9001, 9026):
    STUDIES["project", _number] = (
        f"idr{_number}-demo-mitosis/experimentA",
        [
            ["Study Title", f"Mitosis, part {_number} of a long list"],
            ["Organism", "Danio rerio"],
            ["Imaging Method", "confocal microscopy"],
            ["License", BY],
            ["Release Date", "2019-01-01"],
        ],
    )
SITE = "https://livingobjects.ebi.ac.uk/idr"
TABLE = f"""\
OME-NGFF version,File Path,SizeX,SizeY,SizeZ,SizeC,SizeT,Axes,Wells,Fields,Keywords,\
License,Study,DOI,Date added,Representative Image ID,Thumbnail
0.1,{SITE}/zarr/v0.1/6001240.zarr,271,275,236,2,1,XYZCT,,,labels (0),CC BY 4.0,idr0062,,2020-11-04,6001240,
0.1,{SITE}/zarr/v0.1/1884807.zarr,256,256,1,3,1,XYZCT,,,,CC BY 4.0,idr0021,,2020-11-04,1884807,
0.4,{SITE}/zarr/v0.4/idr0062A/6001247.zarr,253,210,257,2,,XYZC,,,labels (0),CC BY 4.0,idr0062,,2022-05-11,6001247,
0.5,{SITE}/zarr/v0.5/idr0004/3551.zarr,672,510,10,2,1,XYZCT,96,4,,CC BY 4.0,idr0004,,2024-11-21,15573,
"""
BUCKET = (
    "zarr/v0.4/idr0062A/6001240.zarr/",
    "zarr/v0.4/idr0062A/6001247.zarr/",
    "zarr/v0.4/9836842.zarr/",
    "zarr/v0.4/idr9001A/1.zarr/",
    "zarr/v0.4/idr9002A/2.zarr/",
    "zarr/v0.5/idr0004/3551.zarr/",
    "share/ome2024-ngff-challenge/idr0004/a plate.zarr/",
    "share/ome2024-ngff-challenge/idr0004/nested/deep.zarr/",
    "share/ome2024-ngff-challenge/notes/x.zarr/",
)


class Idr(OmeroServer):
    repository = "fairlab.repositories.idr:IdrRepository"
    question, known, also = "mitosis", "idr:idr0062", ("idr:idr0004",)
    apis: ClassVar = {"idr": "", "idr-lists": "/lists", "idr-pixels": "/bucket"}

    def __init__(self) -> None:
        super().__init__()
        self.page_size = 1000
        """Hits of one page of the search engine."""
        self.max_keys = 1000
        """Prefixes of one page of the bucket's listing."""
        for (kind, number), (name, pairs) in STUDIES.items():
            self.containers[f"{kind}s"].append({"id": number, "name": name})
            self.notes[kind, number] = [(INFO, pairs)]
        # The same number as a screen and as a project, and a container that is only an umbrella.
        self.containers["projects"].append({"id": 202, "name": "idr0062-blin-nuclearsegmentation"})
        self.images[1884807] = {
            "Name": "CDK5RAP2_SIR.dv",
            "Pixels": pixels(256, 256, c=3, channels=("CENT2", None, "PCNT")),
        }
        self.notes["image", 1884807] = [
            (
                f"openmicroscopy.org/mapr/{key}",
                [[name, value] for name, values in found.items() for value in values],
            )
            for key, found in (("gene", IMAGES[1884807][1]),)
        ]
        engine = "/searchengine/api/v1/resources"
        self.route("GET", rf"{engine}/(image|project|screen)/search/", self.found)
        self.route("POST", rf"{engine}/submitquery/", self.submitted)
        self.route("POST", rf"{engine}/submitquery_returncontainers/", self.submitted_for_containers)
        self.route("GET", r"/lists/table.csv", lambda _: TABLE)
        self.route("GET", r"/bucket", self.bucket)

    # ── search engine ────────────────────────────────────────────────────────────────────────────────

    def found(self, asked: Asked) -> Any:
        clause = {
            "name": asked.param("key"),
            "value": asked.param("value"),
            "operator": asked.param("operator", "equals"),
        }
        if "case_sensitive" in asked.params:
            return self._answer([], asked.groups[0], None)
        if asked.groups[0] == "image":
            bookmark = asked.number("bookmark", -1)
            return self._images([[clause]], bookmark, containers=asked.param("return_containers") == "true")
        hits = [
            {
                "id": number,
                "name": name,
                "description": None,
                "key_values": [{"name": k, "value": v, "index": i} for i, (k, v) in enumerate(pairs)],
                "data_source": "idr",
            }
            for (kind, number), (name, pairs) in STUDIES.items()
            if kind == asked.groups[0] and _meets(_by_key(pairs), clause)
        ]
        return self._answer(hits, asked.groups[0], None)

    def submitted(self, asked: Asked) -> Any:
        return self._submitted(asked, containers=False)

    def submitted_for_containers(self, asked: Asked) -> Any:
        return self._submitted(asked, containers=True)

    def _submitted(self, asked: Asked, *, containers: bool) -> Any:
        query = asked.json
        details = query["query_details"]
        if "case_sensitive" in details:
            return self._answer([], "image", None)
        groups = [[one] for one in details.get("and_filters", [])] + details.get("or_filters", [])
        return self._images(groups, (query.get("bookmark") or [-1])[0], containers=containers)

    def _images(self, groups: list[list[dict[str, str]]], after: int, *, containers: bool) -> Any:
        matching = sorted(
            number
            for number, (_, stated) in IMAGES.items()
            if all(any(_meets(stated, clause) for clause in group) for group in groups)
        )
        if containers:
            counts: dict[str, int] = {}
            for number in matching:
                counts[IMAGES[number][0]] = counts.get(IMAGES[number][0], 0) + 1
            kinds = {name: kind for (kind, _), (name, _) in STUDIES.items()}
            hits = [{"name": name, "type": kinds[name], "image count": n} for name, n in counts.items()]
            return self._answer(hits, "image", None)
        left = [number for number in matching if number > after]
        page = left[: self.page_size]
        hits = [self._hit(number) for number in page]
        return self._answer(hits, "image", [page[-1]] if page else None, size=len(matching))

    @staticmethod
    def _hit(number: int) -> dict[str, Any]:
        container, stated = IMAGES[number]
        screen = "/screen" in container
        return {
            "id": number,
            "name": None if screen else f"image {number}",
            "project_name": None if screen else container,
            "screen_name": container if screen else None,
            "dataset_name": None,
            "plate_id": PLATES.get(number),
            "key_values": [{"name": k, "value": v, "index": 0} for k, vs in stated.items() for v in vs],
            "data_source": "idr",
        }

    def _answer(
        self, hits: list[dict[str, Any]], resource: str, bookmark: Any, *, size: int | None = None
    ) -> Any:
        size = len(hits) if size is None else size
        pages = -(-size // self.page_size)
        results: Any = {"results": hits, "bookmark": bookmark, "size": size, "total_pages": pages, "page": 1}
        return {
            "notice": "",
            "Error": "none",
            "query_details": {},
            "resource": resource,
            "results": results if hits else [],
        }

    # ── bucket ───────────────────────────────────────────────────────────────────────────────────────

    def bucket(self, asked: Asked) -> Any:
        if asked.param("list-type") != "2":
            return Reply(
                content="<Error><Code>AccessDenied</Code></Error>", status=403, type="application/xml"
            )
        prefix = asked.param("prefix")
        below = [key.removeprefix(prefix) for key in BUCKET if key.startswith(prefix)]
        steps = sorted({f"{prefix}{key.split('/')[0]}/" for key in below if key})
        start = asked.number("continuation-token", 0)
        page, rest = steps[start : start + self.max_keys], steps[start + self.max_keys :]
        more = f"<NextContinuationToken>{start + self.max_keys}</NextContinuationToken>" if rest else ""
        content = (
            '<?xml version="1.0" encoding="UTF-8"?>'
            f'<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>idr</Name>'
            f"<Prefix>{escape(prefix)}</Prefix><IsTruncated>{str(bool(rest)).lower()}</IsTruncated>{more}"
            + "".join(f"<CommonPrefixes><Prefix>{escape(step)}</Prefix></CommonPrefixes>" for step in page)
            + "</ListBucketResult>"
        )
        return Reply(content=content, type="application/xml")


def _by_key(pairs: list[list[str]]) -> dict[str, list[str]]:
    return {key: [v for k, v in pairs if k == key] for key, _ in pairs}


def _meets(stated: dict[str, list[str]], clause: dict[str, str]) -> bool:
    values = next((v for k, v in stated.items() if k.casefold() == clause["name"].casefold()), [])
    wanted = clause["value"].casefold()
    if clause["operator"] == "contains":
        return any(wanted in value.casefold() for value in values)
    return any(wanted == value.casefold() for value in values)
