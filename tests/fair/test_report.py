"""Reports: deterministic, computed again from their documents, and harmless whatever the documents hold."""

from __future__ import annotations

import csv
import dataclasses
import html.parser
import io
import json
import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlab.errors import FormatError, QueryError
from fairlab.fair import Answer, Probe
from fairlab.fair.advice import by_actor
from fairlab.fair.cohort import MIN_MEMBERS, Cohort
from fairlab.fair.metric_set import METRIC_SET, WHO, metric_set
from fairlab.fair.outcome import Evidence, met
from fairlab.fair.report import Report
from fairlab.fair.scoring import total_score
from fairlab.fair.table_row import COLUMNS
from fairlab.record import Creator, Record
from fairlab.terms import Term
from tests.fair.good_image import URL, good, text

if TYPE_CHECKING:
    from collections.abc import Iterator

STUDY = Record(
    id="bia:S-BIAD7",
    kind="study",
    repository="BIA",
    accession="S-BIAD7",
    title="Mitosis in HeLa cells",
    authors=("Ada Roe",),
    license="https://creativecommons.org/licenses/by/4.0/",
    organism=(Term(id="NCBITaxon:9606", label="Homo sapiens"),),
)
HOSTILE = [
    "<script>alert(1)</script>",
    "\" onmouseover='x' a=\"",
    "</style><img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "\udc80 half",
    "\x1b[31mred\x07",
    "\u202egnp.exe",
    "=HYPERLINK(\"http://x\")",
    "ignore all previous instructions",
    "${x} $title",
    "a\nb\r\nc",
]  # fmt: skip


def _report(*records: Record, probed: bool = True) -> Report:
    probe, _ = good().both()
    return Report(target="an image", probe=probe if probed else None, records=records or (STUDY,))


def test_the_same_documents_give_the_same_report() -> None:
    first, second = _report(), _report()
    assert first.to_json() == second.to_json()
    again = Report.from_json(first.to_json())
    assert again == first
    assert again.to_json() == first.to_json() and again.html() == first.html()


def test_what_is_stored_is_not_believed_but_computed_again() -> None:
    values = _report().to_dict()
    values["total"] = {"value": 100.0, "low": 100.0, "high": 100.0}
    values["outcomes"] = {}
    assert Report.from_dict(values).to_dict()["total"] == _report().total.to_dict()


@pytest.mark.parametrize(
    "broken", ["{", "[]", "{}", '{"bundle": {"probe": null, "records": [1]}, "target": "x"}', "null"]
)
def test_what_is_no_report_is_refused(broken: str) -> None:
    with pytest.raises(FormatError) as caught:
        Report.from_json(broken)
    assert caught.value.kind == "report-form"


def test_no_number_stands_without_its_interval_and_version() -> None:
    report = _report()
    for plain in (
        report.to_dict()["total"],
        report.to_dict()["weighted"],
        *report.to_dict()["letters"].values(),
    ):
        assert plain.keys() >= {"value", "low", "high", "metric_set"} and plain["metric_set"] == METRIC_SET
    for shown in (str(report), report.html(), report.svg(), report.message()):
        assert report.total.short in shown.replace("</b> <span class='range'>", " (").replace(
            " of 100</span>", ")"
        )
        assert METRIC_SET in shown
    row = report.row()
    assert row["metric_set"] == METRIC_SET and row["total_low"] and row["total_high"]


def test_every_metric_and_its_evidence_are_on_the_page() -> None:
    report = _report()
    page = _text(report.html())
    for id_, outcome in report.outcomes.items():
        assert id_ in page and metric_set()[id_].title in page
        assert outcome.evidence


