from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab import errors, fair
from fairlab.fair import field_tables
from fairlab.fair.field_names import sort_out
from fairlab.fair.field_tables import Cell, cells_of_json, key
from tests.fair.filled import read_cells

if TYPE_CHECKING:
    from pathlib import Path


def _cells(path: Path) -> list[tuple[str | None, str, int, Any]]:
    return [(cell.module, cell.field, cell.item, cell.value) for cell in read_cells(path)]


def test_one_line_per_field_and_one_line_per_item_say_the_same(tmp_path: Path) -> None:
    by_field, by_item = tmp_path / "fields.csv", tmp_path / "items.csv"
    by_field.write_text("field,item,value\nChannel Name,1,DAPI\nClone,1,A\nChannel Name,2,CD3\nClone,2,B\n")
    by_item.write_text("Channel Name,Clone\nDAPI,A\n\nCD3,B\n")
    told = [
        (None, "Channel Name", 1, "DAPI"), (None, "Clone", 1, "A"),
        (None, "Channel Name", 2, "CD3"), (None, "Clone", 2, "B"),
    ]  # fmt: skip
    assert _cells(by_field) == _cells(by_item) == told


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (b"\xef\xbb\xbffield,value\norganism,m\xc3\xa4use\n", ".csv"),
        ("field\tvalue\norganism\tmäuse\n".encode("utf-16"), ".csv"),
        ("field;value\r\norganism;mäuse\r\n".encode(), ".csv"),
        ("\n\nField\tVALUE\torigin\n organism \t mäuse \tlab\n".encode(), ".tsv"),
        ('[{"field": "organism", "value": "mäuse"}]'.encode(), ".json"),
        ('{"organism": "mäuse"}'.encode(), ".txt"),
    ],
)
def test_files_as_programs_write_them(content: bytes, suffix: str, tmp_path: Path) -> None:
    file = tmp_path / f"table{suffix}"
    file.write_bytes(content)
    assert [cell[1:4:2] for cell in _cells(file)] == [("organism", "mäuse")]


@pytest.mark.parametrize(
    ("content", "kind", "said"),
    [
        (b"", "table-empty", "nothing is filled in"),
        (b"field,value\n", "table-empty", "nothing is filled in"),
        (b"field,value\norganism,\n", "table-empty", "nothing is filled in"),
        (b"{}", "table-empty", "nothing is filled in"),
        ("field,value\norganism,mäuse\n".encode("cp1252"), "table-encoding", "line 2"),
        (b"field,value\norganism,mo\0use\n", "table-form", "NUL"),
        (b"field,value\norganism,a,b\n", "table-form", "row 2 has 3 cells"),
        (b'field,value\norganism,"a\n', "table-form", "not CSV"),
        (b"field,value,value\norganism,a,b\n", "table-form", "comes twice"),
        (b"field,value\n,mouse\n", "table-form", "row 2 has a value without a field"),
        (b"field,value,item\norganism,mouse,first\n", "table-form", "row 2 does not say which item"),
        (b"field,value,item\norganism,mouse,999999999\n", "table-form", "row 2 does not say which item"),
        (b'{"organism": ', "table-form", "not JSON"),
        (b'<?xml version="1.0"?><OME/>', "table-form", "XML or HTML"),
        (b"[1, 2]", "table-form", "something else than objects"),
        (b"[" * 20_000, "table-form", "not JSON"),
    ],
)
def test_what_cannot_be_read_says_what_and_where(
    content: bytes, kind: str, said: str, tmp_path: Path
) -> None:
    file = tmp_path / "table.csv"
    file.write_bytes(content)
    with pytest.raises(errors.FormatError) as caught:
        read_cells(file)
    assert caught.value.kind == kind
    assert said in str(caught.value) and str(file) in str(caught.value)


