"""From an address to a report: what is asked, how often, and that everything that opens can be assessed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr

import fairlab
from fairlab.errors import FormatError, NotFoundError, QueryError
from fairlab.fair.metrics import TESTS
from fairlab.fair.report import Report
from fairlab.record import Record
from tests.fair.good_image import crate
from tests.servers import Fault
from tests.stores import put_attributes, write_plate, write_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.servers import FaultServer

    Serve = Callable[..., FaultServer]


def _image(folder: Path, **options: Any) -> Path:
    write_store(folder / "a.zarr", **options)
    return folder / "a.zarr"


def test_an_image_is_assessed_over_http(tmp_path: Path, serve: Serve) -> None:
    place = _image(tmp_path)
    (place / "ro-crate-metadata.json").write_text(json.dumps(crate()))
    server = serve(tmp_path)
    report = fairlab.assess(f"{server.url}/a.zarr")
    assert isinstance(report, Report)
    for metric in (
        "A1-01",
        "A1-02",
        "A1-03",
        "I1-03",
        "I1-05",
        "I1-06",
        "R1.1-01",
        "R1.1-02",
        "F2-03",
        "F2-04",
    ):
        assert report.outcomes[metric].status == "pass", (metric, report.outcomes[metric])
    assert report.outcomes["F1-01"].evidence and report.kind == "image"
    assert Report.from_json(report.to_json()).outcomes == report.outcomes, "computed again, offline"


@pytest.mark.parametrize("name", ["nuclei", "plate"])
def test_samples_are_assessed(name: str) -> None:
    report = fairlab.assess(f"sample:{name}")
    assert isinstance(report, Report) and report.outcomes["A1-02"].status == "pass"
    assert report.outcomes["R1.1-01"].status == "pass" and report.outcomes["F1-01"].status == "fail", (
        "it is on loopback"
    )


def test_what_was_opened_is_assessed_from_where_it_was_read(tmp_path: Path) -> None:
    tree = fairlab.open_image(_image(tmp_path))
    for opened in (tree, tree["scale0"].to_dataset(), tree["scale0/image"]):
        report = fairlab.assess(opened)
        assert isinstance(report, Report) and report.outcomes["I1-05"].status == "pass"


def test_a_study_is_assessed_from_its_record_without_asking_for_pixels() -> None:
    report = fairlab.assess("idr:idr0062")
    assert isinstance(report, Report) and report.kind == "study" and report.probe is not None
    assert report.probe.answers.keys() == {"doi", "landing"}, "only whether they answer is asked"
    assert report.outcomes["A1-02"].status == "na" and report.outcomes["R1.1-01"].status == "pass"


def test_an_image_that_no_catalogue_lists_is_judged_with_the_study_that_its_address_names(
    tmp_path: Path, serve: Serve
) -> None:
    write_store(tmp_path / "S-BIAD634" / "copy.zarr", shape=(2, 64, 64), levels=1)
    report = fairlab.assess(f"{serve(tmp_path).url}/S-BIAD634/copy.zarr")
    assert isinstance(report, Report) and report.kind == "image" and report.target.endswith("/copy.zarr")
    license_ = report.description.best("citation.license")
    assert license_ is not None and license_.source.basis == "inferred"
    assert report.outcomes["R1.1-01"].status == report.outcomes["I1-05"].status == "pass"


def test_a_plate_is_judged_by_its_first_image(tmp_path: Path) -> None:
    write_plate(tmp_path / "p.zarr", axes="cyx", shape=(2, 8, 8))
    report = fairlab.assess(tmp_path / "p.zarr")
    assert isinstance(report, Report) and report.kind == "plate"
    for metric in ("I1-05", "A1-02", "A1-03", "R1.3-02"):
        assert report.outcomes[metric].status == "pass", (metric, report.outcomes[metric])


def test_nothing_there_is_a_bad_report_or_an_error_never_a_good_one(tmp_path: Path, serve: Serve) -> None:
    report = fairlab.assess(f"{serve(tmp_path).url}/none.zarr")
    assert isinstance(report, Report)
    assert report.outcomes["A1-01"].status == "fail" and report.outcomes["I1-01"].status in (
        "fail",
        "unknown",
    )
    with pytest.raises((NotFoundError, FormatError)):
        fairlab.assess(tmp_path / "none.zarr")
    with pytest.raises(NotFoundError):
        fairlab.assess("idr:nosuchstudy")
    with pytest.raises(QueryError):
        fairlab.assess(3)  # type: ignore[call-overload]


def test_a_server_that_does_not_answer_leaves_it_open(tmp_path: Path, serve: Serve) -> None:
    _image(tmp_path)
    server = serve(tmp_path)
    server.fault("ro-crate-metadata.json", Fault(status=503))
    with fairlab.set_options(timeout_s=1):
        report = fairlab.assess(f"{server.url}/a.zarr")
    assert isinstance(report, Report)
    assert report.outcomes["R1.1-01"].status == report.outcomes["F2-01"].status == "unknown"
    assert report.outcomes["I1-05"].status == "pass"


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b'{"@graph": 3}', b'{"@graph": [{"@id": "./"}]}'])
def test_a_broken_crate_is_a_fault_of_the_crate_only(tmp_path: Path, body: bytes) -> None:
    place = _image(tmp_path)
    (place / "ro-crate-metadata.json").write_bytes(body)
    report = fairlab.assess(place)
    assert isinstance(report, Report) and len(report.outcomes) == len(TESTS)
    assert report.outcomes["R1.3-01"].status == "fail" and report.outcomes["I1-05"].status == "pass"
    assert report.html() and str(report)


@pytest.mark.parametrize("over_http", [False, True])
def test_a_crate_alone_is_judged_by_what_it_says(tmp_path: Path, serve: Serve, over_http: bool) -> None:
    file = tmp_path / "ro-crate-metadata.json"
    file.write_text(json.dumps(crate()))
    report = fairlab.assess(f"{serve(tmp_path).url}/{file.name}" if over_http else file)
    assert isinstance(report, Report) and report.name == "Mitosis in HeLa cells"
    told = {
        metric: report.outcomes[metric].status for metric in ("R1.1-01", "F2-03", "F2-04", "A1-02", "R1-05")
    }
    assert told == {
        "R1.1-01": "pass",
        "F2-03": "pass",
        "F2-04": "pass",
        "A1-02": "unknown",
        "R1-05": "unknown",
    }


@pytest.mark.parametrize(
    ("content", "error"),
    [('{"organism": "mouse"}', QueryError), ("{", FormatError), ('{"zarr_format": 2}', FormatError)],
)
def test_a_document_that_describes_nothing_is_refused(tmp_path: Path, content: str, error: Any) -> None:
    file = tmp_path / "some.json"
    file.write_text(content)
    with pytest.raises(error, match=r"some\.json"):
        fairlab.assess(file)


def test_ome_xml_of_fifty_megabytes_is_named_and_never_held_against_the_image(tmp_path: Path) -> None:
    place = _image(tmp_path)
    (place / "OME").mkdir()
    with (place / "OME" / "METADATA.ome.xml").open("wb") as file:
        file.write(b'<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">')
        file.seek(50 * 1024 * 1024)
        file.write(b"</OME>")
    report = fairlab.assess(place)
    assert isinstance(report, Report) and report.probe is not None
    answer = report.probe.answers["ome-xml"]
    assert answer.text is None and "too-long" in (answer.error or "")
    assert report.outcomes["R1-03"].status == "unknown" and report.outcomes["I1-05"].status == "pass"


def test_a_poor_image_is_told_apart_from_a_good_one(tmp_path: Path) -> None:
    good, poor = _image(tmp_path), tmp_path / "b.zarr"
    (good / "ro-crate-metadata.json").write_text(json.dumps(crate()))
    write_store(poor, shape=(2, 64, 64), levels=1, name="")

    def worsen(attributes: dict[str, Any]) -> None:
        entry = attributes["multiscales"][0]
        for axis in entry["axes"]:
            axis.pop("unit", None)
        for level in entry["datasets"]:
            level["coordinateTransformations"] = [{"type": "scale", "scale": [1.0, 1.0, 1.0]}]
        attributes.pop("omero")

    document = json.loads((poor / "zarr.json").read_text())
    worsen(document["attributes"]["ome"])
    put_attributes(poor, {k: v for k, v in document["attributes"]["ome"].items() if k != "version"}, "0.5")
    better, worse = fairlab.assess(good), fairlab.assess(poor)
    assert isinstance(better, Report) and isinstance(worse, Report)
    assert worse.total.high < better.total.high and worse.total.low < better.total.low
    for metric in ("I1-05", "I1-06", "R1-02"):
        assert worse.outcomes[metric].status == "fail", (metric, worse.outcomes[metric])
    assert any("pixels" in fix.text for fix in worse.fixes)


@pytest.mark.parametrize(
    ("page", "status", "resolvable"), [("page.html", "pass", "yes"), ("gone.html", "fail", "no")]
)
def test_it_is_asked_whether_the_page_of_a_study_answers(
    tmp_path: Path, serve: Serve, page: str, status: str, resolvable: str
) -> None:
    (tmp_path / "page.html").write_text("<p>a study")
    url = f"{serve(tmp_path).url}/{page}"
    report = fairlab.assess(Record(id="x:1", kind="study", repository="X", title="Cells", landing_url=url))
    assert report.outcomes["F1-03"].status == status and report.row()["resolvable"] == resolvable
    assert report.kind == "study" and report.outcomes["A1-02"].status == "na"
    assert report.outcomes["R1-03"].status == "unknown", "a page that answers is no metadata that was read"
    assert Report.from_json(report.to_json()).outcomes == report.outcomes
    with pytest.raises(QueryError):
        report.predicted({"crate:0": "{}"})


def test_a_doi_that_cannot_be_asked_leaves_it_open() -> None:
    report = fairlab.assess(
        Record(id="x:1", kind="study", repository="X", title="Cells", doi="10.6019/S-BIAD7")
    )
    assert report.outcomes["F1-03"].status == "unknown", "tests are offline"


def test_a_saturated_image_is_found(tmp_path: Path) -> None:
    place = _image(tmp_path)
    group = zarr.open_group(place, mode="a")
    for _, array in group.arrays():
        array[...] = np.where(np.indices(array.shape)[-1] % 3, 65535, 7).astype("uint16")
    evidence = fairlab.assess(place).outcomes["R1-05"].evidence[0].text
    assert "not so: not saturated" in evidence and "not all alike" not in evidence
