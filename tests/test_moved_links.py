"""Links that keep working: what was opened at an address that its data has left."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fairlab.errors import FairlabError, FormatError, Unavailable
from fairlab.image import open_image
from fairlab.moves import current_address
from fairlab.options import set_options
from fairlab.plate import open_plate
from fairlab.record import Record
from fairlab.repositories import base
from fairlab.verdict import validate
from tests.servers import Fault, FaultServer
from tests.stores import write_plate, write_store

Serve = Callable[[Path], FaultServer]


class House:
    """A server of which one folder has moved: ``old`` became ``new``, as the user's own table says."""

    def __init__(self, folder: Path, server: FaultServer):
        self.folder, self.server, self.host = folder, server, server.url.removeprefix("http://")

    @property
    def old(self) -> str:
        return f"{self.server.url}/old/a.zarr"

    @property
    def new(self) -> str:
        return f"{self.server.url}/new/a.zarr"


@pytest.fixture
def house(tmp_path: Path, serve: Serve) -> Iterator[House]:
    folder = tmp_path / "served"
    folder.mkdir()
    house = House(folder, serve(folder))
    table = tmp_path / "moves.csv"
    table.write_text(f"old,new,kind,evidence\n{house.host}/old/,{house.server.url}/new/,moved,a test\n")
    with set_options(moves=table):
        yield house


def record_of(tree: object) -> Record:
    return Record.from_json(tree.attrs["fairlab_record"])  # type: ignore[attr-defined]


def test_data_is_opened_where_it_lies_now_and_the_listed_address_is_kept(house: House) -> None:
    write_store(house.folder / "new/a.zarr")
    tree = open_image(house.old)
    record = record_of(tree)
    assert (record.url, record.listed_url) == (house.new, house.old)
    assert record.id == house.new and tree.encoding["source"] == house.new
    assert not any("/old/" in path for path in house.server.paths()), "the old address was not asked"


def test_a_record_is_opened_where_its_data_lies_now(house: House) -> None:
    write_store(house.folder / "new/a.zarr")
    listed = Record(id="x:1/a.zarr", kind="image", repository="X", url=house.old, title="Cells")
    record = record_of(open_image(listed))
    assert (record.id, record.url, record.listed_url) == ("x:1/a.zarr", house.new, house.old)
    assert record.title == "Cells"


def test_data_that_has_not_moved_yet_is_opened_at_the_old_address(house: House) -> None:
    write_store(house.folder / "old/a.zarr")
    record = record_of(open_image(house.old))
    assert record.url == house.old and record.listed_url is None


def test_the_listed_address_of_a_record_is_tried_too(house: House) -> None:
    write_store(house.folder / "elsewhere/a.zarr")
    listed = f"{house.server.url}/elsewhere/a.zarr"
    record = Record(id="x:1", kind="image", repository="X", url=house.new, listed_url=listed)
    opened = record_of(open_image(record))
    assert (opened.url, opened.listed_url) == (listed, listed)


def test_plates_and_judgements_follow_as_well(house: House) -> None:
    write_plate(house.folder / "new/a.zarr")
    assert record_of(open_plate(house.old)).listed_url == house.old
    assert validate(house.old).source == house.new


def test_a_dead_link_says_what_was_tried(house: House) -> None:
    with pytest.raises(FormatError) as caught:
        open_image(house.old)
    assert caught.value.kind == "no-zarr"
    assert house.new in caught.value.message and f"also tried {house.old}" in caught.value.message
    assert caught.value.context["tried"] == [house.new, house.old]


def test_a_host_that_is_away_does_not_make_its_data_gone(house: House) -> None:
    for name in ("zarr.json", ".zattrs"):
        house.server.fault(f"new/a.zarr/{name}", Fault(status=503))
    with set_options(timeout_s=0.6), pytest.raises(Unavailable) as caught:
        open_image(house.old)
    assert caught.value.context["tried"] == [house.new, house.old]


def test_a_link_of_which_no_move_is_known_fails_as_before(house: House) -> None:
    with pytest.raises(FormatError) as caught:
        open_image(f"{house.server.url}/none.zarr")
    assert "also tried" not in caught.value.message and "tried" not in caught.value.context


def test_what_is_there_but_no_image_is_not_looked_for_elsewhere(house: House) -> None:
    write_store(house.folder / "new/a.zarr")
    (house.folder / "new/a.zarr/zarr.json").write_text(json.dumps({"zarr_format": 3, "node_type": "array"}))
    shutil.copytree(house.folder / "new", house.folder / "old")
    with pytest.raises(FormatError) as caught:
        open_image(house.old)
    assert caught.value.kind == "array"
    assert not any("/old/" in path for path in house.server.paths())


def test_no_secret_of_an_address_is_told(house: House) -> None:
    secret = house.old.replace("http://", "http://me:hush@") + "?X-Amz-Signature=hush"
    with pytest.raises(FairlabError) as caught:
        open_image(secret)
    assert "hush" not in str(caught.value) + str(caught.value.context)


def test_listed_addresses_of_the_catalogue_are_kept(shared: Path) -> None:
    with (shared / "repositories" / "known_images.csv").open(encoding="utf-8", newline="") as stream:
        listed = next(row["listed_url"] for row in csv.DictReader(stream) if "uk1s3" in row["listed_url"])
    found = base.lookup(listed)
    assert found.listed_url == listed and found.url == current_address(listed).rstrip("/")
