from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab import moves

if TYPE_CHECKING:
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


def test_every_listed_address_leads_to_the_address_the_list_gives(shared: Path) -> None:
    with (shared / "repositories" / "known_images.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["listed_url"]]
    assert len(rows) > 80
    for row in rows:
        assert moves.address_key(row["listed_url"]) == moves.address_key(row["url"]), row["listed_url"]
