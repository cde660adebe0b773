"""OME-XML, attributes, crates, text and names of files: what is found, what is left, and that nothing is repeated."""

from __future__ import annotations

import json
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import fairlab
from fairlab.cli import main
from fairlab.errors import FormatError, NotFoundError, QueryError
from fairlab.fair.privacy import RULES, Findings, scan
from fairlab.record import Record, Source
from tests.fair.privacy.documents import as_file, ome_xml, slide
from tests.servers import Fault, FaultServer
from tests.stores import write_store

Serve = Callable[[Path], FaultServer]


def rules(found: Findings) -> set[str]:
    return {finding.rule for finding in found}


def everything(found: Findings) -> str:
    """All that can be seen of findings."""
    return "".join(
        (str(found), repr(found), json.dumps(found.to_dict()), found._repr_html_(), repr(found.findings))
    )


@pytest.fixture
def xml(tmp_path: Path) -> Callable[..., Findings]:
    def scanned(**edit: str) -> Findings:
        path = tmp_path / "image.ome.xml"
        path.write_bytes(ome_xml(**edit))
        return scan(path)

    return scanned


# ── OME-XML ──────────────────────────────────────────────────────────────────────────────────────────


def test_ome_xml_without_people_is_clean(xml: Callable[..., Findings]) -> None:
    assert xml().clean


@pytest.mark.parametrize(
    ("edit", "rule", "path"),
    [
        ({"before": '<Experimenter UserName="jroe"/>'}, "person", "/OME/Experimenter[1]/@UserName"),
        ({"before": '<Experimenter ID="E:0" Email="j@x.org"/>'}, "email", "/OME/Experimenter[1]/@Email"),
        ({"before": "<Experimenter><LastName>Roe</LastName></Experimenter>"}, "person",
         "/OME/Experimenter[1]/LastName[1]"),
        ({"before": '<Instrument><Microscope SerialNumber="L3-1"/></Instrument>'}, "device",
         "/OME/Instrument[1]/Microscope[1]/@SerialNumber"),
        ({"inside": "<AcquisitionDate>2012-03-05T02:48:38</AcquisitionDate>"}, "date",
         "/OME/Image[1]/AcquisitionDate[1]"),
        ({"inside": r"<Description>from D:\Image_Data\x</Description>"}, "path", "/OME/Image[1]/Description[1]"),
        ({"name": "S19-4711_A"}, "specimen", "/OME/Image[1]/@Name"),
        ({"name": "scan.czi"}, "file-name", "/OME/Image[1]/@Name"),
        ({"name": "Macro"}, "slide-label", "/OME/Image[1]/@Name"),
        ({"after": '<A><M K="Operator">Jane Roe</M></A>'}, "person", "/OME/A[1]/M[1]"),
        ({"after": "<OriginalMetadata><Key>Host Name</Key><Value>patho7</Value></OriginalMetadata>"}, "host",
         "/OME/OriginalMetadata[1]/Value[1]"),
        ({"after": '<A>{"user": "jroe"}</A>'}, "person", "/OME/A[1]/user"),
        ({"after": "<A>&lt;Scan&gt;&lt;User&gt;jroe&lt;/User&gt;&lt;/Scan&gt;</A>"}, "person",
         "/OME/A[1]/Scan/User[1]"),
        ({"before": "<!-- made by j@example.org -->"}, "email", "/OME/comment()"),
        ({"after": "<A>10.20.30.40</A>"}, "host", "/OME/A[1]"),
    ],
)  # fmt: skip
def test_each_place_of_ome_xml(
    xml: Callable[..., Findings], edit: dict[str, str], rule: str, path: str
) -> None:
    found = [(f.rule, f.path) for f in xml(**edit)]
    assert (rule, path) in found and len(found) <= 2


def test_many_places_alike_are_one_finding(xml: Callable[..., Findings]) -> None:
    found = xml(before='<Experimenter LastName="Roe"/>' * 50)
    assert [(f.path, f.count) for f in found] == [("/OME/Experimenter[1]/@LastName", 50)]


