"""Pictures of wells: read in batches, only those asked for, a broken one alone, one contrast for all."""

from __future__ import annotations

import io
import json
import queue
import shutil
import threading
import time
import warnings

import numpy as np
import pytest
from PIL import Image

import fairlab
from fairlab.wells import is_plate
from fairlab.widgets import plate_pictures
from fairlab.widgets.plate_pictures import Place, PlatePicture, PlatePictures, field_of
from tests.servers import Fault
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
    pictures.get([Place(1, 2, 0)], seconds=30)
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
    found = pictures.get(places, seconds=30)
    windows = pictures.state.channels
    assert all(channel.window is not None for channel in windows)
    pictures.get([Place(0, 0, 0)], seconds=30)
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
    found = pictures.get([Place(1, 0, 0), Place(1, 1, 0), Place(1, 2, 0)], seconds=30)
    assert not found[1, 1, 0].jpeg and "ChunkError" in found[1, 1, 0].note
    assert found[1, 0, 0].jpeg and found[1, 2, 0].jpeg and not found[1, 0, 0].note


def test_where_every_well_is_broken_each_says_so(tmp_path):
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    for chunk in (tmp_path / "p.zarr").rglob("c/*/*/*"):
        chunk.write_bytes(b"damaged")
    pictures = PlatePictures(fairlab.open_plate(tmp_path / "p.zarr"), lambda *_: None)
    found = pictures.get([Place(0, 0, 0), Place(1, 1, 0)], seconds=30)
    assert all("ChunkError" in picture.note and not picture.jpeg for picture in found.values())


def test_larger_fields_are_read_fewer_at_once(plate, monkeypatch):
    monkeypatch.setattr(plate_pictures, "_BYTES_AT_ONCE", 2 * 2 * 32 * 48 * 2)
    pictures = PlatePictures(plate, lambda *_: None)
    reading, most, lock = 0, 0, threading.Lock()

    def tried(field):
        nonlocal reading, most
        with lock:
            reading += 1
            most = max(most, reading)
        time.sleep(0.01)
        with lock:
            reading -= 1
        return field.values

    monkeypatch.setattr(plate_pictures, "_tried", tried)
    pictures.get([Place(r, c, f) for r, c in SPARSE for f in (0, 1)], seconds=30)
    assert most == 2


def test_the_newest_wish_comes_first_and_all_come(plate, monkeypatch):
    monkeypatch.setattr(plate_pictures, "_AT_ONCE", 1)
    told: queue.Queue = queue.Queue()
    pictures = PlatePictures(plate, lambda *found: told.put(found))
    pictures.get([Place(2, 2, 1)], seconds=30)  # the contrast is known from here on
    while not told.empty():
        told.get()
    begun, go_on, read = threading.Event(), threading.Event(), plate_pictures._tried
    monkeypatch.setattr(plate_pictures, "_tried", lambda field: (begun.set(), go_on.wait(20), read(field))[2])
    wishes = [Place(0, 0, 1), Place(0, 3, 1)]
    pictures.want(wishes)
    assert begun.wait(20)
    pictures.want([Place(1, 1, 1)])
    go_on.set()
    order = [told.get(timeout=20)[0] for _ in range(3)]
    assert order == [wishes[0], Place(1, 1, 1), wishes[1]]
    pictures.want([Place(1, 1, 1)])
    assert told.get(timeout=20)[0] == Place(1, 1, 1)


def test_what_does_not_come_in_time_is_not_read_any_more(plate, monkeypatch):
    monkeypatch.setattr(plate_pictures, "_AT_ONCE", 1)
    pictures = PlatePictures(plate, lambda *_: None)
    read, asked = plate_pictures._tried, []

    def slow(field):
        asked.append(field)
        time.sleep(0.2)
        return read(field)

    pictures.get([Place(2, 2, 1)], seconds=30)
    monkeypatch.setattr(plate_pictures, "_tried", slow)
    wishes = [Place(r, c, 1) for r, c in SPARSE]
    found = pictures.get(wishes, seconds=0.3)
    assert Place(2, 2, 1) in found and len(found) < len(wishes)
    while pictures._working:
        time.sleep(0.02)
    assert len(asked) < len(wishes)


def test_only_so_many_are_kept(plate, monkeypatch):
    monkeypatch.setattr(plate_pictures, "_KEPT", 2)
    pictures = PlatePictures(plate, lambda *_: None)
    pictures.get([Place(r, c, 0) for r, c in SPARSE], seconds=30)
    assert len(pictures._kept) == 2


def test_empty_fields_are_told_from_dark_ones(tmp_path):
    write_plate(tmp_path / "p.zarr", wells=SPARSE)
    for chunk in (tmp_path / "p.zarr" / "A" / "1" / "0").rglob("c/*/*/*"):
        chunk.unlink()
    pictures = PlatePictures(fairlab.open_plate(tmp_path / "p.zarr", missing="fill"), lambda *_: None)
    found = pictures.get([Place(0, 0, 0), Place(1, 1, 0)], seconds=30)
    assert "nothing was imaged" in found[0, 0, 0].note and found[1, 1, 0].note == ""


