from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlab.fair import Description
from fairlab.fair.crate_graph import crate_of
from fairlab.fair.crate_reader import facts, statements
from fairlab.licenses import license
from fairlab.record import Source
from tests.fair.documents import TEXTS, VALUES

if TYPE_CHECKING:
    from pathlib import Path

SOURCE = Source(document="ro-crate-metadata.json", retrieved_at="2026-01-01T00:00:00Z")
BY = "https://creativecommons.org/licenses/by/4.0/"
ROOT = {"@id": "./", "@type": "Dataset", "name": "A fly", "license": {"@id": BY}}
ACQUISITION = [
    {"@id": "#acquisition", "@type": "image_acquisition", "fbbi_id": {"@id": "obo:FBbi_00000243"}},
    {"@id": "#biosample", "@type": "biosample", "organism_classification": {"@id": "NCBI:txid7227"}},
]
STUDY: dict[str, Any] = {
    "@id": "https://x.org/study/S-BIAD1",
    "@type": ["Dataset"],
    "identifier": "S-BIAD1",
    "name": "Cells\n",
    "license": BY,
    "author": [{"@id": "https://orcid.org/0000-0002-1825-0097"}, {"@id": "#group"}],
    "publisher": {"@id": "#archive"},
    "about": [
        {"@id": "obo:NCBITaxon_9606"},
        {"@id": "#sample"},
        {"@id": "http://purl.obolibrary.org/obo/CLO_0007156"},
    ],
    "measurementMethod": [{"@id": "#growth"}, {"@id": "#imaging"}, {"@id": "obo:FBbi_00000251"}],
    "size": [{"@id": "#bytes"}, {"@id": "#files"}],
    "citation": [],
    "seeAlso": [{"@id": "https://doi.org/10.1371/journal.pbio.3000388"}, {"@id": "https://x.org/more"}],
    "keywords": ["."],
    "funder": [{"@id": "#grant"}],
}
OTHERS: list[dict[str, Any]] = [
    {"@id": "https://orcid.org/0000-0002-1825-0097", "@type": "Person", "name": "Ada Lovelace",
     "email": "ada@example.org", "affiliation": {"@id": "https://ror.org/02catss52"}},
    {"@id": "#group", "@type": "Organisation", "name": "The group <group@example.org>"},
    {"@id": "https://ror.org/02catss52", "@type": "Organization", "name": "An institute"},
    {"@id": "#archive", "@type": "Organization", "name": "An archive"},
    {"@id": "obo:NCBITaxon_9606", "@type": "Taxon", "scientificName": "Homo sapiens"},
    {"@id": "#sample", "@type": "BioSample", "name": ".", "description": "HT1080 cells",
     "taxonomicRange": {"@id": "obo:NCBITaxon_9606"}, "hasCellLine": "#line"},
    {"@id": "#line", "@type": "DefinedTerm", "name": "HT1080 cell", "identifier": "CLO:0004066"},
    {"@id": "http://purl.obolibrary.org/obo/CLO_0007156", "@type": "DefinedTerm", "name": "L1210 cell"},
    {"@id": "#growth", "@type": "LabProtocol", "name": "growth protocol", "description": "Warm.",
     "measurementTechnique": [{"@id": "http://www.ebi.ac.uk/efo/EFO_0003789"}]},
    {"@id": "#imaging", "@type": "LabProtocol", "name": "imaging", "description": "With light.",
     "labEquipment": "A microscope", "measurementTechnique": [{"@id": "obo:FBbi_00000251"}]},
    {"@id": "obo:FBbi_00000251", "@type": "DefinedTerm", "name": "confocal microscopy"},
    {"@id": "#bytes", "@type": "QuantitiveValue", "unitText": "bytes", "value": 7},
    {"@id": "#files", "@type": "QuantitativeValue", "unitCode": "obo:UO_0000189", "value": "5"},
    {"@id": "#grant", "@type": "Grant", "name": "A fund", "identifier": "R01"},
]  # fmt: skip