def test_elements_that_no_format_has_are_given_by_number(xml: Callable[..., Findings]) -> None:
    found = xml(after="<A><JaneRoe><Date>2019-06-04</Date></JaneRoe></A>")
    assert [f.path for f in found] == ["/OME/A[1]/*[1]/Date[1]"]


def test_the_fictional_people_of_ome(shared: Path) -> None:
    found = scan(shared / "metadata/examples/omexml/timestampannotation_with-experimenters.ome.xml")
    assert {"person", "email", "date", "device"} <= rules(found)
    for value in ("John", "Andrew", "Smith", "john@example.org", "MyGroup", "2012-03-05"):
        assert value not in everything(found)


def test_50_megabytes_of_ome_xml(tmp_path: Path) -> None:
    image = b'<Image ID="Image:%d" Name="B3"><AcquisitionDate>2012-03-05T02:48:38</AcquisitionDate></Image>\n'
    body = b"".join(image % n for n in range(4_000)) + b"<A>" + b"x" * 49_000_000 + b"</A>"
    (tmp_path / "big.ome.xml").write_bytes(b"<OME>" + body + b"</OME>")
    found = scan(tmp_path / "big.ome.xml")
    assert [(f.rule, f.count) for f in found] == [("date", 4_000)]


@pytest.mark.parametrize("before", range(131_050, 131_073, 7))
def test_a_value_on_the_edge_of_a_piece_is_found(tmp_path: Path, before: int) -> None:
    # Only text that is not UTF-8 comes in pieces.
    text = b"x " * (before // 2) + b"roe@example.org"
    (tmp_path / "a.xml").write_bytes(
        b"<?xml version='1.0' encoding='ISO-8859-1'?><OME><A>" + text + b" x" * 90_000 + b"</A></OME>"
    )
    assert rules(scan(tmp_path / "a.xml")) == {"email"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'<!DOCTYPE OME [<!ENTITY a "b">]><OME/>', "xml-refused"),
        (b"<a>" * 500 + b"</a>" * 500, "xml-refused"),
        (b"<OME><Experimenter LastName='Roe'></OME>", "not-xml"),
        (b"<?xml version='1.0' encoding='nosuch'?><OME/>", "not-xml"),
        (b"", "not-xml"),
    ],
)
def test_hostile_xml_is_refused_and_not_repeated(tmp_path: Path, body: bytes, kind: str) -> None:
    (tmp_path / "a.xml").write_bytes(body)
    with pytest.raises(FormatError) as caught:
        scan(tmp_path / "a.xml")
    assert caught.value.kind == kind and "Roe" not in str(caught.value)
    found = scan(tmp_path)
    assert [one.kind for one in found.unread] == [kind] and not found.clean


# ── JSON ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("document", "rule", "path"),
    [
        ({"omero": {"name": "2019-06-04"}}, "date", "/omero/name"),
        ({"multiscales": [{"name": "slide.svs"}]}, "file-name", "/multiscales/0/name"),
        ({"multiscales": [{"name": "label"}]}, "slide-label", "/multiscales/0/name"),
        ({"plate": {"acquisitions": [{"starttime": 1343749391000}]}}, "date", "/plate/acquisitions/0/starttime"),
        ({"consolidated_metadata": {"metadata": {"user": "jroe"}}}, "person", "/consolidated_metadata/metadata/user"),
        ({"image-label": {"properties": [{"patient_id": 4711}]}}, "patient", "/image-label/properties/0/patient_id"),
        ({"vendor": {"IPAddress": "host a"}}, "host", "/vendor/IPAddress"),
        ({"patient": {"sex": "F"}}, "patient", "/patient/sex"),
        ({"items": [{"name": "Operator", "value": "Jane"}]}, "person", "/items/0/value"),
        ({"note": '{"email": "roe@example.org"}'}, "email", "/note/email"),
        ({"note": "<Scan><User>jroe</User></Scan>"}, "person", "/note/Scan/User[1]"),
        ({"url": "https://me:secret@example.org/a"}, "secret", "/url"),
        ({"path": "file:///tmp/a"}, "path", "/path"),
        ({"roe@example.org": 1}, "email", "/{1}"),
    ],
)  # fmt: skip
def test_each_place_of_json(document: dict[str, Any], rule: str, path: str) -> None:
    assert (rule, path) in [(f.rule, f.path) for f in scan(document)]


