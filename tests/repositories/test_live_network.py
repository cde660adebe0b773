"""Each live archive itself, asked by its adapter: ``pytest -m network tests/repositories/test_live_network.py``.

What is kept of an answer is its shape: fields and types, nothing that was said. It is written with the date to
the folder ``FAIRLAB_SHAPES`` (default: the tests' own), beside what the emulator serves, and the difference is
printed; an emulator that invents fields fails. A source that passed may state the date as ``checked_live``.
"""

from __future__ import annotations

import datetime as dt
import os
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from fairlab.net.api import limit
from fairlab.options import set_options
from fairlab.query import make_query
from tests.emulators import ARCHIVES, Emulator, emulator
from tests.emulators.shapes import Difference, Shapes, difference, recorded, shape, written


def asked(server: Emulator) -> Shapes:
    """The shapes of what the adapter is answered wherever the option ``hosts`` leads, or else live."""
    repository = server.adapter()
    with set_options(answers_max_bytes=0), limit(120), recorded() as found:
        for kind in repository.capabilities.kinds:
            pages = list(islice(repository.pages(make_query(server.question, kind=kind)), 2))
            assert pages and pages[0].records, f"{server.question!r} finds no {kind}"
        study = repository.lookup(server.known)
        assert study is not None, f"{server.known} is not known any more"
        list(islice(repository.images(study), 1))
    return dict(found)


def compared(name: str, live: Shapes, folder: Path) -> Difference:
    """Live answers beside the emulator's, both written down."""
    with emulator(name) as server:
        served = asked(server)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.live.json").write_text(written(live, date=today))
    (folder / f"{name}.emulator.json").write_text(written(served, date=today))
    return difference(live, served)


@pytest.mark.network
@pytest.mark.parametrize("name", ARCHIVES)
def test_the_archive_answers_as_its_emulator_does(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    server = emulator(name)  # not entered: the archive's own hosts
    if reason := server.adapter().idle():
        pytest.skip(reason)
    live = asked(server)
    folder = Path(os.environ.get("FAIRLAB_SHAPES", Path(__file__).parents[1] / "emulators" / "shapes"))
    found = compared(name, live, folder)
    with capsys.disabled():
        print(f"\n{name}: {len(live)} kinds of answers; differences:\n{found}")
    assert not found.invented, f"the emulator of {name} serves what the archive does not:\n{found}"


# ── the check itself, with emulators in place of the archives ────────────────────────────────────


@pytest.mark.parametrize("name", (*ARCHIVES, "shelf"))
def test_the_check_finds_no_difference_where_there_is_none(name: str, tmp_path: Path) -> None:
    with emulator(name) as archive:
        live = asked(archive)
    assert live and all(live.values())
    assert compared(name, live, tmp_path) == Difference(invented=(), lacking=())
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.live.json", f"{name}.emulator.json"}


@pytest.mark.parametrize("name", (*ARCHIVES, "shelf"))
def test_the_check_tells_fields_that_came_and_fields_that_went(name: str, tmp_path: Path) -> None:
    with emulator(name) as archive:
        archive.alter = moved_on
        live = asked(archive)
    found = compared(name, live, tmp_path)
    assert any("fieldOfTomorrow: flag" in line for line in found.lacking)
    assert "fieldOfTomorrow" in str(found) and "Ω" not in (tmp_path / f"{name}.live.json").read_text()


def moved_on(answer: Any) -> Any:
    return {**answer, "fieldOfTomorrow": True} if isinstance(answer, dict) else answer


def test_a_field_that_is_gone_is_invented_by_the_emulator() -> None:
    before = {"GET /x": shape({"a": [1], "b": "x"})}
    found = difference({"GET /x": shape({"a": ["1"]})}, before)
    assert found.invented == ("GET /x /a/[]: number", "GET /x /b: text")
    assert found.lacking == ("GET /x /a/[]: text",)


def test_a_shape_holds_nothing_that_was_said() -> None:
    said = {"Jo Doe 2": {"secret phrase": "zebra"}, "S-BIAD1234": 5, "title": "lion"}
    lines = "\n".join(sorted(shape(said)))
    assert "zebra" not in lines and "lion" not in lines and "1234" not in lines and "Doe" not in lines
