from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.fair import Answer, Probe
from tests.fair.documents import TEXTS

ANSWERS = st.builds(
    Answer,
    url=TEXTS,
    status=st.none() | st.sampled_from([200, 404]),
    bytes=st.none() | st.integers(0, 9),
    seconds=st.none() | st.floats(0, 9),
    headers=st.dictionaries(TEXTS, TEXTS, max_size=2),
    text=st.none() | TEXTS,
    error=st.none() | TEXTS,
)


@given(st.dictionaries(st.sampled_from(["zarr.json", "crate:0", "ome"]), ANSWERS, max_size=3))
def test_a_bundle_survives_json_and_a_file(answers: dict[str, Answer]) -> None:
    bundle = Probe(
        url="u", retrieved_at="2026-01-01T00:00:00Z", answers=answers, chunk={"key": "0/c/0", "bytes": 0}
    )
    text = bundle.to_json()
    text.encode()
    assert Probe.from_json(text) == bundle


def test_an_empty_document_and_zero_bytes_are_no_absence() -> None:
    answer = Answer(url="u", status=200, bytes=0, seconds=0.0, text="")
    again = Probe.from_json(Probe(url="u", retrieved_at="t", answers={"ome": answer}).to_json())
    assert again.answers["ome"] == answer and again.answers["ome"].ok and again.chunk is None


@pytest.mark.parametrize("text", [None, "", "{", "[" * 100_000])
def test_what_is_no_json_is_no_document(text: str | None) -> None:
    assert Answer(url="u", status=200, text=text).json() is None


def test_fields_of_a_newer_version_are_left_out() -> None:
    bundle = Probe(url="u", retrieved_at="t", answers={"ome": Answer(url="u", status=404)})
    plain = bundle.to_dict()
    plain["answers"]["ome"]["mood"] = "good"
    assert (
        Probe.from_dict(plain) == bundle
        and bundle.document("ome") is None
        and bundle.document("crate:0") is None
    )
