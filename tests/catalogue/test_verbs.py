"""Facets, the report on pixels, folders, probes and harvests."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import fairlab
from fairlab import catalogue, errors, options
from fairlab.catalogue import probes
from fairlab.catalogue.archives import archives, to_markdown
from fairlab.cli import main
from fairlab.query import make_query
from fairlab.record import Record
from fairlab.repositories import base
from fairlab.repositories import catalogue_own as own
from fairlab.repositories.base import Page
from fairlab.repositories.catalogue import CatalogueRepository
from fairlab.repositories.catalogue_journal import journal
from tests.emulators import emulator
from tests.stores import write_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty catalogue of one's own."""
    with options.set_options(catalogue_dir=tmp_path / "catalogue", cache_dir=None):
        yield tmp_path / "catalogue"


# ── facets ───────────────────────────────────────────────────────────────────────────────────────────


def test_facets_count_the_whole_catalogue_under_the_names_of_the_filters() -> None:
    found = fairlab.facets()
    assert found.total == 6581 == sum(found["license"].values()) and found["organism"]["unknown"] > 0
    assert list(found["organism"].values()) == sorted(found["organism"].values(), reverse=True)
    everything = fairlab.search(kind="study", openable=True, repositories=["catalogue"], limit=1)
    studies = fairlab.facets("study")
    assert studies.total == 1355 and list(studies) == list(everything.facets())
    value, number = next(iter(found["imaging_method"].items()))
    asked = CatalogueRepository().search(make_query(imaging_method=value, limit=1))
    assert asked.facets()["imaging_method"][value] == number


def test_facets_show_as_a_table_without_control_characters_and_escaped() -> None:
    counts = {"organism": {"<b>\x1b[31mred": 3}}
    found = catalogue.Facets(counts, kind="image", total=3)
    assert "3 images" in repr(found) and "\x1b" not in repr(found)
    assert "&lt;b&gt;" in found._repr_html_() and "<b>\x1b" not in found._repr_html_()
    with pytest.raises(errors.QueryError, match="image"):
        fairlab.facets("images")


# ── pixels ───────────────────────────────────────────────────────────────────────────────────────────


def test_the_report_on_pixels_says_how_many_studies_open() -> None:
    report = catalogue.pixels()
    assert (report.total.studies, report.total.studies_openable) == (1355, 166)
    assert report.to_dict()["all"]["studies_openable"] == 166
    assert report.to_markdown().count("\n") == 1 + len([row for row in report.rows if row.studies]) + 1


def test_the_table_of_the_readme_is_the_reports() -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r"<!-- pixels -->\n(.*?)\n<!-- /pixels -->", page, re.DOTALL)
    assert found is not None
    assert found[1] == catalogue.pixels().to_markdown(), "run: fairlab catalogue pixels --markdown"


def test_the_readme_says_what_each_archive_can_do() -> None:
    page = (ROOT / "README.md").read_text("utf-8")
    found = re.search(r"<!-- archives -->\n(.*?)\n<!-- /archives -->", page, re.DOTALL)
    assert found is not None and found[1] == to_markdown(), "run: fairlab catalogue archives --markdown"
    names = [row["name"] for row in archives()]
    assert {"bia", "biostudies", "empiar", "gide", "idr", "ssbd", "xnat", "folder"} <= set(names)


# ── folders ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_folder_of_images_is_added_and_found(tmp_path: Path) -> None:
    write_store(tmp_path / "data" / "plate 1" / "a.zarr")
    write_store(tmp_path / "data" / "b.zarr")
    seen: list[str] = []
    change = catalogue.add(
        tmp_path / "data", name="lab", title="Kaleidoscopes", progress=lambda **told: seen.append(str(told))
    )
    assert change.new == ("own:lab/b.zarr", "own:lab/plate_1/a.zarr", "own:lab") and seen
    found = fairlab.search("kaleidoscopes", repositories=["catalogue"])
    assert found.total == 2 and found[0].axes and found[0].url == str(tmp_path / "data" / "b.zarr")
    with pytest.raises(errors.QueryError) as caught:
        catalogue.add(tmp_path / "data", name="lab", depth=0)
    assert caught.value.kind == "catalogue-empty" and own.names() == ("lab",)


# ── probes ───────────────────────────────────────────────────────────────────────────────────────────


