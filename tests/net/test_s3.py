from __future__ import annotations

import pickle
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from fairlab.errors import AccessError, QueryError
from fairlab.net import s3
from fairlab.net.s3 import Bucket
from fairlab.net.store import open_store
from fairlab.options import set_options
from tests.servers import Fault, FaultServer

if TYPE_CHECKING:
    from pathlib import Path

Serve = Callable[..., FaultServer]
ODD_KEYS = ["a b", "über/ж", "100%", "a%20b", "1+1=2", "q?x&y#z", "(~!*'),;@$"]
KEYS = {"AKIAOWN": "secret/with+signs=", "AKIATEMP": "temporary", "AKIAPROFILE": "of a profile"}
SESSION = "token/with+signs=="


def _may_pass(region: str) -> Callable[[str, str, Mapping[str, str]], bool]:
    """What an S3 service does: sign the request anew with the key that it names, and compare."""

    def admits(method: str, target: str, headers: Mapping[str, str]) -> bool:
        from botocore.auth import S3SigV4QueryAuth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        path, _, query = target.partition("?")
        stated = dict(urllib.parse.parse_qsl(query))
        if "X-Amz-Signature" not in stated:
            return False
        key, _, scope, *_ = stated["X-Amz-Credential"].split("/")
        if scope != region or any(name.startswith("x-amz-") for name in headers):
            return False  # S3 refuses such headers when they are not signed
        token = SESSION if key == "AKIATEMP" else None
        auth = S3SigV4QueryAuth(Credentials(key, KEYS[key], token), "s3", scope, int(stated["X-Amz-Expires"]))
        request = AWSRequest("GET", f"http://{headers['host']}{path}")
        request.context["timestamp"] = stated["X-Amz-Date"]
        request.headers["host"] = headers["host"]
        named = {k: v for k, v in stated.items() if k != "X-Amz-Signature"}
        request.params = named
        request.url += "?" + urllib.parse.urlencode(named, quote_via=urllib.parse.quote, safe="-_.~")
        request.params = {}
        to_sign = auth.string_to_sign(request, _canonical(auth, request, headers["host"]))
        return bool(auth.signature(to_sign, request) == stated["X-Amz-Signature"])

    return admits


