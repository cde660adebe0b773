from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlab import fair, terms
from fairlab.fair import Description
from fairlab.fair.term_checks import BROAD, judged, term_findings, too_broad
from fairlab.fair.term_suggestions import retired, suggest
from fairlab.fair.term_text import PRINCIPLES, contradicted, mentions
from fairlab.record import Record
from fairlab.terms import Term
from tests.fair.documents import STATEMENTS, told

if TYPE_CHECKING:
    from pathlib import Path

_GOOD = {
    "title": "Confocal stacks of zebrafish hearts",
    "organism": (Term(label="Danio rerio", id="NCBITaxon:7955"),),
    "imaging_method": (Term(label="confocal microscopy", id="FBbi:00000251"),),
}


def _report(**edit: Any) -> fair.TermReport:
    return fair.check_terms(Record(id="a:1", kind="image", repository="a", **{**_GOOD, **edit}))


def _status(report: fair.TermReport, check: Any, path: str = "acquisition.method") -> set[str]:
    return {one.status for one in report.of(check) if one.path == path}


def test_good_terms_pass_every_check() -> None:
    report = _report()
    assert report and {one.check for one in report.findings} == {
        "registered",
        "exists",
        "label",
        "specific",
        "text",
    }
    assert {one.status for one in report.findings} == {"pass"}
    assert report.share("exists") == 1


@pytest.mark.parametrize(
    ("edit", "check", "path", "status", "suggested"),
    [
        # registered
        ({"imaging_method": (Term(label="confocal", id="MYLAB:0001"),)}, "registered", "acquisition.method", "fail",
         "FBbi:00000251"),
        # exists
        ({"imaging_method": (Term(label="Alexa Fluor 488 actin fill", id="FBbi:00000096"),)}, "exists",
         "acquisition.method", "fail", "FBbi:00000095"),
        ({"imaging_method": (Term(label="wide field light micrograph", id="FBbi:00000242"),)}, "exists",
         "acquisition.method", "fail", "FBbi:00100013"),
        ({"imaging_method": (Term(label="confocal", id="FBbi:123456789"),)}, "exists", "acquisition.method", "fail",
         "FBbi:00000251"),
        ({"imaging_method": (Term(label="light sheet microscopy", id="FBbi:00999999"),)}, "exists",
         "acquisition.method", "unknown", "FBbi:00000369"),
        ({"organism": (Term(label="zebrafish", id="NCBITaxon:999999999"),)}, "exists", "biosample.organism", "unknown",
         "NCBITaxon:7955"),
        ({"organism": (Term(label="zebrafish"),)}, "exists", "biosample.organism", "unknown", "NCBITaxon:7955"),
        # label
        ({"imaging_method": (Term(label="two-photon", id="FBbi:00000253"),)}, "label", "acquisition.method", "fail",
         "FBbi:00000254"),
        ({"organism": (Term(label="Mus musculus", id="NCBITaxon:7955"),)}, "label", "biosample.organism", "fail",
         "NCBITaxon:10090"),
        # specific
        ({"imaging_method": (Term(label="recorded image", id="FBbi:00000265"),)}, "specific", "acquisition.method",
         "fail", "FBbi:00000251"),
        ({"imaging_method": (Term(label="light microscopy"),), "title": "LSFM of hearts"}, "specific",
         "acquisition.method", "fail", "FBbi:00000369"),
        # text
        ({"title": "Light-sheet images of hearts"}, "text", "acquisition.method", "fail", "FBbi:00000369"),
        ({"title": "Hearts", "description": "Imaged by STED."}, "text", "acquisition.method", "pass", None),
        ({"title": "Hearts", "description": "Serial block-face SEM volumes."}, "text", "acquisition.method", "fail",
         "FBbi:00000257"),
    ],
)  # fmt: skip
def test_each_check_has_a_term_that_fails_it(
    edit: dict[str, Any], check: Any, path: str, status: str, suggested: str | None
) -> None:
    report = _report(**edit)
    assert _status(report, check, path) == {status}
    found = next(one for one in report.of(check) if one.path == path)
    assert (suggested in [term.id for term in found.suggestions]) if suggested else not found.suggestions
    assert bool(report) is not any(one.status == "fail" for one in report.findings)


