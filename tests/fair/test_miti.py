from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairlab
from fairlab import errors, fair
from fairlab.fair import Description, miti_coverage, miti_fields
from fairlab.fair.checklist import by_module
from fairlab.fair.miti_items import items_of
from fairlab.fair.miti_values import findings, is_placeholder
from tests.fair.documents import STATEMENTS, told
from tests.fair.filled import edited, rows, write

if TYPE_CHECKING:
    from pathlib import Path


def _credit(coverage: fair.Coverage, name: str) -> float | None:
    return next(one.credit for one in coverage.fields if one.name == name)


def _checked(tmp_path: Path, *edits: tuple[str, Any], modules: Any = None, items: int = 1) -> fair.Coverage:
    filled = rows("miti", modules=modules, items=items)
    for name, value in edits:
        filled = edited(filled, name, value)
    return fair.miti(write(filled, tmp_path / "mine.csv"))


def test_the_table_is_miti(shared: Path) -> None:
    file = shared / "metadata" / "miti_fields.json"
    if not file.exists():
        pytest.skip(f"no {file}")
    stated = [one for module in json.loads(file.read_text("utf-8"))["modules"] for one in module["fields"]]
    ours = miti_fields.fields()
    assert [field.name for field in ours] == [
        one["name"].replace("  ", " ").replace("_ ", "_") for one in stated
    ]
    for field, one in zip(ours, stated, strict=True):
        assert (field.level == "recommended") is (one["level"] == "recommended"), field.name
        assert len(field.allowed) == len(set(field.allowed))
        if one.get("allowed") and field.name not in ("Degree of dysplasia", "Nominal Magnification"):
            assert list(field.allowed) == one["allowed"]


def test_the_long_lists_are_whole(shared: Path) -> None:
    file = shared / "metadata" / "miti_long_lists.json"
    if not file.exists():
        pytest.skip(f"no {file}")
    for name, words in json.loads(file.read_text("utf-8"))["lists"].items():
        assert fair.miti_words(name.rpartition(" / ")[2]) == tuple(dict.fromkeys(words))


@pytest.mark.parametrize("field", miti_fields.fields(), ids=lambda field: field.name_in_full)
def test_each_example_is_right(field: miti_fields.MitiField) -> None:
    assert list(findings(field, field.example)) == []
    assert not is_placeholder(field.example)


def test_each_field_that_is_taken_away_is_missed(tmp_path: Path) -> None:
    filled = rows("miti")
    for field in miti_fields.fields():
        left = [row for row in filled if (row["module"], row["field"]) != (field.module, field.name)]
        values = {
            module: [{row["field"]: row["value"] for row in left if row["module"] == module}]
            for module in by_module(miti_fields.fields())
        }
        credit = _credit(miti_coverage.coverage(values), field.name_in_full)
        # What hangs on another field is missed only where that field asks for it.
        asked = not field.condition or field.condition in (
            "unless n/a",
            "label fluorophore",
            "Data Type = mask",
        )
        assert credit == (0 if asked else None), field.name_in_full


