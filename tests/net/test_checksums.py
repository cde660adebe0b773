from __future__ import annotations

import base64
import hashlib
import pickle
import sys
import zlib
from typing import TYPE_CHECKING

import google_crc32c
import pytest
from awscrt.checksums import crc64nvme

import fairlab
from fairlab.errors import QueryError, UnexpectedAnswer
from fairlab.net import checksums
from fairlab.net.checksums import Checksum
from fairlab.net.store import open_store
from fairlab.options import set_options
from tests.servers import Fault, FaultServer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BODY = bytes(range(256)) * 40


def _b64(digest: bytes) -> str:
    return base64.b64encode(digest).decode()


MD5 = hashlib.md5(BODY)
CRC32C = int(google_crc32c.value(BODY)).to_bytes(4, "big")
CRC64 = crc64nvme(BODY).to_bytes(8, "big")
S3 = {"server": "AmazonS3", "etag": f'"{MD5.hexdigest()}"'}
STATED = {
    "s3-etag": (S3, "md5"),
    "minio-etag": ({"server": "MinIO", "x-amz-request-id": "1", "etag": S3["etag"]}, "md5"),
    "s3-sse": ({**S3, "x-amz-server-side-encryption": "AES256"}, "md5"),
    "amz-crc32": ({"x-amz-checksum-crc32": _b64(zlib.crc32(BODY).to_bytes(4, "big"))}, "crc32"),
    "amz-crc32c": ({"x-amz-checksum-crc32c": _b64(CRC32C)}, "crc32c"),
    "amz-crc64": ({**S3, "x-amz-checksum-crc64nvme": _b64(CRC64)}, "crc64nvme"),
    "amz-sha1": ({"x-amz-checksum-sha1": _b64(hashlib.sha1(BODY).digest())}, "sha1"),
    "amz-sha256": ({**S3, "x-amz-checksum-sha256": _b64(hashlib.sha256(BODY).digest())}, "sha256"),
    "goog": ({"x-goog-hash": f"crc32c={_b64(CRC32C)},md5={_b64(MD5.digest())}"}, "crc32c"),
    "goog-md5": ({"x-goog-hash": f"md5={_b64(MD5.digest())}"}, "md5"),
    "content-md5": ({"content-md5": _b64(MD5.digest())}, "md5"),
    "repr-digest": ({"repr-digest": f"sha-256=:{_b64(hashlib.sha256(BODY).digest())}:"}, "sha256"),
}
UNSTATED = {
    "nothing": {},
    "web-etag": {"etag": S3["etag"]},
    "weak-etag": {**S3, "etag": "W/" + S3["etag"]},
    "in-parts": {**S3, "etag": f'"{MD5.hexdigest()}-7"'},
    "kms": {**S3, "x-amz-server-side-encryption": "aws:kms"},
    "kms-dsse": {**S3, "x-amz-server-side-encryption": "aws:kms:dsse"},
    "customer-key": {**S3, "x-amz-server-side-encryption-customer-algorithm": "AES256"},
    "express": {**S3, "x-amz-storage-class": "EXPRESS_ONEZONE"},
    "composite": {"x-amz-checksum-crc32": "AAAAAA==", "x-amz-checksum-type": "COMPOSITE"},
    "composite-number": {"x-amz-checksum-crc32": "AAAAAA==-7"},
    "unknown": {"x-amz-checksum-xxhash3": "AAAAAAAAAAA="},
    "transcoded": {"x-goog-hash": "md5=AAAA", "x-goog-stored-content-encoding": "gzip"},
    "packed": {**S3, "content-encoding": "gzip"},
    "no-base64": {"content-md5": "!"},
}


@pytest.mark.parametrize("case", STATED)
def test_a_stated_checksum_tells_the_body_from_a_damaged_one(case: str) -> None:
    headers, algorithm = STATED[case]
    found = checksums.stated(headers)
    assert found is not None and found.algorithm == algorithm
    assert checksums.matches(found, BODY)
    flipped = bytearray(BODY)
    flipped[5000] ^= 1
    assert not checksums.matches(found, bytes(flipped))


def test_crc64_is_the_one_of_the_catalogue_of_crcs() -> None:
    check = Checksum("crc64nvme", 0xAE8B14860A799888.to_bytes(8, "big"))  # of CRC-64/NVME, as published there
    assert checksums.matches(check, b"123456789")