def test_one_specific_method_is_enough() -> None:
    broad, good = Term(label="light microscopy", id="FBbi:00000345"), Term(label="SPIM", id="FBbi:00000369")
    assert _status(_report(imaging_method=(broad, good), title=None), "specific") == {"pass"}


@pytest.mark.parametrize(
    "label",
    ["transmission electron microscopy (TEM)", "TEM", "Transmission Electron Microscopy", "transmission EM"],
)
def test_abbreviations_and_synonyms_are_the_same_label(label: str) -> None:
    told_ = list(term_findings("acquisition.method", {"label": label, "id": "FBbi:00000258"}))
    assert [one.status for one in told_ if one.check == "label"] == ["pass"]


@pytest.mark.parametrize("label", ["confocal microscopy (of our own)", "laser microscopy (CLSM)"])
def test_what_is_in_brackets_or_outside_is_enough(label: str) -> None:
    told_ = list(term_findings("acquisition.method", {"label": label, "id": "FBbi:00000251"}))
    assert [one.status for one in told_ if one.check == "label"] == ["pass"]


def test_terms_of_ontologies_that_are_not_carried_are_never_wrong() -> None:
    known = Description(
        statements=(told("biosample.biological_entity", [{"label": "heart", "id": "UBERON:0000948"}]),)
    )
    assert [(one.check, one.status) for one in judged(known).findings] == [("registered", "pass")]


def test_every_term_of_the_vocabularies_passes_by_itself() -> None:
    for path, vocabulary in (
        ("acquisition.method", terms.imaging_methods()), ("biosample.organism", terms.organisms()),
    ):  # fmt: skip
        for entry in vocabulary.entries.values():
            if entry.term.id and entry.term.id not in retired():
                value = {"label": entry.term.label, "id": entry.term.id}
                assert {one.status for one in term_findings(path, value)} == {"pass"}, value


def test_the_tables_fit_one_another() -> None:
    known = terms.imaging_methods()
    assert known.entries.keys() >= BROAD and set(PRINCIPLES) <= known.entries.keys()
    assert len(retired()) == 107
    for key, term in retired().items():
        assert key not in known.entries or key == "FBbi:00000000"
        assert all(one.id in known.entries for one in term.instead)
    # What is broad is above every principle by which images are made.
    assert all(not BROAD & {principle} for principle in PRINCIPLES)


def test_deprecated_terms_are_those_of_the_ontology(shared: Path) -> None:
    file = shared / "metadata" / "fbbi_terms.json"
    if not file.exists():
        pytest.skip(f"no {file}")
    stated = json.loads(file.read_text("utf-8"))
    gone = {one["id"].replace("_", ":"): one["label"] for one in stated["terms"] if one.get("deprecated")}
    assert {key: term.label for key, term in retired().items()} == gone
    assert {key.replace("_", ":") for key in stated["generic"]} <= BROAD


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("Light-sheet fluorescence microscopy (LSFM) of brains", ["Light-sheet fluorescence microscopy"]),
        ("stem cells in the palm of a hand, sim card", []),
        ("STEM and SIM", ["STEM", "SIM"]),
        ("FIB-SEM next to two-photon, SPIM", ["FIB-SEM", "two-photon", "SPIM"]),
        ("time lapse of fluorescence", []),
        ("", []),
    ],
)
def test_methods_that_a_text_names(text: str, written: list[str]) -> None:
    assert [one.written for one in mentions(text)] == written