_WRONG: list[tuple[str, Any, str, str, str]] = [
    ("File.Pyramid", "perhaps", "type", "error", "true or false"),
    ("File.Fov_Number", "1.5", "type", "error", "a whole number"),
    ("File.Fov_Number", "0", "range", "error", "below 1"),
    ("File.Fov_Sizex", "665.6 µm", "type", "error", "without its unit"),
    ("File.Fov_Sizex", "665,6", "type", "error", "after a point"),
    ("File.Fov_Sizex", "inf", "type", "error", "a number"),
    ("File.Filename", "../secret.tif", "type", "error", "portable file name"),
    ("File.Filename", "-rf", "type", "error", "portable file name"),
    ("File.Image Acquisition Date", "14/03/2026", "type", "error", "YYYY-MM-DD"),
    ("File.Image Acquisition Date", "2026-02-30", "type", "error", "YYYY-MM-DD"),
    ("File.Protocol Id(S)", "protocols.io", "type", "error", "a DOI"),
    ("File.Working Distance Unit", "light years", "unit", "error", "a unit of length"),
    ("File.Nominal Magnification", "20", "type", "error", 'magnification: "20X"'),
    ("File.Lens NA", "14", "range", "error", "above 1.7"),
    ("File.File Format", "OME-TIF", "value", "warning", "did you mean OME-TIFF"),
    ("File.Imaging modality", "widefield", "value", "warning", "epifluorescence, lightsheet"),
    ("Channel.RRID identifier", "2138153", "type", "error", "Research Resource Identifier"),
    ("Channel.RRID identifier", "AB_2138153", "pattern", "warning", "write RRID:AB_2138153"),
    ("Channel.Excitation wavelength", "0.65", "range", "error", "below 100"),
    ("Channel.Oligo barcode: upper strand", "ACGX!", "type", "error", "a sequence of bases"),
    ("OME-TIFF header.PhysicalSizeXUnit", "kg", "unit", "error", "a unit of length"),
    ("OME-TIFF header.PlaneCount", "7", "disagree", "warning", "SizeC x SizeT x SizeZ is 1"),
    ("OME-TIFF header.SizeC", "2", "disagree", "warning", "the image has 2"),
    ("OME-TIFF header.Type", "uint17", "value", "warning", "did you mean uint1"),
    ("Processed data.Commit SHA", "latest", "type", "error", "hexadecimal"),
    ("Processed data.Minimum Intensity Display Range", "65536", "range", "error", "above the maximum"),
    ("Clinical.Primary diagnosis", "Adenocarcinom", "value", "warning", "the value is not in MITI's list"),
    ("Clinical.Age at diagnosis", "63 years", "type", "error", "the value is not a whole number"),
    ("Biospecimen.Percent Necrosis", "101", "range", "error", "the value is above 100"),
    ("Biospecimen.Storage Method", "80C", "value", "warning", "the value is not in MITI's list"),
    ("File.Assay Type", "tbd", "placeholder", "warning", "a placeholder"),
]


@pytest.mark.parametrize(
    ("name", "value", "rule", "level", "said"), _WRONG, ids=[f"{w[0]}={w[1]}" for w in _WRONG]
)
def test_each_rule_has_a_value_that_breaks_it(
    name: str, value: Any, rule: str, level: str, said: str, tmp_path: Path
) -> None:
    coverage = _checked(tmp_path, (name, value))
    found = [one for one in coverage.findings if one.rule == rule and said in one.message]
    assert len(found) == 1, coverage.findings
    assert found[0].level == level
    assert bool(coverage) is (level == "warning" and rule != "placeholder")


@pytest.mark.parametrize("module", sorted(miti_fields.PRIVATE))
def test_no_value_about_a_person_is_repeated(module: str, tmp_path: Path) -> None:
    for field in miti_fields.fields():
        if field.module == module:
            coverage = _checked(tmp_path, (field.name_in_full, "Zyzzyva 4711"), modules=[module])
            for shown in (str(coverage), coverage._repr_html_(), json.dumps(coverage.to_dict())):
                assert "Zyzzyva" not in shown and "4711" not in shown


def test_what_a_value_about_a_person_is_near_to_is_not_told_either() -> None:
    coverage = fair.miti(
        {"Clinical": {"Primary diagnosis": "Adenocarcinoma NO"}, "File": {"File Format": "OME-TIF"}}
    )
    assert "did you mean OME-TIFF" in str(coverage) and "Adenocarcinoma NOS" not in str(coverage.findings)


@pytest.mark.parametrize("value", ["TRUE", "yes", True, "1"])
def test_true_in_all_its_spellings(value: Any, tmp_path: Path) -> None:
    assert not fair.miti({"File": {"Pyramid": value}}).findings


