"""What the search panel says of records: plain texts, without anything that a notebook must not keep."""

from __future__ import annotations

import html
import json

import pytest

from fairlab.errors import QueryError
from fairlab.results import Group
from fairlab.runs import parameters_of
from fairlab.runs.parameters import check_parameters
from fairlab.widgets.discretion import discreet, shown_id
from fairlab.widgets.search_rows import Facet, code_of, csv_of, facets_of, row_of, rows_of, table_of
from tests.widgets.records import HOSTILE, record


def test_a_row_says_sizes_licence_and_source():
    row = row_of(record(), "r0")
    assert (row["pixels"], row["extent"], row["bytes"]) == (
        "800 × 600 px · c 2 · z 30",
        "400 × 300 × 30 µm",
        "57.6 MB",
    )
    assert (row["licence"], row["source"], row["about"]) == ("CC-BY-4.0", "IDR", "Mus musculus")
    assert row["licence_url"] == "https://creativecommons.org/licenses/by/4.0/"


@pytest.mark.parametrize(
    ("pixel_size", "extent"),
    [
        ({"y": 0.0004, "x": 0.0004}, "320 × 240 nm"),
        ({"y": 5.0, "x": 5.0}, "4 × 3 mm"),
        ({"y": 50.0, "x": 50.0}, "4 × 3 cm"),
        ({"z": 1.0}, ""),
        ({}, ""),
    ],
)
def test_extents_are_in_one_unit_or_not_stated(pixel_size, extent):
    assert row_of(record(pixel_size=pixel_size), "r0")["extent"] == extent


def test_what_is_unknown_says_so():
    row = row_of(
        record(shape=(), axes=(), pixel_size={}, bytes=None, license=None, title=None, layout=None), "r0"
    )
    assert (row["title"], row["pixels"], row["bytes"], row["licence"]) == (
        "untitled",
        "size unknown",
        "unknown",
        "unknown",
    )
    assert row["licence_url"] is None


def test_axes_that_do_not_fit_the_shape_are_not_named():
    assert row_of(record(axes=(), shape=(2, 3, 4)), "r0")["pixels"] == "2 × 3 × 4"


def test_no_row_holds_an_address_a_token_or_a_path():
    secret = record(
        id="folder:/home/someone/secret/a.zarr",
        url="https://me:word@example.org/a.zarr?X-Amz-Signature=abc",
        landing_url="https://example.org/page?token=abc",
        title="exported to /home/someone/out.zarr",
    )
    text = json.dumps(row_of(secret, "r0"))
    for hidden in ("someone", "word", "abc", "example.org"):
        assert hidden not in text


def test_links_are_of_the_web_only():
    assert (
        row_of(record(landing_url="javascript:alert(1)", license="javascript:alert(1)"), "r0")["page"] is None
    )
    assert row_of(record(license="javascript:alert(1)"), "r0")["licence_url"] is None


def test_a_study_has_one_heading():
    records = [record(1), record(2), record(3, id="idr:idr0002/3.zarr", accession="idr0002")]
    groups = [
        Group(id="idr:idr0001", title="Mitosis", total=7),
        Group(id="idr:idr0002", title="Hearts", total=1),
    ]
    assert [row["heading"] for row in rows_of(records, groups, ["a", "b", "c"])] == [
        "Mitosis (7)",
        "",
        "Hearts (1)",
    ]


def test_the_table_is_text_never_html():
    table = table_of([row_of(record(title=HOSTILE), "r0")], [HOSTILE])
    assert "<img" not in table and table.count("&lt;img") == 2
    assert html.escape("CC-BY-4.0") in table


def test_values_that_were_chosen_stay_on_offer():
    offered = facets_of({"organism": Facet({"Homo sapiens": 3}, ("Mus musculus",))}, 10**9)
    assert offered[0]["values"] == [["Mus musculus", "0", True], ["Homo sapiens", "3", False]]
    assert [value for value in offered[-1]["values"] if value[2]] == [["1000000000", "up to 1 GB", True]]


@pytest.mark.parametrize(
    ("layout", "verb"), [("image", "open_image"), ("plate", "open_plate"), (None, "open_image")]
)
def test_code_opens_what_it_names(layout, verb):
    code = code_of(record(layout=layout))
    compile(code, "copied", "exec")
    assert f'fairlab.{verb}("https://example.org/1.zarr")' in code


def test_code_names_what_the_catalogue_knows_by_its_identifier():
    import fairlab

    known = fairlab.search("mouse", limit=1)[0]
    assert f'"{known.id}"' in code_of(known)


def test_code_of_a_hostile_address_is_one_string():
    code = code_of(record(url='https://example.org/a"); import os; ("\n.zarr'))
    assert len(compile(code, "copied", "exec").co_names) == 4  # fairlab, tree, open_image, view


def test_a_secret_address_is_not_written_down():
    secret = record(url="https://example.org/a.zarr?X-Amz-Signature=abc")
    for write in (code_of, lambda one: csv_of([one])):
        with pytest.raises(QueryError) as caught:
            write(secret)
        assert caught.value.kind == "secret" and "abc" not in str(caught.value)


def test_a_list_is_what_a_notebook_can_be_run_over():
    lines = csv_of([record(1), record(2, url="https://example.org/a,b.zarr")]).splitlines()
    assert lines == ["url", "https://example.org/1.zarr", '"https://example.org/a,b.zarr"']
    declared = parameters_of("measure_objects")
    assert check_parameters(declared, {"url": lines[1]})["url"] == "https://example.org/1.zarr"


def test_a_study_without_pixels_is_no_line_of_a_list():
    with pytest.raises(QueryError) as caught:
        csv_of([record(kind="study", url=None)])
    assert caught.value.kind == "no-pixels"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("see https://example.org/a/b/c.zarr", "see https://example.org/a/b/c.zarr"),
        ("C:\\Users\\someone\\a.csv is not there", "…/a.csv is not there"),
        ('cannot write "/home/someone/a.csv": no', 'cannot write "…/a.csv": no'),
        ("~/data/a.zarr", "…/a.zarr"),
        ("5 and/or 6, 1/2", "5 and/or 6, 1/2"),
    ],
)
def test_paths_are_cut_and_addresses_stay(text, left):
    assert discreet(text) == left


def test_places_on_this_machine_are_shown_by_their_last_part():
    assert shown_id(record(id="folder:https://me:word@example.org/b/a.zarr?token=x")) == "a.zarr"