@pytest.mark.parametrize(
    "document",
    [
        {"multiscales": [{"name": "cells", "axes": [{"name": "x", "type": "space"}], "version": "0.4"}]},
        {"datePublished": "2024-05-06", "license": "https://creativecommons.org/licenses/by/4.0/",
         "doi": "10.6019/S-BIAD1261"},
        {"multiscales": [{"name": "label"}], "image-label": {"version": "0.4"}},
        {"software_version": "1.2.3.4", "operator": "", "owner": None, "user": "unknown"},
        {"source": "https://example.org/2019-06-04/a.zarr", "subjects": ["mitosis"], "sample": "HeLa"},
    ],
)  # fmt: skip
def test_what_is_wanted_is_left(document: dict[str, Any]) -> None:
    assert scan(document).clean


def test_authors_of_a_crate_are_credited_and_their_addresses_are_not_needed() -> None:
    person = {"@id": "#1", "@type": "Person", "givenName": "Jane", "familyName": "Roe", "name": "Jane Roe"}
    assert scan({"@graph": [person]}).clean
    found = scan({"@graph": [{**person, "email": "roe@example.org"}]})
    assert [(f.rule, f.severity, f.path) for f in found] == [("contact", "review", "/@graph/0/email")]


def test_public_crates_expose_contact_data_only(shared: Path) -> None:
    for path in sorted((shared / "metadata/examples/rocrate").glob("*.json")):
        assert rules(scan(path)) <= {"contact"}, path.name


def test_a_consolidated_copy_says_so() -> None:
    found = scan({"consolidated_metadata": {"metadata": {"user": "jroe"}}})
    assert "consolidate" in found[0].advice


def test_what_is_in_hand_is_looked_through() -> None:
    image = fairlab.open_image("sample:nuclei")["scale1/image"]
    assert not scan(image)
    assert rules(scan(image.assign_attrs(operator="Jane Roe"))) == {"person"}
    tree = fairlab.open_image("sample:nuclei")
    tree["scale1"]["image"].attrs["operator"] = "Jane Roe"
    assert rules(scan(tree)) == {"person"}
    record = Record(id="a", kind="image", repository="X", sources={"*": Source(document="/data/roe/a.zarr")})
    assert rules(scan(record)) == {"path"}
    for wrong in (3, None, b"abc"):
        with pytest.raises(QueryError):
            scan(wrong)


def test_nesting_without_end_is_bounded() -> None:
    deep: Any = "roe@example.org"
    for _ in range(100_000):
        deep = {"a": deep}
    found = scan(deep)
    assert not found and not found.whole and not found.clean
    text = "[]"
    for _ in range(12):
        text = json.dumps([text])
    assert scan({"a": text}).clean


def test_a_million_different_keys_are_few_places() -> None:
    found = scan({f"key{n}x": "roe@example.org" for n in range(20_000)})
    assert len(found) <= 2 and sum(f.count for f in found) == 20_000


# ── nothing is repeated ──────────────────────────────────────────────────────────────────────────────

SECRET = st.text("abcdefghijklmnopqrstuvwxyzäß漢\ud800'<&", min_size=4, max_size=12).map(lambda t: f"Zq{t}Jv")
PLANT = st.sampled_from(
    [
        "{}",
        "{}@example.org",
        "/home/{}/x",
        "C:\\{}\\x",
        "S19-12 {}",
        "2019-06-04 {}",
        "MRN: 123456 {}",
        "{}.czi",
    ]
)
FIELD = st.sampled_from(
    ["operator", "patient_name", "PatientID", "serialNumber", "name", "description", "email", "note"]
)


