from __future__ import annotations

import concurrent.futures
import csv
import gzip
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from fairlab import errors, options, terms
from fairlab.query import make_query
from fairlab.repositories import catalogue_database as database
from fairlab.repositories import catalogue_tables
from fairlab.repositories.catalogue import CatalogueRepository
from fairlab.repositories.catalogue_rows import image_ids
from fairlab.repositories.catalogue_words import paired, unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from fairlab.results import Results

CATALOGUE = CatalogueRepository()


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """An empty cache folder."""
    with options.set_options(cache_dir=tmp_path / "cache"):
        yield tmp_path / "cache"


@pytest.fixture
def built(few: None) -> Path:
    """A finished database, to be copied where it will be damaged."""
    assert ask().total
    return database.database_path()


@pytest.fixture
def filled(built: Path, folder: Path) -> Path:
    """A cache folder with a finished database."""
    folder.mkdir()
    shutil.copy2(built, folder)
    return folder


def ask(text: str = "mouse") -> Results:
    return CATALOGUE.search(make_query(text))


# ── tables ───────────────────────────────────────────────────────────────────────────────────────


def test_the_shipped_tables_hold_every_listed_fact() -> None:
    info = catalogue_tables.catalogue_info()
    assert info["counts"] == {"images": 6581, "studies": 1355, "methods": 532, "taxa": 238}
    assert info["bytes"] < 1_000_000 and info["labels_without_term"] == {}
    assert len(info["sources"]) == 11 and info["built"].startswith("20")


def test_the_same_lists_give_the_same_bytes_as_are_shipped(shared: Path, tmp_path: Path) -> None:
    catalogue_tables.build_tables(shared / "repositories", tmp_path)
    for name in catalogue_tables.TABLES:
        # Another zlib may pack otherwise; what is packed must be the same.
        shipped, built = ((place / name).read_bytes() for place in (terms.DATA, tmp_path))
        assert gzip.decompress(built) == gzip.decompress(shipped), f"{name}: run fairlab catalogue build"
        assert built[4:8] == b"\0\0\0\0", "a time in the header would change the bytes at every build"
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    catalogue_tables.build_tables(shared / "repositories", tmp_path)
    assert before == {path.name: path.read_bytes() for path in tmp_path.iterdir()}


def test_lost_dois_of_data_are_back_with_the_document_that_states_them() -> None:
    rows = {
        row["study"]: row for row in csv.DictReader((terms.DATA / "data_dois.csv").read_text().splitlines())
    }
    studies = {row["id"]: row for row in terms.read_table("studies.csv.gz")}
    assert {study for study, row in studies.items() if row["doi"]} == set(rows)
    study, image = CATALOGUE.lookup("idr:idr0062"), CATALOGUE.lookup("idr:idr0062/6001240.zarr")
    assert study.doi == image.doi == "10.17867/10000125"
    told, taken = study.source("doi"), image.source("doi")
    assert told and taken and told.document == taken.document == rows["idr:idr0062"]["document"]
    assert (told.basis, taken.basis) == ("asserted", "inferred")
    assert CATALOGUE.lookup("10.17867/10000125").id == study.id
    # An accession is never made into a DOI: where no document states one, there is none.
    assert CATALOGUE.lookup("bia:S-BIAD634").doi is None