# ── what is asked of the server ──────────────────────────────────────────────────────────────────────


def asked(server) -> list[str]:
    """Objects asked for, below the plate."""
    return sorted(target.split("/p.zarr/")[1] for _, _, target, _ in server.requests)


@pytest.fixture
def screen(tmp_path, serve):
    """A plate of 384 wells, each field one chunk, and the pictures of it from a server."""

    def made(then=lambda folder: None, **choices):
        choices = {"rows": "ABCDEFGHIJKLMNOP", "columns": [str(n + 1) for n in range(24)], **choices}
        write_plate(
            tmp_path / "p.zarr",
            axes="cyx",
            shape=(1, 32, 48),
            chunk=64,
            levels=1,
            edit_field=with_window,
            **choices,
        )
        then(tmp_path / "p.zarr")
        server = serve(tmp_path)
        plate = fairlab.open_plate(f"{server.url}/p.zarr")
        pictures = PlatePictures(plate, lambda *_: None)
        server.requests.clear()
        return pictures, server

    return made


def with_window(row, column, field, attributes):
    """What the plate states of its brightness, so that none has to be sampled."""
    attributes["ome"]["omero"] = {
        "channels": [{"label": "DAPI", "window": {"start": 0, "end": 200, "min": 0, "max": 65535}}]
    }


ALL = [Place(r, c, 0) for r in range(16) for c in range(24)]


def test_a_plate_of_384_wells_is_one_request_for_each(screen):
    pictures, server = screen(fields=1)
    found = pictures.get(ALL, seconds=60)
    assert len(found) == 384 and all(one.jpeg and not one.note for one in found.values())
    wells = [f"{row}/{column + 1}" for row in "ABCDEFGHIJKLMNOP" for column in range(24)]
    assert asked(server) == sorted(f"{well}/0/0/c/0/0/0" for well in wells)


def test_without_a_stated_window_it_is_one_all_the_same(tmp_path, serve):
    write_plate(tmp_path / "p.zarr", axes="yx", shape=(32, 48), chunk=64, levels=1, fields=1)
    server = serve(tmp_path)
    pictures = PlatePictures(fairlab.open_plate(f"{server.url}/p.zarr"), lambda *_: None)
    server.requests.clear()
    pictures.get([Place(r, c, 0) for r in range(3) for c in range(4)], seconds=30)
    assert len(server.requests) == 12 and len(set(asked(server))) == 12


def test_all_fields_of_a_well_are_one_more(screen):
    pictures, server = screen(fields=3, rows="AB", columns=["1", "2"])
    pictures.get([Place(1, 1, f) for f in range(3)], seconds=30)
    assert asked(server) == ["B/2/0/0/c/0/0/0", "B/2/1/0/c/0/0/0", "B/2/2/0/c/0/0/0", "B/2/zarr.json"]


def brightness(folder, well, **fields):
    """Make every field of a well one grey, by the name of its group."""
    for name, grey in fields.items():
        chunk = folder / well / name.removeprefix("f") / "0" / "c" / "0" / "0" / "0"
        chunk.write_bytes(np.full(32 * 48, grey, "uint16").tobytes())


def test_a_well_that_lacks_its_first_field_shows_its_own(screen, tmp_path):
    # Its fields are the second and third of the others: under the same names, at other places.
    pictures, _ = screen(
        lambda folder: brightness(folder, "A/2", f1=40, f2=160),
        fields=lambda r, c: ["1", "2"] if (r, c) == (0, 1) else ["0", "1", "2"],
        rows="A",
        columns=["1", "2"],
    )
    # The second field first: asked for as in other wells, it would be what this well has as its first.
    found = pictures.get([Place(0, 1, 1)], seconds=30) | pictures.get([Place(0, 1, 0)], seconds=30)
    light = {place.field: round(pixels(picture).mean() / 255 * 200) for place, picture in found.items()}
    assert light == {1: 160, 0: 40}


def test_a_well_that_lists_its_fields_in_another_order_shows_its_own(screen, tmp_path):
    def paint(folder):
        for well in ("A/1", "A/2", "A/3"):
            brightness(folder, well, f0=40, f1=160)

    turned = {(0, 1): ["1", "0"]}
    pictures, server = screen(
        paint, fields=lambda r, c: turned.get((r, c), ["0", "1"]), rows="A", columns=["1", "2", "3"]
    )
    told = []
    pictures._tell = lambda place, picture: told.append(place)
    found = pictures.get([Place(0, c, 0) for c in range(3)], seconds=30)
    light = {place.column: round(pixels(picture).mean() / 255 * 200) for place, picture in found.items()}
    assert light == {0: 40, 1: 160, 2: 40}
    # All were on show before their wells were asked, each once, and only the wrong one was read again.
    assert told[3:] == [Place(0, 1, 0)]
    wells, chunks = [[one for one in asked(server) if one.endswith(end)] for end in ("zarr.json", "/c/0/0/0")]
    assert wells == ["A/2/zarr.json", "A/3/zarr.json"]
    assert chunks == ["A/1/0/0/c/0/0/0", "A/2/0/0/c/0/0/0", "A/2/1/0/c/0/0/0", "A/3/0/0/c/0/0/0"]
    server.requests.clear()
    pictures.get([Place(0, 1, 1)], seconds=30)
    assert asked(server) == ["A/2/0/0/c/0/0/0"]


