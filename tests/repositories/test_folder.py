"""Folders of one's own, asked like an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import fairlab
from fairlab.errors import FairlabError, NotFoundError, QueryError, Unavailable, UnexpectedAnswer
from fairlab.net.deadline import limit
from fairlab.options import set_options
from fairlab.query import FILTERS, make_query
from fairlab.repositories import base, folder, folder_crawl
from fairlab.repositories.folder import Folder
from tests.emulators import Reply
from tests.emulators.folder import IndexPages
from tests.stores import write_plate, write_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    write_store(tmp_path / "a/nuclei.zarr", name="Nuclei of a worm", labels=("cells",))
    write_store(tmp_path / "a/actin.zarr", name="Actin", version="0.4", scale=0.1)
    write_plate(tmp_path / "b/plate.zarr", version="0.4")
    return tmp_path


def test_it_is_an_archive_among_others() -> None:
    assert isinstance(Folder(), base.LiveRepository)
    assert Folder.capabilities.states <= set(FILTERS) and not Folder.capabilities.applies


def test_words_and_filters_find_what_is_there(shelf: Path) -> None:
    def found(text: str = "", **asked: object) -> list[str]:
        return [str(one.title) for one in Folder(shelf).search(make_query(text, **asked))]  # type: ignore[arg-type]

    assert found("nuclei") == ["Nuclei of a worm"]
    assert found(layout="plate") == ["a test plate"]
    assert found(ngff_version="0.4", layout="image") == ["Actin"]
    assert found(pixel_size_below=0.2) == ["Actin"]
    assert found(has_labels=True) == ["Nuclei of a worm"]
    assert found(channel="dye 1", layout="image", has_labels=False) == ["Actin"]
    assert found("zebrafish") == found(organism="mouse") == []


def test_facts_that_filters_need_say_where_they_were_read(shelf: Path) -> None:
    (record,) = Folder(shelf).search(make_query("nuclei"))
    assert record.pixel_size == {"y": 0.5, "x": 0.5} and record.channels == ("dye 0", "dye 1")
    assert record.has_labels is True
    for name in ("pixel_size", "channels", "has_labels"):
        source = record.source(name)
        assert source is not None and source.pointer and source.document == str(shelf / "a/nuclei.zarr")


def test_the_option_names_the_places(shelf: Path) -> None:
    with pytest.raises(QueryError) as caught:
        Folder().search(make_query("nuclei"))
    assert caught.value.kind == "no-folders" and "set_options(folders=" in str(Folder().idle())
    with set_options(folders=[shelf / "a", str(shelf / "b")]):
        assert Folder().idle() is None
        assert len(Folder().search(make_query(openable=True))) == 3
    for wrong in ("/data", [""], [3], None):
        with pytest.raises(QueryError):
            set_options(folders=wrong)


def test_fairlab_search_asks_it_by_name(shelf: Path) -> None:
    if "folder" not in base.repositories():
        pytest.skip("the entry point takes effect with the next installation")
    with set_options(folders=[shelf]):
        results = fairlab.search("nuclei", repositories=["folder"])
        assert [record.title for record in results] == ["Nuclei of a worm"]
        assert fairlab.open_image(results[0])["scale0/image"].shape == (2, 40, 60)


def test_pages_go_on_from_the_cursor(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_PER_PAGE", 2)
    query = make_query(openable=True)
    first, second = Folder(shelf).pages(query)
    assert (len(first.records), len(second.records), second.cursor) == (2, 1, None)
    (rest,) = Folder(shelf).pages(query, cursor=first.cursor)
    assert [one.id for one in rest.records] == [one.id for one in second.records]


def test_one_place_that_fails_hides_no_other(shelf: Path) -> None:
    gone = shelf / "gone"
    (page,) = Folder(gone, shelf / "a").pages(make_query(openable=True))
    assert len(page.records) == 2 and "gone" in page.notes[0]
    with pytest.raises(NotFoundError):
        list(Folder(gone).pages(make_query(openable=True)))
    (page,) = Folder(shelf / "a/nuclei.zarr/0").pages(make_query(openable=True))
    assert page.records == () and page.cursor is None


def test_what_it_finds_it_looks_up(shelf: Path) -> None:
    place = Folder(shelf)
    for record in place.search(make_query(openable=True)):
        again = place.lookup(record.id)
        assert again is not None and again.url == record.url and place.locate(record) == record.url
        assert place.recognises(record.id) == record.id
    for absent in (
        f"folder:{shelf}/none",
        f"folder:{shelf}/a",
        "idr:idr0062",
        "folder:",
        "C:/data",
        str(shelf),
    ):
        assert place.lookup(absent) is None
    assert place.recognises(str(shelf)) is None


def test_the_images_of_a_place(shelf: Path) -> None:
    (record,) = Folder(shelf / "a").search(make_query("nuclei"))
    (page,) = Folder(shelf / "a", shelf / "b").images(record)
    assert sorted(str(one.title) for one in page.records) == ["Actin", "Nuclei of a worm"]


def test_secrets_in_an_address_are_refused() -> None:
    with pytest.raises(FairlabError) as caught:
        Folder("https://me:secret@example.org/").search(make_query("nuclei"))
    assert "secret" not in str(caught.value)


# ── what a time limit, or a server that fails, does to a walk ────────────────────────────────────


@pytest.fixture
def server() -> Iterator[IndexPages]:
    with IndexPages() as running:
        yield running


def everything(place: Folder, **how: str | None) -> list[str]:
    return [str(one.title) for page in place.pages(make_query(openable=True), **how) for one in page.records]


def test_a_walk_that_time_cut_short_goes_on_where_it_was(server: IndexPages) -> None:
    place, whole = Folder(), everything(Folder())
    server.log.clear()
    server.delay_s = 0.03
    found: list[str] = []
    for _ in range(60):
        try:
            with limit(0.5):
                found = everything(place)
            break
        except Unavailable as error:
            assert error.kind == "timeout"
            server.forgive()
    assert sorted(found) == sorted(whole), "no progress was made"
    assert server.paths().count("/data/") < 4, "it began from the beginning each time"


class WidePages(IndexPages):
    per_page = 50


def test_what_was_found_before_an_error_is_given() -> None:
    with WidePages() as server:
        place, whole, routed = Folder(), everything(Folder()), server._routed
        server._routed = (  # type: ignore[method-assign]
            lambda asked: Reply(status=503) if "deep" in asked.path else routed(asked)
        )
        pages = place.pages(make_query(openable=True))
        with limit(10):
            first = next(pages)
            given = {str(one.title) for one in first.records}
            assert given == {"Actin", "Nuclei of a fish Ω", "Nuclei, a plate"} and first.cursor
            with pytest.raises(Unavailable):
                next(pages)
            server.forgive()
            with pytest.raises(Unavailable):  # it is tried again, and then comes last
                next(place.pages(make_query(openable=True), cursor=first.cursor))
            again = next(place.pages(make_query(openable=True), cursor=first.cursor))
            assert [one.title for one in again.records] == ["Nuclei of a worm"], (
                "one folder that fails hides others"
            )
        server._routed = routed  # type: ignore[method-assign]
        server.forgive()
        assert everything(place, cursor=again.cursor) == ["Nuclei of a fly"]
        assert len(whole) == 5


def test_results_keep_what_was_found_and_more_goes_on(server: IndexPages) -> None:
    server.delay_s = 0.03
    results = fairlab.search(openable=True, repositories=["folder"], timeout_s=0.6)
    (failure,) = results.failures
    assert failure.repository == "folder" and failure.kind == "timeout"
    server.delay_s = 0
    server.forgive()
    for _ in range(5):
        results = results.more()
    assert not results.failures and len(results) == 5


def test_what_cannot_be_read_is_a_note_and_no_warning(shelf: Path, recwarn: pytest.WarningsRecorder) -> None:
    (shelf / "a/torn.zarr").mkdir()
    (shelf / "a/torn.zarr/.zattrs").write_text("{")
    (page,) = Folder(shelf).pages(make_query(openable=True))
    assert len(page.records) == 3 and "torn.zarr (not-json)" in page.notes[0] and not recwarn.list
    with pytest.raises(UnexpectedAnswer) as caught:
        Folder(shelf).lookup(f"folder:{shelf}/a/torn.zarr")
    assert caught.value.kind == "not-json"


def test_no_identifier_leads_out_of_the_places(shelf: Path, server: IndexPages) -> None:
    inside, place = f"{server.address}/fish.zarr", Folder(server.address, shelf / "a")
    assert place.lookup(f"folder:{inside}") is not None
    server.log.clear()
    for outside in (
        f"{server.url}/other/fish.zarr",
        f"{server.address}x/fish.zarr",
        f"{server.address}/../data/fish.zarr",
        f"{server.address}/%2e%2e/data/fish.zarr",
        f"{inside}?key=1",
        "https://127.0.0.1.example.org/data/fish.zarr",
        f"{shelf}/b/plate.zarr",
        f"{shelf}/a/../b/plate.zarr",
    ):
        assert place.lookup(f"folder:{outside}") is None
    assert not server.log


def test_what_nothing_has_whole_comes_nearest_and_only_then(shelf: Path) -> None:
    (page,) = Folder(shelf).pages(make_query("nuclei dragon"))
    assert [one.title for one in page.records] == ["Nuclei of a worm"]
    results = Folder(shelf).search(make_query("nuclei dragon"))
    assert results.relaxed == ("dragon",)
    (page,) = Folder(shelf).pages(make_query("nuclei worm"))
    assert [one.title for one in page.records] == ["Nuclei of a worm"]
    (page,) = Folder(shelf).pages(make_query("nuclei dragon", match="all"))
    assert page.records == ()


def test_a_walk_that_ends_early_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_store(tmp_path / "one.zarr", shape=(1, 4, 4), levels=1)
    monkeypatch.setattr(folder_crawl, "MAX_FOLDERS", 1)
    pages = list(Folder(tmp_path).pages(make_query(openable=True)))
    assert "ended after 1 folders" in pages[-1].notes[0]