def lists(shared: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "lists"
    for name in catalogue_tables.SOURCES:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(shared / "repositories" / name, copy / name)
    return copy


def test_building_from_a_folder_without_lists_is_a_wrong_question(tmp_path: Path) -> None:
    with pytest.raises(errors.QueryError) as caught:
        catalogue_tables.build_tables(tmp_path, tmp_path / "out")
    assert caught.value.kind == "catalogue-source" and not (tmp_path / "out").exists()


def test_a_list_without_its_columns_is_refused(shared: Path, tmp_path: Path) -> None:
    copy = lists(shared, tmp_path)
    (copy / "known_studies.csv").write_text("name,place\na,b\n")
    with pytest.raises(errors.FormatError) as caught:
        catalogue_tables.build_tables(copy, tmp_path / "out")
    assert caught.value.kind == "table-columns" and "accession" in str(caught.value)


def test_an_unwritable_place_is_told(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(errors.OutputError) as caught:
        catalogue_tables.build_tables(shared / "repositories", tmp_path / "file" / "out")
    assert caught.value.kind == "output-unwritable"


def test_labels_and_identifiers_that_do_not_go_together_are_kept_apart() -> None:
    methods, taxa = terms.imaging_methods(), terms.organisms()
    assert paired(["FIB-SEM"], ["FBbi:00050000"], methods) == unpacked("FIB-SEM <FBbi:00050000>")
    contradiction = paired(["FIB-SEM"], ["FBbi:00000243"], methods)
    assert contradiction == unpacked("FIB-SEM <FBbi:00050000>|bright-field microscopy <FBbi:00000243>")
    of_the_image = paired(["Homo sapiens"], ["NCBITaxon:10090", "NCBITaxon:9606"], taxa)
    assert of_the_image == unpacked("Homo sapiens <NCBITaxon:9606>")
    assert paired(["homo sapiens"], ["NCBITaxon:9606"], taxa) == unpacked("Homo sapiens <NCBITaxon:9606>")
    assert paired(["Homo sapiens"], [], taxa) == unpacked("Homo sapiens"), "no identifier is invented"
    assert paired([], ["NCBITaxon:9606"], taxa) == unpacked("Homo sapiens <NCBITaxon:9606>")
    assert paired(["Unknown"], ["FBbi:00000257"], methods)[0].label != "Unknown"


def test_identifiers_are_short_unique_and_not_moved_by_their_order() -> None:
    rows = [
        {"source": "IDR", "accession": "idr1", "ngff_version": version, "url": f"https://x/{place}/7.zarr"}
        for version, place in (("0.4", "v4"), ("0.5", "v5"), ("0.1", "v1"))
    ]
    found = image_ids(rows)
    assert found == image_ids(rows[::-1])
    assert found == {
        "https://x/v5/7.zarr": "idr:idr1/7.zarr",
        "https://x/v4/7.zarr": "idr:idr1/v4/7.zarr",
        "https://x/v1/7.zarr": "idr:idr1/v1/7.zarr",
    }


# ── records ──────────────────────────────────────────────────────────────────────────────────────


def test_every_listed_image_and_study_is_found_by_identifier_and_address() -> None:
    images = terms.read_table("images.csv.gz")
    studies = terms.read_table("studies.csv.gz")
    seen = Counter(row["id"].casefold() for row in [*images, *studies])
    assert len(seen) == 6581 + 1355 and max(seen.values()) == 1
    for row in images[::7]:
        for name in (row["id"], row["url"], row["url"] + "/", row["listed_url"] or row["url"]):
            record = CATALOGUE.lookup(name)
            assert record is not None and record.id == row["id"], name
    for row in studies[::7]:
        for name in (row["id"], row["accession"], row["landing_url"]):
            record = CATALOGUE.lookup(name)
            assert record is not None and record.id == row["id"], name


def test_what_an_image_has_from_its_study_is_marked_as_inferred() -> None:
    record = CATALOGUE.lookup("https://livingobjects.ebi.ac.uk/idr/zarr/v0.1/12689244.zarr")
    assert record is not None
    for name in ("authors", "organism", "imaging_method", "release_date", "landing_url"):
        source = record.source(name)
        assert source is not None and source.basis == "inferred" and "idr0106" in source.document, name
    for name in ("url", "title", "license", "attribution"):
        source = record.source(name)
        assert source is not None and source.basis == "asserted" and "table.csv" in source.document, name
    assert record.source("axes").basis == "inferred"  # type: ignore[union-attr]
    assert record.axes == ("t", "c", "z", "y", "x") and record.shape == (1, 3, 401, 4255, 4992)


def test_what_the_list_itself_states_is_not_called_inferred() -> None:
    found = CATALOGUE.search(make_query("thallus", organism="Riccia ciliifera", ngff_version="0.5", limit=1))
    record = found[0]
    assert record.source("organism").basis == "asserted"  # type: ignore[union-attr]
    assert record.source("imaging_method").basis == "inferred"  # type: ignore[union-attr]


def test_a_layout_concluded_from_the_kind_of_study_is_marked() -> None:
    record = CATALOGUE.search(make_query("LT0113_01", layout="plate"))[0]
    assert record.source("layout").basis == "inferred"  # type: ignore[union-attr]


def test_licences_stay_as_the_study_states_them() -> None:
    record = CATALOGUE.search(make_query(repository="IDR", license="CC-BY-NC-SA-3.0", limit=1))[0]
    assert record.license == "https://creativecommons.org/licenses/by-nc-sa/3.0/"


def test_a_study_knows_how_many_images_it_has() -> None:
    study = CATALOGUE.lookup("idr0013")
    assert study is not None and study.kind == "study" and study.url is None
    assert study.n_images and study.n_images > 100_000 and "1,077" not in (study.title or "")
    assert study.note == "1077 of its images are listed as OME-Zarr"
    assert study.source("n_images").document != study.source("title").document  # type: ignore[union-attr]


def test_how_much_resolves_to_pixels_is_counted_per_source() -> None:
    rows = {row.source: row for row in CATALOGUE.pixels_per_source()}
    assert sum(row.studies for row in rows.values()) == 1355
    assert sum(row.images for row in rows.values()) == 6581
    assert all(row.studies_openable <= row.studies_with_images <= row.studies for row in rows.values())
    # Among them 24 studies that no crate describes, and those whose images another archive lists.
    assert sum(row.studies_with_images for row in rows.values()) == 166
    assert rows["IDR"].studies_with_images == 50


def test_the_same_study_in_two_archives_has_the_same_images() -> None:
    for one, other in (("idr:idr0116", "bia:S-BIAD217"), ("idr:idr0157", "bia:S-BIAD824")):
        first, second = (CATALOGUE.images_of(make_query(study=key, limit=None)) for key in (one, other))
        assert first.total and {record.id for record in first} == {record.id for record in second}
        assert one in {
            record.id for record in CATALOGUE.search(make_query(other.split(":")[1], kind="study"))
        }


def test_a_study_that_no_crate_describes_says_only_what_is_stated() -> None:
    study = CATALOGUE.lookup("S-BIAD464")
    assert study is not None and study.title is None and study.license is None and study.organism == ()
    assert study.landing_url == "https://www.ebi.ac.uk/biostudies/bioimages/studies/S-BIAD464"
    assert CATALOGUE.images_of(make_query(study=study.id)).total == 1


# ── the database ─────────────────────────────────────────────────────────────────────────────────


def test_the_database_is_built_once_in_the_cache_folder(folder: Path) -> None:
    started = time.perf_counter()
    found = ask()
    assert time.perf_counter() - started < 10, "about a second on an idle machine"
    path = database.database_path()
    assert path.parent == folder and list(folder.iterdir()) == [path], "nothing else is left behind"
    before = path.stat()
    assert ask() == found
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5000])


