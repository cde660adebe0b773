from __future__ import annotations

import json
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlab.fair import Answer, Description, Probe
from fairlab.fair.record_builder import describe
from fairlab.ngff.omexml import parse
from fairlab.record import Record, Source
from fairlab.terms import Term
from tests.fair.documents import TEXTS, VALUES

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.fair.statement import Statement

URL = "https://x.org/study/a.zarr"
BY = "https://creativecommons.org/licenses/by/4.0/"
OME: dict[str, Any] = {
    "version": "0.5",
    "multiscales": [
        {
            "name": "cells",
            "type": "gaussian",
            "metadata": {"method": "skimage.transform.pyramid", "version": "1", "kwargs": {"sigma": 1}},
            "axes": [
                {"name": "c", "type": "channel"},
                {"name": "y", "type": "space", "unit": "micrometer"},
                {"name": "x", "type": "space", "unit": "nanometer"},
            ],
            "datasets": [
                {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [1, 0.5, 250]}]}
            ],
        }
    ],
    "omero": {
        "channels": [
            {"label": "DAPI", "color": "0000FF", "window": {"start": 0, "end": 9}, "inverted": False}
        ]
    },
}
ARRAY: dict[str, Any] = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": [1, 40, 60],
    "data_type": "uint16",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [1, 32, 32]}},
    "codecs": [
        {"name": "sharding_indexed",
         "configuration": {"chunk_shape": [1, 16, 16], "codecs": [{"name": "bytes"}, {"name": "zstd"}]}}
    ],
}  # fmt: skip
CRATE = {
    "@graph": [
        {"@id": "ro-crate-metadata.json", "about": {"@id": "./"}},
        {"@id": "./", "@type": "Dataset", "name": "A fly", "license": {"@id": BY}},
        {"@id": "#b", "@type": "biosample", "organism_classification": {"@id": "NCBI:txid7227"}},
    ]
}
XML = """<OME Creator="a program" UUID="urn:uuid:1"><Rights><RightsHolder>A group</RightsHolder></Rights>
 <Experimenter ID="Experimenter:0" LastName="Hidden" Email="hidden@example.org"/>
 <Instrument ID="Instrument:0"><Microscope Manufacturer="Maker" Model="M1" Type="Inverted" SerialNumber="S-1"/>
  <Laser Manufacturer="L" Model="L1" SerialNumber="S-2"/><Detector Model="D1" Type="CCD"/>
  <Objective ID="Objective:0" Model="60x" NominalMagnification="60" LensNA="1.4" Immersion="Oil"/>
  <Objective ID="Objective:1" Model="20x"/></Instrument>
 <Image ID="Image:0" Name="scan"><AcquisitionDate>2010-02-23T12:51:30</AcquisitionDate>
  <Description>Some cells</Description><ExperimenterRef ID="Experimenter:0"/><InstrumentRef ID="Instrument:0"/>
  <ObjectiveSettings ID="Objective:0"/>
  <Pixels Type="uint16" SizeX="60" SizeY="40" SizeC="1" SizeZ="1" SizeT="1" PhysicalSizeX="0.25" PhysicalSizeY="0.5">
   <Channel ID="Channel:0" Name="DAPI" Fluor="DAPI" ExcitationWavelength="405" EmissionWavelength="0.45"
    EmissionWavelengthUnit="µm" AcquisitionMode="LaserScanningConfocalMicroscopy" ContrastMethod="Fluorescence"
    IlluminationType="Epifluorescence"/></Pixels>
  <AnnotationRef ID="Annotation:0"/></Image>
 <StructuredAnnotations><MapAnnotation ID="Annotation:0"><Value><M K="Gene Symbol">CDK1</M><M K="Cell Line">HeLa</M>
  <M K="Operator">Hidden</M><M K="Contact">hidden@example.org</M><M K="Mood">good</M></Value></MapAnnotation>
  <MapAnnotation ID="Annotation:1"><Value><M K="Gene Symbol">other image</M></Value></MapAnnotation>
 </StructuredAnnotations></OME>"""
STUDY = Record(
    id="bia:S-BIAD1", kind="study", repository="BIA", accession="S-BIAD1", title="A study", description="Its text",
    license="https://creativecommons.org/publicdomain/zero/1.0/", doi="10.6019/S-BIAD1", bytes=7, thumbnail_url="https://t",
    organism=(Term(label="Drosophila", id="NCBITaxon:7215"),),
    sources={"*": Source(document="https://api.example/S-BIAD1", retrieved_at="2026-01-01T00:00:00Z")},
)  # fmt: skip
IMAGE = Record(
    id="bia:S-BIAD1/a", kind="image", repository="BIA", accession="S-BIAD1", url=URL, shape=(1, 40, 61),
    attributes={"Compound Name": ("water",)},
    sources={"*": Source(document="https://api.example/a", retrieved_at="2026-01-01T00:00:00Z")},
)  # fmt: skip


