from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fairlab
from fairlab import errors, fair
from fairlab.fair import PATHS, Description, rembi_coverage, rembi_fields
from fairlab.fair.field_tables import Cell, key
from fairlab.fair.rembi_values import described
from fairlab.fair.term_checks import judged
from fairlab.terms import Term
from tests.fair.documents import STATEMENTS, VALUES, told
from tests.fair.filled import edited, rows, write

if TYPE_CHECKING:
    from pathlib import Path


def _credit(coverage: fair.Coverage, name: str) -> float | None:
    return next(one.credit for one in coverage.fields if one.name == name)


def _note(coverage: fair.Coverage, name: str) -> str:
    return next(one.note for one in coverage.fields if one.name == name)


def test_the_table_is_rembi() -> None:
    fields = rembi_fields.fields()
    assert (len(fields), sum(field.core for field in fields)) == (51, 16)
    assert len({field.name_in_full for field in fields}) == 51
    paths = {part.partition(":")[0] for field in fields for part in field.path.replace("&", "|").split("|")}
    assert paths <= PATHS.keys()


def test_the_table_agrees_with_the_shared_facts(shared: Path) -> None:
    file = shared / "metadata" / "rembi_fields.json"
    if not file.exists():
        pytest.skip(f"no {file}")
    stated = {(one["module"], one["key"]): one for one in json.loads(file.read_text("utf-8"))["fields"]}
    ours = {(field.module, field.name): field for field in rembi_fields.fields()}
    assert ours.keys() == stated.keys()
    assert all(
        (ours[name].weight, ours[name].core) == (one["weight"], one["core"]) for name, one in stated.items()
    )


@pytest.mark.parametrize("name", [field.name_in_full for field in rembi_fields.fields()])
def test_each_field_that_is_taken_away_is_missed(name: str, tmp_path: Path) -> None:
    coverage = fair.rembi(write(edited(rows("rembi"), name, None), tmp_path / "mine.csv"))
    field = next(field for field in rembi_fields.fields() if field.name_in_full == name)
    assert _credit(coverage, name) == 0
    assert bool(coverage) is not field.core
    assert (coverage.share == 1) is (field.weight == 0)


@pytest.mark.parametrize(
    ("name", "value", "credit", "said"),
    [
        ("Study.title", "n/a", 0, "placeholder"),
        ("Study.title", "Mitosis", 1, "25 characters"),
        ("Study.description", ".", 0, "placeholder"),
        ("Study.license", "ask the authors", 1, "no licence that is known"),
        ("Study Component.imaging_method", "light microscopy", 0, "too broad"),
        ("Study Component.imaging_method", "recorded image (FBbi:00000265)", 0, "too broad"),
        ("Study Component.imaging_method", "confocal", 1, "without an identifier"),
        ("Biosample.organism", "Homo sapiens", 1, "without an identifier"),
        ("Biosample.biological_entity", "unknown", 0, "placeholder"),
        ("Image data.pixel_size", "x 1.0, y 1.0", 0, "1.0 without a unit"),
        ("Image data.pixel_size", "x 0.3, y 0.3 nm", 0.5, "no unit on x"),
        ("Image data.channel_information", "Channel 1", 0, "0 of 1 channels"),
        ("Image data.channel_information", "488", 1, ""),
    ],
)
def test_what_does_not_count_says_why(
    name: str, value: str, credit: float, said: str, tmp_path: Path
) -> None:
    coverage = fair.rembi(write(edited(rows("rembi"), name, value), tmp_path / "mine.csv"))
    assert _credit(coverage, name) == credit
    assert said in _note(coverage, name)


