"""DICOM: the basic profile, walked through sequences; what a file says of itself; files that are broken."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest
from pydicom import config
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from fairlab.errors import FormatError, MissingExtraError
from fairlab.fair.privacy import Findings, profile, scan
from tests.fair.privacy.documents import as_file, dataset, item, slide

if TYPE_CHECKING:
    from pathlib import Path

NESTED = "(0040,0560)[0].(0040,0551)"


def places(found: Findings) -> set[tuple[str, str]]:
    return {(finding.rule, finding.path) for finding in found}


def test_a_header_without_identity_is_clean() -> None:
    found = scan(dataset())
    assert found.clean and not found and found.deidentified is None


@pytest.mark.parametrize(
    ("edit", "rule", "field", "severity"),
    [
        ({"PatientName": "Roe^Jane"}, "person", "PatientName", "block"),
        ({"PatientID": "AA01"}, "patient", "PatientID", "block"),
        ({"PatientBirthDate": "17890505"}, "patient", "PatientBirthDate", "block"),
        ({"OperatorsName": "Doe^J"}, "person", "OperatorsName", "block"),
        ({"ContainerIdentifier": "S19-1_A"}, "specimen", "ContainerIdentifier", "block"),
        ({"BarcodeValue": "4711"}, "specimen", "BarcodeValue", "block"),
        ({"AccessionNumber": "S19-1"}, "specimen", "AccessionNumber", "block"),
        ({"DeviceSerialNumber": "abcd1"}, "device", "DeviceSerialNumber", "review"),
        ({"StationName": "PATHO-3"}, "device", "StationName", "review"),
        ({"InstitutionName": "St. Elsewhere"}, "institution", "InstitutionName", "review"),
        ({"AcquisitionDateTime": "20190604101500"}, "date", "AcquisitionDateTime", "review"),
        ({"ImageComments": "seen by J."}, "text", "ImageComments", "review"),
        ({"SOPInstanceUID": "1.2.3.4"}, "link", "SOPInstanceUID", "review"),
        ({"BurnedInAnnotation": "YES"}, "burned-in", "BurnedInAnnotation", "block"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]}, "slide-label", "ImageType", "block"),
    ],
)  # fmt: skip
def test_each_attribute_has_its_rule(edit: dict[str, Any], rule: str, field: str, severity: str) -> None:
    found = scan(dataset(**edit))
    assert [(f.rule, f.field, f.severity) for f in found] == [(rule, field, severity)]


@pytest.mark.parametrize("edit", [{"PatientName": ""}, {"PatientName": "ANONYMOUS"}, {"PatientID": "0000"}])
def test_empty_values_and_placeholders_identify_nobody(edit: dict[str, str]) -> None:
    assert scan(dataset(**edit)).clean


def test_a_nested_specimen_identifier_is_found_though_the_file_says_it_is_clean(tmp_path: Path) -> None:
    """dicom-anonymizer 2.1.0 and dicognito 0.19.0 replace what stands on top and leave this one (measured)."""
    code = item(CodeValue="113100", CodingSchemeDesignator="DCM", CodeMeaning="Basic Profile")
    cleaned = slide(
        "S19-1_A_1_1",
        PatientName="ANONYMIZED",
        PatientIdentityRemoved="YES",
        DeidentificationMethodCodeSequence=Sequence([code]),
    )
    (tmp_path / "slide.dcm").write_bytes(as_file(cleaned))
    found = scan(tmp_path / "slide.dcm")
    assert found.deidentified and found.method_codes == ("113100",)
    nested = next(f for f in found if f.path == NESTED)
    assert (nested.rule, nested.field, nested.severity) == ("specimen", "SpecimenIdentifier", "block")
    assert "compare it with the original" in nested.advice
    # The preparation repeats it, in an element that the profile does not list.
    assert any(path.endswith("(0040,A160)") for rule, path in places(found) if rule == "specimen")
    assert "S19" not in str(found)


def test_the_real_slide_header_with_its_top_level_cleaned(shared: Path) -> None:
    path = shared / "metadata/examples/dicom/highdicom_sm_image.dcm.json"
    header = json.loads(path.read_text())
    for tag in list(header):
        if profile.entry(tag) and header[tag]["vr"] != "SQ":
            header[tag].pop("Value", None)
    found = scan(header)
    assert ("specimen", NESTED) in places(found)
    assert not any("." not in f.path and f.rule in ("person", "patient") for f in found)


@pytest.mark.parametrize("name", ["sm_image", "ct_image", "seg_image_sm_dots"])
def test_real_headers_agree_with_the_table(shared: Path, name: str) -> None:
    """Every filled attribute of the table, at any depth, is a finding, and none of its values is repeated."""
    header = json.loads((shared / f"metadata/examples/dicom/highdicom_{name}.dcm.json").read_text())
    found = scan(header)
    text = str(found) + json.dumps(found.to_dict()) + repr(found.findings)
    reported = {f.field for f in found}
    for keyword, value in _listed(header):
        assert keyword in reported
        assert len(value) < 5 or value not in text


def _listed(header: dict[str, Any]) -> list[tuple[str, str]]:
    found = []
    for tag, element in header.items():
        for value in element.get("Value", []):
            entry = profile.entry(tag)
            if entry and entry.keyword and isinstance(value, str) and value.strip("0"):
                found.append((entry.keyword, value))
            if isinstance(value, dict) and element["vr"] == "SQ":
                found += _listed(value)
    return found


def test_file_json_and_dataset_say_the_same(tmp_path: Path) -> None:
    made = slide("S19-1", PatientName="Roe^Jane", StudyDate="20190604")
    for name, implicit in (("a.dcm", False), ("b.dcm", True), ("c", False)):
        (tmp_path / name).write_bytes(as_file(made, implicit=implicit))
    expected = places(scan(made))
    assert expected and expected == places(scan(made.to_json_dict()))
    for name in ("a.dcm", "b.dcm", "c"):
        assert expected == places(scan(tmp_path / name)), name


def test_methods_that_a_file_names_let_attributes_stay() -> None:
    code = item(CodeValue="113107", CodingSchemeDesignator="DCM", CodeMeaning="Retain Modified Dates")
    kept = {"StudyDate": "20190604", "PatientIdentityRemoved": "YES", "SOPInstanceUID": "1.2.3"}
    assert {f.rule for f in scan(dataset(**kept))} == {"date"}
    assert scan(dataset(**kept, DeidentificationMethodCodeSequence=Sequence([code]))).clean


def test_private_elements_are_reported_and_looked_into() -> None:
    made = dataset()
    block = made.private_block(0x0009, "ACME 1.0", create=True)
    block.add_new(0x01, "LO", "roe@example.org")
    block.add_new(0x02, "SQ", Sequence([item(OperatorsName="Roe^Jane")]))
    found = places(scan(made))
    assert {("private", "(0009,1001)"), ("email", "(0009,1001)"), ("private", "(0009,1002)")} <= found
    assert ("person", "(0009,1002)[0].(0008,1070)") in found


def test_a_preamble_with_something_in_it_is_reported(tmp_path: Path) -> None:
    body = as_file(dataset())
    (tmp_path / "a.dcm").write_bytes(b"Jane Roe".ljust(128, b"\0") + body[128:])
    assert places(scan(tmp_path / "a.dcm")) == {("private", "(preamble)")}
    (tmp_path / "tiff.dcm").write_bytes(b"II*\0".ljust(128, b"\1") + body[128:])
    assert scan(tmp_path / "tiff.dcm").clean


def test_pixels_are_not_needed_and_not_read(tmp_path: Path) -> None:
    made = dataset(PatientName="Roe^Jane", BitsAllocated=8, PixelData=b"\0" * 64)
    body = as_file(made)
    (tmp_path / "cut.dcm").write_bytes(body[:-40])  # the pixels are cut off, the header is whole
    assert places(scan(tmp_path / "cut.dcm")) == {("person", "(0010,0010)")}
    assert places(scan(dataset(PatientName="Roe^Jane"))) == {("person", "(0010,0010)")}


@pytest.mark.parametrize("cut", [140, 200, 260])
def test_a_damaged_file_is_an_error_that_repeats_nothing(tmp_path: Path, cut: int) -> None:
    body = as_file(dataset(PatientName="Roe^Jane" * 7))
    (tmp_path / "a.dcm").write_bytes(body[:cut] + b"\xff" * 40)
    try:
        text = str(scan(tmp_path / "a.dcm"))
    except FormatError as error:
        assert error.kind == "not-dicom" and error.__cause__ is None
        text = str(error)
    assert "Roe" not in text


def test_a_file_that_names_another_transfer_syntax_is_read_without_a_warning(tmp_path: Path) -> None:
    body = as_file(dataset(PatientName="Roe^Jane"))
    other = body.replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2\0\0\0")  # pydicom warns, then reads on
    assert other != body
    (tmp_path / "a.dcm").write_bytes(other)
    assert places(scan(tmp_path / "a.dcm")) == {("person", "(0010,0010)")}


def test_no_log_of_pydicom_comes_through(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "a.dcm").write_bytes(as_file(dataset(PatientName="Roe^Jane")))
    config.debug(True, default_handler=False)  # it then logs every value that it reads
    try:
        with caplog.at_level(logging.DEBUG):
            scan(tmp_path / "a.dcm")
    finally:
        config.debug(False, default_handler=False)
    assert "Roe" not in caplog.text and not logging.getLogger("pydicom").disabled


def test_sequences_nested_without_end_are_bounded() -> None:
    deep: dict[str, Any] = {"00100020": {"vr": "LO", "Value": ["AA01"]}}
    for _ in range(3000):
        deep = {"00081115": {"vr": "SQ", "Value": [deep]}}
    found = scan(deep)
    assert not found.whole and not found.clean
    inner = Dataset()
    for _ in range(150):
        inner = item(ReferencedSeriesSequence=Sequence([inner]))
    assert not scan(inner).whole


def test_without_pydicom_a_file_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.dcm").write_bytes(as_file(dataset()))
    (tmp_path / "b.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "pydicom", None)
    with pytest.raises(MissingExtraError, match=r"fairlab\[dicom\]"):
        scan(tmp_path / "a.dcm")
    found = scan(tmp_path)  # the rest of a folder is looked into all the same
    assert found.looked_at == 1 and [u.kind for u in found.unread] == ["missing-extra"] and not found.clean


def test_the_table_is_whole() -> None:
    assert sum(1 for _ in profile.keywords()) == 620
    assert profile.entry("60023000") and profile.entry("50AB0010") and not profile.entry("60020010")
    assert profile.rule_of("InstitutionName") == "institution" and profile.rule_of("StationName") == "device"