def bundle(**documents: Any) -> Probe:
    """A bundle of an image of 0.5; ``crate_0=…`` and the like replace or add documents."""
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": OME}}
    told = {
        "zarr.json": group,
        "array:first": ARRAY,
        **{role.replace("_", ":"): d for role, d in documents.items()},
    }
    keys = {"zarr.json": "zarr.json", "array:first": "0/zarr.json", "ome-xml": "OME/METADATA.ome.xml"}
    answers = {
        role: Answer(
            url=f"{URL}/{keys.get(role, role)}", status=200, text=d if isinstance(d, str) else json.dumps(d)
        )
        for role, d in told.items()
    }
    return Probe(url=URL, retrieved_at="2026-02-02T00:00:00Z", answers=answers)


def with_xml(xml: str = XML, **documents: Any) -> Probe:
    probe = bundle(**documents)
    answer = Answer(url=f"{URL}/OME/METADATA.ome.xml", status=200, text=xml)
    return Probe(url=URL, retrieved_at=probe.retrieved_at, answers={**probe.answers, "ome-xml": answer})


def test_what_attributes_and_arrays_say() -> None:
    known = describe(bundle())
    assert {path: known.get(path) for path in {one.path for one in known.statements}} == {
        "access.protocol": "https",
        "identity.url": URL,
        "identity.object_type": "image",
        "image.axes": [
            {"name": "c", "type": "channel"},
            {"name": "y", "type": "space", "unit": "micrometer"},
            {"name": "x", "type": "space", "unit": "nanometer"},
        ],
        "image.channels": [{"label": "DAPI", "color": "#0000FF", "window": [0.0, 9.0]}],
        "image.chunks": [1, 16, 16],
        "image.contrast_inversion": False,
        "image.dtype": "uint16",
        "image.extent": {
            "x": {"value": 15.0, "unit": "micrometer"},
            "y": {"value": 20.0, "unit": "micrometer"},
        },
        "image.format.codecs": ["sharding_indexed", "bytes", "zstd"],
        "image.format.name": "OME-Zarr",
        "image.format.ngff_version": "0.5",
        "image.format.zarr_format": 3,
        "image.kind": "intensities",
        "image.layout": "image",
        "image.levels": [{"path": "0", "scale": [1.0, 0.5, 250.0]}],
        "image.name": "cells",
        "image.scale": {
            "x": {"value": 0.25, "unit": "micrometer"},
            "y": {"value": 0.5, "unit": "micrometer"},
        },
        "image.shape": [1, 40, 60],
        "image.shards": [1, 32, 32],
        "processing": [{"tool": "skimage.transform.pyramid", "version": "1", "parameters": {"sigma": 1}}],
    }


def test_every_value_of_a_document_stands_where_its_pointer_says() -> None:
    probe = with_xml(crate_0=CRATE)
    for one in describe(probe).statements:
        assert one.source.retrieved_at == probe.retrieved_at and one.source.document.startswith(URL)
        if one.kind == "ome-xml":
            assert one.source.pointer.startswith("/OME/")
            continue
        roles = {"ngff": "zarr.json", "array": "array:first", "crate": "crate:0"}
        place = probe.document(roles[one.kind])
        for step in filter(None, one.source.pointer.split("/")):
            place = place[int(step) if isinstance(place, list) else step]
        if isinstance(one.value, str) and one.raw is None and one.path not in (
            "identity.url", "access.protocol", "identity.object_type", "image.layout", "image.format.name",
            "image.format.ngff_version", "image.kind",
        ):  # fmt: skip
            assert place == one.value


