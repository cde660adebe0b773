"""EMPIAR as its clients describe it: one entry, all entries, the XML beside the files; and its copies at BIA."""

from __future__ import annotations

from typing import Any, ClassVar

from tests.emulators import Asked, Reply
from tests.emulators.bia import IMAGES, Bia


def entry(title: str, **facts: Any) -> dict[str, Any]:
    return {
        "imagesets": [image_set()],
        "workflow_file": None,
        "grant_references": [],
        "version_history": [],
        "title": title,
        "principal_investigator": [],
        "status": "REL",
        "deposition_date": "2020-01-02",
        "release_date": "2020-02-07",
        "obsolete_date": None,
        "update_date": "2020-02-07",
        "corresponding_author": {
            "author": {"name": "Carberry J", "author_orcid": None, "email": "j@example.org"}
        },
        "authors": [{"author": {"name": "Carberry J", "author_orcid": "0000-0002-1825-0097"}}],
        "cross_references": [{"name": "EMD-90001"}],
        "biostudies_references": [],
        "idr_references": [],
        "empiar_references": [],
        "citation": [],
        "dataset_size": "165.4 GB",
        "experiment_type": "FIB-SEM",
        "scale": "cell",
        "entry_doi": None,
        **facts,
    }


def image_set(**facts: Any) -> dict[str, Any]:
    return {
        "segmentations": [],
        "name": "Aligned slices",
        "directory": "data",
        "category": "reconstructed volumes",
        "header_format": "TIFF",
        "data_format": "TIFF",
        "num_images_or_tilt_series": 12,
        "frames_per_image": 1,
        "frame_range_min": None,
        "frame_range_max": None,
        "voxel_type": "UNSIGNED BYTE",
        "pixel_width": 50.0,
        "pixel_height": 50.0,
        "micrographs_file_pattern": "",
        "picked_particles_file_pattern": "",
        "picked_particles_directory": "",
        "details": "Cut with a <b>focused</b> ion beam; ask lab@example.org",
        "image_width": "5760",
        "image_height": "4092",
        **facts,
    }


ENTRIES = {
    "EMPIAR-90001": entry(
        "Mitosis in a worm",
        entry_doi="10.6019/EMPIAR-90001",
        citation=[{"title": "An article", "doi": "10.1234/example", "pubmedid": "12345678", "authors": []}],
        grant_references=[{"funding_body": "A Trust", "code": "G-1", "country": None}],
        empiar_references=["EMPIAR-90002"],
    ),
    "EMPIAR-90002": entry(
        "Ribosomes, multiframe",
        release_date="2024-05-06",
        experiment_type="EMDB",
        cross_references=["EMD-1", "EMD-2"],
        imagesets=[image_set(pixel_width="0.543", pixel_height=None), image_set(name="Second")],
    ),
    "EMPIAR-90003": entry("Mitosis, not yet released", status="HPUB", release_date=None),
}
XML = """<?xml version="1.0" encoding="UTF-8"?>
<entry xmlns="http://pdbe.org/empiar" accessionCode="EMPIAR-90001" public="true">
  <admin>
    <currentStatus>REL</currentStatus>
    <keyDates><depositionDate>2020-01-02</depositionDate><releaseDate>2020-02-07</releaseDate></keyDates>
    <title>Mitosis in a worm</title>
    <correspondingAuthor><email>j@example.org</email></correspondingAuthor>
    <authorsList><author authorORCID="0000-0002-1825-0097">Carberry J</author></authorsList>
    <datasetSize units="GB">165.4</datasetSize>
    <entryDOI>10.6019/EMPIAR-90001</entryDOI>
    <experimentType>FIB-SEM</experimentType>
  </admin>
  <crossReferences>
    <relatedEMDBEntries><emdbEntry>EMD-90001</emdbEntry></relatedEMDBEntries>
    <citationList><universalCitation><journalCitation>
      <title>An article</title>
      <externalReferences type="doi">10.1234/example</externalReferences>
      <externalReferences type="pubmed">12345678</externalReferences>
    </journalCitation></universalCitation></citationList>
  </crossReferences>
  <imageSet>
    <name>Aligned slices</name><category>reconstructed volumes</category>
    <numImagesOrTiltSeries>12</numImagesOrTiltSeries>
    <dimensions><pixelWidth>50.0</pixelWidth><pixelHeight>50.0</pixelHeight></dimensions>
    <details>Cut with a &lt;b&gt;focused&lt;/b&gt; ion beam; ask lab@example.org</details>
  </imageSet>
</entry>
"""


class Empiar(Bia):
    repository = "fairlab.repositories.empiar:EmpiarRepository"
    apis: ClassVar = {"empiar": "/empiar/api", "empiar-files": "/files", "empiar-copies": "/search/v1"}
    question, known = "mitosis", "empiar:EMPIAR-90001"
    turns = False
    images: ClassVar = IMAGES

    def __init__(self) -> None:
        super().__init__()
        self.entries_are_down = False
        self.xml = XML
        self.route("GET", "/empiar/api/entry/all/", lambda _: self.entry_or_all(ENTRIES))
        self.route("GET", r"/empiar/api/entry/([\w-]+)/", self.entry)
        self.route("GET", r"/files/(\d+)/(\d+)\.xml", self.header)

    def entry(self, asked: Asked) -> Any:
        accession = f"EMPIAR-{asked.groups[0].removeprefix('EMPIAR-')}"
        if accession not in ENTRIES:
            return self.entry_or_all(Reply(content={"detail": "no such entry"}, status=404))
        return self.entry_or_all({accession: ENTRIES[accession]})

    def entry_or_all(self, answer: Any) -> Any:
        return Reply(content="Bad gateway", status=502) if self.entries_are_down else answer

    def header(self, asked: Asked) -> Any:
        if asked.groups != ("90001", "90001"):
            return Reply(content="<h1>Not Found</h1>", status=404, type="text/html")
        return Reply(content=self.xml, type="application/xml")
