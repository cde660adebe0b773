"""Many assessments: a row for each whatever happens, gone on with after an end, and summed up honestly."""

from __future__ import annotations

import csv
import dataclasses
import io
from typing import TYPE_CHECKING, Any

import pytest

import fairlab
from fairlab.errors import NotFoundError, OutputError, QueryError, Unavailable
from fairlab.fair.metric_set import METRIC_SET, metric_set
from fairlab.fair.report import Report
from fairlab.fair.survey import Survey, surveyed
from fairlab.fair.table_row import COLUMNS, failed_row
from fairlab.fair.target_table import targets
from fairlab.record import Creator, Record
from tests.stores import write_store

if TYPE_CHECKING:
    from pathlib import Path

BY_4 = "https://creativecommons.org/licenses/by/4.0/"


def _study(number: int, **known: Any) -> Record:
    return Record(
        id=f"x:{number}", kind="study", repository="X", accession=str(number), title="Cells", **known
    )


def _offline(record: Record) -> Report:
    return Report(target=record.id, records=(record,))


STUDIES = [
    _study(1, license=BY_4, bytes=100, release_date="2023-01-01", funding=("A fund", "B fund")),
    _study(
        2,
        license=BY_4,
        bytes=50,
        release_date="2023-05-05",
        creators=(Creator(name="A", affiliation="Here"),),
    ),
    _study(3, release_date="2024-01-01", funding=("A fund",)),
]


def test_rows_keep_the_order_that_was_asked_for_and_equal_the_reports() -> None:
    survey = surveyed(STUDIES, _offline, at_once=3)
    assert [row["id"] for row in survey] == ["x:1", "x:2", "x:3"]
    assert [dict(row) for row in survey] == [_offline(study).row() for study in STUDIES]
    assert survey[1:].rows == survey.rows[1:] and not survey.failures
    assert len(survey.totals) == 3 and survey.totals[0].low <= survey.totals[0].high


def test_what_cannot_be_assessed_is_a_row_that_says_why() -> None:
    def assess(record: Record) -> Report:
        if record.id == "x:2":
            raise Unavailable("no answer\n  from there", kind="timeout")
        return _offline(record)

    survey = surveyed(STUDIES, assess)
    assert [row["error"] for row in survey] == ["", "timeout: no answer", ""]
    assert survey.failures == (survey[1],) and survey[1] == failed_row("x:2", "timeout: no answer")
    assert survey.summary().whole.failed == 1 and "timeout" in str(survey)


def test_a_survey_that_was_ended_goes_on_where_it_stopped(tmp_path: Path) -> None:
    place, done = tmp_path / "survey.csv", []

    def assess(record: Record) -> Report:
        done.append(record.id)
        if record.id == "x:3" and len(done) == 3:
            raise KeyboardInterrupt
        return _offline(record)

    with pytest.raises(KeyboardInterrupt):
        surveyed(STUDIES, assess, resume=place, at_once=1)
    kept = place.read_text()
    place.write_text(kept + "x:3,study,half a ro")  # as a power cut leaves it
    survey = surveyed(STUDIES, assess, resume=place, at_once=1)
    assert done == ["x:1", "x:2", "x:3", "x:3"]
    assert survey == surveyed(STUDIES, _offline)
    assert [row["id"] for row in csv.DictReader(io.StringIO(place.read_text()))] == ["x:1", "x:2", "x:3"]
    assert surveyed(STUDIES, assess, resume=place) == survey and len(done) == 4, "nothing was left to do"


def test_what_failed_before_or_was_judged_otherwise_is_assessed_again(tmp_path: Path) -> None:
    place = tmp_path / "survey.csv"
    rows = [
        failed_row("x:1", "timeout: no answer"), {**_offline(STUDIES[1]).row(), "metric_set": "fairlab-ome-zarr 0.1"},
    ]  # fmt: skip
    place.write_text(Survey(rows=tuple(rows)).to_csv())
    done: list[str] = []
    surveyed(STUDIES[:2], lambda record: done.append(record.id) or _offline(record), resume=place)  # type: ignore[func-returns-value]
    assert sorted(done) == ["x:1", "x:2"]


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"one line of mine", b"\x89PNG\r\n\x1a\n\xff"])
def test_a_file_that_is_none_of_ours_is_left_alone(content: bytes, tmp_path: Path) -> None:
    place = tmp_path / "mine.csv"
    place.write_bytes(content)
    with pytest.raises(OutputError) as caught:
        surveyed(STUDIES, _offline, resume=place)
    assert caught.value.kind == "output" and place.read_bytes() == content


def test_a_table_whose_head_was_cut_off_is_begun_again(tmp_path: Path) -> None:
    place = tmp_path / "survey.csv"
    place.write_text("id,ki")
    assert surveyed(STUDIES, _offline, resume=place).to_csv() == place.read_text()


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        surveyed(STUDIES, _offline, resume=tmp_path / "no" / "such" / "folder.csv")


def test_progress_is_told_after_each() -> None:
    told: list[tuple[int, int, str]] = []
    surveyed(STUDIES, _offline, progress=lambda done, of, target: told.append((done, of, target)))
    assert told == [(1, 3, "x:1"), (2, 3, "x:2"), (3, 3, "x:3")]


@pytest.mark.parametrize("at_once", [0, -1, 1.5])
def test_none_at_a_time_is_refused(at_once: Any) -> None:
    with pytest.raises(QueryError) as caught:
        surveyed(STUDIES, _offline, at_once=at_once)
    assert caught.value.kind == "query-value"


# ── summaries ────────────────────────────────────────────────────────────────────────────────────────