def test_a_file_that_is_missing_or_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in (tmp_path / "none.csv", tmp_path / "a\0b.csv", tmp_path / "none.json"):
        with pytest.raises(errors.NotFoundError) as caught:
            fair.rembi(path)
        assert caught.value.kind == "path-missing"
    with pytest.raises(errors.NotFoundError):
        read_cells(tmp_path)
    file = tmp_path / "large.csv"
    file.write_text("field,value\norganism,mouse\n")
    monkeypatch.setattr(field_tables, "MAX_BYTES", 10)
    with pytest.raises(errors.FormatError) as refused:
        read_cells(file)
    assert refused.value.kind == "table-too-large"


@pytest.mark.parametrize(
    "document",
    [
        {"Biosample": {"organism": "mouse"}},
        {"Biosample": [{"organism": "mouse"}]},
        [{"module": "Biosample", "organism": "mouse", "growth_protocol": None}],
        {"fields": [{"module": "Biosample", "field": "organism", "value": "mouse"}]},
    ],
)
def test_json_by_module_item_or_field(document: Any) -> None:
    (cell,) = cells_of_json(document, where="here")
    assert (cell.module, cell.field, cell.value) == ("Biosample", "organism", "mouse")


# ── names ────────────────────────────────────────────────────────────────────────────────────────────

_KNOWN = {
    "File": ("Filename", "Lens NA", "Comment"),
    "Cell": ("Filename", "Comment"),
    "Channel": ("Clone", "Comment"),
}


def _sorted_out(*fields: str, module: str | None = None) -> Any:
    return sort_out(
        [Cell(module=module, field=f, value=1) for f in fields], _KNOWN, standard="MITI", where="here"
    )


def test_names_are_compared_by_their_letters_and_digits() -> None:
    assert list(_sorted_out("lens_na", "  CLONE", "Channel.Clone")[0]) == [
        ("File", "Lens NA"),
        ("Channel", "Clone"),
    ]


def test_a_table_without_modules_is_about_the_one_that_most_of_its_columns_are_of() -> None:
    assert ("File", "Filename") in _sorted_out("Filename", "Lens NA", "Comment")[0]
    values, findings = _sorted_out("Filename", "Clone")
    assert list(values) == [("Channel", "Clone")]
    assert findings[0].rule == "ambiguous-field"
    assert '"File.Filename" or "Cell.Filename"' in findings[0].message


def test_a_module_may_be_named_in_more_words() -> None:
    assert list(_sorted_out("Filename", module="File (image acquisition)")[0]) == [("File", "Filename")]
    with pytest.raises(errors.FormatError, match='no module is called "Xile'):
        _sorted_out("Filename", module="Xile")


def test_an_unknown_module_is_told_once() -> None:
    cells = [Cell(module="Filez", field=f, value=1) for f in ("Filename", "Comment")]
    findings = sort_out([*cells, Cell(field="Clone", value=1)], _KNOWN, standard="MITI", where="here")[1]
    assert [(one.rule, one.field) for one in findings] == [("unknown-module", "Filez")]


def test_unknown_names_are_told_with_the_nearest() -> None:
    values, findings = _sorted_out("Clone", "Filenam")
    assert list(values) == [("Channel", "Clone")]
    assert (findings[0].rule, findings[0].level) == ("unknown-field", "warning")
    assert "did you mean Filename?" in findings[0].message
    with pytest.raises(errors.FormatError) as caught:
        _sorted_out("Filenam", "colour")
    assert caught.value.kind == "fields-unknown"
    assert "Filename" in str(caught.value) and 'fairlab.fair.template("miti")' in str(caught.value)


@given(st.text(max_size=40))
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert key(key(name)) == key(name) == key(f" {name}!")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["Study", "title", "Channel", "field", "value", "item"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_read_or_refused_as_data(document: Any) -> None:
    try:
        cells = cells_of_json(json.loads(json.dumps(document)), where="here")
    except errors.FormatError:
        return
    assert all(
        (cell.item is None or cell.item >= 1) and cell.value not in (None, "", [], {}) for cell in cells
    )