def crate(*entities: dict[str, Any], descriptor: str = "ro-crate-metadata.json") -> dict[str, Any]:
    about = {"@id": descriptor, "@type": "CreativeWork", "about": {"@id": entities[0]["@id"]}}
    return {"@context": "https://w3id.org/ro/crate/1.2/context", "@graph": [about, *entities]}


def read(document: Any) -> Description:
    return Description(statements=tuple(statements(document, source=SOURCE)))


def at(document: Any, pointer: str) -> Any:
    for step in filter(None, pointer.split("/")):
        document = document[
            int(step) if isinstance(document, list) else step.replace("~1", "/").replace("~0", "~")
        ]
    return document


def test_the_challenge_dialect() -> None:
    known = read(crate(ROOT, *ACQUISITION))
    assert known.get("citation.title") == "A fly" and known.get("citation.license")["spdx"] == "CC-BY-4.0"
    assert known.get("biosample.organism") == [{"label": "Drosophila melanogaster", "id": "NCBITaxon:7227"}]
    assert known.get("acquisition.method") == [{"label": "bright-field microscopy", "id": "FBbi:00000243"}]
    (method,) = known.statements_of("acquisition.method")
    assert (method.kind, method.raw, method.source.pointer) == (
        "crate",
        ["obo:FBbi_00000243"],
        "/@graph/2/fbbi_id",
    )
    assert method.source.retrieved_at == SOURCE.retrieved_at and method.source.document == SOURCE.document


@pytest.mark.parametrize("slot", ["obo:MI_1024", "NCIT_C182027", "obo:OBI_0003098"])
def test_terms_of_other_vocabularies_are_kept_as_methods(slot: str) -> None:
    ((method),) = read(crate(ROOT, {**ACQUISITION[0], "fbbi_id": {"@id": slot}})).get("acquisition.method")
    assert method["id"].replace(":", "_") == slot.removeprefix("obo:")


def test_the_dialect_of_studies() -> None:
    known = read(crate(STUDY, *OTHERS, descriptor="S-BIAD1-ro-crate-metadata.json"))
    assert known.to_dict() | {"provenance": None, "schema": None} == {
        "schema": None,
        "provenance": None,
        "identity": {
            "object_type": "study", "accession": "S-BIAD1", "landing_page": "https://x.org/study/S-BIAD1",
        },
        "citation": {
            "title": "Cells", "publisher": "An archive", "license": known.get("citation.license"),
            "creators": [
                {"name": "Ada Lovelace", "orcid": "0000-0002-1825-0097",
                 "affiliations": [{"name": "An institute", "ror": "https://ror.org/02catss52"}]},
                {"name": "The group"},
            ],
            "publications": [{"doi": "10.1371/journal.pbio.3000388"}],
            "links": ["https://x.org/more"],
            "funding": [{"funder": "A fund", "id": "R01"}],
        },
        "study": {"n_files": 5},
        "image": {"bytes": 7},
        "biosample": {
            "organism": [{"label": "Homo sapiens", "id": "NCBITaxon:9606"}],
            "cell_line": [{"label": "HT1080 cell", "id": "CLO:0004066"}],
            "description": ["HT1080 cells"],
            "biological_entity": [
                {"label": "HT1080 cell", "id": "CLO:0004066"}, {"label": "HT1080 cells"},
                {"label": "L1210 cell", "id": "CLO:0007156"},
            ],
        },
        "specimen": {"growth_protocol": ["Warm."]},
        "acquisition": {
            "method": [{"label": "confocal microscopy", "id": "FBbi:00000251"}],
            "parameters": ["With light."], "instrument": ["A microscope"],
        },
    }  # fmt: skip
    assert {one.kind for one in known.statements} == {"study-crate"} and not known.conflicts()