@pytest.mark.parametrize(
    ("name", "value", "rule", "said"),
    [
        ("Study.release_date", "26.11.2026", "type", "YYYY-MM-DD"),
        ("Study.doi", "S-BIAD1234", "type", "a DOI"),
        ("Image data.dimension_extents", "512 x 512", "type", "sizes of named axes"),
        ("Image data.pixel_size", "0.13", "type", "a length for each axis"),
        ("Image data.pixel_size", "x 0.13 kg", "type", '"kg" is no unit of length'),
        ("Image data.contrast_inversion", "maybe", "type", "yes or no"),
        ("Image data.size_bytes", "large", "type", "an amount of data"),
        ("Image acquisition.wavelengths", "blue", "type", "in nanometer"),
        ("Image data.type", "label", "value", "did you mean labels?"),
        ("Analyzed data.analysis_result_type", "segmentation", "value", "segmentation_mask"),
    ],
)
def test_each_rule_has_a_value_that_breaks_it(
    name: str, value: str, rule: str, said: str, tmp_path: Path
) -> None:
    (finding,) = fair.rembi(write(edited(rows("rembi"), name, value), tmp_path / "mine.csv")).findings
    assert (f"{finding.module}.{finding.field}", finding.rule) == (name, rule)
    assert said in finding.message


def test_a_field_of_one_value_cannot_be_stated_twice() -> None:
    once = [Cell(module="Study", field="title", value="A"), Cell(module="Study", field="title", value="A")]
    assert described(once, where="here")[1] == []
    twice = [once[0], Cell(module="Study", field="title", value="B")]
    assert [one.rule for one in described(twice, where="here")[1]] == ["several"]


def test_what_was_filled_in_is_a_document_that_merges_with_others() -> None:
    cells = [
        Cell(field="organism", value="mouse (NCBI:txid10090)"),
        Cell(field="organism", value="Homo sapiens (NCBITaxon:9606)"),
        Cell(field="authors", value="Ada Example <ada@example.org> 0000-0002-1825-0097"),
        Cell(field="license", value="cc by 4.0"),
        Cell(field="pixel_size", value="x=130 nm; y=0.13 µm, z: 1 mm"),
        Cell(field="dimension_extents", value="c=2, y=10, x=20"),
        Cell(field="channel_content", item=2, value="GFP"),
        Cell(field="channel_information", item=1, value="DAPI"),
        Cell(field="format_compression", value="OME-Zarr 0.4, zstd"),
        Cell(field="objective", value="63x 1.4 NA oil"),
        Cell(field="intrinsic_variable", value="genotype = CDK1-/-"),
        Cell(field="transformation_matrix", value="[[1, 0], [0, 1]]"),
        Cell(field="size_bytes", value="50 MiB"),
        Cell(field="publications", value="https://doi.org/10.1371/journal.pbio.3000388"),
    ]
    known, findings = described(cells, where="mine.csv")
    assert findings == []
    assert known.get("biosample.organism")[0] == {"label": "mouse", "id": "NCBITaxon:10090"}
    assert known.get("citation.creators") == [{"name": "Ada Example", "orcid": "0000-0002-1825-0097"}]
    assert known.get("citation.license")["spdx"] == "CC-BY-4.0"
    assert {axis: one["value"] for axis, one in known.get("image.scale").items()} == {
        "x": 0.13,
        "y": 0.13,
        "z": 1000.0,
    }
    assert known.get("image.shape") == [2, 10, 20]
    assert [axis["name"] for axis in known.get("image.axes")] == ["c", "y", "x"]
    assert known.get("specimen.channels") == [{"index": 0}, {"index": 1, "content": "GFP"}]
    assert known.get("image.channels") == [{"label": "DAPI"}]
    assert known.get("image.format") == {"name": "OME-Zarr", "ngff_version": "0.4"}
    assert known.get("acquisition.objective")[0] == {
        "model": "63x 1.4 NA oil", "magnification": 63.0, "na": 1.4, "immersion": "oil",
    }  # fmt: skip
    assert known.get("biosample.variables.intrinsic") == [{"name": "genotype", "value": "CDK1-/-"}]
    assert known.get("correlation.transform") == [[[1, 0], [0, 1]]]
    assert known.get("image.bytes") == 52428800
    assert known.get("citation.publications") == [{"doi": "10.1371/journal.pbio.3000388"}]
    assert known.best("biosample.organism").source.document == "mine.csv"  # type: ignore[union-attr]
    merged = known.merged(Description(statements=(told("citation.title", "From the crate"),)))
    assert merged.get("citation.title") == "From the crate"


