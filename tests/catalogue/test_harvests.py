"""Every archive that lists all its studies is harvested: whole, again, after a cut, and after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from fairlab import catalogue, errors, options
from fairlab.repositories import base
from fairlab.repositories import catalogue_own as own
from fairlab.repositories.catalogue import CatalogueRepository
from tests.emulators import ARCHIVES, EMULATED, Emulator, emulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fairlab.catalogue.harvest import Refreshed

SHUT = ("biostudies",)
NAMES = sorted(set(ARCHIVES) - set(SHUT))


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, few: None) -> Iterator[Path]:
    """An empty catalogue of one's own, and a memory for answers."""
    with options.set_options(catalogue_dir=tmp_path / "catalogue"):
        yield tmp_path / "catalogue"


@pytest.fixture(params=NAMES)
def server(request: pytest.FixtureRequest) -> Iterator[Emulator]:
    with emulator(request.param) as running, options.set_options(answers_max_bytes=10**8):
        running.tags = True
        yield running


def name_of(server: Emulator) -> str:
    return next(name for name, one in EMULATED.items() if one.endswith(f":{type(server).__name__}"))


def harvest(server: Emulator, **choices: Any) -> Refreshed:
    server.forgive()
    return catalogue.refresh(name_of(server), pause_s=0, **choices)


def test_all_its_studies_are_found_offline(server: Emulator) -> None:
    done = harvest(server)
    assert not done.failures and not server.strays
    (change,) = done.changes
    kept = own.read(name_of(server))
    assert len(kept) == change.origin.records == len(change.new) > 0 and not change.notes
    assert {record.kind for record in kept} == {"study"} and server.known in {record.id for record in kept}
    with options.set_options(offline=True):
        found = CatalogueRepository().lookup(server.known)
        assert found is not None and found.title
        assert all(CatalogueRepository().lookup(record.id) is not None for record in kept)
    assert not CatalogueRepository().failures()


def test_again_asks_only_for_what_changed(server: Emulator) -> None:
    first = harvest(server)
    asked = len(server.log)
    again = harvest(server)
    (change,) = again.changes
    assert (
        not (change.new or change.gone or change.changed)
        and change.origin.records == first.changes[0].origin.records
    )
    posted = sum(one.method == "POST" for one in server.log[asked:])
    assert len(server.unchanged) == len(server.log) - asked - posted > 0


def test_what_changed_is_told(server: Emulator) -> None:
    harvest(server)
    before = {record.id: record for record in own.read(name_of(server))}
    known = before[server.known]
    field, text = (
        ("title", known.title) if known.title != known.accession else ("keywords", known.keywords[0])
    )
    server.alter = lambda answer: revised(answer, str(text))
    (change,) = harvest(server).changes
    assert not (change.new or change.gone) and field in change.changed[server.known]
    assert set(change.changed) == {key for key, r in before.items() if text in (r.title, *r.keywords)}
    assert f"{len(change.changed)} changed" in str(change)
    (after,) = (record for record in own.read(name_of(server)) if record.id == server.known)
    assert f"{text}, revised" in (after.title, *after.keywords)


def revised(value: Any, text: str) -> Any:
    if isinstance(value, dict):
        return {name: revised(part, text) for name, part in value.items()}
    if isinstance(value, list):
        return [revised(part, text) for part in value]
    return f"{text}, revised" if value == text else value


def test_a_cut_harvest_goes_on_after_its_last_page(server: Emulator) -> None:
    whole = len(own.read(name_of(server))) if harvest(server).changes else 0
    own.remove(name_of(server))
    pages: list[int] = []

    def cut(*, repository: str, records: int, total: int | None) -> None:
        pages.append(records)
        server.fault = "down"

    with options.set_options(source_timeout_s=2):
        first = harvest(server, progress=cut)
    server.fault = None
    if first.changes:
        pytest.skip("its list comes whole, and is not asked for again by each page")
    assert first.failures[0].kind == "http-503" and own.names() == () and len(pages) == 1
    went_on: list[int] = []
    second = harvest(server, progress=lambda repository, records, total: went_on.append(records))
    assert "interrupted" in str(second) and len(own.read(name_of(server))) == whole
    assert went_on[0] > pages[0], "the first page is kept, not asked for again"


@pytest.mark.parametrize(
    ("name", "why"), [*((name, "words only") for name in SHUT), ("folder", "catalogue add")]
)
def test_one_that_cannot_be_harvested_is_refused_by_name_and_left_out_of_all(
    name: str, why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with emulator(name) as server:
        with pytest.raises(errors.QueryError) as caught:
            catalogue.refresh(name, pause_s=0)
        assert caught.value.kind == "repository-unlisted" and why in str(caught.value)
        monkeypatch.setattr(base, "repositories", lambda: {name: server.adapter()})
        assert catalogue.refresh(pause_s=0).changes == ()
        assert not server.log
