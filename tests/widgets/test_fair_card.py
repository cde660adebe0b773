"""The card of a report in a notebook: everything there, folded, nothing of this machine."""

from __future__ import annotations

import json

import pytest

import fairlab
from fairlab import samples
from fairlab.errors import OutputError, QueryError
from fairlab.fair.report import Report
from fairlab.widgets.fair_card import FairCard
from tests.widgets.records import HOSTILE, record


@pytest.fixture(scope="module")
def report() -> Report:
    return fairlab.assess(fairlab.lookup("idr:idr0062"))


def test_a_report_is_shown_as_a_card(report):
    shown = fairlab.view(report)
    assert isinstance(shown, FairCard) and shown.report is report
    page = shown._repr_html_()
    for word in ("Findable", "Accessible", "Interoperable", "Reusable", report.total.metric_set):
        assert word in page
    assert f"{report.total.low:.0f} to {report.total.high:.0f} of 100" in page
    folded = page.split("<details>", 1)[1]
    assert all(id_ in folded for id_ in report.outcomes)
    assert f"{report.total.low:.0f} to {report.total.high:.0f}" in repr(shown)


def test_no_path_is_kept(monkeypatch):
    place = samples.path("cells2d")
    shown = fairlab.view(fairlab.assess(place))
    kept = json.dumps([shown._repr_html_(), repr(shown)])
    assert str(place.parent) not in kept and place.name in kept


def test_hostile_text_stays_text():
    shown = fairlab.view(
        Report(target="idr:idr0001/1.zarr", records=(record(repository=HOSTILE, license=HOSTILE),))
    )
    page = shown._repr_html_()
    (page + repr(shown)).encode()
    assert "<img" not in page and "&lt;img" in page


def test_it_can_be_placed_beside_others(report):
    pytest.importorskip("ipywidgets")
    assert "Findable" in fairlab.view(report).widget.value


@pytest.mark.parametrize(("name", "begins"), [("a.html", "<!doctype html>"), ("a.svg", "<svg")])
def test_it_is_written_as_page_or_badge(report, tmp_path, name, begins):
    assert fairlab.view(report).snapshot(tmp_path / name).read_text().lower().startswith(begins)


def test_other_forms_and_places_are_refused(report, tmp_path):
    with pytest.raises(QueryError) as caught:
        fairlab.view(report).snapshot(tmp_path / "a.png")
    assert caught.value.kind == "suffix"
    with pytest.raises(OutputError):
        fairlab.view(report).snapshot(tmp_path / "no" / "a.html")


def test_it_takes_no_keywords(report):
    with pytest.raises(QueryError) as caught:
        fairlab.view(report, channels=["DAPI"])
    assert caught.value.kind == "keyword-unknown"
