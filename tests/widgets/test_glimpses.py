"""Small pictures: the repository's own, else drawn; a failure is a reason in its row."""

from __future__ import annotations

import io
import queue
import threading

import numpy as np
import pytest
from PIL import Image

import fairlab
from fairlab.errors import NotFoundError, SelectionError, UnexpectedAnswer
from fairlab.widgets import glimpses
from fairlab.widgets.glimpses import SIDE, Glimpses, glimpse
from tests.widgets.records import record


def png(width: int, height: int, color: tuple[int, int, int] = (200, 30, 30)) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (width, height), color).save(file, "PNG")
    return file.getvalue()


def test_a_repository_s_picture_is_made_small(tmp_path, serve):
    (tmp_path / "a.png").write_bytes(png(640, 320))
    found = Image.open(io.BytesIO(glimpse(record(thumbnail_url=f"{serve(tmp_path).url}/a.png"))))
    assert found.size == (SIDE, SIDE // 2)
    assert found.convert("RGB").getpixel((3, 3)) == (200, 30, 30)


def test_a_picture_of_too_many_pixels_is_not_decoded(tmp_path, serve, monkeypatch):
    monkeypatch.setattr(glimpses, "_MAX_PIXELS", 1000)
    (tmp_path / "a.png").write_bytes(png(40, 40))
    with pytest.raises(UnexpectedAnswer, match="40 × 40"):
        glimpse(record(thumbnail_url=f"{serve(tmp_path).url}/a.png"))


def test_a_damaged_picture_says_so(tmp_path, serve):
    (tmp_path / "a.png").write_bytes(png(40, 40)[:60])
    with pytest.raises(UnexpectedAnswer, match="damaged"):
        glimpse(record(thumbnail_url=f"{serve(tmp_path).url}/a.png"))


@pytest.mark.parametrize("name", ["cells2d", "plate"])
def test_without_a_picture_one_is_drawn(name):
    found = np.asarray(Image.open(io.BytesIO(glimpse(fairlab.lookup(f"sample:{name}")))))
    assert max(found.shape[:2]) == SIDE
    assert np.ptp(found) > 100


def test_what_is_too_large_to_glance_at_is_not_read(monkeypatch):
    monkeypatch.setattr(glimpses, "_MAX_BYTES", 1000)
    with pytest.raises(SelectionError) as caught:
        glimpse(fairlab.lookup("sample:cells2d"))
    assert caught.value.kind == "glimpse-size"


def test_a_study_has_no_picture_of_its_own():
    with pytest.raises(NotFoundError):
        glimpse(record(kind="study", url=None))


def ask(pictures: Glimpses, told: queue.Queue, key: str, one) -> tuple[str, glimpses.Glimpse]:
    pictures.ask(key, one)
    return told.get(timeout=20)


def test_failures_are_told_and_the_others_go_on():
    def make(one):
        if one.id.endswith("/1.zarr"):
            raise ValueError("broken")
        return b"picture"

    told: queue.Queue = queue.Queue()
    pictures = Glimpses(lambda *found: told.put(found), make=make)
    assert ask(pictures, told, "a", record(1)) == ("a", glimpses.Glimpse(reason="ValueError: broken"))
    assert ask(pictures, told, "b", record(2)) == ("b", glimpses.Glimpse(picture=b"picture"))


def test_a_picture_is_made_once_and_only_the_newest_are_kept(monkeypatch):
    monkeypatch.setattr(glimpses, "_KEPT", 1)
    made: list[str] = []
    told: queue.Queue = queue.Queue()
    pictures = Glimpses(lambda *found: told.put(found), make=lambda one: made.append(one.id) or b"p")
    for number in (1, 1, 2, 1):
        ask(pictures, told, "k", record(number))
    assert [one[-6] for one in made] == ["1", "2", "1"]


def test_two_who_ask_at_once_get_it_made_once():
    go, made = threading.Event(), []
    told: queue.Queue = queue.Queue()

    def make(one):
        made.append(one.id)
        go.wait(20)
        return b"p"

    pictures = Glimpses(lambda *found: told.put(found), make=make)
    pictures.ask("k", record())
    pictures.ask("k", record())
    go.set()
    assert told.get(timeout=20)[0] == "k"
    assert len(made) == 1
