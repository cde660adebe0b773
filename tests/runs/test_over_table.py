from __future__ import annotations

import csv
import json
import os
import re
import signal
import subprocess
import sys
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

import fairlab
from fairlab import runs
from fairlab.cli import main
from fairlab.errors import MissingExtraError, NotebookError
from fairlab.runs.plan import planned
from fairlab.runs.record import settings_of
from fairlab.runs.table_file import read_table
from fairlab.widgets.search_rows import csv_of
from tests.runs.notebooks import write_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = "<img src=x onerror=alert(1)>\u202e ;'\"{x}"
CELL = "source: str = 'sample:nuclei'  # image\nn: int = 1  # a number\ncsv: str = ''  # file"
CODE = (
    "open(csv, 'w', encoding='utf-8').write(f'image,n\\n{len(source)},{n}\\n=1,2\\n')",
    "# divide\nm = 1 / n",
)


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test as soon as papermill is called."""
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: pytest.fail("a kernel was started"))


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[runs.Batch]:
    """A batch with a row that fails, a hostile one, and one that says the same as another."""
    folder = tmp_path_factory.mktemp("batch")
    notebook = write_notebook(folder, *CODE, cell=CELL)
    table = folder / "my <hits>.csv"
    with table.open("w", encoding="utf-8", newline="") as stream:
        lines = csv.writer(stream)
        lines.writerow(["url", "n", "gene"])
        lines.writerows([["a", "1", "=cmd()"], [], ["b", "0", "x"], [HOSTILE, "2", "y"], ["a", "", "z"]])
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield runs.run_over(notebook, table, progress=False)


def test_each_row_is_a_run_and_a_failed_one_is_not_in_the_way(batch: runs.Batch) -> None:
    assert [(row.number, row.status, row.note) for row in batch.rows] == [
        (2, "ok", ""), (4, "failed", ""), (5, "ok", ""), (6, "ok", "the same as row 2")
    ]  # fmt: skip
    failed = batch.failures[0]
    assert (failed.failed_cell, failed.error) == (4, "ZeroDivisionError: division by zero")
    assert batch.counts == {"ok": 3, "failed": 1}
    assert "1 failed" in batch.said and "ZeroDivisionError" in str(batch)


def test_the_record_of_a_row_has_what_fills_no_parameter(batch: runs.Batch) -> None:
    listed = {run.table_row: run for run in runs.list_runs(batch.index.parents[2])}
    assert sorted(row for row in listed if row) == [2, 4, 5]
    run = listed[2]
    assert (run.table, run.beside) == ("my <hits>.csv", {"gene": "=cmd()"})
    assert run.results is not None and run.parameters["csv"] == str(Path("runs", "tool", run.results.name))
    assert run.settings == settings_of({**run.parameters, "csv": ""})
    assert "my <hits>.csv row 2" in str(run) and "<hits>" not in run._repr_html_()
    table = runs.table(batch.index.parents[2])
    assert sorted(table["table_row"].dropna()) == [2, 4, 5]
    assert set(table["table"]) == {"my <hits>.csv"}


def test_the_run_of_a_row_becomes_a_crate_with_its_table_wherever_one_is(
    batch: runs.Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = next(run for run in runs.list_runs(batch.index.parents[2]) if run.table_row == 2)
    assert run.results is not None
    made = runs.crate(run, out=tmp_path / "crate")
    assert {path.name for path in made.iterdir()} == {
        run.output.name, run.results.name, "ro-crate-metadata.json"
    }  # fmt: skip


def test_rows_and_results_are_tables(batch: runs.Batch) -> None:
    rows = rows_of(batch.rows_csv)
    assert [row["table_row"] for row in rows] == ["2", "4", "5", "6"]
    assert rows[0]["gene"] == "'=cmd()" and rows[1]["run_cell"] == "4"
    for row in rows:
        assert (batch.rows_csv.parent / row["run_notebook"]).is_file()
    assert batch.results_csv is not None
    results = rows_of(batch.results_csv)
    assert [(row["table_row"], row["image"], row["n"]) for row in results] == [
        ("2", "1", "1"), ("2", "'=1", "2"), ("5", str(len(HOSTILE)), "2"), ("5", "'=1", "2")
    ]  # fmt: skip
    assert results[0]["table_image"] == "a"


def test_the_page_links_to_everything_and_nothing_in_it_is_obeyed(batch: runs.Batch) -> None:
    tags: list[str] = []
    links: list[str] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)
            links.extend(value for name, value in attrs if name == "href" and value)

    page = batch.index.read_text("utf-8")
    Reader().feed(page)
    assert "img" not in tags and "script" not in tags and "hits" not in tags
    assert "&lt;img src=x" in page and "\u202e" not in page
    assert len(links) >= 8
    for link in links:
        assert (batch.index.parent / unquote(link)).resolve().is_file()
    assert "default-src 'none'" in page and "prefers-color-scheme: dark" in page


@pytest.mark.usefixtures("no_kernel")
def test_what_is_done_is_not_run_again(
    batch: runs.Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = batch.index.parents[3]
    monkeypatch.chdir(folder)
    (tmp_path / "again.csv").write_text(
        'source;n;more\na;1;x\n"' + HOSTILE.replace('"', '""') + '";2;y\n', "utf-8"
    )
    words = ["run", str(folder / "tool.ipynb"), "--over", str(tmp_path / "again.csv"), "--resume", "--json"]
    assert main(words) == 0
    said = capsys.readouterr()
    answer = json.loads(said.out)
    assert answer["counts"] == {"ok": 2} and "rows done before, not run again: 2" in answer["remarks"]
    assert "more" in said.err
    again = rows_of(folder / "runs/tool/over-again/rows.csv")
    assert [row["run_note"] for row in again] == ["by an earlier run"] * 2
    assert len(rows_of(folder / "runs/tool/over-again/results.csv")) == 4
    assert main(["run", str(folder / "tool.ipynb"), "-p", "source=a", "--resume"]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(batch.rows[0].output) and "nothing was run" in said.err


def test_a_command_says_each_row_and_exits_1_when_one_failed(
    batch: runs.Batch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = batch.index.parents[3]
    monkeypatch.chdir(folder)
    (tmp_path / "some.tsv").write_text("url\tn\na\t1\nb\t0\n", "utf-8")
    words = [
        "run",
        str(folder / "tool.ipynb"),
        "--over",
        str(tmp_path / "some.tsv"),
        "--resume",
        "--jobs",
        "1",
    ]
    assert main(words) == 1
    said = capsys.readouterr()
    assert re.search(
        r"\[2/2\] row 3 b: failed in cell In \[4\] after \d+\.\d s: ZeroDivisionError: division by zero",
        said.err,
    )
    assert 'column "url" fills the parameter "source"' in said.err
    assert "1 done, 1 failed" in said.out and "index.html" in said.out


@pytest.mark.usefixtures("no_kernel")
@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("url,n\na,x\nb,1.5\n", [], 'row 3, column "n"'),
        ("url,m\na,x\n", ["-p", "m=1"], "no parameter 'm'"),
        ("url\na\n", ["--jobs", "0"], "jobs is 0"),
        ("url\na\n", ["--timeout", "0"], "timeout_s"),
        ("", [], "is empty"),
    ],
)
def test_what_is_refused_starts_no_kernel_and_exits_2(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    content: str,
    options: list[str],
    says: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook = write_notebook(tmp_path, *CODE, cell=CELL)
    (tmp_path / "hits.csv").write_text(content)
    assert main(["run", str(notebook), "--over", "hits.csv", *options]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "runs").exists()


@pytest.mark.usefixtures("no_kernel")
def test_jobs_without_a_table_and_a_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = write_notebook(tmp_path, *CODE, cell=CELL)
    assert main(["run", str(notebook), "--jobs", "2"]) == 2
    (tmp_path / "hits.csv").write_text("url\na\n")
    monkeypatch.setitem(sys.modules, "papermill", None)
    with pytest.raises(MissingExtraError):
        runs.run_over(notebook, tmp_path / "hits.csv", out_dir=tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_kernel")
def test_what_browse_lists_is_run_over_as_it_is(tmp_path: Path) -> None:
    records = [fairlab.lookup(name) for name in ("sample:nuclei", "sample:cells2d")]
    (tmp_path / "list.csv").write_text(csv_of(records))
    table = read_table(tmp_path / "list.csv")
    for notebook, parameter in (("measure_objects", "url"), ("discover_images", "look_at")):
        plan = planned(table, runs.parameters_of(notebook), {})
        assert plan.fills == {"url": parameter}
        assert [run.values[parameter] for run in plan.runs] == ["sample:nuclei", "sample:cells2d"]


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_an_interruption_keeps_what_is_done(tmp_path: Path) -> None:
    sleep = "if n == 2:\n    open('begun', 'w').close()\n    import time; time.sleep(60)"
    notebook = write_notebook(tmp_path, sleep, cell="url: str = 'a'  # image\nn: int = 1  # a number")
    (tmp_path / "hits.csv").write_text("url,n\na,1\nb,2\nc,3\n")
    main = (  # whoever runs the tests in the background has the signal ignored
        "import signal, sys, fairlab.cli; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "sys.exit(fairlab.cli.main())"
    )
    command = [sys.executable, "-c", main, "run", str(notebook), "--over", "hits.csv", "--jobs", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 130, said
    assert "1 done, 1 interrupted, 1 not run" in said and said.rstrip().endswith("fairlab: interrupted")
    rows = rows_of(tmp_path / "runs/tool/over-hits/rows.csv")
    assert [row["run_status"] for row in rows] == ["ok", "interrupted", "not run"]
    assert sorted(run.status for run in runs.list_runs(tmp_path / "runs")) == ["interrupted", "ok"]
    assert (tmp_path / "runs/tool/over-hits/index.html").is_file()


def test_a_table_is_judged_before_anything_else_is_asked_of_the_machine(tmp_path: Path) -> None:
    with pytest.raises(NotebookError) as caught:
        runs.run_over("measure_objcts", tmp_path / "absent.csv")
    assert caught.value.kind == "notebook-unknown"
