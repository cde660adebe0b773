"""What plate, search and form share: a panel made when it is looked at, and a viewer beneath it."""

from __future__ import annotations

import sys
import threading

import pytest

pytest.importorskip("anywidget")

import ipywidgets

import fairlab
from fairlab.errors import MissingExtraError, NotFoundError
from fairlab.widgets.panels import PlatePanel
from fairlab.widgets.with_panel import WithPanel


class Viewer:
    """Stands for a viewer, which opens when it is let."""

    is_output = False

    def __init__(self):
        self.widget = ipywidgets.VBox()
        self.let = threading.Event()
        self.is_closed = False

    def open(self) -> Viewer:
        assert self.let.wait(30)
        return self

    def close(self) -> None:
        self.is_closed = True


@pytest.fixture
def grid(monkeypatch):
    monkeypatch.setattr(PlatePanel, "send", lambda *_: None)
    shown = fairlab.view("sample:plate")
    shown.widget  # noqa: B018  (makes it)
    return shown


def wait(until) -> None:
    pause = threading.Event()
    for _ in range(1500):
        if until():
            return
        pause.wait(0.02)
    raise AssertionError("it did not come")


def idle(grid: WithPanel) -> bool:
    return not any(thread.name.startswith("fairlab-aside") for thread in threading.enumerate())


def test_of_two_clicks_the_later_stays_whichever_opens_first(grid):
    first, second = Viewer(), Viewer()
    grid._look(first.open)
    grid._look(second.open)
    second.let.set()
    wait(lambda: grid.viewer is second)
    first.let.set()
    wait(lambda: idle(grid))
    assert grid.viewer is second and grid.widget.children[1].children == (second.widget,)
    assert grid.widget.children[0].working == ""
    assert first.is_closed and not second.is_closed


def test_what_is_closed_while_it_opens_stays_closed(grid):
    late = Viewer()
    grid._look(late.open)
    wait(lambda: grid.widget.children[0].working == "opening …")
    grid._close()
    late.let.set()
    wait(lambda: idle(grid))
    assert grid.viewer is None and grid.widget.children[1].children == ()
    assert late.is_closed


def test_looking_on_keeps_no_more_than_one_viewer_unless_it_is_shown_elsewhere(grid):
    def look() -> fairlab.widgets.viewer.Viewer:
        before = grid.viewer
        grid._received("choose", {"key": "0-0-0"})
        wait(lambda: grid.viewer is not before and idle(grid))
        return grid.viewer

    look()
    held = len(ipywidgets.widgets.widget._instances)
    replaced = look()
    kept = look()
    assert len(ipywidgets.widgets.widget._instances) == held
    assert replaced.widget.comm is not None, "it can be shown again"
    kept._repr_mimebundle_()
    shown = kept.widget
    look()
    assert shown.comm is not None and kept.widget is shown
    before = len(ipywidgets.widgets.widget._instances)
    grid.close()
    assert len(ipywidgets.widgets.widget._instances) < before and grid.viewer is None
    assert grid.widget.children[1].children == (), "a new one"


def test_what_does_not_open_is_told_and_the_viewer_before_stays(grid):
    first = Viewer()
    first.let.set()
    grid._look(first.open)
    wait(lambda: grid.viewer is first)

    def gone():
        raise NotFoundError("it is gone", kind="not-found")

    grid._look(gone)
    wait(lambda: grid.error is not None)
    assert grid.error.kind == "not-found" and grid.viewer is first


@pytest.mark.parametrize(
    "made",
    [lambda: fairlab.view("sample:plate"), lambda: fairlab.runs.form("measure_objects"), fairlab.browse],
)
def test_each_works_without_the_extra_and_names_it_where_a_widget_is_wanted(made, monkeypatch):
    shown = made()
    assert isinstance(shown, WithPanel) and shown.error is None
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(MissingExtraError) as caught:
        shown.widget  # noqa: B018  (raises)
    assert "fairlab[widgets]" in str(caught.value)
    outputs = shown._outputs("words")
    assert outputs["text/plain"].startswith("words\n") and set(outputs) == {"text/plain"}