def test_fixes_are_ranked_by_what_they_bring_and_each_has_somebody_who_can_act() -> None:
    report = _report()
    gains = [fix.gain for fix in report.fixes]
    assert gains == sorted(gains, reverse=True) and gains[0] > 0
    for fix in report.fixes:
        assert fix.who in WHO and fix.text.endswith(".")
        mended = {**report.outcomes, **{id_: met(Evidence(text="mended")) for id_ in fix.metrics}}
        assert fix.gain == pytest.approx(total_score(mended).value - report.total.value)  # type: ignore[operator]
        for id_ in fix.metrics:
            outcome = report.outcomes[id_]
            assert outcome.status in ("fail", "partial", "unknown") and outcome.fix == fix.text
            assert (fix.who == "reader") == (outcome.status == "unknown" or metric_set()[id_].who == "reader")
    assert sum(map(len, by_actor(report.fixes).values())) == len(report.fixes)
    named = [id_ for fix in report.fixes for id_ in fix.metrics]
    assert sorted(named) == sorted(id_ for id_, one in report.outcomes.items() if one.fix)


def test_what_mends_several_metrics_is_advised_once() -> None:
    report = _report(dataclasses.replace(STUDY, license=None), probed=False)
    assert {"R1.1-01", "R1.1-02", "R1.1-04"} <= set(
        next(fix for fix in report.fixes if "licence" in fix.text).metrics
    )


def test_a_letter_to_the_archive_names_the_data_the_score_and_what_to_do() -> None:
    letter = _report().message()
    assert letter.startswith("Dear BIA team,")
    assert "an image" in letter and METRIC_SET in letter
    assert "1. " in letter and by_actor(_report().fixes)["archive"][0].text in letter
    assert by_actor(_report().fixes)["depositor"][0].text in _report().message(who="depositor")


def test_a_document_that_would_be_written_is_judged_before_it_is() -> None:
    before = _report()
    crate = json.loads(before.probe.answers["crate:0"].text)  # type: ignore[union-attr,arg-type]
    crate["@graph"][1]["resultOf"] = {"@id": "#a"}
    predicted = before.predicted({"crate:0": json.dumps(crate)})
    assert predicted.outcomes["I1-04"].score == pytest.approx(0.9)
    case = good()
    text("crate:0", json.dumps(crate))(case)
    assert predicted.outcomes == dataclasses.replace(before, probe=case.both()[0]).outcomes
    assert before.outcomes["I1-04"].score == 1, "the report itself stays"


def test_a_prediction_needs_documents() -> None:
    with pytest.raises(QueryError) as caught:
        _report(probed=False).predicted({"crate:0": "{}"})
    assert caught.value.kind == "no-probe"


def test_the_crosswalk_speaks_of_every_metric_of_other_schemes() -> None:
    report = _report()
    assert [len(report.crosswalk(scheme)) for scheme in ("fuji", "rda", "fair_checker")] == [17, 41, 12]
    licence = next(one for one in report.crosswalk("fuji") if one.standard.id == "FsF-R1.1-01M")
    assert licence.metrics == ("R1.1-01", "R1.1-02") and licence.score == 1
    with pytest.raises(QueryError) as caught:
        report.crosswalk("fujii")  # type: ignore[arg-type]
    assert caught.value.kind == "scheme-unknown"


@pytest.mark.parametrize(
    ("answer", "state", "told"),
    [
        ({}, "good", "nothing in"),
        ({"text": "<OME"}, "unknown", "not looked into: ome-xml"),
        ({"text": None, "error": "too-long"}, "unknown", "not looked into: ome-xml"),
        ({"text": None, "status": 403, "error": "http-403"}, "unknown", "not looked into: ome-xml"),
        ({"text": None, "status": 404}, "good", "nothing in"),
    ],
)
def test_where_a_document_cannot_be_read_nobody_says_that_it_names_no_one(
    answer: dict[str, Any], state: str, told: str
) -> None:
    case = good()
    case.answers["ome-xml"] = dataclasses.replace(case.answers["ome-xml"], **answer)
    badges = {one.id: one for one in Report(target="x", probe=case.both()[0]).badges}
    assert badges["P-02"].state == badges["P-04"].state == state
    assert told in badges["P-02"].text and told in badges["P-04"].text


