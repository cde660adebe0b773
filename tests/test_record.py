from __future__ import annotations

import pickle

from fairlab.record import Creator, Record, Source
from fairlab.terms import Term

WHOLE = Record(
    id="bia:S-BIAD1",
    kind="study",
    repository="BIA",
    uid="0b8a0f7a-0000-4000-8000-000000000001",
    authors=("Ada Lovelace",),
    creators=(Creator(name="Ada Lovelace", orcid="0000-0002-1825-0097", affiliation="London"),),
    funding=("A fund, grant 7",),
    pmid=("12345",),
    organism=(Term(label="Mus musculus", id="NCBITaxon:10090"),),
    attributes={"Gene Symbol": ("CDK1", "PLK1")},
    channels=("DAPI",),
    pixel_size={"x": 0.1, "y": 0.1},
    has_labels=False,
    listed_url="https://old.example/1.zarr",
    n_files=3,
    access="open",
    see_also=("https://example.org",),
    seen_in=(Source(document="https://a.example"), Source(document="https://b.example", basis="inferred")),
    found_by=("gide", "bia"),
    raw={"contact_email": "nobody@example.org"},
)


def test_a_record_survives_json_and_pickle() -> None:
    again = Record.from_json(WHOLE.to_json())
    assert again == WHOLE and again.found_by == WHOLE.found_by
    assert pickle.loads(pickle.dumps(WHOLE)) == WHOLE


def test_the_raw_answer_is_kept_aside() -> None:
    assert WHOLE.raw is not None and "contact_email" not in WHOLE.to_json() + repr(WHOLE) + str(WHOLE)
    assert Record.from_json(WHOLE.to_json()).raw is None


def test_fields_of_a_newer_version_are_left_out() -> None:
    plain = WHOLE.to_dict()
    plain["shoe_size"] = 43
    plain["creators"][0]["email"] = "ada@example.org"
    plain["organism"][0]["colour"] = "grey"
    plain["seen_in"][0]["mood"] = "good"
    assert Record.from_dict(plain) == WHOLE


def test_no_value_has_no_source() -> None:
    record = Record(id="x:1", kind="image", repository="X", sources={"*": Source(document="d")})
    assert record.source("attributes") is None and record.source("channels") is None
    assert record.source("repository") == Source(document="d")
