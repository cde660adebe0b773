"""The form of a notebook's parameters, without a browser: judged while filled in, run, linked."""

from __future__ import annotations

import json
import time

import pytest

pytest.importorskip("anywidget")

from typing import TYPE_CHECKING

import fairlab
from fairlab.errors import NotebookError, QueryError
from fairlab.runs.parameter_cell import parse_parameters
from fairlab.runs.progress import Progress, progress_of
from fairlab.widgets.form_fields import fields_of, table_of
from fairlab.widgets.panels import FormPanel
from tests.widgets.records import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

    from fairlab.widgets.run_form import RunForm

CELL = """from typing import Literal
n: int = 3  # how often [1 .. 9]
size: float | None = None  # of a pixel (micrometer) [0.01 ..]
name: str = "DAPI"  # channel
method: Literal["otsu", "li"] = "otsu"
dark: bool = False
channels: list[str] = []"""


def notebook(folder: Path, *cells: str) -> Path:
    sources = {"p": CELL, **{f"c{n}": cell for n, cell in enumerate(cells)}}
    code = [
        {
            "cell_type": "code",
            "id": name,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": text,
        }
        for name, text in sources.items()
    ]
    code[0]["metadata"] = {"tags": ["parameters"]}
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"cells": code, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    path = folder / "tool.ipynb"
    path.write_text(json.dumps(content))
    return path


@pytest.fixture
def sent(monkeypatch):
    messages = []
    monkeypatch.setattr(FormPanel, "send", lambda _, content, buffers=None: messages.append(content))
    return messages


@pytest.fixture
def form(tmp_path, monkeypatch, sent) -> RunForm:
    monkeypatch.chdir(tmp_path)
    return fairlab.runs.form(notebook(tmp_path, "print(n)"), parameters={"n": 4})


def do(form: RunForm, kind: str, **content) -> None:
    form.widget.children[0]._handle_custom_msg({"kind": kind, "number": "v.1", **content}, [])


def shown(form: RunForm) -> dict[str, dict]:
    return {field["name"]: field for field in form.widget.children[0].fields}


def wait(form: RunForm) -> None:
    deadline = time.monotonic() + 90
    while form.widget.children[0].running:
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_every_parameter_has_its_field(form):
    fields = shown(form)
    assert {name: field["kind"] for name, field in fields.items()} == {
        "n": "int", "size": "float", "name": "str", "method": "choice", "dark": "bool", "channels": "list",
    }  # fmt: skip
    assert (fields["n"]["text"], fields["n"]["default"], fields["size"]["text"]) == ("4", "3", "")
    assert (
        fields["size"]["unit"] == "micrometer"
        and fields["size"]["help"] == "of a pixel · number · allowed: [0.01 ..] · may stay empty"
    )
    assert fields["method"]["choices"] == ["otsu", "li"]


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("n", "7", 7), ("size", "0.5", 0.5), ("size", "", None), ("size", " ", None), ("name", "", ""),
        ("method", "li", "li"), ("dark", "true", True), ("channels", '["DAPI", "GFP"]', ["DAPI", "GFP"]),
    ],
)  # fmt: skip
def test_what_is_typed_is_read_in_the_declared_type(form, name, text, value):
    do(form, "set", name=name, text=text)
    assert shown(form)[name]["error"] == ""
    assert form.values[name] == value


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("n", "10", "[1 .. 9]"), ("n", "x", "expected int"), ("n", "", "expected int"), ("size", "0", "[0.01 ..]"),
        ("channels", "DAPI", "JSON list"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_told_at_its_field(form, name, text, says):
    do(form, "set", name=name, text=text)
    assert says in shown(form)[name]["error"]
    assert shown(form)[name]["text"] == text and form.error is None
    with pytest.raises(NotebookError) as caught:
        _ = form.values
    assert caught.value.context["parameter"] == name
    do(form, "run")
    assert form.result is None and not form.widget.children[0].running
    assert name in form.widget.children[0].progress["said"]


def test_a_secret_is_refused_and_not_kept(form):
    do(form, "set", name="name", text="https://example.org/a.zarr?X-Amz-Signature=abc123")
    assert "token or signature" in shown(form)["name"]["error"]
    assert "abc123" not in json.dumps(form.widget.children[0].fields) + repr(form)


def test_python_fills_in_what_it_checks(form):
    form.set(n=5, dark=True)
    assert (shown(form)["n"]["text"], form.values["dark"]) == ("5", True)
    with pytest.raises(NotebookError) as caught:
        form.set(m=5)
    assert caught.value.kind == "parameter-unknown"
    assert form.values["n"] == 5
    do(form, "reset")
    assert form.values["n"] == 3 and form.values["dark"] is False


def test_it_runs_beside_and_links_to_the_result(form, tmp_path):
    do(form, "set", name="n", text="6")
    do(form, "run")
    assert form.widget.children[0].running
    do(form, "run")  # a second click starts nothing
    wait(form)
    assert form.error is None and form.result.status == "ok"
    assert form.result.parameters["n"] == 6
    assert len(fairlab.runs.list_runs(tmp_path / "runs")) == 1
    (output,) = form.widget.children[1].outputs
    link = output["data"]["text/html"]
    assert link.startswith('<a href="runs/tool/') and str(tmp_path) not in link
    assert form.widget.children[0].progress["said"].startswith("done after")


def test_a_failing_cell_is_named_in_place_and_in_python(tmp_path, monkeypatch, sent):
    monkeypatch.chdir(tmp_path)
    form = fairlab.runs.form(notebook(tmp_path, "raise ValueError('<b>no</b>')"))
    form.result = "of an earlier run"
    do(form, "run")
    wait(form)
    assert isinstance(form.error, NotebookError) and form.error.kind == "cell-failed"
    assert form.result is None
    assert any(message["kind"] == "error" and "<b>no</b>" in message["text"] for message in sent)
    (output,) = form.widget.children[1].outputs
    assert ".failed.ipynb" in output["data"]["text/html"]


def test_the_saved_notebook_has_the_values(form):
    data = form._repr_mimebundle_()
    assert "<table>" in data["text/html"] and "n = 4" in data["text/plain"]
    assert "application/vnd.jupyter.widget-view+json" in data


def test_hostile_text_stays_text():
    fields = fields_of(parse_parameters('a: str = "<b>"  # <script>'), {"a": HOSTILE})
    table = table_of(HOSTILE, fields, [HOSTILE])
    table.encode()
    assert "<img" not in table and "<script" not in table


def test_progress_is_read_from_the_notebook_that_is_written(tmp_path):
    path = notebook(tmp_path, "# a comment\nfirst = 1", "second = 2")
    content = json.loads(path.read_text())

    def at(*states: str) -> Progress:
        for cell, state in zip(content["cells"], states, strict=True):
            cell["metadata"]["papermill"] = {"status": state}
        path.write_text(json.dumps(content))
        return progress_of(path)

    assert at("completed", "running", "pending") == Progress(done=1, total=3, line="first = 1")
    assert str(progress_of(path)) == "cell 2 of 3: first = 1"
    assert str(at("completed", "pending", "pending")) == "cell 2 of 3"
    assert str(at("completed", "completed", "completed")) == "ending"
    path.write_text(path.read_text()[:50])
    assert str(progress_of(path)) == "starting"


def test_unknown_keywords_name_the_nearest():
    with pytest.raises(QueryError, match='did you mean "parameters"') as caught:
        fairlab.runs.form("measure_objects", paramters={})
    assert caught.value.kind == "keyword-unknown"
