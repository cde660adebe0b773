from __future__ import annotations

import base64
from collections.abc import Callable
from pathlib import Path

import pytest

from fairlab import errors
from fairlab.record import Record
from tests.servers import FaultServer

Serve = Callable[[Path], FaultServer]
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)


def record(url: str | None, kind: str = "image") -> Record:
    return Record(id="x:1", kind=kind, repository="X", thumbnail_url=url)  # type: ignore[arg-type]


def test_a_picture_is_fetched_when_it_is_asked_for(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "a.png").write_bytes(PNG)
    server = serve(tmp_path)
    shown = record(f"{server.url}/a.png")
    assert server.requests == []
    assert shown.thumbnail() == PNG


def test_what_is_no_picture_is_refused(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "a.png").write_text("<h1>Maintenance</h1>")
    with pytest.raises(errors.UnexpectedAnswer) as caught:
        record(f"{serve(tmp_path).url}/a.png").thumbnail()
    assert caught.value.kind == "answer-form"


def test_a_picture_that_is_gone_says_where_it_was_sought(tmp_path: Path, serve: Serve) -> None:
    url = f"{serve(tmp_path).url}/a.png"
    with pytest.raises(errors.NotFoundError, match="tried") as caught:
        record(url).thumbnail()
    assert caught.value.kind == "thumbnail-missing"


@pytest.mark.parametrize(("kind", "hint"), [("image", "view"), ("study", "images")])
def test_no_picture_says_how_to_get_one(kind: str, hint: str) -> None:
    with pytest.raises(errors.NotFoundError, match=hint) as caught:
        record(None, kind).thumbnail()
    assert caught.value.kind == "no-thumbnail"
