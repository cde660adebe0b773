"""What lies below a place: folders, buckets and index pages, and never anything outside them."""

from __future__ import annotations

import http.server
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.errors import AccessError, NotFoundError, QueryError, Unavailable, UnexpectedAnswer
from fairlab.net.index_page import listed
from fairlab.net.listing import Listing
from fairlab.net.places import open_place
from fairlab.options import set_options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.servers import FaultServer

HERE = "https://example.org/data/images/"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("10.zarr", "9.zarr", "über ж"):
        (tmp_path / "root" / name).mkdir(parents=True)
    (tmp_path / "root/notes.txt").write_text("no image")
    (tmp_path / "outside.zarr").mkdir()
    return tmp_path / "root"


def test_a_folder_lists_its_own_in_the_order_of_people(tree: Path) -> None:
    place = open_place(tree)
    assert place.listing("") == Listing(folders=("9.zarr", "10.zarr", "über ж"), files=("notes.txt",))
    assert place.listing("9.zarr") == Listing()
    assert open_place(tree.as_uri()).location == place.location == str(tree)
    assert place.address("9.zarr") == str(tree / "9.zarr")


def test_links_are_left_out_and_circles_never_followed(tree: Path) -> None:
    (tree / "away").symlink_to(tree.parent / "outside.zarr")
    (tree / "round").symlink_to(tree)
    (tree / "above").symlink_to(tree.parent)
    (tree / "gone").symlink_to(tree / "nothing")
    assert open_place(tree).listing("").folders == ("9.zarr", "10.zarr", "über ж")
    with set_options(follow_links=True):
        assert open_place(tree).listing("").folders == ("9.zarr", "10.zarr", "away", "über ж")


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("", "location"),
        ("ftp://example.org/a", "location"),
        ("https://me:secret@example.org/a/", "location"),
        ("https://example.org/a/?token=secret", "location"),
        ("https://[example.org/a/", "location"),
        ("s3://", "location"),
        ("/no/such/folder/at/all", "path-missing"),
    ],
)
def test_what_is_no_place_is_refused_without_a_trace_of_secrets(address: str, kind: str) -> None:
    with pytest.raises((QueryError, NotFoundError)) as caught:
        open_place(address)
    assert caught.value.kind == kind and "secret" not in str(caught.value)


# ── index pages ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "href",
    [
        "../",
        "/",
        "/data/",
        "/data/images",
        "/data/imagesX/a.zarr/",
        "./",
        "..%2f",
        "%2e%2e/",
        "%252e%252e/",
        "a/b/",
        "a%2Fb/",
        "a\\b/",
        "https://elsewhere.org/data/images/a.zarr/",
        "http://example.org/data/images/a.zarr/",
        "//elsewhere.org/data/images/a.zarr/",
        "?C=N;O=D",
        "a.zarr/?download=1",
        "mailto:someone@example.org",
        "javascript:alert(1)",
        "https://[broken/",
        "a%00b",
        "",
    ],
)
def test_links_that_lead_anywhere_else_are_left_out(href: str) -> None:
    assert listed(f'<a href="../">up</a> <a href="{href}">x</a>', HERE) == Listing()


def test_links_down_are_found_however_they_are_written() -> None:
    page = (
        '<a href="a%20b.zarr/">1</a><A HREF="/data/images/c/">2</A>'
        '<a href="https://example.org/data/images/d.zip">3</a><a href=e.zarr>4</a><a>5</a><a href="a%20b.zarr/">6'
    )
    assert listed(page, HERE) == Listing(folders=("a b.zarr", "c", "e.zarr"), files=("d.zip",))


