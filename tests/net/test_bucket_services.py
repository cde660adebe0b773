"""Listings of Google and Azure, from servers that answer in the form that these services document."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any, ClassVar
from xml.sax.saxutils import escape

import pytest

import fairlab
from fairlab.errors import AccessError, NotFoundError, Unavailable, UnexpectedAnswer
from fairlab.net.deadline import limit
from fairlab.net.list_objects import BLOBS, listed, step_below
from fairlab.net.listing import Listing
from fairlab.net.places import open_place
from fairlab.net.store import open_store
from fairlab.options import set_options
from fairlab.query import make_query
from fairlab.repositories.folder import Folder
from fairlab.repositories.folder_crawl import crawl
from tests.emulators import Asked, Emulator, Reply
from tests.emulators.folder import tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = sorted(f"data/{name}" for name in tree())


class Service(Emulator):
    """Objects below ``/images/``, listed three at a time to whom it admits."""

    scheme: ClassVar = ""
    root: ClassVar = ""
    tokens: ClassVar = ("", "")
    """Where an answer names its next page, and what the next question calls it."""

    def __init__(self) -> None:
        super().__init__()
        self.refusals = 0
        """How many questions for a listing are refused."""
        self.route("GET", r"(?:/account)?/images/?", self._listing)
        self.route("GET", r"(?:/account)?/images/(.+)", self._object)

    def settings(self) -> dict[str, Any]:
        return {}

    def _object(self, asked: Asked) -> Any:
        found = tree().get(asked.groups[0].removeprefix("data/"))
        return Reply(content=found) if found is not None else Reply(content="", status=404)

    def _listing(self, asked: Asked) -> Any:
        if self.refusals:
            self.refusals -= 1
            return self.refusal()
        assert asked.param("delimiter") == "/"
        prefix = asked.param("prefix")
        below = [key.removeprefix(prefix) for key in KEYS if key.startswith(prefix)]
        names = sorted({name.split("/")[0] + "/" if "/" in name else name for name in below})
        start = int(asked.param(self.tokens[1], "0") or 0)
        following = str(start + 3) if start + 3 < len(names) else ""
        return Reply(
            content=self.page([prefix + name for name in names[start : start + 3]], prefix, following),
            type="application/xml",
        )

    def page(self, names: list[str], prefix: str, following: str) -> str:
        raise NotImplementedError  # each service has its own

    def refusal(self) -> Reply:
        raise NotImplementedError  # each service has its own


class Google(Service):
    """The XML interface, as "List objects" of Cloud Storage has it."""

    scheme = "gs"
    tokens = ("NextContinuationToken", "continuation-token")

    def page(self, names: list[str], prefix: str, following: str) -> str:
        objects = "".join(
            f"<Contents><Key>{escape(name)}</Key><Generation>1620000000000000</Generation>"
            '<MetaGeneration>1</MetaGeneration><LastModified>2021-05-01T10:00:00.000Z</LastModified><ETag>"5d41"</ETag>'
            "<Size>5</Size></Contents>"
            for name in names
            if not name.endswith("/")
        )
        folders = "".join(
            f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
            for name in names
            if name.endswith("/")
        )
        more = f"<NextContinuationToken>{following}</NextContinuationToken>" if following else ""
        return (
            "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult xmlns='http://doc.s3.amazonaws.com/2006-03-01'>"
            f"<Name>images</Name><Prefix>{escape(prefix)}</Prefix><KeyCount>{len(names)}</KeyCount>"
            f"<Delimiter>/</Delimiter>{more}<IsTruncated>{str(bool(following)).lower()}</IsTruncated>"
            f"{objects}{folders}</ListBucketResult>"
        )

    def refusal(self) -> Reply:
        return Reply(content="<Error><Code>AccessDenied</Code></Error>", status=403, type="application/xml")


class Azure(Service):
    """ "List Blobs" of Blob Storage: a byte order mark in front, an empty marker at the end."""

    scheme = "az"
    tokens = ("NextMarker", "marker")

    def page(self, names: list[str], prefix: str, following: str) -> str:
        blobs = "".join(
            f"<BlobPrefix><Name>{escape(name)}</Name></BlobPrefix>"
            if name.endswith("/")
            else f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>Sat, 01 May 2021 10:00:00 GMT"
            "</Last-Modified><Etag>0x8D</Etag><Content-Length>5</Content-Length>"
            "<Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType>"
            "</Properties></Blob>"
            for name in names
        )
        return (
            '\ufeff<?xml version="1.0" encoding="utf-8"?><EnumerationResults '
            f'ServiceEndpoint="{self.url}/" ContainerName="images"><Prefix>{escape(prefix)}</Prefix>'
            f"<Delimiter>/</Delimiter><Blobs>{blobs}</Blobs><NextMarker>{following}</NextMarker></EnumerationResults>"
        )

    def _listing(self, asked: Asked) -> Any:
        assert (asked.param("restype"), asked.param("comp")) == ("container", "list")
        assert asked.headers["x-ms-version"] >= "2019-12-12"
        return super()._listing(asked)

    def refusal(self) -> Reply:
        # Azure does not say of a closed container that it is there.
        return Reply(content="<Error><Code>NoAuthenticationInformation</Code></Error>", status=401)


@pytest.fixture(params=[Google, Azure])
def service(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    for name in ("GOOGLE_SERVICE_ACCOUNT", "GOOGLE_APPLICATION_CREDENTIALS", "AZURE_STORAGE_ACCOUNT_KEY",
                 "STORAGE_EMULATOR_HOST", "AZURE_STORAGE_ENDPOINT"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    running: Service
    with request.param() as running:
        where = {"gs_endpoint": running.url, "azure_endpoint": running.url, "azure_account": "account"}
        with set_options(**where):
            yield running


def test_prefixes_are_folders_page_after_page(service: Service) -> None:
    place = open_place(f"{service.scheme}://images/data")
    assert place.listing("") == Listing(
        folders=("actin.zarr", "fish.zarr", "plates", "würmer 2021"), files=("notes.txt",)
    )
    assert [asked.param(service.tokens[1]) for asked in service.log] == ["", "3"]
    assert place.listing("würmer 2021") == Listing(folders=("deep", "worm.ome.zarr"), files=(".listing",))
    assert place.listing("absent") == Listing()
    assert open_place(f"{service.scheme}://images").listing("") == Listing(folders=("data",))
    assert not service.strays and all("authorization" not in asked.headers for asked in service.log)


def test_what_lies_there_is_found_and_opens(service: Service) -> None:
    found = {str(record.url): record for record in crawl(f"{service.scheme}://images/data")}
    base = f"{service.scheme}://images/data"
    assert set(found) == {
        f"{base}/{name}"
        for name in ("actin.zarr", "fish.zarr", "plates/p1.zarr", "würmer 2021/worm.ome.zarr",
                     "würmer 2021/deep/er/fly 1.zarr")
    }  # fmt: skip
    assert fairlab.open_image(found[f"{base}/würmer 2021/worm.ome.zarr"])["scale0/image"].shape == (2, 20, 20)
    with set_options(folders=[base]):
        (record,) = fairlab.search("worm", repositories=["folder"])
    assert record.title == "Nuclei of a worm"


def test_the_environment_may_name_the_service(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", service.url.removeprefix("http://"))
    monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"{service.url}/")
    with set_options(gs_endpoint=None, azure_endpoint=None):
        assert "fish.zarr" in open_place(f"{service.scheme}://images/data").listing("").folders
        assert open_store(f"{service.scheme}://images/data").get("notes.txt") == b"no image"


def test_a_bucket_that_may_not_be_listed_says_so(service: Service) -> None:
    service.refusals = 99
    with pytest.raises(AccessError) as caught:
        open_place(f"{service.scheme}://images").listing("")
    assert caught.value.kind == "listing-refused" and len(service.log) == 1


def test_with_credentials_a_refused_listing_is_signed(
    service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    service.refusals = 1
    secret = base64.b64encode(b"hush-hush").decode()
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", secret)
    if service.scheme == "gs":
        # An account of an emulator: it signs nothing, as no token of Google's can be had here.
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(tmp_path / "account.json"))
        key = {"client_email": "x", "private_key": "", "private_key_id": "", "disable_oauth": True}
        (tmp_path / "account.json").write_text(json.dumps({**key, "gcs_base_url": service.url}))
    found = open_place(f"{service.scheme}://images/data").listing("")
    assert found.folders == ("actin.zarr", "fish.zarr", "plates", "würmer 2021")
    first, *signed = service.log
    assert "authorization" not in first.headers and len(signed) == 2
    for asked in signed:
        assert asked.headers.get("authorization", "").startswith("SharedKey account:") == (
            service.scheme == "az"
        )
        assert asked.headers["user-agent"].startswith("fairlab/")
        assert "hush" not in f"{asked.params}" and secret not in f"{asked.headers}{asked.params}"


def test_no_such_bucket(service: Service) -> None:
    with pytest.raises(NotFoundError) as caught:
        open_place(f"{service.scheme}://others").listing("")
    assert caught.value.kind == "path-missing"


@pytest.mark.parametrize("fault", ["down", "html", "malformed", "empty", "cut"])
def test_a_service_that_fails_is_no_empty_bucket(service: Service, fault: str) -> None:
    service.fault = fault
    wanted = UnexpectedAnswer if fault in ("html", "malformed", "empty") else Unavailable
    with pytest.raises(wanted), limit(10):
        open_place(f"{service.scheme}://images/data").listing("")


def test_a_pause_that_is_asked_for_is_kept(service: Service) -> None:
    service.fault = "rate"
    assert open_place(f"{service.scheme}://images/data").listing("").files == ("notes.txt",)
    first, second = (asked.time for asked in service.log[:2])
    assert second - first > 0.9


def test_names_that_xml_cannot_hold_come_encoded() -> None:
    page = (
        '<EnumerationResults><Blobs><Blob><Name Encoded="true">a%01%20b.zarr</Name></Blob><Blob><Name>c%20d</Name>'
        "</Blob></Blobs><NextMarker/></EnumerationResults>"
    )
    assert listed(page, where="here", dialect=BLOBS).files == ("a\x01 b.zarr", "c%20d")
    assert step_below("data/a\x01 b.zarr", "data/") is None, "nobody could read such a name"


def test_a_listing_that_is_cut_short_without_a_next_page_is_refused() -> None:
    page = "<ListBucketResult><IsTruncated>true</IsTruncated><Contents><Key>a</Key></Contents></ListBucketResult>"
    with pytest.raises(UnexpectedAnswer) as caught:
        listed(page, where="here")
    assert caught.value.kind == "answer-form" and "next page" in caught.value.message


def test_a_listing_that_goes_round_in_circles_ends(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    page = service.page
    monkeypatch.setattr(service, "page", lambda names, prefix, _: page(names, prefix, "again"))
    monkeypatch.setattr(service, "tokens", (service.tokens[0], "no such token"))
    with pytest.raises(UnexpectedAnswer) as caught:
        open_place(f"{service.scheme}://images/data").listing("")
    assert caught.value.kind == "listing-endless" and len(service.log) == 2


def test_elsewhere_is_not_asked_offline() -> None:
    with set_options(azure_account="account"):
        for scheme in ("gs", "az"):
            with pytest.raises(Unavailable) as caught:
                Folder(f"{scheme}://images").search(make_query("nuclei"))
            assert caught.value.kind == "offline"