def test_the_dialect_of_submissions() -> None:
    known = read(
        crate(
            {"@id": "./", "@type": ["Dataset", "bia:Study"], "name": "S", "contributor": {"@id": "#a"},
             "description": "", "accessionId": "S-TEST1", "acknowledgement": None, "relatedPublication": {"@id": "#p"}},
            {"@id": "#a", "@type": "bia:Contributor", "displayName": "Ada", "role": ["imaging"],
             "contactEmail": "a@b.org"},
            {"@id": "#p", "@type": "bia:Publication", "title": "T", "pubmedId": "7", "yearPublished": 2020},
            {"@id": "#d", "@type": ["bia:Dataset", "Dataset"], "name": "Part", "description": "The part"},
            {"@id": "#t", "@type": ["Taxon", "bia:Taxon"], "scientificName": "Mus musculus", "commonName": "mouse"},
            {"@id": "#b", "@type": "bia:BioSample", "title": "B", "organismClassification": [{"@id": "#t"}],
             "biologicalEntityDescription": "heart", "intrinsicVariableDescription": ["wild type"],
             "growthProtocol": {"@id": "#g"}},
            {"@id": "#g", "@type": "bia:Protocol", "title": "Growing", "protocolDescription": "In milk."},
            {"@id": "#i", "@type": "bia:ImageAcquisitionProtocol", "protocolDescription": "Fast.",
             "imagingInstrumentDescription": "Scope", "imagingMethodName": ["confocal"],
             "fbbiId": ["obo:FBbi_00000251"]},
            {"@id": "#s", "@type": "bia:SpecimenImagingPreparationProtocol", "protocolDescription": "Fixed.",
             "signalChannelInformation": [{"@id": "#c"}]},
            {"@id": "#c", "@type": "bia:SignalChannelInformation", "channelLabel": "1",
             "channelContentDescription": "DAPI"},
            {"@id": "#m", "@type": "bia:AnnotationMethod", "protocolDescription": "By hand.", "methodType": ["counts"],
             "annotationCriteria": "all", "annotationCoverage": "half"},
            {"@id": "#k", "@type": "bia:ImageCorrelationMethod", "protocolDescription": "Aligned.",
             "fiducialsUsed": "beads", "transformationMatrix": "1 0"},
        )
    )  # fmt: skip
    assert {path: known.get(path) for path in sorted({one.path for one in known.statements})} == {
        "acquisition.instrument": ["Scope"],
        "acquisition.method": [{"label": "confocal microscopy", "id": "FBbi:00000251"}],
        "acquisition.parameters": ["Fast."],
        "annotation.coverage": ["half"],
        "annotation.criteria": ["all"],
        "annotation.method": ["By hand."],
        "annotation.type": ["counts"],
        "biosample.biological_entity": [{"label": "heart"}],
        "biosample.id": ["B"],
        "biosample.organism": [{"label": "Mus musculus"}],
        "biosample.variables.intrinsic": [{"value": "wild type"}],
        "citation.creators": [{"name": "Ada", "roles": ["imaging"]}],
        "citation.publications": [{"pmid": "7", "title": "T", "year": "2020"}],
        "citation.title": "S",
        "correlation.alignment": ["Aligned."],
        "correlation.fiducials": ["beads"],
        "correlation.transform": ["1 0"],
        "identity.accession": "S-TEST1",
        "identity.object_type": "study",
        "specimen.channels": [{"label": "1", "content": "DAPI"}],
        "specimen.growth_protocol": ["In milk."],
        "specimen.preparation": ["Fixed."],
        "study.component.description": "The part",
        "study.component.name": "Part",
    }


@pytest.mark.parametrize(
    "form",
    [
        "expanded",
        "prefixed",
        "nested",
        "no descriptor",
        "about without slash",
        "license entity",
        "author text",
    ],
)
def test_other_forms_say_the_same(form: str) -> None:
    schema = "http://schema.org/"
    document: Any = {
        "expanded": [
            {"@id": "./", "@type": [f"{schema}Dataset"], f"{schema}name": [{"@value": "A fly"}],
             f"{schema}license": [{"@id": BY}], f"{schema}author": [{"@value": "Ada"}]}
        ],
        "prefixed": crate({"@id": "./", "schema:name": "A fly", "schema:license": BY, "schema:creator": ["Ada"]}),
        "nested": {"@type": "Dataset", "name": "A fly", "license": {"@type": "CreativeWork", "@id": BY},
                   "author": {"@type": "Person", "displayName": "Ada"}},
        "no descriptor": {"@graph": [{"@id": "x.txt", "name": "no"}, {**ROOT, "author": "Ada"}]},
        "about without slash": {"@graph": [
            {"@id": "ro-crate-metadata.jsonld", "about": {"@id": "data"}}, {**ROOT, "@id": "data/", "author": "Ada"}]},
        "license entity": crate({**ROOT, "license": {"@id": "#l"}, "author": "Ada"},
                                {"@id": "#l", "name": "CC BY 4.0", "url": "somewhere"}),
        "author text": crate({**ROOT, "author": ["Ada <ada@example.org>", "ada@example.org"]}),
    }[form]  # fmt: skip
    known = read(document)
    assert (
        known.get("citation.title"),
        known.get("citation.license")["spdx"],
        known.get("citation.creators"),
    ) == (
        "A fly",
        "CC-BY-4.0",
        [{"name": "Ada"}],
    )


