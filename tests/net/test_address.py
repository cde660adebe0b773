from __future__ import annotations

import pytest

from fairlab.errors import UnexpectedAnswer
from fairlab.net.address import is_inside, redact, redirected
from fairlab.options import set_options

HERE = "https://data.example.org/a.zarr/zarr.json"


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://me:hush@example.org:8443/a?X-Amz-Signature=hush#x", "https://example.org:8443/a?…"),
        ("s3://key:hush@bucket/a", "s3://bucket/a"),
        ("http://me:hush@[broken/a?hush", "http://[broken/a?…"),
        ("/data/odd name", "/data/odd name"),
    ],
)
def test_no_secret_is_shown(address: str, shown: str) -> None:
    assert redact(address) == shown


@pytest.mark.parametrize(
    ("start", "location", "target"),
    [
        (HERE, "/b/zarr.json", "https://data.example.org/b/zarr.json"),
        (HERE, "https://DATA.example.org:443/b", "https://DATA.example.org:443/b"),
        ("http://data.example.org/a", "https://data.example.org/a", "https://data.example.org/a"),
        ("https://me:hush@a.org/x", "/y", "https://me:hush@a.org/y"),
        ("https://me:hush@a.org/x", "https://you:else@a.org/y", "https://me:hush@a.org/y"),
        ("http://me:hush@a.org/x", "https://a.org/y", "https://a.org/y"),
    ],
)
def test_a_redirect_at_the_same_place_is_followed(start: str, location: str, target: str) -> None:
    assert redirected(start, location) == (target, False)


@pytest.mark.parametrize(
    "location",
    [
        "https://elsewhere.example.org/a",
        "http://data.example.org/a",
        "https://data.example.org:8443/a",
        "https://data.example.org.evil.org/a",
        "https://data.example.org@evil.org/a",
        "//169.254.169.254/latest/meta-data",
        "file:///etc/passwd",
        "http://[broken",
        "https://data.example.org:port/",
    ],
)
def test_a_redirect_to_another_place_is_refused(location: str) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        redirected(HERE, location)
    assert caught.value.kind == "redirect-elsewhere"


def test_a_host_the_user_named_is_followed_without_credentials() -> None:
    with set_options(trusted_hosts=("cdn.example.org", "10.1.2.3")):
        away = redirected("https://me:hush@a.org/x", "https://you:else@cdn.example.org/y?token=1")
        assert away == ("https://cdn.example.org/y?token=1", True)
        assert redirected("http://a.org/x", "http://10.1.2.3/y") == ("http://10.1.2.3/y", False)
        for location in (
            "https://evil.cdn.example.org/",
            "http://cdn.example.org/",
            "ftp://cdn.example.org/",
        ):
            with pytest.raises(UnexpectedAnswer):  # another name, or out of the protection of https
                redirected("https://a.org/x", location)


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "::1",
     "fe80::1%eth0", "fd00::1", "::ffff:127.0.0.1", "::", "::127.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::a9fe:a9fe",
     "64:ff9b:1::1", "2002:7f00:1::", "fec0::1", "ff02::1", "224.0.0.1", "240.0.0.1"],
)  # fmt: skip
def test_addresses_inside_are_known(address: str) -> None:
    assert is_inside(address)


@pytest.mark.parametrize(
    "address",
    ["9.9.9.9", "::ffff:9.9.9.9", "64:ff9b::909:909", "2002:909:909::1", "2606:4700::1111", "example.org", "127.1", ""],
)  # fmt: skip
def test_addresses_outside_and_names_are_none_of_them(address: str) -> None:
    assert not is_inside(address)
