from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.errors import FormatError
from fairlab.ngff import documents
from fairlab.ngff.documents import MAX_DEPTH, parse

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(VALUES)
def test_plain_json_comes_back_as_it_was_without_a_remark(value: object) -> None:
    assert parse(json.dumps(value).encode(), where="here") == (value, ())


@given(st.binary() | st.text(alphabet='[]{}:,"\\0123456789eE+-.NaInfity ').map(str.encode))
def test_any_bytes_give_a_value_or_an_error_of_ours(body: bytes) -> None:
    try:
        parse(body, where="here")
    except FormatError as error:
        assert error.kind == "not-json"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"a": 1, "b": {"c": 1, "d": 2, "c": 3}}', "duplicate-key"),
        (b"[NaN]", "not-a-number"),
        (b"[-Infinity]", "not-a-number"),
        (b"[" + b"9" * 5000 + b"]", "number-too-large"),
    ],
)
def test_what_is_odd_is_read_and_remarked(body: bytes, kind: str) -> None:
    _, remarks = parse(body, where="here")
    assert [remark.kind for remark in remarks] == [kind]


def test_a_huge_integer_is_infinity_so_that_sums_do_not_raise() -> None:
    (value,), _ = parse(b"[" + b"9" * 5000 + b"]", where="here")
    assert math.isinf(value)


def test_the_same_remark_is_made_once() -> None:
    _, remarks = parse(b"[" + b",".join([b"NaN"] * 1000) + b"]", where="here")
    assert len(remarks) == 1


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 900, 200_000])
def test_what_is_too_deep_is_refused(opening: bytes, depth: int) -> None:
    closing = b"]" if opening == b"[" else b"}"
    body = opening * depth + b"1" + closing * depth
    with pytest.raises(FormatError) as caught:
        parse(body, where="here")
    assert caught.value.kind == "not-json"
    allowed = opening * MAX_DEPTH + b"1" + closing * MAX_DEPTH
    assert parse(allowed, where="here")[1] == ()


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "MAX_BYTES", 10)
    with pytest.raises(FormatError) as caught:
        parse(b'{"aaaaaaaa": 1}', where="https://example.org/.zattrs")
    assert caught.value.kind == "not-json" and caught.value.url == "https://example.org/.zattrs"
