"""A run as a crate: others read it, everything in it lies in it, and it does not say whose machine it was."""

from __future__ import annotations

import dataclasses
import getpass
import hashlib
import json
import socket
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import nbformat
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook
from rocrate.rocrate import ROCrate

import fairlab
from fairlab import cite, runs, session
from fairlab.cli import main
from fairlab.errors import NotebookError, OutputError, QueryError
from fairlab.fair.crate_writer import crate_json
from fairlab.fair.run_crate import PROFILE, Part, Told, run_crate
from fairlab.record import Record
from fairlab.session import Opening
from tests.fair.linked_data import expanded, lost

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = datetime(2026, 11, 26, tzinfo=UTC)
LOCAL = Record(id="/home/jane/a.zarr", kind="image", repository="unlisted", url="/home/jane/a.zarr")
PARAMETERS = (
    'url: str = "sample:cells2d"\ntable: str = "cells.csv"\nsizes: list[float] = [1.0, 2.5]\n'
    "none: int | None = None"
)
CODE = (
    "import fairlab\ntree = fairlab.open_image(url)\nopen(table, 'w').write('label,area\\n1,2\\n')",
    "fairlab.open_labels(url); del tree",
)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[runs.Run]:
    folder = tmp_path_factory.mktemp("run")
    cells = [new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}), *map(new_code_cell, CODE)]
    nbformat.write(new_notebook(cells=cells), folder / "tool.ipynb")
    session.opened(clear=True)  # other tests' of this process
    yield runs.run(
        folder / "tool.ipynb",
        parameters={"table": str(folder / "my table.csv")},
        out_dir=folder / "runs",
        progress=False,
    )


def graph_of(folder: Path) -> dict[str, dict[str, Any]]:
    document = json.loads((folder / "ro-crate-metadata.json").read_text("utf-8"))
    return {entity["@id"]: entity for entity in document["@graph"]}


def test_a_run_knows_what_its_kernel_opened(run: runs.Run) -> None:
    assert [record.id for record in run.records] == ["sample:cells2d"]
    assert "sample:cells2d" in cite(run).text and "sample:cells2d" in str(run)
    assert cite(run) == cite(run.records)
    assert runs.list_runs(run.record.parent.parent)[0].inputs == run.inputs
    assert not list(run.record.parent.glob("*.part"))
    assert "sample:cells2d" not in [record.id for record in fairlab.cite_session().records]  # another process


def test_the_crate_holds_inputs_parameters_software_and_outputs(run: runs.Run, tmp_path: Path) -> None:
    (tmp_path / "plot.png").write_bytes(b"png")
    made = runs.crate(run, out=tmp_path / "crate", files=[tmp_path / "plot.png"])
    graph = graph_of(made)
    action, root = graph["#run"], graph["./"]
    assert root["conformsTo"] == {"@id": PROFILE} and root["mentions"] == {"@id": "#run"}
    assert action["actionStatus"] == "http://schema.org/CompletedActionStatus"
    assert (action["startTime"], action["endTime"]) == (run.started.isoformat(), run.finished.isoformat())  # type: ignore[union-attr]
    results = [one["@id"] for one in action["result"]]
    assert results == [run.output.name, "my%20table.csv", "plot.png"]
    for name in (run.output.name, "my table.csv", "plot.png"):
        entity = graph[name.replace(" ", "%20")]
        assert entity["sha256"] == hashlib.sha256((made / name).read_bytes()).hexdigest()
        assert {"@id": entity["@id"]} in root["hasPart"]
    told = [graph[one["@id"]] for one in action["object"]]
    values = {one["name"]: one["value"] for one in told if one["@type"] == "PropertyValue"}
    assert values == {"url": "sample:cells2d", "table": "…/my table.csv", "sizes": [1.0, 2.5], "none": "none"}
    (image,) = [one for one in told if one["@type"] != "PropertyValue"]
    assert (
        image["identifier"] == "sample:cells2d" and graph[image["license"]["@id"]]["identifier"] == "CC0-1.0"
    )
    assert graph[image["additionalProperty"]["@id"]]["value"] == run.inputs[0].metadata_sha256
    notebook = graph[action["instrument"]["@id"]]
    assert notebook["sha256"] == run.notebook_sha256
    software = {
        graph[one["@id"]]["name"]: graph[one["@id"]]["softwareVersion"]
        for one in notebook["softwareRequirements"]
    }
    assert software["fairlab"] == fairlab.__version__ and "python" in software


def test_no_word_of_the_machine_is_in_the_crate(run: runs.Run, tmp_path: Path) -> None:
    failed = dataclasses.replace(
        run,
        status="failed",
        error=f"OSError: cannot read {tmp_path}/secret/data.zarr or https://me:pw@x.org/a?token=1",
    )
    made = runs.crate(failed, out=tmp_path / "crate")
    text = (made / "ro-crate-metadata.json").read_text("utf-8")
    for word in (str(run.record.parent), str(tmp_path), socket.gethostname(), "me:pw", "token=1", "/secret/"):
        assert word not in text, word
    assert f'"{getpass.getuser()}"' not in text
    action = graph_of(made)["#run"]
    assert action["actionStatus"] == "http://schema.org/FailedActionStatus" and "data.zarr" in action["error"]