def test_wells_that_do_not_say_their_order_keep_their_pictures(screen):
    pictures, server = screen(fields=2, rows="A", columns=["1", "2", "3"])
    server.fault("A/2/zarr.json", Fault(status=503))
    with fairlab.set_options(timeout_s=0.3):
        found = pictures.get([Place(0, 1, 0), Place(0, 2, 0)], seconds=30)
    assert all(picture.jpeg and not picture.note for picture in found.values())


def test_a_well_that_is_not_there_is_marked_and_a_damaged_one_says_why(screen):
    def spoil(folder):
        shutil.rmtree(folder / "C" / "3")
        (folder / "D" / "4" / "0" / "0" / "c" / "0" / "0" / "0").write_bytes(b"damaged")

    pictures, server = screen(spoil, fields=1, rows="ABCD", columns="123456")
    found = pictures.get([Place(r, c, 0) for r in range(4) for c in range(6)], seconds=60)
    gone, broken = found.pop(Place(2, 2, 0)), found.pop(Place(3, 3, 0))
    assert gone.absent and not gone.jpeg and not pictures.present[2, 2, 0]
    assert (
        not broken.absent
        and not broken.jpeg
        and broken.note.startswith("ChunkError: the chunk does not decode (it unpacks to 7 bytes")
    )
    assert all(one.jpeg and not one.note for one in found.values()) and len(found) == 22
    assert len(server.requests) <= 24 + 10


def test_a_field_that_is_not_like_the_first_says_so(screen):
    def smaller(folder):
        document = folder / "A" / "2" / "0" / "0" / "zarr.json"
        stated = json.loads(document.read_text())
        stated["chunk_grid"]["configuration"]["chunk_shape"] = [1, 8, 8]
        stated["shape"] = [1, 8, 8]
        document.write_text(json.dumps(stated))
        (document.parent / "c" / "0" / "0" / "0").write_bytes(bytes(128))

    pictures, _ = screen(smaller, fields=1, rows="A", columns=["1", "2"])
    found = pictures.get([Place(0, 0, 0), Place(0, 1, 0)], seconds=30)
    assert found[0, 0, 0].jpeg and "not like the first" in found[0, 1, 0].note


def test_a_field_without_its_chunk_is_dark_and_told_on_its_well_alone(screen):
    def unwritten(folder):
        (folder / "A" / "2" / "0" / "0" / "c" / "0" / "0" / "0").unlink()

    pictures, _ = screen(unwritten, fields=1, rows="A", columns=["1", "2"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = pictures.get([Place(0, 1, 0)], seconds=30)
    assert "nothing was imaged" in found[0, 1, 0].note and pixels(found[0, 1, 0]).max() == 0


def test_a_server_that_is_down_is_asked_once_for_each_and_again_on_request(screen):
    pictures, server = screen(fields=1, rows="A", columns=["1", "2"])
    server.fault("/c/0/0/0", Fault(status=503))
    with fairlab.set_options(timeout_s=0.3):
        found = pictures.get([Place(0, 0, 0), Place(0, 1, 0)], seconds=30)
    assert all("503" in one.note and not one.jpeg and not one.absent for one in found.values())
    assert {target.rsplit("/", 1)[1] for _, _, target, _ in server.requests} == {"0"}  # no metadata
    server.clear_faults()
    pictures.want([Place(0, 0, 0)])
    deadline = time.monotonic() + 20
    while not pictures._kept[Place(0, 0, 0)].jpeg:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_wells_that_cannot_be_asked_say_so_and_the_others_go_on(screen):
    pictures, server = screen(fields=2, rows="A", columns=["1", "2", "3"])
    server.fault("A/2/zarr.json", Fault(status=503))
    with fairlab.set_options(timeout_s=0.3):
        found = pictures.get([Place(0, 1, 1)], seconds=30)
    assert "503" in found[0, 1, 1].note
    assert pictures.get([Place(0, 2, 1)], seconds=30)[0, 2, 1].jpeg
    server.clear_faults()
    assert pictures.get([Place(0, 1, 1)], seconds=30)[0, 1, 1].jpeg  # and are asked again


def test_parts_of_a_plate_and_plates_of_dask_have_the_same_pictures(tmp_path):
    write_plate(tmp_path / "p.zarr")
    part = fairlab.open_plate(tmp_path / "p.zarr").isel(row=slice(1, 3), column=[3, 0])
    blocks = fairlab.open_plate(tmp_path / "p.zarr", chunks="auto").isel(row=slice(1, 3), column=[3, 0])
    found = [PlatePictures(one, lambda *_: None).get([Place(1, 0, 1)], seconds=30) for one in (part, blocks)]
    assert found[0] == found[1] and found[0][1, 0, 1].jpeg