def test_no_address_of_a_person_is_kept(tmp_path: Path) -> None:
    filled = edited(rows("rembi"), "Study.authors", "Ada Example, ada@example.org")
    known, _ = described(
        [Cell(module=row["module"], field=row["field"], value=row["value"]) for row in filled], where="here"
    )
    assert "ada@example.org" not in known.to_json()


def test_other_names_of_fields_are_understood() -> None:
    known, findings = described(
        [
            Cell(field="Licence", value="CC0"),
            Cell(field="species", value="mouse"),
            Cell(field="Author", value="A"),
        ],
        where="here",
    )
    assert findings == [] and known.get("citation.license")["spdx"] == "CC0-1.0"
    assert known.get("biosample.organism") and known.get("citation.creators")


def test_no_other_name_is_the_name_of_another_field() -> None:
    own = {key(field.name) for field in rembi_fields.fields()}
    spellings = [key(other) for field in rembi_fields.fields() for other in field.also]
    assert len(set(spellings)) == len(spellings) and not own & set(spellings)


# ── does it apply? ───────────────────────────────────────────────────────────────────────────────────


def test_a_study_is_not_asked_for_the_pixels_of_an_image() -> None:
    study = Description(statements=(told("identity.object_type", "study"),))
    image = Description(statements=(told("identity.object_type", "image"),))
    assert rembi_coverage.coverage(study).of("Image data").share is None
    assert rembi_coverage.coverage(image).of("Image data").share == 0


def test_correlation_and_analysis_are_asked_for_where_they_are_spoken_of() -> None:
    plain = rembi_coverage.coverage(Description())
    assert plain.of("Image correlation").share is None is plain.of("Analyzed data").share
    clem = rembi_coverage.coverage(Description(statements=(told("correlation.fiducials", ["beads"]),)))
    assert clem.of("Image correlation").share == 0
    related = rembi_coverage.coverage(
        Description(statements=(told("relations", [{"type": "a", "target": "b"}]),))
    )
    assert related.of("Image correlation").share == 1
    labelled = rembi_coverage.coverage(Description(statements=(told("image.has_labels", True),)))
    assert labelled.of("Analyzed data").share == 0


@pytest.mark.parametrize(
    ("license_", "note"),
    [
        ("Public Domain Mark 1.0", ""),
        ("CC BY 4.0", ""),
        ("Our house rules", "no licence that is known by name"),
    ],
)
def test_a_licence_is_known_by_its_name_also_without_an_spdx_identifier(license_: str, note: str) -> None:
    record = fairlab.Record(id="x:1", kind="image", repository="X", license=license_)
    assert _note(fair.rembi(record), "Study.license").startswith(note)
    assert bool(_note(fair.rembi(record), "Study.license")) == bool(note)


def test_channels_count_as_far_as_each_has_it() -> None:
    channels = [{"index": 0, "content": "DAPI"}, {"index": 1, "content": "n/a"}, {"index": 2}]
    half = rembi_coverage.coverage(Description(statements=(told("specimen.channels", channels),)))
    assert _credit(half, "Specimen.channel_content") == pytest.approx(1 / 3)
    assert _note(half, "Specimen.channel_content") == "1 of 3 channels"


def test_what_two_documents_say_of_a_channel_goes_together() -> None:
    known = Description(
        statements=(
            told("image.channels", [{"label": "DAPI"}, {"label": "GFP"}], "ngff"),
            told("image.channels", [{"excitation_nm": 405}, {"excitation_nm": 488, "label": ""}], "user"),
        )
    )
    coverage = rembi_coverage.coverage(known)
    assert (
        _credit(coverage, "Image data.channel_information")
        == 1
        == _credit(coverage, "Image acquisition.wavelengths")
    )


# ── sources ──────────────────────────────────────────────────────────────────────────────────────────


