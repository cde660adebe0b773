from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab.merging import merge
from fairlab.query import make_query
from fairlab.record import Failure, Record
from fairlab.results import FACETS, Group, Results, select, spread
from fairlab.terms import Term

HOSTILE = "<script>alert('x')</script><img src=x onerror=alert(1)>"
MOUSE = Term(label="Mus musculus", id="NCBITaxon:10090")


def record(number: int = 1, **facts: Any) -> Record:
    whole = {
        "id": f"x:s1/{number}.zarr",
        "kind": "image",
        "repository": "X",
        "accession": "s1",
        "title": "A cell",
    }
    return Record(**{**whole, "url": f"https://x/{number}.zarr", **facts})


def results(*records: Record, **facts: Any) -> Results:
    return Results(
        **{"query": make_query("cell"), "records": records, "total": len(records), "asked": ("x",), **facts}
    )


def test_results_are_a_sequence_and_a_slice_keeps_what_is_known_about_them() -> None:
    many = results(record(1), record(2), record(3), total=9, not_asked=("y",), relaxed=("z",))
    assert (len(many), many[0].id, many[-1].id) == (3, "x:s1/1.zarr", "x:s1/3.zarr")
    part = many[1:]
    assert isinstance(part, Results) and list(part) == [record(2), record(3)]
    assert (part.total, part.not_asked, part.relaxed) == (9, ("y",), ("z",))
    assert record(2) in many and many.index(record(2)) == 1
    with pytest.raises(IndexError):
        many[3]


def test_results_cannot_be_changed_and_survive_pickle() -> None:
    found = select(make_query("cell"), [record(1)], name="x")
    with pytest.raises(AttributeError):
        found.total = 3  # type: ignore[misc]
    counted = found.facets()
    counted["license"]["unknown"] = 99
    assert found.facets()["license"] == {"unknown": 1}
    assert pickle.loads(pickle.dumps(found)) == found