@pytest.fixture
def index(tree: Path) -> Iterator[str]:
    """Python's own server, whose pages are like Apache's."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tree.parent)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_server_that_lists_folders(index: str) -> None:
    place = open_place(f"{index}/root/")
    assert place.listing("") == Listing(folders=("9.zarr", "10.zarr", "über ж"), files=("notes.txt",))
    assert place.listing("über ж") == Listing()
    assert place.address("über ж").startswith(f"{index}/root/%C3%BCber")
    with pytest.raises(NotFoundError):
        place.listing("absent")


def test_a_server_that_lists_nothing_says_so(tree: Path, serve: Callable[..., FaultServer]) -> None:
    from tests.servers import Fault

    server = serve(tree)
    server.fault("/", Fault(status=200, body=b"{}", headers={"content-type": "application/json"}))
    with pytest.raises(UnexpectedAnswer) as caught:
        open_place(server.url).listing("")
    assert caught.value.kind == "no-listing"


@pytest.mark.parametrize(
    "page",
    [
        "",
        "<!doctype html><title>Maintenance</title><h1>Back soon</h1>",
        '<html><a href="https://elsewhere.org/">elsewhere</a><a href="/login">log in</a></html>',
        '<a href="?next=1">more</a>',
    ],
)
def test_a_page_that_lists_nothing_is_no_empty_folder(page: str) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        listed(page, HERE)
    assert caught.value.kind == "no-listing"


@pytest.mark.parametrize(
    "page",
    [
        '<html><title>Index of /data/images</title><a href="a.zarr/">a</a>',
        '<pre><a href="../">../</a><a href="a.zarr/">a</a>',
        '<h1>Index of /data/images</h1><table><tr><td><a href="a.zarr/">a</a></td></tr>',
        '<ul><li><a href="a.zarr/">a</a></li>',
    ],
)
def test_a_page_that_ends_in_the_middle_is_no_whole_folder(page: str) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        listed(page, HERE)
    assert caught.value.kind == "listing-cut"


@pytest.mark.parametrize(
    "page",
    [
        "<html><title>Index of /data/images</title></html>",
        "<h1>Directory listing for /data/images/</h1>",
        '<pre><a href="../">../</a></pre>',
        '<a href="/data/">Parent Directory</a>',
    ],
)
def test_an_empty_folder_says_that_it_is_one(page: str) -> None:
    assert listed(page, HERE) == Listing()


# ── buckets ──────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def bucket(no_credentials: None, s3_service: tuple[str, Any]) -> str:
    """Where a bucket for everybody is."""
    endpoint, client = s3_service
    client.create_bucket(Bucket="images", ACL="public-read")
    for key in ("a/1.zarr/zarr.json", "a/2.zarr/zarr.json", "a/b c/3.zarr/zarr.json", "a/notes.txt", "ab/no"):
        client.put_object(Bucket="images", Key=key, Body=b"{}", ACL="public-read")
    return endpoint


def test_a_bucket_lists_prefixes_as_folders(bucket: str) -> None:
    with set_options(s3_endpoint=bucket):
        place = open_place("s3://images/a")
        assert place.listing("") == Listing(folders=("1.zarr", "2.zarr", "b c"), files=("notes.txt",))
        assert place.listing("b c") == Listing(folders=("3.zarr",))
        assert place.listing("absent") == Listing()
        assert place.address("b c/3.zarr") == "s3://images/a/b c/3.zarr"
        with pytest.raises(NotFoundError) as caught:
            open_place("s3://nosuchbucket").listing("")
    assert caught.value.kind == "path-missing"


def test_a_bucket_that_may_not_be_listed(
    tmp_path: Path,
    serve: Callable[..., FaultServer],
    no_credentials: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = serve(tmp_path, s3=True, admits=lambda *_: False)
    with set_options(s3_endpoint=server.url):
        with pytest.raises(AccessError) as caught:
            open_place("s3://images").listing("")
        assert caught.value.kind == "listing-refused" and len(server.requests) == 1
        assert not server.headers[0].get("authorization")
        # With credentials, a second request is signed.
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAOWN")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
        with pytest.raises(AccessError) as caught:
            open_place("s3://images").listing("")
    assert "AKIAOWN" in str(server.headers[-1].get("authorization"))
    assert "hush" not in f"{caught.value!r}{vars(caught.value)}"


def test_a_bucket_elsewhere_is_not_asked_offline(no_credentials: None) -> None:
    with pytest.raises(Unavailable) as caught:
        open_place("s3://images").listing("")
    assert caught.value.kind == "offline"


def test_a_bucket_of_another_region_is_asked_there(
    tmp_path: Path, serve: Callable[..., FaultServer], no_credentials: None
) -> None:
    from tests.servers import Fault

    page = (
        '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>images</Name><KeyCount>1</KeyCount>'
        "<IsTruncated>false</IsTruncated><CommonPrefixes><Prefix>a.zarr/</Prefix></CommonPrefixes></ListBucketResult>"
    )
    server = serve(tmp_path, s3=True)
    server.fault("/images", Fault(status=301, headers={"x-amz-bucket-region": "eu-west-2"}, times=1))
    server.fault("/images", Fault(status=200, body=page.encode(), times=1))
    with set_options(s3_endpoint=server.url):
        place = open_place("s3://images")
        assert place.listing("").folders == ("a.zarr",)
        server.fault("/images", Fault(status=500, times=50))
        with set_options(timeout_s=0.5), pytest.raises(Unavailable) as caught:
            place.listing("")
    assert caught.value.kind == "http-500"
