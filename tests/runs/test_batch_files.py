from __future__ import annotations

import csv
import tracemalloc
from pathlib import Path

import pytest

from fairlab.errors import OutputError
from fairlab.runs.batch import BatchRow
from fairlab.runs.batch_files import batch_folder, collect, write_rows

HOSTILE = [
    "=cmd()",
    "+1+2",
    "-x",
    "@SUM(A1)",
    "\t=1",
    "＝1",
    "<script>alert(1)</script>",
    "a\x00b\x1b[2J",
    "a\nb",
]


def table_of(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def lines_of(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


@pytest.mark.parametrize("cell", HOSTILE)
def test_no_cell_is_a_formula_or_a_control_sequence(tmp_path: Path, cell: str) -> None:
    row = BatchRow(number=2, cells={cell: cell}, status="failed", error=cell, seconds=1.25, failed_cell=3)
    write_rows(tmp_path / "rows.csv", [cell], [row])
    collect(tmp_path / "results.csv", [(2, cell, _results(tmp_path, cell))])
    for name in ("rows.csv", "results.csv"):
        for line in lines_of(tmp_path / name):
            for found in line:
                assert found[:1] not in ("=", "+", "-", "@", "\t", "\r", "＝")
                assert "\x1b" not in found and "\x00" not in found


def _results(folder: Path, cell: str) -> Path:
    path = folder / "one.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["value", cell], [cell, cell]])
    return path


def test_rows_tell_cells_and_outcome_with_paths_from_the_file(tmp_path: Path) -> None:
    folder = batch_folder(tmp_path / "runs", "tool", Path("my hits.csv"))
    row = BatchRow(
        number=7, cells={"url": "a", "size": "-1.5"}, status="ok", seconds=2.0, output=folder.parent / "a.ipynb"
    )  # fmt: skip
    write_rows(
        folder / "rows.csv", ["url", "size"], [row, BatchRow(number=8, cells={"url": "b", "size": ""})]
    )
    head, first, second = lines_of(folder / "rows.csv")
    assert dict(zip(head, first, strict=True)) == {
        "table_row": "7", "url": "a", "size": "-1.5", "run_status": "ok", "run_seconds": "2.0", "run_cell": "",
        "run_error": "", "run_notebook": "../a.ipynb", "run_results": "", "run_note": "",
    }  # fmt: skip
    assert second[:4] == ["8", "b", "", "not run"]


def test_results_are_joined_with_all_their_columns(tmp_path: Path) -> None:
    tables = [
        (2, "a", table_of(tmp_path, "a.csv", "label,area\n1,2.5\n2,-3e-07\n")),
        (3, "b", table_of(tmp_path, "b.csv", "\ufefflabel,mean\n1,7\n")),
        (4, "c", table_of(tmp_path, "c.csv", "label,area\n")),
    ]
    assert collect(tmp_path / "results.csv", tables) == ()
    assert lines_of(tmp_path / "results.csv") == [
        ["table_row", "table_image", "label", "area", "mean"],
        ["2", "a", "1", "2.5", ""],
        ["2", "a", "2", "-3e-07", ""],
        ["3", "b", "1", "", "7"],
    ]


def test_a_table_that_cannot_be_read_is_left_out_and_named(tmp_path: Path) -> None:
    bad = {"short.csv": b"a,b\n1\n", "quote.csv": b'a\n"1\n', "latin.csv": "a\nµ\n".encode("cp1252")}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    tables = [(n, "x", tmp_path / name) for n, name in enumerate([*bad, "absent.csv"])]
    tables.append((9, "y", table_of(tmp_path, "good.csv", "a\n1\n")))
    remarks = collect(tmp_path / "results.csv", tables)
    assert [remark.split(":")[0] for remark in remarks] == [
        f"the results of row {n} are left out" for n in range(4)
    ]
    assert lines_of(tmp_path / "results.csv")[1:] == [["9", "y", "1"]]


def test_an_earlier_collection_does_not_stay_beside_new_rows(tmp_path: Path) -> None:
    table_of(tmp_path, "results.csv", "old\n")
    assert collect(tmp_path / "results.csv", []) == ()
    assert not (tmp_path / "results.csv").exists()


def test_results_are_joined_in_bounded_memory(tmp_path: Path) -> None:
    big = table_of(tmp_path, "big.csv", "label,area\n" + "".join(f"{n},{n}.5\n" for n in range(6000)))
    tracemalloc.start()
    collect(tmp_path / "results.csv", [(number, "a", big) for number in range(8)])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (tmp_path / "results.csv").stat().st_size > 700_000
    assert peak < 1_000_000  # one table alone, held as lists, takes 2 MB


def test_a_place_that_cannot_be_written_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    table_of(tmp_path, "tool", "")
    with pytest.raises(OutputError) as caught:
        batch_folder(tmp_path, "tool", Path("a.csv"))
    assert caught.value.kind == "output-unwritable"
    (tmp_path / "rows.csv").mkdir()
    with pytest.raises(OutputError) as caught:
        write_rows(tmp_path / "rows.csv", [], [])
    assert caught.value.kind == "output-unwritable"
    assert not list(tmp_path.glob(".*"))


def test_a_very_long_name_of_a_table_makes_a_folder(tmp_path: Path) -> None:
    assert batch_folder(tmp_path, "tool", Path("x" * 250 + ".csv")).is_dir()