def test_records_descriptions_identifiers_and_their_files_agree(tmp_path: Path) -> None:
    record = fairlab.lookup("idr:idr0062")
    description = Description.of(record)
    as_record, as_description = tmp_path / "record.json", tmp_path / "description.json"
    as_record.write_text(record.to_json(), encoding="utf-8")
    as_description.write_text(description.to_json(), encoding="utf-8")
    sources = (
        record,
        description,
        "idr:idr0062",
        as_record,
        str(as_description),
        record.to_dict(),
        description.to_dict(),
    )
    shares = {fair.rembi(source).share for source in sources}
    assert len(shares) == 1 and 0 < shares.pop() < 1


@pytest.mark.parametrize("source", [None, 3, ["a"], b"title", "", " "])
def test_what_can_be_no_source_is_refused(source: Any) -> None:
    with pytest.raises(errors.QueryError) as caught:
        fair.rembi(source)
    assert caught.value.kind == "source-type"


def test_the_studies_of_the_catalogue_cover_what_their_archives_export() -> None:
    # In the shape search gives them: none is complete, none is empty.
    shares = [fair.rembi(record).core_share for record in fairlab.search("cell", kind="study", limit=50)]
    assert len(shares) == 50
    assert all(share is not None and 0.2 < share < 1 for share in shares)


def test_crates_of_every_dialect_are_checked(shared: Path) -> None:
    folder = shared / "metadata" / "examples"
    if not folder.is_dir():
        pytest.skip(f"no {folder}")
    expected = json.loads((folder / "expected.json").read_text("utf-8"))["expected"]
    crates = {name: stated for name, stated in expected.items() if name.startswith("rocrate/")}
    assert len(crates) == 7
    for name, stated in crates.items():
        coverage = fair.rembi(folder / name)
        credits = {one.name: bool(one.credit) for one in coverage.fields}
        assert credits["Study.title"] and credits["Study.license"], name
        assert credits["Biosample.organism"] is bool(stated["organisms"]), name
        assert credits["Study Component.imaging_method"] is bool(stated["methods"]), name
        assert credits["Study.authors"] is bool(stated["n_authors"]), name
        terms = fair.check_terms(folder / name)
        assert not [
            one for one in terms.failed() if one.check in ("registered", "exists", "label", "text")
        ], name


def test_a_placeholder_of_a_real_crate_counts_for_nothing(shared: Path) -> None:
    file = shared / "metadata" / "examples" / "rocrate" / "gide_BIA_S-BIAD1039-ro-crate-metadata.json"
    if not file.exists():
        pytest.skip(f"no {file}")
    coverage = fair.rembi(file)
    assert _credit(coverage, "Image acquisition.instrument") == 0 == _credit(coverage, "Study.description")
    assert "cf ms" in _note(coverage, "Image acquisition.instrument")


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"@graph": []}, "crate-empty"),
        ({"@graph": [{"@id": "./"}]}, "crate-empty"),
        ({"@graph": "nothing"}, "crate-empty"),
    ],
)
def test_a_crate_that_says_nothing_is_an_error(document: Any, kind: str) -> None:
    with pytest.raises(errors.FormatError) as caught:
        fair.rembi(document)
    assert caught.value.kind == kind


# ── the answer ───────────────────────────────────────────────────────────────────────────────────────


def test_the_answer_as_text_data_and_page(tmp_path: Path) -> None:
    filled = edited(rows("rembi"), "Study Component.imaging_method", "light microscopy")
    coverage = fair.rembi(write(filled, tmp_path / "mine.csv"))
    text = str(coverage)
    assert text.startswith("REMBI: 15 of 16 core fields, 9")
    assert "Study Component.imaging_method: too broad" in text
    facts = json.loads(json.dumps(coverage.to_dict()))
    assert facts["complete"] is False
    assert facts["modules"]["Study Component"]["missing"] == ["imaging_method"]
    assert len(facts["fields"]) == 51
    assert "<b>imaging_method</b>" in coverage._repr_html_()


