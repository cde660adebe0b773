from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fairlab.errors import NotebookError
from fairlab.runs import table_file
from fairlab.runs.table_file import OWN_COLUMNS, read_table

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, content: str | bytes, name: str = "hits.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("url,size\na,1\nb,2\n", "a.csv"),
        ("url,size\r\na,1\r\nb,2\r\n", "crlf.csv"),
        ("url,size\ra,1\rb,2\r", "mac.csv"),
        ("url,size\na,1\nb,2", "no-last-line-end.csv"),
        ("\ufeffurl,size\na,1\nb,2\n", "bom.csv"),
        ("url;size\na;1\nb;2\n", "excel.csv"),
        ("sep=;\r\nurl;size\r\na;1\r\nb;2\r\n", "told.csv"),
        ("url\tsize\na\t1\nb\t2\n", "a.tsv"),
        ("url\tsize\na\t1\nb\t2\n", "a.csv"),
        (' url , size \n" a ", 1\nb,2,,,\n', "spaces.csv"),
        ("table_row,url,size,run_status\n2,a,1,ok\n3,b,2,failed\n", "rows.csv"),
        (",url,size\n0,a,1\n1,b,2\n", "pandas.csv"),
    ],
)
def test_tables_as_people_and_spreadsheets_write_them(tmp_path: Path, content: str, name: str) -> None:
    table = read_table(written(tmp_path, content, name))
    assert table.columns == ("url", "size")
    assert [(row.number, row.cells) for row in table.rows] == [(2, ("a", "1")), (3, ("b", "2"))]
    assert table.decimal_comma is (";" in content)


def test_unicode_text_of_a_spreadsheet(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "url\tgröße µm\r\na\t1\r\n".encode("utf-16"), "a.txt"))
    assert table.columns == ("url", "größe µm")


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    content = '\n\nurl,note\n\na,"two\nlines"\n , \nb\n'
    table = read_table(written(tmp_path, content))
    assert [(row.number, row.cells) for row in table.rows] == [(5, ("a", "two\nlines")), (7, ("b", ""))]


def test_one_column_may_hold_other_marks_in_quotes(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, 'url\n"https://example.org/a,b;c.zarr"\n'))
    assert table.rows[0].cells == ("https://example.org/a,b;c.zarr",)


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        ("", "table-form", "is empty"),
        (" \n,,\n", "table-form", "is empty"),
        ("url,size\n", "table-form", "no rows"),
        ("url,size\n,\n", "table-form", "no rows"),
        ("url,url\na,b\n", "table-form", 'two columns are called "url"'),
        (",\na,b\n", "table-form", "is empty"),
        ("table_row,run_status\n1,ok\n", "table-form", "no headings"),
        ("url,size\na,1,2\n", "table-form", "row 2 has 3 cells"),
        ('url,size\n"a,1\nb,2\n', "table-form", "quotes"),
        ('url,size\n"a"b,1\n', "table-form", "quotes"),
        ("url,size\na,µ\n".encode("cp1252"), "table-form", "line 2 is not UTF-8"),
        ("url,size\na,1\n".encode("utf-16-le"), "table-form", "no text"),
        (b"\xff\xfeu", "table-form", "not UTF-8"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: str | bytes, kind: str, says: str) -> None:
    with pytest.raises(NotebookError) as caught:
        read_table(written(tmp_path, content))
    assert caught.value.kind == kind
    if content != ",\na,b\n":
        assert says in caught.value.message


def test_what_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "MAX_BYTES", 10)
    for place in (tmp_path, tmp_path / "absent.csv", written(tmp_path, "url\n" + "a" * 20)):
        with pytest.raises(NotebookError) as caught:
            read_table(place)
        assert caught.value.kind == "table-unreadable"


_CELL = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=' ,;"\n'), max_size=8).map(
    str.strip
)


@given(rows=st.lists(st.lists(_CELL, min_size=3, max_size=3), min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_what_a_csv_writer_writes_is_read_back(tmp_path: Path, rows: list[list[str]]) -> None:
    rows = [["url", "b", "c"], *[row for row in rows if any(row)], ["last", "", ""]]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    table = read_table(written(tmp_path, text.getvalue()))
    assert [list(table.columns), *(list(row.cells) for row in table.rows)] == rows
    assert not set(table.columns) & set(OWN_COLUMNS)
