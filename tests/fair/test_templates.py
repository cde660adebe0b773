from __future__ import annotations

import csv
import io
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlab import errors, fair
from fairlab.fair import miti_fields, rembi_fields
from fairlab.fair.checklist import by_module
from fairlab.fair.rembi_values import described
from tests.fair.filled import read_cells, rows, write

_ALL = {"rembi": by_module(rembi_fields.fields()), "miti": by_module(miti_fields.fields())}


@pytest.mark.parametrize("standard", _ALL)
def test_a_template_has_every_field_once_with_what_belongs_there(standard: str) -> None:
    lines = list(csv.DictReader(io.StringIO(fair.template(standard))))
    assert [(line["module"], line["field"]) for line in lines] == [
        (module, field) for module, fields in _ALL[standard].items() for field in fields
    ]
    for line in lines:
        assert line["description"] and line["example"] and line["requirement"] and not line["value"], line


@pytest.mark.parametrize("standard", _ALL)
@pytest.mark.parametrize("form", ["csv", "tsv", "json"])
def test_filled_in_with_its_own_examples_it_is_complete(standard: str, form: str, tmp_path: Path) -> None:
    told = getattr(fair, standard)(write(rows(standard), tmp_path / f"mine.{form}"))
    assert told.findings == ()
    assert [one.name for one in told.missing()] == []
    assert told and told.share == told.core_share == 1


@pytest.mark.parametrize("standard", _ALL)
@pytest.mark.parametrize("form", ["csv", "tsv", "json"])
def test_all_forms_have_the_same_lines(standard: str, form: Any) -> None:
    text = fair.template(standard, format=form)
    if form == "json":
        lines = json.loads(text)["fields"]
    else:
        lines = list(csv.DictReader(io.StringIO(text), delimiter="," if form == "csv" else "\t"))
    expected = list(csv.DictReader(io.StringIO(fair.template(standard))))
    assert [{name: str(cell) for name, cell in line.items()} for line in lines] == expected


@pytest.mark.parametrize("standard", _ALL)
def test_an_empty_template_is_said_to_be_empty(standard: str, tmp_path: Path) -> None:
    file = tmp_path / "empty.csv"
    file.write_text(fair.template(standard), encoding="utf-8")
    with pytest.raises(errors.FormatError) as caught:
        getattr(fair, standard)(file)
    assert caught.value.kind == "table-empty"


def test_modules_and_items_are_chosen() -> None:
    lines = rows("miti", modules=["channel"], items=3)
    assert {line["module"] for line in lines} == {"Channel"}
    assert [line["item"] for line in lines if line["field"] == "Clone"] == ["1", "2", "3"]
    channels = [line for line in rows("rembi", items=2) if line["field"] == "channel_content"]
    assert [line["item"] for line in channels] == ["1", "2"]


def test_long_lists_are_shortened_and_offered_whole() -> None:
    line = next(line for line in rows("miti") if line["field"] == "Primary diagnosis")
    assert "1638 words" in line["vocabulary"] and len(line["vocabulary"]) < 200
    assert len(fair.miti_words("Primary diagnosis")) == 1638
    assert fair.miti_words("File Format")[:4] == ("SVS", "OME-TIFF", "CZI", "OME-Zarr")
    assert fair.miti_words("Clone") == ()


def test_the_gaps_of_a_crate_are_asked_for_and_fill_it(tmp_path: Path) -> None:
    crate = {
        "@graph": [
            {"@id": "./", "@type": "Dataset", "name": "Cell cycle states of HeLa cells", "license": "CC0"}
        ]
    }
    before = fair.rembi(crate)
    lines = list(csv.DictReader(io.StringIO(fair.template("rembi", gaps=before))))
    assert {f"{line['module']}.{line['field']}" for line in lines} == {one.name for one in before.missing()}
    file = write([{**line, "value": line["example"]} for line in lines], tmp_path / "gaps.csv")
    both = fair.rembi(crate, file)
    assert not before and both and both.findings == ()
    assert both.source == f"these fields + {file}"
    with pytest.raises(errors.QueryError) as caught:
        fair.template("miti", gaps=before)
    assert caught.value.kind == "gaps"
    with pytest.raises(errors.QueryError, match="nothing of REMBI is missing"):
        fair.template("rembi", gaps=fair.rembi(write(rows("rembi"), tmp_path / "whole.csv")))


@settings(max_examples=30)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0@"), min_size=1, max_size=60))
def test_any_text_survives_a_file(text: str) -> None:
    if not text.strip():
        return
    for suffix in ("csv", "tsv", "json"):
        with tempfile.TemporaryDirectory() as folder:
            line = [{"module": "Study", "field": "title", "value": text}]
            known, findings = described(read_cells(write(line, Path(folder, f"a.{suffix}"))), where="here")
        assert known.get("citation.title") == text.strip() and not findings


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ({"standard": "remby"}, "standard-unknown", "did you mean rembi?"),
        ({"standard": "rembi", "format": "xlsx"}, "format-unknown", "csv, tsv, json"),
        ({"standard": "rembi", "modules": ["Biosampl"]}, "module-unknown", "did you mean Biosample?"),
        ({"standard": "miti", "modules": ["Channels"]}, "module-unknown", "did you mean Channel?"),
        ({"standard": "miti", "items": 0}, "items", "from 1"),
        ({"standard": "miti", "items": 10**9}, "items", "from 1"),
    ],
)
def test_a_wrong_question_names_the_right_one(arguments: dict[str, Any], kind: str, said: str) -> None:
    with pytest.raises(errors.QueryError) as caught:
        fair.template(**arguments)
    assert caught.value.kind == kind and said in str(caught.value)
    if kind == "items":
        return
    with pytest.raises(errors.QueryError):
        fair.miti_words("no such field")