def test_a_summary_counts_and_says_what_is_unknown() -> None:
    survey = surveyed(STUDIES, _offline)
    by_year = {group.name: group for group in survey.summary(by="year").groups}
    assert {name: group.count for name, group in by_year.items()} == {"2023": 2, "2024": 1}
    assert (by_year["2023"].bytes, by_year["2023"].bytes_known) == (150, 2)
    assert (by_year["2024"].bytes_known, by_year["2024"].license.no) == (0, 1)
    assert by_year["2023"].license.yes == 2
    whole = survey.summary(by="year").whole
    assert whole.count == 3 and whole.resolvable.unknown + whole.resolvable.no == 3
    assert whole.unknown_share == pytest.approx(sum(float(row["unknown_share"]) for row in survey) / 3)
    assert whole.score.low <= whole.score.high and METRIC_SET in str(survey.summary())


def test_the_top_fixes_are_those_that_cost_most() -> None:
    survey = surveyed(STUDIES, _offline)
    top = survey.summary().whole.top_fixes
    assert len(top) == 5
    lost = {
        id_: metric.weight * sum(1 - float(row[id_]) for row in survey if row[id_] not in ("na", "unknown"))
        for id_, metric in metric_set().items()
    }
    assert [lost[id_] for id_, _ in top] == sorted(lost.values(), reverse=True)[:5]
    assert all(1 <= count <= 3 for _, count in top)


def test_one_that_names_several_funders_counts_for_each_and_once_in_the_whole() -> None:
    summary = surveyed(STUDIES, _offline).summary(by="funder")
    assert [(group.name, group.count) for group in summary.groups] == [
        ("A fund", 2),
        ("B fund", 1),
        ("unknown", 1),
    ]
    assert summary.whole.count == 3
    assert surveyed(STUDIES, _offline).summary(by="institution").groups[0].name == "Here"
    assert list(summary.to_pandas()["name"]) == ["A fund", "B fund", "unknown", "all"]
    assert summary.to_dict()["groups"][0]["top_fixes"][0]["who"]
    with pytest.raises(QueryError) as caught:
        surveyed(STUDIES, _offline).summary(by="colour")
    assert caught.value.kind == "summary-by"


def test_tables_are_numbers_where_they_are_numbers_and_harmless_where_they_are_words() -> None:
    hostile = dataclasses.replace(STUDIES[0], id="x:<b>", title="=cmd()", repository="<script>")
    survey = surveyed([hostile, *STUDIES], _offline)
    table = survey.to_pandas()
    assert table["total"].dtype == float and list(table.columns) == list(COLUMNS)
    assert table["R1.1-01"].iloc[0] == "1" and table["name"].iloc[0] == "'=cmd()"
    for page in (survey._repr_html_(), survey.summary()._repr_html_()):
        assert "<script>" not in page and "<b>" not in page
    assert len(surveyed([_study(n) for n in range(5)], _offline).cohort().members) == 5


def test_many_rows_are_counted_not_drawn() -> None:
    row = _offline(STUDIES[0]).row()
    survey = Survey(rows=tuple({**row, "id": f"x:{n}"} for n in range(150)))
    assert "… and 50 more" in str(survey) and "and 50 more" in survey._repr_html_()


# ── what is assessed ─────────────────────────────────────────────────────────────────────────────────


def test_tables_of_addresses(tmp_path: Path) -> None:
    table = tmp_path / "images.csv"
    table.write_text(
        "﻿title,URL\na,https://x.org/a.zarr\nb,\nc,https://x.org/c.zarr\nd,https://x.org/a.zarr\n"
    )
    assert list(targets(table)) == ["https://x.org/a.zarr", "https://x.org/c.zarr"]
    tabs = tmp_path / "images.tsv"
    tabs.write_text("id\ttitle\nidr:idr0062\tx\n")
    assert list(targets(tabs)) == ["idr:idr0062"]
    plain = tmp_path / "list.csv"
    plain.write_text("https://x.org/a.zarr\nidr:idr0062\n")
    assert list(targets(plain)) == ["https://x.org/a.zarr", "idr:idr0062"]


@pytest.mark.parametrize("text", ["", "title,year\na,2020\n", "word\na\n"])
def test_a_table_that_names_no_images_is_refused(tmp_path: Path, text: str) -> None:
    table = tmp_path / "images.csv"
    table.write_text(text)
    with pytest.raises(QueryError) as caught:
        fairlab.assess(table)
    assert caught.value.kind == "table-form"
    with pytest.raises(NotFoundError):
        fairlab.assess(tmp_path / "none.csv")


def test_a_folder_of_images_is_a_table_and_an_image_is_a_report(tmp_path: Path) -> None:
    for name in ("a.zarr", "b.zarr"):
        write_store(tmp_path / name)
    survey = fairlab.assess(tmp_path)
    assert isinstance(survey, Survey) and len(survey) == 2 and not survey.failures
    assert all(row["I1-05"] == "1" for row in survey), survey[0]
    report = fairlab.assess(tmp_path / "a.zarr")
    assert isinstance(report, Report) and report.outcomes["A1-02"].status == "pass"
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError) as caught:
        fairlab.assess(tmp_path / "empty")
    assert caught.value.kind == "folder-empty"


def test_results_of_a_search_are_assessed_from_what_the_catalogue_says() -> None:
    results = fairlab.search("mouse", kind="study", limit=5)
    survey = fairlab.assess(results, online=False)
    assert isinstance(survey, Survey) and [row["id"] for row in survey] == [record.id for record in results]
    assert {row["kind"] for row in survey} == {"study"}