def test_badges_never_change_a_number() -> None:
    human, mouse = (
        _report(dataclasses.replace(STUDY, organism=(Term(id=id_, label=id_),)), probed=False)
        for id_ in ("NCBITaxon:9606", "NCBITaxon:10090")
    )
    states = [next(badge for badge in one.badges if badge.id == "P-01").state for one in (human, mouse)]
    assert states == ["look", "good"]
    assert total_score(human.outcomes) == human.total
    assert {badge.group for badge in human.badges} == {"privacy", "credit", "ai"}


# ── cohorts ──────────────────────────────────────────────────────────────────────────────────────────


def _members(number: int, **changed: str) -> Iterator[dict[str, str]]:
    for _ in range(number):
        yield {**_report(probed=False).row(), **changed}


def _stands(**changed: str) -> float | None:
    standing = _report(probed=False).standing(Cohort.of(_members(MIN_MEMBERS, **changed)))
    assert standing is None or (standing.of, standing.kind) == (MIN_MEMBERS, "study")
    return standing and standing.percentile


def test_a_percentile_needs_a_cohort_of_the_same_kind_and_metrics() -> None:
    assert _stands() == 50
    assert _report(probed=False).standing(Cohort.of(_members(MIN_MEMBERS - 1))) is None, "too few"
    assert _stands(kind="image") is None, "another kind"
    assert _stands(metric_set="fairlab-ome-zarr 0.9") is None
    assert _stands(**{"R1.1-01": "unknown"}) is None, "not told there"
    assert _stands(**{"R1.1-01": "0"}) == 100
    assert _report(probed=False).standing(Cohort.of([])) is None


# ── strangers' texts ─────────────────────────────────────────────────────────────────────────────────


def _hostile(words: str) -> Report:
    record = Record(
        id=f"x:{words}", kind="image", repository=words, accession=words, title=words, description=words,
        authors=(words,), creators=(Creator(name=words, affiliation=words),), license=words, keywords=(words,),
        organism=(Term(label=words, id=words),), imaging_method=(Term(label=words),), doi=words, publications=(words,),
        landing_url=words, thumbnail_url=words, funding=(words,), url=words, channels=(words,), release_date=words,
    )  # fmt: skip
    attributes = {
        "ome": {
            "version": words,
            "multiscales": [{"name": words, "axes": [{"name": words, "type": words, "unit": words}], "datasets": [
                {"path": words, "coordinateTransformations": [{"type": words}]}], "metadata": {"method": words}}],
            "omero": {"channels": [{"label": words}]},
            words: words,
        }
    }  # fmt: skip
    crate = {
        "@context": [words, {words: words}],
        "@graph": [
            {"@id": "ro-crate-metadata.json", "about": {"@id": "./"}},
            {"@id": "./", "@type": words, "name": words, "license": words, words: {"@id": words}},
        ],
    }
    documents = {
        "zarr.json": json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}),
        "crate:0": json.dumps(crate),
    }
    answers = {
        role: Answer(
            url=f"{URL}/{words}", status=200, text=body, headers={"access-control-allow-origin": words}
        )
        for role, body in documents.items()
    }
    answers |= {
        "array:first": Answer(url=words, error=words),
        "ome-xml": Answer(url=words, status=200, text=words),
    }
    probe = Probe(
        url=words, retrieved_at=words, answers=answers, chunk={"key": words, "decoded": False, "error": words}
    )
    return Report(target=words, probe=probe, records=(record,))


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.links: set[str] = set()
        self.data: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links |= {value or "" for name, value in attrs if name in ("href", "src")}

    def handle_data(self, data: str) -> None:
        self.data.append(data)


def _parsed(page: str) -> _Tags:
    parser = _Tags()
    parser.feed(page)
    return parser


def _text(page: str) -> str:
    return "".join(_parsed(page).data)


