"""Pictures of wells: read in batches, only those asked for, a broken one alone, one contrast for all."""

from __future__ import annotations

import io
import queue

import numpy as np
import pytest
from PIL import Image

import fairlab
from fairlab.widgets import plate_pictures
from fairlab.widgets.plate_pictures import Place, PlatePicture, PlatePictures, field_of, is_plate
from tests.stores import write_plate

SPARSE = [(0, 0), (0, 3), (1, 1), (2, 2)]


@pytest.fixture
def plate(tmp_path):
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    return fairlab.open_plate(tmp_path / "p.zarr")


def pixels(picture: PlatePicture) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(picture.jpeg)).convert("RGB"))


def test_a_plate_is_told_from_an_image(plate):
    assert is_plate(plate)
    assert not is_plate(fairlab.open_image("sample:nuclei"))
    assert not is_plate(field_of(plate, Place(0, 0, 0))) and not is_plate("sample:plate")


def test_one_field_keeps_its_levels_and_coordinates(plate):
    field = field_of(plate, Place(1, 1, 1))
    assert list(field.children) == ["scale0", "scale1"]
    np.testing.assert_array_equal(field["scale1/image"].values, plate["scale1/image"][1, 1, 1].values)
    assert field["scale0/image"].well.item() == "B02"


def test_only_the_wells_asked_for_are_read(tmp_path, serve):
    write_plate(tmp_path / "p.zarr")
    server = serve(tmp_path)
    pictures = PlatePictures(fairlab.open_plate(f"{server.url}/p.zarr"), lambda *_: None)
    server.requests.clear()
    pictures.get([Place(1, 2, 0)])
    wells = {
        target.split("/p.zarr/")[1].rsplit("/c/", 1)[0]
        for _, _, target, _ in server.requests
        if "/c/" in target
    }
    sampled = pictures.present.sum()
    assert "B/3/0/1" in wells or "B/3/0/0" in wells
    assert len({well.rsplit("/", 2)[0] for well in wells}) <= 9 < sampled  # it, and eight for the contrast


def test_pictures_show_their_fields_in_one_contrast(plate):
    pictures = PlatePictures(plate, lambda *_: None)
    places = [Place(r, c, f) for r, c in SPARSE for f in (0, 1)]
    found = pictures.get(places)
    windows = pictures.state.channels
    assert all(channel.window is not None for channel in windows)
    pictures.get([Place(0, 0, 0)])
    assert pictures.state.channels == windows
    low, high = windows[0].window
    for place, picture in found.items():
        level = plate["scale0/image"].isel(place._asdict()).values.astype(float)
        assert pixels(picture).shape[:2] == pictures.shape
        light = np.clip(
            (level - np.array([w.window[0] for w in windows])[:, None, None]) / (high - low), 0, 1
        )
        assert (pixels(picture).mean() > 20) == (light.mean() > 20 / 255), place


def test_a_broken_well_says_so_and_the_others_are_there(tmp_path):
    write_plate(tmp_path / "p.zarr")
    for chunk in (tmp_path / "p.zarr" / "B" / "2" / "0").rglob("c/*/*/*"):
        chunk.write_bytes(b"damaged")
    pictures = PlatePictures(fairlab.open_plate(tmp_path / "p.zarr"), lambda *_: None)
    found = pictures.get([Place(1, 0, 0), Place(1, 1, 0), Place(1, 2, 0)])
    assert not found[1, 1, 0].jpeg and "ChunkError" in found[1, 1, 0].note
    assert found[1, 0, 0].jpeg and found[1, 2, 0].jpeg and not found[1, 0, 0].note


def test_where_every_well_is_broken_each_says_so(tmp_path):
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    for chunk in (tmp_path / "p.zarr").rglob("c/*/*/*"):
        chunk.write_bytes(b"damaged")
    pictures = PlatePictures(fairlab.open_plate(tmp_path / "p.zarr"), lambda *_: None)
    found = pictures.get([Place(0, 0, 0), Place(1, 1, 0)])
    assert all("ChunkError" in picture.note and not picture.jpeg for picture in found.values())


def test_a_batch_holds_no_more_than_its_bytes(plate, monkeypatch):
    monkeypatch.setattr(plate_pictures, "_BATCH_BYTES", 2 * 2 * 32 * 48 * 2)
    sizes = []
    pictures = PlatePictures(plate, lambda *_: None)
    read = pictures._pixels
    monkeypatch.setattr(pictures, "_pixels", lambda places: sizes.append(len(places)) or read(places))
    pictures.get([Place(r, c, 0) for r, c in SPARSE])
    assert max(sizes) == 2


def test_the_newest_wish_comes_first_and_all_come(plate, monkeypatch):
    monkeypatch.setattr(plate_pictures, "_BATCH", 1)
    told: queue.Queue = queue.Queue()
    pictures = PlatePictures(plate, lambda *found: told.put(found))
    with pictures._reading:  # the worker waits with its first batch in hand
        pictures.want([Place(0, 0, 0), Place(0, 3, 0)])
        while pictures._wanted and pictures._wanted[0] == Place(0, 0, 0):
            pass
        pictures.want([Place(2, 2, 0)])
    order = [told.get(timeout=20)[0] for _ in range(3)]
    assert order == [Place(0, 0, 0), Place(2, 2, 0), Place(0, 3, 0)]
    pictures.want([Place(2, 2, 0)])
    assert told.get(timeout=20)[0] == Place(2, 2, 0)


def test_only_so_many_are_kept(plate, monkeypatch):
    monkeypatch.setattr(plate_pictures, "_KEPT", 2)
    pictures = PlatePictures(plate, lambda *_: None)
    pictures.get([Place(r, c, 0) for r, c in SPARSE])
    assert len(pictures._kept) == 2


def test_empty_fields_are_told_from_dark_ones(tmp_path):
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    for chunk in (tmp_path / "p.zarr" / "A" / "1" / "0").rglob("c/*/*/*"):
        chunk.unlink()
    pictures = PlatePictures(fairlab.open_plate(tmp_path / "p.zarr", missing="fill"), lambda *_: None)
    found = pictures.get([Place(0, 0, 0), Place(1, 1, 0)])
    assert "nothing was imaged" in found[0, 0, 0].note and found[1, 1, 0].note == ""
