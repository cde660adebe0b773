"""``fairlab assess``: what it prints, what it writes, and its exit codes."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from fairlab.cli import main
from fairlab.fair.metric_set import METRIC_SET
from fairlab.fair.report import Report
from fairlab.fair.survey import Survey

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

STUDY = "idr:idr0062"


def test_the_report_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", STUDY]) == 0
    out = capsys.readouterr().out
    assert STUDY in out and METRIC_SET in out and "what the depositor can do:" in out


def test_files_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, table, badge = tmp_path / "a.html", tmp_path / "a.csv", tmp_path / "a.svg"
    assert (
        main(["assess", STUDY, "--html", str(page), "--csv", str(table), "--badge", str(badge), "--json"])
        == 0
    )
    report = Report.from_json(capsys.readouterr().out)
    assert page.read_text("utf-8") == report.html()
    assert badge.read_text("utf-8") == report.svg() and ET.fromstring(report.svg())
    assert next(csv.DictReader(table.read_text("utf-8").splitlines())) == report.row()


def test_a_stored_report_is_computed_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", STUDY, "--json"]) == 0
    stored = tmp_path / "report.json"
    stored.write_text(first := capsys.readouterr().out, "utf-8")
    assert main(["assess", str(stored), "--json"]) == 0
    assert capsys.readouterr().out == first
    stored.write_text("{", "utf-8")
    assert main(["assess", str(stored)]) == 2


def test_the_exit_code_is_by_the_least_score_and_what_is_unknown_does_not_decide(
    capsys: pytest.CaptureFixture[str],
) -> None:
    main(["assess", STUDY, "--json"])
    total = json.loads(capsys.readouterr().out)["total"]
    assert total["low"] < total["high"], "something is open"
    assert main(["assess", STUDY, "--min-score", str(total["low"] - 1)]) == 0
    assert main(["assess", STUDY, "--min-score", str(total["high"] + 1)]) == 1
    assert main(["assess", STUDY, "--min-score", str((total["low"] + total["high"]) / 2)]) == 2
    assert "cannot be told" in capsys.readouterr().err


def test_what_is_not_known_or_not_writable_is_a_bad_question(tmp_path: Path) -> None:
    assert main(["assess", "idr:nosuchstudy"]) == 2
    assert main(["assess", str(tmp_path / "none.zarr")]) == 2
    assert main(["assess", STUDY, "--html", str(tmp_path / "no" / "a.html")]) == 2
    assert main(["assess", STUDY, "--by", "year"]) == 2


def test_a_letter_can_be_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", STUDY, "--letter"]) == 0
    assert capsys.readouterr().out.startswith("Dear IDR team,")


def test_many_are_a_table_with_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = tmp_path / "list.csv"
    wanted.write_text("id\nidr:idr0062\nidr:idr0001\nidr:nosuchstudy\n")
    table = tmp_path / "out.csv"
    assert main(["assess", str(wanted), "--csv", str(table), "--by", "year", "--offline"]) == 0
    out = capsys.readouterr().out
    assert "3 assessed" in out and "1 could not be" in out and "by year" in out
    rows = list(csv.DictReader(table.read_text("utf-8").splitlines()))
    assert sorted(row["id"] for row in rows) == ["idr:idr0001", "idr:idr0062", "idr:nosuchstudy"]
    assert main(["assess", "idr:idr0062", "idr:idr0001", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["rows"]) == 2 and told["summary"]["whole"]["count"] == 2


def test_of_many_the_worst_decides(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["assess", STUDY, "idr:idr0001", "--min-score", "99"]) == 1
    assert main(["assess", STUDY, "idr:idr0001", "--min-score", "1"]) == 0
    assert main(["assess", "idr:nosuch", "idr:none", "--min-score", "1"]) == 2
    assert main(["assess", STUDY, "idr:idr0001", "--html", "a.html"]) == 2


def test_a_report_stands_among_those_of_an_earlier_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["assess", STUDY, "--json"]) == 0
    row = Report.from_json(capsys.readouterr().out).row()
    table = tmp_path / "cohort.csv"
    table.write_text(Survey(rows=tuple({**row, "id": f"x:{n}"} for n in range(30))).to_csv())
    assert main(["assess", STUDY, "--cohort", str(table)]) == 0
    assert "above 50 % of 30 others of the kind study" in capsys.readouterr().err
    table.write_text(Survey(rows=(row,)).to_csv())
    assert main(["assess", STUDY, "--cohort", str(table)]) == 0
    assert "too few" in capsys.readouterr().err
    assert main(["assess", STUDY, "--cohort", str(tmp_path / "none.csv")]) == 2
