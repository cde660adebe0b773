"""Folders of one's own, asked like an archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import fairlab
from fairlab.errors import FairlabError, NotFoundError, QueryError
from fairlab.options import set_options
from fairlab.query import FILTERS, make_query
from fairlab.repositories import base, folder
from fairlab.repositories.folder import Folder
from tests.stores import write_plate, write_store

if TYPE_CHECKING:
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
    assert list(Folder(shelf / "a/nuclei.zarr/0").pages(make_query(openable=True))) == []


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
