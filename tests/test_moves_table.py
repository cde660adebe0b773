from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from fairlab import moves, moves_table
from fairlab.errors import FormatError
from fairlab.options import set_options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EBI = "https://livingobjects.ebi.ac.uk"
RETIRED = "https://uk1s3.embassy.ebi.ac.uk"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "moves.csv"
    with set_options(moves=path):
        yield path


def test_a_table_of_ones_own_goes_before_the_shipped_one(own: Path) -> None:
    own.write_text(
        "old,new,kind,evidence\n"
        "https://images.example.org/{year}/,https://data.example.org/archive/{year}/,moved,ours\n"
        "uk1s3.embassy.ebi.ac.uk/idr/,mirror.example.org/idr/,moved,ours\n"
        "plain.example.org/,http://127.0.0.1:8000/,alias,ours\n"
    )
    assert (
        moves.current_address("https://images.example.org/2019/a.zarr")
        == "https://data.example.org/archive/2019/a.zarr"
    )
    assert moves.current_address(f"{RETIRED}/idr/a.zarr") == "https://mirror.example.org/idr/a.zarr"
    assert moves.current_address(f"{RETIRED}/bia-zarr-test/a").startswith(EBI), "the shipped lines still hold"
    assert moves.addresses_to_try("https://plain.example.org/a") == (
        "https://plain.example.org/a",
        "http://127.0.0.1:8000/a",
    )


def test_the_most_exact_line_holds_in_whatever_order_they_stand(own: Path) -> None:
    own.write_text(
        "old,new\na.example/,b.example/\na.example/kept/,\na.example/x/y/,d.example/\na.example/x/,c.example/\n"
    )
    now = {
        path: moves.current_address(f"https://a.example/{path}") for path in ("p", "x/p", "x/y/p", "kept/p")
    }
    assert now == {
        "p": "https://b.example/p",
        "x/p": "https://c.example/p",
        "x/y/p": "https://d.example/p",
        "kept/p": "https://a.example/kept/p",
    }


def test_moves_follow_one_another_and_circles_end(own: Path) -> None:
    own.write_text(
        "old,new\na.example/,b.example/\nb.example/,c.example/\nx.example/,y.example/\ny.example/,x.example/\n"
    )
    assert moves.current_address("https://a.example/i.zarr") == "https://c.example/i.zarr"
    assert urlsplit(moves.current_address("https://x.example/i.zarr")).netloc in ("x.example", "y.example")


def test_a_table_in_the_data_folder_is_found_and_changes_the_fingerprint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = moves_table.fingerprint()
    monkeypatch.setenv("FAIRLAB_DATA_DIR", str(tmp_path))
    assert moves_table.fingerprint() == before
    (tmp_path / "moves.csv").write_text("old,new\na.example/,b.example/\n")
    assert moves.current_address("https://a.example/i.zarr") == "https://b.example/i.zarr"
    assert moves_table.fingerprint() != before


@pytest.mark.parametrize(
    "content",
    [
        None,
        b"",
        b"from,to\na/,b/\n",
        b"old,new\na,b/\n",
        b"old,new\na/,b\n",
        b"old,new,kind\na/,b/,gone\n",
        b"old,new\n{x}.a/,b/{y}/\n",
        b"old,new\n{}.a/,b/{}/\n",
        b"old,new\n{x.a/,b/\n",
        b"old,new\n\xff/,b/\n",
    ],
)
def test_a_damaged_table_is_refused_with_its_place(own: Path, content: bytes | None) -> None:
    if content is not None:
        own.write_bytes(content)
    with pytest.raises(FormatError) as caught:
        moves.current_address("https://example.org/a.zarr")
    assert caught.value.kind == "moves-table" and str(own) in caught.value.message