class _Tags(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def hostile_results() -> Results:
    bad = record(
        title=HOSTILE,
        organism=(Term(label=HOSTILE),),
        imaging_method=(Term(label=HOSTILE),),
        license=HOSTILE,
        landing_url=f"https://x/'{HOSTILE}",
        ngff_version=HOSTILE,
    )
    return results(
        bad,
        record(2, landing_url="javascript:alert(1)"),
        query=make_query(HOSTILE),
        groups=(Group(id="x:s1", title=HOSTILE, total=2),),
        asked=(HOSTILE,),
        not_asked=(HOSTILE,),
        failures=(Failure(repository=HOSTILE, kind=HOSTILE, message=HOSTILE, advice=HOSTILE),),
        relaxed=(HOSTILE,),
        notes=(HOSTILE,),
    )


def test_nothing_from_a_repository_becomes_markup() -> None:
    parsed = _Tags(hostile_results()._repr_html_())
    assert {tag for tag, _ in parsed.tags} <= {
        "div",
        "p",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "b",
        "a",
        "code",
        "wbr",
    }
    links = [attributes for tag, attributes in parsed.tags if tag == "a"]
    assert len(links) == 1 and str(links[0]["href"]).startswith("https://x/")
    assert set(links[0]) == {"href", "target", "rel"}
    assert HOSTILE in parsed.text


def test_a_record_links_to_pages_alone() -> None:
    bad = record(title=HOSTILE, landing_url="javascript:alert(1)", license="https://x/'><script>")
    parsed = _Tags(bad._repr_html_())
    assert {tag for tag, _ in parsed.tags} == {"table", "tr", "th", "td", "a", "wbr"}
    assert [attributes["href"] for tag, attributes in parsed.tags if tag == "a"] == ["https://x/'><script>"]
    assert HOSTILE in parsed.text


def test_text_holds_no_control_characters() -> None:
    text = str(results(record(title="red \x1b[31m \x07 \r\n and \u202e back"), notes=("a\x00b",)))
    assert all(character.isprintable() for line in text.split("\n") for character in line)


def test_half_a_character_breaks_no_page() -> None:
    shown = results(record(title="half \ud800 here", license="\udfff"), notes=("\ud800",))
    assert b"half" in shown._repr_html_().encode() and "half   here" in str(shown)


def test_the_tables_say_what_a_reader_needs() -> None:
    shown = results(
        record(organism=(MOUSE,), license="https://creativecommons.org/licenses/by/4.0/", bytes=1_500_000),
        total=7,
        total_groups=2,
        groups=(Group(id="x:s1", title="A study of cells", total=6),),
        not_asked=("live archives",),
        failures=(
            Failure(repository="broken", kind="unavailable", message="no connection", advice="try later"),
        ),
        relaxed=("heart",),
        notes=("one more thing",),
    )
    for text in (str(shown), repr(shown), _Tags(shown._repr_html_()).text):
        for expected in (
            "1 of 7",
            "Mus musculus",
            "CC-BY-4.0",
            "1.5 MB",
            "A study of cells",
            "x:s1/1.zarr",
            "asked: x",
        ):
            assert expected in text
        for expected in ("live archives", "broken", "no connection", '"heart"', "one more thing"):
            assert expected in text


def test_one_reason_for_many_failures_is_one_line() -> None:
    away = [Failure(repository=name, kind="offline", message=f"no network\n  at {name}") for name in "abc"]
    other = Failure(repository="d", kind="timeout", message="no answer within 3 s", advice="give it longer")
    lines = str(results(failures=(*away, other))).splitlines()
    assert "no answer from a, b, c (offline): no network" in lines
    assert "no answer from d (timeout): no answer within 3 s; give it longer" in lines


def test_long_results_are_drawn_in_part() -> None:
    many = results(*(record(number) for number in range(500)))
    assert len(str(many).splitlines()) < 150
    assert "400" in str(many)


def test_empty_results_still_say_who_was_asked() -> None:
    nothing = results()
    assert "0 images" in str(nothing) and "asked: x" in str(nothing)
    assert "0 images" in nothing._repr_html_() and "<table" not in nothing._repr_html_()


def test_json_holds_everything() -> None:
    found = select(make_query("cell"), [record(1, organism=(MOUSE,))], name="x")
    plain = json.loads(found.to_json())
    assert Record.from_dict(plain["records"][0]) == found[0]
    assert (
        plain["total"] == 1 and plain["asked"] == ["x"] and plain["facets"]["organism"] == {"Mus musculus": 1}
    )


def test_a_table_has_plain_columns() -> None:
    table = results(record(organism=(MOUSE, Term(label="mixed")), shape=(2, 3), axes=("y", "x"))).to_pandas()
    row = table.iloc[0]
    assert (row["organism"], row["organism_id"]) == ("Mus musculus; mixed", "NCBITaxon:10090; ")
    assert (row["shape"], row["axes"], row["id"]) == ("2,3", "y,x", "x:s1/1.zarr")
    assert list(results().to_pandas().columns) == list(table.columns)


def test_results_do_not_import_pandas_before_they_need_it() -> None:
    code = "import fairlab.results, sys; sys.exit('pandas' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_select_answers_for_a_handful_of_records() -> None:
    records = [
        record(1, title="Mouse heart", organism=(MOUSE,)),
        record(2, title="Mouse liver", organism=(MOUSE,)),
        record(3, title="Fly heart"),
    ]
    assert [r.title for r in select(make_query("mice heart"), records, name="x")] == ["Mouse heart"]
    assert [r.title for r in select(make_query(organism="mouse", limit=1), records, name="x")] == [
        "Mouse heart"
    ]
    assert select(make_query(organism="mouse", limit=1), records, name="x").total == 2
    partial = select(make_query("mouse kidney"), records, name="x")
    assert len(partial) == 2 and partial.relaxed == ("kidney",)
    strict = select(make_query("mouse kidney", match="all"), records, name="x")
    assert len(strict) == 0 and strict.relaxed == ()
    assert len(select(make_query("kidney"), records, name="x")) == 0
    assert [r.title for r in select(make_query("live"), records, name="x")] == ["Mouse liver"], "an open end"


def test_merging_counts_together_and_shares_the_limit() -> None:
    query = make_query("cell", limit=5)
    first = select(query, [record(n) for n in range(9)], name="a")
    second = select(
        query, [record(n, id=f"y:t/{n}", accession="t", repository="Y") for n in range(1)], name="b"
    )
    both = merge(query, [first, second])
    assert [r.repository for r in both] == ["X", "X", "X", "X", "Y"]
    assert (both.total, both.asked, both.facets()["repository"]) == (10, ("a", "b"), {"X": 9, "Y": 1})
    short = dataclasses.replace(query, limit=2)
    assert [r.repository for r in merge(short, [first, second])] == ["X", "X"], "real archives come first"
    assert [r.repository for r in merge(short, [second, first])] == ["Y", "X"], "room that is left is used"


def test_merging_puts_full_matches_before_partial_ones() -> None:
    query = make_query("cell kidney")
    partial = select(query, [record(1)], name="a")
    full = select(query, [record(2, title="Kidney cell")], name="b")
    assert partial.relaxed == ("kidney",)
    both = merge(query, [partial, full])
    assert [r.id for r in both] == ["x:s1/2.zarr"] and both.relaxed == () and both.asked == ("a", "b")


@given(st.lists(st.integers(1, 300), max_size=20), st.integers(1, 200))
def test_spreading_gives_as_much_as_there_is_room_and_no_more(sizes: list[int], limit: int) -> None:
    shares = spread(sizes, limit)
    assert sum(shares) == min(limit, sum(sizes))
    assert all(0 <= share <= size for share, size in zip(shares, sizes, strict=True))
    few = [share for share, size in zip(shares, sizes, strict=True) if share < size]
    assert not few or max(shares) - min(few) <= 3, "nobody gets much more than one who could have more"


def test_facets_are_always_all_there() -> None:
    assert tuple(results().facets()) == FACETS


def test_words_of_attributes_and_channels_find_a_record() -> None:
    record = Record(
        id="x:1", kind="image", repository="X", attributes={"Protocol": ("a pinhole",)}, channels=("DAPI",)
    )
    for text in ("pinhole", "dapi", "pinhole dapi"):
        assert [found.id for found in select(make_query(text), [record], name="x")] == ["x:1"], text