def test_what_ome_xml_says_and_nobody_who_worked_there() -> None:
    known = describe(with_xml())
    told = {one.path: one.value for one in known.statements if one.kind == "ome-xml"}
    assert told == {
        "acquisition.date": "2010-02-23T12:51:30",
        "acquisition.instrument": ["Maker M1 (Inverted)", "light source: L L1", "detector: D1 (CCD)"],
        "acquisition.method": [{"label": "laser scanning confocal microscopy"}],
        "acquisition.objective": [{"model": "60x", "magnification": 60.0, "na": 1.4, "immersion": "Oil"}],
        "acquisition.parameters": ["illumination: epifluorescence"],
        "biosample.attributes": {"Gene Symbol": ["CDK1"], "Cell Line": ["HeLa"], "Mood": ["good"]},
        "biosample.cell_line": [{"label": "HeLa"}],
        "biosample.variables.intrinsic": [{"name": "Gene Symbol", "value": "CDK1"}],
        "citation.description": "Some cells",
        "citation.rights_holder": "A group",
        "identity.uid": "urn:uuid:1",
        "image.channels": [
            {"label": "DAPI", "fluorophore": "DAPI", "excitation_nm": 405.0, "emission_nm": 450.0,
             "acquisition_mode": "LaserScanningConfocalMicroscopy", "contrast_method": "Fluorescence"}
        ],
        "image.dtype": "uint16",
        "image.name": "scan",
        "image.scale": {"x": {"value": 0.25, "unit": "micrometer"}, "y": {"value": 0.5, "unit": "micrometer"}},
        "image.shape": [1, 40, 60],
        "processing": [{"tool": "a program"}],
        "specimen.channels": [
            {"index": 0, "label": "DAPI", "content": "DAPI", "contrast_mechanism": "Fluorescence"}
        ],
    }  # fmt: skip
    text = known.to_json()
    assert "Hidden" not in text and "hidden@" not in text and "S-1" not in text and "S-2" not in text
    assert known.get("citation.creators") is None


def test_a_licence_in_ome_xml_is_a_licence_and_other_words_are_not() -> None:
    rights = XML.replace("<RightsHolder>A group</RightsHolder>", "<RightsHeld>CC BY 4.0</RightsHeld>")
    assert describe(with_xml(rights)).get("citation.license")["spdx"] == "CC-BY-4.0"
    assert describe(with_xml()).get("citation.license") is None


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<OME>",
        "<html/>",
        '<!DOCTYPE OME [<!ENTITY a "b">]><OME>&a;</OME>',
        XML.replace("OME", "OMX"),
        "<OME/>",
    ],
)
def test_ome_xml_that_cannot_be_read_takes_nothing_else_away(xml: str) -> None:
    known = describe(with_xml(xml))
    assert known.get("image.shape") == [1, 40, 60] and not [
        s for s in known.statements if s.kind == "ome-xml"
    ]


def test_clocks_that_were_never_set_state_no_date() -> None:
    for stated in ("0001-01-01T00:00:00", "-0005-01-01", "soon"):
        assert describe(with_xml(XML.replace("2010-02-23T12:51:30", stated))).get("acquisition.date") is None


def test_the_order_of_records_does_not_matter() -> None:
    probe, records = (
        with_xml(crate_0=CRATE),
        (STUDY, IMAGE, Record(id="x:1", kind="image", repository="X", title="T")),
    )
    first, *others = [describe(probe, *order).to_json() for order in permutations(records)]
    assert all(other == first for other in others)


def test_conflicts_between_documents_are_kept() -> None:
    known = describe(bundle(crate_0=CRATE), STUDY, IMAGE)
    assert set(known.conflicts()) == {"citation.license", "image.shape"}
    license, other = known.statements_of("citation.license")
    assert (license.kind, license.value["spdx"], license.source.basis) == ("api", "CC0-1.0", "inferred")
    assert (other.kind, other.value["spdx"], other.source.pointer) == (
        "crate",
        "CC-BY-4.0",
        "/@graph/1/license",
    )
    shape, listed = known.statements_of("image.shape")
    assert (shape.kind, shape.value, listed.kind, listed.value) == ("array", [1, 40, 60], "api", [1, 40, 61])


def test_what_a_study_states_is_inferred_of_its_image_and_nothing_that_is_the_studys_own() -> None:
    known = describe(bundle(), STUDY)
    assert known.get("identity.object_type") == "image" and known.get("identity.accession") == "S-BIAD1"
    assert known.get("image.bytes") is None and known.get("identity.thumbnail") is None
    assert known.get("study.title") == "A study" == known.get("citation.title")
    assert known.best("citation.title").source.basis == "inferred"  # type: ignore[union-attr]
    assert known.get("identity.doi") == "10.6019/S-BIAD1" and known.record().kind == "image"
    assert describe(None, STUDY) == Description.of(STUDY)
    assert describe(bundle(crate_0=CRATE), STUDY).get("citation.title") == "A fly"


def test_a_crate_above_is_about_the_whole() -> None:
    known = describe(bundle(crate_2=CRATE))
    about_it = [one for one in known.statements if one.kind == "crate" and not one.path.startswith("study.")]
    assert {one.source.basis for one in about_it} == {"inferred"}
    assert (
        known.get("study.title") == "A fly" and known.get("biosample.organism")[0]["id"] == "NCBITaxon:7227"
    )
    both = describe(bundle(crate_2=CRATE, crate_0=json.loads(json.dumps(CRATE).replace("7227", "9606"))))
    assert (
        both.get("biosample.organism")[0]["id"] == "NCBITaxon:9606"
        and "biosample.organism" in both.conflicts()
    )


