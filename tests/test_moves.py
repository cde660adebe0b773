from __future__ import annotations

import csv
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab import moves
from fairlab.errors import FormatError
from fairlab.options import set_options

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

EBI = "https://livingobjects.ebi.ac.uk"
RETIRED = "https://uk1s3.embassy.ebi.ac.uk"


@pytest.mark.parametrize(
    ("listed", "now"),
    [
        (f"{RETIRED}/bia-integrator-data/S-BIAD1/u/v.zarr/0", f"{EBI}/bioimaging-integrator-data/S-BIAD1/u/v.zarr/0"),
        (f"{RETIRED}/idr/zarr/v0.4/1.zarr/", f"{EBI}/idr/zarr/v0.4/1.zarr/"),
        ("https://example.org/page/", "https://example.org/page/"),
        (f"{RETIRED}/ebi-ngff-challenge-2024/a.zarr", f"{EBI}/bioimaging-01-pub/ebi-ngff-challenge-2024/a.zarr"),
        (f"{RETIRED}/bia-zarr-test/a.zarr", f"{EBI}/bioimaging-01-pub/bia-zarr-test/a.zarr"),
        (f"{EBI}/ebi-ngff-challenge-2024/a.zarr", f"{EBI}/bioimaging-01-pub/ebi-ngff-challenge-2024/a.zarr"),
        (f"{EBI}/bia-integrator-data/a.zarr", f"{EBI}/bioimaging-integrator-data/a.zarr"),
        ("http://UK1S3.embassy.ebi.ac.uk/idr/a.zarr", f"{EBI}/idr/a.zarr"),
        (f"{RETIRED}/idr/a b.zarr", f"{EBI}/idr/a%20b.zarr"),
        # Nobody says where these went, or they did not move: they stay as they are.
        (f"{RETIRED}/testbucket-bia/a.zarr", f"{RETIRED}/testbucket-bia/a.zarr"),
        (f"{RETIRED}/another-bucket/a.zarr", f"{RETIRED}/another-bucket/a.zarr"),
        ("https://uk1s3.embassy.ebi.ac.uk.example.org/idr/a.zarr", "https://uk1s3.embassy.ebi.ac.uk.example.org/idr/a.zarr"),
        ("https://me:secret@uk1s3.embassy.ebi.ac.uk/idr/a", "https://me:secret@uk1s3.embassy.ebi.ac.uk/idr/a"),
        ("https://bioimaging-01-pub.livingobjects.ebi.ac.uk/a.zarr", "https://bioimaging-01-pub.livingobjects.ebi.ac.uk/a.zarr"),
        ("/data/a b.zarr", "/data/a b.zarr"),
        ("https://[broken/a", "https://[broken/a"),
    ],
)  # fmt: skip
def test_where_data_lies_now(listed: str, now: str) -> None:
    assert moves.current_address(listed) == now


def test_a_signature_does_not_go_along_to_another_host() -> None:
    assert moves.current_address(f"{RETIRED}/idr/a.zarr?X-Amz-Signature=1") == f"{EBI}/idr/a.zarr"
    kept = "https://example.org/a.zarr?X-Amz-Signature=1"
    assert moves.current_address(kept) == kept


@pytest.mark.parametrize(
    ("spelling", "web"),
    [
        ("s3://janelia-cosem-datasets/jrc_hela-2/a.zarr", "https://janelia-cosem-datasets.s3.amazonaws.com/jrc_hela-2/a.zarr"),
        ("https://s3.amazonaws.com/allencell/a.zarr", "https://allencell.s3.amazonaws.com/a.zarr"),
        ("https://s3.us-west-2.amazonaws.com/allencell/a.zarr", "https://allencell.s3.amazonaws.com/a.zarr"),
        ("https://allencell.s3.us-west-2.amazonaws.com/a.zarr", "https://allencell.s3.amazonaws.com/a.zarr"),
        ("gs://jax-public-ngff-2024/a b.zarr", "https://storage.googleapis.com/jax-public-ngff-2024/a%20b.zarr"),
        ("zarr://gs://ucl-hip-ct/a.zarr/", "https://storage.googleapis.com/ucl-hip-ct/a.zarr/"),
        ("https://bioimaging-01-pub.livingobjects.ebi.ac.uk/p/a.zarr", f"{EBI}/bioimaging-01-pub/p/a.zarr"),
        ("https://bia-integrator-data.uk1s3.embassy.ebi.ac.uk/a.zarr", f"{EBI}/bioimaging-integrator-data/a.zarr"),
        ("https://testbucket-bia.uk1s3.embassy.ebi.ac.uk/a.zarr", f"{RETIRED}/testbucket-bia/a.zarr"),
        ("https://example.org/a.zarr/|zarr2:", "https://example.org/a.zarr"),
        ("s3://a-private-bucket/a.zarr", "s3://a-private-bucket/a.zarr"),
    ],
)  # fmt: skip
def test_all_forms_of_one_bucket_are_one_address(spelling: str, web: str) -> None:
    assert moves.web_address(spelling) == web
    assert moves.address_key(spelling) == moves.address_key(web)
    given = spelling.removeprefix("zarr://").split("/|")[0]
    assert given.rstrip("/") in [address.rstrip("/") for address in moves.addresses_to_try(spelling)]


