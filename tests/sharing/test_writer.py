"""What is written is read by others: yaozarrs judges it, ngff-zarr and tensorstore read it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import zlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ngff_zarr
import numpy as np
import pytest
import tensorstore
import yaozarrs
import zarr

from fairlab.errors import (
    FairlabWarning,
    MetadataError,
    MissingExtraError,
    OutputError,
    QueryError,
    UnsupportedVersionError,
)
from fairlab.fair.crate_reader import facts
from fairlab.record import Record, Source
from fairlab.sharing import manifest, writer
from fairlab.sharing.pyramid import block_mean, block_pick
from fairlab.sharing.writer import write_image
from fairlab.terms import Term

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS = ("0.4", "0.5")
UNITS = {"t": "second", "z": "micrometer", "y": "micrometer", "x": "micrometer"}
SCALE = {"t": 30.0, "z": 2.0, "y": 0.25, "x": 0.25}
ORIGIN = {"z": 3.0, "y": 100.0, "x": -20.0}
RECORD = Record(
    id="lab:1",
    kind="image",
    repository="lab",
    title="Cells of a fly",
    description="Two channels.",
    license="https://creativecommons.org/licenses/by/4.0/",
    authors=("Ada Lovelace", "fairlab"),
    attribution="Lovelace lab",
    publications=("10.1/x",),
    organism=(Term(id="NCBITaxon:7227", label="Drosophila melanogaster"),),
    imaging_method=(Term(id="FBbi:00000251", label="confocal microscopy"),),
)


@pytest.fixture(scope="module")
def data() -> np.ndarray:
    return np.random.default_rng(1).integers(0, 4000, (2, 2, 3, 75, 101)).astype("uint16")


@pytest.fixture(scope="module")
def labels(data: np.ndarray) -> np.ndarray:
    return np.where(data[:, 0] > 3000, data[:, 0] % 50, 0).astype("uint16")


def write(path: Path, data: np.ndarray, nuclei: np.ndarray, version: str = "0.5", **more: Any) -> Path:
    given: dict[str, Any] = {
        "axes": "tczyx",
        "scale": SCALE,
        "units": UNITS,
        "translation": ORIGIN,
        "channels": [
            {"name": "DAPI", "color": "#0000ff"},
            {"name": "GFP", "color": "00FF00", "window": (5, 900)},
        ],
        "labels": {"nuclei": nuclei},
        "record": RECORD,
        "chunks": {"z": 2, "y": 32, "x": 64},
        "levels": 3,
    }
    return write_image(path, data, version=version, **{**given, **more})


@pytest.fixture(scope="module", params=VERSIONS)
def written(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    data: np.ndarray,
    labels: np.ndarray,
) -> tuple[Path, str]:
    version = request.param
    return write(tmp_path_factory.mktemp("out") / "a.ome.zarr", data, labels, version), version


def attributes(path: Path) -> dict[str, Any]:
    found = zarr.open_group(path, mode="r").attrs.asdict()
    return found.get("ome", found)


def pixels_of(path: Path, version: str) -> np.ndarray:
    driver = "zarr" if version == "0.4" else "zarr3"
    spec = {"driver": driver, "kvstore": {"driver": "file", "path": str(path)}}
    return np.asarray(tensorstore.open(spec).result().read().result())


def test_yaozarrs_finds_it_valid(written: tuple[Path, str]) -> None:
    path, version = written
    for place in (path, path / "labels" / "nuclei"):
        yaozarrs.validate_zarr_store(place)
    assert {p["version"] for p in attributes(path)["multiscales"] if version == "0.4"} <= {"0.4"}


def test_tensorstore_reads_the_same_pixels(
    written: tuple[Path, str], data: np.ndarray, labels: np.ndarray
) -> None:
    path, version = written
    assert np.array_equal(pixels_of(path / "s0", version), data)
    assert np.array_equal(pixels_of(path / "s1", version), block_mean(data, (1, 1, 1, 2, 2)))
    assert np.array_equal(pixels_of(path / "labels/nuclei/s0", version), labels)
    assert np.array_equal(pixels_of(path / "labels/nuclei/s2", version), block_pick(labels, (1, 1, 4, 4)))


def test_ngff_zarr_reads_the_same_geometry(written: tuple[Path, str]) -> None:
    found = ngff_zarr.from_ome_zarr(str(written[0]), validate=True)
    first, second = found.images[:2]
    assert first.scale == {**SCALE, "c": 1.0}
    assert first.translation == {**ORIGIN, "t": 0.0, "c": 0.0}
    assert second.scale == {**SCALE, "c": 1.0, "y": 0.5, "x": 0.5}
    assert second.translation == {"t": 0.0, "c": 0.0, "z": 3.0, "y": 100.125, "x": -19.875}
    assert first.axes_units == {**UNITS, "c": None}
    assert [channel.label for channel in found.metadata.omero.channels] == ["DAPI", "GFP"]


def test_channels_have_colour_and_window(written: tuple[Path, str], data: np.ndarray) -> None:
    dapi, gfp = attributes(written[0])["omero"]["channels"]
    assert (dapi["color"], gfp["color"]) == ("0000FF", "00FF00")
    assert gfp["window"] == {"min": 0.0, "max": 65535.0, "start": 5.0, "end": 900.0}
    assert dapi["window"]["start"] < np.median(data[:, 0]) < dapi["window"]["end"]


def test_labels_point_to_their_image_and_have_colours(written: tuple[Path, str], labels: np.ndarray) -> None:
    path, _ = written
    assert attributes(path / "labels")["labels"] == ["nuclei"]
    about = attributes(path / "labels/nuclei")["image-label"]
    assert about["source"] == {"image": "../../"}
    assert {c["label-value"] for c in about["colors"]} == set(np.unique(labels).tolist()) - {0}


def test_every_chunk_is_there_also_of_zeros(tmp_path: Path) -> None:
    path = write_image(
        tmp_path / "a.zarr", np.zeros((64, 96), "uint8"), axes="yx", chunks={"y": 32, "x": 32}, levels=1
    )
    assert len([p for p in (path / "s0/c").rglob("*") if p.is_file()]) == 6


@pytest.mark.parametrize("version", VERSIONS)
def test_any_flipped_bit_is_noticed(tmp_path: Path, data: np.ndarray, version: str) -> None:
    path = write_image(tmp_path / "a.zarr", data[0, 0, 0], axes="yx", version=version, levels=1)
    chunk = path / ("s0/0/0" if version == "0.4" else "s0/c/0/0")
    whole = chunk.read_bytes()
    silent = []
    for percent in (20, 35, 50, 65, 80, 99):
        damaged = bytearray(whole)
        damaged[len(whole) * percent // 100] ^= 4
        chunk.write_bytes(damaged)
        try:
            zarr.open_array(path / "s0", mode="r")[...]
        except (RuntimeError, OSError, ValueError, EOFError, zlib.error):
            continue
        silent.append(percent)
    assert silent == []


def test_crate_says_what_the_record_says(written: tuple[Path, str]) -> None:
    crate = json.loads((written[0] / "ro-crate-metadata.json").read_text())
    found = {name: value for name, (value, _) in facts(crate, source=Source(document="crate")).items()}
    for name in ("title", "description", "license", "authors", "attribution", "organism", "imaging_method"):
        assert found[name] == getattr(RECORD, name)
    graph = {entity["@id"]: entity for entity in crate["@graph"]}
    acquisition = graph[graph["./"]["resultOf"]["@id"]]
    biosample = graph[graph[acquisition["specimen"]["@id"]]["biosample"]["@id"]]
    assert biosample["organism_classification"]["@id"] == "NCBI:txid7227"
    assert acquisition["fbbi_id"]["@id"] == "obo:FBbi_00000251"


def test_crate_points_to_nothing_that_is_not_in_it(written: tuple[Path, str]) -> None:
    crate = json.loads((written[0] / "ro-crate-metadata.json").read_text())
    known = {entity["@id"] for entity in crate["@graph"]} | {"https://w3id.org/ro/crate/1.1"}

    def references(value: Any) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(references, value))
        return {value["@id"]} if isinstance(value, dict) else set()

    for entity in crate["@graph"]:
        assert set().union(*(references(value) for value in entity.values())) <= known
    for part in references(next(e for e in crate["@graph"] if e["@id"] == "./")["hasPart"]):
        assert (written[0] / part).is_file()


def test_unknown_facts_are_left_out_of_the_crate(tmp_path: Path) -> None:
    record = Record(id="x:1", kind="image", repository="unlisted")
    path = write_image(tmp_path / "a.zarr", np.ones((8, 8), "uint8"), axes="yx", record=record)
    root = json.loads((path / "ro-crate-metadata.json").read_text())["@graph"][1]
    assert root.keys() == {"@id", "@type", "identifier", "name", "hasPart"}


def test_what_may_not_be_passed_on_is_stamped_and_warned_about(tmp_path: Path) -> None:
    record = replace(RECORD, license="https://creativecommons.org/licenses/by-nc-nd/4.0/")
    with pytest.warns(FairlabWarning, match="needs the permission"):
        path = write_image(tmp_path / "a.zarr", np.ones((8, 8), "uint8"), axes="yx", record=record)
    root = json.loads((path / "ro-crate-metadata.json").read_text())["@graph"][1]
    assert root["usageInfo"].startswith("CC BY-NC-ND 4.0") and "own use" in root["usageInfo"]


def test_a_file_that_would_lie_outside_the_folder_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    with pytest.raises(QueryError) as caught:
        write_image(tmp_path / "a.zarr", np.ones((8, 8)), axes="yx", files={"../b.txt": (b"x", "a note")})
    assert caught.value.kind == "crate-path" and not list(tmp_path.iterdir())


def test_without_units_none_are_written(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.zarr", np.ones((8, 8), "float32"), axes="yx")
    found = attributes(path)
    assert found["multiscales"][0]["axes"] == [{"name": n, "type": "space"} for n in "yx"]
    assert found["multiscales"][0]["datasets"][0]["coordinateTransformations"] == [
        {"type": "scale", "scale": [1.0, 1.0]}
    ]
    assert "omero" not in found
    assert not (path / "ro-crate-metadata.json").exists()


def test_manifest_covers_every_file_and_sees_every_change(tmp_path: Path) -> None:
    path = write_image(
        tmp_path / "a.zarr", np.ones((8, 8), "uint8"), axes="yx", files={"note.txt": (b"hi", "a note")}
    )
    assert manifest.problems(path) == []
    listed = (path / manifest.FILE_NAME).read_text()
    (path / "note.txt").write_bytes(b"ho")
    assert manifest.problems(path) == ["note.txt has changed"]
    (path / "note.txt").unlink()
    assert manifest.problems(path) == ["note.txt is missing"]
    (path / "note.txt").write_bytes(b"hi")
    (path / "other").write_bytes(b"")
    assert manifest.problems(path) == [f"other is not in {manifest.FILE_NAME}"]
    (path / "other").unlink()
    (path / manifest.FILE_NAME).write_text(listed[: len(listed) // 2])
    assert manifest.problems(path) != []


def test_what_is_there_stays_there(tmp_path: Path) -> None:
    path = write_image(tmp_path / "a.zarr", np.zeros((8, 8), "uint8"), axes="yx")
    with pytest.raises(OutputError) as caught:
        write_image(path, np.ones((8, 8), "uint8"), axes="yx")
    assert caught.value.kind == "output-exists"
    assert pixels_of(path / "s0", "0.5").max() == 0
    write_image(path, np.ones((8, 8), "uint8"), axes="yx", version="0.4", overwrite=True)
    assert pixels_of(path / "s0", "0.4").min() == 1
    assert [p.name for p in tmp_path.iterdir()] == ["a.zarr"]


def test_a_folder_that_is_no_zarr_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.tex").write_text("…")
    with pytest.raises(OutputError) as caught:
        write_image(tmp_path / "precious", np.ones((8, 8), "uint8"), axes="yx", overwrite=True)
    assert caught.value.kind == "output-exists"
    assert (tmp_path / "precious" / "thesis.tex").exists()


def test_what_cannot_be_finished_is_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_image(tmp_path / "a.zarr", np.zeros((8, 8), "uint8"), axes="yx")
    monkeypatch.setattr(writer, "_fill", lambda *_: pytest.fail("hours of work for nothing"))
    with pytest.raises(OutputError):
        write_image(path, np.ones((8, 8), "uint8"), axes="yx")


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError) as caught:
        write_image(tmp_path / "file" / "a.zarr", np.ones((8, 8), "uint8"), axes="yx")
    assert caught.value.kind == "output-unwritable"


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(manifest, "write", full)
    with pytest.raises(OutputError) as caught:
        write_image(tmp_path / "a.zarr", np.ones((8, 8), "uint8"), axes="yx")
    assert caught.value.kind == "output-unwritable"
    assert list(tmp_path.iterdir()) == []


_KILLED = """
import os, signal, sys
import numpy as np
from fairlab.sharing import attributes, writer
attributes.image = lambda *a, **k: os.kill(os.getpid(), signal.SIGKILL)
data = np.ones((64, 64), "uint8")
writer.write_image(sys.argv[1], data, axes="yx", labels={"l": data}, version=sys.argv[2])
"""


@pytest.mark.skipif(os.name != "posix", reason="kills with a signal")
@pytest.mark.parametrize("version", VERSIONS)
def test_a_killed_writer_leaves_nothing_that_opens(tmp_path: Path, version: str) -> None:
    ended = subprocess.run([sys.executable, "-c", _KILLED, str(tmp_path / "a.zarr"), version], check=False)
    assert ended.returncode == -signal.SIGKILL
    left = list(tmp_path.iterdir())
    assert [p.name.startswith(".a.zarr.partial-") for p in left] == [True]
    assert not any((left[0] / name).exists() for name in ("zarr.json", ".zgroup", ".zattrs"))


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("axes", {"axes": "tczxy"}),
        ("axes", {"axes": "czyx"}),
        ("axes", {"scale": {"q": 1.0}}),
        ("scale-value", {"scale": {"x": 0.0}}),
        ("scale-value", {"scale": {"x": float("nan")}}),
        ("scale-value", {"translation": {"x": float("inf")}}),
        ("unit-unknown", {"units": {"x": "µm"}}),
        ("unit-unknown", {"units": {"t": "micrometer"}}),
        ("unit-unknown", {"units": {"c": "micrometer"}}),
        ("channel", {"channels": [{}]}),
        ("channel", {"channels": [{"color": "blue"}, {}]}),
        ("channel", {"channels": [{"window": (5, 5)}, {}]}),
        ("labels", {"labels": {"l": np.zeros((2, 2, 3, 75, 101), "uint8")}}),
        ("labels", {"labels": {"l": np.zeros((2, 3, 75, 101), "float32")}}),
        ("labels", {"labels": {"../l": np.zeros((2, 3, 75, 101), "uint8")}}),
    ],
)
def test_what_would_break_the_specification_is_refused(
    tmp_path: Path, data: np.ndarray, labels: np.ndarray, kind: str, change: dict[str, Any]
) -> None:
    with pytest.raises(MetadataError) as caught:
        write(tmp_path / "a.zarr", data, labels, **change)
    assert caught.value.kind == kind
    assert list(tmp_path.iterdir()) == []


def test_pixels_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MetadataError) as caught:
        write_image(tmp_path / "a.zarr", np.zeros((4, 4), bool), axes="yx")
    assert caught.value.kind == "dtype"


def test_a_version_that_is_not_written(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedVersionError):
        write_image(tmp_path / "a.zarr", np.zeros((4, 4), "uint8"), axes="yx", version="0.3")


def test_without_ome_zarr_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ome_zarr.writer", None)
    with pytest.raises(MissingExtraError, match=r"fairlab\[write\]"):
        write_image(tmp_path / "a.zarr", np.zeros((4, 4), "uint8"), axes="yx")
    assert list(tmp_path.iterdir()) == []


def test_a_codec_without_checksum_is_not_accepted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "_storage", lambda level, where, plan: {"chunks": level.shape})
    with pytest.raises(OutputError) as caught:
        write_image(tmp_path / "a.zarr", np.zeros((4, 4), "uint8"), axes="yx")
    assert caught.value.kind == "checksum-missing"


def test_a_dask_cluster_is_not_asked(tmp_path: Path) -> None:
    import dask

    def elsewhere(*_: Any, **__: Any) -> None:
        raise AssertionError("the user's scheduler was used")

    with dask.config.set(scheduler=elsewhere):
        write_image(tmp_path / "a.zarr", np.zeros((4, 4), "uint8"), axes="yx")


def test_importing_the_writer_imports_no_heavy_package() -> None:
    code = "import sys, fairlab.sharing.writer; print({'ome_zarr', 'dask', 'zarr'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
