from __future__ import annotations

import concurrent.futures
import gzip
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlab import catalogue, errors, options
from fairlab.query import make_query
from fairlab.record import Record
from fairlab.repositories import catalogue_own as own
from fairlab.repositories import catalogue_shelf as shelves
from fairlab.repositories.catalogue import CatalogueRepository
from fairlab.repositories.catalogue_csv import read_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fairlab.results import Results

CATALOGUE = CatalogueRepository()
LISTED = "https://livingobjects.ebi.ac.uk/idr/zarr/v0.4/idr0062A/6001240.zarr"
LIST = f"""\
url,title,study,organism,license,channels,pixel_size,has_labels,release_date,attribute:Gene Symbol
https://example.org/lab/a.zarr,Xylophone spindle,SPINDLES,mouse,CC-BY-4.0,DAPI; GFP,325 nm,yes,2031-05-01,CDK1
https://example.org/lab/b.zarr,Xylophone aster,SPINDLES,mouse,CC-BY-4.0,DAPI,0.65,no,2031,CDK2
{LISTED},,,,,,,yes,,
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty catalogue of one's own."""
    with options.set_options(catalogue_dir=tmp_path / "catalogue"):
        yield tmp_path / "catalogue"


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "ours.csv"
    path.write_text(LIST, "utf-8")
    return path