# ── conditions ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("module", "given", "field", "credit"),
    [
        ("OME-TIFF header", {"SizeZ": 1}, "PhysicalSizeZ", None),
        ("OME-TIFF header", {"SizeZ": "2"}, "PhysicalSizeZ", 0),
        ("OME-TIFF header", {"SizeX": 2}, "PhysicalSizeZ", None),
        ("Processed data", {"Data Type": "Mask"}, "Object class", 0),
        ("Processed data", {"Data Type": "image"}, "Object class", None),
        ("Processed data", {"Data Type": "image"}, "Passed QC", 0),
        ("Processed data", {"Object class": "other"}, "Object class Description", 0),
        ("Processed data", {"Object class": "cell"}, "Object class Description", None),
        ("Processed data", {"Z_stack": "yes"}, "PhysicalSizeZUnit", 0),
        ("Processed data", {"Z_stack": "no"}, "PhysicalSizeZUnit", None),
        ("Cell", {"Object classes included": "other"}, "Object classes description", 0),
        ("Biospecimen", {"Fiducial marker": "N/A"}, "Fiducial marker", None),
        ("Channel", {"Clone": "not applicable"}, "Clone", None),
        ("Channel", {"Clone": "unknown"}, "Clone", 0),
        ("Channel", {"Passed QC": "false"}, "QC details", 0),
        ("Channel", {"Passed QC": "true"}, "QC details", None),
        # An answer of the list is no placeholder.
        ("Clinical", {"Test result": "Unknown"}, "Test result", 1),
    ],
)
def test_what_hangs_on_another_field(
    module: str, given: dict[str, Any], field: str, credit: float | None
) -> None:
    assert _credit(fair.miti({module: given}), f"{module}.{field}") == credit


@pytest.mark.parametrize(
    ("assay", "needed"),
    [
        ("IMC", "Metal isotope: Mass"),
        ("MIBI", "Metal isotope: Element"),
        ("CODEX", "Oligo barcode: upper strand"),
        ("SABER", "Oligo barcode: lower strand"),
        ("t-CyCIF", "Fluorophore"),
        ("IHC", "Fluorophore"),
        ("H&E", None),
    ],
)
def test_a_channel_is_labelled_as_its_assay_labels(assay: str, needed: str | None) -> None:
    coverage = fair.miti({"File": {"Assay Type": assay}, "Channel": [{"Channel ID": "0"}]})
    labels = ("Fluorophore", "Metal isotope: Element", "Metal isotope: Mass", "Oligo barcode: upper strand")
    asked = {
        name for name in (*labels, "Oligo barcode: lower strand") if _credit(coverage, f"Channel.{name}") == 0
    }
    assert (needed in asked) if needed else not asked
    kinds = {miti_coverage._LABEL_OF[name] for name in asked}
    assert len(kinds) <= 1, "a channel has one kind of label"


def test_without_an_assay_a_channel_is_labelled_as_it_says() -> None:
    coverage = fair.miti({"Channel": [{"Metal isotope: Element": "Er"}, {"Channel ID": "1"}]})
    assert _credit(coverage, "Channel.Metal isotope: Mass") == 0
    assert _credit(coverage, "Channel.Fluorophore") == 0, "of the second channel"
    assert _credit(coverage, "Channel.Oligo barcode: upper strand") is None


# ── tables ───────────────────────────────────────────────────────────────────────────────────────────


def test_a_channel_table_has_one_row_per_channel(tmp_path: Path) -> None:
    file = tmp_path / "channels.csv"
    file.write_text("channel_id,Channel Name,cycle number,Target\n0,DAPI,1,DNA\n1,CD3,1,CD3e\n1,CD8,x,\n")
    coverage = fair.miti(file)
    assert coverage.modules == ("Channel",)
    assert _credit(coverage, "Channel.Channel Name") == 1
    assert {(one.rule, one.item) for one in coverage.findings} == {
        ("unknown-field", None), ("doubled", 3), ("type", 3),
    }  # fmt: skip
    assert _credit(coverage, "Channel.Cycle Number") == pytest.approx(2 / 3)
    assert "did you mean Target name?" in str(coverage)


def test_items_may_be_numbered_with_gaps() -> None:
    table = [
        {"module": "Channel", "field": "Channel ID", "item": 30, "value": "a"},
        {"module": "Channel", "field": "Channel ID", "item": 10, "value": "a"},
        {"module": "Channel", "field": "Cycle Number", "item": 30, "value": 0},
    ]
    coverage = fair.miti({"fields": table})
    assert {(one.rule, one.item) for one in coverage.findings} == {("doubled", 30), ("range", 30)}
    assert _credit(coverage, "Channel.Channel ID") == 1


def test_a_value_that_is_stated_twice_must_be_the_same() -> None:
    twice = [{"module": "File", "field": "Filename", "value": name} for name in ("a.tif", "a.tif", "b.tif")]
    assert [one.rule for one in fair.miti({"fields": twice[:2]}).findings] == []
    assert [one.rule for one in fair.miti({"fields": twice}).findings] == ["several"]


