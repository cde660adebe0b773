"""The search panel without a browser: its messages, what they change in Python, and what a notebook keeps."""

from __future__ import annotations

import json
import threading
import time

import pytest

pytest.importorskip("anywidget")

from typing import TYPE_CHECKING

import fairlab
from fairlab import errors
from fairlab.repositories import base
from fairlab.repositories.catalogue import CatalogueRepository
from fairlab.runs import parameters_of
from fairlab.runs.parameters import check_parameters
from fairlab.widgets.panels import SearchPanel
from tests.test_live_search import Lake, image
from tests.widgets.records import HOSTILE

if TYPE_CHECKING:
    from fairlab.widgets.search_panel import Browser


class Reader:
    """Somebody at the panel: sends what the front-end sends, keeps what it is sent."""

    def __init__(self, browser: Browser, monkeypatch: pytest.MonkeyPatch):
        self.browser, self.sent = browser, []
        self.arrived = threading.Condition()
        monkeypatch.setattr(
            SearchPanel, "send", lambda _, content, buffers=None: self._take(content, buffers)
        )
        self.front = browser.widget.children[0]

    def _take(self, content, buffers):
        with self.arrived:
            self.sent.append((content, buffers))
            self.arrived.notify_all()

    def do(self, kind: str, **content) -> None:
        self.front._handle_custom_msg({"kind": kind, "number": "v.1", **content}, [])

    def told(self, kind: str) -> list:
        return [sent for sent in self.sent if sent[0]["kind"] == kind]

    def wait(self, until) -> None:
        with self.arrived:
            assert self.arrived.wait_for(until, timeout=30)

    def key(self, title: str) -> str:
        return next(row["key"] for row in self.front.rows if title in row["title"])


@pytest.fixture
def reader(monkeypatch):
    return Reader(fairlab.browse("synthetic", repositories=["sample"]), monkeypatch)


def test_what_is_shown_travels_with_the_widget(reader):
    assert [row["title"].split(",")[0] for row in reader.front.rows][:2] == [
        "Synthetic nuclei in 3D",
        "Synthetic nuclei in 2D",
    ]
    assert reader.front.asked == {"text": "synthetic", "live": False}
    assert reader.front.status["found"].startswith('"synthetic": 3 images')


def test_ticks_are_records_in_python(reader):
    reader.do("select", key=reader.key("2D"), on=True)
    reader.do("select", key=reader.key("screen"), on=True)
    assert [one.id for one in reader.browser.selected] == ["sample:cells2d", "sample:plate"]
    reader.do("select", key=reader.key("2D"), on=False)
    assert [one.id for one in reader.browser.selected] == ["sample:plate"]
    assert reader.front.picked["selected"] == [reader.key("screen")]
    assert [sent[0]["number"] for sent in reader.told("done")] == ["v.1"] * 3


def test_the_list_stays_through_searches_and_is_written_for_runs(reader, tmp_path):
    reader.do("list", key=reader.key("2D"), on=True)
    reader.do("search", text="retina", live=False)
    assert [one.id for one in reader.browser.records] == ["sample:retina", "sample:microaneurysms"]
    assert reader.browser.selected == ()
    lines = reader.browser.to_csv(tmp_path / "list.csv").read_text().splitlines()
    assert lines == ["url", "sample:cells2d"]
    assert check_parameters(parameters_of("measure_objects"), {lines[0]: lines[1]})["url"] == "sample:cells2d"


