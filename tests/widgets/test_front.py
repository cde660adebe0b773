"""Messages both ways: what fails is named under the widget and in Python."""

from __future__ import annotations

import pytest

pytest.importorskip("anywidget")

from fairlab.errors import SelectionError
from fairlab.widgets.front import Front


class Shy(Front):
    def heard(self, kind, content, buffers):
        if kind != "greeting":
            raise SelectionError(f"<b>{kind}</b>", kind="unheard")


@pytest.fixture
def shy(monkeypatch):
    sent = []
    widget = Shy()
    monkeypatch.setattr(widget, "send", lambda content, buffers=None: sent.append(content))
    widget.sent = sent
    return widget


def test_a_failure_is_named_on_both_sides(shy):
    shy._handle_custom_msg({"kind": "noise"}, [])
    assert isinstance(shy.failure, SelectionError)
    assert shy.sent == [{"kind": "error", "text": "SelectionError: <b>noise</b>"}]


def test_a_failure_ends_with_the_next_success_and_is_never_saved(shy):
    shy._handle_custom_msg({"kind": "noise"}, [])
    shy._handle_custom_msg({"kind": "greeting"}, [])
    assert shy.failure is None
    shy._handle_custom_msg({"kind": "noise"}, [])
    assert "noise" not in str(shy.get_state())


def test_a_failure_aside_is_not_taken_for_success(shy, monkeypatch):
    """What goes on aside may fail before the message that began it is over."""
    monkeypatch.setattr(
        Shy, "heard", lambda self, kind, content, buffers: self.fail(SelectionError("soon", kind="x"))
    )
    shy._handle_custom_msg({"kind": "greeting"}, [])
    assert isinstance(shy.failure, SelectionError)