def test_hostile_text_is_shown_never_obeyed() -> None:
    evil = "<script>alert(1)</script>\x1b[31m\ud800"
    record = fairlab.Record(
        id=f"a:{evil}",
        kind="image",
        repository="a",
        title=evil,
        imaging_method=(Term(label=evil),),
        license=evil,
    )
    coverage = fair.rembi(record)
    page = coverage._repr_html_()
    assert "<script" not in page and page.encode()
    assert "\x1b" not in str(coverage) and str(coverage).encode()
    table = fair.rembi({"organism": "mouse", evil: "x"})
    assert "<script" not in table._repr_html_() and "\x1b" not in str(table)


@settings(max_examples=25)
@given(st.lists(STATEMENTS, max_size=8))
def test_any_description_has_a_coverage_and_more_is_never_less_than_nothing(statements: list[Any]) -> None:
    coverage = rembi_coverage.coverage(Description(statements=tuple(statements)))
    assert len(coverage.fields) == 51
    assert coverage.share is not None and 0 <= coverage.share <= 1
    assert all(one.credit is None or 0 <= one.credit <= 1 for one in coverage.fields)
    str(coverage).encode()
    coverage._repr_html_().encode()


@settings(max_examples=15)
@given(st.sets(st.sampled_from([field.name_in_full for field in rembi_fields.fields()]), min_size=1))
def test_the_more_is_filled_in_the_more_is_covered(names: set[str]) -> None:
    every = [field for field in rembi_fields.fields() if field.module != "Image correlation"]
    some = [Cell(module=f.module, field=f.name, value=f.example) for f in every if f.name_in_full in names]
    if not some:
        return
    less = rembi_coverage.coverage(described(some, where="here")[0])
    whole = rembi_coverage.coverage(
        described([Cell(module=f.module, field=f.name, value=f.example) for f in every], where="here")[0]
    )
    assert {one.name for one in less.fields if one.credit == 1} <= {
        one.name for one in whole.fields if one.credit == 1
    }
    assert {one.name for one in less.fields if one.credit == 1} >= names & {f.name for f in every}


@settings(max_examples=60)
@given(st.sampled_from(rembi_fields.fields()), VALUES)
def test_any_value_of_a_field_is_read_or_told(field: Any, value: Any) -> None:
    if value is None:
        return
    known, _ = described([Cell(module=field.module, field=field.name, value=value)], where="here")
    assert len(rembi_coverage.coverage(known).fields) == 51
    assert judged(known).findings is not None
    known.to_json().encode()


@pytest.mark.parametrize("form", sorted({field.form for field in rembi_fields.fields()}))
def test_a_value_of_a_hundred_thousand_signs_is_read_at_once_or_told(form: str) -> None:
    field = next(field for field in rembi_fields.fields() if field.form == form)
    for value in ("(" * 50_000 + "a:" * 50_000, " " * 100_000 + "x", "1" * 100_000):
        known, findings = described([Cell(module=field.module, field=field.name, value=value)], where="here")
        assert findings or known.statements


def test_a_term_in_two_parts_is_read_whatever_json_makes_of_them() -> None:
    parts = [{"label": "mouse", "id": "NCBI:txid10090"}, {"label": 42}]
    known, findings = described([Cell(field="organism", value=parts)], where="here")
    assert findings == []
    assert known.get("biosample.organism") == [{"label": "mouse", "id": "NCBITaxon:10090"}, {"label": "42"}]


def test_lengths_with_their_units_apart_are_read() -> None:
    cells = [Cell(field="pixel_size", value={"x": {"value": 130, "unit": "nm"}, "y": "0.5 µm"})]
    known, findings = described(cells, where="here")
    assert not findings
    assert {axis: one["value"] for axis, one in known.get("image.scale").items()} == {"x": 0.13, "y": 0.5}


def test_a_thousand_rows_are_read_as_values_of_their_fields(tmp_path: Path) -> None:
    file = tmp_path / "long.csv"
    with file.open("w", newline="") as stream:
        csv.writer(stream).writerows([["field", "value"], *(["keywords", f"word {n}"] for n in range(1000))])
    assert _credit(fair.rembi(file), "Study.keywords") == 1
