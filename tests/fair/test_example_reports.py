"""Real crates and OME-XML: the report judges what a reader should extract from them (``expected.json``)."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

import fairlab
from fairlab.fair import Answer
from fairlab.fair.report import Report
from tests.fair.good_image import URL, good

if TYPE_CHECKING:
    from pathlib import Path

CRATES = (
    "bia-submission_typical", "gide_BIA_S-BIAD1039", "gide_EXAMPLE-001", "gide_IDR_idr0160",
    "gide_SSBD_254-Seita-GrowthDyn", "ngff-challenge_fly", "ngff-challenge_proposal",
)  # fmt: skip


def _expected(shared: Path, start: str) -> tuple[str, dict[str, Any]]:
    folder = shared / "metadata" / "examples"
    whole = json.loads((folder / "expected.json").read_text("utf-8"))["expected"]
    name = next(name for name in whole if name.startswith(start))
    return (folder / name).read_text("utf-8"), whole[name]


def _with(role: str, text: str) -> Report:
    case = good()
    case.answers = {**case.answers, role: dataclasses.replace(case.answers[role], text=text)}
    for other in {"crate:0", "ome-xml"} - {role}:
        case.answers[other] = Answer(url=f"{URL}/{other}", status=404)
    return Report(target="an example", probe=case.both()[0])


@pytest.mark.parametrize("crate", CRATES)
def test_crates_are_judged_by_what_they_say(shared: Path, crate: str) -> None:
    text, expected = _expected(shared, f"rocrate/{crate}")
    report = _with("crate:0", text)
    outcomes = report.outcomes
    passed = {
        id_: outcomes[id_].status == "pass"
        for id_ in ("I1-03", "R1.1-01", "R1.1-02", "R1.1-03", "F2-03", "F2-04")
    }
    assert passed == {
        "I1-03": True,
        "R1.1-01": True,
        "R1.1-02": bool(expected["spdx"]),
        "R1.1-03": True,
        "F2-03": bool(expected["organisms"]),
        "F2-04": bool(expected["methods"]),
    }
    assert report.description.get("citation.license")["spdx"] == expected["spdx"]
    profile = outcomes["R1.3-01"].score
    assert profile == (0.5 if crate.startswith("ngff") else 1.0), outcomes["R1.3-01"]
    assert outcomes["I3-02"].score is not None and outcomes["F4-02"].score is not None
    assert Report.from_json(report.to_json()).outcomes == outcomes and report.html()


@pytest.mark.parametrize("crate", CRATES)
def test_a_crate_is_assessed_without_its_image(shared: Path, crate: str) -> None:
    _, expected = _expected(shared, f"rocrate/{crate}")
    (file,) = (shared / "metadata" / "examples" / "rocrate").glob(f"{crate}*")
    report = fairlab.assess(file)
    assert isinstance(report, Report)
    if report.kind == "study":
        assert report.total.value is not None and report.outcomes["I1-05"].status == "na"
    assert (report.outcomes["F2-03"].status == "pass") == bool(expected["organisms"])


def test_crates_of_the_challenge_lose_what_linked_data_would_need(shared: Path) -> None:
    text, _ = _expected(shared, "rocrate/ngff-challenge_fly")
    outcome = _with("crate:0", text).outcomes["I1-04"]
    assert outcome.status == "partial"
    assert "resultOf" in outcome.fix and "fbbi_id" in outcome.fix


def test_a_term_that_contradicts_the_text_is_found(shared: Path) -> None:
    text, _ = _expected(shared, "rocrate/ngff-challenge_fly")
    changed = text.replace("Light microscopy photo of a fly", "Light-sheet images of a fly").replace(
        "00000243", "00000251"
    )
    assert changed != text
    outcome = _with("crate:0", changed).outcomes["I2-05"]
    assert outcome.status == "fail" and "FBbi:00000369" in outcome.fix


@pytest.mark.parametrize(
    "name", ["instrument", "hcs", "spim", "timestampannotation", "bf2raw", "multi-channel"]
)
def test_ome_xml_is_judged_by_what_it_says(shared: Path, name: str) -> None:
    text, expected = _expected(shared, f"omexml/{name}")
    report = _with("ome-xml", text)
    instrument = "the instrument" not in report.outcomes["R1-03"].evidence[0].text
    assert instrument == bool(report.description.get("acquisition.instrument"))
    badges = {badge.id: badge for badge in report.badges}
    if expected["experimenters_with_name"]:
        assert badges["P-02"].state == "stop" and "person at ome-xml" in badges["P-02"].text
    for element in text.split("<"):
        if element.startswith(("Experimenter ", "OME:Experimenter ")) and 'LastName="' in element:
            last = element.partition('LastName="')[2].partition('"')[0]
            assert len(last) < 3 or last not in report.html(), "the audit shows places, never values"