def _cut_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:50])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _garbage(path: Path) -> None:
    path.write_bytes(b"no database at all " * 10_000)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _other_schema(path: Path) -> None:
    path.unlink()
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE docs (word TEXT)")
    connection.commit()
    connection.close()
    content = bytearray(path.read_bytes())
    content[60:64] = database._checksum(content)
    path.write_bytes(content)


def _other_schema_with_traits(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE docs")
    connection.commit()
    connection.close()
    content = bytearray(path.read_bytes())
    content[60:64] = database._checksum(content)
    path.write_bytes(content)


def _remove(path: Path) -> None:
    path.unlink()


DAMAGES: tuple[Callable[[Path], None], ...] = (
    _truncate, _cut_short, _empty, _garbage, _flip, _other_schema, _other_schema_with_traits, _remove,
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_database_is_built_again_even_while_it_is_in_use(
    damage: Callable[[Path], None], built: Path, filled: Path
) -> None:
    before = ask()
    damage(database.database_path())
    assert ask() == before
    assert database.database_path().read_bytes() == built.read_bytes()
    assert CATALOGUE.info()["database"] == str(database.database_path())


def test_other_tables_mean_another_database(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ask()
    monkeypatch.setattr(database, "_key", lambda moved: "0123456789abcdef")
    ask()
    assert len(list(filled.glob("*.sqlite"))) == 2


def test_without_a_writable_cache_the_database_lives_in_memory(few: None, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    expected = ask()
    with options.set_options(cache_dir=tmp_path / "file" / "cache"):
        assert ask() == expected
        assert CATALOGUE.info()["database"] == "memory"
    assert (tmp_path / "file").read_text() == "in the way"


def test_a_failing_build_leaves_nothing_behind(
    few: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(database, "_build", full)
    assert ask().total
    assert list(folder.iterdir()) == [] and CATALOGUE.info()["database"] == "memory"


def test_many_threads_ask_at_once(filled: Path) -> None:
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(ask, ["mouse", "human", "nuclei", "zebrafish"] * 16))
    assert [a.total for a in answers[:4]] == [a.total for a in answers[-4:]]
    assert all(answers[i] == answers[i % 4] for i in range(64))
    assert len(list(filled.iterdir())) == 1


def test_many_processes_build_at_once(folder: Path) -> None:
    code = (
        "import sys; from fairlab.options import set_options; set_options(cache_dir=sys.argv[1]);"
        "from fairlab.repositories.catalogue import CatalogueRepository as C;"
        "from fairlab.query import make_query;"
        "print(C().search(make_query('mouse')).total, C().info()['database'])"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    said = {process.communicate(timeout=120)[0] for process in running}
    assert said == {f"{ask().total} {database.database_path()}\n"}
    assert list(folder.iterdir()) == [database.database_path()]


def test_a_limit_of_none_gives_all() -> None:
    found = CATALOGUE.search(make_query(openable=True, limit=None))
    assert len(found) == found.total > 2000