@pytest.mark.parametrize(
    ("edit", "value"),
    [
        (lambda ome: ome["multiscales"][0]["axes"][1].pop("unit"), {"x": 0.25, "y": 0.5}),
        (
            lambda ome: (
                [axis.pop("unit", None) for axis in ome["multiscales"][0]["axes"]],
                ome["multiscales"][0]["datasets"][0]["coordinateTransformations"][0].update(scale=[1, 1, 1]),
            ),
            None,
        ),
    ],
)
def test_a_scale_of_one_without_a_unit_says_nothing(edit: Any, value: dict[str, float] | None) -> None:
    ome = json.loads(json.dumps(OME))
    edit(ome)
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": ome}}
    probe = bundle()
    answers = {**probe.answers, "zarr.json": Answer(url="u", status=200, text=json.dumps(group))}
    scale = describe(Probe(url=URL, retrieved_at="t", answers=answers)).get("image.scale")
    assert (scale and {axis: step["value"] for axis, step in scale.items()}) == value


def test_the_older_form_says_the_same() -> None:
    v2 = {
        "zarr_format": 2,
        "shape": [1, 40, 60],
        "dtype": ">u2",
        "chunks": [1, 8, 8],
        "compressor": {"id": "blosc"},
    }
    attributes = {**OME, "multiscales": [{**OME["multiscales"][0], "version": "0.4"}]}
    answers = {
        role: Answer(url=f"{URL}/{role}", status=200, text=json.dumps(document))
        for role, document in {
            ".zattrs": attributes,
            ".zgroup": {"zarr_format": 2},
            "array:first": v2,
        }.items()
    }
    known = describe(Probe(url=URL, retrieved_at="t", answers=answers))
    assert (known.get("image.dtype"), known.get("image.chunks"), known.get("image.format.codecs")) == (
        "uint16",
        [1, 8, 8],
        ["blosc"],
    )
    assert known.best("image.name").source.pointer == "/multiscales/0/name"  # type: ignore[union-attr]


def test_nothing_is_known_of_nothing() -> None:
    empty = Probe(url=URL, retrieved_at="t", answers={"zarr.json": Answer(url=URL, status=404)})
    assert {one.path for one in describe(empty).statements} == {"identity.url", "access.protocol"}
    assert describe(None) == Description()


WORDS = st.sampled_from(
    ["ome", "multiscales", "plate", "omero", "image-label", "version", "axes", "labels", "well"]
)
ATTRIBUTES = st.dictionaries(WORDS | TEXTS, VALUES | st.dictionaries(WORDS, VALUES, max_size=3), max_size=3)


@given(ATTRIBUTES, VALUES, TEXTS)
@settings(max_examples=40)
def test_no_document_breaks_the_builder(attributes: dict[str, Any], array: Any, xml: str) -> None:
    group = {"zarr_format": 3, "node_type": "group", "attributes": attributes}
    texts = {
        "zarr.json": json.dumps(group),
        "array:first": json.dumps(array),
        "ome-xml": xml,
        "crate:0": json.dumps(array),
    }
    answers = {role: Answer(url=role, status=200, text=text) for role, text in texts.items()}
    known = describe(Probe(url=URL, retrieved_at="t", answers=answers), STUDY)
    assert Description.from_json(known.to_json()) == known
    known.conflicts()
    known.record().to_json()


@given(st.lists(st.sampled_from([STUDY, IMAGE]), max_size=3))
def test_nothing_is_invented(records: list[Record]) -> None:
    known = describe(bundle(crate_0=CRATE), *records)
    alone = [describe(bundle(crate_0=CRATE)), *(describe(bundle(), one) for one in records)]
    said: list[Statement] = [one for part in alone for one in part.statements]
    assert all(one in said for one in known.statements)


def test_real_ome_xml(shared: Path) -> None:
    folder = shared / "metadata/examples"
    expected = json.loads((folder / "expected.json").read_text())["expected"]
    for name in [name for name in expected if name.startswith("omexml/")]:
        told, document = expected[name], parse((folder / name).read_bytes())
        first = document.images[0]
        assert {
            "images": len(document.images),
            "shape_first": {axis.upper(): size for axis, size in first.sizes.items()},
            "physical_x": first.spacing.get("x"),
            "channels_first": [channel.label for channel in first.channels],
            "experimenters": document.people,
            "instruments": len(document.instruments),
            "acquisition_dates": sum(image.acquired is not None for image in document.images),
            "plates": document.plates,
        } == {key: value for key, value in told.items() if key != "experimenters_with_name"}, name
        known = describe(with_xml((folder / name).read_text("utf-8")))
        assert "Smith" not in known.to_json()