@pytest.mark.parametrize(
    "address",
    [
        "http://livingobjects.ebi.ac.uk/idr/a%20b.zarr",
        "https://LIVINGOBJECTS.ebi.ac.uk/idr/a b.zarr/",
        f"{EBI}/idr/a b.zarr/zarr.json",
        f"{EBI}/idr/a b.zarr/.zattrs",
        f"{RETIRED}/idr/a b.zarr",
        "https://idr.livingobjects.ebi.ac.uk/a%20b.zarr",
    ],
)
def test_an_address_is_compared_in_one_form(address: str) -> None:
    assert moves.address_key(address) == "livingobjects.ebi.ac.uk/idr/a b.zarr"


def test_a_query_tells_addresses_apart() -> None:
    assert moves.address_key("https://example.org/show?id=1") != moves.address_key(
        "https://example.org/show?id=2"
    )


def test_the_newest_address_is_tried_first_and_every_address_once() -> None:
    assert moves.addresses_to_try(f"{RETIRED}/idr/a b.zarr/") == (
        f"{EBI}/idr/a%20b.zarr/",
        f"{RETIRED}/idr/a b.zarr/",
    )
    assert moves.addresses_to_try(f"{EBI}/idr/a.zarr", listed=f"{RETIRED}/idr/a.zarr") == (
        f"{EBI}/idr/a.zarr",
        f"{RETIRED}/idr/a.zarr",
    )
    assert moves.addresses_to_try("https://example.org/a.zarr") == ("https://example.org/a.zarr",)


ADDRESSES = st.builds(
    "{}://{}/{}".format,
    st.sampled_from(["http", "https", "s3", "gs"]),
    st.sampled_from(
        [
            "uk1s3.embassy.ebi.ac.uk",
            "livingobjects.ebi.ac.uk",
            "idr.livingobjects.ebi.ac.uk",
            "s3.amazonaws.com",
            "a.b",
        ]
    ),
    st.text(max_size=30),
)


@given(ADDRESSES)
def test_following_moves_twice_is_following_them_once(address: str) -> None:
    for follow in (moves.current_address, moves.web_address):
        assert follow(follow(address)) == follow(address)
    assert moves.address_key(moves.web_address(address)) == moves.address_key(
        moves.web_address(moves.web_address(address))
    )


@given(st.text())
def test_no_text_breaks_the_reading_of_addresses(text: str) -> None:
    assert isinstance(moves.address_key(text), str)
    assert moves.current_address(text) or not text.strip()
    assert len(moves.addresses_to_try(text)) >= bool(text)


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
    before = moves.fingerprint()
    monkeypatch.setenv("FAIRLAB_DATA_DIR", str(tmp_path))
    assert moves.fingerprint() == before
    (tmp_path / "moves.csv").write_text("old,new\na.example/,b.example/\n")
    assert moves.current_address("https://a.example/i.zarr") == "https://b.example/i.zarr"
    assert moves.fingerprint() != before


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


def test_every_listed_address_leads_to_the_address_the_list_gives(shared: Path) -> None:
    with (shared / "repositories" / "known_images.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["listed_url"]]
    assert len(rows) > 80
    for row in rows:
        assert moves.address_key(row["listed_url"]) == moves.address_key(row["url"]), row["listed_url"]
