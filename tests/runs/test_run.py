from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat
import pytest

from fairlab import runs
from fairlab.errors import FairlabWarning, MissingExtraError, NotebookError, OutputError
from fairlab.runs import recording
from fairlab.runs.outcome import find_failure, prepared, settled
from tests.runs.notebooks import write_notebook

if TYPE_CHECKING:
    from collections.abc import Iterator

HOSTILE = '"; import os; os._exit(1) # \\" {x} </pre><script>'
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def content_of(run_or_path: Any) -> dict[str, Any]:
    path = Path(getattr(run_or_path, "output", run_or_path))
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def printed(content: dict[str, Any]) -> str:
    return "".join(
        "".join(output["text"])
        for cell in content["cells"]
        for output in cell.get("outputs", [])
        if output["output_type"] == "stream"
    )


def failure_of(notebook: Path, out_dir: Path, **options: Any) -> NotebookError:
    with pytest.raises(NotebookError) as caught:
        runs.run(notebook, out_dir=out_dir, progress=False, **options)
    return caught.value


@pytest.fixture
def no_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail the test as soon as papermill is called."""
    monkeypatch.setattr("papermill.execute_notebook", lambda *_, **__: pytest.fail("a kernel was started"))


# ── a run that ends well ─────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[runs.Run]:
    """One run, with everything in it that must be handled; its folders have braces in their names."""
    folder = tmp_path_factory.mktemp("whole {x}")
    notebook = write_notebook(
        folder,
        "import sys, os; print([sys.executable, os.getcwd(), text, size])",
        "import ipywidgets; ipywidgets.IntSlider()",
        f"from IPython.display import display\n"
        f"view = 'application/vnd.jupyter.widget' + '-view+json'\n"
        f"display({{'image/png': '{PNG}', view: {{'model_id': 'a'}}}}, raw=True)\n"
        f"display({{view: {{'model_id': 'a'}}}}, raw=True)",
        "1 / 0",
        name="04_tool",
    )
    edited = content_of(notebook)
    edited["cells"][-1]["metadata"]["tags"] = ["raises-exception"]
    notebook.write_text(json.dumps(edited))
    # A kernel named python3 is registered on this "machine", and it is not ours.
    kernel = folder / "jupyter" / "kernels" / "python3" / "kernel.json"
    kernel.parent.mkdir(parents=True)
    kernel.write_text(
        json.dumps(
            {"argv": ["/no/such/python", "{connection_file}"], "display_name": "x", "language": "python"}
        )
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder / "jupyter"))
        patch.chdir(folder)
        yield runs.run(notebook, parameters={"text": HOSTILE, "size": "0.5"}, out_dir="out", progress=False)


def test_a_whole_run_is_named_by_time_and_parameters(whole: runs.Run) -> None:
    assert whole.status == "ok"
    assert whole.output.is_absolute()
    assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{8}\.ipynb", whole.output.name)
    assert whole.output.parent.name == "04_tool"
    assert {path.name for path in whole.output.parent.iterdir()} == {whole.output.name, whole.record.name}


def test_the_kernel_is_this_python_in_the_current_folder(whole: runs.Run) -> None:
    executable, folder, text, size = eval(printed(content_of(whole)))
    assert Path(executable) == Path(sys.executable)
    assert Path(folder) == whole.output.parent.parent.parent
    assert (text, size) == (HOSTILE, 0.5)


def test_widgets_go_and_pictures_stay(whole: runs.Run) -> None:
    text = whole.output.read_text(encoding="utf-8")
    assert "widget-view+json" not in text
    assert "widget-state+json" not in text
    content = content_of(whole)
    shown = [
        list(output["data"])
        for cell in content["cells"]
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    assert shown == [["text/plain"], ["image/png"]]


def test_an_error_that_was_meant_is_no_failure(whole: runs.Run) -> None:
    content = content_of(whole)
    assert content["cells"][-1]["outputs"][0]["ename"] == "ZeroDivisionError"
    assert [cell["source"] for cell in content["cells"] if cell["cell_type"] == "markdown"] == [["# A tool"]]
    assert content["metadata"]["papermill"]["exception"] is False


def test_the_kept_notebook_is_valid_and_has_no_path_of_this_machine(whole: runs.Run) -> None:
    nbformat.validate(nbformat.reads(whole.output.read_text(encoding="utf-8"), as_version=4))
    assert str(whole.output.parent) not in json.dumps(content_of(whole)["metadata"])


def test_the_record_says_what_ran(whole: runs.Run) -> None:
    facts = json.loads(whole.record.read_text(encoding="utf-8"))
    assert facts["status"] == "ok"
    assert facts["parameters"] == {"text": HOSTILE, "size": 0.5}
    assert facts["output"] == whole.output.name
    assert facts["versions"]["python"].startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
    assert {"fairlab", "xarray", "zarr"} <= set(facts["versions"])
    assert facts["duration_s"] == pytest.approx(whole.duration_s) and facts["duration_s"] > 0
    assert len(facts["notebook_sha256"]) == 64


def test_the_run_is_listed(whole: runs.Run) -> None:
    out_dir = whole.output.parent.parent
    assert runs.list_runs(out_dir) == [whole]
    table = runs.table(out_dir)
    assert list(table["status"]) == ["ok"]
    assert json.loads(table["parameters"][0]) == {"text": HOSTILE, "size": 0.5}
    assert "<script>" not in whole._repr_html_()
    assert str(whole.output) in str(whole)


def test_an_earlier_runs_values_do_not_come_back(whole: runs.Run, tmp_path: Path) -> None:
    # Running a kept notebook again, without parameters, must use the defaults; and inside a running
    # event loop, as in a notebook.
    async def inside() -> runs.Run:
        return runs.run(whole.output, out_dir=tmp_path, progress=False)

    again = asyncio.run(inside())
    assert eval(printed(content_of(again)))[2:] == ["none", 1.0]
    assert again.parameters == {"text": "none", "size": 1.0}


# ── runs that do not ─────────────────────────────────────────────────────────────────────────────


def test_a_failed_cell_is_named_and_its_notebook_kept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = write_notebook(tmp_path, "print('before')", "# divide\n\nx = 1 / 0", "print('after')", "")
    with pytest.raises(NotebookError) as caught:
        runs.run(notebook, out_dir=tmp_path / "out")
    context = caught.value.context
    assert caught.value.kind == "cell-failed"
    assert (context["cell"], context["first_line"]) == (3, "x = 1 / 0")
    assert (context["error_name"], context["error_message"]) == ("ZeroDivisionError", "division by zero")
    assert "tool" in capsys.readouterr().err  # the progress bar

    kept = Path(context["output"])
    assert kept.name.endswith(".failed.ipynb")
    content = content_of(kept)
    assert "ZeroDivisionError: division by zero" in "".join(content["cells"][0]["source"])
    assert printed(content) == "before\n"
    states = [c["metadata"]["papermill"]["status"] for c in content["cells"] if c["cell_type"] == "code"]
    assert states == ["completed", "completed", "failed", "pending", "pending"]
    nbformat.validate(nbformat.reads(kept.read_text(encoding="utf-8"), as_version=4))

    (listed,) = runs.list_runs(tmp_path / "out")
    assert (listed.status, listed.failed_cell, listed.failed_line) == ("failed", 3, "x = 1 / 0")
    assert listed.error == "ZeroDivisionError: division by zero"
    assert listed.output == kept
    assert not list((tmp_path / "out").rglob("*.part*"))


def test_the_time_limit_is_for_the_whole_run(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path, "import time; time.sleep(1)", "time.sleep(60)", "1")
    began = time.monotonic()
    error = failure_of(notebook, tmp_path, timeout_s=8)
    assert time.monotonic() - began < 30
    assert error.kind == "cell-timeout"
    assert (error.context["cell"], error.context["first_line"]) == (3, "time.sleep(60)")
    states = [
        cell["metadata"]["papermill"]["status"]
        for cell in content_of(error.context["output"])["cells"]
        if cell["cell_type"] == "code"
    ]
    assert states == ["completed", "completed", "failed", "pending"]


def test_a_kernel_that_dies_is_a_failure(tmp_path: Path) -> None:
    error = failure_of(write_notebook(tmp_path, "import os; os._exit(1)", "1"), tmp_path)
    assert error.kind == "kernel-died"
    assert error.context["cell"] == 2
    assert [run.status for run in runs.list_runs(tmp_path)] == ["failed"]


@pytest.mark.skipif(os.name != "posix", reason="sends a POSIX signal")
def test_an_interrupted_run_does_not_look_whole(tmp_path: Path) -> None:
    notebook = write_notebook(
        tmp_path, "import pathlib, time; pathlib.Path('begun').touch(); time.sleep(60)", "print('after')"
    )
    code = (
        f"import signal, fairlab.runs as r; signal.signal(signal.SIGINT, signal.default_int_handler);"
        f"r.run({str(notebook)!r}, out_dir={str(tmp_path / 'out')!r}, progress=False)"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.05)
    assert [run.status for run in runs.list_runs(tmp_path / "out")] == ["running"]
    process.send_signal(signal.SIGINT)
    assert "KeyboardInterrupt" in process.communicate(timeout=30)[1].splitlines()[-1]
    (listed,) = runs.list_runs(tmp_path / "out")
    assert (listed.status, listed.failed_cell) == ("interrupted", 2)
    assert listed.output.name.endswith(".part.ipynb")
    assert content_of(listed)["cells"][-1]["metadata"]["papermill"]["status"] == "pending"


def test_a_killed_run_is_listed_as_interrupted(whole: runs.Run, tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    host = whole.process[0]
    folder = tmp_path / "tool"
    folder.mkdir()
    cases = {
        "killed": ((host, gone.pid), "interrupted"),
        "here": ((host, os.getpid()), "running"),
        "elsewhere": (("another-machine", gone.pid), "running"),
    }
    for name, (process, _) in cases.items():
        recording.write(replace(whole, status="running", record=folder / f"{name}.json", process=process))
    assert {run.record.stem: run.status for run in runs.list_runs(tmp_path)} == {
        name: status for name, (_, status) in cases.items()
    }


def test_a_new_process_with_an_old_number_is_not_the_run(whole: runs.Run, tmp_path: Path) -> None:
    folder = tmp_path / "tool"
    folder.mkdir()
    long_ago = whole.started.replace(year=2000)
    recording.write(
        replace(
            whole,
            status="running",
            started=long_ago,
            record=folder / "a.json",
            process=(whole.process[0], os.getpid()),
        )
    )
    assert [run.status for run in runs.list_runs(tmp_path)] == ["interrupted"]


# ── refused before a kernel starts ───────────────────────────────────────────────────────────────


@pytest.mark.usefixtures("no_kernel")
@pytest.mark.parametrize(
    ("parameters", "kind"),
    [
        ({"sise": 1.0}, "parameter-unknown"),
        ({"size": "big"}, "parameter-type"),
        ({"size": 11}, "parameter-range"),
        ({"text": "https://me:word@example.org"}, "parameter-secret"),
        ({"size = 1; import os": 1}, "parameter-unknown"),
    ],
)
def test_wrong_parameters_start_no_kernel(tmp_path: Path, parameters: dict[str, Any], kind: str) -> None:
    notebook = write_notebook(tmp_path, "1")
    error = failure_of(notebook, tmp_path / "out", parameters=parameters)
    assert error.kind == kind
    assert error.kind not in runs.FAILED_KINDS
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("no_kernel")
def test_a_notebook_that_cannot_be_asked_starts_no_kernel(tmp_path: Path) -> None:
    untagged = write_notebook(tmp_path, "1", name="untagged", cell=None)
    assert failure_of(untagged, tmp_path).kind == "parameters-missing"
    assert failure_of(tmp_path / "nowhere.ipynb", tmp_path).kind == "notebook-unknown"
    assert failure_of(write_notebook(tmp_path, "1"), tmp_path, timeout_s=0).kind == "timeout-value"
    (tmp_path / "page.ipynb").write_text("<html>")
    assert failure_of(tmp_path / "page.ipynb", tmp_path).kind == "notebook-form"


@pytest.mark.usefixtures("no_kernel")
def test_an_output_folder_that_cannot_be_written_starts_no_kernel(tmp_path: Path) -> None:
    notebook = write_notebook(tmp_path, "1")
    with pytest.raises(OutputError) as caught:
        runs.run(notebook, out_dir=notebook, progress=False)
    assert caught.value.kind == "output-unwritable"


def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "papermill", None)
    with pytest.raises(MissingExtraError) as caught:
        runs.run(write_notebook(tmp_path, "1"), out_dir=tmp_path / "out", progress=False)
    assert caught.value.context["extra"] == "notebooks"
    assert not (tmp_path / "out").exists()


def test_what_a_notebook_takes_is_known_without_running_it(tmp_path: Path) -> None:
    declared = runs.parameters_of(write_notebook(tmp_path, "1"))
    assert [(p.name, p.unit) for p in declared] == [("text", None), ("size", "micrometer")]


# ── records ──────────────────────────────────────────────────────────────────────────────────────


def test_equal_runs_in_one_second_do_not_overwrite_each_other(tmp_path: Path) -> None:
    begun = [recording.begin("tool", "0" * 64, {"n": 1}, out_dir=tmp_path) for _ in range(4)]
    other = recording.begin("tool", "0" * 64, {"n": 2}, out_dir=tmp_path)
    assert len({run.output for run in [*begun, other]}) == 5
    assert len({run.output.name.split("-")[1][:8] for run in [*begun, other]}) == 2


def test_a_damaged_record_is_left_out_with_a_warning(whole: runs.Run, tmp_path: Path) -> None:
    folder = tmp_path / "tool"
    folder.mkdir()
    valid = json.loads(whole.record.read_text(encoding="utf-8"))
    damaged: list[dict[str, Any]] = [
        {**valid, "status": "perfect"},
        {**valid, "started": "yesterday"},
        {**valid, "parameters": 3},
        {key: value for key, value in valid.items() if key != "output"},
    ]
    for number, facts in enumerate(damaged):
        (folder / f"{number}.json").write_text(json.dumps(facts))
    (folder / "cut.json").write_text(json.dumps(valid)[:50])
    (folder / "other.json").write_text('{"somebody": "else"}')
    (folder / "good.json").write_text(json.dumps(valid))
    with pytest.warns(FairlabWarning) as warned:
        listed = runs.list_runs(tmp_path)
    assert [run.record.name for run in listed] == ["good.json"]
    assert len(warned) == len(damaged) + 1


def test_a_record_cannot_point_out_of_its_folder(whole: runs.Run, tmp_path: Path) -> None:
    folder = tmp_path / "tool"
    folder.mkdir()
    valid = json.loads(whole.record.read_text(encoding="utf-8"))
    (folder / "a.json").write_text(json.dumps({**valid, "output": "../../etc/passwd"}))
    assert runs.list_runs(tmp_path)[0].output.parent == folder


# ── what is kept, as plain data ──────────────────────────────────────────────────────────────────


def ran(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def code(
    source: str, *, started: str | None = "2026-01-01", count: int | None = None, **notes: Any
) -> dict[str, Any]:
    progress = {"start_time": started, "status": "completed", "exception": False, **notes}
    return {
        "cell_type": "code",
        "source": source,
        "execution_count": count,
        "metadata": {"papermill": progress},
        "outputs": [],
    }


def test_a_kernel_that_never_started_has_no_cell() -> None:
    content = ran(code("a", started=None), code("b", started=None))
    failure = find_failure(content, stop="kernel-start", reason="did not answer")
    assert failure is not None
    assert (failure.cell, failure.error_message) == (None, "did not answer")
    kept = settled(content, failure, names=("a.ipynb", "b.ipynb"))
    assert "did not answer" in kept["cells"][0]["source"]


def test_no_stop_and_no_flagged_cell_is_a_whole_run() -> None:
    assert find_failure(ran(code("a"), code("b")), stop=None) is None


def test_the_banner_is_escaped_and_replaced_not_piled_up() -> None:
    cell = code("raise", count=1, exception=True)
    cell["outputs"] = [
        {
            "output_type": "error",
            "ename": "ValueError",
            "evalue": "\x1b[31m<img src=x>\x1b[0m",
            "traceback": [],
        }
    ]
    content = ran(cell)
    failure = find_failure(content, stop=None)
    assert failure is not None
    assert failure.error == "ValueError: <img src=x>"
    once = settled(content, failure, names=("a.ipynb", "b.ipynb"))
    assert "<img" not in once["cells"][0]["source"]
    assert settled(once, failure, names=("a.ipynb", "b.ipynb")) == once
    assert [c["source"] for c in prepared(once)["cells"]] == ["raise"]
    assert content == ran(cell)
