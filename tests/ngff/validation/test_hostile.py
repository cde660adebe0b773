"""Whatever a document holds, there is a verdict, and it can be printed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlab.ngff.validation.document import read
from fairlab.ngff.validation.findings import pointer
from fairlab.ngff.validation.versions import RULES
from fairlab.verdict import judge
from tests.ngff.validation.valid import VERSIONS, edited, kinds, valid

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from([10**299, -(10**299), 1e308, "\ud800", "\x1b[31m", "../..", "a" * 5000])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


def places(value: Any, place: str = "") -> list[str]:
    """Every place in a document, as :func:`edited` takes it."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    below = [deeper for key, child in items for deeper in places(child, f"{place}/{key}")]
    return [*([place[1:]] if place else []), *below]


CASES = [(v, k, p) for v in VERSIONS for k in kinds(v) for p in places(valid(v, k).get("ome", valid(v, k)))]


@settings(max_examples=400)
@given(st.sampled_from(CASES), VALUES)
def test_any_value_anywhere_gives_a_verdict(case: tuple[str, str, str], value: Any) -> None:
    version, kind, place = case
    body = json.dumps(edited(valid(version, kind), place, value)).encode()
    verdict = judge(body, where="here")
    json.dumps(verdict.to_dict()).encode("ascii")
    str(verdict).encode("utf-8")


@settings(max_examples=200)
@given(st.sampled_from(sorted({key for rules in RULES.values() for key in rules.blocks})), VALUES, VALUES)
def test_any_block_gives_a_verdict(key: str, value: Any, version: Any) -> None:
    for document in ({key: value}, {"ome": {"version": version, key: value}}):
        for finding in read(document).judged():
            assert isinstance(pointer(finding.place), str)


def test_a_version_that_is_any_text_can_be_printed_on_a_line() -> None:
    for version in ("\ud800", "0.4\nvalid", "\x1b[2J", "9" * 5000):
        verdict = judge(json.dumps({"ome": {"version": version, "labels": ["a"]}}).encode(), where="here")
        assert not verdict.valid and verdict.problems[0].type == "document.version"
        assert len(verdict.version or "") <= 80
        printed = f"{verdict}{verdict.to_dict()}"
        assert printed.encode("utf-8") and "\x1b" not in printed and "\nvalid" not in str(verdict)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_verdict(body: bytes) -> None:
    assert not judge(body, where="here").valid


@pytest.mark.parametrize(
    ("body", "type_", "valid_"),
    [
        (b'{"labels": ["a"], "labels": ["b"]}', "document.duplicate-key", True),
        (b'{"labels": ["a"], "note": NaN}', "document.not-a-number", False),
        (b'{"labels": ["a"], "note": ' + b"9" * 400 + b"}", "document.number-too-large", True),
        (b'\xef\xbb\xbf{"labels": ["a"]}', "document.byte-order-mark", True),
        ('{"labels": ["a"]}'.encode("utf-16"), "document.encoding", False),
        ('{"labels": ["a"]}'.encode("utf-32-le"), "document.encoding", False),
        (b'{"labels": ', "document.not-json", False),
        (b"[" * 100_000, "document.not-json", False),
        (b'{"labels": ["a"], "x": ' + b"[" * 101 + b"]" * 101 + b"}", "document.not-json", False),
    ],
)
def test_odd_json_is_said_to_be_odd(body: bytes, type_: str, valid_: bool) -> None:
    verdict = judge(body, where="here")
    assert type_ in [problem.type for problem in verdict.problems]
    assert verdict.valid is valid_
    if type_ == "document.duplicate-key":
        assert not judge(body, where="here", strict=True).valid


def test_the_same_problem_in_a_thousand_wells_is_counted_not_listed() -> None:
    document = valid("0.4", "plate")
    document["plate"]["wells"] = [{"path": "A/1"} for _ in range(1000)]
    verdict = judge(json.dumps(document).encode(), where="here")
    missing = [problem for problem in verdict.problems if problem.type == "plate.missing-rowIndex"]
    assert len(missing) == 101 and missing[-1].msg == "900 more problems of this type"
    assert not verdict.valid


def test_ten_megabytes_are_judged() -> None:
    document = valid("0.4", "plate")
    side = 300
    document["plate"]["rows"] = [{"name": f"R{n}"} for n in range(side)]
    document["plate"]["columns"] = [{"name": f"C{n}"} for n in range(side)]
    document["plate"]["wells"] = [
        {"path": f"R{row}/C{column}", "rowIndex": row, "columnIndex": column, "note": "x" * 60}
        for row in range(side)
        for column in range(side)
    ]
    body = json.dumps(document).encode()
    assert len(body) > 10_000_000
    assert judge(body, where="here").valid