def test_others_read_the_crate(run: runs.Run, tmp_path: Path) -> None:
    made = runs.crate(run, out=tmp_path / "crate")
    crate = ROCrate(made)
    assert crate.root_dataset["mentions"]["@type"] == "CreateAction"
    assert {part.id for part in crate.root_dataset["hasPart"]} == {run.output.name, "my%20table.csv"}
    document = json.loads((made / "ro-crate-metadata.json").read_text("utf-8"))
    assert lost(document) == set()
    action = expanded(document)["https://crate.example/#run"]
    assert len(action["http://schema.org/object"]) == 5 and action["http://schema.org/instrument"]


def test_an_image_of_the_web_is_named_by_its_address() -> None:
    record = fairlab.lookup("idr:idr0062/6001240.zarr")
    told = Told(
        notebook="tool", notebook_sha256="0", status="ok", started=DAY, finished=DAY, parameters={}, versions={},
        inputs=[Opening(record=record, metadata_sha256="abc"), Opening(record=LOCAL)],
    )  # fmt: skip
    document = run_crate(told)
    graph = {entity["@id"]: entity for entity in document["@graph"]}
    assert record.url and {"@id": record.url} in graph["./"]["hasPart"]
    image = graph[record.url]
    assert image["identifier"] == ["https://doi.org/10.17867/10000125", record.id]
    assert image["citation"] and image["license"] == {"@id": record.license}
    assert "jane" not in json.dumps(document) and graph["#input-2"]["identifier"] == "…/a.zarr"
    assert lost(document) == set()


@example(text="\ud800", name="\ud800")
@given(text=st.text(st.characters(codec=None, exclude_categories=()), max_size=30), name=st.text(max_size=10))
def test_any_text_makes_a_crate_that_others_can_read(text: str, name: str) -> None:
    record = dataclasses.replace(
        LOCAL, id=f"x:{text}", title=text, license=text, url=text, publications=(text,)
    )
    told = Told(
        notebook=text, notebook_sha256="0", status="failed", started=DAY, finished=DAY, error=text,
        parameters={name: text, "list": [text, 1, None]}, versions={name: text}, inputs=[Opening(record=record)],
    )  # fmt: skip
    document = run_crate(told)
    assert json.loads(crate_json(document).encode()) == document
    assert len({entity["@id"] for entity in document["@graph"]}) == len(document["@graph"])
    expanded(document)


def test_no_file_of_a_crate_lies_outside() -> None:
    part = Part(about="x", sha256="0", bytes=1)
    told = Told(
        notebook="t", notebook_sha256="0", status="ok", started=DAY, finished=None, parameters={}, versions={},
        parts={"../x.csv": part},
    )  # fmt: skip
    with pytest.raises(QueryError) as caught:
        run_crate(told)
    assert caught.value.kind == "crate-path"


def test_names_that_repeat_are_told_apart_and_links_are_copied(run: runs.Run, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.txt").write_text(folder)
        (tmp_path / folder / "ro-crate-metadata.json").write_text("{}")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a" / "x.txt")
    files = [
        tmp_path / folder / name for folder in ("a", "b") for name in ("x.txt", "ro-crate-metadata.json")
    ]
    made = runs.crate(run, out=tmp_path / "crate", files=[tmp_path / "link.txt", *files])
    assert (made / "link.txt").read_text() == "a" and not (made / "link.txt").is_symlink()
    assert (made / "x.txt").read_text() == "b"  # that of a is the link's
    assert {path.name for path in made.glob("ro-crate*")} == {
        "ro-crate-metadata.json", "ro-crate-metadata-2.json", "ro-crate-metadata-3.json",
    }  # fmt: skip
    assert graph_of(made)["./"]["mentions"]


def test_the_command_line_finds_the_run_by_the_beginning_of_its_name(
    run: runs.Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(run.record.parent.parent)
    assert (
        main(["runs", "--out", folder, "crate", run.record.stem[:12], "--to", str(tmp_path / "crate")]) == 0
    )
    assert capsys.readouterr().out.strip() == str(tmp_path / "crate")
    assert main(["runs", "--out", folder, "crate", run.record.stem, "--to", str(tmp_path / "crate")]) == 2
    assert main(["runs", "--out", folder]) == 0
    assert "sample:cells2d" in capsys.readouterr().out


def test_what_cannot_become_a_crate_is_told(run: runs.Run, tmp_path: Path) -> None:
    for wanted in ("1999", ""):
        with pytest.raises(NotebookError) as caught:
            runs.crate(wanted, out=tmp_path / "crate", runs_dir=run.record.parent.parent)
        assert caught.value.kind == "run-unknown"
    with pytest.raises(NotebookError) as unfinished:
        runs.crate(dataclasses.replace(run, status="running"), out=tmp_path / "crate")
    assert unfinished.value.kind == "run-unfinished"
    with pytest.raises(OutputError) as gone:
        runs.crate(run, out=tmp_path / "crate", files=[tmp_path / "nothing.csv"])
    assert gone.value.kind == "input-missing" and not (tmp_path / "crate").exists()