@given(secret=SECRET, plant=PLANT, field=FIELD, at=st.sampled_from(["value", "key", "deep", "list", "json"]))
def test_no_finding_repeats_what_was_planted_in_json(secret: str, plant: str, field: str, at: str) -> None:
    value = plant.format(secret)
    document: Any = {
        "value": {field: value},
        "key": {field: {value: "1"}, value: {"date": "2019-06-04"}},
        "deep": {"a": [{"b": {field: [value]}}]},
        "list": {field: [value, {"c": value}]},
        "json": {"a": json.dumps({value: {field: value}})},
    }[at]
    found = scan(document)
    assert secret not in everything(found) and "Zq" not in everything(found)
    if field in ("operator", "patient_name", "email") or plant != "{}":
        assert found


@given(secret=st.text("abcdefghijklmnopqrstuvwxyzß漢", min_size=4).map(lambda t: f"Zq{t}Jv"), plant=PLANT)
def test_no_finding_repeats_what_was_planted_in_files(
    secret: str, plant: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    value = plant.format(secret)
    root = tmp_path_factory.mktemp("scan")
    folder = root / f"{secret} x" / "b"
    folder.mkdir(parents=True)
    escaped = value.replace("&", "&amp;")
    (folder / "a.ome.xml").write_bytes(ome_xml(before=f'<Experimenter LastName="{escaped}"/>', name=escaped))
    (folder / f"{secret}.txt").write_text(f"operator: {value}\n", "utf-8")
    (folder / "a.csv").write_text(f"patient,{secret}\n{value},{value}\n", "utf-8")
    (folder / "broken.json").write_text(f'{{"a": "{secret}"', "utf-8")
    (folder / "a.dcm").write_bytes(
        as_file(slide("S19-1", PatientName=f"Zq{len(secret)}Jv", PatientComments="seen"))
    )
    found = scan(root)
    assert {"person", "patient", "specimen"} <= rules(found) and len(found.unread) == 1
    assert "Zq" not in everything(found).replace(str(root), "")


# ── folders, addresses, the command line ─────────────────────────────────────────────────────────────


def test_names_of_files_are_looked_at_and_masked(tmp_path: Path) -> None:
    (tmp_path / "scans" / "S19-4711").mkdir(parents=True)
    (tmp_path / "scans" / "S19-4711" / "zarr.json").write_text('{"attributes": {"operator": "Roe"}}')
    (tmp_path / "scans" / "Roe.json").write_text("{}")
    found = scan(tmp_path)
    assert {(f.rule, f.document, f.path) for f in found} == {
        ("specimen", "scans", "{1}"),
        ("person", "scans/{1}/zarr.json", "/attributes/operator"),
    }
    assert "S19" not in everything(found)


def test_chunks_are_not_walked_and_other_files_are_counted(tmp_path: Path) -> None:
    write_store(tmp_path / "a.zarr")
    (tmp_path / "a.tif").write_bytes(b"II*\0")
    found = scan(tmp_path)
    assert found.looked_at == 3 and found.others == 1 and not found  # the group and two arrays
    assert not found.unread and found.whole


def test_limits_end_a_scan_that_then_is_not_clean(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"{number}.json").write_text("{}")
    found = scan(tmp_path, limit=3)
    assert found.looked_at == 3 and not found.whole and not found.clean
    for wrong in (0, -1, 2.5, True):
        with pytest.raises(QueryError):
            scan(tmp_path, limit=wrong)  # type: ignore[arg-type]


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.json").write_text('{"user": "roe"}')
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link").symlink_to(tmp_path / "out")
    (tmp_path / "in" / "b.json").symlink_to(tmp_path / "out" / "a.json")
    assert not scan(tmp_path / "in")


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_an_ome_zarr_on_the_web(tmp_path: Path, serve: Serve, version: str) -> None:
    write_store(tmp_path / "a.zarr", version=version, labels=("cells",))
    store = tmp_path / "a.zarr"
    (store / "OME").mkdir()
    (store / "OME" / "METADATA.ome.xml").write_bytes(ome_xml(before='<Experimenter LastName="Roe"/>'))
    (store / "ro-crate-metadata.json").write_text(
        '{"@graph": [{"@type": "Person", "email": "r@example.org"}]}'
    )
    name = "zarr.json" if version == "0.5" else ".zattrs"
    label = store / "labels" / "cells" / name
    attributes = json.loads(label.read_text())
    label.write_text(json.dumps({**attributes, "user": "roe"}))
    server = serve(tmp_path)
    web, here = scan(f"{server.url}/a.zarr"), scan(store)
    expected = {
        ("person", "OME/METADATA.ome.xml", "/OME/Experimenter[1]/@LastName"),
        ("contact", "ro-crate-metadata.json", "/@graph/0/email"),
        ("person", f"labels/cells/{name}", "/user"),
    }
    assert (
        {(f.rule, f.document, f.path) for f in web}
        == {(f.rule, f.document, f.path) for f in here}
        == expected
    )
    assert web.whole and not web.unread
    assert rules(scan(f"{server.url}/a.zarr/OME/METADATA.ome.xml")) == {"person"}
    with pytest.raises(NotFoundError):
        scan(f"{server.url}/nothing.zarr")


def test_a_document_that_has_to_be_there_and_is_refused_is_not_taken_for_clean(
    tmp_path: Path, serve: Serve
) -> None:
    write_store(tmp_path / "a.zarr", labels=("cells",))
    server = serve(tmp_path)
    server.fault("OME/METADATA.ome.xml", Fault(status=403))  # nothing says that it is there
    assert scan(f"{server.url}/a.zarr").clean
    server.fault("labels/cells/zarr.json", Fault(status=403))
    found = scan(f"{server.url}/a.zarr")
    assert [one.document for one in found.unread] == ["labels/cells/zarr.json"] and not found.clean
    assert main(["privacy", "scan", f"{server.url}/a.zarr"]) == 2


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    assert scan(tmp_path).others == 1
    with pytest.raises((QueryError, NotFoundError)):
        scan(tmp_path / "a.json")


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"name": "cells"}')
    assert main(["privacy", "scan", str(path)]) == 0
    path.write_text('{"omero": {"name": "x.czi"}}')
    assert main(["privacy", "scan", str(path)]) == 1
    assert main(["privacy", "scan", str(path), "--level", "block"]) == 0
    capsys.readouterr()
    path.write_text('{"operator": "Jane Roe"}')
    assert main(["privacy", "scan", str(tmp_path), "--json", "--level", "block"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["blocked"] and told["findings"][0]["path"] == "/operator"
    for wrong in ([str(tmp_path / "no")], [str(path), "--limit", "0"], [str(tmp_path), "--limit", "x"]):
        with pytest.raises(SystemExit) if "x" in wrong else pytest.MonkeyPatch.context():
            assert main(["privacy", "scan", *wrong]) == 2
    (tmp_path / "empty").mkdir()
    assert main(["privacy", "scan", str(tmp_path / "empty")]) == 2
    (tmp_path / "empty" / "b.json").write_text("{")
    assert main(["privacy", "scan", str(tmp_path / "empty")]) == 2
    assert main(["privacy", "scan", str(tmp_path / "empty" / "b.json")]) == 2
    out = capsys.readouterr()
    assert "Roe" not in out.out + out.err


def test_findings_are_plain_data() -> None:
    found = scan({"operator": "Jane Roe", "email": "roe@example.org"})
    assert pickle.loads(pickle.dumps(found)) == found and b"Roe" not in pickle.dumps(found)
    assert found.blocked and len(found) == 2 and found[0] in found and found[:1] == found.findings[:1]
    assert {f.rule for f in found} <= set(RULES)
    assert xr.DataArray([1.0], attrs={"a": str(found)}).attrs["a"]
