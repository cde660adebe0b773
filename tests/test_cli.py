from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlab import errors
from fairlab.cli import exit_code, main
from tests.servers import FaultServer
from tests.stores import write_collection, write_store

Serve = Callable[[Path], FaultServer]


@pytest.fixture
def store(tmp_path: Path, serve: Serve) -> str:
    write_store(tmp_path / "a.zarr", labels=("cells",))
    return f"{serve(tmp_path).url}/a.zarr"


def test_search_as_text_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "mouse", "heart", "--limit", "3"]) == 0
    assert "Mus musculus" in capsys.readouterr().out
    assert main(["search", "mouse", "heart", "--limit", "3", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["records"]) == 3


def test_a_question_answers_offline_with_records_that_open(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "zebrafish light sheet", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["relaxed"] == [] and answer["records"]
    assert any(record.get("url") and record.get("ngff_version") for record in answer["records"])


def test_the_nearest_matches_stand_under_a_line_that_names_the_word(
    capsys: pytest.CaptureFixture[str],
) -> None:
    question = ["search", "zebrafish heart light sheet"]
    assert main(question) == 0
    lines = capsys.readouterr().out.splitlines()
    named = next(number for number, line in enumerate(lines) if '"heart"' in line and "nothing has" in line)
    assert any("Danio rerio" in line for line in lines[named:])
    assert main([*question, "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["relaxed"] == ["heart"] and answer["records"]
    assert main([*question, "--match", "all", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["relaxed"] == [] and answer["records"] == [] and answer["total"] == 0


def test_search_takes_all_filters(capsys: pytest.CaptureFixture[str]) -> None:
    words = (
        'search --attribute "Gene Symbol=CDK1" --attribute "Gene Symbol=PLK1" --anatomy heart --disease cancer'
        " --cell-line HeLa --phenotype round --compound taxol --channel DAPI --year 2019-2021 --has-labels"
        ' --pixel-size-below "200 nm" --group-by image --repositories sample --timeout 3 --json'
    )
    assert main(shlex.split(words)) == 0
    query = json.loads(capsys.readouterr().out)["query"]
    for part in ("Gene Symbol = CDK1 or PLK1", "heart", "HeLa", "2019-2021", "0.2 µm", "labels"):
        assert part in query
    for wrong in (
        ["--attribute", "CDK1"],
        ["--year", "2021-2019"],
        ["--repositories", "smaple"],
        ["--limit", "0"],
    ):
        assert main(["search", "a", *wrong]) == 2
    assert "sample" in capsys.readouterr().err


def test_lookup(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lookup", "idr:idr0062", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["accession"] == "idr0062"
    assert main(["lookup", "idr:idr0062", "--field", "nosuch"]) == 2


def test_info_tells_size_channels_and_labels(store: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", store]) == 0
    text = capsys.readouterr().out
    assert "c 2 × y 40 × x 60" in text and "0.5 µm" in text and "cells" in text and "dye 1" in text
    assert main(["info", store, "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["levels"][1]["shape"] == {"c": 2, "y": 20, "x": 30}
    assert facts["levels"][0]["spacing"]["x"] == {"value": 0.5, "unit": "micrometer"}
    assert facts["channels"][0] == {
        "name": "dye 0",
        "color": "#0000FF",
        "window_start": 0.0,
        "window_end": 200.0,
    }


def test_view_writes_a_picture(store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["view", store, "--png", str(tmp_path / "a.png"), "--channel", "dye 1"]) == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert main(["view", store, "--png", str(tmp_path / "b.png"), "--channel", "dye 9"]) == 2
    assert not (tmp_path / "b.png").exists()
    assert "dye 1" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["text", "bibtex", "ris", "csl-json", "cff"])
def test_cite_in_every_form(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "sample:ihc", "--format", form]) == 0
    assert "fairlab" in capsys.readouterr().out


def test_cite_in_a_style(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cite", "idr:idr0062", "--style", "harvard-cite-them-right"]) == 0
    assert "Guillaume Blin (2019) “NesSys" in capsys.readouterr().out
    assert main(["cite", "idr:idr0062", "--style", "of-mars"]) == 2


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["search"], 2),
        (["search", "--organism", "mouze"], 2),
        (["search", "--ngff-version", "9"], 2),
        (["lookup", "idr:idr9999"], 2),
        (["info", "no/such/place"], 2),
        (["info", "http://127.0.0.1:9/a.zarr"], 2),
        (["run", "no_such_notebook"], 2),
        (["run", "measure_objects", "-p", "chanel=DAPI"], 2),
        (["run", "measure_objects", "-p", "chanel"], 2),
        (["run", "measure_objects", "-p", "max_pixels=many"], 2),
        ([], 2),
    ],
)
def test_a_wrong_question_exits_2_with_one_paragraph(
    words: list[str], code: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("fairlab.options").options._current, "timeout_s", 0.5)
    assert main(words) == code
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert not words or said.startswith("fairlab: ")


def test_bad_data_exits_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("text")
    assert main(["info", str(tmp_path / "empty")]) == 1
    assert main(["info", str(tmp_path / "text.zip")]) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_debug_shows_the_traceback(tmp_path: Path) -> None:
    with pytest.raises(errors.FairlabError):
        main(["info", str(tmp_path), "--debug"])


def test_every_error_has_an_exit_code() -> None:
    classes = {c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.FairlabError)}
    assert {exit_code(c("x")) for c in classes} == {1, 2}
    assert exit_code(errors.NotebookError("x", kind="cell-failed")) == 1
    assert exit_code(errors.NotebookError("x", kind="parameter-type")) == 2


def test_an_unwritable_folder_is_said_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert main(["demo", "--out", str(tmp_path / "file" / "demo")]) == 2


def test_as_a_module_and_closed_pipes() -> None:
    command = f"{sys.executable} -m fairlab search mouse --limit 500 | head -1"
    answer = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)
    assert answer.stdout and not answer.stderr


def test_catalogue_info(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalogue", "info", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["counts"]["images"] == 6581
    assert main(["catalogue", "info"]) == 0
    assert "1355 studies" in capsys.readouterr().out


def test_lab_starts_jupyterlab_on_the_notebooks(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "fairlab", "lab", "--folder", str(tmp_path / "mine"), "--", "--version"]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    assert answer.stdout.strip()[0].isdigit()  # JupyterLab's own answer
    assert str(tmp_path / "mine") in answer.stderr
    names = {path.name for path in (tmp_path / "mine").rglob("*.ipynb")}
    assert {"04_measure_objects.ipynb", "01_from_question_to_citation.ipynb"} <= names


def test_one_image_of_a_collection_is_chosen_by_series(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    collection = str(tmp_path / "c.zarr")
    write_collection(tmp_path / "c.zarr", ["scan", "overview"])
    assert main(["info", collection]) == 1
    assert "series=1" in capsys.readouterr().err
    for which in ("1", "overview"):
        assert main(["info", collection, "--series", which, "--json"]) == 0
        assert json.loads(capsys.readouterr().out)["record"]["id"].endswith("c.zarr/1")
    assert main(["view", collection, "--series", "0", "--png", str(tmp_path / "a.png")]) == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
