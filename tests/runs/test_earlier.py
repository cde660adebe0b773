from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import fairlab
from fairlab import session
from fairlab.errors import Unavailable
from fairlab.runs import Run, earlier, recording
from fairlab.runs.earlier import Earlier
from fairlab.runs.notebook import read_notebook
from fairlab.runs.record import settings_of
from tests.runs.notebooks import write_notebook
from tests.stores import put_attributes, write_collection, write_plate, write_store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fairlab.session import Opening

VALUES = {"n": 1}
SETTINGS = settings_of(VALUES)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    return write_notebook(tmp_path, "1", cell="n: int = 1")


def kept(notebook: Path, *inputs: Opening, asked: bool = False, results: bool = False, **facts: Any) -> Run:
    """A whole run, as if it had been; it may have been asked for a table, and have written one."""
    begun = recording.begin(
        "tool",
        read_notebook(notebook).sha256,
        VALUES,
        out_dir=notebook.parent,
        results="csv" if asked or results else None,
    )
    output, table = begun.record.with_suffix(".ipynb"), begun.record.with_suffix(".csv")
    output.write_text("{}")
    if results:
        table.write_text("a\n")
    facts = {
        "status": "ok",
        "output": output,
        "inputs": inputs,
        "results": table if results else None,
        **facts,
    }
    ended = replace(begun, finished=begun.started, **facts)
    recording.write(ended)
    return ended


def found(notebook: Path, **options: Any) -> tuple[Run, str] | None:
    return Earlier(read_notebook(notebook), notebook.parent).find(SETTINGS, **options)


def test_the_newest_whole_run_of_the_same_notebook_and_parameters_is_found(notebook: Path) -> None:
    assert found(notebook) is None
    kept(notebook)
    newest = kept(notebook)
    for status in ("failed", "interrupted", "running"):
        kept(notebook, status=status)
    assert found(notebook) == (newest, "same")
    assert Earlier(read_notebook(notebook), notebook.parent).find(settings_of({"n": 2})) is None


def test_another_version_of_the_notebook_is_another_notebook(notebook: Path) -> None:
    kept(notebook)
    write_notebook(notebook.parent, "2", cell="n: int = 1")
    assert found(notebook) is None


def test_what_it_left_must_still_be_there(notebook: Path) -> None:
    run = kept(notebook)
    assert found(notebook, results=True) is None
    whole = kept(notebook, results=True)
    assert found(notebook, results=True) == (whole, "same")
    assert whole.results is not None
    whole.results.unlink()
    assert found(notebook, results=True) is None
    silent = kept(notebook, asked=True)
    assert found(notebook, results=True) == (silent, "same"), "a notebook may have nothing to write"
    for one in (run, whole, silent):
        one.output.unlink()
    assert found(notebook) is None


def test_records_of_before_and_damaged_ones(notebook: Path) -> None:
    run = kept(notebook)
    facts = json.loads(run.record.read_text())
    for name in ("settings", "results", "table", "table_row", "beside"):
        del facts[name]
    run.record.write_text(json.dumps(facts))
    assert found(notebook) == (run, "same")
    run.record.write_text(json.dumps(facts)[:40])
    assert found(notebook) is None


def opened(
    place: Path, monkeypatch: pytest.MonkeyPatch, opener: Callable[..., Any], **options: Any
) -> Opening:
    """What the kernel would have noted."""
    noted = place.parent / f"{place.name}.openings"
    monkeypatch.setenv(session.FILE_VARIABLE, str(noted))
    opener(place, **options)
    monkeypatch.delenv(session.FILE_VARIABLE)
    return session.read(noted)[0]


@pytest.mark.parametrize("kind", ["image", "old image", "plate", "collection"])
def test_inputs_that_changed_are_run_again(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    place, version, group = tmp_path / "a.zarr", "0.4" if kind == "old image" else "0.5", ""
    if kind == "plate":
        write_plate(place, rows="A", columns=("1",))
        opening = opened(place, monkeypatch, fairlab.open_plate)
    elif kind == "collection":
        write_collection(place, ["one", "two"], version="0.5")
        opening, group = opened(place, monkeypatch, fairlab.open_image, series=1), "1"
    else:
        write_store(place, version=version)
        opening = opened(place, monkeypatch, fairlab.open_image)
    run = kept(notebook, opening)
    assert found(notebook) == (run, "same")
    put_attributes(place / group, {"note": "new"}, version)
    assert found(notebook) is None


def test_inputs_that_cannot_be_looked_at_are_not_known_to_have_changed(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_store(tmp_path / "a.zarr")
    opening = opened(tmp_path / "a.zarr", monkeypatch, fairlab.open_image)
    for unknown in (
        replace(opening, metadata_sha256=None),
        replace(opening, record=replace(opening.record, url=str(tmp_path / "gone.zarr"))),
        replace(opening, record=replace(opening.record, url=None)),
    ):
        run = kept(notebook, opening, unknown)
        assert found(notebook) == (run, "unknown")


def test_a_server_that_does_not_answer_is_asked_once(
    notebook: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def silent(place: str) -> None:
        asked.append(place)
        raise Unavailable("no answer", kind="timeout")

    monkeypatch.setattr(earlier, "open_store", silent)
    write_store(tmp_path / "a.zarr")
    opening = opened(tmp_path / "a.zarr", monkeypatch, fairlab.open_image)
    images = [replace(opening.record, url=f"https://example.org/{n}.zarr") for n in range(5)]
    kept(notebook, *(replace(opening, record=image) for image in images))
    known = Earlier(read_notebook(notebook), notebook.parent)
    for _ in range(3):
        again = known.find(SETTINGS)
        assert again is not None and again[1] == "unknown"
    assert len(asked) == 1