@pytest.mark.parametrize(
    "document",
    [None, 7, "text", [], {}, {"@graph": None}, {"@graph": ["x", 5, None]}, {"@graph": [{"@id": 5}]}, {"@context": "x"},
     {"@graph": [{"@id": "a.txt", "@type": "File", "name": "a file"}]}],
)  # fmt: skip
def test_what_is_no_crate_states_nothing(document: Any) -> None:
    assert statements(document, source=SOURCE) == [] and facts(document, source=SOURCE) == {}


def test_a_crate_of_another_profile_states_what_everybody_understands() -> None:
    run = crate(
        {
            **ROOT,
            "@type": "Dataset",
            "mentions": {"@id": "#run"},
            "mainEntity": {"@id": "flow.ga"},
            "keywords": "a, b",
        },
        {"@id": "#run", "@type": "CreateAction", "name": "a run", "instrument": {"@id": "flow.ga"}},
        {"@id": "flow.ga", "@type": ["File", "ComputationalWorkflow"], "name": "flow"},
    )
    known = read(run)
    assert {one.path for one in known.statements} == {
        "citation.title",
        "citation.license",
        "citation.keywords",
    }
    assert known.get("citation.keywords") == ["a", "b"]


def test_identifiers_go_where_they_belong() -> None:
    stated = ["10.6019/S-BIAD1", "idr0062", {"@id": "https://x.org/page"}, "sample:nuclei",
              {"@type": "PropertyValue", "value": "https://doi.org/10.17867/10000001"}]  # fmt: skip
    known = read(crate({**ROOT, "identifier": stated}))
    assert {one.value for one in known.statements_of("identity.doi")} == {
        "10.6019/S-BIAD1",
        "10.17867/10000001",
    }
    assert known.get("identity.accession") == "idr0062" and known.get("identity.uid") == "sample:nuclei"
    assert known.get("identity.landing_page") == "https://x.org/page"


def test_no_path_leads_out_of_the_crate() -> None:
    parts = [
        {"@id": one}
        for one in ("a.zarr/", "../b", "/etc/passwd", "file:///etc/passwd", "%2e%2e/c", "C:\\d", "#e")
    ]
    known = read(crate({**ROOT, "hasPart": [*parts, {"@id": "https://x.org/f"}], "thumbnailUrl": "../g.png"}))
    assert [one["target"] for one in known.get("relations")] == ["a.zarr", "https://x.org/f"]
    assert known.get("identity.thumbnail") is None


def test_no_contact_details_are_kept() -> None:
    text = "The group <group@example.org>"
    whole = read(
        crate({**STUDY, "name": text, "description": text, "license": text, "keywords": [text]}, *OTHERS)
    )
    assert "@example.org" not in whole.to_json()


@pytest.mark.parametrize(
    ("stated", "value"),
    [
        ({"datePublished": "2024-02-12T01:02:03Z"}, ("citation.date_published", "2024-02-12")),
        ({"datePublished": "soon"}, ("citation.date_published", None)),
        ({"description": "."}, ("citation.description", None)),
        ({"license": "see the paper"}, ("citation.license", {"name": "see the paper"})),
        ({"creditText": "Credit us"}, ("citation.attribution", "Credit us")),
        ({"funding": "A grant"}, ("citation.funding", [{"funder": "A grant"}])),
        ({"seeAlso": ["PMID: 7", "https://x.org"]}, ("citation.publications", [{"pmid": "7"}])),
        ({"contentSize": 7}, ("image.bytes", 7)),
    ],
)
def test_single_values(stated: dict[str, Any], value: tuple[str, Any]) -> None:
    assert read(crate(ROOT | stated)).get(value[0]) == value[1]