@pytest.mark.parametrize(
    ("text", "key", "wrong"),
    [
        ("light sheet", "FBbi:00000251", True),  # confocal
        ("confocal", "FBbi:00000369", True),
        ("confocal", "FBbi:00000253", False),  # spinning disk: narrower
        ("spinning disk", "FBbi:00000251", False),  # broader
        ("confocal", "FBbi:00000246", False),  # fluorescence: broader
        ("confocal", "FBbi:00000345", False),  # light microscopy: broader, too
        ("confocal", "FBbi:00000367", False),  # FRET: on any microscope
        ("STED", "FBbi:00000251", False),  # on top of it
        ("SIM", "FBbi:00000369", False),
        ("DIC", "FBbi:00000246", False),  # beside it
        ("confocal", "FBbi:00000245", False),
        ("light sheet", "FBbi:00000364", False),  # its illumination
        ("TEM", "FBbi:00000257", True),  # SEM
        ("electron microscopy", "FBbi:00000257", False),
        ("electron microscopy", "FBbi:00000246", True),
        ("light and electron microscopy", "FBbi:00000246", False),  # another image
        ("STORM", "FBbi:00000258", True),
        ("electron microscopy", "FBbi:00000249", False),  # time lapse says nothing of it
        ("confocal and light sheet", "FBbi:00000369", False),
        ("nothing of it", "FBbi:00000251", False),
    ],
)
def test_what_a_text_contradicts(text: str, key: str, wrong: bool) -> None:
    assert contradicted(text, [key]) is wrong


def test_the_studies_of_the_archives_are_contradicted_seldom_and_rightly(shared: Path) -> None:
    file = shared / "metadata" / "examples" / "ngff_challenge" / "ssbd_samples.csv"
    if not file.exists():
        pytest.skip(f"no {file}")
    with file.open(encoding="utf-8", newline="") as stream:
        samples = list(csv.DictReader(stream))
    wrong = [
        sample["description"]
        for sample in samples
        if (key := terms.identifier(sample["fbbiId"] or ""))
        and contradicted(f"{sample['name']} {sample['description']}", [key])
    ]
    assert wrong and all("ight-sheet" in text for text in wrong), "SSBD calls light-sheet images confocal"


def test_an_unknown_label_gets_the_nearest_terms() -> None:
    assert "FBbi:00000251" in [term.id for term in suggest("confocal microscpy")]
    assert suggest("zebrafsh", path="biosample.organism")[0].id == "NCBITaxon:7955"
    assert suggest("qqqqq") == () == suggest("heart", path="biosample.biological_entity") == suggest(" ")


def test_what_is_too_broad_by_label_or_identifier() -> None:
    assert too_broad({"label": "Microscopy"}) and too_broad({"label": "x", "id": "obo:FBbi_265"})
    assert not too_broad({"label": "fluorescence microscopy"}) and not too_broad({"label": "my own"})


def test_a_label_of_a_hundred_thousand_signs_is_judged_at_once() -> None:
    long = "(" * 100_000
    known = Description(statements=(told("acquisition.method", [{"label": long, "id": f"FBbi:{long}"}]),))
    assert judged(known).of("exists")[0].status == "fail"


def test_the_report_as_text_data_and_page() -> None:
    report = _report(title="<b>light sheet</b>\x1b[31m")
    assert "light-sheet" in str(report).lower() or "light sheet" in str(report)
    assert "\x1b" not in str(report) and "<b>" not in report._repr_html_()
    facts = json.loads(json.dumps(report.to_dict()))
    assert facts["passed"] is False and facts["checks"]["text"]["fail"] == 1
    assert str(fair.check_terms(Description())).startswith("no terms")


@settings(max_examples=40)
@given(st.lists(STATEMENTS, max_size=6))
def test_any_description_is_judged(statements: list[Any]) -> None:
    report = judged(Description(statements=tuple(statements)))
    str(report).encode()
    report._repr_html_().encode()
    assert all(one.status in ("pass", "fail", "unknown") for one in report.findings)


@settings(max_examples=40)
@given(st.text(max_size=200))
def test_a_text_never_contradicts_the_methods_it_names(text: str) -> None:
    assert not contradicted(text, [one.principle for one in mentions(text)])
