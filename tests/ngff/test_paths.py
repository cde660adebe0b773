from __future__ import annotations

import pytest

from fairlab.errors import MetadataError
from fairlab.ngff.paths import inner_path, inner_reference

OUTSIDE = [
    "",
    ".",
    "./",
    "..",
    "../0",
    "a/../../b",
    "a/..",
    "/etc/passwd",
    "//host/share",
    "http://elsewhere/0",
    "file:///etc/passwd",
    "s3://bucket/key",
    "C:\\0",
    "c:0",
    "..\\0",
    "a\\..\\..\\b",
    "\\\\host\\share",
    "%2e%2e/0",
    "%252e%252e/0",
    "..%2f0",
    "%2Fetc",
    "http%3A//elsewhere",
    "a\x00b",
    "a\nb",
    "a%0ab",
    "\ud800",
]


@pytest.mark.parametrize("path", OUTSIDE)
def test_outside(path: str) -> None:
    with pytest.raises(MetadataError) as caught:
        inner_path(path, where="here")
    assert caught.value.kind == "path-outside"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("0", "0"),
        ("a/0/", "a/0"),
        ("./0", "0"),
        ("a//0", "a/0"),
        ("a:b".replace(":", "_"), "a_b"),
        ("s 0", "s 0"),
    ],
)
def test_inside(path: str, expected: str) -> None:
    assert inner_path(path, where="here") == expected


@pytest.mark.parametrize(
    "path", [p for p in OUTSIDE if p not in (".", "./", "..", "../0", "a/../../b", "a/..")]
)
def test_references_refuse_every_disguise(path: str) -> None:
    with pytest.raises(MetadataError):
        inner_reference(path, inside="a/b/c/d", where="here")


@pytest.mark.parametrize(
    ("path", "inside", "expected"),
    [("..", "a", ""), ("../b", "a", "b"), ("../../", "x/labels/n", "x"), (".", "a", "a"), ("b", "", "b")],
)
def test_references_resolve(path: str, inside: str, expected: str) -> None:
    assert inner_reference(path, inside=inside, where="here") == expected


@pytest.mark.parametrize(
    ("path", "inside"), [("..", ""), ("../..", "a"), ("../../b", "a"), ("a/../../b", "")]
)
def test_references_do_not_leave_the_root(path: str, inside: str) -> None:
    with pytest.raises(MetadataError):
        inner_reference(path, inside=inside, where="here")