WORDS = st.sampled_from(sorted({key for one in (STUDY, ROOT, *ACQUISITION, *OTHERS) for key in one}))
HOSTILE = st.dictionaries(
    WORDS | TEXTS, VALUES | st.fixed_dictionaries({"@id": st.sampled_from(["./", "#x", "obo:FBbi_1"])})
)


@given(st.lists(HOSTILE, max_size=4), st.sampled_from(["./", "#x", "https://x.org/s"]))
@settings(max_examples=60)
def test_no_document_breaks_the_reader(entities: list[dict[str, Any]], identifier: str) -> None:
    document = crate({**ROOT, "@id": identifier}, *entities)
    known = read(document)
    known.to_json().encode()
    for one in known.statements:
        at(document, one.source.pointer)  # every pointer leads somewhere


@pytest.mark.parametrize("n", range(len(OTHERS)))
def test_a_dangling_reference_takes_only_itself_away(n: int) -> None:
    rest = [one for number, one in enumerate(OTHERS) if number != n]
    known, whole = read(crate(STUDY, *rest)), read(crate(STUDY, *OTHERS))
    assert known.get("citation.title") == "Cells"
    assert len(known.statements) >= len(whole.statements) - 3


def test_fields_of_a_record_know_their_place() -> None:
    document = crate(
        {**ROOT, "author": [{"@id": "#a"}], "license": "CC BY 4.0"}, {"@id": "#a", "name": "A. Author"}
    )
    found = facts(document, source=SOURCE)
    assert found["authors"][0] == ("A. Author",) and at(document, found["authors"][1].pointer) == {
        "@id": "#a"
    }
    assert found["license"][0] == BY and found["license_as_listed"][0] == "CC BY 4.0"
    assert set(found) == {"title", "authors", "license", "license_as_listed"}


def _examples(shared: Path) -> dict[str, dict[str, Any]]:
    expected = json.loads((shared / "metadata/examples/expected.json").read_text())["expected"]
    return {name: told for name, told in expected.items() if name.startswith("rocrate/")}


def test_real_crates_of_every_dialect(shared: Path) -> None:
    for name, told in _examples(shared).items():
        document = json.loads((shared / "metadata/examples" / name).read_text())
        graph, known = crate_of(document), read(document)
        assert graph.descriptor is not None and graph.root is not None
        assert (graph.descriptor.id, graph.root.id) == (told["descriptor"], told["root"]), name
        assert len(graph.entities) == told["n_entities"]
        assert known.get("citation.title") == told["title"].strip()
        license_of = known.best("citation.license")
        assert license_of is not None and license_of.raw == told["license_raw"]
        assert license_of.value["spdx"] == told["spdx"]
        for path, key in {"biosample.organism": "organisms", "acquisition.method": "methods"}.items():
            assert [one["id"].replace(":", "_") for one in known.get(path, [])] == told[key], name
        assert len(known.get("citation.creators", [])) == told["n_authors"]
        for one in known.statements:
            at(document, one.source.pointer)


def test_the_reader_agrees_with_the_library_where_that_can_read(shared: Path) -> None:
    rocrate = pytest.importorskip("rocrate.rocrate", reason="the second opinion needs rocrate")
    read_by_both = 0
    for name in _examples(shared):
        document = json.loads((shared / "metadata/examples" / name).read_text())
        try:
            other = rocrate.ROCrate(source=document)
        except (KeyError, ValueError):  # descriptors with a prefix are beyond it
            continue
        read_by_both += 1
        known = read(document)
        assert known.get("citation.title") == str(other.root_dataset["name"]).strip()
        stated = other.root_dataset.get("license")
        found = license(stated if isinstance(stated, str) else stated.id)
        assert found is not None and known.get("citation.license")["url"] == found.url
    assert read_by_both >= 3
