"""Every metric passes, fails and is unknown, each by one edit of a good image."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.fair import Description
from fairlab.fair.metric_set import METRIC_SET, metric_set
from fairlab.fair.metrics import OF_IMAGES, TESTS, evaluate
from fairlab.record import Record
from tests.fair.good_image import (
    LICENSE,
    URL,
    Case,
    answer,
    chunk,
    document,
    every,
    gone,
    good,
    local,
    nothing_asked,
    says,
    silent,
    text,
    unsaid,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fairlab.fair.outcome import Outcome

Edit = "Callable[[Case], None] | None"


def _ome(change: Callable[[dict[str, Any]], Any]) -> Callable[[Case], None]:
    return document("zarr.json", lambda value: change(value["attributes"]["ome"]))


def _entry(change: Callable[[dict[str, Any]], Any]) -> Callable[[Case], None]:
    return _ome(lambda ome: change(ome["multiscales"][0]))


def _root(change: Callable[[dict[str, Any]], Any]) -> Callable[[Case], None]:
    return document("crate:0", lambda crate: change(crate["@graph"][1]))


def _labels(source: dict[str, Any] | None) -> Callable[[Case], None]:
    return _ome(lambda ome: ome.update({"image-label": {"source": source} if source else {}}))


NO_CRATE = gone("crate:0")
NOT_READ = silent("crate:0")
ONLY_METHOD = unsaid("biosample.organism", "biosample.biological_entity")
NO_PID = unsaid("identity.doi", "identity.accession")
NC = {**LICENSE, "spdx": "CC-BY-NC-4.0", "commercial": False}
OWN = {"name": "ask the authors"}


def _only_of_the_zarr(case: Case) -> None:
    case.said = {key: value for key, value in case.said.items() if key[0] == "ngff"}


# metric: an edit that fails it (fully), and one that makes it unknown
FAILS_AND_UNKNOWN: dict[str, tuple[Callable[[Case], None], Callable[[Case], None]]] = {
    "F1-01": (local, nothing_asked),
    "F1-02": (NO_PID, every(NO_PID, NOT_READ)),
    "F1-03": (answer("landing", status=404), silent("landing")),
    "F1-04": (
        every(unsaid("identity.uid"), gone("ome-xml"), says("identity.url", "https://data.example.org/a.zarr")),
        every(unsaid("identity.uid"), silent("ome-xml"), says("identity.url", "https://data.example.org/a.zarr")),
    ),
    "F2-01": (
        every(_only_of_the_zarr, NO_CRATE, lambda case: setattr(case, "url", "/data/a.zarr")),
        every(unsaid("citation.date_published"), NOT_READ),
    ),
    "F2-02": (
        unsaid("citation.description", "citation.keywords"), every(unsaid("citation.keywords"), NOT_READ),
    ),
    "F2-03": (says("biosample.organism", [{"label": "human"}]), every(unsaid("biosample.organism"), NOT_READ)),
    "F2-04": (says("acquisition.method", [{"label": "confocal"}]), every(unsaid("acquisition.method"), NOT_READ)),
    "F2-05": (_only_of_the_zarr, every(unsaid("citation.license"), NOT_READ)),
    "F2-06": (
        every(unsaid("identity.thumbnail"), document("array:last", lambda array: array.update(shape=[2, 2000, 2000]))),
        every(unsaid("identity.thumbnail"), silent("array:last")),
    ),
    "F3-01": (every(unsaid("identity.url"), NO_CRATE), every(unsaid("identity.url"), NOT_READ)),
    "F3-02": (every(NO_CRATE, gone("ome-xml")), every(NOT_READ, gone("ome-xml"))),
    "F4-01": (every(_only_of_the_zarr, NO_CRATE), every(_only_of_the_zarr, says("identity.doi", "10.1/x", "crate"))),
    "F4-02": (every(NO_CRATE, unsaid("identity.landing_page")), NO_CRATE),
    "A1-01": (gone("zarr.json"), silent("zarr.json")),
    "A1-02": (chunk(decoded=False, error="Blosc: damaged"), lambda case: setattr(case, "chunk", None)),
    "A1-03": (gone("array:last"), silent("array:last")),
    "A1-04": (
        document("array:last", lambda array: array.update(shape=[2, 9000, 9000])), silent("array:last"),
    ),
    "A1-05": (lambda case: [answer(role, headers={})(case) for role in list(case.answers)] and None, local),
    "A1-06": (every(local, unsaid("access.level")), every(unsaid("access.level"), NOT_READ)),
    "A1.2-01": (says("identity.url", "http://data.example.org/a.zarr"), local),
    "A2-01": (every(_only_of_the_zarr, NO_CRATE), every(_only_of_the_zarr, NOT_READ)),
    "I1-01": (_entry(lambda entry: entry.pop("datasets")), silent("zarr.json")),
    "I1-02": (
        says("image.format.ngff_version", "next", "ngff"),
        every(unsaid("image.format.ngff_version"), silent("zarr.json")),
    ),
    "I1-03": (NO_CRATE, NOT_READ),
    "I1-04": (NO_CRATE, NOT_READ),
    "I1-05": (_entry(lambda entry: entry["axes"][2].pop("unit")), silent("zarr.json")),
    "I1-06": (document("array:last", lambda array: array.update(shape=[2, 200, 256])), silent("array:last")),
    "I1-07": (
        document("array:first", lambda array: array["codecs"].append({"name": "numcodecs.pickle"})),
        silent("array:first"),
    ),
    "I2-01": (
        every(ONLY_METHOD, says("acquisition.method", [{"label": "confocal", "id": "XYZ:1"}])),
        every(ONLY_METHOD, unsaid("acquisition.method"), NOT_READ),
    ),
    "I2-02": (
        every(ONLY_METHOD, says("acquisition.method", [{"label": "x", "id": "FBbi:00000242"}])),
        every(ONLY_METHOD, says("acquisition.method", [{"label": "new", "id": "FBbi:00099999"}])),
    ),
    "I2-03": (
        every(ONLY_METHOD, says("acquisition.method", [{"label": "two-photon", "id": "FBbi:00000253"}])),
        every(ONLY_METHOD, unsaid("acquisition.method"), NOT_READ),
    ),
    "I2-04": (
        says("acquisition.method", [{"label": "recorded image", "id": "FBbi:00000265"}]),
        every(unsaid("acquisition.method"), NOT_READ),
    ),
    "I2-05": (
        says("citation.title", "Light sheet images of a brain"),
        every(unsaid("acquisition.method"), NOT_READ),
    ),
    "I3-01": (unsaid("citation.publications"), every(unsaid("citation.publications"), NOT_READ)),
    "I3-02": (
        says("citation.creators", [{"name": "Ada Roe"}]),
        every(says("citation.creators", [{"name": "Ada Roe"}]), NOT_READ),
    ),
    "I3-03": (_labels(None), says("image.has_labels", True)),
    "I3-04": (says("citation.funding", [{"funder": "A fund"}]), every(unsaid("citation.funding"), NOT_READ)),
    "R1-01": (lambda case: case.said.clear(), NOT_READ),
    "R1-02": (
        says("image.channels", [{"label": "Channel 0"}, {"label": "1"}], "ngff"),
        every(unsaid("image.channels"), silent("zarr.json")),
    ),
    "R1-03": (
        every(
            unsaid("acquisition.instrument", "acquisition.objective", "acquisition.parameters"),
            says("image.channels", [{"label": "DAPI"}, {"label": "GFP"}], "ngff"),
        ),
        every(unsaid("acquisition.instrument"), silent("ome-xml")),
    ),
    "R1-04": (
        unsaid("image.bytes", "image.shape", "image.dtype", "image.format.name", "image.format.ngff_version"),
        every(unsaid("image.shape"), silent("array:first")),
    ),
    "R1-05": (
        chunk(std=0.0, min=0.0, max=0.0, mean=0.0, nan_share=0.5), chunk(decoded=False),
    ),
    "R1-06": (
        document("array:first", lambda array: array["codecs"].pop()),
        every(document("array:first", lambda array: array["codecs"].pop()), NOT_READ),
    ),
    "R1.1-01": (unsaid("citation.license"), every(unsaid("citation.license"), NOT_READ)),
    "R1.1-02": (
        every(unsaid("citation.license"), says("citation.license", OWN)), every(unsaid("citation.license"), NOT_READ),
    ),
    "R1.1-03": (
        every(unsaid("citation.license"), says("citation.license", OWN)), every(unsaid("citation.license"), NOT_READ),
    ),
    "R1.1-04": (
        every(unsaid("citation.license"), says("citation.license", OWN)), every(unsaid("citation.license"), NOT_READ),
    ),
    "R1.1-05": (says("citation.license", NC, "crate"), says("citation.license", OWN, "crate")),
    "R1.2-01": (
        every(
            unsaid("citation.creators", "citation.date_published", "identity.repository", "citation.publisher"),
        ),
        every(unsaid("citation.date_published"), NOT_READ),
    ),
    "R1.2-02": (_entry(lambda entry: entry.pop("metadata")), every(gone("ome-xml"), NOT_READ)),
    "R1.2-03": (lambda case: setattr(case, "pointers", False), lambda case: case.said.clear()),
    "R1.3-01": (NO_CRATE, NOT_READ),
    "R1.3-02": (
        document("zarr.json", lambda value: value.update(attributes={"mine": 1})),
        every(silent("zarr.json"), unsaid("image.format.name")),
    ),
}  # fmt: skip
NEVER_NOTHING = {"F2-05", "R1-05"}
"""Metrics of many parts: one edit takes some of them."""
PASSES: dict[str, Callable[[Case], None]] = {"I3-03": _labels({"image": "../../"})}
WHOLE: dict[str, Any] = {
    "study.type": [{"label": "high content screen", "id": "EFO:0007550"}],
    "citation.acknowledgement": "the imaging facility",
    "citation.links": ["https://example.org"],
    "study.component.name": "fixed cells",
    "study.component.description": "cells fixed at several times",
    "biosample.id": ["HeLa 1"],
    "biosample.variables.intrinsic": [{"name": "genotype", "value": "wild type"}],
    "biosample.variables.extrinsic": [{"name": "compound", "value": "nocodazole"}],
    "biosample.variables.experimental": [{"name": "time", "value": "16 h"}],
    "specimen.growth_protocol": ["in DMEM"],
    "specimen.experimental_status": ["treated"],
    "specimen.location": ["whole cell"],
    "specimen.channels": [
        {"index": n, "content": dye, "biological_entity": what, "contrast_mechanism": "fluorescence"}
        for n, (dye, what) in enumerate([("DAPI", "chromatin"), ("EGFP", "microtubule")])
    ],
    "acquisition.date": "2024-01-02",
    "image.extent": {axis: {"value": 512.0, "unit": "micrometer"} for axis in "yx"},
    "image.contrast_inversion": False,
    "image.qc": ["in focus"],
    "processing": [{"tool": "bioformats2raw", "version": "0.9"}],
    "relations": [{"type": "isBasedOn", "target": "a.czi"}],
}
PARTIAL: dict[str, tuple[Callable[[Case], None], float]] = {
    "F1-02": (unsaid("identity.doi"), 0.5),
    "F2-01": (unsaid("citation.date_published"), 5 / 6),
    "F2-02": (unsaid("citation.keywords"), 0.5),
    "F4-02": (_root(lambda root: root.pop("author")), 5 / 6),
    "A1-04": (document("array:last", lambda array: array.update(shape=[2, 2000, 2000])), 0.5),
    "A1-06": (unsaid("access.level"), 0.5),
    "I1-01": (_entry(lambda entry: entry.pop("name")), 0.75),
    "I1-02": (says("image.format.ngff_version", "0.3", "ngff"), 0.5),
    "I1-04": (_root(lambda root: root.update(fbbi_id="FBbi:00000251")), 0.9),
    "I2-01": (says("acquisition.method", [{"label": "confocal", "id": "XYZ:1"}]), 2 / 3),
    "I3-01": (says("citation.publications", [{"title": "On mitosis"}]), 0.5),
    "I3-02": (says("citation.creators", [{"name": "Ada Roe", "orcid": "0000-0002-1825-0097"}]), 0.5),
    "R1-02": (says("image.channels", [{"label": "DAPI"}, {"label": "GFP"}], "ngff"), 0.5),
    "R1-03": (unsaid("acquisition.objective"), 0.7),
    "R1-04": (unsaid("image.bytes"), 0.75),
    "R1-05": (chunk(mean=5000.0), 0.75),
    "R1.1-04": (every(says("citation.license", NC), says("citation.license", NC, "crate")), 0.5),
    "R1.2-01": (unsaid("citation.date_published"), 2 / 3),
    "R1.2-02": (gone("ome-xml"), 0.5),
    "R1.3-01": (_root(lambda root: [root.pop("about"), root.update(resultOf={"@id": "#a"})]), 0.5),
    "R1.3-02": (every(gone("zarr.json"), says("image.format.name", "OME-TIFF", "ngff")), 0.75),
}


def _outcome(metric: str, edit: Callable[[Case], None] | None = None) -> Outcome:
    case = good()
    if edit is not None:
        edit(case)
    return TESTS[metric](*case.both())


def test_the_set_is_whole() -> None:
    assert list(TESTS) == list(metric_set()) == list(FAILS_AND_UNKNOWN) and len(TESTS) == 54
    assert {metric.letter: 0.0 for metric in metric_set().values()}.keys() == set("FAIR")
    weights = {
        letter: sum(m.weight for m in metric_set().values() if m.letter == letter) for letter in "FAIR"
    }
    assert weights == {"F": 21.5, "A": 9.0, "I": 21.0, "R": 21.5}
    assert TESTS.keys() > OF_IMAGES
    assert METRIC_SET.startswith("fairlab-ome-zarr ")


@pytest.mark.parametrize("metric", sorted(TESTS.keys() - {"R1-01"}))
def test_a_good_image_passes(metric: str) -> None:
    outcome = _outcome(metric, PASSES.get(metric))
    assert (outcome.status, outcome.score, outcome.fix) == ("pass", 1.0, ""), outcome
    assert outcome.evidence


def test_all_of_rembi_passes_where_all_of_it_is_filled_in() -> None:
    case = good()
    case.said |= {("user", path): value for path, value in WHOLE.items()}
    outcome = TESTS["R1-01"](*case.both())
    assert (outcome.status, outcome.score) == ("pass", 1.0), outcome


@pytest.mark.parametrize("metric", TESTS)
def test_one_edit_makes_it_fail(metric: str) -> None:
    outcome = _outcome(metric, FAILS_AND_UNKNOWN[metric][0])
    assert outcome.status == ("partial" if metric in NEVER_NOTHING else "fail"), outcome
    assert outcome.evidence and all(one.text for one in outcome.evidence)
    assert outcome.fix.endswith("."), "a fault without advice"


@pytest.mark.parametrize("metric", TESTS)
def test_one_edit_makes_it_unknown(metric: str) -> None:
    outcome = _outcome(metric, FAILS_AND_UNKNOWN[metric][1])
    assert (outcome.status, outcome.score) == ("unknown", None), outcome
    assert outcome.evidence[0].text and outcome.fix


@pytest.mark.parametrize("metric", PARTIAL)
def test_some_are_met_in_part(metric: str) -> None:
    edit, score = PARTIAL[metric]
    outcome = _outcome(metric, edit)
    assert (outcome.status, outcome.score) == ("partial", pytest.approx(score, abs=1e-3)), outcome


def test_a_study_is_not_judged_by_pixels_that_it_has_not() -> None:
    record = Record(id="bia:S-BIAD7", kind="study", repository="BIA", accession="S-BIAD7", title="Mitosis")
    outcomes = evaluate(None, Description.of(record))
    assert {id_ for id_, one in outcomes.items() if one.status == "na"} >= OF_IMAGES
    assert outcomes["R1.1-01"].status == "fail", "all that a study has was read"
    assert outcomes["F1-02"].score == 0.5


def test_what_a_record_has_no_room_for_is_not_held_against_it() -> None:
    record = Record(id="bia:S-BIAD7", kind="study", repository="BIA", accession="S-BIAD7", title="Mitosis")
    outcomes = evaluate(None, Description.of(record))
    assert {outcomes[id_].status for id_ in ("R1-01", "R1-03", "F2-05")} == {"unknown"}
    assert outcomes["F2-02"].status == "fail"


def test_a_document_too_long_to_be_kept_leaves_open_what_it_says() -> None:
    long = answer("ome-xml", text=None, error="too-long: more than 8388608 bytes, which are not kept")
    outcome = _outcome("R1-03", every(unsaid("acquisition.instrument"), long))
    assert outcome.status == "unknown" and "too-long" in outcome.evidence[0].text


def test_an_image_of_a_catalogue_alone_leaves_much_open() -> None:
    record = Record(id="idr:idr0062/1.zarr", kind="image", repository="IDR", url="https://x.org/1.zarr")
    outcomes = evaluate(None, Description.of(record))
    assert outcomes["R1.1-01"].status == outcomes["A1-02"].status == outcomes["I1-01"].status == "unknown"
    assert outcomes["A1.2-01"].status == "pass"


@pytest.mark.parametrize("kind", ["plate", "bioformats2raw.layout"])
def test_of_a_group_the_image_that_was_looked_at_is_judged(kind: str) -> None:
    case = good()
    image = case.answers["zarr.json"]
    block = {"version": "0.5", kind: {"wells": []} if kind == "plate" else 3}
    group = {"zarr_format": 3, "node_type": "group", "attributes": {"ome": block}}
    text("zarr.json", json.dumps(group))(case)
    unread = {metric: TESTS[metric](*case.both()).status for metric in ("I1-05", "I1-06", "A1-03")}
    assert set(unread.values()) == {"unknown"}
    case.answers["image"] = image
    for metric in ("I1-05", "I1-06", "A1-03", "A1-04", "R1-05", "R1.3-02"):
        assert TESTS[metric](*case.both()).status == "pass", metric


def test_an_old_image_is_judged_by_its_own_form() -> None:
    """Zarr v2 keeps the attributes in a document of their own, without a key around them."""
    case = good()
    block = json.loads(case.answers["zarr.json"].text or "")["attributes"]["ome"]
    old = {"multiscales": [{**block["multiscales"][0], "version": "0.4"}], "omero": block["omero"]}
    case.answers[".zattrs"] = dataclasses.replace(
        case.answers["zarr.json"],
        url=f"{URL}/.zattrs",
        text=json.dumps(old),
    )
    gone("zarr.json")(case)
    says("image.format.ngff_version", "0.4", "ngff")(case)
    for metric in ("I1-01", "I1-02", "I1-05", "I1-06", "A1-01", "R1-02", "R1.2-02", "R1.3-02"):
        assert TESTS[metric](*case.both()).status == "pass", metric


def test_shards_are_read_in_part() -> None:
    case = good()
    inner = {"chunk_shape": [1, 64, 64], "codecs": [{"name": "bytes"}], "index_codecs": [{"name": "crc32c"}]}
    document("array:last", lambda array: array.update(
        shape=[2, 256, 256], chunk_grid={"name": "regular", "configuration": {"chunk_shape": [1, 8192, 8192]}},
        codecs=[{"name": "sharding_indexed", "configuration": inner}],
    ))(case)  # fmt: skip
    outcome = TESTS["A1-04"](*case.both())
    assert outcome.status == "pass" and "0.26 MB in 32 requests" in outcome.evidence[0].text


def test_a_chunk_that_is_not_stored_proves_nothing() -> None:
    assert _outcome("A1-02", chunk(decoded=False, missing=True)).status == "unknown"


@pytest.mark.parametrize("axis", [0, 1])
def test_the_smallest_level_may_be_rounded_to_a_whole_sample(axis: int) -> None:
    shape = [2, 256, 256]
    shape[axis + 1] += 1
    assert _outcome("I1-06", document("array:last", lambda array: array.update(shape=shape))).status == "pass"


@pytest.mark.parametrize(
    ("name", "edit"),
    [
        ("not all alike", chunk(std=0.0)),
        ("no NaN", chunk(nan_share=0.1)),
        ("not saturated", chunk(saturated_share=0.6)),
        ("inside the stated window", chunk(mean=5000.0)),
    ],
)
def test_each_fault_of_the_pixels_costs_a_quarter(name: str, edit: Callable[[Case], None]) -> None:
    outcome = _outcome("R1-05", edit)
    assert outcome.score == 0.75 and outcome.evidence[0].text.endswith(f"not so: {name}")


@pytest.mark.parametrize(("inside", "status"), [(["bytes", "crc32c"], "pass"), (["bytes"], "fail")])
def test_the_checksum_of_a_shards_index_says_nothing_of_its_pixels(inside: list[str], status: str) -> None:
    shard = {
        "chunk_shape": [1, 64, 64],
        "codecs": [{"name": name} for name in inside],
        "index_codecs": [{"name": "bytes"}, {"name": "crc32c"}],
    }
    codecs = [{"name": "sharding_indexed", "configuration": shard}]
    assert (
        _outcome("R1-06", document("array:first", lambda array: array.update(codecs=codecs))).status == status
    )