def test_modules_that_were_asked_for_must_be_there(tmp_path: Path) -> None:
    file = write(rows("miti", modules=["Channel"]), tmp_path / "channels.csv")
    assert fair.miti(file)
    coverage = fair.miti(file, modules=["channel", "File"])
    assert coverage.modules == ("File", "Channel")
    assert coverage.of("File").share == 0 and coverage.of("Channel")
    with pytest.raises(errors.QueryError) as caught:
        fair.miti(file, modules=["Chanel"])
    assert caught.value.kind == "module-unknown" and "did you mean Channel?" in str(caught.value)


def test_a_table_of_rembi_is_none_of_miti(tmp_path: Path) -> None:
    with pytest.raises(errors.FormatError) as caught:
        fair.miti(write(rows("rembi"), tmp_path / "mine.csv"))
    assert caught.value.kind == "fields-unknown"


def test_a_large_broken_table_gives_a_readable_answer() -> None:
    channels = [{"Channel ID": str(n), "Cycle Number": "x"} for n in range(1000)]
    coverage = fair.miti({"Channel": channels})
    assert len([one for one in coverage.findings if one.rule == "type"]) == 100


# ── from what is known of an image ───────────────────────────────────────────────────────────────────


def test_a_description_fills_in_what_it_knows() -> None:
    known = Description(
        statements=(
            told("identity.url", "https://x.org/a/tonsil.ome.zarr/"),
            told("acquisition.method", [{"label": "spinning disk", "id": "FBbi:00000253"}]),
            told("acquisition.objective", [{"model": "A", "magnification": 20, "na": 0.8}]),
            told("image.axes", [{"name": name} for name in "tczyx"]),
            told("image.shape", [1, 2, 5, 100, 200]),
            told("image.scale", {"x": {"value": 0.5, "unit": "micrometer"}, "y": {"value": 1.0}}),
            told("image.levels", [{"path": "0"}, {"path": "1"}]),
            told("image.channels", [{"label": "DAPI", "excitation_nm": 405}, {"label": "CD3"}]),
            told(
                "specimen.channels",
                [{"index": 1, "target": {"label": "CD3e"}, "reagent": {"rrid": "RRID:AB_1"}}],
            ),
            told("image.dtype", "uint16"),
        )
    )
    items = items_of(known)
    (file,), (header,) = items["File"], items["OME-TIFF header"]
    assert file["Filename"] == "tonsil.ome.zarr" and file["Imaging modality"] == "confocal"
    assert (file["Pyramid"], file["Z_Stack"], file["T_Series"]) == (True, True, False)
    assert file["Fov_Sizex"] == 100.0 and "Fov_Sizey" not in file, (
        "a size without a unit is no size in micrometer"
    )
    assert (file["Nominal Magnification"], file["Lens NA"]) == ("20X", 0.8)
    assert (header["DimensionOrder"], header["PlaneCount"], header["SizeZ"]) == ("XYZCT", 10, 5)
    assert items["Channel"][0] == {"Channel Name": "DAPI", "Excitation wavelength": 405}
    assert items["Channel"][1] == {
        "Channel Name": "CD3",
        "Target name": "CD3e",
        "RRID identifier": "RRID:AB_1",
    }
    coverage = fair.miti(known)
    assert coverage.modules == ("File", "Channel", "OME-TIFF header")
    assert coverage.findings == ()
    assert not set(items) & miti_fields.PRIVATE, "nothing about people comes from a description"


def test_a_record_of_search_is_checked_as_an_image() -> None:
    coverage = fair.miti(fairlab.lookup("idr:idr0062/6001240.zarr"))
    assert coverage.of("OME-TIFF header").share and not coverage


@settings(max_examples=25)
@given(st.lists(STATEMENTS, max_size=8))
def test_any_description_has_items_and_a_coverage(statements: list[Any]) -> None:
    coverage = fair.miti(Description(statements=tuple(statements)))
    assert all(one.credit is None or 0 <= one.credit <= 1 for one in coverage.fields)
    str(coverage).encode()


@settings(max_examples=50)
@given(
    st.sampled_from(miti_fields.fields()),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.lists(st.integers(), max_size=2),
)
def test_any_value_is_judged_without_a_crash(field: miti_fields.MitiField, value: Any) -> None:
    coverage = miti_coverage.coverage({field.module: [{field.name: value}]})
    assert _credit(coverage, field.name_in_full) in (None, 0, 1)