def test_the_list_is_saved_beside_the_notebook_and_never_over_another(reader, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images.csv").write_text("mine")
    reader.do("list", key=reader.key("2D"), on=True)
    reader.do("save")
    assert (tmp_path / "images.csv").read_text() == "mine"
    assert (tmp_path / "images2.csv").read_text() == "url\nsample:cells2d\n"
    assert "images2.csv" in reader.told("saved")[0][0]["text"] and reader.browser.error is None


def test_an_empty_list_is_not_written(reader, tmp_path):
    with pytest.raises(errors.QueryError) as caught:
        reader.browser.to_csv(tmp_path / "list.csv")
    assert caught.value.kind == "nothing-listed" and not list(tmp_path.iterdir())


def test_a_list_that_cannot_be_written_leaves_nothing(reader, tmp_path):
    reader.do("list", key=reader.key("2D"), on=True)
    with pytest.raises(errors.OutputError):
        reader.browser.to_csv(tmp_path / "no" / "list.csv")


def test_facets_narrow_and_keep_their_other_values(monkeypatch):
    reader = Reader(fairlab.browse("mouse", repositories=["catalogue"]), monkeypatch)
    reader.do("choose", facet="organism", value="Homo sapiens", on=True)
    assert all(any(t.label == "Homo sapiens" for t in one.organism) for one in reader.browser.records)
    organisms = next(facet for facet in reader.front.facets if facet["name"] == "organism")["values"]
    assert ["Homo sapiens", True] in [[value[0], value[2]] for value in organisms]
    assert "Mus musculus" in [value[0] for value in organisms]
    reader.do("search", text="mitosis", live=False)
    organisms = next(facet for facet in reader.front.facets if facet["name"] == "organism")["values"]
    assert "Mus musculus" not in [value[0] for value in organisms]  # that was found by other words


def test_without_a_question_the_catalogue_is_counted(monkeypatch):
    reader = Reader(fairlab.browse(), monkeypatch)
    assert reader.browser.results is None and reader.browser.records == ()
    assert "images in the catalogue" in reader.front.status["found"]
    assert reader.front.facets[0]["values"][0][0] == "Mus musculus" or reader.front.facets[0]["values"]
    reader.do("choose", facet="organism", value="Danio rerio", on=True)
    assert reader.browser.records


def test_pictures_come_as_messages_and_are_never_kept_in_the_notebook(reader):
    reader.do("pictures", keys=[reader.key("2D")])
    reader.wait(lambda: reader.told("picture"))
    (content, buffers) = reader.told("picture")[0]
    assert content["key"] == reader.key("2D") and content["note"] == ""
    assert buffers[0].startswith(b"\x89PNG")
    assert "PNG" not in str(reader.front.get_state())


def test_a_picture_of_a_row_that_is_gone_is_no_fault(reader):
    reader.do("pictures", keys=["r99", reader.key("2D")])
    reader.wait(lambda: reader.told("picture"))
    assert reader.browser.error is None


def test_code_is_told_not_kept(reader):
    reader.do("code", key=reader.key("screen"))
    assert 'fairlab.open_plate("sample:plate")' in reader.told("code")[0][0]["text"]


def test_open_shows_a_viewer_under_the_panel(reader):
    reader.do("view", key=reader.key("2D"))
    deadline = time.monotonic() + 30
    while reader.browser.viewer is None or not reader.browser.widget.children[1].children:
        assert time.monotonic() < deadline and reader.browser.error is None
        time.sleep(0.05)
    assert reader.browser.widget.children[1].children == (reader.browser.viewer.widget,)
    reader.do("close")
    assert reader.browser.viewer is None and reader.browser.widget.children[1].children == ()


def test_failures_are_named_in_the_panel_and_in_python(reader):
    reader.do("select", key="r0", on=True)
    reader.do("search", text="", live=False)
    reader.do("choose", facet="organism", value="Homo sapeins", on=True)
    assert isinstance(reader.browser.error, errors.QueryError)
    assert "sapeins" in reader.told("error")[0][0]["text"]
    assert reader.told("done")
    reader.do("pictures", keys=[])  # scrolling is no answer to it
    assert isinstance(reader.browser.error, errors.QueryError)
    reader.do("choose", facet="organism", value="Homo sapiens", on=True)
    assert reader.browser.error is None


def test_a_row_that_is_gone_is_an_error(reader):
    reader.do("code", key="r99")
    assert reader.browser.error.kind == "key-unknown"


def test_rows_come_as_archives_answer(monkeypatch):
    slow = Lake((image(1),), (image(2, title="Second"),), delay_s=0.5)
    broken = Lake(
        (image(3, scheme="pond"),),
        fails={0: errors.Unavailable("<b>down</b> at /home/someone/x", kind="http-503")},
        name="pond",
    )
    monkeypatch.setattr(base, "repositories", lambda: {"lake": slow, "pond": broken})
    reader = Reader(fairlab.browse("newt", live=True), monkeypatch)
    assert reader.front.working == "asking archives …"
    deadline = time.monotonic() + 30
    while reader.front.working:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(reader.front.rows) == 2
    warning = next(line for line in reader.front.status["warnings"] if "pond" in line)
    assert "<b>down</b>" in warning and "someone" not in warning
    assert reader.browser.results.failures[0].repository == "pond"


def test_a_search_that_breaks_says_so_and_is_over(monkeypatch):
    lake = Lake((image(1),), delay_s=0.3)
    monkeypatch.setattr(base, "repositories", lambda: {"lake": lake})

    def broken(*_):
        raise ZeroDivisionError("here")

    monkeypatch.setattr("fairlab.widgets.searching.rows_of", lambda *given: broken() if given[0] else [])
    reader = Reader(fairlab.browse("newt", live=True), monkeypatch)
    deadline = time.monotonic() + 30
    while reader.front.working:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "ZeroDivisionError" in reader.front.status["warnings"][-1]
    assert isinstance(reader.browser.error, ZeroDivisionError)


def test_an_older_question_changes_nothing_any_more(monkeypatch):
    slow = Lake((image(1),), delay_s=1.0)
    monkeypatch.setattr(base, "repositories", lambda: {"lake": slow, "catalogue": CatalogueRepository()})
    reader = Reader(fairlab.browse("newt", live=True), monkeypatch)
    old = reader.browser._search.results
    reader.do("search", text="mouse", live=False)
    shown = [row["key"] for row in reader.front.rows]
    old.settled()
    time.sleep(0.3)
    assert [row["key"] for row in reader.front.rows] == shown
    assert reader.front.working == ""


def test_hostile_text_reaches_neither_html_nor_the_wire_broken(monkeypatch):
    lake = Lake((image(1, title=f"{HOSTILE} newt"),))
    monkeypatch.setattr(base, "repositories", lambda: {"lake": lake})
    browser = fairlab.browse("newt", repositories=["lake"])
    browser.results.settled()
    reader = Reader(browser, monkeypatch)
    deadline = time.monotonic() + 30
    while reader.front.working:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    json.dumps(reader.front.rows, ensure_ascii=False).encode()
    bundle = browser._repr_mimebundle_()
    bundle["text/html"].encode(), bundle["text/plain"].encode()
    assert "<img" not in bundle["text/html"] and "&lt;img" in bundle["text/html"]


def test_the_saved_notebook_has_a_table_and_text(reader):
    bundle = reader.browser._repr_mimebundle_()
    assert bundle["application/vnd.jupyter.widget-view+json"]["model_id"] == reader.browser.widget.model_id
    assert "Synthetic nuclei in 2D" in bundle["text/html"] and "<script" not in bundle["text/html"]
    assert "sample:cells2d" in bundle["text/plain"] == repr(reader.browser)


def test_without_the_extra_there_is_still_a_table(monkeypatch):
    import sys

    browser = fairlab.browse("synthetic", repositories=["sample"])
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    bundle = browser._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" not in bundle
    assert "fairlab[widgets]" in bundle["text/plain"] and "<table>" in bundle["text/html"]