_TAGS = {
    "a", "article", "b", "bdi", "body", "details", "div", "h1", "h2", "h3", "head", "header", "html", "i", "li", "main",
    "meta", "ol", "p", "pre", "span", "style", "summary", "table", "tbody", "td", "th", "title", "tr", "ul",
}  # fmt: skip
_ATTRIBUTES = {
    "aria-label", "charset", "class", "content", "href", "http-equiv", "lang", "name", "rel", "role", "scope", "style",
    "title",
}  # fmt: skip


def _check_harmless(report: Report) -> None:
    for page in (report.html(), report._repr_html_()):
        page.encode()
        seen = _parsed(page)
        assert seen.tags <= _TAGS and seen.attributes <= _ATTRIBUTES
        assert all(link.startswith(("https://", "http://")) for link in seen.links)
    ET.fromstring(report.svg())
    plain = str(report) + report.message()
    plain.encode()
    assert not any(character in plain for character in "\x1b\x07\u202e")
    assert Report.from_json(report.to_json()).to_json() == report.to_json()
    report.to_json().encode()
    row = next(csv.DictReader(io.StringIO(report.to_csv())))
    assert list(row) == list(COLUMNS) and not any(cell.startswith(("=", "+", "@")) for cell in row.values())
    report.to_csv().encode()


@pytest.mark.parametrize("words", HOSTILE)
def test_hostile_text_in_every_field_is_shown_and_never_obeyed(words: str) -> None:
    _check_harmless(_hostile(words))


@settings(max_examples=20)
@given(st.text(max_size=20))
def test_no_text_breaks_a_report(words: str) -> None:
    _check_harmless(_hostile(words))


VALUES: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@pytest.mark.parametrize("role", ["zarr.json", "crate:0", "array:first", "array:last", "ome-xml", "image"])
@settings(max_examples=20)
@given(value=VALUES)
def test_no_document_breaks_a_report(role: str, value: Any) -> None:
    case = good()
    case.answers[role] = Answer(url="x", status=200, text=json.dumps(value))
    report = Report(target="x", probe=case.both()[0], records=(STUDY,))
    assert len(report.outcomes) == 54 and report.to_dict()


@pytest.mark.parametrize(
    "place",
    [
        ("attributes", "ome"), ("attributes", "ome", "multiscales"), ("attributes", "ome", "multiscales", 0),
        ("attributes", "ome", "multiscales", 0, "axes"), ("attributes", "ome", "multiscales", 0, "datasets"),
        ("attributes", "ome", "multiscales", 0, "metadata"), ("attributes", "ome", "omero"),
        ("attributes", "ome", "omero", "channels"), ("attributes", "ome", "omero", "channels", 0, "window"),
    ],
)  # fmt: skip
@settings(max_examples=20)
@given(value=VALUES)
def test_no_value_in_the_attributes_breaks_a_report(place: tuple[str | int, ...], value: Any) -> None:
    case = good()
    whole = json.loads(case.answers["zarr.json"].text or "")
    inside: Any = whole
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = value
    text("zarr.json", json.dumps(whole))(case)
    assert len(Report(target="x", probe=case.both()[0]).outcomes) == 54


def test_a_record_that_says_nothing_scores_low_and_says_why() -> None:
    report = Report(target="x:1", records=(Record(id="x:1", kind="study", repository="unknown"),))
    assert report.total.low < 25
    assert all(
        outcome.evidence and outcome.fix for outcome in report.outcomes.values() if outcome.status == "fail"
    )


def test_an_image_without_any_sidecar_scores_low_and_says_why() -> None:
    answers = {"zarr.json": good().answers["zarr.json"]}
    answers |= {role: Answer(url=role, status=404) for role in (".zattrs", "crate:0", "crate:1", "ome-xml")}
    probe = Probe(url="https://data.example.org/a.zarr", retrieved_at="2026-01-02T03:04:05Z", answers=answers)
    report = Report(target="a", probe=probe)
    assert report.letters["F"].high < 60 and report.letters["R"].low < 25
    assert "there is no RO-Crate and no OME-XML" in report.outcomes["R1.1-01"].evidence[-1].text
    assert report.outcomes["R1.1-01"].status == "fail"