@pytest.fixture
def lab(csv: Path) -> Path:
    """A catalogue with the list in it."""
    catalogue.add(csv, name="lab")
    return own.folder() / "lab.jsonl.gz"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of such a catalogue, whose database is built once for all that only ask it."""
    place = tmp_path_factory.mktemp("kept")
    (place / "ours.csv").write_text(LIST, "utf-8")
    with options.set_options(catalogue_dir=place / "catalogue"):
        catalogue.add(place / "ours.csv", name="lab")
    return place / "catalogue"


@pytest.fixture
def asked(kept: Path) -> Iterator[None]:
    """A catalogue with the list in it, to be asked only."""
    with options.set_options(catalogue_dir=kept):
        yield


def ask(text: str = "", **filters: object) -> Results:
    return CATALOGUE.search(make_query(text, limit=None, **filters))  # type: ignore[arg-type]


# ── lists ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_list_becomes_records_with_their_row(csv: Path) -> None:
    found = {record.id: record for record in read_csv(csv, name="lab")}
    assert sorted(found) == [
        "own:lab", "own:lab/6001240.zarr", "own:lab/SPINDLES", "own:lab/SPINDLES/a.zarr", "own:lab/SPINDLES/b.zarr",
    ]  # fmt: skip
    image = found["own:lab/SPINDLES/a.zarr"]
    assert image.organism[0].id == "NCBITaxon:10090" and image.channels == ("DAPI", "GFP")
    assert image.pixel_size == {"y": 0.325, "x": 0.325} and image.has_labels is True
    assert image.license == "https://creativecommons.org/licenses/by/4.0/"
    assert image.attributes == {"Gene Symbol": ("CDK1",)} and image.release_date == "2031-05-01"
    assert image.source("title").pointer == "row 2"  # type: ignore[union-attr]
    assert found["own:lab/SPINDLES"].n_images == 2 and found["own:lab/SPINDLES"].organism == image.organism


@pytest.mark.parametrize(
    ("before", "after", "row", "column", "said"),
    [
        ("url,title", "address,title", 1, "url", "no such column"),
        ("title,study", "titel,study", 1, "titel", 'did you mean "title"'),
        ("title,study", "title,title", 1, "title", "twice"),
        ("CC-BY-4.0,DAPI,", "free for all,DAPI,", 3, "license", "a licence that is known"),
        ("aster,SPINDLES,mouse", "aster,SPINDLES,mouze", 3, "organism", 'did you mean "mouse"'),
        ("325 nm", "325 nn", 2, "pixel_size", "a length"),
        (",no,2031,", ",perhaps,2031,", 3, "has_labels", "yes or no"),
        (",no,2031,", ",no,next year,", 3, "release_date", "a date"),
        ("lab/b.zarr", "lab/a.zarr", 3, "url", "same address as in row 2"),
        ("https://example.org/lab/b.zarr", "", 3, "url", "it is empty"),
        ("https://example.org/lab/b.zarr", "ftp://example.org/b.zarr", 3, "url", "an address that opens"),
        (",no,2031,CDK2", ",no,2031,CDK2,more", 3, "", "more cells"),
    ],
)
def test_a_fault_is_told_with_its_row_and_column(
    csv: Path, before: str, after: str, row: int, column: str, said: str
) -> None:
    assert before in LIST
    csv.write_text(LIST.replace(before, after, 1), "utf-8")
    with pytest.raises(errors.FormatError) as caught:
        catalogue.add(csv, name="lab")
    assert caught.value.kind == "catalogue-csv"
    assert any((r, c) == (row, column) and said in what for r, c, what in caught.value.context["faults"])
    assert f"row {row}" in str(caught.value) and own.names() == ()


def test_all_faults_are_told_at_once(csv: Path) -> None:
    csv.write_text(LIST.replace("mouse", "mouze").replace("325 nm", "?"), "utf-8")
    with pytest.raises(errors.FormatError) as caught:
        read_csv(csv, name="lab")
    assert len(caught.value.context["faults"]) == 3


def test_a_list_that_is_no_text_or_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"url\n\xff\xfe")
    with pytest.raises(errors.FormatError, match="row 2"):
        read_csv(tmp_path / "a.csv", name="lab")
    with pytest.raises(errors.NotFoundError):
        catalogue.add(tmp_path / "none.csv")
    (tmp_path / "empty.csv").write_text("url\n")
    with pytest.raises(errors.FormatError, match="no image"):
        read_csv(tmp_path / "empty.csv", name="lab")


def test_a_path_is_meant_from_the_lists_own_folder(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("url\nplates/p1.zarr\n")
    assert read_csv(tmp_path / "a.csv", name="lab")[0].url == str((tmp_path / "plates/p1.zarr").resolve())


# ── searched together ────────────────────────────────────────────────────────────────────────────────


def test_what_is_added_is_found_looked_up_and_counted_with_the_rest(asked: None) -> None:
    found = ask("xylophone")
    assert {record.id for record in found} == {"own:lab/SPINDLES/a.zarr", "own:lab/SPINDLES/b.zarr"}
    assert [group.id for group in found.groups] == ["own:lab/SPINDLES"] and not found.failures
    for name in ("own:lab/SPINDLES/a.zarr", "https://example.org/lab/a.zarr/", "own:lab/SPINDLES"):
        assert CATALOGUE.lookup(name) is not None, name
    assert CATALOGUE.images_of(make_query(study="own:lab/SPINDLES")).total == 2
    assert ask(repository="lab").total == 3 and ask("spindles", kind="study", repository="lab").total == 1
    assert ask("mouse").total == 1217 + 2
    assert catalogue.facets()["repository"]["lab"] == 2


def test_an_image_that_the_catalogue_knows_is_one_record_with_both_values(asked: None) -> None:
    record = CATALOGUE.lookup("own:lab/6001240.zarr")
    assert record is not None and record.id == "idr:idr0062/idr0062A/6001240.zarr"
    assert record == CATALOGUE.lookup(LISTED) and record.has_labels is True and record.ngff_version == "0.4"
    assert record.source("has_labels").pointer == "row 4"  # type: ignore[union-attr]
    assert "table.csv" in record.source("ngff_version").document  # type: ignore[union-attr]
    assert catalogue.facets().total == 6581 + 2


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"has_labels": True}, {"a", "6001240"}),
        ({"has_labels": False}, {"b"}),
        ({"channel": "gfp"}, {"a"}),
        ({"attributes": {"gene symbol": ["cdk1", "cdk3"]}}, {"a"}),
        ({"year": "2030-2032"}, {"a", "b"}),
        ({"pixel_size_below": "400 nm", "repository": "lab"}, {"a"}),
    ],
)
def test_what_records_state_answers_the_filters_of_analysts(
    asked: None, filters: dict[str, object], found: set[str]
) -> None:
    answer = ask(**filters)
    assert {record.id.split("/")[-1].removesuffix(".zarr") for record in answer} == found
    assert answer.unapplied == {} and any("the others were left out" in note for note in answer.notes)


def test_what_no_record_states_is_said_not_guessed() -> None:
    for filters in ({"disease": "cancer"}, {"has_labels": True}, {"attributes": {"Gene Symbol": "CDK1"}}):
        answer = ask(**filters)
        assert answer.total == 0 and answer.unapplied == {"catalogue": tuple(filters)}
    assert ask("mouse", disease="cancer").total == 1217
    assert CATALOGUE.search(make_query("mouse", disease="cancer", match="all")).total == 0


def test_the_embedded_tables_answer_years_terms_channels_and_pixel_sizes() -> None:
    assert {record.release_date[:4] for record in ask(year=2019)} == {"2019"}  # type: ignore[index]
    assert ask(cell_line="HeLa").total == 3 and ask(anatomy="nucleus", kind="study").total > 5
    assert 0 < ask(pixel_size_below=0.1).total < ask(pixel_size_below="0.2 um").total


# ── the files ────────────────────────────────────────────────────────────────────────────────────────


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _garbage(path: Path) -> None:
    path.write_bytes(b"no catalogue " * 100)


def _edited(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        lines = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
        path.write_bytes(gzip.compress(b"".join(change(lines))))

    return edit


def _changed_head(**values: object) -> Callable[[list[bytes]], list[bytes]]:
    return lambda lines: [json.dumps({**json.loads(lines[0]), **values}).encode() + b"\n", *lines[1:]]


@pytest.mark.parametrize(
    "damage",
    [
        _cut, _flip, _empty, _garbage,
        _edited(lambda lines: lines[:-1]),
        _edited(lambda lines: lines[1:]),
        _edited(lambda lines: [*lines[:-1], b'{"id": 3}\n']),
        _edited(lambda lines: [*lines[:-1], b"[]\n"]),
        _edited(lambda lines: [*lines[:-1], b"{}\n"]),
        _edited(_changed_head(fairlab_catalogue=2)),
    ],
)  # fmt: skip
def test_a_damaged_source_is_left_out_whole_and_told_while_all_else_answers(
    few: None, csv: Path, lab: Path, damage: Callable[[Path], None]
) -> None:
    catalogue.add(csv, name="class")
    damage(lab)
    answer = ask("xylophone")
    assert {record.id.split("/")[0] for record in answer} == {"own:class"}
    assert [failure.kind for failure in answer.failures] == ["catalogue-damaged"]
    assert "lab" in answer.failures[0].message and "remove lab" in answer.failures[0].advice
    assert ask("mouse", repository="IDR").total and catalogue.info()["failures"]
    with pytest.raises(errors.FormatError):
        own.read("lab")
    catalogue.add(csv, name="lab")
    assert not ask("xylophone").failures and ask("xylophone").total == 2


def test_adding_again_tells_what_changed(csv: Path, lab: Path) -> None:
    assert not catalogue.add(csv, name="lab").changed
    csv.write_text(LIST.replace("Xylophone aster", "Aster").replace("lab/a.zarr", "lab/c.zarr"), "utf-8")
    change = catalogue.add(csv, name="lab")
    assert change.new == ("own:lab/SPINDLES/c.zarr",) and change.gone == ("own:lab/SPINDLES/a.zarr",)
    assert change.changed == {"own:lab/SPINDLES/b.zarr": ("title",)}
    assert "1 new, 1 changed, 1 gone" in str(change) and json.dumps(change.to_dict())


def test_a_source_is_removed_also_when_it_is_damaged(few: None, csv: Path, lab: Path) -> None:
    assert catalogue.remove("lab").records == 5  # type: ignore[union-attr]
    assert ask("xylophone").total == 0 and not list(own.folder().iterdir())
    catalogue.add(csv, name="lab")
    _cut(lab)
    catalogue.remove("lab")
    with pytest.raises(errors.NotFoundError) as caught:
        catalogue.remove("lab")
    assert caught.value.kind == "catalogue-source-unknown"


@pytest.mark.parametrize("name", ["", "../x", "a b", "A", ".x", "x" * 65])
def test_a_name_that_is_no_file_name_is_refused(csv: Path, name: str) -> None:
    with pytest.raises(errors.QueryError) as caught:
        own.check_name(name)
    assert caught.value.kind == "catalogue-name"


def test_a_folder_that_cannot_be_written_is_told(csv: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with (
        options.set_options(catalogue_dir=tmp_path / "file" / "catalogue"),
        pytest.raises(errors.OutputError) as caught,
    ):
        catalogue.add(csv, name="lab")
    assert caught.value.kind == "output-unwritable"


def test_many_processes_add_at_once(csv: Path) -> None:
    code = (
        "import sys; from fairlab import set_options, catalogue; set_options(catalogue_dir=sys.argv[1]);"
        "[catalogue.add(sys.argv[2], name=name) for name in ('lab', sys.argv[3]) for _ in range(5)]"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(own.folder()), str(csv), f"p{n}"]) for n in range(3)
    ]
    assert [process.wait(120) for process in running] == [0, 0, 0]
    assert own.names() == ("lab", "p0", "p1", "p2") and len(list(own.folder().iterdir())) == 4
    assert not shelves.sound().failures


def test_threads_add_while_others_ask(few: None, csv: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        adding = [pool.submit(catalogue.add, csv, name=f"n{n}") for n in range(3)]
        asking = [pool.submit(ask, "xylophone") for _ in range(3)]
        assert all(not done.result().failures for done in asking) and all(one.result() for one in adding)
    assert ask("xylophone").total == 2, "the same images under three names are the same images"


@given(
    st.lists(
        st.builds(
            Record,
            id=st.text(max_size=20).map(lambda text: f"own:{text}x"),
            kind=st.just("image"),
            repository=st.just("lab"),
            title=st.none() | st.text(),
            url=st.just("https://example.org/a.zarr"),
        ),
        max_size=4,
    )
)
def test_what_is_kept_is_read_back(tmp_path_factory: pytest.TempPathFactory, records: list[Record]) -> None:
    with options.set_options(catalogue_dir=tmp_path_factory.mktemp("kept")):
        sound = [record for record in records if own.is_sound(record)]
        origin = own.write(own.Origin(name="lab", kind="csv", address="x"), sound)
        assert own.read("lab") == sound and own.read_origin("lab") == origin