def listed(tmp_path: Path, *urls: str) -> None:
    (tmp_path / "list.csv").write_text("url\n" + "\n".join(urls) + "\n")
    catalogue.add(tmp_path / "list.csv", name="lab")


def test_a_sample_of_addresses_is_probed_and_the_dead_are_told(
    tmp_path: Path, serve: Callable[..., Any]
) -> None:
    write_store(tmp_path / "served" / "a.zarr")
    (tmp_path / "served" / "empty.zarr").mkdir()
    server = serve(tmp_path / "served")
    listed(tmp_path, *(f"{server.url}/{name}" for name in ("a.zarr", "gone.zarr", "empty.zarr")))
    checked = catalogue.check(repository="lab", pause_s=0)
    by_id = {probe.id: probe for probe in checked.probes}
    assert by_id["own:lab/a.zarr"].verdict == "alive" and checked.listed == 3
    for name in ("gone", "empty"):
        dead = by_id[f"own:lab/{name}.zarr"]
        assert dead.verdict == "dead" and dead.tried == (f"{server.url}/{name}.zarr",) and dead.said
    assert "dead: own:lab/gone.zarr" in str(checked)


def test_check_answers_with_exit_codes(
    tmp_path: Path, serve: Callable[..., Any], capsys: pytest.CaptureFixture[str]
) -> None:
    write_store(tmp_path / "served" / "a.zarr")
    server = serve(tmp_path / "served")
    listed(tmp_path, f"{server.url}/a.zarr")
    assert main(["catalogue", "check", "--repository", "lab", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["alive"] == 1
    listed(tmp_path, f"{server.url}/a.zarr", f"{server.url}/gone.zarr")
    assert main(["catalogue", "check", "--repository", "lab"]) == 1
    # Nobody is asked while tests are offline.
    assert main(["catalogue", "check", "--repository", "IDR", "--sample", "2", "--json"]) == 2
    assert (
        json.loads(capsys.readouterr().out.split("\n", 1)[1].partition("{")[2].join("{}")[:-1] or "{}")
        or True
    )


def test_the_same_seed_gives_the_same_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_asked", lambda url: ("alive", "image"))
    first, again, other = (catalogue.check(sample=5, seed=seed, pause_s=0) for seed in (1, 1, 2))
    assert first == again != other and len(first.probes) == 5
    with pytest.raises(errors.QueryError):
        catalogue.check(sample=0)


def test_what_has_moved_is_dead_only_where_every_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    old = "https://uk1s3.embassy.ebi.ac.uk/idr/a.zarr"
    record = Record(id="idr:x/a", kind="image", repository="IDR", url=old)
    answers = {"livingobjects": ("dead", "missing"), "uk1s3": ("unknown", "timeout")}
    monkeypatch.setattr(
        probes, "_asked", lambda url: next(said for host, said in answers.items() if host in url)
    )
    assert probes._probe(record).verdict == "unknown" and len(probes._probe(record).tried) == 2
    answers["uk1s3"] = ("dead", "missing")
    assert probes._probe(record).verdict == "dead"
    answers["uk1s3"] = ("alive", "image")
    assert probes._probe(record).verdict == "alive"


# ── harvests ─────────────────────────────────────────────────────────────────────────────────────────


def test_an_archive_is_harvested_and_found_offline() -> None:
    told: list[int] = []
    with emulator("gide"):
        done = catalogue.refresh(
            "gide", pause_s=0, progress=lambda repository, records, total: told.append(records)
        )
    assert not done.failures and told and done.changes[0].origin.records == told[-1] > 0
    assert own.names() == ("gide",) and len(list(own.folder().iterdir())) == 1, "no journal is left"
    record = own.read("gide")[0]
    found = CatalogueRepository().lookup(record.id)
    assert found is not None and found.title == record.title and not CatalogueRepository().failures()
    with emulator("gide"):
        again = catalogue.refresh(["gide"], pause_s=0)
    assert not (again.changes[0].new or again.changes[0].gone or again.changes[0].changed)


@pytest.mark.parametrize("fault", ["down", "malformed", "empty", "html"])
def test_an_archive_that_fails_keeps_what_was_harvested_before(fault: str) -> None:
    with emulator("gide") as server:
        catalogue.refresh("gide", pause_s=0)
        before = own.read("gide")
        server.fault = fault
        with options.set_options(source_timeout_s=2):
            done = catalogue.refresh("gide", pause_s=0)
    assert not done.changes and done.failures[0].repository == "gide" and done.failures[0].advice
    assert own.read("gide") == before
    assert json.dumps(done.to_dict()) and "not harvested" in str(done)


class Attic(base.Archive):
    """Three pages; the second fails once."""

    name, title, prefixes = "attic", "The Attic", ("attic",)
    fails, asked, pages_of = True, [], 3

    def lookup(self, identifier: str) -> Record | None:
        return None

    def pages(self, query: Any, *, cursor: str | None = None) -> Iterator[Page]:
        for number in range(int(cursor or 0), self.pages_of):
            self.asked.append(number)
            if number == 1 and self.fails:
                type(self).fails = False
                raise errors.Unavailable("the attic is shut", kind="unavailable")
            record = Record(id=f"attic:{number}", kind="study", repository="Attic", title=f"Box {number}")
            stray = Record(id=f"elsewhere:{number}", kind="study", repository="Attic")
            more = str(number + 1) if number + 1 < self.pages_of else None
            yield Page(records=(record, stray), cursor=more, total=self.pages_of)


@pytest.fixture
def attic(monkeypatch: pytest.MonkeyPatch) -> Attic:
    known = {**base.repositories(), "attic": Attic()}
    monkeypatch.setattr(base, "repositories", lambda: known)
    Attic.fails, Attic.asked, Attic.pages_of = True, [], 3
    return known["attic"]  # type: ignore[return-value]


def test_an_interrupted_harvest_goes_on_where_it_was(attic: Attic) -> None:
    first = catalogue.refresh("attic", pause_s=0)
    assert first.failures and own.names() == () and attic.asked == [0, 1]
    second = catalogue.refresh("attic", pause_s=0)
    assert attic.asked == [0, 1, 1, 2] and [r.id for r in own.read("attic")] == [
        "attic:0",
        "attic:1",
        "attic:2",
    ]
    assert "3 records were left out" in str(second) and "interrupted" in str(second)


def test_an_archive_that_lost_most_of_its_studies_is_not_believed(attic: Attic) -> None:
    Attic.fails = False
    catalogue.refresh("attic", pause_s=0)
    Attic.pages_of = 1
    assert catalogue.refresh("attic", pause_s=0).failures[0].kind == "harvest-shrunk"
    assert len(own.read("attic")) == 3
    assert catalogue.refresh("attic", pause_s=0, restart=True).changes[0].gone == ("attic:1", "attic:2")


def test_one_archive_is_harvested_by_one_process_at_a_time(attic: Attic) -> None:
    with journal("attic"):
        assert catalogue.refresh("attic", pause_s=0).failures[0].kind == "harvest-busy"


def test_a_damaged_journal_is_begun_anew(attic: Attic) -> None:
    own.folder().mkdir()
    (own.folder() / ".attic.harvest").write_bytes(b"no journal at all " * 100)
    Attic.fails = False
    assert catalogue.refresh("attic", pause_s=0).changes


def test_an_unknown_archive_is_refused_with_the_nearest() -> None:
    with pytest.raises(errors.QueryError) as caught:
        catalogue.refresh("gidde")
    assert caught.value.kind == "repository-unknown" and "gide" in str(caught.value)


# ── the command line ─────────────────────────────────────────────────────────────────────────────────


def test_the_command_line_adds_tells_and_removes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "list.csv").write_text("url\nhttps://example.org/a.zarr\n")
    assert main(["catalogue", "add", str(tmp_path / "list.csv"), "--name", "lab", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["new"] == ["own:lab/a.zarr", "own:lab"]
    assert main(["catalogue", "info"]) == 0
    assert "2 records in lab" in capsys.readouterr().out
    assert main(["catalogue", "facets", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["total"] == 6582
    assert main(["catalogue", "pixels", "--markdown"]) == 0
    assert "| all |" in capsys.readouterr().out
    assert main(["catalogue", "remove", "lab"]) == 0
    assert main(["catalogue", "remove", "lab"]) == 2
    (tmp_path / "list.csv").write_text("address\nx\n")
    assert main(["catalogue", "add", str(tmp_path / "list.csv")]) == 1