def _canonical(auth: Any, request: Any, host: str) -> str:
    parts = urllib.parse.urlsplit(request.url)
    query = "&".join(sorted(parts.query.split("&")))
    return "\n".join(["GET", parts.path, query, f"host:{host}", "", "host", "UNSIGNED-PAYLOAD"])


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    import os

    for name in [name for name in os.environ if name.startswith(("AWS_", "GOOGLE_", "AZURE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    yield


@pytest.fixture
def private(tmp_path: Path, serve: Serve) -> FaultServer:
    """A service that gives nothing away without a good signature."""
    for key in ["zarr.json", *ODD_KEYS]:
        file = tmp_path / "served/images/a.zarr" / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(key.encode())
    return serve(tmp_path / "served", s3=True, admits=_may_pass("eu-west-2"))


def _own_keys(monkeypatch: pytest.MonkeyPatch, key: str = "AKIAOWN") -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEYS[key])
    if key == "AKIATEMP":
        monkeypatch.setenv("AWS_SESSION_TOKEN", SESSION)


@pytest.mark.parametrize("key", ["AKIAOWN", "AKIATEMP"])
def test_what_is_refused_unsigned_is_asked_signed_from_then_on(
    private: FaultServer, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    _own_keys(monkeypatch, key)
    with set_options(s3_endpoint=private.url, s3_region="eu-west-2"):
        store = open_store("s3://images/a.zarr")
        for odd in ODD_KEYS:
            assert store.get(odd) == odd.encode()
        assert store.get("100%", part=slice(-1, None)) == b"%"
        assert store.get("absent") is None
        other = pickle.loads(pickle.dumps(store))
        assert other.get("zarr.json") == b"zarr.json"
    statuses = [status for *_, status in private.requests]
    assert statuses == [403] + [200] * len(ODD_KEYS) + [206, 404, 200]
    for text in (repr(store), str(vars(store)), repr(other), store.location):
        assert KEYS[key] not in text and "X-Amz" not in text
    assert KEYS[key].encode() not in pickle.dumps(store)


def test_a_profile_is_read_from_the_usual_files(
    private: FaultServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/credentials").write_text(
        f"[default]\naws_access_key_id = AKIAOWN\naws_secret_access_key = {KEYS['AKIAOWN']}\n"
        f"[mine]\naws_access_key_id=AKIAPROFILE\naws_secret_access_key={KEYS['AKIAPROFILE']}\n"
    )
    (tmp_path / ".aws/config").write_text(
        f"[default]\nregion = eu-west-2\nendpoint_url = {private.url}\n"
        f"[profile mine]\nregion = eu-west-2\nendpoint_url = {private.url}\n"
    )
    assert open_store("s3://images/a.zarr").get("zarr.json")
    with set_options(s3_profile="mine"):
        assert open_store("s3://images/a.zarr").get("zarr.json")
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert open_store("s3://images/a.zarr").get("zarr.json")
    used = ["AKIAPROFILE" in path for path in private.paths() if "X-Amz-Credential" in path]
    assert used == [False, True, True]
    _own_keys(monkeypatch)  # keys in the environment come before its profile, not before the option
    open_store("s3://images/a.zarr").get("zarr.json")
    assert "AKIAOWN" in private.paths()[-1]
    with set_options(s3_profile="absent"), pytest.raises(QueryError) as caught:
        open_store("s3://images/a.zarr")
    assert caught.value.kind == "s3-profile"


def test_the_choice_of_signing_is_kept(private: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    _own_keys(monkeypatch)
    with set_options(s3_endpoint=private.url, s3_region="eu-west-2"):
        with set_options(s3_anonymous=True), pytest.raises(AccessError):
            open_store("s3://images/a.zarr").get("zarr.json")
        assert not any("X-Amz" in path for path in private.paths())
        with set_options(s3_anonymous=False):
            assert open_store("s3://images/a.zarr").get("zarr.json")
        assert "X-Amz" in private.paths()[-1]
        assert len(private.requests) == 2


def test_a_public_bucket_never_sees_the_credentials(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    _own_keys(monkeypatch)
    (tmp_path / "images").mkdir()
    keys = [key for key in ODD_KEYS if "/" not in key]
    for key in keys:
        (tmp_path / "images" / key).write_bytes(key.encode())
    server = serve(tmp_path, s3=True)
    with set_options(s3_endpoint=server.url):
        store = open_store("s3://images")
        assert [store.get(key) for key in keys] == [key.encode() for key in keys]
        assert store.get("absent") is None
    # S3 takes a bare "+" in a path for a space.
    assert "/images/1%2B1%3D2" in server.paths()
    assert not any("?" in path for path in server.paths())
    assert server.headers[0].get("x-amz-checksum-mode") == "ENABLED"


def test_without_credentials_a_refusal_is_a_refusal(private: FaultServer) -> None:
    with set_options(s3_endpoint=private.url), pytest.raises(AccessError) as caught:
        open_store("s3://images/a.zarr").get("zarr.json")
    assert caught.value.kind == "http-403"
    assert "s3_profile=" in str(caught.value)
    assert len(private.requests) == 1


def test_a_refusal_says_that_signing_was_switched_off(
    private: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _own_keys(monkeypatch)
    with set_options(s3_endpoint=private.url, s3_anonymous=True), pytest.raises(AccessError) as caught:
        open_store("s3://images/a.zarr").get("zarr.json")
    assert "s3_anonymous=None" in str(caught.value)


def test_wrong_credentials_are_a_refusal_without_a_trace_of_them(
    private: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _own_keys(monkeypatch)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
    with set_options(s3_endpoint=private.url, s3_region="eu-west-2"), pytest.raises(AccessError) as caught:
        open_store("s3://images/a.zarr").get("zarr.json")
    error: BaseException | None = caught.value
    while error:
        assert not any(word in f"{error!r} {vars(error)}" for word in ("hush", "Signature", "AKIA"))
        error = error.__cause__ or error.__context__


def test_a_service_that_names_another_region_is_asked_there(
    private: FaultServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    _own_keys(monkeypatch)
    private.fault("zarr.json", Fault(status=400, headers={"x-amz-bucket-region": "eu-west-2"}, times=1))
    with set_options(s3_endpoint=private.url, s3_region="us-east-1", s3_anonymous=False):
        assert open_store("s3://images/a.zarr").get("zarr.json") == b"zarr.json"
    assert ["us-east-1" in path for path in private.paths()] == [True, False]


@pytest.mark.parametrize(
    ("target", "region"),
    [
        ("https://images.s3.eu-west-2.amazonaws.com/a", "eu-west-2"),
        ("https://s3-us-gov-west-1.amazonaws.com/images/a", "us-gov-west-1"),
        ("https://images.s3.eu-west-2.amazonaws.com.evil.org/a", None),
        ("https://evil.org/s3.eu-west-2.amazonaws.com", None),
    ],
)
def test_a_redirect_of_amazons_names_the_region(target: str, region: str | None) -> None:
    error = AccessError("", kind="redirect-elsewhere", target=target)
    assert s3.stated_region(error) == region


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_a_signature_in_an_address_of_a_bucket_is_not_part_of_a_key(scheme: str) -> None:
    with pytest.raises(QueryError) as caught:
        open_store(f"{scheme}://bucket/a.zarr?X-Amz-Signature=secret")
    assert caught.value.kind == "location"
    assert "bucket/a.zarr?…" in str(caught.value) and "secret" not in str(caught.value)


def test_the_real_interface(monkeypatch: pytest.MonkeyPatch, s3_service: tuple[str, Any]) -> None:
    endpoint, client = s3_service
    client.create_bucket(Bucket="images")
    for key in ODD_KEYS:
        client.put_object(Bucket="images", Key=f"a.zarr/{key}", Body=key.encode(), ChecksumAlgorithm="SHA256")
    _own_keys(monkeypatch)
    for anonymous in (None, False):
        with set_options(s3_endpoint=endpoint, s3_anonymous=anonymous, verify=True):
            store = open_store("s3://images/a.zarr")
            for key in ODD_KEYS:
                assert store.get(key) == key.encode()
            assert store.get("1+1=2", part=slice(1, 3)) == b"+1"
            assert store.get("absent") is None


def test_google_and_azure_addresses_and_signatures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "c2VjcmV0")
    with pytest.raises(QueryError) as caught:
        open_store("az://images/a.zarr")
    assert caught.value.kind == "azure-account"
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "mine")
    store = open_store("az://images/a.zarr")
    assert store.location == "https://mine.blob.core.windows.net/images/a.zarr"
    assert isinstance(store, s3.BucketStore)
    assert store._sign("a.zarr/a b").startswith("https://mine.blob.core.windows.net/images/a.zarr/a%20b?")
    with set_options(azure_account="other"):
        assert open_store("az://images/a.zarr").location.startswith("https://other.blob")
    assert open_store("gs://images/a b").location == "https://storage.googleapis.com/images/a%20b"
    assert not s3.has_credentials(Bucket(scheme="gs", name="images"))
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/absent.json")
    assert s3.has_credentials(Bucket(scheme="gs", name="images"))
    google = open_store("gs://images/a.zarr")
    assert isinstance(google, s3.BucketStore)
    with pytest.raises(AccessError) as refused:
        google._sign("a.zarr/0")
    assert refused.value.kind == "credentials"
    assert (
        refused.value.__cause__ is None and refused.value.__suppress_context__
    )  # what obstore says may quote the key