def test_without_the_library_for_crc64_the_next_checksum_serves(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(checksums._can.cache_clear)
    checksums._can.cache_clear()
    monkeypatch.setitem(sys.modules, "awscrt", None)
    assert checksums.stated(STATED["amz-crc64"][0]) == Checksum("md5", MD5.digest())


@pytest.mark.parametrize("case", UNSTATED)
def test_what_is_no_checksum_of_the_whole_is_not_taken_for_one(case: str) -> None:
    assert checksums.stated(UNSTATED[case]) is None


def test_what_is_compared_is_a_matter_of_its_share_of_the_time() -> None:
    for rate, expected in {
        0: (True, True),
        20e6: (True, True),
        200e6: (True, False),
        5e9: (False, False),
    }.items():
        assert (checksums.wanted("crc32c", rate), checksums.wanted("md5", rate)) == expected
    with set_options(verify=True):
        assert checksums.wanted("md5", 5e9)
    with set_options(verify=False):
        assert not checksums.wanted("crc32c", 0)
    assert checksums.matches(Checksum("md5", hashlib.md5(b"").digest()), b"")


@pytest.fixture
def server(tmp_path: Path, serve: Callable[..., FaultServer]) -> FaultServer:
    (tmp_path / "a.zarr").mkdir()
    (tmp_path / "a.zarr/0").write_bytes(BODY)
    return serve(tmp_path, s3=True)


def _flipped(server: FaultServer, times: int) -> None:
    damaged = bytearray(BODY)
    damaged[77] ^= 4
    server.fault("/0", Fault(body=bytes(damaged), headers={"ETag": S3["etag"]}, times=times))


def test_damage_on_the_way_is_fetched_again(server: FaultServer) -> None:
    _flipped(server, 1)
    with set_options(verify=True):
        assert open_store(f"{server.url}/a.zarr").get("0") == BODY
    assert len(server.requests) == 2


def test_damage_in_the_store_is_an_error(server: FaultServer) -> None:
    _flipped(server, 9)
    store = open_store(f"{server.url}/a.zarr")
    with set_options(verify=True), pytest.raises(UnexpectedAnswer) as caught:
        store.get("0")
    assert caught.value.kind == "checksum-mismatch"
    assert (caught.value.context, caught.value.url) == (
        {"algorithm": "md5", "tries": 2},
        f"{server.url}/a.zarr/0",
    )
    assert len(server.requests) == 2
    with set_options(verify=False):
        assert store.get("0") != BODY


def test_a_part_cannot_be_compared_and_is_not(server: FaultServer) -> None:
    with set_options(verify=True):
        assert open_store(f"{server.url}/a.zarr").get("0", part=slice(3, 9)) == BODY[3:9]
    assert len(server.requests) == 1


def test_an_opener_may_choose_for_its_own_store(server: FaultServer) -> None:
    _flipped(server, 9)
    for store in (open_store(f"{server.url}/a.zarr", verify=True), open_store(f"{server.url}/a.zarr")):
        with set_options(verify=False):
            again = pickle.loads(pickle.dumps(store))
            if store._verify is None:  # type: ignore[attr-defined]
                assert again.get("0") != BODY
                continue
            with pytest.raises(UnexpectedAnswer) as caught:
                again.get("0")
            assert caught.value.kind == "checksum-mismatch"


def test_a_bucket_is_known_to_speak_s3_whatever_its_answers_look_like(
    tmp_path: Path, serve: Callable[..., FaultServer]
) -> None:
    (tmp_path / "bucket").mkdir()
    (tmp_path / "bucket/0").write_bytes(BODY)
    server = serve(tmp_path)  # an ETag, and nothing that says S3
    _flipped(server, 9)
    with set_options(s3_endpoint=server.url, verify=True):
        with pytest.raises(UnexpectedAnswer) as caught:
            open_store("s3://bucket").get("0")
        assert caught.value.kind == "checksum-mismatch"
        assert open_store(f"{server.url}/bucket").get("0") != BODY  # a web server's ETag is any text


@pytest.mark.parametrize("opener", [fairlab.open_image, fairlab.open_labels, fairlab.open_plate])
def test_openers_refuse_another_choice(opener: Callable[..., object]) -> None:
    with pytest.raises(QueryError) as caught:
        opener("sample:plate", verify="always")
    assert caught.value.kind == "option-value"
